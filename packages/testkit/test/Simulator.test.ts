// Faults of every kind, from seeds: the laws hold, and whoever was answered was answered the truth.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Fault, faults, simulate } from "../src/index.ts"

const SEEDS = 10

describe("a simulation", () => {
  it.effect(`keeps every law under faults from ${SEEDS} seeds, and meets every fault`, () =>
    Effect.gen(function* () {
      const met = new Set<Fault>()
      let commands = 0
      let unknown = 0
      let poisoned = 0
      for (let seed = 1; seed <= SEEDS; seed++) {
        const report = yield* simulate({ seed, shards: seed % 3 === 0 ? 3 : 1 })
        commands += report.commands
        unknown += report.unknown
        poisoned += report.poisoned
        for (const fault of faults) if (report.faults[fault] > 0) met.add(fault)
      }
      assert.deepStrictEqual([...met].toSorted(), [...faults].toSorted())
      assert.isAbove(commands, SEEDS * 300)
      assert.isAbove(poisoned, 0)
      assert.isAtLeast(unknown, 0)
    })
  )

  it.effect("is the same again from the same seed", () =>
    Effect.gen(function* () {
      const first = yield* simulate({ seed: 99 })
      assert.deepStrictEqual(yield* simulate({ seed: 99 }), first)
      const other = yield* simulate({ seed: 100 })
      assert.notDeepEqual({ ...other, seed: 99 }, first)
    })
  )
})
