/**
 * What a vendor sells, and on which terms. Several vendors may sell a product; at most one of them is its primary one.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define, MAX_LINES } from "./Command.ts"
import { UnitCost } from "./Movement.ts"
import { knownProduct, ProductId, Sku, UnknownProduct } from "./Product.ts"
import { Quantity } from "./Quantity.ts"
import { put, type RowChange, ref, removeName } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { activeVendor, UnknownVendor, VendorId, VendorInactive } from "./Vendor.ts"

/** The longest lead time: two years, beyond what goods are ordered ahead. */
export const MAX_LEAD_TIME_DAYS = 730

const terms = {
  sku: Schema.NullOr(Sku),
  pack: Quantity,
  minimum: Quantity,
  price: Schema.NullOr(UnitCost),
  leadTimeDays: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_LEAD_TIME_DAYS }))),
  primary: Schema.Boolean
}

/**
 * A product as a vendor sells it. `sku` is the vendor's own code. It is ordered in whole packs of `pack`, at least
 * `minimum`; both are steps of the product's unit. `price` is what one whole unit costs. It arrives `leadTimeDays` days
 * after it was ordered; null where nobody knows. One that is `archived` is not sold by the vendor any more, and never
 * primary.
 */
export const VendorProduct = Schema.Struct({
  id: Schema.String,
  vendor: VendorId,
  product: ProductId,
  ...terms,
  status: Schema.Literals(["active", "archived"]),
  version: Schema.Int,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "VendorProduct" })
export interface VendorProduct extends Schema.Schema.Type<typeof VendorProduct> {}

/** The row id of a product's terms at a vendor. */
export const vendorProductId = (vendor: VendorId, product: ProductId): string => `${product}@${vendor}`

/** The row id of the name that finds a product's primary vendor. */
export const primaryVendorName = (product: ProductId): string => `primaryVendor:${product}`

/**
 * The least quantity that the vendor accepts and that is at least `wanted`, in steps: the minimum, in whole packs. It
 * is exact for every quantity.
 */
export const acceptedQuantity = (
  { pack, minimum }: Pick<VendorProduct, "pack" | "minimum">,
  wanted: number
): number => {
  const least = Math.max(wanted, minimum)
  const begun = least % pack
  return begun === 0 ? least : least - begun + pack
}

/** The vendor's terms of a product, unless it does not sell it, or not any more. */
export const termsOf = (slice: Slice, vendor: VendorId, product: ProductId): VendorProduct | undefined => {
  const found = slice.row("vendorProducts", vendorProductId(vendor, product))
  return found?.status === "active" ? found : undefined
}

const TermsLine = Schema.Struct({
  product: ProductId,
  sku: Schema.optionalKey(terms.sku),
  pack: Schema.optionalKey(terms.pack),
  minimum: Schema.optionalKey(terms.minimum),
  price: Schema.optionalKey(terms.price),
  leadTimeDays: Schema.optionalKey(terms.leadTimeDays),
  primary: Schema.optionalKey(terms.primary),
  archived: Schema.optionalKey(Schema.Boolean)
})
interface TermsLine extends Schema.Schema.Type<typeof TermsLine> {}

const newTerms = { sku: null, pack: 1, minimum: 1, price: null, leadTimeDays: null, primary: false } as const

/** The terms after a line: what it names is changed, the rest is as it was, or as of new terms. */
const changedTerms = (
  vendor: VendorId,
  before: VendorProduct | undefined,
  { archived, ...line }: TermsLine,
  context: DecisionContext
): VendorProduct => {
  const status = archived === undefined ? (before?.status ?? "active") : archived ? "archived" : "active"
  const after = { ...(before ?? newTerms), ...line }
  return {
    ...after,
    id: vendorProductId(vendor, line.product),
    vendor,
    status,
    primary: after.primary && status === "active",
    version: (before?.version ?? 0) + 1,
    updatedAt: context.now
  }
}

/** The changes that keep at most one vendor of a product primary: the name, and the terms of whom it belonged to. */
const primaryChanges = (
  slice: Slice,
  { vendor, product, primary }: VendorProduct,
  context: DecisionContext
): ReadonlyArray<RowChange> => {
  const id = primaryVendorName(product)
  const holder = slice.row("names", id)
  if (!primary) return holder?.target === vendor ? [removeName(id)] : []
  if (holder?.target === vendor) return []
  const named = put("names", { id, version: (holder?.version ?? 0) + 1, target: vendor })
  const other = holder && slice.row("vendorProducts", vendorProductId(VendorId.make(holder.target), product))
  if (other === undefined) return [named]
  const lesser = { ...other, primary: false, version: other.version + 1, updatedAt: context.now }
  return [named, put("vendorProducts", lesser)]
}

/**
 * Sets what a vendor sells, a line for each product: the named terms change and the others stay. Whoever becomes
 * primary takes that from the vendor that was.
 */
export const SetVendorProducts = define("SetVendorProducts", {
  payload: { vendor: VendorId, lines: Schema.NonEmptyArray(TermsLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ products: Schema.Array(VendorProduct) }),
  refusals: [UnknownVendor, VendorInactive, UnknownProduct],
  footprint: ({ vendor, lines }, slice) => ({
    rows: [
      ref("vendors", vendor),
      ...lines.flatMap(({ product }) => {
        const name = primaryVendorName(product)
        const holder = slice.row("names", name)?.target ?? vendor
        const sellers = new Set([vendor, VendorId.make(holder)])
        return [
          ref("products", product),
          ref("names", name),
          ...[...sellers].map((seller) => ref("vendorProducts", vendorProductId(seller, product)))
        ]
      })
    ]
  }),
  decide: (slice, { vendor, lines }, context) =>
    Result.gen(function* () {
      yield* activeVendor(slice, vendor)
      // The last of several lines for one product wins, as it would had they come one after the other.
      const last = new Map(lines.map((line) => [line.product, line]))
      const products: Array<VendorProduct> = []
      for (const line of last.values()) {
        yield* knownProduct(slice, line.product)
        const before = slice.row("vendorProducts", vendorProductId(vendor, line.product))
        products.push(changedTerms(vendor, before, line, context))
      }
      return {
        reply: { products },
        rows: products.flatMap((one) => [put("vendorProducts", one), ...primaryChanges(slice, one, context)]),
        events: [{ _tag: "VendorUpdated" as const, vendor }]
      }
    })
})
