/**
 * Report lines: reports as tables for people and programs, page by page. Quantities are in the product's unit, money is
 * a decimal text of the currency, and products come with their names.
 */
import { DateTime, Effect, Option } from "effect"
import { type DemandCalendar, type InvalidPeriods, periodBoundsUntilNow } from "./Demand.ts"
import type { LocationId } from "./Location.ts"
import { decimalFromMoney, minorDigits } from "./Money.ts"
import { movementId } from "./Movement.ts"
import { cursorAfter, cursorValues, InvalidCursor, type Page } from "./Page.ts"
import type { Product, ProductId } from "./Product.ts"
import { decimalFromQuantity } from "./Quantity.ts"
import type { Queries } from "./Queries.ts"
import { ageOf, isDeadStock, rankProducts, sellThroughOf, stockOutOf, sumOfValues, turnoverOf } from "./Reports.ts"
import type { SalesGroup, SalesRow } from "./Sales.ts"
import { type CardFilter, stockCard } from "./StockCard.ts"
import type { FlowFilter } from "./StockFlow.ts"
import type { Period, ProductValue, ValuedQuantity } from "./StockValue.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { ValuationMethod } from "./ValuationMethod.ts"

/** A line of a report: its cells by the names of their columns. */
export type ReportLine = Readonly<Record<string, string | number | boolean | null>>

/** Which part of a report is wanted. */
export interface ReportPageRequest {
  readonly limit: number
  readonly cursor?: string | undefined
}

/** A part of a report. A page can have fewer lines than its limit, and even none, and still not be the last. */
export interface ReportPage<Line> {
  readonly items: ReadonlyArray<Line>
  readonly nextCursor: string | null
}

type Read = Pick<
  Queries,
  "product" | "location" | "sales" | "stockFlows" | "stockValues" | "demand" | "movements" | "stockAsOf"
>
type Told<Line, E = never> = Effect.Effect<ReportPage<Line>, StoreUnavailable | InvalidCursor | E>

/** Which products a report is about; all without it. */
export interface ReportFilter {
  readonly product?: ProductId | undefined
  readonly category?: string | undefined
  readonly location?: LocationId | undefined
}

/** Products that are read at once, for their names. */
const READS_AT_ONCE = 16

const productsOf = (read: Read, ids: Iterable<ProductId>) =>
  Effect.map(
    Effect.forEach(
      new Set(ids),
      (id) => Effect.map(read.product(id), (found) => [id, Option.getOrUndefined(found)] as const),
      { concurrency: READS_AT_ONCE }
    ),
    (found) => new Map(found)
  )

const about = (id: ProductId, product: Product | undefined) => ({
  product: id as string,
  sku: product?.sku ?? "",
  name: product?.name ?? "",
  category: product?.category ?? ""
})

const unitsOf = (steps: number, product: Product | undefined): number =>
  Number(decimalFromQuantity(steps, product?.unit.decimals ?? 0))

/** A fraction of steps, such as a mean, in units. */
const fractionOf = (steps: number, product: Product | undefined): number =>
  Number((steps / 10 ** (product?.unit.decimals ?? 0)).toPrecision(12))

const timeOf = (instant: DateTime.Utc | null): string | null => instant && DateTime.formatIso(instant)

/** An amount in a currency's minor unit as a decimal text of the currency, with every digit that it has. */
export const amountText = (minor: string, currency: string | null): string => {
  const digits = currency === null ? 0 : minorDigits(currency)
  const negative = minor.startsWith("-")
  const [whole = "0", fraction = ""] = minor.replace("-", "").split(".")
  const padded = whole.padStart(digits + 1, "0")
  const cents = `${padded.slice(padded.length - digits)}${fraction}`
  return `${negative ? "-" : ""}${padded.slice(0, padded.length - digits)}${cents === "" ? "" : `.${cents}`}`
}

