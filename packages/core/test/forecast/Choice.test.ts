// Which forecaster a history gets, what it says of itself, and backtests.
import { assert, describe, it } from "@effect/vitest"
import { autoEts, etsLearner } from "../../src/forecast/AutoEts.ts"
import {
  backtest,
  backtestLearner,
  challenge,
  originsOf,
  quantileScore,
  summarise
} from "../../src/forecast/Backtest.ts"
import { naive } from "../../src/forecast/Baselines.ts"
import { forecast } from "../../src/forecast/Choice.ts"
import { believedDemand, categoryBelief, initialBelief, updatedBelief } from "../../src/forecast/ColdStart.ts"
import { conformalDemand, linearQuantile } from "../../src/forecast/Conformal.ts"
import { pointForecast } from "../../src/forecast/Ets.ts"
import { seededUniform } from "../../src/forecast/Probability.ts"

const sparse = Array.from({ length: 60 }, (_, t) => (t % 5 === 4 ? 1 + (t % 3) : 0))
const steady = Array.from({ length: 60 }, (_, t) => 20 + ((t * 7) % 5))

describe("the method of a history", () => {
  it("is smoothing over several periods where demand is intermittent", () => {
    const own = forecast(sparse, { horizon: 3 })
    assert.match(own.method, /IMAPA, DOTM/)
    assert.match(own.why, /every 5\.0 periods/)
    assert.closeTo(own.mean[0]!, 0.4, 0.1)
  })

  it("is a combination of models where demand is regular", () => {
    const own = forecast(steady, { horizon: 3 })
    assert.match(own.method, /ETS.*DOTM, Theta, SES, mean/)
    assert.closeTo(own.mean[0]!, 22, 1)
  })

  it("is the category's word where there is little history, and more and more its own", () => {
    const belief = categoryBelief([2, 4, 6, 3, 5])
    const none = forecast([], { horizon: 1, belief })
    const some = forecast([10, 10, 10], { horizon: 1, belief })
    assert.strictEqual(none.method, "Gamma-Poisson")
    assert.closeTo(none.mean[0]!, 4, 1e-9)
    assert.isTrue(some.mean[0]! > 4 && some.mean[0]! < 10)
  })

  it("begins with the first observation: a product not yet listed has no demand of zero", () => {
    const listed = forecast([null, null, null, ...steady], { horizon: 2 })
    assert.deepStrictEqual(listed.mean, forecast(steady, { horizon: 2 }).mean)
  })

  it("gives way to one that did clearly better on the past, if asked", () => {
    const uniform = seededUniform(5)
    // Each season repeats the last exactly, except for its level: the seasonal naive forecast is hard to beat.
    const weekly = Array.from({ length: 70 }, (_, t) => [5, 0, 90, 3, 0, 40, 1][t % 7]! + (uniform() < 0.02 ? 1 : 0))
    const own = forecast(weekly, { horizon: 5, period: 7, backtest: true })
    assert.strictEqual(own.method, "seasonal naive")
    assert.match(own.why, /seasonal naive missed/)
  })
})

describe("believing a category", () => {
  it("weighs own history more where the category is varied", () => {
    const alike = updatedBelief(categoryBelief([4, 4.1, 3.9, 4]), [10, 10])
    const varied = updatedBelief(categoryBelief([1, 20, 2, 9]), [10, 10])
    assert.isBelow(alike.a / alike.b, varied.a / varied.b)
  })

  it("makes demand wider than Poisson, the more the less is known", () => {
    const vague = believedDemand(initialBelief(3), 4)
    const sure = believedDemand(updatedBelief(initialBelief(3), new Array(100).fill(3)), 4)
    assert.closeTo(vague.mean, 12, 1e-9)
    assert.closeTo(sure.mean, 12, 1e-9)
    assert.isTrue(vague.sd > sure.sd && sure.sd > Math.sqrt(12))
  })
})

