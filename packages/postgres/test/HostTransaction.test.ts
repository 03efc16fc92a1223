import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore, within } from "../src/index.ts"

/** The host has a client of its own, apart from the store's. */
const Live = Layer.unwrap(
  Effect.map(
    Effect.promise(() => createDatabase()),
    (text) => {
      const url = Redacted.make(text)
      const inventory = Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url })))
      return Layer.merge(inventory, PgClient.layer({ url, maxConnections: 2 }))
    }
  )
)

const setting = Effect.gen(function* () {
  const inventory = yield* Inventory
  const sql = yield* SqlClient
  yield* sql`CREATE TABLE invoices (number int PRIMARY KEY)`
  const shop = yield* inventory.createLocation({ name: "Shop" })
  const mug = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  const take = (quantity: number) => ({
    lines: [{ kind: "sale" as const, product: mug.id, location: shop.id, quantity }] as const
  })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug.id, location: shop.id, quantity: 5 }] })
  const onHand = Effect.map(
    inventory.read.balance({ product: mug.id, location: shop.id, lot: "" }),
    (balance) => balance.sellable
  )
  return { inventory, sql, stock: yield* within(sql), take, onHand }
})

describe("a command in the host's transaction", () => {
  it.live("is committed with the host's row, and rolled back with it", () =>
    Effect.gen(function* () {
      const { inventory, sql, stock, take, onHand } = yield* setting
      const sell = (key: string) =>
        sql.withTransaction(
          Effect.andThen(stock.recordMovements(take(2), { key }), sql`INSERT INTO invoices VALUES (1)`)
        )
      yield* sell("first")
      assert.strictEqual(yield* onHand, 3)
      const failure = yield* Effect.flip(sell("second"))
      assert.strictEqual(failure._tag, "SqlError")
      assert.strictEqual(yield* onHand, 3)
      const { movements, differences } = yield* inventory.read.verify
      assert.deepStrictEqual([movements, differences], [2, []])
      const events = yield* inventory.read.events({}, 100)
      assert.strictEqual(events.filter(({ event }) => event._tag === "StockChanged").length, 2)
    }).pipe(Effect.provide(Live))
  )

  it.live("is refused like any other, and the host decides what to make of it", () =>
    Effect.gen(function* () {
      const { sql, stock, take, onHand } = yield* setting
      yield* sql.withTransaction(
        Effect.andThen(
          Effect.catchTag(stock.recordMovements(take(6)), "InsufficientStock", () => Effect.void),
          sql`INSERT INTO invoices VALUES (7)`
        )
      )
      assert.strictEqual(yield* onHand, 5)
      assert.deepStrictEqual(yield* sql`SELECT number FROM invoices`, [{ number: 7 }])
    }).pipe(Effect.provide(Live))
  )

  it.live("keeps its key's promise across the two ways in", () =>
    Effect.gen(function* () {
      const { inventory, sql, stock, take, onHand } = yield* setting
      yield* sql.withTransaction(stock.recordMovements(take(1), { key: "once" }))
      yield* inventory.recordMovements(take(1), { key: "once" })
      assert.strictEqual(yield* onHand, 4)
    }).pipe(Effect.provide(Live))
  )

  it.live("needs an open transaction", () =>
    Effect.gen(function* () {
      const { stock, take } = yield* setting
      const exit = yield* Effect.exit(stock.recordMovements(take(1)))
      assert.include(String(exit), "NoOpenTransaction")
    }).pipe(Effect.provide(Live))
  )
})
