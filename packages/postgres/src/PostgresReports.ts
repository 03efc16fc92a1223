/**
 * The reports of the PostgreSQL store: sums that the database makes, and values that are folded.
 */
import {
  firstPage,
  type PageRequest,
  ProductId,
  type ReportQueries,
  SalesCostFold,
  type SalesFilter,
  type SalesRow,
  type ValuationMethod
} from "@onhand/core"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { listPage } from "./ListQuery.ts"
import { salesList } from "./SalesList.ts"
import { stockFlowList } from "./StockFlowList.ts"
import { stockValues, valueProducts } from "./StockValueList.ts"

/** Products of which the costs are worked out at once. */
const PRODUCTS_AT_ONCE = 1_000

/** The products that were sold, or came back, in the rows of a page. */
const productsIn = (sql: SqlClient, filter: SalesFilter, rows: ReadonlyArray<SalesRow>) =>
  Effect.gen(function* () {
    if (filter.by === "product") return [...new Set(rows.map(({ group }) => group))]
    const [from, to] = [rows[0]?.from, rows.at(-1)?.to]
    if (from === undefined || to === undefined) return []
    const all = salesList({ ...filter, by: "product", bounds: [from, to] })
    const { items } = yield* listPage(sql, all, firstPage(Number.MAX_SAFE_INTEGER))
    return items.map(({ group }) => group)
  })

/** Adds what the goods had cost to the rows of a page: their products are valued up to the end of it. */
const withCosts = (sql: SqlClient, filter: SalesFilter, method: ValuationMethod, rows: ReadonlyArray<SalesRow>) =>
  Effect.gen(function* () {
    const [from, to] = [rows[0]?.from, rows.at(-1)?.to]
    if (from === undefined || to === undefined) return rows
    // Sales by product are grouped by the product's id.
    const products = (yield* productsIn(sql, filter, rows)).map((id) => ProductId.make(id))
    const costs = new SalesCostFold(filter)
    for (let at = 0; at < products.length; at += PRODUCTS_AT_ONCE) {
      const some = products.slice(at, at + PRODUCTS_AT_ONCE)
      yield* valueProducts(sql, some, { method, period: { from, to } }, (about, movement, flow, currency) =>
        costs.add(about, movement, flow, currency)
      )
    }
    return rows.map((row) => ({ ...row, costs: costs.of(row) }))
  })

const sales = (sql: SqlClient, filter: SalesFilter, request: PageRequest) =>
  Effect.gen(function* () {
    const page = yield* listPage(sql, salesList(filter), request)
    if (filter.costs === undefined) return page
    return { ...page, items: yield* withCosts(sql, filter, filter.costs, page.items) }
  })

/** The reports of a client's database. */
export const postgresReports = (sql: SqlClient): ReportQueries => ({
  sales: (filter, page) => sales(sql, filter, page),
  stockFlows: (filter, page) => listPage(sql, stockFlowList(filter), page),
  stockValues: (filter, page) => stockValues(sql, filter, page)
})
