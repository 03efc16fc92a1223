/**
 * Queries: the reading side of a store. Reads never go through commands, never wait for them, and never load a whole
 * table.
 */
import type { DateTime, Effect, Option } from "effect"
import { Schema } from "effect"
import type { ApiKey, ApiKeyId } from "./ApiKey.ts"
import type { Backorder } from "./Backorder.ts"
import type { Balance } from "./Balance.ts"
import type { Cart, CartId } from "./Cart.ts"
import { type Claim, ClaimId } from "./Claim.ts"
import type { ContactRecord, ContactRecordId } from "./ContactRecord.ts"
import type { Count, CountId, CountState } from "./Count.ts"
import type { DemandFilter, DemandSeries } from "./Demand.ts"
import type { Event } from "./Event.ts"
import type { LotPlace } from "./ExpiringLots.ts"
import type { ClaimFilter, Explanation } from "./Explanation.ts"
import type { FeedCursor } from "./Feed.ts"
import { type Location, LocationId } from "./Location.ts"
import { ProductLot } from "./Lot.ts"
import { type Movement, type MovementKind, Source } from "./Movement.ts"
import type { Notification, NotificationId, NotificationState } from "./Notification.ts"
import type { DueForReview } from "./Notifying.ts"
import type { Order, OrderId } from "./Order.ts"
import type { InvalidCursor, Page, PageRequest } from "./Page.ts"
import { Product, ProductId } from "./Product.ts"
import type { PurchaseOrder, PurchaseOrderId, PurchaseOrderState } from "./PurchaseOrder.ts"
import type { ReorderPolicy } from "./ReorderPolicy.ts"
import type { SalesFilter, SalesRow } from "./Sales.ts"
import type { Session } from "./Session.ts"
import type { FlowFilter, StockFlow } from "./StockFlow.ts"
import { Lot, StockKey, type StockPlace } from "./StockKey.ts"
import type { StockPolicy } from "./StockPolicy.ts"
import type { ProductValue, ValueFilter } from "./StockValue.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { CommandRecord } from "./Submission.ts"
import type { Threshold } from "./Threshold.ts"
import { type Transfer, TransferId, type TransferState } from "./Transfer.ts"
import type { User, UserId } from "./User.ts"
import { ValuationMethod } from "./ValuationMethod.ts"
import type { Vendor, VendorId } from "./Vendor.ts"
import type { VendorProduct } from "./VendorProduct.ts"
import type { Webhook, WebhookId } from "./Webhook.ts"

export const productSorts = [
  "relevance",
  "name_asc",
  "name_desc",
  "sku_asc",
  "sku_desc",
  "created_asc",
  "created_desc",
  "stock_asc",
  "stock_desc"
] as const
export const ProductSort = Schema.Literals(productSorts)
export type ProductSort = typeof ProductSort.Type

/**
 * Which products: `search` looks into name, SKU, barcodes, description and category, without regard to case; the best
 * come first, as `searchRank` has it, unless `sort` says otherwise. Where nothing has the text, a store that can tells
 * in that order which products look most like it.
 */
export interface ProductFilter {
  readonly search?: string | undefined
  readonly category?: string | undefined
  readonly status?: Product["status"] | undefined
  readonly sort?: ProductSort | undefined
}

/**
 * A product with what is on hand, held and available of it over all locations, in steps of its unit. Where less than
 * nothing is available, that is nothing: what one location owes takes nothing away from another.
 */
export const StockedProduct = Schema.Struct({
  product: Product,
  onHand: Schema.Int,
  held: Schema.Int,
  available: Schema.Int
})
export interface StockedProduct extends Schema.Schema.Type<typeof StockedProduct> {}

/**
 * A product at a location, over its lots. `held` counts only holds that bind at the time of reading. `blocked` is what
 * nobody has claimed in lots that have expired by then or were recalled, and `available` is
 * sellable − held − committed − blocked: below zero where a stock policy let more be promised than there is. `incoming`
 * is what is open of placed purchase orders to the location and on its way in transfers to it; it is not on hand, and a
 * product that is nothing but incoming somewhere has a level there too.
 */
export const Level = Schema.Struct({
  product: ProductId,
  location: LocationId,
  onHand: Schema.Int,
  sellable: Schema.Int,
  qualityControl: Schema.Int,
  damaged: Schema.Int,
  quarantine: Schema.Int,
  held: Schema.Int,
  committed: Schema.Int,
  blocked: Schema.Int,
  available: Schema.Int,
  incoming: Schema.Int
}).annotate({ identifier: "Level" })
export interface Level extends Schema.Schema.Type<typeof Level> {}

