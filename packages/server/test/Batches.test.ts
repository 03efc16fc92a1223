// Several writes in one request: each by itself, all or none, or only planned.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { undocumented } from "./Contract.ts"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })
const get = (path: string) => server.ask("GET", `/api/v1/${path}`, { token: admin })

interface Part {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly ifMatch?: string
}

/** Runs a batch, and holds each result against the contract of its own path. */
const run = async (key: string, mode: string, requests: ReadonlyArray<Part>, token = admin) => {
  const reply = await post("batches", key, { mode, requests }, token)
  for (const [index, { status, body }] of (reply.body.results ?? []).entries()) {
    const { method = "", path = "" } = requests[index] ?? {}
    assert.isUndefined(undocumented(method, path, { status, body }))
  }
  return reply
}

const move = (kind: string, quantity: number, location = "shop"): Part => ({
  method: "POST",
  path: "/api/v1/stock-movements",
  body: { lines: [{ kind, product: "tea", location, quantity }] }
})
const transfer = (quantity: number): Part => ({
  method: "POST",
  path: "/api/v1/stock-transfers",
  body: { origin: "shop", destination: "depot", lines: [{ product: "tea", quantity }] }
})
const statuses = (reply: { readonly body: { readonly results: ReadonlyArray<{ readonly status: number }> } }) =>
  reply.body.results.map(({ status }) => status)
const there = async () => {
  const { items } = (await get("inventory?product=tea")).body
  return Object.fromEntries(items.map(({ location, onHand }: Record<string, string>) => [location, onHand]))
}

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) await post("locations", `l-${id}`, { id, name: id })
  await post("products", "p", { id: "tea", sku: "TEA", name: "Tea", unit: { name: "kg", decimals: 2 } })
  await post("stock-movements", "in", {
    lines: [{ kind: "purchase", product: "tea", location: "shop", quantity: 100 }]
  })
})
afterAll(() => server.stop())

describe("a batch of requests that stand by themselves", () => {
  it("answers each as its path does; a refused one stops no other", async () => {
    const requests = [
      move("sale", 1.25),
      move("sale", 999),
      { method: "PUT", path: "/api/v1/thresholds", body: { lines: [{ product: "tea", location: "shop", low: 1 }] } },
      { method: "PATCH", path: "/api/v1/products/tea", body: { name: "Green tea" } },
      { method: "PATCH", path: "/api/v1/products/tea", ifMatch: "*", body: { name: "Green tea" } }
    ]
    const reply = await run("e-1", "each", requests)
    assert.deepStrictEqual([reply.status, statuses(reply)], [200, [201, 409, 200, 428, 200]])
    assert.strictEqual(reply.body.results[0].body.levels[0].onHand, 98.75)
    assert.strictEqual(reply.body.results[1].body.type, "https://onhand.dev/problems/insufficient-stock")
    assert.match(reply.body.results[4].etag, /^"\d+"$/)
    const again = await run("e-1", "each", requests.slice(0, 1))
    assert.deepStrictEqual([again.body.results[0].replayed, again.headers.get("idempotency-replayed")], [true, "true"])
    assert.strictEqual((await there())["shop"], 98.75)
  })

  it("checks of each who may ask it, and takes only what is one command", async () => {
    const limited = await server.user("northerner", ["warehouse_manager"], ["depot" as never])
    const reply = await run("e-2", "each", [move("purchase", 1, "depot"), move("sale", 1)], limited)
    assert.deepStrictEqual(statuses(reply), [201, 403])
    for (const path of [
      "/api/v1/auth/login-json",
      "/api/v1/batches",
      "/api/v1/products/import",
      "/api/v1/users/me",
      "/api/v1/products/../users/me",
      "/api/v1/products/%2e%2e/users/me",
      "/api/v1/orders?limit=1"
    ]) {
      const refused = await run("e-3", "each", [{ method: "PATCH", path, body: {} }])
      assert.deepStrictEqual([refused.status, refused.body.faults?.[0].path], [400, "payload.requests.0.path"], path)
    }
    assert.strictEqual((await server.ask("POST", "/api/v1/batches", { body: { mode: "each" } })).status, 401)
  })
})

