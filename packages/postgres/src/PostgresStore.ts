/**
 * The store on PostgreSQL: locks the heads of a batch's shards, lets core decide, and writes the result in one commit.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import {
  decideBatch,
  firstMicros,
  type Plan,
  planOf,
  Store,
  type StoreUnavailable,
  type Submission,
  shardsOf
} from "@onhand/core"
import { type Duration, Effect, Exit, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { KnownSlices } from "./KnownSlices.ts"
import { unavailable } from "./ListQuery.ts"
import { load } from "./LoadSlice.ts"
import { migrate } from "./Migration.ts"
import { postgresQueries } from "./PostgresQueries.ts"
import { LOCK_TIMEOUT, lastMicrosOf, readHeads, seqsOf, transact } from "./RunBatch.ts"
import { inTransaction } from "./Transaction.ts"

export { analyze, migrate } from "./Migration.ts"
export { grant } from "./Role.ts"

/** How long one statement may take. Commands are bounded, so only a broken database takes longer. */
const STATEMENT_TIMEOUT = "60s"

/** How long a session may hold a shard's head without saying anything: its process is gone, or stands still. */
const IDLE_TIMEOUT = "10s"

/**
 * What the planner is told that a page read at random costs, in pages read in a row: as on a solid-state disk, or in
 * memory. With PostgreSQL's own 4, a batch of a few lines would read a table of a thousand rows to the end.
 */
const RANDOM_PAGE_COST = "1.1"

/** How long a connection may be idle before its other end is asked whether it is still there. */
const KEEP_ALIVE = "10 seconds"

/** Connections of the pool when nobody says: reads beside one writing batch a lane. */
const DEFAULT_CONNECTIONS = 10

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
  const slices = new KnownSlices(shards)
  return Store.of({
    shards,
    transact: (batch, following) =>
      Effect.suspend(() => {
        const history = slices.follow(following)
        return transact(sql, batch, shards, history).pipe(
          Effect.onExit((exit) => Effect.sync(() => history.end(Exit.isSuccess(exit))))
        )
      }),
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
      idle_in_transaction_session_timeout: IDLE_TIMEOUT,
      random_page_cost: RANDOM_PAGE_COST
    }
  })

/** The store on the PostgreSQL database at a URL. */
export const layer = (options: PostgresOptions) =>
  layerClient(options.shards === undefined ? {} : { shards: options.shards }).pipe(
    Layer.provide(layerPgClient(options))
  )
