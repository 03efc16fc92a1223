// An order is committed when it is placed, leaves in shipments, and what comes back goes where somebody says.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import {
  axesOf,
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  MAX_QUANTITY,
  type Order,
  OrderId,
  ProductId
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = LocationId.make("shop")
const depot = LocationId.make("depot")
const mug = ProductId.make("mug")
const tea = ProductId.make("tea")

/** A shop with ten mugs, and tea in two lots of which one demand takes both; a cart of four mugs and five teas. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  const price = { amount: 500, currency: "EUR" }
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  for (const id of [mug, tea]) yield* inventory.createProduct({ id, sku: id, name: id, price, lotTracked: id === tea })
  yield* inventory.recordMovements({
    lines: [
      { kind: "receipt", product: mug, location: shop, quantity: 10 },
      { kind: "receipt", product: tea, location: shop, lot: "A", quantity: 3 },
      { kind: "receipt", product: tea, location: shop, lot: "B", quantity: 4 }
    ]
  })
  const cart = yield* inventory.openCart({
    owner: "ann",
    lines: [
      { product: mug, quantity: 4, mode: "add" },
      { product: tea, quantity: 5, mode: "add" }
    ]
  })
  /** By stock key: sellable, committed, and what is not sellable. */
  const stock = Effect.gen(function* () {
    const found: Record<string, ReadonlyArray<number>> = {}
    for (const location of [shop, depot]) {
      for (const { product, lot } of [{ product: mug, lot: "" }, ...["A", "B"].map((lot) => ({ product: tea, lot }))]) {
        const { sellable, committed, damaged, quarantine, version } = yield* inventory.read.balance({
          product,
          location,
          lot
        })
        const key = [product, location, lot].filter((part) => part !== "").join("@")
        if (version > 0) found[key] = [sellable, committed, damaged + quarantine]
      }
    }
    return found
  })
  const place = inventory.placeOrder({ cart: cart.id, location: shop })
  return { inventory, cart, stock, place }
})

const numbers = ({ lines }: Order) => lines.map(({ canceled, shipped, returned }) => ({ canceled, shipped, returned }))

const axes = ({ status, fulfilment, payment, returns }: Order) => [status, fulfilment, payment, returns]

