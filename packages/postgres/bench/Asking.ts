// How the big ledger is asked: each question many times, with parameters drawn from the ledger, and answered with how
// long that took and along which indexes.
import { LocationId, movementKinds, ProductId, type Queries } from "@onhand/core"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { postgresQueries } from "../src/PostgresQueries.ts"

/** How often each question is asked, each time with other parameters; and one that adds up the whole shop. */
const ASKED = 200
const ASKED_OF_ALL = 10

/** Tables that grow with use: a plan that reads one of these from end to end is a mistake. */
const GROWING = ["movements", "commands", "claim_events", "balances", "claims", "seals", "orders", "carts", "products"]

interface Sample {
  readonly product: ProductId
  readonly location: LocationId
  readonly source: string | null
  readonly command: string
}

/** A question: how it is asked with the next parameters, and how many milliseconds 95 of 100 answers may take. */
export interface Question {
  readonly name: string
  readonly goal?: number
  /** It is about the whole shop: it is asked fewer times, and may read whole tables. */
  readonly readsAll?: boolean
  /** Who asks it first keeps what the next goes on from; so it is asked once around before it is measured. */
  readonly keeps?: boolean
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
export type Parameters = ReturnType<typeof parametersFrom>

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
  const pool: Pool = {
    moved: decode(moved),
    stocked: decode(stocked),
    customers: customers.map(({ customer }) => customer),
    hottest: top,
    range
  }
  return pool
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

/** Asks a question with the same parameters each time it is called; how many milliseconds each answer took. */
const timesOf = ({ readsAll, ask }: Question, pool: Pool) =>
  Effect.gen(function* () {
    const queries = postgresQueries(yield* SqlClient)
    const next = parametersFrom(pool)
    const times: Array<number> = []
    for (let index = 0; index < (readsAll === true ? ASKED_OF_ALL : ASKED); index++) {
      const started = performance.now()
      yield* ask(queries, next)
      times.push(performance.now() - started)
    }
    return times.toSorted((a, b) => a - b)
  })

/** Asks everything, prints the answers' times and ways, and lists what missed its goal or read a table whole. */
export const measure = (questions: ReadonlyArray<Question>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const pool = yield* draw
    const missed: Array<string> = []
    console.log(`\n  p50 ms   p95 ms  question, ${ASKED} times, or of the whole shop ${ASKED_OF_ALL}; and along what`)
    for (const question of questions) {
      if (question.keeps === true) yield* timesOf(question, pool)
      const scans = yield* explain(sql, question, parametersFrom(pool))
      const times = yield* timesOf(question, pool)
      const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)]
      console.log(`${p50.toFixed(2).padStart(8)} ${p95.toFixed(2).padStart(8)}  ${question.name}`)
      console.log(`${"".padEnd(21)}${wrapped(scans)}`)
      const whole = scans.filter((scan) => GROWING.some((table) => scan === `Seq Scan ${table}`))
      if (whole.length > 0 && question.readsAll !== true) missed.push(`${question.name}: ${whole.join(", ")}`)
      if (question.goal !== undefined && p95 > question.goal)
        missed.push(`${question.name}: p95 ${p95.toFixed(1)} ms, goal ${question.goal} ms`)
    }
    return missed
  })

/** Recomputes all balances, and lists what differs. */
export const verify = Effect.gen(function* () {
  const started = performance.now()
  const { movements, claimEvents, balances, differences } = yield* postgresQueries(yield* SqlClient).verify
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `\nverify: ${movements} movements, ${claimEvents} claim events, ${balances} balances in ${seconds} s: ` +
      `${differences.length} differences`
  )
  return differences.length > 0 ? ["verify found differences"] : []
})
