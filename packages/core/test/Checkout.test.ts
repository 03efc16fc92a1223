// A checkout sells what the cart says: what it claimed before, what is free for the rest, and nothing twice.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  type Cart,
  CartId,
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  type Order,
  type ProductId
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

/** A shop and a depot with five mugs and five bowls each, and a cart of two mugs and one bowl. */
const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: depot } = yield* inventory.createLocation({ name: "Depot" })
  const price = { amount: 950, currency: "USD" }
  const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", price })
  const { id: bowl } = yield* inventory.createProduct({ sku: "BOWL", name: "Bowl", price })
  const five = (product: typeof mug, at: typeof location) =>
    ({ kind: "receipt", product, location: at, quantity: 5 }) as const
  yield* inventory.recordMovements({
    lines: [five(mug, location), five(bowl, location), five(mug, depot), five(bowl, depot)]
  })
  const { id: cart } = yield* inventory.openCart({
    lines: [
      { product: mug, quantity: 2, mode: "add" },
      { product: bowl, quantity: 1, mode: "add" }
    ]
  })
  const level = (product: typeof mug) =>
    Effect.map(
      inventory.read.levels({ product, location }, { _tag: "Cursor", limit: 1 }),
      ({ items }) => items[0] && [items[0].onHand, items[0].held, items[0].available]
    )
  return { inventory, location, depot, mug, bowl, cart, level }
})

