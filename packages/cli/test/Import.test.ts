// Imports and verification through the program's own functions, in memory, on a folder and on PostgreSQL.
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory, ProductId } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Console, Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { importProducts } from "../src/ImportProducts.ts"
import { MAX_TOLD_REFUSALS } from "../src/ImportRun.ts"
import { importStock } from "../src/ImportStock.ts"
import { capture, platform, run, temporaryFolder, writeLines } from "./RunProgram.ts"

const Live = Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), platform)

/** A new embedded database takes seconds to make, and many more while everything else is tested. Milliseconds. */
const OPENING_TIMEOUT = 60_000

const CATALOGUE = [
  "sku,name,barcodes,price,currency,unit,decimals",
  "MUG,Blue mug,4006381333931|4006381333948,9.50,USD,,",
  'BEANS,"Beans, ""house"" blend",,24.00,USD,kg,3'
]

/** What was told on standard error while an effect ran, and its result. */
const listening = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const printed = capture()
  return Effect.map(Effect.provideService(effect, Console.Console, printed.console), (result) => ({
    result,
    told: printed.err()
  }))
}

const stocked = (folder: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    yield* inventory.createLocation({ name: "Corner shop" })
    yield* importProducts(writeLines(folder, "products.csv", CATALOGUE))
    return inventory
  })

describe("importing products", () => {
  it.effect("creates them, and changes nothing when the file comes again", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "products.csv", CATALOGUE)
      const first = yield* importProducts(file)
      assert.deepStrictEqual(first, { created: 2, updated: 0, unchanged: 0, refused: 0 })
      const second = yield* importProducts(file)
      assert.deepStrictEqual(second, { created: 0, updated: 0, unchanged: 2, refused: 0 })
      const { read } = yield* Inventory
      const beans = Option.getOrThrow(yield* read.productByCode("sku", "BEANS"))
      assert.strictEqual(beans.name, 'Beans, "house" blend')
      assert.deepStrictEqual(beans.unit, { name: "kg", decimals: 3 })
      assert.deepStrictEqual(beans.price, { amount: 2400, currency: "USD" })
      const mug = Option.getOrThrow(yield* read.productByCode("barcode", "4006381333948"))
      assert.strictEqual(mug.sku, "MUG")
    }).pipe(Effect.provide(Live))
  )

  it.effect("refuses a wrong row by its number and reason, and imports the others", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "products.csv", [
        "sku,name,barcodes,price,currency,decimals",
        "A,First,111,1.00,USD,",
        "B,Second,111,1.00,USD,",
        "C,,,1.005,USD,",
        "D,Fourth,,1.00,USD",
        `${"E".repeat(65)},Fifth,,,,`,
        "F,Sixth,,5,,9",
        "G,Seventh,,,,"
      ])
      const { result, told } = yield* listening(importProducts(file))
      assert.deepStrictEqual(result, { created: 2, updated: 0, unchanged: 0, refused: 5 })
      const lines = new Map(told.split("\n").map((line) => [line.slice(0, 5), line]))
      assert.include(lines.get("row 2"), '"111" belongs to product')
      assert.include(lines.get("row 3"), "name: it is empty")
      assert.include(lines.get("row 3"), '"1.005" is not an amount of USD')
      assert.include(lines.get("row 4"), "5 cells")
      assert.include(lines.get("row 5"), "sku:")
      assert.include(lines.get("row 6"), "currency: a price needs its currency")
      assert.include(lines.get("row 6"), "decimals:")
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells only the first of very many refusals, and how many more there are", () =>
    Effect.gen(function* () {
      const rows = Array.from({ length: MAX_TOLD_REFUSALS + 20 }, (_, index) => `S${index},`)
      const file = writeLines(yield* temporaryFolder, "products.csv", ["sku,name", ...rows])
      const { result, told } = yield* listening(importProducts(file))
      assert.strictEqual(result["refused"], MAX_TOLD_REFUSALS + 20)
      assert.strictEqual(told.split("\n").length, MAX_TOLD_REFUSALS + 1)
      assert.include(told, "and 20 more")
    }).pipe(Effect.provide(Live))
  )

  it.effect("refuses a table whose header it does not know, with everything that is wrong with it", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "products.csv", ["sku,title,price,price", "A,First,1,2"])
      const error = yield* Effect.flip(importProducts(file))
      assert.strictEqual(error._tag, "InvalidTable")
      for (const part of ['"name" is missing', 'no column "title"', '"price" is there twice']) {
        assert.include(error.message, part)
      }
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps the rows before a line that is no CSV, and says which line that is", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "products.csv", ["sku,name", "A,First", 'B,"Second', "C,Third"])
      const error = yield* Effect.flip(importProducts(file))
      assert.strictEqual(error._tag, "BrokenTable")
      if (error._tag === "BrokenTable") assert.strictEqual(error.line, 3)
      const { read } = yield* Inventory
      assert.isTrue(Option.isSome(yield* read.productByCode("sku", "A")))
    }).pipe(Effect.provide(Live))
  )
})

