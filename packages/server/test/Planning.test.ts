// Policies, forecasts and what to order over HTTP, for a shop that sells one product every week and another hardly.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

const WEEK = 7 * 24 * 60 * 60 * 1_000
const WEEKS = 30
const from = Date.now() - WEEKS * WEEK

let server: TestServer
let admin: string
let vendor: string

const ask = (method: string, path: string, body: unknown = undefined, key = "", token = admin) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers: key === "" ? {} : { "idempotency-key": key } })

const move = (kind: string, product: string, quantity: number, at: number) =>
  ask(
    "POST",
    "stock-movements",
    { lines: [{ kind, product, location: "shop", quantity }], occurredAt: new Date(at).toISOString() },
    `${kind}-${product}-${at}`
  )

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) await ask("POST", "locations", { id, name: id })
  const unit = { name: "kg", decimals: 3 }
  for (const id of ["tea", "salt"]) {
    await ask("POST", "products", { id, sku: id, name: id, unit, price: { amount: "5.00", currency: "EUR" } })
    await move("purchase", id, 300, from)
  }
  for (let week = 0; week < WEEKS; week++) {
    await move("sale", "tea", 9 + (week % 2), from + week * WEEK + 1)
    if (week % 10 === 0) await move("sale", "salt", 0.5, from + week * WEEK + 2)
  }
  vendor = (await ask("POST", "vendors", { name: "Leaf & Co" })).body.id
  await ask("PUT", `vendors/${vendor}/products`, {
    lines: [{ product: "tea", pack: 12, minimum: 24, primary: true, leadTimeDays: 7 }]
  })
})
afterAll(() => server.stop())

const roleOf = async (name: string, roles: ReadonlyArray<string>, locations: ReadonlyArray<string> | null) => {
  const token = await server.customer(name)
  const { id } = (await ask("GET", "users/me", undefined, "", token)).body
  await server.ask("PATCH", `/api/v1/users/${id}`, {
    token: admin,
    headers: { "if-match": "*" },
    body: { roles, locations }
  })
  return token
}

describe("reorder policies over HTTP", () => {
  it("are set for a place or a class, and listed", async () => {
    const place = { product: "salt", location: "depot" }
    const set = await ask("PUT", "reorder-policies", {
      lines: [
        { ...place, leadDays: [3, 5], target: { kind: "threshold", units: 2.5 } },
        { abc: "A", reviewDays: 14 }
      ]
    })
    assert.strictEqual(set.status, 200)
    assert.deepInclude(set.body.items[0], { ...place, abc: null, leadDays: [3, 5], reviewDays: null, version: 1 })
    assert.deepInclude(set.body.items[1], { product: null, abc: "A", reviewDays: 14 })
    assert.notProperty(set.body.items[0], "id")
    const listed = await ask("GET", "reorder-policies?product=salt")
    assert.deepStrictEqual(listed.body.items, [set.body.items[0]])
    const wrong = await ask("PUT", "reorder-policies", { lines: [{ ...place, alertRisk: 1.5 }] })
    assert.strictEqual(wrong.status, 400)
    const unknown = await ask("PUT", "reorder-policies", { lines: [{ product: "none", location: "shop" }] })
    assert.strictEqual(unknown.status, 404)
    await ask("PUT", "reorder-policies", { lines: [place, { abc: "A" }] })
  })

  it("of a class are set by nobody who is limited to some locations", async () => {
    const depot = await roleOf("depot-manager", ["warehouse_manager"], ["depot"])
    const set = (line: unknown) => ask("PUT", "reorder-policies", { lines: [line] }, "", depot)
    assert.strictEqual((await set({ abc: "B", reviewDays: 1 })).status, 403)
    assert.strictEqual((await set({ product: "tea", location: "shop" })).status, 403)
    assert.strictEqual((await set({ product: "tea", location: "depot" })).status, 200)
  })
})