describe("a checkout", () => {
  it.effect("that began sells its own holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl, cart, level } = yield* shop
      const begun = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      assert.strictEqual(begun.claims.length, 2)
      assert.deepStrictEqual(yield* level(mug), [5, 2, 3])
      const order = yield* inventory.checkout({ cart, location })
      assert.strictEqual(order.total.amount, 2850)
      assert.deepStrictEqual(yield* level(mug), [3, 0, 3])
      assert.deepStrictEqual(yield* level(bowl), [4, 0, 4])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is given more time holds on until then, and is begun again once it was too late", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* TestClock.adjust(59_999)
      const extended = yield* inventory.extendCheckout({ cart, location, ttlMillis: 60_000 })
      assert.strictEqual(extended.expiresAt && DateTime.toEpochMillis(extended.expiresAt), 119_999)
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* level(mug), [5, 2, 3])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* level(mug), [5, 0, 5])
      const late = yield* Effect.flip(inventory.extendCheckout({ cart, location, ttlMillis: 60_000 }))
      assert.strictEqual(late._tag, "ClaimClosed")
    }).pipe(Effect.provide(Live))
  )

  it.effect("sells all its lines even when somebody let go of one of its holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl, cart, level } = yield* shop
      const { claims } = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* inventory.releaseClaims({ location, claims: [claims[0]!] })
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(
        [yield* level(mug), yield* level(bowl)],
        [
          [3, 0, 3],
          [4, 0, 4]
        ]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("uses up what was committed of its holds", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      const { claims } = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* inventory.commitClaims({ location, claims: [claims[0]!] })
      yield* TestClock.adjust("1 hour")
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [3, 0, 3])
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("finds its goods anew when its holds lapsed, or is refused when they are gone", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      yield* TestClock.adjust(60_000)
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product: mug, location, quantity: 4 }] })
      const refused = yield* Effect.flip(inventory.checkout({ cart, location }))
      assert(refused._tag === "InsufficientStock")
      assert.deepStrictEqual(
        refused.lines.map(({ wanted, available }) => [wanted, available]),
        [[2, 1]]
      )
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: mug, location, quantity: 1 }] })
      yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [0, 0, 0])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that began at one location ends there, or is canceled there first", () =>
    Effect.gen(function* () {
      const { inventory, location, depot, mug, cart, level } = yield* shop
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const refusals = [
        yield* Effect.flip(inventory.checkout({ cart, location: depot })),
        yield* Effect.flip(inventory.cancelCheckout({ cart, location: depot }))
      ]
      for (const refused of refusals) {
        assert(refused._tag === "CartNotReady")
        assert.strictEqual(refused.location, location)
        assert.include(refused.message, "only there is accepted")
      }
      yield* inventory.cancelCheckout({ cart, location })
      assert.deepStrictEqual(yield* level(mug), [5, 0, 5])
      const order = yield* inventory.checkout({ cart, location: depot })
      assert.strictEqual(order.location, depot)
    }).pipe(Effect.provide(Live))
  )

  it.effect("charges what the host charged, and keeps the price of the moment on the line", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart } = yield* shop
      const charged = [{ product: mug, total: { amount: 1700, currency: "USD" } }]
      const order = yield* inventory.checkout({ cart, location, charged })
      assert.strictEqual(order.total.amount, 2650)
      assert.deepStrictEqual(order.lines[0]?.unitPrice, { amount: 950, currency: "USD" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is canceled is the cart that it was, and can be begun, filled and sold again", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      const before = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const expiresAt = DateTime.add(yield* DateTime.now, { milliseconds: 60_000 })
      assert.deepInclude(before, { state: "checkingOut", location, version: 2, expiresAt })
      const again = yield* Effect.flip(inventory.beginCheckout({ cart, location, ttlMillis: 60_000 }))
      assert.deepInclude(again, { _tag: "CartNotReady", state: "checkingOut", accepted: ["active"] })
      yield* inventory.releaseClaims({ location, claims: [before.claims[0]!] })
      const after = yield* inventory.cancelCheckout({ cart, location })
      const active = { state: "active", location: null, claims: [], expiresAt: null, order: null } as const
      assert.deepStrictEqual<Cart>(after, { ...before, ...active, version: 3, updatedAt: yield* DateTime.now })
      const nothing = [
        yield* Effect.flip(inventory.cancelCheckout({ cart, location })),
        yield* Effect.flip(inventory.extendCheckout({ cart, location, ttlMillis: 60_000 }))
      ]
      for (const refused of nothing) assert.deepInclude(refused, { state: "active", accepted: ["checkingOut"] })
      yield* inventory.changeCart({ cart, lines: [{ product: mug, quantity: 3, mode: "set" }] })
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      assert.deepStrictEqual(yield* level(mug), [5, 3, 2])
    }).pipe(Effect.provide(Live))
  )

  it.effect("never has less time for being given more", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, cart, level } = yield* shop
      const { expiresAt } = yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const shorter = yield* inventory.extendCheckout({ cart, location, ttlMillis: 1_000 })
      assert.deepStrictEqual(yield* Effect.flatMap(inventory.read.cart(cart), Effect.fromOption), shorter)
      const held = yield* inventory.read.claims({ source: { type: "cart", id: cart } }, firstPage())
      assert.deepStrictEqual(
        held.items.map(({ expiresAt }) => expiresAt),
        [expiresAt, expiresAt]
      )
      assert.deepStrictEqual([shorter.expiresAt, shorter.version], [expiresAt, 3])
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* level(mug), [5, 2, 3])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused with nothing changed, and says what is accepted", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl, cart, level } = yield* shop
      const refusals = (of: CartId, at = location) =>
        Effect.map(
          Effect.all([
            Effect.flip(inventory.beginCheckout({ cart: of, location: at, ttlMillis: 60_000 })),
            Effect.flip(inventory.placeOrder({ cart: of, location: at })),
            Effect.flip(inventory.checkout({ cart: of, location: at }))
          ]),
          (all) => all.map(({ _tag }) => _tag)
        )
      const all = (tag: string) => [tag, tag, tag]
      const { id: empty } = yield* inventory.openCart({ lines: [] })
      assert.deepStrictEqual(yield* refusals(empty), all("CartEmpty"))
      assert.deepStrictEqual(yield* refusals(CartId.make("none")), all("UnknownCart"))
      assert.deepStrictEqual(yield* refusals(cart, LocationId.make("moon")), all("UnknownLocation"))
      yield* inventory.archiveProduct({ product: bowl, expected: 1, archived: true })
      assert.deepStrictEqual(yield* refusals(cart), all("ProductInactive"))
      assert.deepStrictEqual(yield* level(mug), [5, 0, 5])
      yield* inventory.archiveProduct({ product: bowl, expected: 2, archived: false })
      const sources = { locations: [location, LocationId.make("moon")], strategy: "inOrder" } as const
      for (const sale of [inventory.placeOrder, inventory.checkout]) {
        const nowhere = yield* Effect.flip(sale({ cart, location, sources }))
        assert.strictEqual(nowhere._tag, "UnknownLocation")
      }
      const order = yield* inventory.checkout({ cart, location })
      assert.deepStrictEqual(yield* refusals(cart), all("CartNotReady"))
      const sold = yield* Effect.flip(inventory.placeOrder({ cart, location }))
      assert.deepInclude(sold, { state: "completed", accepted: ["active", "checkingOut"] })
      assert.strictEqual(order.cart, cart)
    }).pipe(Effect.provide(Live))
  )

  it.effect("has one price of each line, in one currency", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl } = yield* shop
      const { id: gift } = yield* inventory.createProduct({ sku: "GIFT", name: "Gift" })
      const price = { amount: 100, currency: "EUR" }
      const { id: cup } = yield* inventory.createProduct({ sku: "CUP", name: "Cup", price })
      yield* inventory.recordMovements({
        lines: [
          { kind: "receipt", product: gift, location, quantity: 5 },
          { kind: "receipt", product: cup, location, quantity: 5 }
        ]
      })
      const cartOf = (...products: ReadonlyArray<ProductId>) =>
        Effect.map(
          inventory.openCart({ lines: products.map((product) => ({ product, quantity: 2, mode: "add" as const })) }),
          ({ id }) => id
        )
      const unpriced = yield* Effect.flip(inventory.checkout({ cart: yield* cartOf(mug, gift), location }))
      assert.deepInclude(unpriced, { _tag: "NotPriced", product: gift, accepted: "a product with a price" })
      const mixed = yield* Effect.flip(inventory.placeOrder({ cart: yield* cartOf(mug, bowl, cup), location }))
      const accepted = "a price in USD, as the first line's"
      assert.deepInclude(mixed, { _tag: "NotPriced", product: cup, accepted })
      const charged = [{ product: gift, total: { amount: 0, currency: "USD" } }]
      const free = yield* inventory.checkout({ cart: yield* cartOf(mug, gift), location, charged })
      assert.deepStrictEqual(
        free.lines.map(({ unitPrice, total }) => [unitPrice?.amount ?? null, total.amount]),
        [
          [950, 1_900],
          [null, 0]
        ]
      )
      assert.deepStrictEqual(free.total, { amount: 1_900, currency: "USD" })
    }).pipe(Effect.provide(Live))
  )
})

