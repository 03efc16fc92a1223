/**
 * Thresholds from forecasts: the ledger then raises an alert in the very commit after which running out before the next
 * delivery is likelier than the risk that is taken, once, and clears it when things are clearly better.
 */
import {
  Inventory,
  LocationId,
  MAX_LINES,
  type PayloadOf,
  type ProductId,
  Replenish,
  stockPlaceText
} from "@onhand/core"
import { Effect, Stream } from "effect"
import type { PlanRow } from "./PlanRow.ts"

type ThresholdLine = PayloadOf<"setThresholds">["lines"][number]

/** What is low, and what is enough again, of what is available; undefined where no alert is wanted. */
export const thresholdOf = (product: ProductId, row: PlanRow): ThresholdLine | undefined => {
  if (row.alert === null) return undefined
  const steps = (units: number) => Math.round(units * 10 ** row.decimals)
  // What is on its way is not available yet, and counts all the same.
  const enough = Math.ceil(row.alert.position * 10 ** row.decimals) - steps(row.stock.onOrder)
  const low = Math.max(0, enough - 1)
  const clear = Math.max(low + 1, Math.ceil(enough * (1 + Replenish.REARM_MARGIN)))
  return { product, location: LocationId.make(row.locationId), low, clear }
}

/** Sets the thresholds of rows as they pass, and counts those that changed. */
export const settingThresholds = <E, R>(rows: Stream.Stream<PlanRow, E, R>, count: (changed: number) => void) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const set = new Map<string, ThresholdLine>()
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = yield* inventory.read.thresholds({}, { _tag: "Cursor", limit: 100, ...(cursor ? { cursor } : {}) })
        for (const { product, location, low, clear } of page.items) {
          set.set(stockPlaceText({ product, location }), { product, location, low, clear })
        }
        cursor = page.nextCursor
      }
      return rows.pipe(
        Stream.grouped(MAX_LINES),
        Stream.tap((group) => {
          const [first, ...rest] = group.flatMap((row) => {
            const line = row.product === null ? undefined : thresholdOf(row.product, row)
            const before = line && set.get(stockPlaceText(line))
            return line === undefined || (before?.low === line.low && before.clear === line.clear) ? [] : [line]
          })
          if (first === undefined) return Effect.void
          count(rest.length + 1)
          return inventory.setThresholds({ lines: [first, ...rest] })
        }),
        Stream.flattenIterable
      )
    })
  )
