// How wrong a forecast was: the error measures of the forecasting literature, each with one fixed definition.

/**
 * In-sample scale of MASE: the mean absolute difference to the value `lag` periods before (M4, Hyndman & Koehler 2006).
 */
export const maseScale = (history: ArrayLike<number>, lag: number): number => {
  let sum = 0
  for (let t = lag; t < history.length; t++) sum += Math.abs(history[t]! - history[t - lag]!)
  return history.length > lag ? sum / (history.length - lag) : Number.NaN
}

/** In-sample scale of RMSSE: the mean squared first difference, from the first demand on (M5). */
export const rmsseScale = (history: ArrayLike<number>): number => {
  let start = 0
  while (start < history.length && history[start] === 0) start++
  let sum = 0
  for (let t = start + 1; t < history.length; t++) sum += (history[t]! - history[t - 1]!) ** 2
  return history.length - start > 1 ? sum / (history.length - start - 1) : Number.NaN
}

const total = (length: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < length; i++) sum += term(i)
  return sum
}

/** Mean error, actual − forecast: positive when the forecast was too low. */
export const meanError = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  total(actual.length, (i) => actual[i]! - forecast[i]!) / actual.length

/** Bias in percent of demand, 100·Σ(forecast − actual)/Σactual: positive when the forecast was too high. */
export const biasPercent = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  (100 * total(actual.length, (i) => forecast[i]! - actual[i]!)) / total(actual.length, (i) => actual[i]!)

/** Mean absolute error. */
export const meanAbsoluteError = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  total(actual.length, (i) => Math.abs(actual[i]! - forecast[i]!)) / actual.length

/** Root of the mean squared error. */
export const rootMeanSquaredError = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  Math.sqrt(total(actual.length, (i) => (actual[i]! - forecast[i]!) ** 2) / actual.length)

/**
 * Weighted absolute percentage error as a share, Σ|e|/Σ|actual|. Least at zero forecasts when demand is intermittent.
 */
export const wape = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  total(actual.length, (i) => Math.abs(actual[i]! - forecast[i]!)) / total(actual.length, (i) => Math.abs(actual[i]!))

/** Symmetric MAPE on the scale 0…200; a period where both are zero counts as zero. */
export const smape = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  total(actual.length, (i) => {
    const size = Math.abs(actual[i]!) + Math.abs(forecast[i]!)
    return size === 0 ? 0 : (200 * Math.abs(actual[i]! - forecast[i]!)) / size
  }) / actual.length

/** Mean absolute scaled error against the naive forecast of lag `lag` within `history`. */
export const mase = (
  actual: ArrayLike<number>,
  forecast: ArrayLike<number>,
  history: ArrayLike<number>,
  lag: number
): number => meanAbsoluteError(actual, forecast) / maseScale(history, lag)

/** Root mean squared scaled error (M5). */
export const rmsse = (actual: ArrayLike<number>, forecast: ArrayLike<number>, history: ArrayLike<number>): number =>
  rootMeanSquaredError(actual, forecast) / Math.sqrt(rmsseScale(history))

/** |Σ errors| over the horizon as a share of demand: the error that stock feels. */
export const cumulativeWape = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  Math.abs(total(actual.length, (i) => actual[i]! - forecast[i]!)) / total(actual.length, (i) => Math.abs(actual[i]!))

/** Overall weighted average of M4: the mean of the sMAPE and the MASE ratios to Naive2, each of totals over series. */
export const owa = (
  method: { readonly smape: number; readonly mase: number },
  naive2: { readonly smape: number; readonly mase: number }
): number => (method.smape / naive2.smape + method.mase / naive2.mase) / 2

/** Pinball loss of a forecast of the quantile `q`, averaged over the periods. */
export const pinball = (actual: ArrayLike<number>, quantile: ArrayLike<number>, q: number): number =>
  total(actual.length, (i) => {
    const error = actual[i]! - quantile[i]!
    return Math.max(q * error, (q - 1) * error)
  }) / actual.length

/** Share of periods inside the bounds, both included. */
export const coverage = (actual: ArrayLike<number>, lower: ArrayLike<number>, upper: ArrayLike<number>): number =>
  total(actual.length, (i) => (actual[i]! >= lower[i]! && actual[i]! <= upper[i]! ? 1 : 0)) / actual.length

/** Mean scaled interval score (M4) of central intervals with the given level, against the scale of MASE. */
export const msis = (
  actual: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  level: number,
  scale: number
): number => {
  const penalty = 2 / (1 - level)
  const score = total(actual.length, (i) => {
    const width = upper[i]! - lower[i]!
    const below = Math.max(0, lower[i]! - actual[i]!)
    const above = Math.max(0, actual[i]! - upper[i]!)
    return width + penalty * (below + above)
  })
  return score / actual.length / scale
}

/**
 * Share of periods in stock when each starts with `forecast` units more and unmet demand waits: the periods-in-stock
 * measure of intermittent demand, read as a share of periods whose cumulated forecast covers the cumulated demand.
 */
export const periodsInStock = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number => {
  let stock = 0
  return (
    total(actual.length, (i) => {
      stock += forecast[i]! - actual[i]!
      return stock >= 0 ? 1 : 0
    }) / actual.length
  )
}
