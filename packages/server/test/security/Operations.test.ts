// Security checks 64 to 71: what happens when something breaks, what is logged of it, and what is not to be seen.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { layerLocal } from "@onhand/auth"
import { Auth, Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Context, Effect, Layer, Redacted } from "effect"
import { createDatabase } from "../../../../test/PostgresDatabase.ts"
import { accessLine } from "../../src/index.ts"
import { cuttable } from "../CuttableWay.ts"
import { type ListeningServer, layerServices, startListening } from "../ListeningServer.ts"
import { tokenSettings } from "../TestServer.ts"

/** Nothing that helps an attacker: no statement, stack, path of a file, address of the database, or version. */
const tellsNothing = (text: string, database = "127.0.0.1") => {
  for (const word of [
    /select |insert |update /i,
    /\bat .+:\d+:\d+/,
    /\/(src|node_modules|tmp)\//,
    /postgres|pglite/i
  ]) {
    assert.notMatch(text, word)
  }
  assert.notInclude(text, database)
}

describe("checks 64 and 71: a database that is gone", () => {
  it("is 503 with nothing about why, and served again when it is back; liveness never asks it", async () => {
    const way = await cuttable(new URL(await createDatabase()))
    const store = PostgresStore.layer({ url: Redacted.make(way.url), connectTimeout: "1 second" })
    const server = await startListening({
      services: Layer.mergeAll(Inventory.layer.pipe(Layer.provide(store)), layerLocal(tokenSettings)).pipe(Layer.orDie)
    })
    const token = await server.signIn()
    const ask = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual((await ask("/health/ready")).status, 200)
    way.cut()
    for (const path of ["/health/ready", "/api/v1/categories"]) {
      const reply = await ask(path)
      assert.strictEqual(reply.status, 503, path)
      assert.strictEqual(reply.headers.get("content-type"), "application/problem+json")
      assert.isAtLeast(Number(reply.headers.get("retry-after")), 1)
      tellsNothing(await reply.text())
    }
    assert.strictEqual((await fetch(`${server.url}/health/live`)).status, 200)
    way.heal()
    let status = 0
    for (let tries = 0; tries < 50 && status !== 200; tries++) {
      status = (await ask("/api/v1/categories")).status
      if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.strictEqual(status, 200)
    await server.stop()
    way.close()
  })
})

/** A server whose auth port breaks for one token, and rejects a promise for another. */
const broken = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(layerServices)
    const auth = Context.get(context, Auth)
    const verifyAccessToken: Auth["Service"]["verifyAccessToken"] = (token) => {
      const text = Redacted.value(token)
      if (text === "defect") return Effect.die(new Error("SELECT secret FROM onhand.secrets"))
      if (text === "throw") throw new Error("thrown at once")
      if (text === "rejection") return Effect.promise(() => Promise.reject(new Error("nobody caught this")))
      return auth.verifyAccessToken(token)
    }
    return Context.add(context, Auth, Auth.of({ ...auth, verifyAccessToken }))
  })
)

describe("checks 65 and 66: code that breaks", () => {
  it("is 500 to the one who met it, writes nothing, and leaves the others be", async () => {
    const server = await startListening({ services: broken })
    const token = await server.signIn()
    for (const bad of ["defect", "throw", "rejection"]) {
      const reply = await fetch(`${server.url}/api/v1/products`, {
        method: "POST",
        headers: { authorization: `Bearer ${bad}`, "content-type": "application/json" },
        body: JSON.stringify({ sku: "BROKEN", name: "Broken" })
      })
      assert.strictEqual(reply.status, 500, bad)
      assert.strictEqual(reply.headers.get("content-type"), "application/problem+json")
      tellsNothing(await reply.text())
    }
    const list = await fetch(`${server.url}/api/v1/products?search=broken`, {
      headers: { authorization: `Bearer ${token}` }
    })
    assert.deepStrictEqual(((await list.json()) as { items: ReadonlyArray<unknown> }).items, [])
    await server.stop()
  })
})

