// Reversing what should not have been recorded, and rebuilding sums that somebody changed, over HTTP.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })
const get = (path: string) => server.ask("GET", `/api/v1/${path}`, { token: admin })
const bought = (quantity: number) => ({ kind: "purchase", product: "tea", location: "shop", quantity })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) await post("locations", `l-${id}`, { id, name: id })
  await post("products", "p", { id: "tea", sku: "TEA", name: "Tea", unit: { name: "kg", decimals: 3 } })
})
afterAll(() => server.stop())

describe("a movement over HTTP", () => {
  it("is reversed once, and the ledger keeps both", async () => {
    await post("stock-movements", "m-1", { lines: [bought(2.5)] })
    const [movement] = (await get("stock-movements")).body.items
    const wrong = { location: "shop", reason: "Booked twice" }
    const reversed = await post(`stock-movements/${movement.id}/reverse`, "r-1", wrong)
    assert.deepStrictEqual(
      [reversed.status, reversed.body.levels],
      [201, [{ product: "tea", location: "shop", lot: "", onHand: 0, available: 0 }]]
    )
    const replayed = await post(`stock-movements/${movement.id}/reverse`, "r-1", wrong)
    assert.deepStrictEqual([replayed.body, replayed.headers.get("idempotency-replayed")], [reversed.body, "true"])
    const kinds = (await get("stock-movements")).body.items.map(({ kind, change, reason }: Record<string, unknown>) => [
      kind,
      change,
      reason
    ])
    assert.deepStrictEqual(kinds, [
      ["reversal", -2.5, "Booked twice"],
      ["purchase", 2.5, null]
    ])
    const twice = await post(`stock-movements/${movement.id}/reverse`, "r-2", wrong)
    assert.deepStrictEqual([twice.status, twice.body.because], [409, "reversed"])
  })

  it("is not reversed where what it brought is gone, where it is not, or by a customer", async () => {
    await post("stock-movements", "m-2", { lines: [bought(1)] })
    const [{ id }] = (await get("stock-movements")).body.items
    await post("stock-movements", "m-3", { lines: [{ ...bought(0.25), kind: "sale" }] })
    const short = await post(`stock-movements/${id}/reverse`, "r-3", { location: "shop" })
    assert.deepStrictEqual([short.status, short.body.lines[0].wanted, short.body.lines[0].available], [409, 1, 0.75])
    assert.strictEqual((await post(`stock-movements/${id}/reverse`, "r-4", { location: "depot" })).status, 404)
    assert.strictEqual((await post("stock-movements/9-9-9/reverse", "r-5", { location: "shop" })).status, 404)
    assert.strictEqual((await post("stock-movements/any/reverse", "r-6", { location: "shop" })).status, 400)
    const ann = await server.customer("ann")
    assert.strictEqual((await post(`stock-movements/${id}/reverse`, "r-7", { location: "shop" }, ann)).status, 403)
  })
})

describe("a rebuild over HTTP", () => {
  it("says that sound books are sound, and is the administrator's alone", async () => {
    const rebuilt = await server.ask("POST", "/api/v1/inventory/rebuild", { token: admin })
    assert.deepStrictEqual(
      [rebuilt.status, rebuilt.body],
      [200, { sound: true, repaired: [], forgotten: [], left: [] }]
    )
    const manager = await server.user("manager", ["warehouse_manager"])
    assert.strictEqual((await server.ask("POST", "/api/v1/inventory/rebuild", { token: manager })).status, 403)
  })
})
