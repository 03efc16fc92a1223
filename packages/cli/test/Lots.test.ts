// Tracing and recalling a lot, through the program's own functions, on a little shop in memory.
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory } from "@onhand/core"
import { Effect, Layer, Option } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { recallLot, reinstateLot, traceLot } from "../src/Lots.ts"
import { layerInventory } from "../src/StoreChoice.ts"
import { platform, printedBy, run } from "./RunProgram.ts"

const lot = { product: "MILK", lot: "L-7", format: "csv" } as const

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Corner shop" })
  const { id: depot } = yield* inventory.createLocation({ name: "Depot" })
  const price = { amount: 120, currency: "EUR" }
  const { id: product } = yield* inventory.createProduct({ sku: "MILK", name: "Milk", price, lotTracked: true })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, lot: "L-7", quantity: 10 }] })
  const { id: cart } = yield* inventory.openCart({ owner: "ann", lines: [{ product, quantity: 3, mode: "add" }] })
  yield* inventory.checkout({ cart, location })
  const moved = [{ product, quantity: 2 }] as const
  const { id: transfer } = yield* inventory.createTransfer({ origin: location, destination: depot, lines: moved })
  yield* inventory.dispatchTransfer({ transfer, origin: location })
  const available = Effect.map(inventory.read.supplies(product), (all) =>
    all.reduce((sum, supply) => sum + supply.available, 0)
  )
  return { transfer, available }
})

const onShop = <A, E>(test: (made: Effect.Success<typeof shop>) => Effect.Effect<A, E, Inventory>) =>
  Effect.flatMap(shop, test).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))

describe("onhand lots", () => {
  it.effect("tells where a lot is and who has of it, recalls it, and takes that back", () =>
    onShop(({ transfer, available }) =>
      Effect.gen(function* () {
        const recalled = yield* printedBy(recallLot({ ...lot, reason: "Glass found" }))
        assert.include(recalled.err, "Lot L-7 of MILK is recalled: Glass found")
        const [heading, shelf, road, customer] = recalled.lines
        assert.strictEqual(heading, "where,place,document,customer,quantity")
        assert.strictEqual(shelf, "shelf,Corner shop,,,5")
        assert.strictEqual(road, `in transit,Corner shop to Depot,transfer ${transfer},,2`)
        assert.match(customer ?? "", /^customer,,order [\w-]+,ann,3$/)
        assert.strictEqual(yield* available, 0)

        const back = yield* printedBy(reinstateLot({ ...lot, format: "json" }))
        assert.include(back.err, "Lot L-7 of MILK is in use")
        assert.deepInclude(JSON.parse(back.lines.join(""))[0], { where: "shelf", quantity: 5 })
        assert.strictEqual(yield* available, 5)
        const traced = yield* printedBy(traceLot({ ...lot, format: "table" }))
        assert.match(traced.lines[1] ?? "", /^shelf +Corner shop +5$/)
      })
    )
  )

  it.live("is typed as it is told, like stock policies and back-orders", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => createDatabase())
      const store = layerInventory({ data: Option.none(), databaseUrl: Option.some(url) })
      yield* Effect.provide(shop, store.pipe(Layer.provide(platform)))
      const at = (...args: ReadonlyArray<string>) => run([...args, "--database-url", url])
      const named = ["--product", "MILK", "--lot", "L-7"]
      const recalled = yield* at("lots", "recall", ...named, "--reason", "Glass found")
      assert.strictEqual(recalled.code, 0, recalled.err)
      assert.include(recalled.out, "in transit  Corner shop to Depot")
      assert.include((yield* at("lots", "reinstate", ...named)).err, "in use")
      const place = ["--product", "MILK", "--location", "Depot"]
      const refused = yield* at("stock-policies", "set", ...place, "--floor", "-5")
      assert.strictEqual(refused.code, 1)
      assert.include(refused.err, "a floor of 0 is accepted")
      assert.strictEqual((yield* at("stock-policies", "set", ...place, "--backorders")).code, 0)
      assert.match((yield* at("stock-policies", "list")).out, /MILK +Milk +Depot +0 +yes/)
      assert.include((yield* at("backorders", "allocate")).err, "No order waits")
      assert.match((yield* at("report", "sales", "--costs", "fifo")).out, /MARGIN/)
    })
  )

  it.effect("says which lot there is not, and what its commands take", () =>
    onShop(() =>
      Effect.gen(function* () {
        const unknown = yield* Effect.flip(recallLot({ ...lot, lot: "L-8", reason: "?" }))
        assert.strictEqual(unknown._tag, "UnknownLot")
        assert.include((yield* run(["lots", "recall", "--help"])).out, "--reason")
        assert.strictEqual((yield* run(["lots", "recall", "--product", "MILK", "--lot", "L-7"])).code, 2)
      })
    )
  )
})
