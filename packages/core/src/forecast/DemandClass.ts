// The class of a demand pattern: smooth, erratic, intermittent or lumpy (Syntetos, Boylan & Croston 2005).
import { average } from "./Baselines.ts"
import { isSeasonal, seasonalIndices } from "./Decompose.ts"
import { occurrences } from "./Intermittent.ts"

/** `degenerate` has fewer than two demands and tells nothing yet. */
export type DemandClass = "smooth" | "erratic" | "intermittent" | "lumpy" | "degenerate"

/** The measures behind a class. */
export interface DemandPattern {
  readonly class: DemandClass
  /** Mean interval between demands; the first counts from the start of the series. */
  readonly interval: number
  /** Squared coefficient of variation of the demands that are not zero (sample standard deviation). */
  readonly sizeVariation: number
}

/** Demands on average this far apart are intermittent. */
export const INTERMITTENT_INTERVAL = 1.32
/** Demand sizes that vary more than this are erratic or lumpy. */
export const ERRATIC_VARIATION = 0.49

/**
 * Classifies a series. On dense series a trend or season also shows as variation: use the label to report, not to
 * model.
 */
export const demandPattern = (y: ArrayLike<number>): DemandPattern => {
  const { sizes, intervals } = occurrences(y)
  const n = sizes.length
  if (n === 0) return { class: "degenerate", interval: Number.POSITIVE_INFINITY, sizeVariation: 0 }
  let [sum, gaps] = [0, 0]
  for (let i = 0; i < n; i++) {
    sum += sizes[i]!
    gaps += intervals[i]!
  }
  const mean = sum / n
  const interval = gaps / n
  let squares = 0
  for (const size of sizes) squares += (size - mean) ** 2
  const sizeVariation = n > 1 ? squares / (n - 1) / (mean * mean) : 0
  if (n < 2) return { class: "degenerate", interval, sizeVariation }
  const sparse = interval >= INTERMITTENT_INTERVAL
  const varied = sizeVariation >= ERRATIC_VARIATION
  return {
    class: sparse ? (varied ? "lumpy" : "intermittent") : varied ? "erratic" : "smooth",
    interval,
    sizeVariation
  }
}

/**
 * The coefficient of variation of demand a period (sample standard deviation), with the season taken out where the
 * series has one: what XYZ classes go by. 0 for a series without demand.
 */
export const demandVariation = (y: Float64Array, period = 1): number => {
  const mean = average(y)
  if (!(mean > 0)) return 0
  const indices = isSeasonal(y, period, false) ? seasonalIndices(y, period, "additive") : undefined
  let squares = 0
  for (let t = 0; t < y.length; t++) squares += (y[t]! - (indices?.[t % period] ?? 0) - mean) ** 2
  return y.length > 1 ? Math.sqrt(squares / (y.length - 1)) / mean : 0
}
