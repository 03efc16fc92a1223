// How long does a search take over a catalogue of 100,000 products? Codes, words, parts of words, several words, typing
// errors and what nothing is called, each as a page with its exact total. BENCH_PRODUCTS says how many products.
import * as PgClient from "@effect/sql-pg/PgClient"
import type { ProductFilter } from "@onhand/core"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { start } from "../../../test/PostgresServer.ts"
import { postgresQueries } from "../src/PostgresQueries.ts"
import { migrate } from "../src/PostgresStore.ts"
import { count } from "./Load.ts"

const PRODUCTS = Number(process.env["BENCH_PRODUCTS"] ?? 100_000)

/** How often each kind of search is asked, and how many milliseconds 95 of 100 answers may take. */
const ASKED = 100
const GOAL = 100

const WORDS = {
  kinds: ["mug", "kettle", "toaster", "espresso machine", "screwdriver", "lamp", "notebook", "backpack", "umbrella"],
  makers: ["Aldera", "Bremmer", "Castellan", "Dorwick", "Eskelund", "Fairbourne", "Grindal", "Hollander", "Iversen"],
  colours: ["blue", "crimson", "emerald", "graphite", "ivory", "lavender", "mustard", "navy", "olive", "silver"]
}

const picked = (words: ReadonlyArray<string>, from: string) =>
  `(ARRAY[${words.map((word) => `'${word}'`).join(", ")}])[1 + ${from} % ${words.length}]`

/** Rows as the store writes them; every product has a name of its own, and a series that twenty share. */
const catalogue = `INSERT INTO onhand.products (id, version, data)
  SELECT 'p-' || n, 1, jsonb_build_object('id', 'p-' || n, 'sku', 'SKU-' || n,
    'barcodes', jsonb_build_array((4000000000000 + n)::text), 'packs', '[]'::jsonb,
    'name', initcap(${picked(WORDS.colours, "n")}) || ' ' || ${picked(WORDS.kinds, "(n / 10)")} || ' ' ||
      ${picked(WORDS.makers, "(n / 90)")} || ' series ' || md5((n / 20)::text)::varchar(6),
    'description', 'A ' || ${picked(WORDS.kinds, "(n / 10)")} || ' for every day, article ' || n,
    'category', 'Category ' || n % 200, 'metadata', '{}'::jsonb, 'price', null,
    'unit', jsonb_build_object('name', 'piece', 'decimals', 0), 'lotTracked', false, 'status', 'active', 'version', 1,
    'createdAt', '2026-01-01T00:00:00.000Z', 'updatedAt', '2026-01-01T00:00:00.000Z')
  FROM generate_series(1, ${PRODUCTS}) n`

const seriesOf = (nth: number, rows: ReadonlyArray<{ readonly series: string }>) =>
  rows[nth % rows.length]?.series ?? ""

const searches: Readonly<Record<string, (nth: number, series: string) => ProductFilter>> = {
  "a SKU": (nth) => ({ search: `sku-${1 + ((nth * 7919) % PRODUCTS)}` }),
  "a barcode": (nth) => ({ search: String(4_000_000_000_000 + 1 + ((nth * 7919) % PRODUCTS)) }),
  "a series of twenty": (_, series) => ({ search: series }),
  "two words": (nth) => ({ search: `${WORDS.colours[nth % 10]} umbrella` }),
  "a word that a ninth of all have": (nth) => ({ search: WORDS.kinds[nth % 9] ?? "" }),
  "a word that a ninth of all have, by name": (nth) => ({ search: WORDS.kinds[nth % 9] ?? "", sort: "name_asc" }),
  "a part of a word": (nth) => ({ search: WORDS.makers[nth % 9]?.slice(2, 6) ?? "" }),
  "a word mistyped": (nth) => ({
    search: ["expreso machin", "skrewdrivr", "umbrela bleu", "lavnder ketle"][nth % 4] ?? ""
  }),
  "what nothing is called": (nth) => ({ search: ["bicycle", "tractor", "yoghurt", "wardrobe"][nth % 4] ?? "" })
}

const measure = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* migrate(1)
  yield* sql.unsafe(catalogue)
  yield* sql`VACUUM ANALYZE onhand.products`
  const rows = yield* sql.unsafe<{ readonly series: string }>(
    "SELECT DISTINCT right(data->>'name', 6) AS series FROM onhand.products ORDER BY 1 LIMIT 100"
  )
  const { products } = postgresQueries(sql)
  console.log(`${count(PRODUCTS)} products\n\n   p50 ms    p95 ms     found  searched for`)
  const missed: Array<string> = []
  for (const [name, filterOf] of Object.entries(searches)) {
    const times: Array<number> = []
    let total = 0
    for (let nth = 0; nth < ASKED; nth++) {
      const filter = filterOf(nth, seriesOf(nth, rows))
      const begun = performance.now()
      total += (yield* products(filter, { _tag: "Numbered", page: 1, pageSize: 20 })).total ?? 0
      times.push(performance.now() - begun)
    }
    times.sort((a, b) => a - b)
    const [p50 = 0, p95 = 0] = [times[Math.floor(ASKED * 0.5)], times[Math.floor(ASKED * 0.95)]]
    const found = count(Math.round(total / ASKED)).padStart(9)
    console.log(`${p50.toFixed(1).padStart(9)} ${p95.toFixed(1).padStart(9)} ${found}  ${name}`)
    if (p95 > GOAL) missed.push(`${name}: p95 ${p95.toFixed(0)} ms, goal ${GOAL} ms`)
  }
  return missed
})

const server = await start()
try {
  const client = PgClient.layer({ url: Redacted.make(server.url), maxConnections: 2 })
  const missed = await Effect.runPromise(Effect.provide(measure, client))
  console.log(missed.length === 0 ? "\nEvery goal is met." : `\nMissed:\n  ${missed.join("\n  ")}`)
  process.exitCode = missed.length === 0 ? 0 : 1
} finally {
  await server.stop()
}
