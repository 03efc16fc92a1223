// The stock simulation behind `ForecastStockouts.bench.ts`: panels, the shop, the policies and equal investment.
import { type DemandForecast, forecast } from "../src/forecast/Choice.ts"
import { overLeadTimes, shaped } from "../src/forecast/DemandDistribution.ts"
import { raiseSoldOut } from "../src/forecast/DemandSeries.ts"
import { groupSeason, type SeasonFactors } from "../src/forecast/GroupSeason.ts"
import { seededUniform } from "../src/forecast/Probability.ts"
import { reorderPoint, type ServiceTarget } from "../src/replenish/Policy.ts"
import { panel } from "../test/forecast/ReferenceData.ts"

/** Series that are simulated together. */
export interface Panel {
  readonly name: string
  readonly series: ReadonlyArray<Float64Array>
  /** Periods that all policies may learn from before the first simulated one. */
  readonly warmUp: number
  /** Seasons in a cycle. */
  readonly period: number
  /** Periods in a year where that is too long for a product's own history: the whole panel's season is used. */
  readonly year?: number
}

/** Every SKU's order arrives at the start of the period after next. */
const LEAD_TIME = 1
const FLAT_THRESHOLD = 10
const COVER_FACTOR = 1.5
const STATIC_SERVICE = 0.95
/** The seasonal fits of all 384 hospital series would take half an hour; every twelfth series is simulated. */
const HOSPITAL_EVERY = 12
const STEADY_SKUS = 200
const STEADY_PERIODS = 104
/** Forecasts kept for histories seen before; the oldest are dropped. */
const KEPT_FORECASTS = 100_000
/** Unit costs are drawn between one and this. */
const COST_SPREAD = 50

export const total = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

const poissonDraw = (uniform: () => number, mean: number): number => {
  const u = uniform()
  let [k, share] = [0, Math.exp(-mean)]
  for (let sum = share; u > sum && k < 1000; sum += share) share *= mean / ++k
  return k
}

// Demand that never changes: here a forecast can only lose, and it must not lose much.
const steadyPanel = (): Panel => {
  const uniform = seededUniform(11)
  const series = Array.from({ length: STEADY_SKUS }, () => {
    const mean = 0.5 + 9.5 * uniform()
    return Float64Array.from({ length: STEADY_PERIODS }, () => poissonDraw(uniform, mean))
  })
  return { name: "steady", series, warmUp: 26, period: 1, year: 52 }
}

const weekly = (name: string, file: string) => (): Panel => ({
  name,
  series: panel(file).map(({ y }) => y),
  warmUp: 26,
  period: 1,
  year: 52
})

/** The panels by name. The steady one is made up. */
export const PANELS: Readonly<Record<string, () => Panel>> = {
  carparts: () => ({ name: "carparts", series: panel("carparts_monthly").map(({ y }) => y), warmUp: 24, period: 12 }),
  journey: weekly("journey", "completejourney_weekly"),
  hospital: () => ({
    name: "hospital",
    series: panel("hospital_monthly").flatMap(({ y }, i) => (i % HOSPITAL_EVERY === 0 ? [y] : [])),
    warmUp: 36,
    period: 12
  }),
  jewelry: weekly("jewelry", "jewelry_weekly"),
  uci: weekly("uci", "uci_weekly"),
  steady: steadyPanel
}

/** Whether unmet demand is lost or waits, and whether deliveries take a fixed or a random time. */
export interface World {
  readonly unmet: "lost" | "waits"
  readonly leads: "fixed" | "random"
}

/** What happened to each SKU. */
export interface Outcome {
  /** Periods in which some demand could not be served at once. */
  readonly stockouts: Float64Array
  readonly unmet: Float64Array
  readonly demand: Float64Array
  /** Units on hand at the end of a period, summed over the periods. */
  readonly stock: Float64Array
  readonly orders: Float64Array
}

/** What the shop has seen of one SKU: sales, and in which periods the shelf was empty at the end. */
interface Seen {
  readonly sales: Float64Array
  readonly emptied: Uint8Array
}

/** The position at or below which a SKU is ordered at the end of a period, given what was seen of it and of all. */
export type ReorderPoint = (sku: number, period: number, seen: Seen, all: ReadonlyArray<Seen>) => number

const leadTimeOf = (leads: World["leads"], sku: number, period: number): number =>
  leads === "fixed" ? LEAD_TIME : LEAD_TIME - 1 + Math.floor(3 * seededUniform(7919 * sku + 104_729 * period + 1)())

const meanOf = ({ series, warmUp }: Panel, sku: number): number => total(series[sku]!.subarray(0, warmUp)) / warmUp

