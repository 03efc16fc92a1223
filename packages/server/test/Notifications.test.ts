// Notifications over HTTP: listed, taken in hand, put off and resolved, by those who may, where they may.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const ask = (method: string, path: string, body?: unknown, token = admin, headers: Record<string, string> = {}) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers })
const move = (key: string, kind: string, quantity: number) =>
  ask("POST", "stock-movements", { lines: [{ kind, product: "tea", location: "shop", quantity }] }, admin, {
    "idempotency-key": key
  })
const listed = async (query = "") => (await ask("GET", `notifications${query}`)).body.items

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["depot", "shop"]) await ask("POST", "locations", { id, name: id })
  await ask("POST", "products", { id: "tea", sku: "TEA", name: "Tea", unit: { name: "kg", decimals: 3 } })
  await move("in", "purchase", 10)
  const line = { product: "tea", location: "shop", low: 2.5, high: 20, clearHigh: 15 }
  const { body } = await ask("PUT", "thresholds", { lines: [line] })
  assert.deepInclude(body.items[0], { low: 2.5, clear: 2.501, high: 20, clearHigh: 15, raisedAt: null })
})
afterAll(() => server.stop())

/** A manager who may only do something at one location. */
const managerOf = async (location: string) => {
  const token = await server.customer(`manager-${location}`)
  const { id } = (await ask("GET", "users/me", undefined, token)).body
  const body = { roles: ["warehouse_manager"], locations: [location] }
  await ask("PATCH", `users/${id}`, body, admin, { "if-match": "*" })
  return token
}

describe("notifications over HTTP", () => {
  it("are listed by state, kind and place, with quantities in the product's unit", async () => {
    await move("out", "sale", 8)
    const items = await listed("?state=open&kind=lowStock&location=shop&product=tea")
    assert.strictEqual(items.length, 1)
    assert.deepInclude(items[0], { kind: "lowStock", product: "tea", location: "shop", available: 2, limit: 2.5 })
    const one = await ask("GET", `notifications/${items[0].id}`)
    assert.deepStrictEqual(one.body, items[0])
    const known = { "if-none-match": one.headers.get("etag") ?? "" }
    assert.strictEqual((await ask("GET", `notifications/${items[0].id}`, undefined, admin, known)).status, 304)
    assert.deepStrictEqual(await listed("?kind=overstock"), [])
    assert.strictEqual((await ask("GET", "notifications?state=new")).status, 400)
  })

  it("are acknowledged, put off and resolved, each once a key, and in a state that allows it", async () => {
    const [{ id }] = await listed("?state=open")
    const key = { "idempotency-key": "mine" }
    const taken = await ask("POST", `notifications/${id}/read`, undefined, admin, key)
    assert.deepStrictEqual([taken.status, taken.body.state, taken.headers.get("etag")], [200, "acknowledged", '"2"'])
    const again = await ask("POST", `notifications/${id}/read`, undefined, admin, key)
    assert.deepStrictEqual([again.body, again.headers.get("idempotency-replayed")], [taken.body, "true"])
    assert.strictEqual((await ask("POST", `notifications/${id}/read`)).status, 409)
    const snoozed = await ask("POST", `notifications/${id}/snooze`, { minutes: 60 })
    assert.strictEqual(snoozed.body.state, "snoozed")
    assert.strictEqual(Date.parse(snoozed.body.snoozedUntil) - Date.parse(snoozed.body.updatedAt), 3_600_000)
    for (const minutes of [0, 1.5, 200_000])
      assert.strictEqual((await ask("POST", `notifications/${id}/snooze`, { minutes })).status, 400)
    const resolved = await ask("POST", `notifications/${id}/resolve`)
    assert.deepStrictEqual([resolved.body.state, resolved.body.snoozedUntil], ["resolved", null])
    const late = await ask("POST", `notifications/${id}/snooze`, { minutes: 1 })
    assert.deepStrictEqual([late.status, late.body.state], [409, "resolved"])
    assert.strictEqual((await ask("POST", "notifications/none/resolve")).status, 404)
  })

  it("are for managers, and those of other locations cannot be touched", async () => {
    await move("in-2", "purchase", 20)
    const [{ id }] = await listed("?kind=overstock")
    const depot = await managerOf("depot")
    assert.strictEqual((await ask("GET", "notifications", undefined, depot)).status, 200)
    assert.strictEqual((await ask("POST", `notifications/${id}/read`, undefined, depot)).status, 403)
    assert.strictEqual((await ask("POST", `notifications/${id}/read`, undefined, await managerOf("shop"))).status, 200)
    const customer = await server.customer("ann")
    assert.strictEqual((await ask("GET", "notifications", undefined, customer)).status, 403)
    assert.strictEqual((await ask("POST", `notifications/${id}/resolve`, undefined, customer)).status, 403)
  })

  it("refuse a rule whose overstock could never end", async () => {
    const line = { product: "tea", location: "shop", low: 1, high: 5, clearHigh: 5 }
    const refused = await ask("PUT", "thresholds", { lines: [line] })
    assert.strictEqual(refused.status, 400)
    assert.deepInclude(refused.body, { low: 1, clear: 1.001, high: 5, clearHigh: 5 })
  })
})
