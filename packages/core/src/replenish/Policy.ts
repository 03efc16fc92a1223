// The replenishment policy of a product at a location: when to order, how much, and in words why.
import type { DemandForecast } from "../forecast/Choice.ts"
import { certain, type DemandDistribution, overLeadTimes, shaped } from "../forecast/DemandDistribution.ts"
import { bisect } from "../forecast/Probability.ts"
import type { AbcClass } from "./Classes.ts"
import { periodsOfCover } from "./Classes.ts"
import { eoq } from "./Eoq.ts"
import { type OrderRules, roundedOrder } from "./OrderQuantity.ts"

/**
 * What a policy aims at. They are different promises: `cycle service` is the chance that stock lasts until the next
 * delivery, `fill rate` the share of demand met from the shelf, and `threshold` no promise but a fixed reorder point.
 * `marginal` stocks a further unit as long as its chance to prevent a stock-out is at least `chance`: with one chance
 * for all products, no other spread of the same units over them leaves fewer stock-outs.
 */
export type ServiceTarget =
  | { readonly kind: "cycle service"; readonly level: number }
  | { readonly kind: "fill rate"; readonly level: number }
  | { readonly kind: "marginal"; readonly chance: number }
  | { readonly kind: "threshold"; readonly units: number }

/** How much to order at least. */
export type LotSize =
  | { readonly kind: "fixed"; readonly units: number }
  | { readonly kind: "cover"; readonly periods: number }
  /** Costs per order and per unit and period. */
  | { readonly kind: "economic"; readonly fixedCost: number; readonly holdingCost: number }

/** A policy; times are in periods of the forecast. */
export interface ReplenishmentPolicy {
  readonly target: ServiceTarget
  readonly lot: LotSize
  /** Lead times seen so far, or the one agreed on. */
  readonly leadTimes: ReadonlyArray<number>
  /** Time between two looks at the stock; 0 where every movement is a look. */
  readonly review: number
  readonly rules?: OrderRules
}

/** Stock of a product at a location. */
export interface StockPosition {
  readonly onHand: number
  readonly onOrder: number
  readonly backordered: number
  readonly reserved: number
}

/** On hand and on order, less what is already promised: what the coming demand can draw on. */
export const inventoryPosition = ({ onHand, onOrder, backordered, reserved }: StockPosition): number =>
  onHand + onOrder - backordered - reserved

/** Targets by class where a product has none of its own. */
export const DEFAULT_SERVICE: Readonly<Record<AbcClass, number>> = { A: 0.98, B: 0.95, C: 0.9 }

/** The policy of a class: cycle service by class and lots of about two lead times, at least one review. */
export const defaultPolicy = (
  abc: AbcClass,
  times: { readonly leadTimes: ReadonlyArray<number>; readonly review: number }
): ReplenishmentPolicy => ({
  target: { kind: "cycle service", level: DEFAULT_SERVICE[abc] },
  lot: { kind: "cover", periods: Math.max(1, times.review, 2 * longest(times.leadTimes)) },
  ...times
})

const longest = (times: ReadonlyArray<number>): number => times.reduce((most, time) => Math.max(most, time), 0)

/** How far a forecast must reach for a policy: the longest lead time seen, plus review. */
export const horizonFor = ({ leadTimes, review }: ReplenishmentPolicy): number =>
  Math.max(1, Math.ceil(longest(leadTimes) + review))

/** Demand from now until an order placed at the next look arrives. */
export const protectedDemand = (forecast: DemandForecast, policy: ReplenishmentPolicy): DemandDistribution => {
  const { leadTimes, review } = policy
  if (leadTimes.length === 0) throw new RangeError("A policy needs at least one lead time, in periods of the forecast")
  const over = (periods: number) => (periods > 0 ? forecast.leadTimeDemand(periods) : certain(0))
  return overLeadTimes(over, leadTimes, review)
}

/** Fill rates are searched up to this many standard deviations above the mean. */
const FAR = 40

const forFillRate = (demand: DemandDistribution, lot: number, fillRate: number): number => {
  const short = (1 - fillRate) * lot
  if (demand.loss(0) <= short) return 0
  const high = demand.mean + FAR * demand.sd + 1
  const level = bisect((r) => short - demand.loss(r), 0, high)
  return demand.whole ? Math.ceil(level - 1e-9) : level
}

/**
 * The last unit above the mean that prevents a stock-out with at least the given chance. Where no unit does, demand is
 * so spread out that being short is the rule; then the median is kept, and the less the further the unit at the mean is
 * from its chance.
 */
