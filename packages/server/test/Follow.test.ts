// The typed client follows events through connections that are lost again and again, and gets each event once.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Followed, followEvents, followSocket } from "@onhand/api"
import { Effect, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Socket } from "effect/socket"
import { cuttable } from "./CuttableWay.ts"
import { type ListeningServer, startListening } from "./ListeningServer.ts"

const MOVEMENTS = 150

/** How often the connections are lost meanwhile, in milliseconds: they live only just long enough to tell something. */
const CUT_EVERY = 600

let server: ListeningServer
let token: string

const post = async (path: string, body: object) => {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "idempotency-key": crypto.randomUUID()
  }
  const reply = await fetch(`${server.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  assert.strictEqual(reply.status, 201, await reply.text())
}

beforeAll(async () => {
  server = await startListening()
  token = await server.signIn()
  await post("/locations", { id: "l", name: "L" })
  await post("/products", { id: "p", sku: "P", name: "P" })
})
afterAll(() => server.stop())

const onHand = ({ event }: Followed): number => (event._tag === "StockChanged" ? (event.levels[0]?.onHand ?? -1) : -1)

describe("a client that follows", () => {
  it.live("is told each event once, in order, however often its connections are lost", () =>
    Effect.gen(function* () {
      const way = yield* Effect.promise(() => cuttable(new URL(server.url)))
      // From the beginning of the feed, so that no event is missed before the first connection is made.
      const options = { baseUrl: way.url, token: Effect.succeed(Redacted.make(token)), after: "" }
      const read = (events: ReturnType<typeof followSocket>) =>
        events.pipe(
          Stream.filter(({ event }) => event._tag === "StockChanged"),
          Stream.take(MOVEMENTS),
          Stream.runCollect
        )
      const reading = Effect.forEach([followEvents(options), followSocket(options)], read, {
        concurrency: "unbounded"
      })
      let cuts = 0
      const timer = setInterval(() => {
        way.drop()
        cuts += 1
      }, CUT_EVERY)
      const writing = Effect.promise(async () => {
        const lines = [{ kind: "purchase", product: "p", location: "l", quantity: 1 }]
        for (let index = 0; index < MOVEMENTS; index++) {
          await post("/stock-movements", { lines })
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })
      const [readers] = yield* Effect.all([reading, writing], { concurrency: 2 })
      clearInterval(timer)
      way.close()
      assert.isAtLeast(cuts, 3, "void: the connections were not lost")
      for (const told of readers) {
        assert.deepStrictEqual(
          told.map(onHand),
          Array.from({ length: MOVEMENTS }, (_, index) => index + 1)
        )
        assert.strictEqual(new Set(told.map(({ id }) => id)).size, MOVEMENTS)
      }
    }).pipe(Effect.provide([FetchHttpClient.layer, Socket.layerWebSocketConstructorGlobal]))
  )

  it.live("is told when there is nothing to wait for", () =>
    Effect.gen(function* () {
      const wrong = { baseUrl: server.url, token: Effect.succeed(Redacted.make("wrong")) }
      const bad = { baseUrl: server.url, token: Effect.succeed(Redacted.make(token)), after: "yesterday" }
      const tagOf = (events: ReturnType<typeof followSocket>) =>
        Effect.map(Effect.flip(Stream.runDrain(events)), ({ _tag }) => _tag)
      assert.strictEqual(yield* tagOf(followEvents(wrong)), "Unauthorized")
      assert.strictEqual(yield* tagOf(followSocket(wrong)), "Unauthorized")
      assert.strictEqual(yield* tagOf(followSocket(bad)), "InvalidFeedCursor")
    }).pipe(Effect.provide([FetchHttpClient.layer, Socket.layerWebSocketConstructorGlobal]))
  )
})
