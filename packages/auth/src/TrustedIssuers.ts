/**
 * Trusted issuers: access tokens of somebody else's identity provider, verified with the keys that it publishes (OpenID
 * Connect Discovery, RFC 7517). Its users need no account here.
 */
import { type AccessClaims, Actor, AuthUnavailable, InvalidAccessToken, UserId } from "@onhand/core"
import { Clock, Effect, Redacted, Schema } from "effect"
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose"
import { LEEWAY_SECONDS, MAX_TOKEN_LENGTH } from "./SignedTokens.ts"

export interface TrustedIssuer {
  /** What its users are called here: `<name>:<sub>`, so that none is taken for a user of ours or of another issuer. */
  readonly name: string
  /** Its identifier, as its tokens have it: `https://login.example.com/realms/shop`. */
  readonly issuer: string
  /** For whom its tokens must be. Its ID tokens are for its clients, and are refused. */
  readonly audience: string
  /** Where its keys are; asked of the issuer when left out. */
  readonly jwksUri?: string
  /** The `typ` of its access tokens; that of RFC 9068 when left out. */
  readonly tokenType?: string
  /** Where its tokens have the roles, such as `realm_access.roles`; `roles` when left out. */
  readonly rolesClaim?: string
  /** What each of its roles is here; one that is not named is none. Left out, the names are the same on both sides. */
  readonly roles?: ReadonlyMap<string, ReadonlyArray<string>>
}

/** Signatures with a key pair only: a published key must never be good as a secret. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]

/** How long a caller waits before it asks again, when the issuer cannot be reached. */
const RETRY_AFTER_MILLIS = 5_000
const DISCOVERY_TIMEOUT_MILLIS = 5_000

const Discovery = Schema.Struct({ issuer: Schema.String, jwks_uri: Schema.String })
const decodeDiscovery = Schema.decodeUnknownPromise(Discovery)

const keysOf = async ({ issuer, jwksUri }: TrustedIssuer): Promise<JWTVerifyGetKey> => {
  if (jwksUri !== undefined) return createRemoteJWKSet(new URL(jwksUri))
  const reply = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MILLIS),
    redirect: "error"
  })
  if (!reply.ok) throw new Error(`The issuer ${issuer} answered ${reply.status}`)
  const found = await decodeDiscovery(await reply.json())
  if (found.issuer !== issuer) throw new Error(`The issuer ${issuer} says that it is ${found.issuer}`)
  return createRemoteJWKSet(new URL(found.jwks_uri))
}

/** Whether it is the token that is wrong, and not the way to its issuer. */
const isRefusal = (error: unknown): boolean =>
  error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC" && error.code !== "ERR_JWKS_TIMEOUT"

const decodeActor = Schema.decodeUnknownEffect(Schema.Struct({ ...Actor.fields, id: UserId }))

const claimsOf = ({ name, rolesClaim = "roles", roles: ours }: TrustedIssuer, payload: JWTPayload) => {
  const roles = rolesClaim
    .split(".")
    .reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : []),
      payload
    )
  const said = { id: `${name}:${payload.sub}`, roles: roles ?? [], locations: payload["locations"] ?? null }
  return decodeActor(said).pipe(
    Effect.map((actor) =>
      ours === undefined ? actor : { ...actor, roles: actor.roles.flatMap((role) => ours.get(role) ?? []) }
    ),
    Effect.map((actor): AccessClaims => ({ actor, session: null, expiresAt: (payload.exp ?? 0) * 1000 })),
    Effect.mapError(() => new InvalidAccessToken())
  )
}

/** A verifier of one issuer's tokens. */
const verifierOf = (issuer: TrustedIssuer) => {
  let keys: Promise<JWTVerifyGetKey> | undefined
  const known = async () => {
    keys ??= keysOf(issuer)
    return keys.catch((error) => {
      // Asked again next time: an issuer may start after this server.
      keys = undefined
      throw error
    })
  }
  return (text: string) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { payload } = yield* Effect.tryPromise({
        try: async () =>
          jwtVerify(text, await known(), {
            algorithms: ALGORITHMS,
            typ: issuer.tokenType ?? "at+jwt",
            issuer: issuer.issuer,
            audience: issuer.audience,
            requiredClaims: ["sub", "exp"],
            clockTolerance: LEEWAY_SECONDS,
            currentDate: new Date(now)
          }),
        catch: (cause) =>
          isRefusal(cause)
            ? new InvalidAccessToken()
            : new AuthUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })
      })
      return yield* claimsOf(issuer, payload)
    })
}

type Verify = (token: Redacted.Redacted<string>) => Effect.Effect<AccessClaims, InvalidAccessToken | AuthUnavailable>

/** Verifies tokens of trusted issuers by their keys, and all others as before. */
export const trusting = (issuers: ReadonlyArray<TrustedIssuer>, others: Verify): Verify => {
  const verifiers = new Map(issuers.map((one) => [one.issuer, verifierOf(one)]))
  if (verifiers.size === 0) return others
  return (token) =>
    Effect.suspend(() => {
      const text = Redacted.value(token)
      if (text.length > MAX_TOKEN_LENGTH) return Effect.fail(new InvalidAccessToken())
      let issuer: string | undefined
      try {
        // It only chooses whose keys are asked; what they sign must name the same issuer again.
        issuer = decodeJwt(text).iss
      } catch {
        return Effect.fail(new InvalidAccessToken())
      }
      const verify = issuer === undefined ? undefined : verifiers.get(issuer)
      return verify === undefined ? others(token) : verify(text)
    })
}
