/**
 * Transactions, classified once: what a failure means depends on the SQLSTATE and on whether COMMIT was sent.
 */
import { StoreFailure } from "@onhand/core"
import { Cause, Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

const connectionStates = new Set(["57P01", "57P02", "57P03", "40003"])
const retryStates = new Set(["40001", "40P01", "55P03"])
const unavailableStates = new Set(["25006", "57014"])

/** The SQLSTATE in an error, if the server sent one. */
export const sqlStateOf = (error: SqlError): string | undefined => {
  const cause: unknown = error.reason.cause
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}

const lostConnection = (error: SqlError): boolean => {
  const state = sqlStateOf(error)
  return state === undefined
    ? error.reason._tag === "ConnectionError"
    : state.startsWith("08") || connectionStates.has(state)
}

/** What a failure before COMMIT means: nothing was written, and here is whether trying again makes sense. */
const beforeCommit = (error: SqlError): StoreFailure["outcome"] => {
  const state = sqlStateOf(error)
  if (lostConnection(error) || retryStates.has(state ?? "")) return "rolledBack"
  return state?.startsWith("53") === true || unavailableStates.has(state ?? "") ? "unavailable" : "poison"
}

const classify = (
  cause: Cause.Cause<unknown>,
  outcomeOf: (error: SqlError) => StoreFailure["outcome"]
): StoreFailure => {
  const error = Cause.squash(cause)
  if (error instanceof StoreFailure) return error
  return new StoreFailure({ outcome: isSqlError(error) ? outcomeOf(error) : "poison", cause: error })
}

/** Runs a body in a transaction of its own, and says of every failure whether anything can have been written. */
export const inTransaction = <A>(
  sql: SqlClient,
  body: (connection: Connection) => Effect.Effect<A, SqlError | StoreFailure>
): Effect.Effect<A, StoreFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const failed = (cause: Cause.Cause<unknown>) => Effect.fail(classify(cause, beforeCommit))
      const connection = yield* Effect.catchCause(sql.reserve, failed)
      const run = (statement: string) => connection.execute(statement, [], undefined)
      const result = yield* run("BEGIN ISOLATION LEVEL READ COMMITTED").pipe(
        Effect.andThen(body(connection)),
        Effect.onError(() => Effect.ignoreCause(run("ROLLBACK"))),
        Effect.catchCause(failed)
      )
      yield* Effect.catchCause(run("COMMIT"), (cause) =>
        Effect.fail(classify(cause, (error) => (lostConnection(error) ? "unknown" : beforeCommit(error))))
      )
      return result
    })
  ).pipe(Effect.uninterruptible)
