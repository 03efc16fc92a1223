// Suggestions, lots, budgets, classes and warnings.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { forecast } from "../../src/forecast/Choice.ts"
import { poisson } from "../../src/forecast/DemandDistribution.ts"
import { type AlertReading, nextAlert } from "../../src/replenish/Alert.ts"
import { allocateBudget, type BudgetItem } from "../../src/replenish/Budget.ts"
import { abcClasses, flatCover, periodsOfCover, turnover, xyzClass } from "../../src/replenish/Classes.ts"
import { roundedOrder } from "../../src/replenish/OrderQuantity.ts"
import {
  defaultPolicy,
  horizonFor,
  inventoryPosition,
  protectedDemand,
  type ReplenishmentPolicy,
  reorderPoint,
  suggest
} from "../../src/replenish/Policy.ts"

const weekly = Array.from({ length: 52 }, (_, t) => 8 + ((t * 5) % 7))
const ahead = forecast(weekly, { horizon: 8 })
const policy: ReplenishmentPolicy = {
  target: { kind: "cycle service", level: 0.95 },
  lot: { kind: "cover", periods: 4 },
  leadTimes: [2],
  review: 1
}
const stock = (onHand: number, onOrder = 0, reserved = 0, backordered = 0) => ({
  onHand,
  onOrder,
  reserved,
  backordered
})

