// Purchasing over HTTP: a vendor with terms, an order from draft to closed, in the product's unit, and what is refused.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const keyed = (key: string) => ({ "idempotency-key": key })
const price = { amount: "412.5", currency: "USD" }

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: keyed(key), body })

const get = (path: string) => server.ask("GET", `/api/v1/${path}`, { token: admin })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "shop", name: "Shop" } })
  const unit = { name: "kg", decimals: 3 }
  await server.ask("POST", "/api/v1/products", {
    token: admin,
    body: { id: "tea", sku: "TEA", name: "Tea", unit, lotTracked: true }
  })
})
afterAll(() => server.stop())

const draft = (key: string, quantity: number, token = admin) =>
  post("purchase-orders", key, { vendor: "grower", destination: "shop", lines: [{ product: "tea", quantity }] }, token)

const incoming = async () => {
  const { body } = await get("inventory?product=tea")
  return body.items.map(({ onHand, incoming }: Record<string, unknown>) => [onHand, incoming])
}

describe("a vendor over HTTP", () => {
  it("is created, found, changed under its version, archived and restored", async () => {
    const contacts = [{ name: "Eve", role: "sales", email: "eve@example.com", phone: "" }]
    const created = await post("vendors", "v-1", { id: "grower", name: "Grower", contacts, tolerance: 20 })
    assert.strictEqual(created.status, 201)
    assert.deepInclude(created.body, { id: "grower", contacts, tolerance: 20, status: "active", version: 1 })
    assert.strictEqual((await post("vendors", "v-2", { id: "grower", name: "Other" })).status, 409)
    const change = (body: object, version: string) =>
      server.ask("PATCH", "/api/v1/vendors/grower", { token: admin, headers: { "if-match": version }, body })
    assert.strictEqual((await change({ phone: "123" }, '"1"')).body.phone, "123")
    assert.strictEqual((await change({ phone: "456" }, '"1"')).status, 412)
    assert.strictEqual((await change({}, "*")).status, 400)
    assert.strictEqual((await change({ archived: true, phone: "1" }, "*")).status, 400)
    assert.strictEqual((await change({ archived: true }, "*")).body.status, "archived")
    assert.strictEqual((await draft("v-3", 1)).status, 409)
    assert.strictEqual((await change({ archived: false }, "*")).body.status, "active")
    assert.strictEqual((await get("vendors?search=grow&status=active")).body.items.length, 1)
    const read = await get("vendors/grower")
    assert.strictEqual(read.headers.get("etag"), '"4"')
    assert.strictEqual((await get("vendors/none")).status, 404)
  })

  it("sells products on terms in their unit, and has a history of contacts", async () => {
    const set = (lines: ReadonlyArray<object>) =>
      server.ask("PUT", "/api/v1/vendors/grower/products", { token: admin, body: { lines } })
    const line = { product: "tea", sku: "G-1", pack: 0.5, minimum: 1, price, leadTimeDays: 3, primary: true }
    assert.deepInclude((await set([line])).body.items[0], { ...line, vendor: "grower", status: "active" })
    const wrong = await set([{ product: "tea", pack: 0.0001 }])
    assert.deepStrictEqual([wrong.status, wrong.body.faults[0].path], [400, "payload.lines.0.pack"])
    assert.strictEqual((await set([{ product: "none" }])).status, 404)
    assert.deepInclude((await get("vendors/grower/products")).body.items[0], line)

    const said = { medium: "email", message: "Is there tea?", product: "tea", occurredAt: "2026-05-01T10:00:00+02:00" }
    const recorded = await post("vendors/grower/contacts", "c-1", said)
    assert.strictEqual(recorded.status, 201)
    assert.deepInclude(recorded.body, { person: null, product: "tea", contactedAt: "2026-05-01T08:00:00.000Z" })
    assert.isString(recorded.body.actor)
    assert.deepStrictEqual((await get("vendors/grower/contacts?product=tea")).body.items, [recorded.body])
  })
})

