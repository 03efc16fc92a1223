// Webhooks over HTTP, told by a real courier to real receivers: signed, tried again, given up, sent again.
import { createHmac } from "node:crypto"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { tellingWebhooks } from "../src/index.ts"
import { startServer, type TestServer } from "./TestServer.ts"
import { type ReceivedMessage, startReceiver } from "./WebhookReceiver.ts"

const options = { allowPrivate: true }
let server: TestServer
let admin: string
const stops: Array<() => Promise<unknown>> = []

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}, token = admin) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers })

const receiver = async (...args: Parameters<typeof startReceiver>) => {
  const started = await startReceiver(...args)
  stops.push(started.stop)
  return started
}

beforeAll(async () => {
  server = await startServer({ webhooks: options })
  admin = await server.admin()
  const telling = tellingWebhooks(options, { pauseMillis: 10, retryMillis: [0, 0] })
  const fiber = server.runtime.runFork(telling)
  stops.push(() => Effect.runPromise(Fiber.interrupt(fiber)))
  await ask("POST", "locations", { id: "shop", name: "Shop" })
  await ask("POST", "products", { id: "tea", sku: "TEA", name: "Tea", unit: { name: "kg", decimals: 3 } })
})
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
  await server.stop()
})

let count = 0
const receive = (quantity: number) =>
  ask(
    "POST",
    "stock-movements",
    { lines: [{ kind: "purchase", product: "tea", location: "shop", quantity }] },
    { "idempotency-key": `in-${count++}` }
  )

const isOf = (type: string) => (message: ReceivedMessage) => JSON.parse(message.body).type === type

/** Whether a message is signed with a secret, as its receiver finds out. */
const isSigned = ({ headers, body }: ReceivedMessage, secret: string): boolean => {
  const key = Buffer.from(secret.slice("whsec_".length), "base64")
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`
  const expected = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`
  return String(headers["webhook-signature"]).split(" ").includes(expected)
}

