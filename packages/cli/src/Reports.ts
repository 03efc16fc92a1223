/**
 * `onhand report`: what was sold, what stock is worth, how it moves and where it does not.
 */
import { type ReportName, reportColumns } from "@onhand/api"
import {
  ageingReport,
  type DemandUnit,
  deadStockReport,
  demandUnits,
  type InvalidCursor,
  type InvalidPeriods,
  Inventory,
  LocationId,
  MAX_PAGE_SIZE,
  type Period,
  type ProductId,
  type Queries,
  REPORT_DAYS,
  type ReportLine,
  type ReportPage,
  type ReportPageRequest,
  rankReport,
  type SalesGroup,
  type StoreUnavailable,
  salesGroups,
  salesReport,
  sellThroughReport,
  stockCardReport,
  stockOutReport,
  turnoverReport,
  type ValuationMethod,
  valuationMethods,
  valuationReport,
  valueReport
} from "@onhand/core"
import { Console, DateTime, Effect, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { formatFlag, locationNames, placeFlags, placeOf } from "./Named.ts"
import { midnight, optionalText, timeZoneOf, WrongFlag } from "./PlanFlags.ts"
import { percentText } from "./PlanRow.ts"
import { type Column, clipped, printReport, shortNumber } from "./Report.ts"
import { layerInventory, storeFlags } from "./StoreChoice.ts"

/** What a report is asked for with, after the flags. */
interface Wanted {
  readonly period: Period
  readonly timeZone: DateTime.TimeZone
  readonly every: DemandUnit | undefined
  readonly by: SalesGroup
  readonly method: ValuationMethod
  readonly costs: ValuationMethod | undefined
  readonly currency: string | undefined
  readonly product: ProductId | undefined
  readonly location: LocationId | undefined
  readonly category: string | undefined
}

type Ask = (
  page: ReportPageRequest
) => Effect.Effect<ReportPage<ReportLine>, StoreUnavailable | InvalidCursor | InvalidPeriods | WrongFlag>

interface Definition {
  readonly about: string
  /** The columns of the table; CSV and JSON have all. */
  readonly columns: ReadonlyArray<string>
  readonly ask: (read: Queries, wanted: Wanted) => Ask
}

const PRODUCT = ["sku", "name"]

const definitions = {
  sales: {
    about: "what was sold and came back, by day, week or month",
    columns: ["period", "group", "name", "sold", "returned", "unpriced", "currency", "revenue", "returnedRevenue"],
    ask: (read, { period, timeZone, every = "day", ...filter }) => {
      const calendar = { every, timeZone, ...period }
      return (page) => salesReport(read, { ...filter, calendar }, page)
    }
  },
  value: {
    about: "what the stock of now has cost",
    columns: [...PRODUCT, "quantity", "currency", "value", "withoutCost"],
    ask: (read, filter) => (page) => valueReport(read, filter, page)
  },
  valuation: {
    about: "what a period did to the value of stock",
    columns: [...PRODUCT, "currency", "openingValue", "receivedValue", "soldValue", "adjustedValue", "closingValue"],
    ask:
      (read, { location: _, ...filter }) =>
      (page) =>
        valuationReport(read, filter, page)
  },
  turnover: {
    about: "how often stock turned over, as if the period were a year",
    columns: [...PRODUCT, "sold", "meanQuantity", "unitTurns", "currency", "costOfGoodsSold", "turns", "days"],
    ask:
      (read, { location: _, ...filter }) =>
      (page) =>
        turnoverReport(read, filter, page)
  },
  abc: {
    about: "which products matter, and how steadily they sell",
    columns: ["rank", ...PRODUCT, "currency", "value", "share", "cumulative", "abc", "xyz"],
    ask: (read, { period, timeZone, every = "month", ...filter }) => {
      const calendar = { every, timeZone, ...period }
      return (page) => rankReport(read, { ...filter, calendar }, page)
    }
  },
  ageing: {
    about: "how long the stock of a time had been there",
    columns: [...PRODUCT, "fromDays", "toDays", "quantity", "currency", "value"],
    ask: (read, { period: { to: at }, product, category }) => {
      const filter = { product, category, at }
      return (page) => ageingReport(read, filter, page)
    }
  },
  "dead-stock": {
    about: "what was there all the time, and of which nothing was sold",
    columns: [...PRODUCT, "location", "onHand", "lastSoldAt", "lastReceivedAt"],
    ask: (read, filter) => (page) => deadStockReport(read, filter, page)
  },
  "sell-through": {
    about: "which share of what there was to sell was sold",
    columns: [...PRODUCT, "location", "opening", "received", "transferred", "sold", "closing", "sellThrough"],
    ask: (read, filter) => (page) => sellThroughReport(read, filter, page)
  },
  "stock-outs": {
    about: "for how long shelves were empty, and what that probably cost",
    columns: [...PRODUCT, "location", "share", "sold", "lost", "currency", "lostRevenue"],
    ask: (read, filter) => (page) => stockOutReport(read, filter, page)
  },
  "stock-card": {
    about: "the movements of a --product at a --location, each with what was there after it",
    columns: ["occurredAt", "kind", "lot", "change", "balance", "reason", "source"],
    ask: (read, { product, location, period }) => {
      if (product === undefined || location === undefined) {
        const flag = product === undefined ? "product" : "location"
        return () => Effect.fail(new WrongFlag({ flag, text: "", accepted: "one, for a stock card," }))
      }
      const { from, to } = period
      return (page) => stockCardReport(read, { product, location, from, to }, page)
    }
  }
} satisfies Readonly<Record<ReportName, Definition>>

// The keys of an object that is written above, so no others can be there.
const names = Object.keys(definitions) as ReadonlyArray<ReportName>

/** What the sales report tells besides where costs are asked for. */
const COST_COLUMNS = ["costOfGoodsSold", "margin", "uncosted"]

const SHARES: ReadonlySet<string> = new Set(["share", "cumulative", "sellThrough"])

/** The longest name in a table. */
const MOST_NAME = 28

const titleOf = (column: string): string => column.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase()

const cellOf = (column: string, value: ReportLine[string]): string => {
  if (value === null || value === undefined) return "–"
  if (typeof value !== "number") return clipped(String(value), MOST_NAME)
  return SHARES.has(column) ? percentText(value) : shortNumber(value)
}

const isText = (column: string): boolean =>
  ["period", "group", "sku", "name", "currency", "location", "kind", "lot", "reason", "source", "abc", "xyz"].includes(
    column
  ) || column.endsWith("At")

/** All lines of a report. */
const linesOf = (ask: Ask) =>
  Stream.paginate(undefined as string | undefined, (cursor) =>
    Effect.map(
      ask({ limit: MAX_PAGE_SIZE, cursor }),
      ({ items, nextCursor }) => [items, Option.fromNullOr(nextCursor)] as const
    )
  )

const reportFlags = {
  name: Argument.Literals("report", names).pipe(
    Argument.withDescription(names.map((name) => `${name}: ${definitions[name].about}`).join("; "))
  ),
  since: optionalText("since", "<date>", `The first day that counts; ${REPORT_DAYS} days back without it`),
  until: optionalText("until", "<date>", "The first day that does not count; now without it"),
  timeZone: optionalText("time-zone", "<name>", "Where days begin, such as Europe/Berlin; this machine's without it"),
  every: Flag.Literals("every", demandUnits).pipe(
    Flag.optional,
    Flag.withDescription("Days, weeks (from Monday) or months, of sales and abc")
  ),
  by: Flag.Literals("by", salesGroups).pipe(
    Flag.withDefault("all"),
    Flag.withDescription("What sales are summed up by")
  ),
  method: Flag.Literals("method", valuationMethods).pipe(
    Flag.withDefault("fifo"),
    Flag.withDescription("How stock is valued: first in first out, or the moving average")
  ),
  costs: Flag.Literals("costs", valuationMethods).pipe(
    Flag.optional,
    Flag.withDescription("With sales: tell what was sold had cost, and the margin, by this method; slower")
  ),
  currency: optionalText("currency", "<code>", "With abc: rank by revenue in this currency, and not by units"),
  ...placeFlags,
  category: optionalText("category", "<category>", "Only products of this category"),
  format: formatFlag,
  ...storeFlags
}

type Value<F> = F extends Flag.Flag<infer A> ? A : F extends Argument.Argument<infer A> ? A : never
export type ReportFlags = { readonly [K in keyof typeof reportFlags]: Value<(typeof reportFlags)[K]> }

const wantedOf = (flags: ReportFlags) =>
  Effect.gen(function* () {
    const timeZone = yield* Effect.fromResult(timeZoneOf(flags))
    const day = (flag: "since" | "until", otherwise: DateTime.Utc) =>
      Option.match(flags[flag], {
        onNone: () => Effect.succeed(otherwise),
        onSome: (text) => Effect.fromResult(midnight(flag, text, timeZone))
      })
    const to = yield* day("until", yield* DateTime.now)
    const back = DateTime.startOf(DateTime.subtract(DateTime.setZone(to, timeZone), { days: REPORT_DAYS }), "day")
    const from = yield* day("since", DateTime.toUtc(back))
    if (!DateTime.isLessThan(from, to)) {
      const text = Option.getOrElse(flags.since, () => "")
      return yield* new WrongFlag({ flag: "since", text, accepted: "a day before --until" })
    }
    const { product, location } = yield* placeOf(flags)
    const wanted: Wanted = {
      period: { from, to },
      timeZone,
      every: Option.getOrUndefined(flags.every),
      by: flags.by,
      method: flags.method,
      costs: Option.getOrUndefined(flags.costs),
      currency: Option.getOrUndefined(flags.currency),
      product,
      location,
      category: Option.getOrUndefined(flags.category)
    }
    return wanted
  })

/** Prints a report of a store. */
export const reportStore = (flags: ReportFlags) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const definition: Definition = definitions[flags.name]
    const lines = linesOf(definition.ask(read, yield* wantedOf(flags)))
    const location = yield* locationNames
    const shown = (column: string, line: ReportLine) => {
      const value = line[column] ?? null
      return cellOf(column, column === "location" ? location(LocationId.make(String(value))) : value)
    }
    const told = flags.name === "sales" && Option.isSome(flags.costs) ? COST_COLUMNS : []
    const table = [...definition.columns, ...told].map(
      (column): Column<ReportLine> => ({
        title: titleOf(column),
        right: !isText(column),
        value: (line) => shown(column, line)
      })
    )
    const csv = reportColumns(flags.name).map(
      (title): Column<ReportLine> => ({ title, value: (line) => String(line[title] ?? "") })
    )
    const printed = yield* printReport(lines, flags.format, { table, csv, json: (line) => line })
    if (printed === 0) yield* Console.error("There is nothing to report of this time")
  })

export const reportCommand = Command.make("report", reportFlags, (flags) =>
  Effect.provide(reportStore(flags), layerInventory(flags))
).pipe(
  Command.withShortDescription("Say what was sold, what stock is worth, how it moves and where it does not"),
  Command.withDescription(
    `Prints a report of a store: ${names.map((name) => `${name} (${definitions[name].about})`).join(", ")}. ` +
      "All of them follow from the ledger; what was dated back counts where it belongs. Amounts are in the currency, " +
      "quantities in the product's unit."
  ),
  Command.withExamples([
    { command: "onhand report sales --every month --by category", description: "What sold, for the shop in ./.onhand" },
    { command: "onhand report value --format csv", description: "What the stock is worth, for a spreadsheet" },
    { command: "onhand report stock-card --product MUG --location Shop", description: "Every movement of one product" }
  ])
)
