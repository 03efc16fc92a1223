// The suite as a stranger uses it: with a runner of their own, features switched off, a clock that nobody moves.

import { assert, describe, it } from "@effect/vitest"
import { makeMemoryStore, Store } from "@onhand/core"
import { Context, Effect, Layer, Stream } from "effect"
import {
  brokenStores,
  concurrencyTrials,
  type Failure,
  idempotencyTrials,
  layerMemory,
  memorySnapshot,
  RawReaders,
  StoreConformance,
  trials
} from "../src/index.ts"

const effort = { histories: 5, historyLength: 15, runs: 3, callers: 40 } as const

const tell = (failure: Failure) => `${failure.trial.title}: ${failure.message}`

/** A store that is there again when it is opened again, but for the keys it has answered. */
const forgetful = () => {
  const { store, memory } = Effect.runSync(makeMemoryStore())
  return Layer.effectContext(
    Effect.sync(() => {
      memory.commands.clear()
      const readers = { snapshot: Effect.sync(() => memorySnapshot(memory)) }
      return Context.make(Store, store).pipe(Context.add(RawReaders, readers))
    })
  )
}

describe("the suite", () => {
  it("registers a test for every trial with the given runner, and tells which have nothing to try", async () => {
    const names: Array<string> = []
    const runs: Array<() => Promise<string | undefined>> = []
    const untampered = Layer.effectContext(
      Effect.map(makeMemoryStore(), ({ store, memory }) =>
        Context.make(Store, store).pipe(
          Context.add(RawReaders, { snapshot: Effect.sync(() => memorySnapshot(memory)) })
        )
      )
    )
    StoreConformance.suite("a store", untampered, {
      supports: { counts: false },
      time: "virtual",
      effort,
      runner: {
        group: (name, body) => {
          names.push(name)
          body()
        },
        test: (name, run) => {
          names.push(name)
          runs.push(run)
        }
      }
    })
    assert.strictEqual(names[0], "a store keeps the laws of a store")
    assert.strictEqual(runs.length, trials.length)
    assert.isUndefined(await runs[0]?.())
    const reasons = new Map<string, string | undefined>()
    for (const [index, { needs }] of trials.entries()) {
      if (needs === "reopen" || needs === "tamper" || needs === "counts") reasons.set(needs, await runs[index]?.())
    }
    assert.deepStrictEqual(Object.fromEntries(reasons), {
      reopen: "no `reopenable` was given",
      tamper: "its raw readers have no `tamper`",
      counts: "`supports` says that it has no counts"
    })
  })

  it.live("finds nothing wrong with a sound store whose clock nobody can move", () =>
    Effect.gen(function* () {
      const found = yield* Stream.runCollect(StoreConformance.failures(layerMemory(), { time: "real", effort }))
      assert.deepStrictEqual(found.map(tell), [])
    })
  )

  it.effect("tries nothing that a store says it does not have", () =>
    Effect.gen(function* () {
      const none = {
        claims: false,
        carts: false,
        thresholds: false,
        transfers: false,
        purchasing: false,
        counts: false,
        users: false
      }
      const options = { time: "virtual", effort: { ...effort, histories: 20 }, supports: none } as const
      const seen = new Set<string>()
      const watched = Layer.effectContext(
        Effect.map(makeMemoryStore(), ({ store, memory }) =>
          Context.make(Store, {
            ...store,
            transact: (batch) => {
              for (const { definition } of batch) seen.add(definition.tag)
              return store.transact(batch)
            }
          }).pipe(Context.add(RawReaders, { snapshot: Effect.sync(() => memorySnapshot(memory)) }))
        )
      )
      const found = yield* Stream.runCollect(StoreConformance.failures(watched, options))
      assert.deepStrictEqual(found.map(tell), [])
      for (const tag of ["HoldStock", "OpenCart", "SetThresholds", "CreateTransfer", "CreateVendor", "RegisterUser"])
        assert.isFalse(seen.has(tag), tag)
      assert.isTrue(seen.has("RecordMovements"))
    })
  )

  it.effect("finds a store that forgets its keys when it is opened again", () =>
    Effect.gen(function* () {
      const options = { time: "virtual", effort, reopenable: forgetful } as const
      const found = yield* Stream.runCollect(StoreConformance.failures(layerMemory(), options, idempotencyTrials))
      assert.deepStrictEqual(
        found.map(({ broken }) => broken?.law),
        ["F35"]
      )
    })
  )

  it.effect("finds a lost commit from what concurrent clients saw alone", () =>
    Effect.gen(function* () {
      const { answeredBeforeCommit } = brokenStores
      assert(answeredBeforeCommit !== undefined)
      const options = { time: "virtual", effort: { ...effort, runs: 50 } } as const
      const found = yield* Stream.runCollect(
        StoreConformance.failures(answeredBeforeCommit.layer, options, concurrencyTrials.slice(0, 1))
      )
      assert.deepStrictEqual(
        found.map(({ broken }) => broken?.law),
        ["E30"]
      )
      assert.match(found[0]?.message ?? "", /clients saw:\n\d+–\d+: /)
    })
  )
})
