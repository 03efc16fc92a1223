import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { EXPIRY_ROOM, firstMicros, MAX_BATCH } from "../src/index.ts"

describe("the time of a batch", () => {
  it("is the clock's, where its records fit into the clock's millisecond", () => {
    assert.strictEqual(firstMicros(5_000_200.7, 4_000_000, 3), 5_000_200)
  })

  it("is earlier in the same millisecond, where they would run over into the next", () => {
    assert.strictEqual(firstMicros(5_000_999, 4_000_000, 3), 5_000_897)
  })

  it("is after the last record, even if the clock went back", () => {
    assert.strictEqual(firstMicros(1_000, 5_000_200, 3), 5_000_201)
    assert.strictEqual(firstMicros(1_000, 5_000_950, 3), 5_001_000)
  })

  it("keeps all records in one millisecond, rises, and is at most a millisecond late", () => {
    const micros = fc.integer({ min: 0, max: 10_000 })
    fc.assert(
      fc.property(micros, micros, fc.integer({ min: 1, max: MAX_BATCH }), (clock, last, commands) => {
        const first = firstMicros(clock, last, commands)
        assert.strictEqual(Math.floor(first / 1000), Math.floor((first + commands + EXPIRY_ROOM - 1) / 1000))
        assert.isAbove(first, last)
        assert.isAtMost(first, Math.max(clock, last + 1000))
      })
    )
  })
})
