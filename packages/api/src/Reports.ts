/**
 * Reports over HTTP: what was sold, what stock is worth, how it moves and where it does not. Each is a list of lines:
 * JSON page by page, or whole as CSV for spreadsheets.
 */
import { DemandUnit, LocationId, ProductId, REPORT_DAYS, SalesGroup, ValuationMethod } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Timestamp, TimestampInput } from "./Amount.ts"
import { Authorization, about } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const Day = Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}-\d{2}$/)).annotate({ examples: ["2026-01-05"] })

/** The representation: JSON a page at a time, or all lines as CSV. */
const represented = {
  ...cursorQuery,
  format: Schema.optionalKey(
    Schema.Literals(["json", "csv"]).annotate({
      description: "csv is the same as the header `Accept: text/csv`: all lines, whatever the limit"
    })
  )
}

const ofProducts = {
  product: Schema.optionalKey(ProductId),
  category: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(120)))
}

const through = {
  since: Schema.optionalKey(Day.annotate({ description: `The first day that counts; ${REPORT_DAYS} days back` })),
  until: Schema.optionalKey(Day.annotate({ description: "The first day that does not count; now if left out" })),
  time_zone: Schema.optionalKey(
    Schema.NonEmptyString.check(Schema.isMaxLength(64)).annotate({
      description: "Where days begin, such as Europe/Berlin; UTC if left out"
    })
  )
}

const location = { location: Schema.optionalKey(LocationId) }

const method = {
  method: Schema.optionalKey(
    ValuationMethod.annotate({ description: "First in first out, or the moving average; fifo if left out" })
  )
}

/** What every report takes. */
export interface ReportQuery {
  readonly limit?: number
  readonly cursor?: string
  readonly format?: "json" | "csv"
}

const named = { product: ProductId, sku: Schema.String, name: Schema.String, category: Schema.String }
const Quantity = Schema.Finite
const Amount = Schema.String.annotate({ description: "An amount of the currency, with every digit that it has" })
const CurrencyOrNull = Schema.NullOr(Schema.String)

export const SalesLine = Schema.Struct({
  period: Day,
  from: Timestamp,
  to: Timestamp,
  group: Schema.String,
  sku: Schema.String,
  name: Schema.String,
  sold: Quantity,
  returned: Quantity,
  unpriced: Quantity,
  currency: CurrencyOrNull,
  revenue: Schema.NullOr(Amount),
  returnedRevenue: Schema.NullOr(Amount),
  costOfGoodsSold: Schema.NullOr(Amount),
  margin: Schema.NullOr(Amount),
  uncosted: Schema.NullOr(Quantity)
}).annotate({ identifier: "SalesLine" })

export const ValueLine = Schema.Struct({
  ...named,
  currency: CurrencyOrNull,
  quantity: Quantity,
  value: Amount,
  withoutCost: Quantity,
  mixedCurrencies: Schema.Boolean
}).annotate({ identifier: "ValueLine" })

export const ValuationLine = Schema.Struct({
  ...named,
  currency: CurrencyOrNull,
  openingQuantity: Quantity,
  openingValue: Amount,
  receivedQuantity: Quantity,
  receivedValue: Amount,
  soldQuantity: Quantity,
  soldValue: Amount,
  adjustedQuantity: Quantity,
  adjustedValue: Amount,
  closingQuantity: Quantity,
  closingValue: Amount
}).annotate({ identifier: "ValuationLine" })

export const TurnoverLine = Schema.Struct({
  ...named,
  sold: Quantity,
  meanQuantity: Quantity,
  currency: CurrencyOrNull,
  costOfGoodsSold: Amount,
  meanValue: Schema.Finite,
  turns: Schema.NullOr(Schema.Finite),
  days: Schema.NullOr(Schema.Finite),
  unitTurns: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "TurnoverLine" })

export const AgeLine = Schema.Struct({
  ...named,
  fromDays: Schema.Int,
  toDays: Schema.NullOr(Schema.Int),
  currency: CurrencyOrNull,
  quantity: Quantity,
  value: Amount
}).annotate({ identifier: "AgeLine" })

