/**
 * What a command of the terminal names, and what it lists of a store: a product by its SKU, a location by its id or
 * name, and whole lists with the names that people know.
 */
import {
  decimalFromQuantity,
  Inventory,
  type LocationId,
  MAX_PAGE_SIZE,
  type Page,
  type PageRequest,
  type Product,
  type ProductId
} from "@onhand/core"
import { Cache, Effect, Option, Stream } from "effect"
import { Flag } from "effect/cli"
import { allLocations } from "./ImportStock.ts"
import { namedLocation, optionalText, WrongFlag } from "./PlanFlags.ts"
import { formats } from "./Report.ts"

/** The product with this SKU. */
export const productNamed = (sku: string) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const found = yield* read.productByCode("sku", sku)
    if (Option.isSome(found)) return found.value
    return yield* new WrongFlag({ flag: "product", text: sku, accepted: "the SKU of a product that exists" })
  })

/** The location with this id or name. */
export const locationNamed = (text: string) =>
  Effect.flatMap(allLocations, (locations) => Effect.fromResult(namedLocation(locations, text)))

export const productFlag = Flag.String("product").pipe(
  Flag.withMetavar("<sku>"),
  Flag.withDescription("The product, by its SKU")
)

export const formatFlag = Flag.Literals("format", formats).pipe(
  Flag.withDefault("table"),
  Flag.withDescription("A table for people, csv for spreadsheets, json for programs")
)

/** The flags of a list of what is of a product at a location. */
export const placeFlags = {
  product: optionalText("product", "<sku>", "Only this product"),
  location: optionalText("location", "<id or name>", "Only this location")
}

/** The filter that these flags stand for. */
export const placeOf = (flags: { readonly product: Option.Option<string>; readonly location: Option.Option<string> }) =>
  Effect.gen(function* () {
    const product = Option.isNone(flags.product) ? undefined : (yield* productNamed(flags.product.value)).id
    const location = Option.isNone(flags.location) ? undefined : yield* locationNamed(flags.location.value)
    return { product, location }
  })

/** All items of a list, page by page. */
export const itemsOf = <A, E>(list: (page: PageRequest) => Effect.Effect<Page<A>, E>) =>
  Stream.paginate(undefined as string | undefined, (cursor) =>
    Effect.map(
      list({ _tag: "Cursor", limit: MAX_PAGE_SIZE, cursor }),
      ({ items, nextCursor }) => [items, Option.fromNullOr(nextCursor)] as const
    )
  )

/** A quantity of a product in its unit, as a text and as a number. */
export const inUnit = (steps: number, { unit }: Pick<Product, "unit">): string =>
  decimalFromQuantity(steps, unit.decimals)

/** Products that are remembered while a list is printed. */
const PRODUCTS_REMEMBERED = 10_000

/** Looks products up by their ids, each about once. Nothing names a product that does not exist. */
export const productsById = Effect.gen(function* () {
  const { read } = yield* Inventory
  const products = yield* Cache.make({
    capacity: PRODUCTS_REMEMBERED,
    lookup: (id: ProductId) =>
      Effect.flatMap(read.product(id), (found) =>
        Option.isSome(found) ? Effect.succeed(found.value) : Effect.die(new Error(`There is no product ${id}`))
      )
  })
  return (id: ProductId) => Cache.get(products, id)
})

/** The names of locations by their ids. */
export const locationNames = Effect.map(allLocations, (locations) => {
  const names = new Map(locations.map(({ id, name }) => [id, name]))
  return (id: LocationId): string => names.get(id) ?? id
})
