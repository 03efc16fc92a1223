// How accurate the default forecaster is on the public panels, in full, beside the single methods it is made of.
//
//   node packages/core/bench/ForecastAccuracy.bench.ts [m3 | leadtimes | seasons | panel …]
import { coverage, mase, maseScale, msis, owa, smape } from "../src/forecast/Accuracy.ts"
import { autoEts } from "../src/forecast/AutoEts.ts"
import { backtest, summarise, type Trial } from "../src/forecast/Backtest.ts"
import { naive } from "../src/forecast/Baselines.ts"
import { forecast } from "../src/forecast/Choice.ts"
import { isSeasonal, seasonalIndices } from "../src/forecast/Decompose.ts"
import { cleanDemand, scheduled } from "../src/forecast/DemandSeries.ts"
import { etsPrediction } from "../src/forecast/EtsForecast.ts"
import { ses } from "../src/forecast/ExponentialSmoothing.ts"
import { groupSeason } from "../src/forecast/GroupSeason.ts"
import { croston, imapa } from "../src/forecast/Intermittent.ts"
import { clampAtZero } from "../src/forecast/Prediction.ts"
import { theta, thetaModel } from "../src/forecast/Theta.ts"
import { m3Series, panel, promotedSales } from "../test/forecast/ReferenceData.ts"

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

/**
 * Two ways to try each panel. First as R's and statsforecast's AutoETS, DOTM, IMAPA and SES were: some origins of the
 * first series, of which the scaled and the cumulative error of the best of the four are known. Then from more origins
 * of all series.
 */
const PANELS = [
  { name: "carparts_monthly", period: 12, first: 200, tried: [6, 2], more: [6, 5], best: [0.571, 0.761] },
  { name: "hospital_monthly", period: 12, first: 150, tried: [12, 1], more: [6, 4], best: [0.878, 0.0353] },
  { name: "uci_weekly", period: 1, first: 200, tried: [4, 2], more: [4, 6], best: [0.759, 0.146] },
  { name: "completejourney_weekly", period: 1, first: 59, tried: [4, 2], more: [4, 6], best: [0.638, 0.551] },
  { name: "jewelry_weekly", period: 1, first: 80, tried: [4, 2], more: [4, 18], best: [0.54, 0.219] }
] as const

const scores = (series: ReadonlyArray<Float64Array>, period: number, [horizon, windows]: readonly [number, number]) => {
  for (const [method, means] of Object.entries(METHODS)) {
    const trials = series.flatMap((y) =>
      backtest(y, (history, h) => means(history, h, period), { horizon, windows, minTrain: 12 })
    )
    const { rmsse: scaled, cumulativeWape, biasPercent } = summarise(trials)
    console.log(`  ${method.padEnd(8)} ${scaled.toFixed(4)}  ${cumulativeWape.toFixed(4)}  ${biasPercent.toFixed(1)} %`)
  }
}

// How often demand over two periods stayed within its quantile, from the last six origins of every panel.
const leadTimes = (): void => {
  const levels = [0.5, 0.8, 0.9, 0.95, 0.99]
  console.log(`Demand over two periods within its quantile at ${levels.join(", ")}; shares of trials`)
  for (const { name, period } of PANELS) {
    const kept = levels.map(() => 0)
    let trials = 0
    for (const { y } of panel(name)) {
      for (let origin = y.length - 2; origin >= Math.max(20, y.length - 12); origin -= 2) {
        const demand = forecast(y.slice(0, origin), { horizon: 2, period }).leadTimeDemand(2)
        const came = y[origin]! + y[origin + 1]!
        levels.forEach((level, i) => {
          if (came <= demand.quantile(level)) kept[i]! += 1
        })
        trials++
      }
    }
    console.log(`  ${name.padEnd(24)} ${kept.map((count) => (count / trials).toFixed(3)).join("  ")}`)
  }
}

// Weekly jewelry four weeks ahead from all origins after the first year, alone and in the season of all jewelry.
const seasons = (): void => {
  const products = panel("jewelry_weekly").map(({ y }) => y)
  console.log(
    "jewelry_weekly: 4 periods ahead from 17 origins after the first year; scaled error, cumulative error, bias"
  )
  for (const knowing of [false, true]) {
    const trials: Array<Trial> = []
    for (let origin = 56; origin <= 120; origin += 4) {
      const histories = products.map((y) => y.slice(0, origin))
      const season = knowing ? groupSeason(histories, 52) : undefined
      histories.forEach((history, i) => {
        const options = { horizon: 4, ...(season === undefined ? {} : { season }) }
        const actual = products[i]!.slice(origin, origin + 4)
        trials.push({ origin, history, forecast: forecast(history, options).mean, actual })
      })
    }
    const { rmsse: scaled, cumulativeWape, biasPercent } = summarise(trials)
    const name = knowing ? "in the season of the group" : "alone"
    console.log(`  ${name.padEnd(28)} ${scaled.toFixed(4)}  ${cumulativeWape.toFixed(4)}  ${biasPercent.toFixed(1)} %`)
  }
}

// Orange juice four weeks ahead from eight origins, with promotions ignored and with coming ones known.
const promotions = (): void => {
  console.log("orangejuice_weekly: 4 periods ahead from 8 origins; error by week, cumulative error, bias")
  for (const knowing of [false, true]) {
    let [each, together, off, sold] = [0, 0, 0, 0]
    for (const weeks of promotedSales()) {
      for (let window = 1; window <= 8; window++) {
        const origin = weeks.length - 4 * window
        const past = weeks.slice(0, origin).map((week) => (knowing ? week : { quantity: week.quantity }))
        const { values, events } = cleanDemand(past)
        const mean = scheduled(forecast(values, { horizon: 4 }).mean, weeks.slice(origin), events)
        let miss = 0
        weeks.slice(origin, origin + 4).forEach(({ quantity }, i) => {
          if (quantity === null) return
          each += Math.abs(mean[i]! - quantity)
          miss += mean[i]! - quantity
          sold += quantity
        })
        together += Math.abs(miss)
        off += miss
      }
    }
    const row = `${(each / sold).toFixed(4)}  ${(together / sold).toFixed(4)}  ${((100 * off) / sold).toFixed(1)} %`
    console.log(`  ${(knowing ? "promotions known" : "promotions ignored").padEnd(28)} ${row}`)
  }
}

const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
if (isWanted("m3")) competition()
for (const { name, period, first, tried, more, best } of PANELS) {
  if (!isWanted(name)) continue
  const series = panel(name).map(({ y }) => y)
  const ahead = ([horizon, windows]: readonly [number, number]) =>
    `${horizon} periods ahead from ${windows} origin${windows === 1 ? "" : "s"}; scaled error, cumulative error, bias`
  console.log(`${name}, ${first} series: ${ahead(tried)}`)
  scores(series.slice(0, first), period, tried)
  console.log(`  the best of the references: ${best.join(" ")}`)
  console.log(`${name}, ${series.length} series: ${ahead(more)}`)
  scores(series, period, more)
}
if (isWanted("leadtimes")) leadTimes()
if (isWanted("seasons")) seasons()
if (isWanted("orangejuice_weekly")) promotions()
