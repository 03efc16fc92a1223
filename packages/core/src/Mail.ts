/**
 * Mail about notifications: who is written to at once, and what comes in a digest. Once a mail went about a cause,
 * whatever follows of that cause within the quiet time comes in one digest at its end; so a cause that comes and goes
 * a thousand times in an hour is one mail and one digest.
 */
import { Context, type Effect, Schema } from "effect"
import type { DeliveryFailed } from "./Courier.ts"
import { LocationId } from "./Location.ts"

/**
 * A mail as it is handed over. `id` names it for ever: the same mail sent again has the same. `to` are its receivers,
 * where they are not those whom the mailer writes to. `automatic`: no person wrote it.
 */
export const Mail = Schema.Struct({
  id: Schema.String,
  subject: Schema.String,
  text: Schema.String,
  to: Schema.optionalKey(Schema.NonEmptyArray(Schema.String)),
  automatic: Schema.optionalKey(Schema.Boolean)
})
export interface Mail extends Schema.Schema.Type<typeof Mail> {}

export interface MailerShape {
  /** Hands a mail over to be delivered; it is done once the other side has taken it. */
  readonly send: (mail: Mail) => Effect.Effect<void, DeliveryFailed>
}

/** The mail port: from whom, by which server, and to whom where a mail does not say, is its own to know. */
export class Mailer extends Context.Service<Mailer, MailerShape>()("@onhand/core/Mailer") {}

/** When mail is written. Times are in milliseconds. */
export interface MailSettings {
  /** How long the first notice of a mail waits for others, so that what happens together comes together. */
  readonly gatherMillis: number
  /** How long nothing more is written at once about a cause that was written about. */
  readonly quietMillis: number
}

export const defaultMailSettings: MailSettings = { gatherMillis: 10_000, quietMillis: 3_600_000 }

/**
 * What is remembered of a cause: when it was last written about, and what waits to be. `count` notices wait since
 * `since`; `notification` is the last of them, and `location` where it is about one.
 */
export const MailNote = Schema.Struct({
  mailedAt: Schema.NullOr(Schema.Finite),
  since: Schema.NullOr(Schema.Finite),
  count: Schema.Int,
  notification: Schema.String,
  location: Schema.NullOr(LocationId)
})
export interface MailNote extends Schema.Schema.Type<typeof MailNote> {}
export type MailNotes = ReadonlyMap<string, MailNote>

/** Something to write about: its cause, the notification, and where it is, if it is anywhere. */
export interface Notice {
  readonly cause: string
  readonly notification: string
  readonly location: LocationId | null
}

/** Notes after new notices. */
export const noted = (notes: MailNotes, notices: ReadonlyArray<Notice>, now: number): MailNotes => {
  const next = new Map(notes)
  for (const { cause, ...of } of notices) {
    const before = next.get(cause) ?? { mailedAt: null, since: null, count: 0 }
    next.set(cause, { ...before, since: before.since ?? now, count: before.count + 1, ...of })
  }
  return next
}

/** A mail to be written: notices at once, or the digest of those that had to wait. */
export interface DueMail {
  readonly kind: "notice" | "digest"
  readonly notes: ReadonlyArray<readonly [cause: string, note: MailNote]>
}

const isQuiet = ({ mailedAt }: MailNote, now: number, { quietMillis }: MailSettings): boolean =>
  mailedAt !== null && mailedAt + quietMillis > now

/** What is to be written now, if anything, and the notes after it was. */
export const dueMail = (
  notes: MailNotes,
  now: number,
  settings: MailSettings
): { readonly mails: ReadonlyArray<DueMail>; readonly notes: MailNotes } => {
  const waiting = [...notes].filter(([, { count }]) => count > 0)
  const fresh = waiting.filter(([, { mailedAt }]) => mailedAt === null)
  const held = waiting.filter(([, { mailedAt }]) => mailedAt !== null)
  const mails: Array<DueMail> = []
  if (fresh.some(([, { since }]) => since !== null && since + settings.gatherMillis <= now))
    mails.push({ kind: "notice", notes: fresh })
  // The first whose quiet time is over takes the others along.
  if (held.some(([, note]) => !isQuiet(note, now, settings))) mails.push({ kind: "digest", notes: held })
  const next = new Map(notes)
  for (const [cause, note] of mails.flatMap((mail) => mail.notes)) {
    next.set(cause, { ...note, mailedAt: now, since: null, count: 0 })
  }
  for (const [cause, note] of next) {
    if (note.count === 0 && !isQuiet(note, now, settings)) next.delete(cause)
  }
  return { mails, notes: next }
}
