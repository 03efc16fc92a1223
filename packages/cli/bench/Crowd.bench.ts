// Does one server carry a crowd? A thousand shoppers, each with a cart, who browse, look at a product, put it into the
// cart and buy it, with a second's thought between; then ten thousand open connections, a tenth of them streams of
// events, with a product asked for on each of the others again and again. How late are replies, and what grows?
import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { layerLocal } from "@onhand/auth"
import { Auth, Inventory, LocationId, ProductId } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { startOnhand } from "../test/ServerProcess.ts"

const SHOPPERS = Number(process.env["BENCH_SHOPPERS"] ?? 1_000)
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 60)
const CONNECTIONS = Number(process.env["BENCH_CONNECTIONS"] ?? 10_000)

/** How long somebody thinks before the next request, in milliseconds, from half of it to one and a half. */
const THOUGHT = 1_000

/** How long a connection of the ten thousand is quiet between its requests, in milliseconds. */
const QUIET = 8_000

/** Connections are opened so many at a time, because a client has a queue for few more that are not yet accepted. */
const WAVE = 100

/** The part of the connections that follow events: one of so many. */
const STREAMS_OF = 10

const PRODUCTS = 1_000
const STOCK = 100_000_000
const SHOP = LocationId.make("shop")
const productAt = (index: number) => ProductId.make(`p-${index}`)
const anyProduct = () => productAt(Math.floor(Math.random() * PRODUCTS))

const ENVIRONMENT = {
  ONHAND_ADMIN_EMAIL: "admin@example.com",
  ONHAND_ADMIN_PASSWORD: "correct horse battery",
  ONHAND_SECRET: "a secret of the bench that is long enough for anybody",
  ONHAND_SAMPLE_SHOP: "false",
  ONHAND_USER_REQUESTS_PER_MINUTE: "1000000000",
  ONHAND_USER_STREAMS: "10000",
  ONHAND_ADDRESS_STREAMS: "10000"
}

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: SHOP, name: "Shop" })
  const price = { amount: 950, currency: "EUR" } as never
  const stocked = Effect.fnUntraced(function* (index: number) {
    const product = productAt(index)
    yield* inventory.createProduct({ id: product, sku: product, name: product, price })
    yield* inventory.recordMovements({ lines: [{ kind: "opening", product, location: SHOP, quantity: STOCK }] })
  })
  const all = Array.from({ length: PRODUCTS }, (_, index) => index)
  yield* Effect.forEach(all, stocked, { concurrency: "unbounded", discard: true })
})

/** Tokens as the server makes them, of customers whom nobody has to register first: hashing passwords is not asked. */
const tokensOf = (names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const auth = yield* Auth
    const issued = yield* Effect.forEach(names, (id) =>
      auth.issueAccessToken({ id, roles: ["customer"], locations: null })
    )
    return issued.map(({ token }) => Redacted.value(token))
  }).pipe(
    Effect.provide(
      layerLocal({
        key: { _tag: "Secret", secret: Redacted.make(ENVIRONMENT.ONHAND_SECRET) },
        issuer: "onhand",
        audience: "onhand",
        lifetimeSeconds: 3_600
      })
    )
  )

/** What came of requests: how late replies were, and those that were no success. */
class Tally {
  readonly millis: Array<number> = []
  readonly errors = new Map<string, number>()
  fail(why: string): void {
    this.errors.set(why, (this.errors.get(why) ?? 0) + 1)
  }
  get told(): string {
    const sorted = this.millis.toSorted((a, b) => a - b)
    const at = (part: number) => `${Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN)} ms`
    const wrong = [...this.errors].map(([why, count]) => `${count} × ${why}`).join(", ")
    return `${sorted.length} replies, p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}; errors: ${wrong || "none"}`
  }
}

interface Caller {
  readonly url: string
  readonly token: string
  readonly agent: Agent
}

