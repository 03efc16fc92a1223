/**
 * The commands over claims: to hold stock for a time, to make a hold a commitment, to let go of it.
 */
import { DateTime, Result, Schema } from "effect"
import { type Allocated, allocate, InsufficientStock } from "./Allocation.ts"
import { type Claim, ClaimClosed, ClaimId, claimEvent, HoldTime, hasLapsed, type NewClaimEvent } from "./Claim.ts"
import { type DecisionContext, define, MAX_LINES } from "./Command.ts"
import type { LocationId } from "./Location.ts"
import { checkLotAsked, checkUsable, lotBlocks, lotRefs, NotLotTracked } from "./Lot.ts"
import { Source } from "./Movement.ts"
import { activeProduct, ProductInactive, UnknownProduct } from "./Product.ts"
import { Quantity } from "./Quantity.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Lot, StockKey } from "./StockKey.ts"

const HoldLine = Schema.Struct({
  product: StockKey.fields.product,
  location: StockKey.fields.location,
  lot: Schema.optionalKey(Lot),
  quantity: Quantity
})

const locationsOf = (lines: ReadonlyArray<{ readonly location: LocationId }>) => lines.map((line) => line.location)

/** The events that hold allocated stock; the claims are named after the command's id. */
export const holdEvents = (
  parts: ReadonlyArray<Allocated>,
  expiresAt: DateTime.Utc,
  source: Source | null,
  context: DecisionContext
): ReadonlyArray<NewClaimEvent> =>
  parts.map((part, index) => ({
    kind: "held",
    claim: ClaimId.make(`${context.id}-${index}`),
    product: part.product,
    location: part.location,
    lot: part.lot,
    quantity: part.quantity,
    expiresAt,
    source
  }))

/** Holds stock for a time: all lines or none. The time to live is a duration, counted from the store's own clock. */
export const HoldStock = define("HoldStock", {
  payload: {
    lines: Schema.NonEmptyArray(HoldLine).check(Schema.isMaxLength(MAX_LINES)),
    ttlMillis: HoldTime,
    source: Schema.optionalKey(Source)
  },
  reply: Schema.Struct({ claims: Schema.Array(ClaimId), expiresAt: Schema.DateTimeUtcFromString }),
  refusals: [InsufficientStock, UnknownProduct, ProductInactive, NotLotTracked, ...lotBlocks],
  locations: ({ lines }) => locationsOf(lines),
  footprint: ({ lines }) => ({
    stock: lines,
    rows: [...lines.map((line) => ref("products", line.product)), ...lotRefs(lines)]
  }),
  decide: (slice, { lines, ttlMillis, source }, context) =>
    Result.gen(function* () {
      for (const line of lines) yield* checkLotAsked(yield* activeProduct(slice, line.product), line.lot)
      yield* checkUsable(slice, lines, context.now)
      const expiresAt = DateTime.add(context.now, { milliseconds: ttlMillis })
      const claims = holdEvents(yield* allocate(slice, lines, context.now), expiresAt, source ?? null, context)
      return { reply: { claims: claims.map((event) => event.claim), expiresAt }, claims }
    })
})

const ClaimsPayload = {
  location: StockKey.fields.location,
  claims: Schema.NonEmptyArray(ClaimId).check(Schema.isMaxLength(MAX_LINES))
}

/** The named claims of a location, held or committed too; or the refusal that names the first that is not. */
export const openClaims = (
  slice: Slice,
  location: LocationId,
  ids: ReadonlyArray<ClaimId>,
  committedToo: boolean
): Result.Result<ReadonlyArray<Claim>, ClaimClosed> => {
  const open: Array<Claim> = []
  for (const id of new Set(ids)) {
    const claim = slice.claim(id)
    if (claim === undefined || claim.location !== location) {
      return Result.fail(new ClaimClosed({ claim: id, state: "unknown" }))
    }
    if (claim.state !== "held" && !(committedToo && claim.state === "committed")) {
      return Result.fail(new ClaimClosed({ claim: id, state: claim.state }))
    }
    open.push(claim)
  }
  return Result.succeed(open)
}

