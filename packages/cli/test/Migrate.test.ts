// A PostgreSQL on which the application has a role of its own: prepared by its owner, used and verified by the role.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase, createRole } from "../../../test/PostgresDatabase.ts"
import { run, temporaryFolder, writeLines } from "./RunProgram.ts"

const asAdmin = (url: string, statement: string) =>
  Effect.provide(
    SqlClient.use((sql) =>
      sql.withTransaction(Effect.andThen(sql`SET LOCAL session_replication_role = replica`, sql.unsafe(statement)))
    ),
    PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
  )

describe("migrate", () => {
  it.live("prepares a database for a role that may not make tables, and verify finds what an administrator edits", () =>
    Effect.gen(function* () {
      const owner = yield* Effect.promise(() => createDatabase())
      const app = yield* Effect.promise(() => createRole(owner))
      const asApp = { DATABASE_URL: app.url }
      const early = yield* run(["verify"], asApp)
      assert.strictEqual(early.code, 3)
      assert.include(early.err, `onhand migrate --role ${app.name}`)

      const migrated = yield* run(["migrate", "--database-url", owner, "--role", app.name])
      assert.strictEqual(migrated.code, 0, migrated.err)
      assert.include(migrated.out, `${app.name} may use them, and change no history`)
      assert.strictEqual((yield* run(["migrate", "--role", app.name], { DATABASE_URL: owner })).code, 0)

      const folder = yield* temporaryFolder
      const catalogue = writeLines(folder, "catalogue.csv", ["sku,name", "MUG,Mug", "TEA,Tea"])
      const imported = yield* run(["import", "products", catalogue], asApp)
      assert.strictEqual(imported.code, 0, imported.err)
      const sound = yield* run(["verify"], asApp)
      assert.strictEqual(sound.code, 0, sound.err)
      assert.include(sound.out, "0 differences")
      assert.include(sound.out, "0 broken seals")

      const note = /^to be noted elsewhere: (0:2:[0-9a-f]{64})$/m.exec(sound.out)?.[1] ?? ""
      const more = writeLines(folder, "more.csv", ["sku,name", "POT,Pot"])
      assert.strictEqual((yield* run(["import", "products", more], asApp)).code, 0)
      const grown = yield* run(["verify", "--chain", "--noted", note], asApp)
      assert.strictEqual(grown.code, 0, grown.err)
      assert.include(grown.out, "ledger shard 0 is as noted up to entry 2")
      const another = yield* run(
        ["verify", "--chain", "--noted", note.replace(/.$/, (end) => (end === "0" ? "1" : "0"))],
        asApp
      )
      assert.strictEqual(another.code, 1)
      assert.include(another.out, "ledger shard 0, entry 2: this is not what was noted")
      const misread = yield* run(["verify", "--chain", "--noted", "46da"], asApp)
      assert.strictEqual(misread.code, 2)
      assert.include(misread.err, "a note of seals, shard:seq:hash joined by commas, is accepted")

      yield* asAdmin(owner, "UPDATE onhand.commands SET reply = reply || ' ' WHERE seq = 1")
      const changed = yield* run(["verify", "--chain"], asApp)
      assert.strictEqual(changed.code, 1)
      assert.include(changed.out, "ledger shard 0, entry 1: a row differs")
      assert.include(changed.err, "The books are not sound: 1 broken seal")
      assert.notInclude(`${changed.out}${changed.err}`, "difference")
    })
  )

  it.live("refuses a role that it cannot hold back, and one on the embedded database", () =>
    Effect.gen(function* () {
      const owner = yield* Effect.promise(() => createDatabase())
      const unknown = yield* run(["migrate", "--database-url", owner, "--role", "nobody"])
      assert.strictEqual(unknown.code, 2)
      assert.include(unknown.err, "does not exist")
      const folder = yield* temporaryFolder
      const embedded = yield* run(["migrate", "--data", `${folder}/shop`, "--role", "app"])
      assert.strictEqual(embedded.code, 2)
      assert.include(embedded.err, "the embedded database has no roles")
    })
  )
})