describe("forecasts over HTTP", () => {
  it("say what will probably be asked for, to partners too", async () => {
    const partner = await roleOf("partner", ["retail_partner"], null)
    const { status, body } = await ask("GET", "forecasts/tea?horizon=4", undefined, "", partner)
    assert.strictEqual(status, 200)
    const [forecast] = body.items
    assert.deepInclude(forecast, { product: "tea", location: "shop", every: "week" })
    assert.strictEqual(forecast.expected.mean.length, 4)
    assert.closeTo(forecast.expected.total.mean, 4 * 9.5, 4)
    assert.isBelow(forecast.expected.total.lower, forecast.expected.total.upper)
    assert.isNull(forecast.expected.error)
    const tried = await ask("GET", "forecasts/tea?backtest=true&closed=sun,2026-12-25&time_zone=Europe/Berlin")
    assert.isAbove(tried.body.items[0].expected.error.trials, 0)
    assert.deepStrictEqual((await ask("GET", "forecasts/tea?location=depot")).body.items, [])
  })

  it("refuse what they do not understand", async () => {
    const fault = async (query: string) => (await ask("GET", `forecasts/tea?${query}`)).body.faults[0].path
    assert.strictEqual(await fault("time_zone=Moon/Sea"), "query.time_zone")
    assert.strictEqual(await fault("closed=someday"), "query.closed")
    assert.strictEqual(await fault("since=2026-02-31"), "query.since")
    assert.strictEqual(await fault("since=2100-01-01"), "query.since")
    assert.strictEqual((await ask("GET", "forecasts/none")).status, 404)
    const customer = await server.customer("customer")
    assert.strictEqual((await ask("GET", "forecasts/tea", undefined, "", customer)).status, 403)
  })
})

describe("replenishment over HTTP", () => {
  it("says what to order and why, and makes drafts once", async () => {
    const all = await ask("POST", "replenishment", { all: true }, "plan-1")
    assert.strictEqual(all.status, 200)
    assert.deepInclude(all.body, { planned: 2, ordered: 1, drafts: [], unsold: 0 })
    const [tea, salt] = all.body.items
    assert.deepInclude(tea, { product: "tea", location: "shop", class: "A", vendor })
    assert.deepStrictEqual(tea.stock, { onHand: 15, onOrder: 0, reserved: 0 })
    assert.strictEqual(tea.order % 12, 0)
    assert.isAtLeast(tea.reasons.length, 4)
    assert.deepInclude(salt, { product: "salt", order: 0, vendor: null, alert: false })

    const drafted = await ask("POST", "replenishment", { draft: true }, "plan-2")
    assert.strictEqual(drafted.body.items.length, 1)
    const [draft] = drafted.body.drafts
    assert.deepInclude(draft, { vendor, destination: "shop", lines: 1, made: true })
    const order = await ask("GET", `purchase-orders/${draft.purchaseOrder}`)
    assert.deepInclude(order.body, { state: "draft", vendor, destination: "shop" })
    assert.strictEqual(order.body.lines[0].ordered, tea.order)
    for (const key of ["plan-2", "plan-3"]) {
      const again = await ask("POST", "replenishment", { draft: true }, key)
      assert.deepStrictEqual(again.body.drafts, [{ ...draft, made: false }])
    }
  })

  it("drafts once where two servers get the same request at once", async () => {
    const drafts = async () => (await ask("GET", "purchase-orders?state=draft")).body.items
    for (const { id } of await drafts()) await ask("POST", `purchase-orders/${id}/cancel`, {}, `cancel-${id}`)
    const other = server.another()
    const request = { token: admin, headers: { "idempotency-key": "twin" }, body: { draft: true } }
    const replies = await Promise.all([server, other].map(({ ask }) => ask("POST", "/api/v1/replenishment", request)))
    assert.deepStrictEqual(
      replies.map(({ status }) => status),
      [200, 200]
    )
    const [draft, ...more] = await drafts()
    assert.deepStrictEqual(more, [])
    const told = replies.flatMap(({ body }) => body.drafts)
    for (const { purchaseOrder } of told) assert.strictEqual(purchaseOrder, draft.id)
    await other.stop()
  })

  it("plans and drafts only where the caller may write the stock, and knows what it is asked for", async () => {
    const clerk = await roleOf("depot-clerk", ["warehouse_manager"], ["depot"])
    const planned = await ask("POST", "replenishment", { draft: true }, "c-1", clerk)
    // What there is to order is elsewhere.
    assert.deepStrictEqual([planned.body.ordered, planned.body.drafts], [0, []])
    assert.strictEqual((await ask("POST", "replenishment", { location: "none" }, "c-2")).status, 404)
    assert.strictEqual((await ask("POST", "replenishment", { product: "none" }, "c-3")).status, 404)
    const partner = await roleOf("partner-2", ["retail_partner"], null)
    assert.strictEqual((await ask("POST", "replenishment", {}, "c-4", partner)).status, 403)
    const keyless = await ask("POST", "replenishment", {})
    assert.deepStrictEqual([keyless.status, keyless.body.faults[0].path], [400, "headers.idempotency-key"])
  })
})
