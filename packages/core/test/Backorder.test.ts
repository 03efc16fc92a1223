// Orders that wait for what is not there, and orders that several locations serve: every part is somewhere, once.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import * as fc from "fast-check"
import {
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  type Order,
  type OrderId,
  openQuantity,
  ProductId
} from "../src/index.ts"

const [shop, depot] = ["shop", "depot"].map((id) => LocationId.make(id)) as [LocationId, LocationId]
const [mug, tea] = ["mug", "tea"].map((id) => ProductId.make(id)) as [ProductId, ProductId]

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

/** So many mugs in the shop and in the depot; the shop takes back-orders of mugs. */
const given = (inShop: number, inDepot: number) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
    const price = { amount: 500, currency: "EUR" }
    yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price })
    yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea", price, lotTracked: true })
    const receive = (location: LocationId, quantity: number) =>
      quantity === 0
        ? Effect.void
        : inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location, quantity }] })
    yield* receive(shop, inShop)
    yield* receive(depot, inDepot)
    yield* inventory.setStockPolicies({ lines: [{ product: mug, location: shop, backorders: true }] })
    const cart = (quantity: number, product = mug) =>
      Effect.map(inventory.openCart({ lines: [{ product, quantity, mode: "add" }] }), ({ id }) => id)
    const available = (location: LocationId) =>
      Effect.map(
        inventory.read.levels({ product: mug, location }, firstPage()),
        ({ items }) => items[0]?.available ?? 0
      )
    const both = Effect.all([available(shop), available(depot)])
    const waiting = Effect.map(inventory.read.backorders({}, firstPage()), ({ items }) =>
      items.map(({ order, quantity }) => [order, quantity])
    )
    const placed = (order: OrderId) =>
      Effect.map(
        inventory.read.order(order),
        Option.getOrElse((): Order => assert.fail(`order ${order} is not there`))
      )
    const sources = { locations: [depot, shop] as const, strategy: "inOrder" as const }
    return { inventory, receive, cart, both, waiting, placed, sources }
  })

const only = ({ lines: [line] }: Order) => line ?? assert.fail("an order has a line")