/** A product with its level at each location that it has one at, by location. */
export interface ProductLevels {
  readonly product: Product
  readonly levels: ReadonlyArray<Level>
}

export interface LevelFilter {
  readonly product?: ProductId | undefined
  readonly location?: LocationId | undefined
}

/**
 * `from` and `to` bound the business time: `from <= occurredAt < to`. A list bounded by it is also ordered by it.
 */
export interface MovementFilter extends LevelFilter {
  readonly kind?: MovementKind | undefined
  readonly from?: DateTime.Utc | undefined
  readonly to?: DateTime.Utc | undefined
  /** The type and id of what caused it, such as an order. */
  readonly source?: { readonly type: string; readonly id: string } | undefined
}

/**
 * `expiringBefore` a day; `stocked`: only lots of which something is on hand. At a location: those that were ever
 * there.
 */
export interface LotFilter extends LevelFilter {
  readonly status?: ProductLot["status"] | undefined
  readonly expiringBefore?: string | undefined
  readonly stocked?: boolean | undefined
}

/** A lot with its stock over all locations, or at the one that was asked for; nothing of a blocked lot is available. */
export const StockedLot = Schema.Struct({ lot: ProductLot, onHand: Schema.Int, available: Schema.Int })
export interface StockedLot extends Schema.Schema.Type<typeof StockedLot> {}

/** A lot of a product by its code. */
export interface LotKey {
  readonly product: ProductId
  readonly lot: string
}

/** Where a lot is: what lies at each location where it ever was, and what is on its way between two. */
export const LotTrace = Schema.Struct({
  lot: ProductLot,
  places: Schema.Array(
    Schema.Struct({
      location: LocationId,
      sellable: Schema.Int,
      qualityControl: Schema.Int,
      damaged: Schema.Int,
      quarantine: Schema.Int,
      held: Schema.Int,
      committed: Schema.Int
    })
  ),
  inTransit: Schema.Array(
    Schema.Struct({ transfer: TransferId, origin: LocationId, destination: LocationId, quantity: Schema.Int })
  )
}).annotate({ identifier: "LotTrace" })
export interface LotTrace extends Schema.Schema.Type<typeof LotTrace> {}

/**
 * Who got something of a lot: the document that it was sold by (an order, or what the host named; null where it named
 * nothing), and the order's customer. An undone shipment was never sold.
 */
export const LotRecipient = Schema.Struct({
  source: Schema.NullOr(Source),
  customer: Schema.NullOr(Schema.String),
  sold: Schema.Int,
  returned: Schema.Int
}).annotate({ identifier: "LotRecipient" })
export interface LotRecipient extends Schema.Schema.Type<typeof LotRecipient> {}

/** What is available of a product in one lot at one location; `expiresAt` is null where it does not expire. */
export const Supply = Schema.Struct({
  product: ProductId,
  location: LocationId,
  lot: Lot,
  available: Schema.Int,
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString)
}).annotate({ identifier: "Supply" })
export interface Supply extends Schema.Schema.Type<typeof Supply> {}

/** `location`: only orders that it serves, or did, as their own or another location. */
export interface OrderFilter {
  readonly customer?: string | undefined
  readonly location?: LocationId | undefined
}

/** Which counts of a list are wanted: those that answer all that is given. */
export interface CountFilter {
  readonly state?: CountState | undefined
  readonly location?: LocationId | undefined
}

/** `location` is either end. */
export interface TransferFilter {
  readonly state?: TransferState | undefined
  readonly location?: LocationId | undefined
  readonly origin?: LocationId | undefined
  readonly destination?: LocationId | undefined
}

/** `search` looks into the vendor's name, without regard to case. */
export interface VendorFilter {
  readonly search?: string | undefined
  readonly status?: Vendor["status"] | undefined
}

/** Who sells a product, and what a vendor sells. */
export interface VendorProductFilter {
  readonly vendor?: VendorId | undefined
  readonly product?: ProductId | undefined
}

export interface PurchaseOrderFilter {
  readonly state?: PurchaseOrderState | undefined
  readonly vendor?: VendorId | undefined
  readonly destination?: LocationId | undefined
}

/** `role`: only users that have it. */
export interface UserFilter {
  readonly role?: string | undefined
}

/** Which notifications of a list are wanted: those that answer all that is given. */
export interface NotificationFilter extends LevelFilter {
  readonly state?: NotificationState | undefined
  readonly kind?: string | undefined
}

/** A raised threshold with what is available there now. */
export interface RestockAlert {
  readonly threshold: Threshold
  readonly available: number
}

