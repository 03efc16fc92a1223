/**
 * What happens to an order after it was shipped: goods come back, into a condition of the location that receives them,
 * and the host reports how it was paid.
 */
import { Result, Schema } from "effect"
import { define, MAX_LINES } from "./Command.ts"
import { activeLocation, LocationId, LocationInactive, UnknownLocation } from "./Location.ts"
import { lotRefs } from "./Lot.ts"
import {
  changedOrder,
  checkSaid,
  keptQuantity,
  knownOrder,
  LineQuantity,
  Order,
  OrderExceeded,
  OrderId,
  orderMovement,
  Payment,
  type Shipment,
  saidProducts,
  UnknownOrder,
  UnknownOrderLine,
  wantedOf,
  writtenOrder
} from "./Order.ts"
import { enteredRefusals, keptEntered } from "./Pack.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { ref } from "./Row.ts"
import { Condition, Lot } from "./StockKey.ts"

const RequestedLine = Schema.Struct({ line: Schema.Int, quantity: QuantityOrZero })

/**
 * Notes what a customer wants to send back of each line; 0 withdraws the wish. It changes no stock: what arrives is
 * received as a return.
 */
export const RequestReturn = define("RequestReturn", {
  payload: { order: OrderId, lines: Schema.NonEmptyArray(RequestedLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Order,
  refusals: [UnknownOrder, UnknownOrderLine, OrderExceeded],
  locations: () => [],
  footprint: ({ order }) => ({ rows: [ref("orders", order)] }),
  decide: (slice, { order: id, lines }) =>
    Result.gen(function* () {
      const before = yield* knownOrder(slice, id)
      // What is said of a line last counts.
      const last = new Map(lines.map(({ line, quantity }) => [line, { line, quantity }]))
      const wanted = yield* wantedOf(before, [...last.values()], keptQuantity)
      const after = before.lines.map((line) => ({ ...line, requested: wanted.get(line.line) ?? line.requested }))
      return writtenOrder(changedOrder(before, { lines: after }))
    })
})

/** Where returned goods go: into a condition of the location, or away. */
const Into = Schema.Union([Condition, Schema.Literal("scrap")])

const ReturnedLine = Schema.Struct({
  ...LineQuantity.fields,
  into: Into,
  lot: Schema.optionalKey(Lot)
})
interface ReturnedLine extends Schema.Schema.Type<typeof ReturnedLine> {}

/** What of a line, or of one lot of it, is in shipments that the customer has. */
const shippedOf = <Part extends Shipment["lines"][number]>(
  shipments: ReadonlyArray<{ readonly undone: boolean; readonly lines: ReadonlyArray<Part> }>,
  { line, lot }: Pick<ReturnedLine, "line" | "lot">
): ReadonlyArray<Part> =>
  shipments
    .filter(({ undone }) => !undone)
    .flatMap(({ lines }) => lines)
    .filter((part) => part.line === line && (lot ?? part.lot) === part.lot)

/** Refuses more of a lot than the customer kept of it, over all lines that name it. */
const checkLots = (
  { id, lines, shipments }: Order,
  returned: ReadonlyArray<ReturnedLine>
): Result.Result<void, OrderExceeded> => {
  const named = new Map<string, { readonly line: number; readonly lot: string; readonly wanted: number }>()
  for (const { line, lot, quantity } of returned) {
    if (lot === undefined) continue
    const key = `${line}/${lot}`
    named.set(key, { line, lot, wanted: (named.get(key)?.wanted ?? 0) + quantity })
  }
  const exceeded = [...named.values()].flatMap((lot) => {
    const product = lines[lot.line - 1]?.product
    const left = shippedOf(shipments, lot).reduce((sum, part) => sum + part.quantity - part.returned, 0)
    return product !== undefined && lot.wanted > left ? [{ ...lot, product, left }] : []
  })
  return exceeded.length === 0 ? Result.void : Result.fail(new OrderExceeded({ order: id, lines: exceeded }))
}

/** Which shipments returned goods are of: the first ones first, of the lot that is named. */
const returnedParts = ({ lines, shipments: before }: Order, returned: ReadonlyArray<ReturnedLine>) => {
  const shipments = before.map((shipment) => ({ ...shipment, lines: shipment.lines.map((line) => ({ ...line })) }))
  // Those that name a lot go first, so that one that does not never takes what another cannot do without.
  const ordered = returned.toSorted((a, b) => Number(a.lot === undefined) - Number(b.lot === undefined))
  const parts = ordered.flatMap((wanted) => {
    const product = lines[wanted.line - 1]?.product
    if (product === undefined) return []
    let open = wanted.quantity
    return shippedOf(shipments, wanted).flatMap((part) => {
      const quantity = Math.min(open, part.quantity - part.returned)
      part.returned += quantity
      open -= quantity
      const { line, into } = wanted
      // What was entered is said of the whole, and of none of its parts.
      const said = quantity === wanted.quantity ? keptEntered(wanted) : {}
      return quantity === 0 ? [] : [{ line, into, product, lot: part.lot, quantity, ...said }]
    })
  })
  return { parts, shipments }
}

/** What a line counts goods as that went somewhere: those that are looked at later are restocked. */
const counted = (into: ReturnedLine["into"]) =>
  into === "damaged" ? "damaged" : into === "scrap" ? "scrapped" : "restocked"

/** Receives goods that a customer sends back, at any location, each line into a condition there or into the scrap. */
export const ReceiveReturn = define("ReceiveReturn", {
  payload: {
    order: OrderId,
    location: LocationId,
    lines: Schema.NonEmptyArray(ReturnedLine).check(Schema.isMaxLength(MAX_LINES))
  },
  reply: Order,
  refusals: [UnknownOrder, UnknownLocation, LocationInactive, UnknownOrderLine, OrderExceeded, ...enteredRefusals],
  locations: ({ location }) => [location],
  footprint: ({ order: id, location, lines: named }, slice) => {
    const order = slice.row("orders", id)
    const { lines = [], shipments = [] } = order ?? {}
    const shipped = shipments.flatMap((shipment) => shipment.lines)
    const lots = shipped.flatMap(({ line, lot }) =>
      lines.slice(line - 1, line).map(({ product }) => ({ product, lot }))
    )
    return {
      rows: [ref("orders", id), ref("locations", location), ...saidProducts(order, named), ...lotRefs(lots)],
      stock: lines.map(({ product }) => ({ product, location }))
    }
  },
  decide: (slice, { order: id, location, lines }) =>
    Result.gen(function* () {
      const before = yield* knownOrder(slice, id)
      yield* activeLocation(slice, location)
      yield* wantedOf(before, lines, keptQuantity)
      yield* checkSaid(slice, before, lines)
      yield* checkLots(before, lines)
      const { parts, shipments } = returnedParts(before, lines)
      const after = before.lines.map((line) => {
        const changed = { ...line }
        for (const { quantity, into } of parts.filter((part) => part.line === line.line)) {
          changed.returned += quantity
          changed[counted(into)] += quantity
          changed.requested = Math.max(0, changed.requested - quantity)
        }
        return changed
      })
      return {
        ...writtenOrder(changedOrder(before, { lines: after, shipments })),
        movements: parts.map(({ product, lot, quantity, into, ...said }) =>
          orderMovement(id, {
            kind: "customerReturn",
            ...{ product, location, lot, quantity },
            from: "customer",
            to: into,
            ...keptEntered(said)
          })
        )
      }
    })
})

/** Which payments may follow which: an authorization may be voided, and what was paid may be given back in parts. */
const following: Readonly<Record<Payment, ReadonlyArray<Payment>>> = {
  none: ["authorized", "paid"],
  authorized: ["none", "paid"],
  paid: ["partiallyRefunded", "refunded"],
  partiallyRefunded: ["refunded"],
  refunded: []
}

/** A payment that cannot follow the one that was reported before. */
export class PaymentConflict extends Schema.TaggedError<PaymentConflict>()("PaymentConflict", {
  order: OrderId,
  payment: Payment,
  accepted: Schema.Array(Payment)
}) {
  override get message() {
    const accepted =
      this.accepted.length === 0 ? "nothing else is accepted" : `${this.accepted.join(" or ")} is accepted`
    return `The payment of order ${this.order} is ${this.payment}; ${accepted}`
  }
}

/** Notes how an order is paid, as the host's payment provider tells. To report again what stands changes nothing. */
export const ReportPayment = define("ReportPayment", {
  payload: { order: OrderId, payment: Payment },
  reply: Order,
  refusals: [UnknownOrder, PaymentConflict],
  locations: () => [],
  footprint: ({ order }) => ({ rows: [ref("orders", order)] }),
  decide: (slice, { order: id, payment }) =>
    Result.gen(function* () {
      const before = yield* knownOrder(slice, id)
      if (before.payment === payment) return { reply: before }
      const accepted = following[before.payment]
      if (!accepted.includes(payment)) {
        return yield* Result.fail(new PaymentConflict({ order: id, payment: before.payment, accepted }))
      }
      return writtenOrder(changedOrder(before, { payment }))
    })
})
