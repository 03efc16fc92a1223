// How much to have when demand is uncertain and comes once: the newsvendor, for any distribution of demand.
// Snyder & Shen, chapter 4.
import type { DemandDistribution } from "../forecast/DemandDistribution.ts"

/** What a unit too many and a unit too few cost, per period. */
export interface NewsvendorCosts {
  readonly holdingCost: number
  readonly stockoutCost: number
}

/** A base-stock level and its expected cost. */
export interface BaseStock {
  readonly level: number
  readonly cost: number
}

/** Expected cost of having `level` units: h·E[(S − D)⁺] + p·E[(D − S)⁺]. */
export const newsvendorCost = (demand: DemandDistribution, costs: NewsvendorCosts, level: number): number => {
  const { holdingCost: h, stockoutCost: p } = costs
  return h * (level - demand.mean) + (h + p) * demand.loss(level)
}

/**
 * The level of least expected cost: the quantile p/(p + h) of demand. With a lead time of L periods, give the demand of
 * L + 1 periods: what is ordered now has to last until the next order arrives.
 */
export const newsvendor = (demand: DemandDistribution, costs: NewsvendorCosts): BaseStock => {
  const level = demand.quantile(costs.stockoutCost / (costs.stockoutCost + costs.holdingCost))
  return { level, cost: newsvendorCost(demand, costs, level) }
}

/** Prices of the newsvendor in full; holding and stock-out costs come on top of price and salvage. */
export interface NewsvendorPrices extends NewsvendorCosts {
  readonly revenue: number
  readonly purchaseCost: number
  readonly salvageValue: number
}

/** The order of greatest expected profit. */
export const newsvendorProfit = (
  demand: DemandDistribution,
  prices: NewsvendorPrices
): { readonly level: number; readonly profit: number } => {
  const { revenue, purchaseCost, salvageValue, holdingCost, stockoutCost } = prices
  const underage = revenue - purchaseCost + stockoutCost
  const overage = purchaseCost - salvageValue + holdingCost
  const level = demand.quantile(underage / (underage + overage))
  const short = demand.loss(level)
  const left = level - demand.mean + short
  const profit =
    revenue * (demand.mean - short) + (salvageValue - holdingCost) * left - purchaseCost * level - stockoutCost * short
  return { level, profit }
}
