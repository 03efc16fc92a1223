/**
 * Sourcing: from which of several locations and lots a demand is taken. A strategy only says in which order supplies
 * are used; the parts are made here, so that whatever the strategy, they sum to the demand and never exceed what there
 * is.
 */
import { DateTime, Result, Schema } from "effect"
import type { LocationId } from "./Location.ts"
import { ProductId } from "./Product.ts"
import { MAX_QUANTITY, Quantity } from "./Quantity.ts"
import type { Supply } from "./Queries.ts"
import type { StockKey } from "./StockKey.ts"

/**
 * The supplies that a strategy uses are not enough: one line per product that is short, each with the sum wanted of it.
 */
export class InsufficientSupply extends Schema.TaggedError<InsufficientSupply>()("InsufficientSupply", {
  lines: Schema.Array(Schema.Struct({ product: ProductId, wanted: Quantity, available: Schema.Int }))
}) {
  override get message() {
    const lines = this.lines.map(
      ({ product, wanted, available }) => `${wanted} of ${product} (available: ${available})`
    )
    return `Not enough supplies for ${lines.join(", ")}; at most what is available is accepted`
  }
}

/** A quantity of a product, wanted from wherever it is, in steps of its unit. */
export interface SourcedDemand {
  readonly product: ProductId
  readonly quantity: number
}

/** A part of a demand: a line of a hold, as `holdStock` takes it. `demand` is the index of the demand it serves. */
export interface SourcedPart extends StockKey {
  readonly quantity: number
  readonly demand: number
}

/**
 * The order in which supplies of one product are used for a quantity of it. It may leave supplies out. What it adds or
 * names twice is of no account.
 */
export type SourcingStrategy = (supplies: ReadonlyArray<Supply>, quantity: number) => ReadonlyArray<Supply>

const NEVER = Number.POSITIVE_INFINITY

const expiryOf = ({ expiresAt }: Supply): number => (expiresAt === null ? NEVER : DateTime.toEpochMillis(expiresAt))

/** Numbers compare as numbers; two that never come are alike. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

const byName = (a: Supply, b: Supply): number =>
  a.location === b.location ? (a.lot < b.lot ? -1 : 1) : a.location < b.location ? -1 : 1

const orderedBy =
  (...keys: ReadonlyArray<(supply: Supply) => number>): SourcingStrategy =>
  (supplies) =>
    supplies.toSorted((a, b) => {
      for (const key of keys) {
        const order = compare(key(a), key(b))
        if (order !== 0) return order
      }
      return byName(a, b)
    })

/** Whatever expires first goes first, wherever it is. */
export const firstExpired: SourcingStrategy = orderedBy(expiryOf)

/** The nearest location first, by the host's distances; within one, what expires first. */
export const nearest = (distanceTo: (location: LocationId) => number): SourcingStrategy =>
  orderedBy(({ location }) => distanceTo(location), expiryOf)

/**
 * Locations in the order of a list, in which the first mention counts, and none that is not in it; within one, what
 * expires first.
 */
export const inOrderOf = (locations: ReadonlyArray<LocationId>): SourcingStrategy => {
  const place = new Map([...new Set(locations)].map((location, index) => [location, index]))
  const ordered = orderedBy(({ location }) => place.get(location) ?? NEVER, expiryOf)
  return (supplies, quantity) =>
    ordered(
      supplies.filter(({ location }) => place.has(location)),
      quantity
    )
}

/**
 * From as few locations as can be: from the one that is left with the least if one has enough, else from those that
 * have the most. Equals are ordered by `ties`, which is by expiry when left out.
 */
export const fewestSplits =
  (ties: SourcingStrategy = firstExpired): SourcingStrategy =>
  (supplies, quantity) => {
    const sums = new Map<LocationId, number>()
    for (const { location, available } of supplies) sums.set(location, (sums.get(location) ?? 0) + available)
    const enough = [...sums.values()].some((sum) => sum >= quantity)
    const rankOf = ({ location }: Supply): number => {
      const sum = sums.get(location) ?? 0
      return enough && sum >= quantity ? sum : enough ? NEVER : -sum
    }
    const tied = ties(supplies, quantity)
    const locations = [...new Set(tied.map(({ location }) => location))]
    return tied.toSorted(
      (a, b) => compare(rankOf(a), rankOf(b)) || compare(locations.indexOf(a.location), locations.indexOf(b.location))
    )
  }

/**
 * Parts of supplies that sum to each demand, or the refusal that names every product of which there is not enough:
 * nothing is allocated then. Demands are served in their order, and two of one product compete for the same supplies.
 * The parts are lines as `holdStock` takes them.
 */
export const sourceDemands = (
  supplies: ReadonlyArray<Supply>,
  demands: ReadonlyArray<SourcedDemand>,
  strategy: SourcingStrategy = firstExpired
): Result.Result<ReadonlyArray<SourcedPart>, InsufficientSupply> => {
  const parts: Array<SourcedPart> = []
  const short: Array<InsufficientSupply["lines"][number]> = []
  for (const [product, wanted] of Map.groupBy(demands.entries(), ([, demand]) => demand.product)) {
    let rest = supplies.filter((supply) => supply.product === product && supply.available > 0)
    const total = wanted.reduce((sum, [, { quantity }]) => sum + quantity, 0)
    const available = sumOf(usedOf(strategy, rest, total))
    // More than any stock can be is told as that, because a sum beyond it would not be exact.
    if (available < total) short.push({ product, wanted: Math.min(total, MAX_QUANTITY), available })
    else {
      for (const [demand, { quantity }] of wanted) {
        const taken = takenFrom(usedOf(strategy, rest, quantity), quantity)
        parts.push(...taken.map(([{ location, lot }, part]) => ({ product, location, lot, quantity: part, demand })))
        const gone = new Map(taken)
        rest = rest
          .map((supply) => ({ ...supply, available: supply.available - (gone.get(supply) ?? 0) }))
          .filter((supply) => supply.available > 0)
      }
    }
  }
  if (short.length > 0) return Result.fail(new InsufficientSupply({ lines: short }))
  return Result.succeed(parts.toSorted((a, b) => a.demand - b.demand))
}

const sumOf = (supplies: ReadonlyArray<Supply>): number => supplies.reduce((sum, { available }) => sum + available, 0)

/** What a strategy uses of supplies: each once, and none that it made up. */
const usedOf = (strategy: SourcingStrategy, supplies: ReadonlyArray<Supply>, quantity: number) => {
  const there = new Set(supplies)
  return [...new Set(strategy(supplies, quantity))].filter((supply) => there.has(supply))
}

/** How much of each supply goes into a quantity, in their order. */
const takenFrom = (supplies: ReadonlyArray<Supply>, quantity: number): ReadonlyArray<readonly [Supply, number]> => {
  let open = quantity
  return supplies.flatMap((supply): ReadonlyArray<readonly [Supply, number]> => {
    const part = Math.min(open, supply.available)
    open -= part
    return part > 0 ? [[supply, part]] : []
  })
}
