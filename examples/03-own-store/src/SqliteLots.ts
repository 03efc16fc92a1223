// What the store answers about lots: lists by expiry, where a lot is, who got it, and what there is to choose from.

import {
  causeName,
  EXPIRING_LOT,
  type expiryBounds,
  type LotFilter,
  type LotKey,
  LotPlace,
  LotRecipient,
  LotTrace,
  StockedLot,
  Supply
} from "@onhand/core"
import { DateTime } from "effect"
import { available, held, onHand } from "./Available.ts"
import type { Database } from "./Database.ts"
import { decoderOf, type List, matching } from "./Lists.ts"

const decodeStocked = decoderOf(StockedLot)
const decodePlace = decoderOf(LotPlace)
const decodeTrace = decoderOf(LotTrace)
const decodeRecipient = decoderOf(LotRecipient)
const decodeSupply = decoderOf(Supply)

/** The lots that a filter lets through, the first to expire first. */
export const lots = (filter: LotFilter, now: string): List<StockedLot> => {
  const { condition, parameters } = matching({
    product: ["product = :product", filter.product],
    status: ["status = :status", filter.status],
    expiringBefore: ["expiresOn < :expiringBefore", filter.expiringBefore],
    location: ["balances > 0", filter.location]
  })
  const here = filter.location === undefined ? "" : "AND b.location = :location"
  const stock = (sum: string) =>
    `(SELECT ${sum} FROM balances AS b WHERE b.product = lots.product AND b.lot = lots.lot ${here})`
  return {
    name: "lots",
    decode: decodeStocked,
    select: `SELECT expires, product, lot,
      json_object('lot', json(data), 'onHand', onHand, 'available', available) AS data
      FROM (SELECT *, coalesce(expiresOn, '9999-12-31') AS expires, ${stock("count(*)")} AS balances,
        ${stock(onHand)} AS onHand, ${stock(available)} AS available FROM lots)
      WHERE ${condition} ${filter.stocked === true ? "AND onHand > 0" : ""}`,
    parameters: { ...parameters, now },
    sort: ["expires", "product", "lot"]
  }
}

/** The lots at locations whose expiry is not what a name says of them: to be told of, or cleared. */
export const lotsForReview = (
  database: Database,
  { raise, clear }: ReturnType<typeof expiryBounds>,
  limit: number
): ReadonlyArray<LotPlace> => {
  const there = "(b.sellable + b.qualityControl + b.damaged + b.quarantine)"
  return database.all(
    decodePlace,
    `SELECT json_object('product', b.product, 'location', b.location, 'lot', b.lot)
     FROM balances AS b JOIN lots AS l ON l.product = b.product AND l.lot = b.lot
     LEFT JOIN names AS n ON n.id = :name || l.id || '@' || b.location
     WHERE iif(n.id IS NULL, ${there} > 0 AND coalesce(l.expiresAt <= :raise, 0),
       ${there} = 0 OR coalesce(l.expiresAt > :clear, 1))
     ORDER BY b.product, b.location, b.lot LIMIT :limit`,
    {
      name: causeName(EXPIRING_LOT, ""),
      raise: DateTime.formatIso(raise),
      clear: DateTime.formatIso(clear),
      limit
    }
  )
}

/** Where a lot is; undefined when nobody ever received it. */
export const lotTrace = (database: Database, { product, lot }: LotKey, now: string): LotTrace | undefined => {
  const conditions = ["sellable", "qualityControl", "damaged", "quarantine", "committed"]
  const fields = conditions.map((field) => `'${field}', sum(${field})`).join(", ")
  const [trace] = database.all(
    decodeTrace,
    `SELECT json_object('lot', json(data),
      'places', (SELECT json_group_array(json(place)) FROM (
        SELECT json_object('location', location, ${fields}, 'held', ${held}) AS place
        FROM balances AS b WHERE product = :product AND lot = :lot GROUP BY location ORDER BY location)),
      'inTransit', (SELECT json_group_array(json(sent)) FROM (
        SELECT json_object('transfer', t.id, 'origin', t.origin, 'destination', t.destination,
          'quantity', sum(iif(m.data ->> 'to' = 'transit', quantity, -quantity))) AS sent
        FROM movements AS m JOIN transfers AS t ON t.id = m.sourceId AND m.sourceType = 'transfer'
        WHERE m.product = :product AND m.lot = :lot AND 'transit' IN (m.data ->> 'from', m.data ->> 'to')
        GROUP BY t.id HAVING sum(iif(m.data ->> 'to' = 'transit', quantity, -quantity)) > 0 ORDER BY t.id))) AS data
     FROM lots WHERE product = :product AND lot = :lot`,
    { product, lot, now }
  )
  return trace
}

/** Who got something of a lot, by the documents that it was sold and came back by. */
export const lotRecipients = ({ product, lot }: LotKey): List<LotRecipient> => ({
  name: "lotRecipients",
  decode: decodeRecipient,
  select: `SELECT type, id, json_object(
      'source', iif(type = '', NULL, json_object('type', type, 'id', id)),
      'customer', (SELECT customer FROM orders WHERE type = 'order' AND orders.id = s.id),
      'sold', sold, 'returned', returned) AS data
    FROM (
      SELECT coalesce(sourceType, '') AS type, coalesce(sourceId, '') AS id,
        sum(iif(kind = 'customerReturn', 0, iif(data ->> 'to' = 'customer', quantity, -quantity))) AS sold,
        sum(iif(kind = 'customerReturn', quantity, 0)) AS returned
      FROM movements WHERE product = :product AND lot = :lot AND 'customer' IN (data ->> 'from', data ->> 'to')
      GROUP BY sourceType, sourceId) AS s
    WHERE sold <> 0 OR returned <> 0`,
  parameters: { product, lot },
  sort: ["type", "id"]
})

/** Everything that is available of a product, by location and lot. */
export const supplies = (database: Database, product: string, now: string): ReadonlyArray<Supply> =>
  database.all(
    decodeSupply,
    `SELECT json_object('product', product, 'location', location, 'lot', lot, 'available', available,
       'expiresAt', (SELECT expiresAt FROM lots WHERE lots.product = s.product AND lots.lot = s.lot))
     FROM (SELECT product, location, lot, ${available} AS available
       FROM balances AS b WHERE product = :product GROUP BY location, lot) AS s
     WHERE available > 0 ORDER BY location, lot`,
    { product, now }
  )
