/**
 * The auth port: how passwords are kept and how a signed-in caller proves who it is. A host that has accounts of its
 * own brings its own.
 */
import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { Actor } from "./Access.ts"
import type { ApiKeyId } from "./ApiKey.ts"
import type { SessionId } from "./Session.ts"
import type { UserId } from "./User.ts"

/** More sign-ins at once than the process can take. Nothing was decided; the same call may be made again later. */
export class AuthBusy extends Schema.TaggedError<AuthBusy>()("AuthBusy", { retryAfterMillis: Schema.Int }) {
  override get message() {
    return `Too many people sign in at once; try again in ${this.retryAfterMillis} ms`
  }
}

/** Whoever could tell whether a token is genuine cannot be reached. The same call may be made again later. */
export class AuthUnavailable extends Schema.TaggedError<AuthUnavailable>()("AuthUnavailable", {
  retryAfterMillis: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The issuer of the token cannot be reached; try again in ${this.retryAfterMillis} ms`
  }
}

/** So many people have this password that it is among the first that anybody would try. */
export class CommonPassword extends Schema.TaggedError<CommonPassword>()("CommonPassword", {}) {
  override get message() {
    return "This password is one of the most common; one that others would not think of is accepted"
  }
}

/** The token proves nothing: altered, expired, not yet valid, or made by or for somebody else. It never says which. */
export class InvalidAccessToken extends Schema.TaggedError<InvalidAccessToken>()("InvalidAccessToken", {}) {
  override get message() {
    return "The access token is not valid; a token from a recent sign-in is accepted"
  }
}

/**
 * What became of a password. `needsRehash` is a match whose credential was made with weaker parameters than today's:
 * the caller should store a new one while it has the password at hand.
 */
export type PasswordMatch = "wrong" | "right" | "needsRehash"

/** A token as it is given to its owner. */
export interface AccessToken {
  readonly token: Redacted.Redacted<string>
  /** How long it is accepted, in seconds from now. */
  readonly expiresIn: number
}

/**
 * What a valid token says. `expiresAt` is in milliseconds since 1970; the token proves nothing from then on, nor once
 * its session has ended; null is a token that is of no session of ours.
 */
export interface AccessClaims {
  readonly actor: Actor
  readonly session: SessionId | null
  readonly expiresAt: number
}

/** What a refresh token says: which session it refreshes, and of which generation it is. */
export interface RefreshClaims {
  readonly user: UserId
  readonly session: SessionId
  readonly generation: number
}

/** An API key as it is made: the text for its owner, told once, and the hash to store. */
export interface NewApiKey {
  readonly id: ApiKeyId
  readonly key: Redacted.Redacted<string>
  readonly hash: string
}

export interface AuthShape {
  /** Whether a password may be set. It says nothing of its length, which is the caller's to bound. */
  readonly checkPassword: (password: Redacted.Redacted<string>) => Effect.Effect<void, CommonPassword>
  /** The credential to store for a password: salted, slow to guess, carrying its own parameters. */
  readonly hashPassword: (password: Redacted.Redacted<string>) => Effect.Effect<string, AuthBusy>
  /**
   * Compares a password with a stored credential. Without a credential (nobody has that address) it takes as long as
   * with one and answers `wrong`, so that the time of an answer does not tell who has an account. It never fails
   * because a credential is malformed: that is `wrong` too.
   */
  readonly verifyPassword: (
    password: Redacted.Redacted<string>,
    credential: string | undefined
  ) => Effect.Effect<PasswordMatch, AuthBusy>
  /** A token that says who the actor is, with its roles and locations, for a limited time and in a session. */
  readonly issueAccessToken: (actor: Actor, session?: SessionId) => Effect.Effect<AccessToken>
  /** What a token says, if this port issued it (or trusts who did) and it is valid now. */
  readonly verifyAccessToken: (
    token: Redacted.Redacted<string>
  ) => Effect.Effect<AccessClaims, InvalidAccessToken | AuthUnavailable>
  /** A token by which a session is refreshed, until `expiresAt`, in milliseconds since 1970. */
  readonly issueRefreshToken: (claims: RefreshClaims, expiresAt: number) => Effect.Effect<Redacted.Redacted<string>>
  /** What a refresh token says, if this port issued it and it is valid now. Whether it was used, the store knows. */
  readonly verifyRefreshToken: (token: Redacted.Redacted<string>) => Effect.Effect<RefreshClaims, InvalidAccessToken>
  /** A new API key, of at least 128 random bits. */
  readonly makeApiKey: Effect.Effect<NewApiKey>
  /** Which API key a credential says that it is; none if it is not one at all, but an access token. */
  readonly apiKeyIdOf: (credential: Redacted.Redacted<string>) => Option.Option<ApiKeyId>
  /** Whether an API key is the one with this hash. It takes as long wherever they differ. */
  readonly isApiKey: (credential: Redacted.Redacted<string>, hash: string) => boolean
}

export class Auth extends Context.Service<Auth, AuthShape>()("@onhand/core/Auth") {}
