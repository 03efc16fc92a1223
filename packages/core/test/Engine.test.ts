// The engine gathers what arrives while a commit is in flight, answers every caller, and never tells a caller that
// nothing was written when something may have been.
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import {
  commands,
  Engine,
  type EngineShape,
  type Following,
  fitting,
  LocationId,
  MAX_BATCH,
  MAX_WAITING,
  type Memory,
  makeMemoryStore,
  ProductId,
  payloadTextOf,
  Store,
  StoreFailure,
  type StoreShape,
  type Submission,
  takeFairly
} from "../src/index.ts"

const product = ProductId.make("mug")
const location = LocationId.make("shop")

const submission = <K extends keyof typeof commands>(command: K, payload: unknown, key: string, actor = "ann") => {
  const definition = commands[command]
  const made: Submission = {
    key,
    definition,
    payload,
    payloadText: payloadTextOf(definition, payload),
    id: key,
    actor,
    occurredAt: null
  }
  return made
}

const receive = (key: string, actor?: string) =>
  submission("recordMovements", { lines: [{ kind: "receipt", product, location, quantity: 1 }] }, key, actor)

/** What a test does to the batches before they reach the store in memory. */
type Interference = (
  store: StoreShape,
  batch: ReadonlyArray<Submission>,
  following?: Following
) => ReturnType<StoreShape["transact"]>

interface Stage {
  readonly engine: EngineShape
  readonly memory: Memory
  /** The keys of each batch that the engine sent. */
  readonly batches: Array<ReadonlyArray<string>>
}

/** An engine over a memory store with one product and one location, with a test's hands in between. */
const staged = (interfere: Interference) =>
  Effect.gen(function* () {
    const { store, memory } = yield* makeMemoryStore()
    yield* store.transact([
      submission("createLocation", { id: location, name: "Shop" }, "location"),
      submission("createProduct", { id: product, sku: "MUG", name: "Mug" }, "product")
    ])
    const batches: Stage["batches"] = []
    const layer = Engine.layer.pipe(
      Layer.provide(
        Layer.succeed(Store, {
          ...store,
          transact: (batch, following) => {
            batches.push(batch.map(({ key }) => key))
            return interfere(store, batch, following)
          }
        })
      )
    )
    const context = yield* Layer.build(layer)
    return { engine: yield* Effect.provide(Engine, context), memory, batches }
  })

const failure = (outcome: StoreFailure["outcome"]) => new StoreFailure({ outcome, cause: new Error(outcome) })

/** Fails the first batches as listed, and lets the others through; `applied` writes before it fails. */
const failing = (list: ReadonlyArray<StoreFailure["outcome"] | "applied">): Interference => {
  const left = [...list]
  return (store, batch) => {
    const next = left.shift()
    if (next === undefined) return store.transact(batch)
    if (next === "applied") return Effect.andThen(store.transact(batch), failure("unknown"))
    return failure(next)
  }
}

/** Holds back the first batch until the gate opens. */
const gated = (gate: Deferred.Deferred<void>): Interference => {
  let first = true
  return (store, batch) => {
    if (!first) return store.transact(batch)
    first = false
    return Effect.andThen(Deferred.await(gate), store.transact(batch))
  }
}

const settled = Effect.gen(function* () {
  for (let round = 0; round < 20; round++) yield* Effect.yieldNow
})

describe("the lines of a batch", () => {
  const lines = (items: ReadonlyArray<number>) => fitting(items, 10, (item) => item)

  it("are bounded by taking fewer commands", () => {
    assert.strictEqual(lines([4, 6, 1]), 2)
    assert.strictEqual(lines([4, 5, 2]), 2)
    assert.strictEqual(lines([1, 1]), 2)
  })

  it("may be exceeded by a command alone, which would else never be taken", () => {
    assert.strictEqual(lines([11, 1]), 1)
    assert.strictEqual(lines([]), 0)
  })
})

