/**
 * Thresholds: the rule of what counts as low, and as too much, of a product at a location. It is raised in the very
 * commit that crosses it and cleared in the one that crosses it back, with a gap between the two so that it does not
 * flutter. With each comes a notification.
 */
import { type DateTime, Result, Schema } from "effect"
import { define, MAX_LINES } from "./Command.ts"
import type { NewEvent } from "./Event.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { availableNow } from "./Lot.ts"
import {
  type ChangedNotification,
  type Notification,
  NotificationId,
  raise,
  type StockNotificationKind,
  settle,
  stockNotificationKinds
} from "./Notification.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { Quantity, QuantityOrZero } from "./Quantity.ts"
import { put, type RowChange, type RowRef, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { type StockPlace, stockPlaceText } from "./StockKey.ts"

const openNotification = Schema.optionalKey(NotificationId)

/**
 * Low stock is raised when available falls to `low` or below, and cleared when it reaches `clear` or more; `clear` is
 * above `low`, and `raisedAt` is set while it is raised. Out of stock is raised when nothing is available, and cleared
 * when anything is. Overstock is raised when available rises to `high` or above, and cleared when it falls to
 * `clearHigh` or less; never where `high` is null. `open` has the notification of each that is raised. Quantities are
 * steps of the product's unit.
 */
export const Threshold = Schema.Struct({
  id: Schema.String,
  product: ProductId,
  location: LocationId,
  low: QuantityOrZero,
  clear: QuantityOrZero,
  high: Schema.NullOr(Quantity),
  clearHigh: Schema.NullOr(QuantityOrZero),
  raisedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  open: Schema.Struct({
    lowStock: openNotification,
    outOfStock: openNotification,
    overstock: openNotification
  }),
  version: Schema.Int
}).annotate({ identifier: "Threshold" })
export interface Threshold extends Schema.Schema.Type<typeof Threshold> {}

/** A threshold that would be raised and cleared by one and the same quantity. */
export class InvalidThreshold extends Schema.TaggedError<InvalidThreshold>()("InvalidThreshold", {
  product: ProductId,
  location: LocationId,
  low: Schema.Int,
  clear: Schema.Int,
  high: Schema.NullOr(Schema.Int),
  clearHigh: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    const { low, clear, high, clearHigh } = this
    return clear <= low
      ? `A threshold raised at ${low} cannot be cleared at ${clear}; more than ${low} is accepted`
      : `Overstock raised at ${high} cannot be cleared at ${clearHigh}; less than ${high} is accepted`
  }
}

/** The row id of the threshold that watches a stock place. */
export const thresholdId = (place: StockPlace): string => stockPlaceText(place)

/** The notifications that a threshold names: whoever settles it must have them at hand. */
export const openNotifications = ({ open }: Threshold): ReadonlyArray<RowRef> =>
  stockNotificationKinds.flatMap((kind) => (open[kind] === undefined ? [] : [ref("notifications", open[kind])]))

/** Whether a kind is raised at a quantity, is not, or stays as it was. */
const stateAt = (
  { low, clear, high, clearHigh }: Threshold,
  kind: StockNotificationKind,
  available: number
): boolean | undefined => {
  switch (kind) {
    case "lowStock":
      return available <= low ? true : available >= clear ? false : undefined
    case "outOfStock":
      return available <= 0
    case "overstock":
      return high === null || clearHigh === null || available <= clearHigh
        ? false
        : available >= high
          ? true
          : undefined
  }
}

const eventOf = (
  { product, location, low, high }: Threshold,
  kind: StockNotificationKind,
  raised: boolean,
  available: number
): NewEvent => {
  const told = { product, location, available }
  switch (kind) {
    case "lowStock":
      return { _tag: raised ? "LowStockRaised" : "LowStockCleared", ...told, low }
    case "outOfStock":
      return { _tag: raised ? "OutOfStockRaised" : "OutOfStockCleared", ...told }
    case "overstock":
      return { _tag: raised ? "OverstockRaised" : "OverstockCleared", ...told, high: high ?? 0 }
  }
}

/** What crossing a threshold needs: the time, fresh ids, and the notifications that are open. */
export interface CrossingContext {
  readonly now: DateTime.Utc
  readonly newId: () => string
  readonly notification: (id: NotificationId) => Notification | undefined
}

/** What crossing a threshold does: the rows as they are then, the threshold's the first, and what is told. */
export interface Crossing {
  readonly threshold: Threshold
  readonly rows: ReadonlyArray<RowChange>
  readonly events: ReadonlyArray<NewEvent>
}

const LIMITS = { lowStock: "low", outOfStock: undefined, overstock: "high" } as const

const raisedOf = (threshold: Threshold, kind: StockNotificationKind, available: number, context: CrossingContext) => {
  const { product, location } = threshold
  const limit = LIMITS[kind] === undefined ? 0 : threshold[LIMITS[kind]]
  const id = NotificationId.make(context.newId())
  return raise({ id, kind, subject: threshold.id, message: "", product, location, available, limit }, context.now)
}

/** What follows from available having become `available`; undefined when that crosses nothing. */
export const crossThreshold = (
  threshold: Threshold,
  available: number,
  context: CrossingContext
): Crossing | undefined => {
  // Hardly any movement crosses anything.
  const crossed = stockNotificationKinds.filter((kind) => {
    const raised = stateAt(threshold, kind, available)
    return raised !== undefined && raised !== (threshold.open[kind] !== undefined)
  })
  if (crossed.length === 0) return undefined
  let open = threshold.open
  let raisedAt = threshold.raisedAt
  const changes: Array<ChangedNotification> = []
  const events: Array<NewEvent> = []
  for (const kind of crossed) {
    const { [kind]: id, ...others } = open
    const raised = id === undefined
    events.push(eventOf(threshold, kind, raised, available))
    if (kind === "lowStock") raisedAt = raised ? context.now : null
    if (raised) {
      const change = raisedOf(threshold, kind, available, context)
      changes.push(change)
      open = { ...others, [kind]: change.notification.id }
      continue
    }
    open = others
    const before = id && context.notification(id)
    // Somebody may have resolved it before its cause was gone.
    if (before && before.state !== "resolved") changes.push(settle(before, context.now, null))
  }
  const after = { ...threshold, open, raisedAt, version: threshold.version + 1 }
  return {
    threshold: after,
    rows: [put("thresholds", after), ...changes.map(({ row }) => row)],
    events: [...events, ...changes.map(({ event }) => event)]
  }
}

const ThresholdLine = Schema.Struct({
  product: ProductId,
  location: LocationId,
  low: QuantityOrZero,
  clear: Schema.optionalKey(QuantityOrZero),
  high: Schema.optionalKey(Schema.NullOr(Quantity)),
  clearHigh: Schema.optionalKey(QuantityOrZero)
})

const decideLine = (slice: Slice, line: typeof ThresholdLine.Type, context: CrossingContext) =>
  Result.gen(function* () {
    yield* knownProduct(slice, line.product)
    yield* knownLocation(slice, line.location)
    const before = slice.row("thresholds", thresholdId(line))
    const { product, location, low, clear = low + 1, high = before?.high ?? null } = line
    const kept = line.high === undefined ? before?.clearHigh : undefined
    const clearHigh = high === null ? null : (line.clearHigh ?? kept ?? high - 1)
    const rule = { product, location, low, clear, high, clearHigh }
    const fits = high === null || clearHigh === null || clearHigh < high
    if (clear <= low || !fits) return yield* Result.fail(new InvalidThreshold(rule))
    const version = (before?.version ?? 0) + 1
    const { raisedAt, open } = before ?? { raisedAt: null, open: {} }
    const threshold: Threshold = { id: thresholdId(line), ...rule, raisedAt, open, version }
    // The row is written once, whether it is crossed too or not.
    const crossed = crossThreshold(
      { ...threshold, version: version - 1 },
      availableNow(slice, line, context.now),
      context
    )
    return crossed ?? { threshold, rows: [put("thresholds", threshold)], events: [] }
  })

/**
 * Sets the rule of products at locations. What the stock already breaks is raised at once. `clear` is `low + 1` and
 * `clearHigh` is `high - 1` when they are left out; a `high` that is left out stays as it was, and null takes it away.
 */
export const SetThresholds = define("SetThresholds", {
  payload: { lines: Schema.NonEmptyArray(ThresholdLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ thresholds: Schema.Array(Threshold) }),
  refusals: [InvalidThreshold, UnknownProduct, UnknownLocation],
  locations: ({ lines }) => lines.map((line) => line.location),
  footprint: ({ lines }, slice) => ({
    stock: lines,
    rows: lines.flatMap((line) => {
      const threshold = slice.row("thresholds", thresholdId(line))
      return [
        ref("products", line.product),
        ref("locations", line.location),
        ref("thresholds", thresholdId(line)),
        ...(threshold === undefined ? [] : openNotifications(threshold))
      ]
    })
  }),
  decide: (slice, { lines }, { now, id }) =>
    Result.gen(function* () {
      // The last of several lines for one place wins, as it would had they come one after the other.
      const last = new Map(lines.map((line) => [thresholdId(line), line]))
      const crossings: Array<Crossing> = []
      let made = 0
      const notification = (one: NotificationId) => slice.row("notifications", one)
      const context = { now, newId: () => `${id}-n${made++}`, notification }
      for (const line of last.values()) crossings.push(yield* decideLine(slice, line, context))
      return {
        reply: { thresholds: crossings.map(({ threshold }) => threshold) },
        rows: crossings.flatMap(({ rows }) => rows),
        events: crossings.flatMap(({ events }) => events)
      }
    })
})
