/**
 * Thresholds over HTTP.
 */
import { CurrentActor, InvalidThreshold, OnhandApi, type Threshold as WireThreshold } from "@onhand/api"
import { Inventory, type Threshold } from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireAt } from "./Authorizing.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { pageRequest, replayedHeader, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { decimalsOf, eachLine, pageInUnits, stepsFrom0, toDecimal, Units } from "./Units.ts"

const thresholdReply = (threshold: Threshold, decimals: number): WireThreshold => ({
  product: threshold.product,
  location: threshold.location,
  low: toDecimal(threshold.low, decimals),
  clear: toDecimal(threshold.clear, decimals),
  high: threshold.high && toDecimal(threshold.high, decimals),
  clearHigh: threshold.clearHigh && toDecimal(threshold.clearHigh, decimals),
  raisedAt: threshold.raisedAt && timestamp(threshold.raisedAt),
  version: threshold.version
})

export const layerThresholds = HttpApiBuilder.group(
  OnhandApi,
  "thresholds",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const { roles } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, location } = query
        const page = yield* answering(inventory.read.thresholds({ product, location }, yield* pageRequest(query)))
        return yield* pageInUnits(units, page, thresholdReply)
      }),
      set: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = bareKey(headers["idempotency-key"])
        yield* requireAt(
          roles,
          actor,
          "thresholds:write",
          payload.lines.map((line) => line.location)
        )
        const decimals = yield* units.of(payload.lines.map((line) => line.product))
        const lines = yield* eachLine(payload.lines, (line, index) =>
          Effect.gen(function* () {
            const { product, location, low, clear, high, clearHigh } = line
            const digits = decimalsOf(decimals, product)
            const steps = (decimal: number, field: string) =>
              stepsFrom0(decimal, digits, `payload.lines.${index}.${field}`)
            return {
              product,
              location,
              low: yield* steps(low, "low"),
              ...(clear === undefined ? {} : { clear: yield* steps(clear, "clear") }),
              ...(high === undefined ? {} : { high: high === null ? null : yield* steps(high, "high") }),
              ...(clearHigh === undefined ? {} : { clearHigh: yield* steps(clearHigh, "clearHigh") })
            }
          })
        )
        const { reply, replayed } = yield* submitAs(inventory, "setThresholds", { lines }, { actor, key }).pipe(
          Effect.catchTag("InvalidThreshold", ({ product, location, low, clear, high, clearHigh }) => {
            const inUnit = (steps: number) => toDecimal(steps, decimalsOf(decimals, product))
            return Effect.fail(
              new InvalidThreshold({
                product,
                location,
                low: inUnit(low),
                clear: inUnit(clear),
                high: high && inUnit(high),
                clearHigh: clearHigh && inUnit(clearHigh)
              })
            )
          })
        )
        const items = reply.thresholds.map((threshold) =>
          thresholdReply(threshold, decimalsOf(decimals, threshold.product))
        )
        return HttpApiSchema.withHeaders({ body: { items }, headers: replayedHeader(replayed) })
      })
    })
  })
)
