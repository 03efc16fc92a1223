/**
 * Orders over HTTP: what was bought, and what becomes of it.
 */
import {
  Condition,
  Order as CoreOrder,
  OrderLine as CoreOrderLine,
  Shipment as CoreShipment,
  LocationId,
  Lot,
  MAX_LINES,
  OrderId,
  Payment,
  Sources
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, Money, quantityInUnit, Timestamp, TimestampInput } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf, placeFilter } from "./Listing.ts"
import { problems, unitProblems } from "./Problem.ts"

const line = CoreOrderLine.fields
const order = CoreOrder.fields
const shipment = CoreShipment.fields

/** A line: ordered = canceled + shipped + open, and returned = restocked + damaged + scrapped. */
export const OrderLine = Schema.Struct({
  line: line.line,
  product: line.product,
  sku: line.sku,
  name: line.name,
  unit: line.unit,
  ordered: Decimal,
  entered: AsEntered,
  canceled: Decimal,
  shipped: Decimal,
  open: Decimal,
  backordered: Decimal.annotate({ description: "What of the open quantity waits for goods that are not there" }),
  elsewhere: Schema.Array(Schema.Struct({ location: LocationId, quantity: Decimal })).annotate({
    description: "What of the open quantity is at other locations than the order's own"
  }),
  requested: Decimal,
  returned: Decimal,
  restocked: Decimal,
  damaged: Decimal,
  scrapped: Decimal,
  unitPrice: Schema.NullOr(Money),
  total: Money
}).annotate({ identifier: "OrderEntry" })

export const Shipment = Schema.Struct({
  shipment: shipment.shipment,
  location: shipment.location,
  lines: Schema.Array(Schema.Struct({ line: line.line, lot: Lot, quantity: Decimal, returned: Decimal })),
  undone: shipment.undone,
  shippedAt: Timestamp
}).annotate({ identifier: "OrderShipment" })

