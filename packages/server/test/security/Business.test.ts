// What a shop must not be talked into: checks 42 to 52 of docs/internals/security-checks.md, each a test that begins
// with its number, on PostgreSQL.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ClaimId, Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { createDatabase } from "../../../../test/PostgresDatabase.ts"
import { csvRows } from "../../src/Csv.ts"
import { OpenHolds } from "../../src/OpenHolds.ts"
import { defaultSettings, ServerSettings } from "../../src/Settings.ts"
import { type Reply, startServer, type TestServer } from "../TestServer.ts"

const HOLDS = 3

let database: string
let server: TestServer
let admin: string

const start = () => {
  const store = PostgresStore.layer({ url: Redacted.make(database) })
  const inventory = Inventory.layer.pipe(Layer.provide(store), Layer.orDie)
  return startServer({ holdsPerUser: HOLDS, requestsPerMinute: { user: 1e6, address: 1e6 } }, inventory)
}

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })

const move = (kind: string, product: string, quantity: number) => ({
  lines: [{ kind, product, location: "shop", quantity }]
})

/** How often each status was answered. */
const tally = (replies: ReadonlyArray<Reply>) => {
  const counts: Record<number, number> = {}
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const createProduct = async (id: string, fields: object = {}) => {
  const price = { amount: "1.00", currency: "EUR" }
  const body = { id, sku: id.toUpperCase(), name: id, price, ...fields }
  assert.strictEqual((await server.ask("POST", "/api/v1/products", { token: admin, body })).status, 201)
}

beforeAll(async () => {
  database = await createDatabase()
  server = await start()
  admin = await server.admin()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "shop", name: "Shop" } })
  for (const id of ["cup", "last"]) await createProduct(id)
  assert.strictEqual((await post("stock-movements", "cups", move("purchase", "cup", 100))).status, 201)
  assert.strictEqual((await post("stock-movements", "last", move("purchase", "last", 1))).status, 201)
})
afterAll(() => server.stop())

describe("a table for spreadsheets", () => {
  it("42: marks each cell as text that would be run as a formula, in exports and reports", async () => {
    const formulas = ["=1+1", "+1+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"]
    for (const [index, name] of formulas.entries()) {
      await createProduct(`formula-${index}`, { sku: `F${index}`, name, category: "Formulas" })
      await post("stock-movements", `formula-${index}`, move("purchase", `formula-${index}`, 1))
      await post("stock-movements", `sold-${index}`, move("sale", `formula-${index}`, 1))
    }
    const tables = ["products/export?category=Formulas", "sales/report?format=csv&by=product&category=Formulas"]
    for (const path of tables) {
      const { status, body } = await server.ask("GET", `/api/v1/${path}`, { token: admin })
      assert.strictEqual(status, 200)
      const cells = (await Effect.runPromise(csvRows(body))).flat()
      for (const cell of cells) assert.isFalse(/^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(cell), cell)
      for (const formula of formulas) assert.include(cells, `'${formula}`, path)
    }
  })
})

describe("the last unit", () => {
  it("43: is sold to one of two hundred who want it at once, from carts and at tills", async () => {
    const shoppers: Array<string> = []
    for (let index = 0; index < 8; index++) {
      const token = await server.customer(`shopper-${index}`)
      shoppers.push(token)
      await server.ask("POST", "/api/v1/cart/items", { token, body: { product: "last", quantity: 1 } })
    }
    const carts = shoppers.map((token) => post("checkout", "buy", { location: "shop" }, token))
    const tills = Array.from({ length: 200 - shoppers.length }, (_, index) =>
      post("stock-movements", `till-${index}`, move("sale", "last", 1))
    )
    const replies = await Promise.all([...carts, ...tills])
    assert.deepStrictEqual(tally(replies), { 201: 1, 409: 199 })
    for (const { status, body } of replies) {
      if (status === 409) assert.strictEqual(body.type, "https://onhand.dev/problems/insufficient-stock")
    }
    const [level] = (await server.ask("GET", "/api/v1/inventory?product=last", { token: admin })).body.items
    assert.deepInclude(level, { onHand: 0, available: 0 })
  })
})

