/**
 * Notifications over HTTP. Whoever is limited to some locations does something about those of these locations alone.
 */
import { CurrentActor, OnhandApi, type Notification as WireNotification } from "@onhand/api"
import { Inventory, type Notification, type NotificationId, type PayloadOf, UnknownNotification } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireAt, seesAt } from "./Authorizing.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { type Decimals, decimalsOf, toDecimal, Units } from "./Units.ts"

const notificationReply = (one: Notification, decimals: Decimals): WireNotification => {
  const inUnit = (steps: number | null) =>
    steps === null || one.product === null ? null : toDecimal(steps, decimalsOf(decimals, one.product))
  return {
    ...one,
    available: inUnit(one.available),
    limit: inUnit(one.limit),
    raisedAt: timestamp(one.raisedAt),
    snoozedUntil: one.snoozedUntil && timestamp(one.snoozedUntil),
    resolvedAt: one.resolvedAt && timestamp(one.resolvedAt),
    updatedAt: timestamp(one.updatedAt)
  }
}

/** What every request about one notification names. */
interface Named {
  readonly params: { readonly id: NotificationId }
  readonly headers: { readonly "idempotency-key"?: string }
}

export const layerNotifications = HttpApiBuilder.group(
  OnhandApi,
  "notifications",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const { roles } = yield* ServerSettings

    const unitsOf = (...all: ReadonlyArray<Notification>) => units.ofKnown(all.flatMap(({ product }) => product ?? []))
    const found = (id: NotificationId) =>
      Effect.flatMap(
        answering(inventory.read.notification(id)),
        Option.match({
          onNone: () => Effect.fail(new UnknownNotification({ notification: id })),
          onSome: Effect.succeed
        })
      )
    const changing = <K extends "acknowledgeNotification" | "snoozeNotification" | "resolveNotification">(
      command: K,
      { params, headers }: Named,
      payload: PayloadOf<K>
    ) =>
      Effect.gen(function* () {
        const actor = yield* CurrentActor
        const { location } = yield* found(params.id)
        yield* requireAt(roles, actor, "notifications:write", location === null ? [] : [location])
        const as = { actor, key: bareKey(headers["idempotency-key"]) }
        const { reply, replayed } = yield* submitAs(inventory, command, payload, as)
        return changedReply(notificationReply(reply, yield* unitsOf(reply)), reply.version, replayed)
      })

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { state, kind, product } = query
        const location = yield* ownLocation(yield* CurrentActor, "notifications:read", query.location)
        const filter = { state, kind, product, location }
        const page = yield* answering(inventory.read.notifications(filter, yield* pageRequest(query)))
        const decimals = yield* unitsOf(...page.items)
        return pageReply(page, (one) => notificationReply(one, decimals))
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const one = yield* found(params.id)
        // One of no location is of the whole shop, and of everybody in it.
        if (one.location !== null && !seesAt(yield* CurrentActor, [one.location])) {
          return yield* new UnknownNotification({ notification: one.id })
        }
        const body = notificationReply(one, yield* unitsOf(one))
        return conditional(body, etagOf(one.version), headers["if-none-match"])
      }),
      read: (request) => changing("acknowledgeNotification", request, { notification: request.params.id }),
      snooze: (request) =>
        changing("snoozeNotification", request, {
          notification: request.params.id,
          millis: request.payload.minutes * 60_000
        }),
      resolve: (request) => changing("resolveNotification", request, { notification: request.params.id })
    })
  })
)
