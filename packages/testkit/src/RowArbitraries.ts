/**
 * Arbitraries of whole rows, as a store writes and reads them: any text a field takes, any instant, any quantity. An
 * adapter's author sends them through the columns and back.
 */
import {
  type Balance,
  type Cart,
  CartId,
  type Claim,
  ClaimId,
  type Event,
  type Location,
  LocationId,
  MAX_QUANTITY,
  type Movement,
  movementFlows,
  type NewEvent,
  type Order,
  OrderId,
  type OrderLine,
  type Product,
  ProductId,
  type Rows,
  type Table,
  type Threshold,
  type Transfer,
  TransferId,
  type TransferLine,
  transferStates,
  type User,
  UserId
} from "@onhand/core"
import { DateTime } from "effect"
import * as fc from "fast-check"
import { currency, money, movementKind, price, quantity, sku, unitOfMeasure } from "./Arbitraries.ts"

/** Any text of a length, the awkward ones included: quotes, line breaks, other scripts. No NUL: databases refuse it. */
export const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ minLength, maxLength, unit: "grapheme" })
    .filter((value) => !value.includes("\u0000") && value.length >= minLength && value.length <= maxLength)

/** An instant in whole milliseconds, between 1970 and 2100. */
export const instant: fc.Arbitrary<DateTime.Utc> = fc
  .integer({ min: 0, max: Date.UTC(2100, 0, 1) })
  .map((millis) => DateTime.makeUnsafe(millis))

const nullable = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { freq: 3 })
const version = fc.integer({ min: 1, max: 2 ** 31 - 1 })
const quantityOrZero = fc.oneof(fc.constant(0), quantity)
const productId = text(1, 64).map((id) => ProductId.make(id))
const locationId = text(1, 64).map((id) => LocationId.make(id))
const stockKey = { product: productId, location: locationId, lot: text(0, 64) }
const source = nullable(fc.record({ type: text(1, 32), id: text(1, 128) }))
const placed = { shard: fc.nat(255), seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), line: fc.nat(1_000) }
const written = { command: fc.uuid(), recordedAt: instant }

export const product: fc.Arbitrary<Product> = fc.record({
  id: productId,
  sku,
  barcodes: fc.uniqueArray(sku, { maxLength: 3 }),
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
  status: fc.constantFrom("active", "archived"),
  version,
  createdAt: instant,
  updatedAt: instant
})