describe("a write that is sent twice", () => {
  it("44: is refused without a key, and told what a key is", async () => {
    const reply = await server.ask("POST", "/api/v1/stock-movements", { token: admin, body: move("sale", "cup", 1) })
    assert.strictEqual(reply.status, 400)
    assert.match(reply.body.type, /^https:\/\//)
    const [{ path, message }] = reply.body.faults
    assert.strictEqual(path, "headers.idempotency-key")
    assert.include(message, "UUID")
  })

  it("45, 46: is answered as it was the first time, after a restart too; another body is refused", async () => {
    const first = await post("stock-movements", "again", move("sale", "cup", 2))
    const short = await post("stock-movements", "too-much", move("sale", "cup", 1_000))
    assert.deepStrictEqual([first.status, short.status], [201, 409])
    await server.stop()
    server = await start()
    admin = await server.admin()
    const again = await post("stock-movements", "again", move("sale", "cup", 2))
    assert.deepStrictEqual([again.status, again.body], [201, first.body])
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    const { requestId: _, ...shortAgain } = (await post("stock-movements", "too-much", move("sale", "cup", 1_000))).body
    const { requestId: __, ...shortBefore } = short.body
    assert.deepStrictEqual(shortAgain, shortBefore)
    const other = await post("stock-movements", "again", move("sale", "cup", 3))
    assert.deepStrictEqual([other.status, other.body.key], [422, "again"])
  })

  it("47: waits while the first one runs, and gets its answer", async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => post("stock-movements", "at-once", move("sale", "cup", 1)))
    )
    assert.deepStrictEqual(tally(replies), { 201: 20 })
    assert.strictEqual(replies.filter(({ headers }) => headers.get("idempotency-replayed") === null).length, 1)
    for (const { body } of replies) assert.deepStrictEqual(body, replies[0]?.body)
  })

  it.each(["", '""', "x".repeat(256), "\u00fc", 'half"', "a b"])("48: is refused with the key %j", async (key) => {
    const reply = await post("stock-movements", key, move("sale", "cup", 1))
    assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "headers.idempotency-key"])
  })

  it("48: is the same whether its key is quoted or bare", async () => {
    const bare = await post("stock-movements", "the-key", move("sale", "cup", 1))
    const quoted = await post("stock-movements", '"the-key"', move("sale", "cup", 1))
    assert.deepStrictEqual([quoted.status, quoted.body], [201, bare.body])
    assert.strictEqual(quoted.headers.get("idempotency-replayed"), "true")
  })
})

describe("steps out of their order", () => {
  const line = { product: "cup", location: "shop", quantity: 1 }

  it("51: are refused with the state: commitments of what was not held, twice, or let go of", async () => {
    const commit = (key: string, claim: string) => post("claims/commit", key, { location: "shop", claims: [claim] })
    const never = await commit("never", "nothing")
    assert.deepStrictEqual([never.status, never.body.state], [409, "unknown"])
    const [claim] = (await post("claims", "held", { lines: [line], seconds: 60 })).body.claims
    assert.strictEqual((await commit("once", claim)).status, 200)
    const twice = await commit("twice", claim)
    assert.deepStrictEqual([twice.status, twice.body.state], [409, "committed"])
    await post("claims/release", "freed", { location: "shop", claims: [claim] })
    const gone = await commit("gone", claim)
    assert.deepStrictEqual([gone.status, gone.body.state], [409, "released"])
  })

  it("51: are refused with the state: goods that arrive before they left, orders shipped after their end", async () => {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "depot", name: "Depot" } })
    const sent = { origin: "shop", destination: "depot", lines: [{ product: "cup", quantity: 1 }], draft: true }
    const { id } = (await post("stock-transfers", "transfer", sent)).body
    const early = await post(`stock-transfers/${id}/receive`, "early", { lines: [{ line: 1, quantity: 1 }] })
    assert.deepStrictEqual([early.status, early.body.state], [409, "draft"])
    const bob = await server.customer("bob")
    await server.ask("POST", "/api/v1/cart/items", { token: bob, body: { product: "cup", quantity: 1 } })
    const order = (await post("orders", "order", { location: "shop" }, bob)).body.id
    assert.strictEqual((await post(`orders/${order}/ship`, "ship", {})).status, 200)
    for (const step of ["ship", "cancel"]) {
      const closed = await post(`orders/${order}/${step}`, `${step}-again`, {})
      assert.deepStrictEqual([closed.status, closed.body.title], [409, "Nothing of the order is open"])
    }
  })
})

