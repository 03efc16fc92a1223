/**
 * The reports of the PostgreSQL store: sums that the database makes.
 */
import type { ReportQueries } from "@onhand/core"
import type { SqlClient } from "effect/sql/SqlClient"
import { listPage } from "./ListQuery.ts"
import { salesList } from "./SalesList.ts"
import { stockFlowList } from "./StockFlowList.ts"
import { stockValues } from "./StockValueList.ts"

/** The reports of a client's database. */
export const postgresReports = (sql: SqlClient): ReportQueries => ({
  sales: (filter, page) => listPage(sql, salesList(filter), page),
  stockFlows: (filter, page) => listPage(sql, stockFlowList(filter), page),
  stockValues: (filter, page) => stockValues(sql, filter, page)
})
