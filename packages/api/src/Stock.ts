/**
 * Stock over HTTP: what is where, whether the books balance, and what ran low.
 */
import { LocationId, Lot, ProductId, StockKey, ValuationMethod } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Decimal, Timestamp, TimestampInput } from "./Amount.ts"
import { Claim } from "./Claims.ts"
import { Authorization, about } from "./Convention.ts"
import { cursorQuery, listOf, pagedQuery, placeFilter } from "./Listing.ts"
import { problems } from "./Problem.ts"
import { LocationStock } from "./Products.ts"
import { Movement } from "./StockMovements.ts"

/** A product at a location. */
export const StockLevel = Schema.Struct({ product: ProductId, ...LocationStock.fields }).annotate({
  identifier: "StockLevel"
})
export interface StockLevel extends Schema.Schema.Type<typeof StockLevel> {}

/**
 * A product at a location as of a time. It is physical: what was held, committed or on its way then is not in it. Below
 * zero where goods were sold before their receipt was dated.
 */
export const PastStockLevel = Schema.Struct({
  product: ProductId,
  location: LocationId,
  onHand: Decimal,
  sellable: Decimal
}).annotate({ identifier: "PastStockLevel" })
export interface PastStockLevel extends Schema.Schema.Type<typeof PastStockLevel> {}

/** One lot of a product at a location. */
export const LotLevel = Schema.Struct({
  lot: Lot,
  onHand: Decimal,
  sellable: Decimal,
  qualityControl: Decimal,
  damaged: Decimal,
  quarantine: Decimal,
  held: Decimal,
  committed: Decimal,
  available: Decimal
}).annotate({ identifier: "LotLevel" })

/** Why so much is available: the level, the lots it is the sum of, and the movements and claims behind these. */
export const StockExplanation = Schema.Struct({
  level: StockLevel,
  lots: Schema.Array(LotLevel),
  movements: listOf(Movement),
  claims: listOf(Claim)
}).annotate({ identifier: "StockExplanation" })

/**
 * What was recomputed from the ledgers, and every number that does not follow from them: of a balance, or of a `claim`
 * what is held or committed by it and until when, in milliseconds since 1970; and of each value that is kept at a place
 * of the ledger the names of what differs. There must never be one.
 */
export const VerificationReport = Schema.Struct({
  sound: Schema.Boolean,
  movements: Schema.Int,
  claimEvents: Schema.Int,
  balances: Schema.Int,
  keptValues: Schema.Int,
  differences: Schema.Array(
    Schema.Struct({
      key: StockKey,
      claim: Schema.optionalKey(Schema.String),
      field: Schema.String,
      stored: Schema.Int,
      recomputed: Schema.Int
    })
  ),
  valueDifferences: Schema.Array(
    Schema.Struct({
      product: ProductId,
      method: ValuationMethod,
      recordedAt: Timestamp,
      fields: Schema.Array(Schema.String)
    })
  )
}).annotate({ identifier: "VerificationReport" })

const { differences: Differences, valueDifferences: ValueDifferences } = VerificationReport.fields

/**
 * What a rebuild corrected, which kept values it dropped to be made anew, and what differs still: a sum that would be
 * unsound even as the ledgers make it.
 */
export const RebuildReport = Schema.Struct({
  sound: Schema.Boolean,
  repaired: Differences,
  forgotten: ValueDifferences,
  left: Differences
}).annotate({ identifier: "RebuildReport" })

/** A product that ran low at a location: since when, and what is available now. */
export const RestockAlert = Schema.Struct({
  product: ProductId,
  location: LocationId,
  low: Decimal,
  clear: Decimal,
  available: Decimal,
  raisedAt: Timestamp
}).annotate({ identifier: "RestockAlertEntry" })
export interface RestockAlert extends Schema.Schema.Type<typeof RestockAlert> {}

export class StockApi extends HttpApiGroup.make("stock")
  .add(
    HttpApiEndpoint.get("levels", "/inventory", {
      query: {
        ...pagedQuery,
        ...placeFilter,
        as_of: Schema.optionalKey(
          TimestampInput.annotate({ description: "What was there then, by all that is known now" })
        ),
        known_at: Schema.optionalKey(
          TimestampInput.annotate({
            description: "What was known then; with as_of, what was known then about that time"
          })
        )
      },
      success: [listOf(StockLevel), listOf(PastStockLevel)],
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("stock:read", {
        summary: "List stock levels",
        description:
          "Each product at each location that ever had some: now, or with `as_of` or `known_at` what was there at " +
          "that instant, as PastStockLevel."
      })
    ),
    HttpApiEndpoint.get("explain", "/inventory/:product/explain", {
      params: { product: ProductId },
      query: { location: LocationId, limit: cursorQuery.limit },
      success: StockExplanation,
      error: [problems.UnknownProduct, problems.UnknownLocation]
    }).annotateMerge(
      about("stock:write", {
        summary: "Explain a level",
        description:
          "All of it as of one instant: the lots, the newest movements, and the open claims. The cursors of the two " +
          "lists go on in `/stock-movements` and `/claims` of the same product and location."
      })
    ),
    HttpApiEndpoint.get("verify", "/inventory/verify", {
      success: VerificationReport
    }).annotateMerge(
      about("stock:write", {
        summary: "Verify the books",
        description: "Recomputes every sum from the ledgers. Quantities are in the smallest steps of the unit."
      })
    ),
    HttpApiEndpoint.post("rebuild", "/inventory/rebuild", {
      success: RebuildReport,
      error: [problems.OutcomeUnknown, problems.Unavailable]
    }).annotateMerge(
      about("stock:repair", {
        summary: "Rebuild the sums from the ledgers",
        description:
          "Makes every sum what the ledgers say where `/inventory/verify` finds that it is not; the ledger keeps " +
          "what was repaired when. Where the books are sound it changes nothing. Others go on writing meanwhile."
      })
    ),
    HttpApiEndpoint.get("restockAlerts", "/inventory/restock-alerts", {
      query: { ...cursorQuery, ...placeFilter },
      success: listOf(RestockAlert),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:read", { summary: "List what ran low", description: "The longest low first." }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Stock", description: "What is where." })) {}
