// The store on SQLite keeps every law, each time in a new file; and it says of SQLite's failures what they mean.
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { FaultPlan, layerFaulty, StoreConformance } from "@onhand/testkit"
import { Effect, Fiber, Layer } from "effect"
import { afterAll } from "vitest"
import { inTransaction, openDatabase } from "../src/Database.ts"
import { layer } from "../src/SqliteStore.ts"
import { layerReaders } from "./SqliteReaders.ts"

const folder = mkdtempSync(join(tmpdir(), "own-store-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = () => join(folder, `${files++}.sqlite`)

/** The store in a file with its raw readers, which come second because the store makes the file. */
const storeIn = (file: string) => Layer.provideMerge(layerReaders(file), layer(file))

StoreConformance.suite("SQLite", Layer.unwrap(Effect.sync(() => storeIn(newFile()))), {
  time: "virtual",
  reopenable: () => storeIn(newFile()),
  effort: { histories: 15, historyLength: 20, runs: 5 }
})

describe("the store on SQLite", () => {
  it.live("waits while another process writes", () =>
    Effect.gen(function* () {
      const file = newFile()
      const shop = Inventory.use((inventory) => inventory.createLocation({ name: "Main Street" }))
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(file)),
        (database) => Effect.sync(() => database.close())
      )
      const created = Effect.gen(function* () {
        other.exec("BEGIN IMMEDIATE")
        const fiber = yield* Effect.forkChild(shop)
        yield* Effect.sleep(300)
        assert.strictEqual(fiber.pollUnsafe(), undefined)
        other.exec("COMMIT")
        return yield* Fiber.join(fiber)
      })
      const { name } = yield* Effect.provide(created, Inventory.layer.pipe(Layer.provide(layer(file))))
      assert.strictEqual(name, "Main Street")
    })
  )

  it.live("tells a caller what became of a commit that nobody answered", () =>
    Effect.gen(function* () {
      const faults = FaultPlan.listed(["unknownApplied", "rolledBack"])
      const faulty = layerFaulty.pipe(Layer.provide([layer(newFile()), faults]))
      const submitted = Inventory.use((inventory) =>
        inventory.submit("createLocation", { name: "Main Street" }, { key: "once" })
      )
      const { replayed, at } = yield* Effect.provide(submitted, Inventory.layer.pipe(Layer.provide(faulty)))
      assert.deepStrictEqual([replayed, at], [true, { shard: 0, seq: 1 }])
    })
  )

  it.effect("blames a full disk on no command, and keeps nothing of the batch", () =>
    Effect.gen(function* () {
      const database = yield* openDatabase(newFile(), { readOnly: false })
      database.connection.exec("CREATE TABLE filler (bytes BLOB); PRAGMA max_page_count = 20")
      const insert = "INSERT INTO filler VALUES (zeroblob(4096))"
      const fill = Effect.sync(() => Array.from({ length: 40 }, () => database.rows(insert)))
      const failure = yield* Effect.flip(inTransaction(database, fill))
      assert.strictEqual(failure.outcome, "unavailable")
      assert.deepStrictEqual(database.rows("SELECT count(*) FROM filler"), [[0]])
    })
  )

  it.live("makes a balance and a claim that somebody changed what the ledger says", () =>
    Effect.gen(function* () {
      const file = newFile()
      const spoiledAndRebuilt = Effect.gen(function* () {
        const inventory = yield* Inventory
        const { id: location } = yield* inventory.createLocation({ name: "Main Street" })
        const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
        yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 3 }] })
        yield* inventory.holdStock({ lines: [{ product, location, quantity: 2 }], ttlMillis: 60_000 })
        const database = yield* openDatabase(file, { readOnly: false })
        database.rows("UPDATE balances SET data = json_set(data, '$.sellable', 5)")
        database.rows("UPDATE claims SET data = json_set(data, '$.quantity', 1)")
        return yield* inventory.rebuild
      })
      const Live = Inventory.layer.pipe(Layer.provide(layer(file)))
      const { repaired, left } = yield* Effect.provide(spoiledAndRebuilt, Live)
      assert.deepStrictEqual(
        [repaired.map(({ stored, recomputed }) => [stored, recomputed]), left],
        [
          [
            [5, 3],
            [1, 2]
          ],
          []
        ]
      )
    })
  )

  it.effect("lets nobody change history", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Layer.build(layer(file))
      const database = yield* openDatabase(file, { readOnly: false })
      database.rows(`INSERT INTO events (data) VALUES ('{"seq":1,"line":0}')`)
      for (const change of ["UPDATE events SET data = data", "DELETE FROM events"]) {
        assert.throws(() => database.rows(change), "append-only")
      }
    })
  )
})

describe("the shop on it", () => {
  it("has the stock that it had when it opens again", () => {
    const program = fileURLToPath(new URL("../src/main.ts", import.meta.url))
    const printed = execFileSync(process.execPath, ["--conditions=onhand-source", program], { encoding: "utf8" })
    assert.strictEqual(printed, "Sold 2\nRefused: 2 wanted, 1 available\nSold 1\n3 movements, 0 differences\n")
  })
})
