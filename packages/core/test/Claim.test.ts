// A hold binds until the very millisecond of its expiry; from then on nothing and nobody counts it any more.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  applyToClaim,
  type Claim,
  ClaimId,
  claimEvent,
  hasLapsed,
  Inventory,
  LocationId,
  makeMemoryStore,
  ProductId,
  Store
} from "../src/index.ts"

const layer = (shards: number) =>
  Inventory.layer.pipe(
    Layer.provide(
      Layer.effect(
        Store,
        Effect.map(makeMemoryStore({ shards }), ({ store }) => store)
      )
    )
  )
const Live = layer(1)

/** A shop with five mugs, all of them held for a minute. */
const heldShop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 5 }] })
  const { claims } = yield* inventory.holdStock({ lines: [{ product, location, quantity: 5 }], ttlMillis: 60_000 })
  const claim = claims[0] ?? ClaimId.make("none")
  const level = Effect.map(
    inventory.read.levels({ product }, { _tag: "Cursor", limit: 1 }),
    ({ items }) => items[0] && [items[0].held, items[0].committed, items[0].available]
  )
  const sell = (quantity: number) =>
    inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity }] })
  return { inventory, location, product, claim, level, sell }
})

describe("a hold", () => {
  it.effect("binds one millisecond before its expiry", () =>
    Effect.gen(function* () {
      const { level, sell } = yield* heldShop
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* level, [5, 0, 0])
      assert.strictEqual((yield* Effect.flip(sell(1)))._tag, "InsufficientStock")
    }).pipe(Effect.provide(Live))
  )

  it.effect("binds no reader and no writer at its expiry, though nobody swept it", () =>
    Effect.gen(function* () {
      const { inventory, location, claim, level, sell } = yield* heldShop
      yield* TestClock.adjust(60_000)
      assert.deepStrictEqual(yield* level, [0, 0, 5])
      const late = yield* Effect.flip(inventory.commitClaims({ location, claims: [claim] }))
      assert(late._tag === "ClaimClosed")
      assert.strictEqual(late.state, "expired")
      yield* sell(5)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is extended binds until the very millisecond of its new expiry, and never shorter than before", () =>
    Effect.gen(function* () {
      const { inventory, location, claim, level } = yield* heldShop
      yield* TestClock.adjust(30_000)
      yield* inventory.extendHolds({ location, claims: [claim], ttlMillis: 1_000 })
      yield* TestClock.adjust(29_000)
      assert.deepStrictEqual(yield* level, [5, 0, 0])
      const { expiresAt } = yield* inventory.extendHolds({ location, claims: [claim], ttlMillis: 60_000 })
      assert.strictEqual(DateTime.toEpochMillis(expiresAt), 119_000)
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* level, [5, 0, 0])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* level, [0, 0, 5])
      const late = yield* Effect.flip(inventory.extendHolds({ location, claims: [claim], ttlMillis: 60_000 }))
      assert(late._tag === "ClaimClosed")
      assert.strictEqual(late.state, "expired")
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is committed outlives its expiry, and gives back all when it is released", () =>
    Effect.gen(function* () {
      const { inventory, location, claim, level } = yield* heldShop
      yield* TestClock.adjust(59_999)
      yield* inventory.commitClaims({ location, claims: [claim] })
      const again = yield* Effect.flip(inventory.commitClaims({ location, claims: [claim] }))
      assert(again._tag === "ClaimClosed")
      assert.strictEqual(again.state, "committed")
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(yield* level, [0, 5, 0])
      yield* inventory.releaseClaims({ location, claims: [claim] })
      assert.deepStrictEqual(yield* level, [0, 0, 5])
      const twice = yield* Effect.flip(inventory.releaseClaims({ location, claims: [claim] }))
      assert.strictEqual(twice._tag, "ClaimClosed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is all lines or none, judged on their sum", () =>
    Effect.gen(function* () {
      const { inventory, location, product, claim, level } = yield* heldShop
      yield* inventory.releaseClaims({ location, claims: [claim] })
      const line = { product, location, quantity: 3 }
      const refused = yield* Effect.flip(inventory.holdStock({ lines: [line, line], ttlMillis: 1_000 }))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual([refused.lines[0]?.wanted, refused.lines[0]?.available], [6, 5])
      assert.deepStrictEqual(yield* level, [0, 0, 5])
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps what it is for, and is closed or unknown to whoever names a wrong one", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* makeMemoryStore()
      const program = Effect.gen(function* () {
        const { inventory, location, product, claim } = yield* heldShop
        yield* inventory.releaseClaims({ location, claims: [claim] })
        const source = { type: "quote", id: "Q-1" }
        const { claims } = yield* inventory.holdStock({
          lines: [{ product, location, quantity: 1 }],
          ttlMillis: 1_000,
          source
        })
        assert.deepStrictEqual(memory.claims.get(claims[0]!)?.source, source)
        const ghost = ClaimId.make("ghost")
        const [unknown, closed] = [[claims[0]!, ghost] as const, [claim] as const]
        for (const refused of [
          yield* Effect.flip(inventory.commitClaims({ location, claims: unknown })),
          yield* Effect.flip(inventory.releaseClaims({ location, claims: unknown }))
        ]) {
          assert(refused._tag === "ClaimClosed")
          assert.deepStrictEqual([refused.claim, refused.state], [ghost, "unknown"])
        }
        for (const refused of [
          yield* Effect.flip(inventory.commitClaims({ location, claims: closed })),
          yield* Effect.flip(inventory.releaseClaims({ location, claims: closed }))
        ]) {
          assert(refused._tag === "ClaimClosed")
          assert.deepStrictEqual([refused.claim, refused.state], [claim, "released"])
        }
        yield* TestClock.adjust(1_000)
        const swept = yield* inventory.expireClaims({ location, claims: [ghost] })
        assert.deepStrictEqual(swept.expired, [])
        assert.strictEqual(memory.claims.get(claims[0]!)?.state, "held", "it was not named")
      })
      const layer = Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store)))
      yield* Effect.provide(program, layer)
    })
  )

  it.effect.each(["commitClaims", "releaseClaims", "expireClaims"] as const)(
    "of another location is out of reach of %s, lapsed or not, in whatever shard it is",
    (command) =>
      Effect.gen(function* () {
        const { inventory, claim, level } = yield* heldShop
        for (let index = 0; index < 8; index++) {
          const { id: elsewhere } = yield* inventory.createLocation({ name: `Depot ${index}` })
          yield* Effect.ignore(inventory[command]({ location: elsewhere, claims: [claim] }))
        }
        assert.deepStrictEqual(yield* level, [5, 0, 0])
        yield* TestClock.adjust(60_000)
        const { id: elsewhere } = yield* inventory.createLocation({ name: "Depot" })
        yield* Effect.ignore(inventory[command]({ location: elsewhere, claims: [claim] }))
        assert.deepStrictEqual(yield* level, [0, 0, 5])
        const events = yield* inventory.read.events({}, 100)
        const places = events.map(({ shard, seq, line }) => `${shard}-${seq}-${line}`)
        assert.strictEqual(new Set(places).size, places.length, "two events in one place")
        assert.isFalse(events.some(({ seq }) => seq < 1))
      }).pipe(Effect.provide(layer(4)))
  )
})

const minute = DateTime.makeUnsafe(60_000)
const held: Claim = {
  id: ClaimId.make("h-0"),
  product: ProductId.make("mug"),
  location: LocationId.make("shop"),
  lot: "A",
  quantity: 5,
  state: "held",
  expiresAt: minute,
  source: { type: "cart", id: "c-1" }
}

describe("a claim", () => {
  it("becomes what its events say", () => {
    const later = DateTime.makeUnsafe(90_000)
    assert.deepStrictEqual(applyToClaim(undefined, claimEvent("held", held, minute)), held)
    assert.deepStrictEqual(applyToClaim(held, claimEvent("extended", held, later)), { ...held, expiresAt: later })
    const committed: Claim = { ...held, state: "committed", expiresAt: null }
    assert.deepStrictEqual(applyToClaim(held, claimEvent("committed", held)), committed)
    for (const kind of ["consumed", "released", "expired"] as const) {
      const closed = { ...held, quantity: 0, state: kind, expiresAt: null }
      assert.deepStrictEqual(applyToClaim(held, claimEvent(kind, held)), closed)
    }
  })

  it("that gives up a part stays open with the rest, as it was", () => {
    const part = { ...claimEvent("consumed", held), quantity: 2 }
    assert.deepStrictEqual(applyToClaim(held, part), { ...held, quantity: 3 })
    const committed: Claim = { ...held, state: "committed", expiresAt: null }
    assert.deepStrictEqual(applyToClaim(committed, part), { ...committed, quantity: 3 })
  })

  it("lapses at its expiry while it is held, and at no time else", () => {
    assert.isFalse(hasLapsed(held, DateTime.makeUnsafe(59_999)))
    assert.isTrue(hasLapsed(held, minute))
    assert.isFalse(hasLapsed({ ...held, state: "committed" }, minute))
    assert.isFalse(hasLapsed({ ...held, expiresAt: null }, minute))
  })
})
