/**
 * Events over HTTP: what happens, as it happens, over Server-Sent Events.
 */
import {
  CountState,
  LocationId,
  NotificationChange,
  NotificationState,
  OrderAxes,
  ProductId,
  PurchaseOrderState,
  TransferState,
  VendorId,
  WebhookState
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about } from "./Convention.ts"
import { problems } from "./Problem.ts"

const product = { product: ProductId, sku: Schema.String }
const order = { order: Schema.String, customer: Schema.NullOr(Schema.String), location: LocationId }
const place = { product: ProductId, location: LocationId, available: Decimal }
const restock = { ...place, low: Decimal }
const overstock = { ...place, high: Decimal }
const happened = { recordedAt: Timestamp }

/** An event; its name is in `_tag`. Quantities are in the product's unit. */
export const LiveEvent = Schema.TaggedUnion({
  ProductCreated: { ...product, ...happened },
  ProductUpdated: { ...product, ...happened },
  ProductArchived: { ...product, ...happened },
  ProductRestored: { ...product, ...happened },
  LocationCreated: { location: LocationId, ...happened },
  LocationUpdated: { location: LocationId, ...happened },
  LocationArchived: { location: LocationId, ...happened },
  LocationRestored: { location: LocationId, ...happened },
  StockChanged: {
    levels: Schema.Array(
      Schema.Struct({ product: ProductId, location: LocationId, onHand: Decimal, available: Decimal })
    ),
    ...happened
  },
  LotChanged: {
    product: ProductId,
    lot: Schema.String,
    expiresOn: Schema.NullOr(Schema.String),
    status: Schema.Literals(["active", "recalled"]),
    ...happened
  },
  LowStockRaised: { ...restock, ...happened },
  LowStockCleared: { ...restock, ...happened },
  OutOfStockRaised: { ...place, ...happened },
  OutOfStockCleared: { ...place, ...happened },
  OverstockRaised: { ...overstock, ...happened },
  OverstockCleared: { ...overstock, ...happened },
  NotificationChanged: {
    notification: Schema.String,
    kind: Schema.String,
    subject: Schema.String,
    product: Schema.NullOr(ProductId),
    location: Schema.NullOr(LocationId),
    change: NotificationChange,
    state: NotificationState,
    ...happened
  },
  OrderPlaced: { ...order, ...happened },
  OrderShipped: { ...order, ...happened },
  OrderChanged: { ...order, ...OrderAxes.fields, ...happened },
  CountChanged: { count: Schema.String, location: LocationId, state: CountState, ...happened },
  TransferChanged: {
    transfer: Schema.String,
    origin: LocationId,
    destination: LocationId,
    state: TransferState,
    ...happened
  },
  VendorCreated: { vendor: VendorId, ...happened },
  VendorUpdated: { vendor: VendorId, ...happened },
  VendorContacted: { vendor: VendorId, contact: Schema.String, ...happened },
  PurchaseOrderChanged: {
    purchaseOrder: Schema.String,
    vendor: VendorId,
    destination: LocationId,
    state: PurchaseOrderState,
    ...happened
  },
  WebhookChanged: { webhook: Schema.String, state: WebhookState, ...happened },
  UserRegistered: { user: Schema.String, ...happened },
  UserUpdated: { user: Schema.String, ...happened }
}).annotate({ identifier: "LiveEvent" })
export type LiveEvent = typeof LiveEvent.Type

/** An event in the stream. `id` is the place after it: given as Last-Event-ID, the stream goes on from there. */
export const StreamedEvent = Schema.Struct({
  id: Schema.optionalKey(Schema.String),
  event: Schema.String,
  data: Schema.fromJsonString(LiveEvent)
})

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("stream", "/events", {
      headers: {
        "last-event-id": Schema.optionalKey(
          Schema.String.check(Schema.isMaxLength(8_000)).annotate({
            description: "The id of the last event that was seen; without it only what comes next is told"
          })
        )
      },
      success: HttpApiSchema.StreamSse({ events: StreamedEvent }),
      error: [problems.InvalidFeedCursor]
    }).annotateMerge(
      about("signedIn", {
        summary: "Follow what happens",
        description: "Every event that you may see, in order, none lost: reconnect with Last-Event-ID to go on."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "What happens, as it happens." })) {}
