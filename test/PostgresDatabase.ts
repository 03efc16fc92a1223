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
