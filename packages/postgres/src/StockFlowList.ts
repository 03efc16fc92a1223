/**
 * Stock flows, summed up in the database. They go backwards from what is there now, as demand does: nothing before the
 * period is read, however long the history is, but for the last sale and the last arrival of each key.
 */
import { arrivals, type FlowFilter, meanOf, movementKinds, StockFlow } from "@onhand/core"
import { DateTime, Schema } from "effect"
import { type ListQuery, text, where } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

const { meanOnHand: _, ...told } = StockFlow.fields
// What came or went, times the milliseconds until the end of the period.
const decodeSums = Schema.decodeUnknownSync(Schema.Struct({ ...told, lasting: Schema.String }))

const quoted = (texts: ReadonlyArray<string>) => texts.map((one) => `'${one}'`).join(", ")

// Every kind, named because the index of what was dated has them before the time.
const kinds = quoted(movementKinds)

const shelf = "('sellable', 'qualityControl', 'damaged', 'quarantine')"
const move = `m.occurred_at AS at,
  ((m.to_place IN ${shelf})::int - (m.from_place IN ${shelf})::int) * m.quantity AS change,
  CASE WHEN m.to_place IN ${shelf} THEN m.from_place ELSE m.to_place END AS other`

const flow = (...places: ReadonlyArray<string>) =>
  `coalesce(sum(change) FILTER (WHERE at < last AND other IN (${quoted(places)})), 0)`

/** When the last of some kinds happened of a place, over its lots; the last is the one recorded last. */
const lastOf = (kind: string) => `(
  SELECT l.occurred_at FROM onhand.balances b CROSS JOIN LATERAL (
    SELECT l.occurred_at, l.recorded_at FROM edges, onhand.movements l
    WHERE l.product = b.product AND l.location = b.location AND l.lot = b.lot AND l.kind IN (${kind})
      AND l.occurred_at < edges.last
    ORDER BY l.recorded_at DESC LIMIT 1) l
  WHERE b.product = t.product AND b.location = t.location ORDER BY l.recorded_at DESC LIMIT 1)`

/** The list of flows that a filter lets through, by product and location. */
export const stockFlowList = (filter: FlowFilter): ListQuery<StockFlow> => {
  const { values, add } = parameters()
  const { product, category, location, period } = filter
  const [first, last] = [period.from, period.to].map((time) => `${add(DateTime.formatIso(time))}::timestamptz`)
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`${column} = ${add(value)}::text`]
  const places = [...equal("k.product", product), ...equal("k.location", location), ...equal("p.category", category)]
  const [from, to] = [DateTime.toEpochMillis(period.from), DateTime.toEpochMillis(period.to)]
  return {
    name: "stockFlows",
    json: jsonOf({
      product: "d.product",
      location: "d.location",
      opening: "d.opening",
      received: "d.received",
      sold: "d.sold",
      transferred: "d.transferred",
      adjusted: "d.adjusted",
      closing: "d.closing",
      lasting: "d.lasting::text",
      lastSoldAt: "d.last_sold",
      lastReceivedAt: "d.last_received"
    }),
    from: ({ after, limit = "ALL" }) => `(
      WITH edges AS MATERIALIZED (SELECT ${last} AS last),
      places AS MATERIALIZED (
        SELECT DISTINCT k.product, k.location FROM onhand.balances k
        ${category === undefined ? "" : "JOIN onhand.products p ON p.id = k.product"}
        ${where([...places, "k.version > 0", ...after(["k.product", "k.location"])])} ORDER BY 1, 2 LIMIT ${limit}
      ), keys AS MATERIALIZED (
        SELECT k.product, k.location, k.lot, k.sellable + k.quality_control + k.damaged + k.quarantine AS on_hand
        FROM places JOIN onhand.balances k USING (product, location)
      ), moves AS MATERIALIZED (
        SELECT k.product, k.location, m.* FROM keys k CROSS JOIN LATERAL (
          SELECT ${move} FROM onhand.movements m
          WHERE m.product = k.product AND m.location = k.location AND m.lot = k.lot
            AND m.recorded_at >= ${first} AND m.occurred_at >= ${first}) m
        UNION ALL
        SELECT l.product, l.location, m.at, m.change, m.other FROM (SELECT DISTINCT product FROM places) p
        CROSS JOIN LATERAL (
          SELECT m.location, ${move} FROM onhand.movements m
          WHERE m.product = p.product AND m.kind IN (${kinds}) AND m.occurred_at >= ${first} AND ${isDated("m.")}
            AND m.recorded_at < ${first} OFFSET 0) m
        JOIN places l ON l.product = p.product AND l.location = m.location || ''
      ), sums AS MATERIALIZED (
        SELECT product, location, sum(change) AS since, coalesce(sum(change) FILTER (WHERE at >= last), 0) AS later,
          ${flow("supplier", "opening")} AS received, -${flow("customer")} AS sold, ${flow("transit")} AS transferred,
          ${flow("adjustment", "scrap")} AS adjusted,
          coalesce(sum(change * (extract(epoch FROM last - at) * 1000)::bigint) FILTER (WHERE at < last), 0) AS lasting
        FROM moves, edges GROUP BY product, location
      ), totals AS MATERIALIZED (SELECT product, location, sum(on_hand) AS on_hand FROM keys GROUP BY 1, 2)
      SELECT t.product, t.location, t.on_hand - coalesce(s.since, 0) AS opening, coalesce(s.received, 0) AS received,
        coalesce(s.sold, 0) AS sold, coalesce(s.transferred, 0) AS transferred, coalesce(s.adjusted, 0) AS adjusted,
        t.on_hand - coalesce(s.later, 0) AS closing, coalesce(s.lasting, 0)::numeric(1000, 0) AS lasting,
        ${lastOf("'sale'")} AS last_sold, ${lastOf(quoted(arrivals))} AS last_received
      FROM totals t LEFT JOIN sums s USING (product, location)) d`,
    conditions: [],
    values,
    keys: [text("d.product"), text("d.location")],
    decode: (json) => {
      const { lasting, ...sums } = decodeSums(json)
      return { ...sums, meanOnHand: meanOf(sums.opening, BigInt(lasting), to - from) }
    }
  }
}
