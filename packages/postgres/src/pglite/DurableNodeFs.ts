/**
 * PGlite's file system on a folder, with a sync to disk that is real.
 *
 * PGlite starts PostgreSQL with fsync off, and its file system has no fsync at all, so that a commit
 * survives the end of the process but not a power cut. Here every sync that PostgreSQL asks for reaches
 * the disk: of files through fdatasync, of directories (after creating and renaming files) through fsync.
 */
import * as fs from "node:fs"
import { PGlite } from "@electric-sql/pglite"
import { NodeFS } from "@electric-sql/pglite/nodefs"

/**
 * PGlite's own start parameters with fsync back on; the WASM libc has no fdatasync, hence `fsync`. New log segments
 * are not filled with zeros first: that would write the whole log twice, and every sync covers a file's length anyway.
 */
export const durableStartParams: ReadonlyArray<string> = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  "-c",
  "wal_sync_method=fsync",
  "-c",
  "wal_init_zero=off"
]

type EmscriptenOptions = Parameters<NodeFS["init"]>[1]

/** The part of Emscripten's node file system that is extended here; PGlite's types leave it out. */
interface EmscriptenModule {
  readonly NODEFS: {
    readonly stream_ops: { fsync?: (stream: EmscriptenStream) => number }
    readonly realPath: (node: unknown) => string
  }
  readonly FS: { readonly ErrnoError: new (errno: number) => Error }
}

interface EmscriptenStream {
  /** The file's descriptor in this process; a directory has none. */
  readonly nfd?: number
  readonly node: unknown
}

/** EIO in the numbering of the WASM libc: PostgreSQL panics on it rather than believe in a commit. */
const EIO = 29

export class DurableNodeFs extends NodeFS {
  /** How many times something was synced to disk. */
  syncs = 0

  override async init(pg: PGlite, options: EmscriptenOptions): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pg, options)
    const installFsync = (module: unknown) => {
      const { FS, NODEFS } = module as EmscriptenModule
      NODEFS.stream_ops.fsync = (stream) => {
        this.syncs++
        try {
          if (stream.nfd !== undefined) fs.fdatasyncSync(stream.nfd)
          else syncDirectory(NODEFS.realPath(stream.node))
          return 0
        } catch {
          throw new FS.ErrnoError(EIO)
        }
      }
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), installFsync] } }
  }
}

/** Makes the names in a directory durable. Windows has no such call and needs none. */
export const syncDirectory = (path: string): void => {
  if (process.platform === "win32") return
  const directory = fs.openSync(path, "r")
  try {
    fs.fsyncSync(directory)
  } finally {
    fs.closeSync(directory)
  }
}

/** Makes everything under a directory durable. */
export const syncTree = (path: string): void => {
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const child = `${path}/${entry.name}`
    if (entry.isDirectory()) syncTree(child)
    else if (entry.isFile()) {
      const file = fs.openSync(child, "r+")
      try {
        fs.fdatasyncSync(file)
      } finally {
        fs.closeSync(file)
      }
    }
  }
  syncDirectory(path)
}
