/**
 * Sales: what was sold and what came back in each period of a calendar, in units and in money, by product, category or
 * location. It follows from the ledger and from the prices that stand on the orders.
 */
import { DateTime, Schema } from "effect"
import type { LocationId } from "./Location.ts"
import { Money } from "./Money.ts"
import type { Movement } from "./Movement.ts"
import type { Order } from "./Order.ts"
import type { Product, ProductId } from "./Product.ts"
import { decimalFromQuantity, MAX_DECIMALS } from "./Quantity.ts"
import type { ValuationMethod } from "./ValuationMethod.ts"

export const salesGroups = ["all", "product", "category", "location"] as const
export const SalesGroup = Schema.Literals(salesGroups)
export type SalesGroup = typeof SalesGroup.Type

/**
 * Which sales, and what they are summed up by. Each period goes from one of the rising `bounds` to the next;
 * {@link periodBounds} makes those of days, weeks and months of a time zone.
 */
export interface SalesFilter {
  readonly by: SalesGroup
  readonly product?: ProductId | undefined
  readonly category?: string | undefined
  readonly location?: LocationId | undefined
  readonly bounds: ReadonlyArray<DateTime.Utc>
  /** Tells what the goods had cost too, by this method. It reads the history of what was sold, and so takes longer. */
  readonly costs?: ValuationMethod | undefined
}

/**
 * Costs in the currency's minor unit, as decimal texts: of what was sold, of what came back, and what of the one less
 * the other went by orders, which is what revenue less returned revenue was charged for.
 */
export const SalesCost = Schema.Struct({
  currency: Schema.String,
  sold: Schema.String,
  returned: Schema.String,
  ordered: Schema.String
})
export interface SalesCost extends Schema.Schema.Type<typeof SalesCost> {}

/**
 * The costs of a row of sales, by currency. `uncosted` is how many units were sold, less returned, of products of which
 * no cost was known, or whose costs are in several currencies; they are in none of the amounts.
 */
export const SalesCosts = Schema.Struct({ uncosted: Schema.String, amounts: Schema.Array(SalesCost) })
export interface SalesCosts extends Schema.Schema.Type<typeof SalesCosts> {}

/**
 * The sales of a group in a period, by the time at which they happened. `group` is the id of the product or location,
 * or the category; empty for all, and for products without a category.
 *
 * `sold` and `returned` are whole units as decimal texts; sums over products of several units add up their numbers.
 * `revenue` is what was charged for what was sold, `returnedRevenue` what had been charged for what came back, each by
 * currency: of an order's line its total, in parts as it was shipped and returned. What was sold without an order has
 * no price; `unpriced` says how many units of `sold` that is.
 *
 * A shipment that was undone is not sold, in the period in which it was undone: so `sold` can be below zero.
 *
 * `costs` are what the goods had cost when they left, and what came back then has; null if they were not asked for. Of
 * what was sold before it came in, that is what was there; the rest is in the valuation of the period in which it came.
 */
export const SalesRow = Schema.Struct({
  from: Schema.DateTimeUtcFromString,
  to: Schema.DateTimeUtcFromString,
  group: Schema.String,
  sold: Schema.String,
  returned: Schema.String,
  unpriced: Schema.String,
  revenue: Schema.Array(Money),
  returnedRevenue: Schema.Array(Money),
  costs: Schema.NullOr(SalesCosts)
}).annotate({ identifier: "SalesRow" })
export interface SalesRow extends Schema.Schema.Type<typeof SalesRow> {}

/** Millionths of a unit as a decimal text of units: every product's steps are whole numbers of them. */
export const unitsText = (millionths: bigint): string => {
  const [whole, rest] = [millionths / 1_000_000n, millionths % 1_000_000n]
  const fraction = decimalFromQuantity(Number(rest < 0n ? -rest : rest), MAX_DECIMALS).slice(1)
  return `${millionths < 0n && whole === 0n ? "-" : ""}${whole}${fraction}`
}

/** A quotient rounded half away from zero. */
const rounded = (value: bigint, by: bigint): bigint =>
  value < 0n ? -((-2n * value + by) / (2n * by)) : (2n * value + by) / (2n * by)

/** What a movement adds to what was sold, and to what was returned. A reversal takes back the one or the other. */
export const salesBy = ({
  kind,
  from,
  to,
  quantity
}: Pick<Movement, "kind" | "from" | "to" | "quantity">): readonly [sold: number, returned: number] => {
  if (kind === "sale") return [quantity, 0]
  if (kind === "customerReturn") return [0, quantity]
  if (kind !== "reversal") return [0, 0]
  return from === "customer" ? [-quantity, 0] : to === "customer" ? [0, -quantity] : [0, 0]
}

/** Whether a movement is of sales. */
export const isOfSales = ({ kind, from, to }: Pick<Movement, "kind" | "from" | "to">): boolean =>
  kind === "sale" || kind === "customerReturn" || (kind === "reversal" && (from === "customer" || to === "customer"))

