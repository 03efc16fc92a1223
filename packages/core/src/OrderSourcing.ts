/**
 * Where the goods of an order come from when it is placed: from its own location, or from several by a strategy. What
 * is not there may wait, where the order asks for that and the policy of the product lets it.
 */
import { type DateTime, Result, Schema } from "effect"
import { type Allocated, allocate, type Demand, type InsufficientStock } from "./Allocation.ts"
import { available } from "./Balance.ts"
import { LocationId } from "./Location.ts"
import { availableNow, usableLots } from "./Lot.ts"
import type { Supply } from "./Queries.ts"
import { type RowRef, ref } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { fewestSplits, firstExpired, type InsufficientSupply, inOrderOf, sourceDemands } from "./Sourcing.ts"
import { lotId, NO_LOT, type StockPlace } from "./StockKey.ts"
import { stockPolicyId } from "./StockPolicy.ts"

/** The most locations of which one order can be served: a command locks the ledgers of all. */
export const MAX_SOURCES = 20

/**
 * The locations that may serve an order, and which of them do: the first ones of the list that have the goods, as few
 * as can be, or whichever has what expires first.
 */
export const Sources = Schema.Struct({
  locations: Schema.NonEmptyArray(LocationId).check(Schema.isMaxLength(MAX_SOURCES)),
  strategy: Schema.Literals(["inOrder", "fewestSplits", "firstExpired"])
})
export interface Sources extends Schema.Schema.Type<typeof Sources> {}

/** What beside a cart and a location says where its goods come from. */
export const sourcing = {
  sources: Schema.optionalKey(Sources),
  backorders: Schema.optionalKey(Schema.Boolean)
}
export interface Sourcing {
  readonly sources?: Sources
  readonly backorders?: boolean
}

/** The locations whose ledgers an order touches. */
export const sourceLocations = (location: LocationId, { sources }: Sourcing): ReadonlyArray<LocationId> =>
  sources === undefined ? [location] : [location, ...sources.locations]

/** The policies by which goods may be waited for; none is read where nobody asks for it. */
export const backorderRefs = (places: ReadonlyArray<StockPlace>, { backorders }: Sourcing): ReadonlyArray<RowRef> =>
  backorders === true ? places.map((place) => ref("stockPolicies", stockPolicyId(place))) : []

const suppliesAt = (slice: Slice, place: StockPlace, now: DateTime.Utc): ReadonlyArray<Supply> => {
  const stock = slice.stock(place)
  return usableLots(slice, stock, now).map((lot) => ({
    ...{ product: place.product, location: place.location, lot },
    available: available(balanceOf(stock, lot)),
    expiresAt: (lot === NO_LOT ? undefined : slice.row("lots", lotId(place.product, lot)))?.expiresAt ?? null
  }))
}

const strategyOf = ({ strategy, locations }: Sources) => {
  if (strategy === "inOrder") return inOrderOf(locations)
  return strategy === "fewestSplits" ? fewestSplits(inOrderOf(locations)) : firstExpired
}

/** Where the goods of demands are, and what of each demand waits for goods. */
export interface Sourced {
  readonly parts: ReadonlyArray<Omit<Allocated, "demand">>
  readonly waiting: ReadonlyArray<number>
}

/**
 * Finds demands, of which each is of another product, at their location or at the sources; what is not there waits, if
 * it may. Else all of them are refused.
 */
export const sourced = (
  slice: Slice,
  demands: ReadonlyArray<Demand>,
  { sources, backorders = false }: Sourcing,
  now: DateTime.Utc
): Result.Result<Sourced, InsufficientStock | InsufficientSupply> => {
  const places = ({ product, location }: Demand) =>
    [...new Set(sources?.locations ?? [location])].map((each) => ({ product, location: each }))
  const waiting = demands.map((demand) => {
    if (!backorders || slice.row("stockPolicies", stockPolicyId(demand))?.backorders !== true) return 0
    const there = places(demand).reduce((sum, place) => sum + Math.max(0, availableNow(slice, place, now)), 0)
    return Math.max(0, demand.quantity - there)
  })
  const wanted = demands.flatMap((demand, index) => {
    const quantity = demand.quantity - (waiting[index] ?? 0)
    return quantity > 0 ? [{ ...demand, quantity }] : []
  })
  const found: Result.Result<ReadonlyArray<Allocated>, InsufficientStock | InsufficientSupply> = sources === undefined
    ? allocate(slice, wanted, now)
    : sourceDemands(
        demands.flatMap(places).flatMap((place) => suppliesAt(slice, place, now)),
        wanted,
        strategyOf(sources)
      )
  return Result.map(found, (parts) => ({ parts, waiting }))
}
