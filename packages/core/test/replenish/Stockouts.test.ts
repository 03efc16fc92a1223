// What forecasting is for: fewer stock-outs from the same stock. `npm run bench:stockouts` has all panels.
import { assert, describe, it } from "@effect/vitest"
import { forecasting, type Outcome, PANELS, simulate, statics, total, type World } from "../../bench/StockSimulation.ts"

const own = PANELS["carparts"]!()
const world: World = { unmet: "lost", leads: "fixed" }
const at = forecasting(own)

// The forecasting side with as much average stock as `target`, or at most half a percent more.
const withStock = (target: number): Outcome => {
  let [low, high] = [0.01, 0.9999]
  let best = simulate(own, world, at(world, "marginal", low))
  for (let step = 0; step < 12 && total(best.stock) < 0.99 * target; step++) {
    const level = 1 - Math.sqrt((1 - low) * (1 - high))
    const outcome = simulate(own, world, at(world, "marginal", level))
    if (total(outcome.stock) <= 1.005 * target) {
      low = level
      best = outcome
    } else high = level
  }
  return best
}

describe("reorder points from forecasts, on 200 car parts", () => {
  for (const { name, at: pointOf, level } of statics(own)) {
    it(`run out in a fifth fewer periods than thresholds set once, ${name}, with no more stock and orders`, () => {
      const before = simulate(own, world, pointOf(level))
      const after = withStock(total(before.stock))
      assert.isAtMost(total(after.stock), 1.005 * total(before.stock))
      assert.isAtMost(total(after.stockouts), 0.8 * total(before.stockouts))
      assert.isAtMost(total(after.unmet), 0.8 * total(before.unmet))
      assert.isAtMost(total(after.orders), 1.1 * total(before.orders))
    })
  }
})

describe("the simulation", () => {
  it("accounts for every unit asked for", () => {
    const [, cover] = statics(PANELS["journey"]!())
    const panel = PANELS["journey"]!()
    for (const unmet of ["lost", "waits"] as const) {
      const outcome = simulate(panel, { unmet, leads: "random" }, cover!.at(cover!.level))
      const asked = total(panel.series.map((demand) => total(demand.subarray(panel.warmUp))))
      assert.strictEqual(total(outcome.demand), asked)
      assert.isTrue(total(outcome.unmet) > 0 && total(outcome.unmet) < asked)
    }
  })

  it("never shows a policy what comes later", () => {
    // Demand after the tenth simulated period is changed; no reorder point before it may be.
    const until = own.warmUp + 10
    const points = (series: ReadonlyArray<Float64Array>) => {
      const seen: Array<number> = []
      const policy = at(world, "marginal", 0.9)
      simulate({ ...own, series }, world, (sku, period, shelf, all) => {
        const point = policy(sku, period, shelf, all)
        if (period < until) seen.push(point)
        return point
      })
      return seen
    }
    const first = own.series.slice(0, 12)
    const changed = first.map((demand) => demand.map((value, t) => (t < until ? value : value + 9)))
    assert.deepStrictEqual(points(changed), points(first))
  })
})
