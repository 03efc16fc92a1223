// Faults of every kind, from seeds: the laws hold, and whoever was answered was answered the truth. And a store that
// lies is found out.
import { assert, describe, it } from "@effect/vitest"
import { commands, StoreFailure } from "@onhand/core"
import { Effect } from "effect"
import { faults, type SimulationOptions, type SimulationReport, simulate } from "../src/index.ts"

const SEEDS = 50

/** Some forty seconds of computing, and much more on a machine that is busy with other tests. Milliseconds. */
const SEEDS_TIMEOUT = 480_000

/** Commands that clients send, and how many of each must be applied over all seeds for its law to have been tried. */
const FEWEST_APPLIED = 20

/** An order waits only where a policy lets it and all else ran out; histories of orders try it far more often. */
const FEWEST_ALLOCATED = 2

describe("a simulation", () => {
  it.effect(
    `keeps every law under faults from ${SEEDS} seeds, and meets every fault and command`,
    () =>
      Effect.gen(function* () {
        const reports: Array<SimulationReport> = []
        for (let seed = 1; seed <= SEEDS; seed++) reports.push(yield* simulate({ seed }))
        const sum = (valueOf: (report: SimulationReport) => number) =>
          reports.reduce((total, report) => total + valueOf(report), 0)
        for (const fault of faults)
          assert.isAbove(
            sum(({ faults: met }) => met[fault]),
            0,
            fault
          )
        assert.isAbove(
          sum(({ commands }) => commands),
          SEEDS * 600
        )
        for (const said of ["unknown", "unavailable", "interrupted", "poisoned"] as const) {
          assert.isAbove(
            sum((report) => report[said]),
            0,
            said
          )
        }
        for (const overlap of ["late", "overlapping", "decidedAhead", "decidedAnew"] as const) {
          assert.isAbove(
            sum(({ overlaps }) => overlaps[overlap]),
            0,
            overlap
          )
        }
        const tags = new Set(reports.flatMap(({ kinds }) => Object.keys(kinds)))
        assert.strictEqual(tags.size, Object.keys(commands).length, "a command that clients never send")
        for (const tag of tags) {
          assert.isAtLeast(
            sum(({ kinds }) => kinds[tag]?.applied ?? 0),
            tag === "AllocateOrder" ? FEWEST_ALLOCATED : FEWEST_APPLIED,
            tag
          )
        }
      }),
    SEEDS_TIMEOUT
  )

  it.effect("is the same again from the same seed", () =>
    Effect.gen(function* () {
      const first = yield* simulate({ seed: 99 })
      assert.deepStrictEqual(yield* simulate({ seed: 99 }), first)
      const other = yield* simulate({ seed: 100 })
      assert.notDeepEqual({ ...other, seed: 99 }, first)
    })
  )

  const lies: ReadonlyArray<readonly [string, ReadonlyArray<string>, SimulationOptions["spoil"]]> = [
    [
      "loses a commit now and then",
      ["F33"],
      ({ store, memory }) => {
        let count = 0
        return {
          transact: (batch) =>
            Effect.tap(store.transact(batch), () =>
              Effect.sync(() => {
                if (++count % 50 === 0) for (const { key } of batch) memory.commands.delete(key)
              })
            )
        }
      }
    ],
    [
      "says that nothing was written of what it wrote",
      ["F34"],
      ({ store }) => {
        let count = 0
        return {
          transact: (batch) =>
            Effect.tap(store.transact(batch), () =>
              ++count % 50 === 0
                ? Effect.fail(new StoreFailure({ outcome: "unavailable", cause: new Error("a lie") }))
                : Effect.void
            )
        }
      }
    ],
    [
      "decides anew what comes again after a failure",
      ["D21", "E27", "F34"],
      ({ store, memory }) => ({
        transact: (batch) => {
          for (const { key } of batch) memory.commands.delete(key)
          return store.transact(batch)
        }
      })
    ],
    ["never answers", ["E32"], () => ({ transact: () => Effect.never })]
  ]
  for (const [lie, laws, spoil] of lies) {
    it.effect(`finds a store that ${lie}, and tells how to see it again`, () =>
      Effect.gen(function* () {
        const broken = yield* Effect.flip(simulate({ seed: 2, clients: 8, ...(spoil === undefined ? {} : { spoil }) }))
        assert.include(laws, broken.law, broken.message)
        assert.match(broken.message, /\nTo see it again: simulate\(\{"seed":2,"clients":8\}\)$/)
      })
    )
  }
})