export const DeadStockLine = Schema.Struct({
  ...named,
  location: LocationId,
  onHand: Quantity,
  lastSoldAt: Schema.NullOr(Timestamp),
  lastReceivedAt: Schema.NullOr(Timestamp)
}).annotate({ identifier: "DeadStockLine" })

export const SellThroughLine = Schema.Struct({
  ...named,
  location: LocationId,
  opening: Quantity,
  received: Quantity,
  transferred: Quantity,
  sold: Quantity,
  adjusted: Quantity,
  closing: Quantity,
  meanOnHand: Quantity,
  sellThrough: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "SellThroughLine" })

export const StockOutLine = Schema.Struct({
  ...named,
  location: LocationId,
  share: Schema.Finite,
  sold: Quantity,
  lost: Schema.NullOr(Quantity),
  currency: CurrencyOrNull,
  lostRevenue: Schema.NullOr(Amount)
}).annotate({ identifier: "StockOutLine" })

export const RankLine = Schema.Struct({
  rank: Schema.Int,
  ...named,
  currency: CurrencyOrNull,
  value: Schema.String,
  share: Schema.Finite,
  cumulative: Schema.Finite,
  abc: Schema.Literals(["A", "B", "C"]),
  xyz: Schema.Literals(["X", "Y", "Z"]),
  variation: Schema.NullOr(Schema.Finite)
}).annotate({ identifier: "RankLine" })

export const StockCardLine = Schema.Struct({
  id: Schema.String,
  occurredAt: Timestamp,
  recordedAt: Timestamp,
  kind: Schema.String,
  lot: Schema.String,
  from: Schema.String,
  to: Schema.String,
  quantity: Quantity,
  change: Quantity,
  balance: Quantity,
  reason: Schema.NullOr(Schema.String),
  source: Schema.NullOr(Schema.String)
}).annotate({ identifier: "StockCardLine" })

/** What a line of each report tells, by the report's name; in this order as a table's columns. */
export const reportLines = {
  sales: SalesLine,
  value: ValueLine,
  valuation: ValuationLine,
  turnover: TurnoverLine,
  abc: RankLine,
  ageing: AgeLine,
  "dead-stock": DeadStockLine,
  "sell-through": SellThroughLine,
  "stock-outs": StockOutLine,
  "stock-card": StockCardLine
} as const

export type ReportName = keyof typeof reportLines

/** The columns of a report's table; those of one without lines too. */
export const reportColumns = (name: ReportName): ReadonlyArray<string> => Object.keys(reportLines[name].fields)

/** A report as a table, after RFC 4180; cells that a spreadsheet would take for formulas begin with an apostrophe. */
const Csv = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/csv" }))

const errors = [problems.InvalidCursor, problems.Unavailable] as const

const reading = (summary: string, description: string) => about("reports:read", { summary, description })