/** Each product of a page of rows as lines. */
const byProduct =
  <Row extends { readonly product: ProductId }, Line>(
    read: Read,
    lines: (row: Row, product: Product | undefined) => ReadonlyArray<Line>
  ) =>
  (page: Page<Row>) =>
    Effect.map(
      productsOf(
        read,
        page.items.map(({ product }) => product)
      ),
      (products): ReportPage<Line> => ({
        items: page.items.flatMap((row) => lines(row, products.get(row.product))),
        nextCursor: page.nextCursor
      })
    )

/** A page of a list. */
const pageOf = ({ limit, cursor }: ReportPageRequest) => ({ _tag: "Cursor", limit, cursor }) as const

/** Which sales: whose, in which periods, by what they are summed up, and by which method their costs are told. */
export interface SalesReportFilter extends ReportFilter {
  readonly by: SalesGroup
  readonly costs?: ValuationMethod | undefined
  readonly calendar: DemandCalendar
}

/** What was sold had cost, less what came back; and what orders were charged beyond what that had cost. */
const costCells = (
  { revenue, returnedRevenue, costs }: Pick<SalesRow, "revenue" | "returnedRevenue" | "costs">,
  currency: string | null
) => {
  if (costs === null || currency === null) return { costOfGoodsSold: null, margin: null }
  const minor = (amounts: SalesRow["revenue"]) =>
    String(amounts.find((money) => money.currency === currency)?.amount ?? 0)
  const less = (amount: string) => (amount.startsWith("-") ? amount.slice(1) : `-${amount}`)
  const { sold, returned, ordered } = costs.amounts.find((cost) => cost.currency === currency) ?? {
    ...{ sold: "0", returned: "0", ordered: "0" }
  }
  return {
    costOfGoodsSold: amountText(sumOfValues([sold, less(returned)]), currency),
    margin: amountText(sumOfValues([minor(revenue), less(minor(returnedRevenue)), less(ordered)]), currency)
  }
}

const salesLines = (
  { from, to, group, ...row }: SalesRow,
  timeZone: DateTime.TimeZone,
  product: Product | undefined
) => {
  const known = [...row.revenue, ...row.returnedRevenue, ...(row.costs?.amounts ?? [])]
  const currencies = [...new Set(known.map(({ currency }) => currency))].sort()
  const amount = (amounts: SalesRow["revenue"], currency: string | null) =>
    currency === null
      ? null
      : decimalFromMoney(amounts.find((money) => money.currency === currency) ?? { amount: 0, currency })
  return (currencies.length === 0 ? [null] : currencies).map((currency, index) => ({
    period: DateTime.formatIsoDate(DateTime.setZone(from, timeZone)),
    from: DateTime.formatIso(from),
    to: DateTime.formatIso(to),
    group,
    sku: product?.sku ?? "",
    name: product?.name ?? "",
    // Units are of the row, whatever the currency; so they are told once.
    sold: index === 0 ? Number(row.sold) : 0,
    returned: index === 0 ? Number(row.returned) : 0,
    unpriced: index === 0 ? Number(row.unpriced) : 0,
    currency,
    revenue: amount(row.revenue, currency),
    returnedRevenue: amount(row.returnedRevenue, currency),
    ...costCells(row, currency),
    uncosted: row.costs === null ? null : index === 0 ? Number(row.costs.uncosted) : 0
  }))
}
export type SalesLine = ReturnType<typeof salesLines>[number]

/**
 * Sales by day, week or month, the one that has begun included: a line for each period, group and currency. `period` is
 * the first day of the period, where the shop is.
 */
