/**
 * Accounts over HTTP: registering, signing in and out.
 */
import { OnhandApi } from "@onhand/api"
import { Auth, Inventory } from "@onhand/core"
import { Effect, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { answering } from "./OutwardRefusal.ts"
import { ServerSettings } from "./Settings.ts"
import { SignInLimit } from "./SignInLimit.ts"
import { makeSigningIn, normalEmail } from "./SigningIn.ts"
import { accountReply } from "./Users.ts"

export const layerAccounts = HttpApiBuilder.group(
  OnhandApi,
  "accounts",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const auth = yield* Auth
    const limit = yield* SignInLimit
    const { registrationRoles } = yield* ServerSettings
    const { signIn, refresh, signOut } = yield* makeSigningIn
    return handlers.handleAll({
      register: Effect.fnUntraced(function* ({ payload }) {
        const email = normalEmail(payload.email)
        yield* limit.consume(email)
        const password = Redacted.make(payload.password)
        yield* Effect.mapError(auth.checkPassword(password), ({ message }) => faulty("payload.password", message))
        const credential = yield* answering(auth.hashPassword(password))
        const registration = { email, name: payload.name, credential, roles: registrationRoles }
        const user = yield* answering(inventory.registerUser(registration)).pipe(
          // The key of this command is made for it alone.
          Effect.catchTag("IdempotencyConflict", Effect.die)
        )
        return accountReply(user)
      }),
      login: ({ payload }) => signIn(payload.username, payload.password),
      loginJson: ({ payload }) => signIn(payload.email, payload.password),
      refresh: ({ payload }) => refresh(payload.refresh_token),
      logout: ({ payload }) => signOut(payload.refresh_token, payload.everywhere === true)
    })
  })
)
