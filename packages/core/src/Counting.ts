/**
 * The commands on a count: to plan it, to count, to count again, to approve what was found, and to post it.
 */
import { Result, Schema } from "effect"
import { InsufficientStock } from "./Allocation.ts"
import { promisable } from "./Balance.ts"
import { define, type Footprint, MAX_LINES } from "./Command.ts"
import {
  Count,
  CountElsewhere,
  CountFull,
  CountId,
  CountIncomplete,
  type CountLine,
  CountPolicy,
  CountReason,
  CountStale,
  CountStateConflict,
  changedCount,
  countAt,
  countedLine,
  differenceOf,
  UnknownCount,
  UnknownCountLine,
  writtenCount
} from "./Count.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import {
  CalendarDate,
  checkExpiries,
  checkLotNamed,
  type LotArrival,
  LotExpiryConflict,
  LotRequired,
  lotArrivalRefusals,
  lotRefs,
  NotLotTracked,
  newLots,
  writtenLots
} from "./Lot.ts"
import type { NewMovement } from "./Movement.ts"
import { checkEntered, enteredQuantity, enteredRefusals, keptEntered } from "./Pack.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { ref } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { Condition, Lot, NO_LOT } from "./StockKey.ts"

const CountedKey = {
  product: ProductId,
  lot: Schema.optionalKey(Lot),
  /** Sellable when left out. */
  condition: Schema.optionalKey(Condition)
}
const PlannedLine = Schema.Struct(CountedKey)
type PlannedLine = typeof PlannedLine.Type

const uncounted = { counted: null, expected: null, position: null, countedAt: null, countedBy: null, reason: null }

/** A line without what somebody said when it was counted before. */
const plain = ({ entered: _entered, expiresOn: _expiresOn, ...line }: CountLine): CountLine => line

/** Lots that were found at a location. */
const foundAt = (
  location: LocationId,
  lines: ReadonlyArray<Pick<LotArrival, "product" | "lot" | "expiresOn">>
): ReadonlyArray<LotArrival> => lines.map((line) => ({ ...line, location }))

const keyOf = ({ product, lot = NO_LOT, condition = "sellable" }: PlannedLine): string =>
  JSON.stringify([product, lot, condition])

/** The lines with those added that are not among them yet. */
const withLines = (lines: ReadonlyArray<CountLine>, wanted: ReadonlyArray<PlannedLine>): ReadonlyArray<CountLine> => {
  const all = [...lines]
  const known = new Set(lines.map(keyOf))
  for (const key of wanted) {
    if (known.has(keyOf(key))) continue
    known.add(keyOf(key))
    const { product, lot = NO_LOT, condition = "sellable" } = key
    all.push({ line: all.length + 1, product, lot, condition, ...uncounted })
  }
  return all
}

/** Opens a sheet at a location, with the keys to be counted if they are known; others may be added while counting. */
export const CreateCount = define("CreateCount", {
  payload: {
    location: LocationId,
    name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
    lines: Schema.optionalKey(Schema.Array(PlannedLine).check(Schema.isMaxLength(MAX_LINES))),
    /** Hides what the books expect from those who count. */
    blind: Schema.optionalKey(Schema.Boolean),
    /** `rebase` when left out. */
    policy: Schema.optionalKey(CountPolicy),
    /** A draft cannot be counted before it is started. */
    draft: Schema.optionalKey(Schema.Boolean)
  },
  reply: Count,
  refusals: [UnknownLocation, UnknownProduct, LotRequired, NotLotTracked],
  locations: ({ location }) => [location],
  footprint: ({ location, lines = [] }) => ({
    rows: [ref("locations", location), ...lines.map(({ product }) => ref("products", product))]
  }),
  decide: (slice, { location, name = "", lines = [], blind = false, policy = "rebase", draft = false }, context) =>
    Result.gen(function* () {
      yield* knownLocation(slice, location)
      for (const { product, lot } of lines) yield* checkLotNamed(yield* knownProduct(slice, product), lot)
      return writtenCount({
        id: CountId.make(context.id),
        name,
        location,
        lines: withLines([], lines),
        blind,
        policy,
        state: draft ? "draft" : "counting",
        version: 1,
        createdAt: context.now,
        updatedAt: context.now
      })
    })
})

const atLocation = { count: CountId, location: LocationId }
const refusals = [UnknownCount, CountElsewhere, CountStateConflict] as const
const rowFootprint = ({ count }: { readonly count: CountId }): Footprint => ({ rows: [ref("counts", count)] })

const stockFootprint = (
  { count: id, location }: { readonly count: CountId; readonly location: LocationId },
  slice: Slice
): Footprint => {
  const count = slice.row("counts", id)
  const lines = count?.location === location ? count.lines : []
  return {
    rows: [ref("counts", id), ref("locations", location), ...lotRefs(lines)],
    stock: lines.map(({ product }) => ({ product, location }))
  }
}

