// The distribution of demand over some time, such as lead time plus review: what reorder points, safety stock, alerts
// and stock-out probabilities are read from.
import {
  bisect,
  gammaCdf,
  gammaTail,
  negativeBinomialCdf,
  negativeBinomialPmf,
  normalCdf,
  normalLoss,
  normalQuantile,
  poissonCdf,
  poissonPmf
} from "./Probability.ts"

/** How much may be asked for, and how likely. */
export interface DemandDistribution {
  /** The family, for reports: `normal`, `gamma`, `poisson`, `negative binomial`, `discrete`, `mixture`, `certain`. */
  readonly family: string
  readonly mean: number
  readonly sd: number
  /** Whether demand comes in whole units; then quantiles are whole. */
  readonly whole: boolean
  /** P(demand ≤ x). */
  readonly cdf: (x: number) => number
  /** The least x with P(demand ≤ x) ≥ p, for 0 ≤ p < 1; never negative. */
  readonly quantile: (p: number) => number
  /** E[(demand − x)⁺]: the units short when x are there. */
  readonly loss: (x: number) => number
}

const clampShare = (p: number): number => (p > 0 ? (p < 1 ? p : 1 - 2 ** -40) : 0)

/** Demand that is known. */
export const certain = (value: number): DemandDistribution => ({
  family: "certain",
  mean: value,
  sd: 0,
  whole: Number.isInteger(value),
  cdf: (x) => (x >= value ? 1 : 0),
  quantile: () => value,
  loss: (x) => Math.max(0, value - x)
})

/** Normal demand. Its quantiles are cut at zero, since nobody demands less than nothing. */
export const normal = (mean: number, sd: number): DemandDistribution =>
  sd > 0
    ? {
        family: "normal",
        mean,
        sd,
        whole: false,
        cdf: (x) => normalCdf((x - mean) / sd),
        quantile: (p) => Math.max(0, mean + sd * normalQuantile(clampShare(p))),
        loss: (x) => sd * normalLoss((x - mean) / sd)
      }
    : certain(mean)

/** Doublings before a search for a bound gives up: enough to leave the range of numbers from anywhere in it. */
const MAX_DOUBLINGS = 2100

// A point where the distribution function is at least `share`, by doubling from `guess`.
const reaching = (cdf: (x: number) => number, guess: number, share: number): number => {
  let high = Math.max(guess, Number.MIN_VALUE)
  for (let i = 0; i < MAX_DOUBLINGS && high < Number.MAX_VALUE && cdf(high) < share; i++) high *= 2
  return Math.min(high, Number.MAX_VALUE)
}

/** Gamma demand with `mean = shape·scale`. */
export const gamma = (shape: number, scale: number): DemandDistribution => {
  const mean = shape * scale
  const sd = Math.sqrt(shape) * scale
  const cdf = (x: number) => gammaCdf(shape, x / scale)
  return {
    family: "gamma",
    mean,
    sd,
    whole: false,
    cdf,
    quantile: (p) => {
      const share = clampShare(p)
      if (share === 0) return 0
      return bisect((x) => cdf(x) - share, 0, reaching(cdf, mean + 4 * sd, share))
    },
    loss: (x) => (x <= 0 ? mean - x : mean * gammaTail(shape + 1, x / scale) - x * gammaTail(shape, x / scale))
  }
}

/** Log-normal demand: its logarithm is normal with mean `mu` and standard deviation `sigma`. */
export const logNormal = (mu: number, sigma: number): DemandDistribution => {
  const mean = Math.exp(mu + (sigma * sigma) / 2)
  return {
    family: "log-normal",
    mean,
    sd: mean * Math.sqrt(Math.expm1(sigma * sigma)),
    whole: false,
    cdf: (x) => (x > 0 ? normalCdf((Math.log(x) - mu) / sigma) : 0),
    quantile: (p) => Math.exp(mu + sigma * normalQuantile(clampShare(p))),
    loss: (x) => {
      if (x <= 0) return mean - x
      const z = (Math.log(x) - mu) / sigma
      return mean * normalCdf(sigma - z) - x * normalCdf(-z)
    }
  }
}

// The least whole k with cdf(k) ≥ p, by doubling and halving the distance.
const wholeQuantile = (cdf: (k: number) => number, guess: number, p: number): number => {
  const share = clampShare(p)
  let high = reaching(cdf, Math.max(1, Math.ceil(guess)), share)
  let low = -1
  while (high - low > 1) {
    const middle = Math.floor(low + (high - low) / 2)
    // Beyond 2⁵³ neighbouring whole numbers are the same number.
    if (middle === low || middle === high) break
    if (cdf(middle) >= share) high = middle
    else low = middle
  }
  return high
}

/** Poisson demand: events that come one by one and independently. */
export const poisson = (mean: number): DemandDistribution => {
  if (!(mean > 0)) return certain(0)
  const cdf = (x: number) => poissonCdf(Math.floor(x), mean)
  return {
    family: "poisson",
    mean,
    sd: Math.sqrt(mean),
    whole: true,
    cdf,
    quantile: (p) => wholeQuantile(cdf, mean, p),
    loss: (x) => {
      if (x <= 0) return mean - x
      const k = Math.floor(x)
      // At whole numbers (μ − k)·P(X > k) + μ·P(X = k); straight between them.
      const at = (j: number) => (mean - j) * (1 - poissonCdf(j, mean)) + mean * poissonPmf(j, mean)
      const below = at(k)
      return x === k ? below : below + (x - k) * (at(k + 1) - below)
    }
  }
}

