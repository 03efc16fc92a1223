// A value that is read in pieces, or from where it was kept, is the same as one that is read at once; its quantities
// are those on the shelves.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage, Inventory, type ValueFilter, valuationMethods } from "@onhand/core"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { makeBigLedger } from "../bench/BigLedger.ts"
import { PostgresStore } from "../src/index.ts"
import { type Reach, stockValues } from "../src/StockValueList.ts"

const PRODUCTS = 30

/** Fewer movements than a commit has, and far fewer than those of a product. */
const PIECES: Partial<Reach> = { readAtOnce: 7, keptEvery: 1_000_000 }

/** Most products have several places that are kept, and each is read in pieces between them. */
const KEPT: Partial<Reach> = { readAtOnce: 100, keptEvery: 43, settledAfter: 0 }

/** Nothing is kept, because no product moved so much. */
const WHOLE: Reach = { readAtOnce: 20_000, keptEvery: 1_000_000, settledAfter: 0 }

const from = DateTime.makeUnsafe("2025-01-01T00:00:00Z")
const period = { from, to: DateTime.add(from, { days: 90 }) }
const times = [{}, { recordedBy: from }, { occurredBy: from }, { period }, { recordedBy: period.to, period }]
const filters = valuationMethods.flatMap((method) => times.map((time): ValueFilter => ({ method, ...time })))

const valuesBy = (filter: ValueFilter, reach: Partial<Reach>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    return (yield* stockValues(sql, filter, firstPage(PRODUCTS), reach)).items
  })

const keptRows = Effect.flatMap(
  SqlClient,
  (sql) => sql<{ readonly product: string; readonly rows: number }>`
    SELECT product, count(*)::int AS rows FROM onhand.kept_values GROUP BY product ORDER BY product`
)

