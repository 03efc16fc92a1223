// Accuracy on public panels: what the default forecaster promises on the series people actually have.
import { assert, describe, it } from "@effect/vitest"
import { coverage, mase, owa, rmsse, smape } from "../../src/forecast/Accuracy.ts"
import { autoEts } from "../../src/forecast/AutoEts.ts"
import { backtest, summarise } from "../../src/forecast/Backtest.ts"
import { naive } from "../../src/forecast/Baselines.ts"
import { forecast } from "../../src/forecast/Choice.ts"
import { isSeasonal, seasonalIndices } from "../../src/forecast/Decompose.ts"
import { etsPrediction } from "../../src/forecast/EtsForecast.ts"
import { ses } from "../../src/forecast/ExponentialSmoothing.ts"
import { imapa } from "../../src/forecast/Intermittent.ts"
import { clampAtZero } from "../../src/forecast/Prediction.ts"
import { thetaModel } from "../../src/forecast/Theta.ts"
import { m3Series, panel } from "./ReferenceData.ts"

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

// Cumulative error over demand of all trials of a panel, and the mean scaled error.
const score = (name: string, every: number, means: Means, horizon: number, windows: number) => {
  const trials = panel(name)
    .filter((_, index) => index % every === 0)
    .flatMap(({ y }) => backtest(y, means, { horizon, windows, minTrain: 12 }))
  const scaled = trials.map((trial) => rmsse(trial.actual, trial.forecast, trial.history)).filter(Number.isFinite)
  return {
    cumulative: summarise(trials).cumulativeWape,
    rmsse: scaled.reduce((sum, value) => sum + value, 0) / scaled.length
  }
}

describe("panels of products", () => {
  // Monthly: 6 months ahead; weekly: 4 weeks ahead. The hospital panel is thinned, since its fits are seasonal.
  const panels = [
    { name: "carparts_monthly", period: 12, horizon: 6, windows: 2, every: 1 },
    { name: "hospital_monthly", period: 12, horizon: 6, windows: 2, every: 12 },
    { name: "uci_weekly", period: 1, horizon: 4, windows: 6, every: 4 },
    { name: "completejourney_weekly", period: 1, horizon: 4, windows: 6, every: 1 },
    { name: "jewelry_weekly", period: 1, horizon: 4, windows: 6, every: 2 }
  ]
  for (const { name, period, horizon, windows, every } of panels) {
    it(`${name}: the default is within 2 % of the best single method or better`, () => {
      const own = score(name, every, (y, h) => forecast(y, { horizon: h, period }).mean, horizon, windows)
      const others = Object.values(singles(period)).map((means) => score(name, every, means, horizon, windows))
      assert.isAtMost(own.cumulative, 1.02 * Math.min(...others.map(({ cumulative }) => cumulative)))
      assert.isAtMost(own.rmsse, 1.02 * Math.min(...others.map((other) => other.rmsse)))
    })
  }
})
