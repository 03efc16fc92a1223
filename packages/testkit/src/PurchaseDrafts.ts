/**
 * Drafts of purchasing: vendors, their terms, what is said to them, and purchase orders in all their states.
 */
import { contactMedia, type PurchaseOrder, PurchaseOrderId, type PurchaseOrderState } from "@onhand/core"
import { DateTime } from "effect"
import * as fc from "fast-check"
import {
  condition,
  expiresOn,
  inPieces,
  locationId,
  locationPool,
  lotChoice,
  lotTracked,
  onceIn,
  productId,
  productPool,
  vendorId,
  vendorPool,
  withLot
} from "./Arbitraries.ts"
import { drafts, expected, type Known, lines, type Meant, optional, pick, picked, present } from "./Draft.ts"

const name = fc.constantFrom("Potter", "Importer", "Grower")

// A vendor's packs and minimum refuse a few orders, and no more.
const termsLine = fc
  .record({
    product: productId,
    sku: optional(fc.constantFrom("V-1", "V-2", null)),
    pack: onceIn(3, fc.integer({ min: 1, max: 3 })),
    minimum: onceIn(3, fc.integer({ min: 1, max: 4 })),
    price: optional(fc.constantFrom({ amount: "412.5", currency: "USD" }, null)),
    leadTimeDays: optional(fc.constantFrom(3, 10, null)),
    primary: optional(fc.boolean()),
    archived: onceIn(6, fc.boolean())
  })
  .map((line) => present(line))

/** Drafts of the commands on vendors. */
export const vendorDrafts = [
  drafts(
    "createVendor",
    fc.record({ id: optional(fc.constantFrom(...vendorPool.slice(0, 2))), name, tolerance: onceIn(3, fc.nat(100)) }),
    (parts) => present({ ...parts, email: parts.name === "Grower" ? undefined : "orders@example.com" })
  ),
  drafts(
    "updateVendor",
    fc.record({ vendor: vendorId, expected, name: optional(name), tolerance: optional(fc.constantFrom(0, 50)) }),
    (parts) => present(parts)
  ),
  // An archived vendor takes no orders; so it mostly comes back.
  drafts(
    "archiveVendor",
    fc.record({ vendor: vendorId, expected, archived: onceIn(5, fc.constant(true)) }),
    ({ archived = false, ...parts }) => ({ ...parts, archived })
  ),
  drafts("setVendorProducts", fc.record({ vendor: vendorId, lines: lines(termsLine) }), (parts) => parts),
  drafts(
    "recordContact",
    fc.record({
      vendor: vendorId,
      medium: fc.constantFrom(...contactMedia),
      message: fc.constantFrom("Where is it?", "Half of it is broken."),
      person: optional(fc.constant("Eve")),
      product: optional(productId)
    }),
    // What is written to somebody is sent, where the vendor has an address.
    (parts) => present({ ...parts, mail: parts.person === undefined ? undefined : { subject: "A delivery" } })
  )
]

const NO_PURCHASE_ORDER = { id: PurchaseOrderId.make("no-order"), destination: locationPool[0]! }

/** The purchase order that is meant: one in a state in which it can be, or any other where there is none. */
const ordered = (known: Known, states: ReadonlyArray<PurchaseOrderState>, { pick, mixed = false }: Meant) => {
  const apt = known.purchaseOrders.filter(({ state }) => states.includes(state))
  const { id, destination } = picked<Pick<PurchaseOrder, "id" | "destination">>(
    apt.length > 0 ? apt : known.purchaseOrders,
    pick,
    NO_PURCHASE_ORDER
  )
  return { purchaseOrder: id, destination: mixed ? locationPool[2]! : destination }
}
const orderPick: fc.Arbitrary<Meant> = fc.record({ pick, mixed: onceIn(20, fc.constant(true)) })
const orderedLine = fc
  .record({
    product: productId,
    quantity: fc.integer({ min: 1, max: 6 }),
    unitCost: onceIn(3, fc.constant({ amount: "399.125", currency: "USD" }))
  })
  .map((line) => inPieces(present(line)))
const canceledLine = fc.record({ line: fc.integer({ min: 1, max: 2 }), quantity: fc.integer({ min: 1, max: 2 }) })
// Mostly the first line arrives, because the others may not be there.
const deliveredLine = fc
  .record({
    line: fc.oneof({ arbitrary: fc.constant(1), weight: 9 }, { arbitrary: fc.constant(2), weight: 1 }),
    quantity: fc.integer({ min: 1, max: 3 }),
    condition: onceIn(2, condition),
    lot: lotChoice,
    expiresOn: onceIn(6, expiresOn)
  })
  .map((line) => inPieces(present(line)))

// Long ago, or not for long: the same by every clock.
const expectations = [DateTime.makeUnsafe(Date.UTC(2020, 0, 1)), DateTime.makeUnsafe(Date.UTC(2100, 0, 1))]

type DeliveredLine = typeof deliveredLine extends fc.Arbitrary<infer A> ? A : never

/** A delivered line with the lot that its product wants. */
const delivered = (lines: PurchaseOrder["lines"], { lot, expiresOn, ...line }: DeliveredLine) => {
  const product = lines[line.line - 1]?.product ?? productPool[0]!
  const { product: _, ...named } = withLot({ product, ...line }, lot)
  return product === lotTracked && expiresOn !== undefined ? { ...named, expiresOn } : named
}

/** Drafts of the commands on purchase orders. */
export const purchaseDrafts = [
  {
    arbitrary: drafts(
      "createPurchaseOrder",
      fc.record({
        vendor: vendorId,
        destination: locationId,
        lines: lines(orderedLine),
        tolerance: onceIn(4, fc.constantFrom(0, 25, 100)),
        expectedAt: onceIn(3, fc.constantFrom(...expectations))
      }),
      (parts) => present(parts)
    ),
    weight: 4
  },
  drafts(
    "updatePurchaseOrder",
    fc.record({ order: orderPick, expected, lines: optional(lines(orderedLine)) }),
    ({ order, ...parts }, known) => ({ ...ordered(known, ["draft"], order), ...present(parts) })
  ),
  {
    arbitrary: drafts("placePurchaseOrder", orderPick, (one, known) => ordered(known, ["draft"], one)),
    weight: 4
  },
  {
    arbitrary: drafts(
      "receivePurchaseOrder",
      fc.record({ order: orderPick, lines: lines(deliveredLine) }),
      ({ order, lines: [first, ...rest] }, known) => {
        const meant = ordered(known, ["placed", "partiallyReceived"], order)
        const lines = known.purchaseOrders.find(({ id }) => id === meant.purchaseOrder)?.lines ?? []
        return { ...meant, lines: [delivered(lines, first), ...rest.map((line) => delivered(lines, line))] as const }
      }
    ),
    weight: 5
  },
  drafts(
    "cancelPurchaseOrder",
    fc.record({ order: orderPick, lines: optional(lines(canceledLine)) }),
    ({ order, ...parts }, known) => ({
      ...ordered(known, ["placed", "partiallyReceived"], order),
      ...present(parts)
    })
  ),
  drafts("closePurchaseOrder", orderPick, (one, known) => ({
    ...ordered(known, ["partiallyReceived", "received"], one),
    reason: "sold out there"
  }))
]
