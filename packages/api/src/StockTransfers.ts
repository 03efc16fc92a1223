/**
 * Transfers over HTTP: stock on its way between two locations.
 */
import {
  Condition,
  Transfer as CoreTransfer,
  TransferLine as CoreTransferLine,
  LocationId,
  Lot,
  MAX_LINES,
  ProductId,
  TransferId,
  TransferState
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, quantityInUnit, Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems, unitProblems } from "./Problem.ts"

const line = CoreTransferLine.fields
const transfer = CoreTransfer.fields

/** A line: what was asked for, and what became of it. shipped = received + damaged + lost + returned + open. */
export const TransferLine = Schema.Struct({
  line: line.line,
  product: line.product,
  lot: line.lot,
  quantity: Decimal,
  entered: AsEntered,
  shipped: Decimal,
  received: Decimal,
  damaged: Decimal,
  lost: Decimal,
  returned: Decimal,
  open: Decimal
}).annotate({ identifier: "StockTransferLine" })

export const Transfer = Schema.Struct({
  id: transfer.id,
  origin: transfer.origin,
  destination: transfer.destination,
  state: transfer.state,
  lines: Schema.Array(TransferLine),
  reason: transfer.reason,
  version: transfer.version,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "StockTransfer" })
export interface Transfer extends Schema.Schema.Type<typeof Transfer> {}

const Line = Schema.Struct({
  product: ProductId,
  lot: Schema.optionalKey(Lot.annotate({ description: "Any lot when it is left out" })),
  ...quantityInUnit
})
export interface NewTransferLine extends Schema.Schema.Type<typeof Line> {}
const Lines = Schema.NonEmptyArray(Line).check(Schema.isMaxLength(MAX_LINES))

export const NewTransfer = Schema.Struct({
  origin: LocationId,
  destination: LocationId,
  lines: Lines,
  draft: Schema.optionalKey(Schema.Boolean.annotate({ description: "A draft claims nothing until it is made ready" }))
}).annotate({ identifier: "NewStockTransfer" })

export const TransferLines = Schema.Struct({ lines: Lines }).annotate({ identifier: "StockTransferLines" })

const Arrived = Schema.Struct({
  line: Schema.Int,
  ...quantityInUnit,
  condition: Schema.optionalKey(Condition.annotate({ description: "Sellable when it is left out" }))
})
export interface ArrivedTransferLine extends Schema.Schema.Type<typeof Arrived> {}

export const TransferArrival = Schema.Struct({
  lines: Schema.NonEmptyArray(Arrived).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "StockTransferArrival" })

export const TransferShortage = Schema.Struct({
  reason: Schema.NonEmptyString.check(Schema.isMaxLength(200))
}).annotate({ identifier: "StockTransferShortage" })

const params = { id: TransferId }
const changed = HttpApiSchema.WithHeaders(Transfer, { ...etag, ...replayable })
const errors = [problems.UnknownTransfer, problems.TransferStateConflict, problems.Forbidden, ...writeErrors] as const

/** Something that is done to a transfer and needs nothing but its id. */
const action = <const Name extends string, const Path extends `/${string}`>(
  name: Name,
  path: Path,
  text: { readonly summary: string; readonly description: string }
) =>
  HttpApiEndpoint.post(name, `/stock-transfers/:id${path}` as const, {
    params,
    headers: keyRequired,
    success: changed,
    error: [problems.InsufficientStock, problems.LotExpired, problems.LotRecalled, ...errors]
  }).annotateMerge(about("stock:write", text))

export class StockTransfersApi extends HttpApiGroup.make("stockTransfers")
  .add(
    HttpApiEndpoint.get("list", "/stock-transfers", {
      query: {
        ...cursorQuery,
        state: Schema.optionalKey(TransferState),
        origin: Schema.optionalKey(LocationId),
        destination: Schema.optionalKey(LocationId),
        location: Schema.optionalKey(LocationId.annotate({ description: "Either end" }))
      },
      success: listOf(Transfer),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:write", { summary: "List transfers", description: "Newest first." })),
    HttpApiEndpoint.post("create", "/stock-transfers", {
      headers: keyRequired,
      payload: NewTransfer,
      success: HttpApiSchema.WithHeaders(Transfer.pipe(HttpApiSchema.status(201)), { ...etag, ...replayable }),
      error: [
        problems.SameLocation,
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.UnknownProduct,
        problems.InsufficientStock,
        problems.NotLotTracked,
        problems.LotExpired,
        problems.LotRecalled,
        problems.Forbidden,
        ...unitProblems,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Create a transfer",
        description: "It is ready, all lines or none committed at the origin; or a draft, which claims nothing."
      })
    ),
    HttpApiEndpoint.get("byId", "/stock-transfers/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Transfer, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownTransfer]
    }).annotateMerge(about("stock:write", { summary: "Get a transfer" })),
    HttpApiEndpoint.put("setLines", "/stock-transfers/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: TransferLines,
      success: changed,
      error: [
        problems.UnknownProduct,
        problems.NotLotTracked,
        problems.StaleVersion,
        problems.PreconditionRequired,
        ...unitProblems,
        ...errors
      ]
    }).annotateMerge(about("stock:write", { summary: "Set the lines of a draft" })),
    action("ready", "/ready", {
      summary: "Make a draft ready",
      description: "Commits all its lines at the origin, or none."
    }),
    action("release", "/release", {
      summary: "Make a ready transfer a draft again",
      description: "What it had committed is available."
    }),
    action("dispatch", "/dispatch", {
      summary: "Send a ready transfer",
      description: "Its stock leaves the origin and is on its way."
    }),
    action("complete", "/complete", {
      summary: "Receive all that is still on its way",
      description: "As sellable stock at the destination."
    }),
    action("cancel", "/cancel", {
      summary: "Cancel a transfer",
      description: "What it committed is available, and what is still on its way goes back to the origin."
    }),
    HttpApiEndpoint.post("receive", "/stock-transfers/:id/receive", {
      params,
      headers: keyRequired,
      payload: TransferArrival,
      success: changed,
      error: [problems.UnknownTransferLine, problems.TransferExceeded, ...unitProblems, ...errors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Receive a part of what is on its way",
        description: "Each line into a condition at the destination; a line may come several times."
      })
    ),
    HttpApiEndpoint.post("closeShort", "/stock-transfers/:id/close-short", {
      params,
      headers: keyRequired,
      payload: TransferShortage,
      success: changed,
      error: errors
    }).annotateMerge(
      about("stock:write", { summary: "Give up what is still on its way", description: "It is written off as lost." })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Transfers", description: "Stock on its way between locations." })) {}
