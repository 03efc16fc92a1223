/**
 * Purchases from proposals: who sells what, and draft purchase orders of what should be ordered.
 */
import {
  type InvalidCursor,
  Inventory,
  LocationId,
  MAX_PAGE_SIZE,
  minorDigits,
  orderDrafts,
  type Page,
  type PageRequest,
  type ProductId,
  type StoreUnavailable,
  type ToOrder,
  type UnitCost,
  type VendorId,
  type VendorProduct
} from "@onhand/core"
import { Console, Effect } from "effect"
import type { PlanRow, Seller } from "./PlanRow.ts"

const collect = <A>(list: (page: PageRequest) => Effect.Effect<Page<A>, StoreUnavailable | InvalidCursor>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<A> = yield* list({ _tag: "Cursor", limit: MAX_PAGE_SIZE, ...(cursor ? { cursor } : {}) })
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  })

const inMajorUnits = ({ amount, currency }: UnitCost): number => Number(amount) / 10 ** minorDigits(currency)

/** Who sells each product first of all, on which terms; and all vendors by name. */
export interface Vendors {
  readonly terms: ReadonlyMap<ProductId, VendorProduct>
  readonly names: ReadonlyMap<VendorId, string>
  readonly sellers: ReadonlyMap<ProductId, Seller>
}

/** The primary vendors of all products. */
export const primaryVendors = Effect.gen(function* () {
  const { read } = yield* Inventory
  const names = new Map((yield* collect((page) => read.vendors({}, page))).map(({ id, name }) => [id, name]))
  const sold = (yield* collect((page) => read.vendorProducts({}, page))).filter(({ primary }) => primary)
  const vendors: Vendors = {
    terms: new Map(sold.map((one) => [one.product, one])),
    names,
    sellers: new Map(
      sold.map(({ product, vendor, price }) => [
        product,
        { vendor: names.get(vendor) ?? vendor, unitCost: price === null ? null : inMajorUnits(price) }
      ])
    )
  }
  return vendors
})

const draftText = (vendor: VendorId, destination: LocationId) => `${vendor} ${destination}`

/** What a row asks to be ordered; undefined where it is nothing. */
export const toOrder = ({ product, locationId, suggestion, decimals }: PlanRow): ToOrder | undefined =>
  product === null || suggestion === null || suggestion.order === 0
    ? undefined
    : { product, location: LocationId.make(locationId), order: suggestion.order, decimals }

/**
 * Makes a draft purchase order for each vendor and destination, and tells of each. Where there is a draft already none
 * is made: what is only planned is not on its way yet, and would be ordered twice.
 */
export const makeDrafts = (orders: ReadonlyArray<ToOrder>, { terms, names }: Vendors) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const open = yield* collect((page) => inventory.read.purchaseOrders({ state: "draft" }, page))
    const planned = new Set(open.map(({ vendor, destination }) => draftText(vendor, destination)))
    for (const draft of orderDrafts(orders, (product) => terms.get(product))) {
      const name = names.get(draft.vendor) ?? draft.vendor
      if (planned.has(draftText(draft.vendor, draft.destination))) {
        yield* Console.error(`${name} has a draft already; place or cancel it, and nothing is ordered twice`)
        continue
      }
      const { id, lines } = yield* inventory.createPurchaseOrder(draft)
      yield* Console.error(`draft purchase order ${id} to ${name}: ${lines.length} products`)
    }
    const unsold = orders.filter(({ product }) => !terms.has(product)).length
    if (unsold > 0) yield* Console.error(`${unsold.toLocaleString("en")} have no primary vendor and are in no draft`)
  })
