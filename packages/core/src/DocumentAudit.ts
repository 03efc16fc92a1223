/**
 * The audit of documents: what orders, transfers, counts and purchase orders say of their lines, beside the movements
 * and claims that were made for them. It asks a store's queries alone, so that it is the same for every store.
 */
import { Effect, Option } from "effect"
import { type Count, differenceOf } from "./Count.ts"
import type { Movement, Source } from "./Movement.ts"
import { type Order, openQuantity } from "./Order.ts"
import { firstPage, type InvalidCursor, type Page, type PageRequest } from "./Page.ts"
import type { ProductId } from "./Product.ts"
import type { PurchaseOrder } from "./PurchaseOrder.ts"
import type { Queries } from "./Queries.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { Transfer } from "./Transfer.ts"

/**
 * A number that the lines of a document say of a product, and what the ledger makes of it, in steps of the product's
 * unit. Of `claimed`, what is `told` is the most that the document may claim. There must never be a difference.
 */
export interface DocumentDifference {
  readonly document: Source
  readonly product: ProductId
  readonly field: string
  readonly told: number
  readonly recomputed: number
}

/** How many documents were looked at, and every difference. */
export interface DocumentAudit {
  readonly documents: number
  readonly differences: ReadonlyArray<DocumentDifference>
}

type Entry = readonly [product: ProductId, field: string, quantity: number]

/** A document as the audit sees it: what its lines tell, what a movement of it counts as, and what it may claim. */
interface Account {
  readonly version: number
  readonly told: ReadonlyArray<Entry>
  readonly counted: (movement: Movement) => ReadonlyArray<Entry>
  readonly claimable: ReadonlyArray<Entry>
}

type Read<A> = Effect.Effect<A, StoreUnavailable | InvalidCursor>

/** Documents that are looked at together, and how many of them at once. */
const PAGE = 200
const AT_ONCE = 4

const CLAIMED = "claimed"

const ofOrder = ({ version, lines }: Order): Account => ({
  version,
  told: lines.flatMap((line) =>
    (["shipped", "restocked", "damaged", "scrapped"] as const).map((field): Entry => [line.product, field, line[field]])
  ),
  counted: ({ product, kind, to, quantity }) => {
    if (kind === "sale") return [[product, "shipped", quantity]]
    if (kind === "reversal") return [[product, "shipped", -quantity]]
    return [[product, to === "damaged" ? "damaged" : to === "scrap" ? "scrapped" : "restocked", quantity]]
  },
  claimable: lines.map((line): Entry => [line.product, CLAIMED, openQuantity(line)])
})

const ofTransfer = ({ version, state, origin, lines }: Transfer): Account => ({
  version,
  told: lines.flatMap((line) =>
    (["shipped", "received", "damaged", "lost", "returned"] as const).map(
      (field): Entry => [line.product, field, line[field]]
    )
  ),
  counted: ({ product, kind, location, to, quantity }) => {
    if (kind === "transferOut") return [[product, "shipped", quantity]]
    if (kind === "adjustment") return [[product, "lost", quantity]]
    if (location === origin) return [[product, "returned", quantity]]
    return [[product, to === "damaged" ? "damaged" : "received", quantity]]
  },
  claimable: state === "ready" ? lines.map(({ product, quantity }): Entry => [product, CLAIMED, quantity]) : []
})

const ofCount = ({ version, state, lines }: Count): Account => ({
  version,
  told: state === "posted" ? lines.map((line): Entry => [line.product, "difference", differenceOf(line)]) : [],
  counted: ({ product, to, quantity }) => [[product, "difference", to === "adjustment" ? -quantity : quantity]],
  claimable: []
})

const ofPurchase = ({ version, lines }: PurchaseOrder): Account => ({
  version,
  told: lines.flatMap(
    ({ product, received, over, damaged }): ReadonlyArray<Entry> => [
      [product, "received", received + over],
      [product, "damaged", damaged]
    ]
  ),
  counted: ({ product, to, quantity }) => [
    [product, "received", quantity],
    [product, "damaged", to === "damaged" ? quantity : 0]
  ],
  claimable: []
})

