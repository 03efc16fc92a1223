/**
 * Purchase orders: what was ordered of a vendor, what of it arrived, and what is still to come. Until it is placed an
 * order is a plan; from then on what is open of it is incoming at its destination.
 */
import { DateTime, Result, Schema } from "effect"
import { type DecisionContext, MAX_LINES } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { LocationId } from "./Location.ts"
import { UnitCost } from "./Movement.ts"
import { Entered, enteredQuantity } from "./Pack.ts"
import { ProductId } from "./Product.ts"
import { MAX_QUANTITY, Quantity, QuantityOrZero } from "./Quantity.ts"
import { put } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { TolerancePercent, VendorId } from "./Vendor.ts"

export const PurchaseOrderId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("PurchaseOrderId"))
export type PurchaseOrderId = typeof PurchaseOrderId.Type

/** A purchase order ends as `closed` or `canceled`; one that is `received` may still get what its tolerance allows. */
export const purchaseOrderStates = ["draft", "placed", "partiallyReceived", "received", "closed", "canceled"] as const
export const PurchaseOrderState = Schema.Literals(purchaseOrderStates)
export type PurchaseOrderState = typeof PurchaseOrderState.Type

/** The states in which what is open of an order is on its way. */
export const expectedStates: ReadonlyArray<PurchaseOrderState> = ["placed", "partiallyReceived"]

/**
 * A line. Quantities are steps of the product's unit, and ordered = received + canceled + open. `over` is what arrived
 * beyond that; `damaged` is how much of what arrived, received or over, came damaged. `vendorSku` and, unless it was
 * given, `unitCost` are copied from the vendor's terms when the order is placed; the cost is that of one whole unit.
 * `entered` is how `ordered` was said, where somebody said it in another way than in steps.
 */
export const PurchaseOrderLine = Schema.Struct({
  line: Schema.Int,
  product: ProductId,
  vendorSku: Schema.NullOr(Schema.String),
  unitCost: Schema.NullOr(UnitCost),
  ordered: Quantity,
  entered: Schema.optionalKey(Entered),
  received: QuantityOrZero,
  over: QuantityOrZero,
  damaged: QuantityOrZero,
  canceled: QuantityOrZero
}).annotate({ identifier: "PurchaseOrderLine" })
export interface PurchaseOrderLine extends Schema.Schema.Type<typeof PurchaseOrderLine> {}

/**
 * Goods go from the `vendor` to the `destination`. `tolerance` is how much more than what was ordered may arrive, in
 * percent of each line. `expectedAt` is when the goods are due, null where nobody knows; `reason` says why the order
 * was canceled or closed.
 */
export const PurchaseOrder = Schema.Struct({
  id: PurchaseOrderId,
  vendor: VendorId,
  destination: LocationId,
  lines: Schema.Array(PurchaseOrderLine),
  state: PurchaseOrderState,
  tolerance: TolerancePercent,
  note: Schema.String,
  reason: Schema.NullOr(Schema.String),
  expectedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  placedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "PurchaseOrder" })
export interface PurchaseOrder extends Schema.Schema.Type<typeof PurchaseOrder> {}

/** A line that is asked for. `unitCost` is what one whole unit costs; without it the vendor's price at the placing. */
export const PurchaseOrderDraftLine = Schema.Struct({
  product: ProductId,
  ...enteredQuantity,
  unitCost: Schema.optionalKey(UnitCost)
})
export interface PurchaseOrderDraftLine extends Schema.Schema.Type<typeof PurchaseOrderDraftLine> {}

/** What a purchase order is created from. Without a `tolerance` it has its vendor's. */
export const PurchaseOrderDraft = Schema.Struct({
  vendor: VendorId,
  destination: LocationId,
  lines: Schema.NonEmptyArray(PurchaseOrderDraftLine).check(Schema.isMaxLength(MAX_LINES)),
  tolerance: Schema.optionalKey(TolerancePercent),
  expectedAt: Schema.optionalKey(Schema.DateTimeUtcFromString),
  note: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2_000)))
})
export interface PurchaseOrderDraft extends Schema.Schema.Type<typeof PurchaseOrderDraft> {}

export class UnknownPurchaseOrder extends Schema.TaggedError<UnknownPurchaseOrder>()("UnknownPurchaseOrder", {
  purchaseOrder: PurchaseOrderId
}) {
  override get message() {
    return `There is no purchase order ${this.purchaseOrder}; the id of a created purchase order is accepted`
  }
}

/** The purchase order is in a state in which this cannot be done to it. */
export class PurchaseOrderStateConflict extends Schema.TaggedError<PurchaseOrderStateConflict>()(
  "PurchaseOrderStateConflict",
  { purchaseOrder: PurchaseOrderId, state: PurchaseOrderState, accepted: Schema.Array(PurchaseOrderState) }
) {
  override get message() {
    return `Purchase order ${this.purchaseOrder} is ${this.state}; accepted: ${this.accepted.join(", ")}`
  }
}

/** The command names a location to which the goods do not go. */
export class PurchaseOrderElsewhere extends Schema.TaggedError<PurchaseOrderElsewhere>()("PurchaseOrderElsewhere", {
  purchaseOrder: PurchaseOrderId,
  location: LocationId,
  accepted: LocationId
}) {
  override get message() {
    return `Purchase order ${this.purchaseOrder} does not go to ${this.location}; ${this.accepted} is accepted`
  }
}

