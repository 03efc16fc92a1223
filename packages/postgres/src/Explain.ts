/**
 * Claims that bind, and why a level is what it is. An explanation is read in one snapshot, as of one time, and through
 * indexes: its cost does not grow with the history behind it.
 */
import {
  Balance,
  type Claim,
  type ClaimFilter,
  type Explanation,
  emptyLevel,
  firstPage,
  type StockPlace,
  type StoreUnavailable
} from "@onhand/core"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { hasLapsedBy, lapsed, levelList } from "./LevelList.ts"
import { allOf, type ListQuery, listPage, text, unavailable } from "./ListQuery.ts"
import { claimJson, decodeClaim, jsonOf, parameters } from "./LoadSlice.ts"
import { movementList } from "./MovementList.ts"

/** The list of the open claims that bind at an instant and that a filter lets through. */
export const claimList = (filter: ClaimFilter, clock = "clock_timestamp()"): ListQuery<Claim> => {
  const { values, add } = parameters()
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`c.${column} = ${add(value)}::text`]
  return {
    name: "claims",
    json: claimJson,
    from: "onhand.claims c",
    conditions: [
      "c.state IN ('held', 'committed')",
      ...equal("product", filter.product),
      ...equal("location", filter.location),
      ...equal("state", filter.state),
      ...equal("source_type", filter.source?.type),
      ...equal("source_id", filter.source?.id),
      `NOT (${hasLapsedBy(clock)})`
    ],
    values,
    keys: [text("c.id")],
    decode: decodeClaim
  }
}

const lotJson = jsonOf({
  product: "b.product",
  location: "b.location",
  lot: "b.lot",
  sellable: "b.sellable",
  qualityControl: "b.quality_control",
  damaged: "b.damaged",
  quarantine: "b.quarantine",
  held: `b.held - ${lapsed("b", "AND c.lot = b.lot", "now()")}`,
  floor: "b.floor",
  committed: "b.committed",
  version: "b.version",
  claimVersion: "b.claim_version"
})
const decodeLot = Schema.decodeUnknownSync(Balance)

/** Why so much is available of a product at a location. `now()` is the same in all statements of a transaction. */
export const explain = (
  sql: SqlClient,
  { product, location }: StockPlace,
  limit?: number
): Effect.Effect<Explanation, StoreUnavailable> => {
  const place = { product, location }
  const page = firstPage(limit)
  const explanation = Effect.gen(function* () {
    yield* sql.unsafe("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    const { items } = yield* listPage(sql, levelList(place, "now()"), firstPage(1))
    const lots = yield* allOf(
      sql,
      `SELECT ${lotJson} FROM onhand.balances b WHERE b.product = $1::text AND b.location = $2::text ORDER BY b.lot`,
      [product, location],
      decodeLot
    )
    const movements = yield* listPage(sql, movementList(place), page)
    const claims = yield* listPage(sql, claimList(place, "now()"), page)
    return { level: items[0] ?? emptyLevel(place), lots, movements, claims }
  })
  return sql.withTransaction(explanation).pipe(
    // First pages have no cursor.
    Effect.catchTag("InvalidCursor", Effect.die),
    Effect.mapError(unavailable)
  )
}
