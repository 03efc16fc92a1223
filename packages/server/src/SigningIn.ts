/**
 * Signing in: a password becomes a session with its tokens, a refresh token becomes new ones, and a session ends.
 */
import { InvalidCredentials, type TokenReply, Unauthorized } from "@onhand/api"
import { Auth, Inventory, type Session, type User, UserId } from "@onhand/core"
import { DateTime, Effect, Option, Redacted } from "effect"
import { answering } from "./OutwardRefusal.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { SignInLimit } from "./SignInLimit.ts"

/** An address as it is compared. */
export const normalEmail = (email: string): string => email.trim().toLowerCase()

/** How often a sign-in begins anew because somebody changes the user at that very moment. */
const MAX_REPEATS = 2

/** The ways in and out. The keys of their commands are made for them alone, so that none can be taken. */
export const makeSigningIn = Effect.gen(function* () {
  const inventory = yield* Inventory
  const auth = yield* Auth
  const sessions = yield* Sessions
  const limit = yield* SignInLimit
  const { sessions: times } = yield* ServerSettings
  const idleMillis = times.idleSeconds * 1000
  const lifeMillis = times.lifeSeconds * 1000

  const tokensOf = Effect.fnUntraced(function* ({ id, roles, locations }: User, session: Session) {
    const { token, expiresIn } = yield* auth.issueAccessToken({ id, roles, locations }, session.id)
    const claims = { user: id, session: session.id, generation: session.generation }
    const refreshToken = yield* auth.issueRefreshToken(claims, DateTime.toEpochMillis(session.expiresAt))
    const reply: TokenReply = {
      access_token: Redacted.value(token),
      token_type: "bearer",
      expires_in: expiresIn,
      refresh_token: Redacted.value(refreshToken)
    }
    return reply
  })

  const openSession = Effect.fnUntraced(function* (email: string, password: Redacted.Redacted<string>) {
    const found = yield* answering(inventory.read.userByEmail(email))
    const user = Option.getOrUndefined(found)
    // Without a user the comparison takes as long as with one, so that the time does not tell who has an account.
    const match = yield* answering(auth.verifyPassword(password, user?.credential))
    if (user === undefined || match === "wrong" || !user.active) return yield* new InvalidCredentials()
    const upgrade = match === "needsRehash" ? { credential: yield* answering(auth.hashPassword(password)) } : {}
    const opened = { user: user.id, expected: user.version, idleMillis, lifeMillis, ...upgrade }
    const session = yield* answering(inventory.openSession(opened, { actor: user.id }))
    return yield* tokensOf(user, session)
  })

  const signIn = Effect.fnUntraced(function* (address: string, text: string) {
    const email = normalEmail(address)
    yield* limit.consume(email)
    return yield* openSession(email, Redacted.make(text)).pipe(
      // The password may just have been changed, so it is compared again.
      Effect.retry({ times: MAX_REPEATS, while: ({ _tag }) => _tag === "StaleVersion" }),
      Effect.catchTags({
        StaleVersion: () => Effect.fail(new InvalidCredentials()),
        UnknownUser: () => Effect.fail(new InvalidCredentials()),
        UserInactive: () => Effect.fail(new InvalidCredentials()),
        IdempotencyConflict: Effect.die
      })
    )
  })

  const refresh = Effect.fnUntraced(function* (text: string) {
    const claims = yield* auth.verifyRefreshToken(Redacted.make(text))
    const { outcome, session } = yield* answering(inventory.refreshSession({ ...claims, idleMillis }))
    const user = yield* answering(inventory.read.user(claims.user))
    if (outcome === "reused") {
      yield* sessions.forget
      yield* Effect.logWarning("A refresh token was used twice, so its session ended", {
        user: claims.user,
        session: claims.session
      })
    }
    if (outcome === "reused" || Option.isNone(user) || !user.value.active) return yield* new Unauthorized()
    return yield* tokensOf(user.value, session)
  })

  const signOut = Effect.fnUntraced(function* (text: string, everywhere: boolean) {
    const { user, session } = yield* auth.verifyRefreshToken(Redacted.make(text))
    yield* answering(inventory.endSessions(everywhere ? { user } : { user, session }, { actor: user }))
    yield* sessions.forget
  })

  return {
    signIn,
    refresh: (token: string) =>
      Effect.catchTags(refresh(token), {
        InvalidAccessToken: () => Effect.fail(new Unauthorized()),
        SessionEnded: () => Effect.fail(new Unauthorized()),
        IdempotencyConflict: Effect.die
      }),
    /** Whoever has no valid token is signed out already. */
    signOut: (token: string, everywhere: boolean) =>
      Effect.catchTags(signOut(token, everywhere), {
        InvalidAccessToken: () => Effect.void,
        UnknownUser: () => Effect.void,
        IdempotencyConflict: Effect.die
      }),
    /** Ends a session of a user, or all of them. */
    endSessions: (user: string, session?: Session["id"]) =>
      answering(
        inventory.endSessions(
          { user: UserId.make(user), ...(session === undefined ? {} : { session }) },
          { actor: user }
        )
      ).pipe(Effect.catchTag("IdempotencyConflict", Effect.die), Effect.andThen(sessions.forget))
  }
})