export const salesReport = (
  read: Read,
  { calendar, ...filter }: SalesReportFilter,
  request: ReportPageRequest
): Told<SalesLine, InvalidPeriods> =>
  Effect.gen(function* () {
    const bounds = yield* Effect.fromResult(periodBoundsUntilNow(calendar))
    const page = yield* read.sales({ ...filter, bounds }, pageOf(request))
    // Sales by product are grouped by the product's id.
    const idOf = ({ group }: SalesRow) => group as ProductId
    const products = filter.by === "product" ? yield* productsOf(read, page.items.map(idOf)) : undefined
    const items = page.items.flatMap((row) => salesLines(row, calendar.timeZone, products?.get(idOf(row))))
    return { items, nextCursor: page.nextCursor }
  })

/** Which value: of what, by which method, as of when, and as known when. */
export interface ValueReportFilter extends ReportFilter {
  readonly method: ValuationMethod
  readonly occurredBy?: DateTime.Utc | undefined
  readonly recordedBy?: DateTime.Utc | undefined
}

const valued = ({ quantity, value }: ValuedQuantity, currency: string | null, product: Product | undefined) => ({
  quantity: unitsOf(quantity, product),
  value: amountText(value, currency)
})

const valueLine = (row: ProductValue, location: LocationId | undefined, product: Product | undefined) => {
  const nothing: ValuedQuantity = { quantity: 0, value: "0" }
  const part = location === undefined ? row : (row.places.find((place) => place.location === location) ?? nothing)
  return {
    ...about(row.product, product),
    currency: row.currency,
    ...valued(part, row.currency, product),
    withoutCost: unitsOf(row.withoutCost, product),
    mixedCurrencies: row.mixed
  }
}
export type ValueLine = ReturnType<typeof valueLine>

/** The value of stock, a line a product: all of it, or its share at a location. */
export const valueReport = (read: Read, filter: ValueReportFilter, request: ReportPageRequest): Told<ValueLine> =>
  Effect.flatMap(
    read.stockValues(filter, pageOf(request)),
    byProduct(read, (row, product) => [valueLine(row, filter.location, product)])
  )

/** A filter of products, and what happened to their value when. */
export interface PeriodValueFilter extends Omit<ValueReportFilter, "location"> {
  readonly period: Period
}

const valuationLine = ({ product: id, currency, period }: ProductValue, product: Product | undefined) => {
  const { opening, received, sold, adjusted, closing } = period ?? noPeriod
  const cells = <K extends string>(name: K, amount: ValuedQuantity) => {
    const { quantity, value } = valued(amount, currency, product)
    return { [`${name}Quantity`]: quantity, [`${name}Value`]: value } as {
      readonly [N in `${K}Quantity`]: number
    } & { readonly [N in `${K}Value`]: string }
  }
  return {
    ...about(id, product),
    currency,
    ...cells("opening", opening),
    ...cells("received", received),
    ...cells("sold", sold),
    ...cells("adjusted", adjusted),
    ...cells("closing", closing)
  }
}
export type ValuationLine = ReturnType<typeof valuationLine>

const none: ValuedQuantity = { quantity: 0, value: "0" }
const noPeriod = {
  ...{ opening: none, received: none, sold: none, adjusted: none, closing: none },
  meanQuantity: 0,
  meanValue: 0
}

/** What a period did to the value of stock, a line a product: closing = opening + received − sold + adjusted. */
export const valuationReport = (
  read: Read,
  filter: PeriodValueFilter,
  request: ReportPageRequest
): Told<ValuationLine> =>
  Effect.flatMap(
    read.stockValues(filter, pageOf(request)),
    byProduct(read, (row, product) => [valuationLine(row, product)])
  )

const turnoverLine = (row: ProductValue, period: Period, product: Product | undefined) => {
  const { sold, meanQuantity, meanValue } = row.period ?? noPeriod
  return {
    ...about(row.product, product),
    sold: unitsOf(sold.quantity, product),
    meanQuantity: fractionOf(meanQuantity, product),
    currency: row.currency,
    costOfGoodsSold: amountText(sold.value, row.currency),
    meanValue: Number((meanValue / 10 ** (row.currency === null ? 0 : minorDigits(row.currency))).toPrecision(12)),
    ...turnoverOf(row, period)
  }
}
export type TurnoverLine = ReturnType<typeof turnoverLine>

