// A count goes on while the shop sells, from two processes: every sale stays sold, and every difference is posted.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage, Inventory, type ProductId, Store } from "@onhand/core"
import { Context, Effect, Fiber, Layer, Redacted } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore } from "../src/index.ts"

const KEYS = 60
const STOCK = 1_000
/** Keys that a counter sends at once, and what is missing of every key. */
const SENT = 10
const MISSING = 3

const nonEmpty = <A>([first, ...rest]: ReadonlyArray<A>) => {
  assert(first !== undefined)
  return [first, ...rest] as const
}

describe("a count beside sales", () => {
  it.live("keeps every sale, and corrects every key by what was missing of it", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 6 }))
      yield* PostgresStore.migrate(1).pipe(Effect.provide(context))
      const process = Effect.map(
        Layer.build(
          Layer.fresh(Inventory.layer).pipe(
            Layer.provide(Layer.succeed(Store, PostgresStore.make(Context.get(context, PgClient.PgClient), 1)))
          )
        ),
        (built) => Context.get(built, Inventory)
      )
      const [counter, till] = [yield* process, yield* process]
      const { id: location } = yield* counter.createLocation({ name: "Shop" })
      const products = yield* Effect.forEach(Array.from({ length: KEYS }), (_, index) =>
        Effect.map(counter.createProduct({ sku: `P${index}`, name: "Thing" }), ({ id }) => id)
      )
      const openings = products.map((product) => ({ kind: "opening" as const, product, location, quantity: STOCK }))
      yield* counter.recordMovements({ lines: nonEmpty(openings) })

      const sold = new Map<ProductId, number>()
      const selling = yield* Effect.forkChild(
        Effect.forEach(
          [0, 1, 2, 3],
          () =>
            Effect.gen(function* () {
              const product = products[Math.floor(Math.random() * KEYS)] ?? assert.fail()
              yield* Effect.uninterruptible(
                Effect.andThen(
                  till.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 1 }] }),
                  Effect.sync(() => sold.set(product, (sold.get(product) ?? 0) + 1))
                )
              )
            }).pipe(Effect.forever),
          { concurrency: "unbounded" }
        )
      )
      const { id: count } = yield* counter.createCount({ location })
      const at = { count, location }
      for (let from = 0; from < KEYS; from += SENT) {
        const lines = yield* Effect.forEach(products.slice(from, from + SENT), (product) =>
          Effect.map(counter.read.balance({ product, location, lot: "" }), ({ sellable }) => ({
            product,
            quantity: sellable - MISSING
          }))
        )
        yield* counter.recordCount({ ...at, lines: nonEmpty(lines) })
      }
      yield* counter.finishCount(at)
      yield* counter.approveCount(at)
      const posted = yield* counter.postCount(at)
      yield* Fiber.interrupt(selling)

      const sales = [...sold.values()].reduce((sum, quantity) => sum + quantity, 0)
      assert.isAbove(sales, 0)
      const totals = yield* counter.read.movementTotals({ location })
      assert.strictEqual(totals.find(({ kind }) => kind === "sale")?.quantity, sales)
      for (const { product, counted, expected } of posted.lines) {
        const { items } = yield* counter.read.levels({ product, location }, firstPage(1))
        const difference = (counted ?? 0) - (expected ?? 0)
        assert.strictEqual(items[0]?.onHand, STOCK - (sold.get(product) ?? 0) + difference)
        // Between a look at the shelf and its recording some more may be sold, which then are not missing.
        assert.isAtLeast(difference, -MISSING)
      }
      assert.deepStrictEqual((yield* counter.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )
})
