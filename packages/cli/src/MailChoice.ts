/**
 * Mail, as the environment chooses it: by which server, from whom, to whom, and how often.
 */
import { defaultMailSettings, type MailSettings } from "@onhand/core"
import { Effect, Option, Redacted, Schema } from "effect"
import { Mistake, type Setting, secret, text, value } from "./Configuration.ts"

export interface MailChoice {
  readonly url: Redacted.Redacted<string>
  readonly from: string
  readonly to: ReadonlyArray<string>
  /** Users with these roles are written to, each of what is at locations of theirs. */
  readonly roles: ReadonlyArray<string>
  readonly when: MailSettings
}

const ADDRESS = /^[^\s@<>,]{1,64}@[^\s@<>,]+$/
const SENDER = /^(?:[^<>\r\n]*<[^\s@<>,]{1,64}@[^\s@<>,]+>|[^\s@<>,]{1,64}@[^\s@<>,]+)$/

const Whole = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 10_080 }))

/** What stands between commas. */
const listed = (list: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(list, { onNone: () => [], onSome: (all) => all.split(",").map((one) => one.trim()) })

const isSmtpUrl = (url: string): boolean => /^smtps?:$/.test(URL.parse(url)?.protocol ?? "")

/** The mail that is wanted; none without ONHAND_SMTP_URL. */
export const mailSetting: Setting<Option.Option<MailChoice>> = Effect.gen(function* () {
  // All are asked for first: one that nobody asked for would count as unknown.
  const from = yield* text("ONHAND_MAIL_FROM")
  const to = yield* text("ONHAND_MAIL_TO")
  const byRole = yield* text("ONHAND_MAIL_ROLES")
  const seconds = yield* value("ONHAND_MAIL_GATHER_SECONDS", Whole, defaultMailSettings.gatherMillis / 1_000)
  const minutes = yield* value("ONHAND_MAIL_QUIET_MINUTES", Whole, defaultMailSettings.quietMillis / 60_000)
  const url = yield* secret("ONHAND_SMTP_URL")
  if (Option.isNone(url)) {
    if (Option.isNone(from) && Option.isNone(to) && Option.isNone(byRole)) return Option.none()
    return yield* new Mistake({
      text: "ONHAND_SMTP_URL: mail needs a server; smtp://user:password@host:587 or smtps://host is accepted"
    })
  }
  // The URL may hold a password, so a wrong one is not quoted.
  if (!isSmtpUrl(Redacted.value(url.value))) {
    return yield* new Mistake({
      text: "ONHAND_SMTP_URL: this is no URL of a mail server; smtp://user:password@host or smtps://host is accepted"
    })
  }
  const sender = Option.getOrElse(from, () => "").trim()
  if (!SENDER.test(sender)) {
    return yield* new Mistake({
      text: "ONHAND_MAIL_FROM: the sender is accepted, such as stock@example.com or Onhand <stock@example.com>"
    })
  }
  const [receivers, roles] = [listed(to), listed(byRole)]
  if (!receivers.every((one) => ADDRESS.test(one)) || receivers.length + roles.length === 0) {
    return yield* new Mistake({
      text:
        "ONHAND_MAIL_TO: addresses are accepted, with commas between, such as ann@example.com,bob@example.com; " +
        "or the roles of users in ONHAND_MAIL_ROLES, such as admin,warehouse_manager"
    })
  }
  const when = { gatherMillis: seconds * 1_000, quietMillis: minutes * 60_000 }
  return Option.some({ url: url.value, from: sender, to: receivers, roles, when })
})
