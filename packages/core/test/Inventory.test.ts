// The inventory over the store in memory: what a host that imports it relies on.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inventory, LocationId, layerMemory, MAX_KEY_LENGTH, ProductId, UserId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

describe("the inventory in memory", () => {
  it.effect("sells what was received, and refuses more than there is", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const shop = yield* inventory.createLocation({ name: "Shop" })
      const mug = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price: { amount: 950, currency: "USD" } })
      yield* inventory.recordMovements({
        lines: [{ kind: "receipt", product: mug.id, location: shop.id, quantity: 3 }]
      })
      const cart = yield* inventory.openCart({ lines: [{ product: mug.id, quantity: 2, mode: "add" }] })
      const order = yield* inventory.checkout({ cart: cart.id, location: shop.id }, { key: "order-1" })
      assert.deepStrictEqual(order.total, { amount: 1900, currency: "USD" })
      const again = yield* inventory.checkout({ cart: cart.id, location: shop.id }, { key: "order-1" })
      assert.deepStrictEqual(again, order)

      const second = yield* inventory.openCart({ lines: [{ product: mug.id, quantity: 2, mode: "add" }] })
      const refusal = yield* Effect.flip(inventory.checkout({ cart: second.id, location: shop.id }))
      assert.strictEqual(refusal._tag, "InsufficientStock")
      if (refusal._tag === "InsufficientStock") assert.strictEqual(refusal.lines[0]?.available, 1)
      const verification = yield* inventory.read.verify
      assert.deepStrictEqual(verification.differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("sells 100 units to exactly 100 of 1,000 callers at once", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 100 }] })
      const results = yield* Effect.forEach(
        Array.from({ length: 1_000 }),
        () => Effect.result(inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 1 }] })),
        { concurrency: "unbounded" }
      )
      const refusals = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
      assert.strictEqual(refusals.length, 900)
      for (const refusal of refusals) {
        assert(refusal._tag === "InsufficientStock")
        assert.deepStrictEqual([refusal.lines[0]?.wanted, refusal.lines[0]?.available], [1, 0])
      }
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("marks a replay, and names the field in which a used key differs", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const first = yield* inventory.submit("createLocation", { name: "Shop" }, { key: "key" })
      const again = yield* inventory.submit("createLocation", { name: "Shop" }, { key: "key" })
      assert.deepStrictEqual(again, { ...first, replayed: true })
      const field = yield* Effect.flip(inventory.createLocation({ name: "Depot" }, { key: "key" }))
      assert(field._tag === "IdempotencyConflict")
      assert.strictEqual(field.field, "name")
      const command = yield* Effect.flip(inventory.openCart({}, { key: "key" }))
      assert(command._tag === "IdempotencyConflict")
      assert.strictEqual(command.field, "command")
    }).pipe(Effect.provide(Live))
  )

  it.effect("replays a refusal even when the command would pass by then", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const location = LocationId.make("shop")
      const update = inventory.updateLocation({ location, expected: 1, name: "Shop" }, { key: "early" })
      assert.strictEqual((yield* Effect.flip(update))._tag, "UnknownLocation")
      yield* inventory.createLocation({ id: location, name: "Store" })
      assert.strictEqual((yield* Effect.flip(update))._tag, "UnknownLocation")
    }).pipe(Effect.provide(Live))
  )

  it.effect("turns down a payload or a key that it cannot take, with the place of every fault", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const location = LocationId.make("shop")
      const half = { kind: "receipt", product: ProductId.make("mug"), location, quantity: 0.5 } as const
      const invalid = yield* Effect.flip(inventory.recordMovements({ lines: [half] }))
      assert(invalid._tag === "InvalidCommand")
      assert.strictEqual(invalid.faults[0]?.path, "lines.0.quantity")
      for (const key of ["", "white space", "ünicode", "x".repeat(MAX_KEY_LENGTH + 1)]) {
        const fault = yield* Effect.flip(inventory.openCart({}, { key }))
        assert(fault._tag === "InvalidCommand", key)
        assert.strictEqual(fault.faults[0]?.path, "key")
      }
      yield* inventory.openCart({}, { key: "x".repeat(MAX_KEY_LENGTH) })
    }).pipe(Effect.provide(Live))
  )
})

describe("a user", () => {
  const ann = { email: "ann@example.com", name: "Ann", credential: "hash-1", roles: ["customer"] }

  it.effect("has an address of its own, and a credential that no reply and no stored payload carries", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const user = yield* inventory.registerUser(ann, { key: "register" })
      assert.notProperty(user, "credential")
      assert.strictEqual((yield* Effect.flip(inventory.registerUser(ann)))._tag, "EmailTaken")
      // Another hash of the same password is the same command.
      const again = yield* inventory.submit("registerUser", { ...ann, credential: "hash-2" }, { key: "register" })
      assert.isTrue(again.replayed)
      const stored = yield* inventory.read.userByEmail(ann.email)
      assert.deepInclude(stored, { _tag: "Some" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("changes only in what is named, and only under the version that was seen", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id } = yield* inventory.registerUser(ann)
      const changed = yield* inventory.updateUser({ user: id, expected: 1, active: false })
      assert.deepInclude(changed, { name: "Ann", active: false, version: 2, roles: ["customer"] })
      const stale = yield* Effect.flip(inventory.updateUser({ user: id, expected: 1, active: true }))
      assert.strictEqual(stale._tag, "StaleVersion")
      const unknown = inventory.updateUser({ user: UserId.make("bob"), expected: "any" })
      assert.strictEqual((yield* Effect.flip(unknown))._tag, "UnknownUser")
    }).pipe(Effect.provide(Live))
  )
})

describe("a location", () => {
  it.effect("is created once under an id, and changes only in what is named", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const location = LocationId.make("shop")
      yield* inventory.createLocation({ id: location, name: "Shop", address: "1 Main St" })
      const twice = yield* Effect.flip(inventory.createLocation({ id: location, name: "Shop" }))
      assert.strictEqual(twice._tag, "LocationExists")
      const changed = yield* inventory.updateLocation({ location, expected: 1, name: "Store" })
      assert.deepInclude(changed, { name: "Store", address: "1 Main St", version: 2 })
      const stale = yield* Effect.flip(inventory.updateLocation({ location, expected: 1, name: "Shop" }))
      assert.strictEqual(stale._tag, "StaleVersion")
    }).pipe(Effect.provide(Live))
  )
})
