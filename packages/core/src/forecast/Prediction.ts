// What every forecasting method answers: expected demand of the next periods and how far off it may be.
import { normalQuantile, studentQuantile } from "./Probability.ts"

/** A forecast of the next `mean.length` periods. All three arrays have that length. */
export interface Prediction {
  /** The name of the method, such as `ETS(M,Ad,M)` or `IMAPA`. */
  readonly method: string
  /** Expected demand of each coming period. */
  readonly mean: Float64Array
  /** Standard deviation of the error of each coming period. NaN where the method has no error model. */
  readonly sd: Float64Array
  /** Standard deviation of the error of the sum of the first 1, 2, … periods: what stock has to cover. */
  readonly cumulativeSd: Float64Array
  /** Degrees of freedom of Student's t for the intervals; absent where the normal distribution is meant. */
  readonly degrees?: number
}

/** Lower and upper bounds of the coming periods. */
export interface Interval {
  /** The share of outcomes that should fall inside, such as 0.8. */
  readonly level: number
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** The central interval of a prediction, `mean ± z·sd`. */
export const interval = (prediction: Prediction, level: number): Interval => {
  const p = (1 + level) / 2
  const z = prediction.degrees === undefined ? normalQuantile(p) : studentQuantile(p, prediction.degrees)
  return {
    level,
    lower: prediction.mean.map((mean, i) => mean - z * prediction.sd[i]!),
    upper: prediction.mean.map((mean, i) => mean + z * prediction.sd[i]!)
  }
}

/** A forecast that repeats one value and knows nothing of its own error. */
export const flat = (method: string, value: number, horizon: number): Prediction => ({
  method,
  mean: new Float64Array(horizon).fill(value),
  sd: new Float64Array(horizon).fill(Number.NaN),
  cumulativeSd: new Float64Array(horizon).fill(Number.NaN)
})

/** A prediction with the given means and no error model. */
export const pointsOnly = (method: string, mean: Float64Array): Prediction => ({
  method,
  mean,
  sd: new Float64Array(mean.length).fill(Number.NaN),
  cumulativeSd: new Float64Array(mean.length).fill(Number.NaN)
})

/** Demand is never negative: expected values below zero become zero. The mean is never rounded. */
export const clampAtZero = (prediction: Prediction): Prediction =>
  prediction.mean.every((value) => value >= 0)
    ? prediction
    : { ...prediction, mean: prediction.mean.map((value) => Math.max(value, 0)) }

/**
 * The weighted mean of predictions. Its error is taken as large as the weighted mean of theirs: methods that see the
 * same history err together, and assuming less has left intervals too narrow.
 */
export const blended = (
  parts: ReadonlyArray<{ readonly weight: number; readonly prediction: Prediction }>
): Prediction => {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const horizon = parts[0]!.prediction.mean.length
  const mix = (read: (prediction: Prediction) => Float64Array) => {
    const mixed = new Float64Array(horizon)
    for (const { weight, prediction } of parts) {
      const values = read(prediction)
      for (let i = 0; i < horizon; i++) mixed[i] = mixed[i]! + (weight / total) * values[i]!
    }
    return mixed
  }
  return {
    method: parts.map(({ prediction }) => prediction.method).join(" + "),
    mean: mix((prediction) => prediction.mean),
    sd: mix((prediction) => prediction.sd),
    cumulativeSd: mix((prediction) => prediction.cumulativeSd)
  }
}
