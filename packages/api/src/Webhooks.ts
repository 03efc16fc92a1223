/**
 * Webhooks over HTTP: addresses of other programs that are told of events, and what became of each message.
 */
import { DeliveryState, EventName, PublicWebhook, WebhookId, WebhookUrl } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const webhook = PublicWebhook.fields

/** `events` names those that are wanted; none means all. A paused webhook is told nothing. */
export const Webhook = Schema.Struct({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  description: webhook.description,
  state: Schema.Literals(["active", "paused"]),
  version: webhook.version,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "WebhookEntry" })
export interface Webhook extends Schema.Schema.Type<typeof Webhook> {}

/** A webhook with the secret that its messages are signed with: told when it is made, and never again. */
export const WebhookWithSecret = Schema.Struct({ ...Webhook.fields, secret: Schema.String }).annotate({
  identifier: "WebhookWithSecret"
})
export interface WebhookWithSecret extends Schema.Schema.Type<typeof WebhookWithSecret> {}

const Url = WebhookUrl.annotate({
  description: "An https:// address of the public internet, to which messages are posted"
})
const Events = Schema.Array(EventName)
  .check(Schema.isMaxLength(100))
  .annotate({ description: "The names of the events that are wanted; all when it is left out or empty" })
const Description = webhook.description

export const NewWebhook = Schema.Struct({
  url: Url,
  events: Schema.optionalKey(Events),
  description: Schema.optionalKey(Description)
}).annotate({
  identifier: "NewWebhook",
  examples: [{ url: "https://example.com/onhand", events: ["StockChanged", "NotificationChanged"] }]
})

export const WebhookChanges = Schema.Struct({
  url: Schema.optionalKey(Url),
  events: Schema.optionalKey(Events),
  description: Schema.optionalKey(Description),
  state: Schema.optionalKey(Schema.Literals(["active", "paused"]))
}).annotate({ identifier: "WebhookChanges", examples: [{ state: "paused" }] })

/** A message to a webhook. `body` is what is posted; `error` what the last attempt that failed met. */
export const WebhookDelivery = Schema.Struct({
  id: Schema.String,
  state: DeliveryState,
  attempts: Schema.Int,
  dueAt: Timestamp,
  error: Schema.NullOr(Schema.String),
  body: Schema.String,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "WebhookDelivery" })
export interface WebhookDelivery extends Schema.Schema.Type<typeof WebhookDelivery> {}

const params = { id: WebhookId }
const changed = HttpApiSchema.WithHeaders(Webhook, { ...etag, ...replayable })
const changeErrors = [
  problems.UnknownWebhook,
  problems.StaleVersion,
  problems.PreconditionRequired,
  ...writeErrors
] as const
const changeHeaders = { ...keyAllowed, ...versionRequired }

export class WebhooksApi extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.get("list", "/webhooks", {
      query: cursorQuery,
      success: listOf(Webhook),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("webhooks:write", { summary: "List webhooks" })),
    HttpApiEndpoint.post("create", "/webhooks", {
      headers: keyAllowed,
      payload: NewWebhook,
      success: HttpApiSchema.WithHeaders(WebhookWithSecret.pipe(HttpApiSchema.status(201)), { ...etag, ...replayable }),
      error: writeErrors
    }).annotateMerge(
      about("webhooks:write", {
        summary: "Create a webhook",
        description: "It is told of what happens from now on. The reply has the secret, which is told only this once."
      })
    ),
    HttpApiEndpoint.get("byId", "/webhooks/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Webhook, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownWebhook]
    }).annotateMerge(about("webhooks:write", { summary: "Get a webhook" })),
    HttpApiEndpoint.patch("update", "/webhooks/:id", {
      params,
      headers: changeHeaders,
      payload: WebhookChanges,
      success: changed,
      error: changeErrors
    }).annotateMerge(about("webhooks:write", { summary: "Change or pause a webhook" })),
    HttpApiEndpoint.delete("remove", "/webhooks/:id", {
      params,
      headers: changeHeaders,
      success: HttpApiSchema.Empty(204),
      error: changeErrors
    }).annotateMerge(about("webhooks:write", { summary: "Remove a webhook" })),
    HttpApiEndpoint.post("rotate", "/webhooks/:id/rotate", {
      params,
      headers: keyAllowed,
      success: HttpApiSchema.WithHeaders(WebhookWithSecret, { ...etag, ...replayable }),
      error: [problems.UnknownWebhook, problems.StaleVersion, ...writeErrors]
    }).annotateMerge(
      about("webhooks:write", {
        summary: "Give a webhook a new secret",
        description: "For a day messages are signed with the one before too."
      })
    ),
    HttpApiEndpoint.get("deliveries", "/webhooks/:id/deliveries", {
      params,
      query: { ...cursorQuery, state: Schema.optionalKey(DeliveryState) },
      success: listOf(WebhookDelivery),
      error: [problems.UnknownWebhook, problems.InvalidCursor]
    }).annotateMerge(
      about("webhooks:write", {
        summary: "List what was sent",
        description: "Last first. `dead` are those that were given up after some three days; what was sent is kept 30."
      })
    ),
    HttpApiEndpoint.post("replay", "/webhooks/:id/deliveries/:delivery/replay", {
      params: { ...params, delivery: Schema.NonEmptyString.check(Schema.isMaxLength(200)) },
      success: WebhookDelivery,
      error: [problems.UnknownWebhook, problems.UnknownDelivery, ...writeErrors]
    }).annotateMerge(
      about("webhooks:write", {
        summary: "Send a message again",
        description: "With the same id and body, whatever became of it."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Webhooks", description: "Who else is told of what happens." })) {}
