// A refusal says what is wrong with which thing, and what would be accepted.
import { assert, describe, it } from "@effect/vitest"
import {
  ApiKeyExists,
  ApiKeyId,
  ApiKeyRevoked,
  CartEmpty,
  CartFull,
  CartId,
  CartNotReady,
  ClaimClosed,
  ClaimExceeded,
  ClaimId,
  ClaimOfDocument,
  CodeTaken,
  CountElsewhere,
  CountFull,
  CountId,
  CountIncomplete,
  CountStale,
  CountStateConflict,
  commands,
  EmailTaken,
  FloorOfLots,
  FloorPassed,
  IdempotencyConflict,
  ImpossibleFlow,
  InexactQuantity,
  InsufficientStock,
  InsufficientSupply,
  InvalidThreshold,
  LocationExists,
  LocationId,
  LocationInactive,
  LocationNotEmpty,
  LotExpired,
  LotExpiryConflict,
  LotRecalled,
  LotRequired,
  LotTrackingFixed,
  NotificationId,
  NotificationKindReserved,
  NotificationStateConflict,
  NotLotTracked,
  NotMailable,
  NotPriced,
  NotReversible,
  OrderClosed,
  OrderElsewhere,
  OrderExceeded,
  OrderId,
  PaymentConflict,
  ProductExists,
  ProductId,
  ProductInactive,
  PurchaseOrderElsewhere,
  PurchaseOrderExceeded,
  PurchaseOrderId,
  PurchaseOrderStateConflict,
  QuantityNotOffered,
  SameLocation,
  SessionEnded,
  SessionId,
  ShipmentClosed,
  StaleQuantity,
  StaleVersion,
  StepRefused,
  TransferElsewhere,
  TransferExceeded,
  TransferId,
  TransferStateConflict,
  UnitFixed,
  UnknownApiKey,
  UnknownCart,
  UnknownCount,
  UnknownCountLine,
  UnknownLocation,
  UnknownLot,
  UnknownMovement,
  UnknownNotification,
  UnknownOrder,
  UnknownOrderLine,
  UnknownProduct,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine,
  UnknownShipment,
  UnknownTransfer,
  UnknownTransferLine,
  UnknownUnit,
  UnknownUser,
  UnknownVendor,
  UnknownWebhook,
  UserId,
  UserInactive,
  VendorExists,
  VendorId,
  VendorInactive
} from "../src/index.ts"

const cart = CartId.make("c-1")
const product = ProductId.make("mug")
const location = LocationId.make("shop")
const transfer = TransferId.make("t-1")
const count = CountId.make("n-1")
const order = OrderId.make("o-1")
const vendor = VendorId.make("potter")
const purchaseOrder = PurchaseOrderId.make("p-1")
const key = { product, location, lot: "" }
const short = (wanted: number, available: number) => ({ key, wanted, available, nextIncoming: null })

