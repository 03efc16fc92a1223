// A batch that is decided while the one before it is being written. It counts on what that one will leave; whatever
// becomes of that one, and whoever comes in between, the ledger must be as if each had waited for the other.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import {
  Inventory,
  LocationId,
  type Outcome,
  type PayloadOf,
  ProductId,
  prepare,
  Store,
  type StoreShape
} from "@onhand/core"
import { Context, Deferred, Effect, Fiber, Layer, Redacted, Result } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"

const place = { product: ProductId.make("mug"), location: LocationId.make("shop") }
const STOCK = 10

const inventoryOver = (store: StoreShape) =>
  Effect.map(Layer.build(Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Inventory)
  )

const submission = <K extends Parameters<typeof prepare>[0]>(command: K, payload: PayloadOf<K>, key: string) =>
  Result.getOrThrow(prepare(command, payload, { key }, 0))

const sale = (quantity: number, key: string) =>
  submission("recordMovements", { lines: [{ kind: "sale", ...place, quantity }] }, key)

const told = (outcome: Outcome | undefined): string => {
  if (outcome?._tag === "Applied") return outcome.replayed ? "replayed" : "applied"
  const refusal = outcome?._tag === "Refused" ? outcome.refusal : undefined
  return typeof refusal === "object" && refusal !== null && "_tag" in refusal ? String(refusal._tag) : "nothing"
}

type Base = Effect.Success<ReturnType<typeof database>>

/** Two stores on one database with stock of one product, the first of which knows that nobody else wrote of late. */
const database = (shards: number) =>
  Effect.gen(function* () {
    const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
    const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 6 }))
    const sql: SqlClient = Context.get(context, PgClient.PgClient)
    yield* PostgresStore.migrate(shards).pipe(Effect.provide(context))
    const store = PostgresStore.make(sql, shards)
    const inventory = yield* inventoryOver(store)
    yield* inventory.createLocation({ id: place.location, name: "Shop" })
    yield* inventory.createProduct({ id: place.product, sku: "MUG", name: "Mug" })
    // One by one: a store counts on being alone once some batches met nobody.
    for (let unit = 0; unit < STOCK; unit++)
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", ...place, quantity: 1 }] })
    const theirs = yield* inventoryOver(PostgresStore.make(sql, shards))
    return { sql, store, inventory, theirs }
  })

/**
 * Starts a first batch, keeps it from being written, and starts a second one as soon as the first says that it may.
 * `meanwhile` runs while the first one stands still and the second one is under way.
 */
const inARow = <A, E>(
  { sql, store }: Base,
  first: ReturnType<typeof sale>,
  second: ReturnType<typeof sale>,
  meanwhile: Effect.Effect<A, E, never>,
  pause = 0
) =>
  Effect.gen(function* () {
    const decided = yield* Deferred.make<void>()
    const batch = (one: ReturnType<typeof sale>, done: () => void) =>
      Effect.forkChild(Effect.result(store.transact([one], { late: () => [], decided: done })), {
        startImmediately: true
      })
    const fibers = yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`LOCK TABLE onhand.seals IN SHARE MODE`
        const one = yield* batch(first, () => Deferred.doneUnsafe(decided, Effect.void))
        yield* Effect.timeout(Deferred.await(decided), "5 seconds")
        yield* Effect.sleep(pause)
        const other = yield* batch(second, () => {})
        // Long enough for it to be decided; what is tested holds whether it is or not.
        yield* Effect.sleep(100)
        return { one, other, between: yield* meanwhile }
      })
    )
    const [one] = Result.getOrElse(yield* Fiber.join(fibers.one), () => [])
    const [other] = Result.getOrElse(yield* Fiber.join(fibers.other), () => [])
    return { one: told(one), other: told(other), between: fibers.between }
  })

describe("a batch that is decided while the one before it is written", () => {
  for (const shards of [1, 4]) {
    it.live(`sees what that one does, with ${shards} shards`, () =>
      Effect.gen(function* () {
        const base = yield* database(shards)
        const { one, other } = yield* inARow(base, sale(STOCK, "a"), sale(1, "b"), Effect.void)
        assert.deepStrictEqual([one, other], ["applied", "InsufficientStock"])
        assert.deepStrictEqual((yield* base.inventory.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )

    it.live(`answers a key of that one again, with ${shards} shards`, () =>
      Effect.gen(function* () {
        const base = yield* database(shards)
        const { one, other } = yield* inARow(base, sale(1, "a"), sale(1, "a"), Effect.void)
        assert.deepStrictEqual([one, other], ["applied", "replayed"])
        const [rest] = yield* base.store.transact([sale(STOCK - 1, "rest")])
        assert.strictEqual(told(rest), "applied")
      }).pipe(Effect.scoped)
    )

    it.live(`is decided anew when that one is lost, with ${shards} shards`, () =>
      Effect.gen(function* () {
        const base = yield* database(shards)
        const kill = base.sql`SELECT pg_terminate_backend(pid) FROM pg_locks
          WHERE relation = 'onhand.seals'::regclass AND NOT granted`
        const { one, other, between } = yield* inARow(base, sale(STOCK, "a"), sale(STOCK, "b"), kill)
        assert.strictEqual(between.length, 1)
        assert.deepStrictEqual([one, other], ["nothing", "applied"])
        assert.deepStrictEqual((yield* base.inventory.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )
  }

  it.live("is decided anew when somebody else comes in between", () =>
    Effect.gen(function* () {
      const base = yield* database(1)
      const { sql, store, theirs, inventory } = base
      const decided = yield* Deferred.make<void>()
      const fibers = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`LOCK TABLE onhand.seals IN SHARE MODE`
          const following = { late: () => [], decided: () => Deferred.doneUnsafe(decided, Effect.void) }
          const one = yield* Effect.forkChild(store.transact([sale(1, "a")], following), { startImmediately: true })
          yield* Effect.timeout(Deferred.await(decided), "5 seconds")
          const others = yield* Effect.forkChild(
            theirs.recordMovements({ lines: [{ kind: "sale", ...place, quantity: STOCK - 1 }] })
          )
          // They wait for the head first.
          yield* Effect.sleep(200)
          const other = yield* Effect.forkChild(store.transact([sale(1, "b")], following))
          yield* Effect.sleep(100)
          return { one, others, other }
        })
      )
      assert.strictEqual(told((yield* Fiber.join(fibers.one))[0]), "applied")
      yield* Fiber.join(fibers.others)
      assert.strictEqual(told((yield* Fiber.join(fibers.other))[0]), "InsufficientStock")
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )

  it.live("finds a hold of that one lapsed", () =>
    Effect.gen(function* () {
      const base = yield* database(1)
      const hold = submission("holdStock", { lines: [{ ...place, quantity: STOCK }], ttlMillis: 1_000 }, "a")
      const { one, other } = yield* inARow(base, hold, sale(STOCK, "b"), Effect.void, 1_100)
      assert.deepStrictEqual([one, other], ["applied", "applied"])
      assert.deepStrictEqual((yield* base.inventory.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )

  it.live("waits for that one if it looks into the ledger", () =>
    Effect.gen(function* () {
      const base = yield* database(1)
      const repair = submission(
        "repairBalances",
        { location: place.location, keys: [{ product: place.product, lot: "" }] },
        "b"
      )
      const { one, other } = yield* inARow(base, sale(1, "a"), repair, Effect.void)
      assert.deepStrictEqual([one, other], ["applied", "applied"])
      const { differences } = yield* base.inventory.read.verify
      assert.deepStrictEqual(differences, [])
    }).pipe(Effect.scoped)
  )
})
