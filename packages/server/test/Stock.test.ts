// Stock as it was: at a business time, and as it was known at a time.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const move = (key: string, kind: string, quantity: number, occurredAt: string, lot = "") =>
  server.ask("POST", "/api/v1/stock-movements", {
    token: admin,
    headers: { "idempotency-key": key },
    body: { lines: [{ kind, product: "tea", location: "shop", quantity, lot }], occurredAt }
  })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "shop", name: "shop" } })
  const unit = { name: "kg", decimals: 3 }
  await server.ask("POST", "/api/v1/products", { token: admin, body: { id: "tea", sku: "TEA", name: "Tea", unit } })
  await move("in", "purchase", 10.5, "2026-01-10T00:00:00Z")
  await move("out", "sale", 4, "2026-02-10T00:00:00Z")
  await move("bad", "damaged", 0.5, "2026-03-10T00:00:00Z")
})
afterAll(() => server.stop())

const levels = async (query: string) => {
  const { status, body } = await server.ask("GET", `/api/v1/inventory?product=tea&${query}`, { token: admin })
  assert.strictEqual(status, 200)
  return body.items
}

describe("stock levels", () => {
  it("are those of now, or of a business time", async () => {
    assert.deepInclude((await levels(""))[0], { onHand: 6.5, sellable: 6, damaged: 0.5, available: 6 })
    const place = { product: "tea", location: "shop" }
    const then = async (time: string) => (await levels(`as_of=${time}`))[0]
    assert.deepStrictEqual(await then("2026-01-09T23:59:59.999Z"), { ...place, onHand: 0, sellable: 0 })
    assert.deepStrictEqual(await then("2026-01-10T01:00:00%2B01:00"), { ...place, onHand: 10.5, sellable: 10.5 })
    assert.deepStrictEqual(await then("2026-03-01T00:00:00Z"), { ...place, onHand: 6.5, sellable: 6.5 })
    assert.deepStrictEqual(await then("2026-03-10T00:00:00Z"), { ...place, onHand: 6.5, sellable: 6 })
  })

  it("are those that were known at a time, of that or of an earlier time", async () => {
    const [before] = await levels("known_at=2026-03-01T00:00:00Z")
    assert.strictEqual(before.onHand, 0, "nothing was recorded by then")
    const now = new Date().toISOString()
    assert.strictEqual((await levels(`known_at=${now}`))[0].onHand, 6.5)
    assert.strictEqual((await levels(`known_at=${now}&as_of=2026-02-01T00:00:00Z`))[0].onHand, 10.5)
    const wrong = await server.ask("GET", "/api/v1/inventory?as_of=yesterday", { token: admin })
    assert.deepStrictEqual([wrong.status, wrong.body.faults[0].path], [400, "query.as_of"])
  })
})
