import { assert, describe, it } from "@effect/vitest"
import { type PlanTask, planStock } from "@onhand/core"
import { Effect } from "effect"
import { planThreads } from "../src/PlanThreads.ts"

const task = (level: number): PlanTask => ({
  demand: Array.from({ length: 60 }, (_, week) => ({ quantity: level + (week % 4), inStock: 1, open: 1 })),
  every: "week",
  horizon: 4,
  order: {
    stock: { onHand: level, onOrder: 0, reserved: 0, backordered: 0 },
    terms: { target: { kind: "cycle service", level: 0.95 }, leadDays: [7], reviewDays: 7, alertRisk: 0.1 }
  }
})

describe("plans on threads", () => {
  it.live("are those that are made here, each group in its order", () =>
    Effect.gen(function* () {
      const { plan, concurrency } = yield* planThreads(2)
      assert.strictEqual(concurrency, 2)
      const groups = Array.from({ length: 6 }, (_, group) => [task(10 * group + 1), task(10 * group + 5)])
      const planned = yield* Effect.forEach(groups, plan, { concurrency })
      assert.deepStrictEqual(
        planned,
        groups.map((tasks) => tasks.map(planStock))
      )
    }).pipe(Effect.scoped)
  )

  it.live("fail with what broke in a thread, and the next ones do not", () =>
    Effect.gen(function* () {
      const { plan } = yield* planThreads(2)
      yield* plan([task(1)])
      const impossible: PlanTask = { ...task(1), horizon: Number.NaN }
      assert.match(String(yield* Effect.flip(Effect.sandbox(plan([impossible])))), /horizon/i)
      assert.deepStrictEqual(yield* plan([task(2)]), [planStock(task(2))])
    }).pipe(Effect.scoped)
  )
})