/** Negative binomial demand with size r > 0 and probability p: Poisson demand whose rate is itself uncertain. */
export const negativeBinomial = (r: number, p: number): DemandDistribution => {
  const mean = (r * (1 - p)) / p
  const sd = Math.sqrt(mean / p)
  const cdf = (x: number) => negativeBinomialCdf(Math.floor(x), r, p)
  const at = (k: number): number => {
    const tail = 1 - negativeBinomialCdf(k, r, p)
    return (mean - k) * tail + ((k + r) * (1 - p) * negativeBinomialPmf(k, r, p)) / p
  }
  return {
    family: "negative binomial",
    mean,
    sd,
    whole: true,
    cdf,
    quantile: (share) => wholeQuantile(cdf, mean + 2 * sd, share),
    loss: (x) => {
      if (x <= 0) return mean - x
      const k = Math.floor(x)
      const below = Math.max(0, at(k))
      return x === k ? below : below + (x - k) * (Math.max(0, at(k + 1)) - below)
    }
  }
}

/** Whole demand with given probabilities: `shares[k]` is P(demand = k). The shares add up to one. */
export const discrete = (shares: ArrayLike<number>): DemandDistribution => {
  const upTo = new Float64Array(shares.length)
  let [sum, mean, square] = [0, 0, 0]
  for (let k = 0; k < shares.length; k++) {
    sum += shares[k]!
    mean += k * shares[k]!
    square += k * k * shares[k]!
    upTo[k] = sum
  }
  const cdf = (x: number) => (x < 0 ? 0 : (upTo[Math.min(Math.floor(x), upTo.length - 1)] ?? 0))
  return {
    family: "discrete",
    mean,
    sd: Math.sqrt(Math.max(0, square - mean * mean)),
    whole: true,
    cdf,
    quantile: (p) => {
      const at = upTo.findIndex((share) => share >= clampShare(p) - 1e-12)
      return at < 0 ? upTo.length - 1 : at
    },
    loss: (x) => {
      let loss = 0
      for (let k = Math.max(0, Math.ceil(x)); k < shares.length; k++) loss += (k - x) * shares[k]!
      return loss
    }
  }
}

/** The sum of `n` independent demands with the same shares. */
export const convolve = (shares: ArrayLike<number>, n: number): Float64Array => {
  let sum = Float64Array.of(1)
  for (let i = 0; i < n; i++) {
    const next = new Float64Array(sum.length + shares.length - 1)
    for (let a = 0; a < sum.length; a++) {
      for (let b = 0; b < shares.length; b++) next[a + b] = next[a + b]! + sum[a]! * shares[b]!
    }
    sum = next
  }
  return sum
}

/** One of several distributions, each with its weight: what an uncertain lead time makes of demand. */
export const mixture = (
  parts: ReadonlyArray<{ readonly weight: number; readonly demand: DemandDistribution }>
): DemandDistribution => {
  const total = parts.reduce((sum, part) => sum + part.weight, 0)
  const mix = (value: (demand: DemandDistribution) => number) =>
    parts.reduce((sum, part) => sum + part.weight * value(part.demand), 0) / total
  const mean = mix((demand) => demand.mean)
  const square = mix((demand) => demand.sd ** 2 + demand.mean ** 2)
  const sd = Math.sqrt(Math.max(0, square - mean * mean))
  const whole = parts.every((part) => part.demand.whole)
  const cdf = (x: number) => mix((demand) => demand.cdf(x))
  return {
    family: "mixture",
    mean,
    sd,
    whole,
    cdf,
    quantile: (p) => {
      if (whole) return wholeQuantile(cdf, mean + 2 * sd, p)
      const share = clampShare(p)
      const quantiles = parts.map((part) => part.demand.quantile(share))
      return Math.max(
        0,
        bisect((x) => cdf(x) - share, Math.min(...quantiles) - 1e-9, Math.max(...quantiles) + 1e-9)
      )
    },
    loss: (x) => mix((demand) => demand.loss(x))
  }
}

/** Above this mean, counting by ones no longer matters and the normal distribution is as good and faster. */
const LARGEST_COUNT_MEAN = 200
/** A normal distribution this wide beside its mean would put weight on negative demand. */
const WIDE = 0.5

/**
 * The usual shape for a mean and a standard deviation: Poisson or negative binomial for small counts, normal for large
 * or continuous demand, gamma where that would reach below zero.
 */
export const shaped = (mean: number, sd: number, counts: boolean): DemandDistribution => {
  const variance = sd * sd
  // A mean so small that its square vanishes is none.
  if (!(mean * mean > 0)) return certain(0)
  if (counts && mean < LARGEST_COUNT_MEAN) {
    // Poisson is the least spread that independent buyers can have.
    if (!(variance > mean * (1 + 1e-9))) return poisson(mean)
    return negativeBinomial((mean * mean) / (variance - mean), mean / variance)
  }
  if (!(sd > 0)) return certain(mean)
  return sd > WIDE * mean ? gamma((mean * mean) / variance, variance / mean) : normal(mean, sd)
}

/**
 * Demand over an uncertain lead time. `over(periods)` gives the distribution over a known number of periods and
 * `leadTimes` the times seen so far, each counting once. Mixing over what was seen keeps the two humps that a variance
 * formula would smear into one; `review` periods are added to each.
 */
export const overLeadTimes = (
  over: (periods: number) => DemandDistribution,
  leadTimes: ReadonlyArray<number>,
  review: number
): DemandDistribution => {
  const counted = new Map<number, number>()
  for (const lead of leadTimes) counted.set(lead + review, (counted.get(lead + review) ?? 0) + 1)
  const parts = [...counted].map(([periods, weight]) => ({ weight, demand: over(periods) }))
  return parts.length === 1 ? parts[0]!.demand : mixture(parts)
}
