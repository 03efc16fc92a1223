/**
 * API keys as texts: a visible part by which a key is found, and a random secret of which only a hash is kept. A plain
 * hash is enough, because nobody can try out 256 random bits.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { ApiKeyId, type AuthShape } from "@onhand/core"
import { Effect, Option, Redacted } from "effect"

/** How every key begins, so that programs that look for leaked secrets find it. */
const PREFIX = "onhand_"
const ID_BYTES = 9
const SECRET_BYTES = 32

const KEY = /^(onhand_[A-Za-z0-9]{12})_([\w-]{43})$/

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex")

/** Twelve letters and digits; what base64 has beside them is left out, so that a double click marks all of it. */
const visiblePart = (): string => {
  const text = randomBytes(ID_BYTES).toString("base64")
  return /^[A-Za-z0-9]{12}$/.test(text) ? text : visiblePart()
}

/** The part of the auth port that is about API keys. */
export const apiKeys: Pick<AuthShape, "makeApiKey" | "apiKeyIdOf" | "isApiKey"> = {
  makeApiKey: Effect.sync(() => {
    const id = `${PREFIX}${visiblePart()}`
    const key = `${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`
    return { id: ApiKeyId.make(id), key: Redacted.make(key), hash: hashOf(key) }
  }),
  apiKeyIdOf: (credential) =>
    Option.map(Option.fromNullishOr(KEY.exec(Redacted.value(credential))?.[1]), (id) => ApiKeyId.make(id)),
  isApiKey: (credential, hash) => {
    const [given, kept] = [hashOf(Redacted.value(credential)), hash].map((text) => Buffer.from(text, "hex"))
    return given !== undefined && kept?.length === given.length && timingSafeEqual(given, kept)
  }
}
