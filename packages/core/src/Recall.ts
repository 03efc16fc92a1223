/**
 * The commands on lots: to recall one and to take that back, to correct its expiry, and to tell of what a calendar or a
 * recall changed on the shelf.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define, type Footprint, MAX_LINES } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { CalendarDate, expiryInstant, LotCode, ProductLot, UnknownLot, writtenLots } from "./Lot.ts"
import { ProductId } from "./Product.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { lotId } from "./StockKey.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

/**
 * A lot, and the locations whose levels and thresholds follow at once. Their ledgers are locked, so that no sale there
 * comes in between; a sale elsewhere that is under way at this very moment counts as before.
 */
const lotAt = {
  product: ProductId,
  lot: LotCode,
  locations: Schema.optionalKey(Schema.Array(LocationId).check(Schema.isMaxLength(MAX_LINES)))
}
interface LotAt {
  readonly product: ProductId
  readonly lot: string
  readonly locations?: ReadonlyArray<LocationId>
}

const placesOf = ({ product, locations = [] }: LotAt) => locations.map((location) => ({ product, location }))

const lotFootprint = (payload: LotAt): Footprint => ({
  rows: [ref("lots", lotId(payload.product, payload.lot))],
  stock: placesOf(payload)
})

const knownLot = (slice: Slice, { product, lot }: LotAt): Result.Result<ProductLot, UnknownLot> => {
  const known = slice.row("lots", lotId(product, lot))
  return known === undefined ? Result.fail(new UnknownLot({ product, lot })) : Result.succeed(known)
}

/** What a command that changed a lot answers, writes and tells. To say again what stands changes nothing. */
const changedLot = (
  before: ProductLot,
  changes: Partial<Pick<ProductLot, "status" | "reason" | "expiresOn" | "expiresAt">>,
  payload: LotAt,
  context: DecisionContext
) => {
  const same = Object.entries(changes).every(([field, value]) => before[field as keyof ProductLot] === value)
  if (same) return { reply: before }
  const lot = { ...before, ...changes, version: before.version + 1, updatedAt: context.now }
  return { reply: lot, ...writtenLots([lot]), reviewed: placesOf(payload) }
}

/**
 * Recalls a lot: from then on nothing of it is available, anywhere. What is held, committed or on its way of it stays
 * so until it is next dealt with, and is then replaced by other stock.
 */
export const RecallLot = define("RecallLot", {
  payload: { ...lotAt, reason: Schema.NonEmptyString.check(Schema.isMaxLength(200)) },
  reply: ProductLot,
  refusals: [UnknownLot],
  locations: ({ locations = [] }) => locations,
  footprint: lotFootprint,
  decide: (slice, payload, context) =>
    Result.map(knownLot(slice, payload), (before) =>
      changedLot(before, { status: "recalled", reason: payload.reason }, payload, context)
    )
})

/** Takes a recall back: what is left of the lot is available again, unless it has expired. */
export const ReinstateLot = define("ReinstateLot", {
  payload: lotAt,
  reply: ProductLot,
  refusals: [UnknownLot],
  locations: ({ locations = [] }) => locations,
  footprint: lotFootprint,
  decide: (slice, payload, context) =>
    Result.map(knownLot(slice, payload), (before) =>
      changedLot(before, { status: "active", reason: null }, payload, context)
    )
})

/** Corrects until when a lot may be used; null when it does not expire. */
export const UpdateLot = define("UpdateLot", {
  payload: { ...lotAt, expected: ExpectedVersion, expiresOn: Schema.NullOr(CalendarDate) },
  reply: ProductLot,
  refusals: [UnknownLot, StaleVersion],
  locations: ({ locations = [] }) => locations,
  footprint: lotFootprint,
  decide: (slice, payload, context) =>
    Result.gen(function* () {
      const before = yield* knownLot(slice, payload)
      yield* checkVersion("lot", before, payload.expected)
      const { expiresOn } = payload
      if (expiresOn === before.expiresOn) return { reply: before }
      const expiresAt = expiresOn === null ? null : expiryInstant(expiresOn, before.timeZone)
      return changedLot(before, { expiresOn, expiresAt }, payload, context)
    })
})

/**
 * Tells what is available of products at a location now, and raises or clears their thresholds. Reads and decisions do
 * not wait for it: it is for those who listen, after a lot has expired there. It may be sent as often as one likes.
 */
export const ReviewLevels = define("ReviewLevels", {
  payload: {
    location: LocationId,
    products: Schema.NonEmptyArray(ProductId).check(Schema.isMaxLength(MAX_LINES))
  },
  reply: Schema.Struct({ reviewed: Schema.Int }),
  refusals: [],
  locations: ({ location }) => [location],
  footprint: ({ location, products }) => ({ stock: products.map((product) => ({ product, location })) }),
  decide: (_, { location, products }) => {
    const places = [...new Set(products)].map((product) => ({ product, location }))
    return Result.succeed({ reply: { reviewed: places.length }, reviewed: places })
  }
})
