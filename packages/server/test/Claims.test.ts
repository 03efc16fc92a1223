// Claims over HTTP: held for a time, committed, let go of; those of carts and documents are seen, and left alone.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })
const get = (path: string) => server.ask("GET", `/api/v1/${path}`, { token: admin })

const line = (quantity: number) => ({ product: "tea", location: "shop", quantity })
const quote = { type: "quote", id: "Q-7" }

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
  }
  const body = {
    id: "tea",
    sku: "TEA",
    name: "Tea",
    unit: { name: "kg", decimals: 3 },
    price: { amount: "8.00", currency: "EUR" }
  }
  await server.ask("POST", "/api/v1/products", { token: admin, body })
  await post("stock-movements", "tea", { lines: [{ kind: "purchase", ...line(10) }] })
  await post("stock-movements", "sold", { lines: [{ kind: "sale", ...line(0.5) }] })
})
afterAll(() => server.stop())

const explained = async () => (await get("inventory/tea/explain?location=shop")).body

describe("a claim over HTTP", () => {
  it("is held for a time, seen, committed, and let go of", async () => {
    const held = await post("claims", "h-1", { lines: [line(2.5), line(1)], seconds: 600, source: quote })
    assert.strictEqual(held.status, 201)
    assert.strictEqual(held.body.claims.length, 2)
    const left = Date.parse(held.body.expiresAt) - Date.now()
    assert.isTrue(left > 0 && left <= 600_000)
    const again = await post("claims", "h-1", { lines: [line(2.5), line(1)], seconds: 600, source: quote })
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.deepStrictEqual(again.body, held.body)

    const listed = await get("claims?source_type=quote&source_id=Q-7")
    assert.deepStrictEqual(
      listed.body.items.map(({ id, quantity, state, source }: Record<string, unknown>) => [
        id,
        quantity,
        state,
        source
      ]),
      held.body.claims.map((id: string, index: number) => [id, [2.5, 1][index], "held", quote])
    )
    const [first, second] = held.body.claims
    const longer = await post("claims/extend", "h-5", { location: "shop", claims: [first, second], seconds: 900 })
    assert.deepStrictEqual([longer.status, longer.body.claims], [200, [first, second]])
    assert.isAbove(Date.parse(longer.body.expiresAt), Date.parse(held.body.expiresAt))
    const committed = await post("claims/commit", "h-2", { location: "shop", claims: [first] })
    assert.deepStrictEqual([committed.status, committed.body], [200, { claims: [first] }])
    const { items } = (await get("claims?state=committed&product=tea")).body
    assert.deepStrictEqual(
      items.map(({ id, expiresAt }: Record<string, unknown>) => [id, expiresAt]),
      [[first, null]]
    )
    const gone = { location: "shop", claims: [first, second] }
    assert.deepStrictEqual((await post("claims/release", "h-3", gone)).body, { claims: [first, second] })
    assert.strictEqual((await post("claims/release", "h-3", gone)).headers.get("idempotency-replayed"), "true")
    const closed = await post("claims/release", "h-4", gone)
    assert.deepStrictEqual([closed.status, closed.body.state], [409, "released"])
    assert.deepStrictEqual((await get("claims?location=shop")).body.items, [])
  })

  it("explains with the movements why so much is available", async () => {
    await post("claims", "e-1", { lines: [line(4)], seconds: 600, source: quote })
    const { level, lots, movements, claims } = await explained()
    assert.deepInclude(level, { product: "tea", location: "shop", sellable: 9.5, held: 4, available: 5.5 })
    assert.deepStrictEqual(lots.length, 1)
    assert.deepInclude(lots[0], { lot: "", onHand: 9.5, held: 4, available: 5.5 })
    assert.deepStrictEqual(
      movements.items.map(({ kind, change, onHandAfter }: Record<string, unknown>) => [kind, change, onHandAfter]),
      [
        ["sale", -0.5, 9.5],
        ["purchase", 10, 10]
      ]
    )
    assert.deepStrictEqual(
      claims.items.map(({ quantity, source }: Record<string, unknown>) => [quantity, source]),
      [[4, quote]]
    )
    const short = (await get("inventory/tea/explain?location=shop&limit=1")).body
    const next = await get(`stock-movements?product=tea&location=shop&cursor=${short.movements.nextCursor}`)
    assert.deepStrictEqual([...short.movements.items, ...next.body.items], movements.items)
    await post("claims/release", "e-2", { location: "shop", claims: [claims.items[0].id] })
    assert.strictEqual((await get("inventory/none/explain?location=shop")).status, 404)
    assert.strictEqual((await get("inventory/tea/explain?location=none")).status, 404)
    assert.strictEqual((await get("inventory/tea/explain")).body.faults[0].path, "query.location")
  })

  it("is moved to another location, whole or in part", async () => {
    await post("stock-movements", "m-0", { lines: [{ kind: "purchase", ...line(2), location: "depot" }] })
    const [claim] = (await post("claims", "m-1", { lines: [line(3)], seconds: 600, source: quote })).body.claims
    const move = { product: "tea", location: "shop", claim, to: { location: "depot" } }
    const moved = await post("claims/move", "m-2", { ...move, quantity: 1.5 })
    assert.strictEqual(moved.status, 200)
    const again = await post("claims/move", "m-2", { ...move, quantity: 1.5 })
    assert.deepStrictEqual([again.body, again.headers.get("idempotency-replayed")], [moved.body, "true"])
    const listed = (await get("claims?source_type=quote&source_id=Q-7")).body.items
    assert.sameDeepMembers(
      listed.map(({ id, location, quantity, state }: Record<string, unknown>) => [id, location, quantity, state]),
      [
        [claim, "shop", 1.5, "held"],
        [moved.body.claims[0], "depot", 1.5, "held"]
      ]
    )
    const short = await post("claims/move", "m-3", move)
    assert.deepStrictEqual([short.status, short.body.lines[0].available], [409, 0.5])
    const much = await post("claims/move", "m-4", { ...move, quantity: 1.501 })
    assert.deepStrictEqual([much.status, much.body.wanted, much.body.open], [409, 1.501, 1.5])
    const other = await post("claims/move", "m-5", { ...move, product: "salt" })
    assert.strictEqual(other.body.faults[0].path, "payload.product")
    const limited = await server.user("shopkeeper", ["warehouse_manager"], ["shop" as never])
    const away = await post("claims/move", "m-6", { ...move, quantity: 0.5 }, limited)
    assert.deepStrictEqual([away.status, away.body.location], [403, "depot"])
    await post("claims/release", "m-7", { location: "shop", claims: [claim] })
    await post("claims/release", "m-8", { location: "depot", claims: moved.body.claims })
  })

  it("is refused with what would be accepted", async () => {
    const short = await post("claims", "r-1", { lines: [line(8), line(2)], seconds: 60 })
    assert.strictEqual(short.status, 409)
    assert.deepInclude(short.body.lines[0], { product: "tea", wanted: 10, available: 9.5 })
    const fault = async (body: unknown) => (await post("claims", "r-2", body)).body.faults[0].path
    assert.strictEqual(await fault({ lines: [line(0.0001)], seconds: 60 }), "payload.lines.0.quantity")
    assert.strictEqual(await fault({ lines: [line(1)], seconds: 0 }), "payload.seconds")
    assert.strictEqual(
      await fault({ lines: [line(1)], seconds: 1, source: { type: "order", id: "1" } }),
      "payload.source.type"
    )
    const unknown = await post("claims/release", "r-3", { location: "shop", claims: ["none"] })
    assert.deepStrictEqual([unknown.status, unknown.body.state], [409, "unknown"])
    assert.strictEqual((await get("claims?source_id=Q-7")).body.faults[0].path, "query.source_type")
  })

  it("of an order or a transfer is listed, and changed by it alone", async () => {
    const token = await server.customer("ann")
    await server.ask("POST", "/api/v1/cart/items", { token, body: { product: "tea", quantity: 1 } })
    const order = (await post("orders", "o-1", { location: "shop" }, token)).body.id
    const transfer = { origin: "shop", destination: "depot", lines: [{ product: "tea", quantity: 2 }] }
    const { id } = (await post("stock-transfers", "t-1", transfer)).body
    for (const source of [
      { type: "order", id: order },
      { type: "transfer", id }
    ]) {
      const { items } = (await get(`claims?source_type=${source.type}&source_id=${source.id}`)).body
      assert.deepInclude(items[0], { product: "tea", location: "shop", state: "committed", source })
      const taken = await post("claims/release", `f-${source.type}`, { location: "shop", claims: [items[0].id] })
      assert.deepStrictEqual([taken.status, taken.body.source], [409, source])
      assert.strictEqual(taken.body.type, "https://onhand.dev/problems/foreign-claim")
    }
    assert.strictEqual((await explained()).claims.items.length, 2)
    assert.strictEqual((await server.ask("GET", "/api/v1/claims", { token })).status, 403)
  })
})
