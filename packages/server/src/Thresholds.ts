/**
 * Thresholds over HTTP.
 */
import { CurrentActor, InvalidThreshold, OnhandApi, type Threshold as WireThreshold } from "@onhand/api"
import { Inventory, type Threshold } from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireAt } from "./Authorizing.ts"
import { faulty } from "./Faults.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { pageReply, pageRequest, replayedHeader, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { decimalsOf, toDecimal, toSteps, Units } from "./Units.ts"

const thresholdReply = (threshold: Threshold, decimals: number): WireThreshold => ({
  product: threshold.product,
  location: threshold.location,
  low: toDecimal(threshold.low, decimals),
  clear: toDecimal(threshold.clear, decimals),
  raisedAt: threshold.raisedAt && timestamp(threshold.raisedAt),
  version: threshold.version
})

/** Steps of a quantity that may be zero but not less. */
const stepsFrom0 = (decimal: number, decimals: number, path: string) =>
  decimal < 0
    ? Effect.fail(faulty(path, "A quantity of zero or more is accepted"))
    : Effect.mapError(Effect.fromResult(toSteps(decimal, decimals)), (message) => faulty(path, message))

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
        const decimals = yield* units.ofKnown(page.items.map((threshold) => threshold.product))
        return pageReply(page, (threshold) => thresholdReply(threshold, decimalsOf(decimals, threshold.product)))
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
        const [first, ...others] = yield* Effect.forEach(payload.lines, ({ product, location, low, clear }, index) =>
          Effect.gen(function* () {
            const at = `payload.lines.${index}`
            const digits = decimalsOf(decimals, product)
            const place = { product, location, low: yield* stepsFrom0(low, digits, `${at}.low`) }
            return clear === undefined ? place : { ...place, clear: yield* stepsFrom0(clear, digits, `${at}.clear`) }
          })
        )
        if (first === undefined) return yield* faulty("payload.lines", "At least one line is accepted")
        const command = { lines: [first, ...others] as const }
        const { reply, replayed } = yield* submitAs(inventory, "setThresholds", command, { actor, key }).pipe(
          Effect.catchTag("InvalidThreshold", ({ product, location, low, clear }) => {
            const digits = decimalsOf(decimals, product)
            return Effect.fail(
              new InvalidThreshold({ product, location, low: toDecimal(low, digits), clear: toDecimal(clear, digits) })
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
