// Where the search for an exponential smoothing model begins: bounds of the weights, first weights, first states.
// Hyndman, Koehler, Ord & Snyder (2008), sections 2.5 and 2.6.
import { average } from "./Baselines.ts"
import { fitLine, seasonalIndices } from "./Decompose.ts"
import type { EtsModel, EtsState, EtsWeights } from "./Ets.ts"

/** The bounds of the weights: the usual region of Hyndman et al. (2008), section 2.5. */
export const WEIGHT_MIN = 1e-4
export const ALPHA_MAX = 0.9999
export const PHI_MIN = 0.8
export const PHI_MAX = 0.98

/**
 * Weights to begin with. Alpha begins low, the lower the longer the season: from there the search of a few hundred
 * steps ends at models that change slowly, which forecast better than the best fit to the past.
 */
export const startWeights = (model: EtsModel, period: number): EtsWeights => {
  const alpha = WEIGHT_MIN + (0.2 * (ALPHA_MAX - WEIGHT_MIN)) / period
  return {
    alpha,
    beta: model.trend === "N" ? 0 : WEIGHT_MIN + 0.1 * (alpha - WEIGHT_MIN),
    gamma: model.season === "N" ? 0 : WEIGHT_MIN + 0.05 * (1 - alpha - WEIGHT_MIN),
    phi: model.trend === "Ad" ? PHI_MIN + 0.99 * (PHI_MAX - PHI_MIN) : 1
  }
}

// A first guess at the seasons of a series too short to average them: a line plus one sine wave by least squares.
const fourierSeasons = (y: Float64Array, period: number, kind: "A" | "M"): Float64Array => {
  const line = fitLine(y, 1)
  let [sine, cosine, count] = [0, 0, 0]
  for (let t = 0; t < y.length; t++) {
    const rest = y[t]! - line.intercept - line.slope * (t + 1)
    if (Number.isNaN(rest)) continue
    sine += rest * Math.sin((2 * Math.PI * (t + 1)) / period)
    cosine += rest * Math.cos((2 * Math.PI * (t + 1)) / period)
    count++
  }
  const scale = count === 0 ? 0 : 2 / count
  const level = Math.abs(line.intercept + (line.slope * (y.length + 1)) / 2)
  return Float64Array.from({ length: period }, (_, i) => {
    const angle = (2 * Math.PI * (i + 1)) / period
    const wave = scale * (sine * Math.sin(angle) + cosine * Math.cos(angle))
    return kind === "A" ? wave : level > 0 ? 1 + wave / level : 1
  })
}

/** Multiplicative start seasons stay away from zero, where the model has no likelihood. */
const SMALLEST_SEASON = 1e-2

const startSeasons = (y: Float64Array, period: number, kind: "A" | "M"): Float64Array => {
  const classical =
    y.length >= 3 * period ? seasonalIndices(y, period, kind === "A" ? "additive" : "multiplicative") : undefined
  const raw = classical ?? fourierSeasons(y, period, kind)
  if (kind === "A") return raw
  const positive = raw.map((s) => Math.max(s, SMALLEST_SEASON))
  const mean = average(positive)
  return positive.map((s) => s / mean)
}

/** Start states by classical decomposition and a line through the first max(10, 2m) adjusted values. */
export const startState = (model: EtsModel, y: Float64Array, period: number): EtsState => {
  const first = model.season === "N" ? new Float64Array(0) : startSeasons(y, period, model.season)
  const head = Math.min(Math.max(10, 2 * period), y.length)
  const adjusted = Float64Array.from({ length: head }, (_, t) =>
    model.season === "N" ? y[t]! : model.season === "A" ? y[t]! - first[t % period]! : y[t]! / first[t % period]!
  )
  const seasons = first.reverse()
  if (model.trend === "N")
    return { level: average(adjusted.filter((value) => !Number.isNaN(value))), trend: 0, seasons }
  const line = fitLine(adjusted, 1)
  // A relative error needs a first forecast that is not zero.
  const vanishing = Math.abs(line.intercept + line.slope) < 1e-8
  return vanishing
    ? { level: line.intercept * 1.001 + 1e-6, trend: line.slope * 0.999, seasons }
    : { level: line.intercept, trend: line.slope, seasons }
}
