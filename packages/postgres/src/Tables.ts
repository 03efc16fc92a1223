/**
 * The tables: their definition as migrations. Every invariant that a row can show is a CHECK or a unique key, so that
 * the database refuses what a bug would let through.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/**
 * Whether a movement was dated: recorded at another time than the one at which it happened. Most are not, and are found
 * by the time at which they were recorded; those that are have indexes of their own. `movement` is the table's alias
 * with its dot.
 */
export const isDated = (movement: string): string =>
  `(${movement}recorded_at - ${movement}occurred_at) NOT BETWEEN interval '0' AND interval '999 microseconds'`

/** The PostgreSQL schema that holds everything, so that a host's own tables stay apart. */
export const SCHEMA = "onhand"

// A command's events stand in its own row: one write fewer, and they cannot be there without it. Payload, reply and
// events are text, because the database only gives them back.
const ledger = [
  `CREATE TABLE onhand.heads (
    shard int PRIMARY KEY,
    seq bigint NOT NULL CHECK (seq >= 0),
    last_micros bigint NOT NULL CHECK (last_micros >= 0),
    hash text NOT NULL
  )`,
  `CREATE TABLE onhand.seals (
    shard int NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
    digests text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (shard, last_seq)
  )`,
  `CREATE TABLE onhand.commands (
    key text COLLATE "C" PRIMARY KEY,
    shard int NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    tag text NOT NULL,
    payload text NOT NULL,
    id text NOT NULL,
    actor text,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'refused')),
    reply text NOT NULL,
    events text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (shard, seq)
  )`,
  `CREATE INDEX commands_with_events ON onhand.commands (shard, seq) WHERE events <> '[]'`,
  `CREATE TABLE onhand.movements (
    shard int NOT NULL,
    seq bigint NOT NULL,
    line int NOT NULL,
    kind text NOT NULL,
    product text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    from_place text NOT NULL,
    to_place text NOT NULL CHECK (to_place <> from_place),
    quantity bigint NOT NULL CHECK (quantity > 0),
    version bigint NOT NULL CHECK (version > 0),
    on_hand_after bigint NOT NULL,
    sellable_after bigint NOT NULL,
    reason text,
    source_type text,
    source_id text,
    unit_cost numeric,
    unit_cost_currency text,
    command text NOT NULL,
    actor text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (shard, seq, line)
  )`,
  // A commit writes into all of these, so they are few and narrow. Pages go along the ones with the kind, kind by kind;
  // stock as of a time is one step in the first for each key.
  `CREATE INDEX movements_of_key ON onhand.movements (product, location, lot, recorded_at)`,
  `CREATE INDEX movements_of_product ON onhand.movements (product, kind, recorded_at)`,
  `CREATE INDEX movements_of_location ON onhand.movements (location, kind, recorded_at)`,
  `CREATE INDEX movements_of_kind ON onhand.movements (kind, recorded_at)`,
  `CREATE INDEX movements_of_source ON onhand.movements (source_id, recorded_at) WHERE source_id IS NOT NULL`,
  `CREATE INDEX movements_dated ON onhand.movements (occurred_at) WHERE ${isDated("")}`,
  `CREATE INDEX movements_dated_of_kind ON onhand.movements (kind, occurred_at) WHERE ${isDated("")}`,
  `CREATE INDEX movements_dated_of_location ON onhand.movements (location, kind, occurred_at) WHERE ${isDated("")}`,
  `CREATE INDEX movements_dated_of_product ON onhand.movements (product, kind, occurred_at)
    INCLUDE (recorded_at, location, lot, from_place, to_place, quantity) WHERE ${isDated("")}`,
  // Without it the planner would take movements that were not dated for rare ones.
  `CREATE STATISTICS onhand.movements_dating ON (recorded_at - occurred_at) FROM onhand.movements`,
  `CREATE TABLE onhand.claim_events (
    shard int NOT NULL,
    seq bigint NOT NULL,
    line int NOT NULL,
    kind text NOT NULL,
    claim text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    version bigint NOT NULL CHECK (version > 0),
    held_after bigint NOT NULL CHECK (held_after >= 0),
    committed_after bigint NOT NULL CHECK (committed_after >= 0),
    expires_at timestamptz,
    source_type text,
    source_id text,
    command text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (shard, seq, line)
  )`,
  `CREATE UNIQUE INDEX claim_events_of_key ON onhand.claim_events (shard, location, product, lot, version)`,
  `CREATE INDEX claim_events_of_claim ON onhand.claim_events (claim)`,
  `CREATE TABLE onhand.balances (
    shard int NOT NULL,
    product text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    sellable bigint NOT NULL CHECK (sellable >= 0),
    quality_control bigint NOT NULL CHECK (quality_control >= 0),
    damaged bigint NOT NULL CHECK (damaged >= 0),
    quarantine bigint NOT NULL CHECK (quarantine >= 0),
    held bigint NOT NULL CHECK (held >= 0),
    committed bigint NOT NULL CHECK (committed >= 0),
    version bigint NOT NULL CHECK (version >= 0),
    claim_version bigint NOT NULL CHECK (claim_version >= 0),
    CONSTRAINT never_oversold CHECK (sellable - held - committed >= 0),
    PRIMARY KEY (shard, location, product, lot)
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX balances_of_product ON onhand.balances (product, location)`,
  `CREATE TABLE onhand.claims (
    id text COLLATE "C" PRIMARY KEY,
    shard int NOT NULL,
    product text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    state text NOT NULL CHECK (state IN ('held', 'committed', 'consumed', 'released', 'expired')),
    expires_at timestamptz,
    source_type text,
    source_id text,
    CHECK ((state = 'held') = (expires_at IS NOT NULL)),
    CHECK (state IN ('held', 'committed') OR quantity = 0)
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX claims_held ON onhand.claims (product, location, expires_at) WHERE state = 'held'`
]

