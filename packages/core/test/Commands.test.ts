// A command locks the ledger of every location that it touches, and stands in it.
import { assert, describe, it } from "@effect/vitest"
import {
  CartId,
  ClaimId,
  type CommandDefinition,
  type CommandName,
  commands,
  LocationId,
  OrderId,
  type PayloadOf,
  ProductId,
  PurchaseOrderId,
  payloadTextOf,
  shardOf,
  shardsOf,
  TransferId,
  VendorId
} from "../src/index.ts"

const SHARDS = 64
const [shop, depot] = [LocationId.make("shop"), LocationId.make("depot")]
const product = ProductId.make("mug")
const cart = CartId.make("cart")
const transfer = TransferId.make("transfer")
const claims = [ClaimId.make("h-0")] as const
const both = [shop, depot].map((location) => shardOf(location, SHARDS)).toSorted((a, b) => a - b)

const shardsOfCommand = <K extends CommandName>(command: K, payload: PayloadOf<K>) => {
  const definition: CommandDefinition = commands[command]
  const payloadText = payloadTextOf(definition, payload)
  return shardsOf({ key: "k", definition, payload, payloadText, id: "i", actor: null, occurredAt: null }, SHARDS)
}

describe("a command", () => {
  it("of several locations locks the ledgers of all of them", () => {
    const [here, there] = [shop, depot].map((location) => ({ product, location, quantity: 1 }))
    const lines = [here!, there!] as const
    const sales = [
      { kind: "sale", ...here! },
      { kind: "sale", ...there! }
    ] as const
    const rules = [
      { product, location: shop, low: 1 },
      { product, location: depot, low: 1 }
    ] as const
    assert.deepStrictEqual(shardsOfCommand("recordMovements", { lines: sales }), both)
    assert.deepStrictEqual(shardsOfCommand("holdStock", { lines, ttlMillis: 1 }), both)
    assert.deepStrictEqual(shardsOfCommand("setThresholds", { lines: rules }), both)
  })

  it("of one location locks its ledger", () => {
    const location = shop
    const own = [shardOf(shop, SHARDS)]
    assert.deepStrictEqual(shardsOfCommand("commitClaims", { location, claims }), own)
    assert.deepStrictEqual(shardsOfCommand("releaseClaims", { location, claims }), own)
    assert.deepStrictEqual(shardsOfCommand("expireClaims", { location, claims }), own)
    assert.deepStrictEqual(shardsOfCommand("updateLocation", { location, expected: 1 }), own)
    assert.deepStrictEqual(shardsOfCommand("beginCheckout", { cart, location, ttlMillis: 1 }), own)
    assert.deepStrictEqual(shardsOfCommand("cancelCheckout", { cart, location }), own)
    assert.deepStrictEqual(shardsOfCommand("checkout", { cart, location }), own)
  })

  it("on an order locks the ledgers of all locations that it names", () => {
    const here = { order: OrderId.make("order"), location: shop }
    const own = [shardOf(shop, SHARDS)]
    assert.deepStrictEqual(shardsOfCommand("shipOrder", here), own)
    assert.deepStrictEqual(shardsOfCommand("undoShipment", { ...here, shipment: 1 }), own)
    assert.deepStrictEqual(shardsOfCommand("allocateOrder", here), own)
    assert.deepStrictEqual(shardsOfCommand("cancelOrder", here), own)
    assert.deepStrictEqual(shardsOfCommand("cancelOrder", { ...here, elsewhere: [depot] }), both)
    const lines = [{ line: 1, quantity: 1, into: "sellable" }] as const
    assert.deepStrictEqual(shardsOfCommand("receiveReturn", { ...here, lines }), own)
    const sources = { locations: [depot], strategy: "inOrder" } as const
    assert.deepStrictEqual(shardsOfCommand("extendCheckout", { cart, location: shop, ttlMillis: 1 }), own)
    assert.deepStrictEqual(shardsOfCommand("placeOrder", { cart, location: shop }), own)
    assert.deepStrictEqual(shardsOfCommand("placeOrder", { cart, location: shop, sources }), both)
    assert.deepStrictEqual(shardsOfCommand("checkout", { cart, location: shop, sources }), both)
  })

  it("that sets what holds of places locks their ledgers, and what holds of none stands in the first", () => {
    const places = [shop, depot].map((location) => ({ product, location, lot: "A" }))
    const [here, there] = places
    assert(here !== undefined && there !== undefined)
    assert.deepStrictEqual(shardsOfCommand("setStockPolicies", { lines: [here, there] }), both)
    assert.deepStrictEqual(shardsOfCommand("setReorderPolicies", { lines: [here, there, { abc: "A" }] }), both)
    assert.deepStrictEqual(shardsOfCommand("setReorderPolicies", { lines: [{ abc: "A" }] }), [0])
    const nothing = { notifications: [], purchaseOrders: [] }
    assert.deepStrictEqual(shardsOfCommand("reviewNotifications", { ...nothing, lots: places }), both)
    assert.deepStrictEqual(shardsOfCommand("reviewNotifications", nothing), [0])
  })

  it("on a transfer locks the ledger of the end where it is done", () => {
    const origin = [shardOf(depot, SHARDS)]
    const lines = [{ product, quantity: 1 }] as const
    const atOrigin = { transfer, origin: depot }
    assert.deepStrictEqual(shardsOfCommand("createTransfer", { origin: depot, destination: shop, lines }), origin)
    assert.deepStrictEqual(shardsOfCommand("updateTransfer", { ...atOrigin, expected: "any", lines }), origin)
    assert.deepStrictEqual(shardsOfCommand("readyTransfer", atOrigin), origin)
    assert.deepStrictEqual(shardsOfCommand("releaseTransfer", atOrigin), origin)
    assert.deepStrictEqual(shardsOfCommand("dispatchTransfer", atOrigin), origin)
    assert.deepStrictEqual(shardsOfCommand("cancelTransfer", atOrigin), origin)
    const destination = [shardOf(shop, SHARDS)]
    const atDestination = { transfer, destination: shop }
    const arrived = [{ line: 1, quantity: 1 }] as const
    assert.deepStrictEqual(shardsOfCommand("receiveTransfer", { ...atDestination, lines: arrived }), destination)
    assert.deepStrictEqual(shardsOfCommand("completeTransfer", atDestination), destination)
    assert.deepStrictEqual(shardsOfCommand("closeTransferShort", { ...atDestination, reason: "lost" }), destination)
  })

  it("on a purchase order locks the ledger of its destination", () => {
    const destination = [shardOf(shop, SHARDS)]
    const lines = [{ product, quantity: 1 }] as const
    const at = { purchaseOrder: PurchaseOrderId.make("order"), destination: shop }
    const vendor = VendorId.make("vendor")
    assert.deepStrictEqual(shardsOfCommand("createPurchaseOrder", { vendor, destination: shop, lines }), destination)
    assert.deepStrictEqual(shardsOfCommand("updatePurchaseOrder", { ...at, expected: "any", lines }), destination)
    assert.deepStrictEqual(shardsOfCommand("placePurchaseOrder", at), destination)
    const arrived = [{ line: 1, quantity: 1 }] as const
    assert.deepStrictEqual(shardsOfCommand("receivePurchaseOrder", { ...at, lines: arrived }), destination)
    assert.deepStrictEqual(shardsOfCommand("cancelPurchaseOrder", at), destination)
    assert.deepStrictEqual(shardsOfCommand("closePurchaseOrder", at), destination)
  })

  it("of no location stands in the first ledger", () => {
    assert.deepStrictEqual(shardsOfCommand("createProduct", { sku: "MUG", name: "Mug" }), [0])
    assert.deepStrictEqual(shardsOfCommand("openCart", {}), [0])
  })
})
