import * as PgClient from "@effect/sql-pg/PgClient"
import { StoreConformance } from "@onhand/testkit"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { afterAll } from "vitest"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { layerMemory } from "../src/pglite/index.ts"
import { storeOver } from "./PostgresReaders.ts"

// One client a database for the whole file: opening one for each trial would cost more than the trials.
const clients = {
  PostgreSQL: ManagedRuntime.make(
    Layer.unwrap(
      Effect.map(
        Effect.promise(() => createDatabase()),
        (url) => PgClient.layer({ url: Redacted.make(url) })
      )
    )
  ),
  PGlite: ManagedRuntime.make(layerMemory)
}

/** Enough for every commit; the storms try more. */
const effort = { histories: 12, historyLength: 20, runs: 4 }

for (const [name, runtime] of Object.entries(clients)) {
  const client = Effect.promise(() => runtime.runPromise(SqlClient))
  StoreConformance.suite(name, storeOver(client), {
    effort,
    reopenable: () => {
      let opened = false
      return Layer.unwrap(
        Effect.sync(() => {
          const keep = opened
          opened = true
          return storeOver(client, { keep })
        })
      )
    }
  })
  afterAll(() => runtime.dispose())
}
