/**
 * Valuation: what stock cost, as a pure fold over the movements of a product. First in, first out, or moving average;
 * exact, so that nothing is left when the last unit has gone.
 *
 * Stock is valued over all locations: what moves between them, or from one condition to another, keeps its value. What
 * comes back from a customer, or was never really sold, has the cost at which it left. What comes in at a cost that
 * nobody knows has the average of what is there, else the last known cost, else none.
 *
 * Source of the methods: IAS 2, Inventories, paragraphs 25 and 27 (first in first out, weighted average), perpetual.
 */
import { DateTime, Effect, Result, Schema } from "effect"
import { type Movement, movementId } from "./Movement.ts"
import { type ProductId, UnknownProduct } from "./Product.ts"
import type { Queries } from "./Queries.ts"
import { isCondition, type Place } from "./StockKey.ts"
import type { StoreUnavailable } from "./Store.ts"

export const valuationMethods = ["fifo", "average"] as const
export const ValuationMethod = Schema.Literals(valuationMethods)
export type ValuationMethod = typeof ValuationMethod.Type

/** The fields of a movement that matter for its value. */
export type ValuedMovement = Pick<
  Movement,
  "kind" | "from" | "to" | "quantity" | "unitCost" | "source" | "shard" | "seq" | "line"
>

/** What a movement took out of stock, and what that had cost: of a sale, the cost of goods sold. */
export interface Issue {
  /** The public id of the movement. */
  readonly movement: string
  readonly kind: Movement["kind"]
  /** In steps of the product's unit. */
  readonly quantity: number
  /** In the currency's minor unit, as a decimal text. */
  readonly cost: string
}

/** The value of a product's stock, and what its movements took out of it. */
export interface Valuation {
  readonly method: ValuationMethod
  /** Null while no cost is known. */
  readonly currency: string | null
  /** On hand and in transit, in steps of the product's unit. */
  readonly quantity: number
  /** In the currency's minor unit, as a decimal text. */
  readonly value: string
  readonly issues: ReadonlyArray<Issue>
  /** What came in while no cost at all was known, and so is worth nothing; in steps of the product's unit. */
  readonly withoutCost: number
}

/** The costs of one product are in several currencies. */
export class MixedCurrencies extends Schema.TaggedError<MixedCurrencies>()("MixedCurrencies", {
  currency: Schema.String,
  other: Schema.String
}) {
  override get message() {
    return `Costs are in ${this.currency} and ${this.other}; costs in one currency are accepted`
  }
}

/** Decimals of a unit cost. */
const COST_DECIMALS = 6

/**
 * A quantity with what it cost, in units so small that a step at any unit cost is a whole number of them:
 * 10^-(6 + decimals of the product's unit) of the currency's minor unit.
 */
interface Layer {
  quantity: bigint
  value: bigint
}

const scaledCost = (amount: string): bigint => {
  const [whole = "0", fraction = ""] = amount.split(".")
  return BigInt(whole + fraction.padEnd(COST_DECIMALS, "0"))
}

/** A value as a decimal text of the minor unit, without zeros at its end. */
const valueText = (value: bigint, decimals: number): string => {
  const places = COST_DECIMALS + decimals
  const digits = value.toString().padStart(places + 1, "0")
  const fraction = digits.slice(-places).replace(/0+$/, "")
  return fraction === "" ? digits.slice(0, -places) : `${digits.slice(0, -places)}.${fraction}`
}

/** The share of a part in a whole value, rounded half up; what is left over stays with the rest. */
const share = (value: bigint, part: bigint, whole: bigint): bigint => (2n * value * part + whole) / (2n * whole)

/** Takes a quantity from a layer; answers its value. The last of it takes all that is left. */
const takeFrom = (layer: Layer, quantity: bigint): bigint => {
  const value = quantity === layer.quantity ? layer.value : share(layer.value, quantity, layer.quantity)
  layer.quantity -= quantity
  layer.value -= value
  return value
}

/** Whether stock at a place is ours: on a shelf, or on its way between two. */
const isOurs = (place: Place): boolean => isCondition(place) || place === "transit"

class Fold {
  readonly issues: Array<Issue> = []
  currency: string | null = null
  withoutCost = 0
  private readonly method: ValuationMethod
  private readonly decimals: number
  /** With the average there is one; else the oldest is first. */
  private layers: Array<Layer> = []
  /** The cost of one step that was last known. */
  private lastCost: bigint | undefined
  /** What left for customers, by its cause, and did not come back yet. */
  private readonly sold = new Map<string, Layer>()

  constructor(method: ValuationMethod, decimals: number) {
    this.method = method
    this.decimals = decimals
  }

  private get total(): Layer {
    const total = { quantity: 0n, value: 0n }
    for (const { quantity, value } of this.layers) {
      total.quantity += quantity
      total.value += value
    }
    return total
  }

