// A location is drained into another as far as nobody claims its stock, and archived once it holds nothing.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { firstPage, Inventory, layerMemory, MAX_HOLDINGS, MAX_LINES, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shops = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Old" })
  const { id: destination } = yield* inventory.createLocation({ name: "New" })
  const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  const receive = (product: ProductId, quantity: number, to: "sellable" | "damaged" = "sellable", lot = "") =>
    inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity, to, lot }] })
  const levels = (at: typeof location) =>
    Effect.map(inventory.read.levels({ location: at }, firstPage(100)), ({ items }) => items)
  return { inventory, location, destination, mug, receive, levels }
})

describe("draining a location", () => {
  it.effect("moves every condition and lot, and leaves what is claimed", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive, levels } = yield* shops
      yield* receive(mug, 10)
      const { id: tea } = yield* inventory.createProduct({
        id: ProductId.make("tea"),
        sku: "TEA",
        name: "Tea",
        lotTracked: true
      })
      yield* receive(tea, 4, "sellable", "L1")
      yield* receive(mug, 2, "damaged")
      yield* inventory.holdStock({ lines: [{ product: mug, location, quantity: 3, lot: "" }], ttlMillis: 60_000 })
      const drained = yield* inventory.drainLocation({ location, destination })
      assert.deepStrictEqual(
        drained.moved.map(({ lot, condition, quantity }) => [lot, condition, quantity]),
        [
          ["", "sellable", 7],
          ["", "damaged", 2],
          ["L1", "sellable", 4]
        ]
      )
      assert.deepStrictEqual(drained.claimed, [{ product: mug, lot: "", held: 3, committed: 0 }])
      assert.isNull(drained.next)
      const [left] = yield* levels(location)
      assert.deepInclude(left, { onHand: 3, held: 3, available: 0 })
      const there = yield* levels(destination)
      assert.deepInclude(there[0], { onHand: 9, sellable: 7, damaged: 2 })
      assert.deepInclude(there[1], { product: tea, onHand: 4, sellable: 4 })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("goes on where the last command ended, until nothing is left", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, receive, levels } = yield* shops
      const count = MAX_HOLDINGS + 5
      for (let index = 0; index < count; index++) {
        const { id } = yield* inventory.createProduct({ sku: `P${index}`, name: "Thing" })
        yield* receive(id, 1)
      }
      const first = yield* inventory.drainLocation({ location, destination })
      assert.strictEqual(first.moved.length, MAX_HOLDINGS)
      assert(first.next !== null)
      const second = yield* inventory.drainLocation({ location, destination, after: first.next })
      assert.strictEqual(second.moved.length, 5)
      assert.isNull(second.next)
      assert.isTrue((yield* levels(location)).every(({ onHand }) => onHand === 0))
    }).pipe(Effect.provide(Live))
  )

  it.effect("writes both ways of each part, with the drain as their source, lots by their codes", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, receive } = yield* shops
      const { id: tea } = yield* inventory.createProduct({ sku: "TEA", name: "Tea", lotTracked: true })
      yield* receive(tea, 2, "damaged", "L2")
      yield* receive(tea, 1, "sellable", "L1")
      const { moved } = yield* inventory.drainLocation({ location, destination })
      assert.deepStrictEqual(
        moved.map(({ lot, condition, quantity }) => [lot, condition, quantity]),
        [
          ["L1", "sellable", 1],
          ["L2", "damaged", 2]
        ]
      )
      const all = yield* inventory.read.movements({ product: tea }, firstPage())
      const items = all.items.filter(({ source }) => source?.type === "drain")
      assert.sameDeepMembers(
        items.map(({ kind, location, lot, from, to, quantity }) => [kind, location, lot, from, to, quantity]),
        [
          ["transferOut", location, "L1", "sellable", "transit", 1],
          ["transferIn", destination, "L1", "transit", "sellable", 1],
          ["transferOut", location, "L2", "damaged", "transit", 2],
          ["transferIn", destination, "L2", "transit", "damaged", 2]
        ]
      )
      assert.strictEqual(new Set(items.map(({ source }) => source?.id)).size, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes as many products at once as one command has lines for, and always one", () =>
    Effect.gen(function* () {
      const { inventory, location, destination } = yield* shops
      const lots = MAX_LINES / 4
      const stocked = (id: string, count: number) =>
        Effect.gen(function* () {
          const product = ProductId.make(id)
          yield* inventory.createProduct({ id: product, sku: id.toUpperCase(), name: id, lotTracked: true })
          const line = (index: number) =>
            ({ kind: "receipt", product, location, quantity: 1, lot: `${index}` }) as const
          for (let begin = 0; begin < count; begin += lots) {
            const more = Array.from({ length: Math.min(lots, count - begin) - 1 }, (_, index) =>
              line(begin + index + 1)
            )
            yield* inventory.recordMovements({ lines: [line(begin), ...more] })
          }
          return product
        })
      const a = yield* stocked("a", lots)
      const b = yield* stocked("b", lots)
      const c = yield* stocked("c", 2 * lots + 1)
      const d = yield* stocked("d", 1)
      const drain = (after?: ProductId) =>
        Effect.map(
          inventory.drainLocation({ location, destination, ...(after === undefined ? {} : { after }) }),
          ({ moved, next }) => [[...new Set(moved.map(({ product }) => product))], moved.length, next]
        )
      assert.deepStrictEqual(yield* drain(), [[a, b], 2 * lots, b], "two lines for each lot: as many as there may be")
      assert.deepStrictEqual(yield* drain(b), [[c], 2 * lots + 1, c], "more than there may be, yet one must go")
      assert.deepStrictEqual(yield* drain(c), [[d], 1, null])
    }).pipe(Effect.provide(Live))
  )

  it.effect("into itself, into the unknown or into an archived one is refused", () =>
    Effect.gen(function* () {
      const { inventory, location, destination } = yield* shops
      const into = (to: typeof location) =>
        Effect.map(Effect.flip(inventory.drainLocation({ location, destination: to })), ({ _tag }) => _tag)
      assert.strictEqual(yield* into(location), "SameLocation")
      yield* inventory.archiveLocation({ location: destination, expected: "any", archived: true })
      assert.strictEqual(yield* into(destination), "LocationInactive")
    }).pipe(Effect.provide(Live))
  )
})