export const Order = Schema.Struct({
  id: order.id,
  customer: order.customer,
  location: order.location,
  lines: Schema.Array(OrderLine),
  shipments: Schema.Array(Shipment),
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

const LineQuantity = Schema.Struct({ line: Schema.Int, ...quantityInUnit })

/** Some lines of an order, or all that is open of it. */
export const OrderPart = Schema.Struct({
  lines: Schema.optionalKey(
    Schema.NonEmptyArray(LineQuantity)
      .check(Schema.isMaxLength(MAX_LINES))
      .annotate({ description: "All that is open when left out" })
  ),
  occurredAt: Schema.optionalKey(TimestampInput)
}).annotate({ identifier: "OrderPart", examples: [{ lines: [{ line: 1, quantity: 2 }] }, {}] })

const where = {
  location: Schema.optionalKey(LocationId.annotate({ description: "The order's own location when left out" }))
}

/** What leaves a location, or is given to an order there: some lines, or all. */
export const OrderPartAt = Schema.Struct({ ...OrderPart.fields, ...where }).annotate({
  identifier: "OrderPartAt",
  examples: [{ lines: [{ line: 1, quantity: 2 }] }, { location: LocationId.make("depot") }]
})

/** A line of an order that waits for goods. */
export const Backorder = Schema.Struct({
  order: OrderId,
  line: line.line,
  product: line.product,
  location: LocationId,
  customer: order.customer,
  quantity: Decimal,
  placedAt: Timestamp
}).annotate({ identifier: "BackorderEntry" })
export interface Backorder extends Schema.Schema.Type<typeof Backorder> {}

/** What a customer wants to send back. */
export const ReturnRequest = Schema.Struct({
  lines: Schema.NonEmptyArray(LineQuantity)
    .check(Schema.isMaxLength(MAX_LINES))
    .annotate({ description: "How many of each line shall come back; 0 withdraws the wish" })
}).annotate({ identifier: "ReturnRequest", examples: [{ lines: [{ line: 1, quantity: 1 }] }] })

/** What came back, and where it goes. */
export const OrderReturn = Schema.Struct({
  location: Schema.optionalKey(
    LocationId.annotate({ description: "Where the goods came back; the order's own location when left out" })
  ),
  lines: Schema.NonEmptyArray(
    Schema.Struct({
      ...LineQuantity.fields,
      into: Schema.Union([Condition, Schema.Literal("scrap")]).annotate({
        description: "The condition in which they are, or `scrap` when they are thrown away"
      }),
      lot: Schema.optionalKey(Lot)
    })
  ).check(Schema.isMaxLength(MAX_LINES)),
  occurredAt: Schema.optionalKey(TimestampInput)
}).annotate({ identifier: "OrderReturn", examples: [{ lines: [{ line: 1, quantity: 1, into: "sellable" }] }] })

/** When a purchase happened, where that is not now. */
export const purchasedAt = {
  occurredAt: Schema.optionalKey(
    TimestampInput.annotate({ description: "When it happened; to say so needs the permission `orders:write`" })
  )
}

/** From which locations a purchase is served. */
export const served = {
  sources: Schema.optionalKey(
    Sources.annotate({
      description:
        "The locations that may serve it, and by which rule: the first ones of the list that have the goods " +
        "(`inOrder`), as few as can be (`fewestSplits`), or what expires first (`firstExpired`)"
    })
  )
}

/** Where to place an order. A shop with one location need not say. */
export const NewOrder = Schema.Struct({
  location: Schema.optionalKey(LocationId),
  ...served,
  backorders: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Whether to wait for what is not there, where the stock policy lets it" })
  ),
  ...purchasedAt
}).annotate({
  identifier: "NewOrder",
  examples: [
    {},
    {
      sources: { locations: [LocationId.make("corner"), LocationId.make("depot")], strategy: "fewestSplits" },
      backorders: true
    }
  ]
})

const headers = { ...etag, ...replayable }
const params = { id: OrderId }
const changed = HttpApiSchema.WithHeaders(Order, headers)
const changeErrors = [
  problems.UnknownOrder,
  problems.UnknownOrderLine,
  problems.OrderExceeded,
  problems.Forbidden,
  ...unitProblems,
  ...writeErrors
] as const

/** What may stand in the way of buying a cart. */
export const buyErrors = [
  problems.InsufficientStock,
  problems.CartEmpty,
  problems.CartNotReady,
  problems.UnknownCart,
  problems.UnknownLocation,
  problems.UnknownProduct,
  problems.ProductInactive,
  problems.NotPriced,
  problems.Forbidden,
  ...writeErrors
] as const

/** Who may see an order: its customer, and whoever reads or works on the orders of all. */
const seeOrders = ["orders:own", "orders:read", "orders:write"] as const

/** Who may cancel an order or ask to send something back: its customer, and whoever works on it. */
const changeOrders = ["orders:own", "orders:write"] as const

export class OrdersApi extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.get("list", "/orders", {
      query: {
        ...cursorQuery,
        location: Schema.optionalKey(
          LocationId.annotate({ description: "Only orders that it serves, or did, as their own or another location" })
        ),
        customer: Schema.optionalKey(
          Schema.NonEmptyString.check(Schema.isMaxLength(64)).annotate({
            description: "A user's id; whoever may read all orders sees everyone's when it is left out"
          })
        )
      },
      success: listOf(Order),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about(seeOrders, {
        summary: "List orders",
        description: "Newest first: your own; everyone's with the permission `orders:read` or `orders:write`."
      })
    ),
    HttpApiEndpoint.get("byId", "/orders/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Order, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownOrder]
    }).annotateMerge(about(seeOrders, { summary: "Get an order" })),
    HttpApiEndpoint.post("place", "/orders", {
      headers: keyRequired,
      payload: NewOrder,
      success: HttpApiSchema.WithHeaders(Order.pipe(HttpApiSchema.status(201)), headers),
      error: buyErrors
    }).annotateMerge(
      about("cart:own", {
        summary: "Order what is in my cart",
        description: "Commits the stock of all lines, or none; the goods are shipped later. `/checkout` ships at once."
      })
    ),
    HttpApiEndpoint.post("ship", "/orders/:id/ship", {
      params,
      headers: keyRequired,
      payload: OrderPartAt,
      success: changed,
      error: [problems.OrderClosed, problems.OrderElsewhere, problems.InsufficientStock, ...changeErrors]
    }).annotateMerge(
      about("orders:write", {
        summary: "Ship an order, whole or in parts",
        description:
          "The goods leave the very lots that were committed. An order that is served from several locations is " +
          "shipped from each by itself."
      })
    ),
    HttpApiEndpoint.post("allocate", "/orders/:id/allocate", {
      params,
      headers: keyRequired,
      payload: OrderPartAt,
      success: changed,
      error: [problems.OrderClosed, problems.UnknownLocation, problems.InsufficientStock, ...changeErrors]
    }).annotateMerge(
      about("orders:write", {
        summary: "Give an order what it waits for",
        description:
          "Commits what is available at a location. Lines that are named get all of it, or nothing is done; else " +
          "each gets what there is."
      })
    ),
    HttpApiEndpoint.get("backorders", "/backorders", {
      query: { ...cursorQuery, ...placeFilter },
      success: listOf(Backorder),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about(["orders:read", "orders:write"], {
        summary: "List back-orders",
        description: "Lines of orders that wait for goods, the oldest order first."
      })
    ),
    HttpApiEndpoint.post("undoShipment", "/orders/:id/shipments/:shipment/undo", {
      params: { ...params, shipment: Schema.FiniteFromString.check(Schema.isInt()) },
      headers: keyRequired,
      success: changed,
      error: [problems.UnknownShipment, problems.ShipmentClosed, ...changeErrors]
    }).annotateMerge(
      about("orders:write", {
        summary: "Take a shipment back",
        description: "As if it had never left: what a customer sends back is a return instead."
      })
    ),
    HttpApiEndpoint.post("cancel", "/orders/:id/cancel", {
      params,
      headers: keyRequired,
      payload: OrderPart,
      success: changed,
      error: [problems.OrderClosed, ...changeErrors]
    }).annotateMerge(
      about(changeOrders, {
        summary: "Cancel what is open of an order",
        description: "Your own, or any with the permission `orders:write`. What was committed is available again."
      })
    ),
    HttpApiEndpoint.post("requestReturn", "/orders/:id/return-requests", {
      params,
      headers: keyAllowed,
      payload: ReturnRequest,
      success: changed,
      error: changeErrors
    }).annotateMerge(
      about(changeOrders, {
        summary: "Ask to send something back",
        description: "Of your own order, or of any with the permission `orders:write`. It changes no stock."
      })
    ),
    HttpApiEndpoint.post("receiveReturn", "/orders/:id/returns", {
      params,
      headers: keyRequired,
      payload: OrderReturn,
      success: changed,
      error: [problems.UnknownLocation, problems.LocationInactive, ...changeErrors]
    }).annotateMerge(
      about("orders:write", {
        summary: "Receive what a customer sent back",
        description: "Each line into a condition, at any location; at most what was shipped, lot by lot."
      })
    ),
    HttpApiEndpoint.put("reportPayment", "/orders/:id/payment", {
      params,
      headers: keyAllowed,
      payload: Schema.Struct({ payment: Payment }).annotate({
        identifier: "OrderPayment",
        examples: [{ payment: "paid" }]
      }),
      success: changed,
      error: [problems.PaymentConflict, ...changeErrors]
    }).annotateMerge(
      about("orders:write", { summary: "Report how an order is paid", description: "As the payment provider tells." })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Orders", description: "What was bought, and what becomes of it." })) {}
