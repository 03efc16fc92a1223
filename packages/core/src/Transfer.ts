/**
 * Transfers: stock on its way between two locations. Until it leaves, a transfer is committed at its origin; from then
 * on what it carries belongs to the transfer and to no location, until it arrives, goes back, or is given up as lost.
 */
import { Result, Schema } from "effect"
import { ClaimId } from "./Claim.ts"
import type { DecisionContext } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { LocationId } from "./Location.ts"
import type { NewMovement } from "./Movement.ts"
import { type Entered, enteredQuantity } from "./Pack.ts"
import { ProductId } from "./Product.ts"
import { Quantity, QuantityOrZero } from "./Quantity.ts"
import { put } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Lot, NO_LOT } from "./StockKey.ts"

export const TransferId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("TransferId"))
export type TransferId = typeof TransferId.Type

/** A transfer ends as `received`, `canceled` or `closedShort`. */
export const transferStates = [
  "draft",
  "ready",
  "inTransit",
  "partiallyReceived",
  "received",
  "canceled",
  "closedShort"
] as const
export const TransferState = Schema.Literals(transferStates)
export type TransferState = typeof TransferState.Type

/**
 * A line: first what is asked for, and from the dispatch on what left, a line for each lot. Quantities are steps of the
 * product's unit, and shipped = received + damaged + lost + returned + open. `lot` is null while any lot will do;
 * `claims` are its commitments at the origin while the transfer is ready. `entered` is how the quantity was said, as
 * long as the line is all of what was asked for.
 */
export const TransferLine = Schema.Struct({
  line: Schema.Int,
  product: ProductId,
  lot: Schema.NullOr(Lot),
  ...enteredQuantity,
  claims: Schema.Array(ClaimId),
  shipped: QuantityOrZero,
  received: QuantityOrZero,
  damaged: QuantityOrZero,
  lost: QuantityOrZero,
  returned: QuantityOrZero
}).annotate({ identifier: "TransferLine" })
export interface TransferLine extends Schema.Schema.Type<typeof TransferLine> {}

/** Stock goes from the `origin` to the `destination`. `reason` says why it was closed short. */
export const Transfer = Schema.Struct({
  id: TransferId,
  origin: LocationId,
  destination: LocationId,
  lines: Schema.Array(TransferLine),
  state: TransferState,
  reason: Schema.NullOr(Schema.String),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Transfer" })
export interface Transfer extends Schema.Schema.Type<typeof Transfer> {}

export class UnknownTransfer extends Schema.TaggedError<UnknownTransfer>()("UnknownTransfer", {
  transfer: TransferId
}) {
  override get message() {
    return `There is no transfer ${this.transfer}; the id of a created transfer is accepted`
  }
}

/** The transfer is in a state in which this cannot be done to it. */
export class TransferStateConflict extends Schema.TaggedError<TransferStateConflict>()("TransferStateConflict", {
  transfer: TransferId,
  state: TransferState,
  accepted: Schema.Array(TransferState)
}) {
  override get message() {
    return `Transfer ${this.transfer} is ${this.state}; accepted: ${this.accepted.join(", ")}`
  }
}

/** The command names a location that is not that end of the transfer. */
export class TransferElsewhere extends Schema.TaggedError<TransferElsewhere>()("TransferElsewhere", {
  transfer: TransferId,
  location: LocationId,
  accepted: LocationId
}) {
  override get message() {
    return `Transfer ${this.transfer} does not have this end at ${this.location}; ${this.accepted} is accepted`
  }
}

/** Both ends of a transfer are one location. */
export class SameLocation extends Schema.TaggedError<SameLocation>()("SameLocation", { location: LocationId }) {
  override get message() {
    return `A transfer cannot go from ${this.location} to itself; two locations are accepted`
  }
}

export class UnknownTransferLine extends Schema.TaggedError<UnknownTransferLine>()("UnknownTransferLine", {
  transfer: TransferId,
  line: Schema.Int,
  lines: Schema.Int
}) {
  override get message() {
    return `Transfer ${this.transfer} has no line ${this.line}; 1 to ${this.lines} are accepted`
  }
}

/** More would arrive than is on its way: one entry per line that is exceeded, each with the sum that was wanted. */
export class TransferExceeded extends Schema.TaggedError<TransferExceeded>()("TransferExceeded", {
  transfer: TransferId,
  lines: Schema.Array(Schema.Struct({ line: Schema.Int, product: ProductId, wanted: Quantity, open: QuantityOrZero }))
}) {
  override get message() {
    const lines = this.lines.map(({ product, wanted, open }) => `${wanted} of ${product} (open: ${open})`)
    return `Transfer ${this.transfer} has less on its way than ${lines.join(", ")}; at most what is open is accepted`
  }
}

/** What of a line is on its way: shipped, and not yet received, damaged, lost or returned. */
export const openInTransit = (line: TransferLine): number =>
  line.shipped - line.received - line.damaged - line.lost - line.returned

/** The transfer, if it exists, has that end at the location, and is in one of the accepted states. */
export const transferAt = (
  slice: Slice,
  id: TransferId,
  end: "origin" | "destination",
  location: LocationId,
  accepted: ReadonlyArray<TransferState>
): Result.Result<Transfer, UnknownTransfer | TransferElsewhere | TransferStateConflict> => {
  const transfer = slice.row("transfers", id)
  if (transfer === undefined) return Result.fail(new UnknownTransfer({ transfer: id }))
  // The stock of another location is in a ledger that this command does not lock.
  if (transfer[end] !== location) {
    return Result.fail(new TransferElsewhere({ transfer: id, location, accepted: transfer[end] }))
  }
  return accepted.includes(transfer.state)
    ? Result.succeed(transfer)
    : Result.fail(new TransferStateConflict({ transfer: id, state: transfer.state, accepted }))
}

/** The transfer with changes, one version on. */
export const changedTransfer = (
  transfer: Transfer,
  changes: Partial<Pick<Transfer, "lines" | "state" | "reason">>,
  context: DecisionContext
): Transfer => ({ ...transfer, ...changes, version: transfer.version + 1, updatedAt: context.now })

/** What every command on a transfer answers, writes and tells of it. */
export const writtenTransfer = (transfer: Transfer) => {
  const { id, origin, destination, state } = transfer
  const event: NewEvent = { _tag: "TransferChanged", transfer: id, origin, destination, state }
  return { reply: transfer, rows: [put("transfers", transfer)], events: [event] }
}

/** What a transfer's movements and claims name as their cause. */
export const transferSource = (transfer: TransferId) => ({ type: "transfer", id: transfer })

/** A movement of a line's stock, into transit or out of it, at one end of the transfer. */
export const transferMovement = (
  transfer: TransferId,
  line: TransferLine,
  movement: Pick<NewMovement, "kind" | "location" | "from" | "to" | "quantity"> & {
    readonly reason?: string
    readonly entered?: Entered
  }
): NewMovement => ({
  reason: null,
  ...movement,
  product: line.product,
  lot: line.lot ?? NO_LOT,
  source: transferSource(transfer),
  unitCost: null
})
