/**
 * The secret that signs access tokens: the one that was configured, or one made once and kept beside the database.
 */
import { randomBytes } from "node:crypto"
import { MIN_SECRET_BYTES, type RetiredKey } from "@onhand/auth"
import { Console, Effect, FileSystem, Option, Path, Redacted, Schema } from "effect"
import { Mistake, type Setting, secret, text } from "./Configuration.ts"
import { exitCode, exitCodes } from "./ExitCode.ts"
import type { StoreChoice } from "./StoreChoice.ts"

/** The file in the data folder. Whoever reads it can sign in as anybody. */
export const SECRET_FILE = "token-secret"

/** For its owner alone. */
const SECRET_FILE_MODE = 0o600

/** 256 bits, which is all that the signature uses. */
const RANDOM_BYTES = 32

/** The kept secret can be neither read nor written. */
export class SecretUnreadable extends Schema.TaggedError<SecretUnreadable>()("SecretUnreadable", {
  file: Schema.String,
  reason: Schema.String
}) {
  override readonly [exitCode] = exitCodes.store
  override get message() {
    return `The token secret in ${this.file} cannot be kept: ${this.reason}`
  }
}

const isLongEnough = (text: string): boolean => Buffer.byteLength(text) >= MIN_SECRET_BYTES

const longEnough = (name: string): Setting<Option.Option<Redacted.Redacted<string>>> =>
  Effect.gen(function* () {
    const found = yield* secret(name)
    if (Option.isNone(found) || isLongEnough(Redacted.value(found.value))) return found
    return yield* new Mistake({
      text:
        `${name}: it has ${Buffer.byteLength(Redacted.value(found.value))} bytes; at least ${MIN_SECRET_BYTES} ` +
        "are accepted, such as the output of: openssl rand -base64 32"
    })
  })

/** `ONHAND_SECRET` or `ONHAND_SECRET_FILE`. */
export const secretSetting = longEnough("ONHAND_SECRET")

const decodeInstant = Schema.decodeUnknownOption(Schema.DateTimeUtcFromString)

/** The secret that signed before, `ONHAND_FORMER_SECRET`, and until when what it signed is accepted. */
export const formerSecretSetting: Setting<ReadonlyArray<RetiredKey>> = Effect.gen(function* () {
  const former = yield* longEnough("ONHAND_FORMER_SECRET")
  const until = Option.flatMap(yield* text("ONHAND_FORMER_SECRET_UNTIL"), decodeInstant)
  if (Option.isNone(former)) return []
  if (Option.isSome(until)) return [{ key: { _tag: "Secret", secret: former.value }, until: until.value }]
  return yield* new Mistake({
    text:
      "ONHAND_FORMER_SECRET_UNTIL: with ONHAND_FORMER_SECRET, the time until which that one is accepted, such as " +
      "2027-01-31T00:00:00Z"
  })
})

const random = Effect.sync(() => randomBytes(RANDOM_BYTES).toString("base64url"))

/** The secret in a data folder, made if it is not there. The caller holds the folder, so that two never make one. */
const kept = (folder: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const file = path.join(folder, SECRET_FILE)
    return yield* Effect.gen(function* () {
      if (yield* files.exists(file)) {
        const found = (yield* files.readFileString(file)).trim()
        if (isLongEnough(found)) return found
      }
      const made = yield* random
      // By a rename, so that a crash leaves no half of a secret.
      yield* files.writeFileString(`${file}.new`, `${made}\n`, { mode: SECRET_FILE_MODE })
      yield* files.rename(`${file}.new`, file)
      return made
    }).pipe(Effect.mapError((error) => new SecretUnreadable({ file, reason: error.message })))
  })

/** The secret to sign with. Call it while the store is open. */
export const tokenSecret = (configured: Option.Option<Redacted.Redacted<string>>, store: StoreChoice) =>
  Effect.gen(function* () {
    if (Option.isSome(configured)) return configured.value
    if (store._tag === "Embedded") return Redacted.make(yield* kept(store.folder))
    yield* Console.error(
      "onhand: ONHAND_SECRET is not set, so one was made for this process alone: everybody has to sign in again " +
        "after a restart, and no other server accepts the tokens of this one"
    )
    return Redacted.make(yield* random)
  })
