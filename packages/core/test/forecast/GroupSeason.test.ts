// The season of a category: found where there is one, not where there is none, and used by products without their own.
import { assert, describe, it } from "@effect/vitest"
import { forecast } from "../../src/forecast/Choice.ts"
import { groupSeason } from "../../src/forecast/GroupSeason.ts"
import { seededUniform } from "../../src/forecast/Probability.ts"
import { panel } from "./ReferenceData.ts"

const uniform = seededUniform(17)
const noisy = (level: number, length: number, swing: (t: number) => number) =>
  Float64Array.from({ length }, (_, t) => Math.round(level * swing(t) * (0.5 + uniform())))

describe("the season of a group", () => {
  const swing = (t: number) => (t % 12 === 11 ? 3 : 0.8)

  it("is found in one cycle of many products, and counted from the present on", () => {
    // The histories end with the tenth season: two periods on comes the great one.
    const group = Array.from({ length: 40 }, (_, i) => noisy(5 + i, 22, swing))
    const season = groupSeason(group, 12)!
    assert.strictEqual(season.length, 12)
    assert.strictEqual(season.indexOf(Math.max(...season)), 1)
    assert.closeTo(season[1]!, 3 / ((11 * 0.8 + 3) / 12), 0.2)
    assert.closeTo(
      season.reduce((sum, factor) => sum + factor, 0),
      12,
      1e-9
    )
  })

  it("does not mind periods that are not known", () => {
    const group = Array.from({ length: 40 }, (_, i) => noisy(5 + i, 22, swing))
    const gapped = group.map((history, i) => Array.from(history, (value, t) => (t === 10 + (i % 4) ? null : value)))
    const season = groupSeason(gapped, 12)!
    assert.strictEqual(season.indexOf(Math.max(...season)), 1)
    for (const factor of season) assert.isTrue(factor > 0)
  })

  it("is hardly any where products agree on none", () => {
    const spread = (factors: ReadonlyArray<number>) => factors.reduce((sum, factor) => sum + (factor - 1) ** 2, 0)
    let [own, raw] = [0, 0]
    for (let trial = 0; trial < 40; trial++) {
      const group = Array.from({ length: 12 }, () => noisy(6, 12, () => 1))
      const shares = Array.from({ length: 12 }, (_, t) => group.reduce((sum, history) => sum + history[t]!, 0))
      const mean = shares.reduce((sum, share) => sum + share, 0) / 12
      own += spread(groupSeason(group, 12)!)
      raw += spread(shares.map((share) => share / mean))
    }
    assert.isBelow(own, 0.3 * raw)
  })

  it("needs a whole cycle and several products", () => {
    const group = Array.from({ length: 8 }, () => noisy(9, 11, swing))
    assert.isUndefined(groupSeason(group, 12))
    assert.isUndefined(groupSeason(group.slice(0, 4), 3))
    assert.isUndefined(groupSeason([], 12))
    assert.isUndefined(
      groupSeason(
        Array.from({ length: 8 }, () => [0, 0, 0, 0]),
        2
      )
    )
  })

  it("does not take the start of a product for a season", () => {
    const old = Array.from({ length: 6 }, () => new Float64Array(12).fill(10))
    const young = Array.from({ length: 6 }, () => new Float64Array(4).fill(100))
    for (const factor of groupSeason([...old, ...young], 12)!) assert.closeTo(factor, 1, 1e-9)
  })
})

describe("a product in the season of its category", () => {
  const season = [1, 3, 0.5, 0.5, 0.5, 0.5]
  const history = Float64Array.from({ length: 12 }, (_, t) => 10 * season[t % 6]!)

  it("is forecast at its own level with that season", () => {
    const own = forecast(history, { horizon: 6, season })
    season.forEach((factor, i) => {
      assert.closeTo(own.mean[i]!, 10 * factor, 1e-6)
    })
    assert.match(own.why, /season of the category/)
  })

  it("spreads as widely as it sells", () => {
    const varied = history.map((value, t) => value * (1 + ((t * 5) % 7) / 10))
    const own = forecast(varied, { horizon: 6, season })
    assert.closeTo(own.sd[1]! / own.mean[1]!, own.sd[0]! / own.mean[0]!, 0.1)
    const [one, all] = [own.leadTimeDemand(1), own.leadTimeDemand(6)]
    assert.closeTo(one.mean, own.mean[0]!, 1e-9)
    assert.closeTo(one.sd, own.sd[0]!, 1e-9)
    assert.isAbove(all.sd, own.leadTimeDemand(2).sd)
  })

  it("is new, and sells in high season what its rate says times the season", () => {
    const own = forecast([4, 5], { horizon: 2, season: [2, 0.5], belief: { a: 20, b: 4 } })
    // Two periods of factors 2 and ½ are worth two and a half; 9 units in them, after 20 in 4.
    const rate = 29 / 6.5
    assert.closeTo(own.mean[0]!, 2 * rate, 1e-9)
    assert.closeTo(own.mean[1]!, 0.5 * rate, 1e-9)
    assert.closeTo(own.leadTimeDemand(2).mean, 2.5 * rate, 1e-9)
    assert.closeTo(own.leadTimeDemand(1.5).mean, 2.25 * rate, 1e-9)
  })

  it("adds to a week the year of which it is part", () => {
    const days = Float64Array.from({ length: 70 }, (_, t) => [4, 4, 4, 4, 8, 12, 6][t % 7]!)
    const year = Array.from({ length: 70 }, (_, i) => (i < 7 ? 2 : 63 / 65))
    const [usual, high] = [{}, { season: year }].map((more) => forecast(days, { horizon: 7, period: 7, ...more }))
    assert.isAbove(high!.mean[5]!, 1.5 * high!.mean[0]!)
    assert.closeTo(high!.mean[5]! / usual!.mean[5]!, 2, 0.2)
  })

  it("is foreseen at the second Christmas of jewelry, which no product sees by itself", () => {
    const products = panel("jewelry_weekly").map(({ y }) => y)
    const missed = (knowing: boolean) => {
      let [miss, demand] = [0, 0]
      for (let origin = 84; origin <= 100; origin += 4) {
        const histories = products.map((y) => y.slice(0, origin))
        const factors = knowing ? { season: groupSeason(histories, 52)! } : {}
        histories.forEach((y, i) => {
          const { mean } = forecast(y, { horizon: 4, ...factors })
          const came = products[i]!.slice(origin, origin + 4)
          miss += Math.abs(came.reduce((sum, value, h) => sum + value - mean[h]!, 0))
          demand += came.reduce((sum, value) => sum + value, 0)
        })
      }
      return miss / demand
    }
    assert.isBelow(missed(true), 0.5 * missed(false))
  })
})
