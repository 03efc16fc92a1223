// The application's role can do all that the store does, and nothing to history; nor can the owner by mistake.
import { readFileSync } from "node:fs"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { StoreConformance } from "@onhand/testkit"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { afterAll } from "vitest"
import { createDatabase, createRole, type DatabaseRole } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"
import { INSUFFICIENT_PRIVILEGE } from "../src/Migration.ts"
import { privileges } from "../src/Role.ts"
import { sqlStateOf } from "../src/Transaction.ts"
import { storeOver } from "./PostgresReaders.ts"

const clientOf = (url: string) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })

const run = (url: string, statement: string) =>
  Effect.provide(
    SqlClient.use((sql) => sql.unsafe(statement)),
    clientOf(url)
  )

const inventoryAt = ({ url }: DatabaseRole) =>
  Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(url), maxConnections: 2 })))

/** A database with an owner who is no superuser, and a role for the application that was granted nothing yet. */
const emptyDatabase = Effect.gen(function* () {
  const admin = yield* Effect.promise(() => createDatabase())
  const owner = yield* Effect.promise(() => createRole(admin))
  const app = yield* Effect.promise(() => createRole(admin))
  yield* run(admin, `ALTER DATABASE ${new URL(admin).pathname.slice(1)} OWNER TO ${owner.name}`)
  return { admin, owner, app }
})

/** The same with the tables made, and the role granted. */
const database = Effect.tap(emptyDatabase, ({ owner, app }) =>
  Effect.andThen(PostgresStore.migrate(1), PostgresStore.grant(app.name)).pipe(Effect.provide(clientOf(owner.url)))
)

const shared = Effect.runPromise(database)
const clientAs = (urlOf: (roles: Effect.Success<typeof database>) => string) =>
  ManagedRuntime.make(
    Layer.unwrap(
      Effect.map(
        Effect.promise(() => shared),
        (roles) => clientOf(urlOf(roles))
      )
    )
  )
const asApp = clientAs(({ app }) => app.url)
const asAdmin = clientAs(({ admin }) => admin)
afterAll(() => Promise.all([asApp.dispose(), asAdmin.dispose()]))

StoreConformance.suite(
  "PostgreSQL as the application's role",
  storeOver(
    Effect.promise(() => asApp.runPromise(SqlClient)),
    { admin: Effect.promise(() => asAdmin.runPromise(SqlClient)) }
  ),
  { effort: { histories: 4, historyLength: 15, runs: 2, callers: 100 } }
)

const ledger = ["commands", "movements", "claim_events", "seals"]

/** A database in which the application left a row in every table of the ledger. */
const written = Effect.tap(database, ({ app }) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const { id: location } = yield* inventory.createLocation({ name: "Shop" })
    const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
    yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 3 }] })
    yield* inventory.holdStock({ lines: [{ product, location, quantity: 1 }], ttlMillis: 60_000 })
  }).pipe(Effect.provide(inventoryAt(app)))
)

const APPEND_ONLY = "append-only"

/** The SQLSTATEs with which statements fail as a role, or that the trigger refuses them. */
const statesOf = ({ url }: DatabaseRole, statements: ReadonlyArray<string>) =>
  Effect.forEach(statements, (statement) =>
    Effect.map(Effect.result(run(url, statement)), (result) => {
      if (result._tag === "Success") return `${statement}: done`
      const { failure } = result
      const refused = String(failure.reason.cause).includes(APPEND_ONLY)
      return `${statement}: ${refused ? APPEND_ONLY : sqlStateOf(failure)}`
    })
  )

const allFailWith = (state: string, statements: ReadonlyArray<string>) =>
  statements.map((statement) => `${statement}: ${state}`)

