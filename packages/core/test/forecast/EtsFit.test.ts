// Fitting exponential smoothing: how near the optimum the search comes, and how near R's forecasts.
import { assert, describe, it } from "@effect/vitest"
import { autoEts, candidates } from "../../src/forecast/AutoEts.ts"
import { pointForecast } from "../../src/forecast/Ets.ts"
import { fitEts } from "../../src/forecast/EtsFit.ts"
import { largestGap, referenceFits, referenceSeries } from "./ReferenceData.ts"

// Every model but R's own choice, which is one of them.
const stored = referenceFits().filter(({ key }) => key !== "ets_ZZZ")

const fitAll = (restarts: number) =>
  stored.map((reference) => {
    const { model, output, series } = reference
    const criterion = output.crit === "mse" ? "mse" : "likelihood"
    const fit = fitEts(series.y, model, { period: series.m, criterion, restarts })
    return { reference, fit }
  })

const share = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean) => items.filter(holds).length / items.length

describe("fitting with restarts", () => {
  const fits = fitAll(4)
  const byLikelihood = fits.filter(({ reference }) => reference.output.crit === "lik")
  const byError = fits.filter(({ reference }) => reference.output.crit === "mse")
  const above = ({ reference, fit }: (typeof fits)[number]) => fit.criterion + 2 * reference.output.loglik

  it("comes as near the optimum as R in 95 % of fits and within 0.5 in 98 %", () => {
    assert.isAtLeast(
      share(byLikelihood, (fit) => above(fit) <= 0.01),
      0.95
    )
    assert.isAtLeast(
      share(byLikelihood, (fit) => above(fit) <= 0.5),
      0.98
    )
  })

  it("reaches R's mean squared error in 95 % of fits", () => {
    const ratio = ({ reference, fit }: (typeof fits)[number]) =>
      fit.filtered.squaredError / fit.filtered.observed / reference.output.mse
    assert.isAtLeast(
      share(byError, (fit) => ratio(fit) <= 1 + 1e-4),
      0.95
    )
  })

  it("forecasts as R, or as the best optimum known, wherever the optimum pins the forecast down", () => {
    const tight = fits.filter(({ reference }) => reference.output.conditioning === "tight")
    assert.strictEqual(tight.length, 79)
    const far = tight.filter(({ reference, fit }) => {
      const mean = pointForecast(reference.model, fit.weights, fit.filtered.state, 12)
      const { output } = reference
      const known = output.best_known!
      const gap = Math.min(
        largestGap(mean, output.mean_plugin ?? output.mean),
        largestGap(mean, known.mean, 1e-3 * Math.max(...reference.series.y))
      )
      // A better optimum than any known one may lie elsewhere.
      const better =
        output.crit === "lik"
          ? above({ reference, fit }) < known.criterion_best - known.criterion_R - 0.01
          : fit.filtered.squaredError / fit.filtered.observed < known.criterion_best * (1 - 1e-4)
      return gap > 1e-3 && !better
    })
    assert.deepStrictEqual(
      far.map(({ reference }) => `${reference.series.id} ${reference.key}`),
      []
    )
  })
})

describe("fitting once", () => {
  it("ends within 0.5 of R's criterion in most fits", () => {
    const fits = fitAll(0).filter(({ reference }) => reference.output.crit === "lik")
    assert.isAtLeast(
      share(fits, ({ reference, fit }) => fit.criterion + 2 * reference.output.loglik <= 0.5),
      0.88
    )
  })

  it("keeps all weights inside their bounds", () => {
    for (const { reference, fit } of fitAll(0)) {
      const { alpha, beta, gamma, phi } = fit.weights
      const trended = reference.model.trend !== "N"
      assert.isTrue(alpha >= 1e-4 && alpha <= 0.9999)
      assert.isTrue(trended ? beta >= 1e-4 && beta <= alpha : beta === 0)
      assert.isTrue(reference.model.season === "N" ? gamma === 0 : gamma >= 1e-4 && gamma <= 1 - alpha + 1e-12)
      assert.isTrue(reference.model.trend === "Ad" ? phi >= 0.8 && phi <= 0.98 : phi === 1)
    }
  })
})

describe("the automatic choice", () => {
  it("has fifteen candidates for positive seasonal series and six for others", () => {
    assert.strictEqual(candidates(true, true).length, 15)
    assert.strictEqual(candidates(false, true).length, 6)
    assert.strictEqual(candidates(true, false).length, 6)
  })

  it("is as good as R's choice by its own criterion, or within 6 of it", () => {
    const gaps = referenceSeries().map((series) => ({
      id: series.id,
      gap: autoEts(series.y, { period: series.m }).aicc - series.models["ets_ZZZ"]!.aicc
    }))
    for (const { id, gap } of gaps) assert.isBelow(gap, 6, id)
    assert.isAtLeast(
      share(gaps, ({ gap }) => gap <= 1),
      0.6
    )
  })
})
