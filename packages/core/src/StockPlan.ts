/**
 * Stock plans: what will probably be asked for of a product at a location, and how much of it to order. Plain data goes
 * in and comes out, so that plans can be kept, printed, and made on several threads.
 */
import { DateTime } from "effect"
import { type DemandSeries, type DemandUnit, daysOf, seasonOf } from "./Demand.ts"
import { backtest, summarise } from "./forecast/Backtest.ts"
import { type DemandForecast, forecast } from "./forecast/Choice.ts"
import type { RateBelief } from "./forecast/ColdStart.ts"
import { type DemandClass, INTERMITTENT_INTERVAL } from "./forecast/DemandClass.ts"
import { cleanDemand, type DemandPeriod } from "./forecast/DemandSeries.ts"
import {
  type Band,
  type ForecastError,
  fingerprintOf,
  isLasting,
  type KeptForecast,
  keptDemand
} from "./KeptForecast.ts"
import type { OrderRules } from "./replenish/OrderQuantity.ts"
import {
  protectedDemand,
  type ReplenishmentPolicy,
  type ServiceTarget,
  type StockPosition,
  type Suggestion,
  suggest
} from "./replenish/Policy.ts"

/** When nobody can buy: days of the week, 0 for Sunday, and single days such as `2026-12-25`. */
export interface ClosedDays {
  readonly weekdays: ReadonlyArray<number>
  readonly dates: ReadonlyArray<string>
}

/**
 * For which share of its usual opening time each period was open, 1 in one that had as many open days as any. Months
 * without closed days differ in length too; that is left to the forecast, because customers live by the month.
 */
export const openShares = (
  bounds: ReadonlyArray<DateTime.Utc>,
  timeZone: DateTime.TimeZone,
  closed: ClosedDays
): ReadonlyArray<number> => {
  const shares = bounds.slice(1).map((end, period) => {
    let [days, open] = [0, 0]
    let day: DateTime.DateTime = DateTime.setZone(bounds[period] ?? end, timeZone)
    while (DateTime.isLessThan(day, end)) {
      days++
      const isClosed =
        closed.weekdays.includes(DateTime.toParts(day).weekDay) || closed.dates.includes(DateTime.formatIsoDate(day))
      if (!isClosed) open++
      day = DateTime.add(day, { days: 1 })
    }
    return days === 0 ? 0 : open / days
  })
  const most = Math.max(...shares)
  return shares.map((share) => (most > 0 ? share / most : 1))
}

/**
 * A demand series as the forecaster takes it: whole units of the product instead of steps, and from the first period on
 * in which there was any stock or demand. Before it the product was not for sale.
 */
export const demandPeriods = (
  { quantities, inStock }: Pick<DemandSeries, "quantities" | "inStock">,
  decimals: number,
  open?: ReadonlyArray<number>
): ReadonlyArray<DemandPeriod> => {
  const scale = 10 ** decimals
  const first = quantities.findIndex((quantity, period) => quantity !== 0 || (inStock[period] ?? 0) > 0)
  if (first === -1) return []
  return quantities
    .map((quantity, period) => ({
      quantity: quantity / scale,
      inStock: inStock[period] ?? 1,
      open: open?.[period] ?? 1
    }))
    .slice(first)
}

/** What was asked for at an instant, in milliseconds since 1970; null where it is not known. */
export interface DatedDemand {
  readonly at: number
  readonly quantity: number | null
  /** The share of the time with stock on the shelf. */
  readonly inStock: number
}

/** The index of the period in which an instant lies: -1 before the first, and as many as there are after the last. */
const periodAt = (edges: ReadonlyArray<number>, at: number): number => {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle] ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Demand that somebody else wrote down, by period: from its first entry on, with nothing in periods without one. */
export const demandByPeriod = (
  entries: ReadonlyArray<DatedDemand>,
  bounds: ReadonlyArray<DateTime.Utc>,
  open?: ReadonlyArray<number>
): ReadonlyArray<DemandPeriod> => {
  const edges = bounds.map(DateTime.toEpochMillis)
  const periods = edges.slice(1).map(() => ({ quantity: 0, isKnown: true, inStock: 0, entries: 0 }))
  let first = periods.length
  for (const { at, quantity, inStock } of entries) {
    const index = periodAt(edges, at)
    const period = periods[index]
    if (period === undefined) continue
    first = Math.min(first, index)
    period.quantity += quantity ?? 0
    period.isKnown &&= quantity !== null
    period.inStock += inStock
    period.entries += 1
  }
  return periods
    .map((period, index) => ({
      quantity: period.isKnown ? period.quantity : null,
      inStock: period.entries === 0 ? 1 : period.inStock / period.entries,
      open: open?.[index] ?? 1
    }))
    .slice(first)
}

