/**
 * The store on PostgreSQL: locks the heads of a batch's shards, lets core decide, and writes the result in one commit.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import {
  decideBatch,
  firstMicros,
  type Opening,
  type Outcome,
  Store,
  type StoreFailure,
  type Submission,
  shardsOf
} from "@onhand/core"
import { type Duration, Effect, Layer, type Redacted } from "effect"
import * as Migrator from "effect/sql/Migrator"
import { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { arrayOf } from "./Columns.ts"
import { load } from "./LoadSlice.ts"
import { postgresQueries } from "./PostgresQueries.ts"
import { migrations, SCHEMA } from "./Tables.ts"
import { inTransaction } from "./Transaction.ts"
import { write } from "./WriteBatch.ts"

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

// The clock is read outside the locking query, so that it is the time after the wait for the lock, not before it.
const LOCK_HEADS = `
  SELECT shard, seq::float8, last_micros::float8, hash, (extract(epoch FROM clock_timestamp()) * 1000000)::float8
  FROM (
    SELECT * FROM onhand.heads WHERE shard = ANY($1::float8[]::int[]) ORDER BY shard FOR UPDATE
  ) locked`

type HeadRow = readonly [shard: number, seq: number, lastMicros: number, hash: string, clock: number]

const lockHeads = (
  connection: Connection,
  wanted: ReadonlyArray<number>,
  shards: number,
  commands: number
): Effect.Effect<{ readonly opening: Opening; readonly hashes: ReadonlyMap<number, string> }, SqlError> =>
  Effect.map(connection.executeValues(LOCK_HEADS, [arrayOf(wanted, "integer")]), (rows) => {
    const heads = new Map<number, number>()
    const hashes = new Map<number, string>()
    let [clock, last] = [0, 0]
    for (const [shard, seq, lastMicros, hash, now] of rows as ReadonlyArray<HeadRow>) {
      heads.set(shard, seq)
      hashes.set(shard, hash)
      clock = Math.max(clock, now)
      last = Math.max(last, lastMicros)
    }
    return { opening: { shards, heads, micros: firstMicros(clock, last, commands) }, hashes }
  })

/** Decides and writes a batch in the transaction that a connection has open. */
export const runBatch = (
  connection: Connection,
  batch: ReadonlyArray<Submission>,
  shards: number
): Effect.Effect<ReadonlyArray<Outcome>, SqlError | StoreFailure> =>
  Effect.gen(function* () {
    const wanted = new Set(batch.flatMap((submission) => shardsOf(submission, shards)))
    const { opening, hashes } = yield* lockHeads(
      connection,
      [...wanted].sort((a, b) => a - b),
      shards,
      batch.length
    )
    const decided = yield* decideBatch(batch, opening, (request) => load(connection, request, opening.micros))
    yield* write(connection, decided.writes, shards, hashes)
    return decided.outcomes
  })

/** A store over a client's database. Its tables must be there: {@link migrate} makes them. */
export const make = (sql: SqlClient, shards: number) =>
  Store.of({
    shards,
    transact: (batch) => inTransaction(sql, (connection) => runBatch(connection, batch, shards)),
    queries: postgresQueries(sql)
  })

/** How many shards the ledger of a client's database has. */
export const shardsOfLedger = (sql: SqlClient): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ readonly shards: number }>`SELECT count(*)::int AS shards FROM onhand.heads`,
    ([row]) => row?.shards ?? 1
  )

/** Makes or upgrades the tables, and says how many shards the ledger has: those of its creation, whatever is asked. */
export const migrate = (shards: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    yield* sql`CREATE SCHEMA IF NOT EXISTS ${sql(SCHEMA)}`
    const applied = yield* Migrator.make({})({
      table: `${SCHEMA}.migrations`,
      loader: Migrator.fromRecord(migrations(shards))
    })
    // Without statistics of the new tables, the first batches would be planned up to six times slower.
    if (applied.length > 0) yield* sql`ANALYZE`
    return yield* shardsOfLedger(sql)
  })

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
