/**
 * PostgreSQL without a server: the same SQL client as for a real one, on a database inside this process.
 *
 * What holds on the embedded database beyond PostgreSQL's rules: all sessions share one backend, so that
 * transactions run one after another; a session keeps no setting (`SET LOCAL` instead); `pg_advisory_lock`
 * excludes nobody (`pg_advisory_xact_lock` does); a running statement cannot be cancelled or time out.
 */
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, type Layer, type Scope } from "effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { type FolderDamaged, openFolder } from "./DataFolder.ts"
import { openEmptyDatabase } from "./EmptyDatabase.ts"
import type { FolderLocked } from "./FolderLock.ts"
import { PgliteSessions } from "./PgliteSessions.ts"
import { SessionStream } from "./SessionStream.ts"

export { FolderDamaged } from "./DataFolder.ts"
export { FolderLocked } from "./FolderLock.ts"

/** Sessions in the pool. One works while the others wait, so more would only lengthen the queue. */
const MAX_CONNECTIONS = 8

/** A connection is answered after the statement that runs now, so it may well take longer than over a network. */
const CONNECT_TIMEOUT = Duration.minutes(1)

const clientOf = (stream: () => SessionStream) =>
  PgClient.make({
    stream,
    username: "postgres",
    database: "postgres",
    maxConnections: MAX_CONNECTIONS,
    connectTimeout: CONNECT_TIMEOUT
  })

/**
 * A client of a database that lives in a folder and survives the end of the process and, as far as disk and
 * file system keep their word, of the power. The folder is created if it is missing or empty; the first start
 * takes seconds. One process opens it at a time; the second gets `FolderLocked` at once.
 */
export const layer = (options: {
  readonly folder: string
}): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, FolderLocked | FolderDamaged | SqlError> =>
  PgClient.layerFrom(Effect.flatMap(openFolder(options.folder), (thread) => clientOf(() => thread.stream())))

const cannotOpen = (cause: unknown): SqlError =>
  new SqlError({
    reason: new ConnectionError({ cause, message: "cannot open a database in memory", operation: "open" })
  })

const openMemory: Effect.Effect<PgliteSessions, SqlError, Scope.Scope> = Effect.acquireRelease(
  Effect.tryPromise({ try: openEmptyDatabase, catch: cannotOpen }),
  (backend) => Effect.promise(() => backend.close())
).pipe(
  Effect.flatMap((backend) =>
    Effect.acquireRelease(
      Effect.sync(() => new PgliteSessions(backend)),
      (sessions) => Effect.promise(() => sessions.close())
    )
  )
)

const connect = (sessions: PgliteSessions): SessionStream => {
  const session = sessions.open({
    send: (bytes) => stream.receive(bytes),
    close: () => stream.finish()
  })
  const stream = new SessionStream({
    // Later, as over a network: a client does not expect the answer before it has finished writing.
    write: (bytes) => queueMicrotask(() => session.receive(bytes)),
    end: () => session.close()
  })
  return stream
}

/**
 * A client of a database in memory, for tests and trials: empty at first, gone with the scope. It runs in the
 * calling thread, which a long statement therefore blocks.
 */
export const layerMemory: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError> = PgClient.layerFrom(
  Effect.flatMap(openMemory, (sessions) => clientOf(() => connect(sessions)))
)
