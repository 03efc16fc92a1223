// A balance or claim that somebody changed is made what the ledger says, and one that is right is left alone.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import {
  type Balance,
  ClaimId,
  Inventory,
  MAX_REPAIRED,
  makeMemoryStore,
  Store,
  stockKeyText,
  stockPlaceText
} from "../src/index.ts"

/** A shop of ten mugs with three held, in a store whose rows the test can change. */
const shop = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore()
  const context = yield* Layer.build(Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store))))
  const inventory = yield* Effect.provide(Inventory, context)
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 10 }] })
  yield* inventory.holdStock({ lines: [{ product, location, quantity: 3 }], ttlMillis: 60_000 })
  const key = { product, location, lot: "" }
  const spoil = (change: Partial<Balance>) => {
    const balance = memory.balances.get(stockKeyText(key))
    assert(balance !== undefined)
    memory.balances.set(stockKeyText(key), { ...balance, ...change })
  }
  return { inventory, memory, key, spoil }
})

describe("verifying", () => {
  it.effect("tells of every claim that is not what its events make it, though the balances add up", () =>
    Effect.gen(function* () {
      const { inventory, memory, key } = yield* shop
      const [held] = memory.claims.values()
      assert(held?.expiresAt)
      const end = DateTime.toEpochMillis(held.expiresAt)
      memory.claims.set(held.id, { ...held, quantity: 2, expiresAt: DateTime.makeUnsafe(end + 1) })
      const wrong = { key, claim: held.id }
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [
        { ...wrong, field: "held", stored: 2, recomputed: 3 },
        { ...wrong, field: "expiresAt", stored: end + 1, recomputed: end }
      ])
    }).pipe(Effect.scoped)
  )
})

