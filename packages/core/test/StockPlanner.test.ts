import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  ForecastKeeper,
  type ForecastKeeperShape,
  Inventory,
  type InventoryShape,
  LocationId,
  layerMemory,
  type OrderTerms,
  type PlanOptions,
  type PlanTask,
  planAll,
  planStock
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const terms: OrderTerms = { target: { kind: "cycle service", level: 0.95 }, leadDays: [7], reviewDays: 7 }
const START = DateTime.makeUnsafe("2026-01-05T09:00:00Z")
const WEEKS = 20

const options: PlanOptions = {
  calendar: {
    every: "week",
    timeZone: DateTime.zoneMakeNamedUnsafe("UTC"),
    from: START,
    to: DateTime.add(START, { weeks: WEEKS })
  },
  horizon: 4
}

/** A product that is delivered once and sold every week. */
const sellWeekly = (inventory: InventoryShape, sku: string, category: string, amount: number, stock = 1_000) =>
  Effect.gen(function* () {
    const product = yield* inventory.createProduct({
      sku,
      name: sku,
      category,
      price: { amount: 100, currency: "USD" }
    })
    const [shop] = (yield* inventory.read.locations({ _tag: "Cursor", limit: 1 })).items
    assert(shop !== undefined)
    const line = { product: product.id, location: shop.id }
    yield* inventory.recordMovements({ lines: [{ ...line, kind: "receipt", quantity: stock }] }, { occurredAt: START })
    for (let week = 0; week < WEEKS; week++) {
      const quantity = amount + (week % 3)
      const occurredAt = DateTime.add(START, { weeks: week, hours: 1 })
      if (quantity > 0)
        yield* inventory.recordMovements({ lines: [{ ...line, kind: "sale", quantity }] }, { occurredAt })
    }
    return line
  })

const collect = (inventory: InventoryShape, how: Partial<PlanOptions> = {}) =>
  Effect.map(Stream.runCollect(planAll(inventory.read, { ...options, ...how })), (plans) => [...plans])

