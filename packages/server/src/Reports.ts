/**
 * Reports over HTTP: lines page by page as JSON, or all of them as CSV, which is written while it is read.
 */
import { CurrentActor, OnhandApi, type ReportName, type ReportQuery, reportColumns } from "@onhand/api"
import {
  ageingReport,
  DEFAULT_PAGE_SIZE,
  deadStockReport,
  type InvalidCursor,
  type InvalidPeriods,
  Inventory,
  type Period,
  REPORT_DAYS,
  type ReportLine,
  type ReportPage,
  type ReportPageRequest,
  rankReport,
  type StoreUnavailable,
  salesReport,
  sellThroughReport,
  stockCardReport,
  stockOutReport,
  turnoverReport,
  UnknownLocation,
  UnknownProduct,
  valuationReport,
  valueReport
} from "@onhand/core"
import { DateTime, Effect, Option, Stream } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireEverywhere } from "./Authorizing.ts"
import { csvLine } from "./Csv.ts"
import { faulty } from "./Faults.ts"
import { answering } from "./OutwardRefusal.ts"
import { midnight, timeZoneOf } from "./Planning.ts"
import { jsonReply } from "./Replying.ts"

/** A report's own refusals are those of its store and cursor; more may be told before it begins. */
type Ask<Line, Page extends ReportPage<Line>> = (
  request: ReportPageRequest
) => Effect.Effect<Page, StoreUnavailable | InvalidCursor | InvalidPeriods>

/** A period that cannot be is a mistake of the request. */
const asked = <A>(effect: Effect.Effect<A, StoreUnavailable | InvalidCursor | InvalidPeriods>) =>
  Effect.catchTag(answering(effect), "InvalidPeriods", ({ message }) => Effect.fail(faulty("query.since", message)))

/** Lines that are read at once for a table: sums are made anew for each page, so these are few and large. */
const TABLE_PAGE = 5_000

const cell = (value: ReportLine[string] | undefined): string => String(value ?? "")

const wantsCsv = ({ format }: ReportQuery) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    if (format !== undefined) return format === "csv"
    return /^text\/csv\b/.test(headers["accept"]?.trim() ?? "")
  })

const table = <Line extends ReportLine, Page extends ReportPage<Line>>(name: ReportName, ask: Ask<Line, Page>) =>
  Effect.gen(function* () {
    const columns = reportColumns(name)
    const textOf = ({ items }: Page) =>
      items.map((line) => csvLine(columns.map((column) => cell(line[column])))).join("")
    // The first page is read before the reply begins, so that what is wrong is told as a problem.
    const first = yield* asked(ask({ limit: TABLE_PAGE }))
    const rest = (cursor: string) =>
      Stream.paginate(cursor, (cursor) =>
        Effect.map(
          asked(ask({ limit: TABLE_PAGE, cursor })),
          (page) => [[textOf(page)], Option.fromNullOr(page.nextCursor)] as const
        )
      )
    const text = Stream.concat(
      Stream.make(csvLine(columns), textOf(first)),
      first.nextCursor === null ? Stream.empty : rest(first.nextCursor)
    )
    return HttpServerResponse.stream(Stream.encodeText(text), {
      contentType: "text/csv; charset=utf-8",
      headers: { "content-disposition": `attachment; filename="${name}.csv"`, vary: "Accept" }
    })
  })

/** A report in the representation that is wanted. */
const reported = <Line extends ReportLine, Page extends ReportPage<Line>>(
  name: ReportName,
  query: ReportQuery,
  ask: Ask<Line, Page>
) =>
  Effect.gen(function* () {
    if (yield* wantsCsv(query)) return yield* table(name, ask)
    const { limit = DEFAULT_PAGE_SIZE, cursor } = query
    return jsonReply(yield* asked(ask({ limit, cursor })), { vary: "Accept" })
  })

interface AskedPeriod {
  readonly since?: string
  readonly until?: string
  readonly time_zone?: string
}

