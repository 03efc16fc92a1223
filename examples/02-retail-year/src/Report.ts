// The report: what was sold and refused, compared with the file's own totals, and what ran low.
import { advance, type Event, type FeedCursor, Inventory, type ProductId } from "@onhand/core"
import { Effect, Option } from "effect"
import type { Till } from "./Replay.ts"
import type { Basket } from "./RetailFiles.ts"

/** Events that are read at once. */
const EVENT_PAGE = 5_000

/** How many products are named as running low most often. */
const TOP = 10

interface Totals {
  readonly units: number
  readonly cents: number
}

const sum = (parts: Iterable<{ readonly quantity: number; readonly cents: number }>): Totals => {
  let units = 0
  let cents = 0
  for (const part of parts) {
    units += part.quantity
    cents += part.cents
  }
  return { units, cents }
}

/** The year in numbers. `difference` is the file's total less everything sold and refused: it must be nothing. */
export interface Reconciliation {
  readonly file: Totals
  readonly sold: Totals
  readonly refusedBaskets: ReadonlyMap<string, Totals & { readonly baskets: number }>
  readonly refusedLines: ReadonlyMap<string, Totals & { readonly rows: ReadonlyArray<number> }>
  readonly difference: Totals
}

/** Adds up what became of every line of the file. */
export const reconcile = (baskets: ReadonlyArray<Basket>, tills: ReadonlyArray<Till>): Reconciliation => {
  const file = sum(baskets.flatMap((basket) => basket.lines))
  const sold = {
    units: tills.reduce((total, till) => total + till.soldUnits, 0),
    cents: tills.reduce((total, till) => total + till.soldCents, 0)
  }
  const refused = Map.groupBy(
    tills.filter((till) => till.outcome !== "sold" && till.outcome !== "empty"),
    (till) => till.outcome
  )
  const lines = Map.groupBy(
    tills.flatMap((till) => till.refusedLines),
    (line) => line.reason
  )
  const refusedBaskets = new Map(
    [...refused].map(([reason, some]) => [reason, { baskets: some.length, ...sum(some.flatMap((till) => till.lines)) }])
  )
  const refusedLines = new Map(
    [...lines].map(([reason, some]) => [
      reason,
      { rows: some.map((line) => line.row).sort((a, b) => a - b), ...sum(some) }
    ])
  )
  const parts = [sold, ...refusedBaskets.values(), ...refusedLines.values()]
  return {
    file,
    sold,
    refusedBaskets,
    refusedLines,
    difference: {
      units: parts.reduce((left, part) => left - part.units, file.units),
      cents: parts.reduce((left, part) => left - part.cents, file.cents)
    }
  }
}

/** The products for which thresholds were raised most often, over all stores, from the events of their commits. */
export const ranLowMostOften = Effect.gen(function* () {
  const inventory = yield* Inventory
  const raised = new Map<ProductId, number>()
  let cursor: FeedCursor = {}
  for (;;) {
    const events: ReadonlyArray<Event> = yield* inventory.read.events(cursor, EVENT_PAGE)
    for (const { event } of events) {
      if (event._tag === "LowStockRaised") raised.set(event.product, (raised.get(event.product) ?? 0) + 1)
    }
    if (events.length === 0) break
    cursor = events.reduce(advance, cursor)
  }
  const top = [...raised].sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1)).slice(0, TOP)
  return yield* Effect.forEach(top, ([id, times]) =>
    Effect.map(inventory.read.product(id), (product) => ({
      name: Option.match(product, { onNone: () => id, onSome: ({ name }) => name }),
      times
    }))
  )
})

const dollars = (cents: number) => `$${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`
const count = (n: number) => n.toLocaleString("en-US")
const totals = ({ units, cents }: Totals) => `${count(units).padStart(12)} units ${dollars(cents).padStart(16)}`

/** Rows as text, the first few by number. */
const rowsText = (rows: ReadonlyArray<number>) =>
  rows.length <= 12 ? rows.join(", ") : `${rows.slice(0, 12).join(", ")} and ${count(rows.length - 12)} more`

/** The reconciliation as a table for people. */
export const reconciliationText = (tills: ReadonlyArray<Till>, numbers: Reconciliation): string => {
  const sold = tills.filter((till) => till.outcome === "sold").length
  const label = (text: string) => text.padEnd(44)
  return [
    `${label("In the file")}${totals(numbers.file)}`,
    `${label(`Sold in ${count(sold)} baskets`)}${totals(numbers.sold)}`,
    ...[...numbers.refusedBaskets].map(
      ([reason, part]) => `${label(`Refused: ${count(part.baskets)} baskets, ${reason}`)}${totals(part)}`
    ),
    ...[...numbers.refusedLines].map(
      ([reason, part]) =>
        `${label(`Refused: ${count(part.rows.length)} lines, ${reason}`)}${totals(part)}\n` +
        `    rows ${rowsText(part.rows)}`
    ),
    `${label("Unaccounted for")}${totals(numbers.difference)}`
  ].join("\n")
}