/**
 * A number of a balance that does not follow from the ledger, or of a `claim` what is `held` or `committed` by it, and
 * until when (`expiresAt`, in milliseconds since 1970; 0 for a claim that is not held). There must never be one.
 */
export const Difference = Schema.Struct({
  key: StockKey,
  claim: Schema.optionalKey(ClaimId),
  field: Schema.String,
  stored: Schema.Int,
  recomputed: Schema.Int
})
export interface Difference extends Schema.Schema.Type<typeof Difference> {}

/**
 * What a store keeps of a product's value at a place of the ledger, for the answers of `stockValues`, and does not
 * follow from the movements up to there: the time at which the last of these was recorded, and the names of what
 * differs. There must never be one.
 */
export const ValueDifference = Schema.Struct({
  product: ProductId,
  method: ValuationMethod,
  recordedAt: Schema.DateTimeUtcFromString,
  fields: Schema.Array(Schema.String)
})
export interface ValueDifference extends Schema.Schema.Type<typeof ValueDifference> {}

/** What `verify` found: how much it recomputed, and every difference. */
export interface Verification {
  readonly movements: number
  readonly claimEvents: number
  readonly balances: number
  /** How many values are kept at places of the ledger; none where a store makes each anew. */
  readonly keptValues: number
  readonly differences: ReadonlyArray<Difference>
  readonly valueDifferences: ReadonlyArray<ValueDifference>
}

/**
 * Two times to look back to, both inclusive; what is left out is now. `occurredBy` is business time: what was there
 * then, by all that is known. `recordedBy` is the ledger's: what was known then. With both, what was known then about
 * that time.
 */
export interface AsOf {
  readonly occurredBy?: DateTime.Utc | undefined
  readonly recordedBy?: DateTime.Utc | undefined
}

/**
 * What a stock key held as of a time, in steps of the product's unit, summed over the movements that count. Business
 * time can show less than zero: goods that were sold before their receipt was dated.
 */
export const StockAsOf = Schema.Struct({ ...StockKey.fields, onHand: Schema.Int, sellable: Schema.Int }).annotate({
  identifier: "StockAsOf"
})
export interface StockAsOf extends Schema.Schema.Type<typeof StockAsOf> {}

/** What moved, summed over movements of one kind. */
export interface MovementTotal {
  readonly kind: MovementKind
  readonly movements: number
  readonly quantity: number
}

