/**
 * Documents: the rows whose commands write movements and claims of their own. What one of those says follows from its
 * document, so only the document's commands may take it back.
 */
import type { Source } from "./Movement.ts"
import { type RowRef, ref, type Table } from "./Row.ts"
import type { Slice } from "./Slice.ts"

const tables: Readonly<Record<string, Table>> = {
  cart: "carts",
  order: "orders",
  transfer: "transfers",
  count: "counts",
  purchaseOrder: "purchaseOrders"
}

/** The row that a source would name if it were a document of ours; a host may use the same words for its own. */
export const documentRef = (source: Source | null): ReadonlyArray<RowRef> => {
  const table = source === null || !Object.hasOwn(tables, source.type) ? undefined : tables[source.type]
  return source === null || table === undefined ? [] : [ref(table, source.id)]
}

/** Whether something was written by a document of ours. */
export const isOfDocument = (slice: Slice, source: Source | null): boolean =>
  documentRef(source).some(({ table, id }) => slice.row(table, id) !== undefined)
