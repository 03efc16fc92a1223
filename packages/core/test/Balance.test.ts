// A balance is the fold of its movements and claim events: each changes what it names and nothing else.
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  applyClaimEvent,
  applyMovement,
  type Balance,
  type Claim,
  ClaimId,
  emptyBalance,
  isSound,
  LocationId,
  type NewClaimEvent,
  type NewMovement,
  onHandAt,
  type Place,
  ProductId
} from "../src/index.ts"

const place = { product: ProductId.make("mug"), location: LocationId.make("shop") }
const key = { ...place, lot: "" }
const balance: Balance = {
  ...emptyBalance(key),
  sellable: 10,
  qualityControl: 1,
  damaged: 3,
  quarantine: 2,
  held: 4,
  committed: 2,
  version: 7,
  claimVersion: 5
}

const movement = (from: Place, to: Place): NewMovement => ({
  ...key,
  kind: "adjustment",
  from,
  to,
  quantity: 3,
  reason: null,
  source: null,
  unitCost: null
})

const claim: Claim = {
  ...key,
  id: ClaimId.make("h-0"),
  quantity: 2,
  state: "held",
  expiresAt: DateTime.makeUnsafe(60_000),
  source: null
}
const event = (kind: NewClaimEvent["kind"], quantity: number): NewClaimEvent => ({
  ...key,
  kind,
  claim: claim.id,
  quantity,
  expiresAt: null,
  source: null
})

describe("a balance", () => {
  it.each([
    ["supplier", "sellable", { sellable: 13 }],
    ["sellable", "customer", { sellable: 7 }],
    ["sellable", "damaged", { sellable: 7, damaged: 6 }],
    ["damaged", "scrap", { damaged: 0 }]
  ] as const)("changes only in the conditions that a movement from %s to %s names", (from, to, changes) => {
    assert.deepStrictEqual(applyMovement(balance, movement(from, to)), { ...balance, ...changes, version: 8 })
  })

  it.each([
    ["held", undefined, 3, { held: 7 }],
    ["committed", undefined, 3, { committed: 5 }],
    ["committed", "held", 2, { held: 2, committed: 4 }],
    ["extended", "held", 2, {}],
    ["consumed", "held", 2, { held: 2 }],
    ["consumed", "committed", 1, { committed: 1 }],
    ["released", "held", 1, { held: 3 }],
    ["released", "committed", 2, { committed: 0 }],
    ["expired", "held", 2, { held: 2 }],
    // What is closed has nothing to give back.
    ["released", "consumed", 2, {}],
    ["committed", "expired", 2, { committed: 4 }],
    ["expired", undefined, 2, {}]
  ] as const)("after %s of a claim that was %s, of %i", (kind, state, quantity, changes) => {
    const before = state === undefined ? undefined : { ...claim, state }
    assert.deepStrictEqual(applyClaimEvent(balance, before, event(kind, quantity)), {
      ...balance,
      ...changes,
      claimVersion: 6
    })
  })

  it("is sound as long as nothing is below zero and no more is claimed than is sellable", () => {
    assert.isTrue(isSound(balance))
    assert.isTrue(isSound({ ...balance, sellable: 6 }))
    assert.isFalse(isSound({ ...balance, sellable: 5 }))
    for (const field of ["qualityControl", "damaged", "quarantine", "held", "committed"] as const) {
      assert.isTrue(isSound({ ...balance, [field]: 0 }), field)
      assert.isFalse(isSound({ ...balance, [field]: -1 }), field)
    }
    assert.isFalse(isSound({ ...emptyBalance(key), sellable: -1, held: 0 }))
  })

  it("of a place is that of all its lots", () => {
    const lots = [balance, { ...balance, lot: "A", sellable: 7 }]
    const stock = { ...place, balances: new Map(lots.map((one) => [one.lot, one])) }
    assert.strictEqual(onHandAt(stock), 16 + 13)
    assert.strictEqual(onHandAt({ ...place, balances: new Map() }), 0)
  })
})
