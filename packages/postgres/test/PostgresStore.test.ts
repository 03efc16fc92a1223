import { assert, describe, it } from "@effect/vitest"
import { cursorAfter, firstPage, InvalidCursor, Inventory, type Page, type PageRequest } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"
import { layerMemory } from "../src/pglite/index.ts"

const stores = {
  PostgreSQL: Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (url) => PostgresStore.layer({ url: Redacted.make(url) })
    )
  ),
  PGlite: PostgresStore.layerClient().pipe(Layer.provide(layerMemory))
}

const USD = (amount: number) => ({ amount, currency: "USD" })

/** A shop with one product of which some were received. */
const stocked = (quantity: number) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const shop = yield* inventory.createLocation({ name: "Shop" })
    const sku = `MUG-${shop.id.slice(-12)}`
    const mug = yield* inventory.createProduct({ sku, barcodes: [`B${sku}`], name: "Mug", price: USD(950) })
    yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug.id, location: shop.id, quantity }] })
    return { inventory, shop, mug }
  })

for (const [name, store] of Object.entries(stores)) {
  const Live = Inventory.layer.pipe(Layer.provide(store))
  describe(`the inventory on ${name}`, () => {
    it.live("sells what was received, answers a repeated key again, and refuses more than there is", () =>
      Effect.gen(function* () {
        const { inventory, shop, mug } = yield* stocked(3)
        yield* inventory.setThresholds({ lines: [{ product: mug.id, location: shop.id, low: 1 }] })
        const cart = yield* inventory.openCart({
          owner: "ann",
          lines: [{ product: mug.id, quantity: 2, mode: "add" }]
        })
        const order = yield* inventory.checkout({ cart: cart.id, location: shop.id }, { key: "order-1" })
        assert.deepStrictEqual(order.total, USD(1900))
        assert.deepStrictEqual(
          yield* inventory.checkout({ cart: cart.id, location: shop.id }, { key: "order-1" }),
          order
        )
        const second = yield* inventory.openCart({
          owner: "ann",
          lines: [{ product: mug.id, quantity: 2, mode: "add" }]
        })
        const refusal = yield* Effect.flip(inventory.checkout({ cart: second.id, location: shop.id }))
        assert.strictEqual(refusal._tag, "InsufficientStock")
        const alerts = yield* inventory.read.restockAlerts({}, { _tag: "Cursor", limit: 10 })
        assert.deepStrictEqual(
          alerts.items.map((alert) => alert.available),
          [1]
        )
        const products = yield* inventory.read.products({ search: "mu" }, { _tag: "Numbered", page: 1, pageSize: 10 })
        assert.deepStrictEqual([products.total, products.items[0]?.available], [1, 1])
        const movements = yield* inventory.read.movements({ product: mug.id }, { _tag: "Cursor", limit: 1 })
        assert.deepStrictEqual(
          movements.items.map(({ kind, onHandAfter }) => [kind, onHandAfter]),
          [["sale", 1]]
        )
        const older = yield* inventory.read.movements(
          { product: mug.id },
          { _tag: "Cursor", limit: 1, cursor: movements.nextCursor ?? "" }
        )
        assert.deepStrictEqual(
          older.items.map(({ kind }) => kind),
          ["receipt"]
        )
        const events = yield* inventory.read.events({}, 100)
        assert.include(
          events.map(({ event }) => event._tag),
          "LowStockRaised"
        )
        assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      }).pipe(Effect.provide(Live))
    )

    it.live("refuses a cursor that somebody made up, whatever stands in it", () =>
      Effect.gen(function* () {
        const { inventory, shop, mug } = yield* stocked(2)
        yield* stocked(1)
        yield* inventory.recordMovements({
          lines: [{ kind: "sale", product: mug.id, location: shop.id, quantity: 1 }]
        })
        const { read } = inventory
        const lists: ReadonlyArray<(page: PageRequest) => Effect.Effect<Page<unknown>, unknown>> = [
          read.locations,
          (page) => read.products({}, page),
          (page) => read.products({ sort: "created_desc" }, page),
          (page) => read.products({ sort: "stock_asc" }, page),
          (page) => read.movements({}, page),
          (page) => read.levels({}, page)
        ]
        for (const list of lists) {
          const cursor = (yield* list(firstPage(1))).nextCursor ?? ""
          const [name, ...values]: ReadonlyArray<string | number> = JSON.parse(
            Buffer.from(cursor, "base64url").toString()
          )
          for (const [index, value] of values.entries()) {
            const odd = typeof value === "string" ? ["\0", 1] : ["a", 1e300, -1e300, 2 ** 63, -(2 ** 62)]
            for (const made of odd) {
              const after = cursorAfter(String(name), values.with(index, made))
              const refused = yield* Effect.flip(list({ _tag: "Cursor", limit: 1, cursor: after }))
              assert.instanceOf(refused, InvalidCursor, `${name}, ${index}: ${JSON.stringify(made)}`)
            }
          }
          assert.isNotEmpty((yield* list({ _tag: "Cursor", limit: 1, cursor })).items, "the one that was given out")
        }
      }).pipe(Effect.provide(Live))
    )

    it.live("gives 1,000 callers who want one of 100 exactly 100", () =>
      Effect.gen(function* () {
        const { inventory, shop, mug } = yield* stocked(100)
        const sale = { kind: "sale" as const, product: mug.id, location: shop.id, quantity: 1 }
        const takes = Array.from({ length: 1_000 }, () => Effect.result(inventory.recordMovements({ lines: [sale] })))
        const results = yield* Effect.all(takes, { concurrency: "unbounded" })
        const refused = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
        assert.strictEqual(refused.length, 900)
        assert.deepStrictEqual([...new Set(refused.map(({ _tag }) => _tag))], ["InsufficientStock"])
        assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      }).pipe(Effect.provide(Live))
    )
  })
}
