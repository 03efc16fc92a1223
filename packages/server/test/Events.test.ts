import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string
let product: string

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "l", name: "L" } })
  const unit = { name: "kg", decimals: 1 }
  const price = { amount: "1.00", currency: "EUR" }
  const created = await server.ask("POST", "/api/v1/products", {
    token: admin,
    body: { sku: "RICE", name: "Rice", unit, price }
  })
  product = created.body.id
})
afterAll(() => server.stop())

interface Told {
  readonly id: string
  readonly name: string
  readonly data: Record<string, unknown>
}

/** Follows the events until so many were told. */
const follow = async (token: string, lastEventId?: string) => {
  const abort = new AbortController()
  const request = server.request("GET", "/api/v1/events", {
    token,
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId }
  })
  const response = await server.handler(new Request(request, { signal: abort.signal }))
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let text = ""
  const next = async (count: number): Promise<ReadonlyArray<Told>> => {
    const told: Array<Told> = []
    while (told.length < count) {
      const end = text.indexOf("\n\n")
      if (end === -1) {
        const chunk = await reader.read()
        if (chunk.done) throw new Error("The stream ended")
        text += decoder.decode(chunk.value, { stream: true })
        continue
      }
      const lines = new Map(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => line.split(/: (.*)/s, 2) as [string, string])
      )
      text = text.slice(end + 2)
      const data = lines.get("data")
      if (data !== undefined)
        told.push({ id: lines.get("id") ?? "", name: lines.get("event") ?? "", data: JSON.parse(data) })
    }
    return told
  }
  return { response, next, stop: () => abort.abort() }
}

let deliveries = 0
const receive = (quantity: number) =>
  server.ask("POST", "/api/v1/stock-movements", {
    token: admin,
    headers: { "idempotency-key": `delivery-${deliveries++}` },
    body: { lines: [{ kind: "purchase", product, location: "l", quantity }] }
  })

const onHand = ({ data }: Told) => (data as { levels: [{ onHand: number }] }).levels[0].onHand

describe("the stream of events", () => {
  it("tells what happens from then on, in the product's unit", async () => {
    const { response, next, stop } = await follow(admin)
    assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
    await receive(1.5)
    const [told] = await next(1)
    assert.strictEqual(told?.name, "StockChanged")
    assert.deepInclude(told?.data, {
      _tag: "StockChanged",
      levels: [{ product, location: "l", onHand: 1.5, available: 1.5 }]
    })
    stop()
  })

  it("goes on after the last event that was seen, and loses and repeats none", async () => {
    const before = await follow(admin)
    await receive(1)
    await receive(1)
    const [first] = await before.next(1)
    before.stop()
    await receive(1)
    const after = await follow(admin, first?.id)
    const told = await after.next(2)
    after.stop()
    assert.deepStrictEqual([first!, ...told].map(onHand), [2.5, 3.5, 4.5])
  })

  it("tells a customer of its own orders and of stock, and of nobody else's business", async () => {
    const ann = await server.customer("ann")
    const { next, stop } = await follow(ann)
    const bob = await server.customer("bob")
    const buy = async (token: string, key: string) => {
      await server.ask("POST", "/api/v1/cart/items", { token, body: { product, quantity: 0.5 } })
      const headers = { "idempotency-key": key }
      assert.strictEqual((await server.ask("POST", "/api/v1/checkout", { token, headers, body: {} })).status, 201)
    }
    await buy(bob, "bobs")
    await buy(ann, "anns")
    const told = await next(4)
    stop()
    const orders = told.filter(({ name }) => name.startsWith("Order"))
    const me = await server.ask("GET", "/api/v1/users/me", { token: ann })
    assert.isTrue(orders.every(({ data }) => data["customer"] === me.body.id))
    assert.deepStrictEqual(told.map(({ name }) => name).toSorted(), [
      "OrderPlaced",
      "OrderShipped",
      "StockChanged",
      "StockChanged"
    ])
  })

  it("refuses an id that is none", async () => {
    const reply = await server.ask("GET", "/api/v1/events", { token: admin, headers: { "last-event-id": "yesterday" } })
    assert.strictEqual(reply.status, 400)
    assert.strictEqual(reply.body.type, "https://onhand.dev/problems/invalid-feed-cursor")
  })
})
