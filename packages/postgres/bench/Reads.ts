// The questions that are asked of the big ledger, with parameters drawn from it at random, and how they are answered:
// how long each takes, and along which indexes.
import {
  cursorAfter,
  firstPage,
  LocationId,
  type MovementFilter,
  movementKinds,
  type PageRequest,
  ProductId,
  type Queries
} from "@onhand/core"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { postgresQueries } from "../src/PostgresQueries.ts"

/** How often each question is asked, each time with other parameters. */
const ASKED = 200
const ASKED_OF_ALL = 5

/** Tables that grow with use: a plan that reads one of these from end to end is a mistake. */
const GROWING = ["movements", "commands", "claim_events", "balances", "claims", "seals", "orders", "carts", "products"]

interface Sample {
  readonly product: ProductId
  readonly location: LocationId
  readonly source: string | null
  readonly command: string
}

/** A question: how it is asked with the next parameters, and how many milliseconds 95 of 100 answers may take. */
interface Question {
  readonly name: string
  readonly goal?: number
  readonly readsAll?: boolean
  readonly ask: (queries: Queries, next: Parameters) => Effect.Effect<unknown, unknown>
}

/** What parameters are drawn from. */
interface Pool {
  readonly moved: ReadonlyArray<Sample>
  readonly stocked: ReadonlyArray<Sample>
  readonly customers: ReadonlyArray<string>
  readonly hottest: Sample
  readonly range: { readonly first: number; readonly last: number; readonly seq: number }
}

/** Parameters drawn with a seed: rows as often as they occur, and times of the two years. */
const parametersFrom = ({ moved, stocked, customers, hottest, range }: Pool) => {
  let state = 1
  const uniform = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const of = <A>(items: ReadonlyArray<A>): A => {
    const item = items[Math.floor(uniform() * items.length)]
    if (item === undefined) throw new Error("The ledger is too small to draw from")
    return item
  }
  const sources = moved.flatMap(({ source }) => source ?? [])
  const micros = () => Math.floor(range.first + uniform() * (range.last - range.first))
  return {
    hottest,
    /** A movement's key: products that sell much come often. */
    moving: () => of(moved),
    /** A stock key, each as often as any other. */
    key: () => of(stocked),
    kind: () => of(movementKinds),
    customer: () => of(customers),
    source: () => of(sources),
    seq: () => Math.floor(uniform() * range.seq),
    micros,
    end: () => DateTime.makeUnsafe(Math.floor(range.last / 1000)),
    time: () => DateTime.makeUnsafe(Math.floor(micros() / 1000))
  }
}
type Parameters = ReturnType<typeof parametersFrom>

const first = firstPage(50)

/** A page from the middle of a list of movements. */
const deep = (list: string, next: Parameters): PageRequest => ({
  _tag: "Cursor",
  limit: 50,
  cursor: cursorAfter(list, [next.micros(), 0, next.seq(), 0])
})

const movements = (name: string, filter: (next: Parameters) => MovementFilter): ReadonlyArray<Question> => [
  { name: `movements ${name}`, goal: 20, ask: (queries, next) => queries.movements(filter(next), first) },
  {
    name: `movements ${name}, deep`,
    goal: 20,
    ask: (queries, next) => {
      const wanted = filter(next)
      const list = wanted.from === undefined && wanted.to === undefined ? "movements" : "movements:occurred"
      return queries.movements(wanted, deep(list, next))
    }
  }
]

const week = (next: Parameters) => {
  const from = next.time()
  return { from, to: DateTime.add(from, { days: 7 }) }
}
const place = ({ product, location }: Sample) => ({ product, location })

/** So many periods of some days, before the end of the ledger. */
const periods = (next: Parameters, count: number, days: number) => {
  const end = next.end()
  return Array.from({ length: count + 1 }, (_, index) => DateTime.subtract(end, { days: days * (count - index) }))
}
const afterPlace = (list: string, { product, location }: Sample): PageRequest => ({
  _tag: "Cursor",
  limit: 50,
  cursor: cursorAfter(list, [product, location])
})

