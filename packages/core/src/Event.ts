/**
 * Events: what the system tells about its commits. They are written in the commit they tell of, in ledger order, and
 * reach subscribers from there, so that none is lost and none tells of something that did not happen.
 */
import { Schema } from "effect"
import { CountState } from "./Count.ts"
import { LocationId } from "./Location.ts"
import { NotificationChange, NotificationState } from "./Notification.ts"
import { OrderAxes } from "./Order.ts"
import { ProductId } from "./Product.ts"
import { PurchaseOrderState } from "./PurchaseOrder.ts"
import { TransferState } from "./Transfer.ts"
import { VendorId } from "./Vendor.ts"

const level = Schema.Struct({
  product: ProductId,
  location: LocationId,
  onHand: Schema.Int,
  available: Schema.Int
})

const place = { product: ProductId, location: LocationId, available: Schema.Int }
const restock = { ...place, low: Schema.Int }
const overstock = { ...place, high: Schema.Int }
const order = {
  order: Schema.String,
  customer: Schema.NullOr(Schema.String),
  location: LocationId,
  /** All locations that serve the order, or did: its own first. */
  locations: Schema.Array(LocationId)
}

/** An event as a decision writes it. */
export const NewEvent = Schema.TaggedUnion({
  ProductCreated: { product: ProductId, sku: Schema.String },
  ProductUpdated: { product: ProductId, sku: Schema.String },
  ProductArchived: { product: ProductId, sku: Schema.String },
  ProductRestored: { product: ProductId, sku: Schema.String },
  LocationCreated: { location: LocationId },
  LocationUpdated: { location: LocationId },
  LocationArchived: { location: LocationId },
  LocationRestored: { location: LocationId },
  /** What is on hand and available, where a command's movements or claims changed it. */
  StockChanged: { levels: Schema.Array(level) },
  /** A lot was received for the first time, or something about it changed. */
  LotChanged: {
    product: ProductId,
    lot: Schema.String,
    expiresOn: Schema.NullOr(Schema.String),
    expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
    status: Schema.Literals(["active", "recalled"])
  },
  LowStockRaised: restock,
  LowStockCleared: restock,
  OutOfStockRaised: place,
  OutOfStockCleared: place,
  OverstockRaised: overstock,
  OverstockCleared: overstock,
  /** A notification was raised, or anything happened to it; `state` is the one that it is in now. */
  NotificationChanged: {
    notification: Schema.String,
    kind: Schema.String,
    subject: Schema.String,
    product: Schema.NullOr(ProductId),
    location: Schema.NullOr(LocationId),
    change: NotificationChange,
    state: NotificationState
  },
  OrderPlaced: order,
  OrderShipped: order,
  /** Something else was done to an order: these are its axes now. */
  OrderChanged: { ...order, ...OrderAxes.fields },
  /** A count was opened, or anything was done to it; `state` is the one that it is in now. */
  CountChanged: { count: Schema.String, location: LocationId, state: CountState },
  /** A transfer was created, or anything was done to it; `state` is the one that it is in now. */
  TransferChanged: { transfer: Schema.String, origin: LocationId, destination: LocationId, state: TransferState },
  VendorCreated: { vendor: VendorId },
  /** A vendor, or what it sells, was changed. */
  VendorUpdated: { vendor: VendorId },
  /** Something was said to a vendor, or by it; `contact` is its record. */
  VendorContacted: { vendor: VendorId, contact: Schema.String },
  /** A purchase order was created, or anything was done to it; `state` is the one that it is in now. */
  PurchaseOrderChanged: {
    purchaseOrder: Schema.String,
    vendor: VendorId,
    destination: LocationId,
    state: PurchaseOrderState
  },
  /** A webhook was created, changed or removed; `state` is the one that it is in now. */
  WebhookChanged: { webhook: Schema.String, state: Schema.Literals(["active", "paused", "removed"]) },
  UserRegistered: { user: Schema.String },
  UserUpdated: { user: Schema.String }
})
export type NewEvent = typeof NewEvent.Type

/** An event in the feed: its place in the ledger's order, its time, and what it tells. */
export const Event = Schema.Struct({
  shard: Schema.Int,
  seq: Schema.Int,
  line: Schema.Int,
  command: Schema.String,
  recordedAt: Schema.DateTimeUtcFromString,
  event: NewEvent
}).annotate({ identifier: "Event" })
export interface Event extends Schema.Schema.Type<typeof Event> {}
