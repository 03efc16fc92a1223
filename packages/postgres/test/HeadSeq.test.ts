// A command of several shards counts in each: what it changed there without a ledger row is seen by who comes next.
import { assert, it } from "@effect/vitest"
import { Inventory, LocationId, shardOf } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { layerClient, layerPgClient } from "../src/PostgresStore.ts"

const SHARDS = 4

const locationIn = (shard: number): LocationId => {
  for (;;) {
    const id = LocationId.make(crypto.randomUUID())
    if (shardOf(id, SHARDS) === shard) return id
  }
}

it.live("a floor that is set together with another shard's stays as it was set", () =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const sql = yield* SqlClient
    const [here, there] = [locationIn(1), locationIn(2)]
    for (const id of [here, there]) yield* inventory.createLocation({ id, name: id })
    const price = { amount: 950, currency: "USD" }
    const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price })
    const receive = inventory.recordMovements({ lines: [{ kind: "receipt", product, location: there, quantity: 1 }] })
    const policy = (location: LocationId, floor: number) => ({ product, location, backorders: true, floor })
    yield* inventory.setStockPolicies({ lines: [policy(there, -5)] })
    // Until the store counts on being alone there.
    for (let count = 0; count < 5; count++) yield* receive
    yield* inventory.setStockPolicies({ lines: [policy(here, 0), policy(there, 0)] })
    const headSeq = Effect.map(
      sql<{ readonly seq: number }>`SELECT seq::int FROM onhand.heads WHERE shard = 2`,
      ([row]) => row?.seq ?? 0
    )
    const before = yield* headSeq
    yield* receive
    assert.strictEqual(yield* headSeq, before + 1)
    const kept = yield* sql<{ readonly floor: number }>`SELECT floor::int FROM onhand.balances
      WHERE location = ${there}`
    assert.deepStrictEqual(kept, [{ floor: 0 }])
  }).pipe(
    Effect.provide(
      Layer.unwrap(
        Effect.map(
          Effect.promise(() => createDatabase()),
          (url) =>
            Inventory.layer.pipe(
              Layer.provideMerge(layerClient({ shards: SHARDS })),
              Layer.provideMerge(layerPgClient({ url: Redacted.make(url) }))
            )
        )
      )
    )
  )
)
