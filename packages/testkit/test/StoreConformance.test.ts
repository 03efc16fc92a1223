// The suite as a stranger uses it: with a runner of their own, features switched off, a clock that nobody moves.

import { assert, describe, it } from "@effect/vitest"
import {
  applyWrites,
  type Memory,
  makeMemoryStore,
  Store,
  StoreFailure,
  StoreUnavailable,
  type Writes
} from "@onhand/core"
import { Context, Effect, Layer, Stream } from "effect"
import {
  concurrencyTrials,
  type Failure,
  layerMemory,
  memoryReaders,
  memorySnapshot,
  RawReaders,
  restartTrials,
  StoreConformance,
  trials
} from "../src/index.ts"
import { pretend } from "../src/Sabotage.ts"

const effort = { histories: 5, historyLength: 15, runs: 3, callers: 40 } as const

const tell = (failure: Failure) => `${failure.trial.title}: ${failure.message}`

type Table = Exclude<keyof Memory, "shards">

/** A store that keeps each batch, and when it is opened again reads all of them back but for one thing. */
const forgetting = (forgotten: Table) => () => {
  const kept: Array<Writes> = []
  return Layer.effectContext(
    Effect.gen(function* () {
      const rows = (yield* makeMemoryStore()).memory
      const { store, memory } = yield* makeMemoryStore({
        keep: (writes) =>
          Effect.sync(() => {
            kept.push(writes)
            applyWrites(rows, writes)
          })
      })
      for (const writes of kept) {
        applyWrites(rows, writes)
        applyWrites(memory, writes)
      }
      const lost = memory[forgotten]
      if (lost instanceof Map) lost.clear()
      else if (Array.isArray(lost)) lost.length = 0
      else if (typeof lost === "object") for (const table of Object.values(lost)) table.clear()
      else memory.lastMicros = 0
      return Context.make(Store, store).pipe(Context.add(RawReaders, memoryReaders(rows)))
    })
  )
}

/** What may be forgotten. */
const forgettable: ReadonlyArray<Table> = [
  "commands",
  "balances",
  "claims",
  "movements",
  "claimEvents",
  "events",
  "heads",
  "lastMicros",
  "tables",
  "holds"
]

/** A store that forgets a batch now and then, while its rows, which it does not look at, have all of them. */
const losing = Layer.effectContext(
  Effect.gen(function* () {
    const [served, kept] = [yield* makeMemoryStore(), yield* makeMemoryStore()]
    let count = 0
    const store = Store.of({
      ...served.store,
      transact: (batch) =>
        Effect.andThen(
          Effect.ignore(kept.store.transact(batch)),
          Effect.suspend(() => (++count % 7 === 0 ? pretend(served, batch) : served.store.transact(batch)))
        )
    })
    const readers = { snapshot: Effect.sync(() => memorySnapshot(kept.memory)) }
    return Context.make(Store, store).pipe(Context.add(RawReaders, readers))
  })
)

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

  for (const forgotten of forgettable) {
    it.effect(`finds a store that forgets its ${forgotten} when it is opened again`, () =>
      Effect.gen(function* () {
        const options = { time: "virtual", effort: { ...effort, seed: 1 }, reopenable: forgetting(forgotten) } as const
        const found = yield* Stream.runCollect(StoreConformance.failures(layerMemory(), options, restartTrials))
        assert.isAbove(found.length, 0)
        for (const { broken, message } of found) {
          assert(broken !== undefined, message)
          assert.include(message, "The store is closed, and opened again")
          const asked = (broken.history ?? []).filter((line) => line.includes(", key "))
          assert.isTrue(asked.length <= 3 || broken.again === undefined, message)
        }
      })
    )
  }

  it.effect("says first that an answered command is not there, whatever else that makes wrong", () =>
    Effect.gen(function* () {
      const writtenLater = Layer.effectContext(
        Effect.map(makeMemoryStore(), ({ store, memory }) => {
          let rows = memorySnapshot(memory)
          const transact: typeof store.transact = (batch) =>
            Effect.suspend(() => {
              rows = memorySnapshot(memory)
              return store.transact(batch)
            })
          const readers = { snapshot: Effect.sync(() => rows) }
          return Context.make(Store, { ...store, transact }).pipe(Context.add(RawReaders, readers))
        })
      )
      const found = StoreConformance.failures(writtenLater, { time: "virtual", effort })
      const [failure] = yield* Stream.runCollect(Stream.take(found, 1))
      assert.match(failure?.message ?? "", /^Law F33 is broken: .*\ncommand .* was answered, but is not there\n/)
    })
  )

  it.effect("waits in real time for a store whose disk takes longer than virtual time does", () =>
    Effect.gen(function* () {
      const slow = Layer.effectContext(
        Effect.map(
          makeMemoryStore({ keep: () => Effect.promise(() => new Promise((resume) => setTimeout(resume, 5))) }),
          ({ store, memory }) => Context.make(Store, store).pipe(Context.add(RawReaders, memoryReaders(memory)))
        )
      )
      const patient = trials.filter(({ laws }) => laws.includes("E32") || laws.join() === "H43")
      assert.isAtLeast(patient.length, 2)
      const found = StoreConformance.failures(slow, { time: "virtual", effort }, patient)
      assert.deepStrictEqual((yield* Stream.runCollect(found)).map(tell), [])
    })
  )

  it.effect("says that a layer opens a place that is not empty", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* makeMemoryStore()
      const same = Layer.succeedContext(Context.make(Store, store).pipe(Context.add(RawReaders, memoryReaders(memory))))
      const found = yield* Stream.runCollect(StoreConformance.failures(same, { time: "virtual", effort }))
      const needles = found.filter(({ message }) => !message.includes("every build must give a new, empty one"))
      assert.deepStrictEqual(needles.map(tell), [])
      assert.match(found[0]?.message ?? "", /The layer opened a store with \d+ commands/)
    })
  )

  it.effect("says where what a store threw was thrown, and why a store did not open", () =>
    Effect.gen(function* () {
      const options = { time: "virtual", effort } as const
      const first = (layer: Layer.Layer<Store | RawReaders, unknown>) =>
        Effect.map(
          Stream.runCollect(Stream.take(StoreConformance.failures(layer, options), 1)),
          ([failure]) => failure?.message ?? ""
        )
      const throwing = Layer.effectContext(
        Effect.map(makeMemoryStore(), ({ store, memory }) => {
          const cause = new TypeError("no such row")
          const poison = Store.of({
            ...store,
            transact: () => Effect.fail(new StoreFailure({ outcome: "poison", cause }))
          })
          return Context.make(Store, poison).pipe(Context.add(RawReaders, memoryReaders(memory)))
        })
      )
      assert.match(yield* first(throwing), /TypeError: no such row at .*StoreConformance\.test\.ts:\d+/)
      const locked = new StoreUnavailable({ retryAfterMillis: 1000, cause: new Error("the file is locked") })
      const closed = Layer.effectContext(Effect.fail(locked))
      assert.match(yield* first(closed), /The store did not open: [\s\S]*caused by Error: the file is locked/)
    })
  )

  it.effect("finds a lost commit from what concurrent clients saw alone", () =>
    Effect.gen(function* () {
      const options = { time: "virtual", effort: { ...effort, runs: 50 } } as const
      const found = yield* Stream.runCollect(StoreConformance.failures(losing, options, concurrencyTrials.slice(0, 1)))
      assert.deepStrictEqual(
        found.map(({ broken }) => broken?.law),
        ["E30"]
      )
      assert.match(found[0]?.message ?? "", /clients saw:\n\d+–\d+: /)
    })
  )
})
