/**
 * One PGlite: PostgreSQL compiled to WebAssembly, as the single backend that all sessions share.
 */
import { PGlite, type PGliteOptions } from "@electric-sql/pglite"
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm"
import { DurableNodeFs, durableStartParams } from "./DurableNodeFs.ts"
import type { Backend } from "./PgliteSessions.ts"
import { concat } from "./WireFrames.ts"

/**
 * PostgreSQL's page cache. WebAssembly memory is allocated whole, so all of it is resident at once. A folder's is large
 * enough to hold the pages that a busy shop writes, each of which would else go to its file and back; a database in
 * memory has no files to spare.
 */
const SHARED_BUFFERS = { folder: "64MB", memory: "16MB" }

/** How much of PostgreSQL's own log to quote when it does not start. */
const QUOTED_LOG_LINES = 5

export interface PgliteBackend extends Backend {
  /** How many times data was synced to disk since opening; 0 in memory. */
  readonly syncs: () => number
  /** A snapshot of a database at rest, for `openMemoryBackend`. */
  readonly snapshot: () => Promise<Blob>
  readonly close: () => Promise<void>
}

/** Opens a database in a folder, initialising it there if the folder is empty. */
export const openFolderBackend = async (folder: string): Promise<PgliteBackend> => {
  const fs = new DurableNodeFs(folder)
  return open({ fs }, durableStartParams, SHARED_BUFFERS.folder, () => fs.syncs)
}

/** Opens a database in memory, empty or from a snapshot. */
export const openMemoryBackend = (snapshot?: Blob): Promise<PgliteBackend> =>
  open(
    snapshot === undefined ? {} : { loadDataDir: snapshot },
    PGlite.defaultStartParams,
    SHARED_BUFFERS.memory,
    () => 0
  )

const open = async (
  place: PGliteOptions,
  startParams: ReadonlyArray<string>,
  sharedBuffers: string,
  syncs: () => number
): Promise<PgliteBackend> => {
  const log: Array<string> = []
  let db: PGlite
  try {
    db = await PGlite.create({
      ...place,
      extensions: { pg_trgm },
      startParams: [...startParams, "-c", `shared_buffers=${sharedBuffers}`],
      onStderr: (line: string) => {
        if (log.push(line) > QUOTED_LOG_LINES) log.shift()
        return false
      }
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error([reason, ...log].join("\n"), { cause })
  }
  return {
    execute: (frames) => execute(db, frames),
    syncs,
    snapshot: () => db.dumpDataDir("none"),
    close: () => db.close()
  }
}

/**
 * The streaming call is the one that leaves no trace: the plain one parses every answer a second time and
 * keeps the parsed messages for ever (seen with PGlite 0.5.16). Nothing needs to be flushed to the file
 * system, which writes through.
 */
const execute = async (db: PGlite, frames: Uint8Array): Promise<Uint8Array> => {
  const answer: Array<Uint8Array> = []
  await db.execProtocolRawStream(frames, {
    syncToFs: false,
    // The bytes are a view of WebAssembly memory that the next write overwrites.
    onRawData: (bytes) => answer.push(bytes.slice())
  })
  return answer.length === 1 ? answer[0]! : concat(answer)
}
