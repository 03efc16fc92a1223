/**
 * Import rows: lines of a table as people keep them in a spreadsheet, read into the commands that they stand for. The
 * command line and the HTTP import read the same tables through this file.
 */
import { Result, Schema } from "effect"
import { minorDigits, moneyFromDecimal } from "./Money.ts"
import type { UnitCost } from "./Movement.ts"
import { MAX_BARCODES, type ProductDraft, type ProductPack } from "./Product.ts"
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
  "decimals",
  "packs"
] as const

/** The columns of a table of stock; the first three must be there. */
export const stockColumns = [
  "sku",
  "location",
  "quantity",
  "unit",
  "lot",
  "expires_on",
  "unit_cost",
  "currency"
] as const

/** The columns of a table of demand; the first three must be there. */
export const demandColumns = ["sku", "date", "quantity", "location", "name", "in_stock"] as const

/** The columns of a table of what is there and how it is ordered; the first two must be there. */
export const reorderColumns = [
  "sku",
  "on_hand",
  "location",
  "on_order",
  "reserved",
  "lead_days",
  "pack",
  "minimum",
  "maximum",
  "vendor",
  "unit_cost"
] as const

/** The columns of a table of reorder policies: of a class, or of a product at a location. */
export const policyColumns = [
  "class",
  "sku",
  "location",
  "target",
  "lead_days",
  "review_days",
  "cover_days",
  "alert_risk"
] as const

/** What stands between several barcodes, or several lead times, in one cell. */
export const BARCODE_SEPARATOR = "|"

/** Texts as one cell, as {@link partsOfCell} reads it: a separator within a text has a backslash before it. */
export const cellOfParts = (parts: ReadonlyArray<string>): string =>
  parts.map((part) => part.replace(/[\\|]/g, "\\$&")).join(BARCODE_SEPARATOR)

const PART = /(?:\\[\\|]|[^|])+/g

/** The texts in a cell, trimmed, without empty ones. */
export const partsOfCell = (cell: string): ReadonlyArray<string> =>
  (cell.match(PART) ?? []).map((part) => part.replace(/\\([\\|])/g, "$1").trim()).filter((part) => part !== "")

const PACK_PART = /(?:\\[\\=]|[^=])+/g

/**
 * Packs as one cell, such as `case=24=4006381333948|pallet=1440`: the name of each, how many steps of the product's
 * unit it has (`45359237/100000` where so many packs make so many steps), and its barcodes.
 */
export const cellOfPacks = (packs: ReadonlyArray<ProductPack>): string =>
  cellOfParts(
    packs.map(({ unit, steps, per, barcodes }) =>
      [unit, per === 1 ? String(steps) : `${steps}/${per}`, ...barcodes]
        .map((part) => part.replace(/[\\=]/g, "\\$&"))
        .join("=")
    )
  )

const packOfText = (text: string): ProductPack | undefined => {
  const parts = (text.match(PACK_PART) ?? []).map((part) => part.replace(/\\([\\=])/g, "$1").trim())
  const [unit = "", ratio = "", ...barcodes] = parts
  const match = /^(\d{1,15})(?:\/(\d{1,15}))?$/.exec(ratio)
  return match === null ? undefined : { unit, steps: Number(match[1]), per: Number(match[2] ?? "1"), barcodes }
}

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
  const distinct = [...new Set(partsOfCell(barcodes))]
  return distinct.length <= MAX_BARCODES
    ? Result.succeed({ barcodes: distinct })
    : fault("barcodes", `there are ${distinct.length}; at most ${MAX_BARCODES} are accepted`)
}

