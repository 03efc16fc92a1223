// From sales to demand: gaps, closed days, empty shelves, events and outliers.
import { assert, describe, it } from "@effect/vitest"
import {
  cleanDemand,
  type DemandPeriod,
  fillMissing,
  outliers,
  scheduled,
  tradingShares
} from "../../src/forecast/DemandSeries.ts"

const sold = (...quantities: ReadonlyArray<number | null>): ReadonlyArray<DemandPeriod> =>
  quantities.map((quantity) => ({ quantity }))

describe("periods without knowledge", () => {
  it("are filled from their neighbours", () => {
    assert.deepStrictEqual(Array.from(fillMissing(Float64Array.of(4, Number.NaN, 8))), [4, 6, 8])
    assert.deepStrictEqual(Array.from(fillMissing(Float64Array.of(Number.NaN, 3))), [3, 3])
  })

  it("are filled from the same season where there are two cycles", () => {
    const y = Float64Array.of(1, 10, 1, Number.NaN, 3, 30)
    assert.deepStrictEqual(Array.from(fillMissing(y, 2)), [1, 10, 1, 20, 3, 30])
  })

  it("are told apart from periods without demand", () => {
    const { values, repairs } = cleanDemand(sold(4, 0, null, 5))
    assert.deepStrictEqual(Array.from(values), [4, 0, 3, 5])
    assert.deepStrictEqual(repairs, [{ index: 2, kind: "missing", from: null, to: 3 }])
  })

  it("are not filled with the one big sale that emptied the shelf", () => {
    const { values } = cleanDemand([...sold(2, 2, 2, 30), { quantity: 0, inStock: 0 }, ...sold(2, 2, 2, 2)])
    assert.strictEqual(values[4], (3 * 2 + 30 + 4 * 2) / 8)
  })
})

describe("shelves and doors", () => {
  it("a day without stock is not a day without demand", () => {
    const { values, repairs } = cleanDemand([{ quantity: 6 }, { quantity: 0, inStock: 0 }, { quantity: 8 }])
    assert.deepStrictEqual(Array.from(values), [6, 7, 8])
    assert.strictEqual(repairs[0]!.kind, "sold out")
  })

  it("sales of a day half in stock stand for twice as much", () => {
    const { values } = cleanDemand([{ quantity: 6 }, { quantity: 3, inStock: 0.5 }, { quantity: 6 }])
    assert.deepStrictEqual(Array.from(values), [6, 6, 6])
  })

  it("a closed day is no day, and a half day half of one", () => {
    const { values } = cleanDemand([{ quantity: 6 }, { quantity: 0, open: 0 }, { quantity: 3, open: 0.5 }])
    assert.deepStrictEqual(Array.from(values), [6, 6, 6])
  })

  it("less than a third of a day in stock says nothing, and nothing is scaled more than threefold", () => {
    const { values, repairs } = cleanDemand([
      { quantity: 6 },
      { quantity: 3, inStock: 0.3 },
      { quantity: 6 },
      { quantity: 3, inStock: 0.34 }
    ])
    assert.strictEqual(repairs[0]!.kind, "sold out")
    assert.isAtMost(values[3]!, 9)
  })

  it("a shelf found empty at the end sold at least the usual, and no less than it did", () => {
    const { values, repairs } = cleanDemand([...sold(6, 8, 7), { quantity: 1, soldOut: true }, ...sold(7, 7)])
    assert.deepStrictEqual(Array.from(values), [6, 8, 7, 7, 7, 7])
    assert.deepStrictEqual(repairs, [{ index: 3, kind: "censored", from: 1, to: 7 }])
    const more = cleanDemand([...sold(6, 8, 7), { quantity: 12, soldOut: true }])
    assert.deepStrictEqual(Array.from(more.values), [6, 8, 7, 12])
    assert.deepStrictEqual(more.repairs, [])
  })

  it("sales of a promotion are not the usual that a sold-out period is raised to", () => {
    const { values } = cleanDemand([...sold(7, 7), { quantity: 50, event: "leaflet" }, { quantity: 1, soldOut: true }])
    assert.strictEqual(values[3], 7)
  })

  it("a month of many trading days counts for as much as one of few", () => {
    const days = tradingShares([20, 25, 30], [30])
    const { values } = cleanDemand([40, 50, 60].map((quantity, i) => ({ quantity, open: days.past[i]! })))
    for (const value of values) assert.closeTo(value, 50, 1e-9)
    assert.closeTo(scheduled([50], [{ open: days.coming[0]! }], new Map())[0]!, 60, 1e-9)
  })

  it("coming closed days are forecast as nothing", () => {
    const coming = [{}, { open: 0 }, { open: 0.5 }]
    assert.deepStrictEqual(Array.from(scheduled([10, 10, 10], coming, new Map())), [10, 0, 5])
  })
})

