import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  ageOf,
  isDeadStock,
  LocationId,
  ProductId,
  rankProducts,
  type SalesRow,
  type StockFlow,
  sellThroughOf,
  stockOutOf,
  sumOfValues,
  turnoverOf,
  type ValuePeriod
} from "../src/index.ts"

const at = (text: string) => DateTime.makeUnsafe(text)
const quarter = { from: at("2026-01-01T00:00:00Z"), to: at("2026-04-01T00:00:00Z") }

describe("turnover", () => {
  const period = (sold: number, meanQuantity: number): ValuePeriod => ({
    opening: { quantity: 0, value: "0" },
    received: { quantity: 0, value: "0" },
    sold: { quantity: sold, value: String(sold * 200) },
    adjusted: { quantity: 0, value: "0" },
    closing: { quantity: 0, value: "0" },
    meanQuantity,
    meanValue: meanQuantity * 100
  })

  it("is the cost of what was sold over mean stock at cost, as if the period were a year", () => {
    const { turns, days, unitTurns } = turnoverOf({ period: period(90, 365) }, quarter)
    assert.deepStrictEqual([turns, days, unitTurns], [2, 182.5, 1])
  })

  it("is unknown without stock, and has no days where nothing sold", () => {
    assert.deepStrictEqual(turnoverOf({ period: period(0, 0) }, quarter), { turns: null, days: null, unitTurns: null })
    assert.deepStrictEqual(turnoverOf({ period: period(0, 5) }, quarter), { turns: 0, days: null, unitTurns: 0 })
  })
})

const flow = (parts: Partial<StockFlow>): StockFlow => ({
  product: ProductId.make("mug"),
  location: LocationId.make("shop"),
  opening: 0,
  received: 0,
  sold: 0,
  transferred: 0,
  adjusted: 0,
  closing: 0,
  meanOnHand: 0,
  lastSoldAt: null,
  lastReceivedAt: null,
  ...parts
})

describe("sell-through", () => {
  it("is what was sold of what there was to sell, transfers counted where they went", () => {
    assert.strictEqual(sellThroughOf(flow({ opening: 20, received: 60, sold: 30, transferred: 20 })), 0.3)
    assert.strictEqual(sellThroughOf(flow({ opening: 20, received: 60, sold: 30, transferred: -20 })), 0.5)
    assert.strictEqual(sellThroughOf(flow({ opening: 20, transferred: -20 })), null)
  })
})

describe("dead stock", () => {
  it("is there, was there all the time, and nothing of it was sold", () => {
    const lastReceivedAt = at("2025-06-01T00:00:00Z")
    assert.isTrue(isDeadStock(flow({ closing: 3, lastReceivedAt }), quarter))
    assert.isFalse(isDeadStock(flow({ closing: 0, lastReceivedAt }), quarter))
    assert.isFalse(isDeadStock(flow({ closing: 3, sold: 1, lastReceivedAt }), quarter))
    assert.isFalse(isDeadStock(flow({ closing: 3, lastReceivedAt: at("2026-03-01T00:00:00Z") }), quarter))
  })
})

describe("ageing", () => {
  it("puts each layer into the bucket of its days, the boundary into the older one", () => {
    const layers = [
      { since: at("2025-01-01T00:00:00Z"), quantity: 1, value: "0.5" },
      { since: at("2026-03-02T00:00:00Z"), quantity: 2, value: "10.25" },
      { since: at("2026-03-31T00:00:00Z"), quantity: 4, value: "7" },
      // Dated ahead.
      { since: at("2026-05-01T00:00:00Z"), quantity: 8, value: "1" }
    ]
    assert.deepStrictEqual(ageOf({ layers }, quarter.to, [30, 90]), [
      { from: 0, to: 30, quantity: 12, value: "8" },
      { from: 30, to: 90, quantity: 2, value: "10.25" },
      { from: 90, to: null, quantity: 1, value: "0.5" }
    ])
  })
})

describe("values", () => {
  it("are added exactly", () => {
    assert.strictEqual(sumOfValues([]), "0")
    assert.strictEqual(sumOfValues(["0.1", "0.2", "-0.000001"]), "0.299999")
    assert.strictEqual(sumOfValues(["1", "-2.5"]), "-1.5")
    assert.strictEqual(sumOfValues(["9007199254740993", "0.5", "0.5"]), "9007199254740994")
  })
})

const sold = (product: string, month: number, units: number, amount: number): SalesRow => ({
  from: at(`2026-0${month}-01T00:00:00Z`),
  to: at(`2026-0${month + 1}-01T00:00:00Z`),
  group: product,
  sold: String(units),
  returned: "0",
  unpriced: "0",
  revenue: [{ amount, currency: "EUR" }],
  returnedRevenue: [],
  costs: null
})

describe("ranks", () => {
  const rows = [
    ...[1, 2, 3].map((month) => sold("steady", month, 10, 27_000)),
    sold("erratic", 2, 30, 12_000),
    sold("rare", 1, 1, 5_000),
    { ...sold("returned", 1, 2, 2_000), returned: "2", returnedRevenue: [{ amount: 2_000, currency: "EUR" }] }
  ]

  it("go by revenue less returns, and classes by what was made before", () => {
    const ranks = rankProducts(rows, 3, { _tag: "Revenue", currency: "EUR" })
    assert.deepStrictEqual(
      ranks.map(({ product, value, abc, xyz }) => [product, value, abc, xyz]),
      [
        ["steady", 81_000, "A", "X"],
        ["erratic", 12_000, "B", "Z"],
        ["rare", 5_000, "B", "Z"],
        ["returned", 0, "C", "Z"]
      ]
    )
    assert.approximately(ranks[1]?.cumulative ?? 0, 93 / 98, 1e-12)
    assert.approximately(ranks[1]?.variation ?? 0, Math.SQRT2, 1e-12)
  })

  it("go by units, and by another currency where that is asked for", () => {
    const units = rankProducts(rows, 3, { _tag: "Units" })
    assert.deepStrictEqual(
      units.map(({ product, value }) => [product, value]),
      [
        ["erratic", 30],
        ["steady", 30],
        ["rare", 1],
        ["returned", 0]
      ]
    )
    const dollars = rankProducts(rows, 3, { _tag: "Revenue", currency: "USD" })
    assert.isTrue(dollars.every(({ value, abc }) => value === 0 && abc === "C"))
  })
})

describe("a stock-out", () => {
  const days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-05"].map((day) => at(`${day}T00:00:00Z`))
  const price = { amount: 250, currency: "EUR" }

  it("costs what would have sold at the rate at which it sold with stock, each period for as long as it is", () => {
    // A day and a half with stock of four days, and six sold: four a day, for two and a half days.
    const series = { quantities: [4, 2, 0], inStock: [1, 0.5, 0] }
    assert.deepStrictEqual(stockOutOf(series, days, { price, decimals: 0 }), {
      share: 0.625,
      lost: 10,
      revenue: { amount: 2_500, currency: "EUR" }
    })
    assert.deepStrictEqual(stockOutOf(series, days, { price: null, decimals: 0 }).revenue, null)
  })

  it("has no estimate where there never was stock, and none is none", () => {
    assert.deepStrictEqual(stockOutOf({ quantities: [0, 0, 0], inStock: [0, 0, 0] }, days, { price, decimals: 0 }), {
      share: 1,
      lost: null,
      revenue: null
    })
    const full = stockOutOf({ quantities: [1, 1, 1], inStock: [1, 1, 1] }, days, { price, decimals: 0 })
    assert.deepStrictEqual([full.share, full.lost], [0, 0])
  })
})
