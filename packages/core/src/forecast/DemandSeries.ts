// From what was sold to what was wanted: missing and closed periods, empty shelves, part-time opening, events,
// outliers.
import { average } from "./Baselines.ts"
import { linearQuantile } from "./Conformal.ts"

/** What is known of one period. */
export interface DemandPeriod {
  /** Units sold less units returned; null where nothing is known. */
  readonly quantity: number | null
  /** Share of the usual opening time, 1 by default; 0 for a closed day. */
  readonly open?: number
  /** Share of the opening time with stock on the shelf, 1 by default. */
  readonly inStock?: number
  /** The name of a promotion or feast that raises or lowers demand. */
  readonly event?: string
}

/** What was done to one period, in the order of the series. */
export interface Repair {
  readonly index: number
  readonly kind: "missing" | "closed" | "partly open" | "censored" | "sold out" | "event" | "outlier"
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
}

/** With less of the period in stock than this, what was sold says too little: the period is treated as unknown. */
const LEAST_STOCKED = 0.25
/** An event is believed in full only after several times; its effect counts n / (n + this). */
const EVENT_DOUBT = 1
/** A value this many robust standard deviations from its surroundings is reported. */
const OUTLIER_DEVIATIONS = 6
const OUTLIER_MIN_LENGTH = 12
/** Makes the median absolute deviation of normal noise its standard deviation. */
const MAD_TO_SD = 1.4826

const median = (values: ReadonlyArray<number>): number => linearQuantile(values, 0.5)

const isKnown = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)

// The nearest known values on both sides, seasons apart where the series has seasons, else neighbours.
const around = (values: Float64Array, index: number, stride: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (const direction of [-1, 1]) {
    for (let at = index + direction * stride; at >= 0 && at < values.length; at += direction * stride) {
      if (!isKnown(values[at])) continue
      found.push(values[at]!)
      break
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
    const near = seasonal ? around(values, index, period) : []
    return average(near.length > 0 ? near : around(values, index, 1))
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
    if (inStock < 1) return note("censored", quantity / (Math.min(open, 1) * inStock))
    if (open < 1) return note("partly open", quantity / open)
    return quantity
  })
  return { values, repairs }
}

const removeEvents = (
  periods: ReadonlyArray<DemandPeriod>,
  draft: Draft,
  period: number
): ReadonlyMap<string, number> => {
  const names = new Set(periods.flatMap(({ event }) => (event === undefined ? [] : [event])))
  if (names.size === 0) return new Map()
  const quiet = draft.values.map((value, index) => (periods[index]!.event === undefined ? value : Number.NaN))
  const usual = fillMissing(quiet, period)
  const effects = new Map<string, number>()
  for (const name of names) {
    const ratios = periods.flatMap(({ event }, index) => {
      const ratio = draft.values[index]! / usual[index]!
      return event === name && usual[index]! > 0 && Number.isFinite(ratio) ? [ratio] : []
    })
    const n = ratios.length
    const effect = n === 0 ? 1 : 1 + ((median(ratios) - 1) * n) / (n + EVENT_DOUBT)
    effects.set(name, Math.max(effect, 0))
  }
  periods.forEach(({ event }, index) => {
    const effect = event === undefined ? 1 : effects.get(event)!
    const value = draft.values[index]!
    if (effect === 1 || !isKnown(value)) return
    const to = effect > 0 ? value / effect : usual[index]!
    draft.repairs.push({ index, kind: "event", from: value, to })
    draft.values[index] = to
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
  { period = 1, replaceOutliers = false }: CleaningOptions = {}
): CleanDemand => {
  const draft = restoreTrading(periods)
  const events = removeEvents(periods, draft, period)
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