describe("group commit", () => {
  it.effect("commits a lone command at once, and what arrives meanwhile in the next batch", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { engine, batches } = yield* staged(gated(gate))
      const first = yield* Effect.forkChild(engine.submit(receive("first")))
      yield* settled
      const keys = Array.from({ length: 50 }, (_, index) => `next-${index}`)
      const others = yield* Effect.forEach(keys, (key) => Effect.forkChild(engine.submit(receive(key))))
      yield* settled
      assert.deepStrictEqual(batches, [["first"]])
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of [first, ...others]) assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
      assert.deepStrictEqual(batches, [["first"], keys])
    })
  )

  it.effect("gives a store that has decided a batch the next one, and no third", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { engine, batches } = yield* staged((store, batch, following) => {
        following?.decided()
        return Effect.andThen(Deferred.await(gate), store.transact(batch))
      })
      const submit = (prefix: string, count: number) =>
        Effect.forEach(
          Array.from({ length: count }, (_, index) => `${prefix}-${index}`),
          (key) => Effect.forkChild(engine.submit(receive(key)))
        )
      const sizes = () => batches.map((keys) => keys.length)
      const fibers = [...(yield* submit("first", 1)), ...(yield* submit("few", 15))]
      yield* settled
      assert.deepStrictEqual(sizes(), [1], "fewer are not worth a commit of their own")
      fibers.push(...(yield* submit("more", 1)))
      yield* settled
      fibers.push(...(yield* submit("third", 60)))
      yield* settled
      assert.deepStrictEqual(sizes(), [1, 16])
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of fibers) assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
      assert.deepStrictEqual(sizes().slice(0, 3), [1, 16, 30], "half of all that are under way")
    })
  )

  it.effect("answers nobody while another is submitting, which concurrent loops do not expect", () =>
    Effect.gen(function* () {
      const { engine } = yield* staged((store, batch) => store.transact(batch))
      const submitted: Array<string> = []
      yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, index) => `each-${index}`),
        (key) => {
          submitted.push(key)
          return engine.submit(receive(key))
        },
        { concurrency: 200, discard: true }
      )
      assert.strictEqual(new Set(submitted).size, submitted.length)
    })
  )

  it.effect("completes a ticket for the next commit when one commits after it was taken", () =>
    Effect.gen(function* () {
      const { engine } = yield* staged((store, batch) => store.transact(batch))
      const ticket = yield* engine.nextCommit
      yield* engine.submit(receive("one"))
      yield* settled
      yield* ticket
    })
  )

  it.effect("tells callers at once when too many wait, and those who wait are still answered", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { engine, memory } = yield* staged(gated(gate))
      const shared = receive("shared")
      const waiting = yield* Effect.forEach(Array.from({ length: MAX_WAITING + 1 }), () =>
        Effect.forkChild(engine.submit(shared), { startImmediately: true })
      )
      const refused = yield* Effect.flip(engine.submit(receive("one too many")))
      assert.strictEqual(refused._tag, "StoreUnavailable")
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of waiting) assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
      assert.strictEqual(memory.movements.length, 1)
    })
  )

  it.effect("goes on when a caller leaves, for the others and for the one who left", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { engine, memory } = yield* staged(gated(gate))
      const leaver = yield* Effect.forkChild(engine.submit(receive("leaver")))
      const stayer = yield* Effect.forkChild(engine.submit(receive("stayer")))
      yield* settled
      yield* Fiber.interrupt(leaver)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(stayer))._tag, "Applied")
      assert.isTrue(memory.commands.has("leaver"))
    })
  )

  it.effect("finishes what is in flight when it closes, and takes no more", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      const { engine } = yield* Scope.provide(staged(gated(gate)), scope)
      const last = yield* Effect.forkChild(engine.submit(receive("last")))
      yield* settled
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* settled
      assert.strictEqual((yield* Effect.flip(engine.submit(receive("late"))))._tag, "StoreUnavailable")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(last))._tag, "Applied")
      yield* Fiber.join(closing)
    })
  )
})

