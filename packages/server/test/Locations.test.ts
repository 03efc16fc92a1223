// A location that closes: drained into another, archived once it is empty, and brought back.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, headers: Record<string, string>, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers, body })
const keyed = (key: string) => ({ "idempotency-key": key })
const line = (product: string, quantity: number) => ({ product, location: "kiosk", quantity })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["kiosk", "depot"]) await post("locations", {}, { id, name: id })
  const unit = { name: "kg", decimals: 3 }
  await post("products", {}, { id: "tea", sku: "TEA", name: "Tea", unit })
  await post("products", {}, { id: "mug", sku: "MUG", name: "Mug" })
  const lines = [line("tea", 2.5), line("mug", 3)].map((one) => ({ kind: "purchase", ...one }))
  await post("stock-movements", keyed("in"), { lines })
})
afterAll(() => server.stop())

describe("a location that closes", () => {
  it("is archived only once it is empty; what is claimed stays until it is let go of", async () => {
    const held = await post("claims", keyed("hold"), { lines: [line("tea", 0.75)], seconds: 600 })
    const full = await post("locations/kiosk/archive", {})
    assert.strictEqual(full.status, 409)
    assert.deepStrictEqual(full.body.left, [
      { product: "mug", onHand: 3, reserved: 0 },
      { product: "tea", onHand: 2.5, reserved: 0.75 }
    ])

    const drained = await post("locations/kiosk/drain", keyed("drain-1"), { destination: "depot" })
    assert.strictEqual(drained.status, 200)
    const moved = (product: string, quantity: number) => ({ product, lot: "", condition: "sellable", quantity })
    assert.deepStrictEqual(drained.body, {
      moved: [moved("mug", 3), moved("tea", 1.75)],
      claimed: [{ product: "tea", lot: "", held: 0.75, committed: 0 }],
      next: null
    })
    const again = await post("locations/kiosk/drain", keyed("drain-1"), { destination: "depot" })
    assert.deepStrictEqual([again.headers.get("idempotency-replayed"), again.body], ["true", drained.body])
    await post("claims/release", keyed("release"), { location: "kiosk", claims: held.body.claims })
    const rest = await post("locations/kiosk/drain", keyed("drain-2"), { destination: "depot" })
    assert.deepStrictEqual(rest.body.moved, [moved("tea", 0.75)])

    const archived = await post("locations/kiosk/archive", {})
    assert.deepStrictEqual([archived.status, archived.body.status], [200, "archived"])
    const late = await post("stock-movements", keyed("late"), { lines: [{ kind: "purchase", ...line("mug", 1) }] })
    assert.deepStrictEqual([late.status, late.body.type], [409, "https://onhand.dev/problems/location-inactive"])
    const levels = await server.ask("GET", "/api/v1/inventory?location=depot", { token: admin })
    assert.deepStrictEqual(
      levels.body.items.map(({ product, onHand }: Record<string, unknown>) => [product, onHand]),
      [
        ["mug", 3],
        ["tea", 2.5]
      ]
    )
    const restored = await post("locations/kiosk/restore", {})
    assert.strictEqual(restored.body.status, "active")
  })

  it("is drained into another one that exists, by who may write the stock at both", async () => {
    const drain = (destination: string, token = admin) =>
      post("locations/depot/drain", keyed(`to-${destination}-${token === admin}`), { destination }, token)
    assert.strictEqual((await drain("depot")).status, 400)
    assert.strictEqual((await drain("none")).status, 404)
    const clerk = await server.user("clerk", ["warehouse_manager"], ["depot"])
    const refused = await drain("kiosk", clerk)
    assert.deepStrictEqual([refused.status, refused.body.location], [403, "kiosk"])
  })
})
