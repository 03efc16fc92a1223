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

  it.effect("is plain where nothing is said of it, and its codes may hold any visible sign", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      const plain = yield* inventory.createProduct({ sku: "A:1:b", name: "Plain" })
      assert.deepInclude(plain, { description: "", category: "", barcodes: [], metadata: {}, price: null, version: 1 })
      const taken = yield* Effect.flip(inventory.createProduct({ sku: "A:1:b", name: "Other" }))
      assert(taken._tag === "CodeTaken")
      assert.deepInclude(taken, { field: "sku", code: "A:1:b", product: plain.id })
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells that it changed, and keeps its own codes when they are named again", () =>
    Effect.gen(function* () {
      const { inventory, byCode } = yield* catalogue
      const { id: product, sku, barcodes } = mug
      yield* inventory.updateProduct({ product, expected: 1, sku, barcodes, category: "Kitchen" })
      assert.deepStrictEqual([yield* byCode("sku", sku), yield* byCode("barcode", "111")], [product, product])
      const told = (yield* inventory.read.events({}, 10)).map(({ event }) => event)
      assert.deepStrictEqual(told.at(-1), { _tag: "ProductUpdated", product, sku })
      const stale = yield* Effect.flip(inventory.archiveProduct({ product, expected: 7, archived: true }))
      assert(stale._tag === "StaleVersion")
      assert.deepInclude(stale, { entity: "product", expected: 7, current: 2 })
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

  it.effect("is told of row by row: what it created and changed, not what it left or refused", () =>
    Effect.gen(function* () {
      const { inventory } = yield* catalogue
      const head = yield* inventory.read.head
      const kilograms = { name: "kg", decimals: 3 }
      const { lines } = yield* inventory.importProducts({
        lines: [
          { sku: "CUP", name: "Cup", unit: kilograms },
          { sku: "CUP", name: "Cup", unit: kilograms },
          { sku: "CUP", name: "Cup", category: "Kitchen" },
          { sku: "CUP", name: "Cup", unit: { ...kilograms, decimals: 2 } },
          { sku: "CUP", name: "Cup", unit: { ...kilograms, name: "g" } },
          { sku: "MUG", name: "Mug", barcodes: ["111", "444"] },
          { sku: "JUG", name: "Jug", barcodes: ["444"] },
          { sku: "JAR", name: "Jar", barcodes: ["222"] }
        ]
      })
      assert.deepStrictEqual(
        lines.map((line) => (line.outcome === "refused" ? line.refusal._tag : line.outcome)),
        ["created", "unchanged", "updated", "UnitFixed", "UnitFixed", "updated", "CodeTaken", "created"]
      )
      const made = (index: number) => {
        const line = lines[index]
        return line?.outcome === "created" ? line.product : assert.fail("it was not created")
      }
      const [cup, jar] = [made(0), made(7)] as const
      const told = (yield* inventory.read.events(head, 100)).map(({ event }) => event)
      assert.deepStrictEqual(told, [
        { _tag: "ProductCreated", product: cup, sku: "CUP" },
        { _tag: "ProductUpdated", product: cup, sku: "CUP" },
        { _tag: "ProductUpdated", product: mug.id, sku: "MUG" },
        { _tag: "ProductCreated", product: jar, sku: "JAR" }
      ])
      const now = Option.getOrThrow(yield* inventory.read.productByCode("sku", "CUP"))
      assert.deepInclude(now, { category: "Kitchen", unit: kilograms, version: 1 })
      const changed = Option.getOrThrow(yield* inventory.read.productByCode("barcode", "444"))
      assert.deepInclude(changed, { id: mug.id, barcodes: ["111", "444"], version: 2 })
      // The barcode that the mug gave up was free for the jar, in the same import.
      assert.strictEqual(Option.getOrThrow(yield* inventory.read.productByCode("barcode", "222")).id, jar)
    }).pipe(Effect.provide(Live))
  )
})
