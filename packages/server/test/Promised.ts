// What the contract was to have, line by line: every resource with its methods and who may call it, and where the
// document has it; or why it is otherwise. ApiContract.test.ts holds the document to it.

/** The least of the roles that may call an operation, in the order of what they may. */
export type Who = "anyone" | "signed in" | "customer" | "partner" | "manager" | "admin"

/** Another way of saying the same, or nothing, and why. */
export interface Otherwise {
  /** The operation that stands for it; none where there is nothing. */
  readonly operation?: string
  readonly who?: Who
  readonly because: string
}

/** A method and path as it was promised, without `/api/v1`; the operation at it, or another; and who may call it. */
export type Promise = readonly [line: string, who: Who, operation: string | Otherwise]

const otherwise = (operation: string, who: Who, because: string): Otherwise => ({ operation, who, because })
const not = (because: string): Otherwise => ({ because })

const NO_CONNECTORS =
  "core has no connectors to suppliers' own systems: a catalogue comes by import, an order by purchase order, and " +
  "what was agreed with a vendor is kept under /vendors"

const accounts: ReadonlyArray<Promise> = [
  ["POST /auth/register", "anyone", "accounts.register"],
  ["POST /auth/login", "anyone", "accounts.login"],
  ["POST /auth/login-json", "anyone", "accounts.loginJson"],
  ["POST /auth/refresh", "anyone", "accounts.refresh"],
  ["POST /auth/logout", "anyone", "accounts.logout"],
  ["GET /users/me", "signed in", "users.me"],
  ["PATCH /users/me", "signed in", "users.updateMe"],
  ["GET /users", "admin", "users.list"],
  ["GET /users/{id}", "admin", "users.byId"],
  ["PATCH /users/{id}", "admin", "users.update"],
  ["GET /api-keys", "admin", "apiKeys.list"],
  ["POST /api-keys", "admin", "apiKeys.create"],
  ["GET /api-keys/{id}", "admin", "apiKeys.byId"],
  ["PATCH /api-keys/{id}", "admin", "apiKeys.update"],
  ["DELETE /api-keys/{id}", "admin", "apiKeys.revoke"]
]

const catalogue: ReadonlyArray<Promise> = [
  ["GET /products", "signed in", "products.list"],
  ["POST /products", "admin", "products.create"],
  ["GET /products/{id}", "signed in", "products.byId"],
  ["PUT /products/{id}", "admin", "products.replace"],
  ["PATCH /products/{id}", "admin", "products.update"],
  ["DELETE /products/{id}", "admin", "products.archive"],
  ["POST /products/import", "admin", "products.import"],
  ["GET /products/export", "signed in", "products.export"],
  ["GET /categories", "signed in", "products.categories"],
  ["GET /locations", "manager", otherwise("locations.list", "signed in", "a shopper chooses where to buy")],
  ["GET /locations/{id}", "manager", otherwise("locations.byId", "signed in", "a shopper chooses where to buy")],
  ["POST /locations", "manager", "locations.create"],
  ["PATCH /locations/{id}", "manager", "locations.update"],
  [
    "DELETE /locations/{id}",
    "manager",
    otherwise("locations.archive", "manager", "a location is archived, never deleted while history names it")
  ],
  ["POST /locations/{id}/archive", "manager", "locations.archive"],
  ["POST /locations/{id}/drain", "manager", "locations.drain"]
]

const stock: ReadonlyArray<Promise> = [
  ["GET /inventory", "signed in", "stock.levels"],
  [
    "GET /inventory/{product}/explain",
    "signed in",
    otherwise("stock.explain", "manager", "it names whose carts and orders claim the stock")
  ],
  [
    "GET /inventory/value",
    "manager",
    otherwise("reports.value", "partner", "the valuation report, for partners and up, tells the same amounts")
  ],
  ["GET /inventory/verify", "manager", "stock.verify"],
  ["GET /inventory/restock-alerts", "signed in", "stock.restockAlerts"],
  ["GET /thresholds", "signed in", "thresholds.list"],
  ["PUT /thresholds", "manager", "thresholds.set"],
  ["GET /stock-movements", "manager", "stockMovements.list"],
  ["POST /stock-movements", "manager", "stockMovements.record"],
  ["GET /stock-transfers", "manager", "stockTransfers.list"],
  ["POST /stock-transfers", "manager", "stockTransfers.create"],
  ["GET /stock-transfers/{id}", "manager", "stockTransfers.byId"],
  ["PUT /stock-transfers/{id}", "manager", "stockTransfers.setLines"],
  ["POST /stock-transfers/{id}/dispatch", "manager", "stockTransfers.dispatch"],
  ["POST /stock-transfers/{id}/receive", "manager", "stockTransfers.receive"],
  ["POST /stock-transfers/{id}/complete", "manager", "stockTransfers.complete"],
  ["POST /stock-transfers/{id}/cancel", "manager", "stockTransfers.cancel"],
  ["GET /stock-counts", "manager", "stockCounts.list"],
  ["POST /stock-counts", "manager", "stockCounts.create"],
  ["GET /stock-counts/{id}", "manager", "stockCounts.byId"],
  [
    "PUT /stock-counts/{id}/lines",
    "manager",
    otherwise("stockCounts.record", "manager", "several people count one sheet: each adds lines, and replaces nobody's")
  ],
  ["POST /stock-counts/{id}/lines", "manager", "stockCounts.record"],
  ["POST /stock-counts/{id}/approve", "manager", "stockCounts.approve"],
  ["POST /stock-counts/{id}/post", "manager", "stockCounts.post"],
  ["GET /lots", "signed in", "lots.list"]
]

