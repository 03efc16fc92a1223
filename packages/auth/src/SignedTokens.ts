/**
 * Signed tokens: JSON Web Tokens of our own, each kind with a type of its own, so that none passes for another (RFC
 * 8725).
 */
import { Clock, Effect, Redacted } from "effect"
import { type JWTPayload, jwtVerify, SignJWT } from "jose"
import type { TokenKeys } from "./TokenKeys.ts"

/** How far the clocks of two servers may be apart. */
export const LEEWAY_SECONDS = 30

/** The longest token that is looked at. One with a hundred locations is below 8 KiB, the limit of many proxies. */
export const MAX_TOKEN_LENGTH = 8_192

/** A kind of token. */
export interface TokenKind {
  /** The `typ` of its header. */
  readonly type: string
  readonly issuer: string
  readonly audience: string
}

/** A token of a kind that says something of a subject, until an instant in seconds since 1970. */
export const signToken = (
  keys: TokenKeys,
  { type, issuer, audience }: TokenKind,
  { subject, claims, expiresAt }: { readonly subject: string; readonly claims: JWTPayload; readonly expiresAt: number }
): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.gen(function* () {
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const { id, algorithm, sign } = keys.current
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: type, kid: id })
      .setSubject(subject)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(expiresAt)
      .setJti(crypto.randomUUID())
    return Redacted.make(yield* Effect.promise(() => jwt.sign(sign)))
  })

/** The claims of a token of a kind, if it was signed with one of the keys and is valid now. */
export const verifyToken = <E>(
  keys: TokenKeys,
  { type, issuer, audience }: TokenKind,
  token: Redacted.Redacted<string>,
  invalid: () => E
): Effect.Effect<JWTPayload, E> =>
  Effect.gen(function* () {
    const text = Redacted.value(token)
    if (text.length > MAX_TOKEN_LENGTH) return yield* Effect.fail(invalid())
    const now = yield* Clock.currentTimeMillis
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(
          text,
          ({ kid, alg }) => {
            // The header only chooses among our own keys, and the algorithm is that of the key.
            const key = keys.find(kid, alg, now)
            if (key === undefined) throw new Error("There is no such key")
            return key.verify
          },
          {
            typ: type,
            issuer,
            audience,
            algorithms: ["HS256", "EdDSA"],
            requiredClaims: ["sub", "exp", "nbf", "iat"],
            clockTolerance: LEEWAY_SECONDS,
            currentDate: new Date(now)
          }
        ),
      catch: invalid
    })
    return payload
  })
