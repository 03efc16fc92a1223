/**
 * Partitions: the tables of the ledger that grow without end, cut by the time of recording. Old parts can then be
 * vacuumed, moved to other disks and backed up by themselves, and the indexes that commits write into stay small.
 */
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { SCHEMA } from "./Tables.ts"

/** The tables that are cut. Commands are not: their keys are unique over all time. */
const TABLES = ["movements", "claim_events"] as const

interface Definition {
  readonly name: string
  readonly definition: string
  readonly is_unique: boolean
  readonly is_primary: boolean
}

interface Granted {
  readonly grantee: string
  readonly privilege: string
}

const indexesOf = (sql: SqlClient, table: string) =>
  sql.unsafe<Definition>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, i.indisunique AS is_unique,
       i.indisprimary AS is_primary
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '${SCHEMA}.${table}'::regclass`
  )

const grantsOf = (sql: SqlClient, table: string) =>
  sql.unsafe<Granted>(
    `SELECT quote_ident(r.rolname) AS grantee, a.privilege_type AS privilege
     FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
     WHERE c.oid = '${SCHEMA}.${table}'::regclass AND a.grantee <> c.relowner`
  )

const isPartitioned = (sql: SqlClient, table: string) =>
  Effect.map(
    sql.unsafe<{ readonly relkind: string }>(
      `SELECT relkind::text FROM pg_class WHERE oid = '${SCHEMA}.${table}'::regclass`
    ),
    ([found]) => found?.relkind === "p"
  )

const refuseTruncate = (partition: string) =>
  `CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ${SCHEMA}.${partition}
   FOR EACH STATEMENT EXECUTE FUNCTION ${SCHEMA}.refuse_change()`

/** A unique key of a partitioned table must have the time in it; it is as good, because a place has one time. */
const withTime = ({ definition, is_unique }: Definition) =>
  is_unique ? definition.replace(/\)$/, ", recorded_at)") : definition

/** Makes a table of the same name that is partitioned, with the table that was there as its first part. */
const convert = (sql: SqlClient, table: string, end: string) =>
  Effect.gen(function* () {
    const indexes = yield* indexesOf(sql, table)
    const grants = yield* grantsOf(sql, table)
    const first = `${table}_first`
    const run = (statement: string) => sql.unsafe(statement)
    yield* run(`DROP TRIGGER append_only ON ${SCHEMA}.${table}`)
    yield* run(`ALTER TABLE ${SCHEMA}.${table} RENAME TO ${first}`)
    for (const { name, is_primary } of indexes) {
      if (is_primary) yield* run(`ALTER TABLE ${SCHEMA}.${first} DROP CONSTRAINT ${name}`)
      else yield* run(`ALTER INDEX ${SCHEMA}.${name} RENAME TO ${name.replace(table, first)}`)
    }
    yield* run(`CREATE TABLE ${SCHEMA}.${table}
      (LIKE ${SCHEMA}.${first} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STATISTICS)
      PARTITION BY RANGE (recorded_at)`)
    for (const index of indexes) {
      yield* run(
        index.is_primary
          ? `ALTER TABLE ${SCHEMA}.${table} ADD CONSTRAINT ${index.name} PRIMARY KEY (shard, seq, line, recorded_at)`
          : withTime(index)
      )
    }
    yield* run(
      `ALTER TABLE ${SCHEMA}.${table} ATTACH PARTITION ${SCHEMA}.${first} FOR VALUES FROM (MINVALUE) TO ('${end}')`
    )
    // What no part was made for goes here, so that a forgotten part stops no sale.
    yield* run(`CREATE TABLE ${SCHEMA}.${table}_rest PARTITION OF ${SCHEMA}.${table} DEFAULT`)
    yield* run(refuseTruncate(`${table}_rest`))
    yield* run(`CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ${SCHEMA}.${table}
      FOR EACH ROW EXECUTE FUNCTION ${SCHEMA}.refuse_change()`)
    yield* run(refuseTruncate(table))
    for (const { grantee, privilege } of grants) yield* run(`GRANT ${privilege} ON ${SCHEMA}.${table} TO ${grantee}`)
  })

/** The end of the newest part that is not the rest, as an instant. */
const lastEnd = (sql: SqlClient, table: string) =>
  Effect.map(
    sql.unsafe<{ readonly last: string | null }>(
      `SELECT to_char(max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz)
         AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '${SCHEMA}.${table}'::regclass`
    ),
    ([found]) => found?.last ?? ""
  )

const nameOf = (table: string, from: string) => `${table}_${from.replace(/\D/g, "")}`

/**
 * Cuts the movements and claim events at instants, the earliest first. The first call makes the tables partitioned;
 * what they hold becomes the first part, which ends at the first of the instants, so this must lie ahead of everything
 * recorded. Later calls add a part up to each instant that is after the last one. Parts must be made before they are
 * needed: what comes after the last one is kept too, but then no part can be made for that time any more.
 *
 * All of it is one transaction, in which commits wait; on a ledger that exists, for as long as its primary keys take to
 * be built again.
 */
export const partitionAt = (instants: ReadonlyArray<DateTime.Utc>): Effect.Effect<void, SqlError, SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const ends = instants.map((instant) => DateTime.formatIso(instant)).toSorted()
    const [first] = ends
    if (first === undefined) return
    const cut = Effect.gen(function* () {
      yield* sql.unsafe("SET LOCAL statement_timeout = 0")
      // Commits hold these rows, and wait for them: so none is in the middle of the tables.
      yield* sql.unsafe(`SELECT shard FROM ${SCHEMA}.heads ORDER BY shard FOR UPDATE`)
      for (const table of TABLES) {
        if (!(yield* isPartitioned(sql, table))) yield* convert(sql, table, first)
        let from = yield* lastEnd(sql, table)
        for (const to of ends.filter((end) => end > from)) {
          const partition = nameOf(table, from)
          yield* sql.unsafe(`CREATE TABLE ${SCHEMA}.${partition} PARTITION OF ${SCHEMA}.${table}
            FOR VALUES FROM ('${from}') TO ('${to}')`)
          yield* sql.unsafe(refuseTruncate(partition))
          from = to
        }
      }
    })
    yield* sql.withTransaction(cut)
    yield* sql.unsafe(`ANALYZE ${TABLES.map((table) => `${SCHEMA}.${table}`).join(", ")}`)
  })