// History is only ever added to. A trigger says so even to roles whose privileges would let them change it.
const appendOnly = [
  `CREATE FUNCTION onhand.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'onhand.% is append-only: record a correction instead', TG_TABLE_NAME; END $$`,
  ...["commands", "movements", "claim_events", "seals"].flatMap((table) => [
    `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onhand.${table}
      FOR EACH ROW EXECUTE FUNCTION onhand.refuse_change()`,
    `CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onhand.${table}
      FOR EACH STATEMENT EXECUTE FUNCTION onhand.refuse_change()`
  ])
]

const document = (table: string, columns: string) => `CREATE TABLE onhand.${table} (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL CHECK (version > 0),
  data jsonb NOT NULL${columns}
) WITH (fillfactor = 80)`

const generated = (name: string, expression: string) =>
  `,\n  ${name} text COLLATE "C" GENERATED ALWAYS AS (${expression}) STORED`

const entities = [
  document(
    "products",
    generated("name", "data->>'name'") +
      generated("sku", "data->>'sku'") +
      generated("category", "data->>'category'") +
      generated("status", "data->>'status'") +
      generated("created", "data->>'createdAt'")
  ),
  `CREATE INDEX products_by_name ON onhand.products (name, id)`,
  `CREATE INDEX products_by_sku ON onhand.products (sku, id)`,
  `CREATE INDEX products_by_created ON onhand.products (created, id)`,
  `CREATE INDEX products_by_category ON onhand.products (category, name, id)`,
  document("locations", generated("name", "data->>'name'")),
  `CREATE INDEX locations_by_name ON onhand.locations (name, id)`,
  document("names", ""),
  document("carts", ""),
  document(
    "orders",
    generated("customer", "data->>'customer'") +
      generated("location", "data->>'location'") +
      generated("placed", "data->>'placedAt'")
  ),
  `CREATE INDEX orders_by_time ON onhand.orders (placed, id)`,
  `CREATE INDEX orders_of_customer ON onhand.orders (customer, placed, id)`,
  `CREATE INDEX orders_of_location ON onhand.orders (location, placed, id)`,
  document(
    "thresholds",
    generated("product", "data->>'product'") +
      generated("location", "data->>'location'") +
      generated("raised", "data->>'raisedAt'")
  ),
  `CREATE INDEX thresholds_raised ON onhand.thresholds (raised, id) WHERE raised IS NOT NULL`,
  `CREATE INDEX thresholds_of_location ON onhand.thresholds (location, id)`,
  document("users", generated("email", "data->>'email'")),
  `CREATE INDEX users_by_email ON onhand.users (email, id)`
]

const transfers = [
  document(
    "transfers",
    generated("state", "data->>'state'") +
      generated("origin", "data->>'origin'") +
      generated("destination", "data->>'destination'") +
      generated("created", "data->>'createdAt'")
  ),
  `CREATE INDEX transfers_by_time ON onhand.transfers (created, id)`,
  `CREATE INDEX transfers_in_state ON onhand.transfers (state, created, id)`,
  `CREATE INDEX transfers_from ON onhand.transfers (origin, created, id)`,
  `CREATE INDEX transfers_to ON onhand.transfers (destination, created, id)`
]

