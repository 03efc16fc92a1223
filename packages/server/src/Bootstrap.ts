/**
 * Bootstrap: the first administrator. There is no default password; one that nobody chose is made at random and told
 * once.
 */
import {
  Auth,
  type AuthBusy,
  type CommandError,
  type CommonPassword,
  firstPage,
  type InvalidCursor,
  Inventory
} from "@onhand/core"
import { Effect, Redacted } from "effect"
import { normalEmail } from "./SigningIn.ts"

/** The address of an administrator that nobody named. */
export const DEFAULT_ADMIN_EMAIL = "admin@onhand.local"

const ADMIN = "admin"

/** The random bytes of a made password: 144 bits, 24 letters to type. */
const PASSWORD_BYTES = 18

const USERS_AT_ONCE = 100

export interface FirstAdmin {
  readonly email?: string | undefined
  /** A random one is made when it is left out. */
  readonly password?: Redacted.Redacted<string> | undefined
}

/** What became of it. `password` is there only if it was made at random, just now; nobody can read it again. */
export type Bootstrapped =
  | { readonly _tag: "Exists" }
  | { readonly _tag: "Created"; readonly email: string; readonly password: Redacted.Redacted<string> | null }

const randomPassword = Effect.sync(() =>
  Redacted.make(
    btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES))))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
  )
)

const hasAdmin = Effect.gen(function* () {
  const { read } = yield* Inventory
  let page = yield* read.users({}, firstPage(USERS_AT_ONCE))
  for (;;) {
    if (page.items.some((user) => user.active && user.roles.includes(ADMIN))) return true
    if (page.nextCursor === null) return false
    page = yield* read.users({}, { _tag: "Cursor", limit: USERS_AT_ONCE, cursor: page.nextCursor })
  }
})

/** Creates the administrator, if there is none yet; not with one of the passwords that everybody tries first. */
export const ensureAdmin = (
  first: FirstAdmin
): Effect.Effect<
  Bootstrapped,
  CommandError<"registerUser"> | AuthBusy | CommonPassword | InvalidCursor,
  Inventory | Auth
> =>
  Effect.gen(function* () {
    if (yield* hasAdmin) return { _tag: "Exists" }
    const inventory = yield* Inventory
    const auth = yield* Auth
    const email = normalEmail(first.email ?? DEFAULT_ADMIN_EMAIL)
    const password = first.password ?? (yield* randomPassword)
    yield* auth.checkPassword(password)
    const credential = yield* auth.hashPassword(password)
    yield* inventory.registerUser({ email, name: "Administrator", credential, roles: [ADMIN] })
    return { _tag: "Created", email, password: first.password === undefined ? password : null }
  })
