// A vendor sells products on terms, one of several is a product's primary vendor, and what is said to it is kept.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import {
  acceptedQuantity,
  firstPage,
  Inventory,
  layerMemory,
  MAX_QUANTITY,
  ProductId,
  VendorId,
  type VendorProductFilter
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const potter = VendorId.make("potter")
const importer = VendorId.make("importer")
const mug = ProductId.make("mug")
const tea = ProductId.make("tea")

/** Two vendors and two products. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createVendor({ id: potter, name: "Potter" })
  yield* inventory.createVendor({ id: importer, name: "Importer" })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug" })
  yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea" })
  const terms = (filter: VendorProductFilter) =>
    Effect.map(inventory.read.vendorProducts(filter, firstPage()), ({ items }) => items)
  const primary = Effect.map(terms({}), (items) =>
    items.filter(({ primary }) => primary).map(({ product, vendor }) => `${product} of ${vendor}`)
  )
  return { inventory, terms, primary }
})

describe("a vendor", () => {
  it.effect("is created with the people there, changed, archived and restored", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const eve = { name: "Eve", role: "sales", email: "eve@example.com", phone: "+44 20 7946 0000" }
      const created = yield* inventory.createVendor({ name: "Glass Works", contacts: [eve], tolerance: 10 })
      assert.deepInclude(created, { email: null, phone: "", address: "", status: "active", tolerance: 10, version: 1 })
      const of = { vendor: created.id }
      const moved = yield* inventory.updateVendor({ ...of, expected: 1, address: "Kiln Lane 1" })
      assert.deepInclude(moved, { name: "Glass Works", contacts: [eve], address: "Kiln Lane 1", version: 2 })
      assert.strictEqual((yield* inventory.archiveVendor({ ...of, expected: 2, archived: true })).status, "archived")
      assert.strictEqual((yield* inventory.archiveVendor({ ...of, expected: 3, archived: false })).status, "active")
      const stale = yield* Effect.flip(inventory.updateVendor({ ...of, expected: 3, name: "Glass" }))
      assert(stale._tag === "StaleVersion")
      assert.deepInclude(stale, { entity: "vendor", expected: 3, current: 4 })
      const twice = yield* Effect.flip(inventory.createVendor({ id: potter, name: "Other" }))
      assert.strictEqual(twice._tag, "VendorExists")
      const unknown = yield* Effect.flip(
        inventory.updateVendor({ vendor: VendorId.make("none"), expected: "any", name: "X" })
      )
      assert.strictEqual(unknown._tag, "UnknownVendor")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is found by its id, and listed by name, by a part of it and by status", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      yield* inventory.archiveVendor({ vendor: importer, expected: "any", archived: true })
      const names = (filter: Parameters<typeof inventory.read.vendors>[0]) =>
        Effect.map(inventory.read.vendors(filter, firstPage()), ({ items }) => items.map(({ name }) => name))
      assert.deepStrictEqual(yield* names({}), ["Importer", "Potter"])
      assert.deepStrictEqual(yield* names({ status: "active" }), ["Potter"])
      assert.deepStrictEqual(yield* names({ search: " POTT" }), ["Potter"])
      assert.isTrue(Option.isSome(yield* inventory.read.vendor(potter)))
      assert.isTrue(Option.isNone(yield* inventory.read.vendor(VendorId.make("none"))))
    }).pipe(Effect.provide(Live))
  )

  it.effect("sells products on terms, of which the named ones change and the others stay", () =>
    Effect.gen(function* () {
      const { inventory, terms } = yield* given
      const price = { amount: "412.5", currency: "USD" }
      yield* inventory.setVendorProducts({ vendor: potter, lines: [{ product: mug }, { product: tea, pack: 6 }] })
      const { products } = yield* inventory.setVendorProducts({
        vendor: potter,
        lines: [
          { product: mug, pack: 4 },
          { product: mug, sku: "P-7", pack: 12, minimum: 24, price, leadTimeDays: 10 }
        ]
      })
      assert.strictEqual(products.length, 1, "the last line for a product counts")
      assert.deepInclude(products[0], { sku: "P-7", pack: 12, minimum: 24, price, leadTimeDays: 10, version: 2 })
      const { products: changed } = yield* inventory.setVendorProducts({
        vendor: potter,
        lines: [{ product: mug, minimum: 12, archived: true }]
      })
      assert.deepInclude(changed[0], { sku: "P-7", pack: 12, minimum: 12, price, status: "archived", version: 3 })
      const sold = yield* terms({ vendor: potter })
      assert.deepStrictEqual(
        sold.map(({ product, pack, minimum, status }) => [product, pack, minimum, status]),
        [
          [mug, 12, 12, "archived"],
          [tea, 6, 1, "active"]
        ]
      )
      assert.deepStrictEqual(yield* terms({ product: tea, vendor: importer }), [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is primary for a product until another one is, or it sells the product no more", () =>
    Effect.gen(function* () {
      const { inventory, terms, primary } = yield* given
      const set = (vendor: VendorId, line: { readonly primary?: boolean; readonly archived?: boolean }) =>
        inventory.setVendorProducts({ vendor, lines: [{ product: mug, ...line }] })
      yield* set(potter, { primary: true })
      assert.deepStrictEqual(yield* primary, ["mug of potter"])
      yield* set(importer, { primary: true })
      assert.deepStrictEqual(yield* primary, ["mug of importer"])
      assert.deepStrictEqual(
        (yield* terms({ product: mug })).map(({ vendor, version }) => [vendor, version]),
        [
          [importer, 1],
          [potter, 2]
        ]
      )
      yield* set(importer, {})
      assert.deepStrictEqual(yield* primary, ["mug of importer"])
      yield* set(importer, { archived: true })
      assert.deepStrictEqual(yield* primary, [])
      yield* set(importer, { primary: true })
      assert.deepStrictEqual(yield* primary, [], "what is archived is not primary")
      yield* set(potter, { primary: true })
      yield* set(importer, { archived: false, primary: true })
      assert.deepStrictEqual(yield* primary, ["mug of importer"])
      yield* set(importer, { primary: false })
      assert.deepStrictEqual(yield* primary, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is primary for each product by itself, and takes that from nobody by not being it", () =>
    Effect.gen(function* () {
      const { inventory, terms, primary } = yield* given
      const set = (vendor: VendorId, product: ProductId, primary: boolean) =>
        inventory.setVendorProducts({ vendor, lines: [{ product, primary }] })
      yield* set(potter, mug, true)
      yield* set(importer, tea, true)
      assert.sameMembers(yield* primary, ["mug of potter", "tea of importer"])
      yield* set(importer, mug, false)
      assert.sameMembers(yield* primary, ["mug of potter", "tea of importer"])
      yield* set(importer, mug, true)
      assert.sameMembers(yield* primary, ["mug of importer", "tea of importer"])
      yield* set(importer, mug, false)
      yield* set(potter, mug, true)
      assert.sameMembers(yield* primary, ["mug of potter", "tea of importer"])
      const [, kept] = [...(yield* terms({ product: mug }))].sort((a, b) => (a.vendor < b.vendor ? 1 : -1))
      assert.deepInclude(kept, { vendor: importer, version: 3 }, "who was not primary any more is left as it is")
    }).pipe(Effect.provide(Live))
  )

  it.effect("cannot be given terms while it is archived, or for a product that nobody knows", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const unknown = yield* Effect.flip(
        inventory.setVendorProducts({ vendor: potter, lines: [{ product: ProductId.make("none") }] })
      )
      assert.strictEqual(unknown._tag, "UnknownProduct")
      yield* inventory.archiveVendor({ vendor: potter, expected: "any", archived: true })
      const archived = yield* Effect.flip(inventory.setVendorProducts({ vendor: potter, lines: [{ product: mug }] }))
      assert.strictEqual(archived._tag, "VendorInactive")
    }).pipe(Effect.provide(Live))
  )

  it.effect("has a history of what was said to whom, about what and how, the latest first", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      yield* TestClock.setTime(Date.UTC(2026, 4, 2, 12))
      const said = { vendor: potter, medium: "phone", person: "Eve" } as const
      const asked = yield* inventory.submit(
        "recordContact",
        { ...said, product: mug, message: "When do the mugs come?" },
        { key: "call-1", actor: "ann" }
      )
      assert.deepInclude(asked.reply, { ...said, product: mug, actor: "ann", version: 1 })
      const occurredAt = DateTime.makeUnsafe(Date.UTC(2026, 4, 1))
      const earlier = yield* inventory.recordContact(
        { vendor: potter, medium: "inPerson", message: "Met at the fair." },
        { occurredAt }
      )
      assert.deepInclude(earlier, { person: null, product: null, actor: null, contactedAt: occurredAt })
      yield* inventory.recordContact({ vendor: importer, medium: "email", message: "Your prices, please." })
      const messages = (filter: VendorProductFilter) =>
        Effect.map(inventory.read.contactHistory(filter, firstPage()), ({ items }) =>
          items.map(({ message }) => message)
        )
      assert.deepStrictEqual(yield* messages({ vendor: potter }), ["When do the mugs come?", "Met at the fair."])
      assert.deepStrictEqual(yield* messages({ product: mug }), ["When do the mugs come?"])
      assert.strictEqual((yield* messages({})).length, 3)
      const unknown = yield* Effect.flip(
        inventory.recordContact({ ...said, product: ProductId.make("none"), message: "?" })
      )
      assert.strictEqual(unknown._tag, "UnknownProduct")
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells of its creation, its changes and its contacts", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const start = yield* inventory.read.head
      yield* inventory.createVendor({ id: VendorId.make("glass"), name: "Glass" })
      yield* inventory.updateVendor({ vendor: potter, expected: "any", name: "Potters" })
      yield* inventory.setVendorProducts({ vendor: potter, lines: [{ product: mug }] })
      const { id } = yield* inventory.recordContact({ vendor: potter, medium: "phone", message: "Hello." })
      assert.deepStrictEqual(
        (yield* inventory.read.events(start, 100)).map(({ event }) => event),
        [
          { _tag: "VendorCreated", vendor: VendorId.make("glass") },
          { _tag: "VendorUpdated", vendor: potter },
          { _tag: "VendorUpdated", vendor: potter },
          { _tag: "VendorContacted", vendor: potter, contact: id }
        ]
      )
    }).pipe(Effect.provide(Live))
  )
})

describe("the quantity that a vendor accepts", () => {
  it.each([
    [{ pack: 1, minimum: 1 }, 7, 7],
    [{ pack: 12, minimum: 1 }, 13, 24],
    [{ pack: 12, minimum: 30 }, 13, 36],
    [{ pack: 12, minimum: 24 }, 24, 24],
    [{ pack: 5, minimum: 12 }, 1, 15]
  ])("of %j for %i is %i", (terms, wanted, accepted) => {
    assert.strictEqual(acceptedQuantity(terms, wanted), accepted)
  })

  it("is the least in whole packs that is enough, to the last step, for any quantity", () => {
    const quantity = fc.integer({ min: 1, max: MAX_QUANTITY })
    fc.assert(
      fc.property(quantity, quantity, quantity, (pack, minimum, wanted) => {
        const accepted = BigInt(acceptedQuantity({ pack, minimum }, wanted))
        const least = BigInt(Math.max(minimum, wanted))
        assert.strictEqual(accepted % BigInt(pack), 0n)
        assert.isTrue(accepted >= least && accepted - BigInt(pack) < least)
      })
    )
  })
})
