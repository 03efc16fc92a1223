/**
 * Sessions: who a token speaks for, now. Tokens are verified once and users looked up once a second, so that a request
 * of somebody who is at work costs two look-ups in memory.
 */
import {
  type AccessClaims,
  type Actor,
  Auth,
  type InvalidAccessToken,
  Inventory,
  type StoreUnavailable,
  UserId
} from "@onhand/core"
import { Clock, Context, Effect, Layer, Option, Redacted } from "effect"

/** The tokens that are remembered as verified. */
const MAX_TOKENS = 10_000

/** How long what the store said of a user holds: that long after a change on another server it counts here. */
const USER_CHECK_MILLIS = 1_000

export interface SessionsShape {
  /** The actor a token speaks for, with the roles and locations its user has now; none if the user is not active. */
  readonly actorOf: (
    token: Redacted.Redacted<string>
  ) => Effect.Effect<Option.Option<Actor>, InvalidAccessToken | StoreUnavailable>
  /** Makes a change of a user count for the next request already. */
  readonly forget: Effect.Effect<void>
}

interface Remembered {
  readonly actor: Actor
  /** The end of the second, or of the token, in milliseconds since 1970. */
  readonly until: number
}

const make = Effect.gen(function* () {
  const auth = yield* Auth
  const inventory = yield* Inventory
  const clock = yield* Clock.Clock
  // Two steps, because verifying a signature costs far more than a look at the user, and holds for far longer.
  const verified = new Map<string, AccessClaims>()
  const remembered = new Map<string, Remembered>()

  const keep = <A>(map: Map<string, A>, token: string, value: A): void => {
    map.delete(token)
    map.set(token, value)
    if (map.size <= MAX_TOKENS) return
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }

  const look = Effect.fnUntraced(function* (token: Redacted.Redacted<string>) {
    const text = Redacted.value(token)
    const claims = verified.get(text) ?? (yield* auth.verifyAccessToken(token))
    keep(verified, text, claims)
    const now = clock.currentTimeMillisUnsafe()
    if (now >= claims.expiresAt) return Option.none()
    const user = yield* inventory.read.user(UserId.make(claims.actor.id))
    // Somebody without a row is one whom only the host's own auth port knows; its token has the word.
    const actor = Option.match(user, {
      onNone: () => Option.some(claims.actor),
      onSome: ({ id, roles, locations, active }) => (active ? Option.some({ id, roles, locations }) : Option.none())
    })
    if (Option.isSome(actor)) {
      keep(remembered, text, { actor: actor.value, until: Math.min(now + USER_CHECK_MILLIS, claims.expiresAt) })
    }
    return actor
  })

  return Sessions.of({
    actorOf: (token) => {
      const known = remembered.get(Redacted.value(token))
      return known !== undefined && clock.currentTimeMillisUnsafe() < known.until
        ? Effect.succeedSome(known.actor)
        : look(token)
    },
    // Changes of users are rare, and a look at the store is cheap: everybody is looked up anew.
    forget: Effect.sync(() => remembered.clear())
  })
})

export class Sessions extends Context.Service<Sessions, SessionsShape>()("@onhand/server/Sessions") {
  static readonly layer: Layer.Layer<Sessions, never, Auth | Inventory> = Layer.effect(Sessions, make)
}
