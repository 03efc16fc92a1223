/**
 * API keys: how a program signs in. A key is an actor of its own, with roles and locations; only the hash of its secret
 * is kept.
 */
import { Result, Schema } from "effect"
import { Role } from "./Access.ts"
import { define } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

/** The part of a key that everybody may see, by which it is found. It is the actor's id in the ledger. */
export const ApiKeyId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("ApiKeyId"))
export type ApiKeyId = typeof ApiKeyId.Type

const ApiKeyName = Schema.NonEmptyString.check(Schema.isMaxLength(120))
const MAX_ROLES = 20

/** `hash` is what the auth port made of the secret. `lastUsedAt` is to the hour; null for a key that never was used. */
export const ApiKey = Schema.Struct({
  id: ApiKeyId,
  name: ApiKeyName,
  hash: Schema.String,
  roles: Schema.Array(Role),
  locations: Schema.NullOr(Schema.Array(LocationId)),
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  revokedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  lastUsedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  createdBy: Schema.NullOr(Schema.String),
  createdAt: Schema.DateTimeUtcFromString,
  version: Schema.Int
}).annotate({ identifier: "ApiKey" })
export interface ApiKey extends Schema.Schema.Type<typeof ApiKey> {}

const { hash: _hash, ...publicFields } = ApiKey.fields

/** A key without its hash, which no reply and no log may carry. */
export const PublicApiKey = Schema.Struct(publicFields).annotate({ identifier: "PublicApiKey" })
export interface PublicApiKey extends Schema.Schema.Type<typeof PublicApiKey> {}

/** The key without its hash. */
export const publicApiKey = ({ hash: _, ...key }: ApiKey): PublicApiKey => key

export class UnknownApiKey extends Schema.TaggedError<UnknownApiKey>()("UnknownApiKey", { apiKey: Schema.String }) {
  override get message() {
    return `There is no API key ${this.apiKey}; the id of one that was created is accepted`
  }
}

export class ApiKeyExists extends Schema.TaggedError<ApiKeyExists>()("ApiKeyExists", { apiKey: ApiKeyId }) {
  override get message() {
    return `There is an API key ${this.apiKey} already; a newly made id is accepted`
  }
}

/** The key was revoked, which is for good. */
export class ApiKeyRevoked extends Schema.TaggedError<ApiKeyRevoked>()("ApiKeyRevoked", { apiKey: ApiKeyId }) {
  override get message() {
    return `API key ${this.apiKey} was revoked for good; a new key is accepted`
  }
}

const knownKey = (slice: Slice, id: ApiKeyId): Result.Result<ApiKey, UnknownApiKey> => {
  const key = slice.row("apiKeys", id)
  return key === undefined ? Result.fail(new UnknownApiKey({ apiKey: id })) : Result.succeed(key)
}

const written = (before: ApiKey, changes: Partial<ApiKey>) => {
  const key: ApiKey = { ...before, ...changes, version: before.version + 1 }
  return { reply: publicApiKey(key), rows: [put("apiKeys", key)] }
}

const roles = Schema.Array(Role).check(Schema.isMaxLength(MAX_ROLES))
const footprint = ({ apiKey }: { readonly apiKey: ApiKeyId }) => ({ rows: [ref("apiKeys", apiKey)] })

/** Creates a key with an id and a hash that the auth port made. */
export const CreateApiKey = define("CreateApiKey", {
  payload: {
    apiKey: ApiKeyId,
    name: ApiKeyName,
    hash: Schema.String,
    roles,
    locations: Schema.optionalKey(ApiKey.fields.locations),
    expiresAt: Schema.optionalKey(ApiKey.fields.expiresAt)
  },
  reply: PublicApiKey,
  refusals: [ApiKeyExists],
  secrets: ["hash"],
  footprint,
  decide: (slice, { apiKey: id, locations = null, expiresAt = null, ...payload }, { now, actor }) => {
    if (slice.row("apiKeys", id) !== undefined) return Result.fail(new ApiKeyExists({ apiKey: id }))
    const key: ApiKey = {
      id,
      ...payload,
      locations,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      createdBy: actor,
      createdAt: now,
      version: 1
    }
    return Result.succeed({ reply: publicApiKey(key), rows: [put("apiKeys", key)] })
  }
})

/** Changes what is named of a key. Its secret never changes: a program that needs another gets another key. */
export const UpdateApiKey = define("UpdateApiKey", {
  payload: {
    apiKey: ApiKeyId,
    expected: ExpectedVersion,
    name: Schema.optionalKey(ApiKeyName),
    roles: Schema.optionalKey(roles),
    locations: Schema.optionalKey(ApiKey.fields.locations),
    expiresAt: Schema.optionalKey(ApiKey.fields.expiresAt)
  },
  reply: PublicApiKey,
  refusals: [UnknownApiKey, ApiKeyRevoked, StaleVersion],
  footprint,
  decide: (slice, { apiKey: id, expected, ...changes }) =>
    Result.gen(function* () {
      const before = yield* knownKey(slice, id)
      yield* checkVersion("API key", before, expected)
      if (before.revokedAt !== null) return yield* Result.fail(new ApiKeyRevoked({ apiKey: id }))
      return written(before, changes)
    })
})

/** Revokes a key for good. */
export const RevokeApiKey = define("RevokeApiKey", {
  payload: { apiKey: ApiKeyId, expected: ExpectedVersion },
  reply: PublicApiKey,
  refusals: [UnknownApiKey, StaleVersion],
  footprint,
  decide: (slice, { apiKey: id, expected }, { now }) =>
    Result.gen(function* () {
      const before = yield* knownKey(slice, id)
      yield* checkVersion("API key", before, expected)
      return before.revokedAt === null ? written(before, { revokedAt: now }) : { reply: publicApiKey(before), rows: [] }
    })
})

/** Notes that a key is in use. A server sends it once an hour for a key, not for each request. */
export const NoteApiKeyUse = define("NoteApiKeyUse", {
  payload: { apiKey: ApiKeyId },
  reply: PublicApiKey,
  refusals: [UnknownApiKey],
  footprint,
  decide: (slice, { apiKey }, { now }) =>
    Result.map(knownKey(slice, apiKey), (before) => written(before, { lastUsedAt: now }))
})
