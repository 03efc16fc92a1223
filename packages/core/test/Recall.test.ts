// A recall and what takes it back: who can no longer be sold, everywhere, who is told of it, and what changes nothing.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { firstPage, Inventory, LocationId, layerMemory, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provideMerge(layerMemory))
const [milk, shop, depot] = [ProductId.make("milk"), LocationId.make("shop"), LocationId.make("depot")] as const
const lot = { product: milk, lot: "A" }

/** Five of lot A in the shop and seven in the depot; its day is the first of March, in UTC. */
const given = Effect.gen(function* () {
  yield* TestClock.setTime(Date.UTC(2027, 1, 20, 12))
  const inventory = yield* Inventory
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  const price = { amount: 120, currency: "EUR" }
  yield* inventory.createProduct({ id: milk, sku: "MILK", name: "Milk", price, lotTracked: true })
  const arrives = { kind: "receipt", ...lot, expiresOn: "2027-03-01" } as const
  yield* inventory.recordMovements({
    lines: [
      { ...arrives, location: shop, quantity: 5 },
      { ...arrives, location: depot, quantity: 7 }
    ]
  })
  const available = (location: LocationId) =>
    Effect.map(inventory.read.levels({ product: milk, location }, firstPage()), ({ items }) => items[0]?.available)
  const sell = inventory.recordMovements({ lines: [{ kind: "sale", ...lot, location: shop, quantity: 1 }] })
  /** What is told of while something is done, as names, with the locations whose stock changed. */
  const told = <A, E>(done: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const before = yield* inventory.read.head
      yield* done
      return (yield* inventory.read.events(before, 100)).map(({ event }) =>
        event._tag === "StockChanged"
          ? `StockChanged ${event.levels.map((level) => `${level.location} ${level.available}`).join()}`
          : event._tag
      )
    })
  return { inventory, available, sell, told }
})

describe("a recall", () => {
  it.effect("takes the lot from sale at every location, says why, and leaves what is on hand", () =>
    Effect.gen(function* () {
      const { inventory, available, sell } = yield* given
      const recalled = yield* inventory.recallLot({ ...lot, reason: "Glass" })
      assert.deepInclude(recalled, { status: "recalled", reason: "Glass", version: 2, expiresOn: "2027-03-01" })
      assert.deepStrictEqual([yield* available(shop), yield* available(depot)], [0, 0])
      const refused = yield* Effect.flip(sell)
      assert(refused._tag === "LotRecalled")
      assert.include(refused.message, "Lot A of milk was recalled (Glass)")
      const { items } = yield* inventory.read.levels({ product: milk, location: depot }, firstPage())
      assert.deepStrictEqual([items[0]?.onHand, items[0]?.blocked], [7, 7])
    }).pipe(Effect.provide(Live))
  )

  it.effect("said again changes nothing; for another reason it does", () =>
    Effect.gen(function* () {
      const { inventory, told } = yield* given
      const first = yield* inventory.recallLot({ ...lot, reason: "Glass" })
      const again = { ...lot, reason: "Glass", locations: [shop] }
      assert.deepStrictEqual(yield* told(inventory.recallLot(again)), [])
      assert.deepStrictEqual(yield* inventory.recallLot(again), first)
      const other = yield* inventory.recallLot({ ...lot, reason: "Plastic" })
      assert.deepInclude(other, { status: "recalled", reason: "Plastic", version: 3 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is taken back: the lot is for sale again, and no reason stays", () =>
    Effect.gen(function* () {
      const { inventory, available, sell, told } = yield* given
      yield* inventory.recallLot({ ...lot, reason: "Glass" })
      const back = yield* inventory.reinstateLot(lot)
      assert.deepInclude(back, { status: "active", reason: null, version: 3 })
      assert.strictEqual(yield* available(shop), 5)
      yield* sell
      assert.deepStrictEqual(yield* told(inventory.reinstateLot({ ...lot, locations: [shop] })), [])
      assert.strictEqual((yield* inventory.reinstateLot(lot)).version, 3)
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells of the stock of the locations that it names, and of their thresholds; of no other", () =>
    Effect.gen(function* () {
      const { inventory, told } = yield* given
      const at = (location: LocationId) => ({ product: milk, location, low: 3 })
      yield* inventory.setThresholds({ lines: [at(shop), at(depot)] })
      const quiet = yield* told(inventory.recallLot({ ...lot, reason: "Glass" }))
      assert.deepStrictEqual(quiet, ["LotChanged"])
      yield* inventory.reinstateLot(lot)
      const loud = yield* told(inventory.recallLot({ ...lot, reason: "Glass", locations: [depot] }))
      assert.deepStrictEqual(
        loud.filter((event) => event !== "NotificationChanged"),
        ["LotChanged", "StockChanged depot 0", "LowStockRaised", "OutOfStockRaised"]
      )
      const back = yield* told(inventory.reinstateLot({ ...lot, locations: [depot] }))
      assert.includeMembers(back, ["LotChanged", "StockChanged depot 7", "LowStockCleared"])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is of a lot that was received", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const never = { product: milk, lot: "Z" }
      const refused = yield* Effect.flip(inventory.recallLot({ ...never, reason: "Glass" }))
      assert.deepInclude(refused, { _tag: "UnknownLot", ...never })
      assert.strictEqual((yield* Effect.flip(inventory.reinstateLot(never)))._tag, "UnknownLot")
    }).pipe(Effect.provide(Live))
  )
})

describe("the day of a lot", () => {
  it.effect("is corrected by who has seen it as it is", () =>
    Effect.gen(function* () {
      const { inventory, told } = yield* given
      const to = (expiresOn: string | null, expected: number) =>
        inventory.updateLot({ ...lot, expected, expiresOn, locations: [shop] })
      assert.deepStrictEqual(yield* told(to("2027-03-01", 1)), [], "it is that day already")
      assert.deepStrictEqual(yield* told(to("2027-02-01", 1)), ["LotChanged", "StockChanged shop 0"])
      const stale = yield* Effect.flip(to(null, 1))
      assert.deepInclude(stale, { _tag: "StaleVersion", entity: "lot", expected: 1, current: 2 })
      const open = yield* to(null, 2)
      assert.deepInclude(open, { expiresOn: null, expiresAt: null, version: 3 })
      const first = yield* inventory.updateLot({ ...lot, expected: "any", expiresOn: "2027-03-05" })
      assert.strictEqual(first.expiresAt && DateTime.formatIso(first.expiresAt), "2027-03-06T00:00:00.000Z")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is looked at again for each product once", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const reviewed = yield* inventory.reviewLevels({ location: shop, products: [milk, milk] })
      assert.deepStrictEqual(reviewed, { reviewed: 1 })
    }).pipe(Effect.provide(Live))
  )
})