describe("importing stock", () => {
  it.effect("records it once, however often the file comes, with its cost", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { read } = yield* stocked(folder)
      const file = writeLines(folder, "stock.csv", [
        "location,sku,quantity,unit_cost",
        "corner SHOP,BEANS,1.25,11.3499",
        "Corner shop,MUG,7,"
      ])
      const first = yield* importStock(file)
      assert.deepStrictEqual(first, { imported: 2, "already imported": 0, refused: 0 })
      const second = yield* importStock(file)
      assert.deepStrictEqual(second, { imported: 0, "already imported": 2, refused: 0 })
      const beans = Option.getOrThrow(yield* read.productByCode("sku", "BEANS"))
      const { items } = yield* read.movements({ product: beans.id }, { _tag: "Cursor", limit: 10 })
      assert.deepStrictEqual(
        items.map(({ kind, quantity, unitCost }) => ({ kind, quantity, unitCost })),
        [{ kind: "opening", quantity: 1250, unitCost: { amount: "1134.99", currency: "USD" } }]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes quantities in packs, and lots with their last day", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inventory = yield* stocked(folder)
      const packs = [{ unit: "case", steps: 24, per: 1, barcodes: [] }]
      const milk = yield* inventory.createProduct({ sku: "MILK", name: "Milk", lotTracked: true, packs })
      const { result, told } = yield* listening(
        importStock(
          writeLines(folder, "stock.csv", [
            "sku,location,quantity,unit,lot,expires_on",
            "MILK,Corner shop,2,case,L-1,2999-02-28",
            "MILK,Corner shop,1,pallet,L-1,",
            "MILK,Corner shop,0.3,case,L-1,",
            "MILK,Corner shop,1,,L-1,2999-02-30",
            "MILK,Corner shop,1,,,2999-02-28",
            "MILK,Corner shop,1,,,"
          ])
        )
      )
      assert.deepStrictEqual(result, { imported: 1, "already imported": 0, refused: 5 })
      for (const [row, reason] of ["unit: .*pallet", "quantity: .*not exact", "expires_on", "lot", "lot"].entries()) {
        assert.match(told, new RegExp(`^row ${row + 2}: .*${reason}`, "m"))
      }
      const { items } = yield* inventory.read.movements({ product: milk.id }, { _tag: "Cursor", limit: 10 })
      assert.deepStrictEqual(
        items.map(({ quantity, entered, lot }) => ({ quantity, entered, lot })),
        [{ quantity: 48, entered: { unit: "case", quantity: "2" }, lot: "L-1" }]
      )
      const lots = yield* inventory.read.lots({ product: milk.id }, { _tag: "Cursor", limit: 10 })
      assert.strictEqual(lots.items[0]?.lot.expiresOn, "2999-02-28")
    }).pipe(Effect.provide(Live))
  )

  it.effect("refuses what it cannot place or count, row by row", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inventory = yield* stocked(folder)
      yield* inventory.createLocation({ name: "Kiosk" })
      yield* inventory.createLocation({ name: "kiosk" })
      const old = yield* inventory.createProduct({ id: ProductId.make("old"), sku: "OLD", name: "Old" })
      yield* inventory.archiveProduct({ product: old.id, expected: old.version, archived: true })
      const rows = ["NONE,Corner shop,1", "MUG,Nowhere,1", "MUG,Kiosk,1", "MUG,Corner shop,1.5", "MUG,Corner shop,0"]
      const table = ["sku,location,quantity", ...rows, "OLD,Corner shop,1", "MUG,,1", "MUG,Corner shop,2"]
      const { result, told } = yield* listening(importStock(writeLines(folder, "stock.csv", table)))
      assert.deepStrictEqual(result, { imported: 1, "already imported": 0, refused: 7 })
      const reasons = ['no product "NONE"', '"Nowhere"', "2 are called", "not a quantity", "more than 0", "archived"]
      for (const [index, reason] of [...reasons, "location: it is empty"].entries()) {
        assert.match(told, new RegExp(`^row ${index + 1}: .*${reason}`, "m"))
      }
    }).pipe(Effect.provide(Live))
  )

  it.effect("imports nothing of a file that breaks off", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inventory = yield* stocked(folder)
      const file = writeLines(folder, "stock.csv", ["sku,location,quantity", "MUG,Corner shop,1", 'MUG,"Corner'])
      assert.strictEqual((yield* Effect.flip(importStock(file)))._tag, "BrokenTable")
      assert.strictEqual((yield* inventory.read.verify).movements, 0)
    }).pipe(Effect.provide(Live))
  )
})