const selling: ReadonlyArray<Promise> = [
  ["GET /cart", "customer", "carts.mine"],
  ["DELETE /cart", "customer", "carts.clear"],
  ["GET /cart/items", "customer", otherwise("carts.mine", "customer", "the cart has its lines in it")],
  ["POST /cart/items", "customer", "carts.add"],
  ["PATCH /cart/items/{id}", "customer", "carts.change"],
  ["DELETE /cart/items/{id}", "customer", "carts.remove"],
  ["POST /checkout", "customer", "carts.checkout"],
  ["GET /orders", "customer", "orders.list"],
  ["POST /orders", "customer", "orders.place"],
  ["GET /orders/{id}", "customer", "orders.byId"],
  ["POST /orders/{id}/ship", "manager", "orders.ship"],
  ["POST /orders/{id}/cancel", "customer", "orders.cancel"],
  ["POST /orders/{id}/returns", "manager", "orders.receiveReturn"]
]

const purchasing: ReadonlyArray<Promise> = [
  ["GET /vendors", "manager", "vendors.list"],
  ["POST /vendors", "manager", "vendors.create"],
  ["GET /vendors/{id}", "manager", "vendors.byId"],
  ["PATCH /vendors/{id}", "manager", "vendors.update"],
  [
    "DELETE /vendors/{id}",
    "manager",
    otherwise("vendors.update", "manager", "its orders name it: `archived` says that it sells no more")
  ],
  ["GET /vendors/{id}/products", "manager", "vendors.products"],
  ["PUT /vendors/{id}/products", "manager", "vendors.setProducts"],
  ["GET /vendors/{id}/contacts", "manager", "vendors.contacts"],
  ["POST /vendors/{id}/contacts", "manager", "vendors.recordContact"],
  ["GET /purchase-orders", "manager", "purchaseOrders.list"],
  ["POST /purchase-orders", "manager", "purchaseOrders.create"],
  ["GET /purchase-orders/{id}", "manager", "purchaseOrders.byId"],
  ["POST /purchase-orders/{id}/place", "manager", "purchaseOrders.place"],
  ["POST /purchase-orders/{id}/receive", "manager", "purchaseOrders.receive"],
  ["POST /purchase-orders/{id}/cancel", "manager", "purchaseOrders.cancel"],
  ["POST /suppliers/{name}/sync", "manager", not(NO_CONNECTORS)],
  ["GET /suppliers/{name}/runs", "manager", not(NO_CONNECTORS)],
  ["GET /suppliers/{name}/drift", "manager", not(NO_CONNECTORS)]
]

const telling: ReadonlyArray<Promise> = [
  ["GET /notifications", "manager", "notifications.list"],
  ["POST /notifications/{id}/read", "manager", "notifications.read"],
  ["GET /webhooks", "admin", "webhooks.list"],
  ["POST /webhooks", "admin", "webhooks.create"],
  ["GET /webhooks/{id}", "admin", "webhooks.byId"],
  ["PATCH /webhooks/{id}", "admin", "webhooks.update"],
  ["DELETE /webhooks/{id}", "admin", "webhooks.remove"],
  ["GET /events", "signed in", "events.stream"],
  ["GET /ws", "signed in", "events.socket"],
  ["GET /health/live", "anyone", "health.live"],
  ["GET /health/ready", "anyone", "health.ready"]
]

const reporting: ReadonlyArray<Promise> = [
  ["GET /sales/report", "partner", "reports.sales"],
  ["GET /reports/turnover", "partner", "reports.turnover"],
  ["GET /reports/abc", "partner", "reports.abc"],
  ["GET /reports/ageing", "partner", "reports.ageing"],
  ["GET /reports/dead-stock", "partner", "reports.deadStock"],
  ["GET /reports/sell-through", "partner", "reports.sellThrough"],
  ["GET /reports/valuation", "partner", "reports.valuation"],
  ["GET /reports/stock-card", "partner", "reports.stockCard"],
  ["GET /forecasts/{product}", "partner", "forecasts.byProduct"],
  ["POST /replenishment", "manager", "replenishment.plan"]
]

