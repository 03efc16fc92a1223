/**
 * The store on PostgreSQL: locks the heads of a batch's shards, lets core decide, and writes the result in one commit.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import {
  decideBatch,
  firstMicros,
  type Outcome,
  type Plan,
  planOf,
  Store,
  type StoreFailure,
  type StoreUnavailable,
  type Submission,
  shardsOf,
  type WorkingSlice
} from "@onhand/core"
import { type Duration, Effect, Layer, type Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { arrayOf } from "./Columns.ts"
import { unavailable } from "./ListQuery.ts"
import { load, type Since } from "./LoadSlice.ts"
import { migrate } from "./Migration.ts"
import { postgresQueries } from "./PostgresQueries.ts"
import { inTransaction } from "./Transaction.ts"
import { BatchWriter, type Head, type Heads } from "./WriteBatch.ts"

export { migrate } from "./Migration.ts"
export { grant } from "./Role.ts"

/** How long a batch waits for another process's batch on the same shard before it counts as rolled back. */
const LOCK_TIMEOUT = "5s"

/** How long one statement may take. Commands are bounded, so only a broken database takes longer. */
const STATEMENT_TIMEOUT = "60s"

/** How long a session may hold a shard's head without saying anything: its process is gone, or stands still. */
const IDLE_TIMEOUT = "10s"

/** How long a connection may be idle before its other end is asked whether it is still there. */
const KEEP_ALIVE = "10 seconds"

/** Connections of the pool when nobody says: reads beside one writing batch a lane. */
const DEFAULT_CONNECTIONS = 10

/** The most rows, stock places and claims of a shard that are kept from one batch to the next. */
const MOST_KNOWN = 20_000

/** The most commands of others that a kept slice is brought up to date with; after more it is cheaper to start anew. */
const MOST_MISSED = 5_000

// The clock is read outside the locking query, so that it is the time after the wait for the lock, not before it.
const headsQuery = (lock: "FOR UPDATE" | "") => `
  SELECT shard, seq::float8, last_micros::float8, hash, changed::text,
    (extract(epoch FROM clock_timestamp()) * 1000000)::float8
  FROM (
    SELECT * FROM onhand.heads WHERE shard = ANY($1::float8[]::int[]) ORDER BY shard ${lock}
  ) heads`

type HeadRow = readonly [shard: number, seq: number, micros: number, hash: string, changed: string, clock: number]

const decodeChanged = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Int)))

/** The heads of a batch's shards, and the clock when they were read. */
interface HeadsNow {
  readonly heads: Heads
  readonly clock: number
}

const readHeads = (
  connection: Connection,
  wanted: ReadonlyArray<number>,
  lock: "FOR UPDATE" | ""
): Effect.Effect<HeadsNow, SqlError> =>
  Effect.map(connection.executeValues(headsQuery(lock), [arrayOf(wanted, "integer")]), (found) => {
    const rows = found as ReadonlyArray<HeadRow>
    return {
      heads: new Map(
        rows.map(([shard, seq, micros, hash, changed]) => [
          shard,
          { seq, micros, hash, changed: decodeChanged(changed) }
        ])
      ),
      clock: Math.max(0, ...rows.map(([, , , , , clock]) => clock))
    }
  })

const seqsOf = (heads: Heads): ReadonlyMap<number, number> =>
  new Map([...heads].map(([shard, { seq }]) => [shard, seq]))

const lastMicrosOf = (heads: Heads): number => Math.max(0, ...[...heads.values()].map(({ micros }) => micros))

/** What a batch came to; `known` holds of its shards once it is committed and as long as their heads are these. */
interface Run {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly known: WorkingSlice
  readonly heads: Heads
}

/** A slice from an earlier batch; with `since`, but for the stock that moved since then. */
interface Known {
  readonly slice: WorkingSlice
  readonly since?: Since
}

/** What a process that commits batch after batch gives: what it knows of locked heads, and commands that came late. */
interface Following {
  readonly knownAt: (heads: Heads) => Known | undefined
  readonly late: () => ReadonlyArray<Submission>
}

const alone: Following = { knownAt: () => undefined, late: () => [] }

/** Decides and writes a batch in the transaction that a connection has open. */
export const runBatch = (
  connection: Connection,
  batch: ReadonlyArray<Submission>,
  shards: number,
  { knownAt, late }: Following = alone
): Effect.Effect<Run, SqlError | StoreFailure> =>
  Effect.gen(function* () {
    const wanted = new Set(batch.flatMap((submission) => shardsOf(submission, shards)))
    const { heads, clock } = yield* readHeads(
      connection,
      [...wanted].sort((a, b) => a - b),
      "FOR UPDATE"
    )
    const whole = [...batch, ...late()]
    const micros = firstMicros(clock, lastMicrosOf(heads), whole.length)
    const writer = new BatchWriter(connection, shards, heads)
    const kept = knownAt(heads)
    let since = kept?.since
    const { outcomes, writes, known } = yield* decideBatch(
      whole,
      { shards, heads: seqsOf(heads), micros, known: kept?.slice },
      (request) => {
        const loaded = load(connection, request, micros, since)
        since = undefined
        return loaded
      },
      (commands) => writer.ahead(commands)
    )
    return { outcomes, known, heads: yield* writer.finish(writes) }
  })