/** How a product is ordered at a location; quantities in units, times in days. */
export interface OrderTerms {
  readonly target: ServiceTarget
  /** Lead times seen so far, or the one agreed on. At least one. */
  readonly leadDays: ReadonlyArray<number>
  /** Days between two looks at the stock. */
  readonly reviewDays: number
  /** About how many days an order should last; two lead times where it is left out. */
  readonly coverDays?: number | undefined
  readonly rules?: OrderRules | undefined
  /** Warn when running out before the next delivery is likelier than this. */
  readonly alertRisk?: number | undefined
}

/** What a plan is made from. */
export interface PlanTask {
  readonly demand: ReadonlyArray<DemandPeriod>
  readonly every: DemandUnit
  /** How many periods ahead; a plan that orders looks as far as its terms need. */
  readonly horizon: number
  /** For which share of its usual time each coming period will be open; all of it where nothing is said. */
  readonly coming?: ReadonlyArray<number> | undefined
  /** What the product's category sells, for one with little history. */
  readonly belief?: RateBelief | undefined
  /** Try the method on the past, and say how far off it was. */
  readonly backtest?: boolean | undefined
  /** What was worked out the last time; it is used again if nothing that it follows from has changed. */
  readonly kept?: KeptForecast | undefined
  /** What there is and how it is ordered; without it nothing is suggested. */
  readonly order?: { readonly stock: StockPosition; readonly terms: OrderTerms } | undefined
}

/** The shares of outcomes for which bands are given. */
export const BAND_LEVELS = [0.8, 0.95] as const

/** What will probably be asked for, in units and periods. */
export interface ExpectedDemand {
  /** The history that the forecast rests on, repaired where shelves were empty or doors closed. */
  readonly history: ReadonlyArray<number>
  /** How many periods of it were repaired. */
  readonly repaired: number
  readonly method: string
  readonly why: string
  readonly pattern: DemandClass
  /** Expected demand of each coming period. */
  readonly mean: ReadonlyArray<number>
  readonly bands: ReadonlyArray<Band>
  /** All coming periods together: what to expect, and between what it falls four times in five. */
  readonly total: { readonly mean: number; readonly lower: number; readonly upper: number }
  /** How far off forecasts of the past were; null where it was not tried or there is too little past. */
  readonly error: ForecastError | null
}

/** When to warn: while the stock on hand and on its way, less what is promised, is below `position`. */
export interface PlannedAlert {
  readonly risk: number
  readonly position: number
  readonly raised: boolean
}

/** A plan: the expected demand, and what to order and when to warn if that was asked for. */
export interface PlannedStock {
  readonly expected: ExpectedDemand
  readonly suggestion: Suggestion | null
  readonly alert: PlannedAlert | null
  /** What was worked out for it, to be kept and given with the next task. */
  readonly kept: KeptForecast
}

/** Part of every fingerprint: raised when the methods change, so that what was kept by older ones is not used. */
const FORECAST_VERSION = 1

/** How many times the past is forecast to see how far off it was. */
const TRIALS = 4

/** In a shorter time than this, in periods, there is no usual demand to repair, and none to try a forecast on. */
const LEAST_PAST = 8

/** The open time in the next `periods`, in periods: on closed days nothing is asked for. */
const openTime = (periods: number, coming: ReadonlyArray<number> | undefined): number => {
  if (coming === undefined) return periods
  let time = 0
  for (let period = 0; period < periods; period++) time += (coming[period] ?? 1) * Math.min(1, periods - period)
  return time
}

