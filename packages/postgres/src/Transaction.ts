/**
 * Transactions, classified once: what a failure means depends on the SQLSTATE and on whether COMMIT was sent; and a
 * database that does not answer has failed, too.
 */
import { StoreFailure } from "@onhand/core"
import { Cause, Context, Deferred, type Duration, Effect, Exit, Fiber } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

/**
 * How long the database may keep silent before its connection counts as lost. A peer that vanished without a word
 * sends no error, and the server's own timeouts cannot reach us then.
 */
export const Patience = Context.Reference<{
  /** For a connection and the answer to BEGIN, or for what is read without a transaction: neither waits for a lock. */
  readonly toBegin: Duration.Input
  /** For all the work of a transaction, and again for its COMMIT. Far more than the largest batch needs. */
  readonly toFinish: Duration.Input
}>("@onhand/postgres/Patience", { defaultValue: () => ({ toBegin: "5 seconds", toFinish: "30 seconds" }) })

// 25P03: our session was ended because it had been idle in its transaction, as after a stall of this process.
const connectionStates = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "40003"])
const retryStates = new Set(["40001", "40P01", "55P03"])
// 53: out of disk, memory or connections. 58: the server's own system calls fail. 25006: it only reads. 42501: the role
// was not granted the tables. No command is to blame for any of them.
const unavailableStates = /^(53|58|25006|57014|42501)/

// Node's own codes stand in the same place, such as ECONNRESET or EPIPE; every SQLSTATE named here begins with a digit.
const SQLSTATE = /^[0-9][0-9A-Z]{4}$/

/** The SQLSTATE in an error, if the server sent one. */
export const sqlStateOf = (error: SqlError): string | undefined => {
  const cause: unknown = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return typeof code === "string" && SQLSTATE.test(code) ? code : undefined
}

const lostConnection = (error: SqlError): boolean => {
  const state = sqlStateOf(error)
  return state === undefined
    ? error.reason._tag === "ConnectionError"
    : state.startsWith("08") || connectionStates.has(state)
}

/** What a failure before COMMIT means: nothing was written, and here is whether trying again makes sense. */
const beforeCommit = (error: SqlError): StoreFailure["outcome"] => {
  const state = sqlStateOf(error) ?? ""
  if (lostConnection(error) || retryStates.has(state)) return "rolledBack"
  return unavailableStates.test(state) ? "unavailable" : "poison"
}

/** What it means that there is no connection: no batch is to blame for it. */
const withoutConnection = (error: SqlError): StoreFailure["outcome"] =>
  beforeCommit(error) === "rolledBack" ? "rolledBack" : "unavailable"

const duringCommit = (error: SqlError): StoreFailure["outcome"] =>
  lostConnection(error) ? "unknown" : beforeCommit(error)

type OutcomeOf = (error: SqlError) => StoreFailure["outcome"]

const classify = (cause: Cause.Cause<unknown>, outcomeOf: OutcomeOf): StoreFailure => {
  const error = Cause.squash(cause)
  if (error instanceof StoreFailure) return error
  return new StoreFailure({ outcome: isSqlError(error) ? outcomeOf(error) : "poison", cause: error })
}

/**
 * The answer of the database, or the failure that it means not to have got one in time. Statements that are late are
 * told to stop, and nobody waits for that: a connection given back with one still on it is closed.
 */
const inTime = <A, E, R>(
  statements: Effect.Effect<A, E, R>,
  patience: Duration.Input,
  outcomeOf: OutcomeOf,
  late: StoreFailure["outcome"]
): Effect.Effect<A, StoreFailure, R> =>
  Effect.gen(function* () {
    const answer = yield* Deferred.make<Exit.Exit<A, E> | undefined>()
    const settle = (exit: Exit.Exit<A, E> | undefined) => Deferred.succeed(answer, exit)
    const work = yield* Effect.forkDetach(Effect.flatMap(Effect.exit(statements), settle), { startImmediately: true })
    const alarm = yield* Effect.forkDetach(Effect.delay(settle(undefined), patience))
    const exit = yield* Deferred.await(answer)
    yield* Effect.forkDetach(Fiber.interrupt(exit === undefined ? work : alarm), { startImmediately: true })
    if (exit === undefined) {
      return yield* new StoreFailure({ outcome: late, cause: new Error("The database does not answer") })
    }
    return Exit.isSuccess(exit) ? exit.value : yield* classify(exit.cause, outcomeOf)
  })

/** Runs a body in a transaction of its own, and says of every failure whether anything can have been written. */
export const inTransaction = <A>(
  sql: SqlClient,
  body: (connection: Connection) => Effect.Effect<A, SqlError | StoreFailure>
): Effect.Effect<A, StoreFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { toBegin, toFinish } = yield* Patience
      const run = (connection: Connection, statement: string) => connection.execute(statement, [], undefined)
      const begin = Effect.tap(sql.reserve, (connection) => run(connection, "BEGIN ISOLATION LEVEL READ COMMITTED"))
      const connection = yield* inTime(begin, toBegin, withoutConnection, "rolledBack")
      const rollback = inTime(run(connection, "ROLLBACK"), toBegin, beforeCommit, "rolledBack")
      const result = yield* inTime(body(connection), toFinish, beforeCommit, "rolledBack").pipe(
        Effect.onError(() => Effect.ignore(rollback))
      )
      yield* inTime(run(connection, "COMMIT"), toFinish, duringCommit, "unknown")
      return result
    })
  ).pipe(Effect.uninterruptible)

/** What one statement comes to once it may be run. */
export interface LastStatement<A> {
  /** Waits until it is known whether it is to be run at all. */
  readonly ready: Effect.Effect<boolean>
  readonly run: Effect.Effect<A, SqlError | StoreFailure>
}

/**
 * Runs what reads, and then the one statement that it comes to, which is a transaction by itself: it holds its locks no
 * longer than the database needs. If there is none to be run, this answers undefined.
 */
export const inOneStatement = <A>(
  sql: SqlClient,
  read: (connection: Connection) => Effect.Effect<LastStatement<A> | undefined, SqlError | StoreFailure>
): Effect.Effect<A | undefined, StoreFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { toBegin, toFinish } = yield* Patience
      const connection = yield* inTime(sql.reserve, toBegin, withoutConnection, "rolledBack")
      const statement = yield* inTime(read(connection), toBegin, beforeCommit, "rolledBack")
      if (statement === undefined || !(yield* statement.ready)) return undefined
      return yield* inTime(statement.run, toFinish, duringCommit, "unknown")
    })
  ).pipe(Effect.uninterruptible)
