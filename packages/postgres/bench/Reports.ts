// The reports that are asked for over the big ledger: why a level is what it is, the stock card, the value of a
// product, the sales of a month, and what the other reports are made of; and how many milliseconds each may take.
import { cursorAfter, firstPage, type Period, periodBounds, type SalesFilter, stockCard } from "@onhand/core"
import { DateTime, Result } from "effect"
import type { Parameters, Question } from "./Asking.ts"
import type { Place } from "./Load.ts"

const timeZone = DateTime.zoneMakeNamedUnsafe("America/New_York")
const month = (every: "day" | "month") =>
  Result.getOrThrow(
    periodBounds({
      every,
      timeZone,
      from: DateTime.makeUnsafe("2025-03-02T12:00:00Z"),
      to: DateTime.makeUnsafe("2025-04-01T12:00:00Z")
    })
  )

/** All rows of the sales of a month, in one page as large as an export takes them. */
const sales = (name: string, filter: SalesFilter): Question => ({
  name: `sales of a month${name}`,
  goal: 2_000,
  readsAll: true,
  ask: (queries) => queries.sales(filter, firstPage(1_000_000))
})

const year: Period = {
  from: DateTime.makeUnsafe("2025-01-01T00:00:00Z"),
  to: DateTime.makeUnsafe("2026-01-01T00:00:00Z")
}

/** A question about a product at a place: one as any other, one that moves much, and the hottest. */
const ofEach = (
  name: string,
  ask: (place: Place, next: Parameters) => Question["ask"],
  rest: Omit<Question, "name" | "ask">
): ReadonlyArray<Question> => [
  { ...rest, name: `${name} of any product`, ask: (queries, next) => ask(next.key(), next)(queries, next) },
  { ...rest, name: `${name} of one that moves`, ask: (queries, next) => ask(next.moving(), next)(queries, next) },
  { ...rest, name: `${name} of the hottest`, ask: (queries, next) => ask(next.hottest, next)(queries, next) }
]

const place = ({ product, location }: Place): Place => ({ product, location })
const value = { goal: 50, keeps: true }

export const reports: ReadonlyArray<Question> = [
  ...ofEach("explanation", (at) => (queries) => queries.explain(place(at)), { goal: 50 }),
  ...ofEach("stock card of a year", (at) => (queries) => stockCard(queries, { ...place(at), ...year }, { limit: 50 }), {
    goal: 50
  }),
  ...ofEach(
    "stock card until a time",
    (at, next) => (queries) => stockCard(queries, { ...place(at), to: next.time() }, { limit: 50 }),
    { goal: 50 }
  ),
  ...ofEach(
    "value",
    ({ product }) =>
      (queries) =>
        queries.stockValues({ method: "fifo", product }, firstPage(1)),
    value
  ),
  ...ofEach(
    "value as known at a time",
    ({ product }, next) => {
      const recordedBy = next.time()
      return (queries) => queries.stockValues({ method: "fifo", product, recordedBy }, firstPage(1))
    },
    value
  ),
  ...ofEach(
    "value as of a business time",
    ({ product }, next) => {
      const occurredBy = next.time()
      return (queries) => queries.stockValues({ method: "fifo", product, occurredBy }, firstPage(1))
    },
    value
  ),
  {
    ...value,
    name: "value by the average of the hottest",
    ask: (queries, { hottest }) => queries.stockValues({ method: "average", product: hottest.product }, firstPage(1))
  },
  sales("", { by: "all", bounds: month("month") }),
  sales(" by product", { by: "product", bounds: month("month") }),
  sales(" by category", { by: "category", bounds: month("month") }),
  sales(" by location", { by: "location", bounds: month("month") }),
  sales(" by day", { by: "all", bounds: month("day") }),
  {
    name: "flows of a year at 100 places",
    ask: (queries, next) => {
      const { product, location } = next.key()
      const cursor = cursorAfter("stockFlows", [product, location])
      return queries.stockFlows({ period: year }, { _tag: "Cursor", limit: 100, cursor })
    }
  },
  {
    name: "values of 100 products through a year",
    readsAll: true,
    keeps: true,
    ask: (queries, next) => {
      const cursor = cursorAfter("stockValues", [next.key().product])
      return queries.stockValues({ method: "fifo", period: year }, { _tag: "Cursor", limit: 100, cursor })
    }
  },
  {
    name: "value of the hottest through a year",
    readsAll: true,
    keeps: true,
    ask: (queries, { hottest }) =>
      queries.stockValues({ method: "fifo", product: hottest.product, period: year }, firstPage(1))
  }
]