// A claim of another location is in a ledger that this command does not lock, so its stock is not read either.
const claimFootprint = (
  { claims, location }: { readonly claims: ReadonlyArray<ClaimId>; readonly location: LocationId },
  slice: Slice
) => ({
  claims,
  stock: claims.flatMap((id) => slice.claim(id) ?? []).filter((claim) => claim.location === location)
})

/** Lets go of claims, held or committed, so that their stock is available again. */
export const ReleaseClaims = define("ReleaseClaims", {
  payload: ClaimsPayload,
  reply: Schema.Struct({ released: Schema.Array(ClaimId) }),
  refusals: [ClaimClosed],
  locations: ({ location }) => [location],
  footprint: claimFootprint,
  decide: (slice, payload) =>
    Result.map(openClaims(slice, payload.location, payload.claims, true), (claims) => ({
      reply: { released: claims.map((claim) => claim.id) },
      claims: claims.map((claim) => claimEvent("released", claim))
    }))
})

/** The events by which holds last until an instant at least. Others are left: a commitment does not lapse. */
export const extensions = (claims: ReadonlyArray<Claim>, until: DateTime.Utc): ReadonlyArray<NewClaimEvent> =>
  claims
    .filter(({ expiresAt }) => expiresAt !== null && DateTime.isLessThan(expiresAt, until))
    .map((claim) => claimEvent("extended", claim, until))

/**
 * Lets holds last for `ttlMillis` from now, by the store's own clock. One that lasts longer already stays as it is, and
 * one that has lapsed cannot be brought back: its stock may be another's. `expiresAt` is what they last until at least.
 */
export const ExtendHolds = define("ExtendHolds", {
  payload: { ...ClaimsPayload, ttlMillis: HoldTime },
  reply: Schema.Struct({ extended: Schema.Array(ClaimId), expiresAt: Schema.DateTimeUtcFromString }),
  refusals: [ClaimClosed],
  locations: ({ location }) => [location],
  footprint: claimFootprint,
  decide: (slice, { location, claims: ids, ttlMillis }, context) =>
    Result.map(openClaims(slice, location, ids, false), (claims) => {
      const expiresAt = DateTime.add(context.now, { milliseconds: ttlMillis })
      return {
        reply: { extended: claims.map((claim) => claim.id), expiresAt },
        claims: extensions(claims, expiresAt)
      }
    })
})

/**
 * Turns holds into commitments, which do not lapse. Never fails for lack of stock: what is held is there. A hold on a
 * lot that has expired or was recalled meanwhile is refused.
 */
export const CommitClaims = define("CommitClaims", {
  payload: ClaimsPayload,
  reply: Schema.Struct({ committed: Schema.Array(ClaimId) }),
  refusals: [ClaimClosed, ...lotBlocks],
  locations: ({ location }) => [location],
  footprint: claimFootprint,
  decide: (slice, payload, context) =>
    Result.gen(function* () {
      const claims = yield* openClaims(slice, payload.location, payload.claims, false)
      yield* checkUsable(slice, claims, context.now)
      return {
        reply: { committed: claims.map((claim) => claim.id) },
        claims: claims.map((claim) => claimEvent("committed", claim))
      }
    })
})

/**
 * Writes down that holds have lapsed. Reads and decisions do not wait for it: a batch puts it before its own commands
 * whenever it loads stock with a lapsed hold, and a sweeper may send it for tidiness.
 */
export const ExpireClaims = define("ExpireClaims", {
  payload: ClaimsPayload,
  reply: Schema.Struct({ expired: Schema.Array(ClaimId) }),
  refusals: [],
  locations: ({ location }) => [location],
  footprint: claimFootprint,
  decide: (slice, payload, context) => {
    const lapsed = [...new Set(payload.claims)]
      .flatMap((id) => slice.claim(id) ?? [])
      .filter((claim) => claim.location === payload.location && hasLapsed(claim, context.now))
    return Result.succeed({
      reply: { expired: lapsed.map((claim) => claim.id) },
      claims: lapsed.map((claim) => claimEvent("expired", claim))
    })
  }
})