/** The mean, or null where there was nothing to take one of. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const errorOf = (task: PlanTask, clean: Float64Array): ForecastError | null => {
  if (task.backtest !== true) return null
  const past = (history: Float64Array, horizon: number) => forecast(history, { ...settingsOf(task), horizon }).mean
  const trials = backtest(clean, past, { horizon: task.horizon, windows: TRIALS, minTrain: LEAST_PAST })
  if (trials.length === 0) return null
  const { cumulativeWape, wape, biasPercent, rmsse } = summarise(trials)
  const [cumulative, single, bias, scaled] = [cumulativeWape, wape, biasPercent, rmsse].map(finite)
  return {
    trials: trials.length,
    cumulativeWape: cumulative ?? null,
    wape: single ?? null,
    biasPercent: bias ?? null,
    rmsse: scaled ?? null
  }
}

const settingsOf = ({ every, belief }: PlanTask) => ({
  period: seasonOf[every],
  ...(belief === undefined ? {} : { belief })
})

/** The forecast of a task: what was kept, or a new one. Both are used as they are kept, so they give the same. */
const forecastOf = (task: PlanTask, horizon: number): KeptForecast => {
  const { demand, every, backtest = false } = task
  const fingerprint = fingerprintOf([FORECAST_VERSION, demand, every, horizon, task.horizon, backtest])
  if (task.kept?.fingerprint === fingerprint && isLasting(task.kept)) return task.kept
  const { values, repaired } = historyOf(demand, seasonOf[every])
  const ahead = forecast(values, { ...settingsOf(task), horizon, ...(backtest ? { backtest } : {}) })
  const over = Array.from({ length: horizon }, (_, period) => ahead.leadTimeDemand(period + 1))
  return {
    fingerprint,
    method: ahead.method,
    why: ahead.why,
    pattern: { ...ahead.pattern, interval: finite(ahead.pattern.interval) },
    history: Array.from(values),
    repaired,
    mean: Array.from(ahead.mean),
    cumulativeSd: over.map(({ sd }) => sd),
    whole: over.every(({ whole }) => whole),
    bands: BAND_LEVELS.map((level) => {
      const { lower, upper } = ahead.interval(level)
      return { level, lower: Array.from(lower), upper: Array.from(upper) }
    }),
    error: errorOf(task, values)
  }
}

const expectedOf = ({ horizon, coming }: PlanTask, kept: KeptForecast): ExpectedDemand => {
  const scheduled = (values: ReadonlyArray<number>) =>
    values.slice(0, horizon).map((value, period) => value * (coming?.[period] ?? 1))
  const open = openTime(horizon, coming)
  const together = open > 0 ? keptDemand(kept)(open) : undefined
  const { history, repaired, method, why, pattern, bands, error } = kept
  return {
    history,
    repaired,
    method,
    why,
    pattern: pattern.class,
    mean: scheduled(kept.mean),
    bands: bands.map(({ level, lower, upper }) => ({ level, lower: scheduled(lower), upper: scheduled(upper) })),
    total: {
      mean: together?.mean ?? 0,
      lower: together?.quantile((1 - BAND_LEVELS[0]) / 2) ?? 0,
      upper: together?.quantile((1 + BAND_LEVELS[0]) / 2) ?? 0
    },
    error
  }
}

/** Below this much left-over time, in periods, sales at the end count to the period before. */
const HALF = 0.5

/**
 * Sparse demand by the time that there was stock: as many periods as the shelf was full for, together. To scale up what
 * was sold until a shelf ran empty, or to fill in what came before it, would take that sale for the usual, because an
 * empty shelf always follows one.
 */
const byTimeInStock = (demand: ReadonlyArray<DemandPeriod>): Float64Array => {
  const periods: Array<number> = []
  let [time, sold] = [0, 0]
  for (const { quantity, open = 1, inStock = 1 } of demand) {
    if (quantity === null) continue
    time += Math.min(1, open) * inStock
    sold += quantity
    if (time < 1) continue
    periods.push(sold)
    time -= 1
    sold = 0
  }
  const last = periods.length - 1
  if (time >= HALF || (last < 0 && sold !== 0)) periods.push(sold)
  else if (last >= 0) periods[last] = (periods[last] ?? 0) + sold
  return Float64Array.from(periods)
}

