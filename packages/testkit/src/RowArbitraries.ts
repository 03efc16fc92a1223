/**
 * Arbitraries of whole rows, as a store writes and reads them: any text a field takes, any instant, any quantity. An
 * adapter's author sends them through the columns and back.
 */
import {
  type ApiKey,
  ApiKeyId,
  type Balance,
  type Cart,
  CartId,
  type Claim,
  ClaimId,
  type ContactRecord,
  ContactRecordId,
  type Count,
  CountId,
  type CountLine,
  conditions,
  contactMedia,
  countStates,
  type Event,
  eventNames,
  type Location,
  MAX_QUANTITY,
  type Movement,
  movementFlows,
  type NewEvent,
  type Notification,
  NotificationId,
  notificationChanges,
  notificationStates,
  type Order,
  OrderId,
  type OrderLine,
  type Product,
  type ProductLot,
  type PurchaseOrder,
  PurchaseOrderId,
  type PurchaseOrderLine,
  purchaseOrderStates,
  type Rows,
  type Session,
  SessionId,
  type Shipment,
  type Table,
  type Threshold,
  type Transfer,
  TransferId,
  type TransferLine,
  transferStates,
  type User,
  UserId,
  type UserSessions,
  type Vendor,
  VendorId,
  type VendorProduct,
  type Webhook,
  WebhookId
} from "@onhand/core"
import { DateTime } from "effect"
import * as fc from "fast-check"
import { entered, money, movementKind, price, quantity, saying, sku, unitOfMeasure } from "./Arbitraries.ts"
import {
  email,
  instant,
  locationId,
  nullable,
  placed,
  productId,
  quantityOrZero,
  source,
  stockKey,
  text,
  unitCost,
  version,
  written
} from "./FieldArbitraries.ts"
import { reorderPolicy, stockPolicy } from "./PolicyArbitraries.ts"

export { instant, text } from "./FieldArbitraries.ts"

export const product: fc.Arbitrary<Product> = fc.record({
  id: productId,
  sku,
  barcodes: fc.uniqueArray(sku, { maxLength: 3 }),
  packs: fc.uniqueArray(
    fc.record({
      unit: text(1, 32),
      steps: quantity,
      per: fc.integer({ min: 1, max: 1_000 }),
      barcodes: fc.constant([])
    }),
    { maxLength: 2, selector: ({ unit }) => unit }
  ),
  name: text(1, 200),
  description: text(0, 300),
  category: text(0, 120),
  metadata: fc.dictionary(
    text(1, 20).filter((field) => field !== "__proto__"),
    fc.oneof(text(0, 20), fc.integer(), fc.boolean(), fc.constant(null)),
    { maxKeys: 4, noNullPrototype: true }
  ),
  price: nullable(price),
  unit: unitOfMeasure,
  lotTracked: fc.boolean(),
  status: fc.constantFrom("active", "archived"),
  version,
  createdAt: instant,
  updatedAt: instant
})

export const location: fc.Arbitrary<Location> = fc.record({
  id: locationId,
  name: text(1, 120),
  address: text(0, 500),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
  status: fc.constantFrom("active", "archived"),
  version,
  createdAt: instant
})

export const movement: fc.Arbitrary<Movement> = movementKind.chain((kind) =>
  fc
    .record({
      ...stockKey,
      ...placed,
      ...written,
      flow: fc.constantFrom(...movementFlows[kind]),
      quantity,
      reason: nullable(text(0, 200)),
      source,
      unitCost: nullable(unitCost),
      entered: nullable(entered),
      version,
      onHandAfter: quantityOrZero,
      sellableAfter: quantityOrZero,
      actor: nullable(text(1, 64)),
      occurredAt: instant
    })
    .map(({ flow: [from, to], ...fields }) => ({ kind, from, to, ...fields }))
)

const claimId = text(1, 80).map((id) => ClaimId.make(id))

export const claim: fc.Arbitrary<Claim> = fc.record({
  id: claimId,
  ...stockKey,
  quantity: quantityOrZero,
  state: fc.constantFrom("held", "committed", "consumed", "released", "expired"),
  expiresAt: nullable(instant),
  source
})