describe("a batch that is done as a whole", () => {
  it("is one commit, each on what those before it left, and its key is answered the same", async () => {
    const before = await there()
    const requests = [move("purchase", 5), move("sale", 12), transfer(1)]
    const reply = await run("a-1", "all", requests)
    assert.deepStrictEqual([reply.status, statuses(reply)], [200, [201, 201, 201]])
    assert.strictEqual(reply.body.results[2].body.state, "ready")
    assert.strictEqual((await there())["shop"], before["shop"] - 7)
    const replayed = await run("a-1", "all", requests)
    assert.deepStrictEqual(
      replayed.body.results.map(({ body }: Record<string, unknown>) => body),
      reply.body.results.map(({ body }: Record<string, unknown>) => body)
    )
    assert.strictEqual(replayed.headers.get("idempotency-replayed"), "true")
    assert.strictEqual((await there())["shop"], before["shop"] - 7)
    assert.strictEqual((await run("a-1", "all", [move("purchase", 6)])).status, 422)
  })

  it("does nothing where any of it is refused, by the stock, by its path or by who asks", async () => {
    const before = await there()
    const short = await run("a-2", "all", [move("purchase", 1), move("sale", 500), move("purchase", 1)])
    assert.deepStrictEqual([short.status, short.body.index], [409, 1])
    assert.strictEqual(short.body.refusal.type, "https://onhand.dev/problems/insufficient-stock")
    assert.strictEqual(short.body.refusal.lines[0].wanted, 500)
    const wrong = await run("a-3", "all", [move("purchase", 1), move("purchase", 0.001)])
    assert.deepStrictEqual([wrong.status, wrong.body.index, wrong.body.refusal.status], [409, 1, 400])
    const limited = await server.user("southerner", ["warehouse_manager"], ["depot" as never])
    const refused = await run("a-4", "all", [move("purchase", 1, "depot"), move("purchase", 1)], limited)
    assert.deepStrictEqual([refused.body.index, refused.body.refusal.status], [1, 403])
    const dated = {
      ...move("purchase", 1),
      body: { ...(move("purchase", 1).body as object), occurredAt: "2026-01-01T00:00:00Z" }
    }
    assert.strictEqual((await run("a-5", "all", [dated, move("purchase", 1)])).status, 400)
    assert.deepStrictEqual(await there(), before)
  })
})

describe("a plan", () => {
  it("tells what would be answered and written, and writes nothing", async () => {
    const before = await there()
    const plan = await run("p-1", "plan", [move("sale", 0.5), transfer(2)])
    assert.strictEqual(plan.status, 200, JSON.stringify(plan.body))
    assert.deepStrictEqual(statuses(plan), [201, 201])
    assert.strictEqual(plan.body.results[0].body.levels[0].onHand, before["shop"] - 0.5)
    assert.deepStrictEqual(
      plan.body.movements.map(({ kind, change }: Record<string, unknown>) => [kind, change]),
      [["sale", -0.5]]
    )
    assert.deepStrictEqual(
      plan.body.claims.map(({ kind, quantity, location }: Record<string, unknown>) => [kind, quantity, location]),
      [["committed", 2, "shop"]]
    )
    assert.deepStrictEqual(await there(), before)
    assert.strictEqual((await get(`stock-transfers/${plan.body.results[1].body.id}`)).status, 404)
    const done = await run("p-1", "all", [move("sale", 0.5), transfer(2)])
    assert.strictEqual(done.headers.get("idempotency-replayed"), null)
    assert.deepStrictEqual(done.body.results[0].body, plan.body.results[0].body)
  })

  it("tells of an order what would leave, and why it would not", async () => {
    const token = await server.customer("ann")
    await server.ask("PATCH", "/api/v1/products/tea", {
      token: admin,
      headers: { "if-match": "*" },
      body: { price: { amount: "8.00", currency: "EUR" } }
    })
    await server.ask("POST", "/api/v1/cart/items", { token, body: { product: "tea", quantity: 1 } })
    const { id } = (await post("orders", "o-1", { location: "shop" }, token)).body
    const ship = (body: unknown): Part => ({ method: "POST", path: `/api/v1/orders/${id}/ship`, body })
    const plan = await run("p-2", "plan", [ship({})])
    assert.strictEqual(plan.body.results[0].body.fulfilment, "fulfilled")
    assert.deepStrictEqual(
      plan.body.movements.map(({ kind, quantity }: Record<string, unknown>) => [kind, quantity]),
      [["sale", 1]]
    )
    assert.strictEqual((await get(`orders/${id}`)).body.shipments.length, 0)
    const much = await run("p-3", "plan", [ship({ lines: [{ line: 1, quantity: 2 }] })])
    assert.deepStrictEqual([much.status, much.body.refusal.lines[0].left], [409, 1])
  })
})
