/**
 * Imports of products: many rows in one command, each with an outcome of its own.
 */
import { Equal, Result, Schema } from "effect"
import { type DecisionContext, define, MAX_LINES } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import {
  CodeTaken,
  changed,
  namesOf,
  newProduct,
  noCodes,
  type Product,
  ProductDraft,
  ProductId,
  renameCodes,
  skuName
} from "./Product.ts"
import { UnitOfMeasure } from "./Quantity.ts"
import { put, type RowChange, type Rows, ref, type Table } from "./Row.ts"
import type { Slice } from "./Slice.ts"

/** A product's unit of measure cannot change: every quantity in its history is counted in it. */
export class UnitFixed extends Schema.TaggedError<UnitFixed>()("UnitFixed", {
  product: ProductId,
  unit: UnitOfMeasure
}) {
  override get message() {
    const { name, decimals } = this.unit
    return `Product ${this.product} is counted in ${name} with ${decimals} decimals; only that unit is accepted`
  }
}

/** Whether a product is counted in lots cannot change: its stock lies under lots, or under none. */
export class LotTrackingFixed extends Schema.TaggedError<LotTrackingFixed>()("LotTrackingFixed", {
  product: ProductId,
  lotTracked: Schema.Boolean
}) {
  override get message() {
    return `Product ${this.product} is counted ${this.lotTracked ? "by lots" : "without lots"}; only that is accepted`
  }
}

/** What became of a row. A refused one changed nothing, and kept no other from being imported. */
export const ImportedLine = Schema.Union([
  Schema.Struct({ outcome: Schema.Literals(["created", "updated", "unchanged"]), product: ProductId }),
  Schema.Struct({ outcome: Schema.Literal("refused"), refusal: Schema.Union([CodeTaken, UnitFixed, LotTrackingFixed]) })
])
export type ImportedLine = typeof ImportedLine.Type

const sameUnit = (a: UnitOfMeasure, b: UnitOfMeasure) => a.name === b.name && a.decimals === b.decimals

/** Whether a draft leaves a product as it is; `after` is what would become of it. */
const sameFields = (before: Product, draft: ProductDraft, after: Product): boolean =>
  [...Object.keys(draft), "barcodes" as const].every((field) =>
    Equal.equals(before[field as keyof ProductDraft], after[field as keyof ProductDraft])
  )

/** The slice as the rows before left it: a later row of the command sees what an earlier one did. */
class Draft {
  readonly changes = new Map<string, RowChange>()
  readonly slice: Slice
  private readonly before: Slice

  constructor(before: Slice) {
    this.before = before
    this.slice = {
      row: (table, id) => this.row(table, id),
      stock: (place) => before.stock(place),
      claim: (id) => before.claim(id),
      knowsClaim: (id) => before.knowsClaim(id),
      holdings: (stretch) => before.holdings(stretch),
      movement: (id) => before.movement(id),
      drift: (key) => before.drift(key)
    }
  }

  private row<T extends Table>(table: T, id: string): Rows[T] | undefined {
    const change = this.changes.get(`${table}/${id}`)
    // The key holds the table's name, so the row is of that table.
    return change === undefined ? this.before.row(table, id) : ((change.row as Rows[T] | null) ?? undefined)
  }

  /** Takes in changes. However often a command changes a product, it is one version of it. */
  apply(changes: ReadonlyArray<RowChange>, isNew: (id: string) => boolean): void {
    for (const change of changes) {
      const version =
        change.table === "products" && !isNew(change.id) ? this.before.row("products", change.id)?.version : undefined
      this.changes.set(
        `${change.table}/${change.id}`,
        change.table === "products" && change.row !== null
          ? put("products", { ...change.row, version: (version ?? 0) + 1 })
          : change
      )
    }
  }
}

interface DecidedLine {
  readonly line: ImportedLine
  readonly rows: ReadonlyArray<RowChange>
  readonly event?: NewEvent
}

const importLine = (
  slice: Slice,
  draft: ProductDraft,
  id: ProductId,
  context: DecisionContext
): Result.Result<DecidedLine, CodeTaken | UnitFixed | LotTrackingFixed> =>
  Result.gen(function* () {
    const holder = slice.row("names", skuName(draft.sku))
    const before = holder && slice.row("products", holder.target)
    if (before === undefined) {
      const product = newProduct(id, draft, context)
      const names = yield* renameCodes(slice, id, noCodes, product)
      return {
        line: { outcome: "created", product: id },
        rows: [put("products", product), ...names],
        event: { _tag: "ProductCreated", product: id, sku: product.sku }
      } as const
    }
    if (draft.unit !== undefined && !sameUnit(draft.unit, before.unit)) {
      return yield* Result.fail(new UnitFixed({ product: before.id, unit: before.unit }))
    }
    if (draft.lotTracked !== undefined && draft.lotTracked !== before.lotTracked) {
      return yield* Result.fail(new LotTrackingFixed({ product: before.id, lotTracked: before.lotTracked }))
    }
    const product = changed(before, draft, context)
    if (sameFields(before, draft, product))
      return { line: { outcome: "unchanged", product: before.id }, rows: [] } as const
    const names = yield* renameCodes(slice, before.id, before, product)
    return {
      line: { outcome: "updated", product: before.id },
      rows: [put("products", product), ...names],
      event: { _tag: "ProductUpdated", product: before.id, sku: product.sku }
    } as const
  })

/**
 * Imports rows, each by itself: creates the product with its SKU, or changes what differs, or leaves it. So rows that
 * are imported twice change nothing the second time. A row that would take another product's code, or change the unit
 * of measure or whether there are lots, is refused in the reply, and the others are imported.
 */
export const ImportProducts = define("ImportProducts", {
  payload: { lines: Schema.NonEmptyArray(ProductDraft).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ lines: Schema.Array(ImportedLine) }),
  refusals: [],
  footprint: ({ lines }, slice) => ({
    rows: lines.flatMap((line) => {
      const holder = slice.row("names", skuName(line.sku))
      const names = namesOf(line).map((name) => ref("names", name))
      if (holder === undefined) return names
      // The names that it has are read as well, because those that it gives up are removed.
      const before = slice.row("products", holder.target)
      const given = before === undefined ? [] : namesOf(before).map((name) => ref("names", name))
      return [...names, ref("products", holder.target), ...given]
    })
  }),
  decide: (slice, { lines }, context) => {
    const draft = new Draft(slice)
    const imported: Array<ImportedLine> = []
    const events: Array<NewEvent> = []
    const created = new Set<string>()
    for (const [index, line] of lines.entries()) {
      const id = ProductId.make(`${context.id}-${index}`)
      const decided = importLine(draft.slice, line, id, context)
      if (Result.isFailure(decided)) {
        imported.push({ outcome: "refused", refusal: decided.failure })
        continue
      }
      const { line: outcome, rows, event } = decided.success
      if (outcome.outcome === "created") created.add(id)
      draft.apply(rows, (product) => created.has(product))
      imported.push(outcome)
      if (event !== undefined) events.push(event)
    }
    return Result.succeed({ reply: { lines: imported }, rows: [...draft.changes.values()], events })
  }
})
