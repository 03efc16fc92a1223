/**
 * Reports: what sales, flows, values and demand say about stock, after the definitions that the trade uses. All of them
 * are pure functions over rows that {@link Queries} answers, so that each can be checked by hand.
 */
import { DateTime } from "effect"
import type { DemandSeries } from "./Demand.ts"
import { type Money, priceOf } from "./Money.ts"
import type { ProductId } from "./Product.ts"
import { type AbcClass, abcClasses, turnover as turnoverOfYear, type XyzClass, xyzClass } from "./replenish/Classes.ts"
import type { SalesRow } from "./Sales.ts"
import type { StockFlow } from "./StockFlow.ts"
import type { Period, ProductValue, ValuedQuantity } from "./StockValue.ts"

const DAY_MILLIS = 86_400_000
const DAYS_PER_YEAR = 365

const daysBetween = (from: DateTime.Utc, to: DateTime.Utc): number =>
  (DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from)) / DAY_MILLIS

/**
 * How often stock turned over in a period, as if it were a year, and how many days a unit lay. By value: cost of goods
 * sold over mean stock at cost; by units: units sold over mean units. Null where there was no stock, and days null
 * where nothing sold.
 *
 * Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th ed., section 1.2.
 */
export interface Turnover {
  readonly turns: number | null
  readonly days: number | null
  readonly unitTurns: number | null
}

const perYear = (sold: number, mean: number, days: number): number | null =>
  mean > 0 ? turnoverOfYear((sold * DAYS_PER_YEAR) / days, mean).turns : null

/** The turnover of a product through the period that its value was asked for with. */
export const turnoverOf = ({ period }: Pick<ProductValue, "period">, { from, to }: Period): Turnover => {
  if (period === null) return { turns: null, days: null, unitTurns: null }
  const days = daysBetween(from, to)
  const turns = perYear(Number(period.sold.value), period.meanValue, days)
  return {
    turns,
    days: turns === null || turns <= 0 ? null : DAYS_PER_YEAR / turns,
    unitTurns: perYear(period.sold.quantity, period.meanQuantity, days)
  }
}

/**
 * Which share of what there was to sell was sold: sold over opening and received stock. What came in transfers was
 * received here; what left in them was not there to sell. Null where there was nothing to sell.
 */
export const sellThroughOf = ({
  opening,
  received,
  sold,
  transferred
}: Pick<StockFlow, "opening" | "received" | "sold" | "transferred">): number | null => {
  const toSell = opening + received + transferred
  return toSell > 0 ? sold / toSell : null
}

/** Whether stock lay dead through a period: there is some, and nothing of it was sold. */
export const isDeadStock = ({ closing, sold, lastReceivedAt }: StockFlow, { from }: Period): boolean =>
  closing > 0 && sold <= 0 && (lastReceivedAt === null || DateTime.isLessThan(lastReceivedAt, from))

/** Where the buckets of an ageing report end, in days; the last one has no end. */
export const AGE_BOUNDS: ReadonlyArray<number> = [30, 60, 90, 180, 365]

/**
 * Stock by age: in each bucket what has been there for at least `from` and less than `to` days, with its value. Goods
 * leave first in first out, so it is the value by `fifo` whose layers tell their age.
 */
export interface AgeBucket extends ValuedQuantity {
  readonly from: number
  readonly to: number | null
}

/** Adds decimal texts of one currency's minor unit, exactly. */
export const sumOfValues = (values: ReadonlyArray<string>): string => {
  const places = Math.max(0, ...values.map((value) => value.split(".")[1]?.length ?? 0))
  const scaled = values.reduce((sum, value) => {
    const [whole = "0", fraction = ""] = value.split(".")
    return sum + BigInt(whole + fraction.padEnd(places, "0"))
  }, 0n)
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, "0")
  const fraction = places === 0 ? "" : digits.slice(-places).replace(/0+$/, "")
  const whole = places === 0 ? digits : digits.slice(0, -places)
  return `${scaled < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`
}

/** The age of a product's stock at a time. */
export const ageOf = (
  { layers }: Pick<ProductValue, "layers">,
  at: DateTime.Utc,
  bounds: ReadonlyArray<number> = AGE_BOUNDS
): ReadonlyArray<AgeBucket> =>
  [0, ...bounds].map((from, index) => {
    const to = bounds[index] ?? null
    const within = layers.filter(({ since }) => {
      const days = Math.max(0, daysBetween(since, at))
      return days >= from && (to === null || days < to)
    })
    return {
      from,
      to,
      quantity: within.reduce((sum, { quantity }) => sum + quantity, 0),
      value: sumOfValues(within.map(({ value }) => value))
    }
  })

