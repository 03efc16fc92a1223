/**
 * Locations over HTTP.
 */
import { CurrentActor, LocationNotEmpty, OnhandApi, type Location as WireLocation } from "@onhand/api"
import { Inventory, type Location, type LocationId, type ProductId, UnknownLocation } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireAt, requireEverywhere } from "./Authorizing.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import {
  changedReply,
  conditional,
  etagOf,
  expectedVersion,
  pageReply,
  pageRequest,
  replayedHeader,
  timestamp
} from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { type Decimals, decimalsOf, toDecimal, Units } from "./Units.ts"

const locationReply = (location: Location): WireLocation => ({ ...location, createdAt: timestamp(location.createdAt) })

const inUnits = (decimals: Decimals) => (product: ProductId, steps: number) =>
  toDecimal(steps, decimalsOf(decimals, product))

/** What every request about one location names. */
interface Named {
  readonly params: { readonly id: LocationId }
  readonly headers: { readonly "idempotency-key"?: string }
}

export const layerLocations = HttpApiBuilder.group(
  OnhandApi,
  "locations",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const { roles } = yield* ServerSettings
    const units = yield* Units

    /** Archives the location that a request names, or restores it. */
    const archiving = (archived: boolean, { params: { id: location }, headers }: Named) =>
      Effect.gen(function* () {
        const actor = yield* CurrentActor
        yield* requireAt(roles, actor, "locations:write", [location])
        const change = { location, expected: "any" as const, archived }
        const key = bareKey(headers["idempotency-key"])
        const { reply, replayed } = yield* submitAs(inventory, "archiveLocation", change, { actor, key })
        return changedReply(locationReply(reply), reply.version, replayed)
      })

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        return pageReply(yield* answering(inventory.read.locations(yield* pageRequest(query))), locationReply)
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = bareKey(headers["idempotency-key"])
        // Somebody who is limited to some locations may not make himself another one.
        yield* requireEverywhere(actor, "locations:write")
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
      }),
      drain: Effect.fnUntraced(function* ({ params: { id: location }, headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        yield* requireAt(roles, actor, "stock:write", [location, payload.destination])
        const command = { location, ...payload }
        const { reply, replayed } = yield* submitAs(inventory, "drainLocation", command, { actor, key })
        const decimals = yield* units.ofKnown([...reply.moved, ...reply.claimed].map(({ product }) => product))
        const inUnit = inUnits(decimals)
        const body = {
          moved: reply.moved.map((part) => ({ ...part, quantity: inUnit(part.product, part.quantity) })),
          claimed: reply.claimed.map((part) => ({
            ...part,
            held: inUnit(part.product, part.held),
            committed: inUnit(part.product, part.committed)
          })),
          next: reply.next
        }
        return HttpApiSchema.withHeaders({ body, headers: replayedHeader(replayed) })
      }),
      archive: Effect.fnUntraced(function* (request) {
        return yield* archiving(true, request).pipe(
          Effect.catchTags({
            StaleVersion: Effect.die,
            LocationNotEmpty: ({ location, left, more }) =>
              Effect.flatMap(units.ofKnown(left.map(({ product }) => product)), (decimals) => {
                const inUnit = inUnits(decimals)
                const products = left.map(({ product, onHand, reserved }) => ({
                  product,
                  onHand: inUnit(product, onHand),
                  reserved: inUnit(product, reserved)
                }))
                return Effect.fail(new LocationNotEmpty({ location, left: products, more }))
              })
          })
        )
      }),
      restore: Effect.fnUntraced(function* (request) {
        return yield* archiving(false, request).pipe(
          Effect.catchTags({ LocationNotEmpty: Effect.die, StaleVersion: Effect.die })
        )
      })
    })
  })
)
