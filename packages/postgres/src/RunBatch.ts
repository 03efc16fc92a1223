/**
 * Running a batch: core decides it, and what it decided is written. Either on what the batch before it leaves, which
 * the write then proves, or not; or under the lock of its shards' heads.
 */
import {
  decideBatch,
  firstMicros,
  type Loaded,
  type LoadRequest,
  type Outcome,
  type StoreFailure,
  type Submission,
  shardsOf
} from "@onhand/core"
import { Data, Deferred, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { arrayOf } from "./Columns.ts"
import { type History, noHistory, type Upcoming } from "./KnownSlices.ts"
import { commandJson, decodeCommand, load } from "./LoadSlice.ts"
import { inOneStatement, inTransaction } from "./Transaction.ts"
import { BatchWriter, type Heads, overtaken } from "./WriteBatch.ts"

/** How long a batch waits for another process's batch on the same shard before it counts as rolled back. */
export const LOCK_TIMEOUT = "5s"

const clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::float8"

/**
 * Limits the wait for locks in this transaction, where nobody has limited it: on a client of the host's own. It is part
 * of the statement that locks, for it is done while a row is found, which is before that row is locked.
 */
const limitingWaits = `CASE current_setting('lock_timeout')
  WHEN '0' THEN set_config('lock_timeout', '${LOCK_TIMEOUT}', true) ELSE '' END IS NOT NULL`

// The clock is read outside the locking query, so that it is the time after the wait for the lock, not before it.
const headsQuery = (lock: "FOR UPDATE" | "") => `
  SELECT shard, seq::float8, last_micros::float8, hash, changed::text,
    ${clock}
  FROM (
    SELECT * FROM onhand.heads WHERE shard = ANY($1::float8[]::int[]) ${lock && `AND ${limitingWaits}`}
    ORDER BY shard ${lock}
  ) heads`

type HeadRow = readonly [shard: number, seq: number, micros: number, hash: string, changed: string, clock: number]

const decodeChanged = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Int)))

/** The heads of a batch's shards, and the clock when they were read. */
interface HeadsNow {
  readonly heads: Heads
  readonly clock: number
}