describe("the value of a product with a long history", () => {
  it.live("does not depend on how it is read, nor on what was kept of it", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => createDatabase())
      yield* makeBigLedger(url, { movements: 2_000, products: PRODUCTS })
      const address = Redacted.make(url)
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient
        // Every movement of a customer's has a cause, some of them many, so that returns look for what was sold before.
        yield* sql`ALTER TABLE onhand.movements DISABLE TRIGGER ALL`
        yield* sql`UPDATE onhand.movements SET source_type = 'order', source_id = 'order-' || seq % 40
          WHERE kind IN ('sale', 'customerReturn') AND seq % 3 > 0`
        yield* sql`UPDATE onhand.movements SET unit_cost = 100 + seq % 7 * 1.5, unit_cost_currency = 'USD'
          WHERE kind = 'receipt' AND seq % 5 > 0`
        const whole = yield* Effect.forEach(filters, (filter) => valuesBy(filter, WHOLE))
        assert.deepStrictEqual(yield* valuesBy({ method: "fifo" }, PIECES), whole[0])
        // The first time nothing is kept yet, the second time it is.
        for (const round of [1, 2]) {
          for (const [index, filter] of filters.entries()) {
            const told = yield* valuesBy(filter, KEPT)
            assert.deepStrictEqual(told, whole[index], `${JSON.stringify(filter)}, round ${round}`)
          }
        }
        assert.isAbove((yield* keptRows).length, 3)
        const shelves = yield* sql.unsafe<{ product: string; quantity: number }>(
          `SELECT product, sum(sellable + quality_control + damaged + quarantine)::int AS quantity
           FROM onhand.balances GROUP BY product ORDER BY product`
        )
        assert.isAbove(shelves.length, 1)
        assert.deepStrictEqual(
          whole[0]?.map(({ product, quantity }) => ({ product, quantity })),
          shelves.map(({ product, quantity }) => ({ product: product as never, quantity }))
        )
      }).pipe(Effect.provide(PgClient.layer({ url: address, maxConnections: 2 })))
    })
  )

  it.live("is verified: what is kept and does not follow from the ledger is named, and dropped by a rebuild", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const reach = { readAtOnce: 100, keptEvery: 2, settledAfter: 0 }
      yield* Effect.gen(function* () {
        const inventory = yield* Inventory
        const { id: location } = yield* inventory.createLocation({ name: "Shop" })
        const [tea, jam] = [
          (yield* inventory.createProduct({ sku: "TEA", name: "Tea" })).id,
          (yield* inventory.createProduct({ sku: "JAM", name: "Jam" })).id
        ]
        for (const product of [tea, jam]) {
          for (const amount of ["1", "2", "3", "4"]) {
            const unitCost = { amount, currency: "EUR" }
            yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 2, unitCost }] })
          }
          const sale = { kind: "sale" as const, product, location }
          const lines = [
            { ...sale, quantity: 3 },
            { ...sale, quantity: 1 }
          ] as const
          yield* inventory.recordMovements({ lines, source: { type: "order", id: "1" } })
        }
        for (const method of valuationMethods) yield* valuesBy({ method }, reach)
        const sound = yield* inventory.read.verify
        assert.deepInclude(sound, { keptValues: 12, valueDifferences: [] })

        const sql = yield* SqlClient
        yield* sql`UPDATE onhand.kept_values SET layers = replace(layers, ' 2 2000000;', ' 2 9000000;')
          WHERE product = ${tea} AND method = 'fifo' AND movements = 4`
        yield* sql`UPDATE onhand.kept_values SET sold = '{}', latest = latest + interval '1 hour'
          WHERE product = ${jam} AND method = 'average' AND sold <> '{}'`
        const { valueDifferences } = yield* inventory.read.verify
        assert.deepStrictEqual(
          valueDifferences.map(({ recordedAt: _, fields, ...of }) => ({ ...of, fields: fields.toSorted() })),
          [
            { product: tea, method: "fifo", fields: ["layers"] },
            { product: jam, method: "average", fields: ["latest", "sold"] }
          ].toSorted((a, b) => (a.product < b.product ? -1 : 1))
        )
        const { forgotten, repaired, left } = yield* inventory.rebuild
        assert.deepStrictEqual([forgotten, repaired, left], [valueDifferences, [], []])
        assert.deepInclude(yield* inventory.read.verify, { keptValues: 6, valueDifferences: [] })
        const values = yield* valuesBy({ method: "fifo" }, reach)
        assert.deepStrictEqual(
          values.map(({ value }) => value),
          ["14", "14"]
        )
        assert.deepInclude(yield* inventory.read.verify, { keptValues: 9, valueDifferences: [] })
      }).pipe(
        Effect.provide(
          Inventory.layer.pipe(
            Layer.provide(PostgresStore.layer({ url })),
            Layer.provideMerge(PgClient.layer({ url, maxConnections: 2 }))
          )
        )
      )
    })
  )

  it.live("begins anew where a movement came in before a place that was kept", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
      const reach = { readAtOnce: 100, keptEvery: 2, settledAfter: 0 }
      yield* Effect.gen(function* () {
        const inventory = yield* Inventory
        const { id: location } = yield* inventory.createLocation({ name: "Shop" })
        const { id: product } = yield* inventory.createProduct({ sku: "TEA", name: "Tea" })
        const unitCost = (amount: string) => ({ amount, currency: "EUR" })
        for (const amount of ["1", "2", "3", "4"]) {
          const line = { kind: "receipt" as const, product, location, quantity: 1, unitCost: unitCost(amount) }
          yield* inventory.recordMovements({ lines: [line] })
        }
        assert.strictEqual((yield* valuesBy({ method: "fifo" }, reach))[0]?.value, "10")
        assert.deepStrictEqual(yield* keptRows, [{ product, rows: 2 }])
        const sql = yield* SqlClient
        // What is kept is what is gone on from.
        yield* sql`UPDATE onhand.kept_values SET layers = replace(layers, ' 1 1000000;', ' 1 9000000;')`
        assert.strictEqual((yield* valuesBy({ method: "fifo" }, reach))[0]?.value, "18")
        // A commit that took its time: its movement is older than the places that were kept when it became visible.
        yield* sql`INSERT INTO onhand.movements
          SELECT (jsonb_populate_record(m, jsonb_build_object('line', 9, 'recorded_at',
            m.recorded_at + interval '1 microsecond'))).* FROM onhand.movements m ORDER BY seq LIMIT 1`
        yield* sql`UPDATE onhand.balances SET version = version + 1, sellable = sellable + 1`
        assert.strictEqual((yield* valuesBy({ method: "fifo" }, reach))[0]?.value, "11")
        assert.deepStrictEqual(yield* keptRows, [{ product, rows: 2 }])
        assert.strictEqual((yield* valuesBy({ method: "fifo" }, reach))[0]?.value, "11")
      }).pipe(
        Effect.provide(
          Inventory.layer.pipe(
            Layer.provide(PostgresStore.layer({ url })),
            Layer.provideMerge(PgClient.layer({ url, maxConnections: 2 }))
          )
        )
      )
    })
  )
})
