/**
 * Demand: what was asked for in each period of a calendar, as the ledger knows it. Sold less returned, and for which
 * part of the period there was anything to sell: nothing sold from an empty shelf is not nothing asked for.
 */
import { DateTime, Result, Schema } from "effect"
import { LocationId } from "./Location.ts"
import type { Movement } from "./Movement.ts"
import { ProductId } from "./Product.ts"

/** The most periods of one question: four years of days. */
export const MAX_PERIODS = 1_500

export const demandUnits = ["day", "week", "month"] as const
export const DemandUnit = Schema.Literals(demandUnits)
export type DemandUnit = typeof DemandUnit.Type

/** How many periods after which demand repeats itself: a week of days, a year of weeks or months. */
export const seasonOf: Readonly<Record<DemandUnit, number>> = { day: 7, week: 52, month: 12 }

/** Days of a mean period. */
export const daysOf: Readonly<Record<DemandUnit, number>> = { day: 1, week: 7, month: 365.25 / 12 }

/** There is no whole period between two times, or there are too many. */
export class InvalidPeriods extends Schema.TaggedError<InvalidPeriods>()("InvalidPeriods", { periods: Schema.Int }) {
  override get message() {
    return `That is ${this.periods} whole periods; 1 to ${MAX_PERIODS} are accepted`
  }
}

/** Days, weeks (from Monday) or months of a time zone. */
export interface DemandCalendar {
  readonly every: DemandUnit
  readonly timeZone: DateTime.TimeZone
  /** The first period is the one that contains this. */
  readonly from: DateTime.Utc
  /** The last period is the last that was over by then: one that has begun tells too little. */
  readonly to: DateTime.Utc
}

const startOf = (instant: DateTime.DateTime, { every, timeZone }: DemandCalendar) =>
  DateTime.startOf(DateTime.setZone(instant, timeZone), every, { weekStartsOn: 1 })

/**
 * The beginning of each period, and the end of the last one. A day is as long as it is: 23 or 25 hours when the clocks
 * change.
 */
export const periodBounds = (calendar: DemandCalendar): Result.Result<ReadonlyArray<DateTime.Utc>, InvalidPeriods> => {
  const bounds: Array<DateTime.Utc> = []
  let next = startOf(calendar.from, calendar)
  while (DateTime.isLessThanOrEqualTo(next, calendar.to) && bounds.length <= MAX_PERIODS + 1) {
    bounds.push(DateTime.toUtc(next))
    // Where midnight does not exist a day begins later, and the next one at midnight again.
    next = startOf(DateTime.add(next, { [`${calendar.every}s`]: 1 }), calendar)
  }
  const periods = Math.max(0, bounds.length - 1)
  return periods >= 1 && periods <= MAX_PERIODS ? Result.succeed(bounds) : Result.fail(new InvalidPeriods({ periods }))
}

/** The same, and after the last whole period what there is of the one that has begun, up to `to`. */
export const periodBoundsUntilNow = (
  calendar: DemandCalendar
): Result.Result<ReadonlyArray<DateTime.Utc>, InvalidPeriods> => {
  const begun = DateTime.toUtc(startOf(calendar.to, calendar))
  const from = DateTime.toUtc(startOf(calendar.from, calendar))
  // Nothing is over yet where the first period is also the last.
  if (DateTime.Equivalence(begun, from) && DateTime.isLessThan(begun, calendar.to)) {
    return Result.succeed([begun, calendar.to])
  }
  return Result.map(periodBounds(calendar), (bounds) =>
    DateTime.isLessThan(begun, calendar.to) ? [...bounds, calendar.to] : bounds
  )
}

/**
 * Which demand: each period goes from one of the rising `bounds` to the next, so that a host may have a calendar of its
 * own, such as one of four and five weeks. {@link periodBounds} makes those of days, weeks and months.
 */
export interface DemandFilter {
  readonly product?: ProductId | undefined
  readonly location?: LocationId | undefined
  readonly bounds: ReadonlyArray<DateTime.Utc>
}

/**
 * The demand for a product at a location, the oldest period first. `quantities` are steps of the product's unit, sold
 * less returned by the time at which it happened; below zero where more came back than went. `inStock` is the share of
 * each period, 0 to 1, in which something sellable was on the shelf.
 */
export const DemandSeries = Schema.Struct({
  product: ProductId,
  location: LocationId,
  quantities: Schema.Array(Schema.Int),
  inStock: Schema.Array(Schema.Finite)
}).annotate({ identifier: "DemandSeries" })
export interface DemandSeries extends Schema.Schema.Type<typeof DemandSeries> {}

/** What a movement adds to what is sellable. */
const sellableAdded = ({ from, to, quantity }: Movement): number =>
  to === "sellable" ? quantity : from === "sellable" ? -quantity : 0

/** What it adds to demand: what goes to customers, less what comes from them, and the reverse of what was reversed. */
const soldBy = ({ from, to, quantity }: Movement): number =>
  to === "customer" ? quantity : from === "customer" ? -quantity : 0

/** The demand that all movements of one product at one location make. Stores that keep no sums may answer by it. */
export const foldDemand = (
  movements: Iterable<Movement>,
  bounds: ReadonlyArray<DateTime.Utc>
): Pick<DemandSeries, "quantities" | "inStock"> => {
  const edges = bounds.map(DateTime.toEpochMillis)
  const periods = Math.max(0, edges.length - 1)
  const quantities = new Array<number>(periods).fill(0)
  const stocked = new Array<number>(periods).fill(0)
  const moves = Array.from(movements, (movement) => ({ movement, at: DateTime.toEpochMillis(movement.occurredAt) }))
  moves.sort((a, b) => a.at - b.at)
  let [level, next] = [0, 0]
  const passTo = (time: number, count: (quantity: number) => void) => {
    for (let move = moves[next]; move !== undefined && move.at < time; move = moves[++next]) {
      level += sellableAdded(move.movement)
      count(soldBy(move.movement))
    }
  }
  passTo(edges[0] ?? 0, () => {})
  for (let period = 0; period < periods; period++) {
    const end = edges[period + 1] ?? 0
    for (let time = edges[period] ?? 0; time < end; ) {
      // Everything of one instant counts together, so that its order does not matter.
      passTo(time + 1, (quantity) => {
        quantities[period] = (quantities[period] ?? 0) + quantity
      })
      const until = Math.min(end, moves[next]?.at ?? end)
      if (level > 0) stocked[period] = (stocked[period] ?? 0) + until - time
      time = until
    }
  }
  const inStock = stocked.map((millis, period) => millis / ((edges[period + 1] ?? 0) - (edges[period] ?? 0)))
  return { quantities, inStock }
}