const periodOf = ({ since, until, time_zone }: AskedPeriod) =>
  Effect.gen(function* () {
    const timeZone = yield* timeZoneOf(time_zone, "query")
    const to = until === undefined ? yield* DateTime.now : yield* midnight(until, timeZone, "query.until")
    const back = DateTime.startOf(DateTime.subtract(DateTime.setZone(to, timeZone), { days: REPORT_DAYS }), "day")
    const from = since === undefined ? DateTime.toUtc(back) : yield* midnight(since, timeZone, "query.since")
    if (!DateTime.isLessThan(from, to)) return yield* faulty("query.since", "A day before `until` is accepted")
    return { timeZone, period: { from, to } satisfies Period }
  })

export const layerReports = HttpApiBuilder.group(
  OnhandApi,
  "reports",
  Effect.fnUntraced(function* (handlers) {
    const { read } = yield* Inventory
    return handlers.handleAll({
      sales: Effect.fnUntraced(function* ({ query }) {
        const { every = "day", by = "all", product, category, costs } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const { timeZone, period } = yield* periodOf(query)
        const filter = { by, product, category, location, costs, calendar: { every, timeZone, ...period } }
        return yield* reported("sales", query, (page) => salesReport(read, filter, page))
      }),
      value: Effect.fnUntraced(function* ({ query }) {
        const { product, category, method = "fifo", as_of: occurredBy, known_at: recordedBy } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const filter = { product, category, location, method, occurredBy, recordedBy }
        return yield* reported("value", query, (page) => valueReport(read, filter, page))
      }),
      valuation: Effect.fnUntraced(function* ({ query }) {
        yield* requireEverywhere(yield* CurrentActor, "reports:read")
        const { product, category, method = "fifo" } = query
        const { period } = yield* periodOf(query)
        return yield* reported("valuation", query, (page) =>
          valuationReport(read, { product, category, method, period }, page)
        )
      }),
      turnover: Effect.fnUntraced(function* ({ query }) {
        yield* requireEverywhere(yield* CurrentActor, "reports:read")
        const { product, category, method = "fifo" } = query
        const { period } = yield* periodOf(query)
        return yield* reported("turnover", query, (page) =>
          turnoverReport(read, { product, category, method, period }, page)
        )
      }),
      abc: Effect.fnUntraced(function* ({ query }) {
        const { every = "month", product, category, currency } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const { timeZone, period } = yield* periodOf(query)
        const filter = { product, category, location, currency, calendar: { every, timeZone, ...period } }
        return yield* reported("abc", query, (page) => rankReport(read, filter, page))
      }),
      ageing: Effect.fnUntraced(function* ({ query }) {
        yield* requireEverywhere(yield* CurrentActor, "reports:read")
        const { product, category, known_at } = query
        const at = known_at ?? (yield* DateTime.now)
        return yield* reported("ageing", query, (page) => ageingReport(read, { product, category, at }, page))
      }),
      deadStock: Effect.fnUntraced(function* ({ query }) {
        const { product, category } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const { period } = yield* periodOf(query)
        return yield* reported("dead-stock", query, (page) =>
          deadStockReport(read, { product, category, location, period }, page)
        )
      }),
      sellThrough: Effect.fnUntraced(function* ({ query }) {
        const { product, category } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const { period } = yield* periodOf(query)
        return yield* reported("sell-through", query, (page) =>
          sellThroughReport(read, { product, category, location, period }, page)
        )
      }),
      stockOuts: Effect.fnUntraced(function* ({ query }) {
        const { product } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", query.location)
        const { period } = yield* periodOf(query)
        return yield* reported("stock-outs", query, (page) => stockOutReport(read, { product, location, period }, page))
      }),
      stockCard: Effect.fnUntraced(function* ({ query }) {
        const { product, location } = query
        yield* ownLocation(yield* CurrentActor, "reports:read", location)
        if (Option.isNone(yield* answering(read.product(product)))) return yield* new UnknownProduct({ product })
        if (Option.isNone(yield* answering(read.location(location)))) return yield* new UnknownLocation({ location })
        const { period } = yield* periodOf(query)
        return yield* reported("stock-card", query, (page) =>
          stockCardReport(read, { product, location, ...period }, page)
        )
      })
    })
  })
)
