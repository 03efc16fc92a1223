/**
 * Migrations: the tables made or brought up to date by their owner, and found as they should be by everybody else.
 */
import { Effect, Schema } from "effect"
import * as Migrator from "effect/sql/Migrator"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { migrations, SCHEMA } from "./Tables.ts"
import { sqlStateOf } from "./Transaction.ts"

/** PostgreSQL's state for something that the role may not do. */
export const INSUFFICIENT_PRIVILEGE = "42501"

/** The tables are missing, older than this version or not granted, and the role may not change that. */
export class NotMigrated extends Schema.TaggedError<NotMigrated>()("NotMigrated", { role: Schema.String }) {
  override get message() {
    return (
      `The tables of this version are not there for the role "${this.role}", which may not make them; ` +
      `"onhand migrate --role ${this.role}", run as their owner, makes and grants them`
    )
  }
}

/** How many shards the ledger of a client's database has. */
export const shardsOfLedger = (sql: SqlClient): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ readonly shards: number }>`SELECT count(*)::int AS shards FROM onhand.heads`,
    ([row]) => row?.shards ?? 1
  )

/** Whether nothing is left to migrate. It takes no lock and no privilege beyond reading. */
const isCurrent = (sql: SqlClient, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [found] = yield* sql<{ readonly made: boolean }>`
      SELECT to_regclass(${`${SCHEMA}.migrations`}) IS NOT NULL AS made`
    if (found?.made !== true) return false
    const [last] = yield* sql<{ readonly id: number }>`
      SELECT coalesce(max(migration_id), 0)::int AS id FROM ${sql(`${SCHEMA}.migrations`)}`
    return (last?.id ?? 0) >= Math.max(...names.map((name) => Number.parseInt(name, 10)))
  })

/**
 * Renews the statistics by which PostgreSQL plans. After much was loaded at once they tell of tables as small as
 * before, until autovacuum comes by, which the embedded database does not have. Tables of another owner are left out.
 */
export const analyze: Effect.Effect<void, SqlError, SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient
  const tables = yield* sql<{ readonly name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = ${SCHEMA}
      AND pg_has_role(tableowner, 'USAGE')`
  if (tables.length > 0) yield* sql.unsafe(`ANALYZE ${tables.map(({ name }) => name).join(", ")}`)
})

/**
 * Makes or upgrades the tables, and says how many shards the ledger has: those of its creation, whatever is asked.
 * Where the tables are those of this version already, any role that was granted them may run it.
 */
export const migrate = (shards: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const wanted = migrations(shards)
    const make = Effect.gen(function* () {
      if (yield* isCurrent(sql, Object.keys(wanted))) return
      yield* sql`CREATE SCHEMA IF NOT EXISTS ${sql(SCHEMA)}`
      const loader = Migrator.fromRecord(wanted)
      const applied = yield* Migrator.make({})({ table: `${SCHEMA}.migrations`, loader })
      // Without statistics of the new tables, the first batches would be planned up to six times slower.
      if (applied.length > 0) yield* analyze
    })
    const refused = Effect.flatMap(sql<{ readonly role: string }>`SELECT current_user AS role`, ([row]) =>
      Effect.fail(new NotMigrated({ role: row?.role ?? "" }))
    )
    return yield* Effect.andThen(make, shardsOfLedger(sql)).pipe(
      Effect.catchTag("SqlError", (error) =>
        sqlStateOf(error) === INSUFFICIENT_PRIVILEGE ? refused : Effect.fail(error)
      )
    )
  })
