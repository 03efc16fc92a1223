// The middle of the year: every store counts a part of its shelves, throws away what is past its day, gets fresh goods
// anew, and from the depot what it ran out of.
import { type CountId, Inventory, type Level, type LocationId, type Page, type ProductId } from "@onhand/core"
import { DateTime, Effect, Option } from "effect"
import { FIRST_LOT, MID_YEAR, passDay, recall, SECOND_LOT, throwAway } from "./Freshness.ts"
import { type Catalogue, DEPOT, deliver, type Supplied } from "./Replay.ts"
import type { Basket } from "./RetailFiles.ts"

/** Whether a basket was bought before it. */
export const isEarly = ({ at }: Basket): boolean => DateTime.isLessThan(at, MID_YEAR)

const LEVELS_AT_ONCE = 1_000

/** The shelves that a store counts, of those that have something on them; every tenth lacks a unit. */
const COUNTED = 100
const LACKING = 10

/** The most products that a store gets at once. */
const SENT = 200

const atMidYear = (key: string) => ({ key, occurredAt: MID_YEAR })

interface Shelf {
  readonly product: ProductId
  readonly sellable: number
  readonly available: number
}

type Shelves = ReadonlyArray<{ readonly location: LocationId; readonly shelves: ReadonlyArray<Shelf> }>

/** What is on the shelves of each store, by the numbers of the catalogue, the same wherever it is imported. */
const shelvesOf = (products: ReadonlyMap<string, ProductId>) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const numbers = new Map([...products].map(([number, product]) => [product, number]))
    const levels: Array<Level> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<Level> = yield* read.levels({}, { _tag: "Cursor", limit: LEVELS_AT_ONCE, cursor })
      levels.push(...page.items)
      cursor = page.nextCursor
    }
    const numberOf = ({ product }: Level) => numbers.get(product) ?? ""
    return [...Map.groupBy(levels, ({ location }) => location)]
      .map(([location, some]) => ({
        location,
        shelves: some.toSorted((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1)) as ReadonlyArray<Shelf>
      }))
      .toSorted((a, b) => (a.location < b.location ? -1 : 1))
  })

/** Counts shelves of a store, and corrects the books. */
const count = (location: LocationId, shelves: ReadonlyArray<Shelf>, fresh: ReadonlySet<ProductId>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const there = shelves.filter(({ sellable }) => sellable > 0).slice(0, COUNTED)
    const [first, ...rest] = there.map(({ product, sellable }, index) => ({
      product,
      ...(fresh.has(product) ? { lot: FIRST_LOT.lot } : {}),
      quantity: sellable - (index % LACKING === 0 ? 1 : 0)
    }))
    if (first === undefined) return
    const key = (step: string) => atMidYear(`count:${location}:${step}`)
    const { id } = yield* inventory.createCount({ location, blind: true }, key("create"))
    const sheet: { readonly count: CountId; readonly location: LocationId } = { count: id, location }
    yield* inventory.recordCount({ ...sheet, lines: [first, ...rest] }, key("record"))
    yield* inventory.finishCount(sheet, key("finish"))
    yield* inventory.approveCount(sheet, key("approve"))
    yield* inventory.postCount(sheet, key("post"))
  })

/** Sends a store half of what the depot has of everything that it ran out of, and notes what the depot has left. */
const supply = (depot: Map<ProductId, number>, destination: LocationId, shelves: ReadonlyArray<Shelf>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const [first, ...rest] = shelves
      .filter(({ available }) => available === 0)
      .map(({ product }) => ({ product, quantity: Math.ceil((depot.get(product) ?? 0) / 2) }))
      .filter(({ quantity }) => quantity > 0)
      .slice(0, SENT)
    if (first === undefined) return 0
    for (const { product, quantity } of [first, ...rest]) depot.set(product, (depot.get(product) ?? 0) - quantity)
    const key = (step: string) => atMidYear(`transfer:${destination}:${step}`)
    const asked = { origin: DEPOT, destination, lines: [first, ...rest] as const }
    const { id: transfer } = yield* inventory.createTransfer(asked, key("create"))
    yield* inventory.dispatchTransfer({ transfer, origin: DEPOT }, key("dispatch"))
    yield* inventory.completeTransfer({ transfer, destination }, key("complete"))
    return 1 + rest.length
  })

/** The fresh product of which most is gone from the shelves since they were filled. */
const mostGone = (supplies: ReadonlyArray<Supplied>, { fresh }: Catalogue, stores: Shelves) => {
  const gone = new Map<ProductId, number>()
  const add = (product: ProductId, quantity: number) => {
    if (fresh.has(product)) gone.set(product, (gone.get(product) ?? 0) + quantity)
  }
  for (const { goods } of supplies) for (const { product, opening } of goods) add(product, opening)
  for (const { shelves } of stores) for (const { product, sellable } of shelves) add(product, -sellable)
  const [most] = [...gone].toSorted(([, a], [, b]) => b - a)
  return most?.[0]
}

/**
 * The fresh goods: of the one that most was sold of the first lot is recalled, all first lots are past their day, every
 * store throws away what it has of them, and the second lots come. The depot keeps its old ones.
 */
const renew = (supplies: ReadonlyArray<Supplied>, catalogue: Catalogue, stores: Shelves) =>
  Effect.gen(function* () {
    const { fresh } = catalogue
    const recalled = mostGone(supplies, catalogue, stores)
    if (recalled !== undefined) yield* recall(recalled)
    yield* passDay(fresh)
    yield* Effect.forEach(
      stores.filter(({ location }) => location !== DEPOT),
      ({ location, shelves }) =>
        throwAway(
          location,
          shelves.flatMap(({ product, sellable: quantity }) =>
            fresh.has(product) && quantity > 0 ? [{ product, quantity }] : []
          )
        ),
      { concurrency: 16, discard: true }
    )
    yield* Effect.forEach(
      supplies,
      ({ location, goods }) =>
        deliver(
          goods.flatMap(({ product, later: quantity, unitCost }) =>
            quantity === 0 ? [] : [{ kind: "receipt" as const, product, location, quantity, unitCost, ...SECOND_LOT }]
          ),
          atMidYear(`delivery:${location}`)
        ),
      { concurrency: 16, discard: true }
    )
  })

/**
 * All of it, once: what is done depends on what is there, so a second run, which finds it done, does nothing. Answers
 * how many stores there are and how many products were sent.
 */
export const midYear = (supplies: ReadonlyArray<Supplied>, catalogue: Catalogue) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const { products, fresh } = catalogue
    const stores = yield* shelvesOf(products)
    const [first] = stores
    if (first === undefined) return { stores: 0, sent: 0 }
    const begun = yield* inventory.read.command(`count:${first.location}:create`)
    if (Option.isSome(begun)) return { stores: stores.length, sent: 0 }
    yield* Effect.forEach(stores, ({ location, shelves }) => count(location, shelves, fresh), { concurrency: 16 })
    yield* renew(supplies, catalogue, yield* shelvesOf(products))
    const renewed = yield* shelvesOf(products)
    const depot = new Map(
      renewed
        .filter(({ location }) => location === DEPOT)
        .flatMap(({ shelves }) => shelves.map(({ product, available }) => [product, available] as const))
    )
    const sent = yield* Effect.forEach(renewed, ({ location, shelves }) =>
      location === DEPOT ? Effect.succeed(0) : supply(depot, location, shelves)
    )
    return { stores: stores.length, sent: sent.reduce((sum, lines) => sum + lines, 0) }
  })