const questions: ReadonlyArray<Question> = [
  { name: "balance", goal: 10, ask: (queries, next) => queries.balance({ ...place(next.key()), lot: "" }) },
  ...movements("of all", () => ({})),
  ...movements("of a product", (next) => ({ product: next.key().product })),
  ...movements("of the hottest product", (next) => ({ product: next.hottest.product })),
  ...movements("of a location", (next) => ({ location: next.key().location })),
  ...movements("of a kind", (next) => ({ kind: next.kind() })),
  ...movements("of a product at a location", (next) => place(next.moving())),
  ...movements("of the hottest key", (next) => place(next.hottest)),
  ...movements("of the hottest product at any location", (next) => ({
    product: next.hottest.product,
    location: next.key().location
  })),
  ...movements("of a product and kind", (next) => ({ product: next.moving().product, kind: next.kind() })),
  ...movements("of a location and kind", (next) => ({ location: next.key().location, kind: next.kind() })),
  ...movements("that happened in a week", week),
  ...movements("that happened since a time", (next) => ({ from: next.time() })),
  ...movements("that happened before a time", (next) => ({ to: next.time() })),
  ...movements("of a product in a week", (next) => ({ product: next.moving().product, ...week(next) })),
  ...movements("of the hottest product in a week", (next) => ({ product: next.hottest.product, ...week(next) })),
  ...movements("of the hottest key in a week", (next) => ({ ...place(next.hottest), ...week(next) })),
  ...movements("of a location in a week", (next) => ({ location: next.key().location, ...week(next) })),
  ...movements("of a kind in a week", (next) => ({ kind: next.kind(), ...week(next) })),
  {
    name: "explain a product at a location",
    goal: 50,
    ask: (queries, next) => queries.explain(place(next.moving()))
  },
  { name: "explain the hottest key", goal: 50, ask: (queries, next) => queries.explain(place(next.hottest)) },
  {
    name: "movements of an order",
    goal: 20,
    ask: (queries, next) => queries.movements({ source: { type: "order", id: next.source() } }, first)
  },
  {
    name: "stock as known at a time",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.moving().product }, { recordedBy: next.time() })
  },
  {
    name: "stock as known at a time, hottest product",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.hottest.product }, { recordedBy: next.time() })
  },
  {
    name: "stock as of a business time",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.moving().product }, { occurredBy: next.time() })
  },
  {
    name: "stock as of a business time, hottest product",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.hottest.product }, { occurredBy: next.time() })
  },
  {
    name: "stock as of both, hottest key",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf(place(next.hottest), { occurredBy: next.time(), recordedBy: next.time() })
  },
  {
    name: "demand by week for a year",
    ask: (queries, next) => queries.demand({ bounds: periods(next, 52, 7) }, afterPlace("demand", next.key()))
  },
  {
    name: "demand at a location by week for a year",
    ask: (queries, next) => queries.demand({ location: next.key().location, bounds: periods(next, 52, 7) }, first)
  },
  {
    name: "demand of the hottest key by day for a quarter",
    ask: (queries, next) => queries.demand({ ...place(next.hottest), bounds: periods(next, 90, 1) }, first)
  },
  { name: "levels", ask: (queries) => queries.levels({}, first) },
  {
    name: "levels, deep",
    ask: (queries, next) => queries.levels({}, afterPlace("levels", next.key()))
  },
  { name: "levels of a product", ask: (queries, next) => queries.levels({ product: next.key().product }, first) },
  { name: "levels of a location", ask: (queries, next) => queries.levels({ location: next.key().location }, first) },
  { name: "products by name", ask: (queries) => queries.products({}, first) },
  {
    name: "products by name, deep",
    ask: (queries, next) => {
      const cursor = cursorAfter("products:name_asc", [`Product ${next.seq() % 99_999}`, ""])
      return queries.products({}, { _tag: "Cursor", limit: 50, cursor })
    }
  },
  {
    name: "products of a category, numbered",
    ask: (queries, next) =>
      queries.products({ category: `category ${next.seq() % 200}` }, { _tag: "Numbered", page: 3, pageSize: 50 })
  },
  {
    name: "products by search",
    ask: (queries, next) => queries.products({ search: `uct ${next.seq() % 9_999}` }, first)
  },
  { name: "products by stock", readsAll: true, ask: (queries) => queries.products({ sort: "stock_asc" }, first) },
  { name: "orders", ask: (queries) => queries.orders({}, first) },
  { name: "orders of a customer", ask: (queries, next) => queries.orders({ customer: next.customer() }, first) },
  { name: "orders of a location", ask: (queries, next) => queries.orders({ location: next.key().location }, first) },
  { name: "events after a place", ask: (queries, next) => queries.events({ 0: { seq: next.seq(), line: 0 } }, 100) },
  { name: "thresholds raised", ask: (queries) => queries.restockAlerts({}, first) },
  {
    name: "thresholds raised at a location",
    ask: (queries, next) => queries.restockAlerts({ location: next.key().location }, first)
  },
  { name: "command by its key", ask: (queries, next) => queries.command(next.moving().command) }
]

