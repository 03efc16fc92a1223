/**
 * Lots over HTTP: what was made together, when it expires, where it is, who got it, and its recall.
 */
import { CalendarDate, ProductLot as CoreLot, LocationId, LotCode, ProductId, Source, TransferId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, etag, keyRequired, replayable, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"

const lot = CoreLot.fields

/**
 * A lot of a product. It may be used until the end of the day `expiresOn` in its `timeZone`, which is the instant
 * `expiresAt`; null where it does not expire. Nothing of one that has expired or was recalled is available.
 */
export const ProductLot = Schema.Struct({
  product: lot.product,
  lot: lot.lot,
  expiresOn: lot.expiresOn,
  timeZone: lot.timeZone,
  expiresAt: Schema.NullOr(Timestamp),
  status: lot.status,
  reason: lot.reason,
  receivedAt: Timestamp,
  version: lot.version,
  updatedAt: Timestamp
}).annotate({ identifier: "ProductLotEntry" })
export interface ProductLot extends Schema.Schema.Type<typeof ProductLot> {}

/** A lot with its stock over all locations, or at the one that was asked for. */
export const StockedLot = Schema.Struct({ ...ProductLot.fields, onHand: Decimal, available: Decimal }).annotate({
  identifier: "StockedLotEntry"
})

const Place = Schema.Struct({
  location: LocationId,
  sellable: Decimal,
  qualityControl: Decimal,
  damaged: Decimal,
  quarantine: Decimal,
  held: Decimal,
  committed: Decimal
})

const InTransit = Schema.Struct({
  transfer: TransferId,
  origin: LocationId,
  destination: LocationId,
  quantity: Decimal
})

/** Where a lot is: what lies at each location where it ever was, and what is on its way between two. */
export const LotTrace = Schema.Struct({
  lot: ProductLot,
  places: Schema.Array(Place),
  inTransit: Schema.Array(InTransit)
}).annotate({ identifier: "LotTraceEntry" })

/** Who got something of a lot: what it was sold by, and the customer of an order. */
export const LotRecipient = Schema.Struct({
  source: Schema.NullOr(Source),
  customer: Schema.NullOr(Schema.String),
  sold: Decimal,
  returned: Decimal
}).annotate({ identifier: "LotRecipientEntry" })

export const LotRecall = Schema.Struct({
  reason: Schema.NonEmptyString.check(Schema.isMaxLength(200))
}).annotate({ identifier: "LotRecall", examples: [{ reason: "Glass in the jar" }] })

export const LotExpiry = Schema.Struct({
  expiresOn: Schema.NullOr(CalendarDate.annotate({ description: "The last day of its use; null: it does not expire" }))
}).annotate({ identifier: "LotExpiry", examples: [{ expiresOn: "2027-02-28" }] })

const params = { product: ProductId, lot: LotCode }
const changed = HttpApiSchema.WithHeaders(ProductLot, { ...etag, ...replayable })
const errors = [problems.UnknownLot, problems.Forbidden, ...writeErrors] as const

export class LotsApi extends HttpApiGroup.make("lots")
  .add(
    HttpApiEndpoint.get("list", "/lots", {
      query: {
        ...cursorQuery,
        ...placeFilter,
        status: Schema.optionalKey(lot.status),
        expiring_before: Schema.optionalKey(CalendarDate),
        stocked: Schema.optionalKey(
          Schema.Literals(["true", "false"]).annotate({ description: "Only lots of which something is on hand" })
        )
      },
      success: listOf(StockedLot),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("stock:read", {
        summary: "List lots",
        description:
          "The first to expire first, those that do not expire last; at a location those that were ever there."
      })
    ),
    HttpApiEndpoint.get("trace", "/lots/:product/:lot", {
      params,
      success: HttpApiSchema.WithHeaders(LotTrace, etag),
      error: [problems.UnknownLot]
    }).annotateMerge(about("stock:write", { summary: "Find where a lot is" })),
    HttpApiEndpoint.get("recipients", "/lots/:product/:lot/recipients", {
      params,
      query: cursorQuery,
      success: listOf(LotRecipient),
      error: [problems.UnknownLot, problems.InvalidCursor]
    }).annotateMerge(
      about(["orders:read", "orders:write"], {
        summary: "Find who got something of a lot",
        description: "By the type and id of the document; what was sold without one comes first."
      })
    ),
    HttpApiEndpoint.post("recall", "/lots/:product/:lot/recall", {
      params,
      headers: keyRequired,
      payload: LotRecall,
      success: changed,
      error: errors
    }).annotateMerge(
      about("stock:write", {
        summary: "Recall a lot",
        description:
          "From then on nothing of it is available, anywhere; so it is for those who are limited to no location."
      })
    ),
    HttpApiEndpoint.post("reinstate", "/lots/:product/:lot/reinstate", {
      params,
      headers: keyRequired,
      success: changed,
      error: errors
    }).annotateMerge(
      about("stock:write", {
        summary: "Take a recall back",
        description: "What is left of the lot is available again, unless it has expired."
      })
    ),
    HttpApiEndpoint.post("expiry", "/lots/:product/:lot/expiry", {
      params,
      headers: keyRequired,
      payload: LotExpiry,
      success: changed,
      error: errors
    }).annotateMerge(about("stock:write", { summary: "Correct until when a lot may be used" }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Lots", description: "What was made together, and when it expires." })) {}
