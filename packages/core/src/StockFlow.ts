/**
 * Stock flows: what a period did to the stock of a product at a location, in quantities. What reports on turning over,
 * selling through and lying about are made of.
 */
import { DateTime, Schema } from "effect"
import { LocationId } from "./Location.ts"
import type { Movement } from "./Movement.ts"
import { ProductId } from "./Product.ts"
import { isCondition, type Place } from "./StockKey.ts"
import type { Period } from "./StockValue.ts"

/** Which places, and the period, by business time. */
export interface FlowFilter {
  readonly product?: ProductId | undefined
  readonly category?: string | undefined
  readonly location?: LocationId | undefined
  readonly period: Period
}

/**
 * A product at a location through a period, in steps of its unit, whatever its condition:
 * closing = opening + received − sold + transferred + adjusted.
 *
 * `received` is what came from vendors less what went back to them, and opening stock; `sold` what customers got less
 * what they brought back; `transferred` what came in transfers less what left in them; `adjusted` what counts,
 * corrections and scrap added or took away. `meanOnHand` is the mean over the time of the period.
 *
 * `lastSoldAt` and `lastReceivedAt` are of all time before the end of the period: when that happened which was recorded
 * last, null if never. What came in by a transfer was received here.
 */
export const StockFlow = Schema.Struct({
  product: ProductId,
  location: LocationId,
  opening: Schema.Int,
  received: Schema.Int,
  sold: Schema.Int,
  transferred: Schema.Int,
  adjusted: Schema.Int,
  closing: Schema.Int,
  meanOnHand: Schema.Finite,
  lastSoldAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  lastReceivedAt: Schema.NullOr(Schema.DateTimeUtcFromString)
}).annotate({ identifier: "StockFlow" })
export interface StockFlow extends Schema.Schema.Type<typeof StockFlow> {}

/** The kinds by which goods come to a location to be sold there. */
export const arrivals: ReadonlyArray<Movement["kind"]> = ["opening", "receipt", "transferIn"]

/** The mean of what was there: what there was at the beginning, and what came for the time that it stayed. */
export const meanOf = (opening: number, lasting: bigint, millis: number): number =>
  Number(BigInt(opening) * BigInt(millis) + lasting) / millis

type Flows = Pick<StockFlow, "received" | "sold" | "transferred" | "adjusted">

const flowOf = (place: Place): keyof Flows =>
  place === "supplier" || place === "opening"
    ? "received"
    : place === "customer"
      ? "sold"
      : place === "transit"
        ? "transferred"
        : "adjusted"

/** The flow that the movements of one product at one location make, in the order in which they were recorded. */
export const foldFlow = (movements: Iterable<Movement>, period: Period): Omit<StockFlow, "product" | "location"> => {
  const [from, to] = [DateTime.toEpochMillis(period.from), DateTime.toEpochMillis(period.to)]
  const flows: { -readonly [K in keyof Flows]: number } = { received: 0, sold: 0, transferred: 0, adjusted: 0 }
  let [opening, lasting] = [0, 0n]
  let [lastSoldAt, lastReceivedAt]: ReadonlyArray<DateTime.Utc | null> = [null, null]
  for (const movement of movements) {
    const at = DateTime.toEpochMillis(movement.occurredAt)
    if (at >= to) continue
    if (movement.kind === "sale") lastSoldAt = movement.occurredAt
    if (arrivals.includes(movement.kind)) lastReceivedAt = movement.occurredAt
    const isIn = isCondition(movement.to)
    if (isIn === isCondition(movement.from)) continue
    const change = isIn ? movement.quantity : -movement.quantity
    if (at < from) {
      opening += change
      continue
    }
    const flow = flowOf(isIn ? movement.from : movement.to)
    flows[flow] += flow === "sold" ? -change : change
    lasting += BigInt(change) * BigInt(to - at)
  }
  const closing = opening + flows.received - flows.sold + flows.transferred + flows.adjusted
  const meanOnHand = meanOf(opening, lasting, to - from)
  return {
    opening,
    ...flows,
    closing,
    meanOnHand,
    lastSoldAt: lastSoldAt ?? null,
    lastReceivedAt: lastReceivedAt ?? null
  }
}
