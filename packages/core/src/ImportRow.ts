/**
 * Import rows: lines of a table as people keep them in a spreadsheet, read into the commands that they stand for. The
 * command line and the HTTP import read the same tables through this file.
 */
import { Result, Schema } from "effect"
import { minorDigits, moneyFromDecimal } from "./Money.ts"
import type { UnitCost } from "./Movement.ts"
import { MAX_BARCODES, type ProductDraft } from "./Product.ts"
import { MAX_DECIMALS, piece } from "./Quantity.ts"

/** The columns of a table of products; the first two must be there. */
export const productColumns = [
  "sku",
  "name",
  "barcodes",
  "description",
  "category",
  "price",
  "currency",
  "unit",
  "decimals"
] as const

/** The columns of a table of stock; the first three must be there. */
export const stockColumns = ["sku", "location", "quantity", "unit_cost", "currency"] as const

/** What stands between several barcodes in one cell. */
export const BARCODE_SEPARATOR = "|"

const RowFault = Schema.Struct({ path: Schema.String, message: Schema.String })
type RowFault = typeof RowFault.Type

/** The table's header does not name the columns that are needed, or names others. */
export class InvalidTable extends Schema.TaggedError<InvalidTable>()("InvalidTable", {
  faults: Schema.Array(Schema.String),
  accepted: Schema.String
}) {
  override get message() {
    return `The header of the table was not understood: ${this.faults.join("; ")}. Accepted: ${this.accepted}`
  }
}

/** A row of a table that stands for no command; `path` of each fault is its column. */
export class InvalidRow extends Schema.TaggedError<InvalidRow>()("InvalidRow", {
  faults: Schema.Array(RowFault)
}) {
  override get message() {
    return this.faults.map(({ path, message }) => `${path}: ${message}`).join("; ")
  }
}

/** Reads one row of cells. */
export type RowReader<A> = (cells: ReadonlyArray<string>) => Result.Result<A, InvalidRow>

type Cells<Column extends string> = { readonly [K in Column]?: string }

/** How a header's columns turn a row into its named cells, trimmed. An empty cell is one that was left out. */
const tableReader = <const Column extends string>(
  header: ReadonlyArray<string>,
  columns: ReadonlyArray<Column>,
  required: number
): Result.Result<RowReader<Cells<Column>>, InvalidTable> => {
  const names = header.map((name) => name.trim().toLowerCase())
  const isColumn = (name: string): name is Column => columns.some((column) => column === name)
  const known = names.filter(isColumn)
  const missing = columns.slice(0, required).filter((column) => !known.includes(column))
  const faults = [
    ...missing.map((column) => `the column "${column}" is missing`),
    ...names.filter((name) => !isColumn(name)).map((name) => `there is no column "${name}"`),
    ...known.filter((name, index) => known.indexOf(name) !== index).map((name) => `"${name}" is there twice`)
  ]
  if (faults.length > 0) {
    const accepted = `${columns.slice(0, required).join(", ")} and any of ${columns.slice(required).join(", ")}`
    return Result.fail(new InvalidTable({ faults, accepted }))
  }
  return Result.succeed((cells) => {
    if (cells.length !== known.length) {
      const message = `it has ${cells.length} cells; ${known.length}, as many as the header, are accepted`
      return Result.fail(new InvalidRow({ faults: [{ path: "row", message }] }))
    }
    const named: { [K in Column]?: string } = {}
    for (const [index, column] of known.entries()) {
      const cell = cells[index]?.trim()
      if (cell) named[column] = cell
    }
    return Result.succeed(named)
  })
}

type ProductRow = ProductDraft
type Parsed<A> = Result.Result<A, ReadonlyArray<RowFault>>

const fault = (path: string, message: string): Parsed<never> => Result.fail([{ path, message }])

const priceOfRow = ({ price, currency }: Cells<"price" | "currency">): Parsed<Pick<ProductRow, "price">> => {
  if (price === undefined) return Result.succeed({})
  if (!currency) return fault("currency", "a price needs its currency; an ISO 4217 code such as USD is accepted")
  const money = moneyFromDecimal(price, currency)
  return Result.isSuccess(money) ? Result.succeed({ price: money.success }) : fault("price", money.failure.message)
}

const unitOfRow = ({ unit, decimals }: Cells<"unit" | "decimals">): Parsed<Pick<ProductRow, "unit">> => {
  if (unit === undefined && decimals === undefined) return Result.succeed({})
  const digits = decimals ?? "0"
  if (!/^\d$/.test(digits) || Number(digits) > MAX_DECIMALS) {
    return fault("decimals", `"${digits}" is not a number of decimals; 0 to ${MAX_DECIMALS} is accepted`)
  }
  return Result.succeed({ unit: { name: unit ?? piece.name, decimals: Number(digits) } })
}

