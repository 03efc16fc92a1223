// What leaves for an order, comes back from a shipment or is canceled is let go of and claimed to the last piece.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { firstPage, Inventory, LocationId, layerMemory, type Order, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const [shop, depot] = ["shop", "depot"].map((id) => LocationId.make(id)) as [LocationId, LocationId]
const [mug, tea] = ["mug", "tea"].map((id) => ProductId.make(id)) as [ProductId, ProductId]

/** A shop with 3 mugs and a depot with 4, and tea in the shop: 3 of lot A and 4 of lot B. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  const price = { amount: 500, currency: "EUR" }
  for (const id of [mug, tea]) yield* inventory.createProduct({ id, sku: id, name: id, price, lotTracked: id === tea })
  const receipt = { kind: "receipt", location: shop } as const
  yield* inventory.recordMovements({
    lines: [
      { ...receipt, product: mug, quantity: 3 },
      { ...receipt, product: mug, location: depot, quantity: 4 },
      { ...receipt, product: tea, lot: "A", quantity: 3 },
      { ...receipt, product: tea, lot: "B", quantity: 4 }
    ]
  })
  /** An order at the shop, which the depot serves too, first of all. */
  const place = (product: ProductId, quantity: number) =>
    Effect.flatMap(inventory.openCart({ lines: [{ product, quantity, mode: "add" }] }), ({ id: cart }) =>
      inventory.placeOrder({ cart, location: shop, sources: { locations: [depot, shop], strategy: "inOrder" } })
    )
  /** Sellable and committed of a stock key. */
  const stock = (product: ProductId, lot: string, location = shop) =>
    Effect.map(inventory.read.balance({ product, location, lot }), ({ sellable, committed }) => [sellable, committed])
  const recall = (lot: string) => inventory.recallLot({ product: tea, lot, reason: "Glass" })
  return { inventory, place, stock, recall }
})

const only = ({ lines: [line] }: Order) => line ?? assert.fail("an order has a line")

describe("a shipment", () => {
  it.effect("lets go of what it had of a recalled lot, and of nothing else that it does not take", () =>
    Effect.gen(function* () {
      const { inventory, place, stock, recall } = yield* given
      const { id: order, lines } = yield* place(tea, 5)
      const [, ofB] = lines[0]?.claims ?? []
      assert.deepStrictEqual(
        [yield* stock(tea, "A"), yield* stock(tea, "B")],
        [
          [3, 3],
          [4, 2]
        ]
      )
      yield* recall("A")
      const shipped = yield* inventory.shipOrder({ order, location: shop, lines: [{ line: 1, quantity: 1 }] })
      assert(ofB !== undefined)
      assert.deepStrictEqual(only(shipped).claims, [ofB])
      assert.deepStrictEqual(
        [yield* stock(tea, "A"), yield* stock(tea, "B")],
        [
          [3, 0],
          [3, 1]
        ]
      )
      const rest = yield* Effect.flip(inventory.shipOrder({ order, location: shop }))
      assert(rest._tag === "InsufficientStock")
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is undone claims what may be sold again, and not what was recalled meanwhile", () =>
    Effect.gen(function* () {
      const { inventory, place, stock, recall } = yield* given
      const { id: order } = yield* place(tea, 5)
      const at = { order, location: shop }
      yield* inventory.shipOrder(at)
      yield* recall("A")
      const undone = yield* inventory.undoShipment({ ...at, shipment: 1 })
      assert.deepStrictEqual([only(undone).shipped, only(undone).claims.length], [0, 1])
      assert.deepStrictEqual(
        [yield* stock(tea, "A"), yield* stock(tea, "B")],
        [
          [3, 0],
          [4, 2]
        ]
      )
      const { items } = yield* inventory.read.claims({ source: { type: "order", id: order } }, firstPage())
      assert.deepStrictEqual(
        items.map(({ id, lot, quantity, expiresAt }) => [id, lot, quantity, expiresAt]),
        [[...only(undone).claims, "B", 2, null]]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("that is undone leaves to be sent back what the customer has, less what came back", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id: order } = yield* place(mug, 4)
      const at = { order, location: depot }
      for (const quantity of [3, 1]) yield* inventory.shipOrder({ ...at, lines: [{ line: 1, quantity }] })
      yield* inventory.receiveReturn({ ...at, lines: [{ line: 1, quantity: 1, into: "sellable" }] })
      yield* inventory.requestReturn({ order, lines: [{ line: 1, quantity: 3 }] })
      const undone = yield* inventory.undoShipment({ ...at, shipment: 2 })
      assert.deepInclude(only(undone), { shipped: 3, returned: 1, requested: 2 })
    }).pipe(Effect.provide(Live))
  )

  it.effect("from another location can be undone and sent again, with what is open there", () =>
    Effect.gen(function* () {
      const { inventory, place, stock } = yield* given
      const { id: order } = yield* place(mug, 6)
      const at = { order, location: depot }
      for (const quantity of [1, 2]) yield* inventory.shipOrder({ ...at, lines: [{ line: 1, quantity }] })
      const undone = yield* inventory.undoShipment({ ...at, shipment: 2 })
      const parts = (one: Order) => only(one).elsewhere.map(({ location, quantity }) => [location, quantity])
      assert.deepStrictEqual([parts(undone), only(undone).shipped], [[[depot, 3]], 1])
      assert.deepStrictEqual(
        [yield* stock(mug, "", depot), yield* stock(mug, "")],
        [
          [3, 3],
          [3, 2]
        ]
      )
      const again = yield* inventory.shipOrder(at)
      assert.deepStrictEqual([parts(again), only(again).shipped], [[[depot, 0]], 4])
    }).pipe(Effect.provide(Live))
  )
})

describe("canceling a part", () => {
  it.effect("takes it from elsewhere first, and from the order's own location only the rest", () =>
    Effect.gen(function* () {
      const { inventory, place, stock } = yield* given
      const before = yield* inventory.read.head
      const { id: order } = yield* place(mug, 6)
      const everywhere = { order, location: shop, elsewhere: [depot] }
      const left = yield* inventory.cancelOrder({ ...everywhere, lines: [{ line: 1, quantity: 5 }] })
      assert.deepInclude(only(left), { canceled: 5, ordered: 6 })
      assert.deepStrictEqual(
        [yield* stock(mug, "", depot), yield* stock(mug, "")],
        [
          [4, 0],
          [3, 1]
        ]
      )
      const none = yield* Effect.flip(inventory.cancelOrder({ order, location: depot }))
      assert(none._tag === "OrderExceeded")
      assert.deepInclude(none.lines[0], { wanted: 1, left: 0 })
      yield* inventory.shipOrder({ order, location: shop })
      assert.deepStrictEqual(yield* stock(mug, ""), [2, 0])
      // The depot is told too, of what it has nothing left of as well.
      const told = (yield* inventory.read.events(before, 100)).flatMap(({ event }) => ("order" in event ? [event] : []))
      assert.deepStrictEqual(
        told.map(({ _tag }) => _tag),
        ["OrderPlaced", "OrderChanged", "OrderShipped"]
      )
      for (const { location, locations } of told) assert.deepStrictEqual([location, locations], [shop, [shop, depot]])
    }).pipe(Effect.provide(Live))
  )
})