const packsOfRow = ({ packs }: Cells<"packs">): Parsed<Pick<ProductRow, "packs">> => {
  if (packs === undefined) return Result.succeed({})
  const texts = partsOfCell(packs)
  const wrong = texts.find((text) => packOfText(text) === undefined)
  if (wrong === undefined) return Result.succeed({ packs: texts.flatMap((text) => packOfText(text) ?? []) })
  return fault("packs", `"${wrong}" is no pack; its name and the steps of the unit in it are accepted, such as case=24`)
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
    ...take(packsOfRow(row)),
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
  /** What the quantity counts: the product's own unit when it is missing, or one of its packs. */
  readonly unit?: string
  readonly lot?: string
  /** The day until which the lot may be used, such as `2027-02-28`. */
  readonly expiresOn?: string
  /** The cost of one unit as a decimal, such as `1.25`. */
  readonly unitCost?: string
  /** The currency of the cost; the product's own when it is missing. */
  readonly currency?: string
}

const stockOfRow = (row: Cells<(typeof stockColumns)[number]>): Result.Result<StockRow, InvalidRow> => {
  const { sku, location, quantity, unit, lot, expires_on: expiresOn, unit_cost: unitCost, currency } = row
  if (sku === undefined || location === undefined || quantity === undefined) {
    const empty = stockColumns.slice(0, 3).filter((column) => row[column] === undefined)
    const faults = empty.map((path) => ({ path, message: "it is empty; every row needs one" }))
    return Result.fail(new InvalidRow({ faults }))
  }
  return Result.succeed({
    sku,
    location,
    quantity,
    ...(unit === undefined ? {} : { unit }),
    ...(lot === undefined ? {} : { lot }),
    ...(expiresOn === undefined ? {} : { expiresOn }),
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

/** A row of a table of demand. */
export interface DemandRow {
  readonly sku: string
  /** The location's name as it was written; empty where the table has none. */
  readonly location: string
  readonly name: string
  /** `2026-11-21`, or an instant such as `2026-11-21T09:30:00Z`. */
  readonly date: string
  /** Asked for on that day; null where it is not known. */
  readonly quantity: number | null
  /** The share of the day with stock on the shelf; 1 where nothing is said. */
  readonly inStock: number
}

const numberOf = (path: string, text: string | undefined, least = Number.NEGATIVE_INFINITY): Parsed<number | null> => {
  if (text === undefined) return Result.succeed(null)
  const number = Number(text)
  return Number.isFinite(number) && number >= least
    ? Result.succeed(number)
    : fault(path, `"${text}" is not a number${least === 0 ? " of zero or more" : ""}`)
}

const DATE = /^\d{4}-\d{2}-\d{2}(T.*)?$/

const demandOfRow = (row: Cells<(typeof demandColumns)[number]>): Result.Result<DemandRow, InvalidRow> => {
  const { sku = "", date = "", location = "", name = "" } = row
  const quantity = numberOf("quantity", row.quantity)
  const inStock = numberOf("in_stock", row.in_stock, 0)
  const faults = [
    ...(sku === "" ? [{ path: "sku", message: "it is empty; every row needs one" }] : []),
    ...(DATE.test(date) && !Number.isNaN(Date.parse(date))
      ? []
      : [{ path: "date", message: `"${date}" is no date; one such as 2026-11-21 is accepted` }]),
    ...[quantity, inStock].flatMap((part) => (Result.isFailure(part) ? part.failure : []))
  ]
  if (Result.isFailure(quantity) || Result.isFailure(inStock) || faults.length > 0) {
    return Result.fail(new InvalidRow({ faults }))
  }
  const share = Math.min(1, inStock.success ?? 1)
  return Result.succeed({ sku, location, name, date, quantity: quantity.success, inStock: share })
}

/** How the rows under a header become demand. Several rows of one product on one day add up. */
export const demandRows = (header: ReadonlyArray<string>): Result.Result<RowReader<DemandRow>, InvalidTable> =>
  Result.map(
    tableReader(header, demandColumns, 3),
    (named): RowReader<DemandRow> =>
      (cells) =>
        Result.flatMap(named(cells), demandOfRow)
  )

/** A row of a table of what is there and how it is ordered, in units; null where the table says nothing. */
export interface ReorderRow {
  readonly sku: string
  readonly location: string
  readonly onHand: number
  readonly onOrder: number
  readonly reserved: number
  /** Lead times in days, such as those seen so far; empty where the table says nothing. */
  readonly leadDays: ReadonlyArray<number>
  readonly pack: number | null
  readonly minimum: number | null
  readonly maximum: number | null
  readonly vendor: string
  readonly unitCost: number | null
}

const reorderOfRow = (row: Cells<(typeof reorderColumns)[number]>): Result.Result<ReorderRow, InvalidRow> => {
  const faults: Array<RowFault> =
    row.sku === undefined ? [{ path: "sku", message: "it is empty; every row needs one" }] : []
  const read = (path: string, text: string | undefined): number | null => {
    const number = numberOf(path, text, 0)
    if (Result.isSuccess(number)) return number.success
    faults.push(...number.failure)
    return null
  }
  const reorder: ReorderRow = {
    sku: row.sku ?? "",
    location: row.location ?? "",
    onHand: read("on_hand", row.on_hand) ?? 0,
    onOrder: read("on_order", row.on_order) ?? 0,
    reserved: read("reserved", row.reserved) ?? 0,
    leadDays: (row.lead_days?.split(BARCODE_SEPARATOR) ?? []).flatMap((text) => read("lead_days", text.trim()) ?? []),
    pack: read("pack", row.pack),
    minimum: read("minimum", row.minimum),
    maximum: read("maximum", row.maximum),
    vendor: row.vendor ?? "",
    unitCost: read("unit_cost", row.unit_cost)
  }
  return faults.length === 0 ? Result.succeed(reorder) : Result.fail(new InvalidRow({ faults }))
}

/** How the rows under a header become what is there and how it is ordered. */
export const reorderRows = (header: ReadonlyArray<string>): Result.Result<RowReader<ReorderRow>, InvalidTable> =>
  Result.map(
    tableReader(header, reorderColumns, 2),
    (named): RowReader<ReorderRow> =>
      (cells) =>
        Result.flatMap(named(cells), reorderOfRow)
  )

/** A row of a table of reorder policies, as it was written: `abc`, or `sku` and `location`. */
export interface PolicyRow {
  readonly abc?: string
  readonly sku?: string
  readonly location?: string
  readonly target?: string
  readonly leadDays?: ReadonlyArray<number>
  readonly reviewDays?: number
  readonly coverDays?: number
  readonly alertRisk?: string
}

const policyOfRow = (row: Cells<(typeof policyColumns)[number]>): Result.Result<PolicyRow, InvalidRow> => {
  const faults: Array<RowFault> = []
  const { class: abc, sku, location, target, alert_risk: alertRisk } = row
  const days = (path: "lead_days" | "review_days" | "cover_days", text: string) => {
    const number = numberOf(path, text, 0)
    if (Result.isSuccess(number) && number.success !== null) return number.success
    faults.push({ path, message: `"${text}" is no number of days` })
    return 0
  }
  if ((abc === undefined) === (sku === undefined) || (sku === undefined) !== (location === undefined)) {
    faults.push({ path: "row", message: "a class, or a sku and a location, is accepted" })
  }
  const policy: PolicyRow = {
    ...(abc === undefined ? {} : { abc }),
    ...(sku === undefined ? {} : { sku }),
    ...(location === undefined ? {} : { location }),
    ...(target === undefined ? {} : { target }),
    ...(row.lead_days === undefined
      ? {}
      : { leadDays: row.lead_days.split(BARCODE_SEPARATOR).map((text) => days("lead_days", text.trim())) }),
    ...(row.review_days === undefined ? {} : { reviewDays: days("review_days", row.review_days) }),
    ...(row.cover_days === undefined ? {} : { coverDays: days("cover_days", row.cover_days) }),
    ...(alertRisk === undefined ? {} : { alertRisk })
  }
  return faults.length === 0 ? Result.succeed(policy) : Result.fail(new InvalidRow({ faults }))
}

/** How the rows under a header become reorder policies. */
export const policyRows = (header: ReadonlyArray<string>): Result.Result<RowReader<PolicyRow>, InvalidTable> =>
  Result.map(
    tableReader(header, policyColumns, 0),
    (named): RowReader<PolicyRow> =>
      (cells) =>
        Result.flatMap(named(cells), policyOfRow)
  )
