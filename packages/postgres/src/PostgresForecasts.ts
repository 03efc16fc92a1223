/**
 * Forecasts kept in the database, one row for each product at a location.
 */
import { ForecastKeeper, PlacedForecast } from "@onhand/core"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { allOf, rowsOf } from "./ListQuery.ts"
import { jsonOf } from "./LoadSlice.ts"

const decodePlaced = Schema.decodeUnknownSync(PlacedForecast)
const encodePlaced = Schema.encodeSync(Schema.fromJsonString(Schema.Array(PlacedForecast)))

/** The forecasts that are kept in a client's database. */
export const postgresForecasts = (sql: SqlClient) =>
  ForecastKeeper.of({
    find: (places) =>
      allOf(
        sql,
        `SELECT ${jsonOf({ product: "f.product", location: "f.location", forecast: "f.data" })}
         FROM unnest($1::text[], $2::text[]) p(product, location)
         JOIN onhand.forecasts f ON f.product = p.product COLLATE "C" AND f.location = p.location COLLATE "C"`,
        [places.map(({ product }) => product), places.map(({ location }) => location)],
        decodePlaced
      ),
    // In one order, so that two who keep the same at once do not wait for each other in a circle.
    keep: (forecasts) =>
      Effect.asVoid(
        rowsOf(
          sql,
          `INSERT INTO onhand.forecasts (product, location, data)
           SELECT product, location, forecast
           FROM json_to_recordset($1::json) AS kept(product text, location text, forecast jsonb)
           ORDER BY product, location
           ON CONFLICT (product, location) DO UPDATE SET data = excluded.data, made_at = excluded.made_at`,
          [encodePlaced(forecasts)]
        )
      )
  })

/** Keeps forecasts in the database of the store. */
export const layerForecasts: Layer.Layer<ForecastKeeper, never, SqlClient> = Layer.effect(
  ForecastKeeper,
  Effect.map(SqlClient, postgresForecasts)
)