describe("an order", () => {
  it.effect("commits what its cart held and the rest, and nobody else gets it", () =>
    Effect.gen(function* () {
      const { inventory, cart, stock } = yield* given
      yield* inventory.beginCheckout({ cart: cart.id, location: shop, ttlMillis: 60_000 })
      const order = yield* inventory.placeOrder({ cart: cart.id, location: shop })
      assert.deepStrictEqual(axes(order), ["placed", "unfulfilled", "none", "none"])
      assert.deepStrictEqual(yield* stock, {
        "mug@shop": [10, 4, 0],
        "tea@shop@A": [3, 3, 0],
        "tea@shop@B": [4, 2, 0]
      })
      const refused = yield* Effect.flip(
        inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location: shop, quantity: 7 }] })
      )
      assert.strictEqual(refused._tag, "InsufficientStock")
      const again = yield* Effect.flip(inventory.placeOrder({ cart: cart.id, location: shop }))
      assert.strictEqual(again._tag, "CartNotReady")
      const next = yield* inventory.openCart({ owner: "ann", lines: [] })
      assert.notStrictEqual(next.id, cart.id, "its shopper may fill another")
    }).pipe(Effect.provide(Live))
  )

  it.effect("is placed whatever became of what its cart held, and each of its goods is committed once", () =>
    Effect.gen(function* () {
      const { inventory, cart, stock } = yield* given
      const { claims } = yield* inventory.beginCheckout({ cart: cart.id, location: shop, ttlMillis: 60_000 })
      const [mugs, teas] = claims
      assert(mugs !== undefined && teas !== undefined)
      yield* inventory.commitClaims({ location: shop, claims: [mugs] })
      yield* inventory.releaseClaims({ location: shop, claims: [teas] })
      const { id } = yield* inventory.placeOrder({ cart: cart.id, location: shop })
      assert.deepStrictEqual(yield* stock, {
        "mug@shop": [10, 4, 0],
        "tea@shop@A": [3, 3, 0],
        "tea@shop@B": [4, 2, 0]
      })
      yield* inventory.cancelOrder({ order: id, location: shop })
      assert.deepStrictEqual(yield* stock, {
        "mug@shop": [10, 0, 0],
        "tea@shop@A": [3, 0, 0],
        "tea@shop@B": [4, 0, 0]
      })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is all lines or nothing", () =>
    Effect.gen(function* () {
      const { inventory, cart, stock, place } = yield* given
      yield* inventory.recordMovements({
        lines: [{ kind: "sale", product: tea, location: shop, lot: "A", quantity: 3 }]
      })
      const before = yield* stock
      const refused = yield* Effect.flip(place)
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ key, wanted, available }) => [key.product, wanted, available]),
        [[tea, 5, 4]]
      )
      assert.deepStrictEqual(yield* stock, before)
      assert.strictEqual((yield* inventory.read.orders({}, firstPage())).items.length, 0)
      assert.isTrue((yield* inventory.read.activeCart("ann"))._tag === "Some", `${cart.id} is still there`)
    }).pipe(Effect.provide(Live))
  )

  it.effect("leaves in parts, and is done when the rest is canceled", () =>
    Effect.gen(function* () {
      const { inventory, stock, place } = yield* given
      const { id } = yield* place
      const part = yield* inventory.shipOrder({ order: id, location: shop, lines: [{ line: 2, quantity: 4 }] })
      assert.deepStrictEqual(axes(part), ["placed", "partial", "none", "none"])
      assert.deepStrictEqual(
        part.shipments.map(({ lines }) => lines.map(({ line, lot, quantity }) => [line, lot, quantity])),
        [
          [
            [2, "A", 3],
            [2, "B", 1]
          ]
        ]
      )
      assert.deepStrictEqual(yield* stock, {
        "mug@shop": [10, 4, 0],
        "tea@shop@A": [0, 0, 0],
        "tea@shop@B": [3, 1, 0]
      })
      const fewer = yield* inventory.cancelOrder({ order: id, location: shop, lines: [{ line: 1, quantity: 1 }] })
      assert.deepStrictEqual(numbers(fewer), [
        { canceled: 1, shipped: 0, returned: 0 },
        { canceled: 0, shipped: 4, returned: 0 }
      ])
      assert.deepStrictEqual((yield* stock)["mug@shop"], [10, 3, 0])
      const rest = yield* inventory.cancelOrder({ order: id, location: shop })
      assert.deepStrictEqual(axes(rest), ["completed", "fulfilled", "none", "none"])
      assert.deepStrictEqual(yield* stock, {
        "mug@shop": [10, 0, 0],
        "tea@shop@A": [0, 0, 0],
        "tea@shop@B": [3, 0, 0]
      })
      const closed = yield* Effect.flip(inventory.shipOrder({ order: id, location: shop }))
      assert(closed._tag === "OrderClosed")
      assert.strictEqual(closed.state, "completed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("refuses more than is open, summed over the lines that ask for it, and says how much is left", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      const line = { line: 1, quantity: 3 }
      const refused = yield* Effect.flip(inventory.shipOrder({ order: id, location: shop, lines: [line, line] }))
      assert(refused._tag === "OrderExceeded")
      assert.deepStrictEqual(refused.lines, [{ line: 1, product: mug, wanted: 6, left: 4 }])
      const unknown = yield* Effect.flip(
        inventory.shipOrder({ order: id, location: shop, lines: [{ line: 3, quantity: 1 }] })
      )
      assert(unknown._tag === "UnknownOrderLine")
      const elsewhere = yield* Effect.flip(inventory.shipOrder({ order: id, location: depot }))
      assert(elsewhere._tag === "OrderElsewhere")
      assert.strictEqual(elsewhere.accepted, shop)
      const none = yield* Effect.flip(inventory.shipOrder({ order: OrderId.make("none"), location: shop }))
      assert.strictEqual(none._tag, "UnknownOrder")
    }).pipe(Effect.provide(Live))
  )

  it.effect("never takes the most that can be for twice as much", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      yield* inventory.recordMovements({
        lines: [{ kind: "receipt", product: mug, location: depot, quantity: MAX_QUANTITY }]
      })
      const cart = yield* inventory.openCart({ lines: [{ product: mug, quantity: MAX_QUANTITY, mode: "add" }] })
      const charged = [{ product: mug, total: { amount: 1, currency: "EUR" } }]
      const { id } = yield* inventory.placeOrder({ cart: cart.id, location: depot, charged })
      const all = { line: 1, quantity: MAX_QUANTITY }
      const refused = yield* Effect.flip(inventory.shipOrder({ order: id, location: depot, lines: [all, all] }))
      assert.strictEqual(refused._tag, "OrderExceeded")
      yield* inventory.shipOrder({ order: id, location: depot, lines: [all] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("ships what is left on the shelf when somebody let go of what it had claimed", () =>
    Effect.gen(function* () {
      const { inventory, stock, place } = yield* given
      const { id, lines } = yield* place
      const [claim] = lines[0]?.claims ?? []
      assert(claim !== undefined)
      yield* inventory.releaseClaims({ location: shop, claims: [claim] })
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location: shop, quantity: 7 }] })
      const refused = yield* Effect.flip(inventory.shipOrder({ order: id, location: shop }))
      assert.strictEqual(refused._tag, "InsufficientStock")
      yield* inventory.shipOrder({ order: id, location: shop, lines: [{ line: 1, quantity: 3 }] })
      assert.deepStrictEqual((yield* stock)["mug@shop"], [0, 0, 0])
    }).pipe(Effect.provide(Live))
  )
})

