// A count over HTTP: blind while it is under way, posted once, and only where one may write stock.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })

const move = (key: string, kind: string, quantity: number) =>
  post("stock-movements", key, { lines: [{ kind, product: "tea", location: "shop", quantity }] })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["depot", "shop"]) {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
  }
  const unit = { name: "kg", decimals: 3 }
  for (const id of ["tea", "jam"]) {
    await server.ask("POST", "/api/v1/products", { token: admin, body: { id, sku: id, name: id, unit } })
  }
  await move("tea", "purchase", 10)
})
afterAll(() => server.stop())

const onHand = async () => {
  const { body } = await server.ask("GET", "/api/v1/inventory?product=tea&location=shop", { token: admin })
  return body.items[0].onHand
}

/** A manager who may only write stock at one location. */
const managerOf = async (location: string) => {
  const token = await server.customer(`manager-${location}`)
  const { id } = (await server.ask("GET", "/api/v1/users/me", { token })).body
  await server.ask("PATCH", `/api/v1/users/${id}`, {
    token: admin,
    headers: { "if-match": "*" },
    body: { roles: ["warehouse_manager"], locations: [location] }
  })
  return token
}

describe("a count over HTTP", () => {
  it("hides what the books expect until the counting has ended, and posts the difference", async () => {
    const planned = { location: "shop", blind: true, lines: [{ product: "tea" }] }
    const opened = await post("stock-counts", "c-1", planned)
    assert.deepStrictEqual([opened.status, opened.headers.get("etag")], [201, '"1"'])
    assert.deepInclude(opened.body, { state: "counting", location: "shop", policy: "rebase", name: "" })
    const again = await post("stock-counts", "c-1", planned)
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    const path = `stock-counts/${opened.body.id}`

    const noted = await post(`${path}/lines`, "c-1-tea", { lines: [{ product: "tea", quantity: 9.25 }] })
    const hidden = { line: 1, product: "tea", counted: 9.25, expected: null, difference: null }
    assert.deepInclude(noted.body.lines[0], hidden)
    // Only what was noted is told, not the whole sheet.
    const more = await post(`${path}/lines`, "c-1-jam", { lines: [{ product: "jam", quantity: 0 }] })
    assert.deepStrictEqual(
      more.body.lines.map(({ line, product }: Record<string, unknown>) => [line, product]),
      [[2, "jam"]]
    )
    const read = await server.ask("GET", `/api/v1/${path}`, { token: admin })
    assert.deepStrictEqual([read.body.lines.length, read.headers.get("etag")], [2, more.headers.get("etag")])
    assert.deepInclude(read.body.lines[0], hidden)
    const listed = await server.ask("GET", "/api/v1/stock-counts?state=counting", { token: admin })
    assert.deepStrictEqual(listed.body.items, [read.body])

    await move("sold", "sale", 2)
    const ended = await post(`${path}/finish`, "c-1-end", {})
    assert.strictEqual(ended.body.state, "counted")
    assert.deepInclude(ended.body.lines[0], { counted: 9.25, expected: 10, difference: -0.75 })
    const approved = await post(`${path}/approve`, "c-1-ok", { reasons: [{ line: 1, reason: "spilled" }] })
    assert.deepStrictEqual([approved.body.state, approved.body.lines[0].reason], ["approved", "spilled"])
    const posted = await post(`${path}/post`, "c-1-post")
    assert.deepStrictEqual([posted.status, posted.body.state], [200, "posted"])
    assert.strictEqual((await post(`${path}/post`, "c-1-post")).headers.get("idempotency-replayed"), "true")
    assert.strictEqual(await onHand(), 7.25)
    const ledger = await server.ask("GET", "/api/v1/stock-movements?kind=count_adjustment", { token: admin })
    assert.deepInclude(ledger.body.items[0], { change: -0.75, reason: "spilled" })
    const last = await server.ask("GET", `/api/v1/${path}`, { token: admin })
    const known = { "if-none-match": last.headers.get("etag") ?? "" }
    assert.strictEqual((await server.ask("GET", `/api/v1/${path}`, { token: admin, headers: known })).status, 304)
  })

  it("is planned as a draft, started, counted again, and given up", async () => {
    const { body } = await post("stock-counts", "c-2", { location: "shop", draft: true, lines: [{ product: "jam" }] })
    const path = `stock-counts/${body.id}`
    const early = await post(`${path}/lines`, "c-2-early", { lines: [{ product: "jam", quantity: 1 }] })
    assert.strictEqual(early.status, 409)
    assert.deepInclude(early.body, { state: "draft", accepted: ["counting"] })
    assert.strictEqual((await post(`${path}/start`, "c-2-start")).body.state, "counting")
    const incomplete = await post(`${path}/finish`, "c-2-end", {})
    assert.deepStrictEqual(
      [incomplete.status, incomplete.body.type, incomplete.body.lines],
      [409, "https://onhand.dev/problems/count-incomplete", [{ line: 1, product: "jam", lot: "" }]]
    )
    const zero = await post(`${path}/finish`, "c-2-zero", { uncounted: "zero" })
    assert.deepInclude(zero.body.lines[0], { counted: 0, expected: 0, difference: 0 })
    const unknown = await post(`${path}/recount`, "c-2-none", { lines: [2] })
    assert.deepStrictEqual([unknown.status, unknown.body.lines], [404, 1])
    const sentBack = await post(`${path}/recount`, "c-2-again", { lines: [1] })
    assert.deepStrictEqual([sentBack.body.state, sentBack.body.lines[0].counted], ["counting", null])
    assert.strictEqual((await post(`${path}/cancel`, "c-2-cancel")).body.state, "canceled")
    const listed = await server.ask("GET", "/api/v1/stock-counts?location=shop&state=canceled", { token: admin })
    assert.deepStrictEqual(
      listed.body.items.map(({ id }: { readonly id: string }) => id),
      [body.id]
    )
  })

  it("refuses what moved where it must not, what is claimed, and what is no quantity", async () => {
    const strict = await post("stock-counts", "c-3", {
      location: "shop",
      policy: "reject",
      lines: [{ product: "tea" }]
    })
    const path = `stock-counts/${strict.body.id}`
    for (const quantity of [-1, 0.0005]) {
      const reply = await post(`${path}/lines`, `c-3-${quantity}`, { lines: [{ product: "tea", quantity }] })
      assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.lines.0.quantity"])
    }
    await post(`${path}/lines`, "c-3-tea", { lines: [{ product: "tea", quantity: 1 }] })
    await post(`${path}/finish`, "c-3-end", {})
    await post(`${path}/approve`, "c-3-ok", {})
    await move("more", "purchase", 1)
    const stale = await post(`${path}/post`, "c-3-post")
    assert.deepStrictEqual([stale.status, stale.body.lines[0].product], [409, "tea"])
    assert.strictEqual(stale.body.type, "https://onhand.dev/problems/count-stale")

    const rebased = await post("stock-counts", "c-4", { location: "shop" })
    const other = `stock-counts/${rebased.body.id}`
    await post(`${other}/lines`, "c-4-tea", { lines: [{ product: "tea", quantity: 0 }] })
    await post(`${other}/finish`, "c-4-end", {})
    await post(`${other}/approve`, "c-4-ok", {})
    const line = { product: "tea", quantity: 3 }
    await post("stock-transfers", "c-4-claim", { origin: "shop", destination: "depot", lines: [line] })
    const claimed = await post(`${other}/post`, "c-4-post")
    assert.strictEqual(claimed.status, 409)
    assert.deepInclude(claimed.body.lines[0], { product: "tea", wanted: 8.25, available: 5.25 })
    assert.strictEqual((await post("stock-counts/none/start", "c-5")).status, 404)
    assert.strictEqual((await server.ask("POST", `/api/v1/${other}/cancel`, { token: admin })).status, 400)
  })

  it("is worked on by who may write the stock at its location", async () => {
    const [depot, shop] = [await managerOf("depot"), await managerOf("shop")]
    assert.strictEqual((await post("stock-counts", "m-1", { location: "shop" }, depot)).status, 403)
    const { body } = await post("stock-counts", "m-2", { location: "shop" }, shop)
    const path = `stock-counts/${body.id}`
    const lines = { lines: [{ product: "tea", quantity: 1 }] }
    assert.strictEqual((await post(`${path}/lines`, "m-3", lines, depot)).status, 403)
    assert.strictEqual((await post(`${path}/lines`, "m-4", lines, shop)).status, 200)
    for (const [verb, payload] of Object.entries({ finish: {}, recount: {}, approve: {}, post: undefined })) {
      assert.strictEqual((await post(`${path}/${verb}`, `m-5-${verb}`, payload, depot)).status, 403)
    }
    assert.strictEqual((await post(`${path}/cancel`, "m-6", undefined, await server.customer("ann"))).status, 403)
    assert.strictEqual((await post(`${path}/cancel`, "m-7", undefined, shop)).status, 200)
  })
})
