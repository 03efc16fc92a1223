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
    for (const { kind, from, to } of flows) {
      assert.notStrictEqual(from, to, kind)
      // What is lost on its way never was at the location that misses it.
      if (kind === "adjustment" && from === "transit" && to === "adjustment") continue
      assert.isTrue(isCondition(from) || isCondition(to), `${kind} from ${from} to ${to}`)
    }
  })

  it("has a usual pair of places for every kind", () => {
    for (const kind of movementKinds) assert.isAbove(movementFlows[kind].length, 0, kind)
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
