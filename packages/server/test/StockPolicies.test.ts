// What may be promised beyond what is there, over HTTP: set, listed, refused, and not eaten up elsewhere.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const ask = (method: string, path: string, body: unknown = undefined, key = "", token = admin) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers: key === "" ? {} : { "idempotency-key": key } })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) await ask("POST", "locations", { id, name: id })
  const unit = { name: "kg", decimals: 3 }
  await ask("POST", "products", {
    id: "tea",
    sku: "tea",
    name: "Tea",
    unit,
    price: { amount: "5.00", currency: "EUR" }
  })
  await ask("POST", "products", { id: "milk", sku: "milk", name: "Milk", lotTracked: true })
  const line = { kind: "purchase", product: "tea", location: "depot", quantity: 4 }
  await ask("POST", "stock-movements", { lines: [line] }, "stock")
})
afterAll(() => server.stop())

const place = { product: "tea", location: "shop" }
const set = (line: unknown, token = admin) => ask("PUT", "stock-policies", { lines: [line] }, "", token)
const hold = (quantity: number, key: string) =>
  ask("POST", "claims", { lines: [{ ...place, quantity }], seconds: 600 }, key)

describe("stock policies over HTTP", () => {
  it("let so much be promised, and not take it from another location", async () => {
    assert.strictEqual((await hold(1, "early")).status, 409)
    const { status, body } = await set({ ...place, floor: -2.5 })
    assert.strictEqual(status, 200)
    assert.deepStrictEqual(body.items, [{ ...place, floor: -2.5, backorders: false, version: 1 }])
    assert.deepStrictEqual((await ask("GET", "stock-policies?product=tea")).body.items, body.items)
    assert.strictEqual((await hold(2, "owed")).status, 201)
    const refused = await hold(1, "more")
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(refused.body.lines[0], { wanted: 1, available: 0.5 })
    const product = (await ask("GET", "products/tea")).body
    assert.strictEqual(product.available, 4)
    const levels = product.stock.map(({ location, available }: Record<string, unknown>) => [location, available])
    assert.deepStrictEqual(levels, [
      ["depot", 4],
      ["shop", -2]
    ])
    const listed = (await ask("GET", "products?search=tea")).body.items[0]
    assert.strictEqual(listed.available, 4)
  })

  it("are refused in the units of the product while more is promised, and say what is accepted", async () => {
    const refused = await set({ ...place, floor: -1 })
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(refused.body, { ...place, floor: -1, available: -2 })
    assert.match(refused.body.type, /floor-passed$/)
    assert.match(refused.body.detail, /-2 are available/)
    const lots = await set({ product: "milk", location: "shop", floor: -1 })
    assert.match(lots.body.type, /floor-of-lots$/)
    const positive = await set({ ...place, floor: 1 })
    assert.deepStrictEqual([positive.status, positive.body.faults[0].path], [400, "payload.lines.0.floor"])
    assert.strictEqual((await set({ ...place, floor: -0.0001 })).status, 400)
    assert.strictEqual((await set({ ...place, product: "none" })).status, 404)
  })

  it("are set by who may set thresholds, and read by whoever may read stock", async () => {
    const customer = await server.customer("ann")
    assert.strictEqual((await set({ ...place, floor: -9 }, customer)).status, 403)
    assert.strictEqual((await ask("GET", "stock-policies", undefined, "", customer)).status, 200)
  })
})
