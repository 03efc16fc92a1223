// A host with a table of its own sells: its invoice and the stock are committed together, or neither is. It runs on the
// embedded database, or on the empty PostgreSQL database that DATABASE_URL names.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Inventory } from "@onhand/core"
import { PostgresStore, within } from "@onhand/postgres"
import { layerMemory } from "@onhand/postgres/pglite"
import { Console, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"

/** The host's part: invoices are numbered, and no number is given twice. */
const createInvoices = SqlClient.use(
  (sql) => sql`CREATE TABLE invoices (number int PRIMARY KEY, customer text NOT NULL, quantity int NOT NULL)`
)

const program = Effect.gen(function* () {
  const inventory = yield* Inventory
  const sql = yield* SqlClient
  const stock = yield* within(sql)
  yield* createInvoices
  const { id: location } = yield* inventory.createLocation({ name: "Main Street" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 3 }] })

  const sell = (number: number, customer: string, quantity: number) =>
    sql.withTransaction(
      Effect.gen(function* () {
        yield* stock.recordMovements({ lines: [{ kind: "sale", product, location, quantity }] }, { key: customer })
        yield* sql`INSERT INTO invoices ${sql.insert({ number, customer, quantity })}`
      })
    )

  const tell = (what: string) =>
    Effect.gen(function* () {
      const { sellable } = yield* inventory.read.balance({ product, location, lot: "" })
      const invoices = yield* sql`SELECT number FROM invoices`
      yield* Console.log(`${what}: ${sellable} on the shelf, ${invoices.length} invoices`)
    })

  yield* tell("In the morning")
  yield* sell(1, "Ann", 2)
  yield* tell("Ann bought 2")
  // The stock is there, and taken already when the host's own insert fails.
  yield* sell(1, "Bob", 1).pipe(
    Effect.catchIf(
      (error) => error._tag === "SqlError" && error.reason._tag === "UniqueViolation",
      () => tell("Bob got a number that was taken")
    )
  )
  yield* sell(2, "Cid", 2).pipe(Effect.catchTag("InsufficientStock", () => tell("Cid wanted 2")))
  yield* sell(2, "Bob", 1)
  yield* tell("Bob bought 1")
})

const url = process.env["DATABASE_URL"]
const client = url === undefined ? layerMemory : PgClient.layer({ url: Redacted.make(url) })
const shop = Inventory.layer.pipe(Layer.provide(PostgresStore.layerClient()), Layer.provideMerge(client))

await Effect.runPromise(Effect.provide(program, shop))
