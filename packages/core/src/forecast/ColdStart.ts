// Forecasting a product with little or no history: its category speaks until its own demand does (Gamma-Poisson).
import { type DemandDistribution, negativeBinomial, poisson } from "./DemandDistribution.ts"

/** What is believed of a demand rate: gamma distributed with mean `a / b`, worth `b` periods of own history. */
export interface RateBelief {
  readonly a: number
  readonly b: number
}

/** How many periods of a product's own history outweigh its category, where nothing else is known. */
export const DEFAULT_PRIOR_PERIODS = 4
const LEAST_PRIOR_PERIODS = 0.5
const MOST_PRIOR_PERIODS = 52

/**
 * The belief a category suggests for a new member, from its members' mean rates by moments. A category of one, or one
 * whose members are all alike, counts for `DEFAULT_PRIOR_PERIODS`.
 */
export const categoryBelief = (rates: ReadonlyArray<number>): RateBelief => {
  const n = rates.length
  const mean = n === 0 ? 0 : rates.reduce((sum, rate) => sum + rate, 0) / n
  if (n < 3 || mean === 0) return { a: mean * DEFAULT_PRIOR_PERIODS, b: DEFAULT_PRIOR_PERIODS }
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (n - 1)
  if (!(variance > 0)) return { a: mean * DEFAULT_PRIOR_PERIODS, b: DEFAULT_PRIOR_PERIODS }
  const b = Math.min(Math.max(mean / variance, LEAST_PRIOR_PERIODS), MOST_PRIOR_PERIODS)
  return { a: mean * b, b }
}

/** The belief that expects `rate` units a period. */
export const initialBelief = (rate: number): RateBelief => ({
  a: rate * DEFAULT_PRIOR_PERIODS,
  b: DEFAULT_PRIOR_PERIODS
})

/**
 * What is believed after seeing `history`; missing periods (NaN) teach nothing. `exposure` is how many usual periods
 * the history is worth, where a season makes that another number than its own.
 */
export const updatedBelief = (belief: RateBelief, history: ArrayLike<number>, exposure?: number): RateBelief => {
  let [sum, seen] = [0, 0]
  for (let t = 0; t < history.length; t++) {
    if (Number.isNaN(history[t]!)) continue
    sum += Math.max(0, history[t]!)
    seen++
  }
  return { a: belief.a + sum, b: belief.b + (exposure ?? seen) }
}

/** Demand over the next periods under a belief: exactly negative binomial. */
export const believedDemand = ({ a, b }: RateBelief, periods: number): DemandDistribution =>
  a > 0 && b > 0 && periods > 0 ? negativeBinomial(a, b / (b + periods)) : poisson(0)
