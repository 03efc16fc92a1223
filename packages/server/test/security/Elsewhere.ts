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
  "POST /api/v1/replenishment": "it makes drafts only where the caller may write the stock",
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