export const readHeads = (
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

export const seqsOf = (heads: Heads): ReadonlyMap<number, number> =>
  new Map([...heads].map(([shard, { seq }]) => [shard, seq]))

const shardsOfAll = (batch: ReadonlyArray<Submission>, shards: number): ReadonlySet<number> =>
  new Set(batch.flatMap((submission) => shardsOf(submission, shards)))

export const lastMicrosOf = (heads: Heads): number => Math.max(0, ...[...heads.values()].map(({ micros }) => micros))

/** The time of day in the database, in microseconds, and the records of those keys that were answered before. */
const clockAndRecords = (connection: Connection, keys: ReadonlyArray<string>) =>
  Effect.map(
    connection.executeValues(
      `SELECT ${clock}, NULL UNION ALL SELECT NULL, ${commandJson} FROM onhand.commands
      WHERE key = ANY($1::text[])`,
      [arrayOf(keys, "text")]
    ),
    (found) => {
      const rows = found as ReadonlyArray<
        readonly [clock: number, record: null] | readonly [clock: null, record: string]
      >
      return {
        clock: Math.max(0, ...rows.map(([clock]) => clock ?? 0)),
        records: rows.flatMap(([, record]) => (record === null ? [] : [decodeCommand(JSON.parse(record))]))
      }
    }
  )

/** What cannot be known before the batch that is being written is there. */
class OutOfSight extends Data.TaggedError("OutOfSight") {}

/** These look into the ledger itself. */
const looksBack = ({ holdings, movements, recounts }: LoadRequest): boolean =>
  holdings.length + movements.length + recounts.length > 0

/**
 * Decides a batch on what the one before it leaves, and answers the statement that writes it if that holds; undefined
 * if it cannot be known.
 */
const foresee = (
  connection: Connection,
  batch: ReadonlyArray<Submission>,
  shards: number,
  { shard, head, slice, records, held, committed }: Upcoming,
  history: History
) =>
  Effect.gen(function* () {
    const heads = new Map([[shard, head]])
    const found = yield* clockAndRecords(connection, [...new Set(batch.map(({ key }) => key))])
    const micros = firstMicros(found.clock, head.micros, batch.length)
    const known = (keys: ReadonlyArray<string>) => [
      ...(keys.length === 0 ? [] : found.records),
      ...keys.flatMap((key) => records.get(key) ?? [])
    ]
    const decided = yield* decideBatch(
      batch,
      { shards, heads: seqsOf(heads), micros, known: slice, held },
      (request): Effect.Effect<Loaded, SqlError | StoreFailure | OutOfSight> =>
        committed !== undefined && looksBack(request)
          ? Effect.fail(new OutOfSight())
          : Effect.map(load(connection, { ...request, keys: [] }, micros), (loaded) => ({
              ...loaded,
              known: known(request.keys)
            }))
    )
    const { outcomes, writes } = decided
    const written = new BatchWriter(shards, heads).finish(writes)
    history.decided({ heads: written.heads, known: decided.known, commands: writes.commands, writes })
    return {
      // Its rows are only there to be changed once the one before it is committed.
      ready: committed === undefined ? Effect.succeed(true) : Deferred.await(committed),
      run: Effect.map(written.run(connection), (wrote) => (wrote ? outcomes : undefined))
    }
  }).pipe(
    Effect.catchTag("OutOfSight", () => Effect.undefined),
    // What never was cannot blame a command.
    Effect.catchDefect(() => Effect.undefined)
  )

/** Decides and writes a batch in the transaction that a connection has open. */
export const runBatch = (
  connection: Connection,
  batch: ReadonlyArray<Submission>,
  shards: number,
  history: History = noHistory
): Effect.Effect<ReadonlyArray<Outcome>, SqlError | StoreFailure> =>
  Effect.gen(function* () {
    const wanted = [...shardsOfAll(batch, shards)].sort((a, b) => a - b)
    const { heads, clock } = yield* readHeads(connection, wanted, "FOR UPDATE")
    const whole = [...batch, ...history.late()]
    const micros = firstMicros(clock, lastMicrosOf(heads), whole.length)
    const writer = new BatchWriter(shards, heads)
    const kept = history.knownAt(heads)
    let since = kept?.since
    const { outcomes, writes, known } = yield* decideBatch(
      whole,
      { shards, heads: seqsOf(heads), micros, known: kept?.slice },
      (request) => {
        const loaded = load(connection, request, micros, since)
        since = undefined
        return loaded
      },
      (commands) => writer.ahead(connection, commands)
    )
    const written = writer.finish(writes)
    history.decided({ heads: written.heads, known, commands: writer.commands, writes })
    if (!(yield* written.run(connection))) return yield* overtaken("A locked head changed")
    return outcomes
  })

/**
 * Runs a batch in a transaction of its own. If nobody else was writing, it is decided without any lock, and the one
 * statement that writes it proves that it was right; else, or if it was not, it is decided under its lock.
 */
export const transact = (
  sql: SqlClient,
  batch: ReadonlyArray<Submission>,
  shards: number,
  history: History
): Effect.Effect<ReadonlyArray<Outcome>, StoreFailure> =>
  Effect.gen(function* () {
    const upcoming = history.upcoming(shardsOfAll(batch, shards))
    if (upcoming === undefined) return yield* inTransaction(sql, (one) => runBatch(one, batch, shards, history))
    let early = batch
    const outcomes = yield* inOneStatement(sql, (connection) => {
      early = [...batch, ...history.late()]
      return foresee(connection, early, shards, upcoming, history)
    })
    return outcomes ?? (yield* inTransaction(sql, (connection) => runBatch(connection, early, shards, history)))
  })
