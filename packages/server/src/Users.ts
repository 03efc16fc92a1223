/**
 * Users over HTTP.
 */
import { type Account, CurrentActor, InvalidCredentials, InvalidRequest, OnhandApi, type SignIn } from "@onhand/api"
import {
  Auth,
  Inventory,
  type PublicUser,
  publicUser,
  type Roles,
  type Session,
  type SessionId,
  UnknownUser,
  UserId
} from "@onhand/core"
import { DateTime, Effect, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { answering, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { RequestInfo } from "./RequestInfo.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { SignInLimit } from "./SignInLimit.ts"
import { makeSigningIn } from "./SigningIn.ts"

export const accountReply = (user: PublicUser): Account => ({ ...user, createdAt: timestamp(user.createdAt) })

const signInReply =
  (current: SessionId | null) =>
  ({ id, openedAt, refreshedAt, expiresAt }: Session): SignIn => ({
    id,
    openedAt: timestamp(openedAt),
    refreshedAt: timestamp(refreshedAt),
    expiresAt: timestamp(expiresAt),
    current: id === current
  })

/** What is wrong with roles: those that nobody defined. */
export const unknownRoles = (known: Roles, roles: ReadonlyArray<string>): Effect.Effect<void, InvalidRequest> => {
  const faults = roles.flatMap((role, index) =>
    Object.hasOwn(known, role)
      ? []
      : [{ path: `payload.roles.${index}`, message: `One of ${Object.keys(known).join(", ")} is accepted` }]
  )
  return faults.length === 0 ? Effect.void : Effect.fail(new InvalidRequest({ faults }))
}

export const layerUsers = HttpApiBuilder.group(
  OnhandApi,
  "users",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const auth = yield* Auth
    const sessions = yield* Sessions
    const limit = yield* SignInLimit
    const { roles: known } = yield* ServerSettings
    const { endSessions } = yield* makeSigningIn

    const userOf = Effect.fnUntraced(function* (id: UserId) {
      const found = yield* answering(inventory.read.user(id))
      return Option.isSome(found) ? found.value : yield* new UnknownUser({ user: id })
    })

    const account = (id: UserId, ifNoneMatch: string | undefined) =>
      Effect.map(userOf(id), (user) => conditional(accountReply(publicUser(user)), etagOf(user.version), ifNoneMatch))

    /** The credential of a new password, for somebody who knows the current one. */
    const newCredential = Effect.fnUntraced(function* (id: UserId, password: { current: string; new: string }) {
      const user = yield* userOf(id)
      yield* limit.consume(user.email)
      const match = yield* answering(auth.verifyPassword(Redacted.make(password.current), user.credential))
      if (match === "wrong") return yield* new InvalidCredentials()
      const chosen = Redacted.make(password.new)
      yield* Effect.mapError(auth.checkPassword(chosen), ({ message }) => faulty("payload.password.new", message))
      return { credential: yield* answering(auth.hashPassword(chosen)), expected: user.version }
    })

    return handlers.handleAll({
      me: Effect.fnUntraced(function* ({ headers }) {
        const { id } = yield* CurrentActor
        return yield* account(UserId.make(id), headers["if-none-match"])
      }),
      updateMe: Effect.fnUntraced(function* ({ payload: { name, password } }) {
        const actor = yield* CurrentActor
        const id = UserId.make(actor.id)
        const { session } = yield* RequestInfo
        const change = {
          user: id,
          expected: "any" as const,
          ...(name === undefined ? {} : { name }),
          ...(password === undefined ? {} : yield* newCredential(id, password)),
          ...(session === null ? {} : { session })
        }
        const { reply, replayed } = yield* submitAs(inventory, "updateUser", change, { actor }).pipe(
          // Somebody else set a password at this moment, so that the current one is not what was given.
          Effect.catchTag("StaleVersion", () => Effect.fail(new InvalidCredentials()))
        )
        yield* sessions.forget
        return changedReply(accountReply(reply), reply.version, replayed)
      }),
      sessions: Effect.fnUntraced(function* () {
        const { id } = yield* CurrentActor
        const { session } = yield* RequestInfo
        const open = yield* answering(inventory.read.sessions(UserId.make(id)))
        const now = yield* DateTime.now
        return { items: open.filter((one) => DateTime.isGreaterThan(one.expiresAt, now)).map(signInReply(session)) }
      }),
      endSessions: () => Effect.flatMap(CurrentActor, ({ id }) => endSessions(id)),
      endSession: ({ params }) => Effect.flatMap(CurrentActor, ({ id }) => endSessions(id, params.session)),
      signOut: ({ params }) => endSessions(params.id),
      list: Effect.fnUntraced(function* ({ query }) {
        const page = yield* answering(inventory.read.users({ role: query.role }, yield* pageRequest(query)))
        return pageReply(page, (user) => accountReply(publicUser(user)))
      }),
      byId: ({ params, headers }) => account(params.id, headers["if-none-match"]),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const expected = yield* expectedVersion(headers["if-match"])
        yield* unknownRoles(known, payload.roles ?? [])
        const change = { user: params.id, expected, ...payload }
        const { reply, replayed } = yield* submitAs(inventory, "updateUser", change, { actor })
        yield* sessions.forget
        return changedReply(accountReply(reply), reply.version, replayed)
      })
    })
  })
)
