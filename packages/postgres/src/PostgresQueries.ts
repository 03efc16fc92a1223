/**
 * The answers of the PostgreSQL store. Every list reads one page through an index; none loads a table.
 */
import {
  activeCartName,
  Backorder,
  Balance,
  type CountFilter,
  causeName,
  Event,
  emptyBalance,
  type FeedCursor,
  LAST_LINE,
  LATE_PURCHASE_ORDER,
  type LevelFilter,
  MovementKind,
  type NotificationFilter,
  NotificationId,
  type OrderFilter,
  PurchaseOrderId,
  type Queries,
  type Rows,
  type StockKey,
  type Table,
  Threshold,
  type TransferFilter,
  type VendorProductFilter
} from "@onhand/core"
import { DateTime, Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { demandList } from "./DemandList.ts"
import { claimList, explain } from "./Explain.ts"
import { forgetValues } from "./KeptValues.ts"
import { blocked, lapsed, levelList, productLevels } from "./LevelList.ts"
import {
  allOf,
  conditionsOf,
  escapeLike,
  integer,
  type ListQuery,
  listPage,
  oneOf,
  type SortKey,
  text
} from "./ListQuery.ts"
import { commandJson, decodeCommand, decodeRow, jsonOf } from "./LoadSlice.ts"
import { lotQueries } from "./LotList.ts"
import { movementList } from "./MovementList.ts"
import { postgresReports } from "./PostgresReports.ts"
import { productQueries } from "./ProductList.ts"
import { stockAsOf } from "./StockAsOf.ts"
import { verify } from "./Verify.ts"

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

const decodeBackorder = Schema.decodeUnknownSync(Backorder)

const backorderList = (filter: LevelFilter): ListQuery<Backorder> => ({
  name: "backorders",
  json: jsonOf({
    order: "t.id",
    line: "t.line",
    product: "t.product",
    location: "t.location",
    customer: "t.customer",
    quantity: "t.quantity",
    placedAt: "t.placed"
  }),
  from: `(SELECT o.id, o.placed, o.location, o.customer, l.line->>'product' AS product,
      (l.line->>'line')::int AS line, (l.line->>'backordered')::bigint AS quantity
    FROM onhand.orders o CROSS JOIN LATERAL jsonb_array_elements(o.data->'lines') AS l(line)
    WHERE o.backordered IS NOT NULL AND (l.line->>'backordered')::bigint > 0) t`,
  ...conditionsOf(placeFilters(filter)),
  keys: [text("t.placed"), text("t.id"), integer("t.line")],
  decode: decodeBackorder
})

const alertList = (filter: LevelFilter) => ({
  ...rowList("thresholds", [text("t.raised"), text("t.id")], placeFilters(filter)),
  name: "restockAlerts",
  json: jsonOf({ threshold: "t.data", available: "s.available" }),
  from: `onhand.thresholds t CROSS JOIN LATERAL (
    SELECT (coalesce(sum(b.sellable - b.held - b.committed), 0) + ${lapsed("t", "")}
      - ${blocked("t.product", "t.location")})::bigint AS available
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
): Pick<
  Queries,
  | "balance"
  | "levels"
  | "claims"
  | "explain"
  | "stockAsOf"
  | "movements"
  | "movementTotals"
  | "demand"
  | "restockAlerts"
  | "thresholds"
  | "reorderPolicies"
  | "stockPolicies"
> => ({
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
          floor: "floor",
          version: "version",
          claimVersion: "claim_version"
        })} FROM onhand.balances WHERE product = $1::text AND location = $2::text AND lot = $3::text`,
        [key.product, key.location, key.lot],
        decodeBalance
      ),
      (balance) => balance ?? emptyBalance(key)
    ),
  levels: (filter, page) => listPage(sql, levelList(filter), page),
  claims: (filter, page) => listPage(sql, claimList(filter), page),
  explain: (place, limit) => explain(sql, place, limit),
  stockAsOf: (place, time) => stockAsOf(sql, place, time),
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
  demand: (filter, page) => listPage(sql, demandList(filter), page),
  restockAlerts: (filter, page) => {
    const list = alertList(filter)
    return listPage(sql, { ...list, conditions: [...list.conditions, "t.raised IS NOT NULL"] }, page)
  },
  thresholds: (filter, page) => listPage(sql, rowList("thresholds", [text("t.id")], placeFilters(filter)), page),
  reorderPolicies: (filter, page) => listPage(sql, rowList("policies", [text("t.id")], placeFilters(filter)), page),
  stockPolicies: (filter, page) => listPage(sql, rowList("stockPolicies", [text("t.id")], placeFilters(filter)), page)
})

const soldFilters = ({ vendor, product }: VendorProductFilter): ReadonlyArray<readonly [string, unknown]> => [
  ["t.vendor = ?::text", vendor],
  ["t.product = ?::text", product]
]

/** The lists of purchasing. */
const purchasingLists = (
  sql: SqlClient
): Pick<Queries, "vendors" | "vendorProducts" | "contactHistory" | "purchaseOrders"> => ({
  vendors: ({ search, status }, page) => {
    const words = search?.trim().toLowerCase()
    const filters = [
      ["t.status = ?::text", status],
      ["lower(t.name) LIKE ?::text", words ? `%${escapeLike(words)}%` : undefined]
    ] as const
    return listPage(sql, rowList("vendors", [text("t.name"), text("t.id")], filters), page)
  },
  vendorProducts: (filter, page) =>
    listPage(sql, rowList("vendorProducts", [text("t.product"), text("t.vendor")], soldFilters(filter)), page),
  contactHistory: (filter, page) => {
    const keys = [text("t.contacted"), text("t.id")]
    return listPage(sql, rowList("contactRecords", keys, soldFilters(filter), true), page)
  },
  purchaseOrders: ({ state, vendor, destination }, page) => {
    const filters = [
      ["t.state = ?::text", state],
      ["t.vendor = ?::text", vendor],
      ["t.destination = ?::text", destination]
    ] as const
    return listPage(sql, rowList("purchaseOrders", [text("t.created"), text("t.id")], filters, true), page)
  }
})

