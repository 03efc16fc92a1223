// Distributions of demand: that mean, spread, quantiles and shortages of each tell the same story.
import { assert, describe, it } from "@effect/vitest"
import {
  certain,
  convolve,
  type DemandDistribution,
  discrete,
  gamma,
  logNormal,
  mixture,
  negativeBinomial,
  normal,
  overLeadTimes,
  poisson,
  shaped
} from "../../src/forecast/DemandDistribution.ts"
import { normalCdf, normalQuantile, studentQuantile } from "../../src/forecast/Probability.ts"

const families: ReadonlyArray<DemandDistribution> = [
  normal(50, 8),
  gamma(2, 10),
  logNormal(3, 0.4),
  poisson(0.3),
  poisson(150),
  negativeBinomial(0.5, 0.05),
  negativeBinomial(6, 0.3),
  discrete([0.5, 0.3, 0, 0, 0.2]),
  mixture([
    { weight: 2, demand: poisson(3) },
    { weight: 1, demand: poisson(30) }
  ]),
  mixture([
    { weight: 1, demand: normal(20, 2) },
    { weight: 1, demand: normal(60, 5) }
  ])
]

describe("a distribution of demand", () => {
  for (const demand of families) {
    it(`${demand.family} with mean ${demand.mean.toFixed(1)}: the quantile is the least level that suffices`, () => {
      for (const p of [0.01, 0.3, 0.5, 0.9, 0.99, 0.9999]) {
        const level = demand.quantile(p)
        assert.isAtLeast(demand.cdf(level + 1e-9), p - 1e-9)
        const less = demand.whole ? level - 1 : level * (1 - 1e-6) - 1e-6
        if (less >= 0) assert.isBelow(demand.cdf(less), p)
      }
    })

    it(`${demand.family} with mean ${demand.mean.toFixed(1)}: shortage falls by the chance of one more sale`, () => {
      const step = demand.whole ? 1 : 1e-3
      for (const x of [0, 1, 2, 5, 20, 60].map((at) => (demand.whole ? at : at + 0.5))) {
        const fall = (demand.loss(x) - demand.loss(x + step)) / step
        const chance = 1 - demand.cdf(demand.whole ? x : x + step / 2)
        assert.closeTo(fall, chance, 1e-6)
      }
    })

    it(`${demand.family} with mean ${demand.mean.toFixed(1)}: mean and spread follow from its tail`, () => {
      // E[D] and E[D²] as sums of the loss function over a fine grid.
      const high = demand.mean + 60 * demand.sd
      assert.isBelow(demand.loss(high), 1e-6 * Math.max(1, demand.mean))
      if (!demand.whole) return
      assert.closeTo(demand.loss(0), demand.mean, 1e-8)
      let square = 0
      for (let x = 0; x < high; x++) square += 2 * demand.loss(x)
      // Σ over whole x of 2·E[(D − x)⁺] is E[D² + D].
      assert.closeTo(Math.sqrt(square - demand.mean - demand.mean ** 2), demand.sd, 1e-4 * demand.sd)
    })
  }
})

describe("the usual shape", () => {
  it("is negative binomial for small counts, Poisson where they vary less, normal or gamma else", () => {
    assert.strictEqual(shaped(5, 4, true).family, "negative binomial")
    assert.strictEqual(shaped(5, 1, true).family, "poisson")
    assert.strictEqual(shaped(500, 40, true).family, "normal")
    assert.strictEqual(shaped(5, 1, false).family, "normal")
    assert.strictEqual(shaped(5, 4, false).family, "gamma")
    assert.strictEqual(shaped(0, 3, true).family, "certain")
  })

  it("keeps the mean and the spread it is given", () => {
    for (const demand of [shaped(5, 4, true), shaped(500, 40, true), shaped(5, 4, false)]) {
      const [mean, sd] = demand.mean > 100 ? [500, 40] : [5, 4]
      assert.closeTo(demand.mean, mean, 1e-9)
      assert.closeTo(demand.sd, sd, 1e-9)
    }
  })
})

describe("an uncertain lead time", () => {
  const over = (periods: number) => poisson(10 * periods)

  it("of one value is no mixture", () => {
    assert.strictEqual(overLeadTimes(over, [2, 2, 2], 1).family, "poisson")
  })

  it("keeps the two humps that a variance would smear", () => {
    const demand = overLeadTimes(over, [1, 1, 1, 10], 0)
    assert.closeTo(demand.mean, 32.5, 1e-9)
    // Three times in four an order is there after ten units: sixty would be wasted on all but the slow one.
    assert.isAbove(demand.cdf(25), 0.7499)
    assert.isBelow(demand.cdf(70), 0.7503)
    assert.isAbove(demand.quantile(0.9), 90)
  })
})

describe("numbers of probability", () => {
  it("agree with tables", () => {
    assert.closeTo(normalQuantile(0.975), 1.959963984540054, 1e-13)
    assert.closeTo(normalQuantile(1e-10), -6.361340902404056, 1e-10)
    assert.closeTo(normalCdf(-8), 6.220960574271785e-16, 1e-26)
    assert.closeTo(studentQuantile(0.975, 10), 2.2281388519649385, 1e-9)
  })

  it("sums of independent demands convolve", () => {
    assert.deepStrictEqual(Array.from(convolve([0.5, 0.5], 2)), [0.25, 0.5, 0.25])
    assert.strictEqual(certain(4).loss(1), 3)
  })
})
