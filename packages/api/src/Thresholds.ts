/**
 * Thresholds over HTTP: from which quantity on a product counts as low at a location.
 */
import { LocationId, MAX_LINES, ProductId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, keyAllowed, replayable, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"

/**
 * Low stock is raised when available falls to `low` or below, and cleared when it reaches `clear` or more; overstock is
 * raised when it rises to `high` or above, and cleared when it falls to `clearHigh` or less.
 */
export const Threshold = Schema.Struct({
  product: ProductId,
  location: LocationId,
  low: Decimal,
  clear: Decimal,
  high: Schema.NullOr(Decimal),
  clearHigh: Schema.NullOr(Decimal),
  raisedAt: Schema.NullOr(Timestamp),
  version: Schema.Int
}).annotate({ identifier: "ThresholdEntry" })
export interface Threshold extends Schema.Schema.Type<typeof Threshold> {}

export const ThresholdLines = Schema.Struct({
  lines: Schema.NonEmptyArray(
    Schema.Struct({
      product: ProductId,
      location: LocationId,
      low: Decimal,
      clear: Schema.optionalKey(Decimal.annotate({ description: "One smallest step above `low` when left out" })),
      high: Schema.optionalKey(
        Schema.NullOr(Decimal).annotate({ description: "As it was when left out; null takes it away" })
      ),
      clearHigh: Schema.optionalKey(
        Decimal.annotate({ description: "As it was, or one smallest step below a `high` that is given, when left out" })
      )
    })
  ).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "ThresholdLines" })

export class ThresholdsApi extends HttpApiGroup.make("thresholds")
  .add(
    HttpApiEndpoint.get("list", "/thresholds", {
      query: { ...cursorQuery, ...placeFilter },
      success: listOf(Threshold),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:read", { summary: "List thresholds" })),
    HttpApiEndpoint.put("set", "/thresholds", {
      headers: keyAllowed,
      payload: ThresholdLines,
      success: HttpApiSchema.WithHeaders(Schema.Struct({ items: Schema.Array(Threshold) }), replayable),
      error: [
        problems.InvalidThreshold,
        problems.UnknownProduct,
        problems.UnknownLocation,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("thresholds:write", {
        summary: "Set thresholds",
        description: "All lines or none. A threshold that the stock is below already is raised at once."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Thresholds", description: "When stock counts as low." })) {}
