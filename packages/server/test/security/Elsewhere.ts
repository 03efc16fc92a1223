// For each write that something of a location depends on: how a manager of the north tries it in the south.

export const north = "north"
export const south = "south"
export const lines = [{ product: "cup", quantity: 1 }]

/** The ids of what there is in the south, by what it is. */
type Ids = Readonly<Record<string, string>>

const at = (path: string, body?: unknown) => ({ path, body })
const part = { lines: [{ line: 1, quantity: 1 }] }
export const received = { lines: [{ line: 1, quantity: 1, into: "sellable" }] }
export const sold = (location: string) => ({ kind: "sale", product: "cup", location, quantity: 1 })
const hold = (location: string) => ({ product: "cup", location, quantity: 1 })
const everywhere = "a lot is the same everywhere; Lots.test.ts refuses it to whoever is limited to a location"
const noLocation = "what it writes is of no location"

/** For each write that something of a location depends on: an attempt elsewhere, or why there is none. */
export const elsewhere: Readonly<
  Record<string, string | ((ids: Ids) => { readonly path: string; readonly body?: unknown })>
> = {
  "POST /api/v1/locations": () => at("locations", { name: "Another" }),
  "PATCH /api/v1/locations/{id}": () => at("locations/south", { name: "Mine" }),
  "POST /api/v1/locations/{id}/drain": () => at("locations/north/drain", { destination: south }),
  "POST /api/v1/locations/{id}/archive": () => at("locations/south/archive"),
  "POST /api/v1/locations/{id}/restore": () => at("locations/south/restore"),
  "POST /api/v1/stock-movements": () => at("stock-movements", { lines: [sold(north), sold(south)] }),
  "POST /api/v1/stock-movements/{id}/reverse": () => at("stock-movements/0-1-1/reverse", { location: south }),
  "POST /api/v1/stock-transfers": () => at("stock-transfers", { origin: south, destination: north, lines }),
  "PUT /api/v1/stock-transfers/{id}": (ids) => at(`stock-transfers/${ids["draft"]}`, { lines }),
  "POST /api/v1/stock-transfers/{id}/ready": (ids) => at(`stock-transfers/${ids["draft"]}/ready`),
  "POST /api/v1/stock-transfers/{id}/release": (ids) => at(`stock-transfers/${ids["ready"]}/release`),
  "POST /api/v1/stock-transfers/{id}/dispatch": (ids) => at(`stock-transfers/${ids["ready"]}/dispatch`),
  "POST /api/v1/stock-transfers/{id}/cancel": (ids) => at(`stock-transfers/${ids["ready"]}/cancel`),
  "POST /api/v1/stock-transfers/{id}/complete": (ids) => at(`stock-transfers/${ids["sent"]}/complete`),
  "POST /api/v1/stock-transfers/{id}/receive": (ids) => at(`stock-transfers/${ids["sent"]}/receive`, part),
  "POST /api/v1/stock-transfers/{id}/close-short": (ids) =>
    at(`stock-transfers/${ids["sent"]}/close-short`, { reason: "lost" }),
  "POST /api/v1/stock-counts": () => at("stock-counts", { location: south }),
  "POST /api/v1/stock-counts/{id}/start": (ids) => at(`stock-counts/${ids["sheet"]}/start`),
  "POST /api/v1/stock-counts/{id}/lines": (ids) => at(`stock-counts/${ids["sheet"]}/lines`, { lines }),
  "POST /api/v1/stock-counts/{id}/finish": (ids) => at(`stock-counts/${ids["sheet"]}/finish`, {}),
  "POST /api/v1/stock-counts/{id}/recount": (ids) => at(`stock-counts/${ids["sheet"]}/recount`, {}),
  "POST /api/v1/stock-counts/{id}/approve": (ids) => at(`stock-counts/${ids["sheet"]}/approve`, {}),
  "POST /api/v1/stock-counts/{id}/post": (ids) => at(`stock-counts/${ids["sheet"]}/post`),
  "POST /api/v1/stock-counts/{id}/cancel": (ids) => at(`stock-counts/${ids["sheet"]}/cancel`),
  "POST /api/v1/vendors": noLocation,
  "PATCH /api/v1/vendors/{id}": noLocation,
  "PUT /api/v1/vendors/{id}/products": noLocation,
  "POST /api/v1/vendors/{id}/contacts": noLocation,
  "POST /api/v1/purchase-orders": () => at("purchase-orders", { vendor: "grower", destination: south, lines }),
  "PATCH /api/v1/purchase-orders/{id}": (ids) => at(`purchase-orders/${ids["asked"]}`, { note: "mine" }),
  "POST /api/v1/purchase-orders/{id}/place": (ids) => at(`purchase-orders/${ids["asked"]}/place`),
  "POST /api/v1/purchase-orders/{id}/receive": (ids) => at(`purchase-orders/${ids["ordered"]}/receive`, part),
  "POST /api/v1/purchase-orders/{id}/cancel": (ids) => at(`purchase-orders/${ids["ordered"]}/cancel`, {}),
  "POST /api/v1/purchase-orders/{id}/close": (ids) => at(`purchase-orders/${ids["ordered"]}/close`, {}),
  "POST /api/v1/lots/{product}/{lot}/recall": everywhere,
  "POST /api/v1/lots/{product}/{lot}/reinstate": everywhere,
  "POST /api/v1/lots/{product}/{lot}/expiry": everywhere,
  "POST /api/v1/claims": () => at("claims", { lines: [hold(north), hold(south)], seconds: 60 }),
  "POST /api/v1/claims/extend": (ids) => at("claims/extend", { location: south, claims: [ids["hold"]], seconds: 60 }),
  "POST /api/v1/claims/commit": (ids) => at("claims/commit", { location: south, claims: [ids["hold"]] }),
  "POST /api/v1/claims/move": (ids) =>
    at("claims/move", { location: south, product: "cup", claim: ids["hold"], to: { location: north } }),
  "POST /api/v1/claims/release": (ids) => at("claims/release", { location: south, claims: [ids["hold"]] }),
  "POST /api/v1/batches": "each of its requests is allowed or not as if it came by itself: Batches.test.ts",
  "PUT /api/v1/stock-policies": () =>
    at("stock-policies", { lines: [north, south].map((location) => ({ product: "cup", location })) }),
  "PUT /api/v1/reorder-policies": () =>
    at("reorder-policies", { lines: [north, south].map((location) => ({ product: "cup", location })) }),
  "POST /api/v1/replenishment": () => at("replenishment", { location: south }),
  "PUT /api/v1/thresholds": () =>
    at("thresholds", { lines: [north, south].map((location) => ({ product: "cup", location, low: 1 })) }),
  "POST /api/v1/notifications/{id}/read": (ids) => at(`notifications/${ids["raised"]}/read`),
  "POST /api/v1/notifications/{id}/snooze": (ids) => at(`notifications/${ids["raised"]}/snooze`, { minutes: 1 }),
  "POST /api/v1/notifications/{id}/resolve": (ids) => at(`notifications/${ids["raised"]}/resolve`),
  "POST /api/v1/orders/{id}/allocate": (ids) => at(`orders/${ids["placed"]}/allocate`, {}),
  "POST /api/v1/orders/{id}/ship": (ids) => at(`orders/${ids["placed"]}/ship`, {}),
  "POST /api/v1/orders/{id}/shipments/{shipment}/undo": (ids) => at(`orders/${ids["shipped"]}/shipments/1/undo`),
  "POST /api/v1/orders/{id}/cancel": (ids) => at(`orders/${ids["placed"]}/cancel`, {}),
  "POST /api/v1/orders/{id}/return-requests": (ids) => at(`orders/${ids["shipped"]}/return-requests`, part),
  "POST /api/v1/orders/{id}/returns": (ids) => at(`orders/${ids["shipped"]}/returns`, received),
  "PUT /api/v1/orders/{id}/payment": (ids) => at(`orders/${ids["placed"]}/payment`, { payment: "paid" })
}

