// Exponential smoothing and theta models against statsforecast: with its parameters, its likelihoods, errors and
// forecasts. Where its outputs contradict its own model, the test says which step of it explains them.
import { assert, describe, it } from "@effect/vitest"
import { fitOf } from "../../src/forecast/EtsFit.ts"
import { etsPrediction } from "../../src/forecast/EtsForecast.ts"
import { normalQuantile } from "../../src/forecast/Probability.ts"
import { autoTheta, thetaModel, thetaWith } from "../../src/forecast/Theta.ts"
import { dampedTwice, largestGap, type ReferenceFit, referenceSeries, statsforecastFits } from "./ReferenceData.ts"

const EXACT = 1e-8
/** Stored intervals have twelve digits; a narrow one around a large mean keeps fewer of them. */
const WIDTH = 5e-8
const H = 12

const fits = statsforecastFits()
const fitted = ({ model, series, weights, start }: ReferenceFit) =>
  fitOf(model, model.season === "N" ? 1 : series.m, weights, start, series.y)
const named = ({ series, key }: ReferenceFit) => `${series.id} ${key}`
const scaleOf = ({ series }: ReferenceFit) => 1e-3 * Math.max(...series.y)

describe("exponential smoothing with the weights and start states of statsforecast", () => {
  it("reaches its likelihood and its information criterion in all its fits", () => {
    assert.strictEqual(fits.length, 76)
    for (const fit of fits) {
      const { criterion, aicc } = fitted(fit)
      assert.isBelow(Math.abs(-0.5 * criterion - fit.output.loglik), EXACT * Math.abs(fit.output.loglik), named(fit))
      assert.isBelow(Math.abs(aicc - fit.output.aicc), EXACT * Math.abs(fit.output.aicc), named(fit))
    }
  })

  it("forecasts its means, once a damped trend is counted as it counts it", () => {
    for (const fit of fits) {
      const { weights, filtered } = fitted(fit)
      const mean = dampedTwice(fit.model, weights, filtered.state, H)
      assert.isBelow(largestGap(mean, fit.output.mean, scaleOf(fit)), EXACT, named(fit))
    }
  })

  it("spreads as it does without a multiplicative season, two degrees of freedom fewer than in R", () => {
    let compared = 0
    for (const fit of fits) {
      const own = fitted(fit)
      const { error, season } = fit.model
      // Its intervals of multiplicative seasons, and of relative errors with a season, do not move with the season.
      if (season === "M" || (error === "M" && season === "A")) continue
      const sigma2 = own.filtered.sse / (own.filtered.observed - own.parameters - 1)
      const { sd } = etsPrediction({ ...own, sigma2 }, H)
      const variance = sd.map((value, i) => value ** 2 + (season === "A" ? seasonTooEarly(fit, i) * sigma2 : 0))
      const width = variance.map((value) => 2 * normalQuantile(0.9) * Math.sqrt(value))
      const stored = fit.output.hi80.map((value, i) => value - fit.output.lo80[i]!)
      assert.isBelow(largestGap(width, stored), WIDTH, named(fit))
      compared++
    }
    assert.strictEqual(compared, 61)
  })
})

// It counts the seasons that have come round by the last step at every step.
const seasonTooEarly = ({ series, weights }: ReferenceFit, i: number): number => {
  const { alpha, beta, gamma } = weights
  const part = (rounds: number) => rounds * gamma * (2 * alpha + gamma + beta * series.m * (rounds + 1))
  return part(Math.floor((H - 1) / series.m)) - part(Math.floor(i / series.m))
}

const THETAS = [
  ["sf_Theta", "STM"],
  ["sf_OptimizedTheta", "OTM"],
  ["sf_DynamicTheta", "DSTM"],
  ["sf_DynamicOptimizedTheta", "DOTM"]
] as const

describe("theta models", () => {
  const all = referenceSeries()

  it("with the parameters of statsforecast have its error and its forecasts", () => {
    for (const { id, m, y, models } of all) {
      for (const [key, model] of THETAS) {
        const stored = models[key]!
        const { initial_smoothed: level, alpha, theta } = stored.par!
        const parameters = { level: level!, alpha: alpha!, theta: theta! }
        const own = thetaWith(y, model, parameters, { period: m, horizon: H })
        assert.isBelow(Math.abs(own.mse / stored.mse - 1), EXACT, `${id} ${model}`)
        assert.isBelow(largestGap(own.prediction.mean, stored.mean, 1e-3 * Math.max(...y)), EXACT, `${id} ${model}`)
        assert.strictEqual(own.season, stored.decompose ? stored.decomposition_type : undefined, id)
      }
    }
  })

  it("fit every series at least as well as statsforecast", () => {
    for (const { id, m, y, models } of all) {
      for (const [key, model] of THETAS) {
        const own = thetaModel(y, model, { period: m, horizon: H })
        assert.isAtMost(own.mse, models[key]!.mse * 1.0001, `${id} ${model}`)
      }
    }
  })

  it("are chosen as by statsforecast, but for a series where it misses the better optimum", () => {
    const others = all.filter(
      ({ y, m, models }) => autoTheta(y, { period: m, horizon: H }).model !== models["sf_AutoTheta"]!.modeltype
    )
    assert.deepStrictEqual(
      others.map(({ id }) => id),
      ["carparts_21012378"]
    )
    for (const { models } of all) {
      const chosen = THETAS.find(([, model]) => model === models["sf_AutoTheta"]!.modeltype)!
      assert.deepStrictEqual(models["sf_AutoTheta"]!.mean, models[chosen[0]]!.mean)
    }
  })
})
