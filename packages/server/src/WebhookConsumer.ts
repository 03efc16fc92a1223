/**
 * The consumer that tells webhooks of events: what each says is made once, in the commit that takes down how far the
 * feed was followed, and sent until its receiver took it.
 */
import {
  type Consumer,
  type CourierOptions,
  courier,
  type Deliveries,
  DeliveryFailed,
  type Event,
  Inventory,
  isWanted,
  type NewDelivery,
  StoreUnavailable,
  type Webhook,
  WebhookId
} from "@onhand/core"
import { Clock, DateTime, Effect, Option, Schema } from "effect"
import { liveEvent, productsIn } from "./LiveEvent.ts"
import { Units } from "./Units.ts"
import { postWebhook, type WebhookOptions } from "./WebhookPost.ts"

/** The name under which its place in the feed and its deliveries are kept. */
export const WEBHOOK_CONSUMER = "webhooks"

const decodeText = Schema.decodeUnknownOption(Schema.String)

const allWebhooks = Effect.gen(function* () {
  const { read } = yield* Inventory
  const all: Array<Webhook> = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = yield* Effect.catchTag(
      read.webhooks({ _tag: "Cursor", limit: 100, ...(cursor ? { cursor } : {}) }),
      "InvalidCursor",
      Effect.die
    )
    all.push(...page.items)
    cursor = page.nextCursor
  }
  return all
})

/** The secrets that messages are signed with now: the last one, and for a while the one before. */
const secretsOf = ({ secret, previous }: Webhook, now: number): ReadonlyArray<string> =>
  [secret, ...(previous !== null && DateTime.toEpochMillis(previous.until) > now ? [previous.secret] : [])].filter(
    (one) => one !== ""
  )

/** What a webhook is told of an event, after Standard Webhooks: its type, its time, and what it says. */
const bodyOf = (event: ReturnType<typeof liveEvent>): string => {
  const { _tag: type, recordedAt: timestamp, ...data } = event
  return JSON.stringify({ type, timestamp, data })
}

/** The consumer, over the inventory's events and the units of its products. */
const webhookConsumer = (options: WebhookOptions) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const units = yield* Units
    const listed = Effect.provideService(allWebhooks, Inventory, inventory)

    const told = (
      event: Event,
      webhooks: ReadonlyArray<Webhook>
    ): Effect.Effect<ReadonlyArray<NewDelivery>, StoreUnavailable> => {
      const wanted = webhooks.filter(
        (webhook) =>
          isWanted(webhook, event.event._tag) && DateTime.isGreaterThanOrEqualTo(event.recordedAt, webhook.createdAt)
      )
      if (wanted.length === 0) return Effect.succeed([])
      return units.ofKnown(productsIn(event.event)).pipe(
        // The units are told as to a client of the server; to the courier the store is what did not answer.
        Effect.mapError((cause) => new StoreUnavailable({ retryAfterMillis: cause.retryAfterMillis, cause })),
        Effect.map((decimals) => {
          const body = bodyOf(liveEvent(event, decimals))
          const place = `${event.shard}-${event.seq}-${event.line}`
          return wanted.map(({ id }) => ({ id: `msg_${id}_${place}`, target: id, body }))
        })
      )
    }

    return {
      name: WEBHOOK_CONSUMER,
      isIdle: Effect.map(listed, (all) => all.every(({ state }) => state !== "active")),
      collect: (events) =>
        Effect.gen(function* () {
          if (events.length === 0) return {}
          const webhooks = yield* listed
          const deliveries = yield* Effect.forEach(events, (event) => told(event, webhooks))
          return { deliveries: deliveries.flat() }
        }),
      send: ({ id, target, body }) =>
        Effect.gen(function* () {
          const found = yield* inventory.read.webhook(WebhookId.make(target))
          const text = decodeText(body)
          if (Option.isNone(found) || Option.isNone(text) || found.value.state !== "active") {
            return yield* new DeliveryFailed({ reason: "The webhook is paused or removed", lasting: true })
          }
          const now = yield* Clock.currentTimeMillis
          const secrets = secretsOf(found.value, now)
          if (secrets.length === 0) return yield* new DeliveryFailed({ reason: "It has no secret", lasting: true })
          yield* postWebhook({ id, url: found.value.url, secrets, body: text.value }, now, options)
        }).pipe(
          Effect.catchTag("StoreUnavailable", ({ message }) =>
            Effect.fail(new DeliveryFailed({ reason: message, lasting: false }))
          )
        )
    } satisfies Consumer
  })

/** Tells webhooks of events without end; see {@link courier} for what is guaranteed. */
export const tellingWebhooks = (
  options: WebhookOptions = {},
  settings: CourierOptions = {}
): Effect.Effect<never, never, Inventory | Deliveries> =>
  webhookConsumer(options).pipe(
    Effect.flatMap((consumer) => courier(consumer, settings)),
    Effect.provide(Units.layer)
  )