  /** What comes in costs, of which nobody said it. */
  private assumed(quantity: bigint): bigint {
    const { quantity: there, value } = this.total
    if (there > 0n) return share(value, quantity, there)
    if (this.lastCost === undefined) this.withoutCost += Number(quantity)
    return quantity * (this.lastCost ?? 0n)
  }

  /** What a customer gives back cost when it left; more than left is valued like anything else. */
  private givenBack(source: string, quantity: bigint): bigint {
    const sold = this.sold.get(source)
    const known = sold === undefined || sold.quantity < quantity ? (sold?.quantity ?? 0n) : quantity
    const value = sold === undefined || known === 0n ? 0n : takeFrom(sold, known)
    return known === quantity ? value : value + this.assumed(quantity - known)
  }

  private put(quantity: bigint, value: bigint): void {
    const [only] = this.layers
    if (this.method === "fifo" || only === undefined) {
      this.layers.push({ quantity, value })
    } else {
      only.quantity += quantity
      only.value += value
    }
  }

  private take(quantity: bigint): bigint {
    let [left, value] = [quantity, 0n]
    while (left > 0n) {
      const [first] = this.layers
      if (first === undefined) break
      const part = left < first.quantity ? left : first.quantity
      value += takeFrom(first, part)
      left -= part
      if (first.quantity === 0n) this.layers = this.layers.slice(1)
    }
    return value
  }

  add(movement: ValuedMovement): Result.Result<void, MixedCurrencies> {
    const { from, to, unitCost } = movement
    const quantity = BigInt(movement.quantity)
    const source = movement.source === null ? "" : `${movement.source.type}/${movement.source.id}`
    if (isOurs(from) === isOurs(to)) return Result.void
    if (isOurs(from)) {
      const value = this.take(quantity)
      const cost = valueText(value, this.decimals)
      this.issues.push({ movement: movementId(movement), kind: movement.kind, quantity: movement.quantity, cost })
      if (to === "customer") {
        const sold = this.sold.get(source) ?? { quantity: 0n, value: 0n }
        this.sold.set(source, { quantity: sold.quantity + quantity, value: sold.value + value })
      }
      return Result.void
    }
    if (unitCost === null) {
      this.put(quantity, from === "customer" ? this.givenBack(source, quantity) : this.assumed(quantity))
      return Result.void
    }
    if (this.currency !== null && this.currency !== unitCost.currency) {
      return Result.fail(new MixedCurrencies({ currency: this.currency, other: unitCost.currency }))
    }
    this.currency = unitCost.currency
    this.lastCost = scaledCost(unitCost.amount)
    this.put(quantity, quantity * this.lastCost)
    return Result.void
  }

  result(): Valuation {
    const { quantity, value } = this.total
    const { method, currency, issues, withoutCost } = this
    const text = valueText(value, this.decimals)
    return { method, currency, quantity: Number(quantity), value: text, issues, withoutCost }
  }
}

/**
 * Values the stock of one product after its movements, which come in the order in which they were recorded, oldest
 * first. `decimals` are those of the product's unit: a unit cost is that of 10^decimals steps. Given the movements by a
 * time, it is the value as of that time.
 */
export const valuate = (
  movements: Iterable<ValuedMovement>,
  options: { readonly method: ValuationMethod; readonly decimals: number }
): Result.Result<Valuation, MixedCurrencies> => {
  const fold = new Fold(options.method, options.decimals)
  for (const movement of movements) {
    const added = fold.add(movement)
    if (Result.isFailure(added)) return Result.fail(added.failure)
  }
  return Result.succeed(fold.result())
}

/** Movements that are read at once. */
const READ_AT_ONCE = 1_000

/**
 * The value of a product's stock over all locations, as it is or as it was known at a time. It reads the product's
 * movements, all of them: value follows from history.
 */
export const stockValue = (
  read: Pick<Queries, "product" | "movements">,
  product: ProductId,
  options: { readonly method: ValuationMethod; readonly recordedBy?: DateTime.Utc | undefined }
): Effect.Effect<Valuation, UnknownProduct | MixedCurrencies | StoreUnavailable> =>
  Effect.gen(function* () {
    const found = yield* read.product(product)
    const { unit } = yield* Effect.mapError(Effect.fromOption(found), () => new UnknownProduct({ product }))
    const newestFirst: Array<Movement> = []
    for (let cursor: string | undefined; ; ) {
      const request = { _tag: "Cursor" as const, limit: READ_AT_ONCE, ...(cursor === undefined ? {} : { cursor }) }
      const page = yield* Effect.catchTag(read.movements({ product }, request), "InvalidCursor", Effect.die)
      newestFirst.push(...page.items)
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    const { method, recordedBy } = options
    const known = newestFirst.filter(
      ({ recordedAt }) => recordedBy === undefined || !DateTime.isGreaterThan(recordedAt, recordedBy)
    )
    return yield* Effect.fromResult(valuate(known.toReversed(), { method, decimals: unit.decimals }))
  })
