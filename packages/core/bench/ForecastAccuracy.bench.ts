// How accurate the default forecaster is on the public panels, in full, beside the single methods it is made of.
//
//   node packages/core/bench/ForecastAccuracy.bench.ts [panel …]
import { coverage, mase, maseScale, msis, owa, rmsse, smape } from "../src/forecast/Accuracy.ts"
import { autoEts } from "../src/forecast/AutoEts.ts"
import { backtest, summarise } from "../src/forecast/Backtest.ts"
import { naive } from "../src/forecast/Baselines.ts"
import { forecast } from "../src/forecast/Choice.ts"
import { isSeasonal, seasonalIndices } from "../src/forecast/Decompose.ts"
import { etsPrediction } from "../src/forecast/EtsForecast.ts"
import { ses } from "../src/forecast/ExponentialSmoothing.ts"
import { croston, imapa } from "../src/forecast/Intermittent.ts"
import { clampAtZero } from "../src/forecast/Prediction.ts"
import { theta, thetaModel } from "../src/forecast/Theta.ts"
import { m3Series, panel } from "../test/forecast/ReferenceData.ts"

type Means = (history: Float64Array, horizon: number, period: number) => ArrayLike<number>

const METHODS: Readonly<Record<string, Means>> = {
  default: (y, horizon, period) => forecast(y, { horizon, period }).mean,
  AutoETS: (y, horizon, period) => clampAtZero(etsPrediction(autoEts(y, { period }), horizon)).mean,
  DOTM: (y, horizon, period) => clampAtZero(thetaModel(y, "DOTM", { period, horizon }).prediction).mean,
  Theta: (y, horizon, period) => clampAtZero(theta(y, period, horizon).prediction).mean,
  IMAPA: (y, horizon) => imapa(y, horizon).mean,
  SES: (y, horizon) => ses(y, 0.1, horizon).mean,
  SBA: (y, horizon) => croston(y, horizon, "SBA").mean
}

const naive2: Means = (history, horizon, period) => {
  const y = Float64Array.from(history)
  const indices = isSeasonal(y, period, false) ? seasonalIndices(y, period, "multiplicative") : undefined
  if (indices === undefined) return naive(y, horizon).mean
  const level = y[y.length - 1]! / indices[(y.length - 1) % period]!
  return Float64Array.from({ length: horizon }, (_, i) => level * indices[(y.length + i) % period]!)
}

const competition = (): void => {
  const all = m3Series()
  const score = (means: Means, series: typeof all) => ({
    smape: series.reduce((sum, one) => sum + smape(one.test, means(one.train, one.test.length, one.period)), 0),
    mase: series.reduce(
      (sum, one) => sum + mase(one.test, means(one.train, one.test.length, one.period), one.train, one.period),
      0
    )
  })
  const groups = [1, 4, 12].map((period) => all.filter((one) => one.period === period))
  console.log(`M3, ${all.length} series, OWA against Naive2: yearly and other, quarterly, monthly, all`)
  for (const [name, means] of Object.entries(METHODS)) {
    const values = [...groups, all].map((series) => owa(score(means, series), score(naive2, series)).toFixed(4))
    console.log(`  ${name.padEnd(8)} ${values.join("  ")}`)
  }
  for (const conformal of [false, true]) {
    let [narrow, wide, interval] = [0, 0, 0]
    for (const { train, test, period } of all) {
      const own = forecast(train, { horizon: test.length, period, conformal })
      const [at80, at95] = [own.interval(0.8), own.interval(0.95)]
      narrow += (100 * coverage(test, at80.lower, at80.upper)) / all.length
      wide += (100 * coverage(test, at95.lower, at95.upper)) / all.length
      interval += msis(test, at95.lower, at95.upper, 0.95, maseScale(train, period)) / all.length
    }
    const widening = conformal ? "conformal widening" : "usual widening"
    console.log(
      `  ${widening}: 80 % covers ${narrow.toFixed(1)} %, 95 % covers ${wide.toFixed(1)} %, MSIS ${interval.toFixed(2)}`
    )
  }
}

const PANELS = [
  { name: "carparts_monthly", period: 12, horizon: 6, windows: 5 },
  { name: "hospital_monthly", period: 12, horizon: 6, windows: 2 },
  { name: "uci_weekly", period: 1, horizon: 4, windows: 6 },
  { name: "completejourney_weekly", period: 1, horizon: 4, windows: 6 },
  { name: "jewelry_weekly", period: 1, horizon: 4, windows: 6 }
] as const

const wanted = process.argv.slice(2)
if (wanted.length === 0 || wanted.includes("m3")) competition()
for (const { name, period, horizon, windows } of PANELS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`${name}: ${horizon} periods ahead from ${windows} origins; scaled error, cumulative error, bias`)
  for (const [method, means] of Object.entries(METHODS)) {
    const trials = panel(name).flatMap(({ y }) =>
      backtest(y, (history, h) => means(history, h, period), { horizon, windows, minTrain: 12 })
    )
    const scaled = trials.map((one) => rmsse(one.actual, one.forecast, one.history)).filter(Number.isFinite)
    const { cumulativeWape, biasPercent } = summarise(trials)
    const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length
    console.log(`  ${method.padEnd(8)} ${mean.toFixed(4)}  ${cumulativeWape.toFixed(4)}  ${biasPercent.toFixed(1)} %`)
  }
}
