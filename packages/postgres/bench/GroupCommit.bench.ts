// How many sales of one unit a second does the engine commit, against one transaction and against one SQL statement a
// sale through the same driver, and against the raw batched SQL that bounds it? One hot product, and a thousand.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Inventory, LocationId, ProductId } from "@onhand/core"
import { Clock, Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"
import { createTables, oneStatement, oneTransaction, rawBatch, stock } from "./Baseline.ts"

/** How long each figure is measured, after a warm-up of a third of it. Milliseconds. */
const MEASURED = Number(process.env["BENCH_MILLIS"] ?? 3_000)

/** Connections of the hand-written ways: beyond this, two cores only queue. */
const CONNECTIONS = 32
const SPREAD = 1_000
const STOCK = 100_000_000
const BATCH = 512

const shop = LocationId.make("shop")
const products = Array.from({ length: SPREAD }, (_, index) => `p-${index}`)
let keys = 0
const nextKey = () => `sale-${keys++}`

/** Runs `callers` loops of an operation for a while and answers how many a second completed, and the median latency. */
const measure = <E, R>(callers: number, weight: number, operation: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const begin = yield* Clock.currentTimeMillis
    const from = begin + MEASURED / 3
    const until = from + MEASURED
    let done = 0
    const latencies: Array<number> = []
    const loop = Effect.gen(function* () {
      for (;;) {
        const started = performance.now()
        if (performance.timeOrigin + started >= until) return
        yield* operation
        const ended = performance.now()
        if (performance.timeOrigin + started < from) continue
        done += weight
        latencies.push(ended - started)
      }
    })
    yield* Effect.all(
      Array.from({ length: callers }, () => loop),
      { concurrency: "unbounded", discard: true }
    )
    latencies.sort((a, b) => a - b)
    return { perSecond: (done * 1000) / MEASURED, median: latencies[Math.floor(latencies.length / 2)] ?? Number.NaN }
  })
type Figure = Effect.Success<ReturnType<typeof measure>>

const pick = (spread: boolean) => (spread ? (products[Math.floor(Math.random() * SPREAD)] ?? "p-0") : "p-0")

const ways = (spread: boolean) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const engine = Effect.suspend(() =>
      inventory.recordMovements(
        { lines: [{ kind: "sale", product: ProductId.make(pick(spread)), location: shop, quantity: 1 }] },
        { key: nextKey() }
      )
    )
    return {
      engine,
      transaction: Effect.suspend(() => oneTransaction(pick(spread), nextKey())),
      statement: Effect.suspend(() => oneStatement(pick(spread), nextKey())),
      raw: Effect.suspend(() =>
        rawBatch(
          Array.from({ length: BATCH }, () => pick(spread)),
          Array.from({ length: BATCH }, nextKey)
        )
      )
    }
  })

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  yield* Effect.forEach(
    products,
    (id) =>
      Effect.andThen(
        inventory.createProduct({ id: ProductId.make(id), sku: id, name: id }),
        inventory.recordMovements({
          lines: [{ kind: "opening", product: ProductId.make(id), location: shop, quantity: STOCK }]
        })
      ),
    { concurrency: "unbounded" }
  )
  yield* createTables
  yield* stock(SPREAD, STOCK)
  yield* (yield* PgClient.PgClient)`ANALYZE`
})

const cell = (value: string, width: number) => value.padStart(width)
const figure = ({ perSecond }: Figure) => cell(Math.round(perSecond).toLocaleString("en-US"), 10)
const ratio = (a: Figure, b: Figure) => cell(`${(a.perSecond / b.perSecond).toFixed(1)}×`, 9)

const table = (spread: boolean) =>
  Effect.gen(function* () {
    const { engine, transaction, statement, raw } = yield* ways(spread)
    const bound = yield* measure(2, BATCH, raw)
    console.log(
      `\n${spread ? `${SPREAD} products` : "one hot product"}; raw batches of ${BATCH}:${figure(bound)} a second`
    )
    console.log(
      " callers    engine  transaction  statement   ÷ transaction  ÷ statement  ÷ raw   median ms (engine, transaction)"
    )
    const rows = new Map<number, Figure>()
    for (const callers of [1, 16, 64, 512]) {
      const ours = yield* measure(callers, 1, engine)
      const theirs = yield* measure(callers, 1, transaction)
      const single = yield* measure(callers, 1, statement)
      rows.set(callers, ours)
      console.log(
        [
          cell(String(callers), 8),
          figure(ours),
          cell("", 3),
          figure(theirs),
          ` ${figure(single)}      ${ratio(ours, theirs)}     ${ratio(ours, single)} ${ratio(ours, bound)}`,
          `   ${ours.median.toFixed(2)}, ${theirs.median.toFixed(2)}`
        ].join("")
      )
    }
    return rows
  })

/** Runs every way for a while, so that no figure pays for the compiler. */
const warmUp = Effect.gen(function* () {
  const { engine, transaction, statement, raw } = yield* ways(true)
  yield* measure(512, 1, engine)
  yield* measure(512, 1, transaction)
  yield* measure(512, 1, statement)
  yield* measure(2, BATCH, raw)
})

const program = Effect.gen(function* () {
  yield* prepare
  yield* warmUp
  const hot = yield* table(false)
  const spread = yield* table(true)
  const [a, b] = [hot.get(512), spread.get(512)]
  if (a !== undefined && b !== undefined)
    console.log(`\nhot ÷ spread at 512 callers: ${(a.perSecond / b.perSecond).toFixed(2)}`)
  const { movements, differences } = yield* (yield* Inventory).read.verify
  console.log(`verified ${movements} movements: ${differences.length} differences`)
})

const server = await start()
try {
  const url = Redacted.make(server.url)
  const Live = Inventory.layer.pipe(
    Layer.provide(PostgresStore.layer({ url })),
    Layer.provideMerge(PgClient.layer({ url, maxConnections: CONNECTIONS }))
  )
  await Effect.runPromise(program.pipe(Effect.provide(Live)))
} finally {
  await server.stop()
}
