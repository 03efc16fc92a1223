// The tables. A row is the JSON of one of core's own schemas; the columns beside it are computed from that JSON, so
// that SQLite can find rows, keep keys unique, and refuse a balance that must not be.
import { Balance, Claim, ClaimEvent, CommandRecord, Event, Movement, tables } from "@onhand/core"
import { Schema } from "effect"

const jsonOf = <A>(schema: Schema.Codec<A, Schema.Json>) => {
  const text = Schema.fromJsonString(schema)
  return { encode: Schema.encodeSync(text), decode: Schema.decodeUnknownSync(text) }
}

/** Each table's rows as the text that is kept of them, and back. */
export const json = {
  commands: jsonOf(CommandRecord),
  movements: jsonOf(Movement),
  claimEvents: jsonOf(ClaimEvent),
  events: jsonOf(Event),
  balances: jsonOf(Balance),
  claims: jsonOf(Claim),
  products: jsonOf(tables.products),
  locations: jsonOf(tables.locations),
  names: jsonOf(tables.names),
  carts: jsonOf(tables.carts),
  lots: jsonOf(tables.lots),
  orders: jsonOf(tables.orders),
  policies: jsonOf(tables.policies),
  stockPolicies: jsonOf(tables.stockPolicies),
  thresholds: jsonOf(tables.thresholds),
  counts: jsonOf(tables.counts),
  transfers: jsonOf(tables.transfers),
  users: jsonOf(tables.users),
  sessions: jsonOf(tables.sessions),
  apiKeys: jsonOf(tables.apiKeys),
  vendors: jsonOf(tables.vendors),
  vendorProducts: jsonOf(tables.vendorProducts),
  contactRecords: jsonOf(tables.contactRecords),
  purchaseOrders: jsonOf(tables.purchaseOrders),
  notifications: jsonOf(tables.notifications),
  webhooks: jsonOf(tables.webhooks)
}

/** Columns computed from a row's JSON, by the names of its fields. */
const text = (...fields: ReadonlyArray<string>) => fields.map((field) => `${field} TEXT AS (data ->> '${field}')`)
const integer = (...fields: ReadonlyArray<string>) => fields.map((field) => `${field} INTEGER AS (data ->> '${field}')`)

const table = (name: keyof typeof json, columns: ReadonlyArray<string>, rules: ReadonlyArray<string>) =>
  `CREATE TABLE ${name} (${["data TEXT NOT NULL", ...columns, ...rules].join(", ")}) STRICT`

const key = text("product", "location", "lot")
const entry = [...integer("seq", "line", "version"), ...key]
const entryRules = ["UNIQUE (seq, line)", "UNIQUE (product, location, lot, version)"]
const source = ["sourceType TEXT AS (data ->> '$.source.type')", "sourceId TEXT AS (data ->> '$.source.id')"]

/** The quantities of a balance. */
const quantities = ["sellable", "qualityControl", "damaged", "quarantine", "held", "committed"] as const

const ledger = [
  "CREATE TABLE head (seq INTEGER NOT NULL, micros INTEGER NOT NULL) STRICT",
  "INSERT INTO head VALUES (0, 0)",
  table("commands", [...text("key"), ...integer("seq")], ["UNIQUE (key)", "UNIQUE (seq)"]),
  table("movements", [...entry, ...integer("quantity"), ...text("kind", "occurredAt"), ...source], entryRules),
  "CREATE INDEX movementsOfProduct ON movements (product, seq, line)",
  "CREATE INDEX movementsOfLocation ON movements (location, seq, line)",
  "CREATE INDEX movementsOfSource ON movements (sourceId, sourceType) WHERE sourceId IS NOT NULL",
  table("claimEvents", entry, entryRules),
  table("events", integer("seq", "line"), ["UNIQUE (seq, line)"]),
  table(
    "balances",
    [...key, ...integer(...quantities, "floor")],
    [
      "UNIQUE (product, location, lot)",
      ...quantities.map((quantity) => `CHECK (${quantity} >= 0)`),
      "CONSTRAINT neverOversold CHECK (sellable - held - committed >= floor)"
    ]
  ),
  table("claims", [...text("id", "state", "expiresAt"), ...key, ...integer("quantity")], ["UNIQUE (id)"]),
  "CREATE INDEX claimsHeld ON claims (product, location, expiresAt) WHERE state = 'held'"
]

const entity = (name: keyof typeof json, ...fields: ReadonlyArray<string>) =>
  table(name, text("id", ...fields), ["UNIQUE (id)"])

const entities = [
  entity("products", "sku", "name", "category", "status", "createdAt"),
  "CREATE INDEX productsByName ON products (name, id)",
  entity("locations", "name"),
  entity("names", "target"),
  entity("carts"),
  entity("lots", "product", "lot", "status", "expiresOn", "expiresAt"),
  "CREATE INDEX lotsOfProduct ON lots (product, lot)",
  "CREATE INDEX lotsByExpiry ON lots (expiresOn, product, lot)",
  entity("orders", "customer", "location", "placedAt"),
  "CREATE INDEX ordersByTime ON orders (placedAt, id)",
  entity("policies", "product", "location"),
  entity("stockPolicies", "product", "location"),
  entity("thresholds", "product", "location", "raisedAt"),
  entity("counts", "state", "location", "createdAt"),
  entity("transfers", "state", "origin", "destination", "createdAt"),
  entity("users", "email"),
  entity("sessions"),
  entity("apiKeys", "name"),
  entity("vendors", "name", "status"),
  entity("vendorProducts", "vendor", "product"),
  entity("contactRecords", "vendor", "product", "contactedAt"),
  entity("purchaseOrders", "state", "vendor", "destination", "createdAt", "expectedAt"),
  entity("notifications", "state", "kind", "product", "location", "raisedAt", "snoozedUntil"),
  entity("webhooks", "state", "createdAt")
]

// History is only ever added to, and SQLite sees to it.
const appendOnly = ["commands", "movements", "claimEvents", "events"].flatMap((name) =>
  ["UPDATE", "DELETE"].map(
    (change) => `CREATE TRIGGER ${name}Refuse${change} BEFORE ${change} ON ${name}
      BEGIN SELECT RAISE(ABORT, '${name} is append-only: record a correction instead'); END`
  )
)

/** The statements that make an empty store. */
export const creation: ReadonlyArray<string> = [...ledger, ...entities, ...appendOnly]
