// A transfer is committed at its origin, then on its way and nobody else's, then received, back or written off.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import {
  conditions,
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  makeMemoryStore,
  openInTransit,
  ProductId,
  Store,
  shardOf,
  type Transfer,
  TransferId,
  type TransferState,
  TransferStateConflict,
  transferStates
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

/** Depot and shop lie in different ones of so many. */
const SHARDS = 3

const Sharded = Inventory.layer.pipe(
  Layer.provide(
    Layer.effect(
      Store,
      Effect.map(makeMemoryStore({ shards: SHARDS }), ({ store }) => store)
    )
  )
)

const depot = LocationId.make("depot")
const shop = LocationId.make("shop")
const mug = ProductId.make("mug")
const tea = ProductId.make("tea")

/** A depot with ten mugs, and tea in two lots; a shop with one mug. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: depot, name: "Depot" })
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug" })
  yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea", lotTracked: true })
  yield* inventory.recordMovements({
    lines: [
      { kind: "receipt", product: mug, location: depot, quantity: 10 },
      { kind: "receipt", product: mug, location: shop, quantity: 1 },
      { kind: "receipt", product: tea, location: depot, lot: "A", quantity: 3 },
      { kind: "receipt", product: tea, location: depot, lot: "B", quantity: 4 }
    ]
  })
  const levels = Effect.map(inventory.read.levels({}, firstPage()), ({ items }) =>
    Object.fromEntries(
      items.map(({ product, location, onHand, committed, available }) => [
        `${product}@${location}`,
        [onHand, committed, available]
      ])
    )
  )
  /** Products with what their movements put into transit and did not take out of it. */
  const inTransit = Effect.map(inventory.read.movements({}, firstPage(100)), ({ items }) => {
    const sums: Record<string, number> = {}
    for (const { product, from, to, quantity } of items) {
      if (to === "transit") sums[product] = (sums[product] ?? 0) + quantity
      if (from === "transit") sums[product] = (sums[product] ?? 0) - quantity
    }
    return sums
  })
  const create = (quantity: number, draft = false) =>
    inventory.createTransfer({ origin: depot, destination: shop, lines: [{ product: mug, quantity }], draft })
  const sent = (quantity: number) =>
    Effect.flatMap(create(quantity), ({ id: transfer }) => inventory.dispatchTransfer({ transfer, origin: depot }))
  return { inventory, levels, inTransit, create, sent }
})

const numbers = ({ lines }: Transfer) =>
  lines.map((line) => [line.shipped, line.received, line.damaged, line.lost, line.returned, openInTransit(line)])

const untouched = { "mug@depot": [10, 0, 10], "mug@shop": [1, 0, 1], "tea@depot": [7, 0, 7] }

