/**
 * Moving a claim: a right to stock goes to another lot or location. It is checked there like a new one, and in one
 * commit; so nobody is left without either, and nobody gets more than there is.
 */
import { Result, Schema } from "effect"
import { allocate, InsufficientStock } from "./Allocation.ts"
import { ClaimClosed, ClaimId, claimEvent, type NewClaimEvent } from "./Claim.ts"
import { define } from "./Command.ts"
import { documentRef, isOfDocument } from "./Document.ts"
import { openClaims } from "./Hold.ts"
import { knownLocation, UnknownLocation } from "./Location.ts"
import { checkLotAsked, checkUsable, lotBlocks, lotRefs, NotLotTracked } from "./Lot.ts"
import { Source } from "./Movement.ts"
import { activeProduct, ProductInactive, UnknownProduct } from "./Product.ts"
import { Quantity, QuantityOrZero } from "./Quantity.ts"
import { ref } from "./Row.ts"
import { SliceAfter } from "./SliceAfter.ts"
import { Lot, StockKey } from "./StockKey.ts"

/** A cart, an order or a transfer has the claim, and counts on its being where it is. */
export class ClaimOfDocument extends Schema.TaggedError<ClaimOfDocument>()("ClaimOfDocument", {
  claim: ClaimId,
  source: Schema.NullOr(Source)
}) {
  override get message() {
    const owner = this.source === null ? "a document" : `${this.source.type} ${this.source.id}`
    return `Claim ${this.claim} belongs to ${owner}; a claim that no document of this inventory made is accepted`
  }
}

/** More of a claim is to be moved than is open of it. */
export class ClaimExceeded extends Schema.TaggedError<ClaimExceeded>()("ClaimExceeded", {
  claim: ClaimId,
  wanted: Quantity,
  open: QuantityOrZero
}) {
  override get message() {
    return `Of claim ${this.claim} ${this.open} are open, not ${this.wanted}; at most what is open is accepted`
  }
}

/**
 * Moves a claim, or a part of it, to another location, another lot, or both. Without a lot, those there are taken in
 * the order of allocation. What is moved is a new claim, or one for each lot, with the old one's state, expiry and
 * source.
 */
export const MoveClaim = define("MoveClaim", {
  payload: {
    location: StockKey.fields.location,
    claim: ClaimId,
    quantity: Schema.optionalKey(Quantity),
    to: Schema.Struct({ location: StockKey.fields.location, lot: Schema.optionalKey(Lot) })
  },
  reply: Schema.Struct({ claims: Schema.Array(ClaimId) }),
  refusals: [
    ClaimClosed,
    ClaimOfDocument,
    ClaimExceeded,
    UnknownLocation,
    UnknownProduct,
    ProductInactive,
    NotLotTracked,
    InsufficientStock,
    ...lotBlocks
  ],
  locations: ({ location, to }) => [location, to.location],
  footprint: ({ location, claim: id, to }, slice) => {
    const claim = slice.claim(id)
    const rows = [ref("locations", to.location)]
    // A claim of a third location is in a ledger that this command does not lock.
    if (claim?.location !== location) return { claims: [id], rows }
    const { product, source } = claim
    return {
      claims: [id],
      rows: [...rows, ref("products", product), ...lotRefs([{ product, ...to }]), ...documentRef(source)],
      stock: [
        { product, location },
        { product, location: to.location }
      ]
    }
  },
  decide: (slice, { location, claim: id, quantity: wanted, to }, context) =>
    Result.gen(function* () {
      const [claim] = yield* openClaims(slice, location, [id], true)
      if (claim === undefined) return yield* Result.fail(new ClaimClosed({ claim: id, state: "unknown" }))
      const { product, source, expiresAt, state } = claim
      if (isOfDocument(slice, source)) return yield* Result.fail(new ClaimOfDocument({ claim: id, source }))
      const quantity = wanted ?? claim.quantity
      if (quantity > claim.quantity) {
        return yield* Result.fail(new ClaimExceeded({ claim: id, wanted: quantity, open: claim.quantity }))
      }
      yield* knownLocation(slice, to.location)
      yield* checkLotAsked(yield* activeProduct(slice, product), to.lot)
      yield* checkUsable(slice, [{ product, ...to }], context.now)
      const released = { ...claimEvent("released", claim), quantity }
      const after = new SliceAfter(slice)
      after.apply({ claims: [released] })
      const parts = yield* allocate(after, [{ product, ...to, quantity }], context.now)
      const moved = parts.map(
        (part, index): NewClaimEvent => ({
          kind: state === "held" ? "held" : "committed",
          claim: ClaimId.make(`${context.id}-${index}`),
          product,
          location: part.location,
          lot: part.lot,
          quantity: part.quantity,
          expiresAt,
          source
        })
      )
      return { reply: { claims: moved.map((event) => event.claim) }, claims: [released, ...moved] }
    })
})
