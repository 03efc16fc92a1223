// Choosing among the exponential smoothing models of a series, or averaging them, by Akaike's corrected criterion.
import type { Learner } from "./Backtest.ts"
import { countObserved, type EtsModel, filter, modelName, parameterCount, pointForecast } from "./Ets.ts"
import { type EtsFit, fitEts } from "./EtsFit.ts"
import { etsPrediction } from "./EtsForecast.ts"
import { blended, type Prediction } from "./Prediction.ts"

/** Seasons longer than this are not fitted as free states: there are too many of them to learn (as in R's forecast). */
export const LONGEST_ETS_SEASON = 24

const TRENDS = ["N", "A", "Ad"] as const

/**
 * The models that suit a series: fifteen where all values are above zero, else the six with additive errors. Trends
 * never multiply, because such forecasts explode; additive errors with a multiplicative season are numerically unsound.
 */
export const candidates = (positive: boolean, seasonal: boolean): ReadonlyArray<EtsModel> => {
  const models: Array<EtsModel> = []
  const add = (error: EtsModel["error"], season: EtsModel["season"]) => {
    for (const trend of TRENDS) models.push({ error, trend, season })
  }
  add("A", "N")
  if (seasonal) add("A", "A")
  if (!positive) return models
  add("M", "N")
  if (seasonal) {
    add("M", "A")
    add("M", "M")
  }
  return models
}

/** How to choose. */
export interface AutoEtsOptions {
  /** Seasons in a cycle: 12 for months, 7 for days, 1 for none. */
  readonly period: number
  readonly restarts?: number
}

const SIMPLE: EtsModel = { error: "A", trend: "N", season: "N" }

/** Fits every candidate that the series is long enough for. NaN marks a period without observation. */
export const etsCandidates = (y: Float64Array, options: AutoEtsOptions): ReadonlyArray<EtsFit> => {
  const observed = countObserved(y)
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of y) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const simple = () => [fitEts(y, SIMPLE, { period: 1 })]
  if (!(high > low)) return simple()
  const { period } = options
  const seasonal = period > 1 && period <= LONGEST_ETS_SEASON && y.length > period + 4
  const fits = candidates(low > 0, seasonal)
    .filter((model) => observed - parameterCount(model, period) - 1 > 0)
    .map((model) => fitEts(y, model, options))
    .filter((fit) => Number.isFinite(fit.aicc))
  return fits.length > 0 ? fits : simple()
}

/** The fit with the least AICc. */
export const bestOf = (fits: ReadonlyArray<EtsFit>): EtsFit =>
  fits.reduce((least, fit) => (fit.aicc < least.aicc ? fit : least))

/** Fits every candidate and keeps the one with the least AICc: the automatic choice of R and statsforecast. */
export const autoEts = (y: Float64Array, options: AutoEtsOptions): EtsFit => bestOf(etsCandidates(y, options))

/** Learns the model with the least AICc, and forecasts longer histories with its weights and start states. */
export const etsLearner =
  (options: AutoEtsOptions): Learner =>
  (learned) => {
    const { model, weights, start } = autoEts(learned, options)
    return (history, horizon) => pointForecast(model, weights, filter(model, weights, start, history).state, horizon)
  }

/** Fits with less than this share of the weight are left out of an average. */
const LEAST_WEIGHT = 1e-4

/**
 * The forecast of all candidates, each weighted with exp(−ΔAICc/2). It is steadier than the forecast of the best one,
 * which a single new value may replace, and was more accurate on each part of the M3 series (Kolassa, International
 * Journal of Forecasting 27, 2011, found the same).
 */
export const averagedEts = (fits: ReadonlyArray<EtsFit>, horizon: number): Prediction => {
  const least = bestOf(fits).aicc
  if (!Number.isFinite(least)) return etsPrediction(fits[0]!, horizon)
  const parts = fits
    .map((fit) => ({ fit, weight: Math.exp(-(fit.aicc - least) / 2) }))
    .filter(({ weight }) => weight > LEAST_WEIGHT)
    .map(({ fit, weight }) => ({ weight, prediction: etsPrediction(fit, horizon) }))
  const name = parts.length === 1 ? modelName(bestOf(fits).model) : "averaged ETS"
  return { ...blended(parts), method: name }
}