describe("what a checkout sells", () => {
  it.effect("is an order of what the cart was, its sales, and its owner's next cart", () =>
    Effect.gen(function* () {
      const { inventory, location, mug, bowl } = yield* shop
      const mine = () =>
        inventory.openCart({
          owner: "ann",
          lines: [
            { product: bowl, quantity: 1, mode: "add" },
            { product: mug, quantity: 2, mode: "add" }
          ]
        })
      const { id: cart } = yield* mine()
      yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
      const start = yield* inventory.read.head
      const now = yield* DateTime.now
      const order = yield* inventory.checkout({ cart, location })
      const { lines, shipments, ...rest } = order
      assert.deepStrictEqual<Omit<Order, "lines" | "shipments">>(rest, {
        ...{ id: order.id, customer: "ann", cart, location, total: { amount: 2_850, currency: "USD" } },
        ...{ status: "completed", fulfilment: "fulfilled", payment: "none", returns: "none" },
        ...{ version: 1, placedAt: now, recordedAt: now }
      })
      assert.deepStrictEqual(
        lines.map(({ line, product, sku, ordered, shipped, claims }) => [line, product, sku, ordered, shipped, claims]),
        [
          [1, bowl, "BOWL", 1, 1, []],
          [2, mug, "MUG", 2, 2, []]
        ]
      )
      assert.deepStrictEqual(
        shipments.map(({ shipment, location, lines }) => [
          shipment,
          location,
          lines.map((one) => [one.line, one.quantity])
        ]),
        [
          [
            1,
            location,
            [
              [1, 1],
              [2, 2]
            ]
          ]
        ]
      )
      const { items } = yield* inventory.read.movements({ source: { type: "order", id: order.id } }, firstPage())
      assert.sameDeepMembers(
        items.map(({ kind, product, from, to, quantity }) => [kind, product, from, to, quantity]),
        [
          ["sale", bowl, "sellable", "customer", 1],
          ["sale", mug, "sellable", "customer", 2]
        ]
      )
      assert.deepStrictEqual(
        (yield* inventory.read.events(start, 100)).flatMap(({ event }) =>
          event._tag === "StockChanged" ? [] : [event]
        ),
        (["OrderPlaced", "OrderShipped"] as const).map((_tag) => {
          const where = { location, locations: [location] }
          return { _tag, order: order.id, customer: "ann", ...where }
        })
      )
      const sold = yield* Effect.flatMap(inventory.read.cart(cart), Effect.fromOption)
      assert.deepInclude(sold, { state: "completed", order: order.id, location, claims: [], expiresAt: null })
      assert.notStrictEqual((yield* mine()).id, cart)
    }).pipe(Effect.provide(Live))
  )

  it.effect("is not what it held of a lot that was recalled, but of another", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* shop
      const price = { amount: 300, currency: "USD" }
      const { id: tea } = yield* inventory.createProduct({ sku: "TEA", name: "Tea", price, lotTracked: true })
      const receive = (lot: string) =>
        inventory.recordMovements({ lines: [{ kind: "receipt", product: tea, location, lot, quantity: 4 }] })
      const begun = Effect.gen(function* () {
        const { id: cart } = yield* inventory.openCart({ lines: [{ product: tea, quantity: 3, mode: "add" }] })
        yield* inventory.beginCheckout({ cart, location, ttlMillis: 60_000 })
        return cart
      })
      const lot = (code: string) =>
        Effect.map(inventory.read.balance({ product: tea, location, lot: code }), (one) => [
          one.sellable,
          one.held,
          one.committed
        ])
      yield* receive("A")
      const first = yield* begun
      yield* inventory.recallLot({ product: tea, lot: "A", reason: "Glass" })
      const none = yield* Effect.flip(inventory.checkout({ cart: first, location }))
      assert.strictEqual(none._tag, "InsufficientStock")
      yield* receive("B")
      const order = yield* inventory.checkout({ cart: first, location })
      assert.deepStrictEqual(
        order.shipments.map(({ lines }) => lines.map(({ lot, quantity }) => [lot, quantity])),
        [[["B", 3]]]
      )
      assert.deepStrictEqual(
        [yield* lot("A"), yield* lot("B")],
        [
          [4, 0, 0],
          [1, 0, 0]
        ]
      )
      yield* receive("C")
      const second = yield* begun
      yield* inventory.recallLot({ product: tea, lot: "B", reason: "Glass" })
      yield* inventory.placeOrder({ cart: second, location })
      assert.deepStrictEqual(
        [yield* lot("B"), yield* lot("C")],
        [
          [1, 0, 0],
          [4, 0, 3]
        ]
      )
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )
})