/** A balance that is sound: nothing on the shelf below zero, and no more claimed than its floor allows. */
export const balance: fc.Arbitrary<Balance> = fc
  .record({
    ...stockKey,
    available: fc.nat(2 ** 30),
    held: fc.nat(2 ** 30),
    committed: fc.nat(2 ** 30),
    floor: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 30), max: 0 })),
    qualityControl: fc.integer({ min: 0, max: MAX_QUANTITY }),
    damaged: fc.nat(2 ** 30),
    quarantine: fc.nat(2 ** 30),
    version,
    claimVersion: fc.nat()
  })
  .map(({ available, ...fields }) => ({
    ...fields,
    sellable: Math.max(0, available + fields.held + fields.committed + fields.floor)
  }))

export const cart: fc.Arbitrary<Cart> = fc.record({
  id: text(1, 64).map((id) => CartId.make(id)),
  owner: nullable(text(1, 128)),
  lines: fc.array(saying(fc.record({ product: productId, quantity })), { maxLength: 4 }),
  state: fc.constantFrom("active", "checkingOut", "completed"),
  location: nullable(locationId),
  claims: fc.array(claimId, { maxLength: 3 }),
  expiresAt: nullable(instant),
  order: nullable(fc.uuid()),
  version,
  createdAt: instant,
  updatedAt: instant
})

const countLine: fc.Arbitrary<CountLine> = fc.record({
  line: fc.integer({ min: 1, max: 500 }),
  product: productId,
  lot: stockKey.lot,
  condition: fc.constantFrom(...conditions),
  counted: nullable(fc.nat(2 ** 30)),
  expected: nullable(fc.nat(2 ** 30)),
  position: nullable(fc.nat(2 ** 30)),
  countedAt: nullable(instant),
  countedBy: nullable(text(1, 128)),
  reason: nullable(text(1, 200))
})

export const count: fc.Arbitrary<Count> = fc.record({
  id: text(1, 64).map((id) => CountId.make(id)),
  name: text(0, 200),
  location: locationId,
  lines: fc.array(saying(countLine), { maxLength: 4 }),
  blind: fc.boolean(),
  policy: fc.constantFrom("rebase", "reject"),
  state: fc.constantFrom(...countStates),
  version,
  createdAt: instant,
  updatedAt: instant
})

const orderLine: fc.Arbitrary<OrderLine> = fc
  .record({
    line: fc.integer({ min: 1, max: 500 }),
    product: productId,
    sku,
    name: text(1, 200),
    unit: unitOfMeasure,
    canceled: fc.nat(2 ** 30),
    kept: fc.nat(2 ** 28),
    open: fc.integer({ min: 1, max: 2 ** 30 }),
    requested: fc.nat(2 ** 28),
    restocked: fc.nat(2 ** 28),
    damaged: fc.nat(2 ** 28),
    scrapped: fc.nat(2 ** 28),
    backordered: fc.nat(2 ** 28),
    claims: fc.array(claimId, { maxLength: 3 }),
    elsewhere: fc.array(fc.record({ location: locationId, quantity, claims: fc.array(claimId, { maxLength: 2 }) }), {
      maxLength: 2
    }),
    unitPrice: nullable(price),
    total: money
  })
  .map(({ kept, open, ...line }) => {
    const returned = line.restocked + line.damaged + line.scrapped
    const shipped = kept + returned
    return { ...line, returned, shipped, ordered: line.canceled + shipped + open }
  })

const shipment: fc.Arbitrary<Shipment> = fc.record({
  shipment: fc.integer({ min: 1, max: 500 }),
  location: locationId,
  lines: fc.array(
    fc.record({ line: fc.integer({ min: 1, max: 500 }), lot: stockKey.lot, quantity, returned: fc.nat(2 ** 28) }),
    { minLength: 1, maxLength: 3 }
  ),
  undone: fc.boolean(),
  shippedAt: instant
})

