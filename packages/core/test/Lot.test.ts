// Lots: first expired, first out; what has expired or was recalled is left alone, to the millisecond, and is found
// again.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { expiryInstant, firstPage, hasExpired, Inventory, LocationId, layerMemory, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provideMerge(layerMemory))
const milk = ProductId.make("milk")
const mug = ProductId.make("mug")
const shop = LocationId.make("shop")
const depot = LocationId.make("depot")
const noon = Date.UTC(2027, 1, 20, 12)
const price = { amount: 120, currency: "EUR" }
const at = { product: milk, location: shop }

const lotsOf = (parts: ReadonlyArray<{ readonly lot: string; readonly quantity: number }>) =>
  parts.map(({ lot, quantity }) => `${quantity} of ${lot}`).join(", ")

/** A shop in Berlin at noon with three lots of milk: one never expires, one in nine days, one today. */
const given = Effect.gen(function* () {
  yield* TestClock.setTime(noon)
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop", timeZone: "Europe/Berlin" })
  yield* inventory.createLocation({ id: depot, name: "Depot" })
  yield* inventory.createProduct({ id: milk, sku: "MILK", name: "Milk", price, lotTracked: true })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price })
  const receive = (lot: string, quantity: number, expiresOn?: string, location = shop) =>
    inventory.recordMovements({
      lines: [
        { kind: "receipt", product: milk, location, lot, quantity, ...(expiresOn === undefined ? {} : { expiresOn }) }
      ]
    })
  yield* receive("A", 5)
  yield* receive("B", 5, "2027-03-01")
  yield* receive("C", 5, "2027-02-20")
  const level = Effect.map(inventory.read.levels(at, firstPage()), ({ items: [level] }) => level ?? assert.fail("none"))
  const available = Effect.map(level, (level) => level.available)
  const sell = (quantity: number, lot?: string) =>
    inventory.recordMovements({ lines: [{ kind: "sale", ...at, quantity, ...(lot === undefined ? {} : { lot }) }] })
  const sales = Effect.map(inventory.read.movements({ kind: "sale" }, firstPage()), ({ items }) => items.toReversed())
  const cartOf = (quantity: number) =>
    Effect.map(inventory.openCart({ lines: [{ product: milk, quantity, mode: "add" }] }), ({ id }) => id)
  /** To the end of the day in Berlin, in milliseconds before it. */
  const toMidnight = (before: number) => TestClock.setTime(Date.UTC(2027, 1, 20, 23) - before)
  return { inventory, receive, level, available, sell, sales, cartOf, toMidnight }
})

