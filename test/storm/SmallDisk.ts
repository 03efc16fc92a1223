// A disk that a test can fill: a file system in memory of a few megabytes. Only root may mount one.
import { spawnSync } from "node:child_process"
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { account } from "../PostgresServer.ts"

/** Why no disk can be mounted here, if so. */
export const noSmallDisk: string | undefined =
  process.platform !== "linux"
    ? "file systems in memory are mounted on Linux alone"
    : process.getuid?.() !== 0
      ? "only root may mount a small disk"
      : undefined

export interface SmallDisk {
  readonly path: string
  /** Takes every byte that is left, or all but so many. */
  readonly fill: (leaving?: number) => void
  /** Gives back what `fill` took. */
  readonly free: () => void
  readonly bytesLeft: () => number
}

const BLOCK = Buffer.alloc(4096, 1)

const isFull = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOSPC"

const fillFile = (path: string): void => {
  const file = openSync(path, "a")
  try {
    for (;;) writeSync(file, BLOCK)
  } catch (cause) {
    if (!isFull(cause)) throw cause
  } finally {
    closeSync(file)
  }
}

const mount = (megabytes: number): SmallDisk => {
  const path = mkdtempSync(join(tmpdir(), "onhand-disk-"))
  const args = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", path]
  const mounted = spawnSync("mount", args, { encoding: "utf8" })
  if (mounted.status !== 0) throw new Error(`cannot mount a small disk: ${mounted.stderr}`)
  const { uid, gid } = account()
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  const ballast = join(path, "ballast")
  return {
    path,
    fill: (leaving = 0) => {
      fillFile(ballast)
      truncateSync(ballast, statSync(ballast).size - leaving)
    },
    free: () => rmSync(ballast),
    bytesLeft: () => {
      const { bavail, bsize } = statfsSync(path)
      return bavail * bsize
    }
  }
}

/** Mounts a disk for PostgreSQL's account, gone with the scope. */
export const smallDisk = (megabytes: number) =>
  Effect.acquireRelease(
    Effect.sync(() => mount(megabytes)),
    ({ path }) =>
      Effect.sync(() => {
        // Lazily: a server that still ends may have files open there.
        spawnSync("umount", ["--lazy", path])
        rmSync(path, { recursive: true, force: true })
      })
  )
