// The events over a WebSocket: who gets in, what is told, and when it ends.

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { layerLocal } from "@onhand/auth"
import { Inventory, layerMemory } from "@onhand/core"
import { Layer } from "effect"
import { type ListeningServer, startListening } from "./ListeningServer.ts"
import { readSocket } from "./SocketReader.ts"
import { tokenSettings } from "./TestServer.ts"

let server: ListeningServer
let admin: string

const ORIGIN = "https://shop.example.com"
const LIMITS = { total: 8, user: 3, address: 6, heartbeatSeconds: 0.1 }

const ask = async (method: string, path: string, body: object, token = admin, headers: Record<string, string> = {}) => {
  const reply = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
      ...headers
    },
    body: JSON.stringify(body)
  })
  assert.isBelow(reply.status, 300, `${path}: ${await reply.clone().text()}`)
  return (await reply.json()) as { readonly id: string }
}

const customer = async (name: string) => {
  const account = { email: `${name}@example.com`, name, password: `the password of ${name}` }
  const { id } = await ask("POST", "/auth/register", account)
  return { id, token: await server.signIn(account.email, account.password) }
}

const receive = (quantity: number) =>
  ask("POST", "/stock-movements", { lines: [{ kind: "purchase", product: "rice", location: "l", quantity }] })

beforeAll(async () => {
  server = await startListening({ settings: { streams: LIMITS, origins: [ORIGIN] } })
  admin = await server.signIn()
  await ask("POST", "/locations", { id: "l", name: "L" })
  const price = { amount: "1.00", currency: "EUR" }
  await ask("POST", "/products", { id: "rice", sku: "RICE", name: "Rice", unit: { name: "kg", decimals: 1 }, price })
})
afterAll(() => server.stop())

const handshake = (headers: Record<string, string>) =>
  fetch(`${server.url}/api/v1/ws`, { headers: { authorization: `Bearer ${admin}`, ...headers } })

