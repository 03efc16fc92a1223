/**
 * The value of stock by product: what is there and what it cost, where it is and since when, and what a period did to
 * it. All of it is one fold over the movements of a product, and so reconciles with the ledger by construction.
 */
import { DateTime, Schema } from "effect"
import { LocationId } from "./Location.ts"
import type { Movement } from "./Movement.ts"
import { ProductId } from "./Product.ts"
import { isCondition } from "./StockKey.ts"
import {
  type CostFlow,
  CostFold,
  type CostLayer,
  CostState,
  type SoldByCause,
  takeFrom,
  type ValuedMovement
} from "./Valuation.ts"
import type { ValuationMethod } from "./ValuationMethod.ts"

/** A stretch of business time: `from <= occurredAt < to`. */
export interface Period {
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc
}

/**
 * Which products, valued by which method. `location` lets those through that ever had stock there. `recordedBy` is what
 * was known at that time; `occurredBy` is the value of what had happened by that time, from those movements alone; both
 * are inclusive. `period` asks for what happened in it, beside what is there in the end.
 */
export interface ValueFilter {
  readonly method: ValuationMethod
  readonly product?: ProductId | undefined
  readonly category?: string | undefined
  readonly location?: LocationId | undefined
  readonly occurredBy?: DateTime.Utc | undefined
  readonly recordedBy?: DateTime.Utc | undefined
  readonly period?: Period | undefined
}

/** A quantity in steps of the product's unit, with its value in the currency's minor unit as a decimal text. */
const amount = { quantity: Schema.Int, value: Schema.String }
export const ValuedQuantity = Schema.Struct(amount)
export interface ValuedQuantity extends Schema.Schema.Type<typeof ValuedQuantity> {}

/**
 * What a period did: closing = opening + received − sold + adjusted. `received` is what came from vendors less what
 * went back to them, and opening stock; `sold` what customers got less what they brought back, so that its value is the
 * cost of goods sold; `adjusted` what counts, corrections and scrap added or took away. The means are over the time of
 * the period: quantity and value count for as long as they were there.
 */
export const ValuePeriod = Schema.Struct({
  opening: ValuedQuantity,
  received: ValuedQuantity,
  sold: ValuedQuantity,
  adjusted: ValuedQuantity,
  closing: ValuedQuantity,
  /** In steps. */
  meanQuantity: Schema.Finite,
  /** In the currency's minor unit. */
  meanValue: Schema.Finite
})
export interface ValuePeriod extends Schema.Schema.Type<typeof ValuePeriod> {}

/**
 * A product's stock and its value. `places` say where it is: at each location, and with null what is in transit. A
 * location's value is its share of the product's by quantity, and the shares sum to the whole. `layers` are what is
 * there by when it came in, the oldest first; with the average there is one. `withoutCost` came in while no cost was
 * known, and is worth nothing.
 *
 * Where the costs of a product are in several currencies, they cannot be summed up: `mixed` is true then, and there is
 * no value, neither as a whole nor of the period.
 */
export const ProductValue = Schema.Struct({
  product: ProductId,
  currency: Schema.NullOr(Schema.String),
  mixed: Schema.Boolean,
  ...amount,
  withoutCost: Schema.Int,
  places: Schema.Array(Schema.Struct({ location: Schema.NullOr(LocationId), ...amount })),
  layers: Schema.Array(Schema.Struct({ since: Schema.DateTimeUtcFromString, ...amount })),
  period: Schema.NullOr(ValuePeriod)
}).annotate({ identifier: "ProductValue" })
export interface ProductValue extends Schema.Schema.Type<typeof ProductValue> {}

/** The fields of a movement that matter for where value is and when it changed. */
export type PlacedMovement = ValuedMovement & Pick<Movement, "location" | "occurredAt">

type Sums = Record<"opening" | "received" | "sold" | "adjusted", CostLayer>

const nothing = (): CostLayer => ({ quantity: 0n, value: 0n })

/** What happens in a period, summed up as it comes. */
class PeriodFold {
  private readonly sums: Sums = { opening: nothing(), received: nothing(), sold: nothing(), adjusted: nothing() }
  private readonly from: number
  private readonly to: number
  /** Quantity and value times the milliseconds that they were there. */
  private readonly lasting = nothing()

  constructor({ from, to }: Period) {
    this.from = DateTime.toEpochMillis(from)
    this.to = DateTime.toEpochMillis(to)
  }

  /** Begins with what had all come in before the period. */
  begin(quantity: bigint, value: bigint) {
    this.sums.opening.quantity += quantity
    this.sums.opening.value += value
    this.last(quantity, value, this.from)
  }

  private last(quantity: bigint, value: bigint, since: number) {
    this.lasting.quantity += quantity * BigInt(this.to - since)
    this.lasting.value += value * BigInt(this.to - since)
  }

  add({ place, quantity, value, late }: CostFlow, at: number) {
    if (at >= this.to) return
    const put = (name: keyof Sums, quantity: bigint, value: bigint) => {
      this.sums[name].quantity += quantity
      this.sums[name].value += value
    }
    this.last(quantity, value - late, Math.max(at, this.from))
    if (at < this.from) {
      put("opening", quantity, value - late)
      return
    }
    put("sold", 0n, late)
    if (place === "customer") put("sold", -quantity, -value)
    else put(place === "supplier" || place === "opening" ? "received" : "adjusted", quantity, value)
  }

