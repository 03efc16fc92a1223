// Watching stock all the time: order Q units when the position falls to r. Exact and approximate best r and Q.
// Snyder & Shen, chapter 5; Federgruen & Zheng (Operations Research 40, 1992).
import { poisson } from "../forecast/DemandDistribution.ts"
import { bisect, normalLoss, normalPdf, normalQuantile, normalTail } from "../forecast/Probability.ts"
import { eoq, eoqWithBackorders } from "./Eoq.ts"
import { newsvendor, newsvendorCost } from "./Newsvendor.ts"

/** Costs, and normal demand per unit of time with a fixed lead time in the same unit. */
export interface OrderPointInput {
  readonly fixedCost: number
  /** Per unit and unit of time. */
  readonly holdingCost: number
  /** Per unit short and unit of time; in `expectedInventoryPlan` per unit short. */
  readonly stockoutCost: number
  readonly demandMean: number
  /** Standard deviation of demand in one unit of time. */
  readonly demandSd: number
  readonly leadTime: number
}

/** When and how much to order. */
export interface OrderPoint {
  readonly reorderPoint: number
  readonly quantity: number
}

const leadTimeMean = (input: OrderPointInput): number => input.demandMean * input.leadTime
const leadTimeSd = (input: OrderPointInput): number => input.demandSd * Math.sqrt(input.leadTime)

// n(x) = E[(D − x)⁺] and its integral from x on, for normal lead-time demand.
const loss = (input: OrderPointInput, x: number): number => {
  const sd = leadTimeSd(input)
  return sd * normalLoss((x - leadTimeMean(input)) / sd)
}
const secondLoss = (input: OrderPointInput, x: number): number => {
  const sd = leadTimeSd(input)
  const z = (x - leadTimeMean(input)) / sd
  return 0.5 * sd * sd * ((z * z + 1) * normalTail(z) - z * normalPdf(z))
}

const positionCost = (input: OrderPointInput, position: number): number =>
  input.holdingCost * (position - leadTimeMean(input)) +
  (input.holdingCost + input.stockoutCost) * loss(input, position)

/** The exact expected cost of a policy per unit of time: (K·D + ∫ g(y) dy over (r, r + Q)) / Q. */
export const orderPointCost = (input: OrderPointInput, { reorderPoint: r, quantity }: OrderPoint): number => {
  const mean = leadTimeMean(input)
  const held = ((r + quantity - mean) ** 2 - (r - mean) ** 2) / 2
  const short = secondLoss(input, r) - secondLoss(input, r + quantity)
  const area = input.holdingCost * held + (input.holdingCost + input.stockoutCost) * short
  return (input.fixedCost * input.demandMean + area) / quantity
}

/** The best reorder point for a given quantity: where both ends of the cycle cost the same, g(r) = g(r + Q). */
export const bestReorderPoint = (input: OrderPointInput, quantity: number): number => {
  const mean = leadTimeMean(input)
  const sd = leadTimeSd(input)
  const span = quantity + 12 * sd
  return bisect((r) => positionCost(input, r + quantity) - positionCost(input, r), mean - span, mean + span)
}

/** The economic order quantity with backorders and the best reorder point for it. */
export const backorderPlan = (input: OrderPointInput): OrderPoint => {
  const { quantity } = eoqWithBackorders({ ...input, demandRate: input.demandMean })
  return { quantity, reorderPoint: bestReorderPoint(input, quantity) }
}

/** The economic order quantity and newsvendor safety stock: simple and a little too cautious. */
export const safetyStockPlan = (input: OrderPointInput): OrderPoint => {
  const share = input.stockoutCost / (input.stockoutCost + input.holdingCost)
  return {
    quantity: eoq({ ...input, demandRate: input.demandMean }).quantity,
    reorderPoint: leadTimeMean(input) + normalQuantile(share) * leadTimeSd(input)
  }
}

/** Rounds of the fixed-point searches below; they settle in about ten. */
const MAX_ROUNDS = 1000
const SETTLED = 1e-12

const settle = (start: OrderPoint, next: (plan: OrderPoint) => OrderPoint): OrderPoint => {
  let plan = start
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const found = next(plan)
    const moved = Math.abs(found.quantity - plan.quantity) + Math.abs(found.reorderPoint - plan.reorderPoint)
    plan = found
    if (moved < SETTLED * Math.abs(plan.quantity)) break
  }
  return plan
}

/**
 * Hadley and Whitin's approximation by the expected inventory level, with a cost per unit short whatever the wait:
 * Q = √(2D(K + p·n(r))/h) and P(demand > r) = Q·h/(p·D) in turn.
 */
export const expectedInventoryPlan = (input: OrderPointInput): OrderPoint & { readonly cost: number } => {
  const { fixedCost, holdingCost: h, stockoutCost: p, demandMean: rate } = input
  const reorderPoint = (quantity: number) =>
    leadTimeMean(input) + leadTimeSd(input) * normalQuantile(1 - (quantity * h) / (p * rate))
  const first = eoq({ fixedCost, holdingCost: h, demandRate: rate }).quantity
  const plan = settle({ quantity: first, reorderPoint: reorderPoint(first) }, (before) => {
    const quantity = Math.sqrt((2 * rate * (fixedCost + p * loss(input, before.reorderPoint))) / h)
    return { quantity, reorderPoint: reorderPoint(quantity) }
  })
  const stock = h * (plan.reorderPoint - leadTimeMean(input) + plan.quantity / 2)
  const orders = (rate * (fixedCost + p * loss(input, plan.reorderPoint))) / plan.quantity
  return { ...plan, cost: stock + orders }
}

/** The exact cost made least with the shortage at the upper end of the cycle left out: n(r) = h·Q/(h + p). */
export const lossFunctionPlan = (input: OrderPointInput): OrderPoint => {
  const { fixedCost, holdingCost: h, stockoutCost: p, demandMean: rate } = input
  const mean = leadTimeMean(input)
  const sd = leadTimeSd(input)
  const reorderPoint = (quantity: number) => {
    const wanted = (h * quantity) / (h + p)
    return bisect((r) => wanted - loss(input, r), mean - wanted - 12 * sd, mean + 12 * sd)
  }
  const first = eoq({ fixedCost, holdingCost: h, demandRate: rate }).quantity
  return settle({ quantity: first, reorderPoint: reorderPoint(first) }, (before) => {
    const quantity = Math.sqrt((2 * (fixedCost * rate + (h + p) * secondLoss(input, before.reorderPoint))) / h)
    return { quantity, reorderPoint: reorderPoint(quantity) }
  })
}

/** The exact best policy for Poisson demand: the cycle takes in the cheapest positions, one by one, while they help. */
export const poissonOrderPoint = (input: Omit<OrderPointInput, "demandSd">): OrderPoint & { readonly cost: number } => {
  const demand = poisson(input.demandMean * input.leadTime)
  const cost = (position: number) => newsvendorCost(demand, input, position)
  const best = newsvendor(demand, input).level
  let [low, high] = [best - 1, best + 1]
  let [sum, quantity] = [input.fixedCost * input.demandMean + cost(best), 1]
  for (;;) {
    const [below, above] = [cost(low), cost(high)]
    if (Math.min(below, above) >= sum / quantity) return { reorderPoint: low, quantity, cost: sum / quantity }
    if (below <= above) low--
    else high++
    sum += Math.min(below, above)
    quantity++
  }
}
