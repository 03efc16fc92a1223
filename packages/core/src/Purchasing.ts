/**
 * The commands on a purchase order before and beside its receipts: to plan it, to place it with the vendor, to cancel
 * what is still to come, and to close it.
 */
import { DateTime, Result, Schema } from "effect"
import { type DecisionContext, define, type Footprint, MAX_LINES } from "./Command.ts"
import { activeLocation, LocationId, LocationInactive, UnknownLocation } from "./Location.ts"
import { checkEntered, enteredRefusals, type InexactQuantity, keptEntered, type UnknownUnit } from "./Pack.ts"
import { activeProduct, ProductId, ProductInactive, UnknownProduct } from "./Product.ts"
import {
  changedPurchaseOrder,
  expectedStates,
  openOnOrder,
  PurchaseOrder,
  PurchaseOrderDraft,
  type PurchaseOrderDraftLine,
  PurchaseOrderElsewhere,
  PurchaseOrderExceeded,
  PurchaseOrderId,
  type PurchaseOrderLine,
  PurchaseOrderStateConflict,
  purchaseOrderAt,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine,
  wantedOfLines,
  writtenPurchaseOrder
} from "./PurchaseOrder.ts"
import { Quantity } from "./Quantity.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { activeVendor, UnknownVendor, VendorId, VendorInactive } from "./Vendor.ts"
import { acceptedQuantity, termsOf, vendorProductId } from "./VendorProduct.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

/** A quantity that the vendor does not sell: less than its minimum, or not whole packs. One entry for each line. */
export class QuantityNotOffered extends Schema.TaggedError<QuantityNotOffered>()("QuantityNotOffered", {
  vendor: VendorId,
  lines: Schema.Array(Schema.Struct({ line: Schema.Int, product: ProductId, wanted: Quantity, accepted: Schema.Int }))
}) {
  override get message() {
    const lines = this.lines.map(({ product, wanted, accepted }) => `${wanted} of ${product} (next: ${accepted})`)
    return `Vendor ${this.vendor} does not sell ${lines.join(", ")}; whole packs from its minimum on are accepted`
  }
}

const nothingArrived = { received: 0, over: 0, damaged: 0, canceled: 0 }

const askedLines = (
  slice: Slice,
  asked: ReadonlyArray<PurchaseOrderDraftLine>
): Result.Result<ReadonlyArray<PurchaseOrderLine>, UnknownProduct | ProductInactive | UnknownUnit | InexactQuantity> =>
  Result.gen(function* () {
    const lines: Array<PurchaseOrderLine> = []
    for (const [index, { product, quantity, unitCost = null, ...said }] of asked.entries()) {
      yield* checkEntered(yield* activeProduct(slice, product), quantity, said.entered)
      const ordered = { ordered: quantity, ...keptEntered(said) }
      lines.push({ line: index + 1, product, vendorSku: null, unitCost, ...ordered, ...nothingArrived })
    }
    return lines
  })

const atDestination = { purchaseOrder: PurchaseOrderId, destination: LocationId }
const refusals = [UnknownPurchaseOrder, PurchaseOrderElsewhere, PurchaseOrderStateConflict] as const
const Reason = Schema.NonEmptyString.check(Schema.isMaxLength(200))

/** Creates a purchase order as a draft: a plan, of which nothing is incoming. */
export const CreatePurchaseOrder = define("CreatePurchaseOrder", {
  payload: PurchaseOrderDraft.fields,
  reply: PurchaseOrder,
  refusals: [
    UnknownVendor,
    VendorInactive,
    UnknownLocation,
    LocationInactive,
    UnknownProduct,
    ProductInactive,
    ...enteredRefusals
  ],
  locations: ({ destination }) => [destination],
  footprint: ({ vendor, destination, lines }) => ({
    rows: [
      ref("vendors", vendor),
      ref("locations", destination),
      ...lines.map(({ product }) => ref("products", product))
    ]
  }),
  decide: (slice, { vendor: vendorId, destination, lines, ...payload }, context) =>
    Result.gen(function* () {
      const vendor = yield* activeVendor(slice, vendorId)
      yield* activeLocation(slice, destination)
      return writtenPurchaseOrder({
        id: PurchaseOrderId.make(context.id),
        vendor: vendorId,
        destination,
        lines: yield* askedLines(slice, lines),
        state: "draft",
        tolerance: payload.tolerance ?? vendor.tolerance,
        note: payload.note ?? "",
        reason: null,
        expectedAt: payload.expectedAt ?? null,
        placedAt: null,
        version: 1,
        createdAt: context.now,
        updatedAt: context.now
      })
    })
})