type Row = Readonly<Record<string, unknown>>

const decode = (rows: ReadonlyArray<Row>): ReadonlyArray<Sample> =>
  rows.map(({ product, location, source_id, command }) => ({
    product: ProductId.make(String(product)),
    location: LocationId.make(String(location)),
    source: typeof source_id === "string" ? source_id : null,
    command: String(command)
  }))

const draw = Effect.gen(function* () {
  const sql = yield* SqlClient
  const [range] = yield* sql.unsafe<{ first: number; last: number; seq: number; rows: number }>(`
    SELECT (extract(epoch FROM min(occurred_at)) * 1000000)::float8 AS first,
      (extract(epoch FROM max(recorded_at)) * 1000000)::float8 AS last,
      (SELECT seq::float8 FROM onhand.heads) AS seq, (SELECT reltuples::float8 FROM pg_class
       WHERE oid = 'onhand.movements'::regclass) AS rows FROM onhand.movements`)
  if (range === undefined) return yield* Effect.die("There is no ledger")
  const percent = Math.min(100, (100 * 20_000) / range.rows)
  const moved =
    yield* sql.unsafe<Row>(`SELECT product, location, command, CASE source_type WHEN 'order' THEN source_id END
    AS source_id FROM onhand.movements TABLESAMPLE BERNOULLI (${percent}) REPEATABLE (1)`)
  const stocked = yield* sql.unsafe<Row>(`SELECT product, location FROM onhand.balances TABLESAMPLE BERNOULLI
    (${Math.min(100, percent * 5)}) REPEATABLE (1)`)
  const hottest = yield* sql.unsafe<Row>("SELECT product, location FROM onhand.balances ORDER BY version DESC LIMIT 1")
  const customers = yield* sql.unsafe<{ customer: string }>("SELECT customer FROM onhand.orders LIMIT 1000")
  const [top] = decode(hottest)
  if (top === undefined) return yield* Effect.die("There is no stock")
  return parametersFrom({
    moved: decode(moved),
    stocked: decode(stocked),
    customers: customers.map(({ customer }) => customer),
    hottest: top,
    range
  })
})

interface PlanNode {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly Plans?: ReadonlyArray<PlanNode>
}

const nodesOf = (node: PlanNode): ReadonlyArray<PlanNode> => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** What a plan goes along: its scans, without costs. */
const scansOf = (plan: PlanNode): ReadonlyArray<string> => {
  const scans = nodesOf(plan).flatMap((node) => {
    if (!node["Node Type"].endsWith("Scan")) return []
    const over = node["Index Name"] ?? node["Relation Name"]
    return over === undefined ? [] : [node["Node Type"] === "Seq Scan" ? `Seq Scan ${over}` : over]
  })
  return [...new Set(scans)]
}

