/**
 * Allocation: which lots a demand is taken from. The parts always sum to the demand, and never to more than there is.
 */
import { type DateTime, Result, Schema } from "effect"
import { promisable } from "./Balance.ts"
import { promisableNow, usableLots } from "./Lot.ts"
import { MAX_QUANTITY, Quantity } from "./Quantity.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { NO_LOT, StockKey, type StockPlace, stockKeyText } from "./StockKey.ts"

/** A quantity wanted of a product at a location; of one lot, or of whichever has it and can be sold. */
export interface Demand extends StockPlace {
  readonly lot?: string
  readonly quantity: number
}

/** A part of a demand, taken from one stock key. `demand` is the index of the demand it serves. */
export interface Allocated extends StockKey {
  readonly quantity: number
  readonly demand: number
}

/**
 * There is not enough stock: one line per thing that is short, each with the sum that was wanted of it, and what would
 * be accepted. That is what is available, and where a stock policy lets more be promised, so much more.
 */
export class InsufficientStock extends Schema.TaggedError<InsufficientStock>()("InsufficientStock", {
  lines: Schema.Array(
    Schema.Struct({
      key: StockKey,
      wanted: Quantity,
      available: Schema.Int,
      nextIncoming: Schema.NullOr(Schema.DateTimeUtcFromString)
    })
  )
}) {
  override get message() {
    const lines = this.lines.map(
      ({ key, wanted, available }) => `${wanted} of ${key.product} (available: ${available})`
    )
    return `Not enough stock for ${lines.join(", ")}; at most what is available is accepted`
  }
}

const wantedKey = (demand: Demand): StockKey => ({
  product: demand.product,
  location: demand.location,
  lot: demand.lot ?? NO_LOT
})

/**
 * What is short of a demand's thing, with every demand of it summed: two lines of one product cannot each pass against
 * one stock. A demand of no lot in particular competes with all demands of its place.
 */
const shortage = (slice: Slice, demands: ReadonlyArray<Demand>, demand: Demand, now: DateTime.Utc) => {
  const same = demands.filter(
    (other) =>
      other.product === demand.product &&
      other.location === demand.location &&
      (demand.lot === undefined || demand.lot === other.lot)
  )
  const stock = slice.stock(demand)
  return {
    key: wantedKey(demand),
    // More than any stock can be is told as that, because a sum beyond it would not be exact.
    wanted: Math.min(
      same.reduce((sum, other) => sum + other.quantity, 0),
      MAX_QUANTITY
    ),
    available: demand.lot === undefined ? promisableNow(slice, demand, now) : promisable(balanceOf(stock, demand.lot)),
    nextIncoming: null
  }
}

/**
 * Refuses that more leaves shelves than is on them. Claims can be more than that where a stock policy lets them, so
 * that whoever consumes one must look; whatever is on a shelf is never below zero.
 */
export const checkShelf = (
  slice: Slice,
  leaving: ReadonlyArray<StockKey & { readonly quantity: number }>
): Result.Result<void, InsufficientStock> => {
  // Where nothing can be promised beyond what is there, what is claimed is there.
  if (leaving.every((part) => balanceOf(slice.stock(part), part.lot).floor === 0)) return Result.void
  const wanted = new Map<string, { readonly key: StockKey; quantity: number }>()
  for (const { product, location, lot, quantity } of leaving) {
    const key = { product, location, lot }
    const sum = wanted.get(stockKeyText(key)) ?? { key, quantity: 0 }
    wanted.set(stockKeyText(key), { key, quantity: sum.quantity + quantity })
  }
  const lines = [...wanted.values()].flatMap(({ key, quantity }) => {
    const { sellable } = balanceOf(slice.stock(key), key.lot)
    return quantity > sellable ? [{ key, wanted: quantity, available: sellable, nextIncoming: null }] : []
  })
  return lines.length === 0 ? Result.void : Result.fail(new InsufficientStock({ lines }))
}

/**
 * Takes demands from the lots that have them, or refuses all of them. Lots that have expired or were recalled are left
 * alone, and of the others the first to expire goes first. Demands that name a lot get it whatever its state, and
 * before the others, so that one that does not care never takes what another cannot do without.
 */
export const allocate = (
  slice: Slice,
  demands: ReadonlyArray<Demand>,
  now: DateTime.Utc
): Result.Result<ReadonlyArray<Allocated>, InsufficientStock> => {
  const taken = new Map<string, number>()
  const parts: Array<Allocated> = []
  const short = new Map<string, ReturnType<typeof shortage>>()
  const order = [...demands.entries()].sort(([, a], [, b]) => Number(a.lot === undefined) - Number(b.lot === undefined))
  for (const [index, demand] of order) {
    const stock = slice.stock(demand)
    const lots = demand.lot === undefined ? usableLots(slice, stock, now) : [demand.lot]
    let left = demand.quantity
    for (const lot of lots) {
      const key: StockKey = { product: demand.product, location: demand.location, lot }
      const text = stockKeyText(key)
      const free = promisable(balanceOf(stock, lot)) - (taken.get(text) ?? 0)
      const quantity = Math.min(left, free)
      if (quantity <= 0) continue
      taken.set(text, (taken.get(text) ?? 0) + quantity)
      parts.push({ ...key, quantity, demand: index })
      left -= quantity
    }
    if (left > 0) short.set(stockKeyText(wantedKey(demand)), shortage(slice, demands, demand, now))
  }
  parts.sort((a, b) => a.demand - b.demand)
  return short.size === 0 ? Result.succeed(parts) : Result.fail(new InsufficientStock({ lines: [...short.values()] }))
}
