// A count posts what it found against what the books said when it was counted; what happened since stays.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import {
  blindly,
  type Count,
  CountId,
  differenceOf,
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  MAX_LINES,
  ProductId
} from "../src/index.ts"

/** Lines of which two fill a sheet, with what is on it already. */
const HALF_A_SHEET = MAX_LINES / 2

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = LocationId.make("shop")
const depot = LocationId.make("depot")
const mug = ProductId.make("mug")
const tea = ProductId.make("tea")

/** A shop with ten mugs and, in lot A, four teas; a count of both is under way. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  for (const id of [mug, tea]) yield* inventory.createProduct({ id, sku: id, name: id, lotTracked: id === tea })
  const move = (kind: "receipt" | "sale" | "damage", quantity: number) =>
    inventory.recordMovements({ lines: [{ kind, product: mug, location: shop, quantity }] })
  yield* move("receipt", 10)
  yield* inventory.recordMovements({
    lines: [{ kind: "receipt", product: tea, location: shop, lot: "A", quantity: 4 }]
  })
  const { id } = yield* inventory.createCount({ location: shop, lines: [{ product: mug }, { product: tea, lot: "A" }] })
  const at = { count: id, location: shop }
  const record = (mugs: number, teas: number) =>
    inventory.recordCount({
      ...at,
      lines: [
        { product: mug, quantity: mugs },
        { product: tea, lot: "A", quantity: teas }
      ]
    })
  const post = Effect.gen(function* () {
    yield* inventory.finishCount(at)
    yield* inventory.approveCount(at)
    return yield* inventory.postCount(at)
  })
  const sellable = Effect.map(
    inventory.read.balance({ product: mug, location: shop, lot: "" }),
    (balance) => balance.sellable
  )
  return { inventory, at, record, post, move, sellable }
})

const told = ({ lines }: Count) => lines.map(({ counted, expected }) => [counted, expected])

describe("a count", () => {
  it.effect("posts the differences that it found, with their reasons, and nothing where there is none", () =>
    Effect.gen(function* () {
      const { inventory, at, record } = yield* given
      const counted = yield* record(8, 4)
      assert.deepStrictEqual(told(counted), [
        [8, 10],
        [4, 4]
      ])
      assert.deepStrictEqual(counted.lines.map(differenceOf), [-2, 0])
      yield* inventory.finishCount(at)
      yield* inventory.approveCount({ ...at, reasons: [{ line: 1, reason: "shrinkage" }] })
      const posted = yield* inventory.postCount(at)
      assert.strictEqual(posted.state, "posted")
      const { items } = yield* inventory.read.movements({ source: { type: "count", id: at.count } }, firstPage())
      assert.deepStrictEqual(
        items.map(({ kind, product, from, to, quantity, reason }) => [kind, product, from, to, quantity, reason]),
        [["countAdjustment", mug, "sellable", "adjustment", 2, "shrinkage"]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps what was sold and received while people counted", () =>
    Effect.gen(function* () {
      const { record, post, move, sellable } = yield* given
      yield* move("sale", 1)
      yield* record(8, 4) // The books say 9: one is missing.
      yield* move("sale", 3)
      yield* move("receipt", 5)
      yield* post
      assert.strictEqual(yield* sellable, 10 - 1 - 3 + 5 - 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is not changed by what is recorded later with an earlier date", () =>
    Effect.gen(function* () {
      const { inventory, record, post, sellable } = yield* given
      yield* record(1, 4)
      yield* post
      assert.strictEqual(yield* sellable, 1)
      const late = { kind: "sale", product: mug, location: shop, quantity: 1 } as const
      yield* inventory.recordMovements({ lines: [late] }, { occurredAt: DateTime.makeUnsafe("2020-01-01T00:00:00Z") })
      assert.strictEqual(yield* sellable, 0)
      const { items } = yield* inventory.read.movements({ product: mug }, firstPage())
      assert.strictEqual(items.find(({ kind }) => kind === "countAdjustment")?.onHandAfter, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("that rejects moved keys says which, and a recount of these posts", () =>
    Effect.gen(function* () {
      const { inventory, move, sellable } = yield* given
      const { id } = yield* inventory.createCount({ location: shop, policy: "reject" })
      const at = { count: id, location: shop }
      yield* inventory.recordCount({
        ...at,
        lines: [
          { product: mug, quantity: 9 },
          { product: tea, lot: "A", quantity: 5 }
        ]
      })
      yield* inventory.finishCount(at)
      yield* inventory.approveCount(at)
      yield* move("sale", 2)
      const stale = yield* Effect.flip(inventory.postCount(at))
      assert(stale._tag === "CountStale")
      assert.deepStrictEqual(stale.lines, [{ line: 1, product: mug, lot: "", position: 1, current: 2 }])
      yield* inventory.recountLines({ ...at, lines: [1] })
      yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 7 }] })
      yield* inventory.finishCount(at)
      yield* inventory.approveCount(at)
      yield* inventory.postCount(at)
      assert.strictEqual(yield* sellable, 7)
    }).pipe(Effect.provide(Live))
  )

  it.effect("does not count away what was sold meanwhile; a recount does", () =>
    Effect.gen(function* () {
      const { inventory, at, record, post, move, sellable } = yield* given
      yield* record(4, 4) // Six are missing, of which one at least was found and sold since.
      yield* move("sale", 5)
      const refused = yield* Effect.flip(post)
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[6, 5]]
      )
      yield* inventory.recountLines({ ...at, lines: [1] })
      yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 0 }] })
      yield* post
      assert.strictEqual(yield* sellable, 0)
    }).pipe(Effect.provide(Live))
  )

  it.effect("does not count away what is promised to somebody", () =>
    Effect.gen(function* () {
      const { inventory, at, record, sellable } = yield* given
      const { claims } = yield* inventory.holdStock({
        lines: [{ product: mug, location: shop, quantity: 6 }],
        ttlMillis: 60_000
      })
      yield* record(5, 4)
      yield* inventory.finishCount(at)
      yield* inventory.approveCount(at)
      const refused = yield* Effect.flip(inventory.postCount(at))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[5, 4]]
      )
      const [claim] = claims
      assert(claim !== undefined)
      yield* inventory.releaseClaims({ location: shop, claims: [claim] })
      yield* inventory.postCount(at)
      assert.strictEqual(yield* sellable, 5)
    }).pipe(Effect.provide(Live))
  )

  it.effect("knows a lot that it found by the day that was read from it", () =>
    Effect.gen(function* () {
      const { inventory, at, record, post } = yield* given
      yield* record(10, 4)
      const found = (lot: string, expiresOn: string) =>
        inventory.recordCount({ ...at, lines: [{ product: tea, lot, quantity: 3, expiresOn }] })
      const counted = yield* found("B", "2999-02-28")
      assert.strictEqual(counted.lines.at(-1)?.expiresOn, "2999-02-28")
      // Lot A was received without a date, so it has none.
      assert.strictEqual((yield* Effect.flip(found("A", "2999-02-28")))._tag, "LotExpiryConflict")
      // Meanwhile lot B arrives, with another date: one of the two was read wrongly.
      yield* inventory.recordMovements({
        lines: [{ kind: "receipt", product: tea, location: shop, lot: "B", quantity: 1, expiresOn: "2999-03-01" }]
      })
      const conflict = yield* Effect.flip(post)
      assert.strictEqual(conflict._tag, "LotExpiryConflict")
      yield* inventory.recountLines({ ...at, lines: [3] })
      const again = yield* found("B", "2999-03-01")
      assert.deepInclude(again.lines.at(-1), { counted: 3, expected: 1, expiresOn: "2999-03-01" })
      assert.strictEqual((yield* post).state, "posted")
      assert.strictEqual((yield* inventory.read.balance({ product: tea, location: shop, lot: "B" })).sellable, 3)
    }).pipe(Effect.provide(Live))
  )

  it.effect("counts conditions apart, and takes in keys that were not planned", () =>
    Effect.gen(function* () {
      const { inventory, at, move, post } = yield* given
      yield* move("damage", 2)
      const lines = [
        { product: mug, quantity: 8 },
        { product: mug, condition: "damaged", quantity: 3 },
        { product: tea, lot: "A", quantity: 4 },
        { product: tea, lot: "B", quantity: 1 }
      ] as const
      const counted = yield* inventory.recordCount({ ...at, lines })
      assert.strictEqual(counted.lines.length, 4)
      // Who notes one line is told of that one alone; what was noted before stays on the sheet.
      const one = yield* inventory.recordCount({ ...at, lines: [{ product: tea, lot: "B", quantity: 1 }] })
      assert.deepStrictEqual(one, { ...counted, ...one, lines: counted.lines.slice(3) })
      assert.strictEqual(one.version, counted.version + 1)
      const sheet = yield* Effect.fromOption(yield* inventory.read.count(at.count))
      assert.deepStrictEqual(sheet, { ...one, lines: counted.lines })
      yield* post
      const mugs = yield* inventory.read.balance({ product: mug, location: shop, lot: "" })
      assert.deepStrictEqual([mugs.sellable, mugs.damaged], [8, 3])
      const found = yield* inventory.read.balance({ product: tea, location: shop, lot: "B" })
      assert.strictEqual(found.sellable, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is finished when all of it is counted, or somebody says what the rest is", () =>
    Effect.gen(function* () {
      const { inventory, at, sellable } = yield* given
      yield* inventory.recordCount({ ...at, lines: [{ product: tea, lot: "A", quantity: 4 }] })
      const refused = yield* Effect.flip(inventory.finishCount(at))
      assert(refused._tag === "CountIncomplete")
      assert.deepStrictEqual(refused.lines, [{ line: 1, product: mug, lot: "" }])
      yield* inventory.finishCount({ ...at, uncounted: "skip" })
      yield* inventory.approveCount(at)
      yield* inventory.postCount(at)
      assert.strictEqual(yield* sellable, 10)
      const { id } = yield* inventory.createCount({ location: shop, lines: [{ product: mug }] })
      const second = { count: id, location: shop }
      yield* inventory.finishCount({ ...second, uncounted: "zero" })
      yield* inventory.approveCount(second)
      yield* inventory.postCount(second)
      assert.strictEqual(yield* sellable, 0)
    }).pipe(Effect.provide(Live))
  )

  it.effect("goes its way through the states, and no other", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const { id } = yield* inventory.createCount({ location: shop, draft: true })
      const at = { count: id, location: shop }
      const early = yield* Effect.flip(inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 1 }] }))
      assert(early._tag === "CountStateConflict")
      assert.deepStrictEqual([early.state, early.accepted], ["draft", ["counting"]])
      yield* inventory.startCount(at)
      yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 1 }] })
      assert.strictEqual((yield* Effect.flip(inventory.postCount(at)))._tag, "CountStateConflict")
      assert.strictEqual((yield* inventory.cancelCount(at)).state, "canceled")
      assert.strictEqual((yield* Effect.flip(inventory.cancelCount(at)))._tag, "CountStateConflict")
      const elsewhere = yield* Effect.flip(inventory.cancelCount({ count: id, location: depot }))
      assert.strictEqual(elsewhere._tag, "CountElsewhere")
      const none = yield* Effect.flip(inventory.cancelCount({ count: CountId.make("none"), location: shop }))
      assert.strictEqual(none._tag, "UnknownCount")
      const line = yield* Effect.flip(
        Effect.gen(function* () {
          const again = yield* inventory.createCount({ location: shop })
          const there = { count: again.id, location: shop }
          yield* inventory.finishCount(there)
          return yield* inventory.recountLines({ ...there, lines: [1] })
        })
      )
      assert.strictEqual(line._tag, "UnknownCountLine")
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is blind hides what the books expect from those who count, until they are done", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const { id } = yield* inventory.createCount({ location: shop, lines: [{ product: mug }], blind: true })
      const at = { count: id, location: shop }
      const record = inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 9 }] }, { key: "nine" })
      assert.deepStrictEqual(told(yield* record), [[9, null]])
      const kept = yield* Effect.fromOption(yield* inventory.read.count(id))
      assert.deepStrictEqual([told(kept), told(blindly(kept))], [[[9, 10]], [[9, null]]])
      assert.deepStrictEqual(told(yield* inventory.finishCount(at)), [[9, 10]])
      assert.deepStrictEqual(told(yield* record), [[9, null]], "what is told again is what was told")
      assert.deepStrictEqual(told(yield* inventory.recountLines(at)), [[null, null]])
    }).pipe(Effect.provide(Live))
  )

  it.effect("sheet has room for so many lines, and says so", () =>
    Effect.gen(function* () {
      const { inventory, at } = yield* given
      const lots = (from: number) => {
        const [first, ...rest] = Array.from({ length: HALF_A_SHEET }, (_, index) => ({
          product: tea,
          lot: `L${from + index}`,
          quantity: 1
        }))
        assert(first !== undefined)
        return [first, ...rest] as const
      }
      yield* inventory.recordCount({ ...at, lines: lots(0) })
      const full = yield* Effect.flip(inventory.recordCount({ ...at, lines: lots(HALF_A_SHEET) }))
      assert(full._tag === "CountFull")
      assert.strictEqual(full.accepted, MAX_LINES)
    }).pipe(Effect.provide(Live))
  )
})

describe("the lines of a count", () => {
  it("differ by nothing until they are counted", () => {
    assert.deepStrictEqual(
      [
        { counted: null, expected: null },
        { counted: null, expected: 3 },
        { counted: 3, expected: null },
        { counted: 0, expected: 3 }
      ].map(differenceOf),
      [0, 0, 0, -3]
    )
  })

  it.effect("are all sent back when none is named, and only lines that there are get reasons", () =>
    Effect.gen(function* () {
      const { inventory, at, record } = yield* given
      yield* record(8, 4)
      yield* inventory.finishCount(at)
      const unknown = yield* Effect.flip(inventory.approveCount({ ...at, reasons: [{ line: 3, reason: "who knows" }] }))
      assert(unknown._tag === "UnknownCountLine")
      assert.deepStrictEqual([unknown.line, unknown.lines], [3, 2])
      const again = yield* inventory.recountLines(at)
      assert.deepStrictEqual(
        [again.state, told(again)],
        [
          "counting",
          [
            [null, null],
            [null, null]
          ]
        ]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("of what is not sellable are counted away whatever is claimed of the rest, and at most what is there", () =>
    Effect.gen(function* () {
      const { inventory, at, move, post } = yield* given
      yield* move("damage", 4)
      yield* inventory.holdStock({ lines: [{ product: mug, location: shop, quantity: 6 }], ttlMillis: 60_000 })
      const lines = [
        { product: mug, quantity: 6 },
        { product: mug, condition: "damaged", quantity: 1 },
        { product: tea, lot: "A", quantity: 4 }
      ] as const
      yield* inventory.recordCount({ ...at, lines })
      yield* post
      const { sellable, damaged } = yield* inventory.read.balance({ product: mug, location: shop, lot: "" })
      assert.deepStrictEqual([sellable, damaged], [6, 1])
    }).pipe(Effect.provide(Live))
  )

  it.effect("are one for each key that is planned, and tell of every change", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const start = yield* inventory.read.head
      const planned = [{ product: mug }, { product: mug, lot: "" }, { product: mug, condition: "sellable" }] as const
      const { id, lines, name } = yield* inventory.createCount({ location: shop, lines: planned })
      assert.deepStrictEqual([lines.length, name], [1, ""])
      yield* inventory.cancelCount({ count: id, location: shop })
      const events = (yield* inventory.read.events(start, 100)).map(({ event }) => event)
      assert.deepStrictEqual(events, [
        { _tag: "CountChanged", count: id, location: shop, state: "counting" },
        { _tag: "CountChanged", count: id, location: shop, state: "canceled" }
      ])
    }).pipe(Effect.provide(Live))
  )
})
