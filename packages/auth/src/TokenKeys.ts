/**
 * Token keys: with what tokens are signed and verified. One key signs; keys that signed before verify until the last of
 * their tokens has expired, so that a key can be replaced while people are signed in.
 */
import { DateTime, Effect, Redacted, Schema } from "effect"
import { base64url, type CryptoKey, calculateJwkThumbprint, exportJWK, importJWK, importPKCS8 } from "jose"

/** The least bytes of a secret: HMAC-SHA-256 is as strong as its key, up to its own 32 bytes (RFC 7518 §3.2). */
export const MIN_SECRET_BYTES = 32

/** The secret is too short, or the key is not one of Ed25519. Told when the server starts, never per request. */
export class WeakTokenKey extends Schema.TaggedError<WeakTokenKey>()("WeakTokenKey", { reason: Schema.String }) {
  override get message() {
    const accepted = `a secret of at least ${MIN_SECRET_BYTES} bytes, or an Ed25519 private key in PKCS #8 PEM`
    return `${this.reason}; ${accepted}, is accepted`
  }
}

/** With what tokens are signed: a shared secret (HS256), or an Ed25519 private key (EdDSA) in PKCS #8 PEM. */
export type TokenKey =
  | { readonly _tag: "Secret"; readonly secret: Redacted.Redacted<string> }
  | { readonly _tag: "Ed25519"; readonly privateKey: Redacted.Redacted<string> }

/** A key that signs no more; what it signed is accepted until then. */
export interface RetiredKey {
  readonly key: TokenKey
  readonly until: DateTime.Utc
}

/** A key at work, with the id that its tokens name it by: its thumbprint after RFC 7638. */
export interface SigningKey {
  readonly id: string
  readonly algorithm: "HS256" | "EdDSA"
  readonly sign: CryptoKey | Uint8Array
  readonly verify: CryptoKey | Uint8Array
}

const secretKey = (secret: Redacted.Redacted<string>): Effect.Effect<SigningKey, WeakTokenKey> => {
  const bytes = new TextEncoder().encode(Redacted.value(secret))
  if (bytes.length < MIN_SECRET_BYTES) {
    return Effect.fail(new WeakTokenKey({ reason: `The token secret has ${bytes.length} bytes` }))
  }
  return Effect.promise(async () => {
    const id = await calculateJwkThumbprint({ kty: "oct", k: base64url.encode(bytes) })
    return { id, algorithm: "HS256", sign: bytes, verify: bytes }
  })
}

const ed25519Key = (pem: Redacted.Redacted<string>): Effect.Effect<SigningKey, WeakTokenKey> =>
  Effect.tryPromise({
    try: async () => {
      const sign = await importPKCS8(Redacted.value(pem), "EdDSA", { extractable: true })
      const { kty = "", crv = "", x = "" } = await exportJWK(sign)
      const publicKey = { kty, crv, x }
      const id = await calculateJwkThumbprint(publicKey)
      return { id, algorithm: "EdDSA" as const, sign, verify: await importJWK(publicKey, "EdDSA") }
    },
    // The error of the import may quote the key.
    catch: () => new WeakTokenKey({ reason: "The token key is not an Ed25519 private key" })
  })

const signingKey = (key: TokenKey): Effect.Effect<SigningKey, WeakTokenKey> =>
  key._tag === "Secret" ? secretKey(key.secret) : ed25519Key(key.privateKey)

/** The keys that there are. */
export interface TokenKeys {
  readonly current: SigningKey
  /** The key of this id and algorithm, if what it signed is accepted at an instant (milliseconds since 1970). */
  readonly find: (id: string | undefined, algorithm: string | undefined, now: number) => SigningKey | undefined
}

/** Imports the keys. */
export const makeTokenKeys = (
  key: TokenKey,
  retired: ReadonlyArray<RetiredKey> = []
): Effect.Effect<TokenKeys, WeakTokenKey> =>
  Effect.gen(function* () {
    const current = yield* signingKey(key)
    const former = yield* Effect.forEach(retired, (one) =>
      Effect.map(signingKey(one.key), (imported) => ({ imported, until: DateTime.toEpochMillis(one.until) }))
    )
    return {
      current,
      find: (id, algorithm, now) => {
        const accepted = [current, ...former.filter(({ until }) => now < until).map(({ imported }) => imported)]
        return accepted.find((one) => one.id === id && one.algorithm === algorithm)
      }
    }
  })
