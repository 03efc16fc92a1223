// The forecast of a series by the method its history suggests, and the demand over lead time that follows from it.

import { challenge, type Forecaster } from "./Backtest.ts"
import { seasonalNaive } from "./Baselines.ts"
import { believedDemand, initialBelief, type RateBelief, updatedBelief } from "./ColdStart.ts"
import { intermittentForecast, regularForecast } from "./Combination.ts"
import { conformalWidening, type Predictor, USUAL_WIDENING, widened } from "./Conformal.ts"
import { type DemandPattern, demandPattern, INTERMITTENT_INTERVAL } from "./DemandClass.ts"
import { certain, type DemandDistribution, shaped } from "./DemandDistribution.ts"
import { fillMissing } from "./DemandSeries.ts"
import { ses } from "./ExponentialSmoothing.ts"
import { factorAt, inSeason, type SeasonFactors } from "./GroupSeason.ts"
import { croston, tsb } from "./Intermittent.ts"
import { clampAtZero, type Interval, type Prediction } from "./Prediction.ts"

/** How to forecast. */
export interface ForecastOptions {
  /** How many periods ahead. */
  readonly horizon: number
  /** Seasons in a cycle: 12 for months, 52 for weeks, 7 for days, 1 (the default) for none. */
  readonly period?: number
  /** What the category suggests for products with little history. */
  readonly belief?: RateBelief
  /**
   * The season of the category (see `groupSeason`). It takes the place of the product's own season of the same length;
   * one of another length comes on top, such as that of the year on that of the week.
   */
  readonly season?: SeasonFactors
  /** Try the default on the past against simpler methods, and let one that did clearly better replace it. */
  readonly backtest?: boolean
  /** Widen the spread by how far off the method was on the past of this very series; costs two more fits. */
  readonly conformal?: boolean
}

/** A forecast and why it is what it is. */
export interface DemandForecast {
  readonly method: string
  /** One sentence for people: what the history looks like and what follows. */
  readonly why: string
  readonly pattern: DemandPattern
  /** Expected demand of each coming period; never negative, never rounded. */
  readonly mean: Float64Array
  readonly sd: Float64Array
  /** Central interval of each coming period: quantiles of the distribution `leadTimeDemand` gives for one period. */
  readonly interval: (level: number) => Interval
  /**
   * The distribution of demand over the next `periods` periods together, such as lead time plus review. Accepts
   * 0 < periods ≤ horizon, and fractions: part of a period has that part of its mean and variance.
   */
  readonly leadTimeDemand: (periods: number) => DemandDistribution
}

/** With fewer periods or demands than this there is nothing to learn a model from. */
export const SHORTEST_HISTORY = 8
const FEWEST_DEMANDS = 2
/** Fourth powers of values beyond these would leave the range of numbers; such series are forecast in other units. */
const LARGEST_VALUE = 1e50
const SMALLEST_VALUE = 1e-50

// Whether demand comes in whole units. Cleaning leaves fractions in some periods of such a series; half of the demands
// being whole is no accident.
const isWhole = (values: Float64Array): boolean => {
  let [demands, whole] = [0, 0]
  for (const value of values) {
    if (value === 0) continue
    demands++
    if (Number.isInteger(value)) whole++
  }
  return 2 * whole >= demands
}

const requireHorizon = (horizon: number): void => {
  if (Number.isInteger(horizon) && horizon >= 1) return
  throw new RangeError(`The horizon is a whole number of periods from 1 on; ${horizon} is not`)
}

const requireReach = (periods: number, horizon: number): void => {
  if (periods > 0 && periods <= horizon) return
  throw new RangeError(
    `This forecast reaches ${horizon} periods: ask for more than 0 and at most ${horizon}, not ${periods}`
  )
}

const over =
  (prediction: Prediction, shape: (mean: number, sd: number) => DemandDistribution) =>
  (periods: number): DemandDistribution => {
    requireReach(periods, prediction.mean.length)
    const whole = Math.floor(periods)
    const part = periods - whole
    let mean = 0
    for (let i = 0; i < whole; i++) mean += prediction.mean[i]!
    const variance = (count: number) => (count === 0 ? 0 : prediction.cumulativeSd[count - 1]! ** 2)
    const lower = variance(whole)
    if (part === 0) return shape(mean, Math.sqrt(lower))
    mean += part * prediction.mean[whole]!
    return shape(mean, Math.sqrt(lower + part * (variance(whole + 1) - lower)))
  }

