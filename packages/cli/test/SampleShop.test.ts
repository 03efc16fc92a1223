// The sample shop of a first start.
import { assert, describe, it } from "@effect/vitest"
import { firstPage, Inventory, layerMemory } from "@onhand/core"
import { Effect, Fiber, Layer, Option } from "effect"
import { sampleProducts } from "../src/SampleCatalogue.ts"
import { makeSampleShop, SAMPLE_SHOP } from "../src/SampleShop.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const assertComplete = Effect.gen(function* () {
  const { read } = yield* Inventory
  const { items } = yield* read.products({}, firstPage(100))
  assert.strictEqual(items.length, sampleProducts.length)
  for (const { product, onHand } of items) assert.isAbove(onHand, 0, product.sku)
  const alerts = yield* read.restockAlerts({ location: SAMPLE_SHOP }, firstPage())
  assert.deepStrictEqual(
    alerts.items.map(({ threshold }) => threshold.product as string),
    ["oat-milk-1l"]
  )
  assert.deepStrictEqual((yield* read.verify).differences, [])
})

describe("the sample shop", () => {
  it.effect("is made once in an empty store, with one product already low", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* makeSampleShop)
      yield* assertComplete
      assert.isFalse(yield* makeSampleShop)
      yield* assertComplete
    }).pipe(Effect.provide(Live))
  )

  it.effect("is finished by the next start, wherever the first was interrupted", () =>
    Effect.gen(function* () {
      let finished = 0
      for (let steps = 1; steps <= 200; steps++) {
        yield* Effect.gen(function* () {
          const { read } = yield* Inventory
          const first = yield* Effect.forkChild(makeSampleShop)
          for (let step = 0; step < steps; step++) yield* Effect.yieldNow
          yield* Fiber.interrupt(first)
          const begun = Option.isSome(yield* read.location(SAMPLE_SHOP))
          if ((yield* makeSampleShop) && begun) finished += 1
          yield* assertComplete
        }).pipe(Effect.provide(Live, { local: true }))
      }
      assert.isAbove(finished, 3)
    })
  )

  it.effect("is not put into a store that is in use", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.createLocation({ name: "Ann's shop" })
      assert.isFalse(yield* makeSampleShop)
      assert.strictEqual((yield* inventory.read.products({}, firstPage())).items.length, 0)
    }).pipe(Effect.provide(Live))
  )
})