/**
 * What the last batch of each shard knew in the end. It still holds while the head has the hash that this batch left
 * there, because that hash covers everything that was ever written to the shard. Once others have written, it holds
 * but for the stock that the ledger has moved since, and the tables that the head says they changed.
 */
class KnownSlices {
  private readonly kept = new Map<number, { readonly head: Head; readonly slice: WorkingSlice }>()

  /** Takes what is known of the only shard of a batch. It is not kept: a batch that fails may have changed it. */
  take(heads: Heads): Known | undefined {
    const [entry] = heads
    if (entry === undefined || heads.size > 1) return undefined
    const [shard, head] = entry
    const kept = this.kept.get(shard)
    this.kept.delete(shard)
    if (kept === undefined || head.seq - kept.head.seq > MOST_MISSED) return undefined
    const { slice } = kept
    if (kept.head.hash === head.hash) return { slice }
    const { seq, hash } = kept.head
    // What was corrected did not move, so the ledger would not tell of it.
    if ((head.changed["balances"] ?? 0) > seq) return undefined
    slice.forget(new Set(Object.keys(head.changed).filter((table) => (head.changed[table] ?? 0) > seq)))
    return { slice, since: { shard, seq, hash } }
  }

  /** Keeps what a committed batch knew, unless it became too much. */
  keep({ heads, known }: Run): void {
    const [entry] = heads
    if (entry !== undefined && heads.size === 1 && known.size <= MOST_KNOWN)
      this.kept.set(entry[0], { head: entry[1], slice: known })
  }
}

/**
 * What a batch of one would come to on what is committed now. Nothing is locked: REPEATABLE READ sees one instant, and
 * READ ONLY lets nothing be written.
 */
const plan = (sql: SqlClient, submission: Submission, shards: number): Effect.Effect<Plan, StoreUnavailable> =>
  Effect.mapError(
    inTransaction(sql, (connection) =>
      Effect.gen(function* () {
        yield* connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", [], undefined)
        const { heads, clock } = yield* readHeads(connection, shardsOf(submission, shards), "")
        const micros = firstMicros(clock, lastMicrosOf(heads), 1)
        const opening = { shards, heads: seqsOf(heads), micros }
        const decided = yield* decideBatch([submission], opening, (request) => load(connection, request, micros))
        return planOf(submission, decided)
      })
    ),
    unavailable
  )

/** A store over a client's database. Its tables must be there: {@link migrate} makes them. */
export const make = (sql: SqlClient, shards: number) => {
  const slices = new KnownSlices()
  return Store.of({
    shards,
    transact: (batch, late = alone.late) =>
      Effect.map(
        inTransaction(sql, (connection) =>
          runBatch(connection, batch, shards, { knownAt: (heads) => slices.take(heads), late })
        ),
        (run) => {
          slices.keep(run)
          return run.outcomes
        }
      ),
    plan: (submission) => plan(sql, submission, shards),
    queries: postgresQueries(sql)
  })
}

/** The store over a client that is in the context: the host's own, or an embedded database's. */
export const layerClient = (options: { readonly shards?: number } = {}) =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const sql = yield* SqlClient
      return make(sql, yield* migrate(options.shards ?? 1))
    })
  )

export interface PostgresOptions {
  readonly url: Redacted.Redacted
  /** Shards of a new ledger; 1 when left out, and whatever it was created with when it exists. */
  readonly shards?: number | undefined
  readonly maxConnections?: number | undefined
  readonly connectTimeout?: Duration.Input | undefined
}

/** A client for a PostgreSQL database, with the time limits that the store needs. */
export const layerPgClient = (options: PostgresOptions) =>
  PgClient.layer({
    url: options.url,
    applicationName: "onhand",
    maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS,
    connectTimeout: options.connectTimeout,
    keepAlive: KEEP_ALIVE,
    startupParameters: {
      lock_timeout: LOCK_TIMEOUT,
      statement_timeout: STATEMENT_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_TIMEOUT
    }
  })

/** The store on the PostgreSQL database at a URL. */
export const layer = (options: PostgresOptions) =>
  layerClient(options.shards === undefined ? {} : { shards: options.shards }).pipe(
    Layer.provide(layerPgClient(options))
  )
