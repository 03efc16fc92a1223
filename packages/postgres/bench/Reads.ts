// What is read of the big ledger, with parameters drawn from it at random, and how many milliseconds that may take.
import { cursorAfter, firstPage, type MovementFilter, type PageRequest } from "@onhand/core"
import { DateTime } from "effect"
import type { Parameters, Question } from "./Asking.ts"
import type { Place } from "./Load.ts"

const first = firstPage(50)

/** A page from the middle of a list of movements. */
const deep = (list: string, next: Parameters): PageRequest => ({
  _tag: "Cursor",
  limit: 50,
  cursor: cursorAfter(list, [next.micros(), 0, next.seq(), 0])
})

const movements = (name: string, filter: (next: Parameters) => MovementFilter): ReadonlyArray<Question> => [
  { name: `movements ${name}`, goal: 20, ask: (queries, next) => queries.movements(filter(next), first) },
  {
    name: `movements ${name}, deep`,
    goal: 20,
    ask: (queries, next) => {
      const wanted = filter(next)
      const list = wanted.from === undefined && wanted.to === undefined ? "movements" : "movements:occurred"
      return queries.movements(wanted, deep(list, next))
    }
  }
]

const week = (next: Parameters) => {
  const from = next.time()
  return { from, to: DateTime.add(from, { days: 7 }) }
}
const place = ({ product, location }: Place): Place => ({ product, location })

/** So many periods of some days, before the end of the ledger. */
const periods = (next: Parameters, count: number, days: number) => {
  const end = next.end()
  return Array.from({ length: count + 1 }, (_, index) => DateTime.subtract(end, { days: days * (count - index) }))
}
const afterPlace = (list: string, { product, location }: Place): PageRequest => ({
  _tag: "Cursor",
  limit: 50,
  cursor: cursorAfter(list, [product, location])
})

export const reads: ReadonlyArray<Question> = [
  { name: "balance", goal: 10, ask: (queries, next) => queries.balance({ ...place(next.key()), lot: "" }) },
  ...movements("of all", () => ({})),
  ...movements("of a product", (next) => ({ product: next.key().product })),
  ...movements("of the hottest product", (next) => ({ product: next.hottest.product })),
  ...movements("of a location", (next) => ({ location: next.key().location })),
  ...movements("of a kind", (next) => ({ kind: next.kind() })),
  ...movements("of a product at a location", (next) => place(next.moving())),
  ...movements("of the hottest key", (next) => place(next.hottest)),
  ...movements("of the hottest product at any location", (next) => ({
    product: next.hottest.product,
    location: next.key().location
  })),
  ...movements("of a product and kind", (next) => ({ product: next.moving().product, kind: next.kind() })),
  ...movements("of a location and kind", (next) => ({ location: next.key().location, kind: next.kind() })),
  ...movements("that happened in a week", week),
  ...movements("that happened since a time", (next) => ({ from: next.time() })),
  ...movements("that happened before a time", (next) => ({ to: next.time() })),
  ...movements("of a product in a week", (next) => ({ product: next.moving().product, ...week(next) })),
  ...movements("of the hottest product in a week", (next) => ({ product: next.hottest.product, ...week(next) })),
  ...movements("of the hottest key in a week", (next) => ({ ...place(next.hottest), ...week(next) })),
  ...movements("of a location in a week", (next) => ({ location: next.key().location, ...week(next) })),
  ...movements("of a kind in a week", (next) => ({ kind: next.kind(), ...week(next) })),
  {
    name: "movements of an order",
    goal: 20,
    ask: (queries, next) => queries.movements({ source: { type: "order", id: next.source() } }, first)
  },
  {
    name: "stock as known at a time",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.moving().product }, { recordedBy: next.time() })
  },
  {
    name: "stock as known at a time, hottest product",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.hottest.product }, { recordedBy: next.time() })
  },
  {
    name: "stock as of a business time",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.moving().product }, { occurredBy: next.time() })
  },
  {
    name: "stock as of a business time, hottest product",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf({ product: next.hottest.product }, { occurredBy: next.time() })
  },
  {
    name: "stock as of both, hottest key",
    goal: 100,
    ask: (queries, next) => queries.stockAsOf(place(next.hottest), { occurredBy: next.time(), recordedBy: next.time() })
  },
  {
    name: "demand by week for a year",
    ask: (queries, next) => queries.demand({ bounds: periods(next, 52, 7) }, afterPlace("demand", next.key()))
  },
  {
    name: "demand at a location by week for a year",
    ask: (queries, next) => queries.demand({ location: next.key().location, bounds: periods(next, 52, 7) }, first)
  },
  {
    name: "demand of the hottest key by day for a quarter",
    ask: (queries, next) => queries.demand({ ...place(next.hottest), bounds: periods(next, 90, 1) }, first)
  },
  { name: "levels", ask: (queries) => queries.levels({}, first) },
  {
    name: "levels, deep",
    ask: (queries, next) => queries.levels({}, afterPlace("levels", next.key()))
  },
  { name: "levels of a product", ask: (queries, next) => queries.levels({ product: next.key().product }, first) },
  { name: "levels of a location", ask: (queries, next) => queries.levels({ location: next.key().location }, first) },
  { name: "products by name", ask: (queries) => queries.products({}, first) },
  {
    name: "products by name, deep",
    ask: (queries, next) => {
      const cursor = cursorAfter("products:name_asc", [`Product ${next.seq() % 99_999}`, ""])
      return queries.products({}, { _tag: "Cursor", limit: 50, cursor })
    }
  },
  {
    name: "products of a category, numbered",
    ask: (queries, next) =>
      queries.products({ category: `category ${next.seq() % 200}` }, { _tag: "Numbered", page: 3, pageSize: 50 })
  },
  {
    name: "products by search",
    ask: (queries, next) => queries.products({ search: `uct ${next.seq() % 9_999}` }, first)
  },
  { name: "products by stock", readsAll: true, ask: (queries) => queries.products({ sort: "stock_asc" }, first) },
  { name: "orders", ask: (queries) => queries.orders({}, first) },
  { name: "orders of a customer", ask: (queries, next) => queries.orders({ customer: next.customer() }, first) },
  { name: "orders of a location", ask: (queries, next) => queries.orders({ location: next.key().location }, first) },
  { name: "events after a place", ask: (queries, next) => queries.events({ 0: { seq: next.seq(), line: 0 } }, 100) },
  { name: "thresholds raised", ask: (queries) => queries.restockAlerts({}, first) },
  {
    name: "thresholds raised at a location",
    ask: (queries, next) => queries.restockAlerts({ location: next.key().location }, first)
  },
  { name: "command by its key", ask: (queries, next) => queries.command(next.moving().command) }
]
