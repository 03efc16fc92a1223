/**
 * Reorder policies over HTTP: how a product is ordered at a location, and how a class of products is.
 */
import { ReorderPolicy as CorePolicy, SetReorderPolicies } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization, about, keyAllowed, replayable, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"

const { id: _, ...policy } = CorePolicy.fields

/** Of a product at a location, or of a class. What is null is left to the class, and then to what is usual. */
export const ReorderPolicy = Schema.Struct(policy).annotate({ identifier: "ReorderPolicyEntry" })
export interface ReorderPolicy extends Schema.Schema.Type<typeof ReorderPolicy> {}

export const ReorderPolicyLines = Schema.Struct(SetReorderPolicies.payload.fields).annotate({
  identifier: "ReorderPolicyLines",
  examples: [{ lines: [{ abc: "A", target: { kind: "cycle service", level: 0.98 }, leadDays: [5, 7], reviewDays: 7 }] }]
})

export class ReorderPoliciesApi extends HttpApiGroup.make("reorderPolicies")
  .add(
    HttpApiEndpoint.get("list", "/reorder-policies", {
      query: { ...cursorQuery, ...placeFilter },
      success: listOf(ReorderPolicy),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("reports:read", {
        summary: "List reorder policies",
        description: "Those of classes too, unless a product or location is asked for."
      })
    ),
    HttpApiEndpoint.put("set", "/reorder-policies", {
      headers: keyAllowed,
      payload: ReorderPolicyLines,
      success: HttpApiSchema.WithHeaders(Schema.Struct({ items: Schema.Array(ReorderPolicy) }), replayable),
      error: [problems.UnknownProduct, problems.UnknownLocation, problems.Forbidden, ...writeErrors]
    }).annotateMerge(
      about("thresholds:write", {
        summary: "Set reorder policies",
        description:
          "All lines or none, and all of each policy: what a line leaves out is left to the class, and then to what " +
          "is usual. A threshold is in the product's unit, times are in days, chances between 0 and 1."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Reorder policies", description: "How products are ordered." })) {}
