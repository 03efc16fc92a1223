/**
 * Stock movements over HTTP: recording what came, went or changed its condition, and reading the ledger.
 */
import {
  CalendarDate,
  LocationId,
  Lot,
  MAX_LINES,
  MovementId,
  type MovementKind,
  Place,
  ProductId,
  Source,
  UnitCost
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, quantityInUnit, Timestamp, TimestampInput } from "./Amount.ts"
import { Authorization, about, keyRequired, replayable, writeErrors } from "./Convention.ts"
import { listOf, pagedQuery } from "./Listing.ts"
import { problems, unitProblems } from "./Problem.ts"

/** The name on the wire of each kind in the ledger. */
export const wireKindOf = {
  opening: "opening",
  receipt: "purchase",
  sale: "sale",
  customerReturn: "return",
  supplierReturn: "supplier_return",
  transferOut: "transfer_out",
  transferIn: "transfer_in",
  adjustment: "adjustment",
  countAdjustment: "count_adjustment",
  damage: "damaged",
  conditionChange: "condition_change",
  scrap: "scrap",
  reversal: "reversal"
} as const satisfies Readonly<Record<MovementKind, string>>

export const WireKind = Schema.Literals(Object.values(wireKindOf))
export type WireKind = typeof WireKind.Type

/** What each name on the wire is in the ledger. */
export const wireKinds = Object.fromEntries(Object.entries(wireKindOf).map(([kind, wire]) => [wire, kind])) as Readonly<
  Record<WireKind, MovementKind>
>

/** The kinds that a caller may record; orders, transfers and counts write theirs as well. */
const Line = Schema.Struct({
  kind: WireKind,
  product: ProductId,
  location: LocationId,
  lot: Schema.optionalKey(Lot),
  expiresOn: Schema.optionalKey(
    CalendarDate.annotate({ description: "The day until which the lot may be used, where it is not known yet" })
  ),
  ...quantityInUnit,
  quantity: Decimal.annotate({
    description: "Above zero; an adjustment may be below zero, which takes stock away"
  }),
  from: Schema.optionalKey(Place),
  to: Schema.optionalKey(Place),
  expected: Schema.optionalKey(
    Decimal.annotate({ description: "What you saw in the condition that changes; any other quantity there is refused" })
  ),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  unitCost: Schema.optionalKey(UnitCost)
})
export interface NewMovementLine extends Schema.Schema.Type<typeof Line> {}

export const NewMovements = Schema.Struct({
  lines: Schema.NonEmptyArray(Line).check(Schema.isMaxLength(MAX_LINES)),
  source: Schema.optionalKey(Source),
  occurredAt: Schema.optionalKey(TimestampInput)
}).annotate({ identifier: "NewMovements" })

/** What is there after the movements, for each product, location and lot that they touched. */
export const MovedLevel = Schema.Struct({
  product: ProductId,
  location: LocationId,
  lot: Lot,
  onHand: Decimal,
  available: Decimal
}).annotate({ identifier: "MovedLevel" })

export const MovedLevels = Schema.Struct({ levels: Schema.Array(MovedLevel) })

/** Which movement is to be undone: the location that it was recorded at, and why. */
export const NewReversal = Schema.Struct({
  location: LocationId,
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200)))
}).annotate({ identifier: "NewReversal", examples: [{ location: "corner", reason: "Booked twice" } as never] })

/**
 * A movement in the ledger. `quantity` is as it was recorded; `change` is what it did to the stock on hand. The sums
 * after it are of its product, location and lot.
 */
export const Movement = Schema.Struct({
  id: Schema.String,
  kind: WireKind,
  product: ProductId,
  location: LocationId,
  lot: Lot,
  quantity: Decimal,
  change: Decimal,
  from: Place,
  to: Place,
  reason: Schema.NullOr(Schema.String),
  source: Schema.NullOr(Source),
  unitCost: Schema.NullOr(UnitCost),
  entered: AsEntered,
  onHandAfter: Decimal,
  sellableAfter: Decimal,
  actor: Schema.NullOr(Schema.String),
  occurredAt: Timestamp,
  recordedAt: Timestamp
}).annotate({ identifier: "StockMovement" })
export interface Movement extends Schema.Schema.Type<typeof Movement> {}

export class StockMovementsApi extends HttpApiGroup.make("stockMovements")
  .add(
    HttpApiEndpoint.post("record", "/stock-movements", {
      headers: keyRequired,
      payload: NewMovements,
      success: HttpApiSchema.WithHeaders(MovedLevels.pipe(HttpApiSchema.status(201)), replayable),
      error: [
        problems.InsufficientStock,
        problems.ImpossibleFlow,
        problems.StaleQuantity,
        ...unitProblems,
        problems.UnknownProduct,
        problems.ProductInactive,
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.LotRequired,
        problems.NotLotTracked,
        problems.LotExpired,
        problems.LotRecalled,
        problems.LotExpiryConflict,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Record stock movements",
        description:
          "All lines or none. Quantities are in the product's unit. Of a product with lots each line names one; a " +
          "sale that names none takes those that expire first."
      })
    ),
    HttpApiEndpoint.post("reverse", "/stock-movements/:id/reverse", {
      params: { id: MovementId },
      headers: keyRequired,
      payload: NewReversal,
      success: HttpApiSchema.WithHeaders(MovedLevels.pipe(HttpApiSchema.status(201)), replayable),
      error: [
        problems.UnknownMovement,
        problems.NotReversible,
        problems.InsufficientStock,
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Reverse a movement",
        description:
          "Records its exact inverse beside it, once, as long as what it brought is still there and nobody claims " +
          "it. What an order, a transfer or a count recorded is taken back by that document alone."
      })
    ),
    HttpApiEndpoint.get("list", "/stock-movements", {
      query: {
        ...pagedQuery,
        product: Schema.optionalKey(ProductId),
        location: Schema.optionalKey(LocationId),
        kind: Schema.optionalKey(WireKind),
        from: Schema.optionalKey(TimestampInput),
        to: Schema.optionalKey(TimestampInput),
        order: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(64)))
      },
      success: listOf(Movement),
      error: [problems.InvalidCursor]
    }).annotateMerge(
      about("stock:write", {
        summary: "Read the ledger",
        description: "Newest first, as recorded; bounded by `from` and `to` as it happened: from ≤ occurredAt < to."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Stock movements", description: "The immutable ledger of stock." })) {}
