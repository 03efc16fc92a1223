/**
 * Sessions: who a credential speaks for, now. Tokens are verified once, and users, their sessions and API keys looked
 * up once a second, so that a request of somebody who is at work costs one look-up in memory.
 */
import {
  type AccessClaims,
  type Actor,
  type ApiKey,
  type ApiKeyId,
  Auth,
  type AuthUnavailable,
  InvalidAccessToken,
  Inventory,
  type SessionId,
  type StoreUnavailable,
  UserId
} from "@onhand/core"
import { Clock, Context, DateTime, Effect, Layer, Option, Redacted } from "effect"

/** The credentials that are remembered. */
const MAX_REMEMBERED = 10_000

/** How long what the store said of a user holds: that long after a change on another server it counts here. */
const CHECK_MILLIS = 1_000

/** How often the use of an API key is written down, in milliseconds: each time is a commit. */
const NOTE_MILLIS = 3_600_000

/** Somebody who asks, and in which session; null is who has none: a program, or somebody of the host's own port. */
export interface Caller {
  readonly actor: Actor
  readonly session: SessionId | null
}

type Unproven = InvalidAccessToken | AuthUnavailable | StoreUnavailable

export interface SessionsShape {
  /**
   * Who an access token or API key speaks for, with the roles and locations that it has now; none if the user is not
   * active, the session has ended, or the key was revoked or has expired.
   */
  readonly callerOf: (credential: Redacted.Redacted<string>) => Effect.Effect<Option.Option<Caller>, Unproven>
  /** Who a credential speaks for, if that was looked up within the last second; undefined if it must be looked up. */
  readonly known: (credential: string) => Caller | undefined
  /** The actor alone. */
  readonly actorOf: (credential: Redacted.Redacted<string>) => Effect.Effect<Option.Option<Actor>, Unproven>
  /** Makes a change of a user, a session or a key count for the next request already. */
  readonly forget: Effect.Effect<void>
}

interface Remembered {
  readonly caller: Caller
  /** The end of the second, or of the token, in milliseconds since 1970. */
  readonly until: number
}

const hasPassed = (instant: DateTime.Utc | null, now: number): boolean =>
  instant !== null && DateTime.toEpochMillis(instant) <= now

const keep = <A>(map: Map<string, A>, credential: string, value: A): void => {
  map.delete(credential)
  map.set(credential, value)
  if (map.size <= MAX_REMEMBERED) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

const make = Effect.gen(function* () {
  const auth = yield* Auth
  const inventory = yield* Inventory
  const clock = yield* Clock.Clock
  const scope = yield* Effect.scope
  // Two steps, because verifying a signature costs far more than a look at the user, and holds for far longer.
  const verified = new Map<string, AccessClaims>()
  const remembered = new Map<string, Remembered>()

  /** Whom a token speaks for that was found to be genuine. */
  const bearerOf = Effect.fnUntraced(function* ({ actor, session }: AccessClaims, now: number) {
    const id = UserId.make(actor.id)
    const [user, sessions] = yield* Effect.all(
      [inventory.read.user(id), session === null ? Effect.succeed([]) : inventory.read.sessions(id)],
      { concurrency: 2 }
    )
    const isOpen = session === null || sessions.some((one) => one.id === session && !hasPassed(one.expiresAt, now))
    if (!isOpen) return Option.none()
    // Somebody without a row is one whom only the host's own auth port knows; its token has the word.
    if (Option.isNone(user)) return Option.some({ actor, session })
    const { roles, locations, active } = user.value
    return active ? Option.some({ actor: { id, roles, locations }, session }) : Option.none()
  })

  const note = ({ id, lastUsedAt }: ApiKey, now: number) =>
    lastUsedAt === null || DateTime.toEpochMillis(lastUsedAt) + NOTE_MILLIS <= now
      ? Effect.asVoid(Effect.forkIn(Effect.ignore(inventory.noteApiKeyUse({ apiKey: id }, { actor: id })), scope))
      : Effect.void

  const programOf = Effect.fnUntraced(function* (id: ApiKeyId, credential: Redacted.Redacted<string>, now: number) {
    const found = yield* inventory.read.apiKey(id)
    if (Option.isNone(found) || !auth.isApiKey(credential, found.value.hash)) return yield* new InvalidAccessToken()
    const { roles, locations, revokedAt, expiresAt } = found.value
    if (revokedAt !== null || hasPassed(expiresAt, now)) return Option.none()
    yield* note(found.value, now)
    return Option.some({ actor: { id, roles, locations }, session: null })
  })

  const look = Effect.fnUntraced(function* (credential: Redacted.Redacted<string>) {
    const text = Redacted.value(credential)
    const apiKey = auth.apiKeyIdOf(credential)
    const now = clock.currentTimeMillisUnsafe()
    let until = now + CHECK_MILLIS
    let caller: Option.Option<Caller>
    if (Option.isSome(apiKey)) caller = yield* programOf(apiKey.value, credential, now)
    else {
      const claims = verified.get(text) ?? (yield* auth.verifyAccessToken(credential))
      keep(verified, text, claims)
      if (now >= claims.expiresAt) return Option.none()
      until = Math.min(until, claims.expiresAt)
      caller = yield* bearerOf(claims, now)
    }
    if (Option.isSome(caller)) keep(remembered, text, { caller: caller.value, until })
    return caller
  })

  const known = (credential: string): Caller | undefined => {
    const found = remembered.get(credential)
    return found !== undefined && clock.currentTimeMillisUnsafe() < found.until ? found.caller : undefined
  }

  const callerOf: SessionsShape["callerOf"] = (credential) => {
    const caller = known(Redacted.value(credential))
    return caller === undefined ? look(credential) : Effect.succeedSome(caller)
  }

  return Sessions.of({
    callerOf,
    known,
    actorOf: (credential) =>
      Effect.map(
        callerOf(credential),
        Option.map(({ actor }) => actor)
      ),
    // Changes of users are rare, and a look at the store is cheap: everybody is looked up anew.
    forget: Effect.sync(() => remembered.clear())
  })
})

export class Sessions extends Context.Service<Sessions, SessionsShape>()("@onhand/server/Sessions") {
  static readonly layer: Layer.Layer<Sessions, never, Auth | Inventory> = Layer.effect(Sessions, make)
}