describe("a shipment", () => {
  it.effect("left when it is said to have left", () =>
    Effect.gen(function* () {
      const { inventory, cart } = yield* given
      const occurredAt = DateTime.makeUnsafe("2020-03-01T09:30:00Z")
      const { shipments } = yield* inventory.checkout({ cart: cart.id, location: shop }, { occurredAt })
      assert.deepStrictEqual(
        shipments.map(({ shippedAt }) => shippedAt),
        [occurredAt]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is taken back as if it had never left, once", () =>
    Effect.gen(function* () {
      const { inventory, stock, place } = yield* given
      const { id } = yield* place
      const before = yield* stock
      yield* inventory.shipOrder({ order: id, location: shop })
      const undone = yield* inventory.undoShipment({ order: id, location: shop, shipment: 1 })
      assert.deepStrictEqual(yield* stock, before)
      assert.deepStrictEqual(axes(undone), ["placed", "unfulfilled", "none", "none"])
      const again = yield* Effect.flip(inventory.undoShipment({ order: id, location: shop, shipment: 1 }))
      assert(again._tag === "ShipmentClosed")
      assert.strictEqual(again.because, "undone")
      const unknown = yield* Effect.flip(inventory.undoShipment({ order: id, location: shop, shipment: 2 }))
      assert(unknown._tag === "UnknownShipment")
      const shipped = yield* inventory.shipOrder({ order: id, location: shop })
      assert.deepStrictEqual(axes(shipped), ["completed", "fulfilled", "none", "none"])
    }).pipe(Effect.provide(Live))
  )

  it.effect("of which something came back stays", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      yield* inventory.shipOrder({ order: id, location: shop })
      const lines = [{ line: 1, quantity: 1, into: "sellable" }] as const
      yield* inventory.receiveReturn({ order: id, location: shop, lines })
      const refused = yield* Effect.flip(inventory.undoShipment({ order: id, location: shop, shipment: 1 }))
      assert(refused._tag === "ShipmentClosed")
      assert.strictEqual(refused.because, "returned")
    }).pipe(Effect.provide(Live))
  )
})

describe("a return", () => {
  it.effect("goes into a condition, at any location, in the lots that were shipped", () =>
    Effect.gen(function* () {
      const { inventory, stock, place } = yield* given
      const { id } = yield* place
      yield* inventory.shipOrder({ order: id, location: shop })
      const wish = yield* inventory.requestReturn({ order: id, lines: [{ line: 2, quantity: 5 }] })
      assert.deepStrictEqual(axes(wish), ["completed", "fulfilled", "none", "requested"])
      const part = yield* inventory.receiveReturn({
        order: id,
        location: depot,
        lines: [
          { line: 2, quantity: 2, into: "damaged" },
          { line: 2, quantity: 2, into: "sellable", lot: "B" },
          { line: 1, quantity: 1, into: "scrap" }
        ]
      })
      assert.deepStrictEqual(axes(part), ["completed", "fulfilled", "none", "partial"])
      assert.deepStrictEqual(
        part.lines.map(({ returned, restocked, damaged, scrapped, requested }) => [
          returned,
          restocked,
          damaged,
          scrapped,
          requested
        ]),
        [
          [1, 0, 0, 1, 0],
          [4, 2, 2, 0, 1]
        ]
      )
      assert.deepInclude(yield* stock, { "tea@depot@A": [0, 0, 2], "tea@depot@B": [2, 0, 0] })
      const all = yield* inventory.receiveReturn({
        order: id,
        location: shop,
        lines: [
          { line: 1, quantity: 3, into: "sellable" },
          { line: 2, quantity: 1, into: "quarantine" }
        ]
      })
      assert.deepStrictEqual(axes(all), ["completed", "fulfilled", "none", "returned"])
      const more = yield* Effect.flip(
        inventory.receiveReturn({ order: id, location: shop, lines: [{ line: 1, quantity: 1, into: "sellable" }] })
      )
      assert(more._tag === "OrderExceeded")
      assert.deepStrictEqual(more.lines, [{ line: 1, product: mug, wanted: 1, left: 0 }])
    }).pipe(Effect.provide(Live))
  )

  it.effect("of a lot is at most what was shipped of it", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      yield* inventory.shipOrder({ order: id, location: shop })
      const lines = [{ line: 2, quantity: 3, into: "sellable", lot: "B" }] as const
      const refused = yield* Effect.flip(inventory.receiveReturn({ order: id, location: shop, lines }))
      assert(refused._tag === "OrderExceeded")
      assert.deepStrictEqual(refused.lines, [{ line: 2, product: tea, lot: "B", wanted: 3, left: 2 }])
      assert.include(refused.message, "3 of tea, lot B (left: 2)")
      const of = (lot: string, quantity: number) => ({ line: 2, quantity, into: "sellable", lot }) as const
      const inParts = { order: id, location: shop, lines: [of("B", 2), of("A", 2), of("B", 1)] } as const
      assert.deepStrictEqual(yield* Effect.flip(inventory.receiveReturn(inParts)), refused)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is of the shipment that the customer has, not of one that was undone", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      const at = { order: id, location: shop }
      yield* inventory.shipOrder({ ...at, lines: [{ line: 2, quantity: 3 }] })
      yield* inventory.shipOrder({ ...at, lines: [{ line: 2, quantity: 2 }] })
      yield* inventory.requestReturn({ order: id, lines: [{ line: 2, quantity: 4 }] })
      const undone = yield* inventory.undoShipment({ ...at, shipment: 1 })
      assert.strictEqual(undone.lines[1]?.requested, 2, "what is on the shelf again is not sent back")
      const ofA = { line: 2, quantity: 1, into: "sellable", lot: "A" } as const
      const refused = yield* Effect.flip(inventory.receiveReturn({ ...at, lines: [ofA] }))
      assert(refused._tag === "OrderExceeded")
      assert.strictEqual(refused.lines[0]?.left, 0)
      const back = yield* inventory.receiveReturn({ ...at, lines: [{ line: 2, quantity: 2, into: "sellable" }] })
      assert.deepStrictEqual(
        back.shipments.map(({ lines }) => lines.map(({ lot, returned }) => [lot, returned])),
        [[["A", 0]], [["B", 2]]]
      )
    }).pipe(Effect.provide(Live))
  )
})