export const order: fc.Arbitrary<Order> = fc.record({
  id: text(1, 64).map((id) => OrderId.make(id)),
  customer: nullable(text(1, 128)),
  cart: nullable(text(1, 64).map((id) => CartId.make(id))),
  location: locationId,
  lines: fc.array(saying(orderLine), { minLength: 1, maxLength: 4 }),
  shipments: fc.array(shipment, { maxLength: 3 }),
  total: money,
  status: fc.constantFrom("placed", "completed", "canceled"),
  fulfilment: fc.constantFrom("unfulfilled", "partial", "fulfilled"),
  payment: fc.constantFrom("none", "authorized", "paid", "partiallyRefunded", "refunded"),
  returns: fc.constantFrom("none", "requested", "partial", "returned"),
  version,
  placedAt: instant,
  recordedAt: instant
})

const webhookState = fc.constantFrom("active" as const, "paused" as const, "removed" as const)

export const webhook: fc.Arbitrary<Webhook> = fc.record({
  id: text(1, 64).map((id) => WebhookId.make(id)),
  url: fc.webUrl({ validSchemes: ["https"] }).filter((url) => url.length <= 2_000),
  events: fc.uniqueArray(fc.constantFrom(...eventNames), { maxLength: 4 }),
  description: text(0, 300),
  state: webhookState,
  secret: text(0, 80),
  previous: nullable(fc.record({ secret: text(0, 80), until: instant })),
  version,
  createdAt: instant,
  updatedAt: instant
})

const notificationId = text(1, 200).map((id) => NotificationId.make(id))
const notificationKind = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,39}$/)

export const threshold: fc.Arbitrary<Threshold> = fc
  .record({
    product: productId,
    location: locationId,
    low: fc.nat(2 ** 40),
    gap: fc.integer({ min: 1, max: 2 ** 40 }),
    high: nullable(fc.integer({ min: 1, max: 2 ** 40 })),
    raisedAt: nullable(instant),
    open: fc.record(
      { lowStock: notificationId, outOfStock: notificationId, overstock: notificationId },
      { requiredKeys: [], noNullPrototype: true }
    ),
    version
  })
  .map(({ gap, ...rule }) => ({
    ...rule,
    id: `${rule.product}@${rule.location}`,
    clear: rule.low + gap,
    clearHigh: rule.high && rule.high - 1
  }))

export const notification: fc.Arbitrary<Notification> = fc.record({
  id: notificationId,
  kind: notificationKind,
  subject: text(1, 150),
  message: text(0, 300),
  product: nullable(productId),
  location: nullable(locationId),
  available: nullable(fc.integer({ min: -1_000, max: 2 ** 40 })),
  limit: nullable(quantityOrZero),
  state: fc.constantFrom(...notificationStates),
  occurrences: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  actor: nullable(text(1, 128)),
  raisedAt: instant,
  snoozedUntil: nullable(instant),
  resolvedAt: nullable(instant),
  updatedAt: instant,
  version
})

export const user: fc.Arbitrary<User> = fc.record({
  id: text(1, 64).map((id) => UserId.make(id)),
  email,
  name: text(1, 120),
  credential: text(0, 100),
  roles: fc.array(text(1, 40), { maxLength: 3 }),
  locations: nullable(fc.array(locationId, { maxLength: 3 })),
  active: fc.boolean(),
  version,
  createdAt: instant
})

const session: fc.Arbitrary<Session> = fc.record({
  id: text(1, 64).map((id) => SessionId.make(id)),
  generation: fc.integer({ min: 1, max: 2 ** 30 }),
  openedAt: instant,
  refreshedAt: instant,
  expiresAt: instant,
  endsAt: instant
})

export const userSessions: fc.Arbitrary<UserSessions> = fc.record({
  id: text(1, 64),
  sessions: fc.array(session, { maxLength: 3 }),
  version
})

export const apiKey: fc.Arbitrary<ApiKey> = fc.record({
  id: text(1, 64).map((id) => ApiKeyId.make(id)),
  name: text(1, 120),
  hash: text(0, 64),
  roles: fc.array(text(1, 40), { maxLength: 3 }),
  locations: nullable(fc.array(locationId, { maxLength: 3 })),
  expiresAt: nullable(instant),
  revokedAt: nullable(instant),
  lastUsedAt: nullable(instant),
  createdBy: nullable(text(1, 64)),
  createdAt: instant,
  version
})