/** A client that writes down what it is asked, to be explained. */
const recording = (sql: SqlClient) => {
  const asked: Array<readonly [text: string, values: ReadonlyArray<unknown>]> = []
  const client = new Proxy(sql, {
    get: (target, property, receiver) =>
      property === "unsafe"
        ? (text: string, values: ReadonlyArray<unknown> = []) => {
            // What sets up a transaction has no plan.
            if (!text.startsWith("SET ")) asked.push([text, values])
            return target.unsafe(text, values)
          }
        : Reflect.get(target, property, receiver)
  })
  return { client, asked }
}

const explain = (sql: SqlClient, { ask }: Question, next: Parameters) =>
  Effect.gen(function* () {
    const { client, asked } = recording(sql)
    const queries = postgresQueries(client)
    // Some questions without parameters are made with the queries themselves.
    asked.length = 0
    yield* ask(queries, next)
    const scans = new Set<string>()
    const take = (explained: ReadonlyArray<Row>) => {
      const plan = explained[0]?.["QUERY PLAN"]
      const [{ Plan: root }] = (typeof plan === "string" ? JSON.parse(plan) : plan) as [{ Plan: PlanNode }]
      for (const scan of scansOf(root)) scans.add(scan)
    }
    for (const [text, values] of asked) {
      take(yield* sql.unsafe<Row>(`EXPLAIN (COSTS OFF, FORMAT JSON) ${text}`, values))
      // The plan for any parameters, to which the server changes when it knows a statement.
      yield* sql.unsafe(`PREPARE asked AS ${text}`)
      yield* sql.unsafe("SET plan_cache_mode = force_generic_plan")
      const nothing = values.length === 0 ? "" : `(${values.map(() => "NULL").join(", ")})`
      take(yield* sql.unsafe<Row>(`EXPLAIN (COSTS OFF, FORMAT JSON) EXECUTE asked${nothing}`))
      yield* sql.unsafe("RESET plan_cache_mode")
      yield* sql.unsafe("DEALLOCATE asked")
    }
    return [...scans]
  })

/** A list in lines that fit on a page. */
const wrapped = (items: ReadonlyArray<string>): string => {
  let [text, line] = ["", 0]
  for (const [index, item] of items.entries()) {
    const next = index === items.length - 1 ? item : `${item}, `
    if (line + next.length > 90) {
      text = `${text.trimEnd()}\n${"".padEnd(21)}`
      line = 0
    }
    text += next
    line += next.length
  }
  return text
}

const percentile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** Asks everything, prints the answers' times and ways, and lists what missed its goal or read a table whole. */
export const measureReads = Effect.gen(function* () {
  const sql = yield* SqlClient
  const queries = postgresQueries(sql)
  const next = yield* draw
  const missed: Array<string> = []
  console.log(`\n  p50 ms   p95 ms  question, with 50 items a page, ${ASKED} times; and along what`)
  for (const question of questions) {
    const scans = yield* explain(sql, question, next)
    const times: Array<number> = []
    for (let index = 0; index < (question.readsAll === true ? ASKED_OF_ALL : ASKED); index++) {
      const started = performance.now()
      yield* question.ask(queries, next)
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)]
    console.log(`${p50.toFixed(2).padStart(8)} ${p95.toFixed(2).padStart(8)}  ${question.name}`)
    console.log(`${"".padEnd(21)}${wrapped(scans)}`)
    const whole = scans.filter((scan) => GROWING.some((table) => scan === `Seq Scan ${table}`))
    if (whole.length > 0 && question.readsAll !== true) missed.push(`${question.name}: ${whole.join(", ")}`)
    if (question.goal !== undefined && p95 > question.goal)
      missed.push(`${question.name}: p95 ${p95.toFixed(1)} ms, goal ${question.goal} ms`)
  }
  const started = performance.now()
  const verification = yield* queries.verify
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `verify: ${verification.movements} movements, ${verification.claimEvents} claim events, ` +
      `${verification.balances} balances in ${seconds} s: ${verification.differences.length} differences`
  )
  if (verification.differences.length > 0) missed.push("verify found differences")
  return missed
})
