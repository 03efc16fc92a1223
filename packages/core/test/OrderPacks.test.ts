// What somebody entered in packs stays said of an order as long as it is all of it, and is refused where it is wrong.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  firstPage,
  Inventory,
  type Inventory as InventoryOf,
  LocationId,
  layerMemory,
  ProductId
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = LocationId.make("shop")
const [beer, ale] = ["beer", "ale"].map((id) => ProductId.make(id)) as [ProductId, ProductId]
const cases = (quantity: string) => ({ unit: "case", quantity })

/** A shop with beer in cases of 24, and ale in cases of 6 of which two lots have 5 and 50 bottles. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  const price = { amount: 100, currency: "EUR" }
  const pack = (steps: number) => ({ packs: [{ unit: "case", steps, per: 1, barcodes: [] }], price })
  yield* inventory.createProduct({ id: beer, sku: "BEER", name: "Beer", ...pack(24) })
  yield* inventory.createProduct({ id: ale, sku: "ALE", name: "Ale", lotTracked: true, ...pack(6) })
  const receipt = { kind: "receipt", location: shop } as const
  yield* inventory.recordMovements({
    lines: [
      { ...receipt, product: beer, quantity: 480 },
      { ...receipt, product: ale, lot: "A", quantity: 5 },
      { ...receipt, product: ale, lot: "B", quantity: 50 }
    ]
  })
  /** A cart of two cases of beer and one of ale. */
  const cart = Effect.map(
    inventory.openCart({
      lines: [
        { product: beer, quantity: 48, entered: cases("2"), mode: "add" },
        { product: ale, quantity: 6, entered: cases("1"), mode: "add" }
      ]
    }),
    ({ id }) => id
  )
  const place = Effect.flatMap(cart, (id) => inventory.placeOrder({ cart: id, location: shop }))
  /** What left or came back of a product, as it was said, the first first. */
  const moved = (kind: "sale" | "customerReturn", product: ProductId) =>
    Effect.map(inventory.read.movements({ kind, product }, firstPage()), ({ items }) =>
      items.map(({ quantity, entered }) => [quantity, entered?.quantity ?? null]).toReversed()
    )
  return { inventory, cart, place, moved }
})

describe("an order of packs", () => {
  it.effect("says them on its lines and on what leaves whole, and not on what leaves in parts or lots", () =>
    Effect.gen(function* () {
      const { inventory, place, moved } = yield* given
      const { id: order, lines } = yield* place
      assert.deepStrictEqual(
        lines.map(({ ordered, entered }) => [ordered, entered]),
        [
          [48, cases("2")],
          [6, cases("1")]
        ]
      )
      yield* inventory.shipOrder({ order, location: shop })
      assert.deepStrictEqual(yield* moved("sale", beer), [[48, "2"]])
      assert.deepStrictEqual(yield* moved("sale", ale), [
        [5, null],
        [1, null]
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("says of a shipment what was entered for it, if that was said once", () =>
    Effect.gen(function* () {
      const { inventory, place, moved } = yield* given
      const { id: order } = yield* place
      const bottles = (quantity: number) => ({ line: 1, quantity })
      const one = { ...bottles(24), entered: cases("1") }
      const ship = (...lines: readonly [typeof one | ReturnType<typeof bottles>, ...ReadonlyArray<typeof one>]) =>
        inventory.shipOrder({ order, location: shop, lines })
      yield* ship(bottles(12))
      yield* ship(one)
      yield* ship({ line: 1, quantity: 6, entered: cases("0.25") }, { line: 1, quantity: 6, entered: cases("0.25") })
      yield* ship({ line: 2, quantity: 6, entered: cases("1") })
      assert.deepStrictEqual(yield* moved("sale", beer), [
        [12, null],
        [24, "1"],
        [12, null]
      ])
      assert.deepStrictEqual(yield* moved("sale", ale), [
        [5, null],
        [1, null]
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("says of what comes back what was entered of it, if it is of one shipment", () =>
    Effect.gen(function* () {
      const { inventory, place, moved } = yield* given
      const { id: order } = yield* place
      const at = { order, location: shop }
      yield* inventory.shipOrder(at)
      const back = (line: number, quantity: number, entered: string) =>
        inventory.receiveReturn({ ...at, lines: [{ line, quantity, entered: cases(entered), into: "sellable" }] })
      yield* back(1, 36, "1.5")
      yield* back(2, 6, "1")
      assert.deepStrictEqual(yield* moved("customerReturn", beer), [[36, "1.5"]])
      assert.deepStrictEqual(yield* moved("customerReturn", ale), [
        [5, null],
        [1, null]
      ])
    }).pipe(Effect.provide(Live))
  )

  it.effect("sold at once says them too, and no longer where a case has become another", () =>
    Effect.gen(function* () {
      const { inventory, cart, moved } = yield* given
      const sold = yield* inventory.checkout({ cart: yield* cart, location: shop })
      assert.deepStrictEqual(sold.lines[0]?.entered, cases("2"))
      assert.deepStrictEqual(yield* moved("sale", beer), [[48, "2"]])
      const id = yield* cart
      const packs = [{ unit: "case", steps: 20, per: 1, barcodes: [] }]
      yield* inventory.updateProduct({ product: beer, expected: "any", packs })
      const later = yield* inventory.checkout({ cart: id, location: shop })
      assert.deepStrictEqual(
        later.lines.map(({ ordered, entered }) => [ordered, entered]),
        [
          [48, undefined],
          [6, cases("1")]
        ]
      )
      assert.deepStrictEqual((yield* moved("sale", beer))[1], [48, null])
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes no packs that are not the quantity, whatever is done to its lines", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const { id: order } = yield* place
      const at = { order, location: shop }
      type Lines = Parameters<InventoryOf["Service"]["cancelOrder"]>[0]["lines"] & {}
      const all = (lines: Lines) => [inventory.cancelOrder({ ...at, lines }), inventory.shipOrder({ ...at, lines })]
      const returns = (lines: Lines) => {
        const [first, ...rest] = lines.map((line) => ({ ...line, into: "sellable" as const }))
        return first === undefined ? Effect.die("no line") : inventory.receiveReturn({ ...at, lines: [first, ...rest] })
      }
      const wrong = { line: 2, quantity: 5, entered: cases("1") }
      for (const refused of [...all([{ line: 1, quantity: 1 }, wrong])].map(Effect.flip)) {
        const { _tag, message } = yield* refused
        assert.strictEqual(_tag, "InexactQuantity")
        assert.strictEqual(message, "1 case is not exact here; with it, a quantity of 6 steps is accepted, not 5")
      }
      const pallet = { line: 1, quantity: 1, entered: { unit: "pallet", quantity: "1" } }
      for (const refused of all([pallet]).map(Effect.flip)) assert.strictEqual((yield* refused)._tag, "UnknownUnit")
      yield* inventory.shipOrder(at)
      assert.strictEqual((yield* Effect.flip(returns([wrong])))._tag, "InexactQuantity")
      assert.strictEqual((yield* Effect.flip(returns([pallet])))._tag, "UnknownUnit")
    }).pipe(Effect.provide(Live))
  )
})