const refusals = [
  [
    new InsufficientStock({ lines: [short(5, 3), short(9, 0)] }),
    "Not enough stock for 5 of mug (available: 3), 9 of mug (available: 0); at most what is available is accepted"
  ],
  [
    new ImpossibleFlow({ kind: "sale", from: "damaged", to: "scrap", accepted: ["sellable to customer", "a to b"] }),
    "A sale cannot go from damaged to scrap; accepted: sellable to customer, a to b"
  ],
  [new StaleQuantity({ key, expected: 9, current: 10 }), "The quantity is 10, not 9; read it and decide again"],
  [
    new ClaimClosed({ claim: ClaimId.make("h-0"), state: "expired" }),
    "Claim h-0 is expired; an open claim is accepted"
  ],
  [new UnknownCart({ cart }), "There is no cart c-1; the id of an open cart is accepted"],
  [
    new CartNotReady({ cart, state: "completed", accepted: ["active", "checkingOut"] }),
    "Cart c-1 is completed; accepted: active, checkingOut"
  ],
  [
    new CartNotReady({ cart, state: "checkingOut", accepted: ["checkingOut"], location }),
    "Cart c-1 is checkingOut at shop; only there is accepted"
  ],
  [new CartFull({ cart, accepted: 500 }), "Cart c-1 would hold too many different products; at most 500 are accepted"],
  [new CartEmpty({ cart }), "Cart c-1 is empty; a cart with at least one line is accepted"],
  [
    new NotPriced({ product, accepted: "a price in USD" }),
    "Product mug cannot be priced here; a price in USD is accepted"
  ],
  [new UnknownLocation({ location }), "There is no location shop; an id that a location was created with is accepted"],
  [
    new LocationExists({ location }),
    "There is a location shop already; choose another id, or leave it out to have one made"
  ],
  [new UnknownProduct({ product }), "There is no product mug; an id that a product was created with is accepted"],
  [new ProductInactive({ product }), "Product mug is archived; restore it, or name an active product"],
  [
    new ProductExists({ product }),
    "There is a product mug already; choose another id, or leave it out to have one made"
  ],
  [
    new CodeTaken({ field: "barcode", code: "123", product }),
    'The barcode "123" belongs to product mug; one of no other product is accepted'
  ],
  [
    new UnitFixed({ product, unit: { name: "kg", decimals: 3 } }),
    "Product mug is counted in kg with 3 decimals; only that unit is accepted"
  ],
  [
    new InvalidThreshold({ product, location, low: 5, clear: 4, high: null, clearHigh: null }),
    "A threshold raised at 5 cannot be cleared at 4; more than 5 is accepted"
  ],
  [
    new InvalidThreshold({ product, location, low: 5, clear: 6, high: 9, clearHigh: 9 }),
    "Overstock raised at 9 cannot be cleared at 9; less than 9 is accepted"
  ],
  [
    new UnknownNotification({ notification: "n-1" }),
    "There is no notification n-1; the id of one that was raised is accepted"
  ],
  [
    new NotificationStateConflict({ notification: NotificationId.make("n-1"), state: "resolved", accepted: ["open"] }),
    "Notification n-1 is resolved; accepted: open"
  ],
  [
    new NotificationKindReserved({ kind: "lowStock" }),
    "lowStock is raised and cleared by Onhand itself; any other kind is accepted"
  ],
  [new UnknownTransfer({ transfer }), "There is no transfer t-1; the id of a created transfer is accepted"],
  [
    new TransferStateConflict({ transfer, state: "received", accepted: ["draft", "ready"] }),
    "Transfer t-1 is received; accepted: draft, ready"
  ],
  [
    new TransferElsewhere({ transfer, location, accepted: LocationId.make("depot") }),
    "Transfer t-1 does not have this end at shop; depot is accepted"
  ],
  [new SameLocation({ location }), "A transfer cannot go from shop to itself; two locations are accepted"],
  [new UnknownTransferLine({ transfer, line: 9, lines: 2 }), "Transfer t-1 has no line 9; 1 to 2 are accepted"],
  [
    new TransferExceeded({
      transfer,
      lines: [
        { line: 1, product, wanted: 5, open: 3 },
        { line: 2, product: ProductId.make("tea"), wanted: 1, open: 0 }
      ]
    }),
    "Transfer t-1 has less on its way than 5 of mug (open: 3), 1 of tea (open: 0); at most what is open is accepted"
  ],
  [new UnknownVendor({ vendor }), "There is no vendor potter; an id that a vendor was created with is accepted"],
  [new VendorInactive({ vendor }), "Vendor potter is archived; restore it, or name an active vendor"],
  [
    new VendorExists({ vendor }),
    "There is a vendor potter already; choose another id, or leave it out to have one made"
  ],
  [
    new QuantityNotOffered({ vendor, lines: [{ line: 1, product, wanted: 5, accepted: 8 }] }),
    "Vendor potter does not sell 5 of mug (next: 8); whole packs from its minimum on are accepted"
  ],
  [
    new UnknownPurchaseOrder({ purchaseOrder }),
    "There is no purchase order p-1; the id of a created purchase order is accepted"
  ],
  [
    new PurchaseOrderStateConflict({ purchaseOrder, state: "closed", accepted: ["placed", "received"] }),
    "Purchase order p-1 is closed; accepted: placed, received"
  ],
  [
    new PurchaseOrderElsewhere({ purchaseOrder, location, accepted: LocationId.make("depot") }),
    "Purchase order p-1 does not go to shop; depot is accepted"
  ],
  [
    new UnknownPurchaseOrderLine({ purchaseOrder, line: 9, lines: 2 }),
    "Purchase order p-1 has no line 9; 1 to 2 are accepted"
  ],
  [
    new PurchaseOrderExceeded({ purchaseOrder, lines: [{ line: 1, product, wanted: 12, accepted: 11 }] }),
    "Purchase order p-1 cannot take 12 of mug (at most 11); at most what is said is accepted"
  ],
  [
    new ClaimOfDocument({ claim: ClaimId.make("h-0"), source: { type: "order", id: "o-1" } }),
    "Claim h-0 belongs to order o-1; a claim that no document of this inventory made is accepted"
  ],
  [
    new ClaimOfDocument({ claim: ClaimId.make("h-0"), source: null }),
    "Claim h-0 belongs to a document; a claim that no document of this inventory made is accepted"
  ],
  [
    new ClaimExceeded({ claim: ClaimId.make("h-0"), wanted: 3, open: 2 }),
    "Of claim h-0 2 are open, not 3; at most what is open is accepted"
  ],
  [
    new StepRefused({ index: 2, command: "sale", refusal: { _tag: "A" }, detail: "no stock" }),
    "Command 2 of the composition, sale, was refused, and nothing happened: no stock"
  ],
  [
    new NotMailable({ vendor, accepted: "an address" }),
    "No mail can be sent to vendor potter with this; an address is accepted"
  ],
  [new UnknownCount({ count }), "There is no count n-1; the id of a count is accepted"],
  [
    new CountElsewhere({ count, location, accepted: LocationId.make("depot") }),
    "Count n-1 is not at shop; depot is accepted"
  ],
  [
    new CountStateConflict({ count, state: "posted", accepted: ["draft", "counted"] }),
    "Count n-1 is posted; one that is draft or counted is accepted"
  ],
  [new UnknownCountLine({ count, line: 9, lines: 2 }), "Count n-1 has no line 9; 1 to 2 are accepted"],
  [
    new CountIncomplete({
      count,
      lines: [
        { line: 1, product, lot: "" },
        { line: 2, product: ProductId.make("tea"), lot: "" }
      ]
    }),
    'Nobody counted mug, tea of count n-1; their counts, or `uncounted` as "zero" or "skip", are accepted'
  ],
  [
    new CountStale({
      count,
      lines: [
        { line: 1, product, lot: "", position: 1, current: 2 },
        { line: 2, product: ProductId.make("tea"), lot: "", position: 1, current: 2 }
      ]
    }),
    "Stock of mug, tea moved after count n-1; a recount of these lines is accepted"
  ],
  [
    new CountFull({ count, accepted: 500 }),
    "Count n-1 has no room for these; 500 lines, and another sheet for more, are accepted"
  ],
  [new UnknownShipment({ order, shipment: 3, shipments: 0 }), "Order o-1 has no shipment 3; none is accepted yet"],
  [new UnknownShipment({ order, shipment: 3, shipments: 2 }), "Order o-1 has no shipment 3; 1 to 2 are accepted"],
  [
    new ShipmentClosed({ order, shipment: 1, because: "undone" }),
    "Shipment 1 of order o-1 was undone before; one that the customer has whole is accepted"
  ],
  [
    new ShipmentClosed({ order, shipment: 1, because: "returned" }),
    "Shipment 1 of order o-1 was returned, in part at least; one that the customer has whole is accepted"
  ],
  [new LocationInactive({ location }), "Location shop is archived; restore it, or name an active location"],
  [
    new LocationNotEmpty({
      location,
      left: [
        { product, onHand: 5, reserved: 0 },
        { product: ProductId.make("tea"), onHand: 1, reserved: 1 }
      ],
      more: false
    }),
    "Location shop still has 5 of mug, 1 of tea; one that was drained is accepted"
  ],
  [
    new LocationNotEmpty({ location, left: [{ product, onHand: 5, reserved: 0 }], more: true }),
    "Location shop still has 5 of mug, and more; one that was drained is accepted"
  ],
  [new LotRequired({ product }), "Product mug is counted by lots; the code of a lot is accepted"],
  [new NotLotTracked({ product, lot: "A" }), "Product mug has no lots, so none named A; it is accepted without a lot"],
  [
    new LotExpired({ product, lot: "A", expiresOn: "2027-03-01" }),
    "Lot A of mug expired on 2027-03-01; another lot, or none, is accepted"
  ],
  [
    new LotRecalled({ product, lot: "A", reason: "glass" }),
    "Lot A of mug was recalled (glass); another lot, or none, is accepted"
  ],
  [
    new LotExpiryConflict({ product, lot: "A", expiresOn: "2027-03-01", accepted: null }),
    "Lot A of mug does not expire, not on 2027-03-01; that, or no date, is accepted"
  ],
  [
    new LotExpiryConflict({ product, lot: "A", expiresOn: "2027-03-01", accepted: "2027-04-01" }),
    "Lot A of mug expires on 2027-04-01, not on 2027-03-01; that, or no date, is accepted"
  ],
  [new UnknownLot({ product, lot: "A" }), "There is no lot A of mug; the code of one that was received is accepted"],
  [new UnknownOrder({ order }), "There is no order o-1; the id of an order is accepted"],
  [
    new OrderElsewhere({ order, location, accepted: LocationId.make("depot") }),
    "Order o-1 is not served from shop; depot is accepted"
  ],
  [
    new OrderClosed({ order, state: "canceled" }),
    "Order o-1 is canceled; one that is placed, with something open, is accepted"
  ],
  [new UnknownOrderLine({ order, line: 9, lines: 2 }), "Order o-1 has no line 9; 1 to 2 are accepted"],
  [
    new OrderExceeded({
      order,
      lines: [
        { line: 1, product, wanted: 5, left: 3 },
        { line: 2, product, lot: "A", wanted: 2, left: 1 },
        { line: 3, product, lot: "", wanted: 1, left: 0 }
      ]
    }),
    "Order o-1 has less left than 5 of mug (left: 3), 2 of mug, lot A (left: 1), 1 of mug, lot none (left: 0); " +
      "at most what is left is accepted"
  ],
  [
    new PaymentConflict({ order, payment: "refunded", accepted: [] }),
    "The payment of order o-1 is refunded; nothing else is accepted"
  ],
  [
    new PaymentConflict({ order, payment: "none", accepted: ["authorized", "paid"] }),
    "The payment of order o-1 is none; authorized or paid is accepted"
  ],
  [
    new UnknownUnit({ unit: "box", units: ["pc", "crate"] }),
    'The product is not counted in "box"; accepted: pc, crate'
  ],
  [
    new InexactQuantity({ entered: { unit: "kg", quantity: "0.5" }, accepted: "whole kg are accepted" }),
    "0.5 kg is not exact here; whole kg are accepted"
  ],
  [new LotTrackingFixed({ product, lotTracked: true }), "Product mug is counted by lots; only that is accepted"],
  [new LotTrackingFixed({ product, lotTracked: false }), "Product mug is counted without lots; only that is accepted"],
  [
    new UnknownMovement({ movement: "m-1", location }),
    "There is no movement m-1 at location shop; the id of one there is accepted"
  ],
  [
    new NotReversible({ movement: "m-1", because: "reversed" }),
    "Movement m-1 cannot be reversed: it was reversed before; once is accepted"
  ],
  [
    new NotReversible({ movement: "m-1", because: "reversal" }),
    "Movement m-1 cannot be reversed: it is a reversal itself; record the movement anew"
  ],
  [
    new NotReversible({ movement: "m-1", because: "document" }),
    "Movement m-1 cannot be reversed: it follows from a document, such as an order or a count; " +
      "that document's own commands are accepted"
  ],
  [
    new NotReversible({ movement: "m-1", because: "transfer" }),
    "Movement m-1 cannot be reversed: it is one half of a transfer; a transfer back is accepted"
  ],
  [
    new InsufficientSupply({
      lines: [
        { product, wanted: 5, available: 3 },
        { product: ProductId.make("tea"), wanted: 1, available: 0 }
      ]
    }),
    "Not enough supplies for 5 of mug (available: 3), 1 of tea (available: 0); at most what is available is accepted"
  ],
  [
    new FloorPassed({ product, location, floor: 0, available: -2 }),
    "Of mug -2 are available at shop, less than 0; at most that is accepted"
  ],
  [new FloorOfLots({ product }), "Product mug is counted by lots; a floor of 0 is accepted, and back-orders are"],
  [
    new StaleVersion({ entity: "lot", id: "A", expected: 1, current: 2 }),
    "lot A is at version 2, not 1; read it and decide again"
  ],
  [
    new UnknownWebhook({ webhook: "w-1" }),
    "There is no webhook w-1; the id of one that was created and not removed is accepted"
  ],
  [new UnknownUser({ user: "u-1" }), "There is no user u-1; the id of a registered user is accepted"],
  [
    new SessionEnded({ session: SessionId.make("s-1") }),
    "Session s-1 has ended; one from signing in again is accepted"
  ],
  [new UserInactive({ user: UserId.make("u-1") }), "User u-1 is not active; an active user is accepted"],
  [new UnknownApiKey({ apiKey: "k-1" }), "There is no API key k-1; the id of one that was created is accepted"],
  [new ApiKeyExists({ apiKey: ApiKeyId.make("k-1") }), "There is an API key k-1 already; a newly made id is accepted"],
  [new ApiKeyRevoked({ apiKey: ApiKeyId.make("k-1") }), "API key k-1 was revoked for good; a new key is accepted"],
  [
    new EmailTaken({ email: "ann@example.com" }),
    "ann@example.com has an account already; sign in with it, or register another address"
  ],
  [
    new IdempotencyConflict({ key: "k-1", field: "lines" }),
    'Key "k-1" was used with another value of lines; the same payload, or a new key, is accepted'
  ]
] as const

describe("a refusal", () => {
  it.each(refusals)("%s", (refusal, message) => {
    assert.strictEqual(refusal.message, message)
  })

  it("of every command is among these", () => {
    const here = new Set<string>(refusals.map(([{ _tag }]) => _tag))
    const declared = Object.values(commands).flatMap(({ refusal }) => {
      const members: ReadonlyArray<{ readonly identifier: string }> = refusal.members
      return members.map(({ identifier }) => identifier)
    })
    assert.isNotEmpty(declared)
    assert.deepStrictEqual([...new Set(declared)].filter((tag) => !here.has(tag)).toSorted(), [])
  })
})
