// Movements are recorded all or none, through flows that exist, and never below what is there.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { Inventory, LocationId, layerMemory, type MovementLine, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const product = ProductId.make("mug")
const location = LocationId.make("shop")

/** A shop with ten sellable mugs, two of them held, and three damaged ones. */
const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: location, name: "Shop" })
  yield* inventory.createProduct({ id: product, sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({
    lines: [
      { kind: "receipt", product, location, quantity: 10 },
      { kind: "receipt", product, location, quantity: 3, to: "damaged" }
    ]
  })
  yield* inventory.holdStock({ lines: [{ product, location, quantity: 2 }], ttlMillis: 60_000 })
  const record = (...lines: readonly [Partial<MovementLine>, ...ReadonlyArray<Partial<MovementLine>>]) => {
    const full = (line: Partial<MovementLine>): MovementLine => ({
      kind: "sale",
      product,
      location,
      quantity: 1,
      ...line
    })
    return inventory.recordMovements({ lines: [full(lines[0]), ...lines.slice(1).map(full)] })
  }
  const balance = inventory.read.balance({ product, location, lot: "" })
  return { inventory, record, balance }
})

describe("recording movements", () => {
  it.effect("answers with the levels they leave", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      const { levels } = yield* record(
        { quantity: 3 },
        { kind: "receipt", quantity: 1 },
        { kind: "damage", quantity: 2 }
      )
      assert.deepStrictEqual(levels, [{ key: { product, location, lot: "" }, onHand: 11, available: 4 }])
    }).pipe(Effect.provide(Live))
  )

  it.effect("judges lines of one key on their net, and tells the shortage with their sum", () =>
    Effect.gen(function* () {
      const { record, balance } = yield* shop
      const before = yield* balance
      const short = yield* Effect.flip(record({ quantity: 5 }, { quantity: 4 }))
      assert(short._tag === "InsufficientStock")
      assert.deepStrictEqual(short.lines, [
        { key: { product, location, lot: "" }, wanted: 9, available: 8, nextIncoming: null }
      ])
      assert.deepStrictEqual(yield* balance, before)
      yield* record({ quantity: 5 }, { quantity: 4 }, { kind: "receipt", quantity: 1 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("does not take what is held, nor more of a condition than rests in it", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      assert.strictEqual((yield* Effect.flip(record({ quantity: 9 })))._tag, "InsufficientStock")
      const short = yield* Effect.flip(record({ kind: "scrap", from: "damaged", quantity: 4 }))
      assert(short._tag === "InsufficientStock")
      assert.deepStrictEqual([short.lines[0]?.wanted, short.lines[0]?.available], [4, 3])
      yield* record({ kind: "scrap", from: "damaged", quantity: 3 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells a shortage of a condition once, with the sum that was to leave it", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      const scrap = { kind: "scrap", from: "damaged" } as const
      const short = yield* Effect.flip(record({ ...scrap, quantity: 2 }, { ...scrap, quantity: 3 }))
      assert(short._tag === "InsufficientStock")
      assert.deepStrictEqual(short.lines, [
        { key: { product, location, lot: "" }, wanted: 5, available: 3, nextIncoming: null }
      ])
      // What comes in with the same command counts.
      yield* record(
        { ...scrap, quantity: 2 },
        { ...scrap, quantity: 3 },
        { kind: "receipt", to: "damaged", quantity: 2 }
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells only what is short, each condition by itself", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      const scrap = { kind: "scrap", from: "damaged" } as const
      const shortages = (...lines: Parameters<typeof record>) =>
        Effect.map(Effect.flip(record(...lines)), (short) => {
          assert(short._tag === "InsufficientStock")
          return short.lines.map(({ key, wanted, available }) => [key.lot, wanted, available])
        })
      // Beside a shortage of sellable ones: damaged ones that are there, the last of them, and some that come in.
      const sale = { quantity: 9 }
      assert.deepStrictEqual(yield* shortages(sale, { ...scrap, quantity: 1 }), [["", 9, 8]])
      assert.deepStrictEqual(yield* shortages(sale, { ...scrap, quantity: 3 }), [["", 9, 8]])
      assert.deepStrictEqual(yield* shortages(sale, { kind: "receipt", to: "damaged" }), [["", 9, 8]])
      const found = { kind: "adjustment", from: "quarantine", to: "adjustment", quantity: 1 } as const
      assert.deepStrictEqual(yield* shortages({ ...scrap, quantity: 4 }, found), [
        ["", 4, 3],
        ["", 1, 0]
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes the usual way of a kind when only one end is named, and refuses ways that do not exist", () =>
    Effect.gen(function* () {
      const { record, balance, inventory } = yield* shop
      yield* record({ kind: "adjustment", from: "damaged", quantity: 1 }, { kind: "customerReturn", to: "quarantine" })
      const { damaged, quarantine } = yield* balance
      assert.deepStrictEqual([damaged, quarantine], [2, 1])
      const { items } = yield* inventory.read.movements({ kind: "adjustment" }, { _tag: "Cursor", limit: 1 })
      assert.deepStrictEqual([items[0]?.from, items[0]?.to], ["damaged", "adjustment"])
      const refused = yield* Effect.flip(record({ kind: "sale", to: "scrap" }))
      assert(refused._tag === "ImpossibleFlow")
      assert.deepInclude(refused, { kind: "sale", from: "sellable", to: "scrap", accepted: ["sellable to customer"] })
      const backwards = yield* Effect.flip(record({ kind: "sale", from: "customer" }))
      assert.deepInclude(backwards, { from: "customer", to: "customer" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("with an expectation passes only when it is met, in the condition that changes", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      const stale = yield* Effect.flip(record({ expected: 9 }))
      assert(stale._tag === "StaleQuantity")
      assert.deepStrictEqual([stale.expected, stale.current], [9, 10])
      yield* record({ expected: 10 })
      yield* record({ kind: "receipt", to: "damaged", expected: 3 })
      assert.strictEqual((yield* Effect.flip(record({ kind: "receipt", expected: 3 })))._tag, "StaleQuantity")
    }).pipe(Effect.provide(Live))
  )

  it.effect("knows its product and location", () =>
    Effect.gen(function* () {
      const { record } = yield* shop
      const product = yield* Effect.flip(record({ kind: "receipt", product: ProductId.make("ghost") }))
      assert.strictEqual(product._tag, "UnknownProduct")
      const location = yield* Effect.flip(record({ kind: "receipt", location: LocationId.make("nowhere") }))
      assert.strictEqual(location._tag, "UnknownLocation")
    }).pipe(Effect.provide(Live))
  )

  it.effect("neither buys nor sells an archived product, but takes back, counts and scraps what is left of it", () =>
    Effect.gen(function* () {
      const { record, inventory } = yield* shop
      yield* inventory.archiveProduct({ product, expected: 1, archived: true })
      for (const kind of ["opening", "receipt", "sale"] as const) {
        assert.strictEqual((yield* Effect.flip(record({ kind })))._tag, "ProductInactive", kind)
      }
      yield* record({ kind: "customerReturn" }, { kind: "adjustment" }, { kind: "scrap" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps when it happened, why, by whom and at what cost", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const occurredAt = DateTime.makeUnsafe("2020-02-02T10:00:00Z")
      const unitCost = { amount: "4.25", currency: "USD" }
      const source = { type: "purchaseOrder", id: "PO-7" }
      yield* inventory.recordMovements(
        { lines: [{ kind: "receipt", product, location, quantity: 4, reason: "found", unitCost }], source },
        { key: "late", actor: "ann", occurredAt }
      )
      const { items } = yield* inventory.read.movements({ source }, { _tag: "Cursor", limit: 5 })
      const [movement] = items
      assert.strictEqual(items.length, 1)
      assert.deepInclude(movement, { occurredAt, reason: "found", unitCost, source, actor: "ann", command: "late" })
    }).pipe(Effect.provide(Live))
  )
})
