// Finding the smallest value of a function: Nelder and Mead's simplex, and the best alpha of simple smoothing.

/** The result of a minimisation. */
export interface Minimum {
  readonly x: Float64Array
  readonly value: number
  readonly evaluations: number
}

/** When a simplex search stops. */
export interface SimplexLimits {
  readonly maxEvaluations: number
  /** Stop when the worst and the best corner differ by less than this share of the best value's size. */
  readonly relativeTolerance: number
}

interface Simplex {
  readonly corners: Array<Float64Array>
  readonly values: Float64Array
}

const startSimplex = (f: (x: Float64Array) => number, start: Float64Array, steps: Float64Array): Simplex => {
  const corners = [Float64Array.from(start)]
  for (let i = 0; i < start.length; i++) {
    const corner = Float64Array.from(start)
    corner[i] = corner[i]! + steps[i]!
    corners.push(corner)
  }
  return { corners, values: Float64Array.from(corners, f) }
}

const lowest = (values: Float64Array): number => {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! < values[best]!) best = i
  return best
}

const highest = (values: Float64Array): number => {
  let worst = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[worst]!) worst = i
  return worst
}

const secondHighest = (values: Float64Array, worst: number): number => {
  let second = worst === 0 ? 1 : 0
  for (let i = 0; i < values.length; i++) if (i !== worst && values[i]! > values[second]!) second = i
  return values[second]!
}

// Draws all corners half-way to the best one.
const shrink = (f: (x: Float64Array) => number, { corners, values }: Simplex, best: number): void => {
  const anchor = corners[best]!
  corners.forEach((corner, k) => {
    if (k === best) return
    for (let i = 0; i < corner.length; i++) corner[i] = 0.5 * (corner[i]! + anchor[i]!)
    values[k] = f(corner)
  })
}

/**
 * Nelder and Mead (1965): reflection 1, expansion 2, contraction ½, shrinkage ½, from one start. `f` answers Infinity
 * outside its domain and never NaN.
 */
export const nelderMead = (
  f: (x: Float64Array) => number,
  start: Float64Array,
  steps: Float64Array,
  limits: SimplexLimits
): Minimum => {
  const size = start.length
  const { corners, values } = startSimplex(f, start, steps)
  let evaluations = size + 1
  const centre = new Float64Array(size)
  const sum = new Float64Array(size)
  let trial: Float64Array = new Float64Array(size)
  let further: Float64Array = new Float64Array(size)
  const resum = () => {
    sum.fill(0)
    for (const corner of corners) for (let i = 0; i < size; i++) sum[i] = sum[i]! + corner[i]!
  }
  resum()
  // Replaces the worst corner and hands its array back for the next trial point.
  const replace = (index: number, corner: Float64Array, value: number): Float64Array => {
    const old = corners[index]!
    for (let i = 0; i < size; i++) sum[i] = sum[i]! + corner[i]! - old[i]!
    corners[index] = corner
    values[index] = value
    return old
  }
  while (evaluations < limits.maxEvaluations) {
    const worst = highest(values)
    const best = lowest(values)
    const top = values[worst]!
    const bottom = values[best]!
    if (top - bottom <= limits.relativeTolerance * (Math.abs(bottom) + limits.relativeTolerance)) break
    const high = corners[worst]!
    for (let i = 0; i < size; i++) {
      centre[i] = (sum[i]! - high[i]!) / size
      trial[i] = 2 * centre[i]! - high[i]!
    }
    const reflected = f(trial)
    evaluations++
    if (reflected < bottom) {
      for (let i = 0; i < size; i++) further[i] = 2 * trial[i]! - centre[i]!
      const expanded = f(further)
      evaluations++
      if (expanded < reflected) further = replace(worst, further, expanded)
      else trial = replace(worst, trial, reflected)
      continue
    }
    if (reflected < secondHighest(values, worst)) {
      trial = replace(worst, trial, reflected)
      continue
    }
    // Contraction towards the better of the worst corner and its reflection.
    const towards = reflected < top ? trial : high
    for (let i = 0; i < size; i++) further[i] = 0.5 * (towards[i]! + centre[i]!)
    const contracted = f(further)
    evaluations++
    if (contracted < Math.min(reflected, top)) {
      further = replace(worst, further, contracted)
      continue
    }
    shrink(f, { corners, values }, best)
    evaluations += size
    resum()
  }
  const best = lowest(values)
  return { x: corners[best]!, value: values[best]!, evaluations }
}

/** Steps of the safeguarded Newton search below; it converges in four to eight. */
const MAX_NEWTON_STEPS = 60
const ALPHA_TOLERANCE = 1e-12

/** The squared one-step errors of simple smoothing that starts at y₁, as a function of alpha, with two derivatives. */
const smoothingLoss = (y: Float64Array, n: number, alpha: number, out: Float64Array): void => {
  let level = y[0]!
  let slope = 0
  let bend = 0
  let first = 0
  let second = 0
  const keep = 1 - alpha
  for (let t = 1; t < n; t++) {
    const e = y[t]! - level
    first -= e * slope
    second += slope * slope - e * bend
    bend = keep * bend - 2 * slope
    slope = keep * slope + e
    level += alpha * e
  }
  out[0] = 2 * first
  out[1] = 2 * second
}

const derivatives = new Float64Array(2)

/**
 * The alpha in [low, high] with the least squared one-step error, for simple smoothing that starts at the first value.
 * Uses Newton's method on the derivative instead of a golden section on the error: a tenth of the passes and exact
 * to 1e-12, where comparing errors cannot be more exact than 1e-8.
 */
export const bestAlpha = (y: Float64Array, n: number, low: number, high: number): number => {
  smoothingLoss(y, n, low, derivatives)
  if (!(derivatives[0]! < 0)) return low
  smoothingLoss(y, n, high, derivatives)
  if (!(derivatives[0]! > 0)) return high
  let [a, b] = [low, high]
  let alpha = high - derivatives[0]! / derivatives[1]!
  for (let step = 0; step < MAX_NEWTON_STEPS && b - a > ALPHA_TOLERANCE; step++) {
    if (!(alpha > a && alpha < b)) alpha = 0.5 * (a + b)
    smoothingLoss(y, n, alpha, derivatives)
    if (derivatives[0]! < 0) a = alpha
    else b = alpha
    const next = alpha - derivatives[0]! / derivatives[1]!
    if (Math.abs(next - alpha) < ALPHA_TOLERANCE) return next >= low && next <= high ? next : alpha
    alpha = next
  }
  return alpha
}
