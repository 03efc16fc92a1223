/**
 * The folder of the embedded database: what is in it, how it comes into being, and opening it.
 *
 *     <folder>/lock, lock.owner   held while the database is open
 *     <folder>/data               PostgreSQL's data directory
 *     <folder>/initialising       a data directory in the making; never opened, only thrown away
 *
 * `data` appears by one rename when it is complete and on disk, so an interrupted first start leaves nothing
 * that could be taken for a database. And nothing is ever initialised over what is not recognised.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { syncDirectory } from "./DurableNodeFs.ts"
import { type FolderLocked, LOCK_FILE, lockFolder, OWNER_FILE } from "./FolderLock.ts"
import { initialise, PgliteThread } from "./PgliteThread.ts"

const DATA = "data"
const INITIALISING = "initialising"

/** The major version of PostgreSQL in PGlite, whose data directories this release reads. */
const POSTGRES_VERSION = "18"

/** The folder holds something that cannot be opened as a database. It was left as it is. */
export class FolderDamaged extends Schema.TaggedError<FolderDamaged>("@onhand/postgres/FolderDamaged")(
  "FolderDamaged",
  { folder: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `${this.folder} cannot be opened: ${this.reason}. Restore it from a backup, or name an empty folder`
  }
}

/** Whether the folder holds a database; throws `FolderDamaged` if it holds anything else. */
const holdsDatabase = (folder: string): boolean => {
  const data = join(folder, DATA)
  if (!existsSync(data)) {
    const foreign = readdirSync(folder).filter((name) => ![LOCK_FILE, OWNER_FILE, INITIALISING].includes(name))
    if (foreign.length === 0) return false
    throw new FolderDamaged({ folder, reason: `it holds ${foreign.slice(0, 3).join(", ")} but no database` })
  }
  const versionFile = join(data, "PG_VERSION")
  const version = existsSync(versionFile) ? readFileSync(versionFile, "utf8").trim() : ""
  if (!/^\d+$/.test(version)) throw new FolderDamaged({ folder, reason: "its PG_VERSION is missing or unreadable" })
  if (version !== POSTGRES_VERSION) {
    throw new FolderDamaged({
      folder,
      reason: `it is of PostgreSQL ${version}, this release reads ${POSTGRES_VERSION}`
    })
  }
  if (!existsSync(join(data, "global", "pg_control"))) {
    throw new FolderDamaged({ folder, reason: "its global/pg_control is missing" })
  }
  return true
}

/** Makes a database in a folder without one. */
const createDatabase = async (folder: string): Promise<void> => {
  const making = join(folder, INITIALISING)
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { mode: 0o700 })
  await initialise(making)
  renameSync(making, join(folder, DATA))
  syncDirectory(folder)
}

/** The database in a folder, made if there is none, in a thread of its own and locked until the scope closes. */
export const openFolder = (
  folder: string
): Effect.Effect<PgliteThread, FolderLocked | FolderDamaged | SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = yield* lockFolder(folder)
    yield* Effect.tryPromise({
      try: async () => holdsDatabase(path) || (await createDatabase(path)),
      catch: (cause) => (cause instanceof FolderDamaged ? cause : cannotCreate(folder, cause))
    })
    return yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => PgliteThread.open(join(path, DATA)),
        catch: (cause) => {
          const reason = cause instanceof Error ? cause.message : String(cause)
          return DISK_FULL.test(reason) ? diskFull(folder) : new FolderDamaged({ folder, reason })
        }
      }),
      (thread) => Effect.promise(() => thread.close())
    )
  })

/** How PostgreSQL says that there was no room for what it writes when it starts. */
const DISK_FULL = /No space left on device/

const diskFull = (folder: string): SqlError =>
  new SqlError({
    reason: new ConnectionError({
      cause: new Error("its disk is full; nothing in it is damaged. Make room there and open it again"),
      message: `cannot open the database in ${folder}`,
      operation: "open"
    })
  })

const cannotCreate = (folder: string, cause: unknown): SqlError =>
  new SqlError({
    reason: new ConnectionError({ cause, message: `cannot make a database in ${folder}`, operation: "open" })
  })