describe("a transfer", () => {
  it.effect("is ready when it is created: committed at its origin, all lines or none", () =>
    Effect.gen(function* () {
      const { inventory, levels, create } = yield* given
      const transfer = yield* create(4)
      assert.deepInclude(transfer, { origin: depot, destination: shop, state: "ready", reason: null, version: 1 })
      assert.deepStrictEqual(numbers(transfer), [[0, 0, 0, 0, 0, 0]])
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [10, 4, 6] })
      const short = yield* Effect.flip(
        inventory.createTransfer({
          origin: depot,
          destination: shop,
          lines: [
            { product: tea, quantity: 1 },
            { product: mug, quantity: 4 },
            { product: mug, quantity: 3 }
          ]
        })
      )
      assert(short._tag === "InsufficientStock")
      const key = { product: mug, location: depot, lot: "" }
      assert.deepStrictEqual(short.lines, [{ key, wanted: 7, available: 6, nextIncoming: null }])
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [10, 4, 6] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("claims nothing as a draft, whose lines are set, made ready and released again", () =>
    Effect.gen(function* () {
      const { inventory, levels, create } = yield* given
      const draft = yield* create(40, true)
      const ends = { transfer: draft.id, origin: depot }
      assert.strictEqual(draft.state, "draft")
      assert.deepStrictEqual(yield* levels, untouched)
      assert.strictEqual((yield* Effect.flip(inventory.readyTransfer(ends)))._tag, "InsufficientStock")

      const changed = yield* inventory.updateTransfer({
        ...ends,
        expected: 1,
        lines: [{ product: tea, lot: "B", quantity: 2 }]
      })
      assert.deepInclude(changed, { state: "draft", version: 2 })
      const stale = yield* Effect.flip(
        inventory.updateTransfer({ ...ends, expected: 1, lines: [{ product: tea, quantity: 1 }] })
      )
      assert(stale._tag === "StaleVersion")
      assert.deepInclude(stale, { entity: "transfer", id: draft.id, expected: 1, current: 2 })

      const ready = yield* inventory.readyTransfer(ends)
      assert.deepInclude(ready, { state: "ready", version: 3 })
      assert.deepStrictEqual(yield* levels, { ...untouched, "tea@depot": [7, 2, 5] })
      const lotB = yield* inventory.read.balance({ product: tea, location: depot, lot: "B" })
      assert.strictEqual(lotB.committed, 2)
      const released = yield* inventory.releaseTransfer(ends)
      assert.deepStrictEqual({ ...released, updatedAt: changed.updatedAt }, { ...changed, version: 4 })
      assert.deepStrictEqual(yield* levels, untouched)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is on its way after the dispatch, a line for each lot, and counted at neither end", () =>
    Effect.gen(function* () {
      const { inventory, levels, inTransit } = yield* given
      const asked = yield* inventory.createTransfer({
        origin: depot,
        destination: shop,
        lines: [
          { product: tea, quantity: 5 },
          { product: mug, quantity: 4 }
        ]
      })
      const transfer = yield* inventory.dispatchTransfer({ transfer: asked.id, origin: depot })
      assert.strictEqual(transfer.state, "inTransit")
      assert.deepStrictEqual(
        transfer.lines.map(({ line, product, lot, quantity, claims }) => [line, product, lot, quantity, claims]),
        [
          [1, tea, "A", 3, []],
          [2, tea, "B", 2, []],
          [3, mug, "", 4, []]
        ]
      )
      assert.deepStrictEqual(numbers(transfer), [
        [3, 0, 0, 0, 0, 3],
        [2, 0, 0, 0, 0, 2],
        [4, 0, 0, 0, 0, 4]
      ])
      // What is only on its way has a level where it goes, with nothing in it.
      const sent = { "mug@depot": [6, 0, 6], "tea@depot": [2, 0, 2], "tea@shop": [0, 0, 0] }
      assert.deepStrictEqual(yield* levels, { ...untouched, ...sent })
      assert.deepStrictEqual(yield* inTransit, { mug: 4, tea: 5 })
      const { items } = yield* inventory.read.movements({ source: { type: "transfer", id: asked.id } }, firstPage())
      assert.deepStrictEqual(
        new Set(items.map(({ kind, location }) => `${kind} at ${location}`)),
        new Set(["transferOut at depot"])
      )
    }).pipe(Effect.provide(Live))
  )

  for (const [shards, layer] of [
    ["one shard", Live],
    ["two shards", Sharded]
  ] as const) {
    it.effect(`arrives in parts and in several conditions, between locations of ${shards}`, () =>
      Effect.gen(function* () {
        assert.notStrictEqual(shardOf(depot, SHARDS), shardOf(shop, SHARDS))
        const { inventory, levels, inTransit, sent } = yield* given
        const { id: transfer } = yield* sent(9)
        const ends = { transfer, destination: shop }
        const part = yield* inventory.receiveTransfer({
          ...ends,
          lines: [
            { line: 1, quantity: 3 },
            { line: 1, quantity: 1, condition: "damaged" },
            { line: 1, quantity: 2, condition: "qualityControl" }
          ]
        })
        assert.deepInclude(part, { state: "partiallyReceived", version: 3 })
        assert.deepStrictEqual(numbers(part), [[9, 5, 1, 0, 0, 3]])
        assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [1, 0, 1], "mug@shop": [7, 0, 4] })
        const balance = yield* inventory.read.balance({ product: mug, location: shop, lot: "" })
        assert.deepStrictEqual(
          conditions.map((condition) => balance[condition]),
          [4, 2, 1, 0]
        )
        const whole = yield* inventory.completeTransfer(ends)
        assert.deepInclude(whole, { state: "received", version: 4 })
        assert.deepStrictEqual(numbers(whole), [[9, 8, 1, 0, 0, 0]])
        assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [1, 0, 1], "mug@shop": [10, 0, 7] })
        assert.deepStrictEqual(yield* inTransit, { mug: 0 })
        assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
      }).pipe(Effect.provide(layer))
    )
  }

  it.effect("is received when the last of it arrives in parts", () =>
    Effect.gen(function* () {
      const { inventory, sent } = yield* given
      const { id: transfer } = yield* sent(2)
      const one = { transfer, destination: shop, lines: [{ line: 1, quantity: 1 }] as const }
      assert.strictEqual((yield* inventory.receiveTransfer(one)).state, "partiallyReceived")
      assert.strictEqual((yield* inventory.receiveTransfer(one)).state, "received")
    }).pipe(Effect.provide(Live))
  )

  it.effect("gives back everything when it is canceled before anything arrived", () =>
    Effect.gen(function* () {
      const { inventory, levels, inTransit, create, sent } = yield* given
      const draft = yield* create(99, true)
      const ready = yield* create(3)
      const onItsWay = yield* sent(5)
      for (const { id: transfer } of [draft, ready, onItsWay]) {
        const canceled = yield* inventory.cancelTransfer({ transfer, origin: depot })
        assert.deepInclude(canceled, { state: "canceled", destination: shop })
        assert.deepStrictEqual(
          canceled.lines.map(({ claims }) => claims),
          [[]]
        )
      }
      assert.deepStrictEqual(yield* levels, untouched)
      assert.deepStrictEqual(yield* inTransit, { mug: 0 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is canceled half-way keeps what arrived, and takes back the rest", () =>
    Effect.gen(function* () {
      const { inventory, levels, inTransit, sent } = yield* given
      const { id: transfer } = yield* sent(5)
      yield* inventory.receiveTransfer({ transfer, destination: shop, lines: [{ line: 1, quantity: 2 }] })
      const canceled = yield* inventory.cancelTransfer({ transfer, origin: depot })
      assert.deepStrictEqual([canceled.state, numbers(canceled)], ["canceled", [[5, 2, 0, 0, 3, 0]]])
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [8, 0, 8], "mug@shop": [3, 0, 3] })
      assert.deepStrictEqual(yield* inTransit, { mug: 0 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is closed short writes off what is missing, with the reason, where it is missed", () =>
    Effect.gen(function* () {
      const { inventory, levels, inTransit, sent } = yield* given
      const { id: transfer } = yield* sent(5)
      yield* inventory.receiveTransfer({ transfer, destination: shop, lines: [{ line: 1, quantity: 4 }] })
      const closed = yield* inventory.closeTransferShort({ transfer, destination: shop, reason: "fell off the van" })
      assert.deepInclude(closed, { state: "closedShort", reason: "fell off the van" })
      assert.deepStrictEqual(numbers(closed), [[5, 4, 0, 1, 0, 0]])
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [5, 0, 5], "mug@shop": [5, 0, 5] })
      assert.deepStrictEqual(yield* inTransit, { mug: 0 })
      const { items } = yield* inventory.read.movements({ kind: "adjustment" }, firstPage())
      assert.deepStrictEqual(
        items.map(({ location, from, to, quantity, reason }) => [location, from, to, quantity, reason]),
        [[shop, "transit", "adjustment", 1, "fell off the van"]]
      )
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells of each change of its state, and crosses thresholds like any change of stock", () =>
    Effect.gen(function* () {
      const { inventory, create } = yield* given
      yield* inventory.setThresholds({ lines: [{ product: mug, location: depot, low: 5, clear: 8 }] })
      const start = yield* inventory.read.head
      const { id: transfer } = yield* create(6)
      yield* inventory.releaseTransfer({ transfer, origin: depot })
      yield* inventory.readyTransfer({ transfer, origin: depot })
      yield* inventory.dispatchTransfer({ transfer, origin: depot })
      yield* inventory.completeTransfer({ transfer, destination: shop })
      const events = yield* inventory.read.events(start, 100)
      const told = events.flatMap(({ event }) => (event._tag === "TransferChanged" ? [event] : []))
      assert.deepStrictEqual(
        told.map(({ state }) => state),
        ["ready", "draft", "ready", "inTransit", "received"]
      )
      assert.deepInclude(told[0], { transfer, origin: depot, destination: shop })
      assert.deepStrictEqual(
        events.flatMap(({ event }) => (event._tag.startsWith("LowStock") ? [event._tag] : [])),
        ["LowStockRaised", "LowStockCleared", "LowStockRaised"]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is found by its id, its state and its ends, the newest first", () =>
    Effect.gen(function* () {
      const { inventory, create, sent } = yield* given
      const first = yield* create(1)
      yield* TestClock.adjust(1)
      const second = yield* sent(1)
      assert.deepStrictEqual(yield* inventory.read.transfer(first.id), Option.some(first))
      assert.deepStrictEqual(yield* inventory.read.transfer(TransferId.make("none")), Option.none())
      const ids = (filter: Parameters<typeof inventory.read.transfers>[0]) =>
        Effect.map(inventory.read.transfers(filter, firstPage()), ({ items }) => items.map(({ id }) => id))
      assert.deepStrictEqual(yield* ids({}), [second.id, first.id])
      assert.deepStrictEqual(yield* ids({ state: "inTransit" }), [second.id])
      assert.deepStrictEqual(yield* ids({ destination: shop, state: "ready" }), [first.id])
      assert.deepStrictEqual(yield* ids({ origin: shop }), [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("lets go of a lot that was recalled when it leaves, and takes another", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const lines = [{ product: tea, quantity: 3 }] as const
      const { id: transfer } = yield* inventory.createTransfer({ origin: depot, destination: shop, lines })
      yield* inventory.recallLot({ product: tea, lot: "A", reason: "Glass" })
      const sent = yield* inventory.dispatchTransfer({ transfer, origin: depot })
      assert.deepStrictEqual(
        sent.lines.map(({ lot, shipped }) => [lot, shipped]),
        [["B", 3]]
      )
      const lotA = yield* inventory.read.balance({ product: tea, location: depot, lot: "A" })
      assert.deepInclude(lotA, { sellable: 3, committed: 0 })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )
})

describe("a transfer refuses", () => {
  it.effect("what its state does not allow, and says what would", () =>
    Effect.gen(function* () {
      const { inventory, create, sent } = yield* given
      const make = {
        draft: create(1, true),
        ready: create(1),
        inTransit: sent(1),
        partiallyReceived: Effect.flatMap(sent(2), ({ id: transfer }) =>
          inventory.receiveTransfer({ transfer, destination: shop, lines: [{ line: 1, quantity: 1 }] })
        ),
        received: Effect.flatMap(sent(1), ({ id: transfer }) =>
          inventory.completeTransfer({ transfer, destination: shop })
        ),
        canceled: Effect.flatMap(create(1), ({ id: transfer }) =>
          inventory.cancelTransfer({ transfer, origin: depot })
        ),
        closedShort: Effect.flatMap(sent(1), ({ id: transfer }) =>
          inventory.closeTransferShort({ transfer, destination: shop, reason: "lost" })
        )
      }
      const onItsWay = ["inTransit", "partiallyReceived"] as const
      const accepted: Readonly<Record<string, ReadonlyArray<TransferState>>> = {
        updateTransfer: ["draft"],
        readyTransfer: ["draft"],
        releaseTransfer: ["ready"],
        dispatchTransfer: ["ready"],
        receiveTransfer: onItsWay,
        completeTransfer: onItsWay,
        closeTransferShort: onItsWay,
        cancelTransfer: ["draft", "ready", ...onItsWay]
      }
      for (const state of transferStates) {
        const made: Effect.Effect<Transfer, unknown> = make[state]
        const { id: transfer } = yield* made
        const origin = { transfer, origin: depot }
        const destination = { transfer, destination: shop }
        const lines = [{ product: mug, quantity: 1 }] as const
        const attempts = {
          updateTransfer: inventory.updateTransfer({ ...origin, expected: "any", lines }),
          readyTransfer: inventory.readyTransfer(origin),
          releaseTransfer: inventory.releaseTransfer(origin),
          dispatchTransfer: inventory.dispatchTransfer(origin),
          receiveTransfer: inventory.receiveTransfer({ ...destination, lines: [{ line: 1, quantity: 1 }] }),
          completeTransfer: inventory.completeTransfer(destination),
          closeTransferShort: inventory.closeTransferShort({ ...destination, reason: "lost" }),
          cancelTransfer: inventory.cancelTransfer(origin)
        }
        for (const command of Object.keys(attempts) as ReadonlyArray<keyof typeof attempts>) {
          const allowed = accepted[command] ?? []
          if (allowed.includes(state)) continue
          const attempt: Effect.Effect<Transfer, { readonly _tag: string }> = attempts[command]
          const refused = yield* Effect.flip(attempt)
          assert(refused instanceof TransferStateConflict, `${command} of one that is ${state}`)
          assert.deepInclude(refused, { transfer, state, accepted: allowed }, command)
        }
      }
    }).pipe(Effect.provide(Live))
  )

  it.effect("more than is on its way, summed over the lines of the receipt", () =>
    Effect.gen(function* () {
      const { inventory, levels, sent } = yield* given
      const { id: transfer } = yield* sent(3)
      const before = yield* levels
      const receive = (...lines: ReadonlyArray<{ readonly line: number; readonly quantity: number }>) =>
        inventory.receiveTransfer({ transfer, destination: shop, lines: [lines[0]!, ...lines.slice(1)] })
      const exceeded = yield* Effect.flip(receive({ line: 1, quantity: 2 }, { line: 1, quantity: 2 }))
      assert(exceeded._tag === "TransferExceeded")
      assert.deepInclude(exceeded, { transfer, lines: [{ line: 1, product: mug, wanted: 4, open: 3 }] })
      const unknown = yield* Effect.flip(receive({ line: 1, quantity: 1 }, { line: 2, quantity: 1 }))
      assert(unknown._tag === "UnknownTransferLine")
      assert.deepInclude(unknown, { transfer, line: 2, lines: 1 })
      assert.deepStrictEqual(yield* levels, before)
    }).pipe(Effect.provide(Live))
  )

  it.effect("ends that are one, unknown or not its own, unknown products, and to be another transfer", () =>
    Effect.gen(function* () {
      const { inventory, create, sent } = yield* given
      const lines = [{ product: mug, quantity: 1 }] as const
      const nowhere = LocationId.make("nowhere")
      const make = (origin: LocationId, destination: LocationId, product = mug) =>
        Effect.flip(inventory.createTransfer({ origin, destination, lines: [{ product, quantity: 1 }] }))
      const same = yield* make(shop, shop)
      assert(same._tag === "SameLocation")
      assert.strictEqual(same.location, shop)
      for (const refused of [yield* make(nowhere, shop), yield* make(shop, nowhere)]) {
        assert(refused._tag === "UnknownLocation")
        assert.strictEqual(refused.location, nowhere)
      }
      assert.strictEqual((yield* make(depot, shop, ProductId.make("none")))._tag, "UnknownProduct")
      const none = TransferId.make("none")
      const unknown = yield* Effect.flip(inventory.dispatchTransfer({ transfer: none, origin: depot }))
      assert(unknown._tag === "UnknownTransfer")
      assert.strictEqual(unknown.transfer, none)
      const { id: ready } = yield* create(1)
      const elsewhere = yield* Effect.flip(
        inventory.updateTransfer({ transfer: ready, origin: shop, expected: "any", lines })
      )
      assert(elsewhere._tag === "TransferElsewhere")
      assert.deepInclude(elsewhere, { transfer: ready, location: shop, accepted: depot })
      const { id: transfer } = yield* sent(1)
      const wrongEnd = yield* Effect.flip(inventory.completeTransfer({ transfer, destination: depot }))
      assert(wrongEnd._tag === "TransferElsewhere")
      assert.deepInclude(wrongEnd, { location: depot, accepted: shop })
    }).pipe(Effect.provide(Live))
  )

  it.effect("nothing because a product was archived meanwhile: what is left of it still moves", () =>
    Effect.gen(function* () {
      const { inventory, sent } = yield* given
      yield* inventory.archiveProduct({ product: mug, expected: "any", archived: true })
      const { id: transfer } = yield* sent(10)
      assert.strictEqual((yield* inventory.completeTransfer({ transfer, destination: shop })).state, "received")
    }).pipe(Effect.provide(Live))
  )
})

describe("what users of other systems suffer from", () => {
  it.effect("shipping from B what was reserved at A", () =>
    Effect.gen(function* () {
      const { inventory, levels, create } = yield* given
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location: shop, quantity: 9 }] })
      const { id: transfer } = yield* create(4)
      const refused = yield* Effect.flip(inventory.dispatchTransfer({ transfer, origin: shop }))
      assert.strictEqual(refused._tag, "TransferElsewhere")
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [10, 4, 6], "mug@shop": [10, 0, 10] })
      yield* inventory.dispatchTransfer({ transfer, origin: depot })
      assert.deepStrictEqual(yield* levels, { ...untouched, "mug@depot": [6, 0, 6], "mug@shop": [10, 0, 10] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("moving a claim skips the check", () =>
    Effect.gen(function* () {
      const { inventory, levels, create } = yield* given
      const { id: transfer } = yield* create(7)
      const line = { product: mug, location: depot, quantity: 7 }
      const rival = yield* Effect.flip(inventory.holdStock({ lines: [line], ttlMillis: 60_000 }))
      assert.strictEqual(rival._tag, "InsufficientStock")
      // The claim is let go of and taken by another: the transfer cannot ship what is not there any more.
      const claims = (yield* inventory.read.transfers({ state: "ready" }, firstPage())).items[0]!.lines[0]!.claims
      yield* inventory.releaseClaims({ location: depot, claims: [claims[0]!] })
      yield* inventory.holdStock({ lines: [line], ttlMillis: 60_000 })
      const before = yield* levels
      const refused = yield* Effect.flip(inventory.dispatchTransfer({ transfer, origin: depot }))
      assert(refused._tag === "InsufficientStock")
      assert.deepInclude(refused.lines[0], { wanted: 7, available: 3 })
      assert.deepStrictEqual(yield* levels, before)
    }).pipe(Effect.provide(Live))
  )

  it.effect("finds elsewhere at the origin what somebody let go of", () =>
    Effect.gen(function* () {
      const { inventory, levels } = yield* given
      const asked = yield* inventory.createTransfer({
        origin: depot,
        destination: shop,
        lines: [{ product: tea, quantity: 5 }]
      })
      const [lotA] = asked.lines[0]!.claims
      yield* inventory.releaseClaims({ location: depot, claims: [lotA!] })
      yield* inventory.recordMovements({
        lines: [{ kind: "damage", product: tea, location: depot, lot: "A", quantity: 2 }]
      })
      const sent = yield* inventory.dispatchTransfer({ transfer: asked.id, origin: depot })
      assert.deepStrictEqual(
        sent.lines.map(({ lot, quantity }) => [lot, quantity]),
        [
          ["B", 4],
          ["A", 1]
        ]
      )
      assert.deepStrictEqual((yield* levels)["tea@depot"], [2, 0, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("a negative location eats another's availability", () =>
    Effect.gen(function* () {
      const { inventory, levels, inTransit } = yield* given
      const wanted = { origin: shop, destination: depot, lines: [{ product: mug, quantity: 2 }] as const }
      const refused = yield* Effect.flip(inventory.createTransfer(wanted))
      assert(refused._tag === "InsufficientStock")
      assert.deepInclude(refused.lines[0], { wanted: 2, available: 1 })
      assert.deepStrictEqual(yield* levels, untouched)
      assert.deepStrictEqual(yield* inTransit, {})
    }).pipe(Effect.provide(Live))
  )

  it.effect("two transfers for the last unit both succeed", () =>
    Effect.gen(function* () {
      const { create } = yield* given
      const results = yield* Effect.forEach([6, 6], (all) => Effect.result(create(all)), { concurrency: "unbounded" })
      assert.deepStrictEqual(results.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
    }).pipe(Effect.provide(Live))
  )
})