describe("the event socket", () => {
  it("tells what happens from then on, in the product's unit", async () => {
    const { socket, opened, next } = readSocket(server.url, { token: admin })
    assert.isString(await opened)
    await receive(1.5)
    const [told] = await next(1)
    assert.strictEqual(told?.event, "StockChanged")
    assert.deepInclude(told?.data, {
      _tag: "StockChanged",
      levels: [{ product: "rice", location: "l", onHand: 1.5, available: 1.5 }]
    })
    socket.close()
  })

  it("goes on after the last event that was seen, and loses and repeats none", async () => {
    const before = readSocket(server.url, { token: admin })
    await before.opened
    await receive(1)
    await receive(1)
    const [first] = await before.next(1)
    before.socket.terminate()
    await receive(1)
    const after = readSocket(server.url, { token: admin, after: first?.id ?? "" })
    const told = await after.next(2)
    after.socket.close()
    assert.deepStrictEqual(
      [first!, ...told].map(({ data }) => data.levels[0].onHand),
      [2.5, 3.5, 4.5]
    )
  })

  it("takes the token of a page in a browser as a subprotocol, and does not tell it back", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/ws`, ["onhand.v1", `bearer.${admin}`])
    const first = await new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(String(data))
      socket.onerror = () => reject(new Error("It was refused"))
    })
    assert.strictEqual(socket.protocol, "onhand.v1")
    assert.hasAllKeys(JSON.parse(first), ["id"])
    socket.close()
  })

  it("tells a customer of its own orders and of stock, and of nobody else's business", async () => {
    const [ann, bob] = [await customer("ann"), await customer("bob")]
    const { socket, opened, next } = readSocket(server.url, { token: ann.token })
    await opened
    for (const { token } of [bob, ann]) {
      await ask("POST", "/cart/items", { product: "rice", quantity: 0.5 }, token)
      await ask("POST", "/checkout", {}, token)
    }
    const told = await next(4)
    socket.close()
    assert.deepStrictEqual(told.map(({ event }) => event).toSorted(), [
      "OrderPlaced",
      "OrderShipped",
      "StockChanged",
      "StockChanged"
    ])
    const orders = told.filter(({ event }) => event?.startsWith("Order"))
    assert.isTrue(orders.every(({ data }) => data.customer === ann.id))
  })
})

describe("check 61: the event socket", () => {
  it("lets nobody in without a token, with a wrong one, or with one in the query", async () => {
    assert.strictEqual(await readSocket(server.url).refused, 401)
    assert.strictEqual(await readSocket(server.url, { token: "guessed" }).refused, 401)
    const answer = await server.raw(
      `GET /api/v1/ws?token=${admin} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert.match(answer.text, /^HTTP\/1.1 401 /)
  })

  it("refuses pages of origins that nobody named, as the stream does, and takes its own and those named", async () => {
    const status = (origin: string) => readSocket(server.url, { token: admin, origin }).refused
    assert.strictEqual(await status("https://evil.example.com"), 403)
    assert.strictEqual(await status("null"), 403)
    for (const origin of [ORIGIN, server.url]) {
      const { socket, opened } = readSocket(server.url, { token: admin, origin })
      await opened
      socket.close()
    }
    const events = await fetch(`${server.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${admin}`, origin: "https://evil.example.com" }
    })
    assert.strictEqual(events.status, 403)
    assert.match(await events.text(), /foreign-origin/)
  })

  it("refuses what is no handshake, and says what is", async () => {
    const plain = await handshake({})
    assert.strictEqual(plain.status, 426)
    assert.strictEqual(plain.headers.get("upgrade"), "websocket")
    const answer = await server.raw(
      `GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\nConnection: Upgrade\r\n` +
        "Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\nSec-WebSocket-Key: short\r\n\r\n"
    )
    assert.match(answer.text, /^HTTP\/1.1 426 /)
  })

  it("takes so many of one user, from one address and in all, and others again when some have left", async () => {
    const token = (await customer("crowd")).token
    const open = await Promise.all(
      Array.from({ length: LIMITS.user }, async () => {
        const reader = readSocket(server.url, { token })
        await reader.opened
        return reader
      })
    )
    assert.strictEqual(await readSocket(server.url, { token }).refused, 429)
    const stream = await fetch(`${server.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(stream.status, 429)
    assert.strictEqual(stream.headers.get("retry-after"), "10")
    const others = await Promise.all(
      Array.from({ length: LIMITS.address - LIMITS.user }, async () => {
        const reader = readSocket(server.url, { token: admin })
        await reader.opened
        return reader
      })
    )
    assert.strictEqual(await readSocket(server.url, { token: (await customer("late")).token }).refused, 429)
    for (const { socket, closed } of [...open, ...others]) {
      socket.close()
      await closed
    }
    const again = readSocket(server.url, { token })
    await again.opened
    again.socket.close()
  })

  it("closes when its user is deactivated, and so does the stream", async () => {
    const { id, token } = await customer("leaver")
    const reader = readSocket(server.url, { token })
    await reader.opened
    const stream = await fetch(`${server.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    await ask("PATCH", `/users/${id}`, { active: false }, admin, { "if-match": "*" })
    assert.deepStrictEqual(await reader.closed, { code: 4401, reason: "Nobody is signed in any more" })
    assert.match(await stream.text(), /^retry: /)
  })

  it("closes when its token ends, and so does the stream", async () => {
    const brief = await startListening({
      settings: { streams: LIMITS },
      services: Layer.mergeAll(
        Inventory.layer.pipe(Layer.provide(layerMemory)),
        layerLocal({ ...tokenSettings, lifetimeSeconds: 3 }).pipe(Layer.orDie)
      )
    })
    const token = await brief.signIn()
    const reader = readSocket(brief.url, { token })
    const stream = await fetch(`${brief.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(stream.status, 200)
    await reader.opened
    assert.strictEqual((await reader.closed).code, 4401)
    await stream.text()
    await brief.stop()
  })

  it("closes when the server does, which tells its readers to come back", async () => {
    const closing = await startListening()
    const token = await closing.signIn()
    const reader = readSocket(closing.url, { token })
    await reader.opened
    await closing.stop()
    assert.deepStrictEqual(await reader.closed, { code: 1001, reason: "The server closes" })
  })

  it("closes when somebody says something, whose it is not to say", async () => {
    const reader = readSocket(server.url, { token: admin })
    await reader.opened
    reader.socket.send("hello")
    assert.strictEqual((await reader.closed).code, 1003)
    const long = readSocket(server.url, { token: admin })
    await long.opened
    long.socket.send("x".repeat(10_000))
    assert.strictEqual((await long.closed).code, 1009)
  })

  it("writes one line about each connection, when it begins", async () => {
    const reader = readSocket(server.url, { token: admin })
    await reader.opened
    const entry = server.entries.findLast(({ path }) => path === "/api/v1/ws")
    assert.strictEqual(entry?.status, 101)
    assert.isString(entry?.actor)
    assert.isFalse(JSON.stringify(server.entries).includes(admin))
    reader.socket.close()
  })
})
