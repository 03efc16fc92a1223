// The laws on PostgreSQL in four shards: batches of different shards at once, and commands that touch several.
import * as PgClient from "@effect/sql-pg/PgClient"
import { StoreConformance } from "@onhand/testkit"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { afterAll } from "vitest"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { storeOver } from "./PostgresReaders.ts"

const runtime = ManagedRuntime.make(
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (url) => PgClient.layer({ url: Redacted.make(url) })
    )
  )
)
afterAll(() => runtime.dispose())

const client = Effect.promise(() => runtime.runPromise(SqlClient))

StoreConformance.suite("PostgreSQL in four shards", storeOver(client, { shards: 4 }), {
  effort: { histories: 5, historyLength: 20, runs: 3, callers: 300 }
})
