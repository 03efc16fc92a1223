// What the reference shows of each endpoint: one story of a small shop, asked from beginning to end.

/** One request of the story. `{name}` in path, query or body stands for the id that an earlier one was saved under. */
export interface Example {
  readonly operation: string
  /** The values of the path's parameters. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The body is this text instead, of that media type. */
  readonly text?: { readonly type: string; readonly body: string }
  /** The name under which the reply's id, first item's id, first claim or refresh token is saved. */
  readonly save?: string
  /** Who asks: the administrator, the customer Ann, or somebody who is not signed in. */
  readonly by?: "ann" | "nobody"
  /** Only sets the scene; the reference does not show it. */
  readonly unseen?: true
}

const one = (name: string) => ({ params: { id: `{${name}}` } })
const shop = { product: "mug", location: "corner" }
const lines = (quantity: number) => [{ line: 1, quantity }]
const buy = (quantity: number): Example => ({
  operation: "carts.add",
  body: { product: "mug", quantity },
  by: "ann",
  unseen: true
})

const catalogue: ReadonlyArray<Example> = [
  { operation: "locations.create", body: { id: "corner", name: "Corner shop" } },
  { operation: "locations.create", body: { id: "depot", name: "Depot" }, unseen: true },
  { operation: "locations.list" },
  { operation: "locations.byId", params: { id: "corner" } },
  { operation: "locations.update", params: { id: "corner" }, body: { name: "Corner shop, Main Street" } },
  {
    operation: "products.create",
    body: {
      id: "mug",
      sku: "MUG-BLUE",
      name: "Blue mug",
      category: "Kitchen",
      barcodes: ["4006381333931"],
      price: { amount: "9.50", currency: "USD" }
    }
  },
  {
    operation: "products.import",
    text: { type: "text/csv", body: "sku,name,category,price,currency\nTEA,Green tea,Drinks,3.20,USD\nJAM,Plum jam,,," }
  },
  { operation: "products.list", query: { search: "mug", sort_by: "stock_desc" } },
  { operation: "products.lookup", query: { barcode: "4006381333931" } },
  { operation: "products.byId", params: { id: "mug" } },
  { operation: "products.byId", params: { id: "cup" } },
  { operation: "products.update", params: { id: "mug" }, body: { price: { amount: "8.90", currency: "USD" } } },
  {
    operation: "products.replace",
    params: { id: "mug" },
    body: { sku: "MUG-BLUE", name: "Blue mug", category: "Kitchen", price: { amount: "9.50", currency: "USD" } }
  },
  { operation: "products.archive", params: { id: "mug" } },
  { operation: "products.update", params: { id: "mug" }, body: { archived: false }, unseen: true },
  { operation: "products.categories" },
  { operation: "products.export", query: { category: "Kitchen" } }
]

