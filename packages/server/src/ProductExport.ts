/**
 * Product exports: the catalogue as a table, page by page, so that a large one takes no more memory than a small one.
 */
import {
  cellOfPacks,
  cellOfParts,
  decimalFromMoney,
  type Inventory,
  MAX_PAGE_SIZE,
  type Product,
  type ProductFilter,
  productColumns
} from "@onhand/core"
import { Effect, Option, Stream } from "effect"
import { csvLine } from "./Csv.ts"
import { answering } from "./OutwardRefusal.ts"

const lineOf = ({ sku, name, description, category, barcodes, price, unit, packs }: Product): string => {
  const cells: Readonly<Record<(typeof productColumns)[number], string>> = {
    sku,
    name,
    description,
    category,
    barcodes: cellOfParts(barcodes),
    price: price === null ? "" : decimalFromMoney(price),
    currency: price?.currency ?? "",
    unit: unit.name,
    decimals: String(unit.decimals),
    packs: cellOfPacks(packs)
  }
  return csvLine(productColumns.map((column) => cells[column]))
}

/** The lines of a table of products. A page fails, or all of it is there. */
export const exportedProducts = ({ read }: Inventory["Service"], filter: ProductFilter) =>
  Stream.paginate(undefined as string | undefined, (cursor) =>
    Effect.map(
      answering(read.products({ ...filter, sort: "created_asc" }, { _tag: "Cursor", limit: MAX_PAGE_SIZE, cursor })),
      ({ items, nextCursor }) =>
        [[items.map(({ product }) => lineOf(product)).join("")], Option.fromNullOr(nextCursor)] as const
    )
  ).pipe(
    Stream.catchTag("InvalidCursor", (error) => Stream.die(error)),
    Stream.prepend([csvLine(productColumns)])
  )
