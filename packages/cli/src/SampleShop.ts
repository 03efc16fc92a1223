/**
 * The sample shop of a first start: two locations, a dozen products, stock and thresholds, so that there is something
 * to look at. Every step is a command under a fixed key: a start that was interrupted is completed by the next.
 */
import {
  firstPage,
  Inventory,
  LocationId,
  type MovementLine,
  moneyFromDecimal,
  ProductId,
  quantityFromDecimal,
  unitCostFromDecimal
} from "@onhand/core"
import { Array as Arr, Effect, Option, Result } from "effect"
import { CURRENCY, type SampleProduct, sampleProducts } from "./SampleCatalogue.ts"

/** Ids that nobody else chooses, by which a half-made sample shop is recognised. */
export const SAMPLE_SHOP = LocationId.make("sample-shop")
export const SAMPLE_WAREHOUSE = LocationId.make("sample-warehouse")

const locations = [
  { id: SAMPLE_SHOP, name: "Corner shop", address: "1 High Street" },
  { id: SAMPLE_WAREHOUSE, name: "Warehouse", address: "12 Dock Road" }
] as const

/** How far above its threshold stock must rise before the shop counts as restocked: twice the threshold. */
const CLEAR_FACTOR = 2

const key = (step: string) => ({ key: `sample-shop:${step}` })
const exact = <A, E>(result: Result.Result<A, E>): A => Result.getOrThrow(result)
const steps = (product: SampleProduct, decimal: string) => exact(quantityFromDecimal(decimal, product.unit.decimals))

const productOf = ({ id, name, category, description, barcodes, price, unit }: SampleProduct) => ({
  id: ProductId.make(id),
  sku: id.toUpperCase(),
  name,
  category,
  description,
  barcodes,
  price: exact(moneyFromDecimal(price, CURRENCY)),
  unit
})

const openingLine = (product: SampleProduct, location: LocationId, decimal: string): MovementLine => ({
  kind: "opening",
  product: ProductId.make(product.id),
  location,
  quantity: steps(product, decimal),
  unitCost: exact(unitCostFromDecimal(product.cost, CURRENCY))
})

const openingStock = (product: SampleProduct): Arr.NonEmptyReadonlyArray<MovementLine> => {
  const { shop, warehouse } = product.stock
  const inShop = openingLine(product, SAMPLE_SHOP, shop)
  return warehouse === "0" ? [inShop] : [inShop, openingLine(product, SAMPLE_WAREHOUSE, warehouse)]
}

const thresholdOf = (product: SampleProduct) => {
  const low = steps(product, product.low)
  return { product: ProductId.make(product.id), location: SAMPLE_SHOP, low, clear: low * CLEAR_FACTOR }
}

/** Whether there shall be a sample shop: only an empty store gets one. Its thresholds are set last, so they end it. */
const isWanted = Effect.gen(function* () {
  const { read } = yield* Inventory
  const begun = Option.isSome(yield* read.location(SAMPLE_SHOP))
  if (begun) {
    const thresholds = yield* read.thresholds({ location: SAMPLE_SHOP }, firstPage(1))
    return thresholds.items.length === 0
  }
  const [places, products] = yield* Effect.all([read.locations(firstPage(1)), read.products({}, firstPage(1))])
  return places.items.length + products.items.length === 0
})

/** Makes the sample shop in an empty store, or finishes one that was begun; says whether it did. */
export const makeSampleShop = Effect.gen(function* () {
  if (!(yield* isWanted)) return false
  const inventory = yield* Inventory
  for (const location of locations) yield* inventory.createLocation(location, key(`location:${location.id}`))
  yield* Effect.forEach(sampleProducts, (product) => inventory.createProduct(productOf(product), key(product.id)), {
    concurrency: "unbounded"
  })
  yield* inventory.recordMovements({ lines: Arr.flatMap(sampleProducts, openingStock) }, key("opening-stock"))
  yield* inventory.setThresholds({ lines: Arr.map(sampleProducts, thresholdOf) }, key("thresholds"))
  return true
})