const stock: ReadonlyArray<Example> = [
  { operation: "stockMovements.record", body: { lines: [{ kind: "purchase", ...shop, quantity: 50 }] } },
  { operation: "stockMovements.record", body: { lines: [{ kind: "sale", ...shop, quantity: 80 }] } },
  { operation: "stockMovements.list", query: { product: "mug", kind: "purchase" } },
  {
    operation: "stockMovements.record",
    body: {
      lines: [
        { kind: "purchase", product: "mug", location: "depot", quantity: 5 },
        { kind: "purchase", product: "mug", location: "depot", quantity: 2 }
      ]
    },
    unseen: true
  },
  { operation: "stockMovements.list", query: { location: "depot" }, save: "movement", unseen: true },
  {
    operation: "stockMovements.reverse",
    params: { id: "{movement}" },
    body: { location: "depot", reason: "Booked at the wrong location" }
  },
  { operation: "thresholds.set", body: { lines: [{ ...shop, low: 60, clear: 70 }] } },
  { operation: "thresholds.list", query: { location: "corner" } },
  { operation: "stockPolicies.set", body: { lines: [{ product: "mug", location: "depot", floor: -5 }] } },
  { operation: "stockPolicies.list", query: { product: "mug" } },
  { operation: "stock.levels", query: { product: "mug" } },
  { operation: "stock.levels", query: { product: "mug", as_of: "2026-01-01T00:00:00Z" } },
  { operation: "stock.restockAlerts" },
  { operation: "stock.verify" },
  { operation: "stock.rebuild" },
  {
    operation: "claims.hold",
    body: { lines: [{ ...shop, quantity: 2 }], seconds: 900, source: { type: "quote", id: "Q-7" } },
    save: "claim"
  },
  { operation: "claims.list", query: { source_type: "quote", source_id: "Q-7" } },
  { operation: "stock.explain", params: { product: "mug" }, query: { location: "corner", limit: "1" } },
  { operation: "claims.extend", body: { location: "corner", claims: ["{claim}"], seconds: 3600 } },
  { operation: "claims.commit", body: { location: "corner", claims: ["{claim}"] } },
  { operation: "claims.release", body: { location: "corner", claims: ["{claim}"] } },
  { operation: "claims.release", body: { location: "corner", claims: ["{claim}"] } },
  {
    operation: "claims.hold",
    body: { lines: [{ ...shop, quantity: 2 }], seconds: 900 },
    save: "other claim",
    unseen: true
  },
  {
    operation: "claims.move",
    body: { ...shop, claim: "{other claim}", quantity: 1, to: { location: "depot" } }
  }
]

const transfer = (quantity: number) => ({
  origin: "corner",
  destination: "depot",
  lines: [{ product: "mug", quantity }]
})

const transfers: ReadonlyArray<Example> = [
  { operation: "stockTransfers.create", body: transfer(6), save: "transfer" },
  { operation: "stockTransfers.create", body: transfer(600) },
  { operation: "stockTransfers.list", query: { state: "ready" } },
  { operation: "stockTransfers.release", ...one("transfer") },
  {
    operation: "stockTransfers.setLines",
    ...one("transfer"),
    body: { lines: [{ product: "mug", quantity: 5 }] }
  },
  { operation: "stockTransfers.ready", ...one("transfer") },
  { operation: "stockTransfers.dispatch", ...one("transfer") },
  {
    operation: "stockTransfers.receive",
    ...one("transfer"),
    body: {
      lines: [
        { line: 1, quantity: 3 },
        { line: 1, quantity: 1, condition: "damaged" }
      ]
    }
  },
  { operation: "stockTransfers.byId", ...one("transfer") },
  { operation: "stockTransfers.closeShort", ...one("transfer"), body: { reason: "One fell off the van" } },
  { operation: "stockTransfers.create", body: transfer(2), save: "whole", unseen: true },
  { operation: "stockTransfers.dispatch", ...one("whole"), unseen: true },
  { operation: "stockTransfers.complete", ...one("whole") },
  { operation: "stockTransfers.create", body: transfer(1), save: "given up", unseen: true },
  { operation: "stockTransfers.cancel", ...one("given up") }
]

const counts: ReadonlyArray<Example> = [
  {
    operation: "stockCounts.create",
    body: { location: "corner", name: "Kitchen", blind: true, draft: true, lines: [{ product: "mug" }] },
    save: "count"
  },
  { operation: "stockCounts.start", ...one("count") },
  { operation: "stockCounts.record", ...one("count"), body: { lines: [{ product: "mug", quantity: 40 }] } },
  { operation: "stockCounts.finish", ...one("count"), body: {} },
  { operation: "stockCounts.recount", ...one("count"), body: { lines: [1] } },
  { operation: "stockCounts.finish", ...one("count"), body: {} },
  {
    operation: "stockCounts.record",
    ...one("count"),
    body: { lines: [{ product: "mug", quantity: 41 }] },
    unseen: true
  },
  { operation: "stockCounts.finish", ...one("count"), body: { uncounted: "skip" }, unseen: true },
  {
    operation: "stockCounts.approve",
    ...one("count"),
    body: { reasons: [{ line: 1, reason: "breakage" }] }
  },
  { operation: "stockCounts.post", ...one("count") },
  { operation: "stockCounts.byId", ...one("count") },
  { operation: "stockCounts.create", body: { location: "corner" }, save: "idle", unseen: true },
  { operation: "stockCounts.cancel", ...one("idle") },
  { operation: "stockCounts.list", query: { location: "corner", state: "posted" } }
]

