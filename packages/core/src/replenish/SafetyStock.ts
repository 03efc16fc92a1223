// Safety stock for normal demand: by the probability of a cycle without shortage, or by the share of demand met.
// Chopra & Meindl, "Supply Chain Management", chapter 12.
import { bisect, normalCdf, normalLoss, normalQuantile } from "../forecast/Probability.ts"

/** Demand per period and the lead time in periods, both normal. */
export interface LeadTimeInput {
  readonly demandMean: number
  readonly demandSd: number
  readonly leadTime: number
  /** Standard deviation of the lead time; 0 by default. */
  readonly leadTimeSd?: number
}

/** Safety stock and what follows. */
export interface SafetyStock {
  /** Standard deviations of lead-time demand that are held. */
  readonly factor: number
  /** Standard deviation of lead-time demand, √(L·σ² + D²·σ_L²). */
  readonly sd: number
  /** May be negative: a low target can be met with less than the expected demand. */
  readonly safetyStock: number
  readonly reorderPoint: number
}

/** √(L·σ² + D²·σ_L²). Prefer `overLeadTimes` where single lead times are known: their mixture is not normal. */
export const leadTimeDemandSd = ({ demandMean, demandSd, leadTime, leadTimeSd = 0 }: LeadTimeInput): number =>
  Math.sqrt(leadTime * demandSd ** 2 + demandMean ** 2 * leadTimeSd ** 2)

const withFactor = (input: LeadTimeInput, factor: number): SafetyStock => {
  const sd = leadTimeDemandSd(input)
  return { factor, sd, safetyStock: factor * sd, reorderPoint: input.demandMean * input.leadTime + factor * sd }
}

/** Safety stock so that a replenishment cycle sees no shortage with probability `cycleService`. */
export const safetyStockForService = (input: LeadTimeInput, cycleService: number): SafetyStock =>
  withFactor(input, normalQuantile(cycleService))

const LARGEST_FACTOR = 40

/**
 * Safety stock so that the share `fillRate` of demand is met at once, ordering `quantity` at a time: G(k) = (1 −
 * f)·Q/σ.
 */
export const safetyStockForFillRate = (input: LeadTimeInput, quantity: number, fillRate: number): SafetyStock => {
  const sd = leadTimeDemandSd(input)
  const wanted = ((1 - fillRate) * quantity) / sd
  return withFactor(
    input,
    bisect((k) => wanted - normalLoss(k), -wanted - LARGEST_FACTOR, LARGEST_FACTOR)
  )
}

/** What a reorder point achieves. */
export interface AchievedService {
  readonly safetyStock: number
  readonly sd: number
  readonly cycleService: number
  /** Units short in a cycle. */
  readonly shortage: number
  readonly fillRate: number
}

/** What ordering `quantity` at `reorderPoint` achieves. */
export const achievedService = (input: LeadTimeInput, reorderPoint: number, quantity: number): AchievedService => {
  const sd = leadTimeDemandSd(input)
  const safetyStock = reorderPoint - input.demandMean * input.leadTime
  const shortage = sd * normalLoss(safetyStock / sd)
  return { safetyStock, sd, cycleService: normalCdf(safetyStock / sd), shortage, fillRate: 1 - shortage / quantity }
}

/** Order-up-to level with review every `review` periods: the stock has to last for review plus lead time. */
export const periodicReview = (
  input: LeadTimeInput & { readonly review: number },
  cycleService: number
): { readonly safetyStock: number; readonly upTo: number } => {
  const { safetyStock, reorderPoint } = safetyStockForService(
    { ...input, leadTime: input.leadTime + input.review },
    cycleService
  )
  return { safetyStock, upTo: reorderPoint }
}
