// A purchase order is a plan, then incoming, then received: in parts, damaged, a little over, or not at all.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import {
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  openOnOrder,
  ProductId,
  type PurchaseOrder,
  PurchaseOrderId,
  PurchaseOrderStateConflict,
  purchaseOrderStates,
  VendorId
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = LocationId.make("shop")
const depot = LocationId.make("depot")
const potter = VendorId.make("potter")
const mug = ProductId.make("mug")
const tea = ProductId.make("tea")
const price = { amount: "412.5", currency: "USD" }

/** A shop and a depot, mugs and tea, and a vendor who sells mugs in packs of 4, from 8 on, within ten days. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* TestClock.setTime(Date.UTC(2026, 4, 1))
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  yield* inventory.createLocation({ id: depot, name: "Depot" })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug" })
  yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea", lotTracked: true })
  yield* inventory.createVendor({ id: potter, name: "Potter", tolerance: 25 })
  yield* inventory.setVendorProducts({
    vendor: potter,
    lines: [{ product: mug, sku: "P-7", pack: 4, minimum: 8, price, leadTimeDays: 10, primary: true }]
  })
  const draft = (quantity = 8) =>
    inventory.createPurchaseOrder({
      vendor: potter,
      destination: shop,
      lines: [
        { product: mug, quantity },
        { product: tea, quantity: 3 }
      ]
    })
  const place = ({ id }: Pick<PurchaseOrder, "id">) =>
    inventory.placePurchaseOrder({ purchaseOrder: id, destination: shop })
  const placed = (quantity?: number) => Effect.flatMap(draft(quantity), place)
  const receive = (
    { id }: Pick<PurchaseOrder, "id">,
    ...[first, ...rest]: [
      {
        readonly line: number
        readonly lot?: string
        readonly quantity: number
        readonly condition?: "damaged" | "qualityControl"
      },
      ...ReadonlyArray<{
        readonly line: number
        readonly lot?: string
        readonly quantity: number
        readonly condition?: "damaged"
      }>
    ]
  ) => inventory.receivePurchaseOrder({ purchaseOrder: id, destination: shop, lines: [first, ...rest] })
  /** What is on hand and incoming of each product at each place. */
  const levels = Effect.map(inventory.read.levels({}, firstPage()), ({ items }) =>
    Object.fromEntries(
      items.map(({ product, location, onHand, available, incoming }) => [
        `${product}@${location}`,
        [onHand, available, incoming]
      ])
    )
  )
  return { inventory, draft, place, placed, receive, levels }
})

/** What names an order to a command. */
interface At {
  readonly purchaseOrder: PurchaseOrderId
  readonly destination: LocationId
}

const numbers = ({ lines }: PurchaseOrder) =>
  lines.map((line) => [line.ordered, line.received, line.over, line.damaged, line.canceled, openOnOrder(line)])