// Forecasts follow from the ledger and may be dropped at any time.
const forecasts = [
  `CREATE TABLE onhand.forecasts (
    product text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    data jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product, location)
  ) WITH (fillfactor = 80)`,
  document("policies", generated("product", "data->>'product'") + generated("location", "data->>'location'")),
  `CREATE INDEX policies_of_product ON onhand.policies (product, id) WHERE product IS NOT NULL`,
  `CREATE INDEX policies_of_location ON onhand.policies (location, id) WHERE location IS NOT NULL`
]

const counts = [
  document(
    "counts",
    generated("state", "data->>'state'") +
      generated("location", "data->>'location'") +
      generated("created", "data->>'createdAt'")
  ),
  `CREATE INDEX counts_by_time ON onhand.counts (created, id)`,
  `CREATE INDEX counts_in_state ON onhand.counts (state, created, id)`,
  `CREATE INDEX counts_at ON onhand.counts (location, created, id)`
]

// The products of a document's open lines while they are on their way; null else. What is incoming is found through it,
// and the open documents stay few, however many there were.
const incoming = (states: string, open: string) => `incoming jsonb GENERATED ALWAYS AS (
  CASE WHEN data->>'state' IN (${states}) THEN jsonb_path_query_array(data, '$.lines[*] ? (${open} > 0).product') END
) STORED`
const incomingIndexes = (table: string) => [
  `CREATE INDEX ${table}_incoming ON onhand.${table} USING gin (incoming jsonb_path_ops) WHERE incoming IS NOT NULL`,
  `CREATE INDEX ${table}_incoming_to ON onhand.${table} (destination) WHERE incoming IS NOT NULL`
]

const vendors = [
  document("vendors", generated("name", "data->>'name'") + generated("status", "data->>'status'")),
  `CREATE INDEX vendors_by_name ON onhand.vendors (name, id)`,
  document("vendorProducts", generated("vendor", "data->>'vendor'") + generated("product", "data->>'product'")),
  `CREATE INDEX vendorProducts_of_product ON onhand.vendorProducts (product, vendor)`,
  `CREATE INDEX vendorProducts_of_vendor ON onhand.vendorProducts (vendor, product)`,
  document(
    "contactRecords",
    generated("vendor", "data->>'vendor'") +
      generated("product", "data->>'product'") +
      generated("contacted", "data->>'contactedAt'")
  ),
  `CREATE INDEX contactRecords_by_time ON onhand.contactRecords (contacted, id)`,
  `CREATE INDEX contactRecords_of_vendor ON onhand.contactRecords (vendor, contacted, id)`,
  `CREATE INDEX contactRecords_of_product ON onhand.contactRecords (product, contacted, id)`,
  document(
    "purchaseOrders",
    generated("state", "data->>'state'") +
      generated("vendor", "data->>'vendor'") +
      generated("destination", "data->>'destination'") +
      generated("created", "data->>'createdAt'") +
      `,\n  ${incoming("'placed', 'partiallyReceived'", "@.ordered - @.received - @.canceled")}`
  ),
  `CREATE INDEX purchaseOrders_by_time ON onhand.purchaseOrders (created, id)`,
  `CREATE INDEX purchaseOrders_in_state ON onhand.purchaseOrders (state, created, id)`,
  `CREATE INDEX purchaseOrders_of_vendor ON onhand.purchaseOrders (vendor, created, id)`,
  `CREATE INDEX purchaseOrders_to ON onhand.purchaseOrders (destination, created, id)`,
  ...incomingIndexes("purchaseOrders"),
  `ALTER TABLE onhand.transfers ADD COLUMN ${incoming(
    "'inTransit', 'partiallyReceived'",
    "@.shipped - @.received - @.damaged - @.lost - @.returned"
  )}`,
  ...incomingIndexes("transfers")
]

// Text, because what was entered is kept to the letter.
const entered = [`ALTER TABLE onhand.movements ADD COLUMN entered text`]

// A lot is found by its own key from what lies under it; lists of lots go by their expiry.
const lots = [
  document(
    "lots",
    generated("product", "data->>'product'") +
      generated("lot", "data->>'lot'") +
      generated("status", "data->>'status'") +
      generated("expires_on", "coalesce(data->>'expiresOn', '9999-12-31')") +
      generated("expires_at", "data->>'expiresAt'")
  ),
  `CREATE UNIQUE INDEX lots_of_product ON onhand.lots (product, lot)`,
  `CREATE INDEX lots_by_expiry ON onhand.lots (expires_on, product, lot)`
]

// The open claims of a place in the order in which they are listed.
const claims = [
  `CREATE INDEX claims_open ON onhand.claims (product, location, id) WHERE state IN ('held', 'committed')`
]