const transferLine: fc.Arbitrary<TransferLine> = fc
  .record({
    line: fc.integer({ min: 1, max: 500 }),
    product: productId,
    lot: nullable(text(0, 64)),
    claims: fc.array(claimId, { maxLength: 2 }),
    open: fc.integer({ min: 1, max: 2 ** 30 }),
    received: fc.nat(2 ** 30),
    damaged: fc.nat(2 ** 30),
    lost: fc.nat(2 ** 30),
    returned: fc.nat(2 ** 30)
  })
  .map(({ open, ...line }) => {
    const shipped = open + line.received + line.damaged + line.lost + line.returned
    return { ...line, quantity: shipped, shipped }
  })

export const transfer: fc.Arbitrary<Transfer> = fc.record({
  id: text(1, 64).map((id) => TransferId.make(id)),
  origin: locationId,
  destination: locationId,
  lines: fc.array(saying(transferLine), { minLength: 1, maxLength: 4 }),
  state: fc.constantFrom(...transferStates),
  reason: nullable(text(1, 200)),
  version,
  createdAt: instant,
  updatedAt: instant
})

const vendorId = text(1, 64).map((id) => VendorId.make(id))

export const vendor: fc.Arbitrary<Vendor> = fc.record({
  id: vendorId,
  name: text(1, 120),
  email: nullable(email),
  phone: text(0, 40),
  address: text(0, 500),
  contacts: fc.array(
    fc.record({ name: text(1, 120), role: text(0, 120), email: nullable(email), phone: text(0, 40) }),
    { maxLength: 3 }
  ),
  tolerance: fc.nat(100),
  status: fc.constantFrom("active", "archived"),
  version,
  createdAt: instant,
  updatedAt: instant
})

export const vendorProduct: fc.Arbitrary<VendorProduct> = fc
  .record({
    vendor: vendorId,
    product: productId,
    sku: nullable(sku),
    pack: quantity,
    minimum: quantity,
    price: nullable(unitCost),
    leadTimeDays: nullable(fc.nat(730)),
    primary: fc.boolean(),
    status: fc.constantFrom("active" as const, "archived" as const),
    version,
    updatedAt: instant
  })
  .map((terms) => ({ ...terms, id: `${terms.product}@${terms.vendor}` }))

export const contactRecord: fc.Arbitrary<ContactRecord> = fc.record({
  id: text(1, 64).map((id) => ContactRecordId.make(id)),
  vendor: vendorId,
  medium: fc.constantFrom(...contactMedia),
  message: text(1, 300),
  person: nullable(text(0, 120)),
  product: nullable(productId),
  actor: nullable(text(1, 64)),
  mail: nullable(fc.record({ to: email, subject: fc.stringMatching(/^[ -~]{1,200}$/) })),
  contactedAt: instant,
  recordedAt: instant,
  version
})

const purchaseOrderLine: fc.Arbitrary<PurchaseOrderLine> = fc
  .record({
    line: fc.integer({ min: 1, max: 500 }),
    product: productId,
    vendorSku: nullable(text(1, 64)),
    unitCost: nullable(unitCost),
    open: fc.integer({ min: 1, max: 2 ** 30 }),
    received: fc.nat(2 ** 30),
    over: fc.nat(2 ** 30),
    damaged: fc.nat(2 ** 30),
    canceled: fc.nat(2 ** 30)
  })
  .map(({ open, ...line }) => ({ ...line, ordered: open + line.received + line.canceled }))

export const purchaseOrder: fc.Arbitrary<PurchaseOrder> = fc.record({
  id: text(1, 64).map((id) => PurchaseOrderId.make(id)),
  vendor: vendorId,
  destination: locationId,
  lines: fc.array(saying(purchaseOrderLine), { minLength: 1, maxLength: 4 }),
  state: fc.constantFrom(...purchaseOrderStates),
  tolerance: fc.nat(100),
  note: text(0, 300),
  reason: nullable(text(1, 200)),
  expectedAt: nullable(instant),
  placedAt: nullable(instant),
  version,
  createdAt: instant,
  updatedAt: instant
})

const calendarDate = instant.map((one) => DateTime.formatIsoDateUtc(one))