interface Chosen {
  readonly predictor: Predictor
  readonly why: string
  readonly widening: number
}

const choose = (pattern: DemandPattern, period: number): Chosen =>
  pattern.interval >= INTERMITTENT_INTERVAL
    ? {
        predictor: (history, horizon) => intermittentForecast(history, period, horizon),
        why:
          `Demand comes every ${pattern.interval.toFixed(1)} periods (${pattern.class}), ` +
          "so sums over several periods are smoothed",
        widening: 1
      }
    : {
        predictor: (history, horizon) => regularForecast(history, period, horizon),
        why: `Demand comes nearly every period (${pattern.class}), so models of level, trend and season are combined`,
        widening: USUAL_WIDENING
      }

const chosenFor = (pattern: DemandPattern, length: number, { period = 1, season }: ForecastOptions): Chosen => {
  if (season === undefined || season.length < 2) return choose(pattern, period)
  const { predictor, why, widening } = choose(pattern, season.length === period ? 1 : period)
  return {
    predictor: inSeason(predictor, season, length),
    why: `${why}, in the season of the category`,
    widening
  }
}

const challengers = (period: number): ReadonlyArray<{ readonly name: string; readonly predictor: Predictor }> => [
  { name: "seasonal naive", predictor: (y, horizon) => seasonalNaive(y, period, horizon) },
  { name: "SES", predictor: (y, horizon) => ses(y, 0.1, horizon) },
  {
    name: "SBA",
    predictor: (y, horizon) => ({ ...ses(y, 0.1, horizon), mean: croston(y, horizon, "SBA").mean, method: "SBA" })
  },
  { name: "TSB", predictor: (y, horizon) => ({ ...ses(y, 0.1, horizon), mean: tsb(y, horizon).mean, method: "TSB" }) }
]

const challenged = (y: Float64Array, chosen: Chosen, period: number, horizon: number): Chosen => {
  const all = [{ name: "default", predictor: chosen.predictor }, ...challengers(period)]
  const asForecaster =
    (predictor: Predictor): Forecaster =>
    (history, h) =>
      clampAtZero(predictor(history, h)).mean
  const { name, summaries } = challenge(
    y,
    all.map((one) => ({ name: one.name, forecaster: asForecaster(one.predictor) })),
    { horizon, windows: 6, minTrain: Math.max(SHORTEST_HISTORY, Math.ceil(y.length / 2)) }
  )
  if (name === "default") return chosen
  const better = summaries.get(name)!
  const missed = (wape: number) => `${(100 * wape).toFixed(0)} %`
  const usual = missed(summaries.get("default")!.cumulativeWape)
  const why =
    `${chosen.why}; on the past of this series ${name} missed ${missed(better.cumulativeWape)} of demand ` +
    `instead of ${usual}`
  return { ...chosen, predictor: all.find((one) => one.name === name)!.predictor, why }
}

const coldStart = (y: Float64Array, pattern: DemandPattern, options: ForecastOptions): DemandForecast => {
  const { horizon, season } = options
  const factor = (ahead: number) => factorAt(season, ahead)
  // A period in high season tells as much of the rate as several others, and needs as much stock.
  const past = y.reduce((sum, _, t) => sum + factor(t - y.length), 0)
  const own = past > 0 ? y.reduce((sum, value) => sum + Math.max(0, value), 0) / past : 0
  const belief = updatedBelief(options.belief ?? initialBelief(own), y, past)
  const counts = isWhole(y)
  const shape = (exposure: number): DemandDistribution => {
    const demand = believedDemand(belief, exposure)
    return counts || demand.mean === 0 ? demand : shaped(demand.mean, demand.sd, false)
  }
  const each = Array.from({ length: horizon }, (_, i) => shape(factor(i)))
  const mean = Float64Array.from(each, (demand) => demand.mean)
  const together = (periods: number): DemandDistribution => {
    requireReach(periods, horizon)
    let exposure = 0
    for (let i = 0; i < periods; i++) exposure += factor(i) * Math.min(1, periods - i)
    return shape(exposure)
  }
  const history = `${y.length} period${y.length === 1 ? "" : "s"}`
  return {
    method: "Gamma-Poisson",
    why:
      `Only ${history} of history with too few demands to learn from, ` +
      `so ${options.belief ? "its category" : "the mean so far"} speaks`,
    pattern,
    mean,
    sd: Float64Array.from(each, (demand) => demand.sd),
    interval: (level) => {
      const bound = (p: number) => Float64Array.from(each, (demand) => demand.quantile(p))
      return { level, lower: bound((1 - level) / 2), upper: bound((1 + level) / 2) }
    },
    leadTimeDemand: together
  }
}

