import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, type LocationId, StoreUnavailable, shardOf } from "@onhand/core"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore, within } from "../src/index.ts"
import { sqlStateOf } from "../src/Transaction.ts"

/** The host has a client of its own, apart from the store's, and with no limits. */
const liveWith = (shards: number) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (text) => {
        const url = Redacted.make(text)
        const inventory = Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url, shards })))
        return Layer.merge(inventory, PgClient.layer({ url, maxConnections: 5 }))
      }
    )
  )
const Live = liveWith(1)

/** The SQLSTATE behind a store that was not available. */
const stateBehind = (error: unknown) =>
  error instanceof StoreUnavailable && isSqlError(error.cause) ? sqlStateOf(error.cause) : error

const [LOCK_NOT_AVAILABLE, DEADLOCK] = ["55P03", "40P01"]

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

describe("while another host stalls in its transaction", () => {
  it.live(
    "a command gives up, and its host goes on from a savepoint or rolls back",
    () =>
      Effect.gen(function* () {
        const { sql, stock, take, onHand } = yield* setting
        const [holds, goesOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const stalled = yield* Effect.forkChild(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* stock.recordMovements(take(1), { key: "stalled" })
              yield* Deferred.succeed(holds, undefined)
              yield* Deferred.await(goesOn)
            })
          )
        )
        yield* Deferred.await(holds)
        const limit = Effect.map(sql<{ lock_timeout: string }>`SHOW lock_timeout`, ([row]) => row?.lock_timeout)
        const fromSavepoint = sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`INSERT INTO invoices VALUES (1)`
            const error = yield* Effect.flip(sql.withTransaction(stock.recordMovements(take(1), { key: "first" })))
            yield* sql`INSERT INTO invoices VALUES (2)`
            return [stateBehind(error), yield* limit]
          })
        )
        const rolledBack = Effect.flip(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`INSERT INTO invoices VALUES (3)`
              return yield* stock.recordMovements(take(1), { key: "second" })
            })
          )
        )
        // A host that has a limit of its own keeps it: this one waits for nothing.
        const impatient = sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SET LOCAL lock_timeout = '10ms'`
            const error = yield* Effect.flip(sql.withTransaction(stock.recordMovements(take(1), { key: "third" })))
            return [stateBehind(error), yield* limit]
          })
        )
        const batch = Effect.flip(Inventory.use((own) => own.recordMovements(take(1), { key: "batch" }))).pipe(
          Effect.provide(Inventory.layer.pipe(Layer.provide(PostgresStore.layerClient())))
        )
        const found = yield* Effect.all([fromSavepoint, rolledBack, impatient, batch], { concurrency: "unbounded" })
        assert.deepStrictEqual(found[0], [LOCK_NOT_AVAILABLE, "0"])
        assert.strictEqual(stateBehind(found[1]), LOCK_NOT_AVAILABLE)
        assert.deepStrictEqual(found[2], [LOCK_NOT_AVAILABLE, "10ms"])
        assert.strictEqual(stateBehind(found[3]), LOCK_NOT_AVAILABLE)
        assert.deepStrictEqual(yield* sql`SELECT number FROM invoices ORDER BY number`, [{ number: 1 }, { number: 2 }])

        yield* Deferred.succeed(goesOn, undefined)
        yield* Fiber.join(stalled)
        const again = sql.withTransaction(Effect.andThen(stock.recordMovements(take(1), { key: "second" }), limit))
        assert.strictEqual(yield* again, "0")
        assert.strictEqual(yield* onHand, 3)
      }).pipe(Effect.provide(Live)),
    // It waits for three limits of five seconds, and for whoever else needs this machine.
    90_000
  )
})

describe("two hosts that lock two shards in different order", () => {
  it.live("cannot both go on: the database ends one, which is run again", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const sql = yield* SqlClient
      const stock = yield* within(sql)
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      const shops = new Map<number, LocationId>()
      while (shops.size < 2) {
        const { id } = yield* inventory.createLocation({ name: `Shop ${crypto.randomUUID()}` })
        shops.set(shardOf(id, 2), id)
      }
      const receive = (location: LocationId) =>
        stock.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 1 }] })
      const [one, two] = [...shops.values()] as [LocationId, LocationId]
      const ready = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
      const host = (first: LocationId, second: LocationId, mine: 0 | 1) =>
        sql.withTransaction(
          Effect.gen(function* () {
            // Longer than the database takes to see it, on any machine.
            yield* sql`SET LOCAL lock_timeout = '1min'`
            yield* receive(first)
            yield* Deferred.succeed(ready[mine], undefined)
            yield* Deferred.await(ready[mine === 0 ? 1 : 0])
            yield* receive(second)
          })
        )
      const ends = yield* Effect.all([Effect.exit(host(one, two, 0)), Effect.exit(host(two, one, 1))], {
        concurrency: "unbounded"
      })
      const ended = ends.filter(Exit.isFailure)
      assert.strictEqual(ended.length, 1)
      assert.strictEqual(stateBehind(ended[0] && Cause.squash(ended[0].cause)), DEADLOCK)
      yield* Exit.isFailure(ends[0]) ? host(one, two, 0) : host(two, one, 1)
      const { movements, differences } = yield* inventory.read.verify
      assert.deepStrictEqual([movements, differences], [4, []])
    }).pipe(Effect.provide(liveWith(2)))
  )
})
