// What does each store reach under the same load? The memory store is what deciding costs alone; the embedded database
// is what a shop without a server gets, in memory and on disk; PostgreSQL is the yardstick.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Inventory, LocationId, layerMemory, ProductId, type Store } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"
import * as Pglite from "../src/pglite/index.ts"
import { CALLERS, count, salesPerSecond, stockUp } from "./Load.ts"

const SPREAD = 1_000

const shop = LocationId.make("shop")
const places = Array.from({ length: SPREAD }, (_, index) => ({ product: ProductId.make(`p-${index}`), location: shop }))

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  yield* Effect.forEach(
    places,
    ({ product }) => inventory.createProduct({ id: product, sku: product, name: product }),
    { concurrency: "unbounded", discard: true }
  )
  yield* stockUp(places)
})

const measure = <E>(name: string, store: Layer.Layer<Store, E>) =>
  Effect.gen(function* () {
    yield* prepare
    const alone = yield* salesPerSecond(places.slice(0, 1), 1)
    const hot = yield* salesPerSecond(places.slice(0, 1))
    const spread = yield* salesPerSecond(places)
    const { differences } = yield* (yield* Inventory).read.verify
    if (differences.length > 0) return yield* Effect.die(`${name} differs from its ledger`)
    console.log(name.padEnd(28) + [alone, hot, spread].map((rate) => count(rate).padStart(14)).join(""))
  }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(store))))

console.log("\nSales a second")
console.log(
  `${"".padEnd(28)}${"one caller".padStart(14)}${`${CALLERS}, hot`.padStart(14)}${`${CALLERS}, spread`.padStart(14)}`
)
const server = await start()
const folder = mkdtempSync(join(tmpdir(), "onhand-bench-"))
try {
  const embedded = (client: typeof Pglite.layerMemory) => PostgresStore.layerClient().pipe(Layer.provide(client))
  await Effect.runPromise(measure("memory", layerMemory))
  await Effect.runPromise(measure("embedded, in memory", embedded(Pglite.layerMemory)))
  await Effect.runPromise(
    measure(
      "embedded, in a folder",
      PostgresStore.layerClient().pipe(Layer.provide(Pglite.layer({ folder: join(folder, "data") })))
    )
  )
  await Effect.runPromise(measure("PostgreSQL", PostgresStore.layer({ url: Redacted.make(server.url) })))
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
