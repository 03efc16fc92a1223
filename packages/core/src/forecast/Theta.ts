// The Theta method and its optimised and dynamic forms. Assimakopoulos & Nikolopoulos (2000); Hyndman & Billah (2003);
// Fioruci, Pellegrini, Louzada & Petropoulos (2016).
import { average } from "./Baselines.ts"
import { type Composition, fitLine, isSeasonal, seasonalIndices } from "./Decompose.ts"
import { fitEts } from "./EtsFit.ts"
import type { Prediction } from "./Prediction.ts"

/** A series without its season, and how to put the season back. */
interface Deseasonalised {
  readonly values: Float64Array
  readonly kind: Composition | undefined
  /** Indices by position in the cycle, the first period's first. */
  readonly indices: Float64Array
}

/** Seasonal indices below this would blow up the adjusted series; then the season is taken as additive. */
const SMALLEST_INDEX = 0.01

const without = (y: Float64Array): Deseasonalised => ({ values: y, kind: undefined, indices: new Float64Array(0) })

const adjusted = (y: Float64Array, indices: Float64Array, kind: Composition): Deseasonalised => ({
  values: y.map((value, t) =>
    kind === "additive" ? value - indices[t % indices.length]! : value / indices[t % indices.length]!
  ),
  kind,
  indices
})

const reseasoned = (mean: Float64Array, n: number, { kind, indices }: Deseasonalised): Float64Array =>
  kind === undefined
    ? mean
    : mean.map((value, i) => {
        const index = indices[(n + i) % indices.length]!
        return kind === "additive" ? value + index : value * index
      })

/** Smoothing with drift: the Theta method of the M3 competition. Seasonal series are adjusted multiplicatively. */
export interface ThetaFit {
  readonly prediction: Prediction
  readonly alpha: number
  readonly drift: number
  readonly sigma2: number
  readonly seasonal: boolean
}

/** The Theta method as simple smoothing with half the slope of the trend line as its drift (Hyndman & Billah 2003). */
export const theta = (y: Float64Array, period: number, horizon: number): ThetaFit => {
  const n = y.length
  const indices = isSeasonal(y, period, true) ? seasonalIndices(y, period, "multiplicative") : undefined
  const usable = indices?.every((index) => index > 1e-10) === true ? indices : undefined
  const series = usable === undefined ? without(y) : adjusted(y, usable, "multiplicative")
  const smoothing = { error: "A", trend: "N", season: "N" } as const
  const fit = fitEts(series.values, smoothing, { period: 1, criterion: "mse" })
  const { alpha } = fit.weights
  const slope = fitLine(series.values, 0).slope / 2
  const start = (1 - (1 - alpha) ** n) / alpha
  const { level } = fit.filtered.state
  const mean = Float64Array.from({ length: horizon }, (_, i) => level + slope * (i + start))
  const variance = (h: number) => fit.sigma2 * ((h - 1) * alpha * alpha + 1)
  const summed = (h: number) => h * (1 + alpha * (h - 1) + (alpha * alpha * (h - 1) * (2 * h - 1)) / 6)
  return {
    prediction: {
      method: "Theta",
      mean: reseasoned(mean, n, series),
      sd: mean.map((_, i) => Math.sqrt(variance(i + 1))),
      cumulativeSd: mean.map((_, i) => Math.sqrt(fit.sigma2 * summed(i + 1)))
    },
    alpha,
    drift: slope,
    sigma2: fit.sigma2,
    seasonal: usable !== undefined
  }
}

/**
 * Which of the four models: standard (theta 2) or optimised, with a fixed trend line or one that is learned on the way.
 */
export type ThetaModel = "STM" | "OTM" | "DSTM" | "DOTM"

/** The parameters of a theta model. */
export interface ThetaParameters {
  readonly level: number
  readonly alpha: number
  readonly theta: number
}

/** A fitted theta model; `mse` is its loss, Σ e² of all but the first three periods over the mean of |y|. */
export interface DynamicThetaFit {
  readonly model: ThetaModel
  readonly parameters: ThetaParameters
  readonly mse: number
  readonly prediction: Prediction
  readonly season: Composition | undefined
}

const ALPHA_LOW = 0.1
const ALPHA_HIGH = 0.99
/** Errors of the first periods do not count: the line through one or two points is no forecast yet. */
const WARM_UP = 3

const isDynamic = (model: ThetaModel): boolean => model === "DSTM" || model === "DOTM"

/** The trend line as each period knows it: value A where t = 0 and slope B. */
interface Lines {
  readonly a: Float64Array
  readonly b: Float64Array
}