describe("checks 67 to 70: what is logged, and what is shown", () => {
  let server: ListeningServer
  let token: string

  beforeAll(async () => {
    server = await startListening({
      settings: {
        metricsToken: Redacted.make("a token for metrics"),
        requestsPerMinute: { user: 1_000, address: 1_000 }
      }
    })
    token = await server.signIn()
  })
  afterAll(() => server.stop())

  it("67: a line is one line, whatever the path, the method and the ids are", async () => {
    const request =
      "GET /api/v1/a%0d%0aforged%1b[31m HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\tb\r\nConnection: close\r\n\r\n"
    await server.raw(request)
    const entry = server.entries.at(-1)
    assert.isDefined(entry)
    const line = accessLine(entry!)
    assert.strictEqual(line.split("\n").length, 2)
    assert.notInclude(line, "\u001b")
    assert.doesNotThrow(() => JSON.parse(line))
  })

  it("69: whoever is turned away is a security event, with who, where from, what and when", async () => {
    const lineOf = async (path: string, headers: Record<string, string>) => {
      await fetch(server.url + path, { headers })
      return JSON.parse(accessLine(server.entries.at(-1)!))
    }
    const guessed = await lineOf("/api/v1/users/me", { authorization: "Bearer guessed" })
    assert.deepInclude(guessed, {
      level: "warn",
      securityEvent: "authentication_failed",
      path: "/api/v1/users/me",
      address: "127.0.0.1",
      actor: null
    })
    assert.match(guessed.time, /Z$/)
    const body = { email: "low@example.com", name: "Low", password: "the password of low" }
    await fetch(`${server.url}/api/v1/auth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    const low = await server.signIn(body.email, body.password)
    const denied = await lineOf("/api/v1/users", { authorization: `Bearer ${low}` })
    assert.deepInclude(denied, { securityEvent: "access_denied", status: 403 })
    assert.isString(denied.actor)
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    const traced = await lineOf("/health/live", { traceparent: `00-${trace}-00f067aa0ba902b7-01` })
    assert.deepInclude(traced, { level: "info", traceId: trace })
    assert.notProperty(traced, "securityEvent")
  })

  it("70: metrics are for who has their token, and count what was done; nothing else is to be found", async () => {
    const metrics = (authorization?: string) =>
      fetch(`${server.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } })
    assert.strictEqual((await metrics()).status, 401)
    assert.strictEqual((await metrics(`Bearer ${token}`)).status, 401)
    const shown = async () => {
      const reply = await metrics("Bearer a token for metrics")
      assert.strictEqual(reply.status, 200)
      return reply.text()
    }
    const before = await shown()
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": "m" }
    const json = (value: object) => ({ method: "POST", headers, body: JSON.stringify(value) })
    const created = { ...headers, "idempotency-key": "p" }
    await fetch(`${server.url}/api/v1/locations`, json({ id: "l", name: "L" }))
    await fetch(`${server.url}/api/v1/products`, {
      ...json({ id: "metered", sku: "METERED", name: "Metered" }),
      headers: created
    })
    const lines = [{ kind: "sale", product: "metered", location: "l", quantity: 1 }]
    const sale = await fetch(`${server.url}/api/v1/stock-movements`, {
      ...json({ lines }),
      headers: { ...headers, "idempotency-key": "s" }
    })
    assert.strictEqual(sale.status, 409)
    const text = await shown()
    for (const line of [
      /^onhand_batch_commands_count \d+$/m,
      /^onhand_commit_seconds_bucket\{/m,
      /^onhand_queue_depth 0$/m
    ]) {
      assert.match(text, line)
    }
    // A process counts for all its servers, those of other tests too.
    for (const line of [
      /^onhand_commands_total\{.*command="CreateProduct".*outcome="applied".*\} (\d+)$/m,
      /^onhand_refusals_total\{refusal="InsufficientStock"\} (\d+)$/m,
      /^onhand_http_requests_total\{method="POST",status="409"\} (\d+)$/m
    ]) {
      const [then, now] = [before, text].map((page) => Number(line.exec(page)?.[1] ?? 0))
      assert.strictEqual(now, (then ?? 0) + 1, String(line))
    }
    const plain = await startListening({ bootstrap: false })
    for (const path of ["/metrics", "/.git/config", "/.env", "/debug", "/server.js.map", "/package.json"]) {
      const hidden = await fetch(plain.url + path)
      assert.strictEqual(hidden.status, 404, path)
      for (const name of ["server", "x-powered-by", "via"]) assert.isNull(hidden.headers.get(name))
    }
    await plain.stop()
  })
})
