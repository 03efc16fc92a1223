/**
 * Locations over HTTP.
 */
import { CurrentActor, Forbidden, OnhandApi, type Location as WireLocation } from "@onhand/api"
import { Inventory, type Location, UnknownLocation } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { requireAt } from "./Authorizing.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"

const locationReply = (location: Location): WireLocation => ({ ...location, createdAt: timestamp(location.createdAt) })

export const layerLocations = HttpApiBuilder.group(
  OnhandApi,
  "locations",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const { roles } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        return pageReply(yield* answering(inventory.read.locations(yield* pageRequest(query))), locationReply)
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = bareKey(headers["idempotency-key"])
        // Somebody who is limited to some locations may not make himself another one.
        if (actor.locations !== null) return yield* new Forbidden({ permission: "locations:write" })
        const { reply, replayed } = yield* submitAs(inventory, "createLocation", payload, { actor, key })
        return changedReply(locationReply(reply), reply.version, replayed)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const found = yield* answering(inventory.read.location(params.id))
        if (Option.isNone(found)) return yield* new UnknownLocation({ location: params.id })
        return conditional(locationReply(found.value), etagOf(found.value.version), headers["if-none-match"])
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        yield* requireAt(roles, actor, "locations:write", [params.id])
        const expected = yield* expectedVersion(headers["if-match"])
        const change = { location: params.id, expected, ...payload }
        const key = bareKey(headers["idempotency-key"])
        const { reply, replayed } = yield* submitAs(inventory, "updateLocation", change, { actor, key })
        return changedReply(locationReply(reply), reply.version, replayed)
      })
    })
  })
)
