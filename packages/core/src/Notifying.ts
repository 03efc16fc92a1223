/**
 * The commands over notifications: to raise and clear those of adapters, to acknowledge, snooze and resolve any, and to
 * review what follows from the passing of time alone.
 */
import { DateTime, Result, Schema } from "effect"
import { define, MAX_LINES } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { LotPlace, lotPlaceRefs, lotSubject, reviewLot, USUAL_EXPIRY_DAYS } from "./ExpiringLots.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import {
  type ChangedNotification,
  causeName,
  change,
  knownNotification,
  LATE_PURCHASE_ORDER,
  Notification,
  NotificationId,
  NotificationKind,
  NotificationMessage,
  type NotificationState,
  NotificationStateConflict,
  NotificationSubject,
  ownNotificationKinds,
  raise,
  settle,
  UnknownNotification
} from "./Notification.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { isLate, PurchaseOrderId } from "./PurchaseOrder.ts"
import { putName, type RowChange, ref, removeName } from "./Row.ts"
import type { Slice } from "./Slice.ts"

/** The kind is one that Onhand raises and clears by itself. */
export class NotificationKindReserved extends Schema.TaggedError<NotificationKindReserved>()(
  "NotificationKindReserved",
  { kind: Schema.String }
) {
  override get message() {
    return `${this.kind} is raised and cleared by Onhand itself; any other kind is accepted`
  }
}

/** The unresolved notification of a cause, if it has one. */
const openOf = (slice: Slice, kind: string, subject: string): Notification | undefined => {
  const name = slice.row("names", causeName(kind, subject))
  const found = name && slice.row("notifications", name.target)
  return found?.state === "resolved" ? undefined : found
}

/** The rows of a cause: its name, and the notification that the name stands for. */
const causeRefs = (slice: Slice, kind: string, subject: string) => {
  const id = causeName(kind, subject)
  const target = slice.row("names", id)?.target
  return [ref("names", id), ...(target === undefined ? [] : [ref("notifications", target)])]
}

/**
 * Raises a notification of an adapter's kind. While one of the same kind and subject is unresolved, it is that one:
 * its occurrences are counted and its message is the latest, and it stays acknowledged or snoozed if it was.
 */
export const RaiseNotification = define("RaiseNotification", {
  payload: {
    kind: NotificationKind,
    subject: NotificationSubject,
    message: NotificationMessage,
    product: Schema.optionalKey(ProductId),
    location: Schema.optionalKey(LocationId)
  },
  reply: Notification,
  refusals: [NotificationKindReserved, UnknownProduct, UnknownLocation],
  footprint: ({ kind, subject, product, location }, slice) => ({
    rows: [
      ...causeRefs(slice, kind, subject),
      ...(product === undefined ? [] : [ref("products", product)]),
      ...(location === undefined ? [] : [ref("locations", location)])
    ]
  }),
  decide: (slice, { kind, subject, message, product, location }, context) =>
    Result.gen(function* () {
      if (ownNotificationKinds.includes(kind)) return yield* Result.fail(new NotificationKindReserved({ kind }))
      if (product !== undefined) yield* knownProduct(slice, product)
      if (location !== undefined) yield* knownLocation(slice, location)
      const before = openOf(slice, kind, subject)
      if (before !== undefined) {
        const { state, actor, snoozedUntil, occurrences } = before
        const set = { message, actor, snoozedUntil, occurrences: occurrences + 1 }
        const { notification, row, event } = change(before, state, "repeated", context.now, set)
        return { reply: notification, rows: [row], events: [event] }
      }
      const about = { product: product ?? null, location: location ?? null, available: null, limit: null }
      const id = NotificationId.make(context.id)
      const { notification, row, event } = raise({ id, kind, subject, message, ...about }, context.now)
      return { reply: notification, rows: [row, putName(causeName(kind, subject), id)], events: [event] }
    })
})

