/**
 * The mail consumer: writes to whoever looks after the stock when a notification is raised, or comes back after a
 * snooze.
 */
import { Effect, Option, Schema } from "effect"
import { type Consumer, DeliveryFailed } from "./Courier.ts"
import type { Event } from "./Event.ts"
import { uuidV7 } from "./Id.ts"
import { Inventory } from "./Inventory.ts"
import {
  type DueMail,
  defaultMailSettings,
  dueMail,
  Mail,
  Mailer,
  MailNote,
  type MailNotes,
  type MailSettings,
  type Notice,
  noted
} from "./Mail.ts"
import { addressed, type MailReceivers } from "./MailReceivers.ts"
import { type Notification, NotificationId } from "./Notification.ts"
import { decimalFromQuantity } from "./Quantity.ts"

/** The lines of one mail. What is more is counted, and can be read in the list of notifications. */
const MOST_LINES = 200

/** The characters of a subject; what mail programs show of it is less. */
const MOST_SUBJECT = 200

const decodeNote = Schema.decodeUnknownSync(MailNote)
const encodeNote = Schema.encodeSync(MailNote)
const encodeMail = Schema.encodeSync(Mail)
const decodeMail = Schema.decodeUnknownOption(Mail)

/** The notices in events: what was raised, or is back. */
const noticesIn = (events: ReadonlyArray<Event>): ReadonlyArray<Notice> =>
  events.flatMap(({ event }) =>
    event._tag === "NotificationChanged" && (event.change === "raised" || event.change === "woken")
      ? [{ cause: `${event.kind}:${event.subject}`, notification: event.notification, location: event.location }]
      : []
  )

const WORDS: Readonly<Record<string, string>> = {
  lowStock: "Low stock",
  outOfStock: "Out of stock",
  overstock: "Overstock",
  latePurchaseOrder: "Late purchase order",
  expiringLot: "Expiring lot",
  failedSync: "Failed sync"
}

/** A kind in words: those of Onhand's own, and `lateTruck` as "Late truck". */
const words = (kind: string): string => {
  const spaced = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return WORDS[kind] ?? spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** What a mail says of a notification: what it is, of what, where, and how it stands. */
const lineOf = (notification: Notification, count: number) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const product = notification.product && Option.getOrNull(yield* read.product(notification.product))
    const location = notification.location && Option.getOrNull(yield* read.location(notification.location))
    const quantity = (steps: number) =>
      `${decimalFromQuantity(steps, product?.unit.decimals ?? 0)} ${product?.unit.name ?? ""}`.trim()
    const about = product === null ? notification.subject : `${product.name} (${product.sku})`
    const where = location === null ? "" : ` at ${location.name}`
    const left = notification.available === null ? "" : `: ${quantity(notification.available)} available`
    const limit =
      notification.limit === null || notification.limit === 0 ? "" : `, the limit is ${quantity(notification.limit)}`
    const said = notification.message === "" ? "" : `: ${notification.message}`
    const often = count > 1 ? `; raised ${count} times` : ""
    const state = notification.state === "resolved" ? "; resolved since" : ""
    return `${words(notification.kind)}: ${about}${where}${left}${limit}${said}${often}${state}`
  })

/** The mail that is due, as it is now: what was resolved meanwhile says so. */
const written = ({ kind, notes }: DueMail, to: Mail["to"], now: number) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const lines: Array<string> = []
    for (const [, { notification, count }] of notes.slice(0, MOST_LINES)) {
      const found = yield* read.notification(NotificationId.make(notification))
      if (Option.isSome(found)) lines.push(yield* lineOf(found.value, count))
    }
    const more = notes.length - MOST_LINES
    if (more > 0) lines.push(`… and ${more} more, which the list of notifications has.`)
    const [only] = lines
    const subject =
      kind === "digest"
        ? `What came up again: ${notes.length} ${notes.length === 1 ? "notification" : "notifications"}`
        : notes.length === 1 && only !== undefined
          ? only.replace(/\s+/g, " ").slice(0, MOST_SUBJECT)
          : `${notes.length} notifications`
    const receivers = to === undefined ? {} : { to }
    return { id: uuidV7(now), subject, text: `${lines.join("\n")}\n`, automatic: true, ...receivers }
  })

/** The mails that a due one becomes: one to those whom the mailer writes to, or one for each part of the receivers. */
const mailsOf = (due: DueMail, receivers: MailReceivers | undefined, now: number) =>
  Effect.gen(function* () {
    if (receivers === undefined) return [yield* written(due, undefined, now)]
    const parts = yield* addressed(due.notes, receivers)
    return yield* Effect.forEach(parts, ({ to, notes }) => written({ ...due, notes }, to, now))
  })

/** What changed between two states of the notes. */
const changesOf = (before: MailNotes, after: MailNotes): ReadonlyMap<string, Schema.Json | null> => {
  const changes = new Map<string, Schema.Json | null>()
  for (const [cause, note] of after) if (before.get(cause) !== note) changes.set(cause, encodeNote(note))
  for (const cause of before.keys()) if (!after.has(cause)) changes.set(cause, null)
  return changes
}

/**
 * The consumer that writes mail about notifications, over the mailer: to those whom the mailer writes to, or to
 * `receivers`. What nobody is to get is not written; the list of notifications has it.
 */
export const mailNotices = (
  settings: MailSettings = defaultMailSettings,
  receivers?: MailReceivers
): Effect.Effect<Consumer, never, Inventory | Mailer> =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const mailer = yield* Mailer
    // The courier gives back what was kept; decoding it once a start is enough.
    const decoded = new WeakMap<object, MailNotes>()
    const notesOf = (kept: ReadonlyMap<string, Schema.Json>): MailNotes => {
      return decoded.get(kept) ?? new Map([...kept].map(([cause, note]) => [cause, decodeNote(note)] as const))
    }
    return {
      name: "mail",
      collect: (events, kept, now) =>
        Effect.gen(function* () {
          const before = notesOf(kept)
          const due = dueMail(noted(before, noticesIn(events), now), now, settings)
          const deliveries = []
          for (const mail of due.mails) {
            const made = yield* Effect.provideService(mailsOf(mail, receivers, now), Inventory, inventory)
            // One that the mail server does not take keeps back no other.
            for (const one of made) {
              deliveries.push({ id: one.id, target: one.to?.[0] ?? "mail", body: encodeMail(one) })
            }
          }
          decoded.set(kept, due.notes)
          return { notes: changesOf(before, due.notes), deliveries }
        }),
      send: ({ body }) =>
        Option.match(decodeMail(body), {
          onNone: () => Effect.fail(new DeliveryFailed({ reason: "This is no mail", lasting: true })),
          onSome: (mail) => mailer.send(mail)
        })
    }
  })
