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
import type { ValuationMethod } from "./ValuationMethod.ts"

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
export interface CostLayer {
  quantity: bigint
  value: bigint
}

const scaledCost = (amount: string): bigint => {
  const [whole = "0", fraction = ""] = amount.split(".")
  return BigInt(whole + fraction.padEnd(COST_DECIMALS, "0"))
}

/** A whole number of the smallest of so many decimals, one or more, as a decimal text without zeros at its end. */
export const decimalText = (value: bigint, places: number): string => {
  if (value < 0n) return `-${decimalText(-value, places)}`
  const digits = value.toString().padStart(places + 1, "0")
  const fraction = digits.slice(-places).replace(/0+$/, "")
  return fraction === "" ? digits.slice(0, -places) : `${digits.slice(0, -places)}.${fraction}`
}

/** Used-up layers that are kept until they are let go together, because each time moves all that follow. */
const FORGET_AT_ONCE = 1_000

/** The share of a part in a whole value, rounded half up; what is left over stays with the rest. */
const share = (value: bigint, part: bigint, whole: bigint): bigint => (2n * value * part + whole) / (2n * whole)

/** Takes a quantity from a layer; answers its value. The last of it takes all that is left. */
export const takeFrom = (layer: CostLayer, quantity: bigint): bigint => {
  const value = quantity === layer.quantity ? layer.value : share(layer.value, quantity, layer.quantity)
  layer.quantity -= quantity
  layer.value -= value
  return value
}

/** Whether stock at a place is ours: on a shelf, or on its way between two. */
const isOurs = (place: Place): boolean => isCondition(place) || place === "transit"

/** What a movement did to the stock that is ours and to its value, both signed; nothing where it only moved within. */
export interface CostFlow {
  /** Where the goods came from or went to. */
  readonly place: Place
  readonly quantity: bigint
  /** In units so small that it is whole; {@link CostFold.text} tells it. */
  readonly value: bigint
  /** What of an issue that was made before its goods came in turned out to cost; it never became stock. */
  readonly late: bigint
}

const Layer = { quantity: Schema.BigIntFromString, value: Schema.BigIntFromString }

/**
 * What a fold knows at a place in the ledger, as data, so that another goes on from there: all but what customers have
 * of which the cause is known. Of that, {@link CostFold.takeSold} tells what came and went since it was asked last.
 */
export const CostState = Schema.Struct({
  currency: Schema.NullOr(Schema.String),
  withoutCost: Schema.Int,
  short: Schema.BigIntFromString,
  lastCost: Schema.NullOr(Schema.BigIntFromString),
  layers: Schema.Array(Schema.Struct({ ...Layer, since: Schema.Finite })),
  /** What left for customers without a cause, and did not come back yet. */
  unexplained: Schema.Struct(Layer)
})
export interface CostState extends Schema.Schema.Type<typeof CostState> {}

/** What left for customers by its cause, less what came back, over a stretch of the ledger. */
export const SoldByCause = Schema.Record(Schema.String, Schema.Struct(Layer))
export type SoldByCause = typeof SoldByCause.Type

/** The text of a movement's cause: its source. */
export const causeText = ({ source }: Pick<Movement, "source">): string =>
  source === null ? "" : `${source.type}/${source.id}`

/** The fold behind a valuation, movement by movement, in the order in which they were recorded. */
export class CostFold {
  currency: string | null = null
  withoutCost = 0
  /** The quantity and value of all layers. */
  readonly total: CostLayer = { quantity: 0n, value: 0n }
  private readonly method: ValuationMethod
  private readonly decimals: number
  /** With the average there is one; else the oldest is first. */
  private layers: Array<CostLayer & { readonly since: number }> = []
  private first = 0
  /** What was issued beyond all that was there, and did not come in yet. */
  private short = 0n
  /** The cost of one step that was last known. */
  private lastCost: bigint | undefined
  /** What left for customers, by its cause, and did not come back yet. */
  private readonly sold = new Map<string, CostLayer>()
  /** What of that came and went since it was told last. */
  private lately = new Map<string, CostLayer>()

  constructor(method: ValuationMethod, decimals: number, state?: CostState) {
    this.method = method
    this.decimals = decimals
    if (state === undefined) return
    this.currency = state.currency
    this.withoutCost = state.withoutCost
    this.short = state.short
    this.lastCost = state.lastCost ?? undefined
    this.layers = state.layers.map((layer) => ({ ...layer }))
    for (const { quantity, value } of this.layers) {
      this.total.quantity += quantity
      this.total.value += value
    }
    this.sold.set("", { ...state.unexplained })
  }

  /** What is known at this place. */
  get state(): CostState {
    const { currency, withoutCost, short, lastCost = null } = this
    const unexplained = { ...(this.sold.get("") ?? { quantity: 0n, value: 0n }) }
    const layers = this.remaining.map((layer) => ({ ...layer }))
    return { currency, withoutCost, short, lastCost, layers, unexplained }
  }

  /** What customers got and brought back by each known cause, since this was asked last. */
  takeSold(): SoldByCause {
    const told = Object.fromEntries([...this.lately].filter(([cause]) => cause !== ""))
    this.lately = new Map()
    return told
  }