/**
 * How a manager of the north reads: a list, which is of the north alone; one thing of the south, which is as good as
 * none; what is of the whole shop, which is refused; or a reason why everybody who may read it sees all of it.
 */
export type Seen =
  | string
  | { readonly list: string; readonly parameter?: string; readonly more?: boolean }
  | { readonly one: (ids: Ids) => string }
  | { readonly whole: string }

const shelves = "what is on the shelves anywhere is told to whoever buys or sends"
const noPlace = "it is of no location"
const ownAccount = "it is the caller's own"
// Up to now there is a little more time in each reply than in the one before.
const MONTH = "?since=2026-01-01&until=2026-02-01"
const settings = "how a product is kept at a location is no document of it"

export const seenElsewhere: Readonly<Record<string, Seen>> = {
  "/users/me": ownAccount,
  "/users/me/sessions": ownAccount,
  "/users": noPlace,
  "/users/{id}": noPlace,
  "/api-keys": noPlace,
  "/api-keys/{id}": noPlace,
  "/products": shelves,
  "/products/{id}": shelves,
  "/products/lookup": shelves,
  "/products/export": noPlace,
  "/categories": noPlace,
  "/locations": "a shopper chooses where to buy, a transfer where to go",
  "/locations/{id}": "a shopper chooses where to buy, a transfer where to go",
  "/stock-movements": { list: "stock-movements", more: true },
  "/stock-transfers": { list: "stock-transfers", more: true },
  "/stock-transfers/{id}": { one: (ids) => `stock-transfers/${ids["far"]}` },
  "/stock-counts": { list: "stock-counts", more: true },
  "/stock-counts/{id}": { one: (ids) => `stock-counts/${ids["sheet"]}` },
  "/vendors": noPlace,
  "/vendors/{id}": noPlace,
  "/vendors/{id}/products": noPlace,
  "/vendors/{id}/contacts": noPlace,
  "/purchase-orders": { list: "purchase-orders", parameter: "destination", more: true },
  "/purchase-orders/{id}": { one: (ids) => `purchase-orders/${ids["asked"]}` },
  "/inventory": shelves,
  "/inventory/{product}/explain": "Authorization.test.ts asks for it at another location",
  "/inventory/verify": "the books are sound or not, as a whole",
  "/inventory/restock-alerts": shelves,
  "/lots": shelves,
  "/lots/{product}/{lot}": shelves,
  "/lots/{product}/{lot}/recipients": { whole: "lots/cup/L-1/recipients" },
  "/claims": { list: "claims", more: true },
  "/thresholds": settings,
  "/stock-policies": settings,
  "/reorder-policies": settings,
  "/forecasts/{product}": { list: "forecasts/cup" },
  "/sales/report": { list: "sales/report" },
  "/inventory/value": { list: "inventory/value" },
  "/reports/valuation": { whole: "reports/valuation" },
  "/reports/turnover": { whole: "reports/turnover" },
  "/reports/abc": { list: "reports/abc" },
  "/reports/ageing": { whole: "reports/ageing" },
  "/reports/dead-stock": { list: "reports/dead-stock" },
  "/reports/sell-through": { list: `reports/sell-through${MONTH}` },
  "/reports/stock-outs": { list: `reports/stock-outs${MONTH}` },
  "/reports/stock-card": "Authorization.test.ts asks for it at another location",
  "/notifications": { list: "notifications", more: true },
  "/notifications/{id}": { one: (ids) => `notifications/${ids["raised"]}` },
  "/webhooks": noPlace,
  "/webhooks/{id}": noPlace,
  "/webhooks/{id}/deliveries": noPlace,
  "/cart": ownAccount,
  "/orders": { list: "orders", more: true },
  "/orders/{id}": { one: (ids) => `orders/${ids["placed"]}` },
  "/backorders": { list: "backorders" },
  "/events": "each event is told to who may see what it is about, as below",
  "/ws": "each event is told to who may see what it is about, as below"
}
