/**
 * One opener of a data folder at a time. Two PostgreSQL backends on one folder destroy it, and PGlite itself
 * takes no lock (two processes acknowledged 5,514 writes, of which 3,105 remained).
 *
 * The lock is the operating system's lock on a file, taken through SQLite, which Node contains. A lock file
 * with a process id and a start time must be taken over when its process is dead, which two can do at once;
 * process ids also mean nothing across containers. A listening Unix socket leaves a file behind with the same
 * race, its path may not exceed 107 bytes, and Windows has none. The system's file lock has no such moment: it
 * is held or free, ends with its process however that ends, is seen by every container on the host, and SQLite
 * also refuses a second opener inside this process, where the system's lock would not.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Schema, type Scope } from "effect"
import { ConnectionError, SqlError } from "effect/sql/SqlError"

/** The locked file, and beside it who holds it; both inside the folder that they protect. */
export const LOCK_FILE = "lock"
export const OWNER_FILE = "lock.owner"

/** Another process, or this one, has the folder open. */
export class FolderLocked extends Schema.TaggedError<FolderLocked>("@onhand/postgres/FolderLocked")("FolderLocked", {
  folder: Schema.String,
  /** The process that holds the folder; undefined while it has not yet written its name. */
  pid: Schema.UndefinedOr(Schema.Int),
  /** The machine or container in which that process id means something. */
  host: Schema.UndefinedOr(Schema.String)
}) {
  override get message(): string {
    const holder = this.pid === undefined ? "another process" : `process ${this.pid} on ${this.host}`
    return `${this.folder} is open in ${holder}: close it there, or open another folder`
  }
}

const Owner = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, host: Schema.String }))

const SQLITE_BUSY = 5

/** Holds the folder until the scope closes, creating it if need be. Gives the folder's real path. */
export const lockFolder = (folder: string): Effect.Effect<string, FolderLocked | SqlError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({
        try: () => acquire(folder),
        catch: (cause) => (isBusy(cause) ? lockedBy(folder) : cannotLock(folder, cause))
      }),
      (lock) => Effect.sync(lock.release)
    ),
    (lock) => lock.path
  )

const acquire = (folder: string): { readonly path: string; readonly release: () => void } => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = realpathSync(folder)
  const file = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 })
  try {
    // The transaction never writes: the file stays empty, its journal in memory; a crash leaves nothing to undo.
    file.exec("pragma journal_mode = memory; begin exclusive")
    writeFileSync(join(path, OWNER_FILE), JSON.stringify({ pid: process.pid, host: hostname() }))
  } catch (cause) {
    file.close()
    throw cause
  }
  const release = () => {
    rmSync(join(path, OWNER_FILE), { force: true })
    file.close()
  }
  return { path, release }
}

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY

const lockedBy = (folder: string): FolderLocked => {
  const file = join(folder, OWNER_FILE)
  const owner = Schema.decodeOption(Owner)(existsSync(file) ? readFileSync(file, "utf8") : "")
  return owner._tag === "Some"
    ? new FolderLocked({ folder, ...owner.value })
    : new FolderLocked({ folder, pid: undefined, host: undefined })
}

const cannotLock = (folder: string, cause: unknown): SqlError =>
  new SqlError({
    reason: new ConnectionError({ cause, message: `cannot use the data folder ${folder}`, operation: "lock" })
  })
