/**
 * Demand from a file: the same plans without a store. Rows of one product on one day add up; a day without a row is one
 * on which nothing was asked for, from the product's first row on.
 */
import {
  type DatedDemand,
  type DemandRow,
  demandByPeriod,
  demandRows,
  type InvalidTable,
  type OrderTerms,
  openShares,
  type PlanTask,
  periodBounds,
  type ReorderRow,
  Replenish,
  type RowReader,
  reorderRows
} from "@onhand/core"
import { Console, DateTime, Effect, Option, Result, Schema, Stream } from "effect"
import { openTable } from "./CsvTable.ts"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { calendarOf, closedOf, horizonOf, type PlanFlags, timeZoneOf } from "./PlanFlags.ts"
import type { PlanRow } from "./PlanRow.ts"
import type { PlanThreads } from "./PlanThreads.ts"

/** The most refused rows that are told one by one. */
const MAX_TOLD = 20

/** Products that are planned together. */
const GROUP = 100

/** Days that an order needs, at the most, for which closed days must be known. */
const FAR = 400

/** Rows of the file are wrong; a plan on the others would be a plan for another shop. */
export class RowsUnreadable extends Schema.TaggedError<RowsUnreadable>()("RowsUnreadable", {
  file: Schema.String,
  rows: Schema.Int
}) {
  override readonly [exitCode] = exitCodes.usage
  override get message() {
    return `${this.rows} ${this.rows === 1 ? "row" : "rows"} of ${this.file} cannot be read; correct it and try again`
  }
}

/** The file has no demand to plan by. */
export class NoDemand extends Schema.TaggedError<NoDemand>()("NoDemand", { file: Schema.String }) {
  override readonly [exitCode] = exitCodes.usage
  override get message() {
    return `${this.file} has no row of demand that the other options let through; at least one is accepted`
  }
}

/** All rows of a table, or every mistake in it told. */
const readRows = <A>(
  file: string,
  reader: (header: ReadonlyArray<string>) => Result.Result<RowReader<A>, InvalidTable>,
  take: (row: A) => void
) =>
  Effect.gen(function* () {
    const table = yield* openTable(file, reader)
    let refused = 0
    yield* Stream.runForEach(table.rows, ({ number, content }) => {
      if (Result.isSuccess(content)) return Effect.sync(() => take(content.success))
      refused += 1
      return refused > MAX_TOLD ? Effect.void : Console.error(`row ${number}: ${content.failure.message}`)
    })
    if (refused > 0) return yield* new RowsUnreadable({ file, rows: refused })
  })

interface Past {
  readonly sku: string
  readonly location: string
  name: string
  readonly rows: Array<DatedDemand>
}

const keyOf = ({ sku, location }: { readonly sku: string; readonly location: string }) => `${sku} ${location}`

const isWanted = (row: DemandRow, { product, location }: PlanFlags): boolean =>
  (Option.isNone(product) || product.value === row.sku) &&
  (Option.isNone(location) || location.value.toLowerCase() === row.location.toLowerCase())

/** The instant at which a row counts: that of its day, where days begin in the shop. */
const instantOf = ({ date }: DemandRow, timeZone: DateTime.TimeZone): number =>
  date.length > 10
    ? Date.parse(date)
    : DateTime.toEpochMillis(Option.getOrThrow(DateTime.makeZoned(date, { timeZone, adjustForTimeZone: true })))

/** What a table of stock says, by product and location; a row without a location speaks for all. */
export const readReorders = (file: string) =>
  Effect.gen(function* () {
    const found = new Map<string, ReorderRow>()
    yield* readRows(file, reorderRows, (row) => void found.set(keyOf(row), row))
    return (subject: { readonly sku: string; readonly location: string }) =>
      found.get(keyOf(subject)) ?? found.get(keyOf({ ...subject, location: "" }))
  })
export type Reorders = Effect.Success<ReturnType<typeof readReorders>>

/** How a file's products are ordered: what a row of the table of stock says, and the terms for what it leaves out. */
export interface FileOrders {
  readonly reorders: Reorders
  readonly termsOf: (abc: Replenish.AbcClass) => OrderTerms
}

const rulesOf = ({ pack, minimum, maximum }: ReorderRow): Replenish.OrderRules => ({
  ...(pack === null ? {} : { pack }),
  ...(minimum === null ? {} : { minimum }),
  ...(maximum === null ? {} : { maximum })
})

