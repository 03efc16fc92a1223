/**
 * The answers about lots: lists by expiry, where a lot is, who got it, and what there is of a product to choose from.
 */
import {
  causeName,
  EXPIRING_LOT,
  expiryBounds,
  type LotFilter,
  type LotKey,
  LotPlace,
  LotRecipient,
  LotTrace,
  lotId,
  type ProductId,
  type Queries,
  StockedLot,
  Supply
} from "@onhand/core"
import { DateTime, Effect, Option, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { isBlocked, lapsed, unclaimed } from "./LevelList.ts"
import { allOf, type ListQuery, listPage, oneOf, text } from "./ListQuery.ts"
import { decodeRow, jsonOf, parameters, sourceOf } from "./LoadSlice.ts"

const onHand = "k.sellable + k.quality_control + k.damaged + k.quarantine"

const lotList = (filter: LotFilter): ListQuery<StockedLot> => {
  const { values, add } = parameters()
  const conditions: Array<string> = []
  const { product, location, status, expiringBefore, stocked = false } = filter
  if (product !== undefined) conditions.push(`l.product = ${add(product)}::text`)
  if (status !== undefined) conditions.push(`l.status = ${add(status)}::text`)
  if (expiringBefore !== undefined) {
    conditions.push(`l.expires_on < ${add(expiringBefore)}::text AND l.expires_at IS NOT NULL`)
  }
  if (stocked) conditions.push("s.on_hand > 0")
  if (location !== undefined) conditions.push("s.balances > 0")
  const here = location === undefined ? "" : `AND k.location = ${add(location)}::text`
  return {
    name: "lots",
    json: jsonOf({ lot: "l.data", onHand: "s.on_hand", available: "s.available" }),
    from: `onhand.lots l CROSS JOIN LATERAL (
      SELECT count(*) AS balances, coalesce(sum(${onHand}), 0)::bigint AS on_hand,
        coalesce(sum(CASE WHEN ${isBlocked("k")} THEN 0 ELSE ${unclaimed("k")} END), 0)::bigint AS available
      FROM onhand.balances k WHERE k.product = l.product AND k.lot = l.lot ${here}) s`,
    conditions,
    values,
    keys: [text("l.expires_on"), text("l.product"), text("l.lot")],
    decode: Schema.decodeUnknownSync(StockedLot)
  }
}

// By the locations where the lot ever was, because the ledger's index has those before the lot.
const moved = (product: string, lot: string) => `(SELECT DISTINCT k.location FROM onhand.balances k
    WHERE k.product = ${product} AND k.lot = ${lot}) p
  JOIN onhand.movements m ON m.product = ${product} AND m.location = p.location AND m.lot = ${lot}`

const [product, lot] = ["$1::text", "$2::text"]

const traceText = `SELECT ${jsonOf({
  lot: "l.data",
  places: `(SELECT coalesce(json_agg(json_build_object(
      'location', k.location, 'sellable', k.sellable, 'qualityControl', k.quality_control, 'damaged', k.damaged,
      'quarantine', k.quarantine, 'held', k.held - ${lapsed("k", "AND c.lot = k.lot")}, 'committed', k.committed)
      ORDER BY k.location), '[]')
    FROM onhand.balances k WHERE k.product = ${product} AND k.lot = ${lot})`,
  inTransit: `(SELECT coalesce(json_agg(json_build_object('transfer', t.id, 'origin', t.origin,
      'destination', t.destination, 'quantity', o.quantity) ORDER BY t.id), '[]')
    FROM (SELECT m.source_id,
        sum(CASE WHEN m.to_place = 'transit' THEN m.quantity ELSE -m.quantity END)::bigint AS quantity
      FROM ${moved(product, lot)}
      WHERE m.source_type = 'transfer' AND 'transit' IN (m.from_place, m.to_place)
      GROUP BY m.source_id) o
    JOIN onhand.transfers t ON t.id = o.source_id WHERE o.quantity > 0)`
})} FROM onhand.lots l WHERE l.id = $3::text`

const recipientList = (key: LotKey): ListQuery<LotRecipient> => ({
  name: "lotRecipients",
  json: jsonOf({ source: sourceOf("r"), customer: "r.customer", sold: "r.sold", returned: "r.returned" }),
  from: `(SELECT s.*, o.customer, coalesce(s.source_type, '') AS type, coalesce(s.source_id, '') AS id FROM (
      SELECT m.source_type, m.source_id,
        coalesce(sum(CASE WHEN m.to_place = 'customer' THEN m.quantity ELSE -m.quantity END)
          FILTER (WHERE m.kind <> 'customerReturn'), 0)::bigint AS sold,
        coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'customerReturn'), 0)::bigint AS returned
      FROM ${moved(product, lot)}
      WHERE 'customer' IN (m.from_place, m.to_place) GROUP BY m.source_type, m.source_id) s
    LEFT JOIN onhand.orders o ON s.source_type = 'order' AND o.id = s.source_id) r`,
  conditions: ["(r.sold <> 0 OR r.returned <> 0)"],
  values: [key.product, key.lot],
  keys: [text("r.type"), text("r.id")],
  decode: Schema.decodeUnknownSync(LotRecipient)
})

const suppliesText = `SELECT ${jsonOf({
  product: "k.product",
  location: "k.location",
  lot: "k.lot",
  available: "k.available",
  expiresAt: "k.expires_at"
})} FROM (
    SELECT b.product, b.location, b.lot, ${unclaimed("b")}::bigint AS available, l.expires_at
    FROM onhand.balances b LEFT JOIN onhand.lots l ON l.product = b.product AND l.lot = b.lot
    WHERE b.product = ${product} AND NOT (${isBlocked("b")})) k
  WHERE k.available > 0 ORDER BY k.location, k.lot`

const expiringName = causeName(EXPIRING_LOT, "")
const expiringNamed = `n.id = '${expiringName}' || l.id || '@' || k.location`

// From both ends: lots that expire until $1 and have no notification, and notifications whose lot is gone, or expires
// after $2. Lots are found by their expiry, and there are few notifications.
const reviewText = `SELECT ${jsonOf({ product: "d.product", location: "d.location", lot: "d.lot" })} FROM (
    (SELECT k.product, k.location, k.lot FROM onhand.lots l
      JOIN onhand.balances k ON k.product = l.product AND k.lot = l.lot
      WHERE l.expires_at <= $1::text AND ${onHand} > 0
        AND NOT EXISTS (SELECT FROM onhand.names n WHERE ${expiringNamed})
      ORDER BY k.product, k.location, k.lot LIMIT $3::int)
    UNION ALL
    SELECT k.product, k.location, k.lot FROM onhand.names n
      JOIN onhand.notifications t ON t.id = n.data->>'target'
      JOIN onhand.balances k ON k.product = t.product AND k.location = t.location
      JOIN onhand.lots l ON l.product = k.product AND l.lot = k.lot AND ${expiringNamed}
      WHERE n.id >= '${expiringName}' AND n.id < '${expiringName.slice(0, -1)};'
        AND (${onHand} = 0 OR l.expires_at IS NULL OR l.expires_at > $2::text)) d
  ORDER BY d.product, d.location, d.lot LIMIT $3::int`

const decodePlace = Schema.decodeUnknownSync(LotPlace)
const decodeTrace = Schema.decodeUnknownSync(LotTrace)
const decodeSupply = Schema.decodeUnknownSync(Supply)

/** The queries about lots. */
export const lotQueries = (
  sql: SqlClient
): Pick<Queries, "lot" | "lots" | "lotTrace" | "lotRecipients" | "supplies" | "lotsForReview"> => ({
  lotsForReview: (by, expiryDays, limit) => {
    const { raise, clear } = expiryBounds(by, expiryDays)
    return allOf(sql, reviewText, [DateTime.formatIso(raise), DateTime.formatIso(clear), limit], decodePlace)
  },
  lot: (key) =>
    Effect.map(
      oneOf(
        sql,
        "SELECT data::text FROM onhand.lots WHERE id = $1::text",
        [lotId(key.product, key.lot)],
        decodeRow.lots
      ),
      Option.fromUndefinedOr
    ),
  lots: (filter, page) => listPage(sql, lotList(filter), page),
  lotTrace: (key) =>
    Effect.map(
      oneOf(sql, traceText, [key.product, key.lot, lotId(key.product, key.lot)], decodeTrace),
      Option.fromUndefinedOr
    ),
  lotRecipients: (key, page) => listPage(sql, recipientList(key), page),
  supplies: (of: ProductId) => allOf(sql, suppliesText, [of], decodeSupply)
})