// What may be promised of a place beyond what is there stands with the balance, so that the database refuses more.
const stockPolicies = [
  document("stockPolicies", generated("product", "data->>'product'") + generated("location", "data->>'location'")),
  `CREATE INDEX stockPolicies_of_product ON onhand.stockPolicies (product, id)`,
  `CREATE INDEX stockPolicies_of_location ON onhand.stockPolicies (location, id)`,
  `ALTER TABLE onhand.balances ADD COLUMN floor bigint NOT NULL DEFAULT 0 CHECK (floor <= 0)`,
  `ALTER TABLE onhand.balances DROP CONSTRAINT never_oversold`,
  `ALTER TABLE onhand.balances ADD CONSTRAINT never_oversold CHECK (sellable - held - committed >= floor)`,
  `CREATE INDEX balances_with_floor ON onhand.balances (product, location) WHERE floor < 0`,
  // The products that an order waits for; null of all others, so that those that wait are few, however many there were.
  `ALTER TABLE onhand.orders ADD COLUMN backordered jsonb GENERATED ALWAYS AS (
    CASE WHEN data->>'status' = 'placed'
      THEN nullif(jsonb_path_query_array(data, '$.lines[*] ? (@.backordered > 0).product'), '[]') END
  ) STORED`,
  `CREATE INDEX orders_backordered ON onhand.orders (placed, id) WHERE backordered IS NOT NULL`,
  // The other locations that serve an order, or did; null of all orders that their own location served alone.
  `ALTER TABLE onhand.orders ADD COLUMN elsewhere jsonb GENERATED ALWAYS AS (
    nullif(
      jsonb_path_query_array(data, '$.lines[*].elsewhere[*].location') ||
        jsonb_path_query_array(data, '$.shipments[*].location ? (@ != $.location)'),
      '[]'
    )
  ) STORED`,
  `CREATE INDEX orders_elsewhere ON onhand.orders USING gin (elsewhere jsonb_path_ops) WHERE elsewhere IS NOT NULL`
]

const notifications = [
  document(
    "notifications",
    generated("state", "data->>'state'") +
      generated("kind", "data->>'kind'") +
      generated("product", "data->>'product'") +
      generated("location", "data->>'location'") +
      generated("raised", "data->>'raisedAt'") +
      generated("snoozed", "data->>'snoozedUntil'")
  ),
  `CREATE INDEX notifications_by_time ON onhand.notifications (raised, id)`,
  `CREATE INDEX notifications_in_state ON onhand.notifications (state, raised, id)`,
  `CREATE INDEX notifications_of_kind ON onhand.notifications (kind, raised, id)`,
  `CREATE INDEX notifications_of_product ON onhand.notifications (product, raised, id) WHERE product IS NOT NULL`,
  `CREATE INDEX notifications_at ON onhand.notifications (location, raised, id) WHERE location IS NOT NULL`,
  `CREATE INDEX notifications_snoozed ON onhand.notifications (snoozed) WHERE snoozed IS NOT NULL`,
  `ALTER TABLE onhand.purchaseOrders ADD COLUMN due text COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN data->>'state' IN ('placed', 'partiallyReceived') THEN data->>'expectedAt' END
  ) STORED`,
  `CREATE INDEX purchaseOrders_due ON onhand.purchaseOrders (due, id) WHERE due IS NOT NULL`
]

// What is on its way out of the house, and who sees to it: beside the ledger, and changed without commands.
const deliveries = [
  document("webhooks", generated("state", "data->>'state'") + generated("created", "data->>'createdAt'")),
  `CREATE INDEX webhooks_by_time ON onhand.webhooks (created, id) WHERE state <> 'removed'`,
  `CREATE TABLE onhand.consumers (
    name text COLLATE "C" PRIMARY KEY,
    owner text NOT NULL,
    leased_until timestamptz NOT NULL,
    cursor jsonb
  )`,
  `CREATE TABLE onhand.consumer_notes (
    consumer text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (consumer, key)
  )`,
  `CREATE TABLE onhand.deliveries (
    id text COLLATE "C" PRIMARY KEY,
    consumer text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    body jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'dead')),
    attempts int NOT NULL CHECK (attempts >= 0),
    due_at timestamptz NOT NULL,
    error text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX deliveries_due ON onhand.deliveries (consumer, target, due_at) WHERE state = 'pending'`,
  `CREATE INDEX deliveries_of_target ON onhand.deliveries (consumer, target, created_at, id)`,
  `CREATE INDEX deliveries_in_state ON onhand.deliveries (consumer, state, created_at, id)`
]

