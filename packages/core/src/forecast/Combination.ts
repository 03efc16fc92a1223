// The default forecasters: a combination of methods for regular demand, and one for intermittent demand.
import { averagedEts, bestOf, etsCandidates, LONGEST_ETS_SEASON } from "./AutoEts.ts"
import { average, historicMean } from "./Baselines.ts"
import { demandPattern, INTERMITTENT_INTERVAL } from "./DemandClass.ts"
import { ses } from "./ExponentialSmoothing.ts"
import { imapaRate } from "./Intermittent.ts"
import { blended, type Prediction } from "./Prediction.ts"
import { theta, thetaModel } from "./Theta.ts"

/** The slow smoothing that stands for "nothing has changed". */
const SLOW_ALPHA = 0.1
/**
 * How fast trust in a forecaster of "nothing has changed" falls with its error: its weight is (its squared one-step
 * error ÷ that of the best model)⁻⁴. Twice the error leaves a sixteenth. Chosen on the public panels; 2 to 8 do nearly
 * as well. What it buys: on steady demand the mean of all history is hard to beat, and every panel has steady products.
 */
const STEADY_POWER = 4
const STEADY_PARTS = 2

/**
 * Exponential smoothing models are fitted to no more than so many periods, sixty weeks of days: what follows older ones
 * makes them forgotten, and two years of days would take twice as long.
 */
const LONGEST_FITTED = 420

// A flat forecast with the spread that slow smoothing of the same history shows.
const flatRate = (method: string, rate: number, slow: Prediction): Prediction => ({
  method,
  mean: new Float64Array(slow.mean.length).fill(rate),
  sd: slow.sd,
  cumulativeSd: slow.cumulativeSd
})

// Mean squared one-step errors of slow smoothing and of the mean of all history.
const steadyErrors = (y: Float64Array): { readonly slow: number; readonly mean: number } => {
  const mean = average(y)
  let [level, slow, around] = [y[0]!, 0, 0]
  for (const value of y) {
    const e = value - level
    slow += e * e
    level += SLOW_ALPHA * e
    around += (value - mean) ** 2
  }
  return { slow: slow / (y.length - 1), mean: around / (y.length - 1) }
}

const trustIn = (error: number, best: number): number => (error > 0 ? Math.min(1, (best / error) ** STEADY_POWER) : 1)

/**
 * Regular demand: averaged ETS, DOTM and Theta in equal parts, joined by slow smoothing and the mean of all history as
 * far as that history shows no trend or season that they would miss.
 */
export const regularForecast = (y: Float64Array, period: number, horizon: number): Prediction => {
  const recent = y.subarray(-LONGEST_FITTED)
  const fits = etsCandidates(recent, { period: period <= LONGEST_ETS_SEASON ? period : 1 })
  const { filtered, parameters } = bestOf(fits)
  const best = filtered.squaredError / Math.max(1, recent.length - parameters + 1)
  const errors = steadyErrors(recent)
  const ets = averagedEts(fits, horizon)
  const prediction = blended([
    { weight: 1, prediction: ets },
    { weight: 1, prediction: thetaModel(y, "DOTM", { period, horizon }).prediction },
    { weight: 1, prediction: theta(y, period, horizon).prediction },
    { weight: STEADY_PARTS * trustIn(errors.slow, best), prediction: ses(y, SLOW_ALPHA, horizon) },
    { weight: STEADY_PARTS * trustIn(errors.mean, best), prediction: historicMean(y, horizon) }
  ])
  return { ...prediction, method: `combination (${ets.method}, DOTM, Theta, SES, mean)` }
}

/**
 * Intermittent and lumpy demand: IMAPA, and DOTM, which sees a product dying or growing. The sparser the demand the
 * less a model of its level has to learn from: DOTM's share falls from one where the class begins to nothing, as the
 * share of periods with demand does.
 */
export const intermittentForecast = (y: Float64Array, period: number, horizon: number): Prediction => {
  const share = Math.min(1, INTERMITTENT_INTERVAL / demandPattern(y).interval)
  const slow = ses(y, SLOW_ALPHA, horizon)
  const dynamic = thetaModel(y, "DOTM", { period, horizon }).prediction
  const mean = dynamic.mean.map((value) => Math.max(0, value))
  const prediction = blended([
    { weight: 1 - share, prediction: flatRate("IMAPA", imapaRate(y), slow) },
    { weight: share, prediction: { ...flatRate("DOTM", 0, slow), mean } }
  ])
  return { ...prediction, method: "combination (IMAPA, DOTM)" }
}