describe("events", () => {
  const quiet = (quantity: number): DemandPeriod => ({ quantity })
  const feast = (quantity: number): DemandPeriod => ({ quantity, event: "feast" })

  it("are taken out of the history and put back where they come again", () => {
    const { values, events } = cleanDemand([
      quiet(10),
      feast(30),
      quiet(10),
      quiet(10),
      feast(30),
      quiet(10),
      feast(30),
      quiet(10)
    ])
    const effect = events.get("feast")!
    // Three times threefold, believed to three quarters.
    assert.closeTo(effect, 2.5, 1e-12)
    assert.deepStrictEqual(Array.from(values), new Array(8).fill(10))
    assert.closeTo(scheduled([10], [{ event: "feast" }], events)[0]!, 25, 1e-12)
  })

  it("do what they did to similar products, until the product has its own", () => {
    const elsewhere = new Map([
      ["feast", 4],
      ["fair", 2]
    ])
    const own = cleanDemand([quiet(10), feast(30), quiet(10), quiet(10)], { events: elsewhere }).events
    assert.closeTo(own.get("feast")!, 3.5, 1e-12)
    assert.closeTo(own.get("fair")!, 2, 1e-12)
  })

  it("are reported, and left alone where there is no usual period to compare with", () => {
    const { repairs } = cleanDemand([quiet(10), feast(30), quiet(10)])
    assert.deepStrictEqual(repairs, [{ index: 1, kind: "event", from: 30, to: 10 }])
    assert.deepStrictEqual(Array.from(cleanDemand([feast(30), feast(20)]).values), [30, 20])
  })

  it("that were never seen change nothing", () => {
    assert.deepStrictEqual(Array.from(scheduled([10], [{ event: "fair" }], new Map())), [10])
  })
})

describe("outliers", () => {
  const steady = [10, 11, 9, 10, 12, 10, 9, 11, 10, 10, 9, 11, 10, 12]

  it("are reported and kept unless asked otherwise", () => {
    const spiked = steady.map((value, index) => (index === 6 ? 90 : value))
    const kept = cleanDemand(sold(...spiked))
    assert.deepStrictEqual(
      kept.repairs.map(({ index, kind }) => [index, kind]),
      [[6, "outlier"]]
    )
    assert.strictEqual(kept.values[6], 90)
    assert.closeTo(cleanDemand(sold(...spiked), { replaceOutliers: true }).values[6]!, 10, 1)
  })

  it("are not seen in steady demand, in short histories, or in sales among zeros", () => {
    assert.deepStrictEqual(outliers(steady), [])
    assert.deepStrictEqual(outliers([1, 100, 1]), [])
    assert.deepStrictEqual(outliers(Array.from({ length: 40 }, (_, t) => (t % 4 === 0 ? 2 : 0))), [])
  })

  it("are not seasons that come every year", () => {
    const christmas = Array.from({ length: 48 }, (_, t) => (t % 12 === 11 ? 100 : 10 + (t % 3)))
    assert.deepStrictEqual(outliers(christmas, 12), [])
  })
})
