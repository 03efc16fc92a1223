/**
 * The answers of the PostgreSQL store. Every list reads one page through an index; none loads a table.
 */
import {
  activeCartName,
  Balance,
  Event,
  emptyBalance,
  type FeedCursor,
  LAST_LINE,
  Level,
  type LevelFilter,
  Movement,
  type MovementFilter,
  MovementKind,
  type OrderFilter,
  type PageRequest,
  type ProductFilter,
  type ProductSort,
  type Queries,
  type Rows,
  StockedProduct,
  type StockKey,
  type Table,
  Threshold
} from "@onhand/core"
import { DateTime, Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { allOf, type ListQuery, listPage, oneOf, type SortKey } from "./ListQuery.ts"
import { commandJson, decodeCommand, decodeRow, jsonOf, parameters, sourceOf } from "./LoadSlice.ts"
import { verify } from "./Verify.ts"

const text = (column: string): SortKey => ({ column, type: "text" })
const integer = (column: string): SortKey => ({ column, type: "integer" })

/** What the holds of a stock place that no longer bind still take from its balances. */
const lapsed = (table: string, byLot: string) => `coalesce((
  SELECT sum(c.quantity) FROM onhand.claims c
  WHERE c.state = 'held' AND c.expires_at <= clock_timestamp()
    AND c.product = ${table}.product AND c.location = ${table}.location ${byLot}), 0)`

const movementJson = jsonOf({
  kind: "m.kind",
  product: "m.product",
  location: "m.location",
  lot: "m.lot",
  from: "m.from_place",
  to: "m.to_place",
  quantity: "m.quantity",
  reason: "m.reason",
  source: sourceOf("m"),
  unitCost: `CASE WHEN m.unit_cost IS NOT NULL THEN json_build_object(
    'amount', m.unit_cost::text, 'currency', m.unit_cost_currency) END`,
  shard: "m.shard",
  seq: "m.seq",
  line: "m.line",
  version: "m.version",
  onHandAfter: "m.on_hand_after",
  sellableAfter: "m.sellable_after",
  command: "m.command",
  actor: "m.actor",
  occurredAt: "m.occurred_at",
  recordedAt: "m.recorded_at"
})

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
  available: "b.sellable - b.held - b.committed + b.lapsed"
})

/** A condition for each filter that is given, with its parameter. */
const conditionsOf = (filters: ReadonlyArray<readonly [condition: string, value: unknown]>) => {
  const { values, add } = parameters()
  const conditions = filters
    .filter(([, value]) => value !== undefined)
    .map(([condition, value]) => condition.replaceAll("?", add(value)))
  return { values, conditions }
}

const instant = (value: DateTime.Utc | undefined) => value && DateTime.formatIso(value)

const escapeLike = (search: string) => search.replace(/[\\%_]/g, (character) => `\\${character}`)

const productKeys: Readonly<Record<ProductSort, SortKey>> = {
  name_asc: text("p.name"),
  name_desc: text("p.name"),
  sku_asc: text("p.sku"),
  sku_desc: text("p.sku"),
  created_asc: text("p.created"),
  created_desc: text("p.created"),
  stock_asc: integer("s.available"),
  stock_desc: integer("s.available")
}

const productStock = `LEFT JOIN LATERAL (
    SELECT coalesce(sum(b.sellable + b.quality_control + b.damaged + b.quarantine), 0)::bigint AS on_hand,
      (coalesce(sum(b.sellable - b.held - b.committed), 0) + coalesce((
        SELECT sum(c.quantity) FROM onhand.claims c
        WHERE c.state = 'held' AND c.expires_at <= clock_timestamp() AND c.product = p.id), 0))::bigint AS available
    FROM onhand.balances b WHERE b.product = p.id) s ON true`

const decodeStocked = Schema.decodeUnknownSync(StockedProduct)

const productList = (filter: ProductFilter): ListQuery<StockedProduct> => {
  const sort = filter.sort ?? "name_asc"
  const search = filter.search?.trim().toLowerCase()
  const { conditions, values } = conditionsOf([
    ["p.status = ?::text", filter.status],
    ["p.category = ?::text", filter.category],
    ["p.search LIKE ?::text", search ? `%${escapeLike(search)}%` : undefined]
  ])
  return {
    name: `products:${sort}`,
    json: jsonOf({ product: "p.data", onHand: "s.on_hand", available: "s.available" }),
    from: `onhand.products p ${productStock}`,
    conditions,
    values,
    keys: [productKeys[sort], text("p.id")],
    descending: sort.endsWith("_desc"),
    decode: decodeStocked
  }
}

