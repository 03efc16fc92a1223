/**
 * The auth port: how passwords are kept and how a signed-in caller proves who it is. A host that has accounts of its
 * own brings its own.
 */
import { Context, type Effect, type Redacted, Schema } from "effect"
import type { Actor } from "./Access.ts"

/** More sign-ins at once than the process can take. Nothing was decided; the same call may be made again later. */
export class AuthBusy extends Schema.TaggedError<AuthBusy>()("AuthBusy", { retryAfterMillis: Schema.Int }) {
  override get message() {
    return `Too many people sign in at once; try again in ${this.retryAfterMillis} ms`
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

/** What a valid token says. `expiresAt` is in milliseconds since 1970; the token proves nothing from then on. */
export interface AccessClaims {
  readonly actor: Actor
  readonly expiresAt: number
}

export interface AuthShape {
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
  /** A token that says who the actor is, with its roles and locations, for a limited time. */
  readonly issueAccessToken: (actor: Actor) => Effect.Effect<AccessToken>
  /** What a token says, if this port issued it (or trusts who did) and it is valid now. */
  readonly verifyAccessToken: (token: Redacted.Redacted<string>) => Effect.Effect<AccessClaims, InvalidAccessToken>
}

export class Auth extends Context.Service<Auth, AuthShape>()("@onhand/core/Auth") {}
