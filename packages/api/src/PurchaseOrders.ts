/**
 * Purchase orders over HTTP: what was ordered of vendors, and what of it arrived.
 */
import {
  CalendarDate,
  Condition,
  PurchaseOrder as CorePurchaseOrder,
  PurchaseOrderLine as CorePurchaseOrderLine,
  LocationId,
  Lot,
  MAX_LINES,
  ProductId,
  PurchaseOrderDraft,
  PurchaseOrderId,
  PurchaseOrderState,
  UnitCost,
  VendorId
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, quantityInUnit, Timestamp, TimestampInput } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems, unitProblems } from "./Problem.ts"

const line = CorePurchaseOrderLine.fields
const order = CorePurchaseOrder.fields

/** A line: ordered = received + canceled + open, and what came beyond that in `over`. */
export const PurchaseOrderLine = Schema.Struct({
  line: line.line,
  product: line.product,
  vendorSku: line.vendorSku,
  unitCost: line.unitCost,
  ordered: Decimal,
  entered: AsEntered,
  received: Decimal,
  over: Decimal,
  damaged: Decimal,
  canceled: Decimal,
  open: Decimal
}).annotate({ identifier: "PurchaseOrderLineEntry" })

export const PurchaseOrder = Schema.Struct({
  id: order.id,
  vendor: order.vendor,
  destination: order.destination,
  state: order.state,
  lines: Schema.Array(PurchaseOrderLine),
  tolerance: order.tolerance,
  note: order.note,
  reason: order.reason,
  expectedAt: Schema.NullOr(Timestamp),
  placedAt: Schema.NullOr(Timestamp),
  version: order.version,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "PurchaseOrderEntry" })
export interface PurchaseOrder extends Schema.Schema.Type<typeof PurchaseOrder> {}

const Line = Schema.Struct({
  product: ProductId,
  ...quantityInUnit,
  unitCost: Schema.optionalKey(UnitCost.annotate({ description: "The vendor's price when it is left out" }))
})
export interface NewPurchaseOrderLine extends Schema.Schema.Type<typeof Line> {}
const Lines = Schema.NonEmptyArray(Line).check(Schema.isMaxLength(MAX_LINES))
const { tolerance, note } = PurchaseOrderDraft.fields

export const NewPurchaseOrder = Schema.Struct({
  vendor: VendorId,
  destination: LocationId,
  lines: Lines,
  tolerance,
  expectedAt: Schema.optionalKey(TimestampInput),
  note
}).annotate({ identifier: "NewPurchaseOrder" })

/** What to change of a draft; what is left out stays as it is. */
export const PurchaseOrderChange = Schema.Struct({
  lines: Schema.optionalKey(Lines),
  tolerance,
  expectedAt: Schema.optionalKey(Schema.NullOr(TimestampInput)),
  note
}).annotate({ identifier: "PurchaseOrderChange" })

const Arrived = Schema.Struct({
  line: Schema.Int,
  ...quantityInUnit,
  condition: Schema.optionalKey(Condition.annotate({ description: "Sellable when it is left out" })),
  lot: Schema.optionalKey(Lot),
  expiresOn: Schema.optionalKey(
    CalendarDate.annotate({ description: "The day until which the lot may be used, where it is not known yet" })
  ),
  unitCost: Schema.optionalKey(UnitCost.annotate({ description: "The line's cost when it is left out" }))
})
export interface ArrivedOrderLine extends Schema.Schema.Type<typeof Arrived> {}

export const PurchaseReceipt = Schema.Struct({
  lines: Schema.NonEmptyArray(Arrived).check(Schema.isMaxLength(MAX_LINES)),
  occurredAt: Schema.optionalKey(TimestampInput)
}).annotate({ identifier: "PurchaseReceipt" })

const reason = Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(200)))
const Canceled = Schema.Struct({ line: Schema.Int, ...quantityInUnit })
export interface CanceledOrderLine extends Schema.Schema.Type<typeof Canceled> {}

