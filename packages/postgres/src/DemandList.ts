/**
 * Demand by period, summed up in the database.
 *
 * It goes backwards from what is there now: what was sellable at a time is today's balance less all that moved since.
 * So nothing before the first bound is read, however long the history is: of each key what was recorded since, and of
 * each product what was recorded earlier and dated ahead. And only periods in which something moved are told, each with
 * what was there at its end; until the next of them it stayed so.
 */
import { type DemandFilter, type DemandSeries, LocationId, movementKinds, ProductId } from "@onhand/core"
import { DateTime, Schema } from "effect"
import { type ListQuery, text, where } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

const decodeRow = Schema.decodeUnknownSync(
  Schema.Struct({
    product: ProductId,
    location: LocationId,
    /** Whether there was stock at the first bound. */
    stocked: Schema.Boolean,
    /** Of each period with movements: its place, what was sold, the milliseconds with stock, and if some was left. */
    moved: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int, Schema.Int, Schema.Boolean]))
  })
)

const seriesOf = (json: unknown, bounds: ReadonlyArray<DateTime.Utc>): DemandSeries => {
  const { product, location, moved, ...first } = decodeRow(json)
  const edges = bounds.map(DateTime.toEpochMillis)
  const periods = Math.max(0, edges.length - 1)
  const quantities = new Array<number>(periods).fill(0)
  const inStock = new Array<number>(periods).fill(0)
  let [period, stocked] = [0, first.stocked]
  const passTo = (end: number) => {
    if (stocked) inStock.fill(1, period, end)
  }
  for (const [place, quantity, millis, left] of moved) {
    passTo(place - 1)
    quantities[place - 1] = quantity
    inStock[place - 1] = millis / ((edges[place] ?? 0) - (edges[place - 1] ?? 0))
    period = place
    stocked = left
  }
  passTo(periods)
  return { product, location, quantities, inStock }
}

// Every kind, named because the index of what was dated has them before the time.
const kinds = movementKinds.map((kind) => `'${kind}'`).join(", ")

// What was dated ahead is looked for by product: OFFSET 0 keeps it so, and its location is compared in a way that no
// index knows, or the planner would go through all that was ever dated, or recorded of a key.
// A bound is read once for all rows: as a parameter it would be parsed again for each.
const bounds = "(SELECT bounds FROM edges)"
const first = "(SELECT bounds[1] FROM edges)"

const move = `m.occurred_at AS at,
  CASE WHEN m.to_place = 'sellable' THEN m.quantity WHEN m.from_place = 'sellable' THEN -m.quantity ELSE 0 END AS added,
  CASE 'customer' WHEN m.to_place THEN m.quantity WHEN m.from_place THEN -m.quantity ELSE 0 END AS sold`

// A period's time in stock: after each moment until the next one, and before its first one.
const stockedMillis = `
  coalesce(sum(extract(epoch FROM least(next, bounds[period + 1]) - at)) FILTER (WHERE left_over > 0), 0)
  + coalesce(sum(extract(epoch FROM at - bounds[period]))
    FILTER (WHERE left_over > added AND (last IS NULL OR last < bounds[period])), 0)`

/** The list of demand series that a filter lets through, by product and location. */
export const demandList = (filter: DemandFilter): ListQuery<DemandSeries> => {
  const { values, add } = parameters()
  const given = `${add(filter.bounds.map((bound) => DateTime.formatIso(bound)))}::timestamptz[]`
  const ofPlace = [
    ...(filter.product === undefined ? [] : [`k.product = ${add(filter.product)}::text`]),
    ...(filter.location === undefined ? [] : [`k.location = ${add(filter.location)}::text`])
  ]
  return {
    name: "demand",
    json: jsonOf({ product: "d.product", location: "d.location", stocked: "d.stocked", moved: "d.moved" }),
    from: ({ after, limit = "ALL" }) => `(
      WITH edges AS MATERIALIZED (SELECT ${given} AS bounds),
      places AS MATERIALIZED (
        SELECT DISTINCT k.product, k.location FROM onhand.balances k
        ${where([...ofPlace, ...after(["k.product", "k.location"])])} ORDER BY 1, 2 LIMIT ${limit}
      ), keys AS MATERIALIZED (
        SELECT k.product, k.location, k.lot, k.sellable FROM places JOIN onhand.balances k USING (product, location)
      ), moments AS MATERIALIZED (
        SELECT product, location, at, sum(added) AS added, sum(sold) AS sold FROM (
          SELECT k.product, k.location, m.* FROM keys k CROSS JOIN LATERAL (
            SELECT ${move} FROM onhand.movements m
            WHERE m.product = k.product AND m.location = k.location AND m.lot = k.lot
              AND m.recorded_at >= ${first} AND m.occurred_at >= ${first}) m
          UNION ALL
          SELECT l.product, l.location, m.at, m.added, m.sold FROM (SELECT DISTINCT product FROM places) p
          CROSS JOIN LATERAL (
            SELECT m.location, ${move} FROM onhand.movements m
            WHERE m.product = p.product AND m.kind IN (${kinds}) AND m.occurred_at >= ${first} AND ${isDated("m.")}
              AND m.recorded_at < ${first} OFFSET 0) m
          JOIN places l ON l.product = p.product AND l.location = m.location || '') moves
        GROUP BY product, location, at
      ), totals AS MATERIALIZED (
        SELECT k.product, k.location, k.sellable, k.sellable - coalesce(m.added, 0) > 0 AS stocked
        FROM (SELECT product, location, sum(sellable) AS sellable FROM keys GROUP BY 1, 2) k
        LEFT JOIN (SELECT product, location, sum(added) AS added FROM moments GROUP BY 1, 2) m USING (product, location)
      ), steps AS (
        SELECT m.*, width_bucket(m.at, ${bounds}) AS period, ${bounds} AS bounds,
          t.sellable - (sum(added) OVER later - added) AS left_over,
          lead(at) OVER later AS last, lag(at) OVER later AS next
        FROM moments m JOIN totals t USING (product, location)
        WINDOW later AS (PARTITION BY product, location ORDER BY at DESC)
      ), periods AS (
        SELECT product, location, period, sum(sold)::bigint AS quantity, (1000 * (${stockedMillis}))::bigint AS millis,
          bool_or(left_over > 0) FILTER (WHERE next IS NULL OR next >= bounds[period + 1]) AS remains
        FROM steps WHERE period < cardinality(bounds) GROUP BY product, location, period
      )
      SELECT t.product, t.location, t.stocked, coalesce(json_agg(
        json_build_array(p.period, p.quantity, p.millis, p.remains) ORDER BY p.period
      ) FILTER (WHERE p.period IS NOT NULL), '[]') AS moved
      FROM totals t LEFT JOIN periods p USING (product, location) GROUP BY t.product, t.location, t.stocked) d`,
    conditions: [],
    values,
    keys: [text("d.product"), text("d.location")],
    decode: (json) => seriesOf(json, filter.bounds)
  }
}
