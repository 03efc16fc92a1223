// Looking at stock every so often: order up to S when the position is at s or below. Exact and approximate (s, S),
// order-up-to levels, and what share of demand they serve. Zheng & Federgruen (Operations Research 39, 1991); Ehrhardt
// & Mosier (1984); Boylan & Syntetos (2021), chapter 3.
import { convolve, type DemandDistribution, discrete } from "../forecast/DemandDistribution.ts"
import { poissonPmf } from "../forecast/Probability.ts"
import { type NewsvendorCosts, newsvendor, newsvendorCost } from "./Newsvendor.ts"

/** When to order, up to where, and the expected cost of a period. */
export interface OrderUpTo {
  /** Order when the position is at or below this. */
  readonly reorderPoint: number
  readonly upTo: number
  readonly cost: number
}

/** Shares below this end the table of Poisson probabilities. */
const NEGLIGIBLE = 1e-18

const poissonShares = (mean: number): Float64Array => {
  const shares: Array<number> = []
  for (let k = 0; k <= mean || shares[k - 1]! > NEGLIGIBLE; k++) shares.push(poissonPmf(k, mean))
  return Float64Array.from(shares)
}

/**
 * The (s, S) policy of least cost per period for whole demand with the given shares: cost of a cycle over its length,
 * both by the renewal function of demand. The search ends, since cost is quasi-convex in each end of the cycle.
 */
export const exactOrderUpTo = (
  shares: ArrayLike<number>,
  costs: NewsvendorCosts & { readonly fixedCost: number }
): OrderUpTo => {
  const demand = discrete(shares)
  const known = new Map<number, number>()
  const periodCost = (position: number): number => {
    const cost = known.get(position) ?? newsvendorCost(demand, costs, position)
    known.set(position, cost)
    return cost
  }
  const still = 1 - shares[0]!
  const renewals: Array<number> = [1 / still]
  const renewal = (j: number): number => {
    for (let next = renewals.length; next <= j; next++) {
      let sum = 0
      for (let k = 1; k <= next && k < shares.length; k++) sum += shares[k]! * renewals[next - k]!
      renewals.push(sum / still)
    }
    return renewals[j]!
  }
  const cycleCost = (s: number, upTo: number): number => {
    let [cost, length] = [costs.fixedCost, 0]
    for (let j = 0; j < upTo - s; j++) {
      cost += renewal(j) * periodCost(upTo - j)
      length += renewal(j)
    }
    return cost / length
  }
  const best = newsvendor(demand, costs).level
  let s = best - 1
  while (cycleCost(s, best) > periodCost(s)) s--
  let [upTo, cost] = [best, cycleCost(s, best)]
  for (let trial = best + 1; periodCost(trial) <= cost; trial++) {
    if (cycleCost(s, trial) >= cost) continue
    upTo = trial
    while (cycleCost(s, upTo) <= periodCost(s + 1)) s++
    cost = cycleCost(s, upTo)
  }
  return { reorderPoint: s, upTo, cost }
}

/** The exact (s, S) policy for Poisson demand. */
export const poissonOrderUpTo = (mean: number, costs: NewsvendorCosts & { readonly fixedCost: number }): OrderUpTo =>
  exactOrderUpTo(poissonShares(mean), costs)

/** The power approximation: near the best policy without a search, from mean and standard deviation alone. */
export const approximateOrderUpTo = (
  demand: { readonly mean: number; readonly sd: number; readonly leadTime?: number },
  costs: NewsvendorCosts & { readonly fixedCost: number }
): Omit<OrderUpTo, "cost"> => {
  const { mean, sd, leadTime = 0 } = demand
  const { fixedCost, holdingCost: h, stockoutCost: p } = costs
  const protectedMean = mean * (leadTime + 1)
  const protectedSd = sd * Math.sqrt(leadTime + 1)
  const variation = (1 + (protectedSd / mean) ** 2) ** 0.116
  const quantity = 1.3 * mean ** 0.494 * (fixedCost / h) ** 0.506 * variation
  const z = Math.sqrt((quantity * h) / (protectedSd * p))
  const reorderPoint = 0.973 * protectedMean + protectedSd * (0.183 / z + 1.063 - 2.192 * z)
  return { reorderPoint, upTo: reorderPoint + quantity }
}

/** The least order-up-to level that meets all demand of the protection interval with the given probability. */
export const orderUpToLevel = (
  demand: DemandDistribution,
  service: number
): { readonly upTo: number; readonly achieved: number } => {
  const upTo = demand.quantile(service)
  return { upTo, achieved: demand.cdf(upTo) }
}

/** What an order-up-to level achieves. */
export interface OrderUpToService {
  /** 1 − E[(demand of R + L − S)⁺] / demand of R: counts a unit short again while it waits, so that it is too low. */
  readonly traditional: number
  /** Share of demand met at once, exactly (Sobel 2004). */
  readonly fillRate: number
  /** Probability of a review interval without shortage. */
  readonly cycleService: number
}

/** What the level `upTo` achieves for whole demand with given shares a period, reviewed every `review` periods. */
export const orderUpToService = (
  shares: ArrayLike<number>,
  intervals: { readonly review: number; readonly leadTime: number },
  upTo: number
): OrderUpToService => {
  const during = convolve(shares, intervals.review)
  const before = convolve(shares, intervals.leadTime)
  const whole = discrete(convolve(shares, intervals.review + intervals.leadTime))
  const reviewed = discrete(during)
  let short = 0
  for (let k = 0; k < before.length; k++) short += before[k]! * reviewed.loss(Math.max(0, upTo - k))
  return {
    traditional: 1 - whole.loss(upTo) / reviewed.mean,
    fillRate: 1 - short / reviewed.mean,
    cycleService: whole.cdf(upTo)
  }
}
