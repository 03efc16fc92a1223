// The special functions that forecasting and replenishment stand on: normal, Student, gamma, beta, Poisson, and a
// seeded generator.

const SQRT_2PI = Math.sqrt(2 * Math.PI)
const SERIES_EPSILON = 1e-16
/** Bound on every series and continued fraction below; each converges in far fewer terms for arguments under 1e6. */
const MAX_TERMS = 20_000

// Lanczos' coefficients (g = 7, n = 9): relative error under 1e-14 on the positive axis.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7
] as const

/** The natural logarithm of the gamma function for x > 0. */
export const logGamma = (x: number): number => {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x)
  const shifted = x - 1
  let sum: number = LANCZOS[0]
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (shifted + i)
  const base = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}

const gammaSeries = (shape: number, x: number): number => {
  let term = 1 / shape
  let sum = term
  for (let n = 1; n < MAX_TERMS; n++) {
    term *= x / (shape + n)
    sum += term
    if (term < sum * SERIES_EPSILON) break
  }
  return sum * Math.exp(shape * Math.log(x) - x - logGamma(shape))
}

// Lentz's method on Legendre's continued fraction of the upper incomplete gamma function.
const gammaFraction = (shape: number, x: number): number => {
  const tiny = 1e-300
  let b = x + 1 - shape
  let c = 1 / tiny
  let d = 1 / b
  let h = d
  for (let i = 1; i < MAX_TERMS; i++) {
    const an = -i * (i - shape)
    b += 2
    d = an * d + b
    if (Math.abs(d) < tiny) d = tiny
    c = b + an / c
    if (Math.abs(c) < tiny) c = tiny
    d = 1 / d
    const delta = d * c
    h *= delta
    if (Math.abs(delta - 1) < SERIES_EPSILON * 4) break
  }
  return h * Math.exp(shape * Math.log(x) - x - logGamma(shape))
}

/** P(shape, x): the share of a Gamma(shape, 1) below x. */
export const gammaCdf = (shape: number, x: number): number => {
  if (!(x > 0)) return 0
  if (x === Number.POSITIVE_INFINITY) return 1
  return x < shape + 1 ? gammaSeries(shape, x) : 1 - gammaFraction(shape, x)
}

/** Q(shape, x) = 1 − P(shape, x), without the cancellation in the upper tail. */
export const gammaTail = (shape: number, x: number): number => {
  if (!(x > 0)) return 1
  if (x === Number.POSITIVE_INFINITY) return 0
  return x < shape + 1 ? 1 - gammaSeries(shape, x) : gammaFraction(shape, x)
}

const betaFraction = (a: number, b: number, x: number): number => {
  const tiny = 1e-300
  let c = 1
  let d = 1 - ((a + b) * x) / (a + 1)
  if (Math.abs(d) < tiny) d = tiny
  d = 1 / d
  let h = d
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let delta = 1
    for (const an of [even, odd]) {
      d = 1 + an * d
      if (Math.abs(d) < tiny) d = tiny
      c = 1 + an / c
      if (Math.abs(c) < tiny) c = tiny
      d = 1 / d
      delta = d * c
      h *= delta
    }
    if (Math.abs(delta - 1) < SERIES_EPSILON * 4) break
  }
  return h
}

/** I_x(a, b): the regularised incomplete beta function, for 0 ≤ x ≤ 1. */
export const betaCdf = (a: number, b: number, x: number): number => {
  if (!(x > 0)) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, 1 - x)) / b
}

/** The standard normal density. */
export const normalPdf = (z: number): number => Math.exp(-0.5 * z * z) / SQRT_2PI

/** The standard normal distribution function. */
export const normalCdf = (z: number): number => {
  const tail = 0.5 * gammaTail(0.5, 0.5 * z * z)
  return z > 0 ? 1 - tail : tail
}

/** 1 − Φ(z), exact in the upper tail. */
export const normalTail = (z: number): number => normalCdf(-z)

