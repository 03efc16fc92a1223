// The replay: the catalogue, every store's opening stock, and then the year's baskets through cart and checkout.
import { Inventory, LocationId, type MovementLine, type ProductId } from "@onhand/core"
import { DateTime, Effect, Result, Stream } from "effect"
import { FIRST_LOT, isFresh } from "./Freshness.ts"
import { type Basket, type CatalogueRow, catalogue, type ReceiptLine } from "./RetailFiles.ts"

/** Commands of a kind that are under way at once: while one batch is being committed, the next one gathers. */
const UNDER_WAY = 2_000

/** Rows of one command of an import, and how many such commands are under way at once. */
const IMPORT_LINES = 250
const IMPORTS_UNDER_WAY = 8

/** Lines of one command of opening stock. */
const OPENING_LINES = 500

/** A threshold is raised when this share of the opening stock is left. */
const LOW_SHARE = 0.2

/** The share of the year's sales that each store opens with, so that some goods run dry on the way. */
const OPENING_SHARE = 0.8

/** When the stores open. */
export const OPENED_AT = DateTime.makeUnsafe("2017-01-01T00:00:00Z")
/** What the tills take. */
export const USD = "USD"

/** What goods cost, as a share of what customers paid for them on average: the file does not say. */
const COST_SHARE = 0.6

/** A line that never reached a cart, with its row in the file. */
export interface RefusedLine {
  readonly row: number
  readonly reason: "quantity is 0" | "product is not in the catalogue"
  readonly quantity: number
  readonly cents: number
}

/** What became of a basket. */
export interface Till {
  readonly basket: Basket
  /** The lines that reached the cart. */
  readonly lines: ReadonlyArray<ReceiptLine>
  readonly refusedLines: ReadonlyArray<RefusedLine>
  /** `sold`, `empty` when no line was left, or the tag of the refusal. */
  readonly outcome: string
  readonly soldUnits: number
  readonly soldCents: number
}

const productOf = (row: CatalogueRow) => ({
  sku: row.product_id,
  // The catalogue has no names: kind, size and number together tell a product from its neighbours on the shelf.
  name: [row.product_type, row.package_size.replace(/\s+/g, " ").trim(), `#${row.product_id}`]
    .filter(Boolean)
    .join(" "),
  description: [row.department, row.brand].filter(Boolean).join(", "),
  category: row.product_category,
  lotTracked: isFresh(row)
})

/** Which product each number is, and which of them are fresh. */
export interface Catalogue {
  readonly products: ReadonlyMap<string, ProductId>
  readonly fresh: ReadonlySet<ProductId>
}

/** Imports the catalogue, and answers what is in it and how many rows changed something. */
export const importCatalogue = (folder: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const products = new Map<string, ProductId>()
    const fresh = new Set<ProductId>()
    const outcomes = { created: 0, updated: 0, unchanged: 0, refused: 0 }
    yield* catalogue(folder).pipe(
      Stream.grouped(IMPORT_LINES),
      Stream.mapEffect(
        (rows) => {
          const [first, ...rest] = rows.map(productOf)
          return first === undefined
            ? Effect.succeed([])
            : Effect.map(inventory.importProducts({ lines: [first, ...rest] }), ({ lines }) =>
                lines.flatMap((line, index) => {
                  const row = rows[index]
                  return row === undefined ? [] : [{ line, row }]
                })
              )
        },
        { concurrency: IMPORTS_UNDER_WAY }
      ),
      Stream.runForEach((imported) =>
        Effect.sync(() => {
          for (const { line, row } of imported) {
            outcomes[line.outcome] += 1
            if (line.outcome === "refused") continue
            products.set(row.product_id, line.product)
            if (isFresh(row)) fresh.add(line.product)
          }
        })
      )
    )
    return { products, fresh, outcomes }
  })

const storeOf = (store: string) => LocationId.make(`store-${store}`)

