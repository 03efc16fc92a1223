// Check 62: nobody sends the server to where they could not go themselves.
import { createServer } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { isPublicAddress } from "../../src/PublicAddress.ts"
import { postWebhook, type WebhookOptions } from "../../src/WebhookPost.ts"
import { startServer, type TestServer } from "../TestServer.ts"

let server: TestServer
let admin: string
let port: number
let connections = 0
// Whatever is reached on this machine counts, whether it is spoken to in TLS or not.
const inner = createServer((socket) => {
  connections++
  socket.destroy()
})

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  await new Promise<void>((resolve) => inner.listen(0, "127.0.0.1", resolve))
  port = (inner.address() as { readonly port: number }).port
})
afterAll(async () => {
  inner.close()
  await server.stop()
})

const message = (url: string) => ({ id: "msg_1", url, secrets: ["whsec_c2VjcmV0"], body: "{}" })
const refusal = (url: string, options: WebhookOptions = {}) =>
  Effect.runPromise(Effect.flip(postWebhook(message(url), 0, options)))

describe("62: a webhook", () => {
  it("is not accepted with an address without TLS, or a name of this machine", async () => {
    for (const url of [
      "http://example.com",
      `https://localhost:${port}`,
      "https://a.localhost",
      "https://db.internal"
    ]) {
      const reply = await server.ask("POST", "/api/v1/webhooks", { token: admin, body: { url } })
      assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.url"], url)
    }
  })

  it("is not connected to an address that is not public, however it is written", async () => {
    const hosts = [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "0.0.0.0",
      "169.254.169.254",
      "10.0.0.1",
      "192.168.1.1",
      "100.64.0.1",
      "[::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[64:ff9b::7f00:1]",
      "[fe80::1]",
      "[fd00::1]"
    ]
    for (const host of hosts) {
      assert.match((await refusal(`https://${host}:${port}/`)).reason, /not on the public internet/, host)
    }
    assert.strictEqual(connections, 0)
  })

  it("is not connected to a name that stands for a private address, or for one of several", async () => {
    const names = {
      private: [{ address: "127.0.0.1", family: 4 }],
      mixed: [
        { address: "93.184.215.14", family: 4 },
        { address: "127.0.0.1", family: 4 }
      ],
      nothing: []
    }
    for (const [name, found] of Object.entries(names)) {
      const { reason } = await refusal(`https://${name}.example:${port}/`, { resolve: async () => found })
      assert.match(reason, /not on the public internet/, name)
    }
    assert.strictEqual(connections, 0)
  })

  it("is looked up anew for each message, by the look-up that is then connected to", async () => {
    const asked: Array<string> = []
    // A name that stands for one thing now and for this machine later, neither of which is public.
    const resolve = async (name: string) => {
      asked.push(name)
      return asked.length === 1 ? [{ address: "192.0.0.9", family: 4 }] : [{ address: "127.0.0.1", family: 4 }]
    }
    assert.match((await refusal(`https://rebind.example:${port}/`, { resolve })).reason, /not on the public internet/)
    assert.match((await refusal(`https://rebind.example:${port}/`, { resolve })).reason, /not on the public internet/)
    assert.strictEqual(asked.length, 2)
    assert.strictEqual(connections, 0)
  })

  it("goes to what IANA gives to the public, and to nothing else", () => {
    for (const address of ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::8a"])
      assert.isTrue(isPublicAddress(address), address)
    for (const address of [
      "172.31.255.255",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "::ffff:1.1.1.1",
      "2001:db8::1"
    ])
      assert.isFalse(isPublicAddress(address), address)
    for (const address of ["2002:7f00:1::", "ff02::1", "example.com", ""])
      assert.isFalse(isPublicAddress(address), address)
  })
})
