// What may be promised beyond what is there: claims go down to the floor, and the shelf never goes below zero.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { firstPage, Inventory, LocationId, layerMemory, ProductId } from "../src/index.ts"

const [shop, depot] = ["shop", "depot"].map((id) => LocationId.make(id)) as [LocationId, LocationId]
const [mug, tea] = ["mug", "tea"].map((id) => ProductId.make(id)) as [ProductId, ProductId]

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

/** A shop with 3 mugs, and a depot with 4. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  const price = { amount: 500, currency: "EUR" }
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price })
  yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea", price, lotTracked: true })
  const move = (kind: "receipt" | "sale" | "damage", location: LocationId, quantity: number) =>
    inventory.recordMovements({ lines: [{ kind, product: mug, location, quantity }] })
  yield* move("receipt", shop, 3)
  yield* move("receipt", depot, 4)
  const allow = (floor: number) => inventory.setStockPolicies({ lines: [{ product: mug, location: shop, floor }] })
  const hold = (quantity: number) =>
    inventory.holdStock({ lines: [{ product: mug, location: shop, quantity }], ttlMillis: 60_000 })
  const order = (quantity: number) =>
    Effect.gen(function* () {
      const cart = yield* inventory.openCart({ lines: [{ product: mug, quantity, mode: "add" }] })
      return yield* inventory.placeOrder({ cart: cart.id, location: shop })
    })
  const level = Effect.map(inventory.read.levels({ product: mug, location: shop }, firstPage()), ({ items }) => [
    items[0]?.onHand,
    items[0]?.available
  ])
  return { inventory, move, allow, hold, order, level }
})

describe("a stock policy", () => {
  it.effect("lets claims go down to its floor, and no further", () =>
    Effect.gen(function* () {
      const { allow, hold, order, level } = yield* given
      assert.strictEqual((yield* Effect.flip(hold(4)))._tag, "InsufficientStock")
      yield* allow(-5)
      yield* hold(4)
      yield* order(3)
      assert.deepStrictEqual(yield* level, [3, -4])
      const refused = yield* Effect.flip(hold(2))
      assert(refused._tag === "InsufficientStock")
      assert.deepInclude(refused.lines[0], { wanted: 2, available: 1 })
      yield* hold(1)
      assert.deepStrictEqual(yield* level, [3, -5])
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets goods be sold that are promised to others, and none that are not on the shelf", () =>
    Effect.gen(function* () {
      const { inventory, move, allow, order, level } = yield* given
      yield* allow(-9)
      const first = yield* order(3)
      yield* move("sale", shop, 2)
      assert.deepStrictEqual(yield* level, [1, -2])
      const lines = [{ product: mug, quantity: 2 }] as const
      const transfer = yield* inventory.createTransfer({ origin: shop, destination: depot, lines })
      for (const short of [
        Effect.flip(move("sale", shop, 2)),
        Effect.flip(inventory.shipOrder({ order: first.id, location: shop })),
        Effect.flip(inventory.dispatchTransfer({ transfer: transfer.id, origin: shop }))
      ]) {
        const refused = yield* short
        assert(refused._tag === "InsufficientStock")
        assert.deepInclude(refused.lines[0], { available: 1 })
      }
      yield* move("receipt", shop, 2)
      const shipped = yield* inventory.shipOrder({ order: first.id, location: shop })
      assert.strictEqual(shipped.status, "completed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets a checkout sell what is on the shelf, whoever it is promised to", () =>
    Effect.gen(function* () {
      const { inventory, allow, order, level } = yield* given
      yield* allow(-9)
      yield* order(2)
      const cart = yield* inventory.openCart({ lines: [{ product: mug, quantity: 4, mode: "add" }] })
      yield* inventory.beginCheckout({ cart: cart.id, location: shop, ttlMillis: 60_000 })
      const refused = yield* Effect.flip(inventory.checkout({ cart: cart.id, location: shop }))
      assert(refused._tag === "InsufficientStock")
      assert.deepInclude(refused.lines[0], { wanted: 4, available: 3 })
      assert.deepStrictEqual(yield* level, [3, -3])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is not made stricter than what is promised already", () =>
    Effect.gen(function* () {
      const { inventory, allow, hold, move, level } = yield* given
      yield* allow(-5)
      const { claims } = yield* hold(6)
      const refused = yield* Effect.flip(allow(-2))
      assert(refused._tag === "FloorPassed")
      assert.deepInclude(refused, { floor: -2, available: -3 })
      yield* allow(-3)
      yield* move("receipt", shop, 3)
      yield* allow(0)
      yield* inventory.releaseClaims({ location: shop, claims: [claims[0]!] })
      assert.deepStrictEqual(yield* level, [6, 6])
      assert.strictEqual((yield* Effect.flip(hold(7)))._tag, "InsufficientStock")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is forgotten by nobody: it is listed, counts versions, and is kept by a repair", () =>
    Effect.gen(function* () {
      const { inventory, allow } = yield* given
      yield* allow(-5)
      yield* allow(-6)
      yield* inventory.repairBalances({ location: shop, keys: [{ product: mug, lot: "" }] })
      const { items } = yield* inventory.read.stockPolicies({ location: shop }, firstPage())
      assert.deepStrictEqual(items, [
        { id: "mug@shop", product: mug, location: shop, floor: -6, backorders: false, version: 2 }
      ])
      assert.deepStrictEqual((yield* inventory.read.stockPolicies({ location: depot }, firstPage())).items, [])
      assert.strictEqual((yield* inventory.read.balance({ product: mug, location: shop, lot: "" })).floor, -6)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("of a place that never had anything lets the first goods be promised before they come", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const place = { product: mug, location: LocationId.make("new") }
      yield* inventory.createLocation({ id: place.location, name: "New" })
      yield* inventory.setStockPolicies({ lines: [{ ...place, floor: -2 }] })
      yield* inventory.holdStock({ lines: [{ ...place, quantity: 2 }], ttlMillis: 60_000 })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", ...place, quantity: 2 }] })
      const { items } = yield* inventory.read.levels(place, firstPage())
      assert.deepInclude(items[0], { onHand: 2, available: 0 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("has no floor for a product that is counted in lots, and none above 0", () =>
    Effect.gen(function* () {
      const { inventory, allow } = yield* given
      const line = { product: tea, location: shop }
      const refused = yield* Effect.flip(inventory.setStockPolicies({ lines: [{ ...line, floor: -1 }] }))
      assert.strictEqual(refused._tag, "FloorOfLots")
      yield* inventory.setStockPolicies({ lines: [{ ...line, backorders: true }] })
      assert.strictEqual((yield* Effect.flip(allow(1)))._tag, "InvalidCommand")
    }).pipe(Effect.provide(Live))
  )

  it.effect("never makes a location's debt another's: the product offers what the others have", () =>
    Effect.gen(function* () {
      const { inventory, allow, hold } = yield* given
      yield* allow(-9)
      yield* hold(8)
      const { items } = yield* inventory.read.products({ search: "mug" }, firstPage())
      assert.deepInclude(items[0], { onHand: 7, available: 4 })
      const supplies = yield* inventory.read.supplies(mug)
      assert.deepStrictEqual(
        supplies.map(({ location, available }) => [location, available]),
        [[depot, 4]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is obeyed by what is planned, composed and decided late", () =>
    Effect.gen(function* () {
      const { inventory, level } = yield* given
      const line = { product: mug, location: shop }
      const held = { lines: [{ ...line, quantity: 5 }] as const, ttlMillis: 60_000 }
      const before = yield* inventory.plan("holdStock", held)
      assert.strictEqual(before._tag, "Refused")
      yield* inventory.compose({
        commands: [
          { command: "setStockPolicies", payload: { lines: [{ ...line, floor: -2 }] } },
          { command: "holdStock", payload: held }
        ]
      })
      assert.deepStrictEqual(yield* level, [3, -2])
      yield* inventory.recordMovements(
        { lines: [{ kind: "receipt", ...line, quantity: 1 }] },
        { occurredAt: DateTime.makeUnsafe("2020-01-01T00:00:00Z") }
      )
      assert.deepStrictEqual(yield* level, [4, -1])
    }).pipe(Effect.provide(Live))
  )
})