describe("a suggestion", () => {
  it("orders nothing while the position is above the reorder point", () => {
    const { order, reasons, position, reorderPoint: point } = suggest(ahead, stock(90), policy)
    assert.strictEqual(order, 0)
    assert.isAbove(position, point)
    assert.match(reasons.at(-1)!, /nothing is ordered/)
  })

  it("orders whole lots that lift the position above the reorder point", () => {
    const own = suggest(ahead, stock(5), policy)
    assert.isAbove(own.order, 0)
    assert.isAtLeast(own.position + own.order, own.reorderPoint)
    assert.strictEqual(Number.isInteger(own.order), true)
  })

  it("counts what is on its way, and not what is promised", () => {
    assert.strictEqual(inventoryPosition(stock(10, 20, 4, 6)), 20)
    assert.strictEqual(suggest(ahead, stock(5, 90), policy).order, 0)
    assert.isAbove(suggest(ahead, stock(90, 0, 85), policy).order, 0)
  })

  it("explains itself: forecast, lead time, target, stock and decision", () => {
    const { reasons } = suggest(ahead, stock(5, 3), policy)
    assert.strictEqual(reasons.length, 5)
    assert.match(reasons[0]!, /forecast by combination/)
    assert.match(reasons[1]!, /takes 2 periods and stock is reviewed every 1; until then 3\d/)
    assert.match(reasons[2]!, /95 % certainty/)
    assert.match(reasons[3]!, /On hand 5, on order 3/)
    assert.match(reasons[4]!, /are ordered/)
  })

  it("says in good words that one is ordered, that there is enough, and that nothing sells", () => {
    const rare = forecast(
      Array.from({ length: 60 }, (_, week) => (week % 20 === 0 ? 1 : 0)),
      { horizon: 8, period: 1 }
    )
    const single = { ...policy, leadTimes: [1], review: 0, lot: { kind: "fixed", units: 1 } } as const
    const last = (ahead: typeof rare, position: number) => suggest(ahead, stock(position), single).reasons.at(-1)
    assert.match(suggest(rare, stock(0), single).reasons[1] ?? "", /^An order takes 1 period;/)
    assert.strictEqual(last(rare, 0), "The position of 0 is not above that, so 1 is ordered")
    assert.strictEqual(last(rare, 9), "The position of 9 is above that, so nothing is ordered")
    const none = forecast(
      Array.from({ length: 60 }, () => 0),
      { horizon: 8, period: 1 }
    )
    assert.strictEqual(last(none, 0), "Nothing is expected to sell until then, so nothing is ordered")
  })

  it("covers lead time plus review, at the service asked for", () => {
    const demand = protectedDemand(ahead, policy)
    const own = suggest(ahead, stock(5), policy)
    assert.closeTo(demand.mean, ahead.leadTimeDemand(3).mean, 1e-12)
    assert.isAtLeast(demand.cdf(own.reorderPoint), 0.95)
    assert.closeTo(own.safetyStock, own.reorderPoint - demand.mean, 1e-12)
    assert.closeTo(own.stockoutRisk, 1 - demand.cdf(5), 1e-12)
    assert.strictEqual(horizonFor(policy), 3)
  })

  it("asks for more the surer it shall be and the longer orders take", () => {
    const at = (change: Partial<ReplenishmentPolicy>) => suggest(ahead, stock(5), { ...policy, ...change }).reorderPoint
    assert.isAbove(at({ target: { kind: "cycle service", level: 0.99 } }), at({}))
    assert.isAbove(at({ leadTimes: [4] }), at({}))
    assert.isAbove(at({ leadTimes: [1, 2, 6] }), at({}))
  })

  it("aims at the share of demand served where that is the target", () => {
    const demand = protectedDemand(ahead, policy)
    const point = reorderPoint(demand, { kind: "fill rate", level: 0.98 }, 40)
    assert.isAtMost(demand.loss(point), 0.02 * 40)
    assert.isAbove(demand.loss(point - 1), 0.02 * 40)
  })

  it("keeps the last unit that is worth its chance where that is the target", () => {
    const demand = protectedDemand(ahead, policy)
    const point = reorderPoint(demand, { kind: "marginal", chance: 0.01 }, 1)
    assert.isAtLeast(demand.cdf(point) - demand.cdf(point - 1), 0.01)
    assert.isBelow(demand.cdf(point + 1) - demand.cdf(point), 0.01)
  })

  it("keeps the median where no unit is worth its chance, and less the more is asked of a unit", () => {
    const demand = poisson(20)
    const kept = [0.05, 0.09, 0.12, 0.2, 0.5, 0.99].map((chance) =>
      reorderPoint(demand, { kind: "marginal", chance }, 1)
    )
    assert.isAbove(kept[0]!, demand.mean)
    // The likeliest number of sales comes with a chance of 0.089.
    assert.strictEqual(kept[1], demand.quantile(0.49))
    for (let i = 1; i < kept.length; i++) assert.isAtMost(kept[i]!, kept[i - 1]!)
    assert.isBelow(kept[5]!, demand.quantile(0.1))
  })

  it("leaves fewest stock-outs for the same units where products share one chance", () => {
    const products = [poisson(2), poisson(9), poisson(40)]
    const points = products.map((demand) => reorderPoint(demand, { kind: "marginal", chance: 0.02 }, 1))
    const outs = (levels: ReadonlyArray<number>) =>
      products.reduce((sum, demand, i) => sum + 1 - demand.cdf(levels[i]!), 0)
    for (const [from, to] of [
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 1]
    ] as const) {
      const moved = points.map((point, i) => point + (i === to ? 1 : 0) - (i === from ? 1 : 0))
      assert.isAtLeast(outs(moved), outs(points) - 1e-12)
    }
  })

  it("keeps to a threshold set by hand", () => {
    const own = suggest(ahead, stock(10), {
      ...policy,
      target: { kind: "threshold", units: 10 },
      lot: { kind: "fixed", units: 24 }
    })
    assert.strictEqual(own.reorderPoint, 10)
    assert.strictEqual(own.order, 24)
  })

  it("orders nothing of what nobody buys", () => {
    const dead = forecast(new Array(30).fill(0), { horizon: 8 })
    assert.strictEqual(suggest(dead, stock(0), policy).order, 0)
  })

  it("has a default for every class", () => {
    const times = { leadTimes: [2], review: 1 }
    const point = (abc: "A" | "B" | "C") => suggest(ahead, stock(0), defaultPolicy(abc, times)).reorderPoint
    assert.isTrue(point("A") > point("B") && point("B") > point("C"))
  })
})

describe("what a vendor accepts", () => {
  it("is whole packs, at least the minimum, at most the maximum", () => {
    assert.strictEqual(roundedOrder(13, { pack: 6 }), 18)
    assert.strictEqual(roundedOrder(12, { pack: 6 }), 12)
    assert.strictEqual(roundedOrder(3, { minimum: 10, pack: 4 }), 12)
    assert.strictEqual(roundedOrder(50, { pack: 6, maximum: 40 }), 36)
    assert.strictEqual(roundedOrder(50, { minimum: 40, pack: 30, maximum: 50 }), 0)
    assert.strictEqual(roundedOrder(0, { minimum: 10 }), 0)
    assert.strictEqual(roundedOrder(0.3, { pack: 0.1 }).toFixed(10), "0.3000000000")
    assert.strictEqual(roundedOrder(2.5, { pack: 0 }), 2.5)
  })

  it("is never less than wanted unless there is a maximum", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 200 }),
        (wanted, pack, minimum) => {
          const order = roundedOrder(wanted, { pack, minimum })
          assert.isTrue(order >= wanted && order >= minimum && order % pack === 0)
          assert.isBelow(order - Math.max(wanted, minimum), pack)
        }
      )
    )
  })
})

