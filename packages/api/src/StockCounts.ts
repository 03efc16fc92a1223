/**
 * Stock counts over HTTP: sheets on which people note what they find on the shelf, and which correct the books.
 */
import {
  CalendarDate,
  Condition,
  Count as CoreCount,
  CountLine as CoreCountLine,
  CountId,
  CountPolicy,
  CountReason,
  CountState,
  LocationId,
  Lot,
  MAX_LINES,
  ProductId
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, quantityInUnit, Timestamp } from "./Amount.ts"
import { Authorization, about, etag, keyRequired, replayable, versionKnown, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems, unitProblems } from "./Problem.ts"

const line = CoreCountLine.fields
const count = CoreCount.fields

/**
 * A line: one condition of one lot of a product. `expected` is what the books had at the moment it was counted, and
 * `difference` is counted − expected; both are null while the line is not counted or a blind count is under way.
 * `entered` is how `counted` was said, and `expiresOn` what was read from the lot, where either was.
 */
export const CountLine = Schema.Struct({
  line: line.line,
  product: line.product,
  lot: line.lot,
  condition: line.condition,
  counted: Schema.NullOr(Decimal),
  entered: AsEntered,
  expected: Schema.NullOr(Decimal),
  difference: Schema.NullOr(Decimal),
  countedAt: Schema.NullOr(Timestamp),
  countedBy: line.countedBy,
  reason: line.reason,
  expiresOn: Schema.NullOr(CalendarDate)
}).annotate({ identifier: "StockCountLine" })

export const Count = Schema.Struct({
  id: count.id,
  name: count.name,
  location: count.location,
  state: count.state,
  blind: count.blind,
  policy: count.policy,
  lines: Schema.Array(CountLine),
  version: count.version,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "StockCount" })
export interface Count extends Schema.Schema.Type<typeof Count> {}

const counted = {
  product: ProductId,
  lot: Schema.optionalKey(Lot.annotate({ description: "The stock without a lot when it is left out" })),
  condition: Schema.optionalKey(Condition.annotate({ description: "Sellable when it is left out" }))
}

export const NewCount = Schema.Struct({
  location: LocationId,
  name: Schema.optionalKey(
    Schema.String.check(Schema.isMaxLength(200)).annotate({ description: "Sheets of one large count share a name" })
  ),
  lines: Schema.optionalKey(
    Schema.Array(Schema.Struct(counted))
      .check(Schema.isMaxLength(MAX_LINES))
      .annotate({ description: "What is to be counted; whatever else is found is added while counting" })
  ),
  blind: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Hides what the books expect until the counting has ended" })
  ),
  policy: Schema.optionalKey(
    CountPolicy.annotate({
      description:
        "What becomes of a line whose stock moved after it was counted: its difference is posted all the same " +
        "(`rebase`, when it is left out), or the post is refused (`reject`)"
    })
  ),
  draft: Schema.optionalKey(Schema.Boolean.annotate({ description: "A draft cannot be counted before it is started" }))
}).annotate({
  identifier: "NewStockCount",
  examples: [{ location: "corner", name: "Kitchen", blind: true, lines: [{ product: "mug" }] } as never]
})

const FoundLine = Schema.Struct({
  ...counted,
  ...quantityInUnit,
  quantity: Decimal.annotate({ description: "What was found; zero where there was nothing" }),
  expiresOn: Schema.optionalKey(
    CalendarDate.annotate({ description: "The day until which the lot may be used, where it is not known yet" })
  ),
  reason: Schema.optionalKey(CountReason)
})
export interface FoundLine extends Schema.Schema.Type<typeof FoundLine> {}

export const CountedLines = Schema.Struct({
  lines: Schema.NonEmptyArray(FoundLine).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "CountedLines", examples: [{ lines: [{ product: "mug", quantity: 4 }] } as never] })

export const CountEnd = Schema.Struct({
  uncounted: Schema.optionalKey(
    Schema.Literals(["zero", "skip"]).annotate({
      description: "What becomes of lines that nobody counted: nothing was there, or they are left as they are"
    })
  )
}).annotate({ identifier: "StockCountEnd", examples: [{ uncounted: "skip" }] })

