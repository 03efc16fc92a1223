import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { layerLocal } from "@onhand/auth"
import { Inventory, layerMemory } from "@onhand/core"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { HttpServer } from "effect/http"
import { type AccessEntry, AccessLog, accessLine, ensureAdmin, serve } from "../src/index.ts"
import { ADMIN, tokenSettings } from "./TestServer.ts"

const entries: Array<AccessEntry> = []

const Services = Layer.mergeAll(
  Inventory.layer.pipe(Layer.provide(layerMemory)),
  layerLocal(tokenSettings).pipe(Layer.orDie),
  Layer.succeed(AccessLog, (entry: AccessEntry) => void entries.push(entry))
)

/** A server on a free port, with an administrator; `stop` closes it as a signal would. */
const listen = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Layer.provideMerge(serve({ port: 0 }), Services), scope)
  const { port } = yield* Effect.map(HttpServer.HttpServer, ({ address }) => address as { readonly port: number }).pipe(
    Effect.provideContext(context)
  )
  const first = yield* ensureAdmin({ email: ADMIN.email, password: Redacted.make(ADMIN.password) }).pipe(
    Effect.provideContext(context)
  )
  return { url: `http://127.0.0.1:${port}`, port, context, first, stop: Scope.close(scope, Exit.void) }
})

const signIn = (url: string) =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/api/v1/auth/login`, {
      method: "POST",
      body: new URLSearchParams({ username: ADMIN.email, password: ADMIN.password })
    })
    const { access_token } = (await reply.json()) as { access_token: string }
    return access_token
  })

describe("a server on a port", () => {
  it.live("serves, and says when it closes: streams end, nothing new is accepted", () =>
    Effect.gen(function* () {
      const { url, stop } = yield* listen
      const token = yield* signIn(url)
      const headers = { authorization: `Bearer ${token}` }
      const stream = yield* Effect.promise(() => fetch(`${url}/api/v1/events`, { headers }))
      assert.strictEqual(stream.status, 200)
      const text = stream.text()
      yield* stop
      assert.match(yield* Effect.promise(() => text), /^retry: \d+\nid: /)
      const refused = yield* Effect.promise(() =>
        fetch(`${url}/health/live`).then(
          () => "served",
          () => "refused"
        )
      )
      assert.strictEqual(refused, "refused")
    })
  )

  it.live("answers a body that is too large, and closes the connection", () =>
    Effect.gen(function* () {
      const { url, stop } = yield* listen
      const token = yield* signIn(url)
      const reply = yield* Effect.promise(() =>
        fetch(`${url}/api/v1/products`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ sku: "BIG", name: "Big", description: "x".repeat(1_100_000) })
        })
      )
      assert.strictEqual(reply.status, 413)
      assert.strictEqual(reply.headers.get("content-type"), "application/problem+json")
      yield* stop
    })
  )

  it.live("answers what is no HTTP with 400, and lives on", () =>
    Effect.gen(function* () {
      const { url, port, stop } = yield* listen
      const answer = yield* Effect.promise(
        () =>
          new Promise<string>((resolve, reject) => {
            const socket = connect(port, "127.0.0.1", () =>
              socket.write("GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n")
            )
            socket.once("data", (data) => resolve(String(data)))
            socket.once("error", reject)
          })
      )
      assert.match(answer, /^HTTP\/1\.1 400 /)
      const live = yield* Effect.promise(() => fetch(`${url}/health/live`))
      assert.strictEqual(live.status, 200)
      assert.isNull(live.headers.get("server"))
      assert.isNull(live.headers.get("x-powered-by"))
      yield* stop
    })
  )
})

describe("the first administrator", () => {
  it.live("is created once, with the password that was given or one made at random", () =>
    Effect.gen(function* () {
      const { context, first, stop } = yield* listen
      assert.deepStrictEqual(first, { _tag: "Created", email: ADMIN.email, password: null })
      const again = yield* Effect.provideContext(ensureAdmin({ email: "other@example.com" }), context)
      assert.deepStrictEqual(again, { _tag: "Exists" })
      yield* stop
    })
  )

  it.live("gets a random password that is told once, when nobody chose one", () =>
    Effect.gen(function* () {
      const made = yield* ensureAdmin({})
      assert.strictEqual(made._tag, "Created")
      if (made._tag !== "Created" || made.password === null) return assert.fail("No password was made")
      assert.match(Redacted.value(made.password), /^[\w-]{24}$/)
      assert.notInclude(JSON.stringify(made), Redacted.value(made.password))
    }).pipe(Effect.provide(Services))
  )
})

describe("the access log", () => {
  it("is one line of JSON, whatever a caller sends", () => {
    const path = '/api/v1/"\n\u001b[31m{"level":"error"}'
    const entry = {
      time: 0,
      requestId: "r-1",
      method: "GET",
      path,
      status: 200,
      millis: 1.234,
      actor: null,
      address: null,
      traceId: null
    }
    const line = accessLine(entry)
    assert.strictEqual(line.indexOf("\n"), line.length - 1)
    assert.deepStrictEqual(JSON.parse(line), {
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      message: "request",
      requestId: "r-1",
      method: "GET",
      path,
      status: 200,
      millis: 1.23,
      actor: null,
      address: null,
      traceId: null
    })
  })
})
