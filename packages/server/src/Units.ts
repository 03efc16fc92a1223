/**
 * Units: how many decimals a product's quantities have. A product's unit never changes, so what was once read holds.
 */
import type { InvalidRequest, Unavailable } from "@onhand/api"
import {
  decimalFromQuantity,
  Inventory,
  type Product,
  type ProductId,
  quantityFromDecimal,
  UnknownProduct
} from "@onhand/core"
import { Context, Effect, Layer, Option, Result } from "effect"
import { faulty } from "./Faults.ts"
import { answering } from "./OutwardRefusal.ts"

/** The products whose decimals are remembered; beyond it the oldest is forgotten, and read again when it is needed. */
const MAX_REMEMBERED = 100_000

/** The products that are read at once. */
const READS_AT_ONCE = 16

export type Decimals = ReadonlyMap<ProductId, number>

export interface UnitsShape {
  /** The decimals of each product, or the first of them that does not exist. */
  readonly of: (products: Iterable<ProductId>) => Effect.Effect<Decimals, UnknownProduct | Unavailable>
  /** The decimals of products that something in the store names, so that they do exist. */
  readonly ofKnown: (products: Iterable<ProductId>) => Effect.Effect<Decimals, Unavailable>
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

/** The lines of a request with their quantities in steps, at least one. */
export const linesInSteps = <Line extends { readonly product: ProductId; readonly quantity: number }>(
  lines: ReadonlyArray<Line>,
  decimals: Decimals
) =>
  Effect.gen(function* () {
    const [first, ...others] = yield* Effect.forEach(lines, (line, index) =>
      Effect.map(
        stepsAbove0(line.quantity, decimalsOf(decimals, line.product), `payload.lines.${index}.quantity`),
        (quantity) => ({ ...line, quantity })
      )
    )
    return first === undefined
      ? yield* faulty("payload.lines", "At least one line is accepted")
      : ([first, ...others] as const)
  })

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

  return Units.of({
    learn,
    of,
    ofKnown: (products) => Effect.catchTag(of(products), "UnknownProduct", Effect.die)
  })
})

export class Units extends Context.Service<Units, UnitsShape>()("@onhand/server/Units") {
  static readonly layer: Layer.Layer<Units, never, Inventory> = Layer.effect(Units, make)
}

/** The decimals of a product among those that were asked for. */
export const decimalsOf = (decimals: Decimals, product: ProductId): number => decimals.get(product) ?? 0
