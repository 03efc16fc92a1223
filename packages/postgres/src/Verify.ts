/**
 * Verification: balances and claims recomputed in the database from the two ledgers, and compared with what is kept;
 * and with them the values that are kept.
 */
import { Difference, type StoreUnavailable, type Verification } from "@onhand/core"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { unavailable } from "./ListQuery.ts"
import { jsonOf } from "./LoadSlice.ts"
import { claimsDiffering, recounted, recountedFields, wholeLedger } from "./Recount.ts"
import { verifyValues } from "./VerifyValues.ts"

/** The most differences that are listed: one is a scandal, a thousand are enough to see the pattern. */
const MAX_DIFFERENCES = 1_000

const differing = recounted(
  wholeLedger,
  "product, location, lot, f.field, f.stored, f.recomputed",
  `CROSS JOIN LATERAL (VALUES
    ${recountedFields.map(([field, stored, counted]) => `('${field}', ${stored}, ${counted})`).join(", ")}
  ) AS f(field, stored, recomputed)
  WHERE coalesce(f.stored, 0) <> coalesce(f.recomputed, 0)
  ORDER BY product, location, lot LIMIT ${MAX_DIFFERENCES}`
)

const differingClaims = claimsDiffering(wholeLedger, `ORDER BY id LIMIT ${MAX_DIFFERENCES}`)

const decodeDifference = Schema.decodeUnknownSync(Difference)
const decodeCounts = Schema.decodeUnknownSync(
  Schema.Struct({ movements: Schema.Int, claimEvents: Schema.Int, balances: Schema.Int })
)

// All of it is read: that takes as long as it takes, in this much memory and otherwise on disk, from one snapshot.
const limits = [
  "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
  "SET LOCAL statement_timeout = 0",
  "SET LOCAL work_mem = '128MB'"
]

/** Recomputes every balance, every claim and every kept value, and lists what differs. */
export const verify = (sql: SqlClient): Effect.Effect<Verification, StoreUnavailable> => {
  const all = <A>(text: string, decode: (json: unknown) => A) =>
    Effect.map(sql.unsafe<{ readonly json: string }>(text), (rows) => rows.map(({ json }) => decode(JSON.parse(json))))
  const verification = Effect.gen(function* () {
    for (const limit of limits) yield* sql.unsafe(limit)
    const listed = (claim: string, differing: string) =>
      all(
        `SELECT json_build_object(${claim}
          'key', json_build_object('product', product, 'location', location, 'lot', lot),
          'field', field, 'stored', coalesce(stored, 0), 'recomputed', coalesce(recomputed, 0))::text AS json
         FROM (${differing}) differing`,
        decodeDifference
      )
    const differences = [...(yield* listed("", differing)), ...(yield* listed("'claim', claim,", differingClaims))]
    const [counts] = yield* all(
      `SELECT ${jsonOf({
        movements: "(SELECT count(*) FROM onhand.movements)",
        claimEvents: "(SELECT count(*) FROM onhand.claim_events)",
        balances: "(SELECT count(*) FROM onhand.balances)"
      })} AS json`,
      decodeCounts
    )
    return { movements: 0, claimEvents: 0, balances: 0, ...counts, differences, ...(yield* verifyValues(sql)) }
  })
  return Effect.mapError(sql.withTransaction(verification), unavailable)
}