const barcodesOfRow = ({ barcodes }: Cells<"barcodes">): Parsed<Pick<ProductRow, "barcodes">> => {
  if (barcodes === undefined) return Result.succeed({})
  const codes = barcodes.split(BARCODE_SEPARATOR).map((code) => code.trim())
  const distinct = [...new Set(codes.filter((code) => code !== ""))]
  return distinct.length <= MAX_BARCODES
    ? Result.succeed({ barcodes: distinct })
    : fault("barcodes", `there are ${distinct.length}; at most ${MAX_BARCODES} are accepted`)
}

const productOfRow = (row: Cells<(typeof productColumns)[number]>): Result.Result<ProductRow, InvalidRow> => {
  const faults: Array<RowFault> = []
  const take = (part: Parsed<Partial<ProductRow>>): Partial<ProductRow> => {
    if (Result.isSuccess(part)) return part.success
    faults.push(...part.failure)
    return {}
  }
  const product = {
    ...take(barcodesOfRow(row)),
    ...take(priceOfRow(row)),
    ...take(unitOfRow(row)),
    ...(row.description === undefined ? {} : { description: row.description }),
    ...(row.category === undefined ? {} : { category: row.category }),
    sku: row.sku ?? "",
    name: row.name ?? ""
  }
  for (const path of ["sku", "name"] as const) {
    if (product[path] === "") faults.push({ path, message: "it is empty; every product needs one" })
  }
  return faults.length === 0 ? Result.succeed(product) : Result.fail(new InvalidRow({ faults }))
}

/**
 * How the rows under a header become products to import. A column that the table lacks, and an empty cell, leave that
 * field of a product alone. What a field may hold is the command's to say.
 */
export const productRows = (header: ReadonlyArray<string>): Result.Result<RowReader<ProductRow>, InvalidTable> =>
  Result.map(
    tableReader(header, productColumns, 2),
    (named): RowReader<ProductRow> =>
      (cells) =>
        Result.flatMap(named(cells), productOfRow)
  )

/** A row of a table of stock, as it was written: what its texts mean depends on the product and location they name. */
export interface StockRow {
  readonly sku: string
  /** The id or the name of a location. */
  readonly location: string
  readonly quantity: string
  /** The cost of one unit as a decimal, such as `1.25`. */
  readonly unitCost?: string
  /** The currency of the cost; the product's own when it is missing. */
  readonly currency?: string
}

const stockOfRow = (row: Cells<(typeof stockColumns)[number]>): Result.Result<StockRow, InvalidRow> => {
  const { sku, location, quantity, unit_cost: unitCost, currency } = row
  if (sku === undefined || location === undefined || quantity === undefined) {
    const empty = stockColumns.slice(0, 3).filter((column) => row[column] === undefined)
    const faults = empty.map((path) => ({ path, message: "it is empty; every row needs one" }))
    return Result.fail(new InvalidRow({ faults }))
  }
  return Result.succeed({
    sku,
    location,
    quantity,
    ...(unitCost === undefined ? {} : { unitCost }),
    ...(currency === undefined ? {} : { currency })
  })
}

/** How the rows under a header become stock. */
export const stockRows = (header: ReadonlyArray<string>): Result.Result<RowReader<StockRow>, InvalidTable> =>
  Result.map(
    tableReader(header, stockColumns, 3),
    (named): RowReader<StockRow> =>
      (cells) =>
        Result.flatMap(named(cells), stockOfRow)
  )

/** The most digits a unit cost may have behind the point of its minor unit. */
const COST_FRACTION_DIGITS = 6

/**
 * A unit cost from a decimal in the currency's major unit, exactly: `("1.2345", "USD")` is `123.45` cents. Costs may be
 * finer than the minor unit, unlike prices.
 */
export const unitCostFromDecimal = (decimal: string, currency: string): Result.Result<UnitCost, InvalidRow> => {
  const digits = minorDigits(currency)
  const match = /^(\d{1,10})(?:\.(\d+))?$/.exec(decimal)
  const fraction = (match?.[2] ?? "").replace(/0+$/, "")
  if (match === null || !/^[A-Z]{3}$/.test(currency) || fraction.length > digits + COST_FRACTION_DIGITS) {
    const message =
      `"${decimal}" in "${currency}" is not a cost; a decimal of zero or more with an ISO 4217 currency code ` +
      "such as USD is accepted"
    return Result.fail(new InvalidRow({ faults: [{ path: "unit_cost", message }] }))
  }
  const whole = `${match[1]}${fraction.slice(0, digits).padEnd(digits, "0")}`.replace(/^0+(?=\d)/, "")
  const rest = fraction.slice(digits)
  return Result.succeed({ amount: rest === "" ? whole : `${whole}.${rest}`, currency })
}