describe("a failing store", () => {
  it.effect("that rolls back is tried again, with one effect", () =>
    Effect.gen(function* () {
      const { engine, memory, batches } = yield* staged(failing(["rolledBack", "rolledBack"]))
      const fiber = yield* Effect.forkChild(engine.submit(receive("one")))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
      assert.strictEqual(batches.length, 3)
      assert.strictEqual(memory.movements.length, 1)
    })
  )

  it.effect("that restarts for some seconds goes unnoticed", () =>
    Effect.gen(function* () {
      const back = (yield* Clock.currentTimeMillis) + 8_000
      const { engine } = yield* staged((store, batch) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => (now < back ? failure("rolledBack") : store.transact(batch)))
      )
      const fiber = yield* Effect.forkChild(engine.submit(receive("one")))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
    })
  )

  it.effect("that takes long to roll back is tried once more, and no longer than a caller waits", () =>
    Effect.gen(function* () {
      const { engine, batches } = yield* staged(() => Effect.andThen(Effect.sleep("6 seconds"), failure("rolledBack")))
      const fiber = yield* Effect.forkChild(Effect.flip(engine.submit(receive("one"))))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "StoreUnavailable")
      assert.strictEqual(batches.length, 2)
    })
  )

  it.effect("that keeps rolling back is given up, and nothing was written", () =>
    Effect.gen(function* () {
      const { engine, memory } = yield* staged(() => failure("rolledBack"))
      const fiber = yield* Effect.forkChild(Effect.flip(engine.submit(receive("one"))))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "StoreUnavailable")
      assert.strictEqual(memory.movements.length, 0)
    })
  )

  it.effect("that is unavailable is not pressed", () =>
    Effect.gen(function* () {
      const { engine, batches } = yield* staged(() => failure("unavailable"))
      const refused = yield* Effect.flip(engine.submit(receive("one")))
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.strictEqual(batches.length, 1)
    })
  )

  it.effect.each([
    ["was applied", "applied"],
    ["was lost", "unknown"]
  ] as const)("whose commit %s without a word is asked again under the same keys, with one effect", ([, first]) =>
    Effect.gen(function* () {
      const { engine, memory, batches } = yield* staged(failing([first]))
      const fiber = yield* Effect.forkChild(engine.submit(receive("one")))
      yield* TestClock.adjust("10 seconds")
      const outcome = yield* Fiber.join(fiber)
      assert.strictEqual(outcome._tag, "Applied")
      assert.deepStrictEqual(batches, [["one"], ["one"]])
      assert.strictEqual(memory.movements.length, 1)
    })
  )

  it.effect.each(["unavailable", "rolledBack"] as const)(
    "that is %s after a commit without a word leaves the outcome unknown, never denied",
    (then) =>
      Effect.gen(function* () {
        const { engine, memory } = yield* staged(failing(["applied", ...Array.from({ length: 100 }, () => then)]))
        const fiber = yield* Effect.forkChild(Effect.flip(engine.submit(receive("one"))))
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "OutcomeUnknown")
        assert.strictEqual(memory.movements.length, 1)
      })
  )

  it.effect("that is slow to fail after a commit without a word leaves the outcome unknown within half a minute", () =>
    Effect.gen(function* () {
      let first = true
      const { engine } = yield* staged(() => {
        if (!first) return Effect.andThen(Effect.sleep("5 seconds"), failure("rolledBack"))
        first = false
        return failure("unknown")
      })
      const fiber = yield* Effect.forkChild(Effect.flip(engine.submit(receive("one"))))
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "OutcomeUnknown")
    })
  )

  it.effect("that chokes on one command of many fails that one, and all others succeed", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const open = gated(gate)
      const { engine, memory } = yield* staged((store, batch) =>
        batch.some(({ key }) => key === "bad") ? failure("poison") : open(store, batch)
      )
      const first = yield* Effect.forkChild(engine.submit(receive("first")))
      yield* settled
      const good = yield* Effect.forEach(["a", "b", "c", "d", "e"], (key) =>
        Effect.forkChild(engine.submit(receive(key)))
      )
      const bad = yield* Effect.forkChild(engine.submit(receive("bad")))
      const more = yield* Effect.forkChild(engine.submit(receive("f")))
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of [first, ...good, more]) assert.strictEqual((yield* Fiber.join(fiber))._tag, "Applied")
      assert.isTrue(Exit.hasDies(yield* Fiber.await(bad)))
      assert.isFalse(memory.commands.has("bad"))
      assert.strictEqual(memory.movements.length, 7)
    })
  )

  it.effect("that dies answers its callers, and the next ones too", () =>
    Effect.gen(function* () {
      let first = true
      const { engine } = yield* staged((store, batch) => {
        if (!first) return store.transact(batch)
        first = false
        return Effect.die(new Error("a bug"))
      })
      // It may have died after its commit, so nobody may say that nothing was written.
      assert.strictEqual((yield* Effect.flip(engine.submit(receive("one"))))._tag, "OutcomeUnknown")
      assert.strictEqual((yield* engine.submit(receive("two")))._tag, "Applied")
    })
  )

  it.effect("that loses an outcome is found out", () =>
    Effect.gen(function* () {
      const { engine } = yield* staged((store, batch) =>
        Effect.map(store.transact(batch), (outcomes) => outcomes.slice(1))
      )
      assert.isTrue(Exit.hasDies(yield* Effect.exit(engine.submit(receive("one")))))
    })
  )
})