/** Changes what is named of a draft; lines are set as a whole. */
export const UpdatePurchaseOrder = define("UpdatePurchaseOrder", {
  payload: {
    ...atDestination,
    expected: ExpectedVersion,
    lines: Schema.optionalKey(PurchaseOrderDraft.fields.lines),
    tolerance: PurchaseOrderDraft.fields.tolerance,
    expectedAt: Schema.optionalKey(Schema.NullOr(Schema.DateTimeUtcFromString)),
    note: PurchaseOrderDraft.fields.note
  },
  reply: PurchaseOrder,
  refusals: [...refusals, StaleVersion, UnknownProduct, ProductInactive, ...enteredRefusals],
  locations: ({ destination }) => [destination],
  footprint: ({ purchaseOrder, lines = [] }) => ({
    rows: [ref("purchaseOrders", purchaseOrder), ...lines.map(({ product }) => ref("products", product))]
  }),
  decide: (slice, { purchaseOrder: id, destination, expected, lines, ...changes }, context) =>
    Result.gen(function* () {
      const before = yield* purchaseOrderAt(slice, id, destination, ["draft"])
      yield* checkVersion("purchase order", before, expected)
      const after = lines === undefined ? before.lines : yield* askedLines(slice, lines)
      return writtenPurchaseOrder(changedPurchaseOrder(before, { ...changes, lines: after }, context))
    })
})

const orderFootprint = ({ purchaseOrder }: { readonly purchaseOrder: PurchaseOrderId }): Footprint => ({
  rows: [ref("purchaseOrders", purchaseOrder)]
})

const placingFootprint = (payload: { readonly purchaseOrder: PurchaseOrderId }, slice: Slice): Footprint => {
  const { vendor, lines = [] } = slice.row("purchaseOrders", payload.purchaseOrder) ?? {}
  const sold = (product: ProductId) =>
    vendor === undefined ? [] : [ref("vendorProducts", vendorProductId(vendor, product))]
  return {
    rows: [
      ref("purchaseOrders", payload.purchaseOrder),
      ...(vendor === undefined ? [] : [ref("vendors", vendor)]),
      ...lines.flatMap(({ product }) => [ref("products", product), ...sold(product)])
    ]
  }
}

/** The lines with what the vendor's terms say of them, if the vendor accepts their quantities. */
const offeredLines = (
  slice: Slice,
  { vendor, lines }: PurchaseOrder
): Result.Result<ReadonlyArray<PurchaseOrderLine>, QuantityNotOffered> => {
  const refused = lines.flatMap(({ line, product, ordered }) => {
    const terms = termsOf(slice, vendor, product)
    const accepted = terms === undefined ? ordered : acceptedQuantity(terms, ordered)
    return accepted === ordered ? [] : [{ line, product, wanted: ordered, accepted }]
  })
  if (refused.length > 0) return Result.fail(new QuantityNotOffered({ vendor, lines: refused }))
  return Result.succeed(
    lines.map((line) => {
      const terms = termsOf(slice, vendor, line.product)
      return { ...line, vendorSku: terms?.sku ?? null, unitCost: line.unitCost ?? terms?.price ?? null }
    })
  )
}

/** When the last of the goods is due by the vendor's lead times; null where none is known. */
const dueAt = (slice: Slice, { vendor, lines }: PurchaseOrder, placedAt: DateTime.Utc): DateTime.Utc | null => {
  const days = lines.flatMap(({ product }) => termsOf(slice, vendor, product)?.leadTimeDays ?? [])
  return days.length === 0 ? null : DateTime.add(placedAt, { days: Math.max(...days) })
}