/** How often stock turned over, a line a product. */
export const turnoverReport = (read: Read, filter: PeriodValueFilter, request: ReportPageRequest): Told<TurnoverLine> =>
  Effect.flatMap(
    read.stockValues(filter, pageOf(request)),
    byProduct(read, (row, product) => [turnoverLine(row, filter.period, product)])
  )

const ageLines = (row: ProductValue, at: DateTime.Utc, product: Product | undefined) =>
  ageOf(row, at)
    .filter(({ quantity }) => quantity > 0)
    .map(({ from, to, ...amount }) => ({
      ...about(row.product, product),
      fromDays: from,
      toDays: to,
      currency: row.currency,
      ...valued(amount, row.currency, product)
    }))
export type AgeLine = ReturnType<typeof ageLines>[number]

/** The age of stock at a time, a line for each product and bucket of days in which there is some. */
export const ageingReport = (
  read: Read,
  { at, ...filter }: Omit<ReportFilter, "location"> & { readonly at: DateTime.Utc },
  request: ReportPageRequest
): Told<AgeLine> =>
  Effect.flatMap(
    read.stockValues({ ...filter, method: "fifo", recordedBy: at }, pageOf(request)),
    byProduct(read, (row, product) => ageLines(row, at, product))
  )

/** The lines of flows that a report lets through. */
const flowReport = <Line>(
  read: Read,
  filter: FlowFilter,
  request: ReportPageRequest,
  lines: Parameters<typeof byProduct<Effect.Success<ReturnType<Queries["stockFlows"]>>["items"][number], Line>>[1]
): Told<Line> => Effect.flatMap(read.stockFlows(filter, pageOf(request)), byProduct(read, lines))

/** What lay dead through a period, a line for each product at a location. */
export const deadStockReport = (read: Read, filter: FlowFilter, request: ReportPageRequest) =>
  flowReport(read, filter, request, (flow, product) =>
    isDeadStock(flow, filter.period)
      ? [
          {
            ...about(flow.product, product),
            location: flow.location as string,
            onHand: unitsOf(flow.closing, product),
            lastSoldAt: timeOf(flow.lastSoldAt),
            lastReceivedAt: timeOf(flow.lastReceivedAt)
          }
        ]
      : []
  )
export type DeadStockLine = Effect.Success<ReturnType<typeof deadStockReport>>["items"][number]

/** Which share of what there was to sell was sold, a line for each product at a location. */
export const sellThroughReport = (read: Read, filter: FlowFilter, request: ReportPageRequest) =>
  flowReport(read, filter, request, (flow, product) => [
    {
      ...about(flow.product, product),
      location: flow.location as string,
      opening: unitsOf(flow.opening, product),
      received: unitsOf(flow.received, product),
      transferred: unitsOf(flow.transferred, product),
      sold: unitsOf(flow.sold, product),
      adjusted: unitsOf(flow.adjusted, product),
      closing: unitsOf(flow.closing, product),
      meanOnHand: fractionOf(flow.meanOnHand, product),
      sellThrough: sellThroughOf(flow)
    }
  ])
export type SellThroughLine = Effect.Success<ReturnType<typeof sellThroughReport>>["items"][number]

/** Where shelves were empty in a period and what that probably cost, a line for each product at a location. */
export const stockOutReport = (
  read: Read,
  { period, product: id, location }: Omit<FlowFilter, "category">,
  request: ReportPageRequest
) =>
  Effect.flatMap(
    read.demand({ product: id, location, bounds: [period.from, period.to] }, pageOf(request)),
    byProduct(read, (series, product) => {
      const known = { price: product?.price ?? null, decimals: product?.unit.decimals ?? 0 }
      const { share, lost, revenue } = stockOutOf(series, [period.from, period.to], known)
      if (share <= 0) return []
      return [
        {
          ...about(series.product, product),
          location: series.location as string,
          share,
          sold: unitsOf(
            series.quantities.reduce((sum, quantity) => sum + quantity, 0),
            product
          ),
          lost: lost === null ? null : fractionOf(lost, product),
          currency: revenue?.currency ?? null,
          lostRevenue: revenue && decimalFromMoney(revenue)
        }
      ]
    })
  )