/** Says that the cause of an adapter's notification is gone: it is resolved. Without one, nothing happens. */
export const ClearNotification = define("ClearNotification", {
  payload: { kind: NotificationKind, subject: NotificationSubject },
  reply: Schema.Struct({ resolved: Schema.NullOr(NotificationId) }),
  refusals: [NotificationKindReserved],
  footprint: ({ kind, subject }, slice) => ({ rows: causeRefs(slice, kind, subject) }),
  decide: (slice, { kind, subject }, context) => {
    if (ownNotificationKinds.includes(kind)) return Result.fail(new NotificationKindReserved({ kind }))
    const id = causeName(kind, subject)
    const before = openOf(slice, kind, subject)
    const settled = before && settle(before, context.now, null)
    return Result.succeed({
      reply: { resolved: before?.id ?? null },
      rows: [
        ...(slice.row("names", id) === undefined ? [] : [removeName(id)]),
        ...(settled === undefined ? [] : [settled.row])
      ],
      events: settled === undefined ? [] : [settled.event]
    })
  }
})

/** The notification, if it is in a state in which something can be done to it. */
const inState = (slice: Slice, id: NotificationId, accepted: ReadonlyArray<NotificationState>) =>
  Result.flatMap(
    knownNotification(slice, id),
    (notification): Result.Result<Notification, NotificationStateConflict> =>
      accepted.includes(notification.state)
        ? Result.succeed(notification)
        : Result.fail(new NotificationStateConflict({ notification: id, state: notification.state, accepted }))
  )

const told = ({ notification, row, event }: ChangedNotification) => ({
  reply: notification,
  rows: [row],
  events: [event]
})

const aNotification = { notification: NotificationId }
const footprint = ({ notification }: { readonly notification: NotificationId }) => ({
  rows: [ref("notifications", notification)]
})
const refusals = [UnknownNotification, NotificationStateConflict]

/** Takes a notification in hand, so that others see that somebody looks after it. */
export const AcknowledgeNotification = define("AcknowledgeNotification", {
  payload: aNotification,
  reply: Notification,
  refusals,
  footprint,
  decide: (slice, { notification: id }, { now, actor }) =>
    Result.map(inState(slice, id, ["open", "snoozed"]), (before) =>
      told(change(before, "acknowledged", "acknowledged", now, { actor }))
    )
})

/** The longest that a notification may be put off: 90 days, in milliseconds. */
export const MAX_SNOOZE = 90 * 86_400_000

/** Puts a notification off. The time is counted from the store's own clock; a review opens it again when it is over. */
export const SnoozeNotification = define("SnoozeNotification", {
  payload: { ...aNotification, millis: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_SNOOZE })) },
  reply: Notification,
  refusals,
  footprint,
  decide: (slice, { notification: id, millis }, { now, actor }) =>
    Result.map(inState(slice, id, ["open", "acknowledged", "snoozed"]), (before) => {
      const snoozedUntil = DateTime.add(now, { milliseconds: millis })
      return told(change(before, "snoozed", "snoozed", now, { actor, snoozedUntil }))
    })
})

/** Says that a notification is dealt with. One that Onhand raised is not raised again before its cause was gone. */
export const ResolveNotification = define("ResolveNotification", {
  payload: aNotification,
  reply: Notification,
  refusals,
  footprint,
  decide: (slice, { notification: id }, { now, actor }) =>
    Result.map(inState(slice, id, ["open", "acknowledged", "snoozed"]), (before) => told(settle(before, now, actor)))
})

/** What a review may have to look at, by id. */
const due = {
  notifications: Schema.Array(NotificationId).check(Schema.isMaxLength(MAX_LINES)),
  purchaseOrders: Schema.Array(PurchaseOrderId).check(Schema.isMaxLength(MAX_LINES)),
  lots: Schema.optionalKey(Schema.Array(LotPlace).check(Schema.isMaxLength(MAX_LINES))),
  /** How many days before its expiry a lot is told of; {@link USUAL_EXPIRY_DAYS} when left out. */
  expiryDays: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_650 })))
}
/** What `read.dueForReview` finds: snoozed notifications whose time is over, and orders that became late or are not. */
export interface DueForReview {
  readonly notifications: ReadonlyArray<NotificationId>
  readonly purchaseOrders: ReadonlyArray<PurchaseOrderId>
}

