/**
 * API keys over HTTP.
 */
import { CurrentActor, OnhandApi, type ApiKey as WireApiKey } from "@onhand/api"
import { Auth, Inventory, type PublicApiKey, publicApiKey, UnknownApiKey } from "@onhand/core"
import { Effect, Option, Redacted } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { answering, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { unknownRoles } from "./Users.ts"

const apiKeyReply = ({ expiresAt, revokedAt, lastUsedAt, createdAt, ...key }: PublicApiKey): WireApiKey => ({
  ...key,
  expiresAt: expiresAt && timestamp(expiresAt),
  revokedAt: revokedAt && timestamp(revokedAt),
  lastUsedAt: lastUsedAt && timestamp(lastUsedAt),
  createdAt: timestamp(createdAt)
})

export const layerApiKeys = HttpApiBuilder.group(
  OnhandApi,
  "apiKeys",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const auth = yield* Auth
    const sessions = yield* Sessions
    const { roles: known } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const page = yield* answering(inventory.read.apiKeys(yield* pageRequest(query)))
        return pageReply(page, (key) => apiKeyReply(publicApiKey(key)))
      }),
      create: Effect.fnUntraced(function* ({ payload }) {
        const actor = yield* CurrentActor
        yield* unknownRoles(known, payload.roles)
        const { id, key, hash } = yield* auth.makeApiKey
        const created = { ...payload, apiKey: id, hash }
        // The id was drawn for this key, so that nobody has it.
        const { reply } = yield* Effect.catchTag(
          submitAs(inventory, "createApiKey", created, { actor }),
          "ApiKeyExists",
          Effect.die
        )
        const body = { ...apiKeyReply(reply), key: Redacted.value(key) }
        return HttpApiSchema.withHeaders({ body, headers: { etag: etagOf(reply.version) } })
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const found = yield* answering(inventory.read.apiKey(params.id))
        if (Option.isNone(found)) return yield* new UnknownApiKey({ apiKey: params.id })
        const body = apiKeyReply(publicApiKey(found.value))
        return conditional(body, etagOf(found.value.version), headers["if-none-match"])
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const expected = yield* expectedVersion(headers["if-match"])
        yield* unknownRoles(known, payload.roles ?? [])
        const change = { apiKey: params.id, expected, ...payload }
        const { reply, replayed } = yield* submitAs(inventory, "updateApiKey", change, { actor })
        yield* sessions.forget
        return changedReply(apiKeyReply(reply), reply.version, replayed)
      }),
      revoke: Effect.fnUntraced(function* ({ params, headers }) {
        const actor = yield* CurrentActor
        const expected = yield* expectedVersion(headers["if-match"])
        const { reply, replayed } = yield* submitAs(
          inventory,
          "revokeApiKey",
          { apiKey: params.id, expected },
          { actor }
        )
        yield* sessions.forget
        return changedReply(apiKeyReply(reply), reply.version, replayed)
      })
    })
  })
)
