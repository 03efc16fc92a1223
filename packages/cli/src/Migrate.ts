/**
 * `onhand migrate`: makes the tables or brings them up to date, and grants an application's role what it needs in them.
 */
import { PostgresStore } from "@onhand/postgres"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { readSettings, WrongConfiguration } from "./Configuration.ts"
import {
  layerStore,
  notOpened,
  placeOf,
  type StoreChoice,
  storeFlags,
  storeSetting,
  storeVariables
} from "./StoreChoice.ts"

/** Migrates a store, and lets a role use it and change no history. */
const migrate = (store: StoreChoice, role: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(role) && store._tag === "Embedded") {
      return yield* new WrongConfiguration({
        faults: ["--role: the embedded database has no roles; with --database-url, or DATABASE_URL, it is accepted"]
      })
    }
    yield* Effect.gen(function* () {
      yield* Console.log(`The tables ${placeOf(store)} are up to date`)
      if (Option.isNone(role)) return
      yield* PostgresStore.grant(role.value).pipe(Effect.catchTag("SqlError", notOpened(store)))
      yield* Console.log(`${role.value} may use them, and change no history`)
    }).pipe(Effect.provide(layerStore(store)))
  })

export const migrateCommand = Command.make(
  "migrate",
  {
    role: Flag.String("role").pipe(
      Flag.optional,
      Flag.withMetavar("<name>"),
      Flag.withDescription("The role that serves: it gets what it needs in the tables, and nothing more")
    ),
    ...storeFlags
  },
  ({ role, ...flags }) =>
    Effect.flatMap(readSettings({ store: storeSetting(flags) }, storeVariables(flags)), ({ store }) =>
      migrate(store, role)
    )
).pipe(
  Command.withShortDescription("Make or upgrade the tables, and grant a role the use of them"),
  Command.withDescription(
    "Makes the tables or brings them up to date, as the role that owns them. Every command does that by itself where " +
      "its role may; this one is for a PostgreSQL on which the application has a role of its own. --role names that " +
      "role, which must exist: it may then read and add to the ledger, but not change or remove anything in it, and " +
      "make no tables. Run it again after each upgrade of Onhand."
  ),
  Command.withExamples([
    {
      command: "onhand migrate --database-url postgres://owner@db/shop --role app",
      description: "Prepare a database for a server that connects as app"
    }
  ])
)
