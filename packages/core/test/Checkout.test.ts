// A checkout sells what the cart says: what it claimed before, what is free for the rest, and nothing twice.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Inventory, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

/** A shop and a depot with five mugs and five bowls each, and a cart of two mugs and one bowl. */
const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: depot } = yield* inventory.createLocation({ name: "Depot" })
  const price = { amount: 950, currency: "USD" }
  const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price })
  const { id: bowl } = yield* inventory.createProduct({ sku: "BOWL", name: "Bowl", price })
  const five = (product: typeof mug, at: typeof location) =>
    ({ kind: "receipt", product, location: at, quantity: 5 }) as const
  yield* inventory.recordMovements({
    lines: [five(mug, location), five(bowl, location), five(mug, depot), five(bowl, depot)]
  })
  const { id: cart } = yield* inventory.openCart({
    lines: [
      { product: mug, quantity: 2, mode: "add" },
      { product: bowl, quantity: 1, mode: "add" }
    ]
  })
  const level = (product: typeof mug) =>
    Effect.map(
      inventory.read.levels({ product, location }, { _tag: "Cursor", limit: 1 }),
      ({ items }) => items[0] && [items[0].onHand, items[0].held, items[0].available]
    )
  return { inventory, location, depot, mug, bowl, cart, level }
})

describe("a checkout", () => {
  it.effect("that began sells its own holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl, cart, level } = yield* shop
      const begun = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      assert.strictEqual(begun.claims.length, 2)
      assert.deepStrictEqual(yield* level(mug), [5, 2, 3])
      const order = yield* inventory.checkout({ cart, location })
      assert.strictEqual(order.total.amount, 2850)
      assert.deepStrictEqual(yield* level(mug), [3, 0, 3])
      assert.deepStrictEqual(yield* level(bowl), [4, 0, 4])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is given more time holds on until then, and is begun again once it was too late", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* TestClock.adjust(59_999)
      const extended = yield* inventory.extendCheckout({ cart, location, ttlMillis: 60_000 })
      assert.strictEqual(extended.expiresAt && DateTime.toEpochMillis(extended.expiresAt), 119_999)
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* level(mug), [5, 2, 3])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* level(mug), [5, 0, 5])
      const late = yield* Effect.flip(inventory.extendCheckout({ cart, location, ttlMillis: 60_000 }))
      assert.strictEqual(late._tag, "ClaimClosed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("sells all its lines even when somebody let go of one of its holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl, cart, level } = yield* shop
      const { claims } = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* inventory.releaseClaims({ location, claims: [claims[0]!] })
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(
        [yield* level(mug), yield* level(bowl)],
        [
          [3, 0, 3],
          [4, 0, 4]
        ]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("uses up what was committed of its holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      const { claims } = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* inventory.commitClaims({ location, claims: [claims[0]!] })
      yield* TestClock.adjust("1 hour")
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [3, 0, 3])
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("finds its goods anew when its holds lapsed, or is refused when they are gone", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* TestClock.adjust(60_000)
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location, quantity: 4 }] })
      const refused = yield* Effect.flip(inventory.checkout({ cart, location }))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[2, 1]]
      )
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location, quantity: 1 }] })
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [0, 0, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that began at one location ends there, or is canceled there first", () =>
    Effect.gen(function* () {
      const { inventory, location, depot, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const refusals = [
        yield* Effect.flip(inventory.checkout({ cart, location: depot })),
        yield* Effect.flip(inventory.cancelCheckout({ cart, location: depot }))
      ]
      for (const refused of refusals) {
        assert(refused._tag === "CartNotReady")
        assert.strictEqual(refused.location, location)
        assert.include(refused.message, "only there is accepted")
      }
      yield* inventory.cancelCheckout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [5, 0, 5])
      const order = yield* inventory.checkout({ cart, location: depot })
      assert.strictEqual(order.location, depot)
    }).pipe(Effect.provide(Live))
  )

  it.effect("charges what the host charged, and keeps the price of the moment on the line", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart } = yield* shop
      const charged = [{ product: mug, total: { amount: 1700, currency: "USD" } }]
      const order = yield* inventory.checkout({ cart, location, charged })
      assert.strictEqual(order.total.amount, 2650)
      assert.deepStrictEqual(order.lines[0]?.unitPrice, { amount: 950, currency: "USD" })
    }).pipe(Effect.provide(Live))
  )
})
