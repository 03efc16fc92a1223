/**
 * Claims over HTTP: rights to stock that still rests on the shelf. A hold lapses by itself, a commitment does not.
 */
import {
  ClaimId,
  Claim as CoreClaim,
  LocationId,
  Lot,
  MAX_HOLD_MILLIS,
  MAX_LINES,
  ProductId,
  Source
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, keyRequired, replayable, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"

const claim = CoreClaim.fields

/** An open claim: `quantity` is what is still open of it, and `expiresAt` when a hold lapses. */
export const Claim = Schema.Struct({
  id: claim.id,
  product: claim.product,
  location: claim.location,
  lot: claim.lot,
  quantity: Decimal,
  state: Schema.Literals(["held", "committed"]),
  expiresAt: Schema.NullOr(Timestamp),
  source: claim.source
}).annotate({ identifier: "StockClaim" })
export interface Claim extends Schema.Schema.Type<typeof Claim> {}

const HoldLine = Schema.Struct({
  product: ProductId,
  location: LocationId,
  lot: Schema.optionalKey(Lot.annotate({ description: "Any lot when it is left out" })),
  quantity: Decimal
})
export interface HoldLine extends Schema.Schema.Type<typeof HoldLine> {}

const HoldSeconds = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_HOLD_MILLIS / 1_000 })).annotate({
  description: "How long it holds from now, by the server's clock"
})

export const NewHold = Schema.Struct({
  lines: Schema.NonEmptyArray(HoldLine).check(Schema.isMaxLength(MAX_LINES)),
  seconds: HoldSeconds,
  source: Schema.optionalKey(
    Source.annotate({
      description: "What it is for, such as a quote; carts and documents make their claims themselves"
    })
  )
}).annotate({
  identifier: "NewHold",
  examples: [
    {
      lines: [{ product: "mug", location: "corner", quantity: 1 }],
      seconds: 900,
      source: { type: "quote", id: "Q-7" }
    } as never
  ]
})

export const Held = Schema.Struct({ claims: Schema.Array(ClaimId), expiresAt: Timestamp }).annotate({
  identifier: "Held",
  description: "A claim for each lot that was taken from, so there may be more claims than lines"
})

export const NamedClaims = Schema.Struct({
  location: LocationId,
  claims: Schema.NonEmptyArray(ClaimId).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "NamedClaims" })

export const ExtendedHolds = Schema.Struct({ ...NamedClaims.fields, seconds: HoldSeconds }).annotate({
  identifier: "ExtendedHolds"
})

/** Where a claim goes, whole or in part. */
export const ClaimMove = Schema.Struct({
  location: LocationId,
  product: ProductId,
  claim: ClaimId,
  quantity: Schema.optionalKey(Decimal.annotate({ description: "All that is open of it when left out" })),
  to: Schema.Struct({
    location: LocationId,
    lot: Schema.optionalKey(Lot.annotate({ description: "Any lot when it is left out" }))
  })
}).annotate({
  identifier: "ClaimMove",
  description: "`location` and `product` are those of the claim. The new claims keep its state, expiry and source.",
  examples: [
    {
      location: "corner",
      product: "mug",
      claim: "01990000-0000-7000-8000-000000000001-0",
      to: { location: "depot" }
    } as never
  ]
})

const changed = HttpApiSchema.WithHeaders(Schema.Struct({ claims: Schema.Array(ClaimId) }), replayable)
const errors = [problems.ClaimClosed, problems.ForeignClaim, problems.Forbidden, ...writeErrors] as const

export class ClaimsApi extends HttpApiGroup.make("claims")
  .add(
    HttpApiEndpoint.get("list", "/claims", {
      query: {
        ...cursorQuery,
        ...placeFilter,
        state: Schema.optionalKey(Schema.Literals(["held", "committed"])),
        source_type: Schema.optionalKey(Source.fields.type),
        source_id: Schema.optionalKey(Source.fields.id)
      },
      success: listOf(Claim),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("stock:write", {
        summary: "List open claims",
        description:
          "Those that bind now, by their ids. `source_type` and `source_id` together find what one thing claims."
      })
    ),
    HttpApiEndpoint.post("hold", "/claims", {
      headers: keyRequired,
      payload: NewHold,
      success: HttpApiSchema.WithHeaders(Held.pipe(HttpApiSchema.status(201)), replayable),
      error: [
        problems.InsufficientStock,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.NotLotTracked,
        problems.LotExpired,
        problems.LotRecalled,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Hold stock for a time",
        description: "All lines or none. What is held is not available to anybody else until it lapses."
      })
    ),
    HttpApiEndpoint.post("extend", "/claims/extend", {
      headers: keyRequired,
      payload: ExtendedHolds,
      success: HttpApiSchema.WithHeaders(Held, replayable),
      error: errors
    }).annotateMerge(
      about("stock:write", {
        summary: "Give holds more time",
        description:
          "Each lasts until `expiresAt` at least, never shorter than it did. One that lapsed cannot be brought back."
      })
    ),
    HttpApiEndpoint.post("commit", "/claims/commit", {
      headers: keyRequired,
      payload: NamedClaims,
      success: changed,
      error: [problems.LotExpired, problems.LotRecalled, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Make holds commitments",
        description:
          "They do not lapse any more. It never fails for lack of stock: what is held is there. A hold on a lot that " +
          "has expired or was recalled meanwhile is refused."
      })
    ),
    HttpApiEndpoint.post("move", "/claims/move", {
      headers: keyRequired,
      payload: ClaimMove,
      success: changed,
      error: [
        problems.ClaimExceeded,
        problems.InsufficientStock,
        problems.UnknownLocation,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.NotLotTracked,
        problems.LotExpired,
        problems.LotRecalled,
        ...errors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Move a claim to another location or lot",
        description:
          "In one commit, and checked there like a new one: nobody is left without either. The goods stay where they " +
          "are. Answers the new claims, one for each lot."
      })
    ),
    HttpApiEndpoint.post("release", "/claims/release", {
      headers: keyRequired,
      payload: NamedClaims,
      success: changed,
      error: errors
    }).annotateMerge(
      about("stock:write", {
        summary: "Let go of claims",
        description: "Held or committed; their stock is available again."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Claims", description: "Who has a right to stock on the shelf." })) {}
