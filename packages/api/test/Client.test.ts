import { assert, describe, it } from "@effect/vitest"
import { UnknownProduct } from "@onhand/core"
import { Effect, Fiber, Layer, Redacted, Schema, Stream } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { type CursorPage, itemsOf, OnhandClient, problems } from "../src/index.ts"

/** A server of canned replies, one after the other, that remembers what it was asked. */
const serverOf = (...replies: ReadonlyArray<Response>) => {
  const asked: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const reply = replies[asked.length] ?? new Response(null, { status: 500 })
      asked.push(request)
      return HttpClientResponse.fromWeb(request, reply.clone())
    })
  )
  const layer = OnhandClient.layer({
    baseUrl: "http://stock.test",
    token: Effect.succeed(Redacted.make("token"))
  }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  return { asked, layer }
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers }
  })

const movement = {
  payload: { lines: [{ kind: "purchase", product: "p", location: "l", quantity: 1 }] },
  headers: {}
} as never

describe("the typed client", () => {
  it.effect("sends the token, and a key that stays the same when it tries again", () =>
    Effect.gen(function* () {
      const { asked, layer } = serverOf(
        json({ type: "about:blank", status: 503 }, 503, { "retry-after": "1" }),
        json({ levels: [] }, 201)
      )
      const client = yield* Effect.provide(OnhandClient, layer)
      const call = yield* Effect.forkChild(client.stockMovements.record(movement))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(call)
      assert.strictEqual(asked.length, 2)
      const keys = asked.map((request) => request.headers["idempotency-key"])
      assert.match(keys[0] ?? "", /^[0-9a-f-]{36}$/)
      assert.strictEqual(keys[1], keys[0])
      assert.strictEqual(asked[0]?.headers["authorization"], "Bearer token")
    })
  )

  it.effect("makes another key for another call, and none for a read", () =>
    Effect.gen(function* () {
      const levels = json({ levels: [] }, 201)
      const { asked, layer } = serverOf(levels, levels, json({ items: [] }))
      const client = yield* Effect.provide(OnhandClient, layer)
      yield* client.stockMovements.record(movement)
      yield* client.stockMovements.record(movement)
      yield* client.products.categories()
      const [first, second, read] = asked.map((request) => request.headers["idempotency-key"])
      assert.notStrictEqual(first, second)
      assert.isUndefined(read)
    })
  )

  it.effect("streams a list, and asks for a page only when somebody wants it", () =>
    Effect.gen(function* () {
      const pages = [
        { items: ["Drinks", "Food"], nextCursor: "after food" },
        { items: ["Toys"], nextCursor: "after toys" },
        { items: ["Wool"], nextCursor: null }
      ]
      const asked: Array<string | undefined> = []
      const list = ({ cursor, limit }: CursorPage) =>
        Effect.sync(() => {
          assert.strictEqual(limit, 100)
          asked.push(cursor)
          return pages[asked.length - 1] ?? { items: [], nextCursor: null }
        })
      const all = yield* Stream.runCollect(itemsOf(list))
      assert.deepStrictEqual([...all], ["Drinks", "Food", "Toys", "Wool"])
      assert.deepStrictEqual(asked.splice(0), [undefined, "after food", "after toys"])
      const some = yield* Stream.runCollect(Stream.take(itemsOf(list), 3))
      assert.deepStrictEqual([...some], ["Drinks", "Food", "Toys"])
      assert.lengthOf(asked, 2)
    })
  )

  it.effect("gives refusals back as typed errors", () =>
    Effect.gen(function* () {
      const refusal = new UnknownProduct({ product: "p" as never })
      const { layer } = serverOf(json(yield* Schema.encodeEffect(problems.UnknownProduct)(refusal), 404))
      const client = yield* Effect.provide(OnhandClient, layer)
      const error = yield* Effect.flip(client.products.byId({ params: { id: "p" as never }, headers: {} }))
      assert.instanceOf(error, UnknownProduct)
    })
  )
})
