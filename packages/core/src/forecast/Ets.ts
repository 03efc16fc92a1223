// The exponential smoothing family in state space form: the filter that every ETS, SES, Holt and Holt-Winters model
// runs. Hyndman, Koehler, Ord & Snyder, "Forecasting with Exponential Smoothing" (2008), chapter 2.

/** Which errors, trend and season a model has. `A` additive, `M` multiplicative, `Ad` additive and damped, `N` none. */
export interface EtsModel {
  readonly error: "A" | "M"
  readonly trend: "N" | "A" | "Ad"
  readonly season: "N" | "A" | "M"
}

/** Smoothing weights. Beta is 0 without a trend, gamma 0 without a season, phi 1 without damping. */
export interface EtsWeights {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly phi: number
}

/** Level, trend and seasons at one moment. `seasons[0]` is the latest; the last one is used for the next period. */
export interface EtsState {
  readonly level: number
  readonly trend: number
  readonly seasons: Float64Array
}

/** What filtering a series leaves behind. */
export interface EtsFiltered {
  /** −2·log-likelihood up to a constant: n·ln Σe² for additive errors, plus 2·Σ ln|f| for relative ones. */
  readonly criterion: number
  /** Σe² of the errors of the model: relative ones for multiplicative errors. */
  readonly sse: number
  /** Σe² in units of demand, whatever the error type. */
  readonly squaredError: number
  /** Periods that were observed, that is not NaN. */
  readonly observed: number
  readonly state: EtsState
  readonly fitted: Float64Array
}

/** `ETS(M,Ad,M)` and so on. */
export const modelName = (model: EtsModel): string => `ETS(${model.error},${model.trend},${model.season})`

/** Free parameters: weights, start states with the last season given by the others, and the error variance. */
export const parameterCount = (model: EtsModel, period: number): number =>
  1 + (model.trend === "N" ? 0 : 2) + (model.trend === "Ad" ? 1 : 0) + (model.season === "N" ? 0 : period) + 1 + 1

// Running products are taken to logarithms before they can overflow or vanish.
const PRODUCT_HIGH = 1e150
const PRODUCT_LOW = 1e-150

/**
 * Runs the recursions over `y` and writes into `out`: Σe², Σ ln|f|, level, trend. `ring` holds the seasons, the one of
 * the first period first, and is left holding those of the next periods. This is the loop of every optimisation, so it
 * allocates nothing; NaN in `y` marks a period without observation.
 */
export const filterInto = (
  relative: boolean,
  season: "N" | "A" | "M",
  y: Float64Array,
  weights: EtsWeights,
  level: number,
  trend: number,
  ring: Float64Array,
  out: Float64Array
): void => {
  if (season === "N") filterPlain(relative, y, weights, level, trend, out)
  else if (season === "A") filterAdditive(relative, y, weights, level, trend, ring, out)
  else filterMultiplicative(relative, y, weights, level, trend, ring, out)
}

const filterPlain = (
  relative: boolean,
  y: Float64Array,
  { alpha, beta, phi }: EtsWeights,
  level: number,
  trend: number,
  out: Float64Array
): void => {
  let [l, b, sse, logs, product] = [level, trend, 0, 0, 1]
  for (let t = 0; t < y.length; t++) {
    const damped = phi * b
    const q = l + damped
    const value = y[t]!
    if (!Number.isNaN(value)) {
      const gap = value - q
      const e = relative ? gap / q : gap
      sse += e * e
      if (relative) {
        product *= q < 0 ? -q : q
        if (product > PRODUCT_HIGH || product < PRODUCT_LOW) {
          logs += Math.log(product)
          product = 1
        }
      }
      l = q + alpha * gap
      b = damped + beta * gap
    } else {
      l = q
      b = damped
    }
  }
  out[0] = sse
  out[1] = logs + Math.log(product)
  out[2] = l
  out[3] = b
}

const filterAdditive = (
  relative: boolean,
  y: Float64Array,
  { alpha, beta, gamma, phi }: EtsWeights,
  level: number,
  trend: number,
  ring: Float64Array,
  out: Float64Array
): void => {
  let [l, b, sse, logs, product, j] = [level, trend, 0, 0, 1, 0]
  const period = ring.length
  for (let t = 0; t < y.length; t++) {
    const damped = phi * b
    const q = l + damped
    const s = ring[j]!
    const value = y[t]!
    if (!Number.isNaN(value)) {
      const f = q + s
      const gap = value - f
      const e = relative ? gap / f : gap
      sse += e * e
      if (relative) {
        product *= f < 0 ? -f : f
        if (product > PRODUCT_HIGH || product < PRODUCT_LOW) {
          logs += Math.log(product)
          product = 1
        }
      }
      l = q + alpha * gap
      b = damped + beta * gap
      ring[j] = s + gamma * gap
    } else {
      l = q
      b = damped
    }
    if (++j === period) j = 0
  }
  out[0] = sse
  out[1] = logs + Math.log(product)
  out[2] = l
  out[3] = b
}