/** What becomes of the notification of a purchase order that is late, or is not. */
const reviewOrder = (slice: Slice, id: PurchaseOrderId, nth: number, context: { id: string; now: DateTime.Utc }) => {
  const order = slice.row("purchaseOrders", id)
  const name = causeName(LATE_PURCHASE_ORDER, id)
  const late = order !== undefined && isLate(order, context.now)
  if (late === (slice.row("names", name) !== undefined)) return undefined
  if (late) {
    const raised = raise(
      {
        id: NotificationId.make(`${context.id}-n${nth}`),
        kind: LATE_PURCHASE_ORDER,
        subject: id,
        message: "",
        product: null,
        location: order.destination,
        available: null,
        limit: null
      },
      context.now
    )
    return { changed: raised, name: putName(name, raised.notification.id) }
  }
  const before = openOf(slice, LATE_PURCHASE_ORDER, id)
  return { changed: before && settle(before, context.now, null), name: removeName(name) }
}

/**
 * Does what the passing of time alone asks for: opens snoozed notifications whose time is over, raises one for each
 * purchase order that is late and for each lot at a location that expires soon, and resolves those of orders that are
 * late no more and of lots of which nothing is left. What is not so by the store's clock is left as it is, so it may be
 * sent any number of times.
 */
export const ReviewNotifications = define("ReviewNotifications", {
  payload: due,
  reply: Schema.Struct({
    raised: Schema.Array(NotificationId),
    woken: Schema.Array(NotificationId),
    resolved: Schema.Array(NotificationId)
  }),
  refusals: [],
  locations: ({ lots = [] }) => lots.map(({ location }) => location),
  footprint: ({ notifications, purchaseOrders, lots = [] }, slice) => ({
    stock: lots,
    rows: [
      ...lots.flatMap((place) => lotPlaceRefs(place, slice)),
      ...notifications.map((id) => ref("notifications", id)),
      ...purchaseOrders.flatMap((id) => [ref("purchaseOrders", id), ...causeRefs(slice, LATE_PURCHASE_ORDER, id)])
    ]
  }),
  decide: (slice, { notifications, purchaseOrders, lots = [], expiryDays = USUAL_EXPIRY_DAYS }, context) => {
    const rows: Array<RowChange> = []
    const events: Array<NewEvent> = []
    const reply = {
      raised: [] as Array<NotificationId>,
      woken: [] as Array<NotificationId>,
      resolved: [] as Array<NotificationId>
    }
    const take = (list: Array<NotificationId>, { notification, row, event }: ChangedNotification) => {
      list.push(notification.id)
      rows.push(row)
      events.push(event)
    }
    // A notification that is resolved here because its cause is gone is not woken too.
    const settled = new Set<string>()
    const places = new Map(lots.map((place) => [lotSubject(place), place]))
    const reviews = [
      ...[...new Set(purchaseOrders)].map((id, nth) => reviewOrder(slice, id, nth, context)),
      ...[...places.values()].map((place, nth) => reviewLot(slice, place, expiryDays, `${context.id}-l${nth}`, context))
    ]
    for (const reviewed of reviews) {
      if (reviewed === undefined) continue
      rows.push(reviewed.name)
      const { changed } = reviewed
      if (changed === undefined) continue
      if (changed.notification.state === "resolved") settled.add(changed.notification.id)
      take(changed.notification.state === "resolved" ? reply.resolved : reply.raised, changed)
    }
    for (const id of new Set(notifications)) {
      const before = slice.row("notifications", id)
      const over = before?.snoozedUntil != null && DateTime.isLessThanOrEqualTo(before.snoozedUntil, context.now)
      if (before === undefined || !over || settled.has(id)) continue
      take(reply.woken, change(before, "open", "woken", context.now, { actor: before.actor }))
    }
    return Result.succeed({ reply, rows, events })
  }
})
