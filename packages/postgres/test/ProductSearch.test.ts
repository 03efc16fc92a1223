// Searches of a real PostgreSQL and of the embedded one: the same order as in memory, typing errors, and capital
// letters of any language.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, MAX_ALIKE, type PageRequest, type ProductFilter } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"
import { layerMemory } from "../src/pglite/index.ts"

const clients = {
  PostgreSQL: Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (url) => PgClient.layer({ url: Redacted.make(url) })
    )
  ),
  PGlite: layerMemory
}

const catalogue = [
  { sku: "MUG", name: "Blue mug", category: "Kitchen" },
  { sku: "TREE-1", name: "Mug tree", category: "Kitchen" },
  { sku: "S-9", name: "Spoon", description: "Fits every mug, 100 % steel_" },
  { sku: "ESP", name: "Espresso machine", barcodes: ["4006381333931", "12|X"] },
  { sku: "ECL", name: "ÉCLAIR ŻÓŁĆ" },
  ...Array.from({ length: 30 }, (_, index) => ({ sku: `T-${index}`, name: `Screwdriver ${index}` }))
]

const found = (filter: ProductFilter, page: PageRequest = { _tag: "Numbered", page: 1, pageSize: 100 }) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const { items, total } = yield* read.products(filter, page)
    if (page._tag === "Numbered") assert.strictEqual(total, items.length)
    return items.map(({ product }) => product.sku)
  })

for (const [name, client] of Object.entries(clients)) {
  describe(`a search on ${name}`, () => {
    it.live(
      "finds the best first, in any case, and what looks like a text that nothing has",
      () =>
        Effect.gen(function* () {
          const { importProducts, read } = yield* Inventory
          const [first, ...others] = catalogue
          if (first === undefined) return
          yield* importProducts({ lines: [first, ...others] })

          assert.deepStrictEqual(yield* found({ search: " mug " }), ["MUG", "TREE-1", "S-9"])
          assert.deepStrictEqual(yield* found({ search: "mu" }), ["TREE-1", "MUG", "S-9"])
          assert.deepStrictEqual(yield* found({ search: "mug", category: "Kitchen" }), ["MUG", "TREE-1"])
          assert.deepStrictEqual(yield* found({ search: "mug", sort: "name_desc" }), ["S-9", "TREE-1", "MUG"])
          for (const code of ["4006381333931", "12|X"]) assert.deepStrictEqual(yield* found({ search: code }), ["ESP"])
          for (const letters of ["Éclair", "éCLAIR żółć"]) {
            assert.deepStrictEqual(yield* found({ search: letters }), ["ECL"], letters)
          }
          assert.deepStrictEqual(yield* found({ search: "100 % steel_" }), ["S-9"])
          assert.deepStrictEqual(yield* found({ search: "1%0" }), [])

          const cursors: Array<string> = []
          let next: string | null | undefined
          do {
            const page = { _tag: "Cursor" as const, limit: 7, cursor: next ?? undefined }
            const { items, nextCursor } = yield* read.products({ search: "screw" }, page)
            cursors.push(...items.map(({ product }) => product.sku))
            next = nextCursor
          } while (next !== null)
          assert.deepStrictEqual(cursors, yield* found({ search: "screw" }))
          assert.strictEqual(new Set(cursors).size, 30)

          for (const typed of ["expresso", "espreso machne", "Esspresso"]) {
            assert.deepStrictEqual(yield* found({ search: typed }), ["ESP"], typed)
          }
          assert.deepStrictEqual(yield* found({ search: "expresso", category: "Kitchen" }), [])
          for (const typed of ["4006381333932", "mgu", "bicycle", "expresso bicycle pump"]) {
            assert.deepStrictEqual(yield* found({ search: typed }), [], typed)
          }
          assert.strictEqual((yield* found({ search: "skrewdriver" })).length, MAX_ALIKE)
          assert.deepStrictEqual((yield* found({ search: "expresso" }, { _tag: "Cursor", limit: 5 })).length, 1)

          const sql = yield* SqlClient
          const [index] = yield* sql<{ readonly there: boolean }>`
            SELECT to_regclass('onhand.products_by_words') IS NOT NULL AS there`
          assert.strictEqual(index?.there, name === "PostgreSQL")
        }).pipe(
          Effect.provide(Inventory.layer.pipe(Layer.provide(PostgresStore.layerClient()), Layer.provideMerge(client)))
        ),
      60_000
    )
  })
}