const access = [
  document("sessions", ""),
  document("apiKeys", generated("name", "data->>'name'")),
  `CREATE INDEX apiKeys_by_name ON onhand.apiKeys (name, id)`
]

// What the valuation of a product knows at places of its history. It follows from the ledger and may be deleted.
const keptValues = [
  `CREATE TABLE onhand.kept_values (
    product text COLLATE "C" NOT NULL,
    method text NOT NULL,
    recorded_at timestamptz NOT NULL,
    shard int NOT NULL,
    seq bigint NOT NULL,
    line int NOT NULL,
    movements bigint NOT NULL,
    latest timestamptz NOT NULL,
    state json NOT NULL,
    layers text NOT NULL,
    sold jsonb NOT NULL,
    PRIMARY KEY (product, method, recorded_at, shard, seq, line)
  )`
]

const run = (statements: ReadonlyArray<string>): Effect.Effect<void, SqlError, SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    for (const statement of statements) yield* sql.unsafe(statement)
  })

// The case of letters as Unicode has it, whatever the locale of the database: that of C knows of no é.
const unicode = (sql: SqlClient) =>
  Effect.map(
    sql<{ readonly name: string }>`SELECT collname AS name FROM pg_collation
      WHERE collname IN ('pg_c_utf8', 'und-x-icu')
        AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding())) ORDER BY collname`,
    ([first]) => (first === undefined ? "" : ` COLLATE "${first.name}"`)
  )

/**
 * What products are searched by; words that look alike are found where the database has `pg_trgm` and lets us use it,
 * and with an index. The embedded database goes without that: it would cost it 40 % of an import's speed (measured), no
 * process cleans it up there, and a catalogue of that size is searched in milliseconds.
 */
const search = Effect.gen(function* () {
  const sql = yield* SqlClient
  const words = `(data->>'name') || ' ' || (data->>'sku') || ' ' || translate(data->>'barcodes', '[]",', '') || ' ' ||
    (data->>'category') || ' ' || (data->>'description')`
  yield* sql.unsafe(`ALTER TABLE onhand.products ADD COLUMN search text COLLATE "C"
    GENERATED ALWAYS AS (lower((${words})${yield* unicode(sql)})) STORED`)
  yield* Effect.ignore(sql.withTransaction(sql`CREATE EXTENSION IF NOT EXISTS pg_trgm`))
  const [server] = yield* sql<{ readonly embedded: boolean }>`SELECT version() LIKE '%PGlite%' AS embedded`
  if (server?.embedded === true) return
  const index = sql`CREATE INDEX products_by_words ON onhand.products USING gin (search gin_trgm_ops)`
  yield* Effect.ignore(sql.withTransaction(index))
})

// What a statement calls when what it was to change is not what it was decided on: nothing of it happens then.
const overtaken = `CREATE FUNCTION onhand.overtaken(what text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION '% changed in another transaction', what USING ERRCODE = 'serialization_failure';
  END $$`

/** The migrations by their names; numbered without a gap. The first fixes the shards of the ledger. */
export const migrations = (shards: number): Record<string, Effect.Effect<void, SqlError, SqlClient>> => ({
  "1_ledger": run([
    ...ledger,
    `INSERT INTO onhand.heads (shard, seq, last_micros, hash)
      SELECT shard, 0, 0, '' FROM generate_series(0, ${shards - 1}) shard`,
    ...appendOnly
  ]),
  "2_entities": run(entities),
  "3_transfers": run(transfers),
  "4_forecasts": run(forecasts),
  "5_vendors": run(vendors),
  "6_counts": run(counts),
  "7_lots": run(lots),
  "8_claims": run([...claims, ...entered]),
  "9_notifications": run([...notifications, ...deliveries]),
  "10_access": run(access),
  // For each table, the seq of the last commit of the shard that changed any of its rows.
  "11_changed_tables": run([`ALTER TABLE onhand.heads ADD COLUMN changed jsonb NOT NULL DEFAULT '{}'`]),
  "12_stock_policies": run(stockPolicies),
  // The lots that expire until a time, for the review that tells of them.
  "13_expiring_lots": run([`CREATE INDEX lots_expiring ON onhand.lots (expires_at) WHERE expires_at IS NOT NULL`]),
  "14_kept_values": run(keptValues),
  "15_search": search,
  "16_overtaken": run([overtaken]),
  // By itself, because reports ask it of every product: out of the whole document it would take longer than the sums.
  "17_decimals": run([
    `ALTER TABLE onhand.products ADD COLUMN decimals smallint
      GENERATED ALWAYS AS ((data->'unit'->>'decimals')::smallint) STORED`
  ])
})
