// A cart is what a shopper means to buy: one line a product, one active cart a user, and no stock of its own.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CartId, Inventory, layerMemory, MAX_CART_LINES, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const mug = ProductId.make("mug")
const bowl = ProductId.make("bowl")

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const price = { amount: 950, currency: "USD" }
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price })
  yield* inventory.createProduct({ id: bowl, sku: "BOWL", name: "Bowl", price: { amount: 500, currency: "EUR" } })
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location, quantity: 5 }] })
  return { inventory, location }
})

const add = (product: ProductId, quantity: number) => ({ product, quantity, mode: "add" as const })
const set = (product: ProductId, quantity: number) => ({ product, quantity, mode: "set" as const })

describe("a cart", () => {
  it.effect("adds and sets the quantity of a product, and drops a line of nothing", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const { id: cart } = yield* inventory.openCart({ lines: [add(mug, 2), add(mug, 1), add(bowl, 1)] })
      const changed = yield* inventory.changeCart({ cart, lines: [add(mug, 2), set(bowl, 0)] })
      assert.deepStrictEqual(changed.lines, [{ product: mug, quantity: 5 }])
      assert.strictEqual(changed.version, 2)
      const emptied = yield* inventory.changeCart({ cart, lines: [set(mug, 0), add(bowl, 0)] })
      assert.deepStrictEqual(emptied.lines, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is the same for a user until it is sold, and another one then", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* shop
      const first = yield* inventory.openCart({ owner: "ann", lines: [add(mug, 1)] })
      const again = yield* inventory.openCart({ owner: "ann", lines: [add(mug, 1)] })
      assert.deepStrictEqual([again.id, again.lines], [first.id, [{ product: mug, quantity: 2 }]])
      assert.notStrictEqual((yield* inventory.openCart({ owner: "bob" })).id, first.id)
      const order = yield* inventory.checkout({ cart: first.id, location })
      assert.deepInclude(order, { customer: "ann", cart: first.id })
      const next = yield* inventory.openCart({ owner: "ann" })
      assert.notStrictEqual(next.id, first.id)
      assert.deepStrictEqual(next.lines, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("of nobody is another each time, empty and without claims", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const first = yield* inventory.openCart({})
      assert.deepInclude(first, { owner: null, lines: [], claims: [], state: "active", location: null, order: null })
      assert.notStrictEqual((yield* inventory.openCart({})).id, first.id)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is given to its user as it is while it is being checked out, but takes no lines then", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* shop
      yield* inventory.openCart({ owner: "ann", lines: [add(mug, 1)] })
      const { id: cart } = yield* inventory.openCart({ owner: "ann", lines: [add(mug, 1)] })
      assert.deepStrictEqual((yield* inventory.openCart({ owner: "ann" })).lines, [{ product: mug, quantity: 2 }])
      const busy = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      assert.deepStrictEqual(yield* inventory.openCart({ owner: "ann" }), busy)
      const refused = yield* Effect.flip(inventory.openCart({ owner: "ann", lines: [add(mug, 1)] }))
      assert(refused._tag === "CartNotReady")
      assert.deepInclude(refused, { cart, state: "checkingOut", accepted: ["active"] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("refuses what it cannot be, and says what it would take", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* shop
      const ghost = ProductId.make("ghost")
      const { id: cart } = yield* inventory.openCart({})
      const tags = [
        yield* Effect.flip(inventory.changeCart({ cart: CartId.make("none"), lines: [] })),
        yield* Effect.flip(inventory.changeCart({ cart, lines: [add(mug, 1), add(ghost, 1)] })),
        yield* Effect.flip(inventory.checkout({ cart, location })),
        yield* Effect.flip(inventory.beginCheckout({ cart, location, ttlMillis: 1_000 })),
        yield* Effect.flip(inventory.cancelCheckout({ cart, location }))
      ].map(({ _tag }) => _tag)
      assert.deepStrictEqual(tags, ["UnknownCart", "UnknownProduct", "CartEmpty", "CartEmpty", "CartNotReady"])
      yield* inventory.changeCart({ cart, lines: [set(ghost, 0), add(mug, 1), add(bowl, 1)] })
      const mixed = yield* Effect.flip(inventory.checkout({ cart, location }))
      assert(mixed._tag === "NotPriced")
      assert.include(mixed.message, "USD")
    }).pipe(Effect.provide(Live))
  )

  it.effect("cannot be changed while it is being checked out, nor after it was sold", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* shop
      const { id: cart } = yield* inventory.openCart({ lines: [add(mug, 1)] })
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const busy = yield* Effect.flip(inventory.changeCart({ cart, lines: [add(mug, 1)] }))
      assert(busy._tag === "CartNotReady")
      assert.deepStrictEqual([busy.state, busy.accepted], ["checkingOut", ["active"]])
      const twice = yield* Effect.flip(inventory.beginCheckout({ cart, location, ttlMillis: 60_000 }))
      assert.strictEqual(twice._tag, "CartNotReady")
      yield* inventory.checkout({ cart, location })
      const sold = yield* Effect.flip(inventory.checkout({ cart, location }))
      assert(sold._tag === "CartNotReady")
      assert.strictEqual(sold.state, "completed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("holds a bounded number of products", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const ids = Array.from({ length: MAX_CART_LINES + 1 }, (_, index) => ProductId.make(`p${index}`))
      yield* Effect.forEach(ids, (id) => inventory.createProduct({ id, sku: id, name: id }), {
        concurrency: "unbounded"
      })
      const { id: cart } = yield* inventory.openCart({ lines: ids.slice(1).map((id) => add(id, 1)) })
      const full = yield* Effect.flip(inventory.changeCart({ cart, lines: [add(ids[0]!, 1)] }))
      assert(full._tag === "CartFull")
      assert.strictEqual(full.accepted, MAX_CART_LINES)
      yield* inventory.changeCart({ cart, lines: [set(ids[1]!, 0), add(ids[0]!, 1)] })
    }).pipe(Effect.provide(Live))
  )
})
