/**
 * What the server does beside answering: it reviews what time alone brings about, and sends what is on its way out.
 */
import { courier, mailNotices, reviewing } from "@onhand/core"
import { layerSmtp } from "@onhand/mail"
import { tellingWebhooks, type WebhookOptions } from "@onhand/server"
import { Effect, Option } from "effect"
import type { MailChoice } from "./MailChoice.ts"

/** Starts it, for as long as the scope lives. */
export const startBackgroundWork = (mail: Option.Option<MailChoice>, webhooks: WebhookOptions) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(reviewing())
    yield* Effect.forkScoped(tellingWebhooks(webhooks))
    if (Option.isNone(mail)) return
    const { when, ...smtp } = mail.value
    const writing = Effect.flatMap(mailNotices(when), (consumer) => courier(consumer))
    yield* Effect.forkScoped(Effect.provide(writing, layerSmtp(smtp)))
  })
