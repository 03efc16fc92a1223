/**
 * Stock counts: what somebody found on the shelf. A count remembers what the books said at the moment of counting, and
 * posts the difference, so that what was sold meanwhile stays sold.
 */
import { Result, Schema } from "effect"
import type { DecisionContext } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { CalendarDate } from "./Lot.ts"
import { Entered } from "./Pack.ts"
import { ProductId } from "./Product.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { put } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { balanceOf } from "./Slice.ts"
import { Condition, Lot } from "./StockKey.ts"

export const CountId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("CountId"))
export type CountId = typeof CountId.Type

/** A count ends as `posted` or `canceled`. */
export const countStates = ["draft", "counting", "counted", "approved", "posted", "canceled"] as const
export const CountState = Schema.Literals(countStates)
export type CountState = typeof CountState.Type

/** Why the shelf and the books differ, in the words of the host: `shrinkage`, `miscounted`, `found`. */
export const CountReason = Schema.NonEmptyString.check(Schema.isMaxLength(200))

/**
 * A line: one condition of one stock key. `counted` is null until somebody counted it; `expected` is what the books had
 * then, and `position` the version of the key's balance, which is its place in the ledger. Quantities are steps of the
 * product's unit; the difference is counted − expected. `entered` is how `counted` was said, where somebody said it in
 * another way than in steps, and `expiresOn` what stands on a lot that the books do not know yet.
 */
export const CountLine = Schema.Struct({
  line: Schema.Int,
  product: ProductId,
  lot: Lot,
  condition: Condition,
  counted: Schema.NullOr(QuantityOrZero),
  expected: Schema.NullOr(QuantityOrZero),
  position: Schema.NullOr(Schema.Int),
  countedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  countedBy: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(CountReason),
  entered: Schema.optionalKey(Entered),
  expiresOn: Schema.optionalKey(CalendarDate)
}).annotate({ identifier: "CountLine" })
export interface CountLine extends Schema.Schema.Type<typeof CountLine> {}

/** What becomes of a line whose key moved after it was counted: its difference still counts, or the post is refused. */
export const CountPolicy = Schema.Literals(["rebase", "reject"])

/** A sheet of lines at one location. Large counts are several sheets, with one `name`. */
export const Count = Schema.Struct({
  id: CountId,
  name: Schema.String,
  location: LocationId,
  lines: Schema.Array(CountLine),
  blind: Schema.Boolean,
  policy: CountPolicy,
  state: CountState,
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Count" })
export interface Count extends Schema.Schema.Type<typeof Count> {}

export class UnknownCount extends Schema.TaggedError<UnknownCount>()("UnknownCount", { count: CountId }) {
  override get message() {
    return `There is no count ${this.count}; the id of a count is accepted`
  }
}

/** The count is of another location. */
export class CountElsewhere extends Schema.TaggedError<CountElsewhere>()("CountElsewhere", {
  count: CountId,
  location: LocationId,
  accepted: LocationId
}) {
  override get message() {
    return `Count ${this.count} is not at ${this.location}; ${this.accepted} is accepted`
  }
}

export class CountStateConflict extends Schema.TaggedError<CountStateConflict>()("CountStateConflict", {
  count: CountId,
  state: CountState,
  accepted: Schema.Array(CountState)
}) {
  override get message() {
    return `Count ${this.count} is ${this.state}; one that is ${this.accepted.join(" or ")} is accepted`
  }
}

export class UnknownCountLine extends Schema.TaggedError<UnknownCountLine>()("UnknownCountLine", {
  count: CountId,
  line: Schema.Int,
  lines: Schema.Int
}) {
  override get message() {
    return `Count ${this.count} has no line ${this.line}; 1 to ${this.lines} are accepted`
  }
}

/** Nobody counted these lines. */
export class CountIncomplete extends Schema.TaggedError<CountIncomplete>()("CountIncomplete", {
  count: CountId,
  lines: Schema.Array(Schema.Struct({ line: Schema.Int, product: ProductId, lot: Lot }))
}) {
  override get message() {
    const accepted = 'their counts, or `uncounted` as "zero" or "skip", are accepted'
    return `Nobody counted ${this.lines.map(({ product }) => product).join(", ")} of count ${this.count}; ${accepted}`
  }
}

/** The keys of these lines moved after they were counted, and the count does not let them. */
export class CountStale extends Schema.TaggedError<CountStale>()("CountStale", {
  count: CountId,
  lines: Schema.Array(
    Schema.Struct({ line: Schema.Int, product: ProductId, lot: Lot, position: Schema.Int, current: Schema.Int })
  )
}) {
  override get message() {
    const moved = this.lines.map(({ product }) => product).join(", ")
    return `Stock of ${moved} moved after count ${this.count}; a recount of these lines is accepted`
  }
}

/** More lines than a sheet has room for. */
export class CountFull extends Schema.TaggedError<CountFull>()("CountFull", {
  count: CountId,
  accepted: Schema.Int
}) {
  override get message() {
    return `Count ${this.count} has no room for these; ${this.accepted} lines, and another sheet for more, are accepted`
  }
}

/** The difference that a counted line posts; 0 while it is not counted. */
export const differenceOf = ({ counted, expected }: Pick<CountLine, "counted" | "expected">): number =>
  counted === null || expected === null ? 0 : counted - expected

/** The count as those who count may see it: without what the books expect, as long as a blind count is under way. */
export const blindly = (count: Count): Count =>
  count.blind && (count.state === "draft" || count.state === "counting")
    ? { ...count, lines: count.lines.map((line) => ({ ...line, expected: null, position: null })) }
    : count

/** The count, if it exists, is at the location, and is in one of the accepted states. */
export const countAt = (
  slice: Slice,
  id: CountId,
  location: LocationId,
  accepted: ReadonlyArray<CountState>
): Result.Result<Count, UnknownCount | CountElsewhere | CountStateConflict> => {
  const count = slice.row("counts", id)
  if (count === undefined) return Result.fail(new UnknownCount({ count: id }))
  if (count.location !== location) {
    return Result.fail(new CountElsewhere({ count: id, location, accepted: count.location }))
  }
  return accepted.includes(count.state)
    ? Result.succeed(count)
    : Result.fail(new CountStateConflict({ count: id, state: count.state, accepted }))
}

/** The count with changes, one version on. */
export const changedCount = (
  count: Count,
  changes: Partial<Pick<Count, "lines" | "state">>,
  context: DecisionContext
): Count => ({ ...count, ...changes, version: count.version + 1, updatedAt: context.now })

/** What every command on a count answers, writes and tells; the answer is the whole sheet, or `lines` of it alone. */
export const writtenCount = (count: Count, lines = count.lines) => ({
  reply: blindly({ ...count, lines }),
  rows: [put("counts", count)],
  events: [{ _tag: "CountChanged" as const, count: count.id, location: count.location, state: count.state }]
})

/** The line as it is counted now, with what the books say of it at this moment. */
export const countedLine = (
  slice: Slice,
  location: LocationId,
  line: CountLine,
  counted: number,
  { now, actor }: DecisionContext
): CountLine => {
  const balance = balanceOf(slice.stock({ product: line.product, location }), line.lot)
  const expected = balance[line.condition]
  return { ...line, counted, expected, position: balance.version, countedAt: now, countedBy: actor }
}
