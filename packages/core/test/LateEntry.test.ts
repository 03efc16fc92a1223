// What is written down after a count and happened before it: the count stays, every time is told as it is known, and a
// recount puts right what was entered twice, to the last cent.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { type AsOf, firstPage, Inventory, LocationId, layerMemory, ProductId, stockValue } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = LocationId.make("shop")
const mug = ProductId.make("mug")
const day = (day: string) => DateTime.makeUnsafe(`2026-${day}T12:00:00Z`)

/** Three mugs at 1 EUR came in March; in May so many are counted; now it is June. */
const given = (found: number) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(DateTime.toEpochMillis(day("05-01")))
    const inventory = yield* Inventory
    yield* inventory.createLocation({ id: shop, name: "Shop" })
    yield* inventory.createProduct({ id: mug, sku: "mug", name: "Mug" })
    const receive = (quantity: number, amount: string, on: string) =>
      inventory.recordMovements(
        {
          lines: [{ kind: "receipt", product: mug, location: shop, quantity, unitCost: { amount, currency: "EUR" } }]
        },
        { occurredAt: day(on) }
      )
    const count = (quantity: number) =>
      Effect.gen(function* () {
        const { id } = yield* inventory.createCount({ location: shop, lines: [{ product: mug }] })
        const at = { count: id, location: shop }
        yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity }] })
        yield* inventory.finishCount(at)
        yield* inventory.approveCount(at)
        return yield* inventory.postCount(at)
      })
    const onHand = (time: AsOf) =>
      Effect.map(inventory.read.stockAsOf({ product: mug, location: shop }, time), (lots) => lots[0]?.onHand ?? 0)
    const value = (time: AsOf) =>
      Effect.map(
        inventory.read.stockValues({ method: "fifo", product: mug, ...time }, firstPage()),
        ({ items }) => items[0]?.value
      )
    yield* receive(3, "1", "03-01")
    const counted = yield* count(found)
    yield* TestClock.setTime(DateTime.toEpochMillis(day("06-01")))
    return { inventory, receive, count, onHand, value, counted }
  })

describe("a receipt that is written down after a count and dated before it", () => {
  it.effect("comes on top of the count, once; each time is told by all that is known, or as it was known", () =>
    Effect.gen(function* () {
      const { inventory, receive, onHand, value, counted } = yield* given(1)
      yield* receive(42, "2", "04-01")
      assert.strictEqual(yield* onHand({}), 43)
      // The count says what it said, and moved what it moved.
      const [line] = counted.lines
      assert.deepInclude(line, { counted: 1, expected: 3 })
      const after = yield* Effect.flatMap(inventory.read.count(counted.id), Effect.fromOption)
      assert.deepStrictEqual(after, counted)
      const { items } = yield* inventory.read.movements({ kind: "countAdjustment" }, firstPage())
      assert.deepStrictEqual(
        items.map(({ quantity, onHandAfter }) => [quantity, onHandAfter]),
        [[2, 1]]
      )

      // By business time the goods were there from April on, so also when the count was posted.
      const asOf = (on: string) => onHand({ occurredBy: day(on) })
      assert.deepStrictEqual(yield* Effect.forEach(["02-01", "03-15", "04-15", "05-15"], asOf), [0, 3, 45, 43])
      // As it was known in May, there was what had been counted.
      assert.strictEqual(yield* onHand({ recordedBy: day("05-15") }), 1)
      assert.strictEqual(yield* onHand({ recordedBy: day("05-15"), occurredBy: day("04-15") }), 3)

      // One is left of the first, whose cost is known; 42 came at theirs.
      assert.deepStrictEqual(
        yield* Effect.all([value({}), value({ recordedBy: day("05-15") }), value({ occurredBy: day("04-15") })]),
        ["85", "1", "87"]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is there twice where the count had found the goods; a recount leaves them once, at their own cost", () =>
    Effect.gen(function* () {
      const { inventory, receive, count, onHand, value } = yield* given(45)
      // Nobody knew what the 42 had cost that were found: they have the cost of the others.
      assert.deepStrictEqual([yield* onHand({}), yield* value({})], [45, "45"])
      yield* receive(42, "2", "04-01")
      assert.deepStrictEqual([yield* onHand({}), yield* value({})], [87, "129"])
      yield* count(45)
      assert.deepStrictEqual([yield* onHand({}), yield* value({})], [45, "87"])
      const { quantity } = yield* stockValue(inventory.read, mug, { method: "average" })
      assert.strictEqual(quantity, 45)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("does not make stale a count that is not posted yet, unless it is to reject keys that moved", () =>
    Effect.gen(function* () {
      const { inventory, receive, onHand } = yield* given(3)
      const sheet = (policy: "rebase" | "reject") =>
        Effect.gen(function* () {
          const { id } = yield* inventory.createCount({ location: shop, policy, lines: [{ product: mug }] })
          const at = { count: id, location: shop }
          const now = yield* onHand({})
          yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity: now - 1 }] })
          yield* receive(5, "2", "04-01")
          yield* inventory.finishCount(at)
          yield* inventory.approveCount(at)
          return yield* Effect.result(inventory.postCount(at))
        })
      assert.strictEqual((yield* sheet("rebase"))._tag, "Success")
      assert.strictEqual(yield* onHand({}), 3 - 1 + 5)
      const rejected = yield* sheet("reject")
      assert.strictEqual(rejected._tag === "Failure" && rejected.failure._tag, "CountStale")
      assert.strictEqual(yield* onHand({}), 7 + 5)
    }).pipe(Effect.provide(Live))
  )
})