const filterMultiplicative = (
  relative: boolean,
  y: Float64Array,
  { alpha, beta, gamma, phi }: EtsWeights,
  level: number,
  trend: number,
  ring: Float64Array,
  out: Float64Array
): void => {
  let [l, b, sse, logs, product, j] = [level, trend, 0, 0, 1, 0]
  const period = ring.length
  for (let t = 0; t < y.length; t++) {
    const damped = phi * b
    const q = l + damped
    const s = ring[j]!
    const value = y[t]!
    if (!Number.isNaN(value)) {
      const f = q * s
      const e = relative ? (value - f) / f : value - f
      sse += e * e
      if (relative) {
        product *= f < 0 ? -f : f
        if (product > PRODUCT_HIGH || product < PRODUCT_LOW) {
          logs += Math.log(product)
          product = 1
        }
      }
      const gap = value / s - q
      l = q + alpha * gap
      b = damped + beta * gap
      ring[j] = s + gamma * (value / q - s)
    } else {
      l = q
      b = damped
    }
    if (++j === period) j = 0
  }
  out[0] = sse
  out[1] = logs + Math.log(product)
  out[2] = l
  out[3] = b
}

/** n·ln Σe² (+ 2·Σ ln|f|). A perfect fit would reach −∞, so the error is never taken as less than rounding noise. */
export const criterionOf = (relative: boolean, observed: number, sse: number, logs: number, floor: number): number => {
  const value = observed * Math.log(Math.max(sse, floor)) + (relative ? 2 * logs : 0)
  return !Number.isNaN(value) ? value : Number.POSITIVE_INFINITY
}

/** Seasons in the order in which the coming periods use them. */
export const ringOf = (seasons: Float64Array): Float64Array => Float64Array.from(seasons).reverse()

/** How many values are not NaN. */
export const countObserved = (y: Float64Array): number => {
  let observed = 0
  for (let t = 0; t < y.length; t++) if (!Number.isNaN(y[t]!)) observed++
  return observed
}

// The seasons of the coming periods, read from where the filter stopped, in the latest-first order of a state.
const seasonsAfter = (ring: Float64Array, steps: number): Float64Array => {
  const period = ring.length
  return Float64Array.from({ length: period }, (_, i) => ring[(steps + period - 1 - i) % period]!)
}

/** Filters a series with given weights and start states. NaN in `y` marks a period without observation. */
export const filter = (model: EtsModel, weights: EtsWeights, start: EtsState, y: Float64Array): EtsFiltered => {
  const relative = model.error === "M"
  const ring = ringOf(start.seasons)
  const out = new Float64Array(4)
  const fitted = new Float64Array(y.length)
  let state = start
  let squaredError = 0
  // One period at a time for the fitted values; the loops above stay free of this bookkeeping.
  const one = new Float64Array(1)
  const slot = new Float64Array(1)
  let [sse, logs] = [0, 0]
  for (let t = 0; t < y.length; t++) {
    const q = state.level + weights.phi * state.trend
    slot[0] = model.season === "N" ? 0 : ring[t % ring.length]!
    fitted[t] = model.season === "N" ? q : model.season === "A" ? q + slot[0]! : q * slot[0]!
    one[0] = y[t]!
    filterInto(relative, model.season, one, weights, state.level, state.trend, slot, out)
    if (model.season !== "N") ring[t % ring.length] = slot[0]!
    sse += out[0]!
    logs += out[1]!
    if (!Number.isNaN(y[t]!)) squaredError += (y[t]! - fitted[t]!) ** 2
    state = { level: out[2]!, trend: out[3]!, seasons: start.seasons }
  }
  const observed = countObserved(y)
  return {
    criterion: criterionOf(relative, observed, sse, logs, 0),
    sse,
    squaredError,
    observed,
    state: { ...state, seasons: seasonsAfter(ring, y.length) },
    fitted
  }
}

/** φ + φ² + … + φʰ. */
export const dampedSteps = (phi: number, h: number): number => (phi === 1 ? h : (phi * (1 - phi ** h)) / (1 - phi))

/** The point forecasts of the next periods: (l + φₕ·b) with its season. */
export const pointForecast = (model: EtsModel, weights: EtsWeights, state: EtsState, horizon: number): Float64Array =>
  Float64Array.from({ length: horizon }, (_, i) => {
    const q = state.level + dampedSteps(weights.phi, i + 1) * state.trend
    if (model.season === "N") return q
    const period = state.seasons.length
    const s = state.seasons[period - 1 - (i % period)]!
    return model.season === "A" ? q + s : q * s
  })
