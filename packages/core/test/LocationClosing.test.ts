// A location is drained into another as far as nobody claims its stock, and archived once it holds nothing.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { firstPage, Inventory, layerMemory, MAX_HOLDINGS, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shops = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Old" })
  const { id: destination } = yield* inventory.createLocation({ name: "New" })
  const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  const receive = (product: ProductId, quantity: number, to: "sellable" | "damaged" = "sellable", lot = "") =>
    inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity, to, lot }] })
  const levels = (at: typeof location) =>
    Effect.map(inventory.read.levels({ location: at }, firstPage(100)), ({ items }) => items)
  return { inventory, location, destination, mug, receive, levels }
})

describe("draining a location", () => {
  it.effect("moves every condition and lot, and leaves what is claimed", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive, levels } = yield* shops
      yield* receive(mug, 10)
      const { id: tea } = yield* inventory.createProduct({
        id: ProductId.make("tea"),
        sku: "TEA",
        name: "Tea",
        lotTracked: true
      })
      yield* receive(tea, 4, "sellable", "L1")
      yield* receive(mug, 2, "damaged")
      yield* inventory.holdStock({ lines: [{ product: mug, location, quantity: 3, lot: "" }], ttlMillis: 60_000 })
      const drained = yield* inventory.drainLocation({ location, destination })
      assert.deepStrictEqual(
        drained.moved.map(({ lot, condition, quantity }) => [lot, condition, quantity]),
        [
          ["", "sellable", 7],
          ["", "damaged", 2],
          ["L1", "sellable", 4]
        ]
      )
      assert.deepStrictEqual(drained.claimed, [{ product: mug, lot: "", held: 3, committed: 0 }])
      assert.isNull(drained.next)
      const [left] = yield* levels(location)
      assert.deepInclude(left, { onHand: 3, held: 3, available: 0 })
      const there = yield* levels(destination)
      assert.deepInclude(there[0], { onHand: 9, sellable: 7, damaged: 2 })
      assert.deepInclude(there[1], { product: tea, onHand: 4, sellable: 4 })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("goes on where the last command ended, until nothing is left", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, receive, levels } = yield* shops
      const count = MAX_HOLDINGS + 5
      for (let index = 0; index < count; index++) {
        const { id } = yield* inventory.createProduct({ sku: `P${index}`, name: "Thing" })
        yield* receive(id, 1)
      }
      const first = yield* inventory.drainLocation({ location, destination })
      assert.strictEqual(first.moved.length, MAX_HOLDINGS)
      assert(first.next !== null)
      const second = yield* inventory.drainLocation({ location, destination, after: first.next })
      assert.strictEqual(second.moved.length, 5)
      assert.isNull(second.next)
      assert.isTrue((yield* levels(location)).every(({ onHand }) => onHand === 0))
    }).pipe(Effect.provide(Live))
  )

  it.effect("into itself, into the unknown or into an archived one is refused", () =>
    Effect.gen(function* () {
      const { inventory, location, destination } = yield* shops
      const into = (to: typeof location) =>
        Effect.map(Effect.flip(inventory.drainLocation({ location, destination: to })), ({ _tag }) => _tag)
      assert.strictEqual(yield* into(location), "SameLocation")
      yield* inventory.archiveLocation({ location: destination, expected: "any", archived: true })
      assert.strictEqual(yield* into(destination), "LocationInactive")
    }).pipe(Effect.provide(Live))
  )
})

describe("archiving a location", () => {
  it.effect("is refused with what is still there, and keeps the history", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive } = yield* shops
      yield* receive(mug, 5)
      yield* inventory.holdStock({ lines: [{ product: mug, location, quantity: 2 }], ttlMillis: 60_000 })
      const archive = inventory.archiveLocation({ location, expected: 1, archived: true })
      const refused = yield* Effect.flip(archive)
      assert(refused._tag === "LocationNotEmpty")
      assert.deepStrictEqual([refused.left, refused.more], [[{ product: mug, onHand: 5, reserved: 2 }], false])
      const { items } = yield* inventory.read.claims({ location }, firstPage())
      const [claim] = items
      assert(claim !== undefined)
      yield* inventory.releaseClaims({ location, claims: [claim.id] })
      yield* inventory.drainLocation({ location, destination })
      const archived = yield* archive
      assert.deepInclude(archived, { status: "archived", version: 2 })
      const history = yield* inventory.read.movements({ location }, firstPage())
      assert.deepStrictEqual(
        history.items.map(({ kind }) => kind),
        ["transferOut", "receipt"]
      )
      const late = yield* Effect.flip(receive(mug, 1))
      assert.strictEqual(late._tag, "LocationInactive")
      const lines = [{ product: mug, quantity: 1 }] as const
      const sent = yield* Effect.flip(inventory.createTransfer({ origin: destination, destination: location, lines }))
      assert.strictEqual(sent._tag, "LocationInactive")
      const restored = yield* inventory.archiveLocation({ location, expected: 2, archived: false })
      assert.strictEqual(restored.status, "active")
      yield* receive(mug, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets what was under way arrive", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive } = yield* shops
      yield* receive(mug, 5)
      const lines = [{ product: mug, quantity: 5 }] as const
      const { id: transfer } = yield* inventory.createTransfer({ origin: location, destination, lines })
      yield* inventory.dispatchTransfer({ transfer, origin: location })
      yield* inventory.archiveLocation({ location: destination, expected: "any", archived: true })
      const { state } = yield* inventory.completeTransfer({ transfer, destination })
      assert.strictEqual(state, "received")
    }).pipe(Effect.provide(Live))
  )
})