const forMarginalUnit = (given: DemandDistribution, chance: number): number => {
  // Each hump of a mixture has such a unit; the usual shape of the same mean and spread has one.
  const demand = given.family === "mixture" ? shaped(given.mean, given.sd, given.whole) : given
  const worth = (unit: number) => demand.cdf(unit) - demand.cdf(unit - 1)
  const prevents = (unit: number) => worth(unit) >= chance
  let low = Math.max(1, Math.floor(demand.mean))
  if (!prevents(low)) return demand.quantile((0.5 * worth(low)) / chance)
  let high = Math.ceil(demand.mean + FAR * demand.sd) + 1
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (prevents(middle)) low = middle
    else high = middle
  }
  return low
}

/** The position at or below which to order. */
export const reorderPoint = (demand: DemandDistribution, target: ServiceTarget, lot: number): number => {
  if (target.kind === "threshold") return target.units
  if (target.kind === "marginal") return demand.mean > 0 ? forMarginalUnit(demand, target.chance) : 0
  return target.kind === "cycle service" ? demand.quantile(target.level) : forFillRate(demand, lot, target.level)
}

const lotOf = (forecast: DemandForecast, lot: LotSize): number => {
  const rate = forecast.mean.reduce((sum, value) => sum + value, 0) / forecast.mean.length
  if (lot.kind === "fixed") return lot.units
  if (lot.kind === "cover") return rate * lot.periods
  return rate > 0 ? eoq({ ...lot, demandRate: rate }).quantity : 0
}

/** What to do for one product at one location, with everything it follows from. */
export interface Suggestion {
  /** Units to order now; 0 for none. */
  readonly order: number
  readonly position: number
  readonly reorderPoint: number
  readonly safetyStock: number
  /** Expected demand until an order placed at the next look arrives, and its standard deviation. */
  readonly expectedDemand: number
  readonly demandSd: number
  /** Probability of running out before an order placed now can arrive. */
  readonly stockoutRisk: number
  /** How many periods the stock on hand lasts; Infinity beyond the forecast. */
  readonly cover: number
  /** One sentence each on forecast, lead time, target, position and order. */
  readonly reasons: ReadonlyArray<string>
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1))
const percent = (share: number): string => `${number(Math.round(share * 1000) / 10)} %`

const targetInWords = (target: ServiceTarget): string =>
  target.kind === "threshold"
    ? `the threshold set by hand, ${number(target.units)}`
    : target.kind === "marginal"
      ? `the last unit that prevents a stock-out with a chance of ${percent(target.chance)}`
      : target.kind === "cycle service"
        ? `enough to last until delivery with ${percent(target.level)} certainty`
        : `enough to serve ${percent(target.level)} of demand from the shelf`

const timesInWords = ({ leadTimes, review }: ReplenishmentPolicy): string => {
  const [least, most] = [Math.min(...leadTimes), longest(leadTimes)]
  const lead = `${least === most ? "" : `${number(least)} to `}${number(most)} period${most === 1 ? "" : "s"}`
  return `An order takes ${lead}${review > 0 ? ` and stock is reviewed every ${number(review)}` : ""}`
}

/** Suggests an order: none while the position is above the reorder point, else enough lots to lift it above. */
export const suggest = (forecast: DemandForecast, stock: StockPosition, policy: ReplenishmentPolicy): Suggestion => {
  const demand = protectedDemand(forecast, policy)
  const lot = Math.max(lotOf(forecast, policy.lot), policy.rules?.minimum ?? 0, policy.rules?.pack ?? 1)
  const point = reorderPoint(demand, policy.target, lot)
  const position = inventoryPosition(stock)
  const needed = position <= point && (demand.mean > 0 || policy.target.kind === "threshold")
  const missing = needed ? Math.max(lot, Math.ceil((point - position) / lot) * lot) : 0
  const order = roundedOrder(missing, policy.rules)
  const stockoutRisk = 1 - demand.cdf(position)
  const decision = needed
    ? `The position of ${number(position)} is not above that, so ${number(order)} ${order === 1 ? "is" : "are"} ordered`
    : position > point
      ? `The position of ${number(position)} is above that, so nothing is ordered`
      : "Nothing is expected to sell until then, so nothing is ordered"
  return {
    order,
    position,
    reorderPoint: point,
    safetyStock: point - demand.mean,
    expectedDemand: demand.mean,
    demandSd: demand.sd,
    stockoutRisk,
    cover: periodsOfCover(stock.onHand - stock.reserved - stock.backordered, forecast.mean),
    reasons: [
      `${forecast.why}; forecast by ${forecast.method}`,
      `${timesInWords(policy)}; until then ${number(demand.mean)} are expected to sell, ` +
        `give or take ${number(demand.sd)}`,
      `The reorder point is ${targetInWords(policy.target)}: ${number(point)}`,
      `On hand ${number(stock.onHand)}, on order ${number(stock.onOrder)}, ` +
        `promised ${number(stock.backordered + stock.reserved)}`,
      decision
    ]
  }
}
