// A store on an SQLite file. It locks, lets core decide, and writes what core returns; it decides nothing itself.
import {
  type Decided,
  decideBatch,
  firstMicros,
  type Loaded,
  type LoadRequest,
  MAX_HOLDINGS,
  type Opening,
  type Outcome,
  ProductId,
  planOf,
  type Rows,
  Store,
  type StoreUnavailable,
  type Submission,
  type Table,
  type Writes
} from "@onhand/core"
import { Cause, Clock, Effect, Layer, Semaphore } from "effect"
import { type Database, inTransaction, openDatabase, unavailable } from "./Database.ts"
import { queriesOver } from "./SqliteQueries.ts"
import { recount } from "./SqliteVerify.ts"
import { creation, json } from "./Tables.ts"

// SQLite has one writer at a time, so more shards than one would only queue in another place.
const SHARDS = 1

/** Where the ledger stands. The clock is read under the lock, so that recorded times rise with seq. */
const open = (database: Database, commands: number): Effect.Effect<Opening> =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const [[seq, last] = []] = database.rows("SELECT seq, micros FROM head")
    return {
      shards: SHARDS,
      heads: new Map([[0, Number(seq)]]),
      micros: firstMicros(millis * 1000, Number(last), commands)
    }
  })

/** The rows that decisions ask for, and of each stock place also the holds that have lapsed. */
const load = (database: Database, request: LoadRequest, micros: number): Loaded => {
  const { keys, rows = [], stock = [], claims = [] } = request
  const now = new Date(Math.floor(micros / 1000)).toISOString()
  // SQLite is a function call away, so a select for each row costs less than one clever select for all of them.
  const places = stock.map(({ product, location }) => ({ product, location }))
  const atPlace = "product = :product AND location = :location"
  const lapsed = `SELECT data FROM claims WHERE ${atPlace} AND state = 'held' AND expiresAt <= :now`
  return {
    known: keys.flatMap((key) =>
      database.all(json.commands.decode, "SELECT data FROM commands WHERE key = :key", { key })
    ),
    rows: rows.flatMap(({ table, id }) => {
      const found = database.all<Rows[Table]>(json[table].decode, `SELECT data FROM ${table} WHERE id = :id`, { id })
      return found.map((row) => ({ table, row }))
    }),
    balances: places.flatMap((place) =>
      database.all(json.balances.decode, `SELECT data FROM balances WHERE ${atPlace}`, place)
    ),
    claims: [
      ...claims.flatMap((id) => database.all(json.claims.decode, "SELECT data FROM claims WHERE id = :id", { id })),
      ...places.flatMap((place) => database.all(json.claims.decode, lapsed, { ...place, now }))
    ],
    ...lookUp(database, request)
  }
}

/** What a few commands ask for beside: what is at a location, one movement, and balances recomputed from the ledger. */
const lookUp = (database: Database, { holdings, movements, recounts }: LoadRequest) => ({
  holdings: holdings.map(({ location, after }) => ({
    location,
    after,
    products: database
      .rows(
        `SELECT DISTINCT product FROM balances WHERE location = :location AND product > :after
           AND sellable + qualityControl + damaged + quarantine + held + committed > 0
         ORDER BY product LIMIT ${MAX_HOLDINGS}`,
        { location, after }
      )
      .map(([product]) => ProductId.make(String(product)))
  })),
  movements: movements.flatMap((id) => {
    const [, seq = -1, line = -1] = id.split("-").map(Number)
    const select = "SELECT data FROM movements WHERE seq = :seq AND line = :line"
    return database.all(json.movements.decode, select, { seq, line })
  }),
  recounts: recounts.map((key) => recount(database, key))
})

/** Writes a decided batch: history is added to, and a state takes the place of the one before it. */
const write = (database: Database, writes: Writes): void => {
  const insert = (table: keyof typeof json) => `INSERT INTO ${table} (data) VALUES (:data)`
  const add = (table: keyof typeof json, data: string) => database.rows(insert(table), { data })
  const put = (table: keyof typeof json, identity: string, data: string) =>
    database.rows(`${insert(table)} ON CONFLICT (${identity}) DO UPDATE SET data = excluded.data`, { data })
  for (const { record, movements, claimEvents, events } of writes.commands) {
    add("commands", json.commands.encode(record))
    for (const movement of movements) add("movements", json.movements.encode(movement))
    for (const event of claimEvents) add("claimEvents", json.claimEvents.encode(event))
    for (const event of events) add("events", json.events.encode(event))
  }
  for (const { balance } of writes.balances) put("balances", "product, location, lot", json.balances.encode(balance))
  for (const claim of writes.claims) put("claims", "id", json.claims.encode(claim))
  for (const { table, id, row } of writes.rows) {
    if (row === null) database.rows(`DELETE FROM ${table} WHERE id = :id`, { id })
    // The row and the schema are of the same table.
    else put(table, "id", json[table].encode(row as never))
  }
  const seq = writes.heads.get(0) ?? 0
  database.rows("UPDATE head SET seq = :seq, micros = :micros", { seq, micros: writes.micros })
}

/** Decides a batch under the lock. */
const decide = (database: Database, batch: ReadonlyArray<Submission>): Effect.Effect<Decided> =>
  Effect.flatMap(open(database, batch.length), (opening) =>
    decideBatch(batch, opening, (request) => Effect.sync(() => load(database, request, opening.micros)))
  )

/** Decides a batch and writes what came of it. One that only repeats old keys writes nothing. */
const runBatch = (database: Database, batch: ReadonlyArray<Submission>): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.map(decide(database, batch), ({ outcomes, writes }) => {
    if (writes.commands.length > 0) write(database, writes)
    return outcomes
  })

/** Makes the tables in a file that has none. In WAL mode readers and the writer do not wait for each other. */
const prepare = (database: Database): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    yield* Effect.sync(() => database.connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"))
    const create = Effect.sync(() => {
      const [found] = database.rows("SELECT name FROM sqlite_schema WHERE name = 'head'")
      if (found === undefined) for (const statement of creation) database.connection.exec(statement)
    })
    yield* inTransaction(database, create)
  }).pipe(Effect.catchCause((cause) => Effect.fail(unavailable(Cause.squash(cause)))))

const make = (file: string) =>
  Effect.gen(function* () {
    const writer = yield* openDatabase(file, { readOnly: false })
    yield* prepare(writer)
    // A connection of their own, so that queries see what is committed, and nothing else.
    const reader = yield* openDatabase(file, { readOnly: true })
    const lock = yield* Semaphore.make(1)
    const alone = <A>(body: Effect.Effect<A>) => lock.withPermits(1)(inTransaction(writer, body))
    return Store.of({
      shards: SHARDS,
      transact: (batch) => alone(runBatch(writer, batch)),
      plan: (submission) =>
        alone(Effect.map(decide(writer, [submission]), (decided) => planOf(submission, decided))).pipe(
          Effect.mapError(unavailable)
        ),
      queries: queriesOver(reader)
    })
  })

/** The store in a file, which it makes if there is none. */
export const layer = (file: string): Layer.Layer<Store, StoreUnavailable> => Layer.effect(Store, make(file))
