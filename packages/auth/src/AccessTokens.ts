/**
 * Access tokens: JSON Web Tokens after RFC 9068, short-lived; and the refresh tokens by which a session gets new ones.
 */
import { type AccessClaims, Actor, type AuthShape, InvalidAccessToken, SessionId, UserId } from "@onhand/core"
import { Clock, Effect, Schema } from "effect"
import type { JWTPayload } from "jose"
import { signToken, type TokenKind, verifyToken } from "./SignedTokens.ts"
import { makeTokenKeys, type RetiredKey, type TokenKey, type WeakTokenKey } from "./TokenKeys.ts"
import { type TrustedIssuer, trusting } from "./TrustedIssuers.ts"

export interface TokenSettings {
  readonly key: TokenKey
  /** Keys that signed before, and until when their tokens are accepted. */
  readonly retired?: ReadonlyArray<RetiredKey>
  /** Who issues the tokens, and for whom. A token of another issuer or audience is refused. */
  readonly issuer: string
  readonly audience: string
  readonly lifetimeSeconds: number
  /** Identity providers whose access tokens are accepted beside our own. */
  readonly trusted?: ReadonlyArray<TrustedIssuer>
}

/** How long a token is accepted. A user who is deactivated is out at once all the same: the server asks the store. */
export const DEFAULT_LIFETIME_SECONDS = 3_600

/** What RFC 9068 calls an access token. */
const ACCESS_TYPE = "at+jwt"
const REFRESH_TYPE = "rt+jwt"

const decodeActor = Schema.decodeUnknownEffect(Actor)
const decodeSession = Schema.decodeUnknownEffect(Schema.NullOr(SessionId))

/** What is said by a payload whose signature, issuer, audience and time were checked. */
export const accessClaims = ({
  sub,
  roles,
  locations,
  sid,
  exp
}: JWTPayload): Effect.Effect<AccessClaims, InvalidAccessToken> =>
  Effect.all({
    actor: decodeActor({ id: sub, roles, locations: locations ?? null }),
    session: decodeSession(sid ?? null),
    expiresAt: Effect.succeed((exp ?? 0) * 1000)
  }).pipe(Effect.mapError(() => new InvalidAccessToken()))

const decodeRefresh = Schema.decodeUnknownEffect(
  Schema.Struct({ user: UserId, session: SessionId, generation: Schema.Int })
)

/** The token half of the auth port. */
export const makeAccessTokens = (
  settings: TokenSettings
): Effect.Effect<
  Pick<AuthShape, "issueAccessToken" | "verifyAccessToken" | "issueRefreshToken" | "verifyRefreshToken">,
  WeakTokenKey
> =>
  Effect.gen(function* () {
    const { issuer, audience, lifetimeSeconds } = settings
    const keys = yield* makeTokenKeys(settings.key, settings.retired)
    const access: TokenKind = { type: ACCESS_TYPE, issuer, audience }
    // Only its issuer takes a refresh token.
    const refresh: TokenKind = { type: REFRESH_TYPE, issuer, audience: issuer }
    const invalid = () => new InvalidAccessToken()

    const issueAccessToken: AuthShape["issueAccessToken"] = ({ id, roles, locations }, session) =>
      Effect.gen(function* () {
        const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const claims = { roles, locations, ...(session === undefined ? {} : { sid: session }) }
        const expiresAt = now + lifetimeSeconds
        return { token: yield* signToken(keys, access, { subject: id, claims, expiresAt }), expiresIn: lifetimeSeconds }
      })

    return {
      issueAccessToken,
      verifyAccessToken: trusting(settings.trusted ?? [], (token) =>
        Effect.flatMap(verifyToken(keys, access, token, invalid), accessClaims)
      ),
      issueRefreshToken: ({ user, session, generation }, expiresAt) =>
        signToken(keys, refresh, {
          subject: user,
          claims: { sid: session, gen: generation },
          expiresAt: Math.floor(expiresAt / 1000)
        }),
      verifyRefreshToken: (token) =>
        Effect.flatMap(verifyToken(keys, refresh, token, invalid), ({ sub, sid, gen }) =>
          Effect.mapError(decodeRefresh({ user: sub, session: sid, generation: gen }), invalid)
        )
    }
  })