export class ReportsApi extends HttpApiGroup.make("reports")
  .add(
    HttpApiEndpoint.get("sales", "/sales/report", {
      query: {
        ...represented,
        ...ofProducts,
        ...location,
        ...through,
        every: Schema.optionalKey(DemandUnit.annotate({ description: "Days, weeks from Monday or months; days" })),
        by: Schema.optionalKey(SalesGroup.annotate({ description: "What sales are summed up by; all if left out" })),
        costs: Schema.optionalKey(
          ValuationMethod.annotate({ description: "Tells costs and margins too, by this method; slower" })
        )
      },
      success: [listOf(SalesLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report sales",
        "What was sold and came back in each period, that of now included. `revenue` is what orders were charged for " +
          "it; `unpriced` is what was sold without an order. With `costs`, `costOfGoodsSold` is what it had cost " +
          "less what came back, `margin` what orders were charged beyond that, and `uncosted` is in neither. A line " +
          "for each period, group and currency."
      )
    ),
    HttpApiEndpoint.get("value", "/inventory/value", {
      query: {
        ...represented,
        ...ofProducts,
        ...location,
        ...method,
        as_of: Schema.optionalKey(
          TimestampInput.annotate({ description: "Of what had happened by then; now if left out" })
        ),
        known_at: Schema.optionalKey(TimestampInput.annotate({ description: "What was known then; now if left out" }))
      },
      success: [listOf(ValueLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Value the stock",
        "What the stock of each product cost, in transit included; at a location its share by quantity. What came in " +
          "while no cost was known is worth nothing, and in `withoutCost`."
      )
    ),
    HttpApiEndpoint.get("valuation", "/reports/valuation", {
      query: { ...represented, ...ofProducts, ...through, ...method },
      success: [listOf(ValuationLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report what a period did to the value of stock",
        "closing = opening + received − sold + adjusted, for each product, in quantity and value; what is sold is " +
          "the cost of goods sold. One period's closing is the next one's opening."
      )
    ),
    HttpApiEndpoint.get("turnover", "/reports/turnover", {
      query: { ...represented, ...ofProducts, ...through, ...method },
      success: [listOf(TurnoverLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report turnover",
        "How often the stock of each product turned over, as if the period were a year: cost of goods sold over mean " +
          "stock at cost, and by units. `days` is how long a unit lay."
      )
    ),
    HttpApiEndpoint.get("abc", "/reports/abc", {
      query: {
        ...represented,
        ...ofProducts,
        ...location,
        ...through,
        every: Schema.optionalKey(DemandUnit.annotate({ description: "The periods whose variation counts; months" })),
        currency: Schema.optionalKey(
          Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/)).annotate({
            description: "Ranks by revenue less returns in this currency; by units if left out"
          })
        )
      },
      success: [listOf(RankLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Rank products",
        "By their part of all sales. A are those before which less than 80 % was made, B 95 %; X sells steadily, " +
          "with a coefficient of variation up to 0.5, Z erratically, above 1."
      )
    ),
    HttpApiEndpoint.get("ageing", "/reports/ageing", {
      query: {
        ...represented,
        ...ofProducts,
        known_at: Schema.optionalKey(TimestampInput.annotate({ description: "The age then; now if left out" }))
      },
      success: [listOf(AgeLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report the age of stock",
        "How much of each product has been there for how many days, first in first out, with its value."
      )
    ),
    HttpApiEndpoint.get("deadStock", "/reports/dead-stock", {
      query: { ...represented, ...ofProducts, ...location, ...through },
      success: [listOf(DeadStockLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report dead stock",
        "What was there all through the period, and of which nothing was sold. A page can have fewer lines than its " +
          "limit, and still not be the last."
      )
    ),
    HttpApiEndpoint.get("sellThrough", "/reports/sell-through", {
      query: { ...represented, ...ofProducts, ...location, ...through },
      success: [listOf(SellThroughLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report sell-through",
        "Which share of what there was to sell was sold: sold over opening, received and transferred stock; and the " +
          "mean on hand."
      )
    ),
    HttpApiEndpoint.get("stockOuts", "/reports/stock-outs", {
      query: { ...represented, product: ofProducts.product, ...location, ...through },
      success: [listOf(StockOutLine), Csv],
      error: errors
    }).annotateMerge(
      reading(
        "Report stock-outs",
        "For which share of the period a shelf had nothing to sell, and what would have sold then at the rate at " +
          "which it sold otherwise; at the price of today. A page can have fewer lines than its limit."
      )
    ),
    HttpApiEndpoint.get("stockCard", "/reports/stock-card", {
      query: { ...represented, product: ProductId, location: LocationId, ...through },
      success: [Schema.Struct({ ...listOf(StockCardLine).fields, opening: Quantity }), Csv],
      error: [...errors, problems.UnknownProduct, problems.UnknownLocation]
    }).annotateMerge(
      reading(
        "Read a stock card",
        "The movements of a product at a location as they happened, newest first, each with what was there after it; " +
          "`opening` is what was there before the oldest line of the page."
      )
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Reports", description: "What sold, what it cost, what lies." })) {}