const ask = ({ url, token, agent }: Caller, tally: Tally, path: string, body?: object): Promise<void> =>
  new Promise((resolve) => {
    const began = performance.now()
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (body !== undefined) {
      Object.assign(headers, { "content-type": "application/json", "idempotency-key": crypto.randomUUID() })
    }
    const method = body === undefined ? "GET" : "POST"
    const sent = request(`${url}/api/v1${path}`, { method, agent, headers }, (reply) => {
      reply.resume()
      reply.once("end", () => {
        if ((reply.statusCode ?? 0) < 300) tally.millis.push(performance.now() - began)
        else tally.fail(`${reply.statusCode} of ${path.split("?")[0]}`)
        resolve()
      })
    })
    sent.once("error", (error: NodeJS.ErrnoException) => {
      tally.fail(error.code ?? error.message)
      resolve()
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

const wait = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
const think = () => wait(THOUGHT * (0.5 + Math.random()))

const shop = async (url: string, tokens: ReadonlyArray<string>, seconds: number): Promise<Tally> => {
  const tally = new Tally()
  const until = performance.now() + seconds * 1_000
  const shopper = async (token: string): Promise<void> => {
    const caller = { url, token, agent: new Agent({ keepAlive: true, maxSockets: 1 }) }
    await wait(Math.random() * 4 * THOUGHT)
    while (performance.now() < until) {
      const product = anyProduct()
      await ask(caller, tally, "/products?limit=20")
      await think()
      await ask(caller, tally, `/products/${product}`)
      await think()
      await ask(caller, tally, "/cart/items", { product, quantity: 1 })
      await think()
      await ask(caller, tally, "/checkout", { location: SHOP })
      await think()
    }
    caller.agent.destroy()
  }
  await Promise.all(tokens.map(shopper))
  return tally
}

/** The memory of a process, in megabytes. */
const memoryOf = (pid: number): number =>
  Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024)

/** Follows the events for so long; fails unless the stream was open to the end. */
const followFor = ({ url, token, agent }: Caller, tally: Tally, until: number): Promise<void> =>
  new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` }
    const sent = request(`${url}/api/v1/events`, { agent, headers }, (reply) => {
      if (reply.statusCode !== 200) tally.fail(`${reply.statusCode} of /events`)
      reply.resume()
      reply.once("close", () => {
        if (performance.now() < until) tally.fail("a stream ended")
        resolve()
      })
      setTimeout(() => sent.destroy(), Math.max(0, until - performance.now()))
    })
    sent.once("error", (error: NodeJS.ErrnoException) => {
      if (performance.now() < until) tally.fail(error.code ?? error.message)
      resolve()
    })
    sent.end()
  })

const crowd = async (url: string, token: string, pid: number): Promise<void> => {
  const tally = new Tally()
  const memory: Array<number> = [memoryOf(pid)]
  const until = performance.now() + SECONDS * 1_000
  const connection = async (index: number): Promise<void> => {
    const caller = { url, token, agent: new Agent({ keepAlive: true, maxSockets: 1 }) }
    if (index % STREAMS_OF === 0) return followFor(caller, tally, until)
    while (performance.now() < until) {
      await ask(caller, tally, `/products/${anyProduct()}`)
      await wait(QUIET * (0.5 + Math.random()))
    }
    caller.agent.destroy()
  }
  const open: Array<Promise<void>> = []
  for (let index = 0; index < CONNECTIONS; index++) {
    open.push(connection(index))
    if (index % WAVE === 0) await wait(20)
  }
  memory.push(memoryOf(pid))
  const sampler = setInterval(() => memory.push(memoryOf(pid)), (SECONDS * 1_000) / 6)
  await Promise.all(open)
  clearInterval(sampler)
  console.log(`${CONNECTIONS} connections, ${CONNECTIONS / STREAMS_OF} of them streams: ${tally.told}`)
  console.log(`  memory of the server before, with all open, and then: ${memory.join(", ")} MB`)
}

const database = await start()
const server = startOnhand(["serve", "--port", "0"], { ...ENVIRONMENT, DATABASE_URL: database.url })
try {
  const inventory = Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(database.url) })))
  const url = await server.ready
  await Effect.runPromise(Effect.provide(prepare, inventory))
  const names = Array.from({ length: SHOPPERS }, (_, index) => `shopper-${index}`)
  const tokens = await Effect.runPromise(tokensOf(names))
  const before = memoryOf(server.pid)
  await shop(url, tokens, Math.min(5, SECONDS))
  console.log(`${SHOPPERS} shoppers for ${SECONDS} s: ${(await shop(url, tokens, SECONDS)).told}`)
  console.log(`  memory of the server before and after: ${before}, ${memoryOf(server.pid)} MB`)
  await crowd(url, tokens[0] ?? "", server.pid)
} finally {
  server.kill("SIGTERM")
  await server.ended
  await database.stop()
}