/** Sales of eight weeks that are long over, so that a forecast of them is the same whenever the story is told. */
const soldWeekly = [14, 9, 12, 11, 13, 10, 12, 11].flatMap((quantity, week): ReadonlyArray<Example> => {
  const occurredAt = new Date(Date.UTC(2026, 0, 6 + 7 * week)).toISOString()
  const record = (kind: string): Example => ({
    operation: "stockMovements.record",
    body: { lines: [{ kind, ...shop, quantity }], occurredAt },
    unseen: true
  })
  return [record("purchase"), record("sale")]
})

const vendorPlan: ReadonlyArray<Example> = [
  { operation: "vendors.create", body: { id: "potter", name: "Potter", email: "orders@potter.example" } },
  { operation: "vendors.list", query: { search: "pot" } },
  { operation: "vendors.byId", params: { id: "potter" } },
  { operation: "vendors.update", params: { id: "potter" }, body: { tolerance: 10 } },
  {
    operation: "vendors.setProducts",
    params: { id: "potter" },
    body: {
      lines: [
        {
          product: "mug",
          sku: "P-77",
          pack: 12,
          minimum: 24,
          price: { amount: "420", currency: "USD" },
          leadTimeDays: 7,
          primary: true
        }
      ]
    }
  },
  { operation: "vendors.products", params: { id: "potter" } },
  {
    operation: "vendors.recordContact",
    params: { id: "potter" },
    body: { medium: "phone", person: "Mr. Clay", message: "Delivers on Tuesdays" }
  },
  { operation: "vendors.contacts", params: { id: "potter" } },
  { operation: "reorderPolicies.set", body: { lines: [{ abc: "A", leadDays: [5, 7, 12], alertRisk: 0.1 }] } },
  { operation: "reorderPolicies.list" },
  ...soldWeekly,
  {
    operation: "forecasts.byProduct",
    params: { product: "mug" },
    query: { horizon: "4", since: "2026-01-05", until: "2026-03-02" }
  },
  {
    operation: "replenishment.plan",
    body: { location: "corner", since: "2026-01-05", until: "2026-03-02", draft: true, all: true }
  }
]

const order = { vendor: "potter", destination: "corner", lines: [{ product: "mug", quantity: 24 }] }

const purchases: ReadonlyArray<Example> = [
  { operation: "purchaseOrders.create", body: order, save: "purchase" },
  { operation: "purchaseOrders.update", ...one("purchase"), body: { note: "Leave it at the back door" } },
  { operation: "purchaseOrders.place", ...one("purchase") },
  { operation: "purchaseOrders.receive", ...one("purchase"), body: { lines: lines(12) } },
  { operation: "purchaseOrders.receive", ...one("purchase"), body: { lines: lines(99) } },
  { operation: "purchaseOrders.byId", ...one("purchase") },
  { operation: "purchaseOrders.close", ...one("purchase"), body: { reason: "The rest is sold out" } },
  { operation: "purchaseOrders.create", body: order, save: "unwanted", unseen: true },
  { operation: "purchaseOrders.place", ...one("unwanted"), unseen: true },
  { operation: "purchaseOrders.cancel", ...one("unwanted"), body: {} },
  { operation: "purchaseOrders.list", query: { vendor: "potter", state: "closed" } }
]

