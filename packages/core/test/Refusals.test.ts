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
  ClaimId,
  CodeTaken,
  EmailTaken,
  IdempotencyConflict,
  ImpossibleFlow,
  InsufficientStock,
  InvalidThreshold,
  LocationExists,
  LocationId,
  NotificationId,
  NotificationKindReserved,
  NotificationStateConflict,
  NotPriced,
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
  StaleQuantity,
  TransferElsewhere,
  TransferExceeded,
  TransferId,
  TransferStateConflict,
  UnitFixed,
  UnknownApiKey,
  UnknownCart,
  UnknownLocation,
  UnknownNotification,
  UnknownProduct,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine,
  UnknownTransfer,
  UnknownTransferLine,
  UnknownUser,
  UnknownVendor,
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
})