describe("the expiry of a lot", () => {
  it("is the end of its day where it was received, the days on which clocks change included", () => {
    const instants = (["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"] as const).map((zone) =>
      DateTime.formatIso(expiryInstant("2027-03-27", zone))
    )
    assert.deepStrictEqual(instants, [
      "2027-03-28T00:00:00.000Z",
      "2027-03-27T23:00:00.000Z",
      "2027-03-28T04:00:00.000Z",
      "2027-03-27T18:30:00.000Z"
    ])
    // In Berlin the 28th has 23 hours, and in Beirut the 28th of March 2021 began at one o'clock.
    assert.strictEqual(DateTime.formatIso(expiryInstant("2027-03-28", "Europe/Berlin")), "2027-03-28T22:00:00.000Z")
    assert.strictEqual(DateTime.formatIso(expiryInstant("2021-03-27", "Asia/Beirut")), "2021-03-27T22:00:00.000Z")
    assert.strictEqual(DateTime.formatIso(expiryInstant("2024-02-28", "UTC")), "2024-02-29T00:00:00.000Z")
  })

  it("is from that instant on", () => {
    const expiresAt = DateTime.makeUnsafe(1_000)
    const expired = [999, 1_000, 1_001].map((millis) => hasExpired({ expiresAt }, DateTime.makeUnsafe(millis)))
    assert.deepStrictEqual(expired, [false, true, true])
    assert.isFalse(hasExpired({ expiresAt: null }, DateTime.makeUnsafe(noon)))
  })

  it.effect("takes it from every read and every decision to the millisecond, and nothing has to sweep", () =>
    Effect.gen(function* () {
      const { inventory, available, level, sell, toMidnight } = yield* given
      yield* toMidnight(1)
      assert.strictEqual(yield* available, 15)
      yield* sell(1, "C")
      yield* toMidnight(0)
      const { onHand, sellable, blocked, available: left } = yield* level
      assert.deepStrictEqual([onHand, sellable, blocked, left], [14, 14, 4, 10])
      const refused = yield* Effect.flip(sell(1, "C"))
      assert(refused._tag === "LotExpired")
      assert.include(refused.message, "Lot C of milk expired on 2027-02-20")
      const short = yield* Effect.flip(sell(11))
      assert(short._tag === "InsufficientStock")
      assert.deepStrictEqual(short.lines[0]?.available, 10)
      const held = yield* Effect.flip(
        inventory.holdStock({ lines: [{ ...at, lot: "C", quantity: 1 }], ttlMillis: 60_000 })
      )
      assert.strictEqual(held._tag, "LotExpired")
      const { items } = yield* inventory.read.products({}, firstPage())
      assert.deepStrictEqual(
        items.map(({ product, available }) => [product.id, available]),
        [
          [milk, 10],
          [mug, 0]
        ]
      )
      // It can still be set aside and written off.
      yield* inventory.recordMovements({ lines: [{ kind: "scrap", from: "sellable", ...at, lot: "C", quantity: 4 }] })
      assert.deepStrictEqual([(yield* level).onHand, (yield* level).blocked], [10, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is the same everywhere, and is changed by itself alone", () =>
    Effect.gen(function* () {
      const { inventory, receive } = yield* given
      yield* receive("C", 1, "2027-02-20", depot)
      yield* receive("C", 1, undefined, depot)
      const conflict = yield* Effect.flip(receive("C", 1, "2027-02-21", depot))
      assert(conflict._tag === "LotExpiryConflict")
      assert.strictEqual(conflict.accepted, "2027-02-20")
      assert.strictEqual((yield* Effect.flip(receive("A", 1, "2027-02-21")))._tag, "LotExpiryConflict")
      const lines = ["2027-05-01", "2027-05-02"].map(
        (expiresOn) => ({ kind: "receipt", ...at, lot: "N", quantity: 1, expiresOn }) as const
      )
      const both = yield* Effect.flip(inventory.recordMovements({ lines: [lines[0]!, lines[1]!] }))
      assert.strictEqual(both._tag, "LotExpiryConflict")
      const lot = yield* inventory.updateLot({ product: milk, lot: "C", expected: 1, expiresOn: "2027-02-25" })
      assert.deepInclude(lot, { expiresOn: "2027-02-25", timeZone: "Europe/Berlin", version: 2 })
      assert.strictEqual(lot.expiresAt && DateTime.formatIso(lot.expiresAt), "2027-02-25T23:00:00.000Z")
      const unknown = yield* Effect.flip(
        inventory.updateLot({ product: milk, lot: "Z", expected: "any", expiresOn: null })
      )
      assert.strictEqual(unknown._tag, "UnknownLot")
    }).pipe(Effect.provide(Live))
  )

  it.effect("raises thresholds when somebody tells of it, once", () =>
    Effect.gen(function* () {
      const { inventory, toMidnight } = yield* given
      yield* inventory.setThresholds({ lines: [{ ...at, low: 10 }] })
      const start = yield* inventory.read.head
      yield* toMidnight(1)
      yield* inventory.reviewLevels({ location: shop, products: [milk, milk] })
      yield* toMidnight(0)
      yield* inventory.reviewLevels({ location: shop, products: [milk] })
      yield* inventory.reviewLevels({ location: shop, products: [milk] })
      const events = (yield* inventory.read.events(start, 100)).map(({ event }) =>
        event._tag === "StockChanged" ? event.levels.map(({ available }) => available).join() : event._tag
      )
      const raised = events.filter((event) => event !== "NotificationChanged")
      assert.deepStrictEqual(raised, ["15", "10", "LowStockRaised", "10"])
    }).pipe(Effect.provide(Live))
  )
})

describe("who leaves the lot open", () => {
  it.effect("gets what expires first, in sales, holds, orders and transfers", () =>
    Effect.gen(function* () {
      const { inventory, sell, sales, cartOf } = yield* given
      yield* sell(7)
      assert.strictEqual(lotsOf(yield* sales), "5 of C, 2 of B")
      const { claims } = yield* inventory.holdStock({ lines: [{ ...at, quantity: 1 }], ttlMillis: 60_000 })
      yield* inventory.releaseClaims({ location: shop, claims: [claims[0]!] })
      const order = yield* inventory.checkout({ cart: yield* cartOf(4), location: shop })
      assert.strictEqual(lotsOf(order.shipments[0]?.lines ?? []), "3 of B, 1 of A")
      const transfer = yield* inventory.createTransfer({
        origin: shop,
        destination: depot,
        lines: [{ product: milk, quantity: 2 }]
      })
      const sent = yield* inventory.dispatchTransfer({ transfer: transfer.id, origin: shop })
      assert.deepStrictEqual(
        sent.lines.map(({ lot }) => lot),
        ["A"]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is an exception: arrivals and corrections say which lot, and products without lots name none", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const move = (line: Parameters<typeof inventory.recordMovements>[0]["lines"][0]) =>
        Effect.map(Effect.flip(inventory.recordMovements({ lines: [line] })), ({ _tag }) => _tag)
      const one = { ...at, quantity: 1 }
      assert.deepStrictEqual(
        [
          yield* move({ kind: "receipt", ...one }),
          yield* move({ kind: "receipt", ...one, lot: "" }),
          yield* move({ kind: "damage", ...one }),
          yield* move({ kind: "sale", ...one, expected: 15 }),
          yield* move({ kind: "receipt", ...one, product: mug, lot: "A" }),
          yield* move({ kind: "sale", ...one, lot: "never received" })
        ],
        ["LotRequired", "LotRequired", "LotRequired", "LotRequired", "NotLotTracked", "InsufficientStock"]
      )
      const hold = inventory.holdStock({ lines: [{ ...one, product: mug, lot: "A" }], ttlMillis: 60_000 })
      assert.strictEqual((yield* Effect.flip(hold))._tag, "NotLotTracked")
    }).pipe(Effect.provide(Live))
  )
})

describe("what was promised of a lot that has expired since", () => {
  it.effect("is replaced when an order is shipped, and the old lot is free to be written off", () =>
    Effect.gen(function* () {
      const { inventory, cartOf, toMidnight, level } = yield* given
      const order = yield* inventory.placeOrder({ cart: yield* cartOf(7), location: shop })
      yield* toMidnight(0)
      assert.deepStrictEqual([(yield* level).committed, (yield* level).blocked, (yield* level).available], [7, 0, 8])
      const at = { order: order.id, location: shop }
      const part = yield* inventory.shipOrder({ ...at, lines: [{ line: 1, quantity: 3 }] })
      assert.strictEqual(lotsOf(part.shipments[0]?.lines ?? []), "3 of B")
      const whole = yield* inventory.shipOrder(at)
      assert.strictEqual(lotsOf(whole.shipments[1]?.lines ?? []), "2 of B, 2 of A")
      assert.deepStrictEqual([(yield* level).committed, (yield* level).blocked, (yield* level).available], [0, 5, 3])
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is not sold from a cart's hold, nor committed, nor sent in a transfer", () =>
    Effect.gen(function* () {
      const { inventory, cartOf, toMidnight, sales } = yield* given
      const cart = yield* cartOf(2)
      yield* inventory.beginCheckout({ cart, location: shop, ttlMillis: 86_400_000 })
      const { claims } = yield* inventory.holdStock({ lines: [{ ...at, quantity: 1 }], ttlMillis: 86_400_000 })
      const transfer = yield* inventory.createTransfer({
        origin: shop,
        destination: depot,
        lines: [{ product: milk, quantity: 1 }]
      })
      const named = yield* inventory.createTransfer({
        origin: shop,
        destination: depot,
        lines: [{ product: milk, lot: "C", quantity: 1 }]
      })
      yield* toMidnight(0)
      yield* inventory.checkout({ cart, location: shop })
      assert.strictEqual(lotsOf(yield* sales), "2 of B")
      const commit = yield* Effect.flip(inventory.commitClaims({ location: shop, claims: [claims[0]!] }))
      assert.strictEqual(commit._tag, "LotExpired")
      const sent = yield* inventory.dispatchTransfer({ transfer: transfer.id, origin: shop })
      assert.deepStrictEqual(
        sent.lines.map(({ lot }) => lot),
        ["B"]
      )
      const refused = yield* Effect.flip(inventory.dispatchTransfer({ transfer: named.id, origin: shop }))
      assert.strictEqual(refused._tag, "LotExpired")
    }).pipe(Effect.provide(Live))
  )
})
