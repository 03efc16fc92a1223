/**
 * Purchases from proposals: who sells what, and draft purchase orders of what should be ordered.
 */
import {
  collectPages,
  Inventory,
  LocationId,
  minorDigits,
  orderDrafts,
  type ProductId,
  type SupplyTerms,
  type ToOrder,
  type UnitCost,
  type VendorId
} from "@onhand/core"
import { Console, Effect } from "effect"
import type { PlanRow, Seller } from "./PlanRow.ts"

const inMajorUnits = ({ amount, currency }: UnitCost): number => Number(amount) / 10 ** minorDigits(currency)

/** Who sells each product first of all, by name and price. */
export const sellersOf = ({ soldBy, vendors }: SupplyTerms): ReadonlyMap<ProductId, Seller> =>
  new Map(
    [...soldBy].map(([product, { vendor, price }]) => [
      product,
      { vendor: vendors.get(vendor) ?? vendor, unitCost: price === null ? null : inMajorUnits(price) }
    ])
  )

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
export const makeDrafts = (orders: ReadonlyArray<ToOrder>, { soldBy, vendors }: SupplyTerms) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const open = yield* collectPages((page) => inventory.read.purchaseOrders({ state: "draft" }, page))
    const planned = new Set(open.map(({ vendor, destination }) => draftText(vendor, destination)))
    for (const draft of orderDrafts(orders, (product) => soldBy.get(product))) {
      const name = vendors.get(draft.vendor) ?? draft.vendor
      if (planned.has(draftText(draft.vendor, draft.destination))) {
        yield* Console.error(`${name} has a draft already; place or cancel it, and nothing is ordered twice`)
        continue
      }
      const { id, lines } = yield* inventory.createPurchaseOrder(draft)
      yield* Console.error(`draft purchase order ${id} to ${name}: ${lines.length} products`)
    }
    const unsold = orders.filter(({ product }) => !soldBy.has(product)).length
    if (unsold > 0) yield* Console.error(`${unsold.toLocaleString("en")} have no primary vendor and are in no draft`)
  })
