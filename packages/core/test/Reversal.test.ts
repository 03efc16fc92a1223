// What was recorded by mistake is reversed by its exact inverse, once, and only while its stock is still there.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as fc from "fast-check"
import {
  type Balance,
  conditions,
  firstPage,
  Inventory,
  layerMemory,
  movementFlows,
  movementId,
  movementKinds
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const price = { amount: 100, currency: "EUR" }

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price })
  const newest = Effect.map(inventory.read.movements({ location }, firstPage(1)), ({ items }) => {
    const [movement] = items
    assert(movement !== undefined)
    return movement
  })
  const receive = (quantity: number) =>
    inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity }] })
  return { inventory, location, product, newest, receive }
})

const kinds = movementKinds.filter((kind) => !["reversal", "transferOut", "transferIn"].includes(kind))
const line = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    flow: fc.constantFrom(...movementFlows[kind]),
    lot: fc.constantFrom("", "A"),
    quantity: fc.integer({ min: 1, max: 9 })
  })
)

const stockOf = (balances: ReadonlyArray<Balance>) =>
  balances
    .filter((balance) => conditions.some((condition) => balance[condition] > 0))
    .map(({ version: _, claimVersion: __, ...stock }) => JSON.stringify(stock))

describe("reversing a movement", () => {
  it("restores every balance and claim exactly, whatever it was", () =>
    fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) =>
        Effect.gen(function* () {
          const { inventory, location, product, newest, receive } = yield* shop
          yield* receive(20)
          const stock = { product, location, quantity: 4 }
          const { claims } = yield* inventory.holdStock({ lines: [stock, stock], ttlMillis: 60_000 })
          const [claim] = claims
          assert(claim !== undefined)
          yield* inventory.commitClaims({ location, claims: [claim] })
          const balances = Effect.map(inventory.read.explain({ product, location }), ({ lots, claims }) => [
            stockOf(lots),
            claims.items
          ])
          for (const { flow, ...said } of lines) {
            const before = yield* balances
            const [from, to] = flow
            const recorded = yield* Effect.result(
              inventory.recordMovements({ lines: [{ ...said, from, to, product, location }] })
            )
            if (Result.isFailure(recorded)) continue
            const movement = movementId(yield* newest)
            yield* inventory.reverseMovement({ location, movement })
            assert.deepStrictEqual(yield* balances, before)
            yield* inventory.recordMovements({ lines: [{ ...said, from, to, product, location }] })
          }
          assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
        }).pipe(Effect.provide(Live), Effect.runPromise)
      ),
      { numRuns: 60 }
    ))

  it.effect("is done once, and not to a reversal", () =>
    Effect.gen(function* () {
      const { inventory, location, newest, receive } = yield* shop
      yield* receive(5)
      const movement = movementId(yield* newest)
      const done = yield* inventory.reverseMovement({ location, movement, reason: "typed twice" })
      assert.deepInclude(done, { onHand: 0, available: 0 })
      assert.deepInclude(yield* newest, {
        kind: "reversal",
        from: "sellable",
        to: "supplier",
        quantity: 5,
        reason: "typed twice",
        source: { type: "movement", id: movement }
      })
      const twice = yield* Effect.flip(inventory.reverseMovement({ location, movement }))
      assert(twice._tag === "NotReversible")
      assert.strictEqual(twice.because, "reversed")
      const back = yield* Effect.flip(inventory.reverseMovement({ location, movement: movementId(yield* newest) }))
      assert(back._tag === "NotReversible")
      assert.strictEqual(back.because, "reversal")
    }).pipe(Effect.provide(Live))
  )

  it.effect("says what is there afterwards", () =>
    Effect.gen(function* () {
      const { inventory, location, product, newest, receive } = yield* shop
      yield* receive(5)
      yield* inventory.holdStock({ lines: [{ product, location, quantity: 1 }], ttlMillis: 60_000 })
      yield* receive(3)
      const done = yield* inventory.reverseMovement({ location, movement: movementId(yield* newest) })
      assert.deepStrictEqual(done, { key: { product, location, lot: "" }, onHand: 5, available: 4 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("brings nothing back to a location that is archived", () =>
    Effect.gen(function* () {
      const { inventory, location, product, newest, receive } = yield* shop
      yield* receive(1)
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 1 }] })
      const reverse = inventory.reverseMovement({ location, movement: movementId(yield* newest) })
      yield* inventory.archiveLocation({ location, expected: "any", archived: true })
      assert.strictEqual((yield* Effect.flip(reverse))._tag, "LocationInactive")
      yield* inventory.archiveLocation({ location, expected: "any", archived: false })
      assert.strictEqual((yield* reverse).onHand, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused once its stock is gone, or somebody has a right to it", () =>
    Effect.gen(function* () {
      const { inventory, location, product, newest, receive } = yield* shop
      yield* receive(5)
      const movement = movementId(yield* newest)
      yield* inventory.holdStock({ lines: [{ product, location, quantity: 1 }], ttlMillis: 60_000 })
      const refused = yield* Effect.flip(inventory.reverseMovement({ location, movement }))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[5, 4]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is left to the document that wrote the movement, and knows no movement of another place", () =>
    Effect.gen(function* () {
      const { inventory, location, product, newest, receive } = yield* shop
      yield* receive(5)
      const cart = yield* inventory.openCart({ lines: [{ product, quantity: 1, mode: "add" }] })
      yield* inventory.checkout({ cart: cart.id, location })
      const sold = movementId(yield* newest)
      const refused = yield* Effect.flip(inventory.reverseMovement({ location, movement: sold }))
      assert(refused._tag === "NotReversible")
      assert.strictEqual(refused.because, "document")
      const { id: depot } = yield* inventory.createLocation({ name: "Depot" })
      yield* inventory.drainLocation({ location, destination: depot })
      const half = yield* Effect.flip(inventory.reverseMovement({ location, movement: movementId(yield* newest) }))
      assert(half._tag === "NotReversible")
      assert.strictEqual(half.because, "transfer")
      const { items } = yield* inventory.read.movements({ location: depot }, firstPage(1))
      const other = yield* Effect.flip(
        inventory.reverseMovement({ location: depot, movement: movementId(items[0] ?? assert.fail("nothing came")) })
      )
      assert.deepInclude(other, { _tag: "NotReversible", because: "transfer" })
      for (const movement of [sold, "0-999-0"]) {
        const elsewhere = yield* Effect.flip(inventory.reverseMovement({ location: depot, movement }))
        assert.strictEqual(elsewhere._tag, "UnknownMovement")
      }
    }).pipe(Effect.provide(Live))
  )
})
