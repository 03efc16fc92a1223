/**
 * Stock policies over HTTP.
 */
import { CurrentActor, FloorPassed, OnhandApi, type StockPolicy as WirePolicy } from "@onhand/api"
import { Inventory, type StockPolicy } from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireAt } from "./Authorizing.ts"
import { faulty } from "./Faults.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { pageRequest, replayedHeader } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { decimalsOf, eachLine, pageInUnits, stepsFrom0, toDecimal, Units } from "./Units.ts"

// The product and the location name the policy; its row id says the same in other words.
const policyReply = ({ id: _, floor, ...policy }: StockPolicy, decimals: number): WirePolicy => ({
  ...policy,
  floor: toDecimal(floor, decimals)
})

export const layerStockPolicies = HttpApiBuilder.group(
  OnhandApi,
  "stockPolicies",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const { roles } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, location } = query
        const page = yield* answering(inventory.read.stockPolicies({ product, location }, yield* pageRequest(query)))
        return yield* pageInUnits(units, page, policyReply)
      }),
      set: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = bareKey(headers["idempotency-key"])
        const places = payload.lines.map(({ location }) => location)
        yield* requireAt(roles, actor, "thresholds:write", places)
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const lines = yield* eachLine(payload.lines, ({ floor = 0, ...line }, index) =>
          Effect.gen(function* () {
            const path = `payload.lines.${index}.floor`
            if (floor > 0) return yield* faulty(path, "A floor of 0 or less is accepted")
            const below = yield* stepsFrom0(Math.abs(floor), decimalsOf(decimals, line.product), path)
            return { ...line, floor: 0 - below }
          })
        )
        const { reply, replayed } = yield* submitAs(inventory, "setStockPolicies", { lines }, { actor, key }).pipe(
          Effect.catchTag("FloorPassed", ({ product, location, floor, available }) => {
            const inUnit = (steps: number) => toDecimal(steps, decimalsOf(decimals, product))
            return Effect.fail(
              new FloorPassed({ product, location, floor: inUnit(floor), available: inUnit(available) })
            )
          })
        )
        const items = reply.policies.map((policy) => policyReply(policy, decimalsOf(decimals, policy.product)))
        return HttpApiSchema.withHeaders({ body: { items }, headers: replayedHeader(replayed) })
      })
    })
  })
)
