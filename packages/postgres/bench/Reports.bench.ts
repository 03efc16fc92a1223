// How long do reports take over a big ledger? The sales of a month over all products, the value of products and their
// stock cards, and what the other reports are made of. BENCH_MOVEMENTS says how many movements there are.
import * as PgClient from "@effect/sql-pg/PgClient"
import {
  cursorAfter,
  firstPage,
  LocationId,
  ProductId,
  periodBounds,
  type Queries,
  type SalesFilter,
  stockCard
} from "@onhand/core"
import { DateTime, Effect, Redacted, Result } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { start } from "../../../test/PostgresServer.ts"
import { postgresQueries } from "../src/PostgresQueries.ts"
import { makeBigLedger } from "./BigLedger.ts"
import { count } from "./Load.ts"

const MOVEMENTS = Number(process.env["BENCH_MOVEMENTS"] ?? 10_000_000)

/** How often a report of the whole shop is asked for, and one of a product. */
const ASKED_OF_ALL = 5
const ASKED = 200

/** A report, how many milliseconds 95 of 100 answers may take, and how it is asked for. */
interface Asked {
  readonly name: string
  readonly goal?: number
  readonly times?: number
  readonly ask: (queries: Queries, nth: number) => Effect.Effect<unknown, unknown>
}

const timeZone = DateTime.zoneMakeNamedUnsafe("America/New_York")
const month = (every: "day" | "month") =>
  Result.getOrThrow(
    periodBounds({
      every,
      timeZone,
      from: DateTime.makeUnsafe("2025-03-02T12:00:00Z"),
      to: DateTime.makeUnsafe("2025-04-01T12:00:00Z")
    })
  )

/** All rows of a report, in pages as large as an export takes them. */
const wholeSales = (filter: SalesFilter) => (queries: Queries) =>
  Effect.map(queries.sales(filter, firstPage(1_000_000)), ({ items }) => items.length)

const sales: ReadonlyArray<Asked> = [
  { name: "sales of a month", goal: 2_000, ask: wholeSales({ by: "all", bounds: month("month") }) },
  { name: "sales of a month by product", goal: 2_000, ask: wholeSales({ by: "product", bounds: month("month") }) },
  { name: "sales of a month by category", goal: 2_000, ask: wholeSales({ by: "category", bounds: month("month") }) },
  { name: "sales of a month by location", goal: 2_000, ask: wholeSales({ by: "location", bounds: month("month") }) },
  { name: "sales of a month by day", goal: 2_000, ask: wholeSales({ by: "all", bounds: month("day") }) }
]

/** A report of one product: of those that are drawn, each as often as any other or as often as it moved. */
const ofProducts = (
  name: string,
  goal: number | undefined,
  products: ReadonlyArray<Place>,
  ask: (queries: Queries, place: Place) => Effect.Effect<unknown, unknown>
): Asked => ({
  name,
  ...(goal === undefined ? {} : { goal }),
  times: ASKED,
  ask: (queries, nth) => {
    const place = products[nth % products.length]
    return place === undefined ? Effect.die("There are no products") : ask(queries, place)
  }
})

interface Place {
  readonly product: ProductId
  readonly location: LocationId
}

const drawn = (sql: SqlClient, from: string) =>
  Effect.map(
    sql.unsafe<Record<keyof Place, string>>(`SELECT product, location FROM ${from} ORDER BY random() LIMIT ${ASKED}`),
    (rows) =>
      rows.map(({ product, location }) => ({ product: ProductId.make(product), location: LocationId.make(location) }))
  )

const year = { from: DateTime.makeUnsafe("2025-01-01T00:00:00Z"), to: DateTime.makeUnsafe("2026-01-01T00:00:00Z") }

const cardOf = (queries: Queries, place: Place) => stockCard(queries, { ...place, ...year }, { limit: 50 })

const flowsOf = (queries: Queries, { product, location }: Place) =>
  queries.stockFlows(
    { period: year },
    { _tag: "Cursor", limit: 100, cursor: cursorAfter("stockFlows", [product, location]) }
  )

const valuesFrom = (queries: Queries, { product }: Place) =>
  queries.stockValues(
    { method: "fifo", period: year },
    { _tag: "Cursor", limit: 100, cursor: cursorAfter("stockValues", [product]) }
  )

const valueOf = (queries: Queries, { product }: Place) => queries.stockValues({ method: "fifo", product }, firstPage(1))

const valueThrough = (queries: Queries, { product }: Place) =>
  queries.stockValues({ method: "fifo", product, period: year }, firstPage(1))

const percentile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

const measure = (queries: Queries, { name, goal, times: asked = ASKED_OF_ALL, ask }: Asked) =>
  Effect.gen(function* () {
    // Once around first: values are kept by who reads them.
    for (let nth = 0; nth < asked; nth++) yield* ask(queries, nth)
    const times: Array<number> = []
    let last: unknown
    for (let nth = 0; nth < asked; nth++) {
      const started = performance.now()
      last = yield* ask(queries, nth)
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)]
    const told = typeof last === "number" ? ` (${count(last)} rows)` : ""
    console.log(`${p50.toFixed(1).padStart(9)} ${p95.toFixed(1).padStart(9)}  ${name}${told}`)
    return goal !== undefined && p95 > goal ? [`${name}: p95 ${p95.toFixed(0)} ms, goal ${goal} ms`] : []
  })

const measureAll = Effect.gen(function* () {
  const sql = yield* SqlClient
  const queries = postgresQueries(sql)
  console.log("\n   p50 ms    p95 ms  report")
  yield* sql.unsafe("SELECT setseed(0.5)")
  const products = yield* drawn(sql, "(SELECT DISTINCT ON (product) product, location FROM onhand.balances) b")
  const moving = yield* drawn(sql, "onhand.movements TABLESAMPLE SYSTEM (0.1)")
  const hottest = yield* drawn(sql, "(SELECT * FROM onhand.balances ORDER BY version DESC LIMIT 1) b")
  const asked = [
    ...sales,
    ofProducts("value of a product", 50, products, valueOf),
    ofProducts("stock card of a product at a location", 50, products, cardOf),
    ofProducts("stock card of one that moves", 50, moving, cardOf),
    ofProducts("stock card of the hottest", 50, hottest, cardOf),
    ofProducts("flows of a year at 100 places", undefined, products, flowsOf),
    { ...ofProducts("values of 100 products through a year", undefined, products, valuesFrom), times: ASKED_OF_ALL },
    ofProducts("value of a product that moves", 50, moving, valueOf),
    ofProducts("value of the hottest product", 50, hottest, valueOf),
    { ...ofProducts("value of the hottest through a year", undefined, hottest, valueThrough), times: ASKED_OF_ALL }
  ]
  return (yield* Effect.forEach(asked, (one) => measure(queries, one))).flat()
})

const kept = process.env["BENCH_DATABASE_URL"]
const server = kept === undefined ? await start() : undefined
try {
  const url = kept ?? server?.url ?? ""
  if (kept === undefined) {
    const seconds = Object.values(await Effect.runPromise(makeBigLedger(url, { movements: MOVEMENTS })))
    const all = seconds.reduce((sum, one) => sum + one, 0)
    console.log(`${count(MOVEMENTS)} movements: made in ${all.toFixed(0)} s`)
  }
  const client = PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })
  const missed = await Effect.runPromise(Effect.provide(measureAll, client))
  console.log(missed.length === 0 ? "\nEvery goal is met." : `\nMissed:\n  ${missed.join("\n  ")}`)
  process.exitCode = missed.length === 0 ? 0 : 1
} finally {
  await server?.stop()
}
