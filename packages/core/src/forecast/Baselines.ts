// The forecasts everything else has to beat: last value, last season, drift, averages.
import { type Prediction, pointsOnly } from "./Prediction.ts"

const predict = (
  method: string,
  horizon: number,
  mean: (h: number) => number,
  variance: (h: number) => number,
  cumulativeVariance: (h: number) => number
): Prediction => {
  const at = (f: (h: number) => number) => Float64Array.from({ length: horizon }, (_, i) => f(i + 1))
  return {
    method,
    mean: at(mean),
    sd: at((h) => Math.sqrt(variance(h))),
    cumulativeSd: at((h) => Math.sqrt(cumulativeVariance(h)))
  }
}

/** The arithmetic mean of `values`; 0 for none. */
export const average = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return values.length === 0 ? 0 : sum / values.length
}

const sumOfSquares = (n: number): number => (n * (n + 1) * (2 * n + 1)) / 6

const meanSquaredDifference = (y: ArrayLike<number>, lag: number): number => {
  let sum = 0
  for (let t = lag; t < y.length; t++) sum += (y[t]! - y[t - lag]!) ** 2
  return y.length > lag ? sum / (y.length - lag) : 0
}

/** Every coming period repeats the last value. */
export const naive = (y: ArrayLike<number>, horizon: number): Prediction => {
  const last = y.length === 0 ? 0 : y[y.length - 1]!
  const variance = meanSquaredDifference(y, 1)
  return predict(
    "naive",
    horizon,
    () => last,
    (h) => variance * h,
    (h) => variance * sumOfSquares(h)
  )
}

/** Every coming period repeats the one a season before; the naive forecast while there is no whole season. */
export const seasonalNaive = (y: ArrayLike<number>, period: number, horizon: number): Prediction => {
  const n = y.length
  if (period <= 1 || n < period) return { ...naive(y, horizon), method: "seasonal naive" }
  const variance = meanSquaredDifference(y, period)
  // Periods that share a season repeat the same value, so that their errors add up like those of the naive forecast.
  const summed = (h: number) => {
    const whole = Math.floor(h / period)
    const rest = h % period
    return rest * sumOfSquares(whole + 1) + (period - rest) * sumOfSquares(whole)
  }
  return predict(
    "seasonal naive",
    horizon,
    (h) => y[n - period + ((h - 1) % period)]!,
    (h) => variance * (Math.floor((h - 1) / period) + 1),
    (h) => variance * summed(h)
  )
}

/** A line through the first and the last value. */
export const drift = (y: ArrayLike<number>, horizon: number): Prediction => {
  const n = y.length
  if (n < 3) return { ...naive(y, horizon), method: "drift" }
  const slope = (y[n - 1]! - y[0]!) / (n - 1)
  let sum = 0
  for (let t = 1; t < n; t++) sum += (y[t]! - y[t - 1]! - slope) ** 2
  const variance = sum / (n - 2)
  return predict(
    "drift",
    horizon,
    (h) => y[n - 1]! + slope * h,
    (h) => variance * h * (1 + h / (n - 1)),
    (h) => variance * (sumOfSquares(h) + ((h * (h + 1)) / 2) ** 2 / (n - 1))
  )
}

/** The mean of all history, with Student's t for its intervals. */
export const historicMean = (y: ArrayLike<number>, horizon: number): Prediction => {
  const n = y.length
  const mean = average(y)
  let sum = 0
  for (let t = 0; t < n; t++) sum += (y[t]! - mean) ** 2
  const variance = n > 1 ? sum / (n - 1) : 0
  const prediction = predict(
    "mean",
    horizon,
    () => mean,
    () => variance * (1 + 1 / n),
    (h) => variance * (h + (h * h) / n)
  )
  return n > 1 ? { ...prediction, degrees: n - 1 } : prediction
}

/** The mean of the last `window` periods. */
export const windowAverage = (y: ArrayLike<number>, window: number, horizon: number): Prediction =>
  pointsOnly("window average", new Float64Array(horizon).fill(average(Array.from(y).slice(-window))))

/** For each season the mean of its last `seasons` values. */
export const seasonalWindowAverage = (
  y: ArrayLike<number>,
  period: number,
  seasons: number,
  horizon: number
): Prediction => {
  const mean = Float64Array.from({ length: horizon }, (_, i) => {
    const values: Array<number> = []
    for (let t = y.length - period + (i % period); t >= 0 && values.length < seasons; t -= period) values.push(y[t]!)
    return average(values)
  })
  return pointsOnly("seasonal window average", mean)
}