/** Plans the demand in a file, and with `orders` what to order of what is in another. */
export const fileRows = (file: string, flags: PlanFlags, threads: PlanThreads, orders?: FileOrders) =>
  Effect.gen(function* () {
    const timeZone = yield* Effect.fromResult(timeZoneOf(flags))
    const pasts = new Map<string, Past>()
    yield* readRows(file, demandRows, (row) => {
      if (!isWanted(row, flags)) return
      const past: Past = pasts.get(keyOf(row)) ?? { sku: row.sku, location: row.location, name: "", rows: [] }
      pasts.set(keyOf(row), past)
      if (row.name !== "") past.name = row.name
      past.rows.push({ at: instantOf(row, timeZone), quantity: row.quantity, inStock: row.inStock })
    })
    let [from, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { rows } of pasts.values()) {
      for (const { at } of rows) {
        from = Math.min(from, at)
        last = Math.max(last, at)
      }
    }
    if (pasts.size === 0) return yield* new NoDemand({ file })
    // The day of the last row is over.
    const end = DateTime.add(DateTime.startOf(DateTime.makeZonedUnsafe(last, { timeZone }), "day"), { days: 1 })
    const known = { from: DateTime.makeUnsafe(from), to: DateTime.toUtc(end) }
    const calendar = yield* Effect.fromResult(calendarOf(flags, timeZone, known))
    const all = yield* Effect.fromResult(periodBounds(calendar))
    // A period that had begun before the file did tells too little, as one does that is not over.
    const begun = Option.isNone(flags.since) && all.length > 2 && DateTime.toEpochMillis(all[0] ?? calendar.from) < from
    const bounds = begun ? all.slice(1) : all
    const begins = bounds.at(-1) ?? calendar.to
    if (DateTime.isLessThan(begins, known.to) && Option.isNone(flags.until)) {
      const day = DateTime.formatIsoDate(DateTime.setZone(begins, timeZone))
      yield* Console.error(`The ${calendar.every} from ${day} on is not over in the file, so it does not count`)
    }
    const closed = yield* Effect.fromResult(closedOf(flags))
    const ahead = { ...calendar, from: begins, to: DateTime.add(begins, { days: FAR }) }
    const later = yield* Effect.fromResult(periodBounds(ahead))
    const open = closed && openShares([...bounds, ...later.slice(1)], timeZone, closed)
    const horizon = yield* Effect.fromResult(horizonOf(flags))

    const products = [...pasts.values()].map((past) => {
      const demand = demandByPeriod(past.rows, bounds, open)
      const units = demand.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0)
      return { past, demand, units, reorder: orders?.reorders(past) }
    })
    const costed = orders !== undefined && products.every(({ reorder }) => (reorder?.unitCost ?? null) !== null)
    const classes = Replenish.abcClasses(
      products.map(({ units, reorder }) => units * (costed ? (reorder?.unitCost ?? 0) : 1))
    )
    const coming = open?.slice(bounds.length - 1)
    const prepared = products.flatMap(({ past, demand, reorder }, index) => {
      if (orders !== undefined && reorder === undefined) return []
      const abc = classes[index] ?? "C"
      const stock = {
        onHand: reorder?.onHand ?? 0,
        onOrder: reorder?.onOrder ?? 0,
        reserved: reorder?.reserved ?? 0,
        backordered: 0
      }
      const terms = orders?.termsOf(abc)
      const leadDays = reorder !== undefined && reorder.leadDays.length > 0 ? reorder.leadDays : terms?.leadDays
      const order =
        terms === undefined || reorder === undefined
          ? undefined
          : { stock, terms: { ...terms, leadDays: leadDays ?? terms.leadDays, rules: rulesOf(reorder) } }
      const task: PlanTask = { demand, every: calendar.every, horizon, backtest: flags.backtest, coming, order }
      const row = {
        product: null,
        sku: past.sku,
        name: past.name,
        location: past.location,
        locationId: past.location,
        decimals: 0,
        abc,
        every: calendar.every,
        timeZone,
        begins,
        stock,
        vendor: reorder?.vendor ?? "",
        unitCost: reorder?.unitCost ?? null
      }
      return [{ task, row }]
    })
    return Stream.fromIterable(prepared).pipe(
      Stream.grouped(GROUP),
      Stream.mapEffect(
        (group) =>
          Effect.map(threads.plan(group.map(({ task }) => task)), (plans) =>
            group.flatMap(({ row }, index): ReadonlyArray<PlanRow> => {
              const planned = plans[index]
              return planned === undefined ? [] : [{ ...row, ...planned }]
            })
          ),
        { concurrency: threads.concurrency }
      ),
      Stream.flattenIterable
    )
  })