const movementList = (filter: MovementFilter): ListQuery<Movement> => ({
  name: "movements",
  json: movementJson,
  from: "onhand.movements m",
  ...conditionsOf([
    ["m.product = ?::text", filter.product],
    ["m.location = ?::text", filter.location],
    ["m.kind = ?::text", filter.kind],
    ["m.occurred_at >= ?::timestamptz", instant(filter.from)],
    ["m.occurred_at < ?::timestamptz", instant(filter.to)],
    ["m.source_type = ?::text", filter.source?.type],
    ["m.source_id = ?::text", filter.source?.id]
  ]),
  keys: [{ column: "m.recorded_at", type: "micros" }, integer("m.shard"), integer("m.seq"), integer("m.line")],
  descending: true,
  decode: Schema.decodeUnknownSync(Movement)
})

const levelList = (filter: LevelFilter): ListQuery<Level> => {
  const { conditions, values } = conditionsOf([
    ["product = ?::text", filter.product],
    ["location = ?::text", filter.location]
  ])
  return {
    name: "levels",
    json: levelJson,
    from: `(SELECT k.product, k.location, sum(sellable + quality_control + damaged + quarantine)::bigint AS on_hand,
        sum(sellable)::bigint AS sellable, sum(quality_control)::bigint AS quality_control,
        sum(damaged)::bigint AS damaged, sum(quarantine)::bigint AS quarantine,
        sum(held)::bigint AS held, sum(committed)::bigint AS committed, ${lapsed("k", "")}::bigint AS lapsed
      FROM onhand.balances k ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
      GROUP BY k.product, k.location) b`,
    conditions: [],
    values,
    keys: [text("b.product"), text("b.location")],
    decode: Schema.decodeUnknownSync(Level)
  }
}

/** A list of whole rows of a table. */
const rowList = <T extends Table>(
  table: T,
  keys: ReadonlyArray<SortKey>,
  filters: ReadonlyArray<readonly [string, unknown]> = [],
  descending = false
): ListQuery<Rows[T]> => ({
  name: table,
  json: "t.data::text",
  from: `onhand.${table} t`,
  ...conditionsOf(filters),
  keys,
  descending,
  decode: decodeRow[table]
})

const placeFilters = (filter: LevelFilter): ReadonlyArray<readonly [string, unknown]> => [
  ["t.product = ?::text", filter.product],
  ["t.location = ?::text", filter.location]
]

const alertList = (filter: LevelFilter) => ({
  ...rowList("thresholds", [text("t.raised"), text("t.id")], placeFilters(filter)),
  name: "restockAlerts",
  json: jsonOf({ threshold: "t.data", available: "s.available" }),
  from: `onhand.thresholds t CROSS JOIN LATERAL (
    SELECT (coalesce(sum(b.sellable - b.held - b.committed), 0) + ${lapsed("t", "")})::bigint AS available
    FROM onhand.balances b WHERE b.product = t.product AND b.location = t.location) s`,
  decode: Schema.decodeUnknownSync(Schema.Struct({ threshold: Threshold, available: Schema.Int }))
})

const decodeTotal = Schema.decodeUnknownSync(
  Schema.Struct({ kind: MovementKind, movements: Schema.Int, quantity: Schema.Int })
)
const decodeEvent = Schema.decodeUnknownSync(Event)
const decodeBalance = Schema.decodeUnknownSync(Balance)
const decodeHead = Schema.decodeUnknownSync(Schema.Struct({ shard: Schema.Int, seq: Schema.Int }))
const decodeText = Schema.decodeUnknownSync(Schema.String)

const stockQueries = (
  sql: SqlClient
): Pick<Queries, "balance" | "levels" | "movements" | "movementTotals" | "restockAlerts" | "thresholds"> => ({
  balance: (key: StockKey) =>
    Effect.map(
      oneOf(
        sql,
        `SELECT ${jsonOf({
          product: "product",
          location: "location",
          lot: "lot",
          sellable: "sellable",
          qualityControl: "quality_control",
          damaged: "damaged",
          quarantine: "quarantine",
          held: "held",
          committed: "committed",
          version: "version",
          claimVersion: "claim_version"
        })} FROM onhand.balances WHERE product = $1::text AND location = $2::text AND lot = $3::text`,
        [key.product, key.location, key.lot],
        decodeBalance
      ),
      (balance) => balance ?? emptyBalance(key)
    ),
  levels: (filter, page) => listPage(sql, levelList(filter), page),
  movements: (filter, page) => listPage(sql, movementList(filter), page),
  movementTotals: (filter) => {
    const { conditions, values } = conditionsOf(placeFilters(filter))
    return allOf(
      sql,
      `SELECT ${jsonOf({ kind: "kind", movements: "count(*)", quantity: "sum(quantity)" })} FROM onhand.movements t
       ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""} GROUP BY kind ORDER BY kind`,
      values,
      decodeTotal
    )
  },
  restockAlerts: (filter, page) => {
    const list = alertList(filter)
    return listPage(sql, { ...list, conditions: [...list.conditions, "t.raised IS NOT NULL"] }, page)
  },
  thresholds: (filter, page) => listPage(sql, rowList("thresholds", [text("t.id")], placeFilters(filter)), page)
})