describe("stock that is held and never taken", () => {
  const hold = (key: string, lines: number, token: string) =>
    post(
      "claims",
      key,
      { lines: Array(lines).fill({ product: "cup", location: "shop", quantity: 1 }), seconds: 600 },
      token
    )

  it("52: is limited for each user; what is let go of or taken may be held again", async () => {
    const manager = await server.user("holder", ["warehouse_manager"])
    const held = await hold("h-1", 2, manager)
    assert.strictEqual(held.status, 201)
    // However many ask at once, no more are held.
    const rush = await Promise.all(Array.from({ length: 10 }, (_, index) => hold(`rush-${index}`, 1, manager)))
    assert.deepStrictEqual(tally(rush), { 201: 1, 429: 9 })
    const refused = rush.find(({ status }) => status === 429)
    const seconds = Number(refused?.headers.get("retry-after"))
    assert.isTrue(seconds > 500 && seconds <= 600, `${seconds}`)
    assert.strictEqual((await hold("h-2", 1, await server.user("other", ["warehouse_manager"]))).status, 201)
    // What was held is told again, though no more may be held.
    const again = await hold("h-1", 2, manager)
    assert.deepStrictEqual([again.status, again.headers.get("idempotency-replayed")], [201, "true"])
    assert.deepStrictEqual(again.body, held.body)
    assert.strictEqual((await hold("h-1", 1, manager)).status, 422)
    const named = { location: "shop", claims: [held.body.claims[0]] }
    assert.strictEqual((await post("claims/release", "free", named)).status, 200)
    assert.strictEqual((await hold("h-3", 1, manager)).status, 201)
    assert.strictEqual((await hold("h-4", 1, manager)).status, 429)
    await post("claims/commit", "taken", { location: "shop", claims: [held.body.claims[1]] })
    assert.strictEqual((await hold("h-5", 1, manager)).status, 201)
  })

  it.effect("52: is free again when its time is over, and not before, however it was extended", () => {
    let drawn = 0
    const taking = (holds: OpenHolds["Service"], seconds: number) =>
      holds.taking(
        "a user",
        1,
        Effect.map(DateTime.now, (now) => {
          const reply = { claims: [ClaimId.make(`c-${drawn++}`)], expiresAt: DateTime.add(now, { seconds }) }
          return { reply, replayed: false }
        }),
        Effect.succeed(false)
      )
    const waits = (holds: OpenHolds["Service"]) =>
      Effect.map(Effect.flip(taking(holds, 10)), ({ retryAfterMillis }) => retryAfterMillis)
    return Effect.gen(function* () {
      const holds = yield* OpenHolds
      for (const seconds of [10, 20, 30]) yield* taking(holds, seconds)
      assert.strictEqual(yield* waits(holds), 10_000)
      holds.extended({ claims: [ClaimId.make("c-0")], expiresAt: DateTime.add(yield* DateTime.now, { seconds: 25 }) })
      assert.strictEqual(yield* waits(holds), 20_000)
      yield* TestClock.adjust("20 seconds")
      yield* taking(holds, 10)
      assert.strictEqual(yield* waits(holds), 5_000)
    }).pipe(
      Effect.provide(OpenHolds.layer),
      Effect.provideService(ServerSettings, { ...defaultSettings, holdsPerUser: HOLDS })
    )
  })
})