describe("the commands on a store", () => {
  it.live(
    "import into a folder, verify it, and tell by their exit codes how it went",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { ONHAND_DATA: `${folder}/shop` }
        const products = writeLines(folder, "products.csv", [...CATALOGUE, "BAD,,,,,,"])
        const imported = yield* run(["import", "products", products], environment)
        assert.strictEqual(imported.code, 1)
        assert.strictEqual(imported.out, "products: 3 rows, 2 created, 0 updated, 0 unchanged, 1 refused")
        assert.match(imported.err, /^row 3: name: it is empty/)
        const allowed = yield* run(["import", "products", products, "--allow-refused"], environment)
        assert.strictEqual(allowed.code, 0)
        assert.include(allowed.out, "2 unchanged")
        const verified = yield* run(["verify", "--data", `${folder}/shop`])
        assert.strictEqual(verified.code, 0)
        assert.include(verified.out, "0 differences")
      }),
    OPENING_TIMEOUT
  )

  it.live("do the same on PostgreSQL, and find what somebody changed in the ledger", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const environment = {
        DATABASE_URL: yield* Effect.promise(() => createDatabase()),
        ONHAND_DATA: `${folder}/unused`
      }
      const imported = yield* run(["import", "products", writeLines(folder, "p.csv", CATALOGUE)], environment)
      assert.strictEqual(imported.out, "products: 2 rows, 2 created, 0 updated, 0 unchanged, 0 refused")
      const url = Redacted.make(environment.DATABASE_URL)
      // What is asked next is planned for what is there now.
      const known = Effect.flatMap(
        SqlClient,
        (sql) => sql<{ readonly rows: number }>`SELECT reltuples::int AS rows FROM pg_class
          WHERE oid = 'onhand.products'::regclass`
      )
      assert.deepStrictEqual(yield* Effect.provide(known, PostgresStore.layerPgClient({ url })), [{ rows: 2 }])
      const sound = yield* run(["verify"], environment)
      assert.strictEqual(sound.code, 0)
      assert.include(sound.out, "0 broken seals")
      // The database itself refuses such a change, until its owner takes that guard away.
      const tamper = Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`ALTER TABLE onhand.commands DISABLE TRIGGER USER`
        yield* sql`UPDATE onhand.commands SET actor = 'nobody' WHERE seq = 1`
      })
      yield* Effect.provide(tamper, PostgresStore.layerPgClient({ url }))
      const tampered = yield* run(["verify"], environment)
      assert.strictEqual(tampered.code, 1)
      assert.include(tampered.out, "entry 1: a row differs")
    })
  )

  it.live("repair a balance that somebody changed, and then find nothing wrong", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const url = yield* Effect.promise(() => createDatabase())
      const environment = { DATABASE_URL: url, ONHAND_DATA: `${folder}/unused` }
      yield* run(["import", "products", writeLines(folder, "p.csv", CATALOGUE)], environment)
      const tamper = Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* sql`INSERT INTO onhand.balances VALUES (0, 'mug', 'shop', '', 5, 0, 0, 0, 0, 0, 1, 0)`
      })
      yield* Effect.provide(tamper, PostgresStore.layerPgClient({ url: Redacted.make(url) }))
      assert.strictEqual((yield* run(["verify"], environment)).code, 1)
      const repaired = yield* run(["verify", "--repair"], environment)
      assert.include(repaired.out, "sellable is kept as 5, the ledger says 0")
      assert.include(repaired.out, "2 differences repaired")
      assert.strictEqual(repaired.code, 0)
    })
  )
})