describe("an order with back-orders", () => {
  it.effect("takes what is there, waits for the rest, and gets it when it comes", () =>
    Effect.gen(function* () {
      const { inventory, receive, cart, both, waiting } = yield* given(3, 0)
      const placed = yield* inventory.placeOrder({ cart: yield* cart(5), location: shop, backorders: true })
      assert.deepInclude(only(placed), { ordered: 5, backordered: 2 })
      assert.deepStrictEqual(yield* waiting, [[placed.id, 2]])
      const at = { order: placed.id, location: shop }
      // What is there can leave; what waits cannot.
      const shipped = yield* inventory.shipOrder(at)
      assert.deepInclude(only(shipped), { shipped: 3, backordered: 2 })
      assert.strictEqual(shipped.fulfilment, "partial")
      const nothing = yield* Effect.flip(inventory.shipOrder(at))
      assert(nothing._tag === "OrderExceeded")
      assert.deepInclude(nothing.lines[0], { wanted: 2, left: 0 })
      assert.strictEqual((yield* Effect.flip(inventory.allocateOrder(at)))._tag, "InsufficientStock")
      yield* receive(shop, 1)
      assert.deepInclude(only(yield* inventory.allocateOrder(at)), { backordered: 1 })
      assert.deepStrictEqual(yield* both, [0, 0])
      const all = yield* Effect.flip(inventory.allocateOrder({ ...at, lines: [{ line: 1, quantity: 1 }] }))
      assert(all._tag === "InsufficientStock")
      yield* receive(depot, 4)
      const fromDepot = yield* inventory.allocateOrder({ order: placed.id, location: depot })
      assert.deepInclude(only(fromDepot), { backordered: 0 })
      assert.deepStrictEqual(yield* both, [0, 3])
      assert.deepStrictEqual(yield* waiting, [])
      yield* inventory.shipOrder(at)
      const done = yield* inventory.shipOrder({ order: placed.id, location: depot })
      assert.deepStrictEqual([done.status, only(done).shipped], ["completed", 5])
      assert.deepStrictEqual(
        done.shipments.map(({ location }) => location),
        [shop, shop, depot]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("gives each line what there is of it, and a line that is named all that is said or nothing", () =>
    Effect.gen(function* () {
      const { inventory, receive } = yield* given(1, 0)
      const [cup, jug, pot] = [ProductId.make("cup"), ProductId.make("jug"), ProductId.make("pot")]
      const price = { amount: 500, currency: "EUR" }
      for (const id of [cup, jug, pot]) yield* inventory.createProduct({ id, sku: id, name: id, price })
      const waits = (product: ProductId) => ({ product, location: shop, backorders: true })
      yield* inventory.setStockPolicies({ lines: [waits(cup), waits(jug), waits(pot)] })
      const asked = (product: ProductId, quantity: number) => ({ product, quantity, mode: "add" as const })
      const cart = yield* inventory.openCart({ lines: [asked(mug, 1), asked(cup, 2), asked(jug, 2), asked(pot, 2)] })
      const placed = yield* inventory.placeOrder({ cart: cart.id, location: shop, backorders: true })
      const arrived = (product: ProductId, quantity: number) =>
        ({ kind: "receipt", product, location: shop, quantity }) as const
      yield* receive(shop, 5)
      yield* inventory.recordMovements({ lines: [arrived(cup, 2), arrived(jug, 1)] })
      const at = { order: placed.id, location: shop }
      const left = ({ lines }: Order) =>
        Object.fromEntries(lines.map(({ product, backordered, claims }) => [product, [backordered, claims.length]]))
      const served = yield* inventory.allocateOrder(at)
      assert.deepStrictEqual(left(served), { mug: [0, 1], cup: [0, 1], jug: [1, 1], pot: [2, 0] })
      yield* inventory.recordMovements({ lines: [arrived(jug, 1), arrived(pot, 1)] })
      const named = (jugs: number, pots: number) =>
        inventory.allocateOrder({
          ...at,
          lines: [
            { line: 3, quantity: jugs },
            { line: 4, quantity: pots }
          ]
        })
      const refused = yield* Effect.flip(named(1, 2))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ key, wanted, available }) => [key.product, wanted, available]),
        [[pot, 2, 1]]
      )
      assert.deepStrictEqual(left(yield* named(1, 1)), { mug: [0, 1], cup: [0, 1], jug: [0, 2], pot: [1, 1] })
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is only placed where the policy lets it and the caller asks for it, of lots too", () =>
    Effect.gen(function* () {
      const { inventory, cart } = yield* given(3, 3)
      const refused = yield* Effect.flip(inventory.placeOrder({ cart: yield* cart(5), location: shop }))
      assert.strictEqual(refused._tag, "InsufficientStock")
      const elsewhere = { cart: yield* cart(5), location: depot, backorders: true }
      assert.strictEqual((yield* Effect.flip(inventory.placeOrder(elsewhere)))._tag, "InsufficientStock")
      const lots = { cart: yield* cart(2, tea), location: shop, backorders: true }
      assert.strictEqual((yield* Effect.flip(inventory.placeOrder(lots)))._tag, "InsufficientStock")
      yield* inventory.setStockPolicies({ lines: [{ product: tea, location: shop, backorders: true }] })
      assert.deepInclude(only(yield* inventory.placeOrder(lots)), { backordered: 2, claims: [] })
    }).pipe(Effect.provide(Live))
  )

  it.effect("cancels what waits first, and then gives back exactly what it had", () =>
    Effect.gen(function* () {
      const { inventory, cart, both, waiting } = yield* given(3, 0)
      const placed = yield* inventory.placeOrder({ cart: yield* cart(5), location: shop, backorders: true })
      const at = { order: placed.id, location: shop }
      const first = yield* inventory.cancelOrder({ ...at, lines: [{ line: 1, quantity: 3 }] })
      assert.deepInclude(only(first), { canceled: 3, backordered: 0 })
      assert.deepStrictEqual(yield* both, [1, 0])
      assert.deepStrictEqual(yield* waiting, [])
      assert.strictEqual((yield* inventory.cancelOrder(at)).status, "canceled")
      assert.deepStrictEqual(yield* both, [3, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is listed with the oldest first, so that whoever waits longest can be served first", () =>
    Effect.gen(function* () {
      const { inventory, receive, cart, waiting } = yield* given(0, 0)
      const place = (day: number) =>
        Effect.flatMap(cart(2), (one) =>
          inventory.placeOrder(
            { cart: one, location: shop, backorders: true },
            { occurredAt: DateTime.makeUnsafe(Date.UTC(2026, 0, day)) }
          )
        )
      const [second, first] = [yield* place(2), yield* place(1)]
      yield* receive(shop, 3)
      const { items } = yield* inventory.read.backorders({ product: mug, location: shop }, firstPage())
      for (const { order } of items) yield* inventory.allocateOrder({ order, location: shop })
      assert.deepStrictEqual(yield* waiting, [[second.id, 1]])
      assert.strictEqual(only(first).backordered, 2)
      assert.deepStrictEqual((yield* inventory.read.backorders({ location: depot }, firstPage())).items, [])
    }).pipe(Effect.provide(Live))
  )
})

describe("an order that several locations serve", () => {
  it.effect("is committed in parts that sum to it, and shipped from where each is", () =>
    Effect.gen(function* () {
      const { inventory, cart, both, sources } = yield* given(3, 4)
      const placed = yield* inventory.placeOrder({ cart: yield* cart(6), location: shop, sources })
      const { claims: _, ...part } = only(placed).elsewhere[0] ?? assert.fail("nothing is elsewhere")
      assert.deepStrictEqual(part, { location: depot, quantity: 4 })
      assert.deepStrictEqual(yield* both, [1, 0])
      const order = placed.id
      const tooMuch = yield* Effect.flip(
        inventory.shipOrder({ order, location: shop, lines: [{ line: 1, quantity: 3 }] })
      )
      assert(tooMuch._tag === "OrderExceeded")
      assert.deepInclude(tooMuch.lines[0], { wanted: 3, left: 2 })
      yield* inventory.shipOrder({ order, location: depot })
      yield* inventory.undoShipment({ order, location: depot, shipment: 1 })
      const wrong = yield* Effect.flip(inventory.undoShipment({ order, location: shop, shipment: 1 }))
      assert(wrong._tag === "OrderElsewhere")
      assert.strictEqual(wrong.accepted, depot)
      yield* inventory.shipOrder({ order, location: shop })
      const done = yield* inventory.shipOrder({ order, location: depot })
      assert.strictEqual(done.status, "completed")
      assert.deepStrictEqual(yield* both, [1, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused as a whole where all of them are short, or waits for what none has", () =>
    Effect.gen(function* () {
      const { inventory, cart, both, sources } = yield* given(3, 4)
      const wanted = { cart: yield* cart(9), location: shop, sources }
      const refused = yield* Effect.flip(inventory.placeOrder(wanted))
      assert(refused._tag === "InsufficientSupply")
      assert.deepStrictEqual(refused.lines, [{ product: mug, wanted: 9, available: 7 }])
      assert.deepStrictEqual(yield* both, [3, 4])
      const placed = yield* inventory.placeOrder({ ...wanted, backorders: true })
      assert.strictEqual(only(placed).backordered, 2)
      assert.deepStrictEqual(yield* both, [0, 0])
      const left = yield* inventory.cancelOrder({ order: placed.id, location: shop, elsewhere: [depot] })
      assert.strictEqual(left.status, "canceled")
      assert.deepStrictEqual(yield* both, [3, 4])
    }).pipe(Effect.provide(Live))
  )

  it.effect.each([
    ["inOrder", "B 3, A 2"],
    ["fewestSplits", "C 5"],
    ["firstExpired", "A 2, C 3"]
  ] as const)("takes its goods %s", ([strategy, expected]) =>
    Effect.gen(function* () {
      const { inventory, cart } = yield* given(0, 0)
      const farm = LocationId.make("farm")
      yield* inventory.createLocation({ id: farm, name: "Farm" })
      const lot = (location: LocationId, lot: string, quantity: number, expiresOn?: string) => ({
        ...({ kind: "receipt", product: tea, location, lot, quantity } as const),
        ...(expiresOn === undefined ? {} : { expiresOn })
      })
      yield* inventory.recordMovements({
        lines: [lot(shop, "A", 2, "2026-01-01"), lot(depot, "B", 3), lot(farm, "C", 6, "2026-02-01")]
      })
      const sources = { locations: [depot, shop, farm, depot] as const, strategy }
      const order = yield* inventory.checkout({ cart: yield* cart(5, tea), location: shop, sources })
      const parts = order.shipments.flatMap(({ lines }) => lines.map(({ lot, quantity }) => `${lot} ${quantity}`))
      assert.strictEqual(parts.join(", "), expected)
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes equal ones in the order of its sources, and each source once", () =>
    Effect.gen(function* () {
      const { inventory, cart, both } = yield* given(4, 4)
      const sources = { locations: [shop, depot, shop] as const, strategy: "fewestSplits" as const }
      yield* inventory.checkout({ cart: yield* cart(3), location: depot, sources })
      assert.deepStrictEqual(yield* both, [1, 4])
      const tooMuch = yield* Effect.flip(inventory.placeOrder({ cart: yield* cart(6), location: depot, sources }))
      assert(tooMuch._tag === "InsufficientSupply")
      assert.deepStrictEqual(tooMuch.lines, [{ product: mug, wanted: 6, available: 5 }])
    }).pipe(Effect.provide(Live))
  )

  it.effect("can be sold at once, with a shipment from each", () =>
    Effect.gen(function* () {
      const { inventory, cart, both, sources } = yield* given(3, 4)
      const sold = yield* inventory.checkout({ cart: yield* cart(5), location: shop, sources })
      assert.deepStrictEqual(
        sold.shipments.map(({ location, lines }) => [location, lines[0]?.quantity]),
        [
          [depot, 4],
          [shop, 1]
        ]
      )
      assert.deepStrictEqual(yield* both, [2, 0])
      yield* inventory.undoShipment({ order: sold.id, location: depot, shipment: 1 })
      yield* inventory.cancelOrder({ order: sold.id, location: depot })
      assert.deepStrictEqual(yield* both, [2, 4])
    }).pipe(Effect.provide(Live))
  )

  it("is canceled back to exactly what was there, whatever became of its parts", () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          there: fc.tuple(fc.nat(6), fc.nat(6)),
          wanted: fc.integer({ min: 1, max: 12 }),
          strategy: fc.constantFrom("inOrder" as const, "fewestSplits" as const, "firstExpired" as const),
          comes: fc.nat(4),
          ships: fc.subarray([shop, depot]),
          part: fc.integer({ min: 1, max: 12 })
        }),
        ({ there: [inShop, inDepot], wanted, strategy, comes, ships, part }) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const { inventory, receive, cart, both, placed } = yield* given(inShop, inDepot)
              const sources = { locations: [shop, depot] as const, strategy }
              const { id: order } = yield* inventory.placeOrder({
                ...{ cart: yield* cart(wanted), location: shop, sources },
                backorders: true
              })
              yield* receive(depot, comes)
              yield* Effect.option(inventory.allocateOrder({ order, location: depot }))
              for (const location of ships) yield* Effect.option(inventory.shipOrder({ order, location }))
              const shipments = (yield* placed(order)).shipments
              for (const { location, shipment } of shipments) {
                yield* inventory.undoShipment({ order, location, shipment })
              }
              const everywhere = { order, location: shop, elsewhere: [depot] }
              yield* Effect.option(inventory.cancelOrder({ ...everywhere, lines: [{ line: 1, quantity: part }] }))
              yield* Effect.option(inventory.cancelOrder(everywhere))
              const after = yield* placed(order)
              assert.deepStrictEqual([after.status, openQuantity(only(after))], ["canceled", 0])
              assert.deepStrictEqual(yield* both, [inShop, inDepot + comes])
              assert.deepStrictEqual((yield* inventory.read.claims({}, firstPage())).items, [])
            }).pipe(Effect.provide(Live))
          )
      ),
      { numRuns: 100 }
    ))
})