// One SKU on its shelf and on its way; `net` is below zero where demand waits.
interface Shelf {
  readonly sku: number
  readonly lot: number
  readonly seen: Seen
  readonly arriving: Float64Array
  net: number
  onOrder: number
}

const stocked = (own: Panel, sku: number): Shelf => {
  const demand = own.series[sku]!
  const mean = meanOf(own, sku)
  const lot = Math.max(1, Math.round(2 * mean))
  return {
    sku,
    lot,
    seen: { sales: Float64Array.from(demand), emptied: new Uint8Array(demand.length) },
    arriving: new Float64Array(demand.length + 16),
    net: Math.ceil(COVER_FACTOR * mean * (LEAD_TIME + 1)) + lot,
    onOrder: 0
  }
}

const sell = (own: Panel, world: World, shelf: Shelf, t: number, into: Outcome): void => {
  const { sku, seen } = shelf
  const wanted = own.series[sku]![t]!
  shelf.net += shelf.arriving[t]!
  shelf.onOrder -= shelf.arriving[t]!
  const served = Math.min(wanted, Math.max(0, shelf.net))
  if (served < wanted) into.stockouts[sku]! += 1
  into.unmet[sku]! += wanted - served
  into.demand[sku]! += wanted
  shelf.net -= world.unmet === "lost" ? served : wanted
  into.stock[sku]! += Math.max(0, shelf.net)
  // Customers who wait are counted; those who leave are not.
  if (world.unmet === "waits") return
  seen.sales[t] = served
  seen.emptied[t] = shelf.net <= 0 ? 1 : 0
}

const order = (world: World, shelf: Shelf, t: number, point: number, into: Outcome): void => {
  const position = shelf.net + shelf.onOrder
  if (position > point) return
  const quantity = Math.max(1, Math.ceil((point - position) / shelf.lot)) * shelf.lot
  const arrival = t + leadTimeOf(world.leads, shelf.sku, t) + 1
  shelf.arriving[arrival] = shelf.arriving[arrival]! + quantity
  shelf.onOrder += quantity
  into.orders[shelf.sku]! += 1
}

const nothing = (skus: number): Outcome => {
  const zeros = () => new Float64Array(skus)
  return { stockouts: zeros(), unmet: zeros(), demand: zeros(), stock: zeros(), orders: zeros() }
}

/** Runs a panel, or some of its SKUs, under one policy: receive, sell, review, order, period by period. */
export const simulate = (
  own: Panel,
  world: World,
  pointOf: ReorderPoint,
  skus = own.series.map((_, i) => i)
): Outcome => {
  const outcome = nothing(own.series.length)
  const shelves = skus.map((sku) => stocked(own, sku))
  const seen = shelves.map((shelf) => shelf.seen)
  const end = Math.max(...skus.map((sku) => own.series[sku]!.length))
  for (let t = own.warmUp; t < end; t++) {
    const open = shelves.filter(({ sku }) => t < own.series[sku]!.length)
    for (const shelf of open) sell(own, world, shelf, t, outcome)
    for (const shelf of open) order(world, shelf, t, pointOf(shelf.sku, t, shelf.seen, seen), outcome)
  }
  return outcome
}

/** What a unit of each SKU costs, for equal investment in money. */
export const unitCosts = ({ series }: Panel): Float64Array => {
  const uniform = seededUniform(23)
  return Float64Array.from(series, () => COST_SPREAD ** uniform())
}

/**
 * How the forecasting side sets its one number for all products of a panel: the chance that the last unit kept prevents
 * a stock-out (`marginal`), or the chance to last until the next delivery (`service`).
 */
export type Rule = "marginal" | "service"

// A number that differs wherever two seasons do.
const fingerprint = (season: SeasonFactors | undefined): number =>
  season === undefined ? 0 : season.reduce((sum, factor, i) => sum + factor * Math.sqrt(i + 2), 0)

/**
 * The forecasting side: a reorder point from each period's forecast. It sees its own sales and which shelves were
 * empty, never demand, and nothing of what comes later. Histories repeat between runs, so their forecasts are kept.
 */
