// What a fitted exponential smoothing model says of the future: means, variances, and those of sums over periods.
// Hyndman, Koehler, Ord & Snyder (2008), chapter 6; where its formulas end, the derivation stands beside the code.
import { dampedSteps, modelName, pointForecast } from "./Ets.ts"
import type { EtsFit } from "./EtsFit.ts"
import type { Prediction } from "./Prediction.ts"

interface Spread {
  readonly sd: Float64Array
  readonly cumulativeSd: Float64Array
}

// How much of today's error is still felt j periods later: α + β·φⱼ, and γ where the season comes round.
const impulse = ({ model, weights, period }: EtsFit, j: number): number =>
  weights.alpha +
  weights.beta * dampedSteps(weights.phi, j) +
  (model.season !== "N" && j % period === 0 ? weights.gamma : 0)

/**
 * Models without a multiplicative season. Demand j periods ahead is its mean plus Σ cₖ·e, with uncorrelated errors e of
 * variance σ²·θ: θ is 1 for additive errors, and for relative ones the mean square of the one-step forecast, which
 * follows θₕ = μₕ² + σ²·Σ cⱼ²·θₕ₋ⱼ. A sum over L periods holds each error 1 + c₁ + … + c_(L−k) times.
 */
const linearSpread = (fit: EtsFit, mean: Float64Array): Spread => {
  const horizon = mean.length
  const relative = fit.model.error === "M"
  const square = new Float64Array(horizon)
  const c = Float64Array.from({ length: horizon }, (_, j) => (j === 0 ? 1 : impulse(fit, j)))
  const reach = Float64Array.from(c)
  for (let j = 1; j < horizon; j++) reach[j] = reach[j]! + reach[j - 1]!
  const sd = new Float64Array(horizon)
  const cumulativeSd = new Float64Array(horizon)
  for (let h = 0; h < horizon; h++) {
    let carried = 0
    for (let k = 0; k < h; k++) carried += square[k]! * c[h - k]! ** 2
    square[h] = relative ? mean[h]! ** 2 + fit.sigma2 * carried : 1
    sd[h] = Math.sqrt(fit.sigma2 * (square[h]! + carried))
    let summed = 0
    for (let k = 0; k <= h; k++) summed += square[k]! * reach[h - k]! ** 2
    cumulativeSd[h] = Math.sqrt(fit.sigma2 * summed)
  }
  return { sd, cumulativeSd }
}

/** The moments of level and trend, each weighted with one season: E[a·s] and E[a·aᵀ·s²] for a = (level, trend). */
interface SeasonMoments {
  level: number
  trend: number
  levelLevel: number
  levelTrend: number
  trendTrend: number
}

/**
 * One period passes: a ← F·a + (α, β)ᵀ·q·ε with q = level + φ·trend, and s ← s·(1 + γ·ε) where the season is the one of
 * this period. ε is normal with variance σ², so that E ε⁴ = 3σ⁴.
 */
const passPeriod = (m: SeasonMoments, { weights, sigma2 }: EtsFit, itsTurn: boolean): void => {
  const { alpha, beta, phi } = weights
  const gamma = itsTurn ? weights.gamma : 0
  const q = m.level + phi * m.trend
  const qq = m.levelLevel + 2 * phi * m.levelTrend + phi * phi * m.trendTrend
  const qTrend = phi * (m.levelTrend + phi * m.trendTrend)
  const kept = 1 + gamma * gamma * sigma2
  const mixed = 2 * gamma * sigma2
  const noise = sigma2 + 3 * gamma * gamma * sigma2 * sigma2
  m.level = q * (1 + gamma * alpha * sigma2)
  m.trend = phi * m.trend + gamma * beta * sigma2 * q
  const trendTrend = phi * phi * m.trendTrend
  m.levelLevel = kept * qq + mixed * 2 * alpha * qq + noise * alpha * alpha * qq
  m.levelTrend = kept * qTrend + mixed * (alpha * qTrend + beta * qq) + noise * alpha * beta * qq
  m.trendTrend = kept * trendTrend + mixed * 2 * beta * qTrend + noise * beta * beta * qq
}

/** Mean and variance of each coming period of a model with multiplicative errors and season, by exact recursion. */
export const seasonalMoments = (
  fit: EtsFit,
  horizon: number
): { readonly mean: Float64Array; readonly variance: Float64Array } => {
  const { period, sigma2, weights } = fit
  const { level, trend, seasons } = fit.filtered.state
  const mean = new Float64Array(horizon)
  const variance = new Float64Array(horizon)
  for (let slot = 0; slot < Math.min(period, horizon); slot++) {
    const s = seasons[period - 1 - slot]!
    const moments: SeasonMoments = {
      level: level * s,
      trend: trend * s,
      levelLevel: level * level * s * s,
      levelTrend: level * trend * s * s,
      trendTrend: trend * trend * s * s
    }
    for (let h = 0; h < horizon; h++) {
      const itsTurn = h % period === slot
      if (itsTurn) {
        const { phi } = weights
        mean[h] = moments.level + phi * moments.trend
        const square = moments.levelLevel + 2 * phi * moments.levelTrend + phi * phi * moments.trendTrend
        variance[h] = (1 + sigma2) * square - mean[h]! ** 2
      }
      passPeriod(moments, fit, itsTurn)
    }
  }
  return { mean, variance }
}

/**
 * Models with a multiplicative season. The variance of a period is exact; that of a sum counts how each error moves the
 * later periods to first order, and is then raised by the share that first order misses of the single periods.
 */
const seasonalSpread = (fit: EtsFit, mean: Float64Array): Spread => {
  const horizon = mean.length
  const { period, weights } = fit
  const { state } = fit.filtered
  const { variance } = seasonalMoments(fit, horizon)
  const level = (h: number) => state.level + dampedSteps(weights.phi, h + 1) * state.trend
  const season = (h: number) => state.seasons[period - 1 - (h % period)]!
  const moved = (k: number, h: number) => {
    if (h === k) return mean[k]!
    const smooth = (weights.alpha + weights.beta * dampedSteps(weights.phi, h - k)) * level(k) * season(h)
    return smooth + ((h - k) % period === 0 ? weights.gamma * mean[h]! : 0)
  }
  const reach = new Float64Array(horizon)
  const cumulativeSd = new Float64Array(horizon)
  let [exact, firstOrder] = [0, 0]
  for (let h = 0; h < horizon; h++) {
    exact += variance[h]!
    let summed = 0
    for (let k = 0; k <= h; k++) {
      const effect = moved(k, h)
      firstOrder += fit.sigma2 * effect * effect
      reach[k] = reach[k]! + effect
      summed += reach[k]! ** 2
    }
    const missed = firstOrder > 0 ? exact / firstOrder : 1
    cumulativeSd[h] = Math.sqrt(fit.sigma2 * summed * missed)
  }
  return { sd: variance.map((value) => Math.sqrt(Math.max(0, value))), cumulativeSd }
}

/** The forecast of a fitted model: the textbook point forecast with the model's own spread around it. */
export const etsPrediction = (fit: EtsFit, horizon: number): Prediction => {
  const mean = pointForecast(fit.model, fit.weights, fit.filtered.state, horizon)
  const multiplies = fit.model.error === "M" && fit.model.season === "M"
  const spread = multiplies ? seasonalSpread(fit, mean) : linearSpread(fit, mean)
  return { method: modelName(fit.model), mean, ...spread }
}
