// Forecasting demand that is zero in most periods: Croston's method and its corrections, TSB, and temporal aggregation.
// Croston (1972); Syntetos & Boylan (2005); Teunter, Syntetos & Babai (2011); Nikolopoulos et al. (2011);
// Petropoulos & Kourentzes (2015).
import { bestAlpha } from "./Minimise.ts"
import { flat, type Prediction } from "./Prediction.ts"

/** The weight of Croston's two filters where none is given: slow, as the literature advises for sparse demand. */
export const DEFAULT_WEIGHT = 0.1
const OPTIMAL_LOW = 0.1
const OPTIMAL_HIGH = 0.3

/** Croston's estimate, and what corrects its bias: nothing, 1 − α/2, or 1 − α/(2 − α). */
export type CrostonVariant = "Croston" | "SBA" | "SBJ"

/** Weights of the filter of demand sizes and of the filter of intervals. */
export interface CrostonWeights {
  readonly size: number
  readonly interval: number
}

const correction = (variant: CrostonVariant, weight: number): number =>
  variant === "Croston" ? 1 : variant === "SBA" ? 1 - weight / 2 : 1 - weight / (2 - weight)

/** Where the filters of size and interval begin; the first size and the first interval where nothing is given. */
export interface CrostonStart {
  readonly size: number
  readonly interval: number
}

/** The demand rate by Croston's method: smoothed size over smoothed interval. The first demand sets both filters. */
export const crostonRate = (
  y: ArrayLike<number>,
  variant: CrostonVariant,
  weights: CrostonWeights,
  start?: CrostonStart
): number => {
  let size = 0
  let gap = 0
  let since = 0
  let seen = false
  for (let t = 0; t < y.length; t++) {
    since++
    const value = y[t]!
    if (value === 0) continue
    if (seen) {
      size += weights.size * (value - size)
      gap += weights.interval * (since - gap)
    } else {
      size = start?.size ?? value
      gap = start?.interval ?? since
      seen = true
    }
    since = 0
  }
  return seen ? (size / gap) * correction(variant, weights.interval) : 0
}

/** Croston's method, SBA or SBJ with fixed weights. */
export const croston = (
  y: ArrayLike<number>,
  horizon: number,
  variant: CrostonVariant = "Croston",
  weights: CrostonWeights = { size: DEFAULT_WEIGHT, interval: DEFAULT_WEIGHT }
): Prediction => flat(variant, crostonRate(y, variant, weights), horizon)

/** Demand sizes and the intervals between them; the first interval counts from the start of the series. */
export interface Occurrences {
  readonly sizes: Float64Array
  readonly intervals: Float64Array
}

/** Splits a series into its demands and the intervals before them. */
export const occurrences = (y: ArrayLike<number>): Occurrences => {
  let count = 0
  for (let t = 0; t < y.length; t++) if (y[t] !== 0) count++
  const sizes = new Float64Array(count)
  const intervals = new Float64Array(count)
  let [last, next] = [-1, 0]
  for (let t = 0; t < y.length; t++) {
    if (y[t] === 0) continue
    sizes[next] = y[t]!
    intervals[next++] = t - last
    last = t
  }
  return { sizes, intervals }
}

const smoothed = (values: Float64Array, n: number, alpha: number): number => {
  let level = values[0]!
  for (let t = 1; t < n; t++) level += alpha * (values[t]! - level)
  return level
}

const optimallySmoothed = (values: Float64Array, n: number): number =>
  smoothed(values, n, bestAlpha(values, n, OPTIMAL_LOW, OPTIMAL_HIGH))

/** Croston's method with each weight chosen in [0.1, 0.3] for its own filter. */
export const crostonOptimised = (y: ArrayLike<number>, horizon: number): Prediction => {
  const { sizes, intervals } = occurrences(y)
  const n = sizes.length
  return flat("CrostonOptimised", n === 0 ? 0 : optimallySmoothed(sizes, n) / optimallySmoothed(intervals, n), horizon)
}

/** Weights of TSB's two filters. */
export interface TsbWeights {
  readonly size: number
  readonly probability: number
}

/** Where TSB's filters begin: the first size, and 1 or 0 as there was demand in the first period or not. */
export interface TsbStart {
  readonly size: number
  readonly probability: number
}

/**
 * The demand rate by TSB: smoothed probability of demand times smoothed size. It dies away while nothing is sold. The
 * first period sets the probability and the first demand the size; a given start stands for the first period.
 */
export const tsbRate = (y: ArrayLike<number>, weights: TsbWeights, start?: TsbStart): number => {
  let size = start?.size ?? 0
  let seen = start !== undefined
  let probability = start?.probability ?? (y.length > 0 && y[0] !== 0 ? 1 : 0)
  for (let t = start === undefined ? 0 : 1; t < y.length; t++) {
    const value = y[t]!
    const demanded = value === 0 ? 0 : 1
    probability += weights.probability * (demanded - probability)
    if (demanded === 0) continue
    size = seen ? size + weights.size * (value - size) : value
    seen = true
  }
  return probability * size
}

/** The method of Teunter, Syntetos and Babai. */
export const tsb = (
  y: ArrayLike<number>,
  horizon: number,
  weights: TsbWeights = { size: DEFAULT_WEIGHT, probability: DEFAULT_WEIGHT }
): Prediction => flat("TSB", tsbRate(y, weights), horizon)

const roundHalfToEven = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low
}

let bucketRoom = new Float64Array(1024)

// The rate seen in buckets of `size` periods, the last bucket ending with the series.
const aggregatedRate = (y: ArrayLike<number>, size: number): number => {
  const count = Math.floor(y.length / size)
  if (count === 0) return 0
  if (bucketRoom.length < count) bucketRoom = new Float64Array(2 * count)
  let t = y.length - count * size
  for (let bucket = 0; bucket < count; bucket++) {
    let sum = 0
    for (let i = 0; i < size; i++) sum += y[t++]!
    bucketRoom[bucket] = sum
  }
  return optimallySmoothed(bucketRoom, count) / size
}

const meanInterval = (y: ArrayLike<number>): number => {
  let [last, count] = [-1, 0]
  for (let t = 0; t < y.length; t++) {
    if (y[t] === 0) continue
    last = t
    count++
  }
  // The intervals add up to where the last demand is.
  return count === 0 ? 0 : Math.min(roundHalfToEven((last + 1) / count), y.length)
}

/** ADIDA: simple smoothing of the sums over the mean interval between demands, spread evenly again. */
export const adida = (y: ArrayLike<number>, horizon: number): Prediction => {
  const size = meanInterval(y)
  return flat("ADIDA", size === 0 ? 0 : aggregatedRate(y, size), horizon)
}

/** The mean of the rates seen in buckets of one period up to the mean interval between demands. */
export const imapaRate = (y: ArrayLike<number>): number => {
  const largest = meanInterval(y)
  let sum = 0
  for (let size = 1; size <= largest; size++) sum += aggregatedRate(y, size)
  return largest === 0 ? 0 : sum / largest
}

/** IMAPA: ADIDA at every aggregation level up to the mean interval, averaged. */
export const imapa = (y: ArrayLike<number>, horizon: number): Prediction => flat("IMAPA", imapaRate(y), horizon)
