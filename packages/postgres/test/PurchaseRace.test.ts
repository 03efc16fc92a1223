// Two receipts of one line at once, from two processes: whoever comes first, never more than the tolerance arrives, and
// what is refused is told what it might still bring.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage, Inventory, LocationId, openOnOrder, Store, type StoreShape, VendorId } from "@onhand/core"
import { Context, Effect, Layer, Redacted, Result } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"

const ORDERS = 30
const shop = LocationId.make("shop")
const potter = VendorId.make("potter")

/** One process's inventory over a client. */
const inventoryOver = (store: StoreShape) =>
  Effect.map(Layer.build(Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Inventory)
  )

describe("a purchase order", () => {
  it.live(`of ten with a fifth tolerated takes one of two deliveries of seven at once, ${ORDERS} times`, () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
      const sql: SqlClient = Context.get(context, PgClient.PgClient)
      yield* PostgresStore.migrate(1).pipe(Effect.provide(context))
      const here = yield* inventoryOver(PostgresStore.make(sql, 1))
      const there = yield* inventoryOver(PostgresStore.make(sql, 1))
      yield* here.createLocation({ id: shop, name: "Shop" })
      yield* here.createVendor({ id: potter, name: "Potter", tolerance: 20 })
      const { id: product } = yield* here.createProduct({ sku: "MUG", name: "Mug" })

      const race = Effect.gen(function* () {
        const { id: purchaseOrder } = yield* here.createPurchaseOrder({
          vendor: potter,
          destination: shop,
          lines: [{ product, quantity: 10 }]
        })
        const at = { purchaseOrder, destination: shop }
        yield* there.placePurchaseOrder(at)
        const seven = { ...at, lines: [{ line: 1, quantity: 7 }] as const }
        const answers = yield* Effect.all(
          [Effect.result(here.receivePurchaseOrder(seven)), Effect.result(there.receivePurchaseOrder(seven))],
          { concurrency: "unbounded" }
        )
        const refused = answers.flatMap((answer) => (Result.isFailure(answer) ? [answer.failure] : []))
        assert.strictEqual(refused.length, 1)
        assert(refused[0]?._tag === "PurchaseOrderExceeded")
        assert.deepStrictEqual(refused[0].lines, [{ line: 1, product, wanted: 7, accepted: 5 }])
      })
      yield* Effect.all(
        Array.from({ length: ORDERS }, () => race),
        { concurrency: 5 }
      )

      const { items } = yield* here.read.levels({ product }, firstPage())
      assert.deepStrictEqual(
        items.map(({ onHand, incoming }) => [onHand, incoming]),
        [[ORDERS * 7, ORDERS * 3]]
      )
      const orders = yield* there.read.purchaseOrders({ state: "partiallyReceived" }, firstPage(ORDERS))
      assert.deepStrictEqual(new Set(orders.items.map(({ lines }) => lines.map(openOnOrder).join())), new Set(["3"]))
      assert.strictEqual(orders.items.length, ORDERS)
      assert.deepStrictEqual((yield* here.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )
})
