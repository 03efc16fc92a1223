/**
 * Commands inside the host's own transaction: stock, events and the host's rows commit together, or roll back together.
 */
import { type CommandMethods, commandsOver, type Outcome, StoreUnavailable, type Submission } from "@onhand/core"
import { Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { shardsOfLedger } from "./Migration.ts"
import { runBatch } from "./RunBatch.ts"

/** What to tell a caller to wait before it tries its whole transaction again, in milliseconds. */
const RETRY_AFTER_MILLIS = 1_000

/** A command was to join the host's transaction, but none is open in this fiber on this client. */
export class NoOpenTransaction extends Schema.TaggedError<NoOpenTransaction>()("NoOpenTransaction", {}) {
  override get message() {
    return "No transaction is open on this client; inside sql.withTransaction(...) of the same client it is accepted"
  }
}

/**
 * Runs a batch, which limits its wait for locks where the host's transaction has no limit, and takes that limit away
 * again. After a failure the transaction, or the savepoint in it, is to be rolled back, and the limit is gone with it.
 */
const leavingNoLimit = <A, E>(connection: Connection, batch: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const [before] = yield* connection.executeValues("SELECT current_setting('lock_timeout')", [])
    const done = yield* batch
    if (before?.[0] === "0") yield* connection.executeValues("SELECT set_config('lock_timeout', '0', true)", [])
    return done
  })

/**
 * The commands, run inside the transaction that is open on `sql`, the host's own client of the database that holds the
 * ledger. They skip the batch and keep every law. A refusal leaves the transaction usable, and is itself forgotten if
 * the host rolls back. After `StoreUnavailable` the transaction is broken, as after any failed statement: roll it back
 * and run it again with the same keys; or only the savepoint, if the command was run in a `withTransaction` of its own.
 * The shards a command touches stay locked until the host commits, so keep what follows short. A command waits for a
 * lock as long as the host's own `lock_timeout` says, or five seconds if it says nothing, and then fails with
 * `StoreUnavailable`. Outside a transaction a command dies with {@link NoOpenTransaction}.
 */
export const within = (sql: SqlClient): Effect.Effect<CommandMethods, SqlError> =>
  Effect.map(shardsOfLedger(sql), (shards) => {
    const run = (submission: Submission): Effect.Effect<Outcome, StoreUnavailable> =>
      Effect.gen(function* () {
        const open = yield* Effect.serviceOption(sql.transactionService)
        if (Option.isNone(open)) return yield* Effect.die(new NoOpenTransaction())
        const [connection] = open.value
        const outcomes = yield* Effect.mapError(
          leavingNoLimit(connection, runBatch(connection, [submission], shards)),
          (cause) => new StoreUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })
        )
        return outcomes[0] ?? (yield* Effect.die(new Error("The store lost an outcome")))
      })
    return commandsOver(run)
  })
