/**
 * API keys over HTTP: how programs sign in, such as a till or a scanner.
 */
import { ApiKeyId, LocationId, PublicApiKey, Role } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Timestamp, TimestampInput } from "./Amount.ts"
import { Authorization, about, etag, versionKnown, versionRequired, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const { name } = PublicApiKey.fields

/**
 * An API key without its secret. `id` is how the key begins; `lastUsedAt` is to the hour. `locations` limits what it
 * may write to some locations; null means all.
 */
export const ApiKey = Schema.Struct({
  ...PublicApiKey.fields,
  expiresAt: Schema.NullOr(Timestamp),
  revokedAt: Schema.NullOr(Timestamp),
  lastUsedAt: Schema.NullOr(Timestamp),
  createdAt: Timestamp
}).annotate({ identifier: "ApiKey" })
export interface ApiKey extends Schema.Schema.Type<typeof ApiKey> {}

/** A key as it is created: `key` is told this once, and nobody can read it again. */
export const CreatedApiKey = Schema.Struct({ ...ApiKey.fields, key: Schema.String }).annotate({
  identifier: "CreatedApiKey"
})

const roles = Schema.Array(Role).check(Schema.isMaxLength(20))
const locations = Schema.optionalKey(Schema.NullOr(Schema.Array(LocationId).check(Schema.isMaxLength(1_000))))
const expiresAt = Schema.optionalKey(
  Schema.NullOr(TimestampInput).annotate({ description: "From when it is refused; never when it is null" })
)

export const NewApiKey = Schema.Struct({ name, roles, locations, expiresAt }).annotate({
  identifier: "NewApiKey",
  examples: [{ name: "Till 3", roles: ["warehouse_manager"] }]
})

export const ApiKeyChange = Schema.Struct({
  name: Schema.optionalKey(name),
  roles: Schema.optionalKey(roles),
  locations,
  expiresAt
}).annotate({ identifier: "ApiKeyChange", examples: [{ name: "Till 4" }] })

const params = { id: ApiKeyId }
const apiKey = HttpApiSchema.WithHeaders(ApiKey, etag)
const changeErrors = [
  problems.UnknownApiKey,
  problems.StaleVersion,
  problems.PreconditionRequired,
  ...writeErrors
] as const

export class ApiKeysApi extends HttpApiGroup.make("apiKeys")
  .add(
    HttpApiEndpoint.get("list", "/api-keys", {
      query: cursorQuery,
      success: listOf(ApiKey),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("users:write", { summary: "List API keys", description: "Those that were revoked too." })),
    HttpApiEndpoint.post("create", "/api-keys", {
      payload: NewApiKey,
      success: HttpApiSchema.WithHeaders(CreatedApiKey.pipe(HttpApiSchema.status(201)), etag),
      error: writeErrors
    }).annotateMerge(
      about("users:write", {
        summary: "Create an API key",
        description:
          "The reply has the key, this once: only a hash of it is kept. A program sends it as a bearer token, in the " +
          "place of an access token. If the reply is lost, revoke the key and create another."
      })
    ),
    HttpApiEndpoint.get("byId", "/api-keys/:id", {
      params,
      headers: versionKnown,
      success: [apiKey, HttpApiSchema.Empty(304)],
      error: [problems.UnknownApiKey]
    }).annotateMerge(about("users:write", { summary: "Get an API key" })),
    HttpApiEndpoint.patch("update", "/api-keys/:id", {
      params,
      headers: versionRequired,
      payload: ApiKeyChange,
      success: apiKey,
      error: [problems.ApiKeyRevoked, ...changeErrors]
    }).annotateMerge(
      about("users:write", {
        summary: "Change an API key",
        description: "What it is called, what it may do and until when. Takes effect with its next request."
      })
    ),
    HttpApiEndpoint.delete("revoke", "/api-keys/:id", {
      params,
      headers: versionRequired,
      success: apiKey,
      error: changeErrors
    }).annotateMerge(
      about("users:write", { summary: "Revoke an API key", description: "For good, and from the next request on." })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "API keys", description: "How programs sign in." })) {}