/** All items of a list. */
const all = <A>(list: (page: PageRequest) => Read<Page<A>>): Read<ReadonlyArray<A>> =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<A> = yield* list({ ...firstPage(PAGE), ...(cursor === undefined ? {} : { cursor }) })
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  })

/** What the first entries have more, by product and field; what the second have more is below zero. */
const surplus = (some: ReadonlyArray<Entry>, others: ReadonlyArray<Entry>) => {
  const sums = new Map<string, { product: ProductId; field: string; some: number; others: number }>()
  const add = (side: "some" | "others", [product, field, quantity]: Entry) => {
    const text = JSON.stringify([product, field])
    const sum = sums.get(text) ?? { product, field, some: 0, others: 0 }
    sum[side] += quantity
    sums.set(text, sum)
  }
  for (const entry of some) add("some", entry)
  for (const entry of others) add("others", entry)
  return [...sums.values()]
}

/** What is wrong with a document that is looked up again, because it may change while its movements are read. */
const differencesOf = (
  read: Queries,
  document: Source,
  account: Read<Account | undefined>
): Read<ReadonlyArray<DocumentDifference>> =>
  Effect.gen(function* () {
    for (;;) {
      const before = yield* account
      if (before === undefined) return []
      const moved = yield* all((page) => read.movements({ source: document }, page))
      const claims = yield* all((page) => read.claims({ source: document }, page))
      const claimed = claims.map(({ product, quantity }): Entry => [product, CLAIMED, quantity])
      const wrong = [
        ...surplus(before.told, moved.flatMap(before.counted)).filter(({ some, others }) => some !== others),
        ...surplus(before.claimable, claimed).filter(({ some, others }) => others > some)
      ].map(({ product, field, some, others }) => ({ document, product, field, told: some, recomputed: others }))
      if (wrong.length === 0 || (yield* account)?.version === before.version) return wrong
    }
  })

/** Looks at every document of a kind, page by page. */
const auditOf = <A extends { readonly id: string }>(
  read: Queries,
  type: Source["type"],
  list: (page: PageRequest) => Read<Page<A>>,
  again: (id: A["id"]) => Read<Option.Option<A>>,
  of: (document: A) => Account
): Read<DocumentAudit> =>
  Effect.gen(function* () {
    const documents = yield* all((page) =>
      Effect.map(list(page), ({ items, ...rest }) => ({ ...rest, items: items.map(({ id }) => id) }))
    )
    const found = yield* Effect.forEach(
      documents,
      (id) =>
        differencesOf(
          read,
          { type, id },
          Effect.map(again(id), (one) => Option.getOrUndefined(Option.map(one, of)))
        ),
      { concurrency: AT_ONCE }
    )
    return { documents: documents.length, differences: found.flat() }
  })

/**
 * Compares what every order, transfer, count and purchase order says of its lines with the movements and claims that
 * were made for it. Others go on meanwhile. It asks a few questions for each document, so it takes a second for some
 * hundreds of them: run it beside the work, like `verify`.
 */
export const auditDocuments = (read: Queries): Read<DocumentAudit> =>
  Effect.map(
    Effect.all([
      auditOf(read, "order", (page) => read.orders({}, page), read.order, ofOrder),
      auditOf(read, "transfer", (page) => read.transfers({}, page), read.transfer, ofTransfer),
      auditOf(read, "count", (page) => read.counts({}, page), read.count, ofCount),
      auditOf(read, "purchaseOrder", (page) => read.purchaseOrders({}, page), read.purchaseOrder, ofPurchase)
    ]),
    (audits) => ({
      documents: audits.reduce((sum, { documents }) => sum + documents, 0),
      differences: audits.flatMap(({ differences }) => differences)
    })
  )
