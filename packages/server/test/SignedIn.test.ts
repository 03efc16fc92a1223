// The typed client stays signed in: it gets a new access token before the old one expires, once for all who wait.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { OnhandClient, resume, signIn } from "@onhand/api"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { ADMIN, startServer, type TestServer, tokenSettings } from "./TestServer.ts"

let server: TestServer
let refreshes = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const at = { baseUrl: "http://localhost" }
const admin = { email: ADMIN.email, password: Redacted.make(ADMIN.password) }

const fetched: typeof fetch = (input, init) => {
  const request = new Request(input, init)
  if (request.url.endsWith("/auth/refresh")) refreshes++
  return server.handler(request)
}

const whoami = (token: Effect.Effect<Redacted.Redacted<string>>) =>
  Effect.flatMap(OnhandClient, (client) => client.users.me({ headers: {} })).pipe(
    Effect.provide(OnhandClient.layer({ ...at, token }))
  )

describe("a client that signed in", () => {
  it.effect("refreshes its token once for all who need it, goes on after a restart, and signs out", () =>
    Effect.gen(function* () {
      const session = yield* signIn(at, admin)
      yield* whoami(session.token)
      assert.strictEqual(refreshes, 0)
      yield* TestClock.adjust(`${tokenSettings.lifetimeSeconds} seconds`)
      yield* Effect.forEach([1, 2, 3, 4], () => whoami(session.token), { concurrency: "unbounded" })
      assert.strictEqual(refreshes, 1)

      const restarted = yield* resume(at, yield* session.refreshToken)
      yield* whoami(restarted.token)
      yield* restarted.signOut()
      const out = yield* Effect.flip(whoami(restarted.token))
      assert.strictEqual(out._tag, "Unauthorized")
      const gone = yield* Effect.flip(resume(at, yield* restarted.refreshToken))
      assert.strictEqual(gone._tag, "Unauthorized")
    }).pipe(Effect.provide(FetchHttpClient.layer), Effect.provideService(FetchHttpClient.Fetch, fetched))
  )

  it.effect("is told when the password is wrong", () =>
    Effect.gen(function* () {
      const wrong = yield* Effect.flip(signIn(at, { ...admin, password: Redacted.make("wrong") }))
      assert.strictEqual(wrong._tag, "InvalidCredentials")
    }).pipe(Effect.provide(FetchHttpClient.layer), Effect.provideService(FetchHttpClient.Fetch, fetched))
  )
})
