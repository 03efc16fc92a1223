/**
 * Reorder policies over HTTP.
 */
import { CurrentActor, OnhandApi, type ReorderPolicy as WirePolicy } from "@onhand/api"
import { Inventory, type ReorderPolicy } from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireAt, requireEverywhere } from "./Authorizing.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { pageReply, pageRequest, replayedHeader } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"

// A class or a product at a location name the policy; its row id says the same in other words.
const policyReply = ({ id: _, ...policy }: ReorderPolicy): WirePolicy => policy

export const layerReorderPolicies = HttpApiBuilder.group(
  OnhandApi,
  "reorderPolicies",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const { roles } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, location } = query
        const page = yield* answering(inventory.read.reorderPolicies({ product, location }, yield* pageRequest(query)))
        return pageReply(page, policyReply)
      }),
      set: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = bareKey(headers["idempotency-key"])
        const places = payload.lines.flatMap((line) => ("abc" in line ? [] : [line.location]))
        // A class is ordered the same way at every location, so nobody sets it who is limited to some.
        if (places.length < payload.lines.length) yield* requireEverywhere(actor, "thresholds:write")
        yield* requireAt(roles, actor, "thresholds:write", places)
        const { reply, replayed } = yield* submitAs(inventory, "setReorderPolicies", payload, { actor, key })
        const items = reply.policies.map(policyReply)
        return HttpApiSchema.withHeaders({ body: { items }, headers: replayedHeader(replayed) })
      })
    })
  })
)
