/**
 * Forecasts over HTTP.
 */
import { CurrentActor, type DemandForecast, OnhandApi } from "@onhand/api"
import { Inventory, planAll, UnknownProduct } from "@onhand/core"
import { Effect, Option, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation } from "./Authorizing.ts"
import { answering } from "./OutwardRefusal.ts"
import { makePlanOptions, notPlanned } from "./Planning.ts"
import { timestamp } from "./Replying.ts"

export const layerForecasts = HttpApiBuilder.group(
  OnhandApi,
  "forecasts",
  Effect.fnUntraced(function* (handlers) {
    const { read } = yield* Inventory
    const planOptions = yield* makePlanOptions
    return handlers.handleAll({
      byProduct: Effect.fnUntraced(function* ({ params: { product }, query }) {
        if (Option.isNone(yield* answering(read.product(product)))) return yield* new UnknownProduct({ product })
        const { location: named, closed, backtest, ...asked } = query
        const location = yield* ownLocation(yield* CurrentActor, "reports:read", named)
        const options = yield* planOptions(asked, closed?.split(","), backtest === "true", "query")
        const plans = yield* answering(
          Stream.runCollect(planAll(read, { ...options, product, location, alone: true }))
        ).pipe(Effect.catchTags({ InvalidPeriods: notPlanned("query"), InvalidCursor: Effect.die }))
        const items = plans.map(
          (plan): DemandForecast => ({
            product,
            location: plan.location,
            every: options.calendar.every,
            begins: timestamp(plan.begins),
            expected: plan.expected
          })
        )
        return { items }
      })
    })
  })
)
