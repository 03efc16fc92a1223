// The replay: the catalogue, every store's opening stock, and then the year's baskets through cart and checkout.
import { Inventory, LocationId, type ProductId } from "@onhand/core"
import { DateTime, Effect, Result, Stream } from "effect"
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
  category: row.product_category
})

/** Imports the catalogue, and answers which product each number is and how many rows changed something. */
export const importCatalogue = (folder: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const products = new Map<string, ProductId>()
    const outcomes = { created: 0, updated: 0, unchanged: 0, refused: 0 }
    yield* catalogue(folder).pipe(
      Stream.grouped(IMPORT_LINES),
      Stream.mapEffect(
        (rows) => {
          const [first, ...rest] = rows.map(productOf)
          return first === undefined
            ? Effect.succeed([])
            : Effect.map(inventory.importProducts({ lines: [first, ...rest] }), ({ lines }) =>
                lines.map((line, index) => ({ line, number: rows[index]?.product_id ?? "" }))
              )
        },
        { concurrency: IMPORTS_UNDER_WAY }
      ),
      Stream.runForEach((imported) =>
        Effect.sync(() => {
          for (const { line, number } of imported) {
            outcomes[line.outcome] += 1
            if (line.outcome !== "refused") products.set(number, line.product)
          }
        })
      )
    )
    return { products, outcomes }
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

/** The depot that supplies all stores, and the share of the year's sales that it opens with. */
export const DEPOT = LocationId.make("depot")
const DEPOT_SHARE = 0.2

/** Opens the depot with some of everything. */
const openDepot = (sales: ReturnType<typeof salesOf>, costOf: ReturnType<typeof costsOf>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const sold = new Map<ProductId, number>()
    for (const [product, units] of [...sales.values()].flatMap((ofStore) => [...ofStore])) {
      sold.set(product, (sold.get(product) ?? 0) + units)
    }
    yield* inventory.createLocation({ id: DEPOT, name: "Depot" }, { key: "depot" })
    const stock = [...sold].map(([product, units]) => ({
      kind: "opening" as const,
      product,
      location: DEPOT,
      quantity: Math.max(1, Math.floor(DEPOT_SHARE * units)),
      unitCost: costOf(product)
    }))
    for (const [index, [first, ...rest]] of chunks(stock, OPENING_LINES).entries()) {
      if (first === undefined) continue
      const options = { key: `opening:depot:${index}`, occurredAt: OPENED_AT }
      yield* inventory.recordMovements({ lines: [first, ...rest] }, options)
    }
  })

/** Opens every store with its stock and its thresholds. The keys are fixed, so a second run changes nothing. */
export const openStores = (baskets: ReadonlyArray<Basket>, products: ReadonlyMap<string, ProductId>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const sales = salesOf(baskets, products)
    const costOf = costsOf(baskets, products)
    yield* openDepot(sales, costOf)
    yield* Effect.forEach(
      sales,
      ([store, sold]) =>
        Effect.gen(function* () {
          const location = storeOf(store)
          yield* inventory.createLocation({ id: location, name: `Store ${store}` }, { key: `store:${store}` })
          const stock = [...sold].map(([product, units]) => ({
            product,
            location,
            quantity: Math.max(1, Math.floor(OPENING_SHARE * units))
          }))
          for (const [index, part] of chunks(stock, OPENING_LINES).entries()) {
            const [first, ...rest] = part.map((line) => ({
              kind: "opening" as const,
              ...line,
              unitCost: costOf(line.product)
            }))
            if (first === undefined) continue
            const options = { key: `opening:${store}:${index}`, occurredAt: OPENED_AT }
            yield* inventory.recordMovements({ lines: [first, ...rest] }, options)
            const [low, ...lows] = part.map(({ quantity, ...place }) => ({
              ...place,
              low: Math.floor(LOW_SHARE * quantity)
            }))
            if (low !== undefined)
              yield* inventory.setThresholds({ lines: [low, ...lows] }, { key: `low:${store}:${index}` })
          }
        }),
      { concurrency: 16, discard: true }
    )
    return sales.size
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
  products: ReadonlyMap<string, ProductId>,
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