/**
 * Places a draft with its vendor: from now on what is open of it is incoming. The vendor's codes, and its prices where
 * the lines have none, are copied onto the lines.
 */
export const PlacePurchaseOrder = define("PlacePurchaseOrder", {
  payload: atDestination,
  reply: PurchaseOrder,
  refusals: [...refusals, UnknownVendor, VendorInactive, UnknownProduct, ProductInactive, QuantityNotOffered],
  locations: ({ destination }) => [destination],
  footprint: placingFootprint,
  decide: (slice, { purchaseOrder: id, destination }, context) =>
    Result.gen(function* () {
      const before = yield* purchaseOrderAt(slice, id, destination, ["draft"])
      yield* activeVendor(slice, before.vendor)
      for (const { product } of before.lines) yield* activeProduct(slice, product)
      const lines = yield* offeredLines(slice, before)
      const placedAt = context.occurredAt
      const expectedAt = before.expectedAt ?? dueAt(slice, before, placedAt)
      return writtenPurchaseOrder(
        changedPurchaseOrder(before, { state: "placed", lines, placedAt, expectedAt }, context)
      )
    })
})

/** The order with so much of its lines canceled; it is over where nothing is open any more. */
const canceled = (
  order: PurchaseOrder,
  quantityOf: (line: PurchaseOrderLine) => number,
  reason: string | null,
  context: DecisionContext
) => {
  const lines = order.lines.map((line) => ({ ...line, canceled: line.canceled + quantityOf(line) }))
  const over = lines.every((line) => openOnOrder(line) === 0)
  const arrived = lines.some(({ received }) => received > 0)
  const state = over ? (arrived ? "received" : "canceled") : order.state
  return changedPurchaseOrder(order, { state, lines, reason: reason ?? order.reason }, context)
}

/**
 * Cancels what is still to come: all that is open, or so much of the named lines. An order of which nothing is open any
 * more is `received` if something of it arrived, and `canceled` if nothing did.
 */
export const CancelPurchaseOrder = define("CancelPurchaseOrder", {
  payload: {
    ...atDestination,
    lines: Schema.optionalKey(
      Schema.NonEmptyArray(Schema.Struct({ line: Schema.Int, quantity: Quantity })).check(Schema.isMaxLength(MAX_LINES))
    ),
    reason: Schema.optionalKey(Reason)
  },
  reply: PurchaseOrder,
  refusals: [...refusals, UnknownPurchaseOrderLine, PurchaseOrderExceeded],
  locations: ({ destination }) => [destination],
  footprint: orderFootprint,
  decide: (slice, { purchaseOrder: id, destination, lines, reason = null }, context) =>
    Result.gen(function* () {
      // The lines of a draft are set, not canceled.
      const accepted = lines === undefined ? (["draft", ...expectedStates] as const) : expectedStates
      const before = yield* purchaseOrderAt(slice, id, destination, accepted)
      if (lines === undefined) return writtenPurchaseOrder(canceled(before, openOnOrder, reason, context))
      const wanted = yield* wantedOfLines(before, lines, openOnOrder)
      return writtenPurchaseOrder(canceled(before, ({ line }) => wanted.get(line) ?? 0, reason, context))
    })
})

/** Closes an order of which something arrived: nothing more is expected or taken, and what is open is canceled. */
export const ClosePurchaseOrder = define("ClosePurchaseOrder", {
  payload: { ...atDestination, reason: Schema.optionalKey(Reason) },
  reply: PurchaseOrder,
  refusals,
  locations: ({ destination }) => [destination],
  footprint: orderFootprint,
  decide: (slice, { purchaseOrder: id, destination, reason = null }, context) =>
    Result.map(purchaseOrderAt(slice, id, destination, ["partiallyReceived", "received"]), (before) =>
      writtenPurchaseOrder({ ...canceled(before, openOnOrder, reason, context), state: "closed" })
    )
})