const delivered = async (id: string, state: string, wanted: number) => {
  for (;;) {
    const { body } = await ask("GET", `webhooks/${id}/deliveries?state=${state}`)
    if (body.items.length >= wanted) return body.items
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe("a webhook", () => {
  it("is told of what it wants, signed, in the product's unit, and of nothing from before", async () => {
    const { url, until, received } = await receiver()
    await receive(1)
    const created = await ask("POST", "webhooks", { url: `${url}/stock`, events: ["StockChanged"] })
    assert.deepStrictEqual([created.status, created.headers.get("etag")], [201, '"1"'])
    const { secret, ...webhook } = created.body
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.deepStrictEqual((await ask("GET", `webhooks/${webhook.id}`)).body, webhook)
    await receive(1.5)
    const [message] = await until(1)
    const told = JSON.parse(message!.body)
    assert.deepStrictEqual(told.data, { levels: [{ product: "tea", location: "shop", onHand: 2.5, available: 2.5 }] })
    assert.deepStrictEqual([told.type, message!.path, received.length], ["StockChanged", "/stock", 1])
    assert.isTrue(isSigned(message!, secret))
    assert.isFalse(isSigned({ ...message!, body: message!.body.replace("2.5", "9.5") }, secret))
    const [one] = await delivered(webhook.id, "sent", 1)
    assert.deepStrictEqual([one.id, one.attempts, one.body], [message!.headers["webhook-id"], 1, message!.body])
  })

  it("is tried again with the same message, while others are told", async () => {
    const busy = await receiver((_, nth) => ({ status: nth === 1 ? 503 : 204 }))
    const { body: webhook } = await ask("POST", "webhooks", { url: busy.url, events: ["StockChanged"] })
    await receive(1)
    const [first, second] = await busy.until(2)
    assert.deepStrictEqual([second!.headers["webhook-id"], second!.body], [first!.headers["webhook-id"], first!.body])
    assert.strictEqual((await delivered(webhook.id, "sent", 1))[0].attempts, 2)
  })

  it("has what was given up listed, with why, and sent again on request", async () => {
    let isBack = false
    const gone = await receiver(() => ({ status: isBack ? 200 : 500 }))
    const { body: webhook } = await ask("POST", "webhooks", { url: gone.url, events: ["StockChanged"] })
    await receive(1)
    const [dead] = await delivered(webhook.id, "dead", 1)
    assert.deepInclude(dead, { state: "dead", attempts: 3, error: "The receiver answered 500" })
    isBack = true
    const path = `webhooks/${webhook.id}/deliveries/${dead.id}/replay`
    assert.deepInclude((await ask("POST", path)).body, { state: "pending", attempts: 0 })
    assert.strictEqual((await delivered(webhook.id, "sent", 1))[0].id, dead.id)
    assert.strictEqual((await ask("POST", `webhooks/${webhook.id}/deliveries/none/replay`)).status, 404)
    assert.strictEqual((await ask("POST", path.replace(webhook.id, "none"))).status, 404)
  })

  it("is not followed where it redirects to", async () => {
    const target = await receiver()
    const source = await receiver(() => ({ status: 302, location: `${target.url}/elsewhere` }))
    const { body: webhook } = await ask("POST", "webhooks", { url: source.url, events: ["StockChanged"] })
    await receive(1)
    const [dead] = await delivered(webhook.id, "dead", 1)
    assert.strictEqual(dead.error, "The receiver answered 302; redirects are not followed")
    assert.deepStrictEqual(target.received, [])
  })

  it("is paused, changed, given a new secret beside the old one, and removed", async () => {
    const { url, received, until } = await receiver()
    const created = await ask("POST", "webhooks", { url }, { "idempotency-key": "hook" })
    const again = await ask("POST", "webhooks", { url }, { "idempotency-key": "hook" })
    assert.deepStrictEqual([again.body, again.headers.get("idempotency-replayed")], [created.body, "true"])
    const { id, secret } = created.body
    const any = { "if-match": "*" }
    assert.strictEqual((await ask("PATCH", `webhooks/${id}`, { state: "paused" })).status, 428)
    assert.strictEqual((await ask("PATCH", `webhooks/${id}`, { state: "paused" }, { "if-match": '"7"' })).status, 412)
    await until(1, isOf("WebhookChanged"))
    const paused = await ask("PATCH", `webhooks/${id}`, { state: "paused", events: ["StockChanged"] }, any)
    assert.deepInclude(paused.body, { state: "paused", version: 2 })
    await receive(1)
    await ask("PATCH", `webhooks/${id}`, { state: "active" }, any)
    const rotated = await ask("POST", `webhooks/${id}/rotate`)
    assert.notStrictEqual(rotated.body.secret, secret)
    await receive(2)
    // What came in before the secret was changed may have been on its way already.
    const isByBoth = (message: ReceivedMessage) => isSigned(message, secret) && isSigned(message, rotated.body.secret)
    await until(1, (message) => isOf("StockChanged")(message) && isByBoth(message))
    const before = received.length
    const list = (await ask("GET", "webhooks?limit=100")).body.items
    assert.isTrue(list.some((one: { readonly id: string }) => one.id === id))
    assert.notInclude(JSON.stringify(list), "whsec_")
    assert.strictEqual((await ask("DELETE", `webhooks/${id}`, undefined, any)).status, 204)
    for (const path of [`webhooks/${id}`, `webhooks/${id}/deliveries`])
      assert.strictEqual((await ask("GET", path)).status, 404)
    const other = await receiver()
    await ask("POST", "webhooks", { url: other.url, events: ["StockChanged"] })
    await receive(1)
    await other.until(1)
    assert.strictEqual(received.length, before)
  })

  it("is for administrators", async () => {
    const customer = await server.customer("ann")
    assert.strictEqual((await ask("GET", "webhooks", undefined, {}, customer)).status, 403)
    assert.strictEqual((await ask("POST", "webhooks", { url: "https://example.com" }, {}, customer)).status, 403)
    assert.strictEqual((await ask("POST", "webhooks", { url: "ftp://example.com" })).status, 400)
    assert.strictEqual((await ask("POST", "webhooks", { url: "https://a:b@example.com" })).status, 400)
  })
})
