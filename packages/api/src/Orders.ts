/**
 * Orders over HTTP: what was bought.
 */
import { Order as CoreOrder, OrderLine as CoreOrderLine, LocationId, OrderId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Money, Timestamp } from "./Amount.ts"
import { Authorization, about, etag, versionKnown } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const line = CoreOrderLine.fields
const order = CoreOrder.fields

export const OrderLine = Schema.Struct({
  line: line.line,
  product: line.product,
  sku: line.sku,
  name: line.name,
  unit: line.unit,
  ordered: Decimal,
  canceled: Decimal,
  shipped: Decimal,
  returned: Decimal,
  unitPrice: Schema.NullOr(Money),
  total: Money
}).annotate({ identifier: "OrderEntry" })

export const Order = Schema.Struct({
  id: order.id,
  customer: order.customer,
  location: order.location,
  lines: Schema.Array(OrderLine),
  total: Money,
  status: order.status,
  fulfilment: order.fulfilment,
  payment: order.payment,
  returns: order.returns,
  version: order.version,
  placedAt: Timestamp,
  recordedAt: Timestamp
}).annotate({ identifier: "PlacedOrder" })
export interface Order extends Schema.Schema.Type<typeof Order> {}

export class OrdersApi extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.get("list", "/orders", {
      query: {
        ...cursorQuery,
        location: Schema.optionalKey(LocationId),
        customer: Schema.optionalKey(
          Schema.NonEmptyString.check(Schema.isMaxLength(64)).annotate({
            description: "A user's id; whoever may read all orders sees everyone's when it is left out"
          })
        )
      },
      success: listOf(Order),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("orders:own", {
        summary: "List orders",
        description: "Newest first: your own, or everyone's with the permission `orders:read`."
      })
    ),
    HttpApiEndpoint.get("byId", "/orders/:id", {
      params: { id: OrderId },
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Order, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownOrder]
    }).annotateMerge(about("orders:own", { summary: "Get an order" }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Orders", description: "What was bought." })) {}
