/**
 * Access tokens: JSON Web Tokens after RFC 9068, short-lived, with the algorithm pinned (RFC 8725).
 */
import { type AccessClaims, Actor, type AuthShape, InvalidAccessToken } from "@onhand/core"
import { Clock, Effect, Redacted, Schema } from "effect"
import { type CryptoKey, importJWK, importPKCS8, type JWTPayload, jwtVerify, SignJWT } from "jose"

/** The least bytes of a secret: HMAC-SHA-256 is as strong as its key, up to its own 32 bytes (RFC 7518 §3.2). */
export const MIN_SECRET_BYTES = 32

/** How far the clocks of two servers may be apart. */
const LEEWAY_SECONDS = 30

/** What RFC 9068 calls an access token, so that no other token of the same issuer passes for one. */
const TOKEN_TYPE = "at+jwt"

/** The longest token that is looked at. One with a hundred locations is below 8 KiB, the limit of many proxies. */
const MAX_TOKEN_LENGTH = 8_192

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

export interface TokenSettings {
  readonly key: TokenKey
  /** Who issues the tokens, and for whom. A token of another issuer or audience is refused. */
  readonly issuer: string
  readonly audience: string
  readonly lifetimeSeconds: number
}

/** How long a token is accepted. A user who is deactivated is out at once all the same: the server asks the store. */
export const DEFAULT_LIFETIME_SECONDS = 3_600

interface Keys {
  readonly algorithm: "HS256" | "EdDSA"
  readonly sign: CryptoKey | Uint8Array
  readonly verify: CryptoKey | Uint8Array
}

const secretKeys = (secret: Redacted.Redacted<string>): Effect.Effect<Keys, WeakTokenKey> => {
  const bytes = new TextEncoder().encode(Redacted.value(secret))
  return bytes.length < MIN_SECRET_BYTES
    ? Effect.fail(new WeakTokenKey({ reason: `The token secret has ${bytes.length} bytes` }))
    : Effect.succeed({ algorithm: "HS256", sign: bytes, verify: bytes })
}

const ed25519Keys = (pem: Redacted.Redacted<string>): Effect.Effect<Keys, WeakTokenKey> =>
  Effect.tryPromise({
    try: async () => {
      const sign = await importPKCS8(Redacted.value(pem), "EdDSA", { extractable: true })
      const { kty, crv, x } = await crypto.subtle.exportKey("jwk", sign)
      const verify = await importJWK({ kty: kty ?? "", crv: crv ?? "", x: x ?? "" }, "EdDSA")
      return { algorithm: "EdDSA" as const, sign, verify }
    },
    // The error of the import may quote the key.
    catch: () => new WeakTokenKey({ reason: "The token key is not an Ed25519 private key" })
  })

const decodeActor = Schema.decodeUnknownEffect(Actor)

/** The claims in a payload whose signature, issuer, audience and time were checked. */
const claimsOf = ({ sub, roles, locations, exp }: JWTPayload): Effect.Effect<AccessClaims, InvalidAccessToken> =>
  decodeActor({ id: sub, roles, locations: locations ?? null }).pipe(
    Effect.map((actor) => ({ actor, expiresAt: (exp ?? 0) * 1000 })),
    Effect.mapError(() => new InvalidAccessToken())
  )

/** The token half of the auth port. */
export const makeAccessTokens = (
  settings: TokenSettings
): Effect.Effect<Pick<AuthShape, "issueAccessToken" | "verifyAccessToken">, WeakTokenKey> =>
  Effect.gen(function* () {
    const { key, issuer, audience, lifetimeSeconds } = settings
    const keys = yield* key._tag === "Secret" ? secretKeys(key.secret) : ed25519Keys(key.privateKey)

    const issueAccessToken: AuthShape["issueAccessToken"] = (actor) =>
      Effect.gen(function* () {
        const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const jwt = new SignJWT({ roles: actor.roles, locations: actor.locations })
          .setProtectedHeader({ alg: keys.algorithm, typ: TOKEN_TYPE })
          .setSubject(actor.id)
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt(now)
          .setNotBefore(now)
          .setExpirationTime(now + lifetimeSeconds)
          .setJti(crypto.randomUUID())
        const token = yield* Effect.promise(() => jwt.sign(keys.sign))
        return { token: Redacted.make(token), expiresIn: lifetimeSeconds }
      })

    const verifyAccessToken: AuthShape["verifyAccessToken"] = (token) =>
      Effect.gen(function* () {
        const text = Redacted.value(token)
        if (text.length > MAX_TOKEN_LENGTH) return yield* new InvalidAccessToken()
        const now = yield* Clock.currentTimeMillis
        const { payload } = yield* Effect.tryPromise({
          try: () =>
            jwtVerify(text, keys.verify, {
              algorithms: [keys.algorithm],
              typ: TOKEN_TYPE,
              issuer,
              audience,
              requiredClaims: ["sub", "exp", "nbf", "iat"],
              clockTolerance: LEEWAY_SECONDS,
              currentDate: new Date(now)
            }),
          catch: () => new InvalidAccessToken()
        })
        return yield* claimsOf(payload)
      })
    return { issueAccessToken, verifyAccessToken }
  })
