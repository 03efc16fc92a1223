// Balances and claims that somebody changed in the tables are made what the ledger says, and every process believes it.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, type ProductId, Store } from "@onhand/core"
import { Context, DateTime, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore, verifyChain } from "../src/index.ts"

const inventoryOf = (sql: SqlClient, shards: number) =>
  Effect.map(
    Layer.build(
      Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, PostgresStore.make(sql, shards))))
    ),
    (context) => Context.get(context, Inventory)
  )

describe("verifying", () => {
  it.live("tells of every claim that is not what its events make it, and a rebuild repairs it", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
      const sql: SqlClient = Context.get(context, PgClient.PgClient)
      yield* PostgresStore.migrate(1).pipe(Effect.provide(context))
      const inventory = yield* inventoryOf(sql, 1)
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 10 }] })
      const hold = (quantity: number) =>
        Effect.map(
          inventory.holdStock({ lines: [{ product, location, quantity }], ttlMillis: 600_000 }),
          ({ claims: [claim], expiresAt }) => {
            assert(claim !== undefined)
            return { claim, end: DateTime.toEpochMillis(expiresAt) }
          }
        )
      const [held, committed, gone, released] = [yield* hold(3), yield* hold(2), yield* hold(1), yield* hold(1)]
      yield* inventory.commitClaims({ location, claims: [committed.claim] })
      yield* inventory.extendHolds({ location, claims: [held.claim], ttlMillis: 1_200_000 })
      yield* inventory.releaseClaims({ location, claims: [released.claim] })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])

      yield* sql`UPDATE onhand.claims SET quantity = 2 WHERE id = ${held.claim}`
      yield* sql`UPDATE onhand.claims SET quantity = 0, state = 'released' WHERE id = ${committed.claim}`
      yield* sql`DELETE FROM onhand.claims WHERE id = ${gone.claim}`
      yield* sql`UPDATE onhand.claims SET quantity = 1, state = 'held', expires_at = to_timestamp(4e9)
        WHERE id = ${released.claim}`
      const { differences } = yield* inventory.read.verify
      const key = { product, location, lot: "" }
      assert.sameDeepMembers(
        [...differences],
        [
          { key, claim: held.claim, field: "held", stored: 2, recomputed: 3 },
          { key, claim: committed.claim, field: "committed", stored: 0, recomputed: 2 },
          { key, claim: gone.claim, field: "held", stored: 0, recomputed: 1 },
          { key, claim: gone.claim, field: "expiresAt", stored: 0, recomputed: gone.end },
          { key, claim: released.claim, field: "held", stored: 1, recomputed: 0 },
          { key, claim: released.claim, field: "expiresAt", stored: 4e12, recomputed: 0 }
        ]
      )
      // Another process believes what it has seen, until the repair.
      const other = yield* inventoryOf(sql, 1)
      yield* other.plan("releaseClaims", { location, claims: [held.claim] })
      const { repaired, left } = yield* inventory.rebuild
      assert.sameDeepMembers([...repaired], [...differences])
      assert.deepStrictEqual(left, [])
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      const rows = yield* sql`SELECT id, state, quantity::int FROM onhand.claims`
      assert.sameDeepMembers(
        [...rows],
        [
          { id: held.claim, state: "held", quantity: 3 },
          { id: committed.claim, state: "committed", quantity: 2 },
          { id: gone.claim, state: "held", quantity: 1 },
          { id: released.claim, state: "released", quantity: 0 }
        ]
      )
      yield* other.releaseClaims({ location, claims: [held.claim, committed.claim, gone.claim] })
      const { held: nothing, committed: none } = yield* inventory.read.balance(key)
      assert.deepStrictEqual([nothing, none], [0, 0])
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
    }).pipe(Effect.scoped)
  )
})

