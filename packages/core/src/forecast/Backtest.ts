// Trying a forecaster on the past: rolling origins, each forecast compared with what came after it.
import { biasPercent, cumulativeWape, pinball, rmsse, wape } from "./Accuracy.ts"

/** Forecasts the next `horizon` periods of a history. */
export type Forecaster = (history: Float64Array, horizon: number) => ArrayLike<number>

/** Learns from a history, once, how to forecast from it and from longer ones. */
export type Learner = (history: Float64Array) => Forecaster

/** Which origins to forecast from; they are counted from the end of the series. */
export interface Origins {
  readonly horizon: number
  /** Periods between origins; the horizon by default, so that no period is judged twice. */
  readonly step?: number
  /** How many origins; as many as fit by default. */
  readonly windows?: number
  /** The shortest history to forecast from; 1 by default. */
  readonly minTrain?: number
}

/** One forecast and what came. */
export interface Trial {
  /** Length of the history the forecast was made from. */
  readonly origin: number
  readonly history: Float64Array
  readonly forecast: Float64Array
  readonly actual: Float64Array
}

/** The origins that fit a series of `n` periods, the earliest first. */
export const originsOf = (n: number, origins: Origins): ReadonlyArray<number> => {
  const step = Math.max(1, origins.step ?? origins.horizon)
  const windows = origins.windows ?? Number.POSITIVE_INFINITY
  const least = Math.max(1, origins.minTrain ?? 1)
  const found: Array<number> = []
  for (let at = n - origins.horizon; at >= least && found.length < windows; at -= step) found.push(at)
  return found.reverse()
}

/** Forecasts from every origin. The forecaster is fitted anew each time and never sees what comes later. */
export const backtest = (y: Float64Array, forecaster: Forecaster, origins: Origins): ReadonlyArray<Trial> =>
  originsOf(y.length, origins).map((origin) => {
    const history = y.slice(0, origin)
    return {
      origin,
      history,
      forecast: Float64Array.from(forecaster(history, origins.horizon)),
      actual: y.slice(origin, origin + origins.horizon)
    }
  })

/**
 * Forecasts from every origin by a method that learns, such as a model whose weights are estimated. With `refit` (the
 * default) it learns anew at every origin; without, once at the first, as a shop does that estimates once a quarter.
 */
export const backtestLearner = (
  y: Float64Array,
  learner: Learner,
  { refit = true, ...origins }: Origins & { readonly refit?: boolean }
): ReadonlyArray<Trial> => {
  const first = originsOf(y.length, origins)[0]
  if (first === undefined) return []
  const learned = refit ? undefined : learner(y.slice(0, first))
  return backtest(y, (history, horizon) => (learned ?? learner(history))(history, horizon), origins)
}

/** How trials went. The first three are over all trials together, the scaled error is the mean over trials. */
export interface BacktestSummary {
  readonly trials: number
  /** Σ over trials of |Σ errors over the horizon|, as a share of demand: what stock feels. NaN without demand. */
  readonly cumulativeWape: number
  readonly wape: number
  readonly biasPercent: number
  /** NaN where no history varied. */
  readonly rmsse: number
}

/** Sums trials up. */
export const summarise = (trials: ReadonlyArray<Trial>): BacktestSummary => {
  const actual = trials.flatMap((trial) => Array.from(trial.actual))
  const forecast = trials.flatMap((trial) => Array.from(trial.forecast))
  const demand = actual.reduce((sum, value) => sum + Math.abs(value), 0)
  const weighed = trials.reduce((sum, trial) => {
    const own = trial.actual.reduce((s, value) => s + Math.abs(value), 0)
    const miss = trial.actual.reduce((s, value, i) => s + value - trial.forecast[i]!, 0)
    return sum + (own > 0 ? cumulativeWape(trial.actual, trial.forecast) * own : Math.abs(miss))
  }, 0)
  const scaled = trials.map((trial) => rmsse(trial.actual, trial.forecast, trial.history)).filter(Number.isFinite)
  return {
    trials: trials.length,
    cumulativeWape: demand > 0 ? weighed / demand : Number.NaN,
    wape: demand > 0 ? wape(actual, forecast) : Number.NaN,
    biasPercent: demand > 0 ? biasPercent(actual, forecast) : Number.NaN,
    rmsse: scaled.length > 0 ? scaled.reduce((sum, value) => sum + value, 0) / scaled.length : Number.NaN
  }
}

/** A challenger must be this much better than the default, on this many origins, before it replaces it. */
export const CHALLENGE_GAIN = 0.05
export const CHALLENGE_ORIGINS = 3

/**
 * The name of the forecaster to use: the first unless another's cumulative-demand error is more than 5 % lower over at
 * least three origins. Errors of single periods are no guide where demand is sparse: forecasting nothing wins them.
 */
export const challenge = (
  y: Float64Array,
  forecasters: ReadonlyArray<{ readonly name: string; readonly forecaster: Forecaster }>,
  origins: Origins
): { readonly name: string; readonly summaries: ReadonlyMap<string, BacktestSummary> } => {
  const summaries = new Map(
    forecasters.map(({ name, forecaster }) => [name, summarise(backtest(y, forecaster, origins))] as const)
  )
  const incumbent = forecasters[0]!.name
  let best = incumbent
  for (const [name, summary] of summaries) {
    if (summary.trials < CHALLENGE_ORIGINS) continue
    if (summary.cumulativeWape < summaries.get(best)!.cumulativeWape) best = name
  }
  const [won, held] = [summaries.get(best)!, summaries.get(incumbent)!]
  return { name: won.cumulativeWape < (1 - CHALLENGE_GAIN) * held.cumulativeWape ? best : incumbent, summaries }
}

/** Mean pinball loss of a forecast of one quantile over trials: how well it would have set a reorder point. */
export const quantileScore = (trials: ReadonlyArray<Trial>, q: number): number =>
  trials.reduce((sum, trial) => sum + pinball(trial.actual, trial.forecast, q), 0) / Math.max(1, trials.length)