const linesOf = (y: Float64Array, dynamic: boolean): Lines => {
  const n = y.length
  const a = new Float64Array(n)
  const b = new Float64Array(n)
  if (!dynamic) {
    const line = fitLine(y, 1)
    return { a: a.fill(line.intercept), b: b.fill(line.slope) }
  }
  a[0] = a[1] = y[0]!
  let mean = y[0]!
  for (let t = 1; t < n - 1; t++) {
    b[t + 1] = ((t - 1) * b[t]! + (6 * (y[t]! - mean)) / (t + 1)) / (t + 2)
    mean = (t * mean + y[t]!) / (t + 1)
    a[t + 1] = mean - (b[t + 1]! * (t + 2)) / 2
  }
  return { a, b }
}

/** The loss at one alpha, with the start level and the share of the line (1 − 1/θ) that make it least. */
interface Profile {
  readonly sse: number
  readonly level: number
  readonly omega: number
}

const solve = (sums: Float64Array, low: number, high: number): Profile => {
  const [rr, rp, rg, pp, pg, gg] = sums as unknown as [number, number, number, number, number, number]
  const sseAt = (omega: number): Profile => {
    const level = pp > 0 ? (rp - omega * pg) / pp : 0
    const sse = rr - 2 * (level * rp + omega * rg - level * omega * pg) + level * level * pp + omega * omega * gg
    return { sse: Math.max(sse, 0), level, omega }
  }
  const curvature = gg - (pp > 0 ? (pg * pg) / pp : 0)
  if (!(curvature > 1e-14 * gg)) return sseAt(low)
  const omega = (rg - (pp > 0 ? (rp * pg) / pp : 0)) / curvature
  return sseAt(omega < low ? low : Math.min(omega, high))
}

/**
 * The errors of a theta model are linear in its start level and in 1 − 1/θ, so that for each alpha the best of both
 * follow from least squares and only alpha is left to search. (Fioruci et al. search all three by simplex.)
 */
const profile = (
  y: Float64Array,
  lines: Lines,
  alpha: number,
  low: number,
  high: number,
  sums: Float64Array
): Profile => {
  const keep = 1 - alpha
  let level = alpha * y[0]!
  let power = keep
  let [rr, rp, rg, pp, pg, gg] = [0, 0, 0, 0, 0, 0]
  for (let t = 1; t < y.length; t++) {
    const gap = y[t]! - level
    if (t >= WARM_UP) {
      const line = lines.a[t]! * power + (lines.b[t]! * (1 - power * keep)) / alpha
      rr += gap * gap
      rp += gap * power
      rg += gap * line
      pp += power * power
      pg += power * line
      gg += line * line
    }
    level += alpha * gap
    power *= keep
  }
  sums[0] = rr
  sums[1] = rp
  sums[2] = rg
  sums[3] = pp
  sums[4] = pg
  sums[5] = gg
  return solve(sums, low, high)
}

/** Alphas tried before the search goes into the best of their gaps. */
const GRID = 24
const GOLDEN = (Math.sqrt(5) - 1) / 2
const ALPHA_TOLERANCE = 1e-7

const bestProfile = (
  y: Float64Array,
  lines: Lines,
  low: number,
  high: number
): { readonly alpha: number; readonly at: Profile } => {
  const sums = new Float64Array(6)
  const at = (alpha: number) => profile(y, lines, alpha, low, high, sums)
  const width = (ALPHA_HIGH - ALPHA_LOW) / GRID
  let best = { alpha: ALPHA_LOW, at: at(ALPHA_LOW) }
  const consider = (alpha: number): Profile => {
    const found = at(alpha)
    if (found.sse < best.at.sse) best = { alpha, at: found }
    return found
  }
  for (let i = 1; i <= GRID; i++) consider(i === GRID ? ALPHA_HIGH : ALPHA_LOW + i * width)
  let [a, b] = [Math.max(ALPHA_LOW, best.alpha - width), Math.min(ALPHA_HIGH, best.alpha + width)]
  let [c, d] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)]
  let [fc, fd] = [consider(c).sse, consider(d).sse]
  while (b - a > ALPHA_TOLERANCE) {
    if (fc < fd) {
      ;[b, d, fd] = [d, c, fc]
      c = b - GOLDEN * (b - a)
      fc = consider(c).sse
    } else {
      ;[a, c, fc] = [c, d, fd]
      d = a + GOLDEN * (b - a)
      fd = consider(d).sse
    }
  }
  return best
}

interface ThetaState {
  readonly level: number
  readonly mean: number
  readonly a: number
  readonly b: number
}

