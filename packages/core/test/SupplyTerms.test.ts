// How products are ordered: by the policy of a place, by who sells them first of all, and else as usual.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inventory, LocationId, layerMemory, ProductId, supplyTerms, VendorId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const [shop, depot] = [LocationId.make("shop"), LocationId.make("depot")]
const [mug, oil] = [ProductId.make("mug"), ProductId.make("oil")]
const [potter, mill] = [VendorId.make("potter"), VendorId.make("mill")]

const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug" })
  yield* inventory.createProduct({ id: oil, sku: "OIL", name: "Oil", unit: { name: "l", decimals: 2 } })
  for (const id of [potter, mill]) yield* inventory.createVendor({ id, name: `The ${id}` })
  const mugs = { product: mug, pack: 6, minimum: 12, leadTimeDays: 10, primary: true }
  yield* inventory.setVendorProducts({ vendor: potter, lines: [mugs, { product: oil, leadTimeDays: 90 }] })
  yield* inventory.setVendorProducts({ vendor: mill, lines: [{ product: oil, pack: 50, minimum: 250, primary: true }] })
  yield* inventory.setReorderPolicies({
    lines: [
      { product: mug, location: shop, leadDays: [3], reviewDays: 1 },
      { abc: "C", reviewDays: 30 }
    ]
  })
  const product = (id: ProductId) => Effect.flatMap(inventory.read.product(id), Effect.fromOption)
  return { inventory, subjects: { mug: yield* product(mug), oil: yield* product(oil) } }
})

describe("supply terms", () => {
  it.effect("are those of a place before those of its vendor, and these before a class's and the usual ones", () =>
    Effect.gen(function* () {
      const { inventory, subjects } = yield* given
      const { termsOf, soldBy, vendors } = yield* supplyTerms(inventory.read)
      assert.deepStrictEqual([...soldBy.values()].map(({ product, vendor }) => [product, vendor]).sort(), [
        [mug, potter],
        [oil, mill]
      ])
      assert.strictEqual(vendors.get(potter), "The potter")
      const own = termsOf({ product: subjects.mug, location: shop, abc: "C" })
      assert.deepInclude(own, { leadDays: [3], reviewDays: 1, rules: { pack: 6, minimum: 12 } })
      const theirs = termsOf({ product: subjects.mug, location: depot, abc: "C" })
      assert.deepInclude(theirs, { leadDays: [10], reviewDays: 30 })
      const usual = termsOf({ product: subjects.oil, location: depot, abc: "A" })
      assert.deepInclude(usual, { leadDays: [7], reviewDays: 7, rules: { pack: 0.5, minimum: 2.5 } })
      const asked = termsOf({ product: subjects.oil, location: depot, abc: "A" }, (abc) => ({
        ...{ target: { kind: "cycle service", level: abc === "A" ? 0.5 : 0.9 }, leadDays: [2], reviewDays: 4 }
      }))
      assert.deepInclude(asked, { target: { kind: "cycle service", level: 0.5 }, leadDays: [2], reviewDays: 4 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("of a vendor that is archived are nobody's: nothing can be ordered there", () =>
    Effect.gen(function* () {
      const { inventory, subjects } = yield* given
      yield* inventory.archiveVendor({ vendor: potter, expected: "any", archived: true })
      const { termsOf, soldBy } = yield* supplyTerms(inventory.read)
      assert.deepStrictEqual([...soldBy.keys()], [oil])
      assert.deepInclude(termsOf({ product: subjects.mug, location: depot, abc: "A" }), { leadDays: [7] })
    }).pipe(Effect.provide(Live))
  )
})
