/**
 * Verification of kept values: each valued again from the beginning of the ledger, and compared with what is kept at
 * its place.
 */
import { isDeepStrictEqual } from "node:util"
import { ProductId, ProductValueFold, ValuationMethod, type ValueDifference } from "@onhand/core"
import { DateTime, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { encodeSold, storedState } from "./KeptValues.ts"
import { allOf } from "./ListQuery.ts"
import { jsonOf, micros } from "./LoadSlice.ts"
import { movementOf, positionOf, READ_AT_ONCE, readOn, remembered, START } from "./StockValueList.ts"

/** Of what something is kept, and whether it is trusted: where it is not, a reader drops it and makes it anew. */
const keptText = `
  SELECT ${jsonOf({ product: "k.product", method: "k.method", decimals: "p.decimals" })}
  FROM (
    SELECT DISTINCT ON (product, method) product, method, recorded_at, shard, seq, line, movements
    FROM onhand.kept_values ORDER BY product, method, recorded_at DESC, shard DESC, seq DESC, line DESC
  ) k JOIN onhand.products p ON p.id = k.product
  WHERE k.movements + (
      SELECT count(*) FROM onhand.movements m
      WHERE m.product = k.product AND m.recorded_at >= k.recorded_at
        AND (m.recorded_at, m.shard, m.seq, m.line) > (k.recorded_at, k.shard, k.seq, k.line))
    = (SELECT sum(version) FROM onhand.balances b WHERE b.product = k.product)
  ORDER BY k.product, k.method`

const placesText = `
  SELECT ${jsonOf({
    position: `json_build_array(${micros("recorded_at")}, shard, seq, line)`,
    kept: `json_build_object('movements', movements, 'latest', (extract(epoch FROM latest) * 1000)::float8,
      'mixed', state->'mixed', 'places', state->'places', 'costs', state->'costs', 'layers', layers,
      'sold', sold)`
  })}
  FROM onhand.kept_values WHERE product = $1::text AND method = $2::text
  ORDER BY recorded_at, shard, seq, line`

const Kept = Schema.Struct({ product: ProductId, method: ValuationMethod, decimals: Schema.Int })
const decodeKept = Schema.decodeUnknownSync(Kept)

const Position = Schema.Tuple([Schema.Finite, Schema.Int, Schema.Int, Schema.Int])
const decodePlace = Schema.decodeUnknownSync(
  Schema.Struct({ position: Position, kept: Schema.Record(Schema.String, Schema.Unknown) })
)

const timeOf = ([at]: readonly [number, ...ReadonlyArray<number>]) => DateTime.makeUnsafe(Math.floor(at / 1_000))

/** What differs of what is kept of a product by a method. */
const differencesOf = (sql: SqlClient, { product, method, decimals }: typeof Kept.Type) =>
  Effect.gen(function* () {
    const kept = yield* allOf(sql, placesText, [product, method], decodePlace)
    const places = new Map(kept.map((place) => [place.position.join(), place]))
    const fold = new ProductValueFold(product, decimals, { method })
    const locationOf = remembered()
    let [movements, latest] = [0, Number.NEGATIVE_INFINITY]
    const differences: Array<ValueDifference> = []
    yield* readOn(sql, [product], { method }, { start: START, readAtOnce: READ_AT_ONCE }, (rows) =>
      Effect.sync(() => {
        for (const row of rows) {
          const movement = movementOf(row, locationOf)
          fold.add(movement)
          movements += 1
          latest = Math.max(latest, DateTime.toEpochMillis(movement.occurredAt))
          const name = positionOf(row).join()
          const place = places.get(name)
          if (place === undefined) continue
          places.delete(name)
          const sold: unknown = JSON.parse(encodeSold(fold.takeSold()))
          const { state, layers } = storedState(fold.state)
          const recomputed: Readonly<Record<string, unknown>> = {
            ...{ movements, latest, sold },
            ...JSON.parse(state),
            layers
          }
          const fields = Object.keys(recomputed).filter(
            (field) => !isDeepStrictEqual(place.kept[field], recomputed[field])
          )
          if (fields.length > 0) differences.push({ product, method, recordedAt: timeOf(positionOf(row)), fields })
        }
      })
    )
    const unknown = [...places.values()].map(
      ({ position }): ValueDifference => ({ product, method, recordedAt: timeOf(position), fields: ["movements"] })
    )
    return { values: kept.length, differences: [...differences, ...unknown] }
  })

/** Values everything again of which a value is kept; counts what is kept, and lists what does not follow. */
export const verifyValues = (sql: SqlClient) =>
  Effect.gen(function* () {
    const found = yield* Effect.forEach(yield* allOf(sql, keptText, [], decodeKept), (one) => differencesOf(sql, one))
    return {
      keptValues: found.reduce((sum, { values }) => sum + values, 0),
      valueDifferences: found.flatMap(({ differences }) => differences)
    }
  })
