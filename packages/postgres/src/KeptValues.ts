/**
 * Kept values: what the valuation of a product that moved much knows at places of the ledger, so that it need not begin
 * at the beginning. They follow from the ledger, are made by whoever reads a value, and may be deleted at any time.
 */
import { type ProductId, SoldByCause, type ValueFilter, ValueState } from "@onhand/core"
import { DateTime, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { allOf, rowsOf } from "./ListQuery.ts"
import { jsonOf, micros, parameters } from "./LoadSlice.ts"

/** Movements of a product between two places that are kept: so many more are read for a value. */
export const KEPT_EVERY = 1_000

/**
 * How old a movement is, in milliseconds, at which a place may be kept: commits of other shards that took their time
 * before it are there by then. Where one is not, the count of movements tells.
 */
export const SETTLED_AFTER = 60_000

/** A place in the order in which movements were recorded, its time in microseconds. */
export type Position = readonly [micros: number, shard: number, seq: number, line: number]

/** A valuation at a place. */
export interface KeptValue {
  readonly position: Position
  /** Those of the product up to the place. */
  readonly movements: number
  /** When the last of them happened, in milliseconds. */
  readonly latest: number
  readonly state: ValueState
}

/** A valuation at a place that is to be kept, with what was sold and came back since the place before. */
export interface NewKeptValue extends KeptValue {
  readonly sold: SoldByCause
}

const encodeState = Schema.encodeSync(Schema.fromJsonString(ValueState))
const decodeState = Schema.decodeUnknownSync(ValueState)
export const encodeSold = Schema.encodeSync(Schema.fromJsonString(SoldByCause))

type Layers = ValueState["costs"]["layers"]

/** The layers of a state stand beside it as one text: of thousands, that is read far sooner than an object for each. */
const textOf = (layers: Layers): string =>
  layers.map(({ since, quantity, value }) => `${since} ${quantity} ${value}`).join(";")

const layersOf = (text: string): Layers =>
  text === ""
    ? []
    : text.split(";").map((layer) => {
        const [since = "", quantity = "", value = ""] = layer.split(" ")
        return { since: Number(since), quantity: BigInt(quantity), value: BigInt(value) }
      })

const withLayers = ({ costs, ...state }: ValueState, layers: Layers): ValueState => ({
  ...state,
  costs: { ...costs, layers }
})

/** A state as the texts that are stored. */
export const storedState = (state: ValueState) => ({
  state: encodeState(withLayers(state, [])),
  layers: textOf(state.costs.layers)
})

/** What is found, as the statement makes it. */
interface FoundRow {
  readonly isSound: boolean
  readonly isNewest: boolean | null
  readonly kept:
    | null
    | (Pick<KeptValue, "position" | "movements" | "latest"> & { readonly state: unknown; readonly layers: string })
}

const place = (row: string) => `${row}.recorded_at, ${row}.shard, ${row}.seq, ${row}.line`

/** What is kept of a product: where to go on from, and whether what comes after it is to be kept. */
export interface Found {
  readonly kept: KeptValue | undefined
  readonly keeps: boolean
  /** What was kept cannot be trusted. */
  readonly isUnsound: boolean
}

/**
 * Finds the last place that a filter can go on from. Nothing that is kept can be trusted where the movements up to the
 * newest place and those after it are not all that the product has: then one came in between later.
 */
export const keptValue = (sql: SqlClient, product: ProductId, filter: ValueFilter) => {
  const { values, add } = parameters()
  const of = `product = ${add(product)}::text`
  const method = `method = ${add(filter.method)}::text`
  const until = (column: string, time: DateTime.Utc | undefined, comparison: "<" | "<=") =>
    time === undefined ? "" : `AND ${column} ${comparison} ${add(DateTime.formatIso(time))}::timestamptz`
  const text = `
    WITH newest AS MATERIALIZED (
      SELECT recorded_at, shard, seq, line, movements FROM onhand.kept_values WHERE ${of} AND ${method}
      ORDER BY recorded_at DESC, shard DESC, seq DESC, line DESC LIMIT 1
    ), counted AS MATERIALIZED (
      SELECT n.movements + (SELECT count(*) FROM onhand.movements m
          WHERE m.${of} AND m.recorded_at >= n.recorded_at AND (${place("m")}) > (${place("n")}))
        = (SELECT sum(version) FROM onhand.balances WHERE ${of}) AS sound, n.movements
      FROM newest n
    )
    SELECT ${jsonOf({
      isSound: "c.sound",
      isNewest: "k.movements = c.movements",
      kept: `CASE WHEN k.movements IS NOT NULL THEN json_build_object(
        'position', json_build_array(${micros("k.recorded_at")}, k.shard, k.seq, k.line),
        'movements', k.movements, 'latest', (extract(epoch FROM k.latest) * 1000)::float8, 'state', k.state,
        'layers', k.layers) END`
    })}
    FROM counted c LEFT JOIN LATERAL (
      SELECT k.* FROM onhand.kept_values k
      WHERE c.sound AND k.${of} AND k.${method} ${until("k.recorded_at", filter.recordedBy, "<=")}
        ${until("k.latest", filter.occurredBy, "<=")} ${until("k.latest", filter.period?.from, "<")}
      ORDER BY k.recorded_at DESC, k.shard DESC, k.seq DESC, k.line DESC LIMIT 1) k ON true`
  // Our own statement made it.
  const decode = (json: unknown) => json as FoundRow
  return Effect.map(allOf(sql, text, values, decode), ([found]): Found => {
    const isUnsound = found?.isSound === false
    // A value of a business time leaves movements out, and one from an earlier place passes what is kept already.
    const keeps = filter.occurredBy === undefined && (found === undefined || isUnsound || found.isNewest === true)
    const kept = found?.kept ?? undefined
    const state = kept && withLayers(decodeState(kept.state), layersOf(kept.layers))
    return { kept: kept && state && { ...kept, state }, keeps, isUnsound }
  })
}

const decodeSold = Schema.decodeUnknownSync(
  Schema.Struct({ cause: Schema.String, quantity: Schema.BigIntFromString, value: Schema.BigIntFromString })
)

/**
 * What customers had of a product by some causes at a place that is kept: the sum over the stretches in which something
 * of the cause moved, which the ledger tells.
 */
export const soldBefore = (
  sql: SqlClient,
  product: ProductId,
  method: ValueFilter["method"],
  position: Position,
  causes: ReadonlyArray<string>
) =>
  allOf(
    sql,
    `SELECT ${jsonOf({ cause: "c.cause", quantity: "s.quantity::text", value: "s.value::text" })}
     FROM unnest($3::text[]) AS c(cause) CROSS JOIN LATERAL (
       SELECT sum((sold->>'quantity')::numeric) AS quantity, sum((sold->>'value')::numeric) AS value
       FROM (
         SELECT DISTINCT ON (k.movements) k.sold->c.cause AS sold FROM onhand.movements m CROSS JOIN LATERAL (
           SELECT k.movements, k.sold FROM onhand.kept_values k
           WHERE k.product = $1::text AND k.method = $2::text AND (${place("k")}) >= (${place("m")})
           ORDER BY ${place("k")} LIMIT 1) k
         WHERE m.product = $1::text AND m.source_type = split_part(c.cause, '/', 1)
           AND m.source_id = substr(c.cause, strpos(c.cause, '/') + 1) AND 'customer' IN (m.from_place, m.to_place)
           AND (${place("m")}) <= (to_timestamp($4::float8 / 1e6), $5::int, $6::float8::bigint, $7::int)) stretches
     ) s WHERE s.quantity > 0`,
    [product, method, causes, ...position],
    decodeSold
  )

/**
 * Keeps values of a product. What is kept at a place is always the same, so whoever comes second changes nothing; and
 * where nothing can be written, as on a replica, the value was read all the same.
 */
export const keepValues = (
  sql: SqlClient,
  product: ProductId,
  method: ValueFilter["method"],
  made: ReadonlyArray<NewKeptValue>
) => {
  const rows = made.map(({ position, movements, latest, state: known, sold }) => {
    const { state, layers } = storedState(known)
    return [...position, movements, latest, state, layers, encodeSold(sold)]
  })
  const text = `
    INSERT INTO onhand.kept_values (product, method, recorded_at, shard, seq, line, movements, latest, state, layers,
      sold)
    SELECT $1, $2, to_timestamp((r->>0)::float8 / 1e6), (r->>1)::int, (r->>2)::bigint, (r->>3)::int, (r->>4)::bigint,
      to_timestamp((r->>5)::float8 / 1e3), (r->>6)::json, r->>7, (r->>8)::jsonb
    FROM jsonb_array_elements($3::text::jsonb) r ON CONFLICT DO NOTHING`
  return Effect.ignore(rowsOf(sql, text, [product, method, JSON.stringify(rows)]))
}

/** Forgets what is kept of a product. */
export const forgetValues = (sql: SqlClient, product: ProductId, method: ValueFilter["method"]) =>
  Effect.asVoid(rowsOf(sql, "DELETE FROM onhand.kept_values WHERE product = $1 AND method = $2", [product, method]))
