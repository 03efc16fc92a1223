// The README's program: stock is received, sold until there is too little, and the refusal names the shortage.
import { Inventory, layerMemory } from "@onhand/core"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function* () {
  const inventory = yield* Inventory
  const shop = yield* inventory.createLocation({ name: "Main Street" })
  const price = { amount: 950, currency: "USD" }
  const mug = yield* inventory.createProduct({ sku: "MUG-BLUE", name: "Blue mug", price })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug.id, location: shop.id, quantity: 3 }] })

  const sell = (quantity: number) =>
    Effect.gen(function* () {
      const cart = yield* inventory.openCart({ lines: [{ product: mug.id, quantity, mode: "add" }] })
      const order = yield* inventory.checkout({ cart: cart.id, location: shop.id })
      yield* Console.log(`Sold ${quantity} for ${order.total.amount} cents`)
    })

  yield* sell(2)
  yield* Effect.catchTag(sell(2), "InsufficientStock", ({ lines }) =>
    Effect.forEach(lines, ({ wanted, available }) => Console.log(`Refused: ${wanted} wanted, ${available} available`))
  )
})

await Effect.runPromise(Effect.provide(program, Inventory.layer.pipe(Layer.provide(layerMemory))))
