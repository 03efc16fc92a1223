// Does a ledger stay as fast as it was when it was small? At 10 million movements, how long every kind of question and
// report takes, and along which indexes; then sales a second at 10 thousand, 1 million and 10 million.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Inventory } from "@onhand/core"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { type PostgresServer, start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"
import { measure, verify } from "./Asking.ts"
import { makeBigLedger } from "./BigLedger.ts"
import { CALLERS, count, median, type Place, salesPerSecond, stockUp } from "./Load.ts"
import { reads } from "./Reads.ts"
import { reports } from "./Reports.ts"

const SIZES = (process.env["BENCH_MOVEMENTS"] ?? "10000,1000000,10000000").split(",").map(Number)

/** The sizes take turns, so that what else the machine does falls on all of them; a first turn warms up. */
const ROUNDS = 5
const SPREAD = 1_000

/** What throughput at the largest size must be of that at the smallest. */
const GROWTH_GOAL = 0.8

/** What the guide advises for a big ledger; by default PostgreSQL keeps 128 MB of pages in memory. */
const advised = { shared_buffers: "2GB", max_wal_size: "8GB", random_page_cost: "1.1" }

/** While ledgers are made, indexes and whole pages need not be in the log, and nobody else looks after the tables. */
const filling = {
  ...advised,
  wal_level: "minimal",
  max_wal_senders: "0",
  full_page_writes: "off",
  autovacuum: "off"
}

const configure = async ({ url, restart }: PostgresServer, settings: Readonly<Record<string, string>>) => {
  const admin = PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
  const set = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.unsafe("ALTER SYSTEM RESET ALL")
    for (const [name, value] of Object.entries(settings)) yield* sql.unsafe(`ALTER SYSTEM SET ${name} = '${value}'`)
  })
  await Effect.runPromise(Effect.provide(set, admin))
  await restart("SIGINT")
}

const makeLedger = async (server: string, movements: number) => {
  const url = new URL(server)
  url.pathname = `movements_${movements}`
  const admin = PgClient.layer({ url: Redacted.make(server), maxConnections: 1 })
  const create = Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`CREATE DATABASE movements_${movements}`))
  await Effect.runPromise(Effect.provide(create, admin))
  const seconds = await Effect.runPromise(makeBigLedger(url.href, { movements }))
  const all = Object.values(seconds).reduce((sum, one) => sum + one, 0)
  const parts = Object.entries(seconds).filter(([, one]) => one > all / 20)
  const told = parts.map(([name, one]) => `${name} ${one.toFixed(0)}`).join(", ")
  console.log(`${count(movements)} movements: made in ${all.toFixed(0)} s (${told})`)
  return { movements, url: Redacted.make(url.href) }
}

/** The products that sell best, as they do in the ledger, with enough on their shelves. */
const bestSelling = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const found = yield* sql.unsafe<Place>(
    `SELECT product, location FROM onhand.balances ORDER BY version DESC, product, location LIMIT ${SPREAD}`
  )
  yield* stockUp(found)
  return found
})

const openLedger = async ({ movements, url }: Awaited<ReturnType<typeof makeLedger>>) => {
  const runtime = ManagedRuntime.make(
    Inventory.layer.pipe(
      Layer.provide(PostgresStore.layer({ url })),
      Layer.provideMerge(PgClient.layer({ url, maxConnections: 2 }))
    )
  )
  return {
    movements,
    runtime,
    places: await runtime.runPromise(bestSelling),
    hot: [] as Array<number>,
    spread: [] as Array<number>
  }
}

const measureGrowth = async (ledgers: ReadonlyArray<Awaited<ReturnType<typeof openLedger>>>) => {
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { runtime, places, hot, spread } of round % 2 === 0 ? ledgers : ledgers.toReversed()) {
      const [one, many] = [
        await runtime.runPromise(salesPerSecond(places.slice(0, 1))),
        await runtime.runPromise(salesPerSecond(places))
      ]
      if (round === 0) continue
      hot.push(one)
      spread.push(many)
    }
  }
  const [first] = ledgers
  console.log(`\nSales a second with ${CALLERS} callers, the median of ${ROUNDS} turns, and of that at the smallest`)
  console.log(`   movements         one hot key   ${count(SPREAD)} keys`)
  const missed: Array<string> = []
  for (const { movements, hot, spread } of ledgers) {
    const shares = [median(hot) / median(first?.hot ?? []), median(spread) / median(first?.spread ?? [])] as const
    const [hotShare, spreadShare] = shares.map((share) => share.toFixed(2))
    console.log(
      `${count(movements).padStart(12)}  ${count(median(hot)).padStart(9)} (${hotShare}×)` +
        `  ${count(median(spread)).padStart(9)} (${spreadShare}×)`
    )
    if (Math.min(...shares) < GROWTH_GOAL) missed.push(`throughput at ${count(movements)} movements`)
  }
  return missed
}

const server = await start()
try {
  await configure(server, filling)
  const made = []
  for (const movements of SIZES) made.push(await makeLedger(server.url, movements))
  await configure(server, advised)
  console.log(
    `Settings: ${Object.entries(advised)
      .map((setting) => setting.join(" = "))
      .join(", ")}`
  )
  const missed: Array<string> = []
  const largest = made.at(-1)
  const asking = PgClient.layer({ url: largest?.url ?? Redacted.make(server.url), maxConnections: 1 })
  for (const asked of [verify, measure([...reads, ...reports])])
    missed.push(...(await Effect.runPromise(Effect.provide(asked, asking))))
  const ledgers = []
  for (const one of made) ledgers.push(await openLedger(one))
  missed.push(...(await measureGrowth(ledgers)))
  for (const { runtime } of ledgers) await runtime.dispose()
  console.log(missed.length === 0 ? "\nEvery goal is met." : `\nMissed:\n  ${missed.join("\n  ")}`)
  console.log(`All of it took ${(performance.now() / 60_000).toFixed(1)} minutes.`)
  process.exitCode = missed.length === 0 ? 0 : 1
} finally {
  await server.stop()
}
