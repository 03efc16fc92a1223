/**
 * Kept forecasts: what was worked out from a history, so that it is worked out again only when the history has changed.
 * They follow from the ledger like any sum and can be dropped at any time; so they are kept beside it, not by commands.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { DemandForecast } from "./forecast/Choice.ts"
import { certain, shaped } from "./forecast/DemandDistribution.ts"
import { LocationId } from "./Location.ts"
import { ProductId } from "./Product.ts"
import { type StockPlace, stockPlaceText } from "./StockKey.ts"
import type { StoreUnavailable } from "./Store.ts"

const Numbers = Schema.Array(Schema.Finite)

/** How far off `trials` forecasts of the past were: shares of demand, null where there was none. */
export const ForecastError = Schema.Struct({
  trials: Schema.Int,
  cumulativeWape: Schema.NullOr(Schema.Finite),
  wape: Schema.NullOr(Schema.Finite),
  biasPercent: Schema.NullOr(Schema.Finite),
  rmsse: Schema.NullOr(Schema.Finite)
})
export interface ForecastError extends Schema.Schema.Type<typeof ForecastError> {}

/** Bounds of each coming period between which a share of outcomes should fall. */
export const Band = Schema.Struct({ level: Schema.Finite, lower: Numbers, upper: Numbers })
export interface Band extends Schema.Schema.Type<typeof Band> {}

/**
 * What was worked out. `fingerprint` is that of everything it was worked out from. `mean` is the expected demand of
 * each coming period, `cumulativeSd` the standard deviation of that of the first 1, 2, … together; `whole` says whether
 * it comes in whole units.
 */
export const KeptForecast = Schema.Struct({
  fingerprint: Schema.String,
  method: Schema.String,
  why: Schema.String,
  pattern: Schema.Struct({
    class: Schema.Literals(["smooth", "erratic", "intermittent", "lumpy", "degenerate"]),
    /** Null where there was no demand. */
    interval: Schema.NullOr(Schema.Finite),
    sizeVariation: Schema.Finite
  }),
  history: Numbers,
  repaired: Schema.Int,
  mean: Numbers,
  cumulativeSd: Numbers,
  whole: Schema.Boolean,
  bands: Schema.Array(Band),
  error: Schema.NullOr(ForecastError)
})
export interface KeptForecast extends Schema.Schema.Type<typeof KeptForecast> {}

/** Whether it is worth keeping. A new product follows its category, which changes with every sale of another. */
export const isLasting = ({ method }: KeptForecast): boolean => method !== "Gamma-Poisson"

/** A kept forecast with its place. */
export const PlacedForecast = Schema.Struct({ product: ProductId, location: LocationId, forecast: KeptForecast })
export interface PlacedForecast extends Schema.Schema.Type<typeof PlacedForecast> {}

/** A text that differs for two different values: two 32-bit FNV-1a hashes over their JSON, one of them backwards. */
export const fingerprintOf = (value: unknown): string => {
  const text = JSON.stringify(value)
  let [forwards, backwards] = [0x811c9dc5, 0x811c9dc5]
  for (let index = 0; index < text.length; index++) {
    forwards = Math.imul(forwards ^ text.charCodeAt(index), 0x01000193)
    backwards = Math.imul(backwards ^ text.charCodeAt(text.length - 1 - index), 0x01000193)
  }
  const hex = (hash: number) => (hash >>> 0).toString(16).padStart(8, "0")
  return `${hex(forwards)}${hex(backwards)}`
}

/** The demand of the next periods by a kept forecast: that of whole periods by their sums, parts in proportion. */
export const keptDemand =
  ({ mean, cumulativeSd, whole }: KeptForecast): DemandForecast["leadTimeDemand"] =>
  (periods) => {
    const full = Math.floor(periods)
    const part = periods - full
    const variance = (count: number) => (count === 0 ? 0 : (cumulativeSd[count - 1] ?? 0) ** 2)
    const expected = mean.slice(0, full).reduce((sum, value) => sum + value, 0) + part * (mean[full] ?? 0)
    const spread = Math.sqrt(variance(full) + part * (variance(Math.ceil(periods)) - variance(full)))
    return spread > 0 ? shaped(expected, spread, whole) : certain(expected)
  }

/** Where forecasts are kept. */
export interface ForecastKeeperShape {
  /** Those that are kept for some places, in any order. */
  readonly find: (places: ReadonlyArray<StockPlace>) => Effect.Effect<ReadonlyArray<PlacedForecast>, StoreUnavailable>
  /** Keeps forecasts in place of those that were kept for their places. */
  readonly keep: (forecasts: ReadonlyArray<PlacedForecast>) => Effect.Effect<void, StoreUnavailable>
}

export class ForecastKeeper extends Context.Service<ForecastKeeper, ForecastKeeperShape>()(
  "@onhand/core/ForecastKeeper"
) {
  /** Keeps them as long as the process runs. */
  static readonly layerMemory: Layer.Layer<ForecastKeeper> = Layer.sync(ForecastKeeper, () => {
    const kept = new Map<string, PlacedForecast>()
    return {
      find: (places) => Effect.sync(() => places.flatMap((place) => kept.get(stockPlaceText(place)) ?? [])),
      keep: (forecasts) =>
        Effect.sync(() => {
          for (const placed of forecasts) kept.set(stockPlaceText(placed), placed)
        })
    }
  })
}
