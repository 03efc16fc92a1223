/**
 * Configuration: what the environment and the flags say. A flag wins over its variable, an empty variable counts as
 * none, and every mistake is told at once, so that nobody fixes them one start at a time.
 */
import { Config, ConfigProvider, Effect, FileSystem, Option, Redacted, Result, Schema, SchemaIssue } from "effect"
import { exitCode, exitCodes } from "./ExitCode.ts"

/** Variables or flags that cannot be used, each with what would be accepted. */
export class WrongConfiguration extends Schema.TaggedError<WrongConfiguration>()("WrongConfiguration", {
  faults: Schema.Array(Schema.String)
}) {
  override readonly [exitCode] = exitCodes.usage
  override get message() {
    return `The configuration cannot be used:\n${this.faults.map((fault) => `  ${fault}`).join("\n")}`
  }
}

/** One mistake, as a sentence that names its variable. */
export class Mistake extends Schema.TaggedError<Mistake>()("Mistake", { text: Schema.String }) {}

/** Something to be read from the configuration. */
export type Setting<A> = Effect.Effect<A, Mistake | Config.ConfigError, FileSystem.FileSystem>

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const faultsOf = (error: Mistake | Config.ConfigError): ReadonlyArray<string> => {
  if (error._tag === "Mistake") return [error.text]
  if (!Schema.isSchemaError(error.cause)) return [error.message]
  return formatIssue(error.cause.issue).issues.map(({ path = [], message }) => `${path.join(".")}: ${message}`)
}

/** The names of the variables that begin with a prefix. A provider tells them word by word. */
const namesUnder = (provider: ConfigProvider.ConfigProvider, prefix: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    // Variables of a process can always be read; only a provider with a source of its own could fail here.
    const node = yield* Effect.orDie(provider.load(prefix.split("_")))
    if (node === undefined) return []
    const own = node.value === undefined ? [] : [prefix]
    const words =
      node._tag === "Record" ? [...node.keys] : node._tag === "Array" ? Array.from({ length: node.length }, String) : []
    const below = yield* Effect.forEach(words, (word) => namesUnder(provider, `${prefix}_${word}`))
    return [...own, ...below.flat()]
  })

const OWN_PREFIX = "ONHAND"

/** Variables that look like ours, but that nothing asked for: a typing error would otherwise go unnoticed. */
const unknownIn = (environment: ConfigProvider.ConfigProvider, asked: ReadonlySet<string>) =>
  Effect.map(namesUnder(environment, OWN_PREFIX), (names) => {
    const known = [...asked].filter((name) => name.startsWith(`${OWN_PREFIX}_`)).sort()
    return names
      .filter((name) => name !== OWN_PREFIX && !asked.has(name))
      .map((name) => `${name}: there is no such setting; accepted: ${known.join(", ")}`)
  })

/**
 * Reads all settings, or tells every mistake in them. `flags` are variables that were given as flags. With `"strict"`,
 * a variable of ours that no setting has is a mistake too.
 */
export const readSettings = <const S extends Readonly<Record<string, Setting<unknown>>>>(
  settings: S,
  flags: Readonly<Record<string, Option.Option<string>>>,
  unknown: "strict" | "lenient" = "lenient"
): Effect.Effect<{ readonly [K in keyof S]: Effect.Success<S[K]> }, WrongConfiguration, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const given = Object.entries(flags).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : []))
    const environment = yield* ConfigProvider.ConfigProvider
    const flagged = ConfigProvider.fromEnvRecord(Object.fromEntries(given)).pipe(ConfigProvider.orElse(environment))
    const asked = new Set(Object.keys(flags))
    const provider = ConfigProvider.make((path) => {
      asked.add(path.join("_"))
      return flagged.load(path)
    })
    const values: Partial<Record<keyof S, unknown>> = {}
    const faults: Array<string> = []
    for (const [name, setting] of Object.entries(settings)) {
      const result = yield* Effect.result(setting).pipe(Effect.provideService(ConfigProvider.ConfigProvider, provider))
      if (Result.isSuccess(result)) values[name as keyof S] = result.success
      else faults.push(...faultsOf(result.failure))
    }
    if (unknown === "strict") faults.push(...(yield* unknownIn(environment, asked)))
    if (faults.length > 0) return yield* new WrongConfiguration({ faults })
    return values as { readonly [K in keyof S]: Effect.Success<S[K]> }
  })

/** A variable's text, if it is set and not empty. */
export const text = (name: string): Config.Config<Option.Option<string>> =>
  Config.map(Config.option(Config.String(name)), (found) => Option.filter(found, (value) => value.trim() !== ""))

/** A variable of a schema, with what to take when it is not set. */
export const value = <A>(name: string, schema: Schema.Codec<A, string>, otherwise: A): Setting<A> =>
  Effect.flatMap(text(name), (found) =>
    Option.isNone(found) ? Effect.succeed(otherwise) : Config.schema(schema, name)
  )

/**
 * A secret: the variable itself, or the content of the file that `<name>_FILE` names, as container platforms hand
 * secrets over. A line break at the end of the file does not belong to it.
 */
export const secret = (name: string): Setting<Option.Option<Redacted.Redacted<string>>> =>
  Effect.gen(function* () {
    const direct = yield* text(name)
    const file = yield* text(`${name}_FILE`)
    if (Option.isNone(file)) return Option.map(direct, (found) => Redacted.make(found))
    if (Option.isSome(direct)) {
      return yield* new Mistake({ text: `${name} and ${name}_FILE are both set; one of them is accepted` })
    }
    const files = yield* FileSystem.FileSystem
    const content = yield* files
      .readFileString(file.value)
      .pipe(
        Effect.mapError((error) => new Mistake({ text: `${name}_FILE: cannot read ${file.value}: ${error.message}` }))
      )
    const found = content.replace(/\r?\n$/, "")
    if (found === "") return yield* new Mistake({ text: `${name}_FILE: ${file.value} is empty` })
    return Option.some(Redacted.make(found))
  })
