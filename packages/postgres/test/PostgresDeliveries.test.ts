// Deliveries in a database are kept as they must be, whoever asks.
import * as PgClient from "@effect/sql-pg/PgClient"
import { describe, it } from "@effect/vitest"
import { deliveryTrials } from "@onhand/testkit"
import { Effect, Layer, Redacted } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { layerDeliveries, PostgresStore } from "../src/index.ts"
import { layerMemory } from "../src/pglite/index.ts"

const clients = {
  PostgreSQL: Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (url) => PgClient.layer({ url: Redacted.make(url) })
    )
  ),
  PGlite: layerMemory
}

for (const [name, client] of Object.entries(clients)) {
  describe(`deliveries on ${name}`, () => {
    it.layer(layerDeliveries.pipe(Layer.provideMerge(PostgresStore.layerClient()), Layer.provide(client)), {
      excludeTestServices: true,
      timeout: "1 minute"
    })((it) => {
      for (const [title, trial] of Object.entries(deliveryTrials)) it.effect(title, () => trial)
    })
  })
}
