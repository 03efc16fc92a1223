/**
 * Notifications over HTTP: what somebody should look at, and what was done about it.
 */
import {
  Notification as CoreNotification,
  LocationId,
  MAX_SNOOZE,
  NotificationId,
  NotificationKind,
  NotificationState,
  ProductId
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, etag, keyAllowed, replayable, versionKnown, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const notification = CoreNotification.fields

/**
 * `kind` says what it is about: `lowStock`, `outOfStock`, `overstock`, `latePurchaseOrder`, `expiringLot`, or a
 * kind of an adapter's such as `failedSync`. `subject` names the cause. `available` is what was left when a stock kind
 * was raised, or what lay there of an expiring lot, and `limit` the bound that it crossed, in the product's unit.
 */
export const Notification = Schema.Struct({
  id: notification.id,
  kind: notification.kind,
  subject: notification.subject,
  message: notification.message,
  product: notification.product,
  location: notification.location,
  available: Schema.NullOr(Decimal),
  limit: Schema.NullOr(Decimal),
  state: notification.state,
  occurrences: notification.occurrences,
  actor: notification.actor,
  raisedAt: Timestamp,
  snoozedUntil: Schema.NullOr(Timestamp),
  resolvedAt: Schema.NullOr(Timestamp),
  updatedAt: Timestamp,
  version: notification.version
}).annotate({ identifier: "NotificationEntry" })
export interface Notification extends Schema.Schema.Type<typeof Notification> {}

const MAX_SNOOZE_MINUTES = MAX_SNOOZE / 60_000

export const Snooze = Schema.Struct({
  minutes: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_SNOOZE_MINUTES })).annotate({
    description: `How long it is put off by the server's clock: up to ${MAX_SNOOZE_MINUTES}, which are 90 days`
  })
}).annotate({ identifier: "Snooze", examples: [{ minutes: 1440 }] })

const params = { id: NotificationId }
const changed = HttpApiSchema.WithHeaders(Notification, { ...etag, ...replayable })
const errors = [
  problems.UnknownNotification,
  problems.NotificationStateConflict,
  problems.Forbidden,
  ...writeErrors
] as const

export class NotificationsApi extends HttpApiGroup.make("notifications")
  .add(
    HttpApiEndpoint.get("list", "/notifications", {
      query: {
        ...cursorQuery,
        state: Schema.optionalKey(NotificationState),
        kind: Schema.optionalKey(NotificationKind),
        product: Schema.optionalKey(ProductId),
        location: Schema.optionalKey(LocationId)
      },
      success: listOf(Notification),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("notifications:read", { summary: "List notifications", description: "Last raised first." })),
    HttpApiEndpoint.get("byId", "/notifications/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Notification, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownNotification]
    }).annotateMerge(about("notifications:read", { summary: "Get a notification" })),
    HttpApiEndpoint.post("read", "/notifications/:id/read", {
      params,
      headers: keyAllowed,
      success: changed,
      error: errors
    }).annotateMerge(
      about("notifications:write", {
        summary: "Acknowledge a notification",
        description: "Others see that you look after it."
      })
    ),
    HttpApiEndpoint.post("snooze", "/notifications/:id/snooze", {
      params,
      headers: keyAllowed,
      payload: Snooze,
      success: changed,
      error: errors
    }).annotateMerge(
      about("notifications:write", {
        summary: "Put a notification off",
        description: "It is open again when the time is over, unless its cause is gone by then."
      })
    ),
    HttpApiEndpoint.post("resolve", "/notifications/:id/resolve", {
      params,
      headers: keyAllowed,
      success: changed,
      error: errors
    }).annotateMerge(
      about("notifications:write", {
        summary: "Resolve a notification",
        description: "It stays so, and is not raised again before its cause was gone."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Notifications", description: "What somebody should look at." })) {}