const scaledBy = (forecast: DemandForecast, unit: number): DemandForecast => {
  const up = (values: Float64Array) => values.map((value) => Math.min(value * unit, Number.MAX_VALUE))
  return {
    ...forecast,
    mean: up(forecast.mean),
    sd: up(forecast.sd),
    interval: (level) => {
      const { lower, upper } = forecast.interval(level)
      return { level, lower: up(lower), upper: up(upper) }
    },
    leadTimeDemand: (periods) => {
      const demand = forecast.leadTimeDemand(periods)
      return {
        ...demand,
        mean: Math.min(demand.mean * unit, Number.MAX_VALUE),
        sd: Math.min(demand.sd * unit, Number.MAX_VALUE),
        cdf: (x) => demand.cdf(x / unit),
        quantile: (p) => Math.min(demand.quantile(p) * unit, Number.MAX_VALUE),
        loss: (x) => demand.loss(x / unit) * unit
      }
    }
  }
}

const certainly = (value: number, pattern: DemandPattern, horizon: number): DemandForecast => {
  const mean = new Float64Array(horizon).fill(value)
  const zero = new Float64Array(horizon)
  return {
    method: "constant",
    why: value === 0 ? "Nothing was ever demanded" : "Every period had the same demand",
    pattern,
    mean,
    sd: zero,
    interval: (level) => ({ level, lower: mean, upper: mean }),
    leadTimeDemand: over({ method: "constant", mean, sd: zero, cumulativeSd: zero }, (total) => certain(total))
  }
}

const forecastKnown = (y: Float64Array, options: ForecastOptions): DemandForecast => {
  const { horizon, period = 1 } = options
  const pattern = demandPattern(y)
  const demands = y.reduce((count, value) => (value === 0 ? count : count + 1), 0)
  if (y.length < SHORTEST_HISTORY || demands < FEWEST_DEMANDS) return coldStart(y, pattern, options)
  if (y.every((value) => value === y[0])) return certainly(Math.max(0, y[0]!), pattern, horizon)
  const first = chosenFor(pattern, y.length, options)
  const { predictor, why, widening } = options.backtest === true ? challenged(y, first, period, horizon) : first
  const raw = clampAtZero(predictor(y, horizon))
  const factor =
    options.conformal === true
      ? conformalWidening(y, predictor, horizon, Math.max(SHORTEST_HISTORY, period + 4))
      : widening
  const prediction = widened(raw, factor)
  const counts = isWhole(y)
  const inPeriod = (i: number) => shaped(prediction.mean[i]!, prediction.sd[i]!, counts)
  return {
    method: prediction.method,
    why,
    pattern,
    mean: prediction.mean,
    sd: prediction.sd.map((_, i) => inPeriod(i).sd),
    interval: (level) => {
      const bound = (p: number) => prediction.mean.map((_, i) => inPeriod(i).quantile(p))
      return { level, lower: bound((1 - level) / 2), upper: bound((1 + level) / 2) }
    },
    leadTimeDemand: over(prediction, (mean, sd) => shaped(mean, sd, counts))
  }
}

/**
 * Forecasts demand. `demand` is the history, the oldest period first; null, NaN and infinities are periods without
 * observation and are filled from their season or neighbours. Any history is accepted, also an empty one.
 */
export const forecast = (demand: ArrayLike<number | null>, options: ForecastOptions): DemandForecast => {
  requireHorizon(options.horizon)
  const period = Math.max(1, Math.floor(options.period ?? 1))
  const seen = Float64Array.from(demand, (value) => (value !== null && Number.isFinite(value) ? value : Number.NaN))
  const first = seen.findIndex((value) => !Number.isNaN(value))
  // What lies before the first observation is not history: the product was not there yet.
  const known = first < 0 ? new Float64Array(0) : seen.slice(first)
  let largest = 0
  for (const value of known) if (Math.abs(value) > largest) largest = Math.abs(value)
  const extreme = largest > LARGEST_VALUE || (largest > 0 && largest < SMALLEST_VALUE)
  if (!extreme) return forecastKnown(fillMissing(known, period), { ...options, period })
  const inUnits = fillMissing(
    known.map((value) => value / largest),
    period
  )
  return scaledBy(forecastKnown(inUnits, { ...options, period }), largest)
}
