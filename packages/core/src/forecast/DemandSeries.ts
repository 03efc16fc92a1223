// From what was sold to what was wanted: missing and closed periods, empty shelves, part-time opening, events,
// outliers.
import { average } from "./Baselines.ts"
import { linearQuantile } from "./Conformal.ts"

/** What is known of one period. */
export interface DemandPeriod {
  /** Units sold less units returned; null where nothing is known. */
  readonly quantity: number | null
  /** Opening time as a share of the usual, 1 by default: 0 on a closed day, above 1 in a month of many trading days. */
  readonly open?: number
  /** Share of the opening time with stock on the shelf, 1 by default. */
  readonly inStock?: number
  /** The shelf was empty at the end and nobody knows since when: at least this much was wanted. */
  readonly soldOut?: boolean
  /** The name of a promotion or feast that raises or lowers demand. */
  readonly event?: string
}

/** What was done to one period, in the order of the series. */
export interface Repair {
  readonly index: number
  readonly kind: "missing" | "closed" | "partly open" | "longer open" | "censored" | "sold out" | "event" | "outlier"
  readonly from: number | null
  readonly to: number
}

/** A series ready to be forecast, with everything that was changed on the way. */
export interface CleanDemand {
  /** Demand per fully open, fully stocked, eventless period. */
  readonly values: Float64Array
  readonly repairs: ReadonlyArray<Repair>
  /** By what factor each event changes demand. */
  readonly events: ReadonlyMap<string, number>
}

/** How to clean. */
export interface CleaningOptions {
  /** Seasons in a cycle; gaps are filled from the same season where one is near. */
  readonly period?: number
  /** Replace outliers instead of only reporting them; false by default, because a spike may be demand. */
  readonly replaceOutliers?: boolean
  /** What events did to similar products, by name: a product with few events of its own is taken to be like them. */
  readonly events?: ReadonlyMap<string, number>
}

/** With less of the period in stock than this, what was sold says too little: the period is treated as unknown. */
const LEAST_STOCKED = 1 / 3
/** Known periods on each side that fill a gap: more than one, since shelves are empty after sales above the usual. */
const FILLING = 4
/** Known periods whose mean is the usual demand where a shelf ran empty at an unknown moment. */
const USUAL = 26
/** An event is believed in full only after several times: against what it did elsewhere it counts n / (n + this). */
const EVENT_DOUBT = 1
/** A value this many robust standard deviations from its surroundings is reported. */
const OUTLIER_DEVIATIONS = 6
const OUTLIER_MIN_LENGTH = 12
/** Makes the median absolute deviation of normal noise its standard deviation. */
const MAD_TO_SD = 1.4826

const median = (values: ReadonlyArray<number>): number => linearQuantile(values, 0.5)

const isKnown = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)

// The nearest known values, so many on each side: seasons apart where the series has seasons, else neighbours.
const around = (values: Float64Array, index: number, stride: number, count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (const direction of [-1, 1]) {
    let left = count
    for (let at = index + direction * stride; left > 0 && at >= 0 && at < values.length; at += direction * stride) {
      if (!isKnown(values[at])) continue
      found.push(values[at]!)
      left--
    }
  }
  return found
}

/** Fills NaN: by the mean of the nearest same seasons if there are at least two cycles, else of the neighbours. */
export const fillMissing = (values: Float64Array, period = 1): Float64Array => {
  if (values.every(isKnown)) return values
  const seasonal = period > 1 && values.length >= 2 * period
  return values.map((value, index) => {
    if (isKnown(value)) return value
    const near = seasonal ? around(values, index, period, 1) : []
    return average(near.length > 0 ? near : around(values, index, 1, FILLING))
  })
}

/**
 * Where a shelf ran empty at an unknown moment, what was sold is the least that was wanted. Raises it to the mean of
 * the nearest 26 periods known in full, in whole units where sales are whole; never lowers it.
 */
export const raiseSoldOut = (sales: Float64Array, soldOut: ArrayLike<number | boolean>): Float64Array => {
  const known: Array<number> = []
  const before = new Int32Array(sales.length)
  let whole = true
  for (let t = 0; t < sales.length; t++) {
    before[t] = known.length
    if (soldOut[t] || !isKnown(sales[t])) continue
    known.push(sales[t]!)
    whole = whole && Number.isInteger(sales[t]!)
  }
  return sales.map((value, t) => {
    if (!soldOut[t] || !isKnown(value)) return value
    const from = Math.max(0, Math.min(before[t]! - USUAL / 2, known.length - USUAL))
    const usual = average(known.slice(from, from + USUAL))
    return Math.max(value, whole ? Math.round(usual) : usual)
  })
}

interface Draft {
  readonly values: Float64Array
  readonly repairs: Array<Repair>
}

const restoreTrading = (periods: ReadonlyArray<DemandPeriod>): Draft => {
  const repairs: Array<Repair> = []
  const values = Float64Array.from(periods, ({ quantity, open = 1, inStock = 1 }, index) => {
    const note = (kind: Repair["kind"], to: number) => {
      repairs.push({ index, kind, from: quantity, to })
      return to
    }
    if (quantity === null || !Number.isFinite(quantity)) return note("missing", Number.NaN)
    if (open <= 0) return note("closed", Number.NaN)
    if (inStock < LEAST_STOCKED) return note("sold out", Number.NaN)
    if (inStock < 1) return note("censored", quantity / (open * inStock))
    if (open !== 1) return note(open < 1 ? "partly open" : "longer open", quantity / open)
    return quantity
  })
  // Periods with events are not usual ones, and what they do is only found out later.
  const usual = values.map((value, index) => (periods[index]!.event === undefined ? value : Number.NaN))
  const soldOut = periods.map((one) => one.soldOut === true)
  raiseSoldOut(usual, soldOut).forEach((to, index) => {
    if (!(to > values[index]!)) return
    repairs.push({ index, kind: "censored", from: periods[index]!.quantity, to })
    values[index] = to
  })
  return { values, repairs }
}