/** What each store sells of each product over the year. */
const salesOf = (baskets: ReadonlyArray<Basket>, products: ReadonlyMap<string, ProductId>) => {
  const sales = new Map<string, Map<ProductId, number>>()
  for (const { store, lines } of baskets) {
    const ofStore = sales.get(store) ?? new Map<ProductId, number>()
    sales.set(store, ofStore)
    for (const line of lines) {
      const product = products.get(line.product)
      if (product !== undefined) ofStore.set(product, (ofStore.get(product) ?? 0) + line.quantity)
    }
  }
  return sales
}

/** What a unit of each product cost, in cents and parts of them. */
const costsOf = (baskets: ReadonlyArray<Basket>, products: ReadonlyMap<string, ProductId>) => {
  const paid = new Map<ProductId, { units: number; cents: number }>()
  for (const { product, quantity, cents } of baskets.flatMap(({ lines }) => lines)) {
    const id = products.get(product)
    if (id === undefined) continue
    const sum = paid.get(id) ?? { units: 0, cents: 0 }
    paid.set(id, { units: sum.units + quantity, cents: sum.cents + cents })
  }
  return (product: ProductId) => {
    const { units, cents } = paid.get(product) ?? { units: 0, cents: 0 }
    return { amount: String(Math.round((100 * COST_SHARE * cents) / Math.max(1, units)) / 100), currency: USD }
  }
}

const chunks = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))

/** The depot that supplies all stores, and the share of the year's sales that it gets. */
export const DEPOT = LocationId.make("depot")
const DEPOT_SHARE = 0.2

/** What a place gets of a product in the year: at the opening, and of what is fresh the rest in the middle of it. */
export interface Goods {
  readonly product: ProductId
  readonly opening: number
  readonly later: number
  readonly unitCost: { readonly amount: string; readonly currency: string }
}
export interface Supplied {
  readonly location: LocationId
  readonly name: string
  readonly goods: ReadonlyArray<Goods>
}

/** The places of the chain, the depot first, and what each gets. */
export const suppliesOf = (baskets: ReadonlyArray<Basket>, { products, fresh }: Catalogue): ReadonlyArray<Supplied> => {
  const sales = salesOf(baskets, products)
  const costOf = costsOf(baskets, products)
  const sold = new Map<ProductId, number>()
  for (const [product, units] of [...sales.values()].flatMap((ofStore) => [...ofStore])) {
    sold.set(product, (sold.get(product) ?? 0) + units)
  }
  const goodsOf = (units: ReadonlyMap<ProductId, number>, share: number) =>
    [...units].map(([product, year]): Goods => {
      const quantity = Math.max(1, Math.floor(share * year))
      const opening = fresh.has(product) ? Math.ceil(quantity / 2) : quantity
      return { product, opening, later: quantity - opening, unitCost: costOf(product) }
    })
  return [
    { location: DEPOT, name: "Depot", goods: goodsOf(sold, DEPOT_SHARE) },
    ...[...sales].map(([store, units]) => ({
      location: storeOf(store),
      name: `Store ${store}`,
      goods: goodsOf(units, OPENING_SHARE)
    }))
  ]
}

/** Records what a place gets, in commands of a bearable size with keys that begin so. */
export const deliver = (
  lines: ReadonlyArray<MovementLine>,
  { key, occurredAt }: { readonly key: string; readonly occurredAt: DateTime.Utc }
) =>
  Effect.flatMap(Inventory, (inventory) =>
    Effect.forEach(
      chunks(lines, OPENING_LINES).entries(),
      ([index, [first, ...rest]]) =>
        first === undefined
          ? Effect.void
          : inventory.recordMovements({ lines: [first, ...rest] }, { key: `${key}:${index}`, occurredAt }),
      { discard: true }
    )
  )