const queue = fc.array(fc.record({ actor: fc.constantFrom("ann", "bob", "cat", null), id: fc.nat() }), {
  maxLength: 60
})

describe("a batch taken fairly", () => {
  it("is full, loses nobody, and keeps the order of arrival", () => {
    fc.assert(
      fc.property(queue, fc.integer({ min: 1, max: 20 }), (items, size) => {
        const { taken, left } = takeFairly(items, size, ({ actor }) => actor)
        assert.strictEqual(taken.length, Math.min(items.length, size))
        assert.sameMembers([...taken, ...left], items)
        for (const part of [taken, left]) {
          const places = part.map((item) => items.indexOf(item))
          assert.deepStrictEqual(
            places,
            places.toSorted((a, b) => a - b)
          )
        }
      })
    )
  })

  it("has room for everyone, however many one actor sends", () => {
    fc.assert(
      fc.property(queue, fc.integer({ min: 4, max: 20 }), (items, size) => {
        const { taken } = takeFairly(items, size, ({ actor }) => actor)
        const share = Math.floor(size / new Set(items.map(({ actor }) => actor)).size)
        for (const [actor, own] of Map.groupBy(items, (item) => item.actor)) {
          const got = taken.filter((item) => item.actor === actor).length
          assert.isAtLeast(got, Math.min(own.length, share), String(actor))
        }
      })
    )
  })

  it.effect("lets a quiet caller pass a flood", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { engine, batches } = yield* staged(gated(gate))
      const first = yield* Effect.forkChild(engine.submit(receive("first")), { startImmediately: true })
      const flood = yield* Effect.forEach(Array.from({ length: MAX_BATCH + 50 }), (_, index) =>
        Effect.forkChild(engine.submit(receive(`flood-${index}`, "flooder")), { startImmediately: true })
      )
      const quiet = yield* Effect.forkChild(engine.submit(receive("quiet", "bob")), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of [first, quiet, ...flood]) yield* Fiber.join(fiber)
      assert.strictEqual(batches[1]?.length, MAX_BATCH)
      assert.isTrue(batches[1]?.includes("quiet"))
    })
  )
})
