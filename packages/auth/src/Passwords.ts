/**
 * Passwords: kept as argon2id hashes, which carry their salt and parameters, compared in constant time.
 */
import { hash, type Options, verify } from "@node-rs/argon2"
import { AuthBusy, type AuthShape } from "@onhand/core"
import { Effect, Redacted, Semaphore } from "effect"

/**
 * OWASP's password storage cheat sheet, second of its equivalent settings: 19 MiB, two passes, one lane. Raising these
 * upgrades each credential when its owner signs in next.
 */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1

// The package's `Algorithm.Argon2id`, which is a const enum and as such not importable here.
const ARGON2ID = 2

const OPTIONS: Options = { algorithm: ARGON2ID, memoryCost: MEMORY_KIB, timeCost: PASSES, parallelism: LANES }

/** The hashes made at once: node's worker pool has four threads, and each hash takes 19 MiB and a core. */
const MAX_AT_ONCE = 4

/** Those who wait for their turn. At some 20 ms a hash it is their turn within about a second; more are sent away. */
const MAX_WAITING = 200
const RETRY_AFTER_MILLIS = 2_000

const PARAMETERS = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/

/** Whether a credential was made with weaker parameters than today's. */
const isWeak = (credential: string): boolean => {
  const [, memory, passes] = PARAMETERS.exec(credential) ?? []
  return !(Number(memory) >= MEMORY_KIB && Number(passes) >= PASSES)
}

/** As it is hashed: what looks the same is the same, however a keyboard composes it (NIST SP 800-63B §5.1.1.2). */
const plain = (password: Redacted.Redacted<string>): string => Redacted.value(password).normalize("NFKC")

/** The password half of the auth port. */
export const makePasswords: Effect.Effect<Pick<AuthShape, "hashPassword" | "verifyPassword">> = Effect.gen(
  function* () {
    const turns = yield* Semaphore.make(MAX_AT_ONCE)
    let waiting = 0

    const inTurn = <A>(work: () => Promise<A>): Effect.Effect<A, AuthBusy> =>
      Effect.suspend(() => {
        if (waiting >= MAX_WAITING) return Effect.fail(new AuthBusy({ retryAfterMillis: RETRY_AFTER_MILLIS }))
        waiting += 1
        return turns
          .withPermits(1)(Effect.promise(work))
          .pipe(
            Effect.ensuring(
              Effect.sync(() => {
                waiting -= 1
              })
            )
          )
      })

    const hashPassword: AuthShape["hashPassword"] = (password) => inTurn(() => hash(plain(password), OPTIONS))

    // What a password is compared with when there is no account, so that the answer takes as long as with one.
    const decoy = yield* Effect.promise(() => hash(crypto.randomUUID(), OPTIONS))

    const verifyPassword: AuthShape["verifyPassword"] = (password, credential) =>
      inTurn(() =>
        // A credential that cannot be read fails; to the caller that is a password that does not match.
        verify(credential ?? decoy, plain(password)).catch(() => false)
      ).pipe(
        Effect.map((matches) => {
          if (!matches || credential === undefined) return "wrong"
          return isWeak(credential) ? "needsRehash" : "right"
        })
      )
    return { hashPassword, verifyPassword }
  }
)
