/**
 * Orders: what was sold, with the prices of the moment. An order has independent axes, not one status for everything;
 * three of them follow from its lines, the payment is reported by the host.
 */
import { Result, Schema } from "effect"
import { CartId } from "./Cart.ts"
import { ClaimId } from "./Claim.ts"
import type { DecisionContext } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { Money } from "./Money.ts"
import type { NewMovement } from "./Movement.ts"
import { checkEntered, Entered, enteredQuantity, type InexactQuantity, type UnknownUnit } from "./Pack.ts"
import { ProductId } from "./Product.ts"
import { MAX_QUANTITY, Quantity, QuantityOrZero, UnitOfMeasure } from "./Quantity.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Lot } from "./StockKey.ts"

export const OrderId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

/**
 * A line with what was copied from the product when it was placed, in steps of `unit`. ordered = canceled + shipped +
 * open, shipped = kept + returned, and returned = restocked + damaged + scrapped; `requested` is what the customer
 * wants to send back. Of what is open, `backordered` waits for goods that are not there, `elsewhere` is committed at
 * other locations than the order's own, and the rest is at its own, where `claims` are its commitments. `unitPrice` is
 * the price of one whole unit, `total` what was charged for the line when it was placed. `entered` is how `ordered` was
 * said, where somebody said it in another way than in steps.
 */
export const OrderLine = Schema.Struct({
  line: Schema.Int,
  product: ProductId,
  sku: Schema.String,
  name: Schema.String,
  unit: UnitOfMeasure,
  ordered: Quantity,
  entered: Schema.optionalKey(Entered),
  canceled: QuantityOrZero,
  shipped: QuantityOrZero,
  requested: QuantityOrZero,
  returned: QuantityOrZero,
  restocked: QuantityOrZero,
  damaged: QuantityOrZero,
  scrapped: QuantityOrZero,
  backordered: QuantityOrZero,
  claims: Schema.Array(ClaimId),
  elsewhere: Schema.Array(
    Schema.Struct({ location: LocationId, quantity: QuantityOrZero, claims: Schema.Array(ClaimId) })
  ),
  unitPrice: Schema.NullOr(Money),
  total: Money
}).annotate({ identifier: "OrderLine" })
export interface OrderLine extends Schema.Schema.Type<typeof OrderLine> {}

/**
 * What left the shelves of a location at once: of each line and lot how much, and what of it came back. An undone one
 * never left.
 */
