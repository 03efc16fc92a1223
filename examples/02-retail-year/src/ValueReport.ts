// The value report: what the year did to the value of the stock, and whether it agrees with the tills and the shelves.
import {
  amountText,
  firstPage,
  Inventory,
  type Page,
  type PageRequest,
  type ProductValue,
  sumOfValues,
  type ValuedQuantity
} from "@onhand/core"
import { DateTime, Effect } from "effect"
import { OPENED_AT, USD } from "./Replay.ts"

/** From the opening to a little after the last basket. */
const YEAR = { from: DateTime.subtract(OPENED_AT, { days: 1 }), to: DateTime.add(OPENED_AT, { days: 400 }) }

/** What is valued at once: each page folds all movements of its products, and must be read within half a minute. */
const AT_ONCE = 200

/** All items of a list. */
const all = <A, E, R>(list: (page: PageRequest) => Effect.Effect<Page<A>, E, R>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<A> = yield* list({ ...firstPage(AT_ONCE), ...(cursor === undefined ? {} : { cursor }) })
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  })

type Part = "opening" | "received" | "sold" | "adjusted" | "closing"

const nothing: ValuedQuantity = { quantity: 0, value: "0" }

const sum = (amounts: ReadonlyArray<ValuedQuantity>): ValuedQuantity => ({
  quantity: amounts.reduce((total, { quantity }) => total + quantity, 0),
  value: sumOfValues(amounts.map(({ value }) => value))
})

const sumOf = (values: ReadonlyArray<ProductValue>, part: Part) =>
  sum(values.map(({ period }) => period?.[part] ?? nothing))

/** The year in goods and in what they cost, beside what the tills took and what is on the shelves. */
export const valueOfYear = Effect.gen(function* () {
  const { read } = yield* Inventory
  const values = yield* all((page) => read.stockValues({ method: "fifo", period: YEAR }, page))
  const levels = yield* all((page) => read.levels({}, page))
  const [sales] = (yield* read.sales({ by: "all", bounds: [YEAR.from, YEAR.to] }, firstPage(1))).items
  return {
    opening: sumOf(values, "opening"),
    received: sumOf(values, "received"),
    sold: sumOf(values, "sold"),
    adjusted: sumOf(values, "adjusted"),
    closing: sumOf(values, "closing"),
    /** What the stock of now is worth, and at which places it is. */
    stock: sum(values),
    places: sum(values.flatMap(({ places }) => places)),
    onHand: levels.reduce((total, { onHand }) => total + onHand, 0),
    revenue: sales?.revenue.find(({ currency }) => currency === USD)?.amount ?? 0,
    soldUnits: Number(sales?.sold ?? 0) - Number(sales?.returned ?? 0)
  }
})
export type ValueOfYear = Effect.Success<typeof valueOfYear>

/** Every disagreement between the report, the tills and the shelves. There must be none. */
export const disagreements = (
  { opening, received, sold, adjusted, closing, stock, places, onHand, revenue, soldUnits }: ValueOfYear,
  tills: { readonly units: number; readonly cents: number }
): ReadonlyArray<string> => {
  const negative = (value: string) => (value.startsWith("-") ? value.slice(1) : `-${value}`)
  const flowed = sumOfValues([opening.value, received.value, negative(sold.value), adjusted.value])
  const checks: ReadonlyArray<readonly [string, boolean]> = [
    ["what flowed is not what is left", flowed === closing.value],
    ["the stock's value is not the year's closing", stock.value === closing.value],
    ["the places' value is not the stock's", places.value === stock.value],
    ["the quantities are not those on the shelves", stock.quantity === onHand && closing.quantity === onHand],
    ["what was sold is not what the tills sold", soldUnits === tills.units && sold.quantity === tills.units],
    ["the revenue is not what the tills took", revenue === tills.cents]
  ]
  return checks.flatMap(([what, holds]) => (holds ? [] : [what]))
}

const dollars = (minor: string) => {
  const [whole = "0", fraction = ""] = amountText(minor, USD).split(".")
  return `$${Number(whole).toLocaleString("en-US")}.${fraction.slice(0, 2)}`
}

/** The report as a table for people. */
export const valueText = (year: ValueOfYear): string =>
  [
    ...(["opening", "received", "sold", "adjusted", "closing"] as const).map((part) => {
      const { quantity, value } = year[part]
      return `${part.padEnd(44)}${quantity.toLocaleString("en-US").padStart(12)} units ${dollars(value).padStart(16)}`
    }),
    `${"taken at the tills".padEnd(62)} ${dollars(String(year.revenue)).padStart(16)}`
  ].join("\n")