describe("archiving a location", () => {
  it.effect("is refused with what is still there, and keeps the history", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive } = yield* shops
      yield* receive(mug, 5)
      yield* inventory.holdStock({ lines: [{ product: mug, location, quantity: 2 }], ttlMillis: 60_000 })
      const archive = inventory.archiveLocation({ location, expected: 1, archived: true })
      const refused = yield* Effect.flip(archive)
      assert(refused._tag === "LocationNotEmpty")
      assert.deepStrictEqual([refused.left, refused.more], [[{ product: mug, onHand: 5, reserved: 2 }], false])
      const { items } = yield* inventory.read.claims({ location }, firstPage())
      const [claim] = items
      assert(claim !== undefined)
      yield* inventory.releaseClaims({ location, claims: [claim.id] })
      yield* inventory.drainLocation({ location, destination })
      const archived = yield* archive
      assert.deepInclude(archived, { status: "archived", version: 2 })
      const history = yield* inventory.read.movements({ location }, firstPage())
      assert.deepStrictEqual(
        history.items.map(({ kind }) => kind),
        ["transferOut", "receipt"]
      )
      const late = yield* Effect.flip(receive(mug, 1))
      assert.strictEqual(late._tag, "LocationInactive")
      const lines = [{ product: mug, quantity: 1 }] as const
      const sent = yield* Effect.flip(inventory.createTransfer({ origin: destination, destination: location, lines }))
      assert.strictEqual(sent._tag, "LocationInactive")
      const restored = yield* inventory.archiveLocation({ location, expected: 2, archived: false })
      assert.strictEqual(restored.status, "active")
      yield* receive(mug, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("counts what is held and committed as reserved, names only products that are there, and tells of it", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, receive } = yield* shops
      const { id: cup } = yield* inventory.createProduct({ sku: "CUP", name: "Cup" })
      yield* receive(cup, 1)
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: cup, location, quantity: 1 }] })
      yield* receive(mug, 3)
      const hold = (quantity: number) =>
        inventory.holdStock({ lines: [{ product: mug, location, quantity }], ttlMillis: 60_000 })
      yield* inventory.commitClaims({ location, claims: [(yield* hold(1)).claims[0]!] })
      const { claims } = yield* hold(2)
      const archive = (archived: boolean, expected: number) =>
        inventory.archiveLocation({ location, expected, archived })
      const refused = yield* Effect.flip(archive(true, 1))
      assert(refused._tag === "LocationNotEmpty")
      assert.deepStrictEqual(refused.left, [{ product: mug, onHand: 3, reserved: 3 }])
      yield* inventory.releaseClaims({ location, claims: [claims[0]!] })
      const { items } = yield* inventory.read.claims({ location }, firstPage())
      yield* inventory.releaseClaims({ location, claims: [items[0]!.id] })
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location, quantity: 3 }] })
      const before = yield* inventory.read.head
      yield* archive(true, 1)
      yield* archive(false, 2)
      const stale = yield* Effect.flip(archive(true, 2))
      assert.deepInclude(stale, { _tag: "StaleVersion", entity: "location", current: 3 })
      const told = (yield* inventory.read.events(before, 10)).map(({ event }) => event)
      assert.deepStrictEqual(told, [
        { _tag: "LocationArchived", location },
        { _tag: "LocationRestored", location }
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets what was under way arrive", () =>
    Effect.gen(function* () {
      const { inventory, location, destination, mug, receive } = yield* shops
      yield* receive(mug, 5)
      const lines = [{ product: mug, quantity: 5 }] as const
      const { id: transfer } = yield* inventory.createTransfer({ origin: location, destination, lines })
      yield* inventory.dispatchTransfer({ transfer, origin: location })
      yield* inventory.archiveLocation({ location: destination, expected: "any", archived: true })
      const { state } = yield* inventory.completeTransfer({ transfer, destination })
      assert.strictEqual(state, "received")
    }).pipe(Effect.provide(Live))
  )
})
