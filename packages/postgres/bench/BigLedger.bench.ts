// Does a ledger stay as fast as it was when it was small? Sales a second at 10 thousand, 1 million and 10 million
// movements; then, at the largest, how long every kind of question takes, and along which indexes.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Inventory } from "@onhand/core"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { type PostgresServer, start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"
import { makeBigLedger } from "./BigLedger.ts"
import { CALLERS, count, median, type Place, salesPerSecond, stockUp } from "./Load.ts"
import { measureReads } from "./Reads.ts"

const SIZES = (process.env["BENCH_MOVEMENTS"] ?? "10000,1000000,10000000").split(",").map(Number)

/** The sizes take turns, so that what else the machine does falls on all of them; a first turn warms up. */
const ROUNDS = 7
const SPREAD = 1_000

/** What throughput at the largest size must be of that at the smallest. */
const GROWTH_GOAL = 0.8

/** What the guide advises for a big ledger; by default PostgreSQL keeps 128 MB of pages in memory. */
const settings = { shared_buffers: "2GB", max_wal_size: "8GB", random_page_cost: "1.1" }

const configure = async ({ url, restart }: PostgresServer) => {
  const admin = PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
  const set = Effect.flatMap(PgClient.PgClient, (sql) =>
    Effect.forEach(Object.entries(settings), ([name, value]) => sql.unsafe(`ALTER SYSTEM SET ${name} = '${value}'`))
  )
  await Effect.runPromise(Effect.provide(set, admin))
  await restart("SIGINT")
  console.log(
    `Settings: ${Object.entries(settings)
      .map((setting) => setting.join(" = "))
      .join(", ")}`
  )
}

const openLedger = async (server: string, movements: number) => {
  const url = new URL(server)
  url.pathname = `movements_${movements}`
  const admin = PgClient.layer({ url: Redacted.make(server), maxConnections: 1 })
  const create = Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`CREATE DATABASE movements_${movements}`))
  await Effect.runPromise(Effect.provide(create, admin))
  const seconds = await Effect.runPromise(makeBigLedger(url.href, { movements }))
  const all = Object.values(seconds).reduce((sum, one) => sum + one, 0)
  console.log(`${count(movements)} movements: made in ${all.toFixed(0)} s`)
  const database = Redacted.make(url.href)
  const runtime = ManagedRuntime.make(
    Inventory.layer.pipe(
      Layer.provide(PostgresStore.layer({ url: database })),
      Layer.provideMerge(PgClient.layer({ url: database, maxConnections: 2 }))
    )
  )
  const places = await runtime.runPromise(
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      // The products that sell best, as they do in the ledger.
      const found = yield* sql.unsafe<Place>(
        `SELECT product, location FROM onhand.balances ORDER BY version DESC, product, location LIMIT ${SPREAD}`
      )
      yield* stockUp(found)
      return found
    })
  )
  return { movements, runtime, places, hot: [] as Array<number>, spread: [] as Array<number> }
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
  await configure(server)
  const ledgers = []
  for (const movements of SIZES) ledgers.push(await openLedger(server.url, movements))
  const missed = await measureGrowth(ledgers)
  const largest = ledgers.at(-1)
  if (largest !== undefined) missed.push(...(await largest.runtime.runPromise(measureReads)))
  console.log(missed.length === 0 ? "\nEvery goal is met." : `\nMissed:\n  ${missed.join("\n  ")}`)
  for (const { runtime } of ledgers) await runtime.dispose()
  process.exitCode = missed.length === 0 ? 0 : 1
} finally {
  await server.stop()
}
