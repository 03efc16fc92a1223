// Reads the fixtures: outputs of reference implementations for fifteen series, and panels of many series.
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import type { DemandPeriod } from "../../src/forecast/DemandSeries.ts"
import { type EtsModel, type EtsState, type EtsWeights, pointForecast } from "../../src/forecast/Ets.ts"

const read = (name: string): string => {
  const bytes = readFileSync(new URL(`./data/${name}`, import.meta.url))
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
}

/** A stored output. Which fields are there depends on the method; see the README beside the data. */
export interface ReferenceOutput {
  readonly method: string
  readonly crit?: "mse" | "lik"
  readonly par?: Readonly<Record<string, number>>
  readonly init?: Readonly<Record<string, number>>
  readonly loglik: number
  readonly aic: number
  readonly aicc: number
  readonly bic: number
  readonly sigma2: number
  readonly sse: number
  readonly mse: number
  readonly amse: number
  readonly fitted_head: ReadonlyArray<number>
  readonly fitted_tail: ReadonlyArray<number>
  readonly last_state: number | ReadonlyArray<number>
  readonly mean: ReadonlyArray<number>
  readonly mean_plugin?: ReadonlyArray<number>
  readonly lo80: ReadonlyArray<number>
  readonly hi80: ReadonlyArray<number>
  readonly lo95: ReadonlyArray<number>
  readonly hi95: ReadonlyArray<number>
  readonly conditioning?: "tight" | "medium" | "loose"
  readonly best_known?: {
    readonly criterion_R: number
    readonly criterion_best: number
    readonly mean: ReadonlyArray<number>
  }
  readonly leadtime?: { readonly cum_mean: ReadonlyArray<number>; readonly cum_sd: ReadonlyArray<number> }
  readonly alpha: number
  readonly drift: number
  readonly seasonal: boolean
  readonly seasonal_indices_last_m: ReadonlyArray<number> | null
  readonly rate: number
  readonly weights: readonly [number, number]
  readonly initial: readonly [number, number]
  readonly frc_in_tail: ReadonlyArray<number>
  readonly modeltype: string
  readonly decompose: boolean
  readonly decomposition_type: string
}

/** The measures stored for a forecast of the last `k` periods. */
export interface HoldoutMeasures {
  readonly mean: ReadonlyArray<number>
  readonly ME: number
  readonly MAE: number
  readonly RMSE: number
  readonly MASE_lagm: number
  readonly MASE_lag1: number
  readonly RMSSE_lag1: number
  readonly WAPE: number
  readonly sMAPE_0_200: number | null
  readonly bias_pct: number
}

/** One reference series with all stored outputs. */
export interface ReferenceSeries {
  readonly id: string
  readonly m: number
  readonly n: number
  readonly y: Float64Array
  readonly sbc: { readonly adi: number; readonly cv2: number; readonly cls: string }
  readonly models: Readonly<Record<string, ReferenceOutput>>
  readonly holdout: { readonly k: number } & Readonly<Record<string, HoldoutMeasures>>
}

interface StoredSeries extends Omit<ReferenceSeries, "y" | "holdout"> {
  readonly y: ReadonlyArray<number>
}

/** The fifteen reference series. */
export const referenceSeries = (): ReadonlyArray<ReferenceSeries> => {
  const stored = JSON.parse(read("reference.json.gz")) as { series: Record<string, StoredSeries> }
  return Object.values(stored.series).map((series) => ({
    ...series,
    y: Float64Array.from(series.y),
    holdout: series.models["holdout"] as unknown as ReferenceSeries["holdout"]
  }))
}

/** A stored fit of an exponential smoothing model: what to fit, and what was found. */
export interface ReferenceFit {
  readonly key: string
  readonly series: ReferenceSeries
  readonly model: EtsModel
  readonly weights: EtsWeights
  readonly start: EtsState
  readonly output: ReferenceOutput
}

const NAMED: Readonly<Record<string, EtsModel>> = {
  ses: { error: "A", trend: "N", season: "N" },
  holt: { error: "A", trend: "A", season: "N" },
  holt_damped: { error: "A", trend: "Ad", season: "N" },
  hw_additive: { error: "A", trend: "A", season: "A" },
  hw_multiplicative: { error: "M", trend: "A", season: "M" }
}

const modelOf = (key: string, method: string): EtsModel => {
  const parts = /\((A|M),(A|Ad|N),(A|M|N)\)/.exec(method)
  if (parts === null) return NAMED[key]!
  return { error: parts[1], trend: parts[2], season: parts[3] } as EtsModel
}

