/**
 * Verification: every balance recomputed in the database from the two ledgers, and compared with the one that is kept.
 */
import { Difference, type StoreUnavailable, type Verification } from "@onhand/core"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { unavailable } from "./ListQuery.ts"
import { jsonOf } from "./LoadSlice.ts"

/** The most differences that are listed: one is a scandal, a thousand are enough to see the pattern. */
const MAX_DIFFERENCES = 1_000

const conditions = {
  sellable: "sellable",
  qualityControl: "quality_control",
  damaged: "damaged",
  quarantine: "quarantine"
}

/** What a condition holds according to the movements: all that came less all that left. */
const fold = Object.entries(conditions)
  .map(
    ([place, column]) => `sum(CASE WHEN to_place = '${place}' THEN quantity WHEN from_place = '${place}' THEN -quantity
      ELSE 0 END)::bigint AS ${column}`
  )
  .join(",\n")

// The claims are themselves recomputed from their events: what a claim has open is what its events left of it.
const recomputed = `
  WITH moved AS (
    SELECT product, location, lot, count(*) AS version, ${fold}
    FROM onhand.movements GROUP BY product, location, lot
  ), open AS (
    SELECT claim, product, location, lot, count(*) AS events,
      sum(CASE kind WHEN 'held' THEN quantity WHEN 'committed' THEN 0 WHEN 'extended' THEN 0 ELSE -quantity END)
        AS held_open,
      bool_or(kind = 'committed') AS is_committed,
      bool_or(kind = 'held') AS was_held,
      max(quantity) FILTER (WHERE kind = 'committed') AS committed_quantity
    FROM onhand.claim_events GROUP BY claim, product, location, lot
  ), claimed AS (
    SELECT product, location, lot, sum(events)::bigint AS claim_version,
      sum(CASE WHEN is_committed THEN 0 ELSE held_open END)::bigint AS held,
      sum(CASE WHEN NOT is_committed THEN 0 WHEN was_held THEN held_open
        ELSE held_open + committed_quantity END)::bigint AS committed
    FROM open GROUP BY product, location, lot
  )
  SELECT product, location, lot, f.field, f.stored, f.recomputed
  FROM onhand.balances b
  FULL JOIN moved m USING (product, location, lot)
  FULL JOIN claimed c USING (product, location, lot)
  CROSS JOIN LATERAL (VALUES
    ${Object.entries(conditions)
      .map(([field, column]) => `('${field}', b.${column}, m.${column})`)
      .join(", ")},
    ('held', b.held, c.held), ('committed', b.committed, c.committed),
    ('version', b.version, m.version), ('claimVersion', b.claim_version, c.claim_version)
  ) AS f(field, stored, recomputed)
  WHERE coalesce(f.stored, 0) <> coalesce(f.recomputed, 0)
  ORDER BY product, location, lot LIMIT ${MAX_DIFFERENCES}`

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

/** Recomputes every balance and lists what differs. */
export const verify = (sql: SqlClient): Effect.Effect<Verification, StoreUnavailable> => {
  const all = <A>(text: string, decode: (json: unknown) => A) =>
    Effect.map(sql.unsafe<{ readonly json: string }>(text), (rows) => rows.map(({ json }) => decode(JSON.parse(json))))
  const verification = Effect.gen(function* () {
    for (const limit of limits) yield* sql.unsafe(limit)
    const differences = yield* all(
      `SELECT json_build_object(
        'key', json_build_object('product', product, 'location', location, 'lot', lot),
        'field', field, 'stored', coalesce(stored, 0), 'recomputed', coalesce(recomputed, 0))::text AS json
       FROM (${recomputed}) differing`,
      decodeDifference
    )
    const [counts] = yield* all(
      `SELECT ${jsonOf({
        movements: "(SELECT count(*) FROM onhand.movements)",
        claimEvents: "(SELECT count(*) FROM onhand.claim_events)",
        balances: "(SELECT count(*) FROM onhand.balances)"
      })} AS json`,
      decodeCounts
    )
    return { movements: 0, claimEvents: 0, balances: 0, ...counts, differences }
  })
  return Effect.mapError(sql.withTransaction(verification), unavailable)
}