export const Shipment = Schema.Struct({
  shipment: Schema.Int,
  location: LocationId,
  lines: Schema.Array(Schema.Struct({ line: Schema.Int, lot: Lot, quantity: Quantity, returned: QuantityOrZero })),
  undone: Schema.Boolean,
  shippedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Shipment" })
export interface Shipment extends Schema.Schema.Type<typeof Shipment> {}

export const orderStatuses = ["placed", "completed", "canceled"] as const
export const payments = ["none", "authorized", "paid", "partiallyRefunded", "refunded"] as const
export const Payment = Schema.Literals(payments)
export type Payment = typeof Payment.Type

const axes = {
  status: Schema.Literals(orderStatuses),
  fulfilment: Schema.Literals(["unfulfilled", "partial", "fulfilled"]),
  payment: Payment,
  returns: Schema.Literals(["none", "requested", "partial", "returned"])
}

/** The axes of an order, as an event tells them. */
export const OrderAxes = Schema.Struct(axes)
export interface OrderAxes extends Schema.Schema.Type<typeof OrderAxes> {}

export const Order = Schema.Struct({
  id: OrderId,
  customer: Schema.NullOr(Schema.String),
  cart: Schema.NullOr(CartId),
  location: LocationId,
  lines: Schema.Array(OrderLine),
  shipments: Schema.Array(Shipment),
  total: Money,
  ...axes,
  version: Schema.Int,
  placedAt: Schema.DateTimeUtcFromString,
  recordedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Order" })
export interface Order extends Schema.Schema.Type<typeof Order> {}

export class UnknownOrder extends Schema.TaggedError<UnknownOrder>()("UnknownOrder", { order: OrderId }) {
  override get message() {
    return `There is no order ${this.order}; the id of an order is accepted`
  }
}

/** The order has nothing at the location. */
export class OrderElsewhere extends Schema.TaggedError<OrderElsewhere>()("OrderElsewhere", {
  order: OrderId,
  location: LocationId,
  accepted: LocationId
}) {
  override get message() {
    return `Order ${this.order} is not served from ${this.location}; ${this.accepted} is accepted`
  }
}

/** Nothing of the order is open any more. */
export class OrderClosed extends Schema.TaggedError<OrderClosed>()("OrderClosed", {
  order: OrderId,
  // Not "status", which in a problem's body is that of the reply.
  state: Schema.Literals(orderStatuses)
}) {
  override get message() {
    return `Order ${this.order} is ${this.state}; one that is placed, with something open, is accepted`
  }
}

export class UnknownOrderLine extends Schema.TaggedError<UnknownOrderLine>()("UnknownOrderLine", {
  order: OrderId,
  line: Schema.Int,
  lines: Schema.Int
}) {
  override get message() {
    return `Order ${this.order} has no line ${this.line}; 1 to ${this.lines} are accepted`
  }
}

/**
 * More is wanted of lines than there is to ship, cancel or return: one entry per line, or per lot of it where a return
 * names one, each with the sum wanted.
 */
export class OrderExceeded extends Schema.TaggedError<OrderExceeded>()("OrderExceeded", {
  order: OrderId,
  lines: Schema.Array(
    Schema.Struct({
      line: Schema.Int,
      product: ProductId,
      lot: Schema.optionalKey(Lot),
      wanted: Quantity,
      left: QuantityOrZero
    })
  )
}) {
  override get message() {
    const lines = this.lines.map(({ product, lot, wanted, left }) => {
      const what = lot === undefined ? product : `${product}, lot ${lot || "none"}`
      return `${wanted} of ${what} (left: ${left})`
    })
    return `Order ${this.order} has less left than ${lines.join(", ")}; at most what is left is accepted`
  }
}

/** The open quantity of a line: ordered, and neither canceled nor shipped yet. */
export const openQuantity = (line: Pick<OrderLine, "ordered" | "canceled" | "shipped">): number =>
  line.ordered - line.canceled - line.shipped

/** What of a line is open at a location: committed there, unless somebody else let go of it. */
export const openAt = (order: Pick<Order, "location">, line: OrderLine, location: LocationId): number =>
  line.elsewhere.reduce(
    (left, part) =>
      left + (location === order.location ? -part.quantity : part.location === location ? part.quantity : 0),
    location === order.location ? openQuantity(line) - line.backordered : 0
  )

/** A line's commitments at a location. */
export const claimsAt = (
  order: Pick<Order, "location">,
  line: OrderLine,
  location: LocationId
): ReadonlyArray<ClaimId> =>
  location === order.location
    ? line.claims
    : line.elsewhere.flatMap((part) => (part.location === location ? part.claims : []))

/** A line with so much more open at a location, or less, and these commitments there. */
export const lineAt = (
  order: Pick<Order, "location">,
  line: OrderLine,
  location: LocationId,
  added: number,
  claims: ReadonlyArray<ClaimId>
): OrderLine => {
  if (location === order.location) return { ...line, claims }
  const quantity = openAt(order, line, location) + added
  const others = line.elsewhere.filter((part) => part.location !== location)
  // A location that served it once stays with the order, also when nothing is left there.
  return { ...line, elsewhere: [...others, { location, quantity, claims }] }
}

/** The locations that serve an order, or did, its own first. */
export const locationsOf = (order: Pick<Order, "location" | "lines" | "shipments">): ReadonlyArray<LocationId> => {
  const parts = order.lines.flatMap(({ elsewhere }) => elsewhere)
  return [
    ...new Set([order.location, ...parts.map((part) => part.location), ...order.shipments.map((one) => one.location)])
  ]
}

/** What the customer kept of a line: shipped, and not returned. */
export const keptQuantity = (line: Pick<OrderLine, "shipped" | "returned">): number => line.shipped - line.returned

/** The axes that follow from an order's lines. */
export const axesOf = (lines: ReadonlyArray<OrderLine>): Omit<OrderAxes, "payment"> => {
  // Whether there is any, as sums over the lines would not be exact.
  const any = (of: (line: OrderLine) => number) => lines.some((line) => of(line) > 0)
  const [open, shipped, returned] = [any(openQuantity), any((line) => line.shipped), any((line) => line.returned)]
  const requested = any((line) => line.requested)
  return {
    status: open ? "placed" : shipped ? "completed" : "canceled",
    fulfilment: !shipped ? "unfulfilled" : open ? "partial" : "fulfilled",
    returns: returned ? (any(keptQuantity) ? "partial" : "returned") : requested ? "requested" : "none"
  }
}

/** The order, if it exists. */
export const knownOrder = (slice: Slice, id: OrderId): Result.Result<Order, UnknownOrder> => {
  const order = slice.row("orders", id)
  return order === undefined ? Result.fail(new UnknownOrder({ order: id })) : Result.succeed(order)
}

/** The order, if it has anything at the location: what is at another is in a ledger that the command does not lock. */
export const orderAt = (
  slice: Slice,
  id: OrderId,
  location: LocationId
): Result.Result<Order, UnknownOrder | OrderElsewhere> =>
  Result.flatMap(
    knownOrder(slice, id),
    (order): Result.Result<Order, OrderElsewhere> =>
      locationsOf(order).includes(location)
        ? Result.succeed(order)
        : Result.fail(new OrderElsewhere({ order: id, location, accepted: order.location }))
  )

/** A quantity of a line of an order. */
export const LineQuantity = Schema.Struct({ line: Schema.Int, ...enteredQuantity })
export interface LineQuantity extends Schema.Schema.Type<typeof LineQuantity> {}

/** How a movement's quantity was said: as the line's, if it is all of it. */
export const saidOfAll = (
  line: Pick<OrderLine, "ordered" | "entered"> | undefined,
  quantity: number
): { readonly entered?: Entered } =>
  line?.entered !== undefined && line.ordered === quantity ? { entered: line.entered } : {}

/** The products of the lines that are named with what was entered of them: it is held against their packs. */
export const saidProducts = (order: Order | undefined, named: ReadonlyArray<LineQuantity>) =>
  named.flatMap(({ line, entered }) => {
    const product = entered && order?.lines[line - 1]?.product
    return product === undefined ? [] : [ref("products", product)]
  })

/** Refuses what was entered of lines where it is not their quantity. */
export const checkSaid = (
  slice: Slice,
  { lines }: Order,
  named: ReadonlyArray<LineQuantity>
): Result.Result<void, UnknownUnit | InexactQuantity> =>
  Result.gen(function* () {
    for (const { line, quantity, entered } of named) {
      const id = entered && lines[line - 1]?.product
      const product = id && slice.row("products", id)
      if (product !== undefined) yield* checkEntered(product, quantity, entered)
    }
  })

/** What is wanted of each line in all, if the order has the lines and each has so much left. */
export const wantedOf = (
  { id, lines }: Order,
  wanted: ReadonlyArray<LineQuantity>,
  leftOf: (line: OrderLine) => number
): Result.Result<ReadonlyMap<number, number>, UnknownOrderLine | OrderExceeded> => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of wanted) {
    if (lines[line - 1] === undefined) {
      return Result.fail(new UnknownOrderLine({ order: id, line, lines: lines.length }))
    }
    sums.set(line, (sums.get(line) ?? 0) + quantity)
  }
  const exceeded = lines.flatMap((line) => {
    const sum = sums.get(line.line) ?? 0
    const left = leftOf(line)
    // More than any stock can be is told as that, because a sum beyond it would not be exact.
    return sum > left ? [{ line: line.line, product: line.product, wanted: Math.min(sum, MAX_QUANTITY), left }] : []
  })
  return exceeded.length === 0 ? Result.succeed(sums) : Result.fail(new OrderExceeded({ order: id, lines: exceeded }))
}

/** The order with changes, one version on; its axes follow from its lines. */
export const changedOrder = (order: Order, changes: Partial<Pick<Order, "lines" | "shipments" | "payment">>): Order => {
  const changed = { ...order, ...changes }
  return { ...changed, ...axesOf(changed.lines), version: order.version + 1 }
}

/** What every event of an order tells. */
export const toldOf = (order: Order) => ({
  order: order.id,
  customer: order.customer,
  location: order.location,
  locations: locationsOf(order)
})

/** What a command that changed an order answers, writes and tells. */
export const writtenOrder = (order: Order) => {
  const { status, fulfilment, payment, returns } = order
  return {
    reply: order,
    rows: [put("orders", order)],
    events: [{ _tag: "OrderChanged" as const, ...toldOf(order), status, fulfilment, payment, returns }]
  }
}

/** What an order's movements and claims name as their cause. */
export const orderSource = (order: OrderId) => ({ type: "order", id: order })

/** A movement of an order's stock. */
export const orderMovement = (
  order: OrderId,
  movement: Pick<NewMovement, "kind" | "product" | "location" | "lot" | "from" | "to" | "quantity"> & {
    readonly reason?: string
    readonly entered?: Entered
  }
): NewMovement => ({ reason: null, ...movement, source: orderSource(order), unitCost: null })

/** A new shipment of an order from a location: parts of the same line and lot are one. */
export const shipmentOf = (
  shipment: number,
  location: LocationId,
  parts: ReadonlyArray<{ readonly line: number; readonly lot: string; readonly quantity: number }>,
  { occurredAt }: Pick<DecisionContext, "occurredAt">
): Shipment => {
  const merged = new Map<string, Shipment["lines"][number]>()
  for (const { line, lot, quantity } of parts) {
    const key = `${line}/${lot}`
    merged.set(key, { line, lot, quantity: (merged.get(key)?.quantity ?? 0) + quantity, returned: 0 })
  }
  return { shipment, location, lines: [...merged.values()], undone: false, shippedAt: occurredAt }
}
