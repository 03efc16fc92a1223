import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import { demandPeriods, type OrderTerms, openShares, type PlanTask, periodBounds, planStock } from "../src/index.ts"

const UTC = DateTime.zoneMakeNamedUnsafe("UTC")

const boundsOf = (every: "day" | "week" | "month", from: string, to: string) =>
  Result.getOrThrow(
    periodBounds({ every, timeZone: UTC, from: DateTime.makeUnsafe(from), to: DateTime.makeUnsafe(to) })
  )

const terms: OrderTerms = { target: { kind: "cycle service", level: 0.95 }, leadDays: [7], reviewDays: 7 }
const stock = { onHand: 0, onOrder: 0, reserved: 0, backordered: 0 }
const full = (quantity: number) => ({ quantity, inStock: 1, open: 1 })
const steady = Array.from({ length: 60 }, (_, week) => full(20 + (week % 5)))

const plan = (task: Partial<PlanTask>) => planStock({ demand: steady, every: "week", horizon: 4, ...task })

describe("opening times", () => {
  it("are nothing on a closed day", () => {
    const days = boundsOf("day", "2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z")
    assert.deepStrictEqual(openShares(days, UTC, { weekdays: [0], dates: ["2026-12-25"] }), [1, 0, 1, 0])
  })

  it("are full in a week that had as many open days as any", () => {
    const weeks = boundsOf("week", "2026-12-14T00:00:00Z", "2026-12-28T00:00:00Z")
    assert.deepStrictEqual(openShares(weeks, UTC, { weekdays: [0], dates: ["2026-12-25"] }), [1, 5 / 6])
  })
})

describe("a history", () => {
  it("begins when the product was first there, and is in units", () => {
    assert.deepStrictEqual(demandPeriods({ quantities: [0, 0, 1500, 0], inStock: [0, 0.5, 1, 0] }, 3), [
      { quantity: 0, inStock: 0.5, open: 1 },
      { quantity: 1.5, inStock: 1, open: 1 },
      { quantity: 0, inStock: 0, open: 1 }
    ])
    assert.deepStrictEqual(demandPeriods({ quantities: [0, 0], inStock: [0, 0] }, 0), [])
  })

  it("does not take an empty shelf for no demand, where demand is dense", () => {
    const gaps = steady.map((period, week) => (week >= 54 ? { ...period, quantity: 0, inStock: 0 } : period))
    const [naive, knowing] = [gaps.map(({ quantity }) => full(quantity)), gaps].map(
      (demand) => plan({ demand }).expected.total.mean
    )
    assert.isBelow(naive ?? 0, 80)
    assert.closeTo(knowing ?? 0, 88, 4)
    assert.strictEqual(plan({ demand: gaps }).expected.repaired, 6)
  })

  it("counts the time in stock where demand is sparse, and takes no last sale for a rate", () => {
    // One unit a year or so: it sold on the second day of its last week, and the shelf has been empty since.
    const sold = Array.from({ length: 40 }, (_, week) => full(week === 12 ? 1 : 0))
    const empty = Array.from({ length: 12 }, () => ({ quantity: 0, inStock: 0, open: 1 }))
    const { expected } = plan({ demand: [...sold, { quantity: 1, inStock: 0.25, open: 1 }, ...empty] })
    assert.strictEqual(expected.history.length, 40)
    assert.strictEqual(
      expected.history.reduce((sum, quantity) => sum + quantity),
      2
    )
    assert.isBelow(expected.total.mean, 0.6)
  })
})

describe("a plan", () => {
  it("expects as it did, between bounds, and says how", () => {
    const { expected, suggestion } = plan({})
    assert.closeTo(expected.total.mean, 88, 4)
    assert.isTrue(expected.total.lower < expected.total.mean && expected.total.mean < expected.total.upper)
    assert.strictEqual(expected.mean.length, 4)
    assert.strictEqual(expected.error, null)
    assert.strictEqual(suggestion, null)
    assert.isAtMost(plan({ backtest: true }).expected.error?.cumulativeWape ?? 1, 0.1)
  })

  it("orders to the end of the lead time after the next look, and can be followed from its reasons", () => {
    const { suggestion } = plan({ order: { stock: { ...stock, onHand: 30, onOrder: 5, reserved: 3 }, terms } })
    assert(suggestion !== null)
    assert.closeTo(suggestion.expectedDemand, 44, 2)
    assert.isAbove(suggestion.order, 0)
    assert.strictEqual(suggestion.position, 32)
    assert.isAtLeast(suggestion.position + suggestion.order, suggestion.reorderPoint)
    const told = suggestion.reasons.join(" ")
    for (const part of ["60 weeks of demand are known", "On hand 30, on order 5, promised 3", "95 % certainty"]) {
      assert.include(told, part)
    }
  })

  it("counts an open day of a lead time and no closed one", () => {
    const daily = Array.from({ length: 140 }, (_, day) => ({
      quantity: day % 7 === 6 ? 0 : 10 + (day % 3),
      inStock: 1,
      open: day % 7 === 6 ? 0 : 1
    }))
    const week = { target: terms.target, leadDays: [7], reviewDays: 0 }
    const coming = Array.from({ length: 30 }, (_, day) => (day % 7 === 6 ? 0 : 1))
    const planned = plan({ demand: daily, every: "day", horizon: 7, coming, order: { stock, terms: week } })
    assert.closeTo(planned.suggestion?.expectedDemand ?? 0, 66, 4)
    assert.closeTo(planned.expected.total.mean, 66, 4)
    assert.strictEqual(planned.expected.mean[6], 0)
  })

  it("keeps to what the vendor accepts", () => {
    const rules = { pack: 12, minimum: 100 }
    const { suggestion } = plan({ order: { stock, terms: { ...terms, rules } } })
    assert.isAtLeast(suggestion?.order ?? 0, 100)
    assert.strictEqual((suggestion?.order ?? 1) % 12, 0)
  })

  it("warns below the position with which running out becomes likelier than the risk", () => {
    const at = (onHand: number) =>
      plan({ order: { stock: { ...stock, onHand }, terms: { ...terms, alertRisk: 0.1 } } }).alert ?? assert.fail()
    const { position } = at(0)
    assert.isTrue(position > 44 && position < 80, `${position}`)
    assert.deepStrictEqual([at(position - 1).raised, at(position).raised], [true, false])
    assert.strictEqual(plan({ order: { stock, terms } }).alert, null)
  })

  it("is made of nothing known, too", () => {
    for (const demand of [[], [{ quantity: null }], [{ quantity: 0, inStock: 0 }], [{ quantity: -3 }]]) {
      const { expected, suggestion } = plan({ demand, order: { stock, terms } })
      assert.isTrue(Number.isFinite(expected.total.mean) && expected.total.mean >= 0, JSON.stringify(demand))
      assert.isTrue(Number.isFinite(suggestion?.order))
    }
  })

  it("is the same after a trip between threads", () => {
    const task: PlanTask = { demand: steady, every: "week", horizon: 4, order: { stock, terms } }
    assert.deepStrictEqual(structuredClone(planStock(structuredClone(task))), planStock(task))
  })
})
