// Two host processes with an engine each, under load at once on one database: nobody hears that there are two.
import { assert } from "@effect/vitest"
import { Store } from "@onhand/core"
import { Effect } from "effect"
import { startHost } from "./HostProcess.ts"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { type Diary, makeDiary, SHORT_HOLD, stockShelves } from "./Load.ts"
import { clientOf, inventoryOver } from "./Stage.ts"

const joined = (diaries: ReadonlyArray<Diary>): Diary => {
  const all = makeDiary()
  for (const diary of diaries) {
    for (const [key, asked] of diary.asked) all.asked.set(key, asked)
    all.told.push(...diary.told)
    all.unknown.push(...diary.unknown)
    all.unavailable.push(...diary.unavailable)
    all.defects.push(...diary.defects)
  }
  return all
}

/** How often the order of the ledger passes from one host's commands to the other's. */
const passes = (order: ReadonlyArray<string>, first: Diary): number =>
  order.filter((key, index) => index > 0 && first.asked.has(key) !== first.asked.has(order[index - 1] ?? "")).length

/** Runs two hosts until each has told so many answers, and checks every law. */
export const surviveTwoHosts = (options: { readonly url: string; readonly seed: string; readonly answers: number }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url, seed, answers } = options
      const sql = yield* clientOf(url)
      const shelves = yield* Effect.provide(stockShelves(SHORT_HOLD), inventoryOver(url))
      const known = yield* keysOf(sql)
      const deadlocks = Effect.map(
        sql<{ readonly deadlocks: number }>`SELECT deadlocks::int FROM pg_stat_database
          WHERE datname = current_database()`,
        ([row]) => row?.deadlocks
      )
      const before = yield* deadlocks
      const hosts = [
        yield* startHost(url, `${seed}-one`, shelves),
        yield* startHost(url, `${seed}-two`, shelves)
      ] as const
      yield* Effect.forEach(hosts, (host) => host.untilTold(answers), { concurrency: 2, discard: true })
      const [first, second] = yield* Effect.all([hosts[0].end("SIGTERM"), hosts[1].end("SIGTERM")], { concurrency: 2 })
      const rows = yield* sql<{ readonly key: string }>`SELECT key FROM onhand.commands
        WHERE key NOT LIKE 'expire:%' ORDER BY shard, seq`
      const turns = passes(
        rows.map(({ key }) => key).filter((key) => !known.has(key)),
        first
      )
      assert.isAbove(turns, 10, "void: the hosts did not write at the same time")
      const diary = joined([first, second])
      assert.deepStrictEqual([diary.unknown, diary.unavailable], [[], []], "nobody hears that there are two")
      assert.strictEqual(yield* deadlocks, before, "the heads are locked in one order")
      const check = Effect.flatMap(Store, ({ shards }) => checkLaws(sql, shards, diary, known))
      yield* Effect.provide(check, inventoryOver(url))
      console.log(
        `two hosts (seed ${seed}): ${first.told.length} + ${second.told.length} answered, ` +
          `the ledger passed between them ${turns} times`
      )
    })
  )
