/**
 * Pages of movements. A page is put together from the newest rows of several stretches of an index, each of which has
 * them in order: one a kind of movement, or of a place one a lot. So whatever is asked for, about a page is read.
 */
import { type Movement, type MovementFilter, movementKinds } from "@onhand/core"
import { DateTime } from "effect"
import { integer, type ListQuery, type Wanted, where } from "./ListQuery.ts"
import { decodeMovement, movementJson, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

/** The list of the movements that a filter lets through, the newest first. */
export const movementList = (filter: MovementFilter): ListQuery<Movement> => {
  const { values, add } = parameters()
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`m.${column} = ${add(value)}::text`]
  const ofPlace = [...equal("product", filter.product), ...equal("location", filter.location)]
  const ofSource = [...equal("source_id", filter.source?.id), ...equal("source_type", filter.source?.type)]
  const kinds = movementKinds.filter((kind) => filter.kind === undefined || filter.kind === kind)
  const bound = (comparison: string, value: DateTime.Utc | undefined) =>
    value === undefined ? [] : [`${comparison} ${add(DateTime.formatIso(value))}::timestamptz`]
  const bounds = [...bound(">=", filter.from), ...bound("<", filter.to)]

  // The lines of a command share their time. By it alone the index has them in order; so all lines that share the last
  // one's are taken, and what orders them is left to the page.
  const stretches =
    (over: string, conditions: ReadonlyArray<string>) =>
    (time: string, { after, limit }: Wanted) => {
      const timely = bounds.map((condition) => `m.${time} ${condition}`)
      const before = after([`m.${time}`, "m.shard", "m.seq", "m.line"])
      const newest = limit === undefined ? "" : `ORDER BY m.${time} DESC FETCH FIRST (${limit}) ROWS WITH TIES`
      return `SELECT m.*, m.${time} AS moment FROM ${over} CROSS JOIN LATERAL (
      SELECT m.* FROM onhand.movements m
      ${where([...ofPlace, ...ofSource, ...conditions, ...timely, ...before])} ${newest}) m`
    }
  const byKind = (...conditions: ReadonlyArray<string>) =>
    stretches(`(VALUES ${kinds.map((kind) => `('${kind}')`).join(", ")}) k(kind)`, ["m.kind = k.kind", ...conditions])
  // What one source caused is in order by itself, and so is all that was dated.
  const whole = (...conditions: ReadonlyArray<string>) =>
    stretches("(SELECT) k", [...(filter.kind === undefined ? [] : [`m.kind = '${kinds.join()}'`]), ...conditions])
  // The balances name the lots of a place.
  const byLot = (...conditions: ReadonlyArray<string>) =>
    stretches(`(SELECT m.lot FROM onhand.balances m ${where(ofPlace)}) k`, ["m.lot = k.lot", ...conditions])
  const otherwise = ofPlace.length === 2 && filter.kind === undefined ? byLot : byKind
  const recorded = filter.source === undefined ? otherwise : whole

  // Movements that were not dated happened when they were recorded, to the millisecond: so those bounded by business
  // time, which is then what orders them, go along the same stretches, and the dated ones along others.
  const byDate = bounds.length > 0
  const dated = ofPlace.length === 0 && filter.kind === undefined ? whole : byKind
  const from = (wanted: Wanted) =>
    byDate
      ? `(${recorded(`NOT (${isDated("m.")})`)("recorded_at", wanted)}
          UNION ALL ${dated(isDated("m."))("occurred_at", wanted)}) m`
      : `(${recorded()("recorded_at", wanted)}) m`
  return {
    name: byDate ? "movements:occurred" : "movements",
    json: movementJson,
    from,
    conditions: [],
    values,
    keys: [{ column: "m.moment", type: "micros" }, integer("m.shard"), integer("m.seq"), integer("m.line")],
    descending: true,
    decode: decodeMovement
  }
}
