/**
 * Sales by period and group, summed up in the database.
 *
 * Only the movements of the periods are read, along the indexes of their kinds. They are first summed up as far as
 * prices allow: by group, and what was ordered by order and product too, so that its price is looked up once.
 */
import { type Money, type SalesFilter, type SalesRow, unitsText } from "@onhand/core"
import { DateTime } from "effect"
import { integer, type ListQuery, text } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

/** A row as the statement makes it. */
interface Sums {
  readonly period: number
  readonly group: string
  /** Millionths of a unit, as the other units. */
  readonly sold: string
  readonly returned: string
  readonly unpriced: string
  readonly revenue: ReadonlyArray<Money>
  readonly returnedRevenue: ReadonlyArray<Money>
}

const rowOf = (json: unknown, bounds: ReadonlyArray<DateTime.Utc>): SalesRow => {
  // A schema would look at every field of what may be a row for each product and day, and take longer than the sums.
  const { period, group, sold, returned, unpriced, revenue, returnedRevenue } = json as Sums
  const [from, to] = [bounds[period - 1], bounds[period]]
  if (from === undefined || to === undefined) throw new Error(`There is no period ${period}`)
  const units = (millionths: string) => unitsText(BigInt(millionths))
  const money = { revenue, returnedRevenue }
  const told = { sold: units(sold), returned: units(returned), unpriced: units(unpriced) }
  return { from, to, group, ...told, ...money, costs: null }
}

/** What was charged for a part of an order's product, in millionths of the minor unit; whole numbers throughout. */
const charged = (part: string) => `sign(${part}) * div(2 * total * abs(${part}) * 1000000 + ordered, 2 * ordered)`

const amounts = (column: string) => `coalesce(json_agg(
  json_build_object('amount', round(${column} / 1000000), 'currency', currency) ORDER BY currency
) FILTER (WHERE currency IS NOT NULL), '[]')`

/** The list of sales that a filter lets through, by period and group. */
export const salesList = (filter: SalesFilter): ListQuery<SalesRow> => {
  const { values, add } = parameters()
  const bounds = filter.bounds.map((bound) => DateTime.formatIso(bound))
  const edges = `${add(bounds)}::timestamptz[]`
  const [first, last] = [bounds[0] ?? "infinity", bounds.at(-1) ?? "-infinity"].map(
    (time) => `${add(time)}::timestamptz`
  )
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? "" : `AND ${column} = ${add(value)}::text`
  const place = `${equal("m.product", filter.product)} ${equal("m.location", filter.location)}`
  const category = equal("p.category", filter.category)
  const isByProduct = filter.by === "product"
  // The product of a row names its group already; two long texts to sort by would take longer than one.
  const group = { all: "''", product: "''", category: "p.category", location: "m.location" }[filter.by]
  // Movements that were not dated happened when they were recorded, to the millisecond.
  const during = (time: string, condition: string) => `
    SELECT m.product, m.location, m.occurred_at, m.kind, m.from_place, m.to_place, m.quantity,
      CASE m.source_type WHEN 'order' THEN m.source_id END AS source
    FROM onhand.movements m
    WHERE m.kind IN ('sale', 'customerReturn', 'reversal') AND m.${time} >= ${first} AND m.${time} < ${last}
      ${place} AND ${condition}`
  return {
    name: `sales:${filter.by}`,
    json: jsonOf({
      period: "d.period",
      group: "d.grp",
      sold: "d.sold::text",
      returned: "d.returned::text",
      unpriced: "d.unpriced::text",
      revenue: "d.revenue",
      returnedRevenue: "d.returned_revenue"
    }),
    from: `(
      WITH edges AS MATERIALIZED (SELECT ${edges} AS bounds),
      sums AS MATERIALIZED (
        SELECT ${isByProduct ? "m.product" : "CASE WHEN m.source IS NOT NULL THEN m.product END"} AS product, m.source,
          ${group} COLLATE "C" AS grp, p.decimals, width_bucket(m.occurred_at, (SELECT bounds FROM edges)) AS period,
          sum(CASE WHEN kind = 'sale' THEN quantity WHEN kind = 'reversal' AND from_place = 'customer' THEN -quantity
            ELSE 0 END) AS sold,
          sum(CASE WHEN kind = 'customerReturn' THEN quantity WHEN kind = 'reversal' AND to_place = 'customer'
            THEN -quantity ELSE 0 END) AS returned
        FROM (${during("recorded_at", `NOT (${isDated("m.")})`)} UNION ALL ${during("occurred_at", isDated("m."))}) m
        JOIN onhand.products p ON p.id = m.product ${category}
        WHERE kind <> 'reversal' OR 'customer' IN (from_place, to_place)
        GROUP BY 1, 2, 3, 4, 5
      ), priced AS MATERIALIZED (
        SELECT s.period, ${isByProduct ? "s.product" : "s.grp"} AS grp, s.sold, s.returned,
          10::numeric ^ (6 - s.decimals) AS scale, o.currency, o.total, o.ordered
        FROM sums s
        LEFT JOIN LATERAL (
          SELECT o.data->'total'->>'currency' AS currency, sum((l->'total'->>'amount')::numeric) AS total,
            sum((l->>'ordered')::numeric) AS ordered
          FROM onhand.orders o, jsonb_array_elements(o.data->'lines') l
          WHERE o.id = s.source AND l->>'product' = s.product GROUP BY o.id) o ON s.source IS NOT NULL
      ), by_currency AS (
        SELECT period, grp, currency, sum(sold * scale) AS sold, sum(returned * scale) AS returned,
          sum(${charged("sold")}) AS revenue, sum(${charged("returned")}) AS returned_revenue
        FROM priced GROUP BY period, grp, currency
      )
      SELECT period, grp, sum(sold)::numeric(1000, 0) AS sold, sum(returned)::numeric(1000, 0) AS returned,
        coalesce(sum(sold) FILTER (WHERE currency IS NULL), 0)::numeric(1000, 0) AS unpriced,
        ${amounts("revenue")} AS revenue, ${amounts("returned_revenue")} AS returned_revenue
      FROM by_currency GROUP BY period, grp) d`,
    conditions: [],
    values,
    keys: [integer("d.period"), text("d.grp")],
    decode: (json) => rowOf(json, filter.bounds)
  }
}