// Takes the periods with events out of the history and answers by what factor each event changes demand. The median
// ratio to the usual is what an event does; its spread is not that of usual periods and stays out of the history too.
const removeEvents = (
  periods: ReadonlyArray<DemandPeriod>,
  draft: Draft,
  period: number,
  elsewhere: ReadonlyMap<string, number>
): ReadonlyMap<string, number> => {
  const effects = new Map(elsewhere)
  const names = new Set(periods.flatMap(({ event }) => (event === undefined ? [] : [event])))
  const quiet = draft.values.map((value, index) => (periods[index]!.event === undefined ? value : Number.NaN))
  if (names.size === 0 || !quiet.some(isKnown)) return effects
  const usual = fillMissing(quiet, period)
  for (const name of names) {
    const ratios = periods.flatMap(({ event }, index) => {
      const ratio = draft.values[index]! / usual[index]!
      return event === name && usual[index]! > 0 && Number.isFinite(ratio) ? [ratio] : []
    })
    const n = ratios.length
    const prior = elsewhere.get(name) ?? 1
    const effect = n === 0 ? prior : prior + ((median(ratios) - prior) * n) / (n + EVENT_DOUBT)
    effects.set(name, Math.max(effect, 0))
  }
  periods.forEach(({ event }, index) => {
    const value = draft.values[index]!
    if (event === undefined || !isKnown(value)) return
    draft.repairs.push({ index, kind: "event", from: value, to: usual[index]! })
    draft.values[index] = usual[index]!
  })
  return effects
}

/**
 * Periods whose value lies far from the median of their surroundings, judged by the usual distance. Only demands are
 * compared, so that a sale of a slow product is no outlier among zeros.
 */
export const outliers = (values: ArrayLike<number>, period = 1): ReadonlyArray<{ index: number; expected: number }> => {
  const demands = Array.from(values, (value, index) => ({ value, index })).filter(
    ({ value }) => isKnown(value) && value !== 0
  )
  if (demands.length < OUTLIER_MIN_LENGTH) return []
  const reach = Math.max(3, Math.min(period, 6))
  const expected = demands.map((_, at) => {
    const near = demands.slice(Math.max(0, at - reach), at + reach + 1).map(({ value }) => value)
    const seasons = period > 1 ? [at - period, at + period].flatMap((i) => (demands[i] ? [demands[i].value] : [])) : []
    // A value that recurs a season before or after is a season, not an outlier.
    const own = demands[at]!.value
    const level = median(near)
    return seasons.reduce((best, value) => (Math.abs(own - value) < Math.abs(own - best) ? value : best), level)
  })
  const distances = demands.map(({ value }, at) => Math.abs(value - expected[at]!))
  const usual = MAD_TO_SD * median(distances)
  const spread = usual > 0 ? usual : average(distances)
  return demands.flatMap(({ index }, at) =>
    distances[at]! > OUTLIER_DEVIATIONS * spread ? [{ index, expected: expected[at]! }] : []
  )
}

/**
 * Demand as it would have been with open doors, full shelves and no events. A day without stock is not a day without
 * demand: sales of a period partly in stock are scaled up, those of one hardly in stock are unknown and filled.
 */
export const cleanDemand = (
  periods: ReadonlyArray<DemandPeriod>,
  { period = 1, replaceOutliers = false, events: elsewhere = new Map() }: CleaningOptions = {}
): CleanDemand => {
  const draft = restoreTrading(periods)
  const events = removeEvents(periods, draft, period, elsewhere)
  for (const { index, expected } of outliers(draft.values, period)) {
    draft.repairs.push({
      index,
      kind: "outlier",
      from: draft.values[index]!,
      to: replaceOutliers ? expected : draft.values[index]!
    })
    if (replaceOutliers) draft.values[index] = expected
  }
  const values = fillMissing(draft.values, period)
  const repairs = draft.repairs
    .map((repair) => (Number.isNaN(repair.to) ? { ...repair, to: values[repair.index]! } : repair))
    .sort((a, b) => a.index - b.index)
  return { values, repairs, events }
}

/**
 * The `open` of each period of a calendar: its trading days as a share of their mean. Months differ in length, and a
 * shop that sells by the day sells less in a short one. The mean is that of the first row, so that coming periods are
 * measured as past ones were.
 */
export const tradingShares = (
  past: ReadonlyArray<number>,
  coming: ReadonlyArray<number> = []
): { readonly past: ReadonlyArray<number>; readonly coming: ReadonlyArray<number> } => {
  const usual = average(past)
  const shareOf = (days: number) => (usual > 0 ? days / usual : 1)
  return { past: past.map(shareOf), coming: coming.map(shareOf) }
}

/** What the coming periods will be like: opening and events, known ahead. */
export interface ComingPeriod {
  readonly open?: number
  readonly event?: string
}

/**
 * Expected demand of the coming periods from a forecast of usual ones: closed days sell nothing, events as they did.
 */
export const scheduled = (
  mean: ArrayLike<number>,
  coming: ReadonlyArray<ComingPeriod>,
  events: ReadonlyMap<string, number>
): Float64Array =>
  Float64Array.from(mean, (value, index) => {
    const { open = 1, event } = coming[index] ?? {}
    return value * open * (event === undefined ? 1 : (events.get(event) ?? 1))
  })
