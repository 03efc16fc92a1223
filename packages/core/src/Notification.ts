/**
 * Notifications: what somebody should look at, from when it is raised until it is resolved. One that is open is raised
 * once, however often its cause is seen.
 */
import { type DateTime, Result, Schema } from "effect"
import type { NewEvent } from "./Event.ts"
import { LocationId } from "./Location.ts"
import { ProductId } from "./Product.ts"
import { put, type RowChange } from "./Row.ts"
import type { Slice } from "./Slice.ts"

export const NotificationId = Schema.NonEmptyString.check(Schema.isMaxLength(200)).pipe(Schema.brand("NotificationId"))
export type NotificationId = typeof NotificationId.Type

/** The kinds that follow from stock and thresholds: raised and cleared in the commit that crosses them. */
export const stockNotificationKinds = ["lowStock", "outOfStock", "overstock"] as const
export type StockNotificationKind = (typeof stockNotificationKinds)[number]

/** The kind that a review raises and clears: a placed purchase order whose goods are due and not all there. */
export const LATE_PURCHASE_ORDER = "latePurchaseOrder"

/** The kind that a review of lots raises and clears: what lies at a location of a lot that expires soon, or has. */
export const EXPIRING_LOT = "expiringLot"

/** The kinds that only Onhand itself raises. Any other name is an adapter's to use, such as `failedSync`. */
export const ownNotificationKinds: ReadonlyArray<string> = [
  ...stockNotificationKinds,
  LATE_PURCHASE_ORDER,
  EXPIRING_LOT
]

/** What a notification is about, in one word that programs tell apart: letters and digits, the first a small letter. */
export const NotificationKind = Schema.String.check(Schema.isPattern(/^[a-z][A-Za-z0-9]{0,39}$/))

/**
 * `open` waits for somebody, `acknowledged` is in somebody's hands, `snoozed` comes back at a time, `resolved` is over
 * and stays so.
 */
export const notificationStates = ["open", "acknowledged", "snoozed", "resolved"] as const
export const NotificationState = Schema.Literals(notificationStates)
export type NotificationState = typeof NotificationState.Type

/** What happened to a notification. `repeated`: its cause was seen again; `woken`: the time to snooze is over. */
export const notificationChanges = ["raised", "repeated", "acknowledged", "snoozed", "woken", "resolved"] as const
export const NotificationChange = Schema.Literals(notificationChanges)
export type NotificationChange = typeof NotificationChange.Type

/** What an adapter's is about; unique among the unresolved notifications of its kind. */
export const NotificationSubject = Schema.NonEmptyString.check(Schema.isMaxLength(150))

/** What whoever raises it says of it. */
export const NotificationMessage = Schema.String.check(Schema.isMaxLength(2_000))

/**
 * `subject` names the cause: a stock place, a purchase order, a lot at a location, whatever an adapter says.
 * `available` is what was left when a stock kind was raised, and of an expiring lot what lay there; `limit` is the
 * bound that a stock kind crossed. Both are in steps of the product's unit, and null for other kinds. `occurrences`
 * counts how often the cause was seen. `actor` is who acknowledged, snoozed or resolved it last; null where nobody did,
 * or where the cause went away.
 */
export const Notification = Schema.Struct({
  id: NotificationId,
  kind: NotificationKind,
  subject: Schema.NonEmptyString,
  message: NotificationMessage,
  product: Schema.NullOr(ProductId),
  location: Schema.NullOr(LocationId),
  available: Schema.NullOr(Schema.Int),
  limit: Schema.NullOr(Schema.Int),
  state: NotificationState,
  occurrences: Schema.Int,
  actor: Schema.NullOr(Schema.String),
  raisedAt: Schema.DateTimeUtcFromString,
  snoozedUntil: Schema.NullOr(Schema.DateTimeUtcFromString),
  resolvedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  updatedAt: Schema.DateTimeUtcFromString,
  version: Schema.Int
}).annotate({ identifier: "Notification" })
export interface Notification extends Schema.Schema.Type<typeof Notification> {}

export class UnknownNotification extends Schema.TaggedError<UnknownNotification>()("UnknownNotification", {
  notification: Schema.String
}) {
  override get message() {
    return `There is no notification ${this.notification}; the id of one that was raised is accepted`
  }
}

/** It is in a state in which this cannot be done to it. */
export class NotificationStateConflict extends Schema.TaggedError<NotificationStateConflict>()(
  "NotificationStateConflict",
  { notification: NotificationId, state: NotificationState, accepted: Schema.Array(NotificationState) }
) {
  override get message() {
    return `Notification ${this.notification} is ${this.state}; accepted: ${this.accepted.join(", ")}`
  }
}

/** A notification as it is after a change, as a decision writes and tells it. */
export interface ChangedNotification {
  readonly notification: Notification
  readonly row: RowChange
  readonly event: NewEvent
}

const changed = (notification: Notification, change: NotificationChange): ChangedNotification => {
  const { id, kind, subject, product, location, state } = notification
  return {
    notification,
    row: put("notifications", notification),
    event: { _tag: "NotificationChanged", notification: id, kind, subject, product, location, change, state }
  }
}

/** What a new notification is made of. */
export type RaisedNotification = Pick<
  Notification,
  "id" | "kind" | "subject" | "message" | "product" | "location" | "available" | "limit"
>

/** A notification as it is raised. */
export const raise = (what: RaisedNotification, now: DateTime.Utc): ChangedNotification =>
  changed(
    {
      ...what,
      state: "open",
      occurrences: 1,
      actor: null,
      raisedAt: now,
      snoozedUntil: null,
      resolvedAt: null,
      updatedAt: now,
      version: 1
    },
    "raised"
  )

/** What a change sets beside the state. */
type Set = Partial<Pick<Notification, "message" | "occurrences" | "actor" | "snoozedUntil" | "resolvedAt">>

/** A notification after a change. It keeps an end of snoozing only while it snoozes. */
export const change = (
  before: Notification,
  state: NotificationState,
  what: NotificationChange,
  now: DateTime.Utc,
  set: Set = {}
): ChangedNotification =>
  changed({ ...before, snoozedUntil: null, ...set, state, updatedAt: now, version: before.version + 1 }, what)

/** A notification once its cause is gone, or somebody said so. */
export const settle = (before: Notification, now: DateTime.Utc, actor: string | null): ChangedNotification =>
  change(before, "resolved", "resolved", now, { actor, resolvedAt: now })

export const knownNotification = (slice: Slice, id: string): Result.Result<Notification, UnknownNotification> => {
  const notification = slice.row("notifications", id)
  return notification === undefined
    ? Result.fail(new UnknownNotification({ notification: id }))
    : Result.succeed(notification)
}

/** The row id of the name that finds the notification of a cause. */
export const causeName = (kind: string, subject: string): string => `notice:${kind}:${subject}`
