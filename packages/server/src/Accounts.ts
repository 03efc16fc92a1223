/**
 * Accounts over HTTP: registering and signing in.
 */
import { InvalidCredentials, OnhandApi } from "@onhand/api"
import { Auth, Inventory } from "@onhand/core"
import { Effect, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { answering } from "./OutwardRefusal.ts"
import { ServerSettings } from "./Settings.ts"
import { SignInLimit } from "./SignInLimit.ts"
import { accountReply } from "./Users.ts"

/** An address as it is compared. */
export const normalEmail = (email: string): string => email.trim().toLowerCase()

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const auth = yield* Auth
  const limit = yield* SignInLimit

  return Effect.fnUntraced(function* (address: string, text: string) {
    const email = normalEmail(address)
    const password = Redacted.make(text)
    yield* limit.consume(email)
    const found = yield* answering(inventory.read.userByEmail(email))
    const user = Option.getOrUndefined(found)
    // Without a user the comparison takes as long as with one, so that the time does not tell who has an account.
    const match = yield* answering(auth.verifyPassword(password, user?.credential))
    if (user === undefined || match === "wrong" || !user.active) return yield* new InvalidCredentials()
    if (match === "needsRehash") {
      const credential = yield* answering(auth.hashPassword(password))
      // Should somebody change the user at this moment, the upgrade waits for the next sign-in.
      yield* Effect.ignore(
        inventory.updateUser({ user: user.id, expected: user.version, credential }, { actor: user.id })
      )
    }
    const { id, roles, locations } = user
    const { token, expiresIn } = yield* auth.issueAccessToken({ id, roles, locations })
    return { access_token: Redacted.value(token), token_type: "bearer", expires_in: expiresIn } as const
  })
})

export const layerAccounts = HttpApiBuilder.group(
  OnhandApi,
  "accounts",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const auth = yield* Auth
    const limit = yield* SignInLimit
    const { registrationRoles } = yield* ServerSettings
    const signIn = yield* make
    return handlers.handleAll({
      register: Effect.fnUntraced(function* ({ payload }) {
        const email = normalEmail(payload.email)
        yield* limit.consume(email)
        const credential = yield* answering(auth.hashPassword(Redacted.make(payload.password)))
        const registration = { email, name: payload.name, credential, roles: registrationRoles }
        const user = yield* answering(inventory.registerUser(registration)).pipe(
          // The key of this command is made for it alone.
          Effect.catchTag("IdempotencyConflict", Effect.die)
        )
        return accountReply(user)
      }),
      login: ({ payload }) => signIn(payload.username, payload.password),
      loginJson: ({ payload }) => signIn(payload.email, payload.password)
    })
  })
)