/** Every resource and method that was promised. */
export const promises: ReadonlyArray<Promise> = [
  ...accounts,
  ...catalogue,
  ...stock,
  ...selling,
  ...purchasing,
  ...telling,
  ...reporting
]

/** Writes without an `Idempotency-Key`, by operation or by group, and why a second time does no harm. */
export const keyless: Readonly<Record<string, string>> = {
  accounts: "the address, the password or the token tells a second time from the first",
  users: "a version or a session says what is meant, and a second time finds it done",
  apiKeys: "a new key is told once, and never again: the second of two is revoked",
  "stock.rebuild": "makes balances what the ledger says, however often",
  "webhooks.replay": "a delivery is sent again by its id, and receivers take it once",
  "carts.clear": "a cart that is empty stays so"
}

/** Changes of what others may change too that need no `If-Match`, and why. */
export const unconditional: Readonly<Record<string, string>> = {
  "users.updateMe": "a user is changed by nobody else but for roles, which it cannot change",
  "users.endSessions": "ends what there is, whatever it is",
  "users.endSession": "a session has no versions",
  "users.signOut": "ends what there is, whatever it is",
  "vendors.setProducts": "each line is whole, and of one product",
  "thresholds.set": "each line is whole, and of one product at one location",
  "stockPolicies.set": "each line is whole, and refused while more is promised",
  "reorderPolicies.set": "each line is whole, and of one product or class",
  "carts.clear": "a cart has one owner, who alone changes it",
  "carts.change": "a cart has one owner, who alone changes it",
  "carts.remove": "a cart has one owner, who alone changes it",
  "orders.reportPayment": "payments go one way; an outdated one is refused as a conflict"
}

/** Conventions that no line of a document can show: the tests that do, each by its file and the words of its title. */
export const shown: ReadonlyArray<readonly [convention: string, file: string, title: string]> = [
  ["400 with the path of each fault", "server/test/Conventions", "is refused with the path of each fault"],
  ["unknown parameters are 400", "server/test/Walk", "as it must be refused"],
  ["the first reply is replayed", "server/test/security/Business", "45, 46: "],
  ["a key is kept for at least 24 hours", "server/test/security/Business", "45, 46: "],
  ["404 for what one may not see", "server/test/security/Authorization", "21: of somebody else are as good as none"],
  ["a page never repeats or skips", "server/test/Conventions", "of a list goes through every item once"],
  ["search tolerates mistakes", "postgres/test/ProductSearch", "what looks like a text that nothing has"],
  ["a quantity has the product's decimals", "server/test/Conventions", "takes as many decimals as the product's unit"],
  ["limits are told and kept", "server/test/security/Transport", "of an address is told with every reply"],
  ["sign-in is limited more strictly", "server/test/security/Authentication", "15: "],
  ["sane request ids are kept", "server/test/Conventions", "carries the request's id, if it is sane"],
  ["large bodies are compressed", "server/test/security/Transport", "say how a large body is compressed"],
  ["a stream goes on after the last event", "server/test/Events", "goes on after the last event that was seen"],
  ["a socket goes on by cursor", "server/test/EventSocket", "goes on after the last event that was seen"],
  ["a stream tells what its reader may see", "server/test/Events", "tells a customer of its own orders"],
  ["webhooks are signed", "server/test/Webhooks", "is told of what it wants, signed"],
  ["webhooks are tried again", "server/test/Webhooks", "is tried again with the same message"],
  ["dead letters are seen and replayed", "server/test/Webhooks", "has what was given up listed"],
  ["webhooks reach no private address", "server/test/security/Outbound", "is not connected to an address"],
  ["origins are named, never with credentials", "server/test/security/Transport", "may ask and read when it is listed"],
  ["a proxy is believed if it is configured", "server/test/security/Transport", "is believed of a configured proxy"],
  ["HTTPS by certificate files", "server/test/security/Transport", "tell browsers to stay with HTTPS"],
  ["metrics are served beside the contract", "server/test/security/Operations", "70: metrics are for who has"],
  ["reports are tables by Accept or format", "server/test/Reports", "come as CSV, whole"],
  ["deny by default", "server/test/security/Authorization", "28: every operation says who may call it"]
]

/** Conventions that are kept in another way, or not, and why. */
export const differently: Readonly<Record<string, string>> = {
  "`.csv` at the end of a path": "`?format=csv` says the same in a link: decisions/0023-reports-are-json-and-csv.md",
  "Excel and PDF": "a spreadsheet opens the CSV, a browser prints: decisions/0023-reports-are-json-and-csv.md",
  "headers that announce a deprecation": "v1 has only grown, and nothing of it is deprecated"
}
