// Intervals from the errors a forecaster really made: conformal prediction over windows at the end of the history.
import { backtest, type Forecaster } from "./Backtest.ts"
import type { Interval, Prediction } from "./Prediction.ts"

/** How to turn past errors into bounds: a symmetric band, or the quantiles of forecast ± error. */
export type ConformalMethod = "error" | "distribution"

/** The quantile of `values` at `p`, linear between order statistics. */
export const linearQuantile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = p * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!)
}

/** Absolute errors of each horizon, over `windows` windows of `horizon` periods at the end, none overlapping. */
export const conformalScores = (
  y: Float64Array,
  forecaster: Forecaster,
  horizon: number,
  windows: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const trials = backtest(y, forecaster, { horizon, windows })
  return Array.from({ length: horizon }, (_, i) =>
    trials.map((trial) => Math.abs(trial.actual[i]! - trial.forecast[i]!))
  )
}

/** Conformal bounds around `mean` at `level`. Needs at least two windows in the history (see `conformalScores`). */
export const conformalInterval = (
  mean: ArrayLike<number>,
  scores: ReadonlyArray<ReadonlyArray<number>>,
  level: number,
  method: ConformalMethod
): Interval => {
  const bound = (side: -1 | 1) =>
    Float64Array.from({ length: mean.length }, (_, i) => {
      const centre = mean[i]!
      if (method === "error") return centre + side * linearQuantile(scores[i]!, level)
      const around = scores[i]!.flatMap((score) => [centre - score, centre + score])
      return linearQuantile(around, side < 0 ? (1 - level) / 2 : (1 + level) / 2)
    })
  return { level, lower: bound(-1), upper: bound(1) }
}

/**
 * The upper bound of demand summed over the next periods, from the sums missed in the past: what a reorder point needs.
 * One-sided: the share `p` of past windows stayed below it.
 */
export const conformalDemand = (
  y: Float64Array,
  forecaster: Forecaster,
  periods: number,
  windows: number,
  p: number
): number => {
  const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0)
  const trials = backtest(y, forecaster, { horizon: periods, windows, step: Math.max(1, Math.floor(periods / 2)) })
  const missed = trials.map((trial) => total(trial.actual) - total(trial.forecast))
  const mean = total(forecaster(y, periods))
  return Math.max(0, mean + (missed.length === 0 ? 0 : linearQuantile(missed, p)))
}

/** Models believe in themselves too much: their spread, measured on M3, is short by this factor before any evidence. */
export const USUAL_WIDENING = 1.2
/** How many windows of evidence the usual factor is worth. */
const PRIOR_WINDOWS = 4
const MAX_WINDOWS = 2
/** A single wild window says no more than this. */
const LARGEST_SCORE = 6

/** A forecaster that also says how far off it may be. */
export type Predictor = (history: Float64Array, horizon: number) => Prediction

/**
 * The factor by which a predictor's standard deviations should be raised: the root mean square of its standardised
 * errors over two windows before the end, drawn towards `USUAL_WIDENING`, and never below one.
 */
export const conformalWidening = (y: Float64Array, predictor: Predictor, horizon: number, minTrain: number): number => {
  const span = Math.max(1, Math.min(horizon, Math.floor(y.length / 5)))
  const step = Math.max(1, Math.floor(span / 2))
  let [sum, windows] = [0, 0]
  for (let window = 0; window < MAX_WINDOWS; window++) {
    const cut = y.length - span - window * step
    if (cut < minTrain) break
    const { mean, sd } = predictor(y.slice(0, cut), span)
    let squares = 0
    for (let i = 0; i < span; i++) {
      const score = Math.abs(y[cut + i]! - mean[i]!) / sd[i]!
      squares += Number.isFinite(score) ? Math.min(score, LARGEST_SCORE) ** 2 : 1
    }
    sum += squares / span
    windows++
  }
  const squared = (sum + PRIOR_WINDOWS * USUAL_WIDENING ** 2) / (windows + PRIOR_WINDOWS)
  return Math.max(1, Math.sqrt(squared))
}

/** A prediction whose spread is raised by a factor. */
export const widened = (prediction: Prediction, factor: number): Prediction => ({
  ...prediction,
  sd: prediction.sd.map((sd) => sd * factor),
  cumulativeSd: prediction.cumulativeSd.map((sd) => sd * factor)
})