/** The questions every store answers. Lists are ordered by their sort and then by id, so that pages never overlap. */
export interface Queries {
  readonly product: (id: ProductId) => Effect.Effect<Option.Option<Product>, StoreUnavailable>
  readonly productByCode: (
    field: "sku" | "barcode",
    code: string
  ) => Effect.Effect<Option.Option<Product>, StoreUnavailable>
  /**
   * Those of the products that exist, each once and by id, with their levels: one question for as many readers as ask
   * at the same time.
   */
  readonly productLevels: (
    ids: ReadonlyArray<ProductId>
  ) => Effect.Effect<ReadonlyArray<ProductLevels>, StoreUnavailable>
  readonly products: (
    filter: ProductFilter,
    page: PageRequest
  ) => Effect.Effect<Page<StockedProduct>, StoreUnavailable | InvalidCursor>
  readonly categories: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>
  readonly location: (id: LocationId) => Effect.Effect<Option.Option<Location>, StoreUnavailable>
  readonly locations: (page: PageRequest) => Effect.Effect<Page<Location>, StoreUnavailable | InvalidCursor>
  /** The balance of one stock key as it is kept; empty for a key without history. */
  readonly balance: (key: StockKey) => Effect.Effect<Balance, StoreUnavailable>
  readonly lot: (key: LotKey) => Effect.Effect<Option.Option<ProductLot>, StoreUnavailable>
  /** The first to expire first, those that do not expire last. */
  readonly lots: (
    filter: LotFilter,
    page: PageRequest
  ) => Effect.Effect<Page<StockedLot>, StoreUnavailable | InvalidCursor>
  readonly lotTrace: (key: LotKey) => Effect.Effect<Option.Option<LotTrace>, StoreUnavailable>
  /** By the type of the document and its id, what was sold without one first. */
  readonly lotRecipients: (
    key: LotKey,
    page: PageRequest
  ) => Effect.Effect<Page<LotRecipient>, StoreUnavailable | InvalidCursor>
  /**
   * Everything that is available of a product at this instant, by location and lot: what an allocation chooses from.
   */
  readonly supplies: (product: ProductId) => Effect.Effect<ReadonlyArray<Supply>, StoreUnavailable>
  readonly levels: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Level>, StoreUnavailable | InvalidCursor>
  /** Open claims that bind at the time of reading, by their ids. */
  readonly claims: (
    filter: ClaimFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Claim>, StoreUnavailable | InvalidCursor>
  /**
   * Why so much is available of a product at a location: its lots, and the first `limit` movements and claims behind
   * them, as {@link firstPage} has it when left out. Their cursors go on in `movements` and `claims` of the same place.
   * However long the history is, about these are read.
   */
  readonly explain: (place: StockPlace, limit?: number) => Effect.Effect<Explanation, StoreUnavailable>
  /**
   * A product's stock as of a time, at one location or at all: each location and lot that had moved by then, ordered by
   * these. It is exact for any time, and physical: what was held or committed then is not in it.
   */
  readonly stockAsOf: (
    place: { readonly product: ProductId; readonly location?: LocationId | undefined },
    time: AsOf
  ) => Effect.Effect<ReadonlyArray<StockAsOf>, StoreUnavailable>
  /**
   * Newest first: as they were recorded, or where `from` or `to` is given, as they happened. A page over a growing
   * ledger neither repeats nor skips.
   */
  readonly movements: (
    filter: MovementFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Movement>, StoreUnavailable | InvalidCursor>
  /** How many movements of each kind there are and how much they moved. */
  readonly movementTotals: (filter: LevelFilter) => Effect.Effect<ReadonlyArray<MovementTotal>, StoreUnavailable>
  /**
   * The demand in each period for every product at every location where it ever moved, in the order of `levels`:
   * exactly what {@link foldDemand} makes of the movements. A store answers by sums, page by page, and reads for it no
   * more of the ledger than what happened since the first bound.
   */
  readonly demand: (
    filter: DemandFilter,
    page: PageRequest
  ) => Effect.Effect<Page<DemandSeries>, StoreUnavailable | InvalidCursor>
  /**
   * What was sold and came back in each period, by the group that is asked for: exactly what {@link foldSales} makes of
   * the movements and orders, in the order of periods and groups. A store answers by sums of the periods' movements.
   */
  readonly sales: (
    filter: SalesFilter,
    page: PageRequest
  ) => Effect.Effect<Page<SalesRow>, StoreUnavailable | InvalidCursor>
  /**
   * What a period did to the stock of every product at every location where it ever moved, in the order of `levels`:
   * exactly what {@link foldFlow} makes of the movements. A store answers by sums of the period's movements.
   */
  readonly stockFlows: (
    filter: FlowFilter,
    page: PageRequest
  ) => Effect.Effect<Page<StockFlow>, StoreUnavailable | InvalidCursor>
  /**
   * The value of every product that ever moved, by its id: exactly what {@link valueProduct} makes of its movements. It
   * reads them all, of the products of the page: value follows from history.
   */
  readonly stockValues: (
    filter: ValueFilter,
    page: PageRequest
  ) => Effect.Effect<Page<ProductValue>, StoreUnavailable | InvalidCursor>
  readonly cart: (id: CartId) => Effect.Effect<Option.Option<Cart>, StoreUnavailable>
  /** The user's one active or checking-out cart. */
  readonly activeCart: (owner: string) => Effect.Effect<Option.Option<Cart>, StoreUnavailable>
  readonly order: (id: OrderId) => Effect.Effect<Option.Option<Order>, StoreUnavailable>
  /** Newest first. */
  readonly orders: (
    filter: OrderFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Order>, StoreUnavailable | InvalidCursor>
  /** Lines of orders that wait for goods, the oldest order first; `location` is that of the order. */
  readonly backorders: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Backorder>, StoreUnavailable | InvalidCursor>
  /** Raised thresholds, the longest raised first. */
  readonly restockAlerts: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<RestockAlert>, StoreUnavailable | InvalidCursor>
  readonly thresholds: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Threshold>, StoreUnavailable | InvalidCursor>
  /** Those of classes too, unless a product or location is asked for. */
  readonly reorderPolicies: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<ReorderPolicy>, StoreUnavailable | InvalidCursor>
  /** What may be promised beyond what is there; a place that has none allows nothing. */
  readonly stockPolicies: (
    filter: LevelFilter,
    page: PageRequest
  ) => Effect.Effect<Page<StockPolicy>, StoreUnavailable | InvalidCursor>
  /** With what the books expect, which `blindly` hides from those who count. */
  readonly count: (id: CountId) => Effect.Effect<Option.Option<Count>, StoreUnavailable>
  /** Newest first. */
  readonly counts: (
    filter: CountFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Count>, StoreUnavailable | InvalidCursor>
  readonly transfer: (id: TransferId) => Effect.Effect<Option.Option<Transfer>, StoreUnavailable>
  /** Newest first. */
  readonly transfers: (
    filter: TransferFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Transfer>, StoreUnavailable | InvalidCursor>
  readonly vendor: (id: VendorId) => Effect.Effect<Option.Option<Vendor>, StoreUnavailable>
  readonly vendors: (
    filter: VendorFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Vendor>, StoreUnavailable | InvalidCursor>
  /** What vendors sell and on which terms, what they sell no more included. */
  readonly vendorProducts: (
    filter: VendorProductFilter,
    page: PageRequest
  ) => Effect.Effect<Page<VendorProduct>, StoreUnavailable | InvalidCursor>
  /** What was said to vendors, the latest first. */
  readonly contactRecord: (id: ContactRecordId) => Effect.Effect<Option.Option<ContactRecord>, StoreUnavailable>
  readonly contactHistory: (
    filter: VendorProductFilter,
    page: PageRequest
  ) => Effect.Effect<Page<ContactRecord>, StoreUnavailable | InvalidCursor>
  readonly purchaseOrder: (id: PurchaseOrderId) => Effect.Effect<Option.Option<PurchaseOrder>, StoreUnavailable>
  /** Newest first. */
  readonly purchaseOrders: (
    filter: PurchaseOrderFilter,
    page: PageRequest
  ) => Effect.Effect<Page<PurchaseOrder>, StoreUnavailable | InvalidCursor>
  readonly notification: (id: NotificationId) => Effect.Effect<Option.Option<Notification>, StoreUnavailable>
  /** The last raised first. */
  readonly notifications: (
    filter: NotificationFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Notification>, StoreUnavailable | InvalidCursor>
  /**
   * What `reviewNotifications` would change by a time: at most `limit` snoozed notifications, and as many purchase
   * orders whose lateness and notification do not agree. Nothing is left out for ever while the review goes on.
   */
  readonly dueForReview: (by: DateTime.Utc, limit: number) => Effect.Effect<DueForReview, StoreUnavailable>
  /**
   * The lots at locations that `reviewNotifications` would tell of by a time, or clear, by product, location and lot,
   * at most `limit`. They are told of `expiryDays` before their expiry.
   */
  readonly lotsForReview: (
    by: DateTime.Utc,
    expiryDays: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<LotPlace>, StoreUnavailable>
  /** With its secrets, which must not leave the server. */
  readonly webhook: (id: WebhookId) => Effect.Effect<Option.Option<Webhook>, StoreUnavailable>
  /** Those that were not removed, with their secrets, in the order in which they were created. */
  readonly webhooks: (page: PageRequest) => Effect.Effect<Page<Webhook>, StoreUnavailable | InvalidCursor>
  readonly user: (id: UserId) => Effect.Effect<Option.Option<User>, StoreUnavailable>
  readonly userByEmail: (email: string) => Effect.Effect<Option.Option<User>, StoreUnavailable>
  /** By address. */
  readonly users: (filter: UserFilter, page: PageRequest) => Effect.Effect<Page<User>, StoreUnavailable | InvalidCursor>
  /** The sessions of a user that were open when last something was written of them; some may have expired since. */
  readonly sessions: (user: UserId) => Effect.Effect<ReadonlyArray<Session>, StoreUnavailable>
  readonly apiKey: (id: ApiKeyId) => Effect.Effect<Option.Option<ApiKey>, StoreUnavailable>
  /** By name, those that were revoked too. */
  readonly apiKeys: (page: PageRequest) => Effect.Effect<Page<ApiKey>, StoreUnavailable | InvalidCursor>
  /** What became of the command with a key, if one was answered: its payload, its reply, its place. */
  readonly command: (key: string) => Effect.Effect<Option.Option<CommandRecord>, StoreUnavailable>
  /** At most `limit` events after the cursor, in ledger order within each shard. Never skips one that commits late. */
  readonly events: (after: FeedCursor, limit: number) => Effect.Effect<ReadonlyArray<Event>, StoreUnavailable>
  /** The end of the feed: where a reader starts that only wants what comes next. */
  readonly head: Effect.Effect<FeedCursor, StoreUnavailable>
  /** Recomputes every balance, claim and kept value from the two ledgers, and lists what differs. */
  readonly verify: Effect.Effect<Verification, StoreUnavailable>
  /** Forgets what is kept of a product's value: the next who reads it makes it anew from the ledger. */
  readonly forgetValues: (product: ProductId, method: ValuationMethod) => Effect.Effect<void, StoreUnavailable>
}
