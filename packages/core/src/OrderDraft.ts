/**
 * Draft purchase orders from plans: what should be ordered, gathered by vendor and destination, as the vendor sells it.
 */
import { MAX_LINES } from "./Command.ts"
import type { LocationId } from "./Location.ts"
import type { ProductId } from "./Product.ts"
import type { PurchaseOrderDraft, PurchaseOrderDraftLine } from "./PurchaseOrder.ts"
import type { OrderTerms } from "./StockPlan.ts"
import type { VendorId } from "./Vendor.ts"
import { acceptedQuantity, type VendorProduct } from "./VendorProduct.ts"

/** What a vendor's terms say of how a product is ordered, in units of the product and days. */
export const vendorTerms = (
  { pack, minimum, leadTimeDays }: Pick<VendorProduct, "pack" | "minimum" | "leadTimeDays">,
  decimals: number
): Pick<Partial<OrderTerms>, "leadDays" | "rules"> => {
  const units = (steps: number) => steps / 10 ** decimals
  const rules = { pack: units(pack), minimum: units(minimum) }
  return leadTimeDays === null ? { rules } : { leadDays: [leadTimeDays], rules }
}

/** What should be ordered of a product at a location: `order` units. */
export interface ToOrder {
  readonly product: ProductId
  readonly location: LocationId
  readonly order: number
  /** Digits after the point of the product's unit. */
  readonly decimals: number
}

/**
 * A draft for each vendor and destination, in the order in which they come. What nobody sells is left out. Quantities
 * are what the vendor accepts and at least what should be ordered. More lines than an order may have make more drafts.
 */
export const orderDrafts = (
  orders: Iterable<ToOrder>,
  soldBy: (product: ProductId) => VendorProduct | undefined
): ReadonlyArray<PurchaseOrderDraft> => {
  const gathered = new Map<
    string,
    { vendor: VendorId; destination: LocationId; lines: Array<PurchaseOrderDraftLine> }
  >()
  for (const { product, location, order, decimals } of orders) {
    const sold = soldBy(product)
    const steps = Math.round(order * 10 ** decimals)
    if (sold === undefined || steps <= 0) continue
    const key = `${sold.vendor} ${location}`
    const draft = gathered.get(key) ?? { vendor: sold.vendor, destination: location, lines: [] }
    gathered.set(key, draft)
    draft.lines.push({ product, quantity: acceptedQuantity(sold, steps) })
  }
  return [...gathered.values()].flatMap(({ lines, ...draft }) =>
    Array.from({ length: Math.ceil(lines.length / MAX_LINES) }, (_, part) =>
      lines.slice(part * MAX_LINES, (part + 1) * MAX_LINES)
    ).flatMap(
      ([first, ...rest]): ReadonlyArray<PurchaseOrderDraft> =>
        first === undefined ? [] : [{ ...draft, lines: [first, ...rest] }]
    )
  )
}
