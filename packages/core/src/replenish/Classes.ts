// Which products matter and how steady they sell: ABC by value, XYZ by variation; cover and turnover.

/** A by value, from the top: A until the first threshold of cumulative share, then B, then C. */
export type AbcClass = "A" | "B" | "C"
/** X steady, Y varying, Z erratic. */
export type XyzClass = "X" | "Y" | "Z"

/** Where A and B end, as cumulative shares of value. */
export const ABC_THRESHOLDS = { a: 0.8, b: 0.95 } as const
/** Where X and Y end, as coefficients of variation of demand a period, season removed. */
export const XYZ_THRESHOLDS = { x: 0.5, y: 1 } as const

/**
 * Classes by value, in the order given. The share that counts is the one before the product, so that the top product is
 * always A; equal values keep their order. Without any value everything is C.
 */
export const abcClasses = (
  values: ReadonlyArray<number>,
  thresholds: { readonly a: number; readonly b: number } = ABC_THRESHOLDS
): ReadonlyArray<AbcClass> => {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0)
  const order = values.map((_, index) => index).sort((i, j) => values[j]! - values[i]! || i - j)
  const classes = new Array<AbcClass>(values.length).fill("C")
  let before = 0
  for (const index of order) {
    const share = total > 0 ? before / total : 1
    classes[index] = share < thresholds.a ? "A" : share < thresholds.b ? "B" : "C"
    before += Math.max(0, values[index]!)
  }
  return classes
}

/** The class of a coefficient of variation. */
export const xyzClass = (
  variation: number,
  thresholds: { readonly x: number; readonly y: number } = XYZ_THRESHOLDS
): XyzClass => (variation <= thresholds.x ? "X" : variation <= thresholds.y ? "Y" : "Z")

/**
 * How many of the coming periods the stock lasts, given their expected demand: whole periods and the part of the next.
 * Infinity where the forecast ends before the stock.
 */
export const periodsOfCover = (onHand: number, expected: ArrayLike<number>): number => {
  let left = Math.max(0, onHand)
  for (let period = 0; period < expected.length; period++) {
    if (expected[period]! > left) return period + left / expected[period]!
    left -= expected[period]!
  }
  return Number.POSITIVE_INFINITY
}

/** How many periods the stock lasts at a steady rate; Infinity where nothing sells. */
export const flatCover = (onHand: number, rate: number): number =>
  rate > 0 ? Math.max(0, onHand) / rate : Number.POSITIVE_INFINITY

const DAYS_PER_YEAR = 365

/** How often stock turned over in a year, and how many days a unit lay. Cost of goods sold over mean stock at cost. */
export const turnover = (
  costOfGoodsSold: number,
  averageInventory: number
): { readonly turns: number; readonly days: number } => {
  const turns = costOfGoodsSold / averageInventory
  return { turns, days: DAYS_PER_YEAR / turns }
}
