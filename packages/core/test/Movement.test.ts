// Movements are double entry: whatever kind they are, what one place loses another gains.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  applyMovement,
  available,
  emptyBalance,
  isCondition,
  isSound,
  LocationId,
  movementFlows,
  movementId,
  movementKinds,
  NewMovement,
  onHand,
  ProductId
} from "../src/index.ts"

const key = { product: ProductId.make("mug"), location: LocationId.make("shop"), lot: "" }
const flows = movementKinds.flatMap((kind) => movementFlows[kind].map(([from, to]) => ({ kind, from, to })))

const movement = fc
  .record({ flow: fc.constantFrom(...flows), quantity: fc.integer({ min: 1, max: 100 }) })
  .map(({ flow, quantity }) =>
    NewMovement.make({ ...key, ...flow, quantity, reason: null, source: null, unitCost: null })
  )

describe("a movement", () => {
  it("connects two different places, at least one of them at the location", () => {
    const outside = flows.filter(({ kind, from, to }) => {
      assert.notStrictEqual(from, to, kind)
      return !isCondition(from) && !isCondition(to)
    })
    // What is lost on its way never was at the location that misses it, and what comes back as waste goes past it.
    assert.deepStrictEqual(
      outside.map(({ kind, from, to }) => [kind, from, to]),
      [
        ["customerReturn", "customer", "scrap"],
        ["adjustment", "transit", "adjustment"],
        ["reversal", "scrap", "customer"],
        ["reversal", "adjustment", "transit"]
      ]
    )
  })

  it("has a usual pair of places for every kind", () => {
    for (const kind of movementKinds) assert.isAbove(movementFlows[kind].length, 0, kind)
  })

  it("can be reversed, whatever it was, and that is listed once", () => {
    const taken = movementFlows.reversal.map(String)
    for (const { kind, from, to } of flows) if (kind !== "reversal") assert.include(taken, String([to, from]), kind)
    assert.strictEqual(new Set(taken).size, taken.length)
  })

  it("changes what is on hand by what crosses the door, and nothing by what stays inside", () => {
    fc.assert(
      fc.property(fc.array(movement, { maxLength: 20 }), (movements) => {
        const balance = movements.reduce(applyMovement, emptyBalance(key))
        const crossed = movements.reduce(
          (sum, { from, to, quantity }) => sum + (isCondition(to) ? quantity : 0) - (isCondition(from) ? quantity : 0),
          0
        )
        assert.strictEqual(onHand(balance), crossed)
        assert.strictEqual(balance.version, movements.length)
        assert.strictEqual(available(balance), balance.sellable)
      })
    )
  })

  it("leaves an unsound balance exactly when a condition goes below zero", () => {
    fc.assert(
      fc.property(fc.array(movement, { maxLength: 8 }), (movements) => {
        const balance = movements.reduce(applyMovement, emptyBalance(key))
        const below = [balance.sellable, balance.qualityControl, balance.damaged, balance.quarantine].some((n) => n < 0)
        assert.strictEqual(isSound(balance), !below)
      })
    )
  })

  it("is named after its place in the ledger", () => {
    assert.strictEqual(movementId({ shard: 2, seq: 71, line: 0 }), "2-71-0")
  })
})
