import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  LocationId,
  MAX_LINES,
  orderDrafts,
  ProductId,
  VendorId,
  type VendorProduct,
  vendorProductId,
  vendorTerms
} from "../src/index.ts"

const sold = (vendor: string, product: string, terms: Partial<VendorProduct> = {}): VendorProduct => ({
  id: vendorProductId(VendorId.make(vendor), ProductId.make(product)),
  vendor: VendorId.make(vendor),
  product: ProductId.make(product),
  sku: null,
  pack: 1,
  minimum: 1,
  price: null,
  leadTimeDays: null,
  primary: true,
  status: "active",
  version: 1,
  updatedAt: DateTime.makeUnsafe(0),
  ...terms
})

const wanted = (product: string, location: string, order: number, decimals = 0) => ({
  product: ProductId.make(product),
  location: LocationId.make(location),
  order,
  decimals
})

describe("drafts", () => {
  const terms = new Map(
    [
      sold("potter", "mug", { pack: 12 }),
      sold("potter", "bowl", { minimum: 10 }),
      sold("mill", "flour", { pack: 2500 })
    ].map((one) => [one.product, one])
  )
  const drafts = (...orders: ReadonlyArray<ReturnType<typeof wanted>>) =>
    orderDrafts(orders, (product) => terms.get(product)).map(({ vendor, destination, lines }) =>
      [vendor, destination, ...lines.map(({ product, quantity }) => `${quantity} ${product}`)].join(" ")
    )

  it("gather what is to be ordered by vendor and destination, in packs and from the minimum on", () => {
    assert.deepStrictEqual(
      drafts(
        wanted("mug", "north", 13),
        wanted("flour", "north", 2.6, 3),
        wanted("bowl", "north", 3),
        wanted("mug", "south", 12)
      ),
      ["potter north 24 mug 10 bowl", "mill north 5000 flour", "potter south 12 mug"]
    )
  })

  it("leave out what need not be ordered, and what nobody sells", () => {
    assert.deepStrictEqual(drafts(wanted("mug", "north", 0), wanted("dragon", "north", 4)), [])
  })

  it("have no more lines than an order may have", () => {
    const many = Array.from({ length: MAX_LINES + 1 }, (_, index) => wanted(`p${index}`, "north", 1))
    const sizes = orderDrafts(many, (product) => sold("all", product)).map(({ lines }) => lines.length)
    assert.deepStrictEqual(sizes, [MAX_LINES, 1])
  })
})

describe("a vendor's terms", () => {
  it("are in units and days", () => {
    const rules = { pack: 2.5, minimum: 5 }
    const terms = { pack: 2500, minimum: 5000, leadTimeDays: 4 }
    assert.deepStrictEqual(vendorTerms(terms, 3), { leadDays: [4], rules })
    assert.deepStrictEqual(vendorTerms({ ...terms, leadTimeDays: null }, 3), { rules })
  })
})