/** What products are ranked by: revenue less returns in one currency, or units sold less returned. */
export type RankedBy = { readonly _tag: "Revenue"; readonly currency: string } | { readonly _tag: "Units" }

/**
 * A product's place among all: `value` is what it was ranked by, `share` its part of the whole and `cumulative` that of
 * all down to it. `variation` is the coefficient of variation of the units of a period, by which it is X, Y or Z; null
 * where nothing was sold.
 */
export interface ProductRank {
  readonly product: ProductId
  readonly value: number
  readonly share: number
  readonly cumulative: number
  readonly abc: AbcClass
  readonly variation: number | null
  readonly xyz: XyzClass
}

const rankValue = (row: SalesRow, by: RankedBy): number => {
  if (by._tag === "Units") return Number(row.sold) - Number(row.returned)
  const amountIn = (amounts: ReadonlyArray<Money>) =>
    amounts.find(({ currency }) => currency === by.currency)?.amount ?? 0
  return amountIn(row.revenue) - amountIn(row.returnedRevenue)
}

/** Population standard deviation over mean, with the periods in which nothing was sold. */
const variationOf = (units: ReadonlyArray<number>, periods: number): number | null => {
  const mean = units.reduce((sum, one) => sum + one, 0) / periods
  if (mean <= 0) return null
  const zeros = (periods - units.length) * mean ** 2
  return Math.sqrt((units.reduce((sum, one) => sum + (one - mean) ** 2, 0) + zeros) / periods) / mean
}

/**
 * Ranks products by their sales, from the top: A are the products before which less than 80 % of the value was made, B
 * before 95 %. X sells steadily, Z erratically: a coefficient of variation up to 0.5, or above 1. `rows` are sales by
 * product over so many periods.
 *
 * Source: Silver, Pyke and Thomas, section 2.3 (ABC, after Pareto); Scholz-Reiter et al., Integration of demand
 * forecasts in ABC-XYZ analysis, 2012.
 */
export const rankProducts = (
  rows: ReadonlyArray<SalesRow>,
  periods: number,
  by: RankedBy
): ReadonlyArray<ProductRank> => {
  const products = [...Map.groupBy(rows, ({ group }) => group)].map(([group, some]) => ({
    // Sales by product are grouped by the product's id.
    product: group as ProductId,
    value: some.reduce((sum, row) => sum + rankValue(row, by), 0),
    units: some.map((row) => Number(row.sold) - Number(row.returned))
  }))
  products.sort((a, b) => b.value - a.value || (a.product < b.product ? -1 : 1))
  const total = products.reduce((sum, { value }) => sum + Math.max(0, value), 0)
  const classes = abcClasses(products.map(({ value }) => value))
  let before = 0
  return products.map(({ product, value, units }, index) => {
    before += Math.max(0, value)
    const variation = variationOf(units, periods)
    return {
      product,
      value,
      share: total > 0 ? Math.max(0, value) / total : 0,
      cumulative: total > 0 ? before / total : 0,
      abc: classes[index] ?? "C",
      variation,
      xyz: variation === null ? "Z" : xyzClass(variation)
    }
  })
}

/**
 * How long a shelf was empty and what that probably cost. `share` is the part of the time without anything sellable;
 * `lost` is what would have sold then at the rate at which it sold while there was stock, in steps, and not rounded;
 * null where there never was any, because no rate is known. `revenue` is that at the price of today.
 */
export interface StockOut {
  readonly share: number
  readonly lost: number | null
  readonly revenue: Money | null
}

/**
 * The stock-outs in the periods of a demand series, each of which counts for as long as it is. The estimate takes
 * demand to be as high without stock as with it, and is too high where customers wait.
 */
export const stockOutOf = (
  { quantities, inStock }: Pick<DemandSeries, "quantities" | "inStock">,
  bounds: ReadonlyArray<DateTime.Utc>,
  product: { readonly price: Money | null; readonly decimals: number }
): StockOut => {
  const lengths = bounds.slice(1).map((to, index) => daysBetween(bounds[index] ?? to, to))
  const days = lengths.reduce((sum, length) => sum + length, 0)
  const stocked = inStock.reduce((sum, share, index) => sum + share * (lengths[index] ?? 0), 0)
  const sold = quantities.reduce((sum, quantity) => sum + quantity, 0)
  const share = days > 0 ? 1 - stocked / days : 0
  if (stocked <= 0) return { share, lost: null, revenue: null }
  const lost = Math.max(0, (sold / stocked) * (days - stocked))
  const { price, decimals } = product
  return { share, lost, revenue: price && priceOf(price, Math.round(lost), decimals) }
}
