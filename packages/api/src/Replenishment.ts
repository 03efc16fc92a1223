/**
 * Replenishment over HTTP: what to order now, why, and as drafts of purchase orders.
 */
import { LocationId, ProductId, PurchaseOrderId, UnitCost, VendorId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, keyRequired, writeErrors } from "./Convention.ts"
import { planFields } from "./Forecasts.ts"
import { problems } from "./Problem.ts"

/** The most suggestions of one reply. */
export const MAX_SUGGESTIONS = 1_000

export const ReplenishmentQuestion = Schema.Struct({
  ...planFields,
  product: Schema.optionalKey(ProductId),
  location: Schema.optionalKey(LocationId),
  all: Schema.optionalKey(Schema.Boolean.annotate({ description: "Also what need not be ordered" })),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_SUGGESTIONS })).annotate({
      description: "The most suggestions of the reply, those with the highest risk first; 100 when left out"
    })
  ),
  draft: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Makes a draft purchase order for each vendor and location" })
  )
}).annotate({ identifier: "ReplenishmentQuestion", examples: [{ location: "corner", draft: true } as never] })

/** What there is of a product at a location, in its unit. */
const Position = Schema.Struct({ onHand: Decimal, onOrder: Decimal, reserved: Decimal })

/** What to order of a product at a location, in its unit, and what it follows from. */
export const ReplenishmentItem = Schema.Struct({
  product: ProductId,
  location: LocationId,
  class: Schema.Literals(["A", "B", "C"]),
  vendor: Schema.NullOr(VendorId),
  unitCost: Schema.NullOr(UnitCost),
  stock: Position,
  order: Decimal,
  reorderPoint: Schema.Finite,
  safetyStock: Schema.Finite,
  expectedDemand: Schema.Finite,
  stockoutRisk: Schema.Finite,
  cover: Schema.NullOr(Schema.Finite),
  alert: Schema.Boolean,
  reasons: Schema.Array(Schema.String)
}).annotate({
  identifier: "ReplenishmentItem",
  description:
    "`stockoutRisk` is the chance of running out before an order placed now can arrive; `expectedDemand` is that " +
    "until an order placed at the next look would be there; `cover` is for how many periods the stock lasts, null " +
    "beyond the forecast. `alert` says that the risk is higher than the policy takes."
})
export interface ReplenishmentItem extends Schema.Schema.Type<typeof ReplenishmentItem> {}

/** A draft for a vendor and a location: made now, or there before, so that nothing is ordered twice. */
const Draft = Schema.Struct({
  purchaseOrder: PurchaseOrderId,
  vendor: VendorId,
  destination: LocationId,
  lines: Schema.Int,
  made: Schema.Boolean
}).annotate({ identifier: "ReplenishmentDraft" })

export const ReplenishmentReply = Schema.Struct({
  begins: Schema.NullOr(Timestamp),
  planned: Schema.Int,
  ordered: Schema.Int,
  alerts: Schema.Int,
  unsold: Schema.Int,
  items: Schema.Array(ReplenishmentItem),
  drafts: Schema.Array(Draft)
}).annotate({
  identifier: "Replenishment",
  description:
    "Of `planned` products at their locations `ordered` should be ordered now; `unsold` of these have no primary " +
    "vendor and are in no draft. `begins` is when the first forecast period begins."
})

export class ReplenishmentApi extends HttpApiGroup.make("replenishment")
  .add(
    HttpApiEndpoint.post("plan", "/replenishment", {
      headers: keyRequired,
      payload: ReplenishmentQuestion,
      success: ReplenishmentReply,
      error: [
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.UnknownVendor,
        problems.VendorInactive,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Say what to order, and why",
        description:
          "Plans every product at every location, or those asked for, by their reorder policies and the terms " +
          "of their primary vendors. With `draft`, what should be ordered becomes drafts where the caller may write " +
          "the stock; where there is a draft already none is made, so that asking again orders nothing twice. One " +
          "plan is made at a time."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Replenishment", description: "What to order, and why." })) {}