describe("check 72: the application's role", () => {
  it.live("can add to history, and neither change, remove nor empty it", () =>
    Effect.gen(function* () {
      const { app, owner } = yield* written
      const changes = ledger.flatMap((table) => [
        `UPDATE onhand.${table} SET shard = shard`,
        `DELETE FROM onhand.${table}`,
        `TRUNCATE onhand.${table}`
      ])
      assert.deepStrictEqual(yield* statesOf(app, changes), allFailWith(INSUFFICIENT_PRIVILEGE, changes))
      // The owner has the privileges; what stops him is the trigger.
      assert.deepStrictEqual(yield* statesOf(owner, changes), allFailWith(APPEND_ONLY, changes))
    })
  )

  it.live("can neither change the tables nor make others, nor remove what only ever changes", () =>
    Effect.gen(function* () {
      const { app } = yield* written
      const attempts = [
        ...ledger.flatMap((table) => [
          `ALTER TABLE onhand.${table} DISABLE TRIGGER ALL`,
          `DROP TRIGGER append_only ON onhand.${table}`,
          `DROP TABLE onhand.${table}`
        ]),
        "CREATE TABLE onhand.more (id int)",
        "CREATE SCHEMA more",
        "SET session_replication_role = replica",
        "DELETE FROM onhand.heads",
        "DELETE FROM onhand.balances",
        "DELETE FROM onhand.claims",
        "DELETE FROM onhand.products",
        "TRUNCATE onhand.names",
        "DELETE FROM onhand.migrations"
      ]
      assert.deepStrictEqual(yield* statesOf(app, attempts), allFailWith(INSUFFICIENT_PRIVILEGE, attempts))
    })
  )

  it.live("loses what else it had been granted, and gets no less when it is granted again", () =>
    Effect.gen(function* () {
      const { owner, app } = yield* written
      yield* run(owner.url, `GRANT ALL ON ALL TABLES IN SCHEMA onhand TO ${app.name}`)
      yield* PostgresStore.grant(app.name).pipe(Effect.provide(clientOf(owner.url)))
      const remove = ["DELETE FROM onhand.balances"]
      assert.deepStrictEqual(yield* statesOf(app, remove), allFailWith(INSUFFICIENT_PRIVILEGE, remove))
      const verified = Inventory.use((inventory) => inventory.read.verify)
      assert.deepStrictEqual((yield* Effect.provide(verified, inventoryAt(app))).differences, [])
    })
  )

  it.live("has its privileges in every table there is", () =>
    Effect.gen(function* () {
      const { admin } = yield* database
      const tables = yield* run(admin, "SELECT tablename FROM pg_tables WHERE schemaname = 'onhand' ORDER BY 1")
      assert.deepStrictEqual(
        tables.map((row) => Object.values(row)[0]),
        Object.keys(privileges).toSorted()
      )
    })
  )

  it("may do what the guide says", () => {
    const guide = readFileSync(new URL("../../../docs/guides/postgres.md", import.meta.url), "utf8")
    const namesIn = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    const said = guide.split("\n").flatMap((line) => {
      const [, tables, allowed] = line.split("|")
      return allowed === undefined ? [] : namesIn(tables).map((table) => [table, namesIn(allowed).join()])
    })
    assert.deepStrictEqual(said.toSorted(), Object.entries(privileges).toSorted())
  })

  it.live("is told what to do when the tables were not made or not granted", () =>
    Effect.gen(function* () {
      const { owner, app } = yield* emptyDatabase
      const opened = Effect.flip(Layer.build(PostgresStore.layer({ url: Redacted.make(app.url) })))
      for (const prepare of [Effect.void, Effect.provide(PostgresStore.migrate(1), clientOf(owner.url))]) {
        yield* prepare
        const failure = yield* opened
        assert.strictEqual(failure._tag, "NotMigrated")
        assert.include(failure.message, `onhand migrate --role ${app.name}`)
      }
    })
  )

  it.live("is one that privileges can hold back", () =>
    Effect.gen(function* () {
      const { admin, owner } = yield* database
      const refusal = (role: string) =>
        Effect.map(
          Effect.flip(PostgresStore.grant(role).pipe(Effect.provide(clientOf(owner.url)))),
          (error) => error._tag === "RoleNotLimited" && error.reason
        )
      assert.strictEqual(yield* refusal("nobody there"), "unknown")
      assert.strictEqual(yield* refusal(new URL(admin).username), "superuser")
      assert.strictEqual(yield* refusal(owner.name), "owner")
    })
  )
})
