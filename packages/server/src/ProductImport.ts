/**
 * Product imports: every row is a command of its own, so that a wrong one is reported by its number and the others
 * pass.
 */
import {
  type ImportedRow,
  type ImportResult,
  type InvalidRequest,
  MAX_IMPORT_ROWS,
  ProductRow,
  problemType,
  type Unavailable
} from "@onhand/api"
import type { OutcomeUnknown } from "@onhand/core"
import { type Actor, type IdempotencyConflict, type Inventory, moneyFromDecimal } from "@onhand/core"
import { Effect, Result, Schema } from "effect"
import { parseCsv, unmarked } from "./Csv.ts"
import { faultsOf, faulty } from "./Faults.ts"
import { submitAs } from "./OutwardRefusal.ts"

/** The rows that are on their way to the store at once: enough to fill its batches. */
const ROWS_AT_ONCE = 500

type Row = Readonly<Record<string, unknown>>

/** The columns of a table of products. */
export const productColumns = [
  "sku",
  "name",
  "description",
  "category",
  "barcodes",
  "price",
  "currency",
  "unit",
  "decimals"
] as const
const COLUMNS: ReadonlySet<string> = new Set(productColumns)

/** A row of a table as a row of JSON. An empty field is one that was left out. */
const fromTable = (header: ReadonlyArray<string>, fields: ReadonlyArray<string>): Row => {
  const cells = new Map(header.map((column, index) => [column, unmarked(fields[index]?.trim() ?? "")]))
  const cell = (column: string): string | undefined => cells.get(column) || undefined
  const row: Record<string, unknown> = {}
  for (const column of ["sku", "name", "description", "category"]) {
    if (cell(column) !== undefined) row[column] = cell(column)
  }
  const barcodes = cell("barcodes")
  if (barcodes !== undefined) row["barcodes"] = barcodes.split("|").map((code) => code.trim())
  if (cell("price") !== undefined) row["price"] = { amount: cell("price"), currency: cell("currency") ?? "" }
  if (cell("unit") !== undefined || cell("decimals") !== undefined) {
    row["unit"] = { name: cell("unit") ?? "", decimals: Number(cell("decimals") ?? 0) }
  }
  return row
}

/** The rows of a table with a header. */
export const productRowsFromCsv = (text: string): Result.Result<ReadonlyArray<Row>, InvalidRequest> => {
  const [header = [], ...rows] = parseCsv(text)
  const columns = header.map((column) => column.trim().toLowerCase())
  const unknown = columns.filter((column) => !COLUMNS.has(column))
  if (unknown.length > 0 || !columns.includes("sku") || !columns.includes("name")) {
    const message = `A header row with sku and name, and any of ${[...COLUMNS].slice(2).join(", ")}, is accepted`
    return Result.fail(faulty("payload.header", unknown.length > 0 ? `${message}; not ${unknown.join(", ")}` : message))
  }
  return rows.length > MAX_IMPORT_ROWS
    ? Result.fail(faulty("payload", `At most ${MAX_IMPORT_ROWS} rows are accepted`))
    : Result.succeed(rows.map((fields) => fromTable(columns, fields)))
}

const decodeRow = Schema.decodeUnknownResult(ProductRow, { onExcessProperty: "error", errors: "all" })

/** A row as the payload of its command. */
const payloadOf = (row: Row) =>
  Result.gen(function* () {
    const { price, ...fields } = yield* Result.mapError(decodeRow(row), ({ issue }) => faultsOf("", issue))
    if (price === undefined || price === null) return { ...fields, ...(price === null ? { price } : {}) }
    const exact = yield* Result.mapError(moneyFromDecimal(price.amount, price.currency), ({ message }) => [
      { path: "price.amount", message }
    ])
    return { ...fields, price: exact }
  })

interface ImportCommand {
  readonly actor: Actor
  readonly key: string
}

type RowError = IdempotencyConflict | OutcomeUnknown | Unavailable

const importRow = (
  inventory: Inventory["Service"],
  row: Row,
  index: number,
  { actor, key }: ImportCommand
): Effect.Effect<ImportedRow & { readonly replayed: boolean }, RowError> => {
  const place = { row: index + 1, sku: typeof row["sku"] === "string" ? row["sku"] : null }
  const payload = payloadOf(row)
  if (Result.isFailure(payload)) {
    return Effect.succeed({ ...place, outcome: "refused", faults: payload.failure, replayed: true })
  }
  const refused = (refusal: { readonly _tag: string; readonly message: string }) => ({
    ...place,
    outcome: "refused" as const,
    problem: { type: problemType(refusal._tag), detail: refusal.message },
    replayed: true
  })
  const command = { actor, key: `${key}:${index + 1}` }
  return submitAs(inventory, "importProducts", { lines: [payload.success] }, command).pipe(
    Effect.map(({ reply, replayed }) => {
      const [line] = reply.lines
      if (line === undefined) throw new Error("An import lost a row")
      return line.outcome === "refused" ? refused(line.refusal) : { ...place, ...line, replayed }
    }),
    Effect.catchTag("InvalidRequest", (refusal) => Effect.succeed(refused(refusal)))
  )
}

/** Imports rows, or a text of them in CSV. A refused row stops no other; a store that is away stops them all. */
export const importProducts = (
  inventory: Inventory["Service"],
  payload: string | { readonly rows: ReadonlyArray<Row> },
  command: ImportCommand
): Effect.Effect<{ readonly result: ImportResult; readonly replayed: boolean }, RowError | InvalidRequest> =>
  Effect.gen(function* () {
    const rows = typeof payload === "string" ? yield* Effect.fromResult(productRowsFromCsv(payload)) : payload.rows
    const imported = yield* Effect.forEach(rows, (row, index) => importRow(inventory, row, index, command), {
      concurrency: ROWS_AT_ONCE
    })
    const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 }
    for (const { outcome } of imported) counts[outcome] += 1
    return {
      result: { ...counts, rows: imported.map(({ replayed: _, ...row }) => row) },
      replayed: counts.refused < imported.length && imported.every((row) => row.replayed)
    }
  })
