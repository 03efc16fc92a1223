// The error measures against stored values, and their conventions.
import { assert, describe, it } from "@effect/vitest"
import {
  biasPercent,
  coverage,
  cumulativeWape,
  mase,
  meanAbsoluteError,
  meanError,
  msis,
  owa,
  periodsInStock,
  pinball,
  rmsse,
  rmsseScale,
  rootMeanSquaredError,
  smape,
  wape
} from "../../src/forecast/Accuracy.ts"
import { referenceSeries } from "./ReferenceData.ts"

const near = (own: number, stored: number, message: string) =>
  assert.isBelow(Math.abs(own - stored), 1e-6 * Math.max(1e-6, Math.abs(stored)), message)

const meanSquaredStep = (history: Float64Array) =>
  history.slice(1).reduce((sum, value, t) => sum + (value - history[t]!) ** 2, 0) / (history.length - 1)

describe("measures of held-out forecasts", () => {
  for (const method of ["snaive", "ses", "thetaf", "ets"]) {
    it(`agree with the stored ones for ${method}`, () => {
      for (const { id, m, y, holdout } of referenceSeries()) {
        const stored = holdout[method]!
        const history = y.slice(0, y.length - holdout.k)
        const actual = y.slice(y.length - holdout.k)
        near(meanError(actual, stored.mean), stored.ME, `${id} ME`)
        near(meanAbsoluteError(actual, stored.mean), stored.MAE, `${id} MAE`)
        near(rootMeanSquaredError(actual, stored.mean), stored.RMSE, `${id} RMSE`)
        near(mase(actual, stored.mean, history, m), stored.MASE_lagm, `${id} MASE`)
        near(mase(actual, stored.mean, history, 1), stored.MASE_lag1, `${id} MASE of lag 1`)
        near(wape(actual, stored.mean), stored.WAPE, `${id} WAPE`)
        near(biasPercent(actual, stored.mean), stored.bias_pct, `${id} bias`)
        if (stored.sMAPE_0_200 !== null) near(smape(actual, stored.mean), stored.sMAPE_0_200, `${id} sMAPE`)
        // The stored scale begins with the series, ours with the first demand as in the M5 competition.
        const scale = Math.sqrt(meanSquaredStep(history) / rmsseScale(history))
        near(rmsse(actual, stored.mean, history) / scale, stored.RMSSE_lag1, `${id} RMSSE`)
        if (history[0] !== 0) assert.strictEqual(scale, 1)
      }
    })
  }
})

describe("conventions", () => {
  it("a period where both are zero costs no sMAPE", () => {
    assert.strictEqual(smape([0, 10], [0, 10]), 0)
    assert.strictEqual(smape([0], [1]), 200)
  })

  it("cumulative error lets misses of one period make up for another", () => {
    assert.strictEqual(cumulativeWape([10, 0], [5, 5]), 0)
    assert.strictEqual(wape([10, 0], [5, 5]), 1)
  })

  it("pinball loss punishes the likelier side less", () => {
    assert.closeTo(pinball([10], [8], 0.9), 1.8, 1e-12)
    assert.closeTo(pinball([8], [10], 0.9), 0.2, 1e-12)
  })

  it("bounds count as inside", () => {
    assert.strictEqual(coverage([1, 2, 3], [1, 1, 1], [2, 2, 2]), 2 / 3)
  })

  it("the interval score adds width and misses, 2/α a unit", () => {
    assert.closeTo(msis([5], [0], [4], 0.95, 1), 4 + 40, 1e-9)
  })

  it("overall weighted average is one for the benchmark itself", () => {
    assert.strictEqual(owa({ smape: 14.7, mase: 1.67 }, { smape: 14.7, mase: 1.67 }), 1)
  })

  it("stock built from forecasts is in stock while their sum covers demand", () => {
    assert.strictEqual(periodsInStock([1, 3, 1], [2, 1, 2]), 2 / 3)
  })
})
