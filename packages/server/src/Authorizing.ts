/**
 * Authorizing: a request gets to its handler only if somebody is signed in who may call the endpoint.
 */
import {
  Authorization,
  CurrentActor,
  Forbidden,
  type InvalidRequest,
  type Requirement,
  Requires,
  Unauthorized,
  Unavailable
} from "@onhand/api"
import { type Actor, type LocationId, type Permission, permits, type Roles } from "@onhand/core"
import { Context, type DateTime, Effect, Layer, Option, Redacted } from "effect"
import { faulty } from "./Faults.ts"
import { RequestInfo } from "./RequestInfo.ts"
import { RequestQuota, withinQuota } from "./RequestQuota.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"

/** Fails unless the actor has a permission at each of the locations. */
export const requireAt = (
  roles: Roles,
  actor: Actor,
  permission: Permission,
  locations: Iterable<LocationId>
): Effect.Effect<void, Forbidden> => {
  for (const location of locations) {
    if (!permits(roles, actor, permission, location)) return Effect.fail(new Forbidden({ permission, location }))
  }
  return Effect.void
}

/** Fails for an actor who is limited to some locations: what is asked for is of the whole shop. */
export const requireEverywhere = (actor: Actor, permission: Permission): Effect.Effect<void, Forbidden> =>
  actor.locations === null ? Effect.void : Effect.fail(new Forbidden({ permission, everywhere: true }))

/** Whether an actor sees what is of some locations: whoever is limited to others does not. */
export const seesAt = ({ locations }: Actor, places: ReadonlyArray<LocationId>): boolean =>
  locations === null || places.some((place) => locations.includes(place))

/**
 * The location that a list is of. Whoever is limited to some locations asks about one of them: the only one, if none is
 * named.
 */
export const ownLocation = (
  { locations }: Actor,
  permission: Permission,
  asked: LocationId | undefined,
  path = "query.location"
): Effect.Effect<LocationId | undefined, Forbidden | InvalidRequest> => {
  if (locations === null) return Effect.succeed(asked)
  if (asked !== undefined) {
    return locations.includes(asked)
      ? Effect.succeed(asked)
      : Effect.fail(new Forbidden({ permission, location: asked }))
  }
  const [only, ...others] = locations
  if (only === undefined) return Effect.fail(new Forbidden({ permission, everywhere: true }))
  return others.length === 0
    ? Effect.succeed(only)
    : Effect.fail(faulty(path, `Missing; one of your locations is accepted: ${locations.join(", ")}`))
}

/**
 * Fails if a purchase is given a time of its own by somebody who may not write orders there: what was sold when is what
 * reports and forecasts go by, so nobody dates what they buy for themselves.
 */
export const requireDating = (
  roles: Roles,
  actor: Actor,
  occurredAt: DateTime.Utc | undefined,
  location: LocationId
): Effect.Effect<void, Forbidden> =>
  occurredAt === undefined ? Effect.void : requireAt(roles, actor, "orders:write", [location])

/** The permission that the actor lacks for an endpoint; of several that would do, the first. */
export const missingOf = (roles: Roles, actor: Actor, requirement: Requirement): Permission | undefined => {
  if (requirement === "signedIn" || requirement === "anyone") return undefined
  const enough = typeof requirement === "string" ? [requirement] : requirement
  return enough.some((permission) => permits(roles, actor, permission)) ? undefined : enough[0]
}

const make = Effect.gen(function* () {
  const sessions = yield* Sessions
  const quota = yield* RequestQuota
  const { roles } = yield* ServerSettings

  return Authorization.of({
    bearer: Effect.fnUntraced(function* (handler, { credential, endpoint }) {
      if (Redacted.value(credential) === "") return yield* new Unauthorized()
      const found = yield* Effect.catchTags(sessions.callerOf(credential), {
        InvalidAccessToken: () => Effect.succeedNone,
        AuthUnavailable: ({ retryAfterMillis }) => Effect.fail(new Unavailable({ retryAfterMillis })),
        StoreUnavailable: ({ retryAfterMillis }) => Effect.fail(new Unavailable({ retryAfterMillis }))
      })
      if (Option.isNone(found)) return yield* new Unauthorized()
      const { actor, session } = found.value
      const info = yield* RequestInfo
      info.actor = actor.id
      info.session = session
      info.standing = quota.ofUser(actor.id)
      yield* Effect.fromResult(withinQuota(info.standing))
      const requirement = Context.getOrUndefined(endpoint.annotations, Requires)
      if (requirement === undefined) {
        return yield* Effect.die(new Error(`${endpoint.identifier} does not say who may call it, so nobody may`))
      }
      const missing = missingOf(roles, actor, requirement)
      if (missing !== undefined) return yield* new Forbidden({ permission: missing })
      return yield* Effect.provideService(handler, CurrentActor, actor)
    })
  })
})

/** The middleware of `@onhand/api` over the sessions. */
export const layerAuthorization = Layer.effect(Authorization, make)
