// Classical seasonal decomposition, the test whether a series is seasonal at all, and straight lines through data.
import { average } from "./Baselines.ts"

/** A least-squares line through (x₀, y₀), (x₀ + 1, y₁), …: its value where x = 0 and its slope. */
export interface Line {
  readonly intercept: number
  readonly slope: number
}

/** Fits a line through `y` at x = `first`, `first` + 1, …, passing over NaN. Flat where fewer than two are observed. */
export const fitLine = (y: ArrayLike<number>, first: number): Line => {
  let [n, sumX, sumY] = [0, 0, 0]
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i]!)) continue
    n++
    sumX += first + i
    sumY += y[i]!
  }
  if (n === 0) return { intercept: 0, slope: 0 }
  const [meanX, meanY] = [sumX / n, sumY / n]
  let [xx, xy] = [0, 0]
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i]!)) continue
    xx += (first + i - meanX) ** 2
    xy += (first + i - meanX) * (y[i]! - meanY)
  }
  const slope = xx === 0 ? 0 : xy / xx
  return { intercept: meanY - slope * meanX, slope }
}

/** Moving average over one season, centred: NaN for half a season at both ends. */
export const centredAverage = (y: Float64Array, period: number): Float64Array => {
  const half = Math.floor(period / 2)
  const even = period % 2 === 0
  return Float64Array.from({ length: y.length }, (_, t) => {
    if (t < half || t >= y.length - half) return Number.NaN
    let sum = 0
    for (let i = t - half; i <= t + half; i++) {
      const edge = even && (i === t - half || i === t + half)
      sum += edge ? 0.5 * y[i]! : y[i]!
    }
    return sum / period
  })
}

/** How a season acts on the level: added to it or multiplied with it. */
export type Composition = "additive" | "multiplicative"

/**
 * The classical seasonal indices, one a season starting with that of the first period; they add up to 0, or average 1.
 * NaN in `y` is passed over. Undefined with less than two whole seasons.
 */
export const seasonalIndices = (y: Float64Array, period: number, kind: Composition): Float64Array | undefined => {
  if (period < 2 || y.length < 2 * period) return undefined
  const trend = centredAverage(y, period)
  const sums = new Float64Array(period)
  const counts = new Float64Array(period)
  for (let t = 0; t < y.length; t++) {
    const ratio = kind === "additive" ? y[t]! - trend[t]! : y[t]! / trend[t]!
    if (!Number.isFinite(ratio)) continue
    sums[t % period] = sums[t % period]! + ratio
    counts[t % period] = counts[t % period]! + 1
  }
  const neutral = kind === "additive" ? 0 : 1
  const indices = sums.map((sum, i) => (counts[i]! > 0 ? sum / counts[i]! : neutral))
  const centre = average(indices)
  return kind === "additive" ? indices.map((s) => s - centre) : indices.map((s) => s / centre)
}

/** One-sided 5 % point of the normal distribution, with which the autocorrelation at the season is judged. */
const SEASONAL_TEST_Z = 1.6448536269514722

/** Whether the autocorrelation at one season is significant (the test of the Theta method, as in M3 and M4). */
export const isSeasonal = (y: Float64Array, period: number, strictlyMoreThanTwo: boolean): boolean => {
  const n = y.length
  if (period < 2 || (strictlyMoreThanTwo ? n <= 2 * period : n < 2 * period)) return false
  const mean = average(y)
  let variance = 0
  for (let t = 0; t < n; t++) variance += (y[t]! - mean) ** 2
  if (!(variance > 0)) return false
  let squares = 0
  let correlation = 0
  for (let lag = 1; lag <= period; lag++) {
    let sum = 0
    for (let t = lag; t < n; t++) sum += (y[t]! - mean) * (y[t - lag]! - mean)
    correlation = sum / variance
    if (lag < period) squares += correlation * correlation
  }
  return Math.abs(correlation) > SEASONAL_TEST_Z * Math.sqrt((1 + 2 * squares) / n)
}
