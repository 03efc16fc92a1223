/**
 * Webhooks: addresses of other programs that are told of events.
 */
import { DateTime, Result, Schema } from "effect"
import { define } from "./Command.ts"
import { NewEvent } from "./Event.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

export const WebhookId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("WebhookId"))
export type WebhookId = typeof WebhookId.Type

/** The names of the events that there are. */
export const eventNames = Object.keys(NewEvent.cases) as ReadonlyArray<NewEvent["_tag"]>
export const EventName = Schema.Literals(eventNames)
export type EventName = typeof EventName.Type

/** Where messages are sent: an address of HTTPS, or of HTTP where a host allows it, without a password in it. */
export const WebhookUrl = Schema.String.check(
  Schema.isMaxLength(2_000),
  Schema.isPattern(/^https?:\/\/[^\s/?#@\\]+(?:[/?#][^\s\\]*)?$/i)
)

/**
 * With what messages are signed: `whsec_` and 24 to 64 random bytes in base64, after Standard Webhooks. It is empty
 * where a command is decided anew from its record, which never has it; without one nothing is sent.
 */
export const WebhookSecret = Schema.String.check(Schema.isPattern(/^(?:whsec_[A-Za-z0-9+/]{32,86}={0,2})?$/))

/** How long the secret before is signed with too, so that a receiver can change over: a day, in milliseconds. */
export const SECRET_OVERLAP_MILLIS = 86_400_000

const WebhookEvents = Schema.Array(EventName).check(Schema.isMaxLength(eventNames.length))
const Description = Schema.String.check(Schema.isMaxLength(500))

/** `active` is told of events, `paused` is not for now, and `removed` never again. */
export const WebhookState = Schema.Literals(["active", "paused", "removed"])
export type WebhookState = typeof WebhookState.Type

/**
 * `events` names those that are wanted; none means all. `previous` is the secret before, until when messages are signed
 * with it too.
 */
export const Webhook = Schema.Struct({
  id: WebhookId,
  url: WebhookUrl,
  events: WebhookEvents,
  description: Description,
  state: WebhookState,
  secret: Schema.String,
  previous: Schema.NullOr(Schema.Struct({ secret: Schema.String, until: Schema.DateTimeUtcFromString })),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Webhook" })
export interface Webhook extends Schema.Schema.Type<typeof Webhook> {}

const { secret: _secret, previous: _previous, ...publicFields } = Webhook.fields

/** A webhook without its secrets, which no reply and no log may carry. */
export const PublicWebhook = Schema.Struct(publicFields).annotate({ identifier: "PublicWebhook" })
export interface PublicWebhook extends Schema.Schema.Type<typeof PublicWebhook> {}

/** The webhook without its secrets. */
export const publicWebhook = ({ secret: _, previous: __, ...webhook }: Webhook): PublicWebhook => webhook

/** Whether a webhook is told of an event. */
export const isWanted = ({ state, events }: Webhook, name: EventName): boolean =>
  state === "active" && (events.length === 0 || events.includes(name))

export class UnknownWebhook extends Schema.TaggedError<UnknownWebhook>()("UnknownWebhook", { webhook: Schema.String }) {
  override get message() {
    return `There is no webhook ${this.webhook}; the id of one that was created and not removed is accepted`
  }
}

const knownWebhook = (slice: Slice, id: WebhookId): Result.Result<Webhook, UnknownWebhook> => {
  const webhook = slice.row("webhooks", id)
  return webhook === undefined || webhook.state === "removed"
    ? Result.fail(new UnknownWebhook({ webhook: id }))
    : Result.succeed(webhook)
}

const written = (webhook: Webhook) => ({
  reply: publicWebhook(webhook),
  rows: [put("webhooks", webhook)],
  events: [{ _tag: "WebhookChanged" as const, webhook: webhook.id, state: webhook.state }]
})

/** Creates a webhook. It is told of what happens from then on. */
export const CreateWebhook = define("CreateWebhook", {
  payload: {
    url: WebhookUrl,
    secret: WebhookSecret,
    events: Schema.optionalKey(WebhookEvents),
    description: Schema.optionalKey(Description)
  },
  reply: PublicWebhook,
  refusals: [],
  secrets: ["secret"],
  footprint: () => ({}),
  decide: (_, { url, secret, events = [], description = "" }, { id, now }) =>
    Result.succeed(
      written({
        id: WebhookId.make(id),
        url,
        secret,
        previous: null,
        events,
        description,
        state: "active",
        version: 1,
        createdAt: now,
        updatedAt: now
      })
    )
})

/**
 * Changes what is named of a webhook. A new secret signs from then on; the one before signs too for
 * {@link SECRET_OVERLAP_MILLIS}.
 */
export const UpdateWebhook = define("UpdateWebhook", {
  payload: {
    webhook: WebhookId,
    expected: ExpectedVersion,
    url: Schema.optionalKey(WebhookUrl),
    events: Schema.optionalKey(WebhookEvents),
    description: Schema.optionalKey(Description),
    state: Schema.optionalKey(Schema.Literals(["active", "paused"])),
    secret: Schema.optionalKey(WebhookSecret)
  },
  reply: PublicWebhook,
  refusals: [UnknownWebhook, StaleVersion],
  secrets: ["secret"],
  footprint: ({ webhook }) => ({ rows: [ref("webhooks", webhook)] }),
  decide: (slice, { webhook: id, expected, ...changes }, { now }) =>
    Result.gen(function* () {
      const before = yield* knownWebhook(slice, id)
      yield* checkVersion("webhook", before, expected)
      const until = DateTime.add(now, { milliseconds: SECRET_OVERLAP_MILLIS })
      const previous = changes.secret === undefined ? before.previous : { secret: before.secret, until }
      return written({ ...before, ...changes, previous, version: before.version + 1, updatedAt: now })
    })
})

/** Removes a webhook with its secrets. What was sent to it stays listed for a while. */
export const RemoveWebhook = define("RemoveWebhook", {
  payload: { webhook: WebhookId, expected: ExpectedVersion },
  reply: PublicWebhook,
  refusals: [UnknownWebhook, StaleVersion],
  footprint: ({ webhook }) => ({ rows: [ref("webhooks", webhook)] }),
  decide: (slice, { webhook: id, expected }, { now }) =>
    Result.gen(function* () {
      const before = yield* knownWebhook(slice, id)
      yield* checkVersion("webhook", before, expected)
      const version = before.version + 1
      return written({ ...before, secret: "", previous: null, state: "removed", version, updatedAt: now })
    })
})
