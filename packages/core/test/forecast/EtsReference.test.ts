// The filter and the forecasts of exponential smoothing against R: given weights and start states everything must
// agree.
import { assert, describe, it } from "@effect/vitest"
import { filter, pointForecast } from "../../src/forecast/Ets.ts"
import { fitOf } from "../../src/forecast/EtsFit.ts"
import { etsPrediction, seasonalMoments } from "../../src/forecast/EtsForecast.ts"
import { interval } from "../../src/forecast/Prediction.ts"
import { dampedTwice, largestGap, type ReferenceFit, referenceFits } from "./ReferenceData.ts"

const EXACT = 1e-8
/** Stored intervals have twelve digits; a narrow one around a large mean keeps fewer of them. */
const WIDTH = 5e-8

const fits = referenceFits()
const fitted = ({ model, series, weights, start }: ReferenceFit) =>
  fitOf(model, model.season === "N" ? 1 : series.m, weights, start, series.y)
const named = ({ series, key }: ReferenceFit) => `${series.id} ${key}`
const multiplies = ({ model }: ReferenceFit) => model.error === "M" && model.season === "M"
/**
 * A known defect of R: with a multiplicative season and a damped trend it adds the whole trend at every step and damps
 * it afterwards, which is our model with trend and trend weight divided by phi. Ours is compared with that.
 */
const asStored = (fit: ReferenceFit) => {
  const own = fitted(fit)
  if (!(multiplies(fit) && fit.model.trend === "Ad")) return own
  const { phi, beta } = own.weights
  const state = { ...own.filtered.state, trend: own.filtered.state.trend / phi }
  return { ...own, weights: { ...own.weights, beta: beta / phi }, filtered: { ...own.filtered, state } }
}
const scaleOf = ({ series }: ReferenceFit) => 1e-3 * Math.max(...series.y)