export const forecasting = (own: Panel): ((world: World, rule: Rule, level: number) => ReorderPoint) => {
  const kept = new Map<string, DemandForecast>()
  return (world, rule, level) => {
    const spans = world.leads === "random" ? [LEAD_TIME, LEAD_TIME + 1, LEAD_TIME + 2] : [LEAD_TIME + 1]
    const target: ServiceTarget =
      rule === "service" ? { kind: "cycle service", level } : { kind: "marginal", chance: 1 - level }
    const wanted = ({ sales, emptied }: Seen, period: number) => raiseSoldOut(sales.slice(0, period + 1), emptied)
    let season: { readonly period: number; readonly factors: SeasonFactors | undefined } | undefined
    return (sku, period, seen, all) => {
      if (season?.period !== period) {
        const known = own.year !== undefined && period + 1 >= own.year
        const histories = known ? all.map((one) => wanted(one, period)) : []
        season = { period, factors: groupSeason(histories, own.year ?? 1) }
      }
      const y = wanted(seen, period)
      const { factors } = season
      const key = `${sku}:${period}:${fingerprint(factors)}:${y.subarray(own.warmUp).join()}`
      const found = kept.get(key)
      const options = {
        horizon: LEAD_TIME + 2,
        period: own.period,
        ...(factors === undefined ? {} : { season: factors })
      }
      const ahead = found ?? forecast(y, options)
      if (found === undefined) {
        if (kept.size >= KEPT_FORECASTS) kept.delete(kept.keys().next().value!)
        kept.set(key, ahead)
      }
      return Math.floor(reorderPoint(overLeadTimes(ahead.leadTimeDemand, spans, 0), target, 1))
    }
  }
}

/** Thresholds set once from the warm-up, one number for the whole panel scaling them. */
export interface Static {
  readonly name: "A0" | "A1" | "A2"
  /** The number the protocol fixes. */
  readonly level: number
  /** Other numbers, for the exchange curve. */
  readonly levels: ReadonlyArray<number>
  readonly at: (level: number) => ReorderPoint
}

/** The static policies of a panel. A flat threshold of ten is only for products that sell 1 to 10 a period. */
export const statics = (own: Panel): ReadonlyArray<Static> => {
  const learned = own.series.map((demand, sku) => {
    const mean = meanOf(own, sku)
    const variance = total(demand.subarray(0, own.warmUp).map((value) => (value - mean) ** 2)) / (own.warmUp - 1)
    return { mean, sd: Math.sqrt(variance) }
  })
  const span = LEAD_TIME + 1
  const fixed =
    (points: ReadonlyArray<number>): ReorderPoint =>
    (sku) =>
      points[sku]!
  const cover: Static = {
    name: "A1",
    level: COVER_FACTOR,
    levels: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4],
    at: (factor) => fixed(learned.map(({ mean }) => Math.ceil(factor * mean * span)))
  }
  const quantile: Static = {
    name: "A2",
    level: STATIC_SERVICE,
    levels: [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.999],
    at: (level) =>
      fixed(learned.map(({ mean, sd }) => Math.ceil(shaped(mean * span, sd * Math.sqrt(span), true).quantile(level))))
  }
  const flat: Static = {
    name: "A0",
    level: FLAT_THRESHOLD,
    levels: [2, 4, 6, 8, 10, 12, 15, 20, 25, 30],
    at: (units) => () => units
  }
  const average = total(learned.map(({ mean }) => mean)) / learned.length
  return average >= 1 && average <= FLAT_THRESHOLD ? [flat, cover, quantile] : [cover, quantile]
}

/** Thresholds tried for each SKU in hindsight, spread evenly up to the most that could ever be asked for. */
const HINDSIGHT_STEPS = 40

/**
 * The fewest stock-out periods any thresholds set once could have had with the given stock, had the future been known:
 * of every SKU's thresholds the one with the least stock-outs + price · stock, at the price that spends the stock.
 */
export const inHindsight = (own: Panel, world: World, stock: number): number => {
  const options = own.series.map((demand, sku) => {
    let most = 1
    for (let t = own.warmUp; t + 3 <= demand.length; t++) most = Math.max(most, total(demand.subarray(t, t + 3)))
    const points = new Set(
      Array.from({ length: HINDSIGHT_STEPS + 1 }, (_, i) => Math.round((i * most) / HINDSIGHT_STEPS))
    )
    return [...points].map((point) => {
      const outcome = simulate(own, world, () => point, [sku])
      return { stockouts: outcome.stockouts[sku]!, stock: outcome.stock[sku]! }
    })
  })
  const at = (price: number) => {
    const chosen = options.map((all) =>
      all.reduce((best, one) => (one.stockouts + price * one.stock < best.stockouts + price * best.stock ? one : best))
    )
    return { stock: total(chosen.map((one) => one.stock)), stockouts: total(chosen.map((one) => one.stockouts)) }
  }
  let [dear, cheap] = [1e3, 1e-9]
  for (let step = 0; step < 60; step++) {
    const price = Math.sqrt(dear * cheap)
    if (at(price).stock > stock) cheap = price
    else dear = price
  }
  return at(dear).stockouts
}