describe("rebuilding claims in four shards", () => {
  it.live("repairs one that was moved to another product, one that was invented, and one whose hold has lapsed", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
      const sql: SqlClient = Context.get(context, PgClient.PgClient)
      yield* PostgresStore.migrate(4).pipe(Effect.provide(context))
      const inventory = yield* inventoryOf(sql, 4)
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      const { id: cup } = yield* inventory.createProduct({ sku: "CUP", name: "Cup" })
      const receipt = (product: ProductId) => ({ kind: "receipt" as const, product, location, quantity: 10 })
      yield* inventory.recordMovements({ lines: [receipt(mug), receipt(cup)] })
      const hold = (quantity: number) =>
        Effect.map(
          inventory.holdStock({ lines: [{ product: mug, location, quantity }], ttlMillis: 600_000 }),
          ({ claims: [claim] }) => claim ?? ""
        )
      const [moved, lapsed] = [yield* hold(3), yield* hold(2)]
      yield* sql`UPDATE onhand.claims SET product = ${cup} WHERE id = ${moved}`
      // The balance could not give back more than it has: nothing of this product could be done any more.
      yield* sql`UPDATE onhand.claims SET expires_at = now() - interval '1 hour', quantity = 9 WHERE id = ${lapsed}`
      yield* sql`INSERT INTO onhand.claims SELECT 'invented', shard, product, location, lot, 1, 'committed', NULL,
        NULL, NULL FROM onhand.claims WHERE id = ${moved}`
      const { repaired, left } = yield* inventory.rebuild
      assert.deepStrictEqual(left, [])
      assert.sameMembers([...new Set(repaired.map(({ claim }) => claim))], [moved, lapsed, "invented"])
      const { differences } = yield* inventory.read.verify
      assert.deepStrictEqual(differences, [])
      const rows = yield* sql`SELECT id, product, state, quantity::int FROM onhand.claims`
      assert.sameDeepMembers(
        [...rows],
        [
          { id: moved, product: mug, state: "held", quantity: 3 },
          { id: lapsed, product: mug, state: "held", quantity: 2 },
          { id: "invented", product: cup, state: "released", quantity: 0 }
        ]
      )
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location, quantity: 5 }] })
    }).pipe(Effect.scoped)
  )
})

for (const shards of [1, 4]) {
  describe(`rebuilding with ${shards} shards`, () => {
    it.live("repairs what was changed in the tables, in pieces, while two processes sell", () =>
      Effect.gen(function* () {
        const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
        const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
        const sql: SqlClient = Context.get(context, PgClient.PgClient)
        yield* PostgresStore.migrate(shards).pipe(Effect.provide(context))
        const [mine, theirs] = [yield* inventoryOf(sql, shards), yield* inventoryOf(sql, shards)]
        const { id: location } = yield* mine.createLocation({ name: "Shop" })
        const products = yield* Effect.forEach(Array.from({ length: 120 }), (_, index) =>
          Effect.map(mine.createProduct({ sku: `P${index}`, name: "Thing" }), ({ id }) => id)
        )
        const [first] = products
        assert(first !== undefined)
        for (const product of products) {
          yield* mine.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 5 }] })
        }
        yield* mine.holdStock({ lines: [{ product: first, location, quantity: 2 }], ttlMillis: 60_000 })
        const sale = { lines: [{ kind: "sale", product: first, location, quantity: 1 }] } as const
        yield* theirs.recordMovements(sale)

        yield* sql`UPDATE onhand.balances SET sellable = sellable + 100, held = 0, damaged = 1`
        yield* sql`DELETE FROM onhand.balances WHERE product = ${products[7] ?? ""}`
        // What a process knows from before may be right or wrong; it decides on neither once the repair is done.
        yield* theirs.plan("recordMovements", sale)
        const [{ repaired, left }] = yield* Effect.all([mine.rebuild, theirs.recordMovements(sale)], {
          concurrency: "unbounded"
        })
        assert.isAtLeast(repaired.length, 2 * 118)
        assert.deepStrictEqual(left, [])
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
        assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
        const refused = yield* Effect.flip(
          theirs.recordMovements({ lines: [{ kind: "sale", product: first, location, quantity: 2 }] })
        )
        assert(refused._tag === "InsufficientStock")
        assert.strictEqual(refused.lines[0]?.available, 1)
      }).pipe(Effect.scoped)
    )
  })
}
