// The load of the benchmarks: callers that each sell one unit, wait for the answer, and sell the next.
import { Inventory, type LocationId, type ProductId } from "@onhand/core"
import { Effect } from "effect"

/** How long each figure is measured, after a warm-up of a third of it. Milliseconds. */
export const MEASURED = Number(process.env["BENCH_MILLIS"] ?? 3_000)

export const CALLERS = 512

/** Far more than any run sells. */
const STOCK = 100_000_000
const LINES_PER_RECEIPT = 200

export interface Place {
  readonly product: ProductId
  readonly location: LocationId
}

/** Puts enough on shelves for every run. */
export const stockUp = (places: ReadonlyArray<Place>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    for (let from = 0; from < places.length; from += LINES_PER_RECEIPT) {
      const [first, ...rest] = places
        .slice(from, from + LINES_PER_RECEIPT)
        .map((place) => ({ kind: "receipt" as const, ...place, quantity: STOCK }))
      if (first !== undefined) yield* inventory.recordMovements({ lines: [first, ...rest] })
    }
  })

/** How many sales a second are committed, one product or many. */
export const salesPerSecond = (places: ReadonlyArray<Place>, callers: number = CALLERS) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const from = performance.now() + MEASURED / 3
    const until = from + MEASURED
    let done = 0
    const caller = Effect.gen(function* () {
      while (performance.now() < until) {
        const place = places[Math.floor(Math.random() * places.length)]
        if (place === undefined) return
        yield* inventory.recordMovements({ lines: [{ kind: "sale", ...place, quantity: 1 }] })
        const now = performance.now()
        if (now >= from && now < until) done += 1
      }
    })
    yield* Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
    return (done * 1000) / MEASURED
  })

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const count = (value: number): string => Math.round(value).toLocaleString("en-US")