const productLot: fc.Arbitrary<ProductLot> = fc.record({
  id: text(1, 150),
  product: productId,
  lot: text(1, 64),
  expiresOn: nullable(calendarDate),
  timeZone: fc.constantFrom("UTC", "Asia/Tokyo"),
  expiresAt: nullable(instant),
  status: fc.constantFrom("active", "recalled"),
  reason: nullable(text(1, 200)),
  receivedAt: instant,
  version,
  updatedAt: instant
})

const name: fc.Arbitrary<Rows["names"]> = fc.record({ id: text(1, 80), version, target: text(1, 64) })

/** Rows of each table. */
export const rows: { readonly [T in Table]: fc.Arbitrary<Rows[T]> } = {
  products: product,
  locations: location,
  names: name,
  carts: cart,
  counts: count,
  lots: productLot,
  orders: order,
  policies: reorderPolicy,
  stockPolicies: stockPolicy,
  thresholds: threshold,
  transfers: transfer,
  users: user,
  sessions: userSessions,
  apiKeys: apiKey,
  vendors: vendor,
  vendorProducts: vendorProduct,
  contactRecords: contactRecord,
  purchaseOrders: purchaseOrder,
  notifications: notification,
  webhooks: webhook
}

const level = fc.record({ product: productId, location: locationId, onHand: quantityOrZero, available: quantityOrZero })
const place = { product: productId, location: locationId, available: quantityOrZero }
const restock = { ...place, low: quantityOrZero }
const told = {
  order: fc.uuid(),
  customer: nullable(text(1, 64)),
  location: locationId,
  locations: fc.array(locationId, { minLength: 1, maxLength: 3 })
}

const newEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  fc.record({
    _tag: fc.constant("LotChanged"),
    product: productId,
    lot: text(1, 64),
    expiresOn: nullable(calendarDate),
    expiresAt: nullable(instant),
    status: fc.constantFrom("active", "recalled")
  }),
  fc.record({
    _tag: fc.constantFrom("ProductCreated", "ProductUpdated", "ProductArchived", "ProductRestored"),
    product: productId,
    sku
  }),
  fc.record({
    _tag: fc.constantFrom("LocationCreated", "LocationUpdated", "LocationArchived", "LocationRestored"),
    location: locationId
  }),
  fc.record({ _tag: fc.constant("StockChanged" as const), levels: fc.array(level, { minLength: 1, maxLength: 3 }) }),
  fc.record({ _tag: fc.constantFrom("LowStockRaised", "LowStockCleared"), ...restock }),
  fc.record({ _tag: fc.constantFrom("OutOfStockRaised", "OutOfStockCleared"), ...place }),
  fc.record({ _tag: fc.constantFrom("OverstockRaised", "OverstockCleared"), ...place, high: quantityOrZero }),
  fc.record({
    _tag: fc.constant("NotificationChanged" as const),
    notification: notificationId,
    kind: notificationKind,
    subject: text(1, 150),
    product: nullable(productId),
    location: nullable(locationId),
    change: fc.constantFrom(...notificationChanges),
    state: fc.constantFrom(...notificationStates)
  }),
  fc.record({ _tag: fc.constantFrom("OrderPlaced", "OrderShipped"), ...told }),
  fc.record({
    _tag: fc.constant("TransferChanged" as const),
    transfer: fc.uuid(),
    origin: locationId,
    destination: locationId,
    state: fc.constantFrom(...transferStates)
  }),
  fc.record({ _tag: fc.constantFrom("VendorCreated", "VendorUpdated"), vendor: vendorId }),
  fc.record({ _tag: fc.constant("VendorContacted" as const), vendor: vendorId, contact: fc.uuid() }),
  fc.record({
    _tag: fc.constant("PurchaseOrderChanged" as const),
    purchaseOrder: fc.uuid(),
    vendor: vendorId,
    destination: locationId,
    state: fc.constantFrom(...purchaseOrderStates)
  }),
  fc.record({ _tag: fc.constant("WebhookChanged" as const), webhook: fc.uuid(), state: webhookState }),
  fc.record({ _tag: fc.constantFrom("UserRegistered", "UserUpdated"), user: fc.uuid() })
)

export const event: fc.Arbitrary<Event> = fc.record({ ...placed, ...written, event: newEvent })