describe("a fixed budget", () => {
  const items: ReadonlyArray<BudgetItem> = [
    { id: "fast", demand: poisson(30), unitCost: 1, position: 0 },
    { id: "slow", demand: poisson(2), unitCost: 1, position: 0 },
    { id: "dear", demand: poisson(2), unitCost: 50, position: 0 }
  ]

  it("is not overspent, and goes to the cheap before the dear", () => {
    const { quantities, spent } = allocateBudget(items, 40, "lost units")
    assert.isAtMost(spent, 40)
    assert.isAbove(quantities.get("fast")!, 20)
    assert.isAbove(quantities.get("slow")!, 0)
    assert.strictEqual(quantities.get("dear"), 0)
  })

  it("serves slow products first where stock-outs count, fast ones where units count", () => {
    const outs = allocateBudget(items, 12, "stock-outs").quantities
    const units = allocateBudget(items, 12, "lost units").quantities
    assert.isAbove(outs.get("slow")!, units.get("slow")!)
    assert.isAbove(units.get("fast")!, outs.get("fast")!)
  })

  it("counts what is there already, and buys whole packs", () => {
    const stocked = items.map((item) => ({ ...item, position: 100, pack: 6 }))
    assert.strictEqual(allocateBudget(stocked, 1000, "stock-outs").spent < 60, true)
    const packs = allocateBudget(
      items.map((item) => ({ ...item, pack: 6 })),
      500,
      "lost units"
    ).quantities
    for (const quantity of packs.values()) assert.strictEqual(quantity % 6, 0)
  })
})

describe("classes and cover", () => {
  it("the top product is always A, and shares count from before the product", () => {
    assert.deepStrictEqual(abcClasses([1000, 1]), ["A", "C"])
    assert.deepStrictEqual(abcClasses([50, 30, 15, 4, 1]), ["A", "A", "B", "C", "C"])
    assert.deepStrictEqual(abcClasses([0, 0]), ["C", "C"])
  })

  it("variation decides between X, Y and Z", () => {
    assert.deepStrictEqual(
      [0.5, 0.51, 1, 1.01].map((v) => xyzClass(v)),
      ["X", "Y", "Y", "Z"]
    )
  })

  it("stock lasts whole periods and a part", () => {
    assert.strictEqual(periodsOfCover(70, [20, 30, 40]), 2.5)
    assert.strictEqual(periodsOfCover(500, [20, 30, 40]), Number.POSITIVE_INFINITY)
    assert.strictEqual(periodsOfCover(-3, [20]), 0)
    assert.strictEqual(flatCover(30, 10), 3)
    assert.strictEqual(flatCover(30, 0), Number.POSITIVE_INFINITY)
  })

  it("turnover is cost of goods sold over mean stock", () => {
    assert.deepStrictEqual(turnover(500_000, 125_000), { turns: 4, days: 91.25 })
  })
})

describe("a warning", () => {
  const read = (available: number): AlertReading => ({
    available,
    stockoutRisk: 1 / (1 + available),
    cover: available / 10
  })
  const warnings = (rule: Parameters<typeof nextAlert>[1], levels: ReadonlyArray<number>) => {
    let state: "armed" | "raised" = "armed"
    return levels.map((available) => {
      const next = nextAlert(state, rule, read(available))
      state = next.state
      return next.warn
    })
  }

  it("comes once, not with every sale around the threshold", () => {
    const rule = { kind: "threshold", units: 10 } as const
    assert.deepStrictEqual(warnings(rule, [12, 9, 10, 9, 11, 8]), [false, true, false, false, false, false])
    assert.deepStrictEqual(warnings(rule, [9, 30, 9]), [true, false, true])
  })

  it("can go by risk or by how long stock lasts", () => {
    assert.deepStrictEqual(warnings({ kind: "risk", above: 0.1 }, [20, 8, 9.5, 30, 5]), [
      false,
      true,
      false,
      false,
      true
    ])
    assert.deepStrictEqual(warnings({ kind: "cover", leadTime: 2 }, [30, 19, 21, 25, 10]), [
      false,
      true,
      false,
      false,
      true
    ])
  })
})
