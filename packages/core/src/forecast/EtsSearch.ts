// The search for the weights and start states of an exponential smoothing model: which vectors it tries and how.
import { countObserved, criterionOf, type EtsModel, type EtsState, type EtsWeights, filterInto } from "./Ets.ts"
import { ALPHA_MAX, PHI_MAX, PHI_MIN, startWeights, WEIGHT_MIN } from "./EtsStart.ts"
import { type Minimum, nelderMead } from "./Minimise.ts"

/** What a fit makes small: −2·log-likelihood, or the mean squared one-step error. */
export type EtsCriterion = "likelihood" | "mse"

/** A search from one start stops here at the latest: 2000 steps took twice the time and forecast M3 no better. */
const MAX_EVALUATIONS = 1000
/** The same for each leg of a repeated search, which is after the optimum itself. */
const MAX_EVALUATIONS_REPEATED = 4000
const TOLERANCE = 1e-8
const SIMPLEX_STEP = 0.1
/** A perfect fit is taken as one with errors of this share of the series' spread. */
const PERFECT = 1e-18

// Weights, then level, trend and all seasons but the last: the layout of the vector that is searched.
interface Layout {
  readonly beta: number
  readonly gamma: number
  readonly phi: number
  readonly level: number
  readonly trend: number
  readonly seasons: number
  readonly size: number
}

const layoutOf = (model: EtsModel, period: number, freeStates: boolean): Layout => {
  let next = 1
  const beta = model.trend === "N" ? -1 : next++
  const gamma = model.season === "N" ? -1 : next++
  const phi = model.trend === "Ad" ? next++ : -1
  const level = freeStates ? next++ : -1
  const trend = freeStates && model.trend !== "N" ? next++ : -1
  const seasons = freeStates && model.season !== "N" ? next : -1
  if (seasons >= 0) next += period - 1
  return { beta, gamma, phi, level, trend, seasons, size: next }
}

// Schur and Cohn: all roots of the polynomial (highest power first) lie inside the unit circle exactly if every
// reflection coefficient of this downward recursion is less than one in size.
const rootsInside = (polynomial: Float64Array): boolean => {
  for (let degree = polynomial.length - 1; degree > 0; degree--) {
    const lead = polynomial[0]!
    const reflection = polynomial[degree]! / lead
    if (!(Math.abs(reflection) < 1)) return false
    const scale = 1 / (1 - reflection * reflection)
    for (let i = 0, j = degree; i <= j; i++, j--) {
      const [a, b] = [polynomial[i]!, polynomial[j]!]
      polynomial[i] = (a - reflection * b) * scale
      polynomial[j] = (b - reflection * a) * scale
    }
  }
  return true
}

/**
 * Whether a seasonal model forgets its past: the roots of its discount matrix lie inside the unit circle (Hyndman et
 * al. 2008, chapter 10). Models without a season do so everywhere in the usual region.
 */
const forgets = (
  alpha: number,
  beta: number,
  gamma: number,
  phi: number,
  trend: boolean,
  work: Float64Array
): boolean => {
  const period = trend ? work.length - 2 : work.length - 1
  work[0] = 1
  if (!trend) {
    work.fill(alpha, 1, period)
    work[period] = alpha + gamma - 1
    return rootsInside(work)
  }
  work[1] = alpha + beta - phi
  work.fill(alpha + beta - alpha * phi, 2, period)
  work[period] = alpha + beta - alpha * phi + gamma - 1
  work[period + 1] = phi * (1 - alpha - gamma)
  return rootsInside(work)
}

const clamp = (x: number, low: number, high: number): number => (x < low ? low : Math.min(x, high))

/** Weights and start states found for a series. */
export interface EtsFound {
  readonly weights: EtsWeights
  readonly start: EtsState
}

/** One model and one series to fit it to; states are taken from `first` where they are not searched. */
interface Task {
  readonly model: EtsModel
  readonly y: Float64Array
  readonly period: number
  readonly first: EtsState
  readonly criterion: EtsCriterion
  readonly layout: Layout
}

// Reads vectors into weights and states in place: the search tries thousands and must not allocate.
class Trial {
  readonly weights = { alpha: 0, beta: 0, gamma: 0, phi: 1 }
  readonly ring: Float64Array
  level = 0
  trend = 0
  private readonly task: Task
  private readonly polynomial: Float64Array

  constructor(task: Task) {
    const { model, period } = task
    this.task = task
    this.ring = new Float64Array(model.season === "N" ? 0 : period)
    this.polynomial = new Float64Array(model.trend === "N" ? period + 1 : period + 2)
  }

  /** Whether the vector is a model at all. */
  read(x: Float64Array): boolean {
    const { layout, first } = this.task
    this.level = layout.level < 0 ? first.level : x[layout.level]!
    this.trend = layout.trend < 0 ? first.trend : x[layout.trend]!
    return this.readWeights(x) && this.readSeasons(x)
  }

  // Beta is searched as a share of alpha and gamma as a share of 1 − alpha, so that the bounds are a box; a point
  // outside it counts as the nearest one inside, which lets the simplex slide along the walls, where optima often lie.
  private readWeights(x: Float64Array): boolean {
    const { layout, model } = this.task
    const { weights } = this
    const trended = layout.beta >= 0
    const alpha = clamp(x[0]!, WEIGHT_MIN, ALPHA_MAX)
    weights.alpha = alpha
    if (trended) weights.beta = clamp(x[layout.beta]! * alpha, WEIGHT_MIN, alpha)
    if (layout.phi >= 0) weights.phi = clamp(x[layout.phi]!, PHI_MIN, PHI_MAX)
    if (model.season === "N") return true
    weights.gamma = clamp(x[layout.gamma]! * (1 - alpha), WEIGHT_MIN, Math.max(WEIGHT_MIN, 1 - alpha))
    return forgets(alpha, weights.beta, weights.gamma, weights.phi, trended, this.polynomial)
  }

