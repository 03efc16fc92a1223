import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import * as Pglite from "@onhand/postgres/pglite"
import { Effect, Layer } from "effect"
import { importCatalogue, openStores, replay } from "../src/Replay.ts"
import { ranLowMostOften, reconcile } from "../src/Report.ts"
import { readBaskets } from "../src/RetailFiles.ts"

const excerpt = fileURLToPath(new URL("../excerpt", import.meta.url))

const stores = {
  memory: layerMemory,
  PGlite: PostgresStore.layerClient().pipe(Layer.provide(Pglite.layerMemory))
}

/** The whole year of the excerpt, and what it left in the ledger. */
const year = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { products, outcomes } = yield* importCatalogue(excerpt)
  const baskets = yield* readBaskets(excerpt)
  yield* openStores(baskets, products)
  const tills = yield* replay(baskets, products, () => Effect.void)
  const verification = yield* inventory.read.verify
  return { outcomes, tills, numbers: reconcile(baskets, tills), verification, low: yield* ranLowMostOften }
})

for (const [name, store] of Object.entries(stores)) {
  describe(`the retail year on ${name}`, () => {
    it.live("accounts for every unit and cent, and changes nothing the second time", () =>
      Effect.gen(function* () {
        const first = yield* year
        assert.deepStrictEqual(first.numbers.difference, { units: 0, cents: 0 })
        assert.deepStrictEqual(first.verification.differences, [])
        assert.isAbove(first.numbers.sold.units, 0)
        assert.isAbove(first.numbers.refusedBaskets.get("InsufficientStock")?.baskets ?? 0, 0)
        assert.deepStrictEqual([...first.numbers.refusedLines.keys()].sort(), [
          "product is not in the catalogue",
          "quantity is 0"
        ])
        assert.isAbove(first.low.length, 0)

        const second = yield* year
        assert.deepStrictEqual(second.outcomes, {
          created: 0,
          updated: 0,
          unchanged: first.outcomes.created,
          refused: 0
        })
        assert.deepStrictEqual(second.tills, first.tills)
        assert.deepStrictEqual(second.verification, first.verification)
      }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(store))))
    )
  })
}
