// Money never passes through floating point: what is read is what is written, and a price rounds once.
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { decimalFromMoney, minorDigits, moneyFromDecimal, priceOf } from "../src/index.ts"

const currency = fc.constantFrom("USD", "JPY", "KWD", "CLF")

describe("money", () => {
  it("is the same after a way through its decimal", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), currency, (amount, code) => {
        const money = { amount: amount === 0 ? 0 : amount, currency: code }
        const read = moneyFromDecimal(decimalFromMoney(money), code)
        // What has more digits before the point than are read is refused, never changed.
        if (Result.isSuccess(read)) assert.deepStrictEqual(read.success, money)
        else assert.isAbove(Math.abs(amount), 10 ** 13)
      })
    )
  })

  it("is refused when it could not be held exactly", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{1,13}(\.\d{1,4})?$/), currency, (text, code) => {
        const read = moneyFromDecimal(text, code)
        if (Result.isFailure(read)) return
        assert.isTrue(Number.isSafeInteger(read.success.amount), `${text} ${code} became ${read.success.amount}`)
        const [whole = "", fraction = ""] = text.replace("-", "").split(".")
        const exact = BigInt(whole + fraction.padEnd(minorDigits(code), "0").slice(0, minorDigits(code)))
        assert.strictEqual(BigInt(Math.abs(read.success.amount)), exact)
      }),
      {
        examples: [
          ["9999999999999.9999", "CLF"],
          ["9999999999999.999", "KWD"]
        ]
      }
    )
  })

  it.each([
    ["9.50", "USD", 950],
    ["-9.5", "USD", -950],
    ["1200", "JPY", 1200],
    ["1.234", "KWD", 1234],
    ["-0", "EUR", 0]
  ])("reads %s %s as %i minor units", (text, code, amount) => {
    assert.deepStrictEqual(moneyFromDecimal(text, code), Result.succeed({ amount, currency: code }))
  })

  it.each([
    ["9.505", "USD"],
    ["1.5", "JPY"],
    ["9.50", "usd"],
    ["nine", "USD"],
    ["99999999999999", "USD"]
  ])("refuses %s %s", (text, code) => {
    const read = moneyFromDecimal(text, code)
    assert(Result.isFailure(read), "it was read")
    assert.include(read.failure.message, "is accepted")
  })
})

describe("a price", () => {
  it("of whole units is the unit price times their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(1e6), fc.nat(6), (amount, units, decimals) => {
        const price = priceOf({ amount, currency: "USD" }, units * 10 ** decimals, decimals)
        assert.strictEqual(price.amount + 0, amount * units + 0)
      })
    )
  })

  it("is never off by more than half a minor unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(1e9), fc.nat(6), (amount, steps, decimals) => {
        const price = priceOf({ amount, currency: "USD" }, steps, decimals)
        const scale = 10n ** BigInt(decimals)
        const off = BigInt(price.amount) * scale - BigInt(amount) * BigInt(steps)
        assert.isTrue(2n * (off < 0n ? -off : off) <= scale)
      })
    )
  })

  it.each([
    [999, 1500, 3, 1499],
    [1, 500, 3, 1],
    [1, 499, 3, 0],
    [-1, 500, 3, -1],
    [1999, 333, 3, 666]
  ])(
    "of %i for %i steps with %i decimals is %i, half a minor unit away from zero",
    (amount, steps, decimals, expected) => {
      assert.strictEqual(priceOf({ amount, currency: "USD" }, steps, decimals).amount, expected)
    }
  )
})