export const location: fc.Arbitrary<Location> = fc.record({
  id: locationId,
  name: text(1, 120),
  address: text(0, 500),
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
      unitCost: nullable(fc.record({ amount: fc.stringMatching(/^(0|[1-9]\d{0,11})(\.\d{1,6})?$/), currency })),
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

/** A balance that is sound: nothing below zero, and no more claimed than is sellable. */
export const balance: fc.Arbitrary<Balance> = fc
  .record({
    ...stockKey,
    available: fc.nat(2 ** 30),
    held: fc.nat(2 ** 30),
    committed: fc.nat(2 ** 30),
    qualityControl: fc.integer({ min: 0, max: MAX_QUANTITY }),
    damaged: fc.nat(2 ** 30),
    quarantine: fc.nat(2 ** 30),
    version,
    claimVersion: fc.nat()
  })
  .map(({ available, ...fields }) => ({ ...fields, sellable: available + fields.held + fields.committed }))

export const cart: fc.Arbitrary<Cart> = fc.record({
  id: text(1, 64).map((id) => CartId.make(id)),
  owner: nullable(text(1, 128)),
  lines: fc.array(fc.record({ product: productId, quantity }), { maxLength: 4 }),
  state: fc.constantFrom("active", "checkingOut", "completed"),
  location: nullable(locationId),
  claims: fc.array(claimId, { maxLength: 3 }),
  expiresAt: nullable(instant),
  order: nullable(fc.uuid()),
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
    shipped: fc.nat(2 ** 30),
    open: fc.integer({ min: 1, max: 2 ** 30 }),
    returned: fc.nat(2 ** 30),
    unitPrice: nullable(price),
    total: money
  })
  .map(({ open, ...line }) => ({ ...line, ordered: line.canceled + line.shipped + open }))

export const order: fc.Arbitrary<Order> = fc.record({
  id: text(1, 64).map((id) => OrderId.make(id)),
  customer: nullable(text(1, 128)),
  cart: nullable(text(1, 64).map((id) => CartId.make(id))),
  location: locationId,
  lines: fc.array(orderLine, { minLength: 1, maxLength: 4 }),
  total: money,
  status: fc.constantFrom("placed", "completed", "canceled"),
  fulfilment: fc.constantFrom("unfulfilled", "partial", "fulfilled"),
  payment: fc.constantFrom("none", "authorized", "paid", "partiallyRefunded", "refunded"),
  returns: fc.constantFrom("none", "requested", "partial", "returned"),
  version,
  placedAt: instant,
  recordedAt: instant
})

export const threshold: fc.Arbitrary<Threshold> = fc
  .record({
    product: productId,
    location: locationId,
    low: fc.nat(2 ** 40),
    gap: fc.integer({ min: 1, max: 2 ** 40 }),
    raisedAt: nullable(instant),
    version
  })
  .map(({ gap, ...rule }) => ({ ...rule, id: `${rule.product}@${rule.location}`, clear: rule.low + gap }))

export const user: fc.Arbitrary<User> = fc.record({
  id: text(1, 64).map((id) => UserId.make(id)),
  email: fc.stringMatching(/^[a-z0-9.]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,5}$/),
  name: text(1, 120),
  credential: text(0, 100),
  roles: fc.array(text(1, 40), { maxLength: 3 }),
  locations: nullable(fc.array(locationId, { maxLength: 3 })),
  active: fc.boolean(),
  version,
  createdAt: instant
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
  lines: fc.array(transferLine, { minLength: 1, maxLength: 4 }),
  state: fc.constantFrom(...transferStates),
  reason: nullable(text(1, 200)),
  version,
  createdAt: instant,
  updatedAt: instant
})

const name: fc.Arbitrary<Rows["names"]> = fc.record({ id: text(1, 80), version, target: text(1, 64) })

/** Rows of each table. */
export const rows: { readonly [T in Table]: fc.Arbitrary<Rows[T]> } = {
  products: product,
  locations: location,
  names: name,
  carts: cart,
  orders: order,
  thresholds: threshold,
  transfers: transfer,
  users: user
}

const level = fc.record({ product: productId, location: locationId, onHand: quantityOrZero, available: quantityOrZero })
const restock = { product: productId, location: locationId, available: quantityOrZero, low: quantityOrZero }
const told = { order: fc.uuid(), customer: nullable(text(1, 64)), location: locationId }

const newEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  fc.record({
    _tag: fc.constantFrom("ProductCreated", "ProductUpdated", "ProductArchived", "ProductRestored"),
    product: productId,
    sku
  }),
  fc.record({ _tag: fc.constantFrom("LocationCreated", "LocationUpdated"), location: locationId }),
  fc.record({ _tag: fc.constant("StockChanged" as const), levels: fc.array(level, { minLength: 1, maxLength: 3 }) }),
  fc.record({ _tag: fc.constantFrom("LowStockRaised", "LowStockCleared"), ...restock }),
  fc.record({ _tag: fc.constantFrom("OrderPlaced", "OrderShipped"), ...told }),
  fc.record({
    _tag: fc.constant("TransferChanged" as const),
    transfer: fc.uuid(),
    origin: locationId,
    destination: locationId,
    state: fc.constantFrom(...transferStates)
  }),
  fc.record({ _tag: fc.constantFrom("UserRegistered", "UserUpdated"), user: fc.uuid() })
)

export const event: fc.Arbitrary<Event> = fc.record({ ...placed, ...written, event: newEvent })
