// A server that is asked to close: whoever has a connection is served to its end, and nobody keeps the server open.
import { Agent, request } from "node:http"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { startListening } from "./ListeningServer.ts"
import { readSocket } from "./SocketReader.ts"

/** Asks over one connection that is kept, until the server says that it ends; the statuses of the replies. */
const askOn = async (url: string): Promise<ReadonlyArray<number>> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const statuses: Array<number> = []
  for (let isLast = false; !isLast; ) {
    isLast = await new Promise<boolean>((resolve, reject) => {
      const sent = request(`${url}/health/live`, { agent }, (reply) => {
        statuses.push(reply.statusCode ?? 0)
        reply.resume()
        reply.once("end", () => resolve(reply.headers.connection === "close"))
      })
      sent.once("error", reject)
      sent.end()
    })
  }
  agent.destroy()
  return statuses
}

describe("a server that closes", () => {
  it("answers every request, ends its streams, and cuts off who never ends his, in ten seconds", async () => {
    const server = await startListening({ listen: { graceMillis: 500 } })
    const token = await server.signIn()
    const socket = readSocket(server.url, { token })
    await socket.opened
    const stream = await fetch(`${server.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const slow = connect(server.port, "127.0.0.1", () => {
      slow.write(
        `POST /api/v1/locations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
          "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
      )
    })
    const cut = new Promise<void>((resolve) => slow.on("error", () => {}).once("close", () => resolve()))
    const callers = Array.from({ length: 8 }, () => askOn(server.url))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const begun = performance.now()
    const stopped = server.stop()
    assert.strictEqual((await fetch(`${server.url}/health/ready`)).status, 503)
    const late = await fetch(`${server.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(late.status, 503)
    for (const statuses of await Promise.all(callers)) {
      assert.isAbove(statuses.length, 1)
      assert.isTrue(statuses.every((status) => status === 200))
    }
    assert.strictEqual((await socket.closed).code, 1001)
    assert.match(await stream.text(), /^retry: /)
    await stopped
    await cut
    assert.isBelow(performance.now() - begun, 10_000)
  }, 30_000)
})
