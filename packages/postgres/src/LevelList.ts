/**
 * Pages of levels: what is at a place, by its balances, and what is on its way there, by the open documents.
 */
import { Level, type LevelFilter, Product } from "@onhand/core"
import { Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { allOf, type ListQuery, text, type Wanted, where } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"

// What the clock says, unless it was set back since the ledger last wrote: what was over stays so.
const nowOf = (row: string, clock: string) =>
  `greatest(${clock}, (SELECT to_timestamp(h.last_micros / 1e6) FROM onhand.heads h WHERE h.shard = ${row}.shard))`

export const hasLapsedBy = (clock: string) => `c.state = 'held' AND c.expires_at <= ${nowOf("c", clock)}`
export const hasLapsed = hasLapsedBy("clock_timestamp()")

/** What the holds of a stock place that no longer bind still take from its balances. */
export const lapsed = (table: string, byLot: string, clock = "clock_timestamp()") => `coalesce((
  SELECT sum(c.quantity) FROM onhand.claims c
  WHERE ${hasLapsedBy(clock)} AND c.product = ${table}.product AND c.location = ${table}.location ${byLot}), 0)`

/**
 * Whether what a balance has of its lot `l` cannot be claimed or sold now: it was recalled, or its last day is over.
 */
export const isBlocked = (balance: string, clock = "clock_timestamp()") =>
  `(l.status = 'recalled' OR l.expires_at::timestamptz <= ${nowOf(balance, clock)}) IS TRUE`

/** What is unclaimed of a balance: what nobody holds, by a hold that still binds, or has committed. */
export const unclaimed = (balance: string, clock = "clock_timestamp()") =>
  `(${balance}.sellable - ${balance}.held - ${balance}.committed
    + ${lapsed(balance, `AND c.lot = ${balance}.lot`, clock)})`

/** What is unclaimed in the blocked lots of a product, everywhere or at one place; the product's lots are looked up. */
export const blocked = (product: string, location?: string, clock = "clock_timestamp()") => `coalesce((
  SELECT sum(${unclaimed("k", clock)})
  FROM onhand.lots l JOIN onhand.balances k ON k.product = l.product AND k.lot = l.lot
  WHERE l.product = ${product} AND ${isBlocked("k", clock)}
    ${location === undefined ? "" : `AND k.location = ${location}`}), 0)`

const levelJson = jsonOf({
  product: "b.product",
  location: "b.location",
  onHand: "b.on_hand",
  sellable: "b.sellable",
  qualityControl: "b.quality_control",
  damaged: "b.damaged",
  quarantine: "b.quarantine",
  held: "b.held - b.lapsed",
  committed: "b.committed",
  blocked: "b.blocked",
  available: "b.sellable - b.held - b.committed + b.lapsed - b.blocked",
  incoming: "b.incoming"
})

interface PlaceText {
  readonly product?: string | undefined
  readonly location?: string | undefined
}

// A document's column `incoming` names the products of its open lines, and is null while nothing of it is on its way.
const documents = [
  { table: "purchaseOrders", steps: ["ordered", "received", "canceled"] },
  { table: "transfers", steps: ["shipped", "received", "damaged", "lost", "returned"] }
]

const isIncoming = ({ product, location }: PlaceText): string =>
  [
    "t.incoming IS NOT NULL",
    ...(product === undefined ? [] : [`t.incoming @> jsonb_build_array(${product})`]),
    ...(location === undefined ? [] : [`t.destination = ${location}`])
  ].join(" AND ")

/** The places that something is on its way to, of a product or at a location or both, given as expressions. */
const incomingPlaces = (place: PlaceText): string =>
  documents
    .map(
      ({ table }) => `SELECT product COLLATE "C" AS product, t.destination AS location
        FROM onhand.${table} t CROSS JOIN LATERAL jsonb_array_elements_text(t.incoming) product
        WHERE ${isIncoming(place)} ${place.product === undefined ? "" : `AND product = ${place.product}`}`
    )
    .join(" UNION ALL ")

/** What is on its way to a place, given as expressions. */
const incomingTo = (place: Required<PlaceText>): string =>
  documents
    .map(({ table, steps: [whole, ...gone] }) => {
      const open = [whole, ...gone].map((field) => `(line->>'${field}')::bigint`).join(" - ")
      return `coalesce((SELECT sum(${open})
        FROM onhand.${table} t CROSS JOIN LATERAL jsonb_array_elements(t.data->'lines') line
        WHERE ${isIncoming(place)} AND line->>'product' = ${place.product}), 0)`
    })
    .join(" + ")

const sum = (columns: string) => `coalesce(sum(${columns}), 0)::bigint`

/** The levels `b` that a page needs of a place, given as expressions; `conditions` are more of balances `k`. */
const levelsFrom = (
  place: PlaceText,
  { after, limit = "ALL" }: Pick<Wanted, "after" | "limit">,
  clock: string,
  conditions: ReadonlyArray<string> = []
): string => {
  const ofBalances = [
    ...(place.product === undefined ? [] : [`k.product = ${place.product}`]),
    ...(place.location === undefined ? [] : [`k.location = ${place.location}`]),
    ...conditions
  ]
  const places = (from: string, all: ReadonlyArray<string>) =>
    `(SELECT DISTINCT k.product, k.location FROM ${from} k
      ${where([...all, ...after(["k.product", "k.location"])])} ORDER BY 1, 2 LIMIT ${limit})`
  return `(
  SELECT product, location FROM (
    ${places("onhand.balances", ofBalances)} UNION ${places(`(${incomingPlaces(place)})`, [])}
  ) k ORDER BY 1, 2 LIMIT ${limit}
) p CROSS JOIN LATERAL (
  SELECT p.product, p.location, ${sum("sellable + quality_control + damaged + quarantine")} AS on_hand,
    ${sum("sellable")} AS sellable, ${sum("quality_control")} AS quality_control,
    ${sum("damaged")} AS damaged, ${sum("quarantine")} AS quarantine,
    ${sum("held")} AS held, ${sum("committed")} AS committed, ${lapsed("p", "", clock)}::bigint AS lapsed,
    ${blocked("p.product", "p.location", clock)}::bigint AS blocked,
    (${incomingTo({ product: "p.product", location: "p.location" })})::bigint AS incoming
  FROM onhand.balances s WHERE s.product = p.product AND s.location = p.location) b`
}

const decodeLevel = Schema.decodeUnknownSync(Level)

/** The list of the levels that a filter lets through at the time of a clock, by product and location. */
export const levelList = (filter: LevelFilter, clock = "clock_timestamp()"): ListQuery<Level> => {
  const { values, add } = parameters()
  const product = filter.product === undefined ? undefined : `${add(filter.product)}::text`
  const location = filter.location === undefined ? undefined : `${add(filter.location)}::text`
  // Of one shard the primary key has the location's products in order.
  const ofShard =
    location === undefined || product !== undefined
      ? []
      : [
          `k.shard = (SELECT h.shard FROM onhand.heads h
            WHERE EXISTS (SELECT FROM onhand.balances s WHERE s.shard = h.shard AND s.location = ${location}) LIMIT 1)`
        ]
  return {
    name: "levels",
    json: levelJson,
    from: (wanted) => levelsFrom({ product, location }, wanted, clock, ofShard),
    conditions: [],
    values,
    keys: [text("b.product"), text("b.location")],
    decode: decodeLevel
  }
}

const whole = { after: () => [], limit: "ALL" }

const decodeProductLevels = Schema.decodeUnknownSync(Schema.Struct({ product: Product, levels: Schema.Array(Level) }))

/**
 * Products with their levels, in one statement, so that all of it is of one instant. It takes longer to plan than to
 * run, and of a list in JSON the planner expects as much whatever it has, so that it keeps one plan for all.
 */
export const productLevels = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  allOf(
    sql,
    `SELECT ${jsonOf({
      product: "w.data",
      levels: `coalesce((SELECT json_agg(${levelJson}::json ORDER BY b.location)
        FROM ${levelsFrom({ product: "w.id" }, whole, "clock_timestamp()")}), '[]')`
    })} FROM json_array_elements_text($1::json) AS wanted(id)
    CROSS JOIN LATERAL (SELECT * FROM onhand.products p WHERE p.id = wanted.id COLLATE "C" OFFSET 0) w ORDER BY w.id`,
    [JSON.stringify([...new Set(ids)])],
    decodeProductLevels
  )