  /** Says what customers had by a cause where this fold began. */
  hadSold(cause: string, before: CostLayer): void {
    this.addSold(this.sold, cause, before.quantity, before.value)
  }

  private addSold(to: Map<string, CostLayer>, cause: string, quantity: bigint, value: bigint) {
    const sold = to.get(cause)
    to.set(cause, { quantity: (sold?.quantity ?? 0n) + quantity, value: (sold?.value ?? 0n) + value })
  }

  /** On hand and in transit, in steps; below zero where more was issued than ever came in. */
  get quantity(): bigint {
    return this.total.quantity - this.short
  }

  /** What is there, the oldest first: how much, since when in milliseconds, and its value. */
  get remaining(): ReadonlyArray<CostLayer & { readonly since: number }> {
    return this.layers.slice(this.first)
  }

  /** A value as a decimal text of the currency's minor unit. */
  text(value: bigint): string {
    return decimalText(value, COST_DECIMALS + this.decimals)
  }

  /** What comes in costs, of which nobody said it. */
  private assumed(quantity: bigint): bigint {
    if (this.total.quantity > 0n) return share(this.total.value, quantity, this.total.quantity)
    if (this.lastCost === undefined) this.withoutCost += Number(quantity)
    return quantity * (this.lastCost ?? 0n)
  }

  /** What a customer gives back cost when it left; more than left is valued like anything else. */
  private givenBack(source: string, quantity: bigint): bigint {
    const sold = this.sold.get(source)
    const known = sold === undefined || sold.quantity < quantity ? (sold?.quantity ?? 0n) : quantity
    const value = sold === undefined || known === 0n ? 0n : takeFrom(sold, known)
    this.addSold(this.lately, source, -known, -value)
    return known === quantity ? value : value + this.assumed(quantity - known)
  }

  /** Puts goods in; answers what of their value never became stock, because they had been issued before they came. */
  private put(quantity: bigint, value: bigint, since: number): bigint {
    const coming = { quantity, value }
    const owed = this.short < quantity ? this.short : quantity
    const late = owed === 0n ? 0n : takeFrom(coming, owed)
    this.short -= owed
    if (coming.quantity === 0n) return late
    this.total.quantity += coming.quantity
    this.total.value += coming.value
    const only = this.layers[this.first]
    if (this.method === "fifo" || only === undefined) {
      this.layers.push({ ...coming, since })
    } else {
      only.quantity += coming.quantity
      only.value += coming.value
    }
    return late
  }

  private take(quantity: bigint): bigint {
    let [left, value] = [quantity, 0n]
    for (let layer = this.layers[this.first]; left > 0n && layer !== undefined; layer = this.layers[this.first]) {
      const part = left < layer.quantity ? left : layer.quantity
      value += takeFrom(layer, part)
      left -= part
      if (layer.quantity === 0n) this.first += 1
    }
    if (this.first > FORGET_AT_ONCE) {
      this.layers = this.layers.slice(this.first)
      this.first = 0
    }
    this.total.quantity -= quantity - left
    this.total.value -= value
    this.short += left
    return value
  }

  /** What comes in costs: as it says, or as what is known lets assume. */
  private costOf(
    { from, unitCost }: ValuedMovement,
    source: string,
    quantity: bigint
  ): Result.Result<bigint, MixedCurrencies> {
    if (unitCost === null) {
      return Result.succeed(from === "customer" ? this.givenBack(source, quantity) : this.assumed(quantity))
    }
    if (this.currency !== null && this.currency !== unitCost.currency) {
      return Result.fail(new MixedCurrencies({ currency: this.currency, other: unitCost.currency }))
    }
    this.currency = unitCost.currency
    this.lastCost = scaledCost(unitCost.amount)
    return Result.succeed(quantity * this.lastCost)
  }

  /** Adds a movement that happened at a time in milliseconds. */
  add(movement: ValuedMovement, at = 0): Result.Result<CostFlow | undefined, MixedCurrencies> {
    const { from, to } = movement
    if (isOurs(from) === isOurs(to)) return Result.succeed(undefined)
    const quantity = BigInt(movement.quantity)
    const source = causeText(movement)
    if (isOurs(from)) {
      const value = this.take(quantity)
      if (to === "customer") for (const sold of [this.sold, this.lately]) this.addSold(sold, source, quantity, value)
      return Result.succeed({ place: to, quantity: -quantity, value: -value, late: 0n })
    }
    return Result.map(this.costOf(movement, source, quantity), (value) => {
      const late = this.put(quantity, value, at)
      return { place: from, quantity, value, late }
    })
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
  const fold = new CostFold(options.method, options.decimals)
  const issues: Array<Issue> = []
  for (const movement of movements) {
    const added = fold.add(movement)
    if (Result.isFailure(added)) return Result.fail(added.failure)
    const flow = added.success
    if (flow === undefined || flow.quantity > 0n) continue
    const { kind, quantity } = movement
    issues.push({ movement: movementId(movement), kind, quantity, cost: fold.text(-flow.value) })
  }
  const { currency, withoutCost, total } = fold
  const [quantity, value] = [Number(fold.quantity), fold.text(total.value)]
  return Result.succeed({ method: options.method, currency, quantity, value, issues, withoutCost })
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
