// Do two servers on one database sell as much as one? The same callers over HTTP, at one `onhand serve` or shared out
// to two, each sale one request: one hot product, and a thousand at one location; many callers, and fewer.
import { Agent, request } from "node:http"
import { Inventory, LocationId, ProductId } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { startOnhand } from "../test/ServerProcess.ts"

/** How long each figure is measured, after a warm-up of a third of it. Milliseconds. */
const MEASURED = Number(process.env["BENCH_MILLIS"] ?? 5_000)

/** How often each figure is measured, one server and two in turns; the medians are compared. */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3)

const CALLERS = [512, 128]
const PRODUCTS = 1_000
const STOCK = 100_000_000
const SHOP = LocationId.make("shop")
const productAt = (index: number) => ProductId.make(`p-${index}`)

const ENVIRONMENT = {
  ONHAND_ADMIN_EMAIL: "admin@example.com",
  ONHAND_ADMIN_PASSWORD: "correct horse battery",
  ONHAND_SECRET: "a secret of the bench that is long enough for anybody",
  ONHAND_SAMPLE_SHOP: "false",
  ONHAND_USER_REQUESTS_PER_MINUTE: "1000000000"
}

const inventoryOver = (url: string) =>
  Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(url) })))

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: SHOP, name: "Shop" })
  const stocked = Effect.fnUntraced(function* (index: number) {
    const product = productAt(index)
    yield* inventory.createProduct({ id: product, sku: product, name: product })
    yield* inventory.recordMovements({ lines: [{ kind: "opening", product, location: SHOP, quantity: STOCK }] })
  })
  yield* Effect.forEach(
    Array.from({ length: PRODUCTS }, (_, index) => index),
    stocked,
    { concurrency: "unbounded", discard: true }
  )
})

interface Target {
  readonly url: URL
  readonly token: string
  readonly agent: Agent
}

const signIn = async (url: string): Promise<Target> => {
  const { ONHAND_ADMIN_EMAIL: username, ONHAND_ADMIN_PASSWORD: password } = ENVIRONMENT
  const body = new URLSearchParams({ username, password })
  const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body })
  const { access_token: token } = (await reply.json()) as { readonly access_token: string }
  return { url: new URL("/api/v1/stock-movements", url), token, agent: new Agent({ keepAlive: true }) }
}

/** Sells one; fails unless the server says that it did. */
const sell = ({ url, token, agent }: Target, product: string, key: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key
    }
    const sent = request(url, { method: "POST", agent, headers }, (reply) => {
      reply.resume()
      reply.once("end", () =>
        reply.statusCode === 201 ? resolve() : reject(new Error(`The server answered ${reply.statusCode}`))
      )
    })
    sent.once("error", reject)
    sent.end(JSON.stringify({ lines: [{ kind: "sale", product, location: SHOP, quantity: 1 }] }))
  })

let keys = 0

/** The sales a second of callers who are shared out to servers. */
const measure = async (targets: ReadonlyArray<Target>, callers: number, products: number): Promise<number> => {
  const from = performance.now() + MEASURED / 3
  const until = from + MEASURED
  let done = 0
  const caller = async (target: Target): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now()
      await sell(target, productAt(Math.floor(Math.random() * products)), `sale-${keys++}`)
      if (began >= from) done++
    }
  }
  await Promise.all(
    Array.from({ length: callers }, (_, index) => targets[index % targets.length]).flatMap((target) =>
      target === undefined ? [] : [caller(target)]
    )
  )
  return (done * 1_000) / MEASURED
}

const median = (figures: ReadonlyArray<number>): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

const compare = async (targets: ReadonlyArray<Target>, callers: number, products: number): Promise<void> => {
  const [ones, twos]: [Array<number>, Array<number>] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await measure(targets.slice(0, 1), callers, products))
    twos.push(await measure(targets, callers, products))
  }
  const [one, two] = [median(ones), median(twos)]
  const figure = (value: number) => Math.round(value).toLocaleString("en-US").padStart(9)
  const name = `${callers} callers, ${products === 1 ? "one hot product" : `${products} products`}`
  console.log(`${name.padEnd(32)}${figure(one)}${figure(two)}${(two / one).toFixed(2).padStart(11)}`)
}

const database = await start()
const servers = []
try {
  await Effect.runPromise(Effect.provide(prepare, inventoryOver(database.url)))
  for (let index = 0; index < 2; index++) {
    const server = startOnhand(["serve", "--port", "0"], { ...ENVIRONMENT, DATABASE_URL: database.url })
    servers.push(server)
    await server.ready
  }
  const targets = await Promise.all(servers.map(async ({ ready }) => signIn(await ready)))
  console.log("At one server and at two: sales a second, and their ratio")
  console.log(`${"".padEnd(32)}      one      two  two ÷ one`)
  for (const callers of CALLERS) for (const products of [1, PRODUCTS]) await compare(targets, callers, products)
  for (const { agent } of targets) agent.destroy()
  const verified = await Effect.runPromise(
    Effect.provide(
      Effect.flatMap(Inventory, ({ read }) => read.verify),
      inventoryOver(database.url)
    )
  )
  console.log(`verified ${verified.movements} movements: ${verified.differences.length} differences`)
} finally {
  for (const server of servers) server.kill("SIGTERM")
  await Promise.all(servers.map(({ ended }) => ended))
  await database.stop()
}
