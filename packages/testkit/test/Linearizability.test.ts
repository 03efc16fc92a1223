// The checker itself: it explains what can be explained, and nothing else.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { linearize, type Operation, type StockInput, type StockOutput, stockModel } from "../src/index.ts"

type Recorded = Operation<StockInput, StockOutput>

const done: StockOutput = { _tag: "Done" }
const operation = (called: number, returned: number, input: StockInput, output?: StockOutput): Recorded => ({
  called,
  returned,
  input,
  output
})
const sell = (called: number, returned: number, output?: StockOutput) =>
  operation(called, returned, { _tag: "Sell", quantity: 1 }, output)
const read = (called: number, returned: number, available: number) =>
  operation(called, returned, { _tag: "Read" }, { _tag: "Level", onHand: available, available })

const explains = (onHand: number, history: ReadonlyArray<Recorded>) =>
  linearize(stockModel(onHand), history).linearizable

describe("a history", () => {
  it("is explained when overlapping operations can be put in an order", () => {
    assert.isTrue(explains(1, [sell(0, 5, { _tag: "Short", available: 0 }), sell(1, 4, done), read(2, 3, 1)]))
  })

  it("is not when two callers got the last unit", () => {
    assert.isFalse(explains(1, [sell(0, 2, done), sell(1, 3, done)]))
  })

  it("is not when a read that began after a sale ended does not see it", () => {
    assert.isTrue(explains(5, [sell(0, 2, done), read(1, 3, 5)]))
    assert.isFalse(explains(5, [sell(0, 1, done), read(2, 3, 5)]))
  })

  it("is not when a caller was refused what was there all the time", () => {
    assert.isFalse(explains(2, [sell(0, 1, { _tag: "Short", available: 0 })]))
  })

  it("may have an operation nobody heard of again happen late, early or never, but only once", () => {
    const lost = sell(0, Number.POSITIVE_INFINITY)
    assert.isTrue(explains(3, [lost, read(1, 2, 3), read(3, 4, 2)]))
    assert.isTrue(explains(3, [lost, read(1, 2, 3), read(3, 4, 3)]))
    assert.isFalse(explains(3, [lost, read(1, 2, 2), read(3, 4, 1)]))
    assert.isFalse(explains(3, [lost, read(1, 2, 2), read(3, 4, 3)]))
  })

  it("ends a claim once", () => {
    const claim = { claim: "a" }
    const hold = operation(0, 1, { _tag: "Hold", ...claim, quantity: 1 }, done)
    const release = (called: number, output: StockOutput) =>
      operation(called, called + 5, { _tag: "Release", ...claim }, output)
    assert.isTrue(explains(1, [hold, release(2, done), release(3, { _tag: "Closed" }), read(9, 10, 1)]))
    assert.isFalse(explains(1, [hold, release(2, done), release(3, done)]))
  })

  it("that one shelf really had is explained, however long", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 400 }), fc.nat(20), (widths, begin) => {
        let left = begin
        const history = widths.map((width, index) => {
          const sold = left > 0
          if (sold) left--
          return sell(index * 2 - width, index * 2 + 1 + width, sold ? done : { _tag: "Short", available: 0 })
        })
        assert.isTrue(explains(begin, history))
      }),
      { numRuns: 30 }
    )
  })
})
