// A shop on this store: it sells, it is closed, and when it opens again its stock is what it was.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Inventory } from "@onhand/core"
import { Console, Effect, Layer } from "effect"
import { layer } from "./SqliteStore.ts"

/** Sells of the one product at the one location of this shop. */
const sell = (quantity: number) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const { items } = yield* inventory.read.levels({}, { _tag: "Cursor", limit: 1 })
    for (const { product, location } of items) {
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity }] })
    }
    yield* Console.log(`Sold ${quantity}`)
  }).pipe(
    Effect.catchTag("InsufficientStock", ({ lines }) =>
      Effect.forEach(lines, ({ wanted, available }) => Console.log(`Refused: ${wanted} wanted, ${available} available`))
    )
  )

const firstDay = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Main Street" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 3 }] })
  yield* sell(2)
})

const secondDay = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* sell(2)
  yield* sell(1)
  const { movements, differences } = yield* inventory.read.verify
  yield* Console.log(`${movements} movements, ${differences.length} differences`)
})

const folder = mkdtempSync(join(tmpdir(), "own-store-"))
const shop = Inventory.layer.pipe(Layer.provide(layer(join(folder, "shop.sqlite"))))

await Effect.runPromise(Effect.provide(firstDay, shop))
await Effect.runPromise(Effect.provide(secondDay, shop))
rmSync(folder, { recursive: true })