/** Lets a draft be counted. */
export const StartCount = define("StartCount", {
  payload: atLocation,
  reply: Count,
  refusals,
  locations: ({ location }) => [location],
  footprint: rowFootprint,
  decide: (slice, { count: id, location }, context) =>
    Result.map(countAt(slice, id, location, ["draft"]), (before) =>
      writtenCount(changedCount(before, { state: "counting" }, context))
    )
})

/**
 * Notes what was found of some keys, and with each what the books say at this moment; a key that is not on the sheet is
 * added. What is said of a key last counts. The reply has these lines of the sheet and no others: whoever scans key by
 * key on a full sheet would get, and the ledger would keep, a thousand lines for each.
 */
export const RecordCount = define("RecordCount", {
  payload: {
    ...atLocation,
    lines: Schema.NonEmptyArray(
      Schema.Struct({
        ...CountedKey,
        quantity: QuantityOrZero,
        /** How the quantity was said, where it is not zero. */
        entered: enteredQuantity.entered,
        /** The day until which the lot may be used, where it is not known yet. */
        expiresOn: Schema.optionalKey(CalendarDate),
        reason: Schema.optionalKey(CountReason)
      })
    ).check(Schema.isMaxLength(MAX_LINES))
  },
  reply: Count,
  refusals: [...refusals, UnknownProduct, ...lotArrivalRefusals, ...enteredRefusals, CountFull],
  locations: ({ location }) => [location],
  footprint: ({ count, location, lines }) => ({
    rows: [ref("counts", count), ...lines.map(({ product }) => ref("products", product)), ...lotRefs(lines)],
    stock: lines.map(({ product }) => ({ product, location }))
  }),
  decide: (slice, { count: id, location, lines: found }, context) =>
    Result.gen(function* () {
      const before = yield* countAt(slice, id, location, ["counting"])
      for (const { product: id, lot, quantity, entered } of found) {
        const product = yield* knownProduct(slice, id)
        yield* checkLotNamed(product, lot)
        yield* checkEntered(product, quantity, entered)
      }
      yield* checkExpiries(slice, foundAt(location, found))
      const known = withLines(before.lines, found)
      if (known.length > MAX_LINES) return yield* Result.fail(new CountFull({ count: id, accepted: MAX_LINES }))
      const lastOf = new Map(found.map((key) => [keyOf(key), key]))
      const lines = known.map((line) => {
        const last = lastOf.get(keyOf(line))
        if (last === undefined) return line
        const { quantity, reason = null, expiresOn } = last
        const said = { ...keptEntered(last), ...(expiresOn === undefined ? {} : { expiresOn }) }
        return { ...countedLine(slice, location, plain(line), quantity, context), reason, ...said }
      })
      const noted = lines.filter((line) => lastOf.has(keyOf(line)))
      return writtenCount(changedCount(before, { lines }, context), noted)
    })
})

/** Ends the counting. Lines that nobody counted are counted as zero, left out, or else a reason to refuse. */
export const FinishCount = define("FinishCount", {
  payload: { ...atLocation, uncounted: Schema.optionalKey(Schema.Literals(["zero", "skip"])) },
  reply: Count,
  refusals: [...refusals, CountIncomplete],
  locations: ({ location }) => [location],
  footprint: stockFootprint,
  decide: (slice, { count: id, location, uncounted }, context) =>
    Result.gen(function* () {
      const before = yield* countAt(slice, id, location, ["counting"])
      const missing = before.lines.filter(({ counted }) => counted === null)
      if (missing.length > 0 && uncounted === undefined) {
        const lines = missing.map(({ line, product, lot }) => ({ line, product, lot }))
        return yield* Result.fail(new CountIncomplete({ count: id, lines }))
      }
      const zero = (line: CountLine) =>
        line.counted === null && uncounted === "zero" ? countedLine(slice, location, line, 0, context) : line
      return writtenCount(changedCount(before, { state: "counted", lines: before.lines.map(zero) }, context))
    })
})

/** Sends lines back to be counted again, all of them when none is named. */
export const RecountLines = define("RecountLines", {
  payload: {
    ...atLocation,
    lines: Schema.optionalKey(Schema.NonEmptyArray(Schema.Int).check(Schema.isMaxLength(MAX_LINES)))
  },
  reply: Count,
  refusals: [...refusals, UnknownCountLine],
  locations: ({ location }) => [location],
  footprint: rowFootprint,
  decide: (slice, { count: id, location, lines: again }, context) =>
    Result.gen(function* () {
      const before = yield* countAt(slice, id, location, ["counted", "approved"])
      const unknown = again?.find((line) => before.lines[line - 1] === undefined)
      if (unknown !== undefined) {
        return yield* Result.fail(new UnknownCountLine({ count: id, line: unknown, lines: before.lines.length }))
      }
      const lines = before.lines.map((line) =>
        again === undefined || again.includes(line.line) ? { ...plain(line), ...uncounted } : line
      )
      return writtenCount(changedCount(before, { state: "counting", lines }, context))
    })
})

