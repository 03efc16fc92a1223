// The feed gives every event once and in order, from wherever a reader left it.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { advance, type FeedCursor, feedCursorFromText, feedCursorText, Inventory, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const position = fc.record({ seq: fc.nat(10 ** 9), line: fc.nat(10 ** 6) })
const cursor: fc.Arbitrary<FeedCursor> = fc
  .uniqueArray(fc.tuple(fc.nat(300), position), { selector: ([shard]) => shard, maxLength: 5 })
  .map((shards) => Object.fromEntries(shards))

describe("a place in the feed", () => {
  it("is the same after a way through its text", () => {
    fc.assert(
      fc.property(cursor, (place) => {
        assert.deepStrictEqual(feedCursorFromText(feedCursorText(place)), Result.succeed(place))
      })
    )
  })

  it.each(["1", "1-2", "1-2-3-4", "a-b-c", "1-2-3.", "-1-2-3", "1-2-3 "])("cannot be %s", (text) => {
    assert.isTrue(Result.isFailure(feedCursorFromText(text)))
  })

  it("moves only in the shard of the event", () => {
    const after = advance({ 0: { seq: 1, line: 0 }, 1: { seq: 5, line: 2 } }, { shard: 1, seq: 6, line: 0 })
    assert.deepStrictEqual(after, { 0: { seq: 1, line: 0 }, 1: { seq: 6, line: 0 } })
  })
})

describe("a reader of the feed", () => {
  it.effect("gets what was, then what comes, and goes on where it stopped", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const names = (count: number, after: FeedCursor) =>
        inventory.events(after).pipe(Stream.take(count), Stream.runCollect)
      yield* inventory.createLocation({ name: "One" })
      const reader = yield* Effect.forkChild(names(3, {}))
      yield* inventory.createLocation({ name: "Two" })
      yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* TestClock.adjust("1 second")
      const events = yield* Fiber.join(reader)
      assert.deepStrictEqual(
        events.map(({ event }) => event._tag),
        ["LocationCreated", "LocationCreated", "ProductCreated"]
      )
      const rest = yield* names(2, advance({}, events[0]!))
      assert.deepStrictEqual(rest, events.slice(1))
    }).pipe(Effect.provide(Live))
  )

  it.effect("who begins at the head gets only what is new", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.createLocation({ name: "Old" })
      const head = yield* inventory.read.head
      const reader = yield* Effect.forkChild(inventory.events(head).pipe(Stream.take(1), Stream.runCollect))
      yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* Fiber.join(reader)).map(({ event }) => event._tag),
        ["ProductCreated"]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("hears nothing of refused commands", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      yield* Effect.flip(inventory.createLocation({ id: location, name: "Shop" }))
      assert.strictEqual((yield* inventory.read.events({}, 10)).length, 1)
    }).pipe(Effect.provide(Live))
  )
})
