/**
 * Lots: what was made together, and what becomes of it. A lot has one expiry and one state wherever it lies; what has
 * expired or was recalled is still on hand, and is not available.
 */
import { DateTime, Result, Schema } from "effect"
import { available, promisable, type Stock } from "./Balance.ts"
import type { DecisionContext } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { TimeZone } from "./Location.ts"
import { type Product, ProductId } from "./Product.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Lot, lotId, NO_LOT, type StockPlace } from "./StockKey.ts"

const isDate = (text: string): boolean => {
  const millis = Date.parse(`${text}T00:00:00.000Z`)
  return !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(text)
}

/** A day of the calendar, such as `2027-02-28`, without a time and without a zone. */
export const CalendarDate = Schema.String.check(
  Schema.isPattern(/^[12]\d{3}-\d{2}-\d{2}$/),
  Schema.makeFilter((text: string) => isDate(text) || "a day that there is")
).annotate({ description: "A day as YYYY-MM-DD" })

/** The code of a lot, as it is printed on the goods. */
export const LotCode = Lot.check(Schema.isNonEmpty())

/**
 * A lot of a product. It may be used until the end of the day `expiresOn` in its `timeZone`, that of the location where
 * it was first received; `expiresAt` is that end as an instant, the same everywhere. Null: it does not expire. A
 * recalled one says in `reason` why.
 */
export const ProductLot = Schema.Struct({
  id: Schema.String,
  product: ProductId,
  lot: LotCode,
  expiresOn: Schema.NullOr(CalendarDate),
  timeZone: TimeZone,
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  status: Schema.Literals(["active", "recalled"]),
  reason: Schema.NullOr(Schema.String),
  receivedAt: Schema.DateTimeUtcFromString,
  version: Schema.Int,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "ProductLot" })
export interface ProductLot extends Schema.Schema.Type<typeof ProductLot> {}

/** A lot of a product that is counted in lots was not named. */
export class LotRequired extends Schema.TaggedError<LotRequired>()("LotRequired", { product: ProductId }) {
  override get message() {
    return `Product ${this.product} is counted by lots; the code of a lot is accepted`
  }
}

/** A lot was named of a product that is not counted in lots. */
export class NotLotTracked extends Schema.TaggedError<NotLotTracked>()("NotLotTracked", {
  product: ProductId,
  lot: Lot
}) {
  override get message() {
    return `Product ${this.product} has no lots, so none named ${this.lot}; it is accepted without a lot`
  }
}

/** The day until which a lot may be used is over. */
export class LotExpired extends Schema.TaggedError<LotExpired>()("LotExpired", {
  product: ProductId,
  lot: Lot,
  expiresOn: Schema.NullOr(CalendarDate)
}) {
  override get message() {
    return `Lot ${this.lot} of ${this.product} expired on ${this.expiresOn}; another lot, or none, is accepted`
  }
}

/** The lot was recalled. */
export class LotRecalled extends Schema.TaggedError<LotRecalled>()("LotRecalled", {
  product: ProductId,
  lot: Lot,
  reason: Schema.NullOr(Schema.String)
}) {
  override get message() {
    return `Lot ${this.lot} of ${this.product} was recalled (${this.reason}); another lot, or none, is accepted`
  }
}

/** A lot is known with another expiry, or without one. It is changed by itself, not by the way. */
export class LotExpiryConflict extends Schema.TaggedError<LotExpiryConflict>()("LotExpiryConflict", {
  product: ProductId,
  lot: Lot,
  expiresOn: CalendarDate,
  accepted: Schema.NullOr(CalendarDate)
}) {
  override get message() {
    const known = this.accepted === null ? "does not expire" : `expires on ${this.accepted}`
    return `Lot ${this.lot} of ${this.product} ${known}, not on ${this.expiresOn}; that, or no date, is accepted`
  }
}

/** No such lot of the product was ever received. */
export class UnknownLot extends Schema.TaggedError<UnknownLot>()("UnknownLot", { product: ProductId, lot: Lot }) {
  override get message() {
    return `There is no lot ${this.lot} of ${this.product}; the code of one that was received is accepted`
  }
}