/** Opens every place with its stock, the stores with thresholds. Keys are fixed: a second run changes nothing. */
export const openStores = (supplies: ReadonlyArray<Supplied>, { fresh }: Catalogue) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    yield* Effect.forEach(
      supplies,
      ({ location, name, goods }) =>
        Effect.gen(function* () {
          yield* inventory.createLocation({ id: location, name }, { key: `place:${location}` })
          const lines = goods.map(({ product, opening: quantity, unitCost }) => ({
            ...{ kind: "opening" as const, product, location, quantity, unitCost },
            ...(fresh.has(product) ? FIRST_LOT : {})
          }))
          yield* deliver(lines, { key: `opening:${location}`, occurredAt: OPENED_AT })
          if (location === DEPOT) return
          for (const [index, part] of chunks(goods, OPENING_LINES).entries()) {
            const [low, ...lows] = part.map(({ product, opening }) => ({
              ...{ product, location, low: Math.floor(LOW_SHARE * opening) }
            }))
            if (low !== undefined)
              yield* inventory.setThresholds({ lines: [low, ...lows] }, { key: `low:${location}:${index}` })
          }
        }),
      { concurrency: 16, discard: true }
    )
    return supplies.length - 1
  })

/** A basket at the till: the lines that can be sold, and those that cannot. */
const ringUp = (basket: Basket, products: ReadonlyMap<string, ProductId>) => {
  const lines: Array<ReceiptLine & { readonly id: ProductId }> = []
  const refusedLines: Array<RefusedLine> = []
  for (const line of basket.lines) {
    const id = products.get(line.product)
    const { row, quantity, cents } = line
    if (quantity === 0) refusedLines.push({ row, reason: "quantity is 0", quantity, cents })
    else if (id === undefined) refusedLines.push({ row, reason: "product is not in the catalogue", quantity, cents })
    else lines.push({ ...line, id })
  }
  return { basket, lines, refusedLines }
}
type RungUp = ReturnType<typeof ringUp>

const openCart = ({ basket, lines }: RungUp) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const wanted = lines.map(({ id, quantity }) => ({ product: id, quantity, mode: "add" as const }))
    return yield* inventory.openCart({ lines: wanted }, { key: `cart:${basket.id}`, occurredAt: basket.at })
  })

/** What was paid for each product of the basket; two lines of one product are one line of a cart. */
const chargesOf = (lines: RungUp["lines"]) =>
  [...Map.groupBy(lines, (line) => line.id)].map(([product, same]) => ({
    product,
    total: { amount: same.reduce((sum, line) => sum + line.cents, 0), currency: USD }
  }))

const checkOut = ({ basket, lines, refusedLines }: RungUp, cart: Effect.Success<ReturnType<typeof openCart>>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const result = yield* Effect.result(
      inventory.checkout(
        { cart: cart.id, location: storeOf(basket.store), charged: chargesOf(lines) },
        { key: `checkout:${basket.id}`, occurredAt: basket.at }
      )
    )
    const order = Result.isSuccess(result) ? result.success : undefined
    const till: Till = {
      basket,
      lines,
      refusedLines,
      outcome: Result.isSuccess(result) ? "sold" : result.failure._tag,
      soldUnits: order?.lines.reduce((sum, line) => sum + line.shipped, 0) ?? 0,
      soldCents: order?.total.amount ?? 0
    }
    return till
  })

/**
 * Sells the baskets in the order of the file: carts are opened ahead, and checkouts begin in order while earlier ones
 * are still being committed. The engine decides them in the order in which they arrive.
 */
export const replay = (
  baskets: ReadonlyArray<Basket>,
  { products }: Catalogue,
  onProgress: (done: number) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const rungUp = baskets.map((basket) => ringUp(basket, products))
    const tills: Array<Till> = rungUp
      .filter(({ lines }) => lines.length === 0)
      .map((empty) => ({ ...empty, outcome: "empty", soldUnits: 0, soldCents: 0 }))
    yield* Stream.fromIterable(rungUp.filter(({ lines }) => lines.length > 0)).pipe(
      Stream.mapEffect((rung) => Effect.map(openCart(rung), (cart) => [rung, cart] as const), {
        concurrency: UNDER_WAY
      }),
      Stream.mapEffect(([rung, cart]) => checkOut(rung, cart), { concurrency: UNDER_WAY }),
      Stream.runForEach((till) =>
        Effect.andThen(
          Effect.sync(() => tills.push(till)),
          onProgress(tills.length)
        )
      )
    )
    return tills
  })