const orders: ReadonlyArray<Example> = [
  { operation: "carts.add", body: { product: "mug", quantity: 1 }, by: "ann" },
  { operation: "carts.change", params: { product: "mug" }, body: { quantity: 2 }, by: "ann" },
  { operation: "carts.mine", by: "ann" },
  { operation: "carts.checkout", body: { location: "corner" }, by: "ann" },
  buy(400),
  { operation: "carts.checkout", body: { location: "corner" }, by: "ann" },
  { operation: "carts.remove", params: { product: "mug" }, by: "ann" },
  buy(1),
  { operation: "carts.clear", by: "ann" },
  buy(3),
  { operation: "orders.place", body: { location: "corner" }, by: "ann", save: "order" },
  { operation: "orders.reportPayment", ...one("order"), body: { payment: "paid" } },
  { operation: "orders.ship", ...one("order"), body: { lines: lines(2) } },
  { operation: "orders.undoShipment", params: { id: "{order}", shipment: "1" } },
  { operation: "orders.ship", ...one("order"), body: { lines: lines(2) }, unseen: true },
  { operation: "orders.cancel", ...one("order"), body: { lines: lines(1) } },
  { operation: "orders.requestReturn", ...one("order"), body: { lines: lines(1) }, by: "ann" },
  { operation: "orders.receiveReturn", ...one("order"), body: { lines: [{ line: 1, quantity: 1, into: "sellable" }] } },
  { operation: "orders.byId", ...one("order"), by: "ann" },
  { operation: "orders.list", query: { limit: "1" }, by: "ann" },
  {
    operation: "stockPolicies.set",
    body: { lines: [{ product: "mug", location: "depot", backorders: true }] },
    unseen: true
  },
  buy(99),
  {
    operation: "orders.place",
    body: { location: "depot", sources: { locations: ["depot"], strategy: "inOrder" }, backorders: true },
    by: "ann",
    save: "waiting"
  },
  { operation: "orders.backorders", query: { location: "depot" } },
  { operation: "orders.allocate", ...one("waiting"), body: { location: "corner", lines: lines(2) } },
  { operation: "orders.allocate", ...one("waiting"), body: { lines: lines(99) } },
  { operation: "orders.ship", ...one("waiting"), body: { location: "corner" } }
]

const lot = { params: { product: "milk", lot: "L-17" } }

const lots: ReadonlyArray<Example> = [
  { operation: "products.create", body: { id: "milk", sku: "MILK", name: "Milk", lotTracked: true }, unseen: true },
  {
    operation: "stockMovements.record",
    body: {
      lines: [
        { kind: "purchase", product: "milk", location: "corner", lot: "L-17", expiresOn: "2999-03-01", quantity: 10 }
      ]
    },
    unseen: true
  },
  { operation: "lots.list", query: { product: "milk", expiring_before: "2999-12-31" } },
  { operation: "lots.expiry", ...lot, body: { expiresOn: "2999-02-28" } },
  { operation: "lots.recall", ...lot, body: { reason: "Glass in the bottle" } },
  { operation: "lots.trace", ...lot },
  { operation: "lots.recipients", ...lot },
  { operation: "lots.reinstate", ...lot }
]

const bea = { email: "bea@example.com", password: "correct horse battery" }
const form = "application/x-www-form-urlencoded"

const accounts: ReadonlyArray<Example> = [
  { operation: "accounts.register", body: { ...bea, name: "Bea" }, by: "nobody", save: "bea" },
  {
    operation: "accounts.login",
    text: { type: form, body: String(new URLSearchParams({ username: bea.email, password: bea.password })) },
    by: "nobody"
  },
  { operation: "accounts.loginJson", body: bea, by: "nobody", save: "refresh" },
  { operation: "accounts.loginJson", body: { ...bea, password: "a guess" }, by: "nobody" },
  { operation: "accounts.refresh", body: { refresh_token: "{refresh}" }, by: "nobody", save: "refresh" },
  { operation: "accounts.logout", body: { refresh_token: "{refresh}", everywhere: true }, by: "nobody" },
  { operation: "users.list", query: { limit: "2" } },
  { operation: "users.byId", ...one("bea") },
  { operation: "users.update", ...one("bea"), body: { roles: ["warehouse_manager"], locations: ["corner"] } },
  { operation: "users.signOut", ...one("bea") },
  { operation: "users.me", by: "ann" },
  { operation: "users.updateMe", body: { name: "Ann Miller" }, by: "ann" },
  { operation: "users.sessions", by: "ann" },
  { operation: "apiKeys.create", body: { name: "Till 3", roles: ["warehouse_manager"] }, save: "key" },
  { operation: "apiKeys.list" },
  { operation: "apiKeys.byId", ...one("key") },
  { operation: "apiKeys.update", ...one("key"), body: { name: "Till 4" } },
  { operation: "apiKeys.revoke", ...one("key") }
]

