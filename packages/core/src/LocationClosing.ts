/**
 * Closing a location: what it holds is moved elsewhere, and then it is archived. Its history stays.
 */
import { Result, Schema } from "effect"
import { available, onHandAt } from "./Balance.ts"
import { type DecisionContext, define, type Footprint, type HoldingsRef, MAX_LINES } from "./Command.ts"
import { activeLocation, knownLocation, Location, LocationId, LocationInactive, UnknownLocation } from "./Location.ts"
import type { NewMovement } from "./Movement.ts"
import { ProductId } from "./Product.ts"
import { Quantity, QuantityOrZero } from "./Quantity.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Condition, conditions, Lot } from "./StockKey.ts"
import { SameLocation } from "./Transfer.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

/** Something is still at the location: the first products of it, and whether there are more. */
export class LocationNotEmpty extends Schema.TaggedError<LocationNotEmpty>()("LocationNotEmpty", {
  location: LocationId,
  left: Schema.Array(Schema.Struct({ product: ProductId, onHand: Schema.Int, reserved: Schema.Int })),
  more: Schema.Boolean
}) {
  override get message() {
    const products = this.left.map(({ product, onHand }) => `${onHand} of ${product}`)
    const more = this.more ? ", and more" : ""
    return `Location ${this.location} still has ${products.join(", ")}${more}; one that was drained is accepted`
  }
}

/** What a stretch of a location's holdings reads, at the location and at others for the same products. */
const holdingsFootprint = (slice: Slice, stretch: HoldingsRef, places: ReadonlyArray<LocationId>): Footprint => ({
  rows: places.map((location) => ref("locations", location)),
  holdings: [stretch],
  stock: slice.holdings(stretch).products.flatMap((product) => places.map((location) => ({ product, location })))
})

/**
 * Archives a location that holds nothing, or restores it. No stock can be received there any more, and no transfer or
 * purchase order can be made to it; what is on its way to it already still arrives.
 */
export const ArchiveLocation = define("ArchiveLocation", {
  payload: { location: LocationId, expected: ExpectedVersion, archived: Schema.Boolean },
  reply: Location,
  refusals: [UnknownLocation, StaleVersion, LocationNotEmpty],
  locations: ({ location }) => [location],
  footprint: ({ location, archived }, slice) =>
    archived ? holdingsFootprint(slice, { location, after: "" }, [location]) : { rows: [ref("locations", location)] },
  decide: (slice, { location: id, expected, archived }) =>
    Result.gen(function* () {
      const before = yield* knownLocation(slice, id)
      yield* checkVersion("location", before, expected)
      const left = archived ? stillThere(slice, id) : { left: [], more: false }
      if (left.left.length > 0 || left.more) {
        return yield* Result.fail(new LocationNotEmpty({ location: id, ...left }))
      }
      const location: Location = {
        ...before,
        status: archived ? "archived" : "active",
        version: before.version + 1
      }
      return {
        reply: location,
        rows: [put("locations", location)],
        events: [{ _tag: archived ? ("LocationArchived" as const) : ("LocationRestored" as const), location: id }]
      }
    })
})

const stillThere = (slice: Slice, location: LocationId) => {
  const { products, more } = slice.holdings({ location, after: "" })
  const left = products.flatMap((product) => {
    const stock = slice.stock({ product, location })
    const reserved = [...stock.balances.values()].reduce((sum, { held, committed }) => sum + held + committed, 0)
    const onHand = onHandAt(stock)
    return onHand + reserved > 0 ? [{ product, onHand, reserved }] : []
  })
  return { left, more }
}

const Moved = Schema.Struct({ product: ProductId, lot: Lot, condition: Condition, quantity: Quantity })
const Claimed = Schema.Struct({ product: ProductId, lot: Lot, held: QuantityOrZero, committed: QuantityOrZero })

/**
 * Moves what a location holds to another, in every condition, as far as nobody claims it: the next hundred products at
 * most. What is claimed stays and is told of. While `next` is a product, send the command again with it as `after`.
 */
export const DrainLocation = define("DrainLocation", {
  payload: { location: LocationId, destination: LocationId, after: Schema.optionalKey(ProductId) },
  reply: Schema.Struct({
    moved: Schema.Array(Moved),
    claimed: Schema.Array(Claimed),
    next: Schema.NullOr(ProductId)
  }),
  refusals: [SameLocation, UnknownLocation, LocationInactive],
  locations: ({ location, destination }) => [location, destination],
  footprint: ({ location, destination, after = "" }, slice) =>
    holdingsFootprint(slice, { location, after }, [location, destination]),
  decide: (slice, { location, destination, after = "" }, context) =>
    Result.gen(function* () {
      if (location === destination) return yield* Result.fail(new SameLocation({ location }))
      yield* knownLocation(slice, location)
      yield* activeLocation(slice, destination)
      const { products, more } = slice.holdings({ location, after })
      const taken = products.map((product) => ({ product, ...freeOf(slice, product, location) }))
      const done = taken.slice(0, fittingInto(MAX_LINES, taken))
      return {
        reply: {
          moved: done.flatMap(({ moved }) => moved),
          claimed: done.flatMap(({ claimed }) => claimed),
          next: more || done.length < taken.length ? (done.at(-1)?.product ?? null) : null
        },
        movements: done.flatMap(({ moved }) => moved.flatMap((part) => carried(part, location, destination, context)))
      }
    })
})

/** How many of the first products can go in one command of so many movements, two for each part; always the first. */
const fittingInto = (lines: number, taken: ReadonlyArray<{ readonly moved: ReadonlyArray<unknown> }>): number => {
  let left = lines
  const over = taken.findIndex(({ moved }) => {
    left -= 2 * moved.length
    return left < 0
  })
  return over === -1 ? taken.length : Math.max(1, over)
}

/** What of a product at a location can go, and what somebody has a right to. */
const freeOf = (slice: Slice, product: ProductId, location: LocationId) => {
  const lots = [...slice.stock({ product, location }).balances.values()].sort((a, b) => (a.lot < b.lot ? -1 : 1))
  return {
    moved: lots.flatMap((balance) =>
      conditions.flatMap((condition): ReadonlyArray<typeof Moved.Type> => {
        const quantity = condition === "sellable" ? available(balance) : balance[condition]
        return quantity > 0 ? [{ product, lot: balance.lot, condition, quantity }] : []
      })
    ),
    claimed: lots
      .filter(({ held, committed }) => held + committed > 0)
      .map(({ lot, held, committed }) => ({ product, lot, held, committed }))
  }
}

/** A part on its way, out of one location and into the other in one commit. */
const carried = (
  { product, lot, condition, quantity }: typeof Moved.Type,
  location: LocationId,
  destination: LocationId,
  context: DecisionContext
): ReadonlyArray<NewMovement> => {
  const part = {
    product,
    lot,
    quantity,
    reason: null,
    source: { type: "drain", id: context.id },
    unitCost: null
  }
  return [
    { ...part, kind: "transferOut", location, from: condition, to: "transit" },
    { ...part, kind: "transferIn", location: destination, from: "transit", to: condition }
  ]
}
