// A location is created under an id of the caller's or a fresh one, changed by version, and told of.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inventory, LocationId, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const shop = LocationId.make("shop")

const told = Effect.gen(function* () {
  const { read } = yield* Inventory
  return (yield* read.events({}, 100)).map(({ event }) => event)
})

describe("a location", () => {
  it.effect("is what it was created as, under the id that was asked for or one of its own", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const named = yield* inventory.createLocation({ id: shop, name: "Shop", address: "1 Main Street" })
      assert.deepInclude(named, { id: shop, name: "Shop", address: "1 Main Street", version: 1 })
      const other = yield* inventory.createLocation({ name: "Depot" })
      assert.deepInclude(other, { name: "Depot", address: "" })
      assert.notStrictEqual(other.id, shop)
      assert.deepStrictEqual(yield* told, [
        { _tag: "LocationCreated", location: shop },
        { _tag: "LocationCreated", location: other.id }
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is not made twice under one id", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.createLocation({ id: shop, name: "Shop" })
      const again = yield* Effect.flip(inventory.createLocation({ id: shop, name: "Depot" }))
      assert(again._tag === "LocationExists")
      assert.strictEqual(again.location, shop)
      assert.strictEqual((yield* told).length, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("changes in what is named, for whoever knows its version", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.createLocation({ id: shop, name: "Shop", address: "1 Main Street" })
      const moved = yield* inventory.updateLocation({ location: shop, expected: 1, address: "2 Main Street" })
      assert.deepInclude(moved, { name: "Shop", address: "2 Main Street", version: 2 })
      const renamed = yield* inventory.updateLocation({ location: shop, expected: 2, name: "Flagship" })
      assert.deepInclude(renamed, { name: "Flagship", address: "2 Main Street", version: 3 })
      const stale = yield* Effect.flip(inventory.updateLocation({ location: shop, expected: 2, name: "Kiosk" }))
      assert(stale._tag === "StaleVersion")
      assert.deepInclude(stale, { entity: "location", expected: 2, current: 3 })
      const ghost = LocationId.make("ghost")
      const unknown = yield* Effect.flip(inventory.updateLocation({ location: ghost, expected: "any" }))
      assert.strictEqual(unknown._tag, "UnknownLocation")
      assert.deepStrictEqual((yield* told).slice(1), [
        { _tag: "LocationUpdated", location: shop },
        { _tag: "LocationUpdated", location: shop }
      ])
    }).pipe(Effect.provide(Live))
  )
})
