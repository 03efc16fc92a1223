// A product's codes are nobody else's, its unit never changes, and an import that changes nothing writes nothing.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Inventory, layerMemory, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const mug = { id: ProductId.make("mug"), sku: "MUG", name: "Mug", barcodes: ["111", "222"] }

const catalogue = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createProduct(mug)
  yield* inventory.createProduct({ id: ProductId.make("bowl"), sku: "BOWL", name: "Bowl" })
  const byCode = (field: "sku" | "barcode", code: string) =>
    Effect.map(inventory.read.productByCode(field, code), (found) => Option.getOrUndefined(found)?.id)
  return { inventory, byCode }
})

describe("a product", () => {
  it.effect("is created once, under codes that no other has", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      const again = yield* Effect.flip(inventory.createProduct({ ...mug, sku: "OTHER", barcodes: [] }))
      assert.strictEqual(again._tag, "ProductExists")
      const sku = yield* Effect.flip(inventory.createProduct({ sku: "MUG", name: "Other" }))
      assert(sku._tag === "CodeTaken")
      assert.deepStrictEqual([sku.field, sku.code, sku.product], ["sku", "MUG", mug.id])
      const barcode = yield* Effect.flip(inventory.createProduct({ sku: "CUP", name: "Cup", barcodes: ["222"] }))
      assert(barcode._tag === "CodeTaken")
      assert.deepStrictEqual([barcode.field, barcode.code], ["barcode", "222"])
    }).pipe(Effect.provide(Live))
  )

  it.effect("frees the codes it gives up, and keeps those it has", () =>
    Effect.gen(function* () {
      const { inventory, byCode } = yield* catalogue
      const product = yield* inventory.updateProduct({
        product: mug.id,
        expected: 1,
        sku: "MUG-2",
        barcodes: ["222", "333"]
      })
      assert.deepInclude(product, { sku: "MUG-2", name: "Mug", version: 2 })
      assert.deepStrictEqual(
        yield* Effect.all([byCode("sku", "MUG"), byCode("sku", "MUG-2"), byCode("barcode", "111")]),
        [undefined, mug.id, undefined]
      )
      assert.strictEqual(yield* byCode("barcode", "222"), mug.id)
      yield* inventory.createProduct({ sku: "MUG", name: "Another", barcodes: ["111"] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("changes only under the version that its writer saw", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      yield* inventory.updateProduct({ product: mug.id, expected: "any", name: "Big mug" })
      const stale = yield* Effect.flip(inventory.updateProduct({ product: mug.id, expected: 1, name: "Small mug" }))
      assert(stale._tag === "StaleVersion")
      assert.deepStrictEqual([stale.entity, stale.expected, stale.current], ["product", 1, 2])
      const unknown = inventory.updateProduct({ product: ProductId.make("cup"), expected: "any" })
      assert.strictEqual((yield* Effect.flip(unknown))._tag, "UnknownProduct")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is archived and restored, and keeps its codes meanwhile", () =>
    Effect.gen(function* () {
      const { inventory, byCode } = yield* catalogue
      const archived = yield* inventory.archiveProduct({ product: mug.id, expected: 1, archived: true })
      assert.deepInclude(archived, { status: "archived", version: 2 })
      assert.strictEqual(yield* byCode("sku", "MUG"), mug.id)
      const cart = yield* Effect.flip(inventory.openCart({ lines: [{ product: mug.id, quantity: 1, mode: "add" }] }))
      assert.strictEqual(cart._tag, "ProductInactive")
      const stale = yield* Effect.flip(inventory.archiveProduct({ product: mug.id, expected: 1, archived: false }))
      assert.strictEqual(stale._tag, "StaleVersion")
      const restored = yield* inventory.archiveProduct({ product: mug.id, expected: 2, archived: false })
      assert.strictEqual(restored.status, "active")
      const tags = (yield* inventory.read.events({}, 10)).map(({ event }) => event._tag)
      assert.deepStrictEqual(tags, ["ProductCreated", "ProductCreated", "ProductArchived", "ProductRestored"])
    }).pipe(Effect.provide(Live))
  )
})

describe("an import", () => {
  it.effect("creates, changes what differs, and leaves what is the same", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      const row = { sku: "CUP", name: "Cup", category: "Kitchen", metadata: { glaze: "blue" }, barcodes: ["9"] }
      const outcomes = []
      for (const change of [
        {},
        {},
        { name: "Cup XL" },
        { metadata: { glaze: "red" } },
        { metadata: { glaze: "red" } }
      ]) {
        const { lines } = yield* inventory.importProducts({ lines: [{ ...row, name: "Cup", ...change }] })
        outcomes.push(lines[0]?.outcome)
      }
      assert.deepStrictEqual(outcomes, ["created", "unchanged", "updated", "updated", "unchanged"])
    }).pipe(Effect.provide(Live))
  )

  it.effect("finds the product by its SKU, and refuses another unit or another's barcode", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      const bowl = { sku: "BOWL", name: "Bowl" }
      const kilograms = { name: "kg", decimals: 3 }
      const { lines } = yield* inventory.importProducts({
        lines: [
          { ...bowl, category: "Kitchen" },
          { ...bowl, unit: kilograms },
          { ...bowl, barcodes: ["111"] },
          { sku: "NEW", name: "New" },
          { sku: "NEW", name: "Newer" }
        ]
      })
      assert.deepStrictEqual(
        lines.map((line) => (line.outcome === "refused" ? line.refusal._tag : line.outcome)),
        ["updated", "UnitFixed", "CodeTaken", "created", "updated"]
      )
      assert.deepStrictEqual(lines[0], { outcome: "updated", product: ProductId.make("bowl") })
      const made = Option.getOrThrow(yield* inventory.read.productByCode("sku", "NEW"))
      assert.deepStrictEqual([made.name, made.version], ["Newer", 1])
    }).pipe(Effect.provide(Live))
  )
})
