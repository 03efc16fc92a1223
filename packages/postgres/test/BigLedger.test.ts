// The ledger of the benchmarks is what the store would have written, so that they measure the real thing.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { firstPage } from "@onhand/core"
import { findingsIn } from "@onhand/testkit"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { viewOf } from "../../testkit/src/LedgerView.ts"
import { makeBigLedger } from "../bench/BigLedger.ts"
import { PostgresStore, verifyChain } from "../src/index.ts"
import { readersOf } from "./PostgresReaders.ts"

for (const imported of [false, true]) {
  describe(imported ? "an imported big ledger" : "a big ledger", () => {
    it.live("keeps the laws, verifies, and is sealed", () =>
      Effect.gen(function* () {
        const url = yield* Effect.promise(() => createDatabase())
        yield* makeBigLedger(url, { movements: 4_000, products: 300, imported })
        yield* Effect.gen(function* () {
          const sql = yield* SqlClient
          const { queries } = PostgresStore.make(sql, 1)
          // Rows that the store cannot read would be found by the bench alone, and far too late.
          for (const list of [queries.locations(firstPage(1)), queries.products({}, firstPage(1))])
            assert.strictEqual((yield* list).items.length, 1)
          const { movements, claimEvents, differences } = yield* queries.verify
          assert.deepStrictEqual({ movements, differences }, { movements: 4_000, differences: [] })
          assert.isAbove(claimEvents, 0)
          const { seqs, broken } = yield* verifyChain(sql)
          // The last one set the thresholds.
          assert.deepStrictEqual({ seqs, broken }, { seqs: 3_801, broken: [] })
          // Its low shelves are told of by notifications alone, not by events of their own.
          const findings = findingsIn(viewOf(yield* readersOf(sql).snapshot, 1)).filter(({ law }) => law !== "H48")
          assert.deepStrictEqual(findings.slice(0, 3), [])
        }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })))
      })
    )
  })
}