describe("backtesting", () => {
  it("counts origins from the end", () => {
    assert.deepStrictEqual(originsOf(20, { horizon: 4, windows: 3 }), [8, 12, 16])
    assert.deepStrictEqual(originsOf(10, { horizon: 4, step: 1, minTrain: 4 }), [4, 5, 6])
    assert.deepStrictEqual(originsOf(3, { horizon: 4 }), [])
  })

  it("never shows a forecaster what comes later", () => {
    const y = Float64Array.from({ length: 12 }, (_, t) => t)
    const trials = backtest(y, (history, horizon) => naive(history, horizon).mean, { horizon: 3, windows: 2 })
    for (const { origin, history, forecast: guessed, actual } of trials) {
      assert.strictEqual(history.length, origin)
      assert.deepStrictEqual(Array.from(guessed), [origin - 1, origin - 1, origin - 1])
      assert.deepStrictEqual(Array.from(actual), [origin, origin + 1, origin + 2])
    }
    const summary = summarise(trials)
    assert.strictEqual(summary.trials, 2)
    assert.closeTo(summary.cumulativeWape, 12 / 51, 1e-12)
    assert.isBelow(summary.biasPercent, 0)
  })

  it("learns once or at every origin", () => {
    const y = Float64Array.from({ length: 24 }, (_, t) => t)
    const learner = (seen: Float64Array) => (history: Float64Array, horizon: number) =>
      new Float64Array(horizon).fill(100 * seen.length + history.length)
    const origins = { horizon: 4, windows: 3 }
    const first = (refit: boolean) => backtestLearner(y, learner, { ...origins, refit }).map((one) => one.forecast[0])
    assert.deepStrictEqual(first(true), [1212, 1616, 2020])
    assert.deepStrictEqual(first(false), [1212, 1216, 1220])
    assert.deepStrictEqual(backtestLearner(y, learner, { horizon: 30 }), [])
  })

  it("goes on with the weights a model has learned", () => {
    const y = Float64Array.from({ length: 40 }, (_, t) => 50 + t + 5 * Math.sin(t))
    const learner = etsLearner({ period: 1 })
    const fit = autoEts(y, { period: 1 })
    const own = learner(y)(y, 3)
    assert.deepStrictEqual(Array.from(own), Array.from(pointForecast(fit.model, fit.weights, fit.filtered.state, 3)))
    const later = Float64Array.of(...y, 200)
    assert.isAbove(learner(y)(later, 1)[0]!, own[0]!)
  })

  it("keeps the first forecaster unless another is clearly better", () => {
    const y = Float64Array.from({ length: 40 }, (_, t) => 10 + (t % 2))
    const flat = (value: number) => (_: Float64Array, horizon: number) => new Float64Array(horizon).fill(value)
    const origins = { horizon: 4, windows: 5 }
    const close = [
      { name: "first", forecaster: flat(10.52) },
      { name: "second", forecaster: flat(10.519) }
    ]
    const far = [
      { name: "first", forecaster: flat(12) },
      { name: "second", forecaster: flat(10.5) }
    ]
    assert.strictEqual(challenge(y, close, origins).name, "first")
    assert.strictEqual(challenge(y, far, origins).name, "second")
  })

  it("scores reorder points by the quantile they stand for", () => {
    const y = Float64Array.from({ length: 30 }, (_, t) => t % 10)
    const at = (value: number) =>
      quantileScore(
        backtest(y, (_, horizon) => new Float64Array(horizon).fill(value), { horizon: 10, windows: 3 }),
        0.9
      )
    assert.isBelow(at(9), at(5))
    assert.isBelow(at(9), at(20))
  })

  it("bounds summed demand by what past forecasts missed", () => {
    const y = Float64Array.from({ length: 40 }, (_, t) => (t % 4 === 0 ? 14 : 10))
    const flat = (_: Float64Array, horizon: number) => new Float64Array(horizon).fill(11)
    assert.strictEqual(conformalDemand(y, flat, 4, 8, 0.9), 44)
    assert.strictEqual(linearQuantile([1, 2, 3, 4], 0.5), 2.5)
  })
})
