/**
 * Webhooks over HTTP. A secret is made here, told once, and never read from the store again but to sign.
 */
import { randomBytes } from "node:crypto"
import {
  CurrentActor,
  OnhandApi,
  type Unavailable,
  type WebhookDelivery,
  type Webhook as WireWebhook
} from "@onhand/api"
import {
  Deliveries,
  type Delivery,
  Inventory,
  type PublicWebhook,
  publicWebhook,
  UnknownDelivery,
  UnknownWebhook,
  type Webhook,
  type WebhookId
} from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { WEBHOOK_CONSUMER } from "./WebhookConsumer.ts"
import { refusedUrl } from "./WebhookPost.ts"

/** As many random bytes as an HMAC of SHA-256 has any use for. */
const SECRET_BYTES = 32

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`

const webhookReply = ({ state, ...webhook }: PublicWebhook): WireWebhook => ({
  ...webhook,
  // One that is removed is not found, and never answered.
  state: state === "paused" ? "paused" : "active",
  createdAt: timestamp(webhook.createdAt),
  updatedAt: timestamp(webhook.updatedAt)
})

const deliveryReply = (delivery: Delivery): WebhookDelivery => ({
  id: delivery.id,
  state: delivery.state,
  attempts: delivery.attempts,
  dueAt: timestamp(delivery.dueAt),
  error: delivery.error,
  body: String(delivery.body),
  createdAt: timestamp(delivery.createdAt),
  updatedAt: timestamp(delivery.updatedAt)
})

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const kept = yield* Effect.serviceOption(Deliveries)
  const { webhooks: options } = yield* ServerSettings

  const found = (id: WebhookId): Effect.Effect<Webhook, UnknownWebhook | Unavailable> =>
    Effect.flatMap(
      answering(inventory.read.webhook(id)),
      Option.match({
        onNone: () => Effect.fail(new UnknownWebhook({ webhook: id })),
        onSome: (webhook) =>
          webhook.state === "removed" ? Effect.fail(new UnknownWebhook({ webhook: id })) : Effect.succeed(webhook)
      })
    )
  const checkUrl = (url: string | undefined) => {
    const refused = url === undefined ? undefined : refusedUrl(url, options)
    return refused === undefined ? Effect.void : Effect.fail(faulty("payload.url", refused))
  }
  /** The reply to who made a secret. Asked again with the same key, it is still the one that was kept. */
  const withSecret = ({ reply, replayed }: { readonly reply: PublicWebhook; readonly replayed: boolean }) =>
    Effect.map(found(reply.id), ({ secret }) =>
      changedReply({ ...webhookReply(reply), secret }, reply.version, replayed)
    )
  const as = (headers: { readonly "idempotency-key"?: string }) =>
    Effect.map(CurrentActor, (actor) => ({ actor, key: bareKey(headers["idempotency-key"]) }))

  return { inventory, kept, found, checkUrl, withSecret, as }
})

export const layerWebhooks = HttpApiBuilder.group(
  OnhandApi,
  "webhooks",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, kept, found, checkUrl, withSecret, as } = yield* make
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const page = yield* answering(inventory.read.webhooks(yield* pageRequest(query)))
        return pageReply(page, (webhook) => webhookReply(publicWebhook(webhook)))
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        yield* checkUrl(payload.url)
        const command = { ...payload, secret: newSecret() }
        const made = yield* submitAs(inventory, "createWebhook", command, yield* as(headers))
        return yield* Effect.catchTag(withSecret(made), "UnknownWebhook", Effect.die)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const webhook = yield* found(params.id)
        return conditional(webhookReply(publicWebhook(webhook)), etagOf(webhook.version), headers["if-none-match"])
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const expected = yield* expectedVersion(headers["if-match"])
        yield* checkUrl(payload.url)
        const command = { ...payload, webhook: params.id, expected }
        const { reply, replayed } = yield* submitAs(inventory, "updateWebhook", command, yield* as(headers))
        return changedReply(webhookReply(reply), reply.version, replayed)
      }),
      remove: Effect.fnUntraced(function* ({ params, headers }) {
        const expected = yield* expectedVersion(headers["if-match"])
        yield* submitAs(inventory, "removeWebhook", { webhook: params.id, expected }, yield* as(headers))
        return HttpServerResponse.empty({ status: 204 })
      }),
      rotate: Effect.fnUntraced(function* ({ params, headers }) {
        const command = { webhook: params.id, expected: "any", secret: newSecret() } as const
        const made = yield* submitAs(inventory, "updateWebhook", command, yield* as(headers))
        return yield* withSecret(made)
      }),
      deliveries: Effect.fnUntraced(function* ({ params, query }) {
        yield* found(params.id)
        const request = yield* pageRequest(query)
        if (Option.isNone(kept)) return { items: [], nextCursor: null }
        const filter = { consumer: WEBHOOK_CONSUMER, target: params.id, state: query.state }
        return pageReply(yield* answering(kept.value.list(filter, request)), deliveryReply)
      }),
      replay: Effect.fnUntraced(function* ({ params: { id, delivery } }) {
        yield* found(id)
        if (Option.isNone(kept)) return yield* new UnknownDelivery({ delivery })
        return deliveryReply(yield* answering(kept.value.replay(WEBHOOK_CONSUMER, id, delivery)))
      })
    })
  })
)
