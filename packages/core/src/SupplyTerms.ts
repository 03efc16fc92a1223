/**
 * Supply terms: how the products of a store are ordered, read once for a plan of many: its policies, and who sells each
 * product first of all.
 */
import { Effect } from "effect"
import { vendorTerms } from "./OrderDraft.ts"
import { collectPages, type InvalidCursor } from "./Page.ts"
import type { ProductId } from "./Product.ts"
import type { Queries } from "./Queries.ts"
import { termsBy, usualTerms } from "./ReorderPolicy.ts"
import type { AbcClass } from "./replenish/Classes.ts"
import type { OrderTerms } from "./StockPlan.ts"
import type { PlanSubject } from "./StockPlanner.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { VendorId } from "./Vendor.ts"
import type { VendorProduct } from "./VendorProduct.ts"

export interface SupplyTerms {
  /** The primary vendor's terms of each product that has one; from an archived vendor nothing can be ordered. */
  readonly soldBy: ReadonlyMap<ProductId, VendorProduct>
  /** The name of every vendor that can be ordered from. */
  readonly vendors: ReadonlyMap<VendorId, string>
  /** How a product is ordered at a location. What neither policy nor vendor says is as the usual terms of its class. */
  readonly termsOf: (subject: PlanSubject, usual?: (abc: AbcClass) => OrderTerms) => OrderTerms
}

/** Reads the policies and vendors of a store. */
export const supplyTerms = (read: Queries): Effect.Effect<SupplyTerms, StoreUnavailable | InvalidCursor> =>
  Effect.gen(function* () {
    const policies = yield* collectPages((page) => read.reorderPolicies({}, page))
    const vendors = yield* collectPages((page) => read.vendors({}, page))
    const sold = yield* collectPages((page) => read.vendorProducts({}, page))
    const active = new Map(vendors.flatMap(({ id, name, status }) => (status === "active" ? [[id, name]] : [])))
    const policyOf = new Map(policies.map((policy) => [policy.id, policy]))
    const soldBy = new Map(
      sold.flatMap((one) => (one.primary && active.has(one.vendor) ? [[one.product, one] as const] : []))
    )
    return {
      soldBy,
      vendors: active,
      termsOf: ({ product, location, abc }, usual = usualTerms) => {
        const terms = soldBy.get(product.id)
        const theirs = terms && vendorTerms(terms, product.unit.decimals)
        return termsBy(policyOf, { product: product.id, location }, abc, theirs, usual(abc))
      }
    }
  })
