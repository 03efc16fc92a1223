import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage, Inventory } from "@onhand/core"
import { StoreConformance } from "@onhand/testkit"
import { DateTime, Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { afterAll } from "vitest"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore, partitionAt, verifyChain } from "../src/index.ts"
import { storeOver } from "./PostgresReaders.ts"

const client = Layer.unwrap(
  Effect.map(
    Effect.promise(() => createDatabase()),
    (url) => PgClient.layer({ url: Redacted.make(url) })
  )
)
const Live = Inventory.layer.pipe(Layer.provide(PostgresStore.layerClient()), Layer.provideMerge(client))

/** How long a part lasts here: so short that a few commands meet several. Milliseconds. */
const PART = 250
const partsFrom = (from: DateTime.Utc, count: number) =>
  Array.from({ length: count }, (_, index) => DateTime.add(from, { milliseconds: (index + 1) * PART }))

const partsInUse = Effect.gen(function* () {
  const sql = yield* SqlClient
  const [row] = yield* sql<{ parts: number }>`SELECT count(DISTINCT tableoid)::int AS parts FROM onhand.movements`
  return row?.parts ?? 0
})

/** A shop that has sold something, and goes on while its ledger is cut. */
const sellAcrossParts = Effect.gen(function* () {
  const inventory = yield* Inventory
  const shop = yield* inventory.createLocation({ name: "Shop" })
  const tea = yield* inventory.createProduct({ sku: "TEA", name: "Tea" })
  const place = { product: tea.id, location: shop.id }
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", ...place, quantity: 100 }] })
  const before = yield* DateTime.now
  yield* partitionAt(partsFrom(DateTime.add(before, { milliseconds: 100 }), 20))
  for (let sold = 0; sold < 12; sold++) {
    yield* inventory.recordMovements({ lines: [{ kind: "sale", ...place, quantity: 1 }] })
    yield* Effect.sleep(PART / 3)
  }
  return { inventory, place, before }
})

describe("a ledger in parts", () => {
  it.live("goes on with what it holds, and is read, verified and sealed over all parts", () =>
    Effect.gen(function* () {
      const { inventory, place, before } = yield* sellAcrossParts
      assert.isAbove(yield* partsInUse, 2)
      const { items } = yield* inventory.read.movements({ product: place.product }, firstPage(20))
      assert.deepStrictEqual(
        items.map(({ onHandAfter }) => onHandAfter),
        [88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]
      )
      const [then] = yield* inventory.read.stockAsOf(place, { recordedBy: before })
      assert.strictEqual(then?.onHand, 100)
      const { movements, differences } = yield* inventory.read.verify
      assert.deepStrictEqual({ movements, differences }, { movements: 13, differences: [] })
      assert.deepStrictEqual((yield* verifyChain(yield* SqlClient)).broken, [])
    }).pipe(Effect.provide(Live))
  )

  it.live("refuses changes in every part", () =>
    Effect.gen(function* () {
      yield* sellAcrossParts
      const sql = yield* SqlClient
      const parts = yield* sql<{ part: string }>`SELECT inhrelid::regclass::text AS part FROM pg_inherits
        WHERE inhparent = 'onhand.movements'::regclass`
      for (const { part } of [{ part: "onhand.movements" }, ...parts]) {
        const truncated = yield* Effect.flip(sql.unsafe(`TRUNCATE ${part}`))
        assert.include(String(truncated.reason.cause), "append-only")
      }
      for (const change of ["UPDATE onhand.movements SET quantity = 2", "DELETE FROM onhand.movements_first"]) {
        const refused = yield* Effect.flip(sql.unsafe(change))
        assert.include(String(refused.reason.cause), "append-only")
      }
    }).pipe(Effect.provide(Live))
  )

  it.live("lets a role do what it could", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      const role = `app_${crypto.randomUUID().slice(0, 8)}`
      yield* sql.unsafe(`CREATE ROLE ${role}`)
      yield* sql.unsafe(`GRANT SELECT, INSERT ON onhand.movements TO ${role}`)
      yield* partitionAt([DateTime.add(yield* DateTime.now, { hours: 1 })])
      const [may] = yield* sql<{ add: boolean; change: boolean }>`
        SELECT has_table_privilege(${role}, 'onhand.movements', 'INSERT') AS add,
          has_table_privilege(${role}, 'onhand.movements', 'UPDATE') AS change`
      assert.deepStrictEqual(may, { add: true, change: false })
    }).pipe(Effect.provide(Live))
  )

  it.live("adds parts later, and keeps what no part was made for", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const shop = yield* inventory.createLocation({ name: "Shop" })
      const tea = yield* inventory.createProduct({ sku: "TEA", name: "Tea" })
      const receive = inventory.recordMovements({
        lines: [{ kind: "receipt", product: tea.id, location: shop.id, quantity: 1 }]
      })
      const now = yield* DateTime.now
      const [soon, later] = [DateTime.add(now, { milliseconds: PART }), DateTime.add(now, { hours: 1 })]
      yield* partitionAt([soon])
      yield* partitionAt([soon, later])
      yield* Effect.sleep(PART)
      yield* receive
      const sql = yield* SqlClient
      const [row] = yield* sql<{ part: string }>`SELECT tableoid::regclass::text AS part FROM onhand.movements`
      assert.match(row?.part ?? "", /^onhand\.movements_\d+$/)
      yield* partitionAt([DateTime.add(later, { hours: 1 })])
      yield* receive
      assert.strictEqual((yield* inventory.read.verify).differences.length, 0)
    }).pipe(Effect.provide(Live))
  )
})

// The whole suite, on parts of a few seconds that follow each other while it runs, and then on the rest.
const PARTS = 12
const parted = ManagedRuntime.make(
  Layer.effectDiscard(
    Effect.flatMap(DateTime.now, (now) =>
      partitionAt(Array.from({ length: PARTS }, (_, index) => DateTime.add(now, { seconds: (index + 1) * 4 })))
    )
  ).pipe(Layer.provide(PostgresStore.layerClient()), Layer.provideMerge(client))
)
StoreConformance.suite("PostgreSQL in parts", storeOver(Effect.promise(() => parted.runPromise(SqlClient))), {
  effort: { histories: 4, historyLength: 20, runs: 2, callers: 100 }
})
afterAll(() => parted.dispose())