export class UnknownPurchaseOrderLine extends Schema.TaggedError<UnknownPurchaseOrderLine>()(
  "UnknownPurchaseOrderLine",
  { purchaseOrder: PurchaseOrderId, line: Schema.Int, lines: Schema.Int }
) {
  override get message() {
    return `Purchase order ${this.purchaseOrder} has no line ${this.line}; 1 to ${this.lines} are accepted`
  }
}

/**
 * More would arrive than is open and tolerated, or be canceled than is open: one entry per line that is exceeded, each
 * with the sum that was wanted.
 */
export class PurchaseOrderExceeded extends Schema.TaggedError<PurchaseOrderExceeded>()("PurchaseOrderExceeded", {
  purchaseOrder: PurchaseOrderId,
  lines: Schema.Array(
    Schema.Struct({ line: Schema.Int, product: ProductId, wanted: Quantity, accepted: QuantityOrZero })
  )
}) {
  override get message() {
    const lines = this.lines.map(({ product, wanted, accepted }) => `${wanted} of ${product} (at most ${accepted})`)
    return `Purchase order ${this.purchaseOrder} cannot take ${lines.join(", ")}; at most what is said is accepted`
  }
}

/** What of a line is still to come: ordered, and neither received nor canceled. */
export const openOnOrder = (line: Pick<PurchaseOrderLine, "ordered" | "received" | "canceled">): number =>
  line.ordered - line.received - line.canceled

/** Whether goods of an order are due and not all there. */
export const isLate = ({ state, expectedAt }: PurchaseOrder, now: DateTime.Utc): boolean =>
  expectedStates.includes(state) && expectedAt !== null && DateTime.isLessThan(expectedAt, now)

/**
 * The most that may still arrive of a line: what is open, and the tolerance of what was ordered and not canceled,
 * rounded down to whole steps, less what came beyond already; and never more than one movement takes.
 */
export const receivable = (line: PurchaseOrderLine, tolerance: number): number => {
  const allowed = Number((BigInt(line.ordered - line.canceled) * BigInt(tolerance)) / 100n)
  return Math.min(openOnOrder(line) + allowed - line.over, MAX_QUANTITY)
}

/** The purchase order, if it exists, goes to the location, and is in one of the accepted states. */
export const purchaseOrderAt = (
  slice: Slice,
  id: PurchaseOrderId,
  destination: LocationId,
  accepted: ReadonlyArray<PurchaseOrderState>
): Result.Result<PurchaseOrder, UnknownPurchaseOrder | PurchaseOrderElsewhere | PurchaseOrderStateConflict> => {
  const order = slice.row("purchaseOrders", id)
  if (order === undefined) return Result.fail(new UnknownPurchaseOrder({ purchaseOrder: id }))
  // The stock of another location is in a ledger that this command does not lock.
  if (order.destination !== destination) {
    return Result.fail(
      new PurchaseOrderElsewhere({ purchaseOrder: id, location: destination, accepted: order.destination })
    )
  }
  return accepted.includes(order.state)
    ? Result.succeed(order)
    : Result.fail(new PurchaseOrderStateConflict({ purchaseOrder: id, state: order.state, accepted }))
}

/**
 * The sum that is wanted of each line, in its order; refused where the order has no such line, or where a sum is more
 * than is accepted of its line.
 */
export const wantedOfLines = (
  { id, lines }: PurchaseOrder,
  wanted: ReadonlyArray<{ readonly line: number; readonly quantity: number }>,
  acceptedOf: (line: PurchaseOrderLine) => number
): Result.Result<ReadonlyMap<number, number>, UnknownPurchaseOrderLine | PurchaseOrderExceeded> => {
  const sums = new Map<number, number>()
  for (const { line, quantity } of wanted) {
    if (lines[line - 1] === undefined) {
      return Result.fail(new UnknownPurchaseOrderLine({ purchaseOrder: id, line, lines: lines.length }))
    }
    sums.set(line, Math.min((sums.get(line) ?? 0) + quantity, MAX_QUANTITY))
  }
  const exceeded = lines.flatMap((one) => {
    const sum = sums.get(one.line) ?? 0
    const accepted = acceptedOf(one)
    return sum > accepted ? [{ line: one.line, product: one.product, wanted: sum, accepted }] : []
  })
  return exceeded.length === 0
    ? Result.succeed(sums)
    : Result.fail(new PurchaseOrderExceeded({ purchaseOrder: id, lines: exceeded }))
}

/** The purchase order with changes, one version on. */
export const changedPurchaseOrder = (
  order: PurchaseOrder,
  changes: Partial<Omit<PurchaseOrder, "id" | "vendor" | "destination" | "version" | "createdAt">>,
  context: DecisionContext
): PurchaseOrder => ({ ...order, ...changes, version: order.version + 1, updatedAt: context.now })

/** What every command on a purchase order answers, writes and tells of it. */
export const writtenPurchaseOrder = (order: PurchaseOrder) => {
  const { id, vendor, destination, state } = order
  const event: NewEvent = { _tag: "PurchaseOrderChanged", purchaseOrder: id, vendor, destination, state }
  return { reply: order, rows: [put("purchaseOrders", order)], events: [event] }
}

/** What a purchase order's receipts name as their cause. */
export const purchaseOrderSource = (order: PurchaseOrderId) => ({ type: "purchaseOrder", id: order })