export const PurchaseCancellation = Schema.Struct({
  lines: Schema.optionalKey(Schema.NonEmptyArray(Canceled).check(Schema.isMaxLength(MAX_LINES))),
  reason
}).annotate({ identifier: "PurchaseCancellation" })

export const PurchaseClosing = Schema.Struct({ reason }).annotate({ identifier: "PurchaseClosing" })

const params = { id: PurchaseOrderId }
const changed = HttpApiSchema.WithHeaders(PurchaseOrder, { ...etag, ...replayable })
const errors = [
  problems.UnknownPurchaseOrder,
  problems.PurchaseOrderStateConflict,
  problems.Forbidden,
  ...writeErrors
] as const

export class PurchaseOrdersApi extends HttpApiGroup.make("purchaseOrders")
  .add(
    HttpApiEndpoint.get("list", "/purchase-orders", {
      query: {
        ...cursorQuery,
        state: Schema.optionalKey(PurchaseOrderState),
        vendor: Schema.optionalKey(VendorId),
        destination: Schema.optionalKey(LocationId)
      },
      success: listOf(PurchaseOrder),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:write", { summary: "List purchase orders", description: "Newest first." })),
    HttpApiEndpoint.post("create", "/purchase-orders", {
      headers: keyRequired,
      payload: NewPurchaseOrder,
      success: HttpApiSchema.WithHeaders(PurchaseOrder.pipe(HttpApiSchema.status(201)), { ...etag, ...replayable }),
      error: [
        problems.UnknownVendor,
        problems.VendorInactive,
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.Forbidden,
        ...unitProblems,
        ...writeErrors
      ]
    }).annotateMerge(about("stock:write", { summary: "Create a purchase order", description: "It is a draft." })),
    HttpApiEndpoint.get("byId", "/purchase-orders/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(PurchaseOrder, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownPurchaseOrder]
    }).annotateMerge(about("stock:write", { summary: "Get a purchase order" })),
    HttpApiEndpoint.patch("update", "/purchase-orders/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: PurchaseOrderChange,
      success: changed,
      error: [
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.StaleVersion,
        problems.PreconditionRequired,
        ...unitProblems,
        ...errors
      ]
    }).annotateMerge(about("stock:write", { summary: "Change a draft" })),
    HttpApiEndpoint.post("place", "/purchase-orders/:id/place", {
      params,
      headers: keyRequired,
      success: changed,
      error: [
        problems.UnknownVendor,
        problems.VendorInactive,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.QuantityNotOffered,
        ...errors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Place a draft with its vendor",
        description: "From now on what is open of it is incoming at its destination."
      })
    ),
    HttpApiEndpoint.post("receive", "/purchase-orders/:id/receive", {
      params,
      headers: keyRequired,
      payload: PurchaseReceipt,
      success: changed,
      error: [
        problems.UnknownPurchaseOrderLine,
        problems.PurchaseOrderExceeded,
        problems.LotRequired,
        problems.NotLotTracked,
        problems.LotExpiryConflict,
        ...unitProblems,
        ...errors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Receive what arrived of an order",
        description:
          "At most what is open and tolerated; a line may come several times, in several conditions and lots."
      })
    ),
    HttpApiEndpoint.post("cancel", "/purchase-orders/:id/cancel", {
      params,
      headers: keyRequired,
      payload: PurchaseCancellation,
      success: changed,
      error: [problems.UnknownPurchaseOrderLine, problems.PurchaseOrderExceeded, ...unitProblems, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Cancel what is still to come",
        description: "All that is open, or so much of the named lines."
      })
    ),
    HttpApiEndpoint.post("close", "/purchase-orders/:id/close", {
      params,
      headers: keyRequired,
      payload: PurchaseClosing,
      success: changed,
      error: errors
    }).annotateMerge(
      about("stock:write", {
        summary: "Close an order of which something arrived",
        description: "What is open is canceled, and nothing more is taken."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Purchase orders", description: "What was ordered of vendors." })) {}
