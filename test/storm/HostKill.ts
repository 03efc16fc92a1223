// F1: a host process dies by `kill -9` in the midst of its work. What it had told anyone must be in the ledger.
import { assert } from "@effect/vitest"
import { Store } from "@onhand/core"
import { Effect } from "effect"
import { startHost } from "./HostProcess.ts"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { LONG_HOLD, stockShelves } from "./Load.ts"
import { clientOf, inventoryOver, SEVERAL_SHARDS } from "./Stage.ts"

/** Kills hosts one after the other on one database, each after some more answers, and checks every law each time. */
export const surviveHostKills = (options: {
  readonly url: string
  readonly seed: string
  readonly answers: ReadonlyArray<number>
  readonly shards?: number
  readonly holdMillis?: number
}) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url, seed, answers, shards = SEVERAL_SHARDS } = options
      const sql = yield* clientOf(url)
      // The ledger keeps the shards that it is made with, whoever opens it.
      const stocked = stockShelves(options.holdMillis ?? LONG_HOLD)
      const shelves = yield* Effect.provide(stocked, inventoryOver(url, shards))
      for (const [index, count] of answers.entries()) {
        const known = yield* keysOf(sql)
        const host = yield* startHost(url, `${seed}-${index}`, shelves)
        yield* host.untilTold(count)
        const diary = yield* host.end("SIGKILL")
        assert.isAbove(diary.unknown.length, 0, "void: nothing was under way when the host died")
        const unresolved = diary.unknown.length
        const check = Effect.flatMap(Store, ({ shards }) => checkLaws(sql, shards, diary, known))
        yield* Effect.provide(check, inventoryOver(url))
        console.log(
          `F1 host killed (shards: ${shards}, seed ${seed}-${index}): ${diary.told.length} answers kept, ` +
            `${unresolved} commands under way resolved by asking again`
        )
      }
    })
  )
