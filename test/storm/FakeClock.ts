// A wall clock that a test can set, for a process that is started with it: by libfaketime, a library that is loaded
// before all others. The monotonic clock stays real, as it does when somebody sets a real clock.
import { spawnSync } from "node:child_process"
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"

const library = [
  ...globSync("/usr/lib/*/faketime/libfaketimeMT.so.1"),
  "/usr/lib/faketime/libfaketimeMT.so.1",
  "/usr/local/lib/faketime/libfaketimeMT.so.1"
].find((path) => existsSync(path))

/** How far the wall clock of a process is off, such as `+3h`, `-2d` or `+0`. */
export type ClockOffset = `${"+" | "-"}${number}${"" | "s" | "m" | "h" | "d"}`

export interface FakeClock {
  /** What a process needs in its environment to have this clock. */
  readonly env: Readonly<Record<string, string>>
  /** Sets it, for running processes too. */
  readonly set: (offset: ClockOffset) => void
}

const make = (path: string): FakeClock => {
  const file = join(path, "offset")
  return {
    env: {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1"
    },
    set: (offset) => writeFileSync(file, offset)
  }
}

/** A clock that is right until it is set; gone with the scope. */
export const fakeClock = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "onhand-clock-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  ),
  (path) => {
    // PostgreSQL may run as somebody else, who has to read it.
    spawnSync("chmod", ["755", path])
    const clock = make(path)
    clock.set("+0")
    return clock
  }
)

/** Why no process can be given another clock here, if so. */
export const noFakeClock: string | undefined = (() => {
  if (library === undefined) return "libfaketime is not installed (the package faketime of Debian and Ubuntu)"
  const path = mkdtempSync(join(tmpdir(), "onhand-clock-"))
  const clock = make(path)
  clock.set("+1d")
  const asked = spawnSync(process.execPath, ["-p", "Date.now()"], { env: clock.env, encoding: "utf8" })
  rmSync(path, { recursive: true })
  return Number(asked.stdout) - Date.now() > 3_600_000 ? undefined : "libfaketime has no effect on Node.js here"
})()