describe("the axes of an order", () => {
  it.effect("are exact, however much was ordered", () =>
    Effect.gen(function* () {
      const { place } = yield* given
      const [line] = (yield* place).lines
      assert(line !== undefined)
      const all = { ...line, ordered: MAX_QUANTITY, shipped: MAX_QUANTITY, returned: MAX_QUANTITY }
      const kept = { ...line, ordered: 1, shipped: 1 }
      assert.strictEqual(axesOf([all, all, kept]).returns, "partial")
      assert.strictEqual(axesOf([all, all]).returns, "returned")
    }).pipe(Effect.provide(Live))
  )
})

describe("the payment of an order", () => {
  it.effect("is what the host reports, in an order that makes sense", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      const report = (payment: Order["payment"]) => inventory.reportPayment({ order: id, payment })
      assert.strictEqual((yield* report("authorized")).payment, "authorized")
      const { version } = yield* report("paid")
      assert.strictEqual((yield* report("paid")).version, version, "a second webhook changes nothing")
      const refused = yield* Effect.flip(report("authorized"))
      assert(refused._tag === "PaymentConflict")
      assert.deepStrictEqual(refused.accepted, ["partiallyRefunded", "refunded"])
      assert.strictEqual((yield* report("refunded")).payment, "refunded")
    }).pipe(Effect.provide(Live))
  )
})

