// An SQLite file: statements prepared once, and transactions that say what a failure means for the data.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import { StoreFailure, StoreUnavailable } from "@onhand/core"
import { Cause, Effect, type Scope } from "effect"

/** Values of a statement's named parameters, such as `:product`. */
export type Parameters = Readonly<Record<string, SQLInputValue>>

// Short, because `node:sqlite` answers synchronously: while SQLite waits for another process, all of this one does.
const LOCK_TIMEOUT_MILLIS = 100

/** What to tell callers to wait when the file cannot be used. */
const RETRY_AFTER_MILLIS = 1_000

/** A connection to a file. Its methods throw what SQLite throws. */
export class Database {
  readonly connection: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(connection: DatabaseSync) {
    this.connection = connection
  }

  /** The rows that a statement answers, each an array of its columns. */
  rows(sql: string, parameters: Parameters = {}): ReadonlyArray<ReadonlyArray<unknown>> {
    // The types of `node:sqlite` do not know of rows that are arrays.
    return this.statement(sql).all(parameters) as unknown as ReadonlyArray<ReadonlyArray<unknown>>
  }

  /** The rows of a statement that answers each as one JSON text. */
  all<A>(decode: (json: unknown) => A, sql: string, parameters: Parameters = {}): ReadonlyArray<A> {
    return this.rows(sql, parameters).map(([json]) => decode(json))
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql)
    if (known !== undefined) return known
    const statement = this.connection.prepare(sql)
    statement.setReturnArrays(true)
    this.statements.set(sql, statement)
    return statement
  }
}

export const unavailable = (cause: unknown) => new StoreUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })

/** Opens a file for as long as the scope lives. */
export const openDatabase = (
  file: string,
  options: { readonly readOnly: boolean }
): Effect.Effect<Database, StoreUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => new Database(new DatabaseSync(file, { ...options, timeout: LOCK_TIMEOUT_MILLIS })),
      catch: unavailable
    }),
    ({ connection }) => Effect.sync(() => connection.close())
  )

/** SQLite's primary result codes that are nobody's fault (https://sqlite.org/rescode.html). */
const resultCodes = { BUSY: 5, LOCKED: 6, NOMEM: 7, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14 }

const codeOf = (error: unknown): number =>
  typeof error === "object" && error !== null && "errcode" in error ? Number(error.errcode) & 0xff : 0

/** Before COMMIT nothing can have been written; the question is whether trying again makes sense. */
const beforeCommit = (error: unknown): StoreFailure["outcome"] => {
  const code = codeOf(error)
  if (code === resultCodes.BUSY || code === resultCodes.LOCKED) return "rolledBack"
  return Object.values(resultCodes).includes(code) ? "unavailable" : "poison"
}

/** A disk that fails while COMMIT is under way may have taken it or not. */
const duringCommit = (error: unknown): StoreFailure["outcome"] =>
  codeOf(error) === resultCodes.IOERR ? "unknown" : beforeCommit(error)

const failure = (error: unknown, outcomeOf: (error: unknown) => StoreFailure["outcome"]) =>
  new StoreFailure({ outcome: outcomeOf(error), cause: error })

/** Runs a body while nobody else, in this or another process, can write the file: all of it is kept, or nothing. */
export const inTransaction = <A, E>(
  { connection }: Database,
  body: Effect.Effect<A, E>
): Effect.Effect<A, StoreFailure> => {
  const run = (statement: string, outcomeOf: typeof beforeCommit) =>
    Effect.try({ try: () => connection.exec(statement), catch: (error) => failure(error, outcomeOf) })
  return Effect.gen(function* () {
    // IMMEDIATE takes the lock for writing now, and not in the middle, when what was read may have changed.
    yield* run("BEGIN IMMEDIATE", beforeCommit)
    const result = yield* Effect.catchCause(body, (cause) => Effect.fail(failure(Cause.squash(cause), beforeCommit)))
    yield* run("COMMIT", duringCommit)
    return result
  }).pipe(
    Effect.onError(() => Effect.sync(() => connection.isTransaction && connection.exec("ROLLBACK"))),
    Effect.uninterruptible
  )
}