/** What is known of an order's price for a product: what was charged for so much of it. */
interface Charge {
  readonly currency: string
  readonly total: bigint
  readonly ordered: bigint
}

const chargeOf = (order: Order | undefined, product: ProductId): Charge | undefined => {
  const lines = order?.lines.filter((line) => line.product === product) ?? []
  if (order === undefined || lines.length === 0) return undefined
  const sum = (of: (line: Order["lines"][number]) => number) =>
    lines.reduce((total, line) => total + BigInt(of(line)), 0n)
  return {
    currency: order.total.currency,
    total: sum(({ total }) => total.amount),
    ordered: sum((line) => line.ordered)
  }
}

/** What was charged for a part, in millionths of the minor unit. */
const shareOf = ({ total, ordered }: Charge, quantity: bigint): bigint =>
  rounded(total * quantity * 1_000_000n, ordered)

interface Sums {
  sold: bigint
  returned: bigint
  unpriced: bigint
  readonly revenue: Map<string, bigint>
  readonly returnedRevenue: Map<string, bigint>
}

const addTo = (amounts: Map<string, bigint>, currency: string, amount: bigint) =>
  amounts.set(currency, (amounts.get(currency) ?? 0n) + amount)

const moneyOf = (amounts: ReadonlyMap<string, bigint>): ReadonlyArray<Money> =>
  [...amounts]
    .map(([currency, amount]) => ({ amount: Number(rounded(amount, 1_000_000n)), currency }))
    .sort((a, b) => (a.currency < b.currency ? -1 : 1))

/** Where the sales that are summed up are read: a store's own rows. */
export interface SalesSource {
  readonly product: (id: ProductId) => Pick<Product, "category" | "unit"> | undefined
  readonly order: (id: string) => Order | undefined
}

/** What one order, or none, moved of a product for a group in a period. Money is shared out over it as a whole. */
const gather = (movements: Iterable<Movement>, filter: SalesFilter, { product: productOf }: SalesSource) => {
  const edges = filter.bounds.map(DateTime.toEpochMillis)
  const parts = new Map<
    string,
    { period: number; group: string; product: ProductId; order: string | null; sold: bigint; returned: bigint }
  >()
  for (const movement of movements) {
    const at = DateTime.toEpochMillis(movement.occurredAt)
    const period = edges.findLastIndex((edge) => edge <= at)
    if (!isOfSales(movement) || period < 0 || period >= edges.length - 1) continue
    if (filter.product !== undefined && movement.product !== filter.product) continue
    if (filter.location !== undefined && movement.location !== filter.location) continue
    const category = productOf(movement.product)?.category ?? ""
    if (filter.category !== undefined && category !== filter.category) continue
    const { product, location, source } = movement
    const group = { all: "", product, category, location }[filter.by]
    const order = source?.type === "order" ? source.id : null
    const key = JSON.stringify([period, group, product, order])
    const part = parts.get(key) ?? { period, group, product, order, sold: 0n, returned: 0n }
    parts.set(key, part)
    const [sold, returned] = salesBy(movement)
    part.sold += BigInt(sold)
    part.returned += BigInt(returned)
  }
  return parts.values()
}

/**
 * The sales that movements make, without their costs, in the order of periods and groups; only of periods in which
 * something was sold or came back. It is what every store's `sales` must answer; a small store may answer by it.
 */
export const foldSales = (
  movements: Iterable<Movement>,
  filter: SalesFilter,
  source: SalesSource
): ReadonlyArray<SalesRow> => {
  const rows = new Map<string, Sums & { readonly period: number; readonly group: string }>()
  for (const { period, group, product, order, sold, returned } of gather(movements, filter, source)) {
    const key = JSON.stringify([period, group])
    const none = { sold: 0n, returned: 0n, unpriced: 0n, revenue: new Map(), returnedRevenue: new Map() }
    const sums = rows.get(key) ?? { period, group, ...none }
    rows.set(key, sums)
    const scale = 10n ** BigInt(MAX_DECIMALS - (source.product(product)?.unit.decimals ?? 0))
    sums.sold += sold * scale
    sums.returned += returned * scale
    const charge = order === null ? undefined : chargeOf(source.order(order), product)
    if (charge === undefined) {
      sums.unpriced += sold * scale
    } else {
      addTo(sums.revenue, charge.currency, shareOf(charge, sold))
      addTo(sums.returnedRevenue, charge.currency, shareOf(charge, returned))
    }
  }
  return [...rows.values()]
    .sort((a, b) => a.period - b.period || (a.group < b.group ? -1 : 1))
    .flatMap(({ period, group, ...sums }) => {
      const [from, to] = [filter.bounds[period], filter.bounds[period + 1]]
      if (from === undefined || to === undefined) return []
      const units = {
        sold: unitsText(sums.sold),
        returned: unitsText(sums.returned),
        unpriced: unitsText(sums.unpriced)
      }
      const money = { revenue: moneyOf(sums.revenue), returnedRevenue: moneyOf(sums.returnedRevenue) }
      return [{ from, to, group, ...units, ...money, costs: null }]
    })
}