describe("what an order tells and keeps", () => {
  it.effect("is its axes with every change, the movements and claims it caused, and what it still claims", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const start = yield* inventory.read.head
      const { id, lines } = yield* place
      const source = { type: "order", id }
      const at = { order: id, location: shop }
      const claimed = lines.map(({ claims }) => claims.length)
      assert.deepStrictEqual(claimed, [1, 2])
      const part = yield* inventory.shipOrder({ ...at, lines: [{ line: 2, quantity: 3 }] })
      assert.deepStrictEqual(
        part.lines.map(({ claims }) => claims),
        [lines[0]?.claims ?? [], lines[1]?.claims.slice(1) ?? []],
        "what is consumed whole is claimed no more"
      )
      const undone = yield* inventory.undoShipment({ ...at, shipment: 1 })
      assert.deepStrictEqual(
        undone.lines.map(({ claims }) => claims.length),
        [1, 2]
      )
      const canceled = yield* inventory.cancelOrder(at)
      assert.deepStrictEqual(axes(canceled), ["canceled", "unfulfilled", "none", "none"])
      assert.deepStrictEqual(
        canceled.lines.map(({ claims }) => claims),
        [[], []]
      )
      const moved = yield* inventory.read.movements({ source }, firstPage())
      assert.deepStrictEqual(
        moved.items.map(({ kind, from, to, reason }) => [kind, from, to, reason]),
        [
          ["reversal", "customer", "sellable", "shipment 1 was undone"],
          ["sale", "sellable", "customer", null]
        ]
      )
      const told = (yield* inventory.read.events(start, 100)).flatMap(({ event }) =>
        event._tag === "OrderPlaced" || event._tag === "OrderShipped" || event._tag === "OrderChanged" ? [event] : []
      )
      const who = { order: id, customer: "ann", location: shop, locations: [shop] }
      const open = { fulfilment: "unfulfilled", payment: "none", returns: "none" } as const
      assert.deepStrictEqual(told, [
        { _tag: "OrderPlaced", ...who },
        { _tag: "OrderShipped", ...who },
        { _tag: "OrderChanged", ...who, status: "placed", ...open },
        { _tag: "OrderChanged", ...who, status: "canceled", ...open }
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is what is open alone, when all of it is shipped and some of it was before", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      const at = { order: id, location: shop }
      yield* inventory.shipOrder({ ...at, lines: [{ line: 1, quantity: 4 }] })
      const { shipments } = yield* inventory.shipOrder(at)
      assert.deepStrictEqual(
        shipments[1]?.lines.map(({ line }) => line),
        [2, 2]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("is what the customer still can send back, after a shipment was undone", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      const at = { order: id, location: shop }
      const ship = (quantity: number) => inventory.shipOrder({ ...at, lines: [{ line: 2, quantity }] })
      yield* ship(3) // All of lot A.
      yield* ship(2) // Of lot B.
      yield* inventory.requestReturn({ order: id, lines: [{ line: 2, quantity: 4 }] })
      const undone = yield* inventory.undoShipment({ ...at, shipment: 1 })
      assert.deepStrictEqual([undone.lines[1]?.shipped, undone.lines[1]?.requested], [2, 2])
      const back = (quantity: number, lot?: string) => {
        const line = { line: 2, quantity, into: "sellable" as const }
        return inventory.receiveReturn({ ...at, lines: [lot === undefined ? line : { ...line, lot }] })
      }
      const gone = yield* Effect.flip(back(1, "A"))
      assert(gone._tag === "OrderExceeded")
      assert.deepStrictEqual(gone.lines, [{ line: 2, product: tea, lot: "A", wanted: 1, left: 0 }])
      const all = yield* back(2)
      assert.deepStrictEqual(all.shipments[1]?.lines, [{ line: 2, lot: "B", quantity: 2, returned: 2 }])
      const moved = yield* inventory.read.movements({ kind: "customerReturn" }, firstPage())
      assert.deepStrictEqual(
        moved.items.map(({ lot, quantity, from, to }) => [lot, quantity, from, to]),
        [["B", 2, "customer", "sellable"]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("gives a return that names a lot that lot, whichever line of the return comes first", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id } = yield* place
      yield* inventory.shipOrder({ order: id, location: shop })
      const any = { line: 2, quantity: 2, into: "sellable" } as const
      const named = { line: 2, quantity: 3, into: "damaged", lot: "A" } as const
      yield* inventory.receiveReturn({ order: id, location: depot, lines: [any, named] })
      const moved = yield* inventory.read.movements({ kind: "customerReturn" }, firstPage())
      assert.sameDeepMembers(
        moved.items.map(({ lot, quantity, to }) => [lot, quantity, to]),
        [
          ["A", 3, "damaged"],
          ["B", 2, "sellable"]
        ]
      )
    }).pipe(Effect.provide(Live))
  )
})