export const CountAgain = Schema.Struct({
  lines: Schema.optionalKey(
    Schema.NonEmptyArray(Schema.Int)
      .check(Schema.isMaxLength(MAX_LINES))
      .annotate({ description: "The numbers of the lines; all of them when it is left out" })
  )
}).annotate({ identifier: "StockCountAgain", examples: [{ lines: [1] }] })

export const CountApproval = Schema.Struct({
  reasons: Schema.optionalKey(
    Schema.Array(Schema.Struct({ line: Schema.Int, reason: CountReason })).check(Schema.isMaxLength(MAX_LINES))
  )
}).annotate({ identifier: "StockCountApproval", examples: [{ reasons: [{ line: 1, reason: "breakage" }] }] })

const params = { id: CountId }
const changed = HttpApiSchema.WithHeaders(Count, { ...etag, ...replayable })
const errors = [problems.UnknownCount, problems.CountStateConflict, problems.Forbidden, ...writeErrors] as const

export class StockCountsApi extends HttpApiGroup.make("stockCounts")
  .add(
    HttpApiEndpoint.get("list", "/stock-counts", {
      query: { ...cursorQuery, state: Schema.optionalKey(CountState), location: Schema.optionalKey(LocationId) },
      success: listOf(Count),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:write", { summary: "List counts", description: "Newest first." })),
    HttpApiEndpoint.post("create", "/stock-counts", {
      headers: keyRequired,
      payload: NewCount,
      success: HttpApiSchema.WithHeaders(Count.pipe(HttpApiSchema.status(201)), { ...etag, ...replayable }),
      error: [
        problems.UnknownLocation,
        problems.UnknownProduct,
        problems.LotRequired,
        problems.NotLotTracked,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Open a sheet",
        description: `At one location, with at most ${MAX_LINES} lines; a larger count is several sheets.`
      })
    ),
    HttpApiEndpoint.get("byId", "/stock-counts/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Count, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownCount]
    }).annotateMerge(about("stock:write", { summary: "Get a count" })),
    HttpApiEndpoint.post("start", "/stock-counts/:id/start", {
      params,
      headers: keyRequired,
      success: changed,
      error: errors
    }).annotateMerge(about("stock:write", { summary: "Let a draft be counted" })),
    HttpApiEndpoint.post("record", "/stock-counts/:id/lines", {
      params,
      headers: keyRequired,
      payload: CountedLines,
      success: changed,
      error: [
        problems.UnknownProduct,
        problems.LotRequired,
        problems.NotLotTracked,
        problems.LotExpiryConflict,
        problems.CountFull,
        ...unitProblems,
        ...errors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Note what was found",
        description:
          "Each line remembers what the books say at this moment. A line that is not on the sheet is added, and what " +
          "is said of a line last counts. The reply is the count with `lines` noted by this request alone."
      })
    ),
    HttpApiEndpoint.post("finish", "/stock-counts/:id/finish", {
      params,
      headers: keyRequired,
      payload: CountEnd,
      success: changed,
      error: [problems.CountIncomplete, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "End the counting",
        description: "Lines that nobody counted are a reason to refuse, unless `uncounted` says what they are."
      })
    ),
    HttpApiEndpoint.post("recount", "/stock-counts/:id/recount", {
      params,
      headers: keyRequired,
      payload: CountAgain,
      success: changed,
      error: [problems.UnknownCountLine, ...errors]
    }).annotateMerge(about("stock:write", { summary: "Send lines back to be counted again" })),
    HttpApiEndpoint.post("approve", "/stock-counts/:id/approve", {
      params,
      headers: keyRequired,
      payload: CountApproval,
      success: changed,
      error: [problems.UnknownCountLine, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Approve what was counted",
        description: "With reasons for lines that differ, if there are any."
      })
    ),
    HttpApiEndpoint.post("post", "/stock-counts/:id/post", {
      params,
      headers: keyRequired,
      success: changed,
      error: [problems.CountStale, problems.InsufficientStock, problems.LotExpiryConflict, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Post the differences",
        description:
          "All of them or none, as `count_adjustment` movements. What was sold since stays sold; what is claimed is " +
          "not counted away."
      })
    ),
    HttpApiEndpoint.post("cancel", "/stock-counts/:id/cancel", {
      params,
      headers: keyRequired,
      success: changed,
      error: errors
    }).annotateMerge(about("stock:write", { summary: "Give up a count", description: "Nothing of it is posted." }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Stock counts", description: "What people found on the shelf." })) {}
