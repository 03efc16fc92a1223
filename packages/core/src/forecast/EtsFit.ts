// Fitting one exponential smoothing model to a series, and the information criteria by which fits are compared.
import { average } from "./Baselines.ts"
import {
  countObserved,
  type EtsFiltered,
  type EtsModel,
  type EtsState,
  type EtsWeights,
  filter,
  parameterCount
} from "./Ets.ts"
import { type EtsCriterion, searchEts } from "./EtsSearch.ts"
import { startState } from "./EtsStart.ts"

/** How to fit. */
export interface EtsFitOptions {
  /** Seasons in a cycle: 12 for months, 7 for days, 1 for none. */
  readonly period: number
  readonly criterion?: EtsCriterion
  /** Further starts of the search. None is the default: a better fit to the past forecast the M3 series no better. */
  readonly restarts?: number
}

/** A fitted model. */
export interface EtsFit {
  readonly model: EtsModel
  readonly period: number
  readonly weights: EtsWeights
  readonly start: EtsState
  readonly filtered: EtsFiltered
  /** −2·log-likelihood up to a constant that is the same for all models of a series. */
  readonly criterion: number
  readonly parameters: number
  readonly aic: number
  readonly aicc: number
  readonly bic: number
  /** Variance of the errors: of relative errors where the model's are multiplicative. */
  readonly sigma2: number
}

// Series are searched in their own units of size, so that grams and tonnes take the same path to the same forecast;
// models that only add are searched around the mean as well, so that a constant added to the series is a constant
// added to the forecast.
interface Units {
  readonly centre: number
  readonly scale: number
}

// The search is sensitive to the last bit of its input; steps of 2⁻³² of the spread swallow the noise of a change of
// units, which then cannot send it down another path.
const GRAIN = 2 ** 32

const unitsOf = (model: EtsModel, y: Float64Array): Units => {
  const seen = y.filter((value) => !Number.isNaN(value))
  const mean = average(seen)
  const additive = model.error === "A" && model.season !== "M"
  const spread = additive ? Math.sqrt(average(seen.map((v) => (v - mean) ** 2))) : average(seen.map(Math.abs))
  return { centre: additive ? mean : 0, scale: spread > 0 ? spread : 1 }
}

const inDemand = (model: EtsModel, { centre, scale }: Units, state: EtsState): EtsState => ({
  level: centre + scale * state.level,
  trend: scale * state.trend,
  seasons: model.season === "A" ? state.seasons.map((s) => s * scale) : state.seasons
})

/** Too few periods to search for start states as well as weights. */
const isShort = (model: EtsModel, observed: number, period: number): boolean => {
  const free = 2 + (model.trend === "N" ? 0 : 2) + (model.season === "N" ? 0 : period) + (model.trend === "Ad" ? 1 : 0)
  return observed <= free + 4
}

/** Information criteria of a filtered series. */
export const fitOf = (
  model: EtsModel,
  period: number,
  weights: EtsWeights,
  start: EtsState,
  y: Float64Array
): EtsFit => {
  const filtered = filter(model, weights, start, y)
  const n = filtered.observed
  const parameters = parameterCount(model, period)
  const aic = filtered.criterion + 2 * parameters
  const room = n - parameters - 1
  return {
    model,
    period,
    weights,
    start,
    filtered,
    criterion: filtered.criterion,
    parameters,
    aic,
    aicc: room > 0 ? aic + (2 * parameters * (parameters + 1)) / room : Number.POSITIVE_INFINITY,
    bic: filtered.criterion + parameters * Math.log(n),
    sigma2: filtered.sse / Math.max(1, n - (parameters - 1))
  }
}

/**
 * Fits one model by a simplex search from one start. NaN in `y` marks a period without observation. Models with a
 * multiplicative error or season need values above zero.
 */
export const fitEts = (y: Float64Array, model: EtsModel, options: EtsFitOptions): EtsFit => {
  const period = model.season === "N" ? 1 : options.period
  const units = unitsOf(model, y)
  const scaled = y.map((value) => Math.round((GRAIN * (value - units.centre)) / units.scale) / GRAIN)
  const found = searchEts(model, scaled, startState(model, scaled, period), {
    period,
    cycle: options.period,
    criterion: options.criterion ?? "likelihood",
    restarts: options.restarts ?? 0,
    freeStates: !isShort(model, countObserved(y), period)
  })
  return fitOf(model, period, found.weights, inDemand(model, units, found.start), y)
}
