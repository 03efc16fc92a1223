// The two ends of a transfer lie in ledgers with locks of their own. Whoever comes first at either end, every unit is
// received or goes back, and none does both.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, LocationId, Store, type StoreShape, shardOf } from "@onhand/core"
import { Context, Effect, Layer, Redacted, Result } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"

/** Depot and shop lie in different ones of so many. */
const SHARDS = 3
const depot = LocationId.make("depot")
const shop = LocationId.make("shop")
const TRANSFERS = 30

/** One process's inventory over a client. */
const inventoryOver = (store: StoreShape) =>
  Effect.map(Layer.build(Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Inventory)
  )

describe("a transfer between two shards", () => {
  it.live(`is canceled at one end or received at the other when both are asked at once, ${TRANSFERS} times`, () =>
    Effect.gen(function* () {
      assert.notStrictEqual(shardOf(depot, SHARDS), shardOf(shop, SHARDS))
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
      const sql: SqlClient = Context.get(context, PgClient.PgClient)
      yield* PostgresStore.migrate(SHARDS).pipe(Effect.provide(context))
      const there = yield* inventoryOver(PostgresStore.make(sql, SHARDS))
      const here = yield* inventoryOver(PostgresStore.make(sql, SHARDS))
      yield* there.createLocation({ id: depot, name: "Depot" })
      yield* there.createLocation({ id: shop, name: "Shop" })
      const { id: product } = yield* there.createProduct({ sku: "MUG", name: "Mug" })
      yield* there.recordMovements({ lines: [{ kind: "receipt", product, location: depot, quantity: TRANSFERS * 2 }] })

      const race = Effect.gen(function* () {
        const lines = [{ product, quantity: 2 }] as const
        const { id: transfer } = yield* there.createTransfer({ origin: depot, destination: shop, lines })
        yield* there.dispatchTransfer({ transfer, origin: depot })
        const [canceled, received] = yield* Effect.all(
          [
            Effect.result(there.cancelTransfer({ transfer, origin: depot })),
            Effect.result(here.completeTransfer({ transfer, destination: shop }))
          ],
          { concurrency: "unbounded" }
        )
        const refusals = [canceled, received].flatMap((answer) =>
          Result.isFailure(answer) ? [answer.failure._tag] : []
        )
        assert.deepStrictEqual(refusals, ["TransferStateConflict"])
        return Result.isSuccess(received) ? 2 : 0
      })
      const arrived = yield* Effect.all(
        Array.from({ length: TRANSFERS }, () => race),
        { concurrency: 5 }
      )
      const sum = arrived.reduce((total: number, quantity) => total + quantity, 0)

      const onHand = (location: LocationId) =>
        Effect.map(here.read.balance({ product, location, lot: "" }), ({ sellable, committed }) => [
          sellable,
          committed
        ])
      assert.deepStrictEqual(yield* onHand(shop), [sum, 0])
      assert.deepStrictEqual(yield* onHand(depot), [TRANSFERS * 2 - sum, 0])
      const open = yield* here.read.transfers({ state: "inTransit" }, { _tag: "Numbered", page: 1, pageSize: 1 })
      assert.strictEqual(open.total, 0)
      assert.deepStrictEqual((yield* here.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )
})
