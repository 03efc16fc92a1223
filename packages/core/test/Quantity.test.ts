// Quantities are exact: a decimal becomes steps and the same decimal again, or is refused.
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { decimalFromQuantity, MAX_DECIMALS, MAX_QUANTITY, quantityFromDecimal } from "../src/index.ts"

const decimals = fc.integer({ min: 0, max: MAX_DECIMALS })
const steps = fc.integer({ min: -MAX_QUANTITY, max: MAX_QUANTITY })

describe("a quantity", () => {
  it("is the same after a way through its decimal", () => {
    fc.assert(
      fc.property(steps, decimals, (count, digits) => {
        const text = decimalFromQuantity(count, digits)
        assert.deepStrictEqual(quantityFromDecimal(text, digits), Result.succeed(count === 0 ? 0 : count))
      })
    )
  })

  it("has the value that exact arithmetic gives", () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.stringMatching(/^\d{1,6}$/), (whole, fraction) => {
        const exact = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"))
        const result = quantityFromDecimal(`${whole}.${fraction}`, 6)
        assert.strictEqual(Result.isSuccess(result) ? BigInt(result.success) : undefined, exact)
      })
    )
  })

  it.each([
    ["1.5", 3, 1500],
    ["-0.001", 3, -1],
    ["1.500", 1, 15],
    ["0", 6, 0],
    ["-0", 0, 0],
    [2.25, 2, 225],
    [String(MAX_QUANTITY), 0, MAX_QUANTITY]
  ])("reads %s with %i decimals as %i", (text, digits, expected) => {
    assert.deepStrictEqual(quantityFromDecimal(text, digits), Result.succeed(expected))
  })

  it.each([
    ["1.5", 0],
    ["0.30000000000000004", 6],
    ["1e3", 0],
    ["", 0],
    [".5", 1],
    ["1,5", 1],
    ["NaN", 0],
    [Number.POSITIVE_INFINITY, 0],
    [String(MAX_QUANTITY + 1), 0],
    ["999999999999999", 6]
  ])("refuses %s with %i decimals and says what is accepted", (text, digits) => {
    const result = quantityFromDecimal(text, digits)
    assert(Result.isFailure(result), "it was read")
    assert.include(result.failure.message, `at most ${digits} digits after the point is accepted`)
  })
})
