// Laws that hold for every history, whatever it looks like.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { autoEts } from "../../src/forecast/AutoEts.ts"
import { drift, historicMean, naive, seasonalNaive } from "../../src/forecast/Baselines.ts"
import { forecast } from "../../src/forecast/Choice.ts"
import { fitEts } from "../../src/forecast/EtsFit.ts"
import { etsPrediction } from "../../src/forecast/EtsForecast.ts"
import { holtWinters, ses, sesOptimised } from "../../src/forecast/ExponentialSmoothing.ts"
import { croston, imapa, tsb } from "../../src/forecast/Intermittent.ts"
import { theta, thetaModel } from "../../src/forecast/Theta.ts"
import { largestGap } from "./ReferenceData.ts"

const demand = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 8, maxLength: 60 }),
  fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 7), { minLength: 8, maxLength: 60 }),
  fc.array(fc.double({ min: 0.5, max: 1000, noNaN: true }), { minLength: 8, maxLength: 60 })
)
const anything = fc.array(
  fc.oneof(
    fc.integer({ min: -5, max: 100 }),
    fc.constantFrom(null, 0, 0, Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 1e-308, 1e200, 1e-200),
    fc.double()
  ),
  { maxLength: 40 }
)

const numRuns = 60

describe("any history at all", () => {
  it("gives a finite forecast, never negative, with sane intervals and lead-time demand", () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(1, 4, 12), fc.integer({ min: 1, max: 13 }), (history, period, horizon) => {
        const own = forecast(history, { horizon, period })
        assert.strictEqual(own.mean.length, horizon)
        for (const value of own.mean) assert.isTrue(Number.isFinite(value) && value >= 0, `mean ${value}`)
        const { lower, upper } = own.interval(0.8)
        for (let i = 0; i < horizon; i++) assert.isTrue(lower[i]! >= 0 && lower[i]! <= upper[i]!)
        const lead = own.leadTimeDemand(horizon)
        assert.isTrue(Number.isFinite(lead.mean) && lead.mean >= 0 && lead.sd >= 0)
        const quantiles = [0.05, 0.5, 0.9, 0.99].map(lead.quantile)
        for (let i = 0; i < quantiles.length; i++) {
          assert.isTrue(Number.isFinite(quantiles[i]!) && quantiles[i]! >= 0, `quantile ${quantiles[i]}`)
          if (i > 0) assert.isAtLeast(quantiles[i]!, quantiles[i - 1]!)
        }
      }),
      { numRuns: 300 }
    )
  })

  it("gives a finite forecast in any season of a category too", () => {
    const factor = fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(0, Number.NaN))
    const seasons = fc.array(factor, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(anything, seasons, (history, season) => {
        const own = forecast(history, { horizon: 5, season })
        for (const value of own.mean) assert.isTrue(Number.isFinite(value) && value >= 0, `mean ${value}`)
        const lead = own.leadTimeDemand(5)
        assert.isTrue(Number.isFinite(lead.mean) && lead.mean >= 0 && lead.sd >= 0)
        assert.isAtLeast(lead.quantile(0.95), lead.quantile(0.5))
      }),
      { numRuns: 200 }
    )
  })

  it("may be empty, one value, constant or all zeros", () => {
    assert.deepStrictEqual(Array.from(forecast([], { horizon: 2 }).mean), [0, 0])
    assert.isAbove(forecast([5], { horizon: 1 }).mean[0]!, 0)
    assert.deepStrictEqual(Array.from(forecast(new Array(30).fill(7), { horizon: 2, period: 12 }).mean), [7, 7])
    assert.deepStrictEqual(Array.from(forecast(new Array(30).fill(0), { horizon: 2 }).mean), [0, 0])
    assert.deepStrictEqual(Array.from(forecast([null, null], { horizon: 1 }).mean), [0])
  })

  it("is forecast the same twice", () => {
    fc.assert(
      fc.property(demand, (history) => {
        const once = forecast(history, { horizon: 3, period: 4 })
        const twice = forecast(history, { horizon: 3, period: 4 })
        assert.deepStrictEqual(once.mean, twice.mean)
        assert.deepStrictEqual(once.sd, twice.sd)
      }),
      { numRuns }
    )
  })
})

describe("several histories", () => {
  it("are forecast the same in any order, and alone as among others", () => {
    fc.assert(
      fc.property(fc.array(demand, { minLength: 2, maxLength: 5 }), (histories) => {
        const means = (rows: ReadonlyArray<ReadonlyArray<number>>) =>
          rows.map((row) => Array.from(forecast(row, { horizon: 3, period: 4 }).mean))
        const turned = means([...histories].reverse()).reverse()
        assert.deepStrictEqual(means(histories), turned)
      }),
      { numRuns: 20 }
    )
  })
})

describe("scaling a history", () => {
  const methods = {
    naive: (y: Float64Array) => naive(y, 4).mean,
    ses: (y: Float64Array) => ses(y, 0.1, 4).mean,
    sesOptimised: (y: Float64Array) => sesOptimised(y, 4).mean,
    autoEts: (y: Float64Array) => etsPrediction(autoEts(y, { period: 4 }), 4).mean,
    theta: (y: Float64Array) => theta(y, 4, 4).prediction.mean,
    dotm: (y: Float64Array) => thetaModel(y, "DOTM", { period: 4, horizon: 4 }).prediction.mean,
    croston: (y: Float64Array) => croston(y, 4, "SBA").mean,
    tsb: (y: Float64Array) => tsb(y, 4).mean,
    imapa: (y: Float64Array) => imapa(y, 4).mean,
    default: (y: Float64Array) => forecast(y, { horizon: 4, period: 4 }).mean
  }
  for (const [name, method] of Object.entries(methods)) {
    it(`by a power of two scales the forecast of ${name} exactly`, () => {
      fc.assert(
        fc.property(demand, fc.constantFrom(0.25, 8, 1024), (history, factor) => {
          const y = Float64Array.from(history)
          const scaled = method(y.map((value) => value * factor))
          const expected = method(y).map((value) => value * factor)
          assert.isBelow(largestGap(scaled, expected, 1e-9 * factor), 1e-9)
        }),
        { numRuns }
      )
    })

    it(`by any factor scales the forecast of ${name}`, () => {
      fc.assert(
        fc.property(demand, fc.constantFrom(0.001, 0.3, 3, 10, 1000), (history, factor) => {
          const y = Float64Array.from(history)
          const size = Math.max(...y, 1e-9) * factor
          const scaled = method(y.map((value) => value * factor))
          const expected = method(y).map((value) => value * factor)
          assert.isBelow(largestGap(scaled, expected, size), 1e-4)
        }),
        { numRuns }
      )
    })
  }
})

