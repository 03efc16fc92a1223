/**
 * Events over HTTP: what happens, as it happens, over Server-Sent Events and over a WebSocket.
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
const order = {
  order: Schema.String,
  customer: Schema.NullOr(Schema.String),
  location: LocationId,
  locations: Schema.Array(LocationId)
}
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

/**
 * What the WebSocket says: an event, or at the beginning the place alone from which it goes on. `id` is the place after
 * the event: given as `after`, the next connection goes on from there.
 */
export const SocketMessage = Schema.Struct({
  id: Schema.String,
  event: Schema.optionalKey(Schema.String),
  data: Schema.optionalKey(LiveEvent)
})

/** The subprotocol of the WebSocket, by which a client says that it expects these messages. */
export const SOCKET_PROTOCOL = "onhand.v1"

/** What stands before the access token in a second subprotocol: pages in browsers can set no header. */
export const SOCKET_BEARER = "bearer."

/** Why the server closed a WebSocket. */
export const SOCKET_CLOSE = {
  /** The server closes: connect again, to it or to another. */
  goingAway: 1001,
  /** The client said something; nothing is expected of it. */
  unexpected: 1003,
  /** The server cannot go on now: connect again a little later. */
  tryAgain: 1013,
  /** The token has ended, or its user may not sign in any more: connect again with a new one. */
  signedOut: 4401
} as const

const lastSeen = Schema.String.check(Schema.isMaxLength(8_000)).annotate({
  description: "The id of the last event that was seen; without it only what comes next is told"
})

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("stream", "/events", {
      headers: { "last-event-id": Schema.optionalKey(lastSeen) },
      success: HttpApiSchema.StreamSse({ events: StreamedEvent }),
      error: [problems.InvalidFeedCursor, problems.ForeignOrigin]
    }).annotateMerge(
      about("signedIn", {
        summary: "Follow what happens",
        description: "Every event that you may see, in order, none lost: reconnect with Last-Event-ID to go on."
      })
    ),
    HttpApiEndpoint.get("socket", "/ws", {
      query: { after: Schema.optionalKey(lastSeen) },
      success: HttpApiSchema.Empty(101),
      error: [problems.InvalidFeedCursor, problems.ForeignOrigin, problems.UpgradeRequired]
    }).annotateMerge(
      about("signedIn", {
        summary: "Follow what happens over a WebSocket",
        description:
          "The same events as JSON texts `{id, event, data}`, the first of them a place alone, `{id}`: reconnect " +
          `with the id of the last as \`after\`. A client offers the subprotocol \`${SOCKET_PROTOCOL}\`; pages in ` +
          `browsers, which can set no header, offer \`${SOCKET_BEARER}<token>\` beside it instead.`
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "What happens, as it happens." })) {}