/** The demand that a forecast rests on, and how many periods were not what they seemed. */
const historyOf = (demand: ReadonlyArray<DemandPeriod>, period: number) => {
  const whole = demand.filter(({ quantity, open = 1, inStock = 1 }) => quantity !== null && open * inStock >= 1)
  const repaired = demand.length - whole.length
  const demands = demand.filter(({ quantity }) => quantity !== null && quantity !== 0).length
  const time = demand.reduce(
    (sum, { quantity, open = 1, inStock = 1 }) => sum + (quantity === null ? 0 : open * inStock),
    0
  )
  if (time < LEAST_PAST || time >= INTERMITTENT_INTERVAL * demands) return { values: byTimeInStock(demand), repaired }
  const { values } = cleanDemand(demand, { period })
  // What was counted in whole units is also estimated in them.
  const counted = demand.every(({ quantity }) => quantity === null || Number.isInteger(quantity))
  return { values: counted ? values.map(Math.round) : values, repaired }
}

const plural: Readonly<Record<DemandUnit, string>> = { day: "days", week: "weeks", month: "months" }

const historyInWords = (every: DemandUnit, periods: number, repaired: number): string =>
  `${periods} ${plural[every]} of demand are known` +
  (repaired === 0
    ? ""
    : `; in ${repaired} of them the shelf was empty or the doors closed for a time, which counts less or is estimated`)

/** A kept forecast as orders are worked out from it. */
const aheadBy = (kept: KeptForecast): DemandForecast => {
  const { method, why, pattern, mean, cumulativeSd, bands } = kept
  return {
    method,
    why,
    pattern: { ...pattern, interval: pattern.interval ?? Number.POSITIVE_INFINITY },
    mean: Float64Array.from(mean),
    // Orders rest on sums of periods alone; what each period adds to them stands for its own.
    sd: Float64Array.from(cumulativeSd, (sd, period) =>
      Math.sqrt(Math.max(0, sd ** 2 - (cumulativeSd[period - 1] ?? 0) ** 2))
    ),
    interval: (level) => {
      const band = bands.find((one) => one.level === level)
      return { level, lower: Float64Array.from(band?.lower ?? []), upper: Float64Array.from(band?.upper ?? []) }
    },
    leadTimeDemand: keptDemand(kept)
  }
}

/** Plans one product at one location. The same task gives the same plan, wherever it is made. */
export const planStock = (task: PlanTask): PlannedStock => {
  const { every, order, coming } = task
  const inPeriods = (days: number) => days / daysOf[every]
  const terms = order?.terms
  const longest = Math.max(0, ...(terms?.leadDays ?? [])) + (terms?.reviewDays ?? 0)
  // One more than the longest time, so that rounding never asks beyond the end.
  const kept = forecastOf(task, Math.max(task.horizon, Math.floor(inPeriods(longest)) + 1))
  const expected = expectedOf(task, kept)
  if (order === undefined) return { expected, suggestion: null, alert: null, kept }
  const { leadDays, reviewDays, coverDays = Math.max(2 * Math.max(...leadDays), reviewDays), rules } = order.terms
  // A lead time counts what is open of it, after the review that may come before it.
  const review = openTime(inPeriods(reviewDays), coming)
  const policy: ReplenishmentPolicy = {
    target: order.terms.target,
    lot: { kind: "cover", periods: inPeriods(coverDays) },
    leadTimes: leadDays.map((days) => openTime(inPeriods(days + reviewDays), coming) - review),
    review,
    ...(rules === undefined ? {} : { rules })
  }
  const ahead = aheadBy(kept)
  const suggestion = suggest(ahead, order.stock, policy)
  const risk = order.terms.alertRisk
  // With this position or more, running out until the next delivery is no likelier than the risk that is taken.
  const safe = risk === undefined ? 0 : protectedDemand(ahead, policy).quantile(1 - risk)
  const alert = risk === undefined ? null : { risk, position: safe, raised: suggestion.stockoutRisk > risk }
  const reasons = [historyInWords(every, task.demand.length, kept.repaired), ...suggestion.reasons]
  return { expected, suggestion: { ...suggestion, reasons }, alert, kept }
}
