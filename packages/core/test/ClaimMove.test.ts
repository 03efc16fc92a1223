// A claim that moves is checked where it goes like a new one, and is never in both places or in none.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { ClaimId, firstPage, Inventory, type LocationId, layerMemory } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const price = { amount: 100, currency: "EUR" }

/** Five mugs at one location, three at another; two of the five held. */
const shops = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: here } = yield* inventory.createLocation({ name: "Here" })
  const { id: there } = yield* inventory.createLocation({ name: "There" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price })
  const receive = (location: LocationId, quantity: number, lot = "") =>
    inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity, lot }] })
  yield* receive(here, 5)
  yield* receive(there, 3)
  const source = { type: "quote", id: "Q1" }
  const held = yield* inventory.holdStock({
    lines: [{ product, location: here, quantity: 2 }],
    ttlMillis: 60_000,
    source
  })
  const [claim] = held.claims
  assert(claim !== undefined)
  const level = (location: LocationId) =>
    Effect.map(inventory.read.explain({ product, location }), ({ level, claims }) => ({
      held: level.held,
      committed: level.committed,
      available: level.available,
      claims: claims.items
    }))
  return { inventory, here, there, product, receive, claim, source, expiresAt: held.expiresAt, level }
})

describe("moving a claim", () => {
  it.effect("takes its state, expiry and source along, and frees what it had", () =>
    Effect.gen(function* () {
      const { inventory, here, there, claim, source, expiresAt, level } = yield* shops
      const { claims } = yield* inventory.moveClaim({ location: here, claim, to: { location: there } })
      assert.deepInclude(yield* level(here), { held: 0, available: 5, claims: [] })
      const moved = yield* level(there)
      assert.deepInclude(moved, { held: 2, available: 1 })
      assert.deepStrictEqual(
        moved.claims.map(({ state, quantity, source }) => [state, quantity, source]),
        [["held", 2, source]]
      )
      assert.strictEqual(moved.claims[0]?.id, claims[0])
      assert(moved.claims[0]?.expiresAt)
      assert.isTrue(DateTime.Equivalence(moved.claims[0].expiresAt, expiresAt))
      const again = yield* Effect.flip(inventory.moveClaim({ location: here, claim, to: { location: there } }))
      assert(again._tag === "ClaimClosed")
      assert.strictEqual(again.state, "released")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused where there is not enough, and changes nothing then", () =>
    Effect.gen(function* () {
      const { inventory, here, there, product, claim, level } = yield* shops
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location: there, quantity: 2 }] })
      const refused = yield* Effect.flip(inventory.moveClaim({ location: here, claim, to: { location: there } }))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[2, 1]]
      )
      assert.deepInclude(yield* level(here), { held: 2, available: 3 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("may move a part, and a commitment stays one", () =>
    Effect.gen(function* () {
      const { inventory, here, there, claim, level } = yield* shops
      yield* inventory.commitClaims({ location: here, claims: [claim] })
      yield* inventory.moveClaim({ location: here, claim, quantity: 1, to: { location: there } })
      assert.deepInclude(yield* level(here), { committed: 1, available: 4 })
      assert.deepInclude(yield* level(there), { committed: 1, available: 2 })
      const more = yield* Effect.flip(
        inventory.moveClaim({ location: here, claim, quantity: 2, to: { location: there } })
      )
      assert(more._tag === "ClaimExceeded")
      assert.deepInclude(more, { wanted: 2, open: 1 })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("goes to another lot of the same place, which its own stock does not stand in the way of", () =>
    Effect.gen(function* () {
      const { inventory, here } = yield* shops
      const { id: product } = yield* inventory.createProduct({ sku: "TEA", name: "Tea", lotTracked: true })
      const lots = ["L1", "L2"].map((lot) => ({ kind: "receipt", product, location: here, lot, quantity: 2 }) as const)
      yield* inventory.recordMovements({ lines: [lots[0]!, lots[1]!] })
      const line = { product, location: here, lot: "L1", quantity: 2 }
      const { claims } = yield* inventory.holdStock({ lines: [line], ttlMillis: 60_000 })
      const claimed = Effect.map(inventory.read.explain({ product, location: here }), ({ claims }) => claims.items)
      const [held] = claims
      assert(held !== undefined)
      yield* inventory.moveClaim({ location: here, claim: held, to: { location: here, lot: "L2" } })
      assert.deepStrictEqual(
        (yield* claimed).map(({ lot, quantity }) => [lot, quantity]),
        [["L2", 2]]
      )
      yield* inventory.recallLot({ product, lot: "L1", reason: "Glass" })
      const back = { location: here, claim: (yield* claimed)[0]!.id, to: { location: here, lot: "L1" } }
      assert.deepInclude(yield* Effect.flip(inventory.moveClaim(back)), { _tag: "LotRecalled", lot: "L1" })
      yield* inventory.reinstateLot({ product, lot: "L1" })
      yield* inventory.recordMovements({ lines: [{ ...line, kind: "sale" }] })
      // Nothing else is left, and it may still be moved to where it is.
      const [moved] = yield* claimed
      assert(moved !== undefined)
      yield* inventory.moveClaim({ location: here, claim: moved.id, to: { location: here } })
      assert.strictEqual((yield* claimed)[0]?.quantity, 2)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused for what has lapsed, and for what a document counts on", () =>
    Effect.gen(function* () {
      const { inventory, here, there, product, claim } = yield* shops
      const cart = yield* inventory.openCart({ lines: [{ product, quantity: 1, mode: "add" }] })
      const order = yield* inventory.placeOrder({ cart: cart.id, location: here })
      const { items } = yield* inventory.read.claims({ source: { type: "order", id: order.id } }, firstPage())
      const [ordered] = items
      assert(ordered !== undefined)
      const owned = yield* Effect.flip(
        inventory.moveClaim({ location: here, claim: ordered.id, to: { location: there } })
      )
      assert.strictEqual(owned._tag, "ClaimOfDocument")
      const unknown = { location: here, claim: ClaimId.make("never"), to: { location: there } }
      assert.deepInclude(yield* Effect.flip(inventory.moveClaim(unknown)), { _tag: "ClaimClosed", state: "unknown" })
      yield* TestClock.adjust("60 seconds")
      const late = yield* Effect.flip(inventory.moveClaim({ location: here, claim, to: { location: there } }))
      assert(late._tag === "ClaimClosed")
      assert.strictEqual(late.state, "expired")
    }).pipe(Effect.provide(Live))
  )
})
