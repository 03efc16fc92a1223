// A reader of events that stops reading is cut off, and nobody who writes waits for it.
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { startListening } from "./ListeningServer.ts"
import { readSocket } from "./SocketReader.ts"

/** Lines of one movement, each of which the event tells: some hundred kilobytes. */
const LINES = 1_000

/** More than a connection's buffers hold, which takes in a few megabytes that nobody reads. */
const MOVEMENTS = 80

describe("check 61: a reader that stops reading", () => {
  it("is cut off, and the writers are not held up", { timeout: 120_000 }, async () => {
    const server = await startListening({ listen: { stalledMillis: 1_500 } })
    const token = await server.signIn()
    const post = async (path: string, body: object, key: string) => {
      const reply = await fetch(`${server.url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body)
      })
      assert.isBelow(reply.status, 300, await reply.text())
    }
    await post("/locations", { id: "l", name: "L" }, "l")
    const rows = Array.from({ length: LINES }, (_, index) => ({ sku: `S-${index}`, name: "Thing" }))
    await post("/products/import", { rows }, "rows")
    const list = async (page: number) => {
      const reply = await fetch(`${server.url}/api/v1/products?page=${page}&page_size=100`, {
        headers: { authorization: `Bearer ${token}` }
      })
      return ((await reply.json()) as { items: ReadonlyArray<{ id: string }> }).items
    }
    const pages = await Promise.all(Array.from({ length: LINES / 100 }, (_, index) => list(index + 1)))
    const products = pages.flat().map(({ id }) => id)
    assert.strictEqual(products.length, LINES)

    const reader = connect(server.port, "127.0.0.1")
    reader.on("error", () => {})
    const cut = new Promise<void>((resolve) => reader.once("close", () => resolve()))
    reader.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    await new Promise<void>((resolve) => reader.once("data", () => resolve()))
    reader.pause()
    const socket = readSocket(server.url, { token })
    await socket.opened
    socket.socket.pause()
    const lines = products.map((product) => ({ kind: "purchase", product, location: "l", quantity: 1 }))
    for (let index = 0; index < MOVEMENTS; index++) await post("/stock-movements", { lines }, `m-${index}`)
    // What was sent is still to be read; the end of the connection comes behind it.
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    let told = 0
    reader.on("data", (data) => {
      told += String(data).split("event: StockChanged").length - 1
    })
    reader.resume()
    await cut
    // It was cut off in the middle, not let go on once it read again.
    assert.isBelow(told, MOVEMENTS)
    // Who answers no ping because he reads nothing has no connection any more, and no word of farewell.
    socket.socket.resume()
    assert.strictEqual((await socket.closed).code, 1006)
    await server.stop()
  })
})
