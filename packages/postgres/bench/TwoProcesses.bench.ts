// Do two server processes on one database commit as much as one? The same callers, in one process or shared out to two,
// each with an engine of its own: one hot product, a thousand at one location, and a thousand over shards.
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Inventory, LocationId, ProductId } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"

/** How long each figure is measured, after a warm-up of a third of it. Milliseconds. */
const MEASURED = Number(process.env["BENCH_MILLIS"] ?? 3_000)

/** How often each figure is measured, one process and two in turns; the medians are compared. */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3)

const CALLERS = 512
const PRODUCTS = 1_000
const STOCK = 100_000_000

interface Load {
  readonly name: string
  readonly products: number
  readonly locations: number
  readonly shards: number
}

const loads: ReadonlyArray<Load> = [
  { name: "one hot product", products: 1, locations: 1, shards: 1 },
  { name: `${PRODUCTS} products, one location`, products: PRODUCTS, locations: 1, shards: 1 },
  { name: `${PRODUCTS} products, 8 locations in 4 shards`, products: PRODUCTS, locations: 8, shards: 4 }
]

/** What a process of the load is told on its command line. */
interface Task {
  readonly url: string
  readonly load: Load
  readonly callers: number
}

const inventoryOver = (url: string, shards: number) =>
  Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(url), shards })))

const productAt = (index: number) => ProductId.make(`p-${index}`)
const locationAt = (index: number) => LocationId.make(`shop-${index}`)

/** A process of the load: says that it is ready, runs when it is told to, and prints how many sales were measured. */
const work = ({ url, load, callers }: Task) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const line = createInterface({ input: process.stdin })
    process.stdout.write("ready\n")
    yield* Effect.promise(() => new Promise((resolve) => line.once("line", resolve)))
    line.close()
    const from = performance.now() + MEASURED / 3
    const until = from + MEASURED
    let done = 0
    const one = Effect.suspend(() =>
      inventory.recordMovements({
        lines: [
          {
            kind: "sale",
            product: productAt(Math.floor(Math.random() * load.products)),
            location: locationAt(Math.floor(Math.random() * load.locations)),
            quantity: 1
          }
        ]
      })
    )
    const caller = Effect.gen(function* () {
      while (performance.now() < until) {
        const began = performance.now()
        yield* one
        if (began >= from) done++
      }
    })
    yield* Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
    process.stdout.write(`${done}\n`)
  }).pipe(Effect.provide(inventoryOver(url, load.shards)))

/** Starts a process of the load; `go` lets it run and gives what it measured. */
const startWorker = async (task: Task) => {
  const self = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, ["--conditions=onhand-source", self, JSON.stringify(task)], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    go: async (): Promise<number> => {
      child.stdin.write("go\n")
      const { value } = await lines.next()
      child.stdin.end()
      return Number(value)
    }
  }
}

const onServer = <Row extends object>(url: string, statement: string): Promise<ReadonlyArray<Row>> =>
  Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe<Row>(statement)).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
    Effect.runPromise
  )

/** Commits and commands in the ledger. */
const counts = async (url: string): Promise<readonly [commits: number, commands: number]> => {
  const [row] = await onServer<{ readonly commits: number; readonly commands: number }>(
    url,
    "SELECT (SELECT count(*)::int FROM onhand.seals) AS commits, (SELECT sum(seq)::int FROM onhand.heads) AS commands"
  )
  return [row?.commits ?? 0, row?.commands ?? 0]
}

/** What was reached: sales a second, and sales a commit, which says how well callers share one. */
interface Figure {
  readonly perSecond: number
  readonly perCommit: number
}

/** What so many processes reach together. */
const measure = async (url: string, load: Load, processes: number): Promise<Figure> => {
  const workers = await Promise.all(
    Array.from({ length: processes }, () => startWorker({ url, load, callers: CALLERS / processes }))
  )
  const [commitsBefore, salesBefore] = await counts(url)
  const done = await Promise.all(workers.map((worker) => worker.go()))
  const [commits, sales] = await counts(url)
  return {
    perSecond: (done.reduce((sum, count) => sum + count, 0) * 1_000) / MEASURED,
    perCommit: (sales - salesBefore) / (commits - commitsBefore)
  }
}

const prepare = (load: Load) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    for (let index = 0; index < load.locations; index++) {
      yield* inventory.createLocation({ id: locationAt(index), name: `Shop ${index}` })
    }
    const stocked = Effect.fnUntraced(function* (index: number) {
      const product = productAt(index)
      yield* inventory.createProduct({ id: product, sku: product, name: product })
      for (let at = 0; at < load.locations; at++) {
        const line = { kind: "opening", product, location: locationAt(at), quantity: STOCK } as const
        yield* inventory.recordMovements({ lines: [line] })
      }
    })
    yield* Effect.forEach(
      Array.from({ length: load.products }, (_, index) => index),
      stocked,
      { concurrency: "unbounded", discard: true }
    )
  })

const median = (figures: ReadonlyArray<Figure>): Figure =>
  figures.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(figures.length / 2)] ?? {
    perSecond: Number.NaN,
    perCommit: Number.NaN
  }

const compare = async (server: string, load: Load, database: string): Promise<void> => {
  await onServer(server, `CREATE DATABASE ${database}`)
  const url = new URL(server)
  url.pathname = database
  await Effect.runPromise(Effect.provide(prepare(load), inventoryOver(url.href, load.shards)))
  await onServer(url.href, "ANALYZE")
  const [ones, twos]: [Array<Figure>, Array<Figure>] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await measure(url.href, load, 1))
    twos.push(await measure(url.href, load, 2))
  }
  const verified = await Effect.runPromise(
    Effect.provide(
      Effect.flatMap(Inventory, ({ read }) => read.verify),
      inventoryOver(url.href, load.shards)
    )
  )
  const [one, two] = [median(ones), median(twos)]
  const figure = (value: number) => Math.round(value).toLocaleString("en-US").padStart(9)
  console.log(
    [
      load.name.padEnd(40),
      figure(one.perSecond),
      figure(two.perSecond),
      (two.perSecond / one.perSecond).toFixed(2).padStart(11),
      figure(one.perCommit),
      figure(two.perCommit),
      `   ${verified.differences.length} differences`
    ].join("")
  )
}

const main = async (): Promise<void> => {
  const server = await start()
  try {
    console.log(`${CALLERS} callers in one process and in two: sales a second, their ratio, and sales a commit`)
    console.log(`${"".padEnd(40)}      one      two  two ÷ one      one      two`)
    for (const [index, load] of loads.entries()) await compare(server.url, load, `two_processes_${index}`)
  } finally {
    await server.stop()
  }
}

const task = process.argv[2]
await (task === undefined ? main() : Effect.runPromise(work(JSON.parse(task))))
