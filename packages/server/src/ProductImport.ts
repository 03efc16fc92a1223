/**
 * Product imports: rows of a table or of JSON, many in one command, and each with a result of its own, so that a wrong
 * one is reported by its number and the others pass.
 */
import {
  type Fault,
  type ImportedRow,
  type ImportResult,
  type InvalidRequest,
  MAX_IMPORT_ROWS,
  ProductRow,
  problemType,
  type Unavailable
} from "@onhand/api"
import {
  type Actor,
  type IdempotencyConflict,
  type Inventory,
  moneyFromDecimal,
  type OutcomeUnknown,
  ProductDraft,
  productRows
} from "@onhand/core"
import { Effect, Result, Schema } from "effect"
import { csvRows, unmarked } from "./Csv.ts"
import { faultsOf, faulty } from "./Faults.ts"
import { submitAs } from "./OutwardRefusal.ts"

/** The rows of one command: enough to share a commit, and few enough that others do not wait long for it. */
const ROWS_OF_A_COMMAND = 200

type Faults = ReadonlyArray<Fault>

/** A row as its product, or what is wrong with it; with the SKU that it names, if it does. */
interface ReadRow {
  readonly sku: string | null
  readonly product: Result.Result<ProductDraft, Faults>
}

const decodeRow = Schema.decodeUnknownResult(ProductRow, { onExcessProperty: "error", errors: "all" })
const checkDraft = Schema.decodeUnknownResult(Schema.toType(ProductDraft), { errors: "all" })

const checked = (draft: unknown): Result.Result<ProductDraft, Faults> =>
  Result.mapError(checkDraft(draft), ({ issue }) => faultsOf("", issue))

/** A row of JSON. */
const rowOfJson = (row: Readonly<Record<string, unknown>>): ReadRow => ({
  sku: typeof row["sku"] === "string" ? row["sku"] : null,
  product: Result.gen(function* () {
    const { price, ...fields } = yield* Result.mapError(decodeRow(row), ({ issue }) => faultsOf("", issue))
    if (price === undefined || price === null) return yield* checked(price === null ? { ...fields, price } : fields)
    const exact = yield* Result.mapError(moneyFromDecimal(price.amount, price.currency), ({ message }) => [
      { path: "price.amount", message }
    ])
    return yield* checked({ ...fields, price: exact })
  })
})

/** The rows of a table with a header. */
export const rowsOfCsv = (text: string): Effect.Effect<ReadonlyArray<ReadRow>, InvalidRequest> =>
  Effect.gen(function* () {
    const [header = [], ...rows] = yield* csvRows(text)
    const read = yield* Effect.mapError(Effect.fromResult(productRows(header)), (error) =>
      faulty("payload.header", error.message)
    )
    if (rows.length > MAX_IMPORT_ROWS) return yield* faulty("payload", `At most ${MAX_IMPORT_ROWS} rows are accepted`)
    const column = header.findIndex((name) => name.trim().toLowerCase() === "sku")
    return rows.map((cells) => {
      const plain = cells.map((cell) => unmarked(cell.trim()))
      const product = Result.mapError(read(plain), ({ faults }) => faults)
      return { sku: plain[column] || null, product: Result.flatMap(product, checked) }
    })
  })

interface ImportCommand {
  readonly actor: Actor
  readonly key: string
}

type RowError = IdempotencyConflict | OutcomeUnknown | Unavailable

type Imported = ImportedRow & { readonly replayed: boolean }

const refusedRow = (refusal: { readonly _tag: string; readonly message: string }) => ({
  outcome: "refused" as const,
  problem: { type: problemType(refusal._tag), detail: refusal.message }
})

/** Imports a stretch of the rows, of which the first has that number, as one command. */
const importStretch = (
  inventory: Inventory["Service"],
  rows: ReadonlyArray<ReadRow>,
  first: number,
  { actor, key }: ImportCommand
): Effect.Effect<ReadonlyArray<Imported>, RowError | InvalidRequest> =>
  Effect.gen(function* () {
    const [line, ...lines] = rows.flatMap(({ product }) => (Result.isSuccess(product) ? [product.success] : []))
    const { reply, replayed } =
      line === undefined
        ? { reply: { lines: [] }, replayed: true }
        : yield* submitAs(inventory, "importProducts", { lines: [line, ...lines] }, { actor, key: `${key}:${first}` })
    const outcomes = reply.lines.values()
    return rows.map(({ sku, product }, index): Imported => {
      const place = { row: first + index, sku }
      if (Result.isFailure(product)) return { ...place, outcome: "refused", faults: product.failure, replayed: true }
      const { value: outcome } = outcomes.next()
      if (outcome === undefined) throw new Error("An import lost a row")
      return outcome.outcome === "refused"
        ? { ...place, ...refusedRow(outcome.refusal), replayed: true }
        : { ...place, ...outcome, replayed }
    })
  })

/** Imports rows, or a text of them in CSV. A refused row stops no other; a store that is away stops them all. */
export const importProducts = (
  inventory: Inventory["Service"],
  payload: string | { readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>> },
  command: ImportCommand
): Effect.Effect<{ readonly result: ImportResult; readonly replayed: boolean }, RowError | InvalidRequest> =>
  Effect.gen(function* () {
    const rows = typeof payload === "string" ? yield* rowsOfCsv(payload) : payload.rows.map(rowOfJson)
    const imported: Array<Imported> = []
    // One after the other: a product that is there twice is in the end what its last row says.
    for (let from = 0; from < rows.length; from += ROWS_OF_A_COMMAND) {
      const stretch = rows.slice(from, from + ROWS_OF_A_COMMAND)
      imported.push(...(yield* importStretch(inventory, stretch, from + 1, command)))
    }
    const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 }
    for (const { outcome } of imported) counts[outcome] += 1
    return {
      result: { ...counts, rows: imported.map(({ replayed: _, ...row }) => row) },
      replayed: counts.refused < imported.length && imported.every((row) => row.replayed)
    }
  })
