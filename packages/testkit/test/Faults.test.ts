// Faults happen as planned, and an inventory over a failing store tells its callers the truth.
import { assert, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { Effect, Layer } from "effect"
import { type Fault, FaultPlan, layerFaulty, layerMemory, makeVirtualClock } from "../src/index.ts"

/** Runs a program in virtual time on an inventory whose store meets these faults, one a batch. */
const under = <A, E>(list: ReadonlyArray<Fault>, program: Effect.Effect<A, E, Inventory>) =>
  Effect.suspend(() => {
    const faulty = layerFaulty.pipe(Layer.provide([layerMemory(), FaultPlan.listed(list)]))
    return program.pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(faulty))), makeVirtualClock().provide)
  })

const create = Effect.gen(function* () {
  const inventory = yield* Inventory
  return yield* inventory.submit("createLocation", { name: "Shop" }, { key: "once" })
})

describe("a store that", () => {
  it.live.each(["none", "slow", "rolledBack", "unknownLost"] as const)("is %s commits in the end", (fault) =>
    Effect.gen(function* () {
      const { replayed } = yield* under([fault], create)
      assert.isFalse(replayed)
    })
  )

  it.live("committed without a word is asked again, and the caller gets the first reply", () =>
    Effect.gen(function* () {
      const { replayed, at } = yield* under(["unknownApplied"], create)
      assert.isTrue(replayed)
      assert.deepStrictEqual(at, { shard: 0, seq: 1 })
    })
  )

  it.live("is unavailable says so at once, and serves the next caller", () =>
    under(
      ["unavailable"],
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(create))._tag, "StoreUnavailable")
        assert.isFalse((yield* create).replayed)
      })
    )
  )
})
