/**
 * Receiving a purchase order: what arrives of its lines, in which condition and lot, and at what cost.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define, MAX_LINES } from "./Command.ts"
import { LocationId } from "./Location.ts"
import {
  CalendarDate,
  checkExpiries,
  checkLotNamed,
  type LotArrival,
  lotArrivalRefusals,
  lotRefs,
  newLots,
  writtenLots
} from "./Lot.ts"
import { type NewMovement, UnitCost } from "./Movement.ts"
import { checkEntered, enteredQuantity, enteredRefusals, keptEntered } from "./Pack.ts"
import {
  changedPurchaseOrder,
  openOnOrder,
  PurchaseOrder,
  PurchaseOrderElsewhere,
  PurchaseOrderExceeded,
  PurchaseOrderId,
  type PurchaseOrderLine,
  PurchaseOrderStateConflict,
  purchaseOrderAt,
  purchaseOrderSource,
  receivable,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine,
  wantedOfLines,
  writtenPurchaseOrder
} from "./PurchaseOrder.ts"
import { ref } from "./Row.ts"
import { Condition, Lot, NO_LOT } from "./StockKey.ts"

/**
 * What arrived of a line; sellable and without a lot when nothing is said, at the line's cost unless another is.
 * `expiresOn` is the day until which the lot may be used, where it is not known yet.
 */
const ArrivedLine = Schema.Struct({
  line: Schema.Int,
  ...enteredQuantity,
  condition: Schema.optionalKey(Condition),
  lot: Schema.optionalKey(Lot),
  expiresOn: Schema.optionalKey(CalendarDate),
  unitCost: Schema.optionalKey(UnitCost)
})
interface ArrivedLine extends Schema.Schema.Type<typeof ArrivedLine> {}

/** The lots that arrived, by the lines of the order that they are of. */
const arrivalsOf = (
  { destination: location, lines }: PurchaseOrder,
  arrived: ReadonlyArray<ArrivedLine>
): ReadonlyArray<LotArrival> =>
  arrived.flatMap(({ line, lot = NO_LOT, expiresOn }) =>
    lines
      .slice(line - 1, line)
      .map(({ product }) => ({ product, location, lot, ...(expiresOn === undefined ? {} : { expiresOn }) }))
  )

const receiptOf = (
  { id, destination }: PurchaseOrder,
  line: PurchaseOrderLine,
  { quantity, condition = "sellable", lot = NO_LOT, unitCost, ...said }: ArrivedLine
): NewMovement => ({
  kind: "receipt",
  product: line.product,
  location: destination,
  lot,
  from: "supplier",
  to: condition,
  quantity,
  reason: null,
  source: purchaseOrderSource(id),
  unitCost: unitCost ?? line.unitCost,
  ...keptEntered(said)
})

/** What an order becomes when something of it arrives. What is open is filled first; the rest is beyond it. */
const received = (order: PurchaseOrder, arrived: ReadonlyArray<ArrivedLine>, context: DecisionContext) => {
  const byLine = Map.groupBy(arrived, ({ line }) => line)
  const lines = order.lines.map((line): PurchaseOrderLine => {
    const parts = byLine.get(line.line) ?? []
    const sum = parts.reduce((total, { quantity }) => total + quantity, 0)
    const broken = parts.reduce((total, { quantity, condition }) => total + (condition === "damaged" ? quantity : 0), 0)
    const filling = Math.min(sum, openOnOrder(line))
    return {
      ...line,
      received: line.received + filling,
      over: line.over + sum - filling,
      damaged: line.damaged + broken
    }
  })
  const state = lines.every((line) => openOnOrder(line) === 0) ? "received" : "partiallyReceived"
  return {
    ...writtenPurchaseOrder(changedPurchaseOrder(order, { state, lines }, context)),
    movements: lines.flatMap((line) => (byLine.get(line.line) ?? []).map((part) => receiptOf(order, line, part)))
  }
}

/** Receives what arrived of an order into its destination: at most what is open and what its tolerance allows. */
export const ReceivePurchaseOrder = define("ReceivePurchaseOrder", {
  payload: {
    purchaseOrder: PurchaseOrderId,
    destination: LocationId,
    lines: Schema.NonEmptyArray(ArrivedLine).check(Schema.isMaxLength(MAX_LINES))
  },
  reply: PurchaseOrder,
  refusals: [
    UnknownPurchaseOrder,
    PurchaseOrderElsewhere,
    PurchaseOrderStateConflict,
    UnknownPurchaseOrderLine,
    PurchaseOrderExceeded,
    ...enteredRefusals,
    ...lotArrivalRefusals
  ],
  locations: ({ destination }) => [destination],
  footprint: ({ purchaseOrder: id, destination, lines: arrived }, slice) => {
    const order = slice.row("purchaseOrders", id)
    const lines = order?.lines ?? []
    return {
      rows: [
        ref("purchaseOrders", id),
        ref("locations", destination),
        ...lines.map(({ product }) => ref("products", product)),
        ...(order === undefined ? [] : lotRefs(arrivalsOf(order, arrived)))
      ],
      stock: lines.map(({ product }) => ({ product, location: destination }))
    }
  },
  decide: (slice, { purchaseOrder: id, destination, lines }, context) =>
    Result.gen(function* () {
      const accepted = ["placed", "partiallyReceived", "received"] as const
      const before = yield* purchaseOrderAt(slice, id, destination, accepted)
      yield* wantedOfLines(before, lines, (line) => receivable(line, before.tolerance))
      for (const { line, quantity, entered } of lines) {
        const ordered = before.lines.find((one) => one.line === line)
        const product = ordered && slice.row("products", ordered.product)
        if (product !== undefined) yield* checkEntered(product, quantity, entered)
      }
      const arrivals = arrivalsOf(before, lines)
      for (const { product: id, lot } of arrivals) {
        const product = slice.row("products", id)
        if (product !== undefined) yield* checkLotNamed(product, lot)
      }
      yield* checkExpiries(slice, arrivals)
      const order = received(before, lines, context)
      const lots = writtenLots(newLots(slice, arrivals, context))
      return { ...order, rows: [...order.rows, ...lots.rows], events: [...order.events, ...lots.events] }
    })
})
