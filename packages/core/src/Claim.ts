/**
 * Claims: who has a right to stock that still rests on the shelf. A hold lapses at its expiry, to the instant; a
 * commitment stays until it is consumed or released. Claim events are the second ledger, beside the movements.
 */
import { DateTime, Schema } from "effect"
import { Source } from "./Movement.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { StockKey } from "./StockKey.ts"

export const ClaimId = Schema.NonEmptyString.check(Schema.isMaxLength(80)).pipe(Schema.brand("ClaimId"))
export type ClaimId = typeof ClaimId.Type

/** The longest a hold may last: long enough for a quote, short enough that forgotten ones do no lasting harm. */
export const MAX_HOLD_MILLIS = 90 * 24 * 60 * 60 * 1000

/** How long a hold lasts, in milliseconds from the store's own clock. */
export const HoldTime = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_HOLD_MILLIS }))

/** `quantity` is what is still open of it; a closed claim has none. `expiresAt` is set while it is held. */
export const Claim = Schema.Struct({
  id: ClaimId,
  ...StockKey.fields,
  quantity: QuantityOrZero,
  state: Schema.Literals(["held", "committed", "consumed", "released", "expired"]),
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  source: Schema.NullOr(Source)
}).annotate({ identifier: "Claim" })
export interface Claim extends Schema.Schema.Type<typeof Claim> {}

export const claimEventKinds = ["held", "extended", "committed", "consumed", "released", "expired"] as const

/** A claim event as a decision writes it. `quantity` is what it holds, commits, consumes or lets go of. */
export const NewClaimEvent = Schema.Struct({
  kind: Schema.Literals(claimEventKinds),
  claim: ClaimId,
  ...StockKey.fields,
  quantity: QuantityOrZero,
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  source: Schema.NullOr(Source)
})
export interface NewClaimEvent extends Schema.Schema.Type<typeof NewClaimEvent> {}

/** A claim event in the ledger; `version` counts the claim events of its stock key from 1, without a gap. */
export const ClaimEvent = Schema.Struct({
  ...NewClaimEvent.fields,
  shard: Schema.Int,
  seq: Schema.Int,
  line: Schema.Int,
  version: Schema.Int,
  heldAfter: QuantityOrZero,
  committedAfter: QuantityOrZero,
  command: Schema.String,
  recordedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "ClaimEvent" })
export interface ClaimEvent extends Schema.Schema.Type<typeof ClaimEvent> {}

/** The claim is not open any more, or never was. */
export class ClaimClosed extends Schema.TaggedError<ClaimClosed>()("ClaimClosed", {
  claim: ClaimId,
  state: Schema.Literals(["unknown", "committed", "consumed", "released", "expired"])
}) {
  override get message() {
    return `Claim ${this.claim} is ${this.state}; an open claim is accepted`
  }
}

/** The claim after an event. */
export const applyToClaim = (claim: Claim | undefined, event: NewClaimEvent): Claim => {
  const base = { id: event.claim, product: event.product, location: event.location, lot: event.lot }
  switch (event.kind) {
    case "held":
      return { ...base, quantity: event.quantity, state: "held", expiresAt: event.expiresAt, source: event.source }
    case "committed":
      return { ...base, quantity: event.quantity, state: "committed", expiresAt: null, source: event.source }
    case "extended":
      return { ...base, quantity: event.quantity, state: "held", expiresAt: event.expiresAt, source: event.source }
    default: {
      const left = (claim?.quantity ?? 0) - event.quantity
      const open = left > 0 && claim !== undefined
      return {
        ...base,
        quantity: left,
        state: open ? claim.state : event.kind,
        expiresAt: open ? claim.expiresAt : null,
        source: event.source
      }
    }
  }
}

/** Whether a hold no longer binds at an instant: from `expiresAt` on, whether or not anything has swept it. */
export const hasLapsed = (claim: Claim, now: DateTime.Utc): boolean =>
  claim.state === "held" && claim.expiresAt !== null && DateTime.isGreaterThanOrEqualTo(now, claim.expiresAt)

/** The event that does something to the whole of an open claim. */
export const claimEvent = (
  kind: NewClaimEvent["kind"],
  claim: Claim,
  expiresAt: DateTime.Utc | null = null
): NewClaimEvent => ({
  kind,
  claim: claim.id,
  product: claim.product,
  location: claim.location,
  lot: claim.lot,
  quantity: claim.quantity,
  expiresAt,
  source: claim.source
})