/** All stored fits of R's `ets`, `ses`, `holt` and `hw`. */
export const referenceFits = (): ReadonlyArray<ReferenceFit> =>
  referenceSeries().flatMap((series) =>
    Object.entries(series.models).flatMap(([key, output]) => {
      if (key.startsWith("sf_") || output.par === undefined || output.init === undefined) return []
      const model = modelOf(key, output.method)
      const { par, init } = output
      const seasons = Float64Array.from({ length: model.season === "N" ? 0 : series.m }, (_, i) => init[`s${i + 1}`]!)
      const weights = { alpha: par["alpha"]!, beta: par["beta"] ?? 0, gamma: par["gamma"] ?? 0, phi: par["phi"] ?? 1 }
      return [{ key, series, model, weights, start: { level: init["l"]!, trend: init["b"] ?? 0, seasons }, output }]
    })
  )

/**
 * Point forecasts as R's filter and statsforecast make them: a known defect of both counts φ twice from the second step
 * of a damped trend on (2φ + φ² + … for φ + φ² + φ³ + …).
 */
export const dampedTwice = (model: EtsModel, weights: EtsWeights, state: EtsState, horizon: number): Float64Array =>
  pointForecast(model, weights, state, horizon).map((value, i) => {
    if (model.trend !== "Ad") return value
    const season = model.season === "M" ? state.seasons[state.seasons.length - 1 - (i % state.seasons.length)]! : 1
    return value + (weights.phi - weights.phi ** (i + 1)) * state.trend * season
  })

interface StatsforecastOutput {
  /** Alpha, beta, gamma, phi, level, then the trend if there is one and the seasons; null where a model has none. */
  readonly par: ReadonlyArray<number | null>
}

/** All stored fits of statsforecast's AutoETS. */
export const statsforecastFits = (): ReadonlyArray<ReferenceFit> =>
  referenceSeries().flatMap((series) =>
    Object.entries(series.models).flatMap(([key, output]) => {
      if (!key.startsWith("sf_ets_")) return []
      const model = modelOf(key, output.method)
      // The file keeps R's parameters by name and statsforecast's in a row, under one key.
      const { par } = output as unknown as StatsforecastOutput
      const [alpha, beta, gamma, phi, level, ...states] = par.map((value) => value ?? undefined)
      const weights = { alpha: alpha!, beta: beta ?? 0, gamma: gamma ?? 0, phi: phi ?? 1 }
      const trend = model.trend === "N" ? 0 : states.shift()!
      const start = { level: level!, trend, seasons: Float64Array.from(states, (value) => value!) }
      return [{ key, series, model, weights, start, output }]
    })
  )

/** A panel of series of one kind. */
export const panel = (name: string): ReadonlyArray<{ readonly id: string; readonly y: Float64Array }> =>
  read(`panels/${name}.csv.gz`)
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [id, ...values] = line.split(",")
      return {
        id: id!,
        y: Float64Array.from(
          values.filter((value) => value !== "" && value !== "NA"),
          Number
        )
      }
    })

/** Weekly sales of orange juice by store and brand, with what was promoted; weeks without a row are not known. */
export const promotedSales = (): ReadonlyArray<ReadonlyArray<DemandPeriod>> => {
  const stores = new Map<string, Map<number, DemandPeriod>>()
  for (const line of read("panels/orangejuice_weekly_promo.csv.gz").trim().split("\n").slice(1)) {
    const [store, brand, week, units, , deal, feature] = line.split(",")
    const event = [...(Number(feature) > 0 ? ["feature"] : []), ...(deal === "1" ? ["deal"] : [])].join(" and ")
    const known = stores.get(`${store} ${brand}`) ?? new Map<number, DemandPeriod>()
    stores.set(`${store} ${brand}`, known)
    known.set(Number(week), { quantity: Number(units), ...(event === "" ? {} : { event }) })
  }
  return [...stores.values()].map((weeks) => {
    const first = Math.min(...weeks.keys())
    const span = Math.max(...weeks.keys()) - first + 1
    return Array.from({ length: span }, (_, i) => weeks.get(first + i) ?? { quantity: null })
  })
}

/** A series of the M3 competition with its held-back continuation. */
export interface M3Series {
  readonly id: string
  readonly period: number
  readonly train: Float64Array
  readonly test: Float64Array
}

/** The M3 series of the panel. */
export const m3Series = (): ReadonlyArray<M3Series> => {
  const series = new Map<string, { period: number; train: Array<number>; test: Array<number> }>()
  for (const line of read("panels/m3.csv.gz").trim().split("\n").slice(1)) {
    const [id, period, , set, , value] = line.split(",")
    const known = series.get(id!) ?? { period: Number(period), train: [], test: [] }
    series.set(id!, known)
    ;(set === "train" ? known.train : known.test).push(Number(value))
  }
  return [...series].map(([id, { period, train, test }]) => ({
    id,
    period,
    train: Float64Array.from(train),
    test: Float64Array.from(test)
  }))
}

/** The largest relative difference of two rows; values under `floor` in size are compared with `floor`. */
export const largestGap = (got: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-9): number => {
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(got[i]! - expected[i]!) / Math.max(Math.abs(expected[i]!), floor)
    largest = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(largest, gap)
  }
  return largest
}
