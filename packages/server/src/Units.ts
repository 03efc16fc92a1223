/**
 * Units: how many decimals a product's quantities have, and what a quantity in one of its packs is. A product's unit
 * never changes, so what was once read of it holds; its packs may.
 */
import type { InvalidRequest, Unavailable } from "@onhand/api"
import {
  decimalFromQuantity,
  type Entered,
  entering,
  type InexactQuantity,
  Inventory,
  type Page,
  type Product,
  type ProductId,
  quantityFromDecimal,
  UnknownProduct,
  type UnknownUnit
} from "@onhand/core"
import { Context, Effect, Layer, Option, Result } from "effect"
import { faulty } from "./Faults.ts"
import { answering } from "./OutwardRefusal.ts"
import { pageReply } from "./Replying.ts"

/** The products whose decimals are remembered; beyond it the oldest is forgotten, and read again when it is needed. */
const MAX_REMEMBERED = 100_000

/** The products that are read at once. */
const READS_AT_ONCE = 16

export type Decimals = ReadonlyMap<ProductId, number>

/** How much a line of a request is about: in the product's own unit, or in one that it names. */
export interface QuantityInUnit {
  readonly quantity: number
  readonly unit?: string
}

/** The same in steps, with what was said of it where a unit was named. */
export interface Steps {
  readonly quantity: number
  readonly entered?: Entered
}

/** A line of a request with its quantity in steps. */
export type LineInSteps<Line extends QuantityInUnit> = Omit<Line, "quantity" | "unit"> & Steps

export interface UnitsShape {
  /** The decimals of each product, or the first of them that does not exist. */
  readonly of: (products: Iterable<ProductId>) => Effect.Effect<Decimals, UnknownProduct | Unavailable>
  /** The decimals of products that something in the store names, so that they do exist. */
  readonly ofKnown: (products: Iterable<ProductId>) => Effect.Effect<Decimals, Unavailable>
  /** The products of lines that name a unit, as they are now. */
  readonly packed: (
    lines: ReadonlyArray<QuantityInUnit & { readonly product: ProductId }>
  ) => Effect.Effect<ReadonlyMap<ProductId, Product>, Unavailable>
  /**
   * The lines of a request with their quantities in steps, at least one; or what `productOf` says where a line has no
   * product. `least` is the least that is accepted: 0 where nothing is a quantity too.
   */
  readonly inSteps: <Line extends QuantityInUnit, E>(
    lines: ReadonlyArray<Line>,
    decimals: Decimals,
    productOf: (line: Line) => Result.Result<ProductId, E>,
    least?: 0 | 1
  ) => Effect.Effect<
    readonly [LineInSteps<Line>, ...ReadonlyArray<LineInSteps<Line>>],
    E | InvalidRequest | UnknownUnit | InexactQuantity | Unavailable
  >
  /** Remembers the decimals of a product that was read anyway. */
  readonly learn: (product: Pick<Product, "id" | "unit">) => void
}

/** A number of steps as a decimal number in the product's unit. */
export const toDecimal = (steps: number, decimals: number): number =>
  decimals === 0 ? steps : Number(decimalFromQuantity(steps, decimals))

/** Steps of a decimal number, or what would have been accepted in its place. */
export const toSteps = (decimal: number, decimals: number): Result.Result<number, string> =>
  Result.mapError(quantityFromDecimal(decimal, decimals), (error) => error.message)

/** Steps of a quantity above zero, which stands at that path of the request. */
export const stepsAbove0 = (decimal: number, decimals: number, path: string): Effect.Effect<number, InvalidRequest> =>
  decimal > 0
    ? Effect.mapError(Effect.fromResult(toSteps(decimal, decimals)), (message) => faulty(path, message))
    : Effect.fail(faulty(path, "A quantity above zero is accepted"))

/** Steps of a quantity that may be zero, which stands at that path of the request. */
export const stepsFrom0: typeof stepsAbove0 = (decimal, decimals, path) =>
  decimal === 0 ? Effect.succeed(0) : stepsAbove0(decimal, decimals, path)

/** Lines of which there is at least one, as every request about lines has them. */
type Lines<Line> = readonly [Line, ...ReadonlyArray<Line>]

/** What becomes of each line of a request. */
export const eachLine = <Line, A, E, R>(
  [first, ...others]: Lines<Line>,
  become: (line: Line, index: number) => Effect.Effect<A, E, R>
): Effect.Effect<Lines<A>, E, R> =>
  Effect.gen(function* () {
    const rest = (line: Line, index: number) => become(line, index + 1)
    return [yield* become(first, 0), ...(yield* Effect.forEach(others, rest))] as const
  })

