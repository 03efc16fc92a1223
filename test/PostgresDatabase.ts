// Fresh databases for tests that need PostgreSQL to themselves, made on the run's one server.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"
import type {} from "./PostgresServer.ts"

/**
 * Creates an empty database, on the run's server unless another is named, and answers its URL. Nobody
 * drops it: the whole server is thrown away when the run ends.
 */
export const createDatabase = (server: string = inject("postgresUrl")): Promise<string> => {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
  const create = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`create database ${sql(name)}`
  })
  const url = new URL(server)
  url.pathname = name
  return Effect.runPromise(
    create.pipe(Effect.provide(PgClient.layer({ url: Redacted.make(server), maxConnections: 1 })), Effect.as(url.href))
  )
}

/** A role of the server, and a database's URL as that role. */
export interface DatabaseRole {
  readonly name: string
  readonly url: string
}

/** Creates a role that may log in, with further options of `CREATE ROLE`. It may connect and owns nothing. */
export const createRole = (database: string, options = ""): Promise<DatabaseRole> => {
  const name = `role_${crypto.randomUUID().replaceAll("-", "")}`
  const password = crypto.randomUUID()
  const create = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${options}`)
  })
  const url = new URL(database)
  url.username = name
  url.password = password
  const client = PgClient.layer({ url: Redacted.make(database), maxConnections: 1 })
  return Effect.runPromise(create.pipe(Effect.provide(client), Effect.as({ name, url: url.href })))
}
