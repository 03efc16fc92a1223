// Stock policies and orders that wait, through the program's own functions, on a little shop in memory.
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory } from "@onhand/core"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { allocateBackorders, listBackorders } from "../src/Backorders.ts"
import { listStockPolicies, setStockPolicy } from "../src/StockPolicies.ts"
import { printedBy, run } from "./RunProgram.ts"

const none = Option.none<string>()
const anywhere = { product: none, location: none }

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Corner shop" })
  const price = { amount: 950, currency: "EUR" }
  const { id: tea } = yield* inventory.createProduct({
    sku: "TEA",
    name: "Tea",
    price,
    unit: { name: "kg", decimals: 3 }
  })
  const receive = (quantity: number) =>
    inventory.recordMovements({ lines: [{ kind: "receipt", product: tea, location, quantity }] })
  const order = (quantity: number) =>
    Effect.gen(function* () {
      const { id: cart } = yield* inventory.openCart({ lines: [{ product: tea, quantity, mode: "add" }] })
      return (yield* inventory.placeOrder({ cart, location, backorders: true })).id
    })
  return { inventory, receive, order }
})

const onShop = <A, E>(test: (made: Effect.Success<typeof shop>) => Effect.Effect<A, E, Inventory>) =>
  Effect.flatMap(shop, test).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))

const policy = { product: "TEA", location: "corner shop", floor: "0", backorders: false }
const set = (changes: Partial<typeof policy>) => printedBy(setStockPolicy({ ...policy, ...changes }))

describe("onhand stock-policies", () => {
  it.effect("sets the whole of one in the product's unit, and lists those that are set", () =>
    onShop(() =>
      Effect.gen(function* () {
        const empty = yield* printedBy(listStockPolicies({ ...anywhere, format: "table" }))
        assert.deepStrictEqual(empty.lines, [])
        assert.include(empty.err, "nothing is promised")
        const { lines } = yield* set({ floor: "-2.5", backorders: true })
        assert.deepStrictEqual(lines, ["TEA at Corner shop: available down to -2.5, orders may wait for the rest"])
        const table = yield* printedBy(listStockPolicies({ ...anywhere, format: "table" }))
        assert.match(table.lines[1] ?? "", /^TEA +Tea +Corner shop +-2\.5 +yes$/)
        yield* set({})
        const json = yield* printedBy(listStockPolicies({ ...anywhere, product: Option.some("TEA"), format: "json" }))
        const [now] = JSON.parse(json.lines.join(""))
        assert.deepStrictEqual([now.floor, now.backorders], [0, false])
      })
    )
  )

  it.effect("refuses a floor that is none, and names that nothing has", () =>
    onShop(() =>
      Effect.gen(function* () {
        const wrong = (changes: Partial<typeof policy>) => Effect.map(Effect.flip(set(changes)), String)
        assert.include(yield* wrong({ floor: "5" }), "0 or less in kg")
        assert.include(yield* wrong({ floor: "-0.0001" }), "0 or less in kg")
        assert.include(yield* wrong({ product: "NONE" }), "the SKU of a product that exists")
        assert.include(yield* wrong({ location: "nowhere" }), "the id or the name of one location")
      })
    )
  )
})

describe("onhand backorders", () => {
  it.effect("lists who waits, and gives what came to the oldest first, as far as it reaches", () =>
    onShop(({ inventory, receive, order }) =>
      Effect.gen(function* () {
        const all = { ...anywhere, order: none, from: none }
        assert.include((yield* printedBy(allocateBackorders(all))).err, "No order waits")
        yield* set({ backorders: true })
        const first = yield* order(2_000)
        yield* TestClock.adjust("1 second")
        const second = yield* order(1_500)
        const csv = yield* printedBy(listBackorders({ ...anywhere, format: "csv" }))
        assert.deepStrictEqual(
          csv.lines.map((line) => line.split(",").slice(1)),
          [
            ["order", "line", "sku", "location", "customer", "quantity"],
            [first, "1", "TEA", "Corner shop", "", "2"],
            [second, "1", "TEA", "Corner shop", "", "1.5"]
          ]
        )
        const nothing = yield* printedBy(allocateBackorders(all))
        assert.include(nothing.lines[0] ?? "", "nothing that it waits for is available")
        assert.include(nothing.err, "0 of 2 waiting orders")
        yield* receive(2_500)
        const some = yield* printedBy(allocateBackorders(all))
        assert.include(some.lines[0] ?? "", `${first}: has all`)
        assert.include(some.lines[1] ?? "", `${second}: has a part`)
        assert.include(some.err, "2 of 2 waiting orders")
        yield* receive(1_000)
        const one = yield* printedBy(allocateBackorders({ ...all, order: Option.some(second) }))
        assert.include(one.lines[0] ?? "", `${second}: has all`)
        const { items } = yield* inventory.read.backorders({}, { _tag: "Cursor", limit: 10 })
        assert.deepStrictEqual(items, [])
        const unknown = yield* Effect.flip(allocateBackorders({ ...all, order: Option.some("none") }))
        assert.strictEqual(unknown._tag, "UnknownOrder")
      })
    )
  )

  it.effect("is a command of the program, and so are stock policies", () =>
    Effect.gen(function* () {
      assert.include((yield* run(["backorders", "allocate", "--help"])).out, "the oldest first")
      assert.include((yield* run(["stock-policies", "set", "--help"])).out, "--floor")
    })
  )
})
