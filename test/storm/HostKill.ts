// F1: a host process dies by `kill -9` in the midst of its work. What it had told anyone must be in the ledger.
import { spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { Store } from "@onhand/core"
import { Effect } from "effect"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { type Diary, type DiaryLine, LONG_HOLD, makeDiary, type Shelves, stockShelves } from "./Load.ts"
import { clientOf, inventoryOver } from "./Stage.ts"

const host = fileURLToPath(new URL("./Host.ts", import.meta.url))

// The last line may have been cut off with its writer.
const linesOf = (file: string): ReadonlyArray<DiaryLine> =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line): DiaryLine => JSON.parse(line))

/** Runs a host until it has told of so many answers, kills it, and gives its diary. */
const killedHost = (url: string, seed: string, shelves: Shelves, answers: number) =>
  Effect.promise(async (): Promise<Diary> => {
    const folder = mkdtempSync(join(tmpdir(), "onhand-host-"))
    const file = join(folder, "diary")
    const output = openSync(file, "w")
    const child = spawn(process.execPath, ["--conditions=onhand-source", host, url, seed, JSON.stringify(shelves)], {
      stdio: ["ignore", output, "inherit"]
    })
    closeSync(output)
    const ended = new Promise<string>((resolve) => child.once("exit", (code, signal) => resolve(signal ?? `${code}`)))
    let end: string | undefined
    void ended.then((how) => {
      end = how
    })
    const told = () => linesOf(file).filter((line) => "told" in line).length
    while (end === undefined && told() < answers) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill("SIGKILL")
    assert.strictEqual(await ended, "SIGKILL", "void: the host ended by itself")
    const diary = makeDiary()
    for (const line of linesOf(file)) diary.write(line)
    rmSync(folder, { recursive: true })
    // What was asked and not told may have been committed or not; only asking again tells.
    const answered = new Set(diary.told.map(({ key }) => key))
    diary.unknown.push(...[...diary.asked.keys()].filter((key) => !answered.has(key)))
    return diary
  })

/** Kills hosts one after the other on one database, each after some more answers, and checks every law each time. */
export const surviveHostKills = (options: {
  readonly url: string
  readonly seed: string
  readonly answers: ReadonlyArray<number>
  readonly holdMillis?: number
}) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url, seed, answers } = options
      const sql = yield* clientOf(url)
      const shelves = yield* Effect.provide(stockShelves(options.holdMillis ?? LONG_HOLD), inventoryOver(url))
      for (const [index, count] of answers.entries()) {
        const known = yield* keysOf(sql)
        const diary = yield* killedHost(url, `${seed}-${index}`, shelves, count)
        assert.isAbove(diary.unknown.length, 0, "void: nothing was under way when the host died")
        const unresolved = diary.unknown.length
        const check = Effect.flatMap(Store, ({ shards }) => checkLaws(sql, shards, diary, known))
        yield* Effect.provide(check, inventoryOver(url))
        console.log(
          `F1 host killed (seed ${seed}-${index}): ${diary.told.length} answers kept, ` +
            `${unresolved} commands under way resolved by asking again`
        )
      }
    })
  )