describe("adding a constant to a fitted series", () => {
  it("shifts the additive models by it", () => {
    fc.assert(
      fc.property(
        demand.filter((history) => new Set(history).size > 2),
        fc.constantFrom(1, 64, 1000),
        fc.constantFrom("N" as const, "A" as const, "Ad" as const),
        fc.constantFrom("N" as const, "A" as const),
        (history, constant, trend, season) => {
          fc.pre(history.length >= 16)
          const y = Float64Array.from(history)
          const predict = (values: Float64Array) =>
            etsPrediction(fitEts(values, { error: "A", trend, season }, { period: 4 }), 4).mean
          const shifted = predict(y.map((value) => value + constant))
          const expected = predict(y).map((value) => value + constant)
          const spread = Math.max(...y) - Math.min(...y)
          for (let i = 0; i < 4; i++) assert.isBelow(Math.abs(shifted[i]! - expected[i]!), 1e-3 * spread)
        }
      ),
      { numRuns }
    )
  })
})

describe("adding a constant", () => {
  const methods = {
    naive: (y: Float64Array) => naive(y, 4).mean,
    seasonalNaive: (y: Float64Array) => seasonalNaive(y, 4, 4).mean,
    drift: (y: Float64Array) => drift(y, 4).mean,
    mean: (y: Float64Array) => historicMean(y, 4).mean,
    ses: (y: Float64Array) => ses(y, 0.1, 4).mean,
    sesOptimised: (y: Float64Array) => sesOptimised(y, 4).mean,
    holtWinters: (y: Float64Array) => holtWinters(y, "A", 4, { alpha: 0.3, beta: 0.1, gamma: 0.1 }, 4).mean
  }
  for (const [name, method] of Object.entries(methods)) {
    it(`shifts the forecast of ${name} by it`, () => {
      fc.assert(
        fc.property(demand, fc.constantFrom(1, 64, 1000), (history, constant) => {
          const y = Float64Array.from(history)
          const shifted = method(y.map((value) => value + constant))
          const expected = method(y).map((value) => value + constant)
          assert.isBelow(largestGap(shifted, expected), 1e-6)
        }),
        { numRuns }
      )
    })
  }
})

describe("demand over lead time", () => {
  it("of one period is that of the first period: mean, spread and every quantile", () => {
    fc.assert(
      fc.property(demand, fc.constantFrom(1, 4), (history, period) => {
        const own = forecast(history, { horizon: 3, period })
        const one = own.leadTimeDemand(1)
        assert.isAtMost(Math.abs(one.mean - own.mean[0]!), 1e-9 * own.mean[0]!)
        assert.isAtMost(Math.abs(one.sd - own.sd[0]!), 1e-9 * own.sd[0]!)
        for (const level of [0.5, 0.8, 0.95]) {
          const { lower, upper } = own.interval(level)
          assert.closeTo(one.quantile((1 - level) / 2), lower[0]!, 1e-6 * Math.max(1, lower[0]!))
          assert.closeTo(one.quantile((1 + level) / 2), upper[0]!, 1e-6 * Math.max(1, upper[0]!))
        }
      }),
      { numRuns }
    )
  })

  it("has quantiles that rise with the share, and a share at each that is at least it", () => {
    fc.assert(
      fc.property(demand, fc.integer({ min: 1, max: 6 }), (history, periods) => {
        const lead = forecast(history, { horizon: 6, period: 4 }).leadTimeDemand(periods)
        let before = 0
        for (let p = 0.01; p < 1; p += 0.01) {
          const quantile = lead.quantile(p)
          assert.isAtLeast(quantile, before)
          assert.isAtLeast(lead.cdf(quantile + 1e-9 * Math.max(1, quantile)), p - 1e-9)
          before = quantile
        }
      }),
      { numRuns: 30 }
    )
  })

  it("grows with every period, in mean and spread", () => {
    fc.assert(
      fc.property(demand, (history) => {
        const own = forecast(history, { horizon: 6, period: 4 })
        let before = own.leadTimeDemand(0.5)
        for (const periods of [1, 1.5, 2, 3, 4.25, 6]) {
          const demanded = own.leadTimeDemand(periods)
          assert.isAtLeast(demanded.mean, before.mean - 1e-9)
          assert.isAtLeast(demanded.sd, before.sd * (1 - 1e-9))
          before = demanded
        }
      }),
      { numRuns }
    )
  })

  it("refuses what it does not reach, and says what it does", () => {
    const own = forecast([1, 2, 3, 4, 5, 6, 7, 8, 9], { horizon: 3 })
    assert.throws(() => own.leadTimeDemand(4), /reaches 3 periods/)
    assert.throws(() => own.leadTimeDemand(0), /more than 0/)
    assert.throws(() => forecast([1], { horizon: 0 }), /whole number of periods/)
  })
})
