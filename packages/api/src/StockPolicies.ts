/**
 * Stock policies over HTTP: what may be promised of a product at a location beyond what is there.
 */
import { LocationId, MAX_LINES, ProductId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal } from "./Amount.ts"
import { Authorization, about, keyAllowed, replayable, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"

/** `floor` is the least that may be available, 0 or less; with `backorders` an order may wait for what is missing. */
export const StockPolicy = Schema.Struct({
  product: ProductId,
  location: LocationId,
  floor: Decimal,
  backorders: Schema.Boolean,
  version: Schema.Int
}).annotate({ identifier: "StockPolicyEntry" })
export interface StockPolicy extends Schema.Schema.Type<typeof StockPolicy> {}

export const StockPolicyLines = Schema.Struct({
  lines: Schema.NonEmptyArray(
    Schema.Struct({
      product: ProductId,
      location: LocationId,
      floor: Schema.optionalKey(Decimal.annotate({ description: "0 or less, in the product's unit; 0 when left out" })),
      backorders: Schema.optionalKey(Schema.Boolean.annotate({ description: "False when left out" }))
    })
  ).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "StockPolicyLines" })

export class StockPoliciesApi extends HttpApiGroup.make("stockPolicies")
  .add(
    HttpApiEndpoint.get("list", "/stock-policies", {
      query: { ...cursorQuery, ...placeFilter },
      success: listOf(StockPolicy),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("stock:read", {
        summary: "List stock policies",
        description: "A product at a location without a policy is never promised beyond what is there."
      })
    ),
    HttpApiEndpoint.put("set", "/stock-policies", {
      headers: keyAllowed,
      payload: StockPolicyLines,
      success: HttpApiSchema.WithHeaders(Schema.Struct({ items: Schema.Array(StockPolicy) }), replayable),
      error: [
        problems.FloorPassed,
        problems.FloorOfLots,
        problems.UnknownProduct,
        problems.UnknownLocation,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("thresholds:write", {
        summary: "Set stock policies",
        description:
          "All lines or none, and all of each policy: what a line leaves out is not allowed. A floor is refused " +
          "while more is promised already, and below 0 for a product that is counted in lots."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(
    OpenApi.annotations({ title: "Stock policies", description: "What may be promised beyond what is there." })
  ) {}
