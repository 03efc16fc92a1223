// Exponential smoothing with given weights and simple start values: SES, Holt, Holt-Winters, and SES with the best
// alpha.
import { average } from "./Baselines.ts"
import type { EtsModel, EtsState } from "./Ets.ts"
import { type EtsFit, fitOf } from "./EtsFit.ts"
import { etsPrediction } from "./EtsForecast.ts"
import { bestAlpha } from "./Minimise.ts"
import { flat, type Prediction } from "./Prediction.ts"

const OPTIMAL_LOW = 0.01
const OPTIMAL_HIGH = 0.99

/** The level after simple smoothing that starts at the first value. */
export const smoothedLevel = (y: ArrayLike<number>, alpha: number): number => {
  if (y.length === 0) return 0
  let level = y[0]!
  for (let t = 1; t < y.length; t++) level += alpha * (y[t]! - level)
  return level
}

/** Simple smoothing with a given alpha. */
export const ses = (y: ArrayLike<number>, alpha: number, horizon: number): Prediction => {
  const level = smoothedLevel(y, alpha)
  if (y.length < 3) return flat("SES", level, horizon)
  let [state, sse] = [y[0]!, 0]
  for (let t = 1; t < y.length; t++) {
    const e = y[t]! - state
    sse += e * e
    state += alpha * e
  }
  const variance = sse / y.length
  const mean = new Float64Array(horizon).fill(level)
  const summed = (h: number) => h * (1 + alpha * (h - 1) + (alpha * alpha * (h - 1) * (2 * h - 1)) / 6)
  return {
    method: "SES",
    mean,
    sd: mean.map((_, i) => Math.sqrt(variance * (1 + i * alpha * alpha))),
    cumulativeSd: mean.map((_, i) => Math.sqrt(variance * summed(i + 1)))
  }
}

/** Simple smoothing with the alpha of least squared one-step error in [0.01, 0.99]. */
export const sesOptimised = (y: Float64Array, horizon: number): Prediction => ({
  ...ses(y, y.length === 0 ? OPTIMAL_LOW : bestAlpha(y, y.length, OPTIMAL_LOW, OPTIMAL_HIGH), horizon),
  method: "SESOptimised"
})

/** Each season smoothed on its own over the whole cycles at the end; zeros until there is one. */
export const seasonalSmoothing = (y: ArrayLike<number>, period: number, alpha: number, horizon: number): Prediction => {
  const whole = Array.from(y).slice(y.length % period)
  const levels = Array.from({ length: period }, (_, season) =>
    smoothedLevel(
      whole.filter((_, t) => t % period === season),
      alpha
    )
  )
  const mean = Float64Array.from({ length: horizon }, (_, i) => levels[i % period]!)
  return { ...flat("SeasonalES", 0, horizon), mean }
}

/** The classical weights: each filter has its own between 0 and 1, the trend's relative to changes of the level. */
export interface HoltWintersWeights {
  readonly alpha: number
  readonly beta: number
  readonly gamma?: number
}

const simpleStart = (y: Float64Array, model: EtsModel, period: number): EtsState => {
  if (model.season === "N") {
    return { level: y[0]!, trend: model.trend === "N" ? 0 : y[1]! - y[0]!, seasons: new Float64Array(0) }
  }
  const level = average(y.slice(0, period))
  const trend = (average(y.slice(period, 2 * period)) - level) / period
  const seasons = y.slice(0, period).map((value) => (model.season === "A" ? value - level : value / level))
  return { level, trend, seasons: seasons.reverse() }
}

/** The model behind `holtWinters`: its weights, its states and the variance of its errors. */
export const holtWintersFit = (
  y: Float64Array,
  season: EtsModel["season"],
  period: number,
  { alpha, beta, gamma = 0 }: HoltWintersWeights
): EtsFit => {
  const model: EtsModel = { error: season === "M" ? "M" : "A", trend: "A", season }
  const weights = { alpha, beta: alpha * beta, gamma, phi: 1 }
  const fit = fitOf(model, season === "N" ? 1 : period, weights, simpleStart(y, model, period), y)
  // Nothing was estimated from the series, so that no degree of freedom is lost.
  return { ...fit, sigma2: fit.filtered.sse / fit.filtered.observed }
}

/**
 * Holt's method or Holt-Winters' with given weights, started from the first values: the textbook recursions. Needs two
 * values without a season and two whole seasons with one.
 */
export const holtWinters = (
  y: Float64Array,
  season: EtsModel["season"],
  period: number,
  weights: HoltWintersWeights,
  horizon: number
): Prediction => ({
  ...etsPrediction(holtWintersFit(y, season, period, weights), horizon),
  method: season === "N" ? "Holt" : `HoltWinters(${season})`
})