/** The events after a cursor; each shard's are found from its own place, so that none is passed over. */
const eventsAfter = (sql: SqlClient, after: FeedCursor, limit: number) => {
  const seen = Object.entries(after).map(([shard, place]) => ({ shard: Number(shard), ...place }))
  return allOf(
    sql,
    `SELECT ${jsonOf({
      shard: "e.shard",
      seq: "e.seq",
      line: "e.line",
      command: "e.key",
      recordedAt: "e.recorded_at",
      event: "e.event"
    })}
     FROM onhand.heads h
     LEFT JOIN json_to_recordset($1::json) AS seen(shard int, seq bigint, line bigint) ON seen.shard = h.shard
     CROSS JOIN LATERAL (
       SELECT c.shard, c.seq, told.line - 1 AS line, c.key, c.recorded_at, told.event
       FROM onhand.commands c, json_array_elements(c.events::json) WITH ORDINALITY AS told(event, line)
       WHERE c.shard = h.shard AND c.seq >= coalesce(seen.seq, 0) AND c.events <> '[]'
         AND (c.seq, told.line - 1) > (coalesce(seen.seq, 0), coalesce(seen.line, -1))
       ORDER BY c.seq, told.line LIMIT $2::int) e
     ORDER BY e.shard, e.seq, e.line LIMIT $2::int`,
    [JSON.stringify(seen), limit],
    decodeEvent
  )
}

/** The queries of a client's database. */
export const postgresQueries = (sql: SqlClient): Queries => {
  const row = <T extends Table>(table: T, id: string) =>
    Effect.map(
      oneOf<Rows[T]>(sql, `SELECT data::text FROM onhand.${table} WHERE id = $1::text`, [id], decodeRow[table]),
      Option.fromUndefinedOr
    )
  const named = <T extends Table>(table: T, name: string) =>
    Effect.map(
      oneOf<Rows[T]>(
        sql,
        `SELECT t.data::text FROM onhand.names n JOIN onhand.${table} t ON t.id = n.data->>'target'
         WHERE n.id = $1::text`,
        [name],
        decodeRow[table]
      ),
      Option.fromUndefinedOr
    )
  return {
    product: (id) => row("products", id),
    productByCode: (field, code) => named("products", `${field}:${code}`),
    products: (filter, page: PageRequest) => listPage(sql, productList(filter), page),
    categories: allOf(
      sql,
      `SELECT to_json(category)::text FROM onhand.products WHERE category <> '' GROUP BY category ORDER BY category`,
      [],
      decodeText
    ),
    location: (id) => row("locations", id),
    locations: (page) => listPage(sql, rowList("locations", [text("t.name"), text("t.id")]), page),
    ...stockQueries(sql),
    cart: (id) => row("carts", id),
    activeCart: (owner) => named("carts", activeCartName(owner)),
    order: (id) => row("orders", id),
    orders: ({ customer, location }: OrderFilter, page) =>
      listPage(
        sql,
        rowList(
          "orders",
          [text("t.placed"), text("t.id")],
          [
            ["t.customer = ?::text", customer],
            ["t.location = ?::text", location]
          ],
          true
        ),
        page
      ),
    user: (id) => row("users", id),
    userByEmail: (email) => named("users", `email:${email}`),
    users: (page) => listPage(sql, rowList("users", [text("t.email"), text("t.id")]), page),
    command: (key) =>
      Effect.map(
        oneOf(sql, `SELECT ${commandJson} FROM onhand.commands WHERE key = $1::text`, [key], decodeCommand),
        Option.fromUndefinedOr
      ),
    events: (after, limit) => eventsAfter(sql, after, limit),
    head: Effect.map(
      allOf(sql, `SELECT ${jsonOf({ shard: "shard", seq: "seq" })} FROM onhand.heads`, [], decodeHead),
      (heads) => Object.fromEntries(heads.map(({ shard, seq }) => [shard, { seq, line: LAST_LINE }]))
    ),
    verify: verify(sql)
  }
}