/** Approves what was counted, with reasons for lines that differ. */
export const ApproveCount = define("ApproveCount", {
  payload: {
    ...atLocation,
    reasons: Schema.optionalKey(
      Schema.Array(Schema.Struct({ line: Schema.Int, reason: CountReason })).check(Schema.isMaxLength(MAX_LINES))
    )
  },
  reply: Count,
  refusals: [...refusals, UnknownCountLine],
  locations: ({ location }) => [location],
  footprint: rowFootprint,
  decide: (slice, { count: id, location, reasons = [] }, context) =>
    Result.gen(function* () {
      const before = yield* countAt(slice, id, location, ["counted"])
      const unknown = reasons.find(({ line }) => before.lines[line - 1] === undefined)
      if (unknown !== undefined) {
        return yield* Result.fail(new UnknownCountLine({ count: id, line: unknown.line, lines: before.lines.length }))
      }
      const given = new Map(reasons.map(({ line, reason }) => [line, reason]))
      const lines = before.lines.map((line) => ({ ...line, reason: given.get(line.line) ?? line.reason }))
      return writtenCount(changedCount(before, { state: "approved", lines }, context))
    })
})

/** The movement that makes the books agree with what was found. */
const adjustment = (count: Count, line: CountLine): NewMovement => {
  const difference = differenceOf(line)
  const [from, to] =
    difference > 0 ? (["adjustment", line.condition] as const) : ([line.condition, "adjustment"] as const)
  return {
    kind: "countAdjustment",
    ...{ product: line.product, location: count.location, lot: line.lot, from, to },
    quantity: Math.abs(difference),
    reason: line.reason,
    source: { type: "count", id: count.id },
    unitCost: null
  }
}

/**
 * What there is to take away of a line's condition: of what is sellable, only what nobody has claimed, but for claims
 * that may exceed what is there.
 */
const spare = (slice: Slice, { location }: Count, { product, lot, condition }: CountLine): number => {
  const balance = balanceOf(slice.stock({ product, location }), lot)
  return condition === "sellable" ? Math.min(balance.sellable, promisable(balance)) : balance[condition]
}

/**
 * Posts an approved count: each difference goes to the books as they are now, all of them or none. A key that moved
 * after it was counted keeps what happened to it, unless the count rejects that. What is claimed is not counted away:
 * then the claims are to be released first. A lot that was found, and that nobody received, is known from then on, with
 * the expiry that was read from it; without one it does not expire until somebody says when.
 */
export const PostCount = define("PostCount", {
  payload: atLocation,
  reply: Count,
  refusals: [...refusals, CountStale, InsufficientStock, LotExpiryConflict],
  locations: ({ location }) => [location],
  footprint: stockFootprint,
  decide: (slice, { count: id, location }, context) =>
    Result.gen(function* () {
      const before = yield* countAt(slice, id, location, ["approved"])
      const stale = before.lines.flatMap(({ line, product, lot, position }) => {
        const current = balanceOf(slice.stock({ product, location }), lot).version
        return position === null || position === current ? [] : [{ line, product, lot, position, current }]
      })
      if (before.policy === "reject" && stale.length > 0) {
        return yield* Result.fail(new CountStale({ count: id, lines: stale }))
      }
      const short = before.lines.flatMap((line) => {
        const [wanted, free] = [-differenceOf(line), spare(slice, before, line)]
        const key = { product: line.product, location, lot: line.lot }
        return wanted > Math.max(0, free) ? [{ key, wanted, available: free, nextIncoming: null }] : []
      })
      if (short.length > 0) return yield* Result.fail(new InsufficientStock({ lines: short }))
      const differing = before.lines.filter((line) => differenceOf(line) !== 0)
      const posted = writtenCount(changedCount(before, { state: "posted" }, context))
      const found = foundAt(location, differing)
      yield* checkExpiries(slice, found)
      const lots = writtenLots(newLots(slice, found, context))
      return {
        reply: posted.reply,
        rows: [...posted.rows, ...lots.rows],
        events: [...posted.events, ...lots.events],
        movements: differing.map((line) => adjustment(before, line))
      }
    })
})

/** Gives up a count that was not posted; nothing of it reaches the books. */
export const CancelCount = define("CancelCount", {
  payload: atLocation,
  reply: Count,
  refusals,
  locations: ({ location }) => [location],
  footprint: rowFootprint,
  decide: (slice, { count: id, location }, context) =>
    Result.map(countAt(slice, id, location, ["draft", "counting", "counted", "approved"]), (before) =>
      writtenCount(changedCount(before, { state: "canceled" }, context))
    )
})
