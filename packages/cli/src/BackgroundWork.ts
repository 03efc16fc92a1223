/**
 * What the server does beside answering: it reviews what time alone brings about, and sends what is on its way out.
 */
import { courier, mailNotices, type ReviewOptions, reviewing, USUAL_EXPIRY_DAYS, vendorMails } from "@onhand/core"
import { layerSmtp } from "@onhand/mail"
import { tellingWebhooks, type WebhookOptions } from "@onhand/server"
import { Effect, Option, Schema } from "effect"
import { value } from "./Configuration.ts"
import type { MailChoice } from "./MailChoice.ts"

const Days = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 3_650 }))

/** How many days before its expiry a lot is told of. */
export const expiryDaysSetting = value("ONHAND_EXPIRY_DAYS", Days, USUAL_EXPIRY_DAYS)

/** Starts it, for as long as the scope lives. */
export const startBackgroundWork = (
  mail: Option.Option<MailChoice>,
  webhooks: WebhookOptions,
  review: ReviewOptions = {}
) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(reviewing(review))
    yield* Effect.forkScoped(tellingWebhooks(webhooks))
    if (Option.isNone(mail)) return
    const { when, roles, ...smtp } = mail.value
    const receivers = roles.length === 0 ? undefined : { roles, addresses: smtp.to }
    const writing = Effect.flatMap(mailNotices(when, receivers), (consumer) => courier(consumer))
    const writingToVendors = Effect.flatMap(vendorMails, (consumer) => courier(consumer))
    const all = Effect.raceFirst(writing, writingToVendors)
    yield* Effect.forkScoped(Effect.provide(all, layerSmtp(smtp)))
  })
