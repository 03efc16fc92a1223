// The SQL client on the embedded database behaves as it does on a PostgreSQL server.
import assert from "node:assert"
import { PgClient } from "@effect/sql-pg"
import { layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { layerMemory } from "../../src/pglite/index.ts"

const reasonOf = (error: SqlError) => error.reason._tag

layer(layerMemory, { timeout: "60 seconds" })("the SQL client on the embedded database", (it) => {
  it.effect("commits a transaction and rolls a failed one back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table ledger (id int primary key, quantity int check (quantity >= 0))`
      yield* sql.withTransaction(sql`insert into ledger values (1, 10)`)
      const failed = yield* Effect.exit(
        sql.withTransaction(Effect.andThen(sql`insert into ledger values (2, 20)`, Effect.fail("no" as const)))
      )
      assert(Exit.isFailure(failed))
      assert.deepStrictEqual(yield* sql`select id from ledger`, [{ id: 1 }])
    })
  )

  it.effect("rolls back to a savepoint and keeps what came before", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table nested (id int primary key)`
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`insert into nested values (1)`
          yield* Effect.exit(sql.withTransaction(sql`insert into nested values (2), (1)`))
          yield* sql`insert into nested values (3)`
        })
      )
      assert.deepStrictEqual(yield* sql`select id from nested order by id`, [{ id: 1 }, { id: 3 }])
    })
  )

  it.effect("names the reason of a constraint error", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table reasons (id int primary key, quantity int check (quantity >= 0))`
      yield* sql`insert into reasons values (1, 1)`
      assert.strictEqual(reasonOf(yield* Effect.flip(sql`insert into reasons values (1, 1)`)), "UniqueViolation")
      assert.strictEqual(reasonOf(yield* Effect.flip(sql`insert into reasons values (2, -1)`)), "ConstraintError")
      assert.strictEqual(reasonOf(yield* Effect.flip(sql`selec 1`)), "SqlSyntaxError")
    })
  )

  it.effect("serialises concurrent transactions on one row", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table counter (id int primary key, value int)`
      yield* sql`insert into counter values (1, 0)`
      const increment = sql.withTransaction(
        Effect.gen(function* () {
          const [row] = yield* sql<{ value: number }>`select value from counter where id = 1 for update`
          yield* Effect.yieldNow
          yield* sql`update counter set value = ${row!.value + 1} where id = 1`
        })
      )
      yield* Effect.forEach(Array.from({ length: 40 }), () => increment, { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* sql`select value from counter`, [{ value: 40 }])
    })
  )

  it.effect("takes arrays and json as parameters", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const skus = ["a", "b", "č'\"\\{}"]
      const rows = yield* sql`select * from unnest(${skus}::text[], ${[1, 2, 3]}::int[]) as line(sku, quantity)`
      assert.deepStrictEqual(
        rows,
        skus.map((sku, at) => ({ sku, quantity: at + 1 }))
      )
      const [json] = yield* sql`select ${sql.json({ a: [1, "two"] })}::jsonb as value`
      assert.deepStrictEqual(json, { value: { a: [1, "two"] } })
    })
  )

  it.effect("passes megabytes in both directions unchanged", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      const big = "abcdefgh".repeat(1_000_000)
      const [row] = yield* sql<{ echo: string }>`select ${big}::text as echo`
      assert(row!.echo === big)
      const rows = yield* sql<{ n: number }>`select n from generate_series(1, 100000) as n`
      assert.strictEqual(rows.length, 100_000)
      assert.strictEqual(rows[99_999]!.n, 100_000)
    })
  )

  it.effect("delivers a notification to every listener of its channel once, and to no other", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const first = yield* sql.listen("stock")
      const other = yield* sql.listen("orders")
      yield* Effect.scoped(sql.listen("stock")) // Leaving takes nothing from those who stay.
      const second = yield* sql.listen("stock")
      yield* sql.withTransaction(sql`select pg_notify('stock', 'changed')`)
      assert.strictEqual((yield* Queue.take(first)).payload, "changed")
      assert.strictEqual((yield* Queue.take(second)).payload, "changed")
      yield* sql.notify("orders", "placed")
      assert.strictEqual((yield* Queue.take(other)).payload, "placed")
      assert.strictEqual(yield* Queue.size(first), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a setting that would outlive its transaction, and aborts the transaction", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      const refused = yield* Effect.flip(sql`set search_path = other`)
      assert.match(String(refused.reason.cause), /keeps no session setting/)
      const aborted = sql.withTransaction(Effect.andThen(Effect.exit(sql`set search_path = other`), sql`select 1`))
      assert(Exit.isFailure(yield* Effect.exit(aborted)))
      const inside = yield* sql.withTransaction(
        Effect.andThen(sql`set local work_mem = '8MB'`, sql<{ work_mem: string }>`show work_mem`)
      )
      assert.strictEqual(inside[0]!.work_mem, "8MB")
      const outside = yield* sql<{ work_mem: string }>`show work_mem`
      assert.notStrictEqual(outside[0]!.work_mem, "8MB")
    })
  )

  it.effect("refuses to copy through the client, and goes on", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table copied (id int)`
      const refused = yield* Effect.flip(sql`copy copied from stdin`)
      assert.match(String(refused.reason.cause), /copies nothing/)
      assert.deepStrictEqual(yield* sql`select id from copied`, [])
    })
  )

  it.effect("frees the backend when a transaction is interrupted", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create table interrupted (id int)`
      const inside = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`insert into interrupted values (1)`
            yield* Deferred.succeed(inside, undefined)
            return yield* Effect.never
          })
        )
      )
      yield* Deferred.await(inside)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* sql`select * from interrupted`, [])
    })
  )

  it.effect("searches by trigrams", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql`create extension if not exists pg_trgm`
      const rows = yield* sql<{ close: boolean }>`select similarity('sparkling water', 'sparkling watr') > 0.6 as close`
      assert.deepStrictEqual(rows, [{ close: true }])
    })
  )
})
