// What a text finds among products, in which order, and what looks like it.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inventory, layerMemory, likeness, type PageRequest, type ProductFilter } from "../src/index.ts"

const catalogue = [
  { sku: "MUG", name: "Blue mug", category: "Kitchen" },
  { sku: "TREE-1", name: "Mug tree", category: "Kitchen" },
  { sku: "S-9", name: "Spoon", description: "Fits every mug" },
  { sku: "ESP", name: "Espresso machine", barcodes: ["4006381333931"] },
  { sku: "ECL", name: "ÉCLAIR au café" }
]

const Shop = Inventory.layer.pipe(Layer.provide(layerMemory))

const found = (filter: ProductFilter, page: PageRequest = { _tag: "Numbered", page: 1, pageSize: 20 }) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const { total } = yield* inventory.read.products({}, { _tag: "Numbered", page: 1, pageSize: 1 })
    if (total === 0) for (const product of catalogue) yield* inventory.createProduct(product)
    const { items } = yield* inventory.read.products(filter, page)
    return items.map(({ product }) => product.sku)
  })

describe("a search", () => {
  it.effect("tells the product with that code first, then names that begin with it, have it, and the others", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found({ search: " mug " }), ["MUG", "TREE-1", "S-9"])
      assert.deepStrictEqual(yield* found({ search: "mu" }), ["TREE-1", "MUG", "S-9"])
      assert.deepStrictEqual(yield* found({ search: "4006381333931" }), ["ESP"])
      assert.deepStrictEqual(yield* found({ search: "éclair AU" }), ["ECL"])
      assert.deepStrictEqual(yield* found({ search: "mug", sort: "name_desc" }), ["S-9", "TREE-1", "MUG"])
    }).pipe(Effect.provide(Shop))
  )

  it.effect("that nothing has tells what looks most like it, unless it is a number or too short", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found({ search: "expresso" }), ["ESP"])
      assert.deepStrictEqual(yield* found({ search: "espreso machne" }), ["ESP"])
      assert.deepStrictEqual(yield* found({ search: "expresso", category: "Kitchen" }), [])
      assert.deepStrictEqual(yield* found({ search: "expresso", sort: "name_asc" }), [])
      for (const search of ["4006381333932", "mgu", "bicycle"]) {
        assert.deepStrictEqual(yield* found({ search }), [], search)
      }
      assert.deepStrictEqual(yield* found({ search: "expresso" }, { _tag: "Numbered", page: 2, pageSize: 20 }), [])
    }).pipe(Effect.provide(Shop))
  )
})

describe("the likeness of texts", () => {
  it("is 1 where every word is there, in any order, and 0 where none is", () => {
    assert.strictEqual(likeness("mug blue", "a blue mug of clay"), 1)
    assert.strictEqual(likeness("mug", "spoon"), 0)
    assert.isAbove(likeness("coffe", "coffee"), likeness("cofe", "coffee"))
    assert.strictEqual(likeness("--", "mug"), 0)
  })
})