describe("a purchase order over HTTP", () => {
  it("is drafted once, placed, received in parts and a little over, and closed", async () => {
    const created = await draft("o-1", 1.25)
    assert.deepStrictEqual([created.status, created.body.state, created.body.tolerance], [201, "draft", 20])
    assert.strictEqual((await draft("o-1", 1.25)).headers.get("idempotency-replayed"), "true")
    const path = `purchase-orders/${created.body.id}`
    const refused = await post(`${path}/place`, "o-2")
    assert.strictEqual(refused.status, 409)
    assert.deepStrictEqual(refused.body.lines, [{ line: 1, product: "tea", wanted: 1.25, accepted: 1.5 }])
    const changed = await server.ask("PATCH", `/api/v1/${path}`, {
      token: admin,
      headers: { "if-match": '"1"' },
      body: { lines: [{ product: "tea", quantity: 1.5 }], note: "by noon" }
    })
    assert.deepStrictEqual([changed.body.note, changed.body.lines[0].ordered], ["by noon", 1.5])
    assert.deepStrictEqual(await incoming(), [])
    const placed = await post(`${path}/place`, "o-3")
    assert.deepInclude(placed.body.lines[0], { vendorSku: "G-1", unitCost: price, ordered: 1.5, open: 1.5 })
    assert.isString(placed.body.expectedAt)
    assert.deepStrictEqual(await incoming(), [[0, 1.5]])

    const arrived = (...quantities: ReadonlyArray<number>) => ({
      lines: quantities.map((quantity) => ({ line: 1, quantity, lot: "2026-05" }))
    })
    const over = await post(`${path}/receive`, "o-4", arrived(1, 0.801))
    assert.strictEqual(over.status, 409)
    assert.deepStrictEqual(over.body.lines, [{ line: 1, product: "tea", wanted: 1.801, accepted: 1.8 }])
    const part = await post(`${path}/receive`, "o-5", arrived(1))
    assert.deepStrictEqual([part.body.state, part.body.lines[0].open], ["partiallyReceived", 0.5])
    const whole = await post(`${path}/receive`, "o-6", arrived(0.6))
    assert.deepStrictEqual(
      [whole.body.state, whole.body.lines[0].received, whole.body.lines[0].over],
      ["received", 1.5, 0.1]
    )
    assert.deepStrictEqual(await incoming(), [[1.6, 0]])
    assert.strictEqual((await post(`${path}/close`, "o-7", { reason: "done" })).body.state, "closed")
    const late = await post(`${path}/receive`, "o-8", arrived(0.1))
    assert.deepInclude(late.body, { status: 409, state: "closed" })
    const read = await get(path)
    assert.deepInclude(read.body, { state: "closed", reason: "done" })
    assert.deepStrictEqual((await get("purchase-orders?state=closed&vendor=grower")).body.items, [read.body])
  })

  it("is canceled in part and as a whole", async () => {
    const { body } = await draft("x-1", 2)
    const path = `purchase-orders/${body.id}`
    const early = await post(`${path}/receive`, "x-2", { lines: [{ line: 1, quantity: 1 }] })
    assert.deepInclude(early.body, { status: 409, state: "draft" })
    await post(`${path}/place`, "x-3")
    const some = await post(`${path}/cancel`, "x-4", { lines: [{ line: 1, quantity: 0.5 }] })
    assert.deepStrictEqual([some.body.state, some.body.lines[0].canceled], ["placed", 0.5])
    const more = await post(`${path}/cancel`, "x-5", { lines: [{ line: 1, quantity: 1.75 }] })
    assert.deepStrictEqual(more.body.lines, [{ line: 1, product: "tea", wanted: 1.75, accepted: 1.5 }])
    const unknown = await post(`${path}/cancel`, "x-6", { lines: [{ line: 2, quantity: 1 }] })
    assert.deepStrictEqual([unknown.status, unknown.body.lines], [404, 1])
    assert.strictEqual((await post(`${path}/cancel`, "x-7", {})).body.state, "canceled")
    assert.strictEqual((await post("purchase-orders/none/place", "x-8")).status, 404)
  })

  it("is written only by who may write the stock where it goes", async () => {
    const token = await server.customer("elsewhere")
    const { id } = (await server.ask("GET", "/api/v1/users/me", { token })).body
    const body = { roles: ["warehouse_manager"], locations: ["depot"] }
    await server.ask("PATCH", `/api/v1/users/${id}`, { token: admin, headers: { "if-match": "*" }, body })
    assert.strictEqual((await draft("m-1", 1, token)).status, 403)
    const { body: order } = await draft("m-2", 1)
    assert.strictEqual((await post(`purchase-orders/${order.id}/place`, "m-3", undefined, token)).status, 403)
  })
})
