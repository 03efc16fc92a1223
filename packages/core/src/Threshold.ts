/**
 * Thresholds: the low-stock rule of a product at a location. It is raised in the very commit that crosses it downwards
 * and cleared in the one that crosses it upwards, with a gap between the two so that it does not flutter.
 */
import type { DateTime } from "effect"
import { Result, Schema } from "effect"
import { availableAt } from "./Balance.ts"
import { define, MAX_LINES } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { type StockPlace, stockPlaceText } from "./StockKey.ts"

/**
 * Raised while `raisedAt` is set. It is raised when available falls to `low` or below, and cleared when available
 * reaches `clear` or more; `clear` is above `low`. Quantities are steps of the product's unit.
 */
export const Threshold = Schema.Struct({
  id: Schema.String,
  product: ProductId,
  location: LocationId,
  low: QuantityOrZero,
  clear: QuantityOrZero,
  raisedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  version: Schema.Int
}).annotate({ identifier: "Threshold" })
export interface Threshold extends Schema.Schema.Type<typeof Threshold> {}

/** A threshold that would be raised and cleared by one and the same quantity. */
export class InvalidThreshold extends Schema.TaggedError<InvalidThreshold>()("InvalidThreshold", {
  product: ProductId,
  location: LocationId,
  low: Schema.Int,
  clear: Schema.Int
}) {
  override get message() {
    return `A threshold raised at ${this.low} cannot be cleared at ${this.clear}; more than ${this.low} is accepted`
  }
}

/** The row id of the threshold that watches a stock place. */
export const thresholdId = (place: StockPlace): string => stockPlaceText(place)

/** The threshold and the event after available became `available`; undefined when that crosses nothing. */
export const crossThreshold = (
  threshold: Threshold,
  available: number,
  now: DateTime.Utc
): { readonly threshold: Threshold; readonly event: NewEvent } | undefined => {
  const { product, location, low } = threshold
  const told = { product, location, available, low }
  if (threshold.raisedAt === null && available <= low) {
    return {
      threshold: { ...threshold, raisedAt: now, version: threshold.version + 1 },
      event: { _tag: "LowStockRaised", ...told }
    }
  }
  if (threshold.raisedAt !== null && available >= threshold.clear) {
    return {
      threshold: { ...threshold, raisedAt: null, version: threshold.version + 1 },
      event: { _tag: "LowStockCleared", ...told }
    }
  }
  return undefined
}

const ThresholdLine = Schema.Struct({
  product: ProductId,
  location: LocationId,
  low: QuantityOrZero,
  clear: Schema.optionalKey(QuantityOrZero)
})

const decideLine = (slice: Slice, line: typeof ThresholdLine.Type, now: DateTime.Utc) =>
  Result.gen(function* () {
    yield* knownProduct(slice, line.product)
    yield* knownLocation(slice, line.location)
    const clear = line.clear ?? line.low + 1
    if (clear <= line.low) return yield* Result.fail(new InvalidThreshold({ ...line, clear }))
    const before = slice.row("thresholds", thresholdId(line))
    const version = (before?.version ?? 0) + 1
    const threshold: Threshold = {
      id: thresholdId(line),
      product: line.product,
      location: line.location,
      low: line.low,
      clear,
      raisedAt: before?.raisedAt ?? null,
      version
    }
    const crossed = crossThreshold(threshold, availableAt(slice.stock(line)), now)
    return { threshold: { ...(crossed?.threshold ?? threshold), version }, event: crossed?.event }
  })

/** Sets the low-stock rule of products at locations. A rule that the stock already breaks is raised at once. */
export const SetThresholds = define("SetThresholds", {
  payload: { lines: Schema.NonEmptyArray(ThresholdLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ thresholds: Schema.Array(Threshold) }),
  refusals: [InvalidThreshold, UnknownProduct, UnknownLocation],
  locations: ({ lines }) => lines.map((line) => line.location),
  footprint: ({ lines }) => ({
    stock: lines,
    rows: lines.flatMap((line) => [
      ref("products", line.product),
      ref("locations", line.location),
      ref("thresholds", thresholdId(line))
    ])
  }),
  decide: (slice, { lines }, context) =>
    Result.gen(function* () {
      // The last of several lines for one place wins, as it would had they come one after the other.
      const last = new Map(lines.map((line) => [thresholdId(line), line]))
      const thresholds: Array<Threshold> = []
      const events: Array<NewEvent> = []
      for (const line of last.values()) {
        const decided = yield* decideLine(slice, line, context.now)
        thresholds.push(decided.threshold)
        if (decided.event !== undefined) events.push(decided.event)
      }
      return { reply: { thresholds }, rows: thresholds.map((threshold) => put("thresholds", threshold)), events }
    })
})
