// The season of a group of products: what a product with less than two cycles of history cannot see by itself.
import { average } from "./Baselines.ts"
import type { Predictor } from "./Conformal.ts"
import { fillMissing } from "./DemandSeries.ts"

/**
 * How demand of a group swings over a cycle: one factor a season, 1 on average. They are counted from the present, as
 * histories end there together: the first is that of the first coming period.
 */
export type SeasonFactors = ReadonlyArray<number>

/** With fewer products their differences say too little about chance. */
const SMALLEST_GROUP = 5
/** Demand is not divided by less: a season without sales says nothing about the level. */
const SMALLEST_FACTOR = 0.05

// What a product sold `back` periods before the present, returns not counted.
const sold = (history: Float64Array, back: number): number => Math.max(0, history[history.length - back]!)

/**
 * Estimates the season from the whole cycles that at least one product has. The share of a season in its cycle is drawn
 * towards 1 by how far the products disagree about it (empirical Bayes: signal variance ÷ signal and noise variance),
 * so that a group without a season gets next to none. Null and NaN mark periods without observation. Undefined with
 * less than one cycle or fewer than five products. A group that grew fast through its only year has that growth in its
 * season too: one cycle cannot tell them apart.
 */
export const groupSeason = (
  given: ReadonlyArray<ArrayLike<number | null>>,
  period: number
): SeasonFactors | undefined => {
  const histories = given.map((history) => fillMissing(Float64Array.from(history, (value) => value ?? Number.NaN)))
  const longest = histories.reduce((most, { length }) => Math.max(most, length), 0)
  const cycles = Math.floor(longest / period)
  if (period < 2 || cycles < 1 || histories.length < SMALLEST_GROUP) return undefined
  const shares = new Float64Array(period)
  const noise = new Float64Array(period)
  let counted = 0
  for (let cycle = 1; cycle <= cycles; cycle++) {
    // Only products that were there all through the cycle: others would bring their start into the season.
    const group = histories.filter(({ length }) => length >= cycle * period)
    const rates = group.map((history) => {
      let sum = 0
      for (let season = 0; season < period; season++) sum += sold(history, cycle * period - season)
      return sum / period
    })
    const rate = rates.reduce((sum, own) => sum + own, 0)
    if (group.length < SMALLEST_GROUP || !(rate > 0)) continue
    counted++
    for (let season = 0; season < period; season++) {
      const values = group.map((history) => sold(history, cycle * period - season))
      const share = values.reduce((sum, value) => sum + value, 0) / rate
      shares[season]! += share
      const squares = values.reduce((sum, value, i) => sum + ((value - share * rates[i]!) / rate) ** 2, 0)
      noise[season]! += (squares * group.length) / (group.length - 1)
    }
  }
  if (counted === 0) return undefined
  const raw = shares.map((share) => share / counted)
  const variance = noise.map((value) => value / counted ** 2)
  const signal = Math.max(0, average(raw.map((share) => (share - 1) ** 2)) - average(variance))
  const drawn = raw.map((share, season) => {
    const trust = signal + variance[season]! > 0 ? signal / (signal + variance[season]!) : 0
    return 1 + trust * (share - 1)
  })
  const mean = average(drawn)
  return Array.from(drawn, (factor) => factor / mean)
}

/** The factor of the period `ahead` of the present: 0 is the first coming one, −1 the last of the history. */
export const factorAt = (season: SeasonFactors | undefined, ahead: number): number => {
  if (season === undefined || season.length === 0) return 1
  const { length } = season
  const factor = season[((ahead % length) + length) % length]!
  return Number.isFinite(factor) ? Math.max(factor, SMALLEST_FACTOR) : 1
}

/** A predictor for histories with the given season, that end `length` periods after the first at the present. */
export const inSeason =
  (predictor: Predictor, season: SeasonFactors, length: number): Predictor =>
  (history, horizon) => {
    const at = (t: number) => factorAt(season, t - length)
    const flat = predictor(
      history.map((value, t) => value / at(t)),
      horizon
    )
    const back = (values: Float64Array) => values.map((value, i) => value * at(history.length + i))
    const mean = back(flat.mean)
    let [usual, seasonal] = [0, 0]
    return {
      ...flat,
      mean,
      sd: back(flat.sd),
      cumulativeSd: flat.cumulativeSd.map((sd, i) => {
        usual += flat.mean[i]!
        seasonal += mean[i]!
        return i === 0 ? sd * at(history.length) : usual > 0 ? (sd * seasonal) / usual : sd
      })
    }
  }
