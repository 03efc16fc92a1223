// Accuracy on public panels: what the default forecaster promises on the series people actually have.
import { assert, describe, it } from "@effect/vitest"
import { coverage, mase, owa, smape } from "../../src/forecast/Accuracy.ts"
import { autoEts } from "../../src/forecast/AutoEts.ts"
import { backtest, summarise } from "../../src/forecast/Backtest.ts"
import { naive } from "../../src/forecast/Baselines.ts"
import { forecast } from "../../src/forecast/Choice.ts"
import { isSeasonal, seasonalIndices } from "../../src/forecast/Decompose.ts"
import { cleanDemand, scheduled } from "../../src/forecast/DemandSeries.ts"
import { etsPrediction } from "../../src/forecast/EtsForecast.ts"
import { ses } from "../../src/forecast/ExponentialSmoothing.ts"
import { imapa } from "../../src/forecast/Intermittent.ts"
import { clampAtZero } from "../../src/forecast/Prediction.ts"
import { thetaModel } from "../../src/forecast/Theta.ts"
import { m3Series, panel, promotedSales } from "./ReferenceData.ts"

// The competition's benchmark: the last value, seasonally adjusted where the series is seasonal.
const naive2 = (y: Float64Array, period: number, horizon: number): Float64Array => {
  const indices = isSeasonal(y, period, false) ? seasonalIndices(y, period, "multiplicative") : undefined
  if (indices === undefined) return naive(y, horizon).mean
  const level = y[y.length - 1]! / indices[(y.length - 1) % period]!
  return Float64Array.from({ length: horizon }, (_, i) => level * indices[(y.length + i) % period]!)
}

describe("the M3 series of the panel", () => {
  const series = m3Series()

  it("are forecast with an overall weighted average of at most 0.835", () => {
    const total = { own: { smape: 0, mase: 0 }, base: { smape: 0, mase: 0 } }
    for (const { period, train, test } of series) {
      const { mean } = forecast(train, { horizon: test.length, period })
      const base = naive2(train, period, test.length)
      total.own.smape += smape(test, mean)
      total.own.mase += mase(test, mean, train, period)
      total.base.smape += smape(test, base)
      total.base.mase += mase(test, base, train, period)
    }
    assert.strictEqual(series.length, 100)
    assert.isAtMost(owa(total.own, total.base), 0.835)
  })

  it("fall into the 80 and 95 % intervals as often as promised, with conformal widening", () => {
    let [narrow, wide] = [0, 0]
    for (const { period, train, test } of series) {
      const own = forecast(train, { horizon: test.length, period, conformal: true })
      const at80 = own.interval(0.8)
      const at95 = own.interval(0.95)
      narrow += coverage(test, at80.lower, at80.upper) / series.length
      wide += coverage(test, at95.lower, at95.upper) / series.length
    }
    assert.isTrue(narrow >= 0.78 && narrow <= 0.85, `80 % intervals cover ${narrow}`)
    assert.isTrue(wide >= 0.93 && wide <= 0.97, `95 % intervals cover ${wide}`)
  })
})

type Means = (history: Float64Array, horizon: number) => ArrayLike<number>

const singles = (period: number): Readonly<Record<string, Means>> => ({
  AutoETS: (y, h) => clampAtZero(etsPrediction(autoEts(y, { period }), h)).mean,
  DOTM: (y, h) => clampAtZero(thetaModel(y, "DOTM", { period, horizon: h }).prediction).mean,
  IMAPA: (y, h) => imapa(y, h).mean,
  SES: (y, h) => ses(y, 0.1, h).mean
})

// Cumulative error over demand of all trials of some series, the mean scaled error, and the bias in percent.
const score = (all: ReadonlyArray<Float64Array>, means: Means, horizon: number, windows: number) => {
  const trials = all.flatMap((y) => backtest(y, means, { horizon, windows, minTrain: 12 }))
  const { cumulativeWape, rmsse, biasPercent } = summarise(trials)
  return { cumulative: cumulativeWape, rmsse, bias: biasPercent }
}

describe("panels of products", () => {
  // The trials for which the best of R's and statsforecast's AutoETS, DOTM, IMAPA and SES is known: its scaled and its
  // cumulative error, rounded. `first` is how many series of the panel were forecast there.
  const panels = [
    { name: "carparts_monthly", period: 12, horizon: 6, windows: 2, first: 200, best: [0.571, 0.761] },
    { name: "hospital_monthly", period: 12, horizon: 12, windows: 1, first: 150, best: [0.878, 0.0353] },
    { name: "uci_weekly", period: 1, horizon: 4, windows: 2, first: 200, best: [0.759, 0.146] },
    { name: "completejourney_weekly", period: 1, horizon: 4, windows: 2, first: 59, best: [0.638, 0.551] },
    { name: "jewelry_weekly", period: 1, horizon: 4, windows: 2, first: 80, best: [0.54, 0.219] }
  ] as const
  for (const { name, period, horizon, windows, first, best } of panels) {
    const series = panel(name)
      .slice(0, first)
      .map(({ y }) => y)
    const own = score(series, (y, h) => forecast(y, { horizon: h, period }).mean, horizon, windows)

    it(`${name}: the default is within 2 % of the best of our single methods, or better`, () => {
      const others = Object.values(singles(period)).map((means) => score(series, means, horizon, windows))
      assert.isAtMost(own.cumulative, 1.02 * Math.min(...others.map(({ cumulative }) => cumulative)))
      assert.isAtMost(own.rmsse, 1.02 * Math.min(...others.map((other) => other.rmsse)))
    })

    it(`${name}: the default is within 2 % of the best of the reference implementations, or better`, () => {
      assert.isAtMost(own.rmsse, 1.02 * best[0])
      assert.isAtMost(own.cumulative, 1.02 * best[1])
    })

    // Car parts are mostly dying; groceries and jewelry fall after Christmas.
    if (name !== "hospital_monthly" && name !== "uci_weekly") continue
    it(`${name}: the default is off by at most 3 % of demand all in all`, () => {
      assert.isAtMost(Math.abs(own.bias), 3)
    })
  }
})

describe("promotions that are known ahead", () => {
  // Four weeks ahead from eight origins; errors over the four weeks together and week by week, as shares of sales.
  const missed = (knowing: boolean) => {
    let [together, each, off, sold] = [0, 0, 0, 0]
    for (const weeks of promotedSales()) {
      for (let window = 1; window <= 8; window++) {
        const origin = weeks.length - 4 * window
        const past = weeks.slice(0, origin).map((week) => (knowing ? week : { quantity: week.quantity }))
        const { values, events } = cleanDemand(past)
        const coming = weeks.slice(origin, origin + 4)
        const mean = scheduled(forecast(values, { horizon: 4 }).mean, coming, events)
        let miss = 0
        coming.forEach(({ quantity }, i) => {
          if (quantity === null) return
          miss += mean[i]! - quantity
          each += Math.abs(mean[i]! - quantity)
          sold += quantity
        })
        together += Math.abs(miss)
        off += miss
      }
    }
    return { together: together / sold, each: each / sold, bias: off / sold }
  }

  it("make forecasts miss a fifth less, over four weeks and in each", () => {
    const [blind, knowing] = [missed(false), missed(true)]
    assert.isAtMost(knowing.together, 0.8 * blind.together)
    assert.isAtMost(knowing.each, 0.8 * blind.each)
    assert.isAtMost(Math.abs(knowing.bias), 0.03)
  })
})
