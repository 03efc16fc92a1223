// A transfer over HTTP, from the depot to the shop: in the product's units, once a key, and only where one may.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const keyed = (key: string) => ({ "idempotency-key": key })

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: keyed(key), body })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["depot", "shop"]) {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
  }
  const unit = { name: "kg", decimals: 3 }
  await server.ask("POST", "/api/v1/products", { token: admin, body: { id: "tea", sku: "TEA", name: "Tea", unit } })
  await post("stock-movements", "tea", {
    lines: [{ kind: "purchase", product: "tea", location: "depot", quantity: 10 }]
  })
})
afterAll(() => server.stop())

const tea = (quantity: number) => ({
  origin: "depot",
  destination: "shop",
  lines: [{ product: "tea", quantity }]
})

const levels = async () => {
  const { body } = await server.ask("GET", "/api/v1/inventory?product=tea", { token: admin })
  return Object.fromEntries(
    body.items.map(({ location, onHand, available, incoming }: Record<string, unknown>) => [
      location,
      [onHand, available, incoming]
    ])
  )
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

describe("a transfer over HTTP", () => {
  it("is created once, sent, received in parts and closed short, in the product's unit", async () => {
    const created = await post("stock-transfers", "t-1", tea(2.5))
    assert.strictEqual(created.status, 201)
    assert.strictEqual(created.headers.get("etag"), '"1"')
    assert.deepInclude(created.body, { state: "ready", origin: "depot", destination: "shop", reason: null })
    assert.deepInclude(created.body.lines[0], { line: 1, product: "tea", lot: null, quantity: 2.5, shipped: 0 })
    assert.notProperty(created.body.lines[0], "claims")
    const again = await post("stock-transfers", "t-1", tea(2.5))
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.strictEqual(again.body.id, created.body.id)
    assert.deepStrictEqual(await levels(), { depot: [10, 7.5, 0] })

    const path = `stock-transfers/${created.body.id}`
    const sent = await post(`${path}/dispatch`, "t-1-sent")
    assert.deepStrictEqual([sent.status, sent.body.state, sent.body.lines[0].open], [200, "inTransit", 2.5])
    assert.deepStrictEqual(await levels(), { depot: [7.5, 7.5, 0], shop: [0, 0, 2.5] })

    const lines = [
      { line: 1, quantity: 1.25 },
      { line: 1, quantity: 0.25, condition: "damaged" }
    ]
    const part = await post(`${path}/receive`, "t-1-part", { lines })
    assert.deepStrictEqual(
      [part.body.state, part.body.lines[0].received, part.body.lines[0].damaged, part.body.lines[0].open],
      ["partiallyReceived", 1.25, 0.25, 1]
    )
    const closed = await post(`${path}/close-short`, "t-1-closed", { reason: "torn bag" })
    assert.deepStrictEqual(
      [closed.body.state, closed.body.reason, closed.body.lines[0].lost],
      ["closedShort", "torn bag", 1]
    )
    assert.deepStrictEqual(await levels(), { depot: [7.5, 7.5, 0], shop: [1.5, 1.25, 0] })
    const read = await server.ask("GET", `/api/v1/${path}`, { token: admin })
    assert.deepStrictEqual(read.body, closed.body)
    const known = { "if-none-match": read.headers.get("etag") ?? "" }
    assert.strictEqual((await server.ask("GET", `/api/v1/${path}`, { token: admin, headers: known })).status, 304)
  })

  it("is planned as a draft, made ready, released, and canceled", async () => {
    const { body } = await post("stock-transfers", "t-2", { ...tea(1), draft: true })
    const path = `stock-transfers/${body.id}`
    const set = (headers: Record<string, string>) =>
      server.ask("PUT", `/api/v1/${path}`, {
        token: admin,
        headers,
        body: { lines: [{ product: "tea", lot: "", quantity: 2 }] }
      })
    assert.strictEqual((await set({})).status, 428)
    assert.strictEqual((await set({ "if-match": '"1"' })).body.lines[0].quantity, 2)
    assert.strictEqual((await set({ "if-match": '"1"' })).status, 412)
    const states: Array<string> = []
    for (const verb of ["ready", "release", "ready", "dispatch", "cancel"]) {
      states.push((await post(`${path}/${verb}`, `t-2-${states.length}`)).body.state)
    }
    assert.deepStrictEqual(states, ["ready", "draft", "ready", "inTransit", "canceled"])
    const list = async (query: string) =>
      (await server.ask("GET", `/api/v1/stock-transfers?${query}`, { token: admin })).body.items.map(
        ({ id }: { id: string }) => id
      )
    assert.deepStrictEqual(await list("state=canceled&destination=shop"), [body.id])
    assert.deepStrictEqual(await list("origin=shop"), [])
  })

  it("that arrives whole is completed", async () => {
    const { body } = await post("stock-transfers", "t-3", tea(0.5))
    await post(`stock-transfers/${body.id}/dispatch`, "t-3-sent")
    const whole = await post(`stock-transfers/${body.id}/complete`, "t-3-whole")
    assert.deepStrictEqual([whole.body.state, whole.body.lines[0].received], ["received", 0.5])
  })

  it("is refused with what would be accepted, in the product's unit", async () => {
    const short = await post("stock-transfers", "r-1", tea(99.5))
    assert.strictEqual(short.status, 409)
    assert.deepInclude(short.body.lines[0], { product: "tea", wanted: 99.5 })
    const same = await post("stock-transfers", "r-2", { ...tea(1), destination: "depot" })
    assert.deepStrictEqual([same.status, same.body.type], [400, "https://onhand.dev/problems/same-location"])
    for (const quantity of [0, -1, 0.0005]) {
      const reply = await post("stock-transfers", "r-3", tea(quantity))
      assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.lines.0.quantity"])
    }
    const { body } = await post("stock-transfers", "r-4", tea(1))
    const path = `stock-transfers/${body.id}`
    const line = (line: number, quantity: number) => ({ lines: [{ line, quantity }] })
    const early = await post(`${path}/receive`, "r-5", line(1, 1))
    assert.strictEqual(early.status, 409)
    assert.deepInclude(early.body, { state: "ready", accepted: ["inTransit", "partiallyReceived"] })
    assert.strictEqual((await post(`${path}/complete`, "r-6")).status, 409)
    await post(`${path}/dispatch`, "r-7")
    const exceeded = await post(`${path}/receive`, "r-8", line(1, 1.5))
    assert.strictEqual(exceeded.status, 409)
    assert.deepStrictEqual(exceeded.body.lines, [{ line: 1, product: "tea", wanted: 1.5, open: 1 }])
    const unknown = await post(`${path}/receive`, "r-9", line(2, 1))
    assert.deepStrictEqual([unknown.status, unknown.body.lines], [404, 1])
    assert.strictEqual((await post("stock-transfers/none/dispatch", "r-10")).status, 404)
    const keyless = await server.ask("POST", `/api/v1/${path}/cancel`, { token: admin })
    assert.deepStrictEqual([keyless.status, keyless.body.faults[0].path], [400, "headers.idempotency-key"])
  })

  it("is worked on at each end by who may write the stock there", async () => {
    const [depot, shop] = [await managerOf("depot"), await managerOf("shop")]
    assert.strictEqual((await post("stock-transfers", "m-0", tea(1), shop)).status, 403)
    const { body } = await post("stock-transfers", "m-1", tea(1), depot)
    const path = `stock-transfers/${body.id}`
    assert.strictEqual((await post(`${path}/dispatch`, "m-2", undefined, shop)).status, 403)
    assert.strictEqual((await post(`${path}/dispatch`, "m-3", undefined, depot)).status, 200)
    assert.strictEqual((await post(`${path}/complete`, "m-4", undefined, depot)).status, 403)
    assert.strictEqual((await post(`${path}/cancel`, "m-5", undefined, shop)).status, 403)
    assert.strictEqual((await post(`${path}/complete`, "m-6", undefined, shop)).status, 200)
  })
})
