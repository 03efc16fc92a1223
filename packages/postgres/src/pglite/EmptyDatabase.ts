/**
 * An empty database in memory, quickly: initialising one takes seconds of computing, so the result of the
 * first time is kept in the temporary folder for every later test run of this user and PGlite version.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { openMemoryBackend, type PgliteBackend } from "./PgliteBackend.ts"

export const openEmptyDatabase = async (): Promise<PgliteBackend> => {
  const file = snapshotFile()
  const snapshot = file === undefined ? undefined : readSnapshot(file)
  if (snapshot !== undefined) {
    try {
      return await openMemoryBackend(snapshot)
    } catch {
      // Not readable after all; what is made below replaces it.
    }
  }
  const backend = await openMemoryBackend()
  if (file !== undefined) keepSnapshot(file, new Uint8Array(await (await backend.snapshot()).arrayBuffer()))
  return backend
}

/** Undefined where others could have written it: the snapshot would become our system catalogue. */
const snapshotFile = (): string | undefined => {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `onhand-pglite-${uid}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    const ours = uid === -1 || (found.uid === uid && (found.mode & 0o077) === 0)
    return found.isDirectory() && ours ? join(folder, `empty-${pgliteVersion()}.tar`) : undefined
  } catch {
    return undefined
  }
}

const pgliteVersion = (): string => {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite")
  return JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8")).version
}

const readSnapshot = (file: string): Blob | undefined => {
  try {
    return new Blob([readFileSync(file)], { type: "application/x-tar" })
  } catch {
    return undefined
  }
}

/** Puts the snapshot in place by a rename, since other processes may read or write it. */
const keepSnapshot = (file: string, bytes: Uint8Array): void => {
  const written = `${file}.${process.pid}`
  try {
    writeFileSync(written, bytes)
    renameSync(written, file)
  } catch {
    rmSync(written, { force: true }) // A full disk costs the next opening some seconds, nothing more.
  }
}