const notificationList = ({ state, kind, ...place }: NotificationFilter) =>
  rowList(
    "notifications",
    [text("t.raised"), text("t.id")],
    [["t.state = ?::text", state], ["t.kind = ?::text", kind], ...placeFilters(place)],
    true
  )

const decodeDue = Schema.decodeUnknownSync(
  Schema.Struct({ notifications: Schema.Array(NotificationId), purchaseOrders: Schema.Array(PurchaseOrderId) })
)

// The names of a kind's causes stand side by side in the key of that table.
const lateName = causeName(LATE_PURCHASE_ORDER, "")
const dueForReview = (sql: SqlClient, by: DateTime.Utc, limit: number) => {
  const named = (order: string) => `EXISTS (SELECT FROM onhand.names n WHERE n.id = '${lateName}' || ${order})`
  const list = (select: string) => `(SELECT coalesce(json_agg(id ORDER BY id), '[]'::json) FROM (${select}) d)`
  const dueOrders = `
    SELECT id FROM (
      (SELECT o.id FROM onhand.purchaseOrders o WHERE o.due < $1::text AND NOT ${named("o.id")}
        ORDER BY o.due, o.id LIMIT $2::int)
      UNION ALL
      SELECT o.id FROM onhand.names n JOIN onhand.purchaseOrders o ON o.id = substr(n.id, ${lateName.length + 1})
      WHERE n.id >= '${lateName}' AND n.id < '${lateName.slice(0, -1)};' AND (o.due < $1::text) IS NOT TRUE) o
    ORDER BY id LIMIT $2::int`
  return Effect.map(
    oneOf(
      sql,
      `SELECT ${jsonOf({
        notifications: list(`SELECT t.id FROM onhand.notifications t WHERE t.snoozed <= $1::text LIMIT $2::int`),
        purchaseOrders: list(dueOrders)
      })}`,
      [DateTime.formatIso(by), limit],
      decodeDue
    ),
    (found) => found ?? { notifications: [], purchaseOrders: [] }
  )
}

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
    productLevels: (ids) => productLevels(sql, ids),
    products: productQueries(sql),
    categories: allOf(
      sql,
      `SELECT to_json(category)::text FROM onhand.products WHERE category <> '' GROUP BY category ORDER BY category`,
      [],
      decodeText
    ),
    location: (id) => row("locations", id),
    locations: (page) => listPage(sql, rowList("locations", [text("t.name"), text("t.id")]), page),
    ...stockQueries(sql),
    ...postgresReports(sql),
    ...lotQueries(sql),
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
            ["(t.location = ?::text OR t.elsewhere @> to_jsonb(?::text))", location]
          ],
          true
        ),
        page
      ),
    backorders: (filter, page) => listPage(sql, backorderList(filter), page),
    count: (id) => row("counts", id),
    counts: ({ state, location }: CountFilter, page) =>
      listPage(
        sql,
        rowList(
          "counts",
          [text("t.created"), text("t.id")],
          [
            ["t.state = ?::text", state],
            ["t.location = ?::text", location]
          ],
          true
        ),
        page
      ),
    transfer: (id) => row("transfers", id),
    transfers: ({ state, origin, destination, location }: TransferFilter, page) =>
      listPage(
        sql,
        rowList(
          "transfers",
          [text("t.created"), text("t.id")],
          [
            ["t.state = ?::text", state],
            ["t.origin = ?::text", origin],
            ["t.destination = ?::text", destination],
            ["?::text IN (t.origin, t.destination)", location]
          ],
          true
        ),
        page
      ),
    vendor: (id) => row("vendors", id),
    purchaseOrder: (id) => row("purchaseOrders", id),
    ...purchasingLists(sql),
    notification: (id) => row("notifications", id),
    notifications: (filter, page) => listPage(sql, notificationList(filter), page),
    webhook: (id) => row("webhooks", id),
    webhooks: (page) =>
      listPage(sql, rowList("webhooks", [text("t.created"), text("t.id")], [["t.state <> ?::text", "removed"]]), page),
    dueForReview: (by, limit) => dueForReview(sql, by, limit),
    contactRecord: (id) => row("contactRecords", id),
    user: (id) => row("users", id),
    userByEmail: (email) => named("users", `email:${email}`),
    users: ({ role }, page) =>
      listPage(
        sql,
        rowList("users", [text("t.email"), text("t.id")], [["t.data->'roles' @> to_jsonb(?::text)", role]]),
        page
      ),
    sessions: (user) =>
      Effect.map(row("sessions", user), (found) =>
        Option.match(found, { onNone: () => [], onSome: ({ sessions }) => sessions })
      ),
    apiKey: (id) => row("apiKeys", id),
    apiKeys: (page) => listPage(sql, rowList("apiKeys", [text("t.name"), text("t.id")]), page),
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
    verify: verify(sql),
    forgetValues: (product, method) => forgetValues(sql, product, method)
  }
}
