/**
 * `onhand import stock`: opening stock from a CSV file. A file is imported once: the command of each row has the file's
 * content and the row's number as its key, so that importing it again finds every row done.
 */
import { createHash } from "node:crypto"
import {
  CalendarDate,
  entering,
  firstPage,
  InvalidRow,
  Inventory,
  type Location,
  type LocationId,
  MAX_PAGE_SIZE,
  type MovementLine,
  type Product,
  quantityFromDecimal,
  type StockRow,
  stockRows,
  unitCostFromDecimal
} from "@onhand/core"
import { Cache, Effect, Option, Result, Schema, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import { openTable } from "./CsvTable.ts"
import { allowRefused, importing, judge, runImport } from "./ImportRun.ts"
import { storeFlags } from "./StoreChoice.ts"

/** Products that are remembered while a file is imported, so that a product in 300 shops is looked up once. */
const PRODUCTS_REMEMBERED = 100_000

export const refused = (path: string, message: string) => new InvalidRow({ faults: [{ path, message }] })

/** What the file's content is known by. It is read as CSV on the way, so that one that breaks off imports nothing. */
const hashOf = (file: string) =>
  Effect.gen(function* () {
    const hash = createHash("sha256")
    const table = yield* openTable(file, stockRows, (bytes) => hash.update(bytes))
    yield* Stream.runDrain(table.rows)
    return hash.digest("hex")
  })

/** The locations by id, and by name. A shop has few of them, and a file names them again and again. */
export const allLocations = Effect.gen(function* () {
  const { read } = yield* Inventory
  const locations: Array<Location> = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = yield* read.locations({ ...firstPage(MAX_PAGE_SIZE), ...(cursor ? { cursor } : {}) })
    locations.push(...page.items)
    cursor = page.nextCursor
  }
  return locations
})

/** The location that a cell names by its id or, if no id is like it, by its name. */
export const locationNamed = (
  locations: ReadonlyArray<Location>
): ((text: string) => Result.Result<LocationId, InvalidRow>) => {
  const ids = new Map(locations.map((location) => [location.id as string, location.id]))
  const names = new Map<string, Array<LocationId>>()
  for (const { id, name } of locations) {
    const key = name.toLowerCase()
    names.set(key, [...(names.get(key) ?? []), id])
  }
  return (text) => {
    const id = ids.get(text)
    if (id !== undefined) return Result.succeed(id)
    const [named, ...others] = names.get(text.toLowerCase()) ?? []
    if (named === undefined) {
      return Result.fail(refused("location", `there is none with the id or name "${text}"; create it first`))
    }
    if (others.length > 0) {
      return Result.fail(refused("location", `${others.length + 1} are called "${text}"; the id of one is accepted`))
    }
    return Result.succeed(named)
  }
}

/** The active product that a cell names. */
export const productNamed = (sku: string, found: Option.Option<Product>): Result.Result<Product, InvalidRow> => {
  if (Option.isNone(found)) return Result.fail(refused("sku", `there is no product "${sku}"; create it first`))
  if (found.value.status === "active") return Result.succeed(found.value)
  return Result.fail(refused("sku", `the product "${sku}" is archived; restore it first`))
}

/** How much a row puts on the shelf: in the product's own unit, or in the pack that it names. */
const quantityOf = (
  row: StockRow,
  product: Product
): Result.Result<Pick<MovementLine, "quantity" | "entered">, InvalidRow> =>
  Result.gen(function* () {
    const { decimals, name } = product.unit
    if (row.unit !== undefined) {
      return yield* Result.mapError(entering(product, row.quantity, row.unit), ({ _tag, message }) =>
        refused(_tag === "UnknownUnit" ? "unit" : "quantity", message)
      )
    }
    const quantity = yield* Result.mapError(quantityFromDecimal(row.quantity, decimals), ({ message }) =>
      refused("quantity", message)
    )
    if (quantity > 0) return { quantity }
    return yield* Result.fail(
      refused("quantity", `"${row.quantity}" ${name} cannot be put on a shelf; more than 0 can`)
    )
  })

