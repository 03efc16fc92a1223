/**
 * Stock as of a time: one step in an index for each key, however long its history is.
 *
 * What was recorded by a time stands in each key's last movement before it. Business time differs from that by the
 * movements that were dated: those recorded after it that had happened by then count too, and those recorded by then
 * that happened later do not. Only they are summed up.
 */
import {
  type AsOf,
  conditions,
  type LocationId,
  movementKinds,
  type ProductId,
  StockAsOf,
  type StoreUnavailable
} from "@onhand/core"
import { DateTime, type Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { allOf } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

const decodeStock = Schema.decodeUnknownSync(StockAsOf)

/** Callers know times to the millisecond, the ledger to the microsecond: what is by one is before the next. */
const after = (time: DateTime.Utc): string => DateTime.formatIso(DateTime.add(time, { milliseconds: 1 }))

const isOneOf = (column: string, places: ReadonlyArray<string>) =>
  `(${column} IN (${places.map((place) => `'${place}'`).join(", ")}))::int`

// Every kind, named because the index has them before the time.
const kinds = movementKinds.map((kind) => `'${kind}'`).join(", ")

/** What a movement adds to some conditions. */
const added = (places: ReadonlyArray<string>) =>
  `(${isOneOf("to_place", places)} - ${isOneOf("from_place", places)}) * quantity`

/**
 * The dated movements of a product that answer a condition, counted and summed with a sign. Where one location is asked
 * for, that is said in a way that no index knows: else the planner would go through all the movements there.
 */
const dated = (product: string, location: string | undefined, sign: 1 | -1, condition: string) => `
  SELECT location, lot, ${sign} AS movements, ${sign} * ${added(conditions)} AS on_hand,
    ${sign} * ${added(["sellable"])} AS sellable
  FROM onhand.movements WHERE product = ${product} AND kind IN (${kinds})
    ${location === undefined ? "" : `AND location || '' = ${location}`} AND ${isDated("")} AND ${condition}`

/** A product's stock as of a time, by location and lot. */
export const stockAsOf = (
  sql: SqlClient,
  place: { readonly product: ProductId; readonly location?: LocationId | undefined },
  { occurredBy, recordedBy }: AsOf
): Effect.Effect<ReadonlyArray<StockAsOf>, StoreUnavailable> => {
  const { values, add } = parameters()
  const product = `${add(place.product)}::text`
  const location = place.location === undefined ? undefined : `${add(place.location)}::text`
  const known = recordedBy === undefined ? "'infinity'::timestamptz" : `${add(after(recordedBy))}::timestamptz`
  const happened = occurredBy === undefined ? "'infinity'::timestamptz" : `${add(after(occurredBy))}::timestamptz`
  const here = location === undefined ? "" : `AND location = ${location}`
  // By its time alone the index has a key's last movement; of the lines of one command the last counts.
  const parts = [
    `SELECT k.location, k.lot, m.version AS movements, m.on_hand_after AS on_hand, m.sellable_after AS sellable
     FROM (SELECT location, lot FROM onhand.balances WHERE product = ${product} ${here}) k
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT l.* FROM onhand.movements l WHERE l.product = ${product} AND l.location = k.location AND l.lot = k.lot
           AND l.recorded_at < least(${known}, ${happened})
         ORDER BY l.recorded_at DESC FETCH FIRST ROW WITH TIES) last
       ORDER BY version DESC LIMIT 1) m`
  ]
  if (occurredBy !== undefined) {
    const late = `occurred_at < ${happened} AND recorded_at >= ${happened} AND recorded_at < ${known}`
    const early = `occurred_at >= ${happened} AND recorded_at < least(${known}, ${happened})`
    parts.push(dated(product, location, 1, late), dated(product, location, -1, early))
  }
  return allOf(
    sql,
    `SELECT ${jsonOf({
      product,
      location: "location",
      lot: "lot",
      onHand: "sum(on_hand)",
      sellable: "sum(sellable)"
    })}
     FROM (${parts.join(" UNION ALL ")}) counted
     GROUP BY location, lot HAVING sum(movements) > 0 ORDER BY location, lot`,
    values,
    decodeStock
  )
}
