/**
 * Running a batch: locks the heads of its shards, lets core decide, and writes what it decided. While the batch before
 * it is being written, a batch is decided on what that one will leave, which its lock then proves, or not.
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
import { Data, Effect, Schema } from "effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { arrayOf } from "./Columns.ts"
import { type History, noHistory, type Upcoming } from "./KnownSlices.ts"
import { load } from "./LoadSlice.ts"
import { BatchWriter, type Head, type Heads, type Written } from "./WriteBatch.ts"

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

export const lastMicrosOf = (heads: Heads): number => Math.max(0, ...[...heads.values()].map(({ micros }) => micros))

/** A batch that was decided before its shards were locked: right if their heads turn out to be `before`. */
interface Foreseen {
  readonly before: Head
  readonly outcomes: ReadonlyArray<Outcome>
  readonly written: Written
}

/** What cannot be known before the batch that is being written is there. */
class OutOfSight extends Data.TaggedError("OutOfSight") {}

/** These look into the ledger itself. */
const looksBack = ({ holdings, movements, recounts }: LoadRequest): boolean =>
  holdings.length + movements.length + recounts.length > 0

/** Decides a batch on what the one that is being written will leave; undefined if that cannot be known. */
const foresee = (
  connection: Connection,
  batch: ReadonlyArray<Submission>,
  shards: number,
  { shard, head, slice, records, held }: Upcoming,
  history: History
): Effect.Effect<Foreseen | undefined, SqlError | StoreFailure> =>
  Effect.gen(function* () {
    const heads = new Map([[shard, head]])
    const { clock } = yield* readHeads(connection, [shard], "")
    const micros = firstMicros(clock, head.micros, batch.length)
    const decided = yield* decideBatch(
      batch,
      { shards, heads: seqsOf(heads), micros, known: slice, held },
      (request): Effect.Effect<Loaded, SqlError | StoreFailure | OutOfSight> =>
        looksBack(request)
          ? Effect.fail(new OutOfSight())
          : Effect.map(load(connection, request, micros), (loaded) => ({
              ...loaded,
              known: [...loaded.known, ...request.keys.flatMap((key) => records.get(key) ?? [])]
            }))
    )
    const { outcomes, writes, known } = decided
    const written = new BatchWriter(connection, shards, heads).finish(writes)
    history.decided({ heads: written.heads, known, commands: writes.commands, writes }, true)
    return { before: head, outcomes, written }
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
    const wanted = new Set(batch.flatMap((submission) => shardsOf(submission, shards)))
    const upcoming = history.upcoming(wanted)
    const early = upcoming === undefined ? undefined : [...batch, ...history.late()]
    const foreseen =
      upcoming === undefined || early === undefined
        ? undefined
        : yield* foresee(connection, early, shards, upcoming, history)
    const { heads, clock } = yield* readHeads(
      connection,
      [...wanted].sort((a, b) => a - b),
      "FOR UPDATE"
    )
    if (foreseen !== undefined && upcoming !== undefined && heads.get(upcoming.shard)?.hash === foreseen.before.hash) {
      yield* foreseen.written.run
      return foreseen.outcomes
    }
    const whole = early ?? [...batch, ...history.late()]
    const micros = firstMicros(clock, lastMicrosOf(heads), whole.length)
    const writer = new BatchWriter(connection, shards, heads)
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
      (commands) => writer.ahead(commands)
    )
    const written = writer.finish(writes)
    history.decided(
      { heads: written.heads, known, commands: writer.commands, writes },
      kept !== undefined && kept.since === undefined
    )
    yield* written.run
    return outcomes
  })
