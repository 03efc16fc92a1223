import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string
let ann: string
let shop: string
let mug: string

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
})
afterAll(() => server.stop())

const keyed = (key: string) => ({ "idempotency-key": key })

describe("the story of a shop", () => {
  it("lets a customer register once, in any spelling of the address, and sign in", async () => {
    const account = { email: " Ann@Example.com", name: "Ann", password: "the password of ann" }
    const registered = await server.ask("POST", "/api/v1/auth/register", { body: account })
    assert.strictEqual(registered.status, 201)
    assert.deepInclude(registered.body, { email: "ann@example.com", roles: ["customer"], active: true })
    assert.notInclude(JSON.stringify(registered.body), "argon2")
    const again = await server.ask("POST", "/api/v1/auth/register", { body: account })
    assert.strictEqual(again.status, 409)
    assert.strictEqual(again.body.type, "https://onhand.dev/problems/email-taken")
    const form = await server.ask("POST", "/api/v1/auth/login", {
      body: new URLSearchParams({ username: "ANN@example.com", password: account.password }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" }
    })
    assert.strictEqual(form.status, 200)
    assert.deepInclude(form.body, { token_type: "bearer", expires_in: 600 })
    ann = form.body.access_token
    const me = await server.ask("GET", "/api/v1/users/me", { token: ann })
    assert.strictEqual(me.body.email, "ann@example.com")
  })

  it("opens a location and creates a product", async () => {
    const location = await server.ask("POST", "/api/v1/locations", {
      token: admin,
      body: { id: "shop-1", name: "Shop" }
    })
    assert.strictEqual(location.status, 201)
    shop = location.body.id
    const product = await server.ask("POST", "/api/v1/products", {
      token: admin,
      body: { sku: "MUG", name: "Blue mug", price: { amount: "9.5", currency: "USD" } }
    })
    assert.strictEqual(product.status, 201)
    assert.strictEqual(product.headers.get("etag"), '"1"')
    assert.deepStrictEqual(product.body.price, { amount: "9.50", currency: "USD" })
    mug = product.body.id
  })

  it("receives stock, once however often it is sent", async () => {
    const delivery = {
      token: admin,
      headers: keyed("delivery-1"),
      body: { lines: [{ kind: "purchase", product: mug, location: shop, quantity: 5 }] }
    }
    const received = await server.ask("POST", "/api/v1/stock-movements", delivery)
    assert.strictEqual(received.status, 201)
    assert.deepStrictEqual(received.body.levels, [{ product: mug, location: shop, lot: "", onHand: 5, available: 5 }])
    assert.isNull(received.headers.get("idempotency-replayed"))
    const again = await server.ask("POST", "/api/v1/stock-movements", {
      ...delivery,
      headers: keyed('"delivery-1"')
    })
    assert.deepStrictEqual(again.body, received.body)
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
  })

  it("shows the stock to a customer, who puts it into a cart", async () => {
    const seen = await server.ask("GET", `/api/v1/products/${mug}`, { token: ann })
    assert.deepInclude(seen.body, { name: "Blue mug", onHand: 5, available: 5 })
    assert.strictEqual(seen.body.stock[0].location, shop)
    await server.ask("POST", "/api/v1/cart/items", { token: ann, body: { product: mug, quantity: 1 } })
    const cart = await server.ask("POST", "/api/v1/cart/items", { token: ann, body: { product: mug, quantity: 2 } })
    assert.strictEqual(cart.body.lines[0].quantity, 3)
    assert.deepStrictEqual(cart.body.total, { amount: "28.50", currency: "USD" })
    const less = await server.ask("PATCH", `/api/v1/cart/items/${mug}`, { token: ann, body: { quantity: 2 } })
    assert.deepStrictEqual(less.body.total, { amount: "19.00", currency: "USD" })
  })

  it("sells the cart at the only location there is, and answers the same key with the same order", async () => {
    const buy = { token: ann, headers: keyed("order-1"), body: {} }
    const order = await server.ask("POST", "/api/v1/checkout", buy)
    assert.strictEqual(order.status, 201)
    assert.deepInclude(order.body, { location: shop, status: "completed" })
    assert.deepStrictEqual(order.body.total, { amount: "19.00", currency: "USD" })
    const again = await server.ask("POST", "/api/v1/checkout", buy)
    assert.strictEqual(again.status, 201)
    assert.deepStrictEqual(again.body, order.body)
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    const empty = await server.ask("POST", "/api/v1/checkout", { ...buy, headers: keyed("order-2") })
    assert.strictEqual(empty.status, 409)
    assert.strictEqual(empty.body.type, "https://onhand.dev/problems/cart-empty")
  })

  it("still answers the first key with the first order when another cart is open", async () => {
    await server.ask("POST", "/api/v1/cart/items", { token: ann, body: { product: mug, quantity: 1 } })
    const again = await server.ask("POST", "/api/v1/checkout", { token: ann, headers: keyed("order-1"), body: {} })
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.deepStrictEqual(again.body.total, { amount: "19.00", currency: "USD" })
  })

  it("shows the order, its movement and the lower stock", async () => {
    const orders = await server.ask("GET", "/api/v1/orders", { token: ann })
    assert.strictEqual(orders.body.items.length, 1)
    const [{ id }] = orders.body.items
    const order = await server.ask("GET", `/api/v1/orders/${id}`, { token: ann })
    assert.strictEqual(order.body.lines[0].shipped, 2)
    const moved = await server.ask("GET", `/api/v1/stock-movements?order=${id}`, { token: admin })
    assert.deepInclude(moved.body.items[0], { kind: "sale", quantity: 2, change: -2, onHandAfter: 3 })
    const levels = await server.ask("GET", `/api/v1/inventory?product=${mug}`, { token: ann })
    assert.deepInclude(levels.body.items[0], { onHand: 3, available: 3 })
  })

  it("refuses to sell more than there is, and says what is missing", async () => {
    await server.ask("PATCH", `/api/v1/cart/items/${mug}`, { token: ann, body: { quantity: 4 } })
    const refused = await server.ask("POST", "/api/v1/checkout", { token: ann, headers: keyed("order-3"), body: {} })
    assert.strictEqual(refused.status, 409)
    assert.strictEqual(refused.headers.get("content-type"), "application/problem+json")
    assert.deepInclude(refused.body, {
      type: "https://onhand.dev/problems/insufficient-stock",
      status: 409,
      instance: "/api/v1/checkout",
      lines: [{ product: mug, location: shop, lot: "", wanted: 4, available: 3, nextIncoming: null }]
    })
    assert.strictEqual(refused.body.requestId, refused.headers.get("x-request-id"))
  })

  it("refuses a key that was used for something else", async () => {
    const other = await server.ask("POST", "/api/v1/stock-movements", {
      token: admin,
      headers: keyed("delivery-1"),
      body: { lines: [{ kind: "purchase", product: mug, location: shop, quantity: 6 }] }
    })
    assert.strictEqual(other.status, 422)
    assert.deepInclude(other.body, { type: "https://onhand.dev/problems/idempotency-conflict", key: "delivery-1" })
  })

  it("keeps the keys of two users apart", async () => {
    const bob = await server.customer("bob")
    await server.ask("POST", "/api/v1/cart/items", { token: bob, body: { product: mug, quantity: 1 } })
    const order = await server.ask("POST", "/api/v1/checkout", { token: bob, headers: keyed("order-1"), body: {} })
    assert.strictEqual(order.status, 201)
    assert.isNull(order.headers.get("idempotency-replayed"))
    const annsOrders = await server.ask("GET", "/api/v1/orders", { token: ann })
    const foreign = await server.ask("GET", `/api/v1/orders/${annsOrders.body.items[0].id}`, { token: bob })
    const unknown = await server.ask("GET", "/api/v1/orders/nothing", { token: bob })
    assert.strictEqual(foreign.status, 404)
    assert.strictEqual(foreign.body.type, unknown.body.type)
  })

  it("raises an alert when stock falls to its threshold", async () => {
    const set = await server.ask("PUT", "/api/v1/thresholds", {
      token: admin,
      body: { lines: [{ product: mug, location: shop, low: 2, clear: 4 }] }
    })
    assert.strictEqual(set.status, 200)
    const alerts = await server.ask("GET", "/api/v1/inventory/restock-alerts", { token: admin })
    assert.deepInclude(alerts.body.items[0], { product: mug, low: 2, clear: 4, available: 2 })
  })

  it("counts, adjusts and keeps books that balance", async () => {
    const adjust = (quantity: number, key: string, expected?: number) =>
      server.ask("POST", "/api/v1/stock-movements", {
        token: admin,
        headers: keyed(key),
        body: { lines: [{ kind: "adjustment", product: mug, location: shop, quantity, expected }] }
      })
    assert.strictEqual((await adjust(-1, "count-1", 2)).status, 201)
    const stale = await adjust(-1, "count-2", 2)
    assert.strictEqual(stale.status, 409)
    assert.deepInclude(stale.body, { type: "https://onhand.dev/problems/stale-quantity", expected: 2, current: 1 })
    assert.strictEqual((await adjust(-2, "count-3")).status, 409)
    const ledger = await server.ask("GET", "/api/v1/stock-movements?kind=adjustment", { token: admin })
    assert.deepInclude(ledger.body.items[0], { quantity: -1, change: -1, onHandAfter: 1 })
    const books = await server.ask("GET", "/api/v1/inventory/verify", { token: admin })
    assert.deepInclude(books.body, { sound: true, differences: [] })
  })

  it("takes a quantity in a pack of the product, and keeps how it was said", async () => {
    const place = await server.ask("POST", "/api/v1/locations", {
      token: admin,
      body: { id: "cellar", name: "Cellar" }
    })
    const packs = [{ unit: "case", steps: 24, per: 1, barcodes: ["4006381333931"] }]
    const beer = await server.ask("POST", "/api/v1/products", {
      token: admin,
      body: { sku: "BEER", name: "Beer", packs }
    })
    assert.deepStrictEqual(beer.body.barcodes, ["4006381333931"])
    const receive = (key: string, quantity: number, unit: string) =>
      server.ask("POST", "/api/v1/stock-movements", {
        token: admin,
        headers: keyed(key),
        body: { lines: [{ kind: "purchase", product: beer.body.id, location: place.body.id, quantity, unit }] }
      })
    const taken = await receive("cases", 1.5, "case")
    assert.strictEqual(taken.body.levels[0].onHand, 36)
    const ledger = await server.ask("GET", `/api/v1/stock-movements?product=${beer.body.id}`, { token: admin })
    assert.deepInclude(ledger.body.items[0], { quantity: 36, entered: { unit: "case", quantity: "1.5" } })
    assert.strictEqual((await receive("third", 0.3, "case")).body.type, "https://onhand.dev/problems/inexact-quantity")
    assert.strictEqual((await receive("pallet", 1, "pallet")).body.type, "https://onhand.dev/problems/unknown-unit")
  })
})
