/**
 * Common passwords: the fifty thousand that most people choose, which are the first that anybody tries.
 */
import { type AuthShape, CommonPassword } from "@onhand/core"
import { Effect, Redacted } from "effect"

/** As it is compared: the list is in lower case, and another case makes a word no better. */
const plain = (password: string): string => password.normalize("NFKC").toLowerCase()

/**
 * The check of a password that is to be set. The list is loaded when the first password is set, because that takes a
 * tenth of a second.
 */
export const makeCheckPassword: Effect.Effect<AuthShape["checkPassword"]> = Effect.gen(function* () {
  const loaded = yield* Effect.cached(
    Effect.promise(async () => {
      const { dictionary } = await import("@zxcvbn-ts/language-common")
      return new Set(dictionary["passwords-common"])
    })
  )
  return (password) =>
    Effect.flatMap(loaded, (common) =>
      common.has(plain(Redacted.value(password))) ? Effect.fail(new CommonPassword()) : Effect.void
    )
})
