// A plan is decided as the command would be, and leaves no trace; an explanation ends where its pages go on.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Inventory, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 10 }] })
  const sale = (quantity: number) => ({ lines: [{ kind: "sale", product, location, quantity }] }) as const
  return { inventory, product, location, sale }
})

describe("a plan", () => {
  it.effect("uses up no key, and knows the keys that were used", () =>
    Effect.gen(function* () {
      const { inventory, sale } = yield* shop
      const before = yield* inventory.plan("recordMovements", sale(2), { key: "once" })
      assert(before._tag === "Applied")
      assert.isFalse(before.replayed)
      const { replayed } = yield* inventory.submit("recordMovements", sale(2), { key: "once" })
      assert.isFalse(replayed)
      const after = yield* inventory.plan("recordMovements", sale(2), { key: "once" })
      assert(after._tag === "Applied")
      assert.deepStrictEqual([after.replayed, after.movements, after.events], [true, [], []])
      const stolen = yield* inventory.plan("recordMovements", sale(3), { key: "once" })
      assert(stolen._tag === "Refused")
      assert.strictEqual(stolen.refusal._tag, "IdempotencyConflict")
    }).pipe(Effect.provide(Live))
  )

  it.effect("sees that a hold has lapsed, and does not write that down", () =>
    Effect.gen(function* () {
      const { inventory, product, location, sale } = yield* shop
      yield* inventory.holdStock({ lines: [{ product, location, quantity: 8 }], ttlMillis: 1_000 })
      assert.strictEqual((yield* inventory.plan("recordMovements", sale(3)))._tag, "Refused")
      yield* TestClock.adjust("1 second")
      const plan = yield* inventory.plan("recordMovements", sale(3))
      assert.strictEqual(plan._tag, "Applied")
      assert.deepStrictEqual(plan.claimEvents, [])
      assert.strictEqual((yield* inventory.read.balance({ product, location, lot: "" })).held, 8)
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells what then follows, and nothing else that is written with it", () =>
    Effect.gen(function* () {
      const { inventory, product, location, sale } = yield* shop
      const held = { lines: [{ product, location, quantity: 8 }], ttlMillis: 1_000 } as const
      const hold = yield* inventory.plan("holdStock", held)
      assert.deepStrictEqual(
        hold.claimEvents.map(({ kind, quantity }) => [kind, quantity]),
        [["held", 8]]
      )
      yield* inventory.holdStock(held)
      yield* TestClock.adjust("1 second")
      const plan = yield* inventory.plan("recordMovements", sale(3))
      assert.deepStrictEqual(
        plan.movements.map(({ kind, quantity, onHandAfter }) => [kind, quantity, onHandAfter]),
        [["sale", 3, 7]]
      )
      const told = plan.events.flatMap(({ event }) => (event._tag === "StockChanged" ? event.levels : []))
      assert.deepStrictEqual(
        told.map(({ onHand, available }) => [onHand, available]),
        [[7, 7]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused for what is no command", () =>
    Effect.gen(function* () {
      const { inventory, sale } = yield* shop
      const fault = yield* Effect.flip(inventory.plan("recordMovements", sale(0)))
      assert.strictEqual(fault._tag, "InvalidCommand")
    }).pipe(Effect.provide(Live))
  )
})

describe("an explanation", () => {
  it.effect("has as much as is asked for, and its cursors lead on", () =>
    Effect.gen(function* () {
      const { inventory, product, location, sale } = yield* shop
      for (let sold = 0; sold < 3; sold++) yield* inventory.recordMovements(sale(1))
      for (let held = 0; held < 3; held++)
        yield* inventory.holdStock({ lines: [{ product, location, quantity: 1 }], ttlMillis: 60_000 })
      const { level, movements, claims } = yield* inventory.read.explain({ product, location }, 2)
      assert.deepStrictEqual([level.onHand, level.held, level.available], [7, 3, 4])
      assert.deepStrictEqual([movements.items.length, claims.items.length], [2, 2])
      assert(movements.nextCursor !== null && claims.nextCursor !== null)
      const older = yield* inventory.read.movements(
        { product, location },
        { _tag: "Cursor", limit: 9, cursor: movements.nextCursor }
      )
      assert.deepStrictEqual(
        older.items.map(({ onHandAfter }) => onHandAfter),
        [9, 10]
      )
      const more = yield* inventory.read.claims(
        { product, location, state: "held" },
        { _tag: "Cursor", limit: 9, cursor: claims.nextCursor }
      )
      assert.strictEqual(more.items.length, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("of a place without history is empty", () =>
    Effect.gen(function* () {
      const { inventory, product } = yield* shop
      const { id: location } = yield* inventory.createLocation({ name: "Depot" })
      const { level, lots, movements, claims } = yield* inventory.read.explain({ product, location })
      assert.deepStrictEqual([level.available, lots, movements.items, claims.items], [0, [], [], []])
    }).pipe(Effect.provide(Live))
  )
})
