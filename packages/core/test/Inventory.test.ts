import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inventory, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

layer(Live)("the inventory in memory", (it) => {
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
    })
  )
})