describe("the planner", () => {
  it.effect("plans each product at each location by its own demand and stock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START.epochMilliseconds)
      const inventory = yield* Inventory
      const shop = yield* inventory.createLocation({ name: "Shop" })
      const fast = yield* sellWeekly(inventory, "FAST", "Mugs", 30, 640)
      const slow = yield* sellWeekly(inventory, "SLOW", "Mugs", 2)
      yield* inventory.holdStock({ lines: [{ ...slow, quantity: 5 }], ttlMillis: 60_000 })
      const plans = yield* collect(inventory, { termsOf: () => terms })
      const of = (sku: string) => plans.find(({ product }) => product.sku === sku) ?? assert.fail(sku)
      assert.strictEqual(plans.length, 2)
      assert.closeTo(of("FAST").expected.total.mean, 124, 6)
      assert.closeTo(of("SLOW").expected.total.mean, 12, 2)
      assert.deepStrictEqual([of("FAST").abc, of("SLOW").abc], ["A", "B"])
      assert.strictEqual(of("FAST").stock.onHand, 640 - 30 * WEEKS - 19)
      assert.isAbove(of("FAST").suggestion?.order ?? 0, 0)
      assert.strictEqual(of("SLOW").stock.reserved, 5)
      assert.strictEqual(of("SLOW").suggestion?.order, 0)
      assert.strictEqual(DateTime.formatIso(of("SLOW").begins), "2026-05-25T00:00:00.000Z")

      const [only] = yield* collect(inventory, { product: slow.product, location: shop.id, termsOf: () => terms })
      assert.deepStrictEqual(only, of("SLOW"), "the same whatever else is asked for")
      const [alone] = yield* collect(inventory, { product: slow.product, alone: true })
      assert.deepStrictEqual(alone?.expected, of("SLOW").expected, "its past alone says it")
      assert.strictEqual(alone?.abc, "C", "nothing was looked at that it could be compared with")
      yield* inventory.archiveProduct({ product: fast.product, expected: "any", archived: true })
      const after = yield* collect(inventory, { product: fast.product, termsOf: () => terms })
      assert.deepStrictEqual(
        after.map(({ suggestion }) => suggestion),
        [null]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("counts what is on its way from another location as coming", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START.epochMilliseconds)
      const inventory = yield* Inventory
      yield* inventory.createLocation({ id: LocationId.make("a"), name: "A" })
      const { product, location } = yield* sellWeekly(inventory, "MUG", "", 3)
      const far = yield* inventory.createLocation({ name: "Far" })
      const sale = { product, location: far.id, quantity: 1 }
      yield* inventory.recordMovements({ lines: [{ ...sale, kind: "receipt" }] }, { occurredAt: START })
      const lines = [{ product, quantity: 7 }] as const
      const transfer = yield* inventory.createTransfer({ origin: location, destination: far.id, lines })
      yield* inventory.dispatchTransfer({ transfer: transfer.id, origin: location })
      const plans = yield* collect(inventory, { termsOf: () => terms, location: far.id })
      assert.deepStrictEqual(
        plans.map(({ stock }) => stock),
        [{ onHand: 1, onOrder: 7, reserved: 0, backordered: 0 }]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets the category speak for a product that is new", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START.epochMilliseconds)
      const inventory = yield* Inventory
      const shop = yield* inventory.createLocation({ name: "Shop" })
      for (const sku of ["M1", "M2", "M3"]) yield* sellWeekly(inventory, sku, "Mugs", 10)
      for (const sku of ["P1", "P2", "P3"]) yield* sellWeekly(inventory, sku, "Plates", 1)
      // One that sells a hundred times as much does not speak for all.
      yield* sellWeekly(inventory, "P4", "Plates", 100, 5_000)
      for (const category of ["Mugs", "Plates"]) {
        const { id } = yield* inventory.createProduct({ sku: `NEW-${category}`, name: category, category })
        const line = { kind: "receipt" as const, product: id, location: shop.id, quantity: 5 }
        yield* inventory.recordMovements({ lines: [line] }, { occurredAt: DateTime.add(START, { weeks: WEEKS - 1 }) })
      }
      const plans = yield* collect(inventory)
      const [mug, plate] = ["NEW-Mugs", "NEW-Plates"].map(
        (sku) => plans.find(({ product }) => product.sku === sku)?.expected.total.mean ?? 0
      )
      assert.closeTo(mug ?? 0, 44, 12)
      assert.closeTo(plate ?? 0, 12, 8)
    }).pipe(Effect.provide(Live))
  )

  it.effect("goes through all pages in step, and hands each page to whoever plans", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START.epochMilliseconds)
      const inventory = yield* Inventory
      const shops = yield* Effect.forEach(["A", "B", "C"], (name) => inventory.createLocation({ name }))
      for (let index = 0; index < 90; index++) {
        const { id: product } = yield* inventory.createProduct({ sku: `S${index}`, name: "Thing" })
        const [first, ...rest] = shops.map(({ id }, place) => ({
          kind: "receipt" as const,
          product,
          location: id,
          quantity: 3 * index + place + 1
        }))
        assert(first !== undefined)
        yield* inventory.recordMovements({ lines: [first, ...rest] }, { occurredAt: START })
      }
      const sizes: Array<number> = []
      const plan = (tasks: ReadonlyArray<PlanTask>) =>
        Effect.sync(() => {
          sizes.push(tasks.length)
          return tasks.map(planStock)
        })
      const plans = yield* collect(inventory, { plan, termsOf: () => terms, concurrency: 2 })
      assert.deepStrictEqual(sizes, [100, 100, 70])
      assert.strictEqual(new Set(plans.map(({ product, location }) => `${product.id} ${location}`)).size, 270)
      const names = new Map(shops.map(({ id }, place) => [id, place]))
      for (const { product, location, stock } of plans) {
        assert.strictEqual(stock.onHand, 3 * Number(product.sku.slice(1)) + (names.get(location) ?? 0) + 1)
      }
    }).pipe(Effect.provide(Live))
  )

  it.effect("works out again only what has changed, and gives the same as from nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START.epochMilliseconds)
      const inventory = yield* Inventory
      yield* inventory.createLocation({ name: "Shop" })
      const mug = yield* sellWeekly(inventory, "MUG", "", 12)
      yield* sellWeekly(inventory, "BOWL", "", 7)
      const keeper = yield* ForecastKeeper
      const kept: Array<string> = []
      const watched: ForecastKeeperShape = {
        find: keeper.find,
        keep: (forecasts) => {
          kept.push(...forecasts.map(({ product }) => product))
          return keeper.keep(forecasts)
        }
      }
      const replan = Effect.gen(function* () {
        kept.length = 0
        const how = { termsOf: () => terms, backtest: true }
        const plans = yield* collect(inventory, { ...how, keeper: watched })
        assert.deepStrictEqual(plans, yield* collect(inventory, how))
        return kept.length
      })
      assert.strictEqual(yield* replan, 2)
      assert.strictEqual(yield* replan, 0)
      const late = { lines: [{ ...mug, kind: "sale" as const, quantity: 5 }] } as const
      yield* inventory.recordMovements(late, { occurredAt: DateTime.add(START, { weeks: 3 }) })
      assert.strictEqual(yield* replan, 1)
      assert.deepStrictEqual(kept, [mug.product])
      // What comes after the last whole period changes nothing yet.
      yield* inventory.recordMovements(late, { occurredAt: DateTime.add(START, { weeks: WEEKS }) })
      assert.strictEqual(yield* replan, 0)
      const [found] = yield* keeper.find([mug])
      assert.isBelow(found?.forecast.error?.cumulativeWape ?? 1, 0.2)
    }).pipe(Effect.provide(Layer.merge(Live, ForecastKeeper.layerMemory)))
  )
})