const weeks = { since: "2026-01-05", until: "2026-03-02" }

const reports: ReadonlyArray<Example> = [
  { operation: "reports.sales", query: { ...weeks, every: "month", by: "product" } },
  { operation: "reports.value", query: { product: "mug" } },
  { operation: "reports.valuation", query: weeks },
  { operation: "reports.turnover", query: weeks },
  { operation: "reports.abc", query: { ...weeks, location: "corner" } },
  { operation: "reports.ageing", query: { product: "mug" } },
  { operation: "reports.deadStock", query: weeks },
  { operation: "reports.sellThrough", query: weeks },
  { operation: "reports.stockOuts", query: weeks },
  { operation: "reports.stockCard", query: { ...weeks, ...shop } },
  { operation: "reports.stockCard", query: { ...weeks, ...shop, format: "csv" } }
]

const notices: ReadonlyArray<Example> = [
  { operation: "notifications.list", query: { state: "open" }, save: "notice" },
  { operation: "notifications.byId", ...one("notice") },
  { operation: "notifications.read", ...one("notice") },
  { operation: "notifications.snooze", ...one("notice"), body: { minutes: 1440 } },
  { operation: "notifications.resolve", ...one("notice") }
]

const closing: ReadonlyArray<Example> = [
  { operation: "locations.create", body: { id: "kiosk", name: "Kiosk" }, unseen: true },
  {
    operation: "stockMovements.record",
    body: { lines: [{ kind: "purchase", product: "mug", location: "kiosk", quantity: 4 }] },
    unseen: true
  },
  { operation: "locations.drain", params: { id: "kiosk" }, body: { destination: "corner" } },
  { operation: "locations.archive", params: { id: "kiosk" } },
  { operation: "locations.archive", params: { id: "corner" } },
  { operation: "locations.restore", params: { id: "kiosk" } }
]

const record = (kind: string, quantity: number) => ({
  method: "POST",
  path: "/api/v1/stock-movements",
  body: { lines: [{ kind, ...shop, quantity }] }
})

const batches: ReadonlyArray<Example> = [
  { operation: "batches.run", body: { mode: "plan", requests: [record("purchase", 12), record("damaged", 2)] } },
  { operation: "batches.run", body: { mode: "all", requests: [record("purchase", 12), record("sale", 5000)] } },
  {
    operation: "batches.run",
    body: {
      mode: "each",
      requests: [
        record("purchase", 12),
        { method: "PATCH", path: "/api/v1/products/mug", ifMatch: "*", body: { category: "Mugs" } }
      ]
    }
  }
]

const hook = { url: "https://erp.example/hooks/stock", events: ["StockChanged"] }

const webhooks: ReadonlyArray<Example> = [
  { operation: "webhooks.create", body: hook, save: "webhook" },
  { operation: "webhooks.list" },
  { operation: "webhooks.byId", ...one("webhook") },
  { operation: "webhooks.update", ...one("webhook"), body: { state: "paused" } },
  { operation: "webhooks.rotate", ...one("webhook") },
  { operation: "webhooks.deliveries", ...one("webhook"), query: { state: "dead" } },
  { operation: "webhooks.remove", ...one("webhook") }
]

const leaving: ReadonlyArray<Example> = [
  { operation: "health.live", by: "nobody" },
  { operation: "health.ready", by: "nobody" },
  { operation: "users.sessions", by: "ann", unseen: true, save: "session" },
  { operation: "users.endSession", params: { session: "{session}" }, by: "ann" },
  { operation: "users.endSessions" }
]

export const story: ReadonlyArray<Example> = [
  ...catalogue,
  ...stock,
  ...transfers,
  ...counts,
  ...vendorPlan,
  ...purchases,
  ...orders,
  ...reports,
  ...lots,
  ...notices,
  ...batches,
  ...closing,
  ...accounts,
  ...webhooks,
  ...leaving
]