describe("rebuilding claims", () => {
  it.effect("makes each what its events make it: gone, changed or never made", () =>
    Effect.gen(function* () {
      const { inventory, memory, key } = yield* shop
      const [held] = memory.claims.values()
      assert(held?.expiresAt)
      const end = DateTime.toEpochMillis(held.expiresAt)
      memory.claims.delete(held.id)
      const invented = ClaimId.make("invented")
      memory.claims.set(invented, { ...held, id: invented, quantity: 7, state: "committed", expiresAt: null })
      const wrong = { key, claim: held.id }
      const { repaired, left } = yield* inventory.rebuild
      assert.sameDeepMembers(
        [...repaired],
        [
          { ...wrong, field: "held", stored: 0, recomputed: 3 },
          { ...wrong, field: "expiresAt", stored: 0, recomputed: end },
          { ...wrong, claim: invented, field: "committed", stored: 7, recomputed: 0 }
        ]
      )
      assert.deepStrictEqual(left, [])
      assert.deepStrictEqual(memory.claims.get(held.id), held)
      assert.deepInclude(memory.claims.get(invented), { state: "released", quantity: 0 })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      yield* inventory.commitClaims({ location: key.location, claims: [held.id] })
      assert.deepInclude(yield* inventory.read.balance(key), { held: 0, committed: 3 })
    }).pipe(Effect.scoped)
  )

  it.effect("comes before a hold lapses that never was, and after one that a batch has just released", () =>
    Effect.gen(function* () {
      const { inventory, memory, key } = yield* shop
      const { location, product } = key
      const [held] = memory.claims.values()
      assert(held?.expiresAt)
      yield* inventory.releaseClaims({ location, claims: [held.id] })
      // It lapses at once, and its balance has nothing to give back.
      memory.claims.set(held.id, { ...held, expiresAt: DateTime.makeUnsafe(0) })
      memory.holds.set(stockPlaceText(key), new Set([held.id]))
      assert.strictEqual((yield* inventory.rebuild).left.length, 0)
      assert.deepInclude(memory.claims.get(held.id), { state: "released", quantity: 0 })

      const { claims } = yield* inventory.holdStock({ lines: [{ product, location, quantity: 4 }], ttlMillis: 60_000 })
      const [claim] = claims
      const kept = claim && memory.claims.get(claim)
      assert(kept !== undefined)
      memory.claims.set(kept.id, { ...kept, quantity: 1 })
      const [, inBatch] = yield* Effect.all(
        [
          inventory.releaseClaims({ location, claims: [kept.id] }),
          inventory.repairBalances({ location, keys: [{ product, lot: "" }] })
        ],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(inBatch.repaired, [])
      // Of the four that were held, one was let go of: three are left, and the balance agrees.
      assert.strictEqual((yield* inventory.rebuild).left.length, 0)
      assert.deepInclude(memory.claims.get(kept.id), { state: "held", quantity: 3 })
      assert.strictEqual((yield* inventory.read.balance(key)).held, 3)
    }).pipe(Effect.scoped)
  )
})

describe("rebuilding", () => {
  it.effect("corrects every number that is not what the ledger says, and tells of each", () =>
    Effect.gen(function* () {
      const { inventory, key, spoil } = yield* shop
      spoil({ sellable: 12, held: 1, damaged: 2, claimVersion: 9 })
      const before = yield* inventory.read.head
      const { repaired, left } = yield* inventory.rebuild
      const told = yield* inventory.read.events(before, 10)
      assert.deepStrictEqual(
        told.map(({ event }) => event._tag === "StockChanged" && event.levels.map(({ available }) => available)),
        [[7]]
      )
      assert.deepStrictEqual(
        repaired.map(({ field, stored, recomputed }) => [field, stored, recomputed]),
        [
          ["sellable", 12, 10],
          ["damaged", 2, 0],
          ["held", 1, 3],
          ["claimVersion", 9, 1]
        ]
      )
      assert.deepStrictEqual(left, [])
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      assert.deepInclude(yield* inventory.read.balance(key), { sellable: 10, held: 3, damaged: 0 })
    }).pipe(Effect.scoped)
  )

  it.effect("goes on until all is right, a piece at a time, and names each balance", () =>
    Effect.gen(function* () {
      const { inventory, memory, key } = yield* shop
      const { location } = key
      const keys: Array<typeof key> = []
      for (let index = 0; index <= MAX_REPAIRED; index++) {
        const { id: product } = yield* inventory.createProduct({ sku: `P${index}`, name: "Thing" })
        yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 1 }] })
        keys.push({ product, location, lot: "" })
      }
      for (const one of keys) {
        const balance = memory.balances.get(stockKeyText(one)) ?? assert.fail("nothing there")
        memory.balances.set(stockKeyText(one), { ...balance, sellable: 4 })
      }
      const { repaired } = yield* inventory.rebuild
      assert.sameDeepMembers(
        [...repaired],
        keys.map((key) => ({ key, field: "sellable", stored: 4, recomputed: 1 }))
      )
      assert.strictEqual([...memory.commands.values()].filter(({ tag }) => tag === "RepairBalances").length, 2)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )

  it.effect("brings back a balance that is gone, and says in the ledger that it did", () =>
    Effect.gen(function* () {
      const { inventory, memory, key } = yield* shop
      memory.balances.delete(stockKeyText(key))
      yield* inventory.rebuild
      assert.deepInclude(yield* inventory.read.balance(key), { sellable: 10, held: 3, version: 1, claimVersion: 1 })
      assert.isTrue([...memory.commands.values()].some(({ tag }) => tag === "RepairBalances"))
    }).pipe(Effect.scoped)
  )

  it.effect("leaves what is right, and commands that come in the same batch", () =>
    Effect.gen(function* () {
      const { inventory, key, spoil } = yield* shop
      const { product, location } = key
      const untouched = yield* inventory.rebuild
      assert.deepStrictEqual(untouched, { repaired: [], forgotten: [], left: [] })
      spoil({ sellable: 20 })
      const sale = { lines: [{ kind: "sale", product, location, quantity: 2 }] } as const
      const repair = inventory.repairBalances({ location, keys: [{ product, lot: "" }] })
      const [, first, second] = yield* Effect.all(
        [inventory.recordMovements(sale), repair, repair, inventory.recordMovements(sale)],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([first.repaired.length, second.repaired.length], [1, 0])
      assert.strictEqual((yield* inventory.read.balance(key)).sellable, 6)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.scoped)
  )

  it.effect("tells of stock that was sold while a balance was wrong, and was not there", () =>
    Effect.gen(function* () {
      const { inventory, key, spoil } = yield* shop
      const { product, location } = key
      spoil({ sellable: 20 })
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 15 }] })
      const { repaired, left } = yield* inventory.rebuild
      assert.deepStrictEqual(repaired, [])
      assert.deepStrictEqual(
        left.map(({ field, stored, recomputed }) => [field, stored, recomputed]),
        [["sellable", 5, -5]]
      )
    }).pipe(Effect.scoped)
  )
})