export type StockOutLine = Effect.Success<ReturnType<typeof stockOutReport>>["items"][number]

/** Sales rows that are read at once. */
const ROWS_AT_ONCE = 10_000

/** Which ranks: by units, or by revenue in a currency, over periods of a calendar. */
export interface RankReportFilter extends ReportFilter {
  readonly calendar: DemandCalendar
  /** Units without it. */
  readonly currency?: string | undefined
}

const RANKS = "ranks"

/** Products by their part of all sales, from the top, with their classes. All sales are summed up for every page. */
export const rankReport = (read: Read, { calendar, currency, ...filter }: RankReportFilter, page: ReportPageRequest) =>
  Effect.gen(function* () {
    const bounds = yield* Effect.fromResult(periodBoundsUntilNow(calendar))
    const rows: Array<SalesRow> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const request = { _tag: "Cursor" as const, limit: ROWS_AT_ONCE, cursor }
      const part: Page<SalesRow> = yield* read.sales({ ...filter, by: "product", bounds }, request)
      rows.push(...part.items)
      cursor = part.nextCursor
    }
    const by = currency === undefined ? ({ _tag: "Units" } as const) : ({ _tag: "Revenue", currency } as const)
    const ranks = rankProducts(rows, bounds.length - 1, by)
    const [start] = page.cursor === undefined ? [0] : yield* Effect.fromResult(cursorValues(RANKS, page.cursor, 1))
    if (typeof start !== "number" || !Number.isSafeInteger(start) || start < 0) {
      return yield* new InvalidCursor({ cursor: page.cursor ?? "" })
    }
    const told = ranks.slice(start, start + page.limit)
    const products = yield* productsOf(
      read,
      told.map(({ product }) => product)
    )
    const items = told.map(({ product, value, share, cumulative, abc, xyz, variation }, index) => ({
      rank: start + index + 1,
      ...about(product, products.get(product)),
      currency: currency ?? null,
      value: currency === undefined ? String(value) : decimalFromMoney({ amount: value, currency }),
      share,
      cumulative,
      abc,
      xyz,
      variation
    }))
    const end = start + told.length
    return { items, nextCursor: end < ranks.length ? cursorAfter(RANKS, [end]) : null }
  })
export type RankLine = Effect.Success<ReturnType<typeof rankReport>>["items"][number]

/** The movements of a product at a location as they happened, newest first, each with what was there after it. */
export const stockCardReport = (read: Read, filter: CardFilter, request: ReportPageRequest) =>
  Effect.gen(function* () {
    const product = Option.getOrUndefined(yield* read.product(filter.product))
    const { items, opening, nextCursor } = yield* stockCard(read, filter, request)
    const lines = items.map(({ movement, change, balance }) => ({
      id: movementId(movement),
      occurredAt: DateTime.formatIso(movement.occurredAt),
      recordedAt: DateTime.formatIso(movement.recordedAt),
      kind: movement.kind as string,
      lot: movement.lot,
      from: movement.from as string,
      to: movement.to as string,
      quantity: unitsOf(movement.quantity, product),
      change: unitsOf(change, product),
      balance: unitsOf(balance, product),
      reason: movement.reason,
      source: movement.source && `${movement.source.type}/${movement.source.id}`
    }))
    return { items: lines, opening: unitsOf(opening, product), nextCursor }
  })
export type StockCardLine = Effect.Success<ReturnType<typeof stockCardReport>>["items"][number]

/** Days that a report looks back where nobody says. */
export const REPORT_DAYS = 90