/** The lines of a request with their quantities in steps. */
export const linesInSteps = <Line extends { readonly product: ProductId; readonly quantity: number }>(
  lines: Lines<Line>,
  decimals: Decimals
) =>
  eachLine(lines, (line, index) =>
    Effect.map(
      stepsAbove0(line.quantity, decimalsOf(decimals, line.product), `payload.lines.${index}.quantity`),
      (quantity) => ({ ...line, quantity })
    )
  )

/** A page of what is of products, each item told with the decimals of its product. */
export const pageInUnits = <Item extends { readonly product: ProductId }, Told>(
  units: UnitsShape,
  page: Page<Item>,
  told: (item: Item, decimals: number) => Told
) =>
  Effect.map(units.ofKnown(page.items.map(({ product }) => product)), (decimals) =>
    pageReply(page, (item) => told(item, decimalsOf(decimals, item.product)))
  )

/** The product of a line that names it. */
export const ofProduct = ({ product }: { readonly product: ProductId }) => Result.succeed(product)

/** The steps of a quantity, which stands at that path of the request. */
export const stepsOf = (
  { quantity, unit }: QuantityInUnit,
  product: Product | undefined,
  decimals: number,
  path: string,
  least: 0 | 1
): Effect.Effect<Steps, InvalidRequest | UnknownUnit | InexactQuantity> =>
  product !== undefined && quantity > 0
    ? Effect.fromResult(entering(product, quantity, unit))
    : Effect.map((least === 0 ? stepsFrom0 : stepsAbove0)(quantity, decimals, path), (steps) => ({ quantity: steps }))

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const known = new Map<ProductId, number>()

  const learn: UnitsShape["learn"] = ({ id, unit }) => {
    if (known.has(id)) return
    known.set(id, unit.decimals)
    if (known.size <= MAX_REMEMBERED) return
    const [oldest] = known.keys()
    if (oldest !== undefined) known.delete(oldest)
  }

  const look = (id: ProductId) =>
    Effect.flatMap(answering(inventory.read.product(id)), (found) => {
      if (Option.isNone(found)) return Effect.fail(new UnknownProduct({ product: id }))
      learn(found.value)
      return Effect.succeed([id, found.value.unit.decimals] as const)
    })

  const of: UnitsShape["of"] = (products) =>
    Effect.suspend(() => {
      const decimals = new Map<ProductId, number>()
      const missing = new Set<ProductId>()
      for (const id of products) {
        const digits = known.get(id)
        if (digits === undefined) missing.add(id)
        else decimals.set(id, digits)
      }
      if (missing.size === 0) return Effect.succeed(decimals)
      return Effect.map(
        Effect.forEach(missing, look, { concurrency: READS_AT_ONCE }),
        (read) => new Map([...decimals, ...read])
      )
    })

  const packed: UnitsShape["packed"] = (lines) => {
    const named = new Set(lines.flatMap(({ unit, product }) => (unit === undefined ? [] : [product])))
    if (named.size === 0) return Effect.succeed(new Map())
    return Effect.map(
      Effect.forEach(named, (id) => answering(inventory.read.product(id)), { concurrency: READS_AT_ONCE }),
      (found) => new Map(found.flatMap(Option.toArray).map((product) => [product.id, product]))
    )
  }

  const inSteps: UnitsShape["inSteps"] = (lines, decimals, productOf, least = 1) =>
    Effect.gen(function* () {
      const ofProducts = yield* Effect.fromResult(
        Result.all(lines.map((line) => Result.map(productOf(line), (product) => ({ line, product }))))
      )
      const products = yield* packed(ofProducts.map(({ line, product }) => ({ ...line, product })))
      const [first, ...others] = yield* Effect.forEach(ofProducts, ({ line, product: id }, index) => {
        const { quantity: _, unit, ...rest } = line
        const product = unit === undefined ? undefined : products.get(id)
        const path = `payload.lines.${index}.quantity`
        const steps = stepsOf(line, product, decimalsOf(decimals, id), path, least)
        return Effect.map(steps, (said) => ({ ...rest, ...said }))
      })
      return first === undefined
        ? yield* faulty("payload.lines", "At least one line is accepted")
        : ([first, ...others] as const)
    })

  return Units.of({
    learn,
    packed,
    inSteps,
    of,
    ofKnown: (products) => Effect.catchTag(of(products), "UnknownProduct", Effect.die)
  })
})

export class Units extends Context.Service<Units, UnitsShape>()("@onhand/server/Units") {
  static readonly layer: Layer.Layer<Units, never, Inventory> = Layer.effect(Units, make)
}

/** The decimals of a product among those that were asked for. */
export const decimalsOf = (decimals: Decimals, product: ProductId): number => decimals.get(product) ?? 0