describe("a purchase order", () => {
  it.effect("is a plan as a draft: nothing is incoming, and its lines are set as a whole", () =>
    Effect.gen(function* () {
      const { inventory, draft, levels } = yield* given
      const order = yield* draft(5)
      assert.deepInclude(order, { state: "draft", vendor: potter, tolerance: 25, expectedAt: null, version: 1 })
      assert.deepStrictEqual(yield* levels, {})
      const at = { purchaseOrder: order.id, destination: shop }
      const changed = yield* inventory.updatePurchaseOrder({
        ...at,
        expected: 1,
        lines: [{ product: tea, quantity: 2, unitCost: price }],
        tolerance: 0,
        note: "ring the bell"
      })
      assert.deepInclude(changed, { state: "draft", tolerance: 0, note: "ring the bell", version: 2 })
      assert.deepStrictEqual(numbers(changed), [[2, 0, 0, 0, 0, 2]])
      const noted = yield* inventory.updatePurchaseOrder({ ...at, expected: 2, note: "" })
      assert.deepStrictEqual(noted.lines, changed.lines)
      const stale = yield* Effect.flip(inventory.updatePurchaseOrder({ ...at, expected: 1, note: "x" }))
      assert(stale._tag === "StaleVersion")
      assert.deepInclude(stale, { entity: "purchase order", expected: 1, current: 3 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is incoming once it is placed, due by the vendor's lead time and at the vendor's price", () =>
    Effect.gen(function* () {
      const { inventory, place, placed, levels } = yield* given
      const order = yield* placed()
      assert.deepInclude(order, { state: "placed", version: 2 })
      assert.deepStrictEqual(order.placedAt, DateTime.makeUnsafe(Date.UTC(2026, 4, 1)))
      assert.deepStrictEqual(order.expectedAt, DateTime.makeUnsafe(Date.UTC(2026, 4, 11)))
      assert.deepStrictEqual(
        order.lines.map(({ vendorSku, unitCost }) => [vendorSku, unitCost]),
        [
          ["P-7", price],
          [null, null]
        ]
      )
      assert.deepStrictEqual(yield* levels, { "mug@shop": [0, 0, 8], "tea@shop": [0, 0, 3] })

      const expectedAt = DateTime.makeUnsafe(Date.UTC(2026, 5, 1))
      const cheaper = { amount: "400", currency: "USD" }
      const other = yield* Effect.flatMap(
        inventory.createPurchaseOrder({
          vendor: potter,
          destination: shop,
          expectedAt,
          lines: [{ product: mug, quantity: 12, unitCost: cheaper }]
        }),
        place
      )
      assert.deepStrictEqual([other.expectedAt, other.lines[0]?.unitCost], [expectedAt, cheaper])
      assert.deepStrictEqual((yield* levels)["mug@shop"], [0, 0, 20])
    }).pipe(Effect.provide(Live))
  )

  it.effect("arrives in parts, each by a receipt at its cost, into the condition and lot that are named", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive, levels } = yield* given
      const order = yield* placed()
      const part = yield* receive(order, { line: 1, quantity: 3 }, { line: 1, quantity: 2, condition: "damaged" })
      assert.deepInclude(part, { state: "partiallyReceived", version: 3 })
      assert.deepStrictEqual(numbers(part), [
        [8, 5, 0, 2, 0, 3],
        [3, 0, 0, 0, 0, 3]
      ])
      assert.deepStrictEqual(yield* levels, { "mug@shop": [5, 3, 3], "tea@shop": [0, 0, 3] })
      const unitCost = { amount: "90.25", currency: "USD" }
      const whole = yield* inventory.receivePurchaseOrder({
        purchaseOrder: order.id,
        destination: shop,
        lines: [
          { line: 2, quantity: 3, lot: "A", unitCost },
          { line: 1, quantity: 3 }
        ]
      })
      assert.strictEqual(whole.state, "received")
      assert.deepStrictEqual(yield* levels, { "mug@shop": [8, 6, 0], "tea@shop": [3, 3, 0] })
      const { items } = yield* inventory.read.movements(
        { source: { type: "purchaseOrder", id: order.id } },
        firstPage()
      )
      assert.deepStrictEqual(
        items.map(({ kind, product, lot, from, to, quantity, unitCost: cost }) =>
          [kind, product, lot, from, to, quantity, cost?.amount ?? null].join(" ")
        ),
        [
          "receipt tea A supplier sellable 3 90.25",
          "receipt mug  supplier sellable 3 412.5",
          "receipt mug  supplier damaged 2 412.5",
          "receipt mug  supplier sellable 3 412.5"
        ]
      )
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("arrives in lots that are named, with the day of each, and in units that the product has", () =>
    Effect.gen(function* () {
      const { inventory, placed } = yield* given
      const order = yield* placed()
      const receive = (line: { readonly line: number; readonly lot?: string; readonly expiresOn?: string }) =>
        inventory.receivePurchaseOrder({
          purchaseOrder: order.id,
          destination: shop,
          lines: [{ ...line, quantity: 1 }]
        })
      const refusal = (line: Parameters<typeof receive>[0]) =>
        Effect.map(Effect.flip(receive(line)), ({ _tag }) => _tag)
      assert.strictEqual(yield* refusal({ line: 2 }), "LotRequired")
      assert.strictEqual(yield* refusal({ line: 1, lot: "A" }), "NotLotTracked")
      yield* receive({ line: 2, lot: "A", expiresOn: "2027-03-01" })
      yield* receive({ line: 2, lot: "A" })
      const conflict = yield* Effect.flip(receive({ line: 2, lot: "A", expiresOn: "2027-03-02" }))
      assert.deepInclude(conflict, { _tag: "LotExpiryConflict", product: tea, accepted: "2027-03-01" })
      const crate = { line: 1, quantity: 1, entered: { unit: "crate", quantity: "1" } }
      const unknown = yield* Effect.flip(
        inventory.receivePurchaseOrder({ purchaseOrder: order.id, destination: shop, lines: [crate] })
      )
      assert.deepInclude(unknown, { _tag: "UnknownUnit", unit: "crate" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is due with the last of its goods, and stays placed while any line is open", () =>
    Effect.gen(function* () {
      const { inventory, placed } = yield* given
      yield* inventory.setVendorProducts({ vendor: potter, lines: [{ product: tea, leadTimeDays: 3 }] })
      const order = yield* placed()
      assert.strictEqual(order.expectedAt && DateTime.toEpochMillis(order.expectedAt), Date.UTC(2026, 4, 11))
      const of = { purchaseOrder: order.id, destination: shop }
      const left = yield* inventory.cancelPurchaseOrder({ ...of, lines: [{ line: 1, quantity: 8 }] })
      assert.strictEqual(left.state, "placed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes more than was ordered up to its tolerance, of each line, and not a step more", () =>
    Effect.gen(function* () {
      const { placed, receive, levels } = yield* given
      const order = yield* placed()
      const most = yield* Effect.flip(
        receive(order, { line: 1, quantity: 8 }, { line: 2, lot: "A", quantity: 4 }, { line: 1, quantity: 3 })
      )
      assert(most._tag === "PurchaseOrderExceeded")
      // A quarter of 3 is less than a whole step.
      assert.deepStrictEqual(most.lines, [
        { line: 1, product: mug, wanted: 11, accepted: 10 },
        { line: 2, product: tea, wanted: 4, accepted: 3 }
      ])
      assert.deepStrictEqual(yield* levels, { "mug@shop": [0, 0, 8], "tea@shop": [0, 0, 3] })
      const over = yield* receive(order, { line: 1, quantity: 9, condition: "qualityControl" })
      assert.deepStrictEqual(numbers(over)[0], [8, 8, 1, 0, 0, 0])
      assert.deepInclude(over, { state: "partiallyReceived" })
      assert.deepStrictEqual((yield* levels)["mug@shop"], [9, 0, 0])
      const received = yield* receive(order, { line: 2, lot: "A", quantity: 3 })
      assert.strictEqual(received.state, "received")
      const last = yield* receive(order, { line: 1, quantity: 1, condition: "damaged" })
      assert.deepStrictEqual([last.state, numbers(last)[0]], ["received", [8, 8, 2, 1, 0, 0]])
      const none = yield* Effect.flip(receive(order, { line: 1, quantity: 1 }))
      assert(none._tag === "PurchaseOrderExceeded")
      assert.deepStrictEqual(none.lines, [{ line: 1, product: mug, wanted: 1, accepted: 0 }])
    }).pipe(Effect.provide(Live))
  )

  it.effect("tolerates nothing of what was canceled", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive } = yield* given
      const order = yield* placed()
      yield* inventory.cancelPurchaseOrder({
        purchaseOrder: order.id,
        destination: shop,
        lines: [{ line: 1, quantity: 4 }]
      })
      const most = yield* Effect.flip(receive(order, { line: 1, quantity: 6 }))
      assert(most._tag === "PurchaseOrderExceeded")
      assert.strictEqual(most.lines[0]?.accepted, 5)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is canceled in its open part: some of a line, then all the rest", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive, levels } = yield* given
      const order = yield* placed()
      const at = { purchaseOrder: order.id, destination: shop }
      const some = yield* inventory.cancelPurchaseOrder({
        ...at,
        lines: [
          { line: 1, quantity: 1 },
          { line: 1, quantity: 2 }
        ]
      })
      assert.deepStrictEqual([some.state, some.reason], ["placed", null])
      assert.deepStrictEqual(numbers(some)[0], [8, 0, 0, 0, 3, 5])
      const more = yield* Effect.flip(inventory.cancelPurchaseOrder({ ...at, lines: [{ line: 1, quantity: 6 }] }))
      assert(more._tag === "PurchaseOrderExceeded")
      assert.deepStrictEqual(more.lines, [{ line: 1, product: mug, wanted: 6, accepted: 5 }])
      yield* receive(order, { line: 1, quantity: 2 })
      const rest = yield* inventory.cancelPurchaseOrder({ ...at, reason: "sold out" })
      assert.deepInclude(rest, { state: "received", reason: "sold out" })
      assert.deepStrictEqual(numbers(rest), [
        [8, 2, 0, 0, 6, 0],
        [3, 0, 0, 0, 3, 0]
      ])
      assert.deepStrictEqual(yield* levels, { "mug@shop": [2, 2, 0] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("of which nothing arrived is canceled as a whole, as a draft or placed", () =>
    Effect.gen(function* () {
      const { inventory, draft, placed, levels } = yield* given
      for (const { id: purchaseOrder } of [yield* draft(), yield* placed()]) {
        const canceled = yield* inventory.cancelPurchaseOrder({ purchaseOrder, destination: shop })
        assert.deepStrictEqual(
          [canceled.state, ...numbers(canceled)],
          ["canceled", [8, 0, 0, 0, 8, 0], [3, 0, 0, 0, 3, 0]]
        )
      }
      assert.deepStrictEqual(yield* levels, {})
    }).pipe(Effect.provide(Live))
  )

  it.effect("is closed short with a reason: what is open is canceled, and nothing more is taken", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive, levels } = yield* given
      const order = yield* placed()
      yield* receive(order, { line: 1, quantity: 8 })
      const at = { purchaseOrder: order.id, destination: shop }
      const closed = yield* inventory.closePurchaseOrder({ ...at, reason: "no tea this year" })
      assert.deepInclude(closed, { state: "closed", reason: "no tea this year" })
      assert.deepStrictEqual(numbers(closed), [
        [8, 8, 0, 0, 0, 0],
        [3, 0, 0, 0, 3, 0]
      ])
      assert.deepStrictEqual(yield* levels, { "mug@shop": [8, 8, 0] })
      const late = yield* Effect.flip(receive(order, { line: 1, quantity: 1 }))
      assert(late._tag === "PurchaseOrderStateConflict")
      assert.deepStrictEqual(late.accepted, ["placed", "partiallyReceived", "received"])
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells of each change of its state", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive } = yield* given
      const start = yield* inventory.read.head
      const order = yield* placed()
      yield* receive(order, { line: 1, quantity: 1 })
      yield* inventory.closePurchaseOrder({ purchaseOrder: order.id, destination: shop })
      const events = yield* inventory.read.events(start, 100)
      const told = events.flatMap(({ event }) => (event._tag === "PurchaseOrderChanged" ? [event] : []))
      assert.deepStrictEqual(
        told.map(({ state }) => state),
        ["draft", "placed", "partiallyReceived", "closed"]
      )
      assert.deepInclude(told[0], { purchaseOrder: order.id, vendor: potter, destination: shop })
      assert.strictEqual(events.filter(({ event }) => event._tag === "StockChanged").length, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is found by its id, its state, its vendor and its destination, the newest first", () =>
    Effect.gen(function* () {
      const { inventory, draft, placed } = yield* given
      const first = yield* draft()
      yield* TestClock.adjust(1)
      const second = yield* placed()
      assert.deepStrictEqual(yield* inventory.read.purchaseOrder(first.id), Option.some(first))
      assert.deepStrictEqual(yield* inventory.read.purchaseOrder(PurchaseOrderId.make("none")), Option.none())
      const ids = (filter: Parameters<typeof inventory.read.purchaseOrders>[0]) =>
        Effect.map(inventory.read.purchaseOrders(filter, firstPage()), ({ items }) => items.map(({ id }) => id))
      assert.deepStrictEqual(yield* ids({}), [second.id, first.id])
      assert.deepStrictEqual(yield* ids({ state: "placed" }), [second.id])
      assert.deepStrictEqual(yield* ids({ vendor: potter, destination: shop, state: "draft" }), [first.id])
      assert.deepStrictEqual(yield* ids({ destination: depot }), [])
      assert.deepStrictEqual(yield* ids({ vendor: VendorId.make("none") }), [])
    }).pipe(Effect.provide(Live))
  )
})

describe("what is incoming", () => {
  it.effect("is what purchase orders and transfers bring, beside what is on hand", () =>
    Effect.gen(function* () {
      const { inventory, placed, levels } = yield* given
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location: depot, quantity: 9 }] })
      yield* placed()
      const lines = [{ product: mug, quantity: 5 }] as const
      const { id: transfer } = yield* inventory.createTransfer({ origin: depot, destination: shop, lines })
      assert.deepStrictEqual((yield* levels)["mug@shop"], [0, 0, 8], "what is only ready is not on its way")
      yield* inventory.dispatchTransfer({ transfer, origin: depot })
      assert.deepStrictEqual(yield* levels, {
        "mug@depot": [4, 4, 0],
        "mug@shop": [0, 0, 13],
        "tea@shop": [0, 0, 3]
      })
      yield* inventory.receiveTransfer({ transfer, destination: shop, lines: [{ line: 1, quantity: 2 }] })
      assert.deepStrictEqual((yield* levels)["mug@shop"], [2, 2, 11])
      yield* inventory.cancelTransfer({ transfer, origin: depot })
      assert.deepStrictEqual((yield* levels)["mug@shop"], [2, 2, 8])
      const at = yield* inventory.read.levels({ product: mug, location: shop }, firstPage())
      assert.deepStrictEqual(
        at.items.map(({ incoming }) => incoming),
        [8]
      )
    }).pipe(Effect.provide(Live))
  )
})

describe("a purchase order refuses", () => {
  it.effect("quantities that the vendor does not sell, and says which it does", () =>
    Effect.gen(function* () {
      const { inventory, draft, place } = yield* given
      const order = yield* draft(10)
      const refused = yield* Effect.flip(place(order))
      assert(refused._tag === "QuantityNotOffered")
      assert.deepStrictEqual(refused.lines, [{ line: 1, product: mug, wanted: 10, accepted: 12 }])
      // What the vendor sells no more has no terms, and no price of the vendor's.
      yield* inventory.setVendorProducts({ vendor: potter, lines: [{ product: mug, archived: true }] })
      const placed = yield* place(order)
      assert.deepStrictEqual([placed.lines[0]?.vendorSku, placed.lines[0]?.unitCost], [null, null])
    }).pipe(Effect.provide(Live))
  )

  it.effect("archived vendors and products when it is made and when it is placed, but takes what still arrives", () =>
    Effect.gen(function* () {
      const { inventory, draft, place, placed, receive } = yield* given
      const order = yield* draft()
      const underway = yield* placed()
      yield* inventory.archiveProduct({ product: tea, expected: "any", archived: true })
      for (const refused of [yield* Effect.flip(draft()), yield* Effect.flip(place(order))])
        assert.strictEqual(refused._tag, "ProductInactive")
      yield* inventory.archiveVendor({ vendor: potter, expected: "any", archived: true })
      for (const refused of [yield* Effect.flip(draft()), yield* Effect.flip(place(order))])
        assert.strictEqual(refused._tag, "VendorInactive")
      assert.strictEqual((yield* receive(underway, { line: 2, lot: "A", quantity: 3 })).state, "partiallyReceived")
    }).pipe(Effect.provide(Live))
  )

  it.effect("what its state does not allow, and says what would", () =>
    Effect.gen(function* () {
      const { inventory, draft, placed, receive } = yield* given
      const whole = [
        { line: 1, quantity: 8 },
        { line: 2, lot: "A", quantity: 3 }
      ] as const
      const part = Effect.flatMap(placed(), (order) => receive(order, { line: 1, quantity: 1 }))
      const make = {
        draft: draft(),
        placed: placed(),
        partiallyReceived: part,
        received: Effect.flatMap(placed(), (order) => receive(order, ...whole)),
        closed: Effect.flatMap(part, ({ id }) =>
          inventory.closePurchaseOrder({ purchaseOrder: id, destination: shop })
        ),
        canceled: Effect.flatMap(placed(), ({ id }) =>
          inventory.cancelPurchaseOrder({ purchaseOrder: id, destination: shop })
        )
      }
      const line = [{ line: 1, quantity: 1 }] as const
      const verbs: Readonly<Record<string, (at: At) => Effect.Effect<PurchaseOrder, unknown>>> = {
        update: (at) => inventory.updatePurchaseOrder({ ...at, expected: "any", note: "x" }),
        place: (at) => inventory.placePurchaseOrder(at),
        receive: (at) => inventory.receivePurchaseOrder({ ...at, lines: line }),
        cancel: (at) => inventory.cancelPurchaseOrder(at),
        cancelSome: (at) => inventory.cancelPurchaseOrder({ ...at, lines: line }),
        close: (at) => inventory.closePurchaseOrder(at)
      }
      for (const state of purchaseOrderStates) {
        const allowed: Array<string> = []
        for (const [verb, act] of Object.entries(verbs)) {
          const order: PurchaseOrder = yield* make[state]
          const done = yield* Effect.result(act({ purchaseOrder: order.id, destination: shop }))
          if (done._tag === "Success") allowed.push(verb)
          else {
            assert(done.failure instanceof PurchaseOrderStateConflict, `${verb} of ${state}: ${done.failure}`)
            assert.strictEqual(done.failure.state, state)
            assert.notInclude(done.failure.accepted, state)
          }
        }
        const expected = {
          draft: ["update", "place", "cancel"],
          placed: ["receive", "cancel", "cancelSome"],
          partiallyReceived: ["receive", "cancel", "cancelSome", "close"],
          received: ["receive", "close"],
          closed: [],
          canceled: []
        }
        assert.deepStrictEqual(allowed, expected[state], state)
      }
    }).pipe(Effect.provide(Live))
  )

  it.effect("another destination, an unknown order, line, vendor or location", () =>
    Effect.gen(function* () {
      const { inventory, placed, receive } = yield* given
      const order = yield* placed()
      const elsewhere = yield* Effect.flip(
        inventory.receivePurchaseOrder({
          purchaseOrder: order.id,
          destination: depot,
          lines: [{ line: 1, quantity: 1 }]
        })
      )
      assert(elsewhere._tag === "PurchaseOrderElsewhere")
      assert.deepInclude(elsewhere, { location: depot, accepted: shop })
      const line = yield* Effect.flip(receive(order, { line: 3, quantity: 1 }))
      assert(line._tag === "UnknownPurchaseOrderLine")
      assert.deepInclude(line, { line: 3, lines: 2 })
      const none = yield* Effect.flip(receive({ id: PurchaseOrderId.make("none") }, { line: 1, quantity: 1 }))
      assert.strictEqual(none._tag, "UnknownPurchaseOrder")
      const lines = [{ product: mug, quantity: 8 }] as const
      const vendor = yield* Effect.flip(
        inventory.createPurchaseOrder({ vendor: VendorId.make("none"), destination: shop, lines })
      )
      assert.strictEqual(vendor._tag, "UnknownVendor")
      const location = yield* Effect.flip(
        inventory.createPurchaseOrder({ vendor: potter, destination: LocationId.make("none"), lines })
      )
      assert.strictEqual(location._tag, "UnknownLocation")
    }).pipe(Effect.provide(Live))
  )
})