  result(fold: CostFold): ValuePeriod {
    const told = ({ quantity, value }: CostLayer) => ({ quantity: Number(quantity), value: fold.text(value) })
    const { opening, received, sold, adjusted } = this.sums
    const closing = {
      quantity: opening.quantity + received.quantity - sold.quantity + adjusted.quantity,
      value: opening.value + received.value - sold.value + adjusted.value
    }
    const span = this.to - this.from
    return {
      opening: told(opening),
      received: told(received),
      sold: told(sold),
      adjusted: told(adjusted),
      closing: told(closing),
      meanQuantity: Number(this.lasting.quantity) / span,
      meanValue: Number(fold.text(this.lasting.value)) / span
    }
  }
}

/** What a whole is worth at each place: by quantity, in their order, and the last of it takes what is left. */
const sharedOut = (places: ReadonlyArray<readonly [LocationId | null, bigint]>, whole: CostFold) => {
  const rest = { ...whole.total }
  return places.map(([location, quantity]) => {
    // Where some place is below zero, the others have more than the whole.
    const part = quantity < 0n ? 0n : quantity
    const value = part < rest.quantity ? takeFrom(rest, part) : takeFrom(rest, rest.quantity)
    return { location, quantity: Number(quantity), value: whole.text(value) }
  })
}

/**
 * What a product's valuation knows at a place in the ledger. It follows from the movements up to there, so it may be
 * kept, and dropped, at any time.
 */
export const ValueState = Schema.Struct({
  mixed: Schema.Boolean,
  places: Schema.Array(Schema.Tuple([Schema.NullOr(LocationId), Schema.BigIntFromString])),
  costs: CostState
})
export interface ValueState extends Schema.Schema.Type<typeof ValueState> {}

/**
 * The valuation of one product, movement by movement, in the order in which they were recorded. It can go on from a
 * state; with a period only from one in which nothing had happened yet that the period does not come after. A fold that
 * went on must be told what customers had by the cause of what they bring back, before it is added.
 */
export class ProductValueFold {
  private readonly product: ProductId
  private readonly fold: CostFold
  private readonly period: PeriodFold | undefined
  private readonly places: Map<LocationId | null, bigint>
  private mixed = false

  constructor(
    product: ProductId,
    decimals: number,
    { method, period }: Pick<ValueFilter, "method" | "period">,
    state?: ValueState
  ) {
    this.product = product
    this.fold = new CostFold(method, decimals, state?.costs)
    this.period = period && new PeriodFold(period)
    this.places = new Map(state?.places)
    if (state === undefined) return
    this.mixed = state.mixed
    this.period?.begin(this.fold.quantity, this.fold.total.value)
  }

  get state(): ValueState {
    return { mixed: this.mixed, places: [...this.places], costs: this.fold.state }
  }

  /** See {@link CostFold.takeSold}. */
  takeSold(): SoldByCause {
    return this.fold.takeSold()
  }

  /** See {@link CostFold.hadSold}. */
  hadSold(cause: string, before: CostLayer): void {
    this.fold.hadSold(cause, before)
  }

  private move(location: LocationId | null, quantity: bigint) {
    this.places.set(location, (this.places.get(location) ?? 0n) + quantity)
  }

  /** The currency of all costs so far; null while none is known, and where there are several. */
  get currency(): string | null {
    return this.mixed ? null : this.fold.currency
  }

  /** Adds a movement; answers what it did to the value, where it did anything and the value is known. */
  add(movement: PlacedMovement): CostFlow | undefined {
    const { from, to, location } = movement
    const quantity = BigInt(movement.quantity)
    if (isCondition(from)) this.move(location, -quantity)
    if (isCondition(to)) this.move(location, quantity)
    if (from === "transit") this.move(null, -quantity)
    if (to === "transit") this.move(null, quantity)
    if (this.mixed) return undefined
    const at = DateTime.toEpochMillis(movement.occurredAt)
    const added = this.fold.add(movement, at)
    if (added._tag === "Failure") {
      this.mixed = true
      return undefined
    }
    if (added.success !== undefined) this.period?.add(added.success, at)
    return added.success
  }

  result(): ProductValue {
    const { product, fold, mixed } = this
    const there = [...this.places].filter(([, quantity]) => quantity !== 0n)
    const places = there.toSorted(([a], [b]) => (a === null ? 1 : b === null || a < b ? -1 : 1))
    const quantity = Number(places.reduce((sum, [, part]) => sum + part, 0n))
    if (mixed) {
      const valueless = places.map(([location, part]) => ({ location, quantity: Number(part), value: "0" }))
      const none = { currency: null, value: "0", withoutCost: 0, layers: [], period: null }
      return { product, mixed, quantity, places: valueless, ...none }
    }
    return {
      product,
      currency: fold.currency,
      mixed,
      quantity,
      value: fold.text(fold.total.value),
      withoutCost: fold.withoutCost,
      places: sharedOut(places, fold),
      layers: fold.remaining.map(({ since, quantity, value }) => ({
        since: DateTime.makeUnsafe(since),
        quantity: Number(quantity),
        value: fold.text(value)
      })),
      period: this.period?.result(fold) ?? null
    }
  }
}

/** The value of one product's stock after its movements, which come in the order in which they were recorded. */
export const valueProduct = (
  product: ProductId,
  decimals: number,
  movements: Iterable<PlacedMovement>,
  filter: Pick<ValueFilter, "method" | "period">
): ProductValue => {
  const fold = new ProductValueFold(product, decimals, filter)
  for (const movement of movements) fold.add(movement)
  return fold.result()
}