  readSeasons(x: Float64Array): boolean {
    const { layout, model, first } = this.task
    const { ring } = this
    const period = ring.length
    if (layout.seasons < 0) {
      for (let i = 0; i < period; i++) ring[i] = first.seasons[period - 1 - i]!
      return true
    }
    const positive = model.season === "M"
    let sum = 0
    for (let i = 0; i < period - 1; i++) {
      const s = x[layout.seasons + i]!
      if (positive && s < 0) return false
      ring[period - 1 - i] = s
      sum += s
    }
    ring[0] = (positive ? period : 0) - sum
    return !positive || ring[0]! >= 0
  }
}

const objectiveOf = (task: Task): ((x: Float64Array) => number) => {
  const { model, y, criterion } = task
  const trial = new Trial(task)
  const observed = countObserved(y)
  const out = new Float64Array(4)
  // Squared errors are in units of demand even where the model's errors are relative; the recursions are the same.
  const relative = model.error === "M" && criterion === "likelihood"
  return (x) => {
    if (!trial.read(x)) return Number.POSITIVE_INFINITY
    filterInto(relative, model.season, y, trial.weights, trial.level, trial.trend, trial.ring, out)
    return criterionOf(relative, observed, out[0]!, out[1]!, PERFECT * observed)
  }
}

const packed = (layout: Layout, weights: EtsWeights, state: EtsState): Float64Array => {
  const x = new Float64Array(layout.size)
  x[0] = weights.alpha
  if (layout.beta >= 0) x[layout.beta] = weights.beta / weights.alpha
  if (layout.gamma >= 0) x[layout.gamma] = weights.gamma / (1 - weights.alpha)
  if (layout.phi >= 0) x[layout.phi] = weights.phi
  if (layout.level >= 0) x[layout.level] = state.level
  if (layout.trend >= 0) x[layout.trend] = state.trend
  if (layout.seasons >= 0) {
    for (let i = 0; i < layout.size - layout.seasons; i++) x[layout.seasons + i] = state.seasons[i]!
  }
  return x
}

// The other starts of a repeated search: quick and slow smoothing, steady and changing trends and seasons.
const RESTARTS: ReadonlyArray<EtsWeights> = [
  { alpha: 0.9, beta: 0.01, gamma: 0.5, phi: 0.97 },
  { alpha: 0.1, beta: 0.2, gamma: 0.3, phi: 0.9 },
  { alpha: 0.5, beta: 0.5, gamma: 0.1, phi: 0.95 },
  { alpha: 0.02, beta: 0.9, gamma: 0.9, phi: 0.8 }
]
/** A repeated search goes on from its best point with a fresh simplex, at most so often, until that gains nothing. */
const MAX_POLISHES = 12
const POLISHED = 1e-7

/** Dampings from which a repeated search goes on: one at its bound is often a local optimum, with another inside. */
const DAMPING_AGAIN = [0.94, 0.88]

const least = (found: ReadonlyArray<Minimum>): Minimum => found.reduce((a, b) => (b.value < a.value ? b : a))

const stepsOf = (layout: Layout, length: number): Float64Array => {
  const steps = new Float64Array(layout.size).fill(SIMPLEX_STEP)
  if (layout.phi >= 0) steps[layout.phi] = -SIMPLEX_STEP / 2
  if (layout.trend >= 0) steps[layout.trend] = 1 / length
  return steps
}

const repeatedly = (f: (x: Float64Array) => number, from: Minimum, steps: Float64Array): Minimum => {
  const limits = { maxEvaluations: MAX_EVALUATIONS_REPEATED, relativeTolerance: TOLERANCE ** 1.5 }
  let best = from
  for (let round = 0; round < MAX_POLISHES; round++) {
    const shorter = steps.map((step) => step / (1 + round))
    const next = nelderMead(f, best.x, shorter, limits)
    const gain = best.value - next.value
    if (gain > 0) best = next
    if (!(gain > POLISHED)) break
  }
  return best
}

/** Searches from one start, or from several and then on from where each ended. */
export const searchEts = (
  model: EtsModel,
  y: Float64Array,
  first: EtsState,
  settings: {
    readonly period: number
    readonly cycle: number
    readonly criterion: EtsCriterion
    readonly restarts: number
    readonly freeStates: boolean
  }
): EtsFound => {
  const { period, criterion } = settings
  const layout = layoutOf(model, period, settings.freeStates)
  const task: Task = { model, y, period, first, criterion, layout }
  const objective = objectiveOf(task)
  const others = RESTARTS.slice(0, settings.restarts)
  const starts = [startWeights(model, settings.cycle), ...others].map((weights) => packed(layout, weights, first))
  const steps = stepsOf(layout, y.length)
  const maxEvaluations = starts.length === 1 ? MAX_EVALUATIONS : MAX_EVALUATIONS_REPEATED
  const limits = { maxEvaluations, relativeTolerance: TOLERANCE }
  const once = starts.map((start) => nelderMead(objective, start, steps, limits))
  let best = least(once.length === 1 ? once : once.map((found) => repeatedly(objective, found, steps)))
  for (const phi of once.length === 1 || layout.phi < 0 ? [] : DAMPING_AGAIN) {
    const x = Float64Array.from(best.x)
    x[layout.phi] = phi
    best = least([best, repeatedly(objective, nelderMead(objective, x, steps, limits), steps)])
  }
  const trial = new Trial(task)
  trial.read(best.x)
  trial.readSeasons(best.x)
  return {
    weights: { ...trial.weights },
    start: { level: trial.level, trend: trial.trend, seasons: Float64Array.from(trial.ring).reverse() }
  }
}
