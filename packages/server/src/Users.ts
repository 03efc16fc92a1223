/**
 * Users over HTTP.
 */
import { type Account, CurrentActor, InvalidCredentials, InvalidRequest, OnhandApi } from "@onhand/api"
import { Auth, Inventory, type PublicUser, publicUser, UnknownUser, UserId } from "@onhand/core"
import { Effect, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { answering, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { SignInLimit } from "./SignInLimit.ts"

export const accountReply = (user: PublicUser): Account => ({ ...user, createdAt: timestamp(user.createdAt) })

export const layerUsers = HttpApiBuilder.group(
  OnhandApi,
  "users",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const auth = yield* Auth
    const sessions = yield* Sessions
    const limit = yield* SignInLimit
    const { roles: known } = yield* ServerSettings

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
      return yield* answering(auth.hashPassword(Redacted.make(password.new)))
    })

    return handlers.handleAll({
      me: Effect.fnUntraced(function* ({ headers }) {
        const { id } = yield* CurrentActor
        return yield* account(UserId.make(id), headers["if-none-match"])
      }),
      updateMe: Effect.fnUntraced(function* ({ payload: { name, password } }) {
        const actor = yield* CurrentActor
        const id = UserId.make(actor.id)
        const change = {
          user: id,
          expected: "any" as const,
          ...(name === undefined ? {} : { name }),
          ...(password === undefined ? {} : { credential: yield* newCredential(id, password) })
        }
        const { reply, replayed } = yield* submitAs(inventory, "updateUser", change, { actor }).pipe(
          Effect.catchTag("StaleVersion", Effect.die)
        )
        return changedReply(accountReply(reply), reply.version, replayed)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const page = yield* answering(inventory.read.users(yield* pageRequest(query)))
        return pageReply(page, (user) => accountReply(publicUser(user)))
      }),
      byId: ({ params, headers }) => account(params.id, headers["if-none-match"]),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const expected = yield* expectedVersion(headers["if-match"])
        const faults = (payload.roles ?? []).flatMap((role, index) =>
          Object.hasOwn(known, role)
            ? []
            : [{ path: `payload.roles.${index}`, message: `One of ${Object.keys(known).join(", ")} is accepted` }]
        )
        if (faults.length > 0) return yield* new InvalidRequest({ faults })
        const change = { user: params.id, expected, ...payload }
        const { reply, replayed } = yield* submitAs(inventory, "updateUser", change, { actor })
        yield* sessions.forget
        return changedReply(accountReply(reply), reply.version, replayed)
      })
    })
  })
)
