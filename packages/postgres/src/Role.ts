/**
 * The application's role: exactly the privileges that the store's work needs. History it can read and add to, and
 * nothing else; so neither a bug nor a stolen password of the application rewrites it.
 */
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { SCHEMA } from "./Tables.ts"

/** What the store does with each table, and may do: history is added to, states are replaced, names come and go. */
export const privileges: Readonly<Record<string, string>> = {
  migrations: "SELECT",
  heads: "SELECT, UPDATE",
  seals: "SELECT, INSERT",
  commands: "SELECT, INSERT",
  movements: "SELECT, INSERT",
  claim_events: "SELECT, INSERT",
  balances: "SELECT, INSERT, UPDATE",
  claims: "SELECT, INSERT, UPDATE",
  products: "SELECT, INSERT, UPDATE",
  locations: "SELECT, INSERT, UPDATE",
  names: "SELECT, INSERT, UPDATE, DELETE",
  carts: "SELECT, INSERT, UPDATE",
  counts: "SELECT, INSERT, UPDATE",
  lots: "SELECT, INSERT, UPDATE",
  orders: "SELECT, INSERT, UPDATE",
  policies: "SELECT, INSERT, UPDATE",
  stockpolicies: "SELECT, INSERT, UPDATE",
  forecasts: "SELECT, INSERT, UPDATE",
  kept_values: "SELECT, INSERT, DELETE",
  thresholds: "SELECT, INSERT, UPDATE",
  transfers: "SELECT, INSERT, UPDATE",
  users: "SELECT, INSERT, UPDATE",
  sessions: "SELECT, INSERT, UPDATE",
  apikeys: "SELECT, INSERT, UPDATE",
  vendors: "SELECT, INSERT, UPDATE",
  vendorproducts: "SELECT, INSERT, UPDATE",
  contactrecords: "SELECT, INSERT",
  purchaseorders: "SELECT, INSERT, UPDATE",
  notifications: "SELECT, INSERT, UPDATE",
  webhooks: "SELECT, INSERT, UPDATE",
  consumers: "SELECT, INSERT, UPDATE",
  consumer_notes: "SELECT, INSERT, UPDATE, DELETE",
  deliveries: "SELECT, INSERT, UPDATE, DELETE"
}

/** The role is not one that privileges can hold back. */
export class RoleNotLimited extends Schema.TaggedError<RoleNotLimited>()("RoleNotLimited", {
  role: Schema.String,
  reason: Schema.Literals(["unknown", "superuser", "owner"])
}) {
  override get message() {
    const reason = {
      unknown: "does not exist",
      superuser: "is a superuser, whom no privilege holds back",
      owner: "owns the tables, or may act as their owner"
    }
    return (
      `The role "${this.role}" ${reason[this.reason]}; one made by ` +
      "CREATE ROLE … LOGIN that owns nothing is accepted"
    )
  }
}

const checkRole = (sql: SqlClient, role: string): Effect.Effect<void, RoleNotLimited | SqlError> =>
  Effect.gen(function* () {
    const [found] = yield* sql<{ readonly superuser: boolean; readonly owner: boolean }>`
      SELECT rolsuper AS superuser,
        EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = ${SCHEMA}::regnamespace
          AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owner
      FROM pg_roles r WHERE rolname = ${role}`
    if (found === undefined) return yield* new RoleNotLimited({ role, reason: "unknown" })
    if (found.superuser) return yield* new RoleNotLimited({ role, reason: "superuser" })
    if (found.owner) return yield* new RoleNotLimited({ role, reason: "owner" })
  })

/**
 * Gives a role what the store needs in the tables, and takes from it whatever else it had there. To be run as the owner
 * of the tables after each migration; running it again changes nothing.
 */
export const grant = (role: string): Effect.Effect<void, RoleNotLimited | SqlError, SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    yield* checkRole(sql, role)
    const schema = sql(SCHEMA)
    const name = sql(role)
    yield* sql`REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`
    yield* sql`REVOKE ALL ON SCHEMA ${schema} FROM ${name}`
    yield* sql`GRANT USAGE ON SCHEMA ${schema} TO ${name}`
    for (const [table, allowed] of Object.entries(privileges)) {
      yield* sql`GRANT ${sql.literal(allowed)} ON ${sql(`${SCHEMA}.${table}`)} TO ${name}`
    }
  }).pipe((granting) => Effect.flatMap(SqlClient, (sql) => sql.withTransaction(granting)))
