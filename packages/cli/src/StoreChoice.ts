/**
 * Which store: the embedded database in a folder, or a PostgreSQL somewhere. All commands choose it the same way.
 */
import { Inventory, type Store } from "@onhand/core"
import { type NotMigrated, PostgresStore } from "@onhand/postgres"
import { type FolderDamaged, type FolderLocked, layer as layerPglite } from "@onhand/postgres/pglite"
import { Effect, Layer, Option, Predicate, Redacted, Schema } from "effect"
import { Flag } from "effect/cli"
import type { MigrationError } from "effect/sql/Migrator"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Mistake, readSettings, type Setting, secret, text } from "./Configuration.ts"
import { exitCode, exitCodes } from "./ExitCode.ts"

/** Where the embedded database is when nobody says. */
export const DEFAULT_FOLDER = ".onhand"

export type StoreChoice =
  | { readonly _tag: "Embedded"; readonly folder: string }
  | { readonly _tag: "Postgres"; readonly url: Redacted.Redacted<string> }

/** The database does not answer, or not as one that Onhand can use. */
export class StoreNotOpened extends Schema.TaggedError<StoreNotOpened>()("StoreNotOpened", {
  place: Schema.String,
  reason: Schema.String
}) {
  override readonly [exitCode] = exitCodes.store
  override get message() {
    return `The database ${this.place} cannot be opened: ${this.reason}`
  }
}

/** The flags of every command that opens the store. */
export const storeFlags = {
  data: Flag.String("data").pipe(
    Flag.optional,
    Flag.withMetavar("<folder>"),
    Flag.withDescription(`Folder of the embedded database (ONHAND_DATA; ./${DEFAULT_FOLDER} without it)`)
  ),
  databaseUrl: Flag.String("database-url").pipe(
    Flag.optional,
    Flag.withMetavar("<url>"),
    Flag.withDescription("A PostgreSQL database instead of the embedded one (DATABASE_URL, or DATABASE_URL_FILE)")
  )
}

export interface StoreFlags {
  readonly data: Option.Option<string>
  readonly databaseUrl: Option.Option<string>
}

const isPostgresUrl = (url: string): boolean => /^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? "")

/** The store that flags and environment name. A folder named by a flag wins over a URL of the environment. */
export const storeSetting = (flags: StoreFlags): Setting<StoreChoice> =>
  Effect.gen(function* () {
    if (Option.isSome(flags.data) && Option.isSome(flags.databaseUrl)) {
      return yield* new Mistake({ text: "--data and --database-url name two stores; one of them is accepted" })
    }
    const url = Option.isSome(flags.data) ? Option.none() : yield* secret("DATABASE_URL")
    if (Option.isNone(url)) {
      const folder = Option.getOrElse(yield* text("ONHAND_DATA"), () => DEFAULT_FOLDER)
      return { _tag: "Embedded" as const, folder }
    }
    // The URL may hold a password, so a wrong one is not quoted.
    if (!isPostgresUrl(Redacted.value(url.value))) {
      return yield* new Mistake({
        text: "DATABASE_URL: this is no URL of a PostgreSQL; postgres://user:password@host:5432/database is accepted"
      })
    }
    return { _tag: "Postgres" as const, url: url.value }
  })

/** The flags as the variables they stand for. */
export const storeVariables = (flags: StoreFlags) => ({ ONHAND_DATA: flags.data, DATABASE_URL: flags.databaseUrl })

/** A store's name for people, without a password. */
export const placeOf = (choice: StoreChoice): string => {
  if (choice._tag === "Embedded") return `in ${choice.folder}`
  const url = URL.parse(Redacted.value(choice.url))
  return url === null ? "at DATABASE_URL" : `at ${url.host}${url.pathname}`
}

/** What a chain of errors says at its end, where the database or the network speaks. */
const reasonOf = (error: unknown): string => {
  for (const inner of ["cause", "reason"]) {
    if (Predicate.hasProperty(error, inner) && Predicate.isObject(error[inner])) return reasonOf(error[inner])
  }
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** The failure of a store that does not answer as it should. */
export const notOpened = (choice: StoreChoice) => (error: SqlError | MigrationError) =>
  Effect.fail(new StoreNotOpened({ place: placeOf(choice), reason: reasonOf(error).trim() }))

/** The store and its database, opened for as long as the scope lives, with the tables made or brought up to date. */
export const layerStore = (
  choice: StoreChoice
): Layer.Layer<Store | SqlClient, FolderLocked | FolderDamaged | NotMigrated | StoreNotOpened> => {
  const client =
    choice._tag === "Embedded"
      ? layerPglite({ folder: choice.folder })
      : PostgresStore.layerPgClient({ url: choice.url })
  return PostgresStore.layerClient().pipe(
    Layer.provideMerge(client),
    Layer.catchTag(["SqlError", "MigrationError"], (error) =>
      Layer.effectContext<Store | SqlClient, StoreNotOpened, never>(notOpened(choice)(error))
    )
  )
}

/** The inventory on the store, and the database, that a command's flags and environment choose. */
export const layerInventory = (flags: StoreFlags) =>
  Inventory.layer.pipe(
    Layer.provideMerge(
      Layer.unwrap(
        Effect.map(readSettings({ store: storeSetting(flags) }, storeVariables(flags)), ({ store }) =>
          layerStore(store)
        )
      )
    )
  )
