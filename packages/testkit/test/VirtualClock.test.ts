// Virtual time: it stands still, leaps when everything waits, and wakes sleepers in order.
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { makeVirtualClock, VIRTUAL_START } from "../src/index.ts"

describe("a virtual clock", () => {
  it.live("lets a day of sleep pass at once, and sleepers wake in their order", () => {
    const { provide } = makeVirtualClock()
    return Effect.gen(function* () {
      const woken: Array<number> = []
      const sleep = (millis: number) =>
        Effect.andThen(
          Effect.sleep(millis),
          Effect.sync(() => woken.push(millis))
        )
      yield* Effect.all([sleep(86_400_000), sleep(10), sleep(5_000)], { concurrency: "unbounded" })
      assert.deepStrictEqual(woken, [10, 5_000, 86_400_000])
      assert.strictEqual(yield* Clock.currentTimeMillis, VIRTUAL_START + 86_400_000)
    }).pipe(provide)
  })

  it.live("moves by hand to the millisecond, and forgets who was interrupted", () => {
    const { provide, advance } = makeVirtualClock(0)
    return Effect.gen(function* () {
      const sleeper = yield* Effect.forkChild(Effect.sleep("1 hour"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(sleeper)
      yield* advance(1_234)
      assert.strictEqual(yield* Clock.currentTimeMillis, 1_234)
    }).pipe(provide)
  })
})