// Acklam's rational approximation (relative error 1.15e-9), sharpened below by one step of Halley's method.
const ACKLAM = {
  a: [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239
  ],
  b: [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1],
  c: [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783
  ],
  d: [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1]
} as const
const ACKLAM_TAIL = 0.02425

const horner = (coefficients: ReadonlyArray<number>, x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)

/** The z with Φ(z) = p; −∞ at 0 and ∞ at 1. */
export const normalQuantile = (p: number): number => {
  if (!(p > 0)) return Number.NEGATIVE_INFINITY
  if (p >= 1) return Number.POSITIVE_INFINITY
  if (p > 0.5) return -normalQuantileLower(1 - p)
  return normalQuantileLower(p)
}

const normalQuantileLower = (p: number): number => {
  let z: number
  if (p < ACKLAM_TAIL) {
    const q = Math.sqrt(-2 * Math.log(p))
    z = horner(ACKLAM.c, q) / horner(ACKLAM.d, q)
  } else {
    const q = p - 0.5
    const r = q * q
    z = (horner(ACKLAM.a, r) * q) / horner(ACKLAM.b, r)
  }
  const error = (normalCdf(z) - p) * SQRT_2PI * Math.exp(0.5 * z * z)
  return z - error / (1 + 0.5 * z * error)
}

/** G(k) = E[(Z − k)⁺] for a standard normal Z: the unit loss of safety-stock formulas. */
export const normalLoss = (k: number): number => normalPdf(k) - k * normalTail(k)

/** The quantile of Student's t with `degrees` degrees of freedom. */
export const studentQuantile = (p: number, degrees: number): number => {
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, degrees)
  const tail = (t: number) => 0.5 * betaCdf(degrees / 2, 0.5, degrees / (degrees + t * t))
  let high = 2
  while (tail(high) > 1 - p) high *= 2
  return bisect((t) => 1 - p - tail(t), 0, high)
}

const BISECTION_STEPS = 200

/** The root of a function that rises from below zero at `low` to above zero at `high`, to the last bit. */
export const bisect = (f: (x: number) => number, low: number, high: number): number => {
  let [a, b] = [low, high]
  for (let i = 0; i < BISECTION_STEPS; i++) {
    const middle = a + (b - a) / 2
    if (middle === a || middle === b) break
    if (f(middle) < 0) a = middle
    else b = middle
  }
  return a + (b - a) / 2
}

/** P(X = k) for a Poisson X; 0 for a k that is not a whole number ≥ 0. */
export const poissonPmf = (k: number, mean: number): number => {
  if (k < 0 || !Number.isInteger(k)) return 0
  if (mean === 0) return k === 0 ? 1 : 0
  return Math.exp(k * Math.log(mean) - mean - logGamma(k + 1))
}

/** P(X ≤ k) for a Poisson X. */
export const poissonCdf = (k: number, mean: number): number => {
  if (k < 0) return 0
  return mean === 0 ? 1 : gammaTail(Math.floor(k) + 1, mean)
}

/** P(X = k) for the negative binomial with size r > 0 and success probability p; its mean is r(1 − p)/p. */
export const negativeBinomialPmf = (k: number, r: number, p: number): number =>
  k < 0 || !Number.isInteger(k)
    ? 0
    : Math.exp(logGamma(k + r) - logGamma(r) - logGamma(k + 1) + r * Math.log(p) + k * Math.log1p(-p))

/** P(X ≤ k) for the negative binomial. */
export const negativeBinomialCdf = (k: number, r: number, p: number): number =>
  k < 0 ? 0 : betaCdf(r, Math.floor(k) + 1, p)

/** A generator of uniform numbers in [0, 1). */
export type Uniform = () => number

/** Mulberry32: a small generator with a 32-bit seed, so that every simulation can be repeated exactly. */
export const seededUniform = (seed: number): Uniform => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Draws standard normal numbers from a uniform generator by inversion, one uniform a draw. */
export const normalDraws = (uniform: Uniform) => (): number => normalQuantile(uniform() + 2 ** -33)