describe("exponential smoothing with the stored weights and start states", () => {
  it("has every stored fit of fifteen series", () => {
    assert.strictEqual(fits.length, 221)
  })

  it("reaches the stored likelihood, errors and information criterion", () => {
    for (const fit of fits) {
      const { filtered, aic, aicc, bic, sigma2 } = fitted(fit)
      assert.isBelow(
        Math.abs(-0.5 * filtered.criterion - fit.output.loglik),
        EXACT * Math.abs(fit.output.loglik),
        named(fit)
      )
      assert.isBelow(Math.abs(filtered.squaredError - fit.output.sse), EXACT * fit.output.sse, named(fit))
      assert.isBelow(Math.abs(sigma2 - fit.output.sigma2), EXACT * fit.output.sigma2, named(fit))
      assert.isBelow(Math.abs(aicc - fit.output.aicc), EXACT * Math.abs(fit.output.aicc), named(fit))
      assert.isBelow(Math.abs(aic - fit.output.aic), EXACT * Math.abs(fit.output.aic), named(fit))
      assert.isBelow(Math.abs(bic - fit.output.bic), EXACT * Math.abs(fit.output.bic), named(fit))
      const mse = filtered.squaredError / filtered.observed
      assert.isBelow(Math.abs(mse - fit.output.mse), EXACT * fit.output.mse, named(fit))
    }
  })

  it("fits the stored values, one and up to three steps ahead", () => {
    for (const fit of fits) {
      const { model, weights, series, output } = fit
      const { fitted: own } = filter(model, weights, fit.start, series.y)
      assert.isBelow(largestGap(own.slice(0, output.fitted_head.length), output.fitted_head, scaleOf(fit)), EXACT)
      assert.isBelow(largestGap(own.slice(-output.fitted_tail.length), output.fitted_tail, scaleOf(fit)), EXACT)
      // The stored amse is the mean over one, two and three steps ahead of the mean squared error.
      const squares = [0, 0, 0]
      let state = fit.start
      series.y.forEach((_, t) => {
        const ahead = dampedTwice(model, weights, state, 3)
        for (let h = 0; h < Math.min(3, series.n - t); h++) squares[h]! += (series.y[t + h]! - ahead[h]!) ** 2
        state = filter(model, weights, state, series.y.slice(t, t + 1)).state
      })
      const amse = squares.reduce((sum, square, h) => sum + square / (series.n - h), 0) / 3
      assert.isBelow(Math.abs(amse - output.amse), EXACT * output.amse, named(fit))
    }
  })

  it("ends in the stored states", () => {
    for (const fit of fits) {
      const { state } = filter(fit.model, fit.weights, fit.start, fit.series.y)
      const stored = [fit.output.last_state].flat()
      const own = [state.level, ...(fit.model.trend === "N" ? [] : [state.trend]), ...state.seasons]
      assert.strictEqual(own.length, stored.length, named(fit))
      assert.isBelow(largestGap(own, stored, scaleOf(fit) * 1e-2), EXACT, named(fit))
    }
  })

  it("forecasts the stored means", () => {
    for (const fit of fits) {
      const { state } = filter(fit.model, fit.weights, fit.start, fit.series.y)
      const mean = pointForecast(fit.model, fit.weights, state, 12)
      assert.isBelow(largestGap(mean, fit.output.mean_plugin ?? fit.output.mean, scaleOf(fit)), EXACT, named(fit))
    }
  })

  it("spreads as stored, for additive and multiplicative errors alike", () => {
    for (const fit of fits) {
      const prediction = etsPrediction(asStored(fit), 12)
      for (const [level, low, high] of [
        [0.8, fit.output.lo80, fit.output.hi80],
        [0.95, fit.output.lo95, fit.output.hi95]
      ] as const) {
        const { lower, upper } = interval(prediction, level)
        const width = upper.map((value, i) => value - lower[i]!)
        const stored = high.map((value, i) => value - low[i]!)
        assert.isBelow(largestGap(width, stored), WIDTH, named(fit))
      }
    }
  })

  it("has the stored conditional mean where the season multiplies", () => {
    for (const fit of fits.filter(multiplies)) {
      assert.isBelow(largestGap(seasonalMoments(asStored(fit), 12).mean, fit.output.mean), EXACT, named(fit))
    }
  })

  it("spreads sums over lead times of 1 to 12 periods as stored", () => {
    let compared = 0
    for (const fit of fits) {
      const { leadtime } = fit.output
      if (leadtime === undefined) continue
      const { mean, cumulativeSd } = etsPrediction(fitted(fit), 12)
      let sum = 0
      const sums = mean.map((value) => {
        sum += value
        return sum
      })
      assert.isBelow(largestGap(sums, leadtime.cum_mean, scaleOf(fit)), EXACT, named(fit))
      assert.isBelow(largestGap(cumulativeSd, leadtime.cum_sd), EXACT, named(fit))
      compared++
    }
    assert.isAbove(compared, 60)
  })
})

describe("sums over periods of multiplicative models", () => {
  it("begin with the spread of one period and agree with simulated paths", async () => {
    const { normalDraws, seededUniform } = await import("../../src/forecast/Probability.ts")
    const chosen = fits.filter((fit) => fit.key === "ets_MAM" && fit.series.m === 12)
    for (const fit of chosen) {
      const own = fitted(fit)
      const { sd, cumulativeSd } = etsPrediction(own, 12)
      assert.isBelow(Math.abs(cumulativeSd[0]! / sd[0]! - 1), 1e-12)
      const draw = normalDraws(seededUniform(7))
      const { alpha, beta, gamma } = fit.weights
      const paths = 4000
      let [sum, square] = [0, 0]
      for (let path = 0; path < paths; path++) {
        let { level, trend } = own.filtered.state
        const seasons = Array.from(own.filtered.state.seasons).reverse()
        let total = 0
        for (let h = 0; h < 12; h++) {
          const q = level + trend
          const e = Math.sqrt(own.sigma2) * draw()
          total += q * seasons[h]! * (1 + e)
          level = q * (1 + alpha * e)
          trend += beta * q * e
          seasons.push(seasons[h]! * (1 + gamma * e))
        }
        sum += total
        square += total * total
      }
      const simulated = Math.sqrt(square / paths - (sum / paths) ** 2)
      assert.isBelow(Math.abs(cumulativeSd[11]! / simulated - 1), 0.05, named(fit))
    }
    assert.isAbove(chosen.length, 3)
  })
})