const isDay = Schema.is(CalendarDate)

/** The lot that a row names. */
const lotOf = ({ lot, expiresOn }: StockRow): Result.Result<Pick<MovementLine, "lot" | "expiresOn">, InvalidRow> => {
  if (expiresOn === undefined) return Result.succeed(lot === undefined ? {} : { lot })
  if (!isDay(expiresOn)) {
    return Result.fail(refused("expires_on", `"${expiresOn}" is no day; one as 2027-02-28 is accepted`))
  }
  return lot === undefined
    ? Result.fail(refused("lot", "it is empty; what expires needs the code of its lot"))
    : Result.succeed({ lot, expiresOn })
}

/** The movement that a row stands for. */
const movementOf = (row: StockRow, product: Product, location: LocationId): Result.Result<MovementLine, InvalidRow> =>
  Result.gen(function* () {
    const line = {
      kind: "opening" as const,
      product: product.id,
      location,
      ...(yield* quantityOf(row, product)),
      ...(yield* lotOf(row))
    }
    if (row.unitCost === undefined) return line
    const unitCost = yield* unitCostFromDecimal(row.unitCost, row.currency ?? product.price?.currency ?? "")
    return { ...line, unitCost }
  })

// The file is known by its content: corrected, it would be another one, and all its rows would come a second time.
const advice = "Correct them in a file of their own and import that one"

/** Records the opening stock in a CSV file; says how many rows were imported, were so before, and were refused. */
export const importStock = (file: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const table = yield* openTable(file, stockRows)
    const hash = yield* hashOf(file)
    const locationOf = locationNamed(yield* allLocations)
    const products = yield* Cache.make({
      capacity: PRODUCTS_REMEMBERED,
      lookup: (sku: string) => inventory.read.productByCode("sku", sku)
    })
    return yield* runImport({
      label: "stock",
      table,
      outcomes: ["imported", "already imported"],
      submit: (row, number) =>
        Effect.gen(function* () {
          const product = yield* Effect.fromResult(productNamed(row.sku, yield* Cache.get(products, row.sku)))
          const location = yield* Effect.fromResult(locationOf(row.location))
          const line = yield* Effect.fromResult(movementOf(row, product, location))
          const { replayed } = yield* inventory.submit(
            "recordMovements",
            { lines: [line], source: { type: "import", id: hash } },
            { key: `import-stock:${hash}:${number}` }
          )
          return replayed ? "already imported" : "imported"
        })
    })
  })

export const importStockCommand = Command.make(
  "stock",
  {
    file: Argument.File("file.csv", { mustExist: true }).pipe(
      Argument.withDescription("The table, UTF-8, with a header")
    ),
    allowRefused,
    ...storeFlags
  },
  ({ file, ...flags }) =>
    importing(
      Effect.flatMap(importStock(file), (tally) => judge(tally, { ...flags, advice })),
      flags
    )
).pipe(
  Command.withShortDescription("Record opening stock from a CSV file"),
  Command.withDescription(
    "Records what is on the shelves when a shop moves in, as opening stock in the ledger. Columns, in any order: " +
      "sku, location, quantity, and if you like unit, lot, expires_on, unit_cost and currency. location is the id or " +
      "name of a location; quantity is in the product's unit, such as 1.5 for kilograms, or in the pack that unit " +
      "names, such as case; lot is the code of a lot and expires_on the last day on which it may be used, as " +
      "2027-02-28; unit_cost is a decimal for one of the product's own unit, in the " +
      "currency of the product's price unless the row names one. A file is known by its content, so importing it " +
      "again adds nothing; a changed file counts as new stock in every row. Refused rows are told on standard error, " +
      "counted from 1 without the header, and the other rows are imported."
  ),
  Command.withExamples([
    { command: "onhand import stock shelves.csv", description: "Import into the shop in ./.onhand" }
  ])
)