/** The refusals of commands that claim or sell lots that are named. */
export const lotBlocks = [LotExpired, LotRecalled] as const

/** The refusals of commands that name lots that arrive. */
export const lotArrivalRefusals = [LotRequired, NotLotTracked, LotExpiryConflict] as const

/** The instant from which a lot has expired: the end of its day in a time zone. */
export const expiryInstant = (day: string, timeZone: string): DateTime.Utc => {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number)
  const midnight = Date.UTC(year, month - 1, date + 1)
  return DateTime.toUtc(DateTime.makeZonedUnsafe(midnight, { timeZone, adjustForTimeZone: true }))
}

/** Whether a lot has expired at an instant: from `expiresAt` on. */
export const hasExpired = ({ expiresAt }: Pick<ProductLot, "expiresAt">, now: DateTime.Utc): boolean =>
  expiresAt !== null && DateTime.isGreaterThanOrEqualTo(now, expiresAt)

/** Whether a lot can be claimed and sold at an instant: it has not expired, and nobody recalled it. */
export const isUsable = (lot: Pick<ProductLot, "expiresAt" | "status">, now: DateTime.Utc): boolean =>
  lot.status === "active" && !hasExpired(lot, now)

const lotOf = (slice: Slice, product: ProductId, lot: string): ProductLot | undefined =>
  lot === NO_LOT ? undefined : slice.row("lots", lotId(product, lot))

/** Why a lot cannot be claimed or sold now, if it cannot. */
const blockOf = (
  slice: Slice,
  product: ProductId,
  code: string,
  now: DateTime.Utc
): LotExpired | LotRecalled | undefined => {
  const lot = lotOf(slice, product, code)
  if (lot === undefined) return undefined
  if (lot.status === "recalled") return new LotRecalled({ product, lot: code, reason: lot.reason })
  return hasExpired(lot, now) ? new LotExpired({ product, lot: code, expiresOn: lot.expiresOn }) : undefined
}

/** Refuses lots that cannot be claimed or sold now, where one is named. */
export const checkUsable = (
  slice: Slice,
  lines: ReadonlyArray<{ readonly product: ProductId; readonly lot?: string | null }>,
  now: DateTime.Utc
): Result.Result<void, LotExpired | LotRecalled> => {
  for (const { product, lot } of lines) {
    const block = blockOf(slice, product, lot ?? NO_LOT, now)
    if (block !== undefined) return Result.fail(block)
  }
  return Result.void
}

/** Whether what lies under a lot can be claimed and sold now; what has no lot always can. */
export const isUsableLot = (slice: Slice, product: ProductId, lot: string, now: DateTime.Utc): boolean => {
  const known = lotOf(slice, product, lot)
  return known === undefined || isUsable(known, now)
}

const NEVER = Number.POSITIVE_INFINITY

/** The lots of a place that can be claimed and sold now: first those that expire first, then by their codes. */
export const usableLots = (slice: Slice, stock: Stock, now: DateTime.Utc): ReadonlyArray<string> => {
  const usable: Array<{ readonly lot: string; readonly expires: number }> = []
  for (const lot of stock.balances.keys()) {
    const known = lotOf(slice, stock.product, lot)
    if (known !== undefined && !isUsable(known, now)) continue
    usable.push({ lot, expires: known?.expiresAt ? DateTime.toEpochMillis(known.expiresAt) : NEVER })
  }
  if (usable.length > 1)
    usable.sort((a, b) => (a.expires === b.expires ? (a.lot < b.lot ? -1 : 1) : a.expires - b.expires))
  return usable.map(({ lot }) => lot)
}

const usableSum = (slice: Slice, place: StockPlace, now: DateTime.Utc, of: typeof promisable): number => {
  const stock = slice.stock(place)
  let sum = 0
  for (const [lot, balance] of stock.balances) {
    if (isUsableLot(slice, place.product, lot, now)) sum += of(balance)
  }
  return sum
}

