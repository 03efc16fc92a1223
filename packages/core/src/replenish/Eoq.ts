// How much to order when demand is known: the economic order quantity, its variants, and lots for uneven demand.
// Snyder & Shen, "Fundamentals of Supply Chain Theory" (2nd ed.), chapter 3.

/** Costs and demand of one product, in one unit of time: with holding cost a year, demand is a year's. */
export interface EoqInput {
  /** Cost of placing one order. */
  readonly fixedCost: number
  /** Cost of holding one unit for one unit of time. */
  readonly holdingCost: number
  readonly demandRate: number
}

/** An order quantity and the fixed and holding cost per unit of time that it leads to. */
export interface OrderPlan {
  readonly quantity: number
  readonly cost: number
}

/** The order quantity of least cost, √(2KD/h) (Harris 1913). */
export const eoq = ({ fixedCost, holdingCost, demandRate }: EoqInput): OrderPlan => ({
  quantity: Math.sqrt((2 * fixedCost * demandRate) / holdingCost),
  cost: Math.sqrt(2 * fixedCost * demandRate * holdingCost)
})

/** The cost of any order quantity: K·D/Q + h·Q/2. */
export const eoqCost = ({ fixedCost, holdingCost, demandRate }: EoqInput, quantity: number): number =>
  (fixedCost * demandRate) / quantity + (holdingCost * quantity) / 2

/** An order quantity that lets customers wait for part of each cycle. */
export interface BackorderPlan extends OrderPlan {
  /** Share of demand that waits. */
  readonly stockoutShare: number
}

/** The order quantity where a unit of demand may wait at `stockoutCost` per unit of time. */
export const eoqWithBackorders = (input: EoqInput & { readonly stockoutCost: number }): BackorderPlan => {
  const { fixedCost, holdingCost: h, demandRate, stockoutCost: p } = input
  return {
    quantity: Math.sqrt((2 * fixedCost * demandRate * (h + p)) / (h * p)),
    stockoutShare: h / (h + p),
    cost: Math.sqrt((2 * fixedCost * demandRate * h * p) / (h + p))
  }
}

/** The batch of least cost where stock arrives at `productionRate` (above the demand rate) and not all at once. */
export const economicProductionQuantity = (input: EoqInput & { readonly productionRate: number }): OrderPlan => {
  const effective = input.holdingCost * (1 - input.demandRate / input.productionRate)
  return eoq({ ...input, holdingCost: effective })
}

/** A price list: from `breakpoints[i]` units on, a unit costs `unitCosts[i]`. The first breakpoint is 0. */
export interface PriceList {
  readonly breakpoints: ReadonlyArray<number>
  readonly unitCosts: ReadonlyArray<number>
}

/** An order quantity under a price list; `region` is the index of its price, and the cost includes the purchase. */
export interface DiscountPlan extends OrderPlan {
  readonly region: number
}

/** What holding costs where it is a share of the unit price. */
export interface DiscountInput extends PriceList {
  readonly fixedCost: number
  /** Holding cost as a share of the unit price per unit of time. */
  readonly holdingRate: number
  readonly demandRate: number
}

const cheapest = (plans: ReadonlyArray<DiscountPlan>): DiscountPlan =>
  plans.reduce((least, plan) => (plan.cost < least.cost ? plan : least))

/** The order quantity where the price of the region holds for all units of an order. */
export const eoqAllUnits = ({
  fixedCost,
  holdingRate,
  demandRate,
  breakpoints,
  unitCosts
}: DiscountInput): DiscountPlan =>
  cheapest(
    unitCosts.flatMap((unitCost, region) => {
      const input = { fixedCost, holdingCost: holdingRate * unitCost, demandRate }
      const upper = breakpoints[region + 1] ?? Number.POSITIVE_INFINITY
      const quantity = Math.max(eoq(input).quantity, breakpoints[region]!)
      return quantity < upper ? [{ quantity, region, cost: unitCost * demandRate + eoqCost(input, quantity) }] : []
    })
  )

/** The order quantity where each price holds for the units within its region only. */
export const eoqIncremental = (input: DiscountInput): DiscountPlan => {
  const { fixedCost, holdingRate, demandRate, breakpoints, unitCosts } = input
  // What an order pays above the price of its last unit, for the units bought at higher prices before.
  const surcharges = unitCosts.map((unitCost, region) => {
    let surcharge = 0
    for (let i = 0; i < region; i++) surcharge += (unitCosts[i]! - unitCost) * (breakpoints[i + 1]! - breakpoints[i]!)
    return surcharge
  })
  return cheapest(
    unitCosts.flatMap((unitCost, region) => {
      const surcharge = surcharges[region]!
      const own = { fixedCost: fixedCost + surcharge, holdingCost: holdingRate * unitCost, demandRate }
      const { quantity } = eoq(own)
      const upper = breakpoints[region + 1] ?? Number.POSITIVE_INFINITY
      if (quantity < breakpoints[region]! || quantity >= upper) return []
      const cost = unitCost * demandRate + eoqCost(own, quantity) + (holdingRate * surcharge) / 2
      return [{ quantity, region, cost }]
    })
  )
}

/** Orders for known uneven demand: how much arrives at the start of each period. */
export interface LotPlan {
  readonly orders: ReadonlyArray<number>
  readonly cost: number
}

/**
 * The cheapest orders for demand that is known period by period (Wagner & Whitin 1958): an order always covers whole
 * periods. Stock left at the end of a period costs `holdingCost` a unit.
 */
export const wagnerWhitin = (
  demand: ReadonlyArray<number>,
  costs: { readonly fixedCost: number; readonly holdingCost: number }
): LotPlan => {
  const n = demand.length
  const best = new Float64Array(n + 1)
  const until = new Int32Array(n)
  for (let from = n - 1; from >= 0; from--) {
    let [holding, least] = [0, Number.POSITIVE_INFINITY]
    for (let to = from; to < n; to++) {
      holding += costs.holdingCost * (to - from) * demand[to]!
      const cost = costs.fixedCost + holding + best[to + 1]!
      if (cost >= least) continue
      least = cost
      until[from] = to + 1
    }
    best[from] = least
  }
  const orders = new Array<number>(n).fill(0)
  for (let from = 0; from < n; from = until[from]!) {
    for (let period = from; period < until[from]!; period++) orders[from] = orders[from]! + demand[period]!
  }
  return { orders, cost: best[0]! }
}
