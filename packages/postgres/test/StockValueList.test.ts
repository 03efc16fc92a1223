// A value that is read in pieces is the same as one that is read at once, and its quantities are those on the shelves.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage } from "@onhand/core"
import { DateTime, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { makeBigLedger } from "../bench/BigLedger.ts"
import { stockValues } from "../src/StockValueList.ts"

const PRODUCTS = 30

/** Fewer than the movements of one commit, and far fewer than those of a product. */
const PIECES = [7, 100]

describe("the value of a product with a long history", () => {
  it.live("does not depend on how it is read", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => createDatabase())
      yield* makeBigLedger(url, { movements: 4_000, products: PRODUCTS })
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient
        const from = DateTime.makeUnsafe("2025-01-01T00:00:00Z")
        const filter = { method: "fifo", period: { from, to: DateTime.add(from, { days: 90 }) } } as const
        const { items } = yield* stockValues(sql, filter, firstPage(PRODUCTS))
        for (const readAtOnce of PIECES) {
          const pieces = yield* stockValues(sql, filter, firstPage(PRODUCTS), readAtOnce)
          assert.deepStrictEqual(pieces.items, items)
        }
        const shelves = yield* sql.unsafe<{ product: string; quantity: number }>(
          `SELECT product, sum(sellable + quality_control + damaged + quarantine)::int AS quantity
           FROM onhand.balances GROUP BY product ORDER BY product`
        )
        assert.isAbove(items.length, 1)
        assert.deepStrictEqual(
          items.map(({ product, quantity }) => ({ product, quantity })),
          shelves.map(({ product, quantity }) => ({ product, quantity }))
        )
      }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })))
    })
  )
})
