/**
 * Folded reports: the questions of reports, answered from a store's rows by the reference folds. The memory store
 * answers by them, and so may any store that is too small to need sums of its own.
 */
import { DateTime, Effect, Result } from "effect"
import { pageOf } from "./MemoryPage.ts"
import type { Movement } from "./Movement.ts"
import type { Order } from "./Order.ts"
import type { InvalidCursor, Page, PageRequest } from "./Page.ts"
import type { Product, ProductId } from "./Product.ts"
import type { LevelFilter, Queries } from "./Queries.ts"
import { foldSales, type SalesFilter, type SalesRow } from "./Sales.ts"
import { SalesCostFold } from "./SalesCosts.ts"
import { type FlowFilter, foldFlow } from "./StockFlow.ts"
import { stockPlaceText } from "./StockKey.ts"
import { ProductValueFold, type ValueFilter, valueProduct } from "./StockValue.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { ValuationMethod } from "./ValuationMethod.ts"

/** What reports are folded from. */
export interface ReportRows {
  /** In the order in which their commands were recorded, which holds for those of one instant too. */
  readonly movements: (filter: LevelFilter) => Iterable<Movement>
  readonly product: (id: ProductId) => Product | undefined
  readonly order: (id: string) => Order | undefined
}

/** The reports of {@link Queries}. */
export type ReportQueries = Pick<Queries, "sales" | "stockFlows" | "stockValues">

/** A command's movements in several shards come in the order of these, as every store reads them. */
const asRecorded = (movements: ReadonlyArray<Movement>): ReadonlyArray<Movement> =>
  [...Map.groupBy(movements, ({ command }) => command).values()].flatMap((moved) =>
    moved.toSorted((a, b) => a.shard - b.shard || a.line - b.line)
  )

const isBy = (time: DateTime.Utc, limit: DateTime.Utc | undefined): boolean =>
  limit === undefined || !DateTime.isGreaterThan(time, limit)

const flowsPage = (rows: ReportRows, filter: FlowFilter, request: PageRequest) => {
  const { product, category, location } = filter
  const moved = Map.groupBy(rows.movements({ product, location }), stockPlaceText)
  const places = [...moved.values()].flatMap((movements) => {
    const [first] = movements
    if (first === undefined || (category !== undefined && rows.product(first.product)?.category !== category)) return []
    return [{ product: first.product, location: first.location, movements }]
  })
  return Result.map(
    pageOf("stockFlows", places, ({ product, location }) => [product, location], request),
    (page) => ({
      ...page,
      items: page.items.map(({ movements, ...place }) => ({
        ...place,
        ...foldFlow(asRecorded(movements), filter.period)
      }))
    })
  )
}

const valuesPage = (rows: ReportRows, filter: ValueFilter, request: PageRequest) => {
  const { product, category, location, occurredBy, recordedBy } = filter
  const moved = Map.groupBy(rows.movements({ product }), (movement) => movement.product)
  const products = [...moved.entries()].filter(
    ([id, movements]) =>
      (category === undefined || rows.product(id)?.category === category) &&
      (location === undefined || movements.some((movement) => movement.location === location))
  )
  return Result.map(
    pageOf("stockValues", products, ([id]) => [id], request),
    (page) => ({
      ...page,
      items: page.items.map(([id, movements]) => {
        const known = movements.filter(
          ({ occurredAt, recordedAt }) => isBy(occurredAt, occurredBy) && isBy(recordedAt, recordedBy)
        )
        return valueProduct(id, rows.product(id)?.unit.decimals ?? 0, asRecorded(known), filter)
      })
    })
  )
}

/** The costs of sales: every product of the filter is valued through all that it ever did. */
const salesCosts = (rows: ReportRows, filter: SalesFilter, method: ValuationMethod): SalesCostFold => {
  const costs = new SalesCostFold(filter)
  for (const [product, movements] of Map.groupBy(rows.movements({ product: filter.product }), (one) => one.product)) {
    const { category = "", unit } = rows.product(product) ?? {}
    if (filter.category !== undefined && category !== filter.category) continue
    const decimals = unit?.decimals ?? 0
    const fold = new ProductValueFold(product, decimals, { method })
    for (const movement of asRecorded(movements)) {
      const flow = fold.add(movement)
      costs.add({ product, category, decimals }, movement, flow, fold.currency)
    }
  }
  return costs
}

const salesPage = (rows: ReportRows, filter: SalesFilter, request: PageRequest) => {
  const sales = foldSales(rows.movements(filter), filter, rows)
  const keyOf = ({ from, group }: SalesRow) => [DateTime.toEpochMillis(from), group]
  return Result.map(pageOf(`sales:${filter.by}`, sales, keyOf, request), (page) => {
    if (filter.costs === undefined) return page
    const costs = salesCosts(rows, filter, filter.costs)
    return { ...page, items: page.items.map((row) => ({ ...row, costs: costs.of(row) })) }
  })
}

/** The reports over rows, which `read` hands out as they are at one moment. */
export const foldedReports = (
  read: <A>(answer: (rows: ReportRows) => A) => Effect.Effect<A, StoreUnavailable>
): ReportQueries => {
  const page = <A>(answer: (rows: ReportRows) => Result.Result<Page<A>, InvalidCursor>) =>
    Effect.flatMap(read(answer), Effect.fromResult)
  return {
    sales: (filter, request) => page((rows) => salesPage(rows, filter, request)),
    stockFlows: (filter, request) => page((rows) => flowsPage(rows, filter, request)),
    stockValues: (filter, request) => page((rows) => valuesPage(rows, filter, request))
  }
}