// The coming periods, each fed its own forecast. Works on plain numbers: horizons are short.
const thetaForecast = (
  y: Float64Array,
  p: ThetaParameters,
  dynamic: boolean,
  line: { readonly a: number; readonly b: number },
  horizon: number
): { readonly mean: Float64Array; readonly residuals: Float64Array } => {
  const { alpha, theta: factor } = p
  const omega = 1 - 1 / factor
  const keep = 1 - alpha
  const n = y.length
  let state: ThetaState = {
    level: alpha * y[0]! + keep * p.level,
    mean: y[0]!,
    a: dynamic ? y[0]! : line.a,
    b: dynamic ? 0 : line.b
  }
  const mean = new Float64Array(horizon)
  const residuals = new Float64Array(Math.max(0, n - WARM_UP))
  for (let t = 1; t < n + horizon; t++) {
    const power = keep ** t
    const forecast = state.level + omega * (state.a * power + (state.b * (1 - power * keep)) / alpha)
    const value = t < n ? y[t]! : forecast
    if (t >= n) mean[t - n] = forecast
    else if (t >= WARM_UP) residuals[t - WARM_UP] = value - forecast
    const b = dynamic ? ((t - 1) * state.b + (6 * (value - state.mean)) / (t + 1)) / (t + 2) : state.b
    const running = (t * state.mean + value) / (t + 1)
    state = {
      level: alpha * value + keep * state.level,
      mean: running,
      a: dynamic ? running - (b * (t + 2)) / 2 : state.a,
      b
    }
  }
  return { mean, residuals }
}

const deseasonalise = (y: Float64Array, period: number): Deseasonalised => {
  if (period < 4 || !isSeasonal(y, period, false)) return without(y)
  const positive = y.every((value) => value > 0)
  const indices = positive ? seasonalIndices(y, period, "multiplicative") : undefined
  if (indices?.every((index) => index >= SMALLEST_INDEX) === true) return adjusted(y, indices, "multiplicative")
  const additive = seasonalIndices(y, period, "additive")
  return additive === undefined ? without(y) : adjusted(y, additive, "additive")
}

const STANDARD_THETA = 2
/** Theta beyond this is a straight line already; it bounds the fit where the loss only falls. */
const THETA_HIGH = 1e6

interface ThetaOptions {
  /** Seasons in a cycle: 12 for months, 7 for days, 1 for none. */
  readonly period: number
  readonly horizon: number
}

const fitWith = (
  season: Deseasonalised,
  lines: Lines,
  model: ThetaModel,
  parameters: ThetaParameters,
  horizon: number
): DynamicThetaFit => {
  const { values } = season
  const n = values.length
  const size = average(values.map(Math.abs))
  const line = { a: lines.a[n - 1]!, b: lines.b[n - 1]! }
  const { mean, residuals } = thetaForecast(values, parameters, isDynamic(model), line, horizon)
  const sse = residuals.reduce((sum, e) => sum + e * e, 0)
  const sigma2 = sse / Math.max(1, residuals.length)
  const { alpha } = parameters
  const summed = (h: number) => h * (1 + alpha * (h - 1) + (alpha * alpha * (h - 1) * (2 * h - 1)) / 6)
  return {
    model,
    parameters,
    mse: size > 0 ? sse / size : 0,
    season: season.kind,
    prediction: {
      method: model,
      mean: reseasoned(mean, n, season),
      sd: mean.map((_, i) => Math.sqrt(sigma2 * (1 + i * alpha * alpha))),
      cumulativeSd: mean.map((_, i) => Math.sqrt(sigma2 * summed(i + 1)))
    }
  }
}

/** One of the four theta models with given parameters, for a series without gaps. */
export const thetaWith = (
  y: Float64Array,
  model: ThetaModel,
  parameters: ThetaParameters,
  { period, horizon }: ThetaOptions
): DynamicThetaFit => {
  const season = deseasonalise(y, period)
  return fitWith(season, linesOf(season.values, isDynamic(model)), model, parameters, horizon)
}

/** Fits one of the four theta models to a series without gaps. */
export const thetaModel = (y: Float64Array, model: ThetaModel, { period, horizon }: ThetaOptions): DynamicThetaFit => {
  const season = deseasonalise(y, period)
  const lines = linesOf(season.values, isDynamic(model))
  const free = model === "OTM" || model === "DOTM"
  const fixed = 1 - 1 / STANDARD_THETA
  const best = bestProfile(season.values, lines, free ? 0 : fixed, free ? 1 - 1 / THETA_HIGH : fixed)
  const parameters = { level: best.at.level, alpha: best.alpha, theta: 1 / (1 - best.at.omega) }
  return fitWith(season, lines, model, parameters, horizon)
}

const THETA_MODELS: ReadonlyArray<ThetaModel> = ["STM", "OTM", "DSTM", "DOTM"]

/** The theta model with the least error, as statsforecast chooses it. DOTM alone forecast the M3 series better. */
export const autoTheta = (y: Float64Array, options: ThetaOptions): DynamicThetaFit =>
  THETA_MODELS.map((model) => thetaModel(y, model, options)).reduce((best, fit) => (fit.mse < best.mse ? fit : best))
