// A host as a process of its own, seen from outside: started, watched, killed or asked to end, and its diary read.
import { spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { type Diary, type DiaryLine, makeDiary, type Shelves } from "./Load.ts"

const host = fileURLToPath(new URL("./Host.ts", import.meta.url))

/** How often a host's diary is looked at. Milliseconds. */
const LOOK_EVERY = 20

// The last line may have been cut off with its writer.
const linesOf = (file: string): ReadonlyArray<DiaryLine> =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line): DiaryLine => JSON.parse(line))

/** The diary in a file. What was asked and came to no end is unknown: only asking again tells. */
const readDiary = (file: string): Diary => {
  const diary = makeDiary()
  for (const line of linesOf(file)) diary.write(line)
  const heard = new Set([...diary.told, ...diary.unavailable].map(({ key }) => key).concat(diary.unknown))
  diary.unknown.push(...[...diary.asked.keys()].filter((key) => !heard.has(key)))
  return diary
}

export interface HostProcess {
  /** Waits until its callers were told so many answers in all; fails if it ends before. */
  readonly untilTold: (answers: number) => Effect.Effect<void>
  /** Its diary up to now. */
  readonly diary: () => Diary
  /** Kills it, or asks it to end and waits for its last answers; gives its diary. */
  readonly end: (signal: "SIGKILL" | "SIGTERM") => Effect.Effect<Diary>
}

/** Starts a host on a database; it is killed with the scope. */
export const startHost = (
  url: string,
  seed: string,
  shelves: Shelves,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<HostProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = mkdtempSync(join(tmpdir(), "onhand-host-"))
    const file = join(folder, "diary")
    const output = openSync(file, "w")
    const child = spawn(process.execPath, ["--conditions=onhand-source", host, url, seed, JSON.stringify(shelves)], {
      stdio: ["ignore", output, "inherit"],
      env: { ...process.env, ...env }
    })
    closeSync(output)
    let end: string | undefined
    const ended = new Promise<string>((resolve) =>
      child.once("exit", (code, signal) => {
        end = signal ?? `${code}`
        resolve(end)
      })
    )
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        await ended
        rmSync(folder, { recursive: true })
      })
    )
    const told = () => linesOf(file).filter((line) => "told" in line).length
    return {
      untilTold: (answers) =>
        Effect.promise(async () => {
          while (told() < answers) {
            assert.isUndefined(end, "void: the host ended by itself")
            await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY))
          }
        }),
      diary: () => readDiary(file),
      end: (signal) =>
        Effect.promise(async () => {
          assert.isUndefined(end, "void: the host ended by itself")
          child.kill(signal)
          assert.strictEqual(await ended, signal === "SIGKILL" ? signal : "0")
          return readDiary(file)
        })
    }
  })
