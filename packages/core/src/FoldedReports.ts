/**
 * Folded reports: the questions of reports, answered from a store's rows by the reference folds. The memory store
 * answers by them, and so may any store that is too small to need sums of its own.
 */
import { DateTime, Effect, type Result } from "effect"
import { pageOf } from "./MemoryPage.ts"
import type { Movement } from "./Movement.ts"
import type { Order } from "./Order.ts"
import type { InvalidCursor, Page } from "./Page.ts"
import type { Product, ProductId } from "./Product.ts"
import type { LevelFilter, Queries } from "./Queries.ts"
import { foldSales } from "./Sales.ts"
import type { StoreUnavailable } from "./Store.ts"

/** What reports are folded from. */
export interface ReportRows {
  /** In the order in which they were recorded. */
  readonly movements: (filter: LevelFilter) => Iterable<Movement>
  readonly product: (id: ProductId) => Product | undefined
  readonly order: (id: string) => Order | undefined
}

/** The reports of {@link Queries}. */
export type ReportQueries = Pick<Queries, "sales">

/** The reports over rows, which `read` hands out as they are at one moment. */
export const foldedReports = (
  read: <A>(answer: (rows: ReportRows) => A) => Effect.Effect<A, StoreUnavailable>
): ReportQueries => {
  const page = <A>(answer: (rows: ReportRows) => Result.Result<Page<A>, InvalidCursor>) =>
    Effect.flatMap(read(answer), Effect.fromResult)
  return {
    sales: (filter, request) =>
      page((rows) =>
        pageOf(
          `sales:${filter.by}`,
          foldSales(rows.movements(filter), filter, rows),
          ({ from, group }) => [DateTime.toEpochMillis(from), group],
          request
        )
      )
  }
}