/** What is available of a product at a location now: over the lots that can be sold. */
export const availableNow = (slice: Slice, place: StockPlace, now: DateTime.Utc): number =>
  usableSum(slice, place, now, available)

/** The same, and what a stock policy lets be promised beyond it. */
export const promisableNow = (slice: Slice, place: StockPlace, now: DateTime.Utc): number =>
  usableSum(slice, place, now, promisable)

/** The rows of the lots that lines name. */
export const lotRefs = (lines: ReadonlyArray<{ readonly product: ProductId; readonly lot?: string | null }>) =>
  lines.flatMap(({ product, lot }) => (lot ? [ref("lots", lotId(product, lot))] : []))

/** Refuses a lot that is asked for of a product that is not counted in lots. */
export const checkLotAsked = (
  { id, lotTracked }: Pick<Product, "id" | "lotTracked">,
  lot: string | null = NO_LOT
): Result.Result<void, NotLotTracked> =>
  lotTracked || lot === null || lot === NO_LOT ? Result.void : Result.fail(new NotLotTracked({ product: id, lot }))

/** Refuses to leave open the lot of a product that is counted in lots, and to name one of a product that is not. */
export const checkLotNamed = (
  product: Pick<Product, "id" | "lotTracked">,
  lot: string = NO_LOT
): Result.Result<void, LotRequired | NotLotTracked> =>
  product.lotTracked && lot === NO_LOT
    ? Result.fail(new LotRequired({ product: product.id }))
    : checkLotAsked(product, lot)

/** What arrives of a lot, perhaps for the first time. */
export interface LotArrival extends StockPlace {
  readonly lot?: string
  readonly expiresOn?: string
}

/** Refuses to give a lot another expiry than the one that it has, or two at once. */
export const checkExpiries = (
  slice: Slice,
  arrivals: ReadonlyArray<LotArrival>
): Result.Result<void, LotExpiryConflict> => {
  const told = new Map<string, string>()
  for (const { product, lot = NO_LOT, expiresOn } of arrivals) {
    if (lot === NO_LOT || expiresOn === undefined) continue
    const id = lotId(product, lot)
    const known = slice.row("lots", id)
    const accepted = known === undefined ? (told.get(id) ?? expiresOn) : known.expiresOn
    if (accepted !== expiresOn) return Result.fail(new LotExpiryConflict({ product, lot, expiresOn, accepted }))
    told.set(id, expiresOn)
  }
  return Result.void
}

/** What changed lots are written as, and what is told of them. */
export const writtenLots = (lots: ReadonlyArray<ProductLot>) => ({
  rows: lots.map((lot) => put("lots", lot)),
  events: lots.map(
    ({ product, lot, expiresOn, expiresAt, status }): NewEvent => ({
      _tag: "LotChanged",
      ...{ product, lot, expiresOn, expiresAt, status }
    })
  )
})

/** The lots that arrive for the first time, as they are from then on, each in the time zone of where it arrives. */
export const newLots = (
  slice: Slice,
  arrivals: ReadonlyArray<LotArrival>,
  context: DecisionContext
): ReadonlyArray<ProductLot> => {
  const made = new Map<string, ProductLot>()
  for (const { product, location, lot = NO_LOT, expiresOn } of arrivals) {
    if (lot === NO_LOT) continue
    const id = lotId(product, lot)
    if (slice.row("lots", id) !== undefined) continue
    const before = made.get(id)
    const timeZone = before?.timeZone ?? slice.row("locations", location)?.timeZone ?? "UTC"
    const day = expiresOn ?? before?.expiresOn ?? null
    made.set(id, {
      ...{ id, product, lot, timeZone, status: "active", reason: null },
      expiresOn: day,
      expiresAt: day === null ? null : expiryInstant(day, timeZone),
      receivedAt: context.occurredAt,
      version: 1,
      updatedAt: context.now
    })
  }
  return [...made.values()]
}
