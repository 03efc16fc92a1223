// A big ledger, made inside the database: two years of a retailer with 100,000 products and 50 locations, the same for
// the same seed, and row by row what the store would have written, seals included. `verify` finds no difference in it.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Clock, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { Column } from "../src/Columns.ts"
import { DIGEST_LENGTH } from "../src/HashChain.ts"
import { claimEventColumns, commandColumns, movementColumns } from "../src/LedgerColumns.ts"
import { migrate } from "../src/PostgresStore.ts"
import { catalogue, LOCATIONS, PRODUCTS } from "./BigCatalogue.ts"

/** When the ledger ends, in microseconds since 1970: in the past, so that the store's clock goes on after it. */
const END = Date.UTC(2026, 0, 1) * 1000
const TWO_YEARS = 2 * 365 * 24 * 3600 * 1_000_000
const HOUR = 3600 * 1_000_000

/** Every so many movements of a stock key one is a receipt that lasts until the next, whatever is sold. */
const MOVEMENTS_PER_RECEIPT = 40

/** Movements come in blocks of 20, which are 19 commands: one of three lines, one that is first held, 16 others. */
const BLOCK = 20
const COMMANDS_PER_BLOCK = 19

/** Commands of one sealed commit. */
const COMMIT = 500

export interface BigLedgerOptions {
  /** A multiple of 20. */
  readonly movements: number
  /** 100,000 when left out. */
  readonly products?: number
  readonly seed?: number
  /** All of it was recorded within the last hour, with the business times of the two years: an imported past. */
  readonly imported?: boolean
}

/** Commands that one statement makes: whole blocks and whole commits. Two are made at once. */
const SLICE = 950 * COMMIT
const SESSIONS = 2

const commandsOf = ({ movements }: BigLedgerOptions) => (movements / BLOCK) * COMMANDS_PER_BLOCK

/** The ledger in stretches of `seq`; the last one is open, for what is added at the end. */
const slicesOf = (options: BigLedgerOptions) => {
  const count = Math.ceil(commandsOf(options) / SLICE)
  return Array.from({ length: count }, (_, index) => {
    const to = index === count - 1 ? Number.MAX_SAFE_INTEGER : (index + 1) * SLICE + 1
    return { index, from: index * SLICE + 1, to }
  })
}

/** The line-by-line plan: which key moves, in which command, and what happens to it. */
const planTables = (options: BigLedgerOptions) => [
  `CREATE TABLE big.plan (i bigint, seq bigint, line int, slot int, rank int, place int, version bigint, kind text,
     quantity int, sellable_after bigint, on_hand_after bigint, is_last boolean) PARTITION BY RANGE (seq)`,
  ...slicesOf(options).map(
    ({ index, from, to }) => `CREATE UNLOGGED TABLE big.plan_${index} PARTITION OF big.plan
     FOR VALUES FROM (${from}) TO (${to}) WITH (autovacuum_enabled = false)`
  )
]

const plan = ({ movements, products = PRODUCTS, seed = 1 }: BigLedgerOptions) =>
  Array.from(
    { length: SESSIONS },
    (_, session) => `
    INSERT INTO big.plan
    SELECT i, (i - 1) / ${BLOCK} * ${COMMANDS_PER_BLOCK} + CASE WHEN slot < 3 THEN 1 WHEN slot = 3 THEN 3 ELSE slot END,
      CASE WHEN slot < 3 THEN slot ELSE 0 END, slot, rank, place, version, kind, quantity,
      sum(CASE WHEN kind IN ('receipt', 'customerReturn') THEN quantity ELSE -quantity END) OVER history,
      sum(CASE WHEN kind IN ('receipt', 'customerReturn') THEN quantity WHEN kind = 'damage' THEN 0 ELSE -quantity END)
        OVER history,
      lead(i) OVER history IS NULL
    FROM (
      SELECT *, CASE kind WHEN 'receipt' THEN 120 + floor(what * 10)::int WHEN 'sale' THEN 1 + (i % 3)::int ELSE 1 END
        AS quantity
      FROM (
        SELECT *, CASE WHEN version % ${MOVEMENTS_PER_RECEIPT} = 1 THEN 'receipt' WHEN what < 0.91 THEN 'sale'
          WHEN what < 0.95 THEN 'customerReturn' WHEN what < 0.98 THEN 'adjustment' WHEN what < 0.995 THEN 'damage'
          ELSE 'scrap' END AS kind
        FROM (
          SELECT *, big.uniform(i, ${seed + 2}) AS what,
            row_number() OVER (PARTITION BY rank, place ORDER BY i) AS version
          FROM (
            SELECT *, (rank * 13 + floor(exp(ln(11) * big.uniform(i, ${seed + 1})))::int * 5) % ${LOCATIONS} AS place
            FROM (
              -- The hottest product moves 6 % of all, and a third of that at one location. The lines of one command are
              -- of three products.
              SELECT i, slot, CASE WHEN slot < 3 THEN (rank - 1) / 3 * 3 + slot + 1 ELSE rank END AS rank
              FROM (
                SELECT i, ((i - 1) % ${BLOCK})::int AS slot,
                  floor(exp(ln(${products - 1}) * big.uniform(i, ${seed})))::int AS rank
                FROM (SELECT generate_series(1::bigint, ${movements}) AS i) counted) ranked
              OFFSET 0) drawn
            WHERE rank % ${SESSIONS} = ${session}) placed) numbered
        OFFSET 0) named) counted
    WINDOW history AS (PARTITION BY rank, place ORDER BY i ROWS UNBOUNDED PRECEDING)`
  )

/** The plan with everything that a movement says. */
const lines = (options: BigLedgerOptions) => {
  const { seed = 1, imported = false } = options
  const recorded = imported ? HOUR : TWO_YEARS
  const spread = (micros: number) => `${END - micros} + seq * ${Math.floor(micros / commandsOf(options))}`
  return `CREATE VIEW big.lines AS
   SELECT d.*, p.id AS product, l.id AS location, flow.from_place, flow.to_place, big.key_of(seq, ${seed}) AS command,
     slot = 3 AND d.kind = 'sale' AS is_order, big.at(recorded) AS recorded_at,
     big.at((CASE WHEN late < 0.03 THEN happened - floor(late / 0.03 * 30 * 24)::bigint * ${HOUR} - 1
       WHEN late > 0.9995 THEN happened + ${2 * HOUR} ELSE happened END) / 1000 * 1000) AS occurred_at
   FROM (SELECT *, big.uniform(seq, ${seed + 3}) AS late, ${spread(recorded)} AS recorded,
     ${imported ? spread(TWO_YEARS) : spread(recorded)} AS happened FROM big.plan) d
   JOIN big.products p USING (rank) JOIN big.locations l USING (place)
   JOIN (VALUES ('receipt', 'supplier', 'sellable'), ('sale', 'sellable', 'customer'),
     ('customerReturn', 'customer', 'sellable'), ('adjustment', 'sellable', 'adjustment'),
     ('damage', 'sellable', 'damaged'), ('scrap', 'sellable', 'scrap')
   ) AS flow(kind, from_place, to_place) USING (kind)`
}

interface Slice {
  readonly from: number
  readonly to: number
}
const within = ({ from, to }: Slice) => `seq >= ${from} AND seq < ${to}`

const movements = (slice: Slice) => `
  INSERT INTO onhand.movements (shard, seq, line, kind, product, location, lot, from_place, to_place,
    quantity, version, on_hand_after, sellable_after, unit_cost, unit_cost_currency, source_type, source_id, command,
    actor, occurred_at, recorded_at)
  SELECT 0, seq, line, kind, product, location, '', from_place, to_place, quantity, version, on_hand_after,
    sellable_after, CASE kind WHEN 'receipt' THEN 400 + (rank + version) % 300 END,
    CASE kind WHEN 'receipt' THEN 'USD' END,
    CASE WHEN is_order THEN 'order' WHEN slot < 3 THEN 'shipment' END,
    CASE WHEN is_order THEN big.order_of(seq) WHEN slot < 3 THEN 'S-' || i / ${BLOCK} END,
    command, CASE WHEN slot < 3 THEN 'warehouse' ELSE 'till-' || place END, occurred_at, recorded_at
  FROM big.lines WHERE ${within(slice)} ORDER BY seq, line`

/** What a key holds after a movement, as the end of a JSON object. */
const level = (opened: string, onHand = "on_hand_after") =>
  `'${opened}"onHand":' || ${onHand} || ',"available":' || sellable_after || '}'`
const keyJson = `'"location":"' || location || '","lot":"","product":"' || product || '"'`
const placeJson = `'"product":"' || product || '","location":"' || location || '",'`
const changed = (levels: string) => `'{"_tag":"StockChanged","levels":[' || ${levels} || ']}'`
const told = (onHand?: string) => `'{' || ${placeJson} || ${level("", onHand)}`
const lineJson = `'{"kind":"' || kind || '","location":"' || location || '","product":"' || product ||
  '","quantity":' || quantity ||
  CASE kind WHEN 'receipt' THEN ',"unitCost":{"amount":"' || unit_cost || '","currency":"USD"}' ELSE '' END || '}'`

/** A command's movements as one row, in the order of the ledger. */
const moved = (
  slice: Slice
) => `SELECT seq, min(command) AS key, min(source_type) AS source_type, min(source_id) AS source_id,
    min(actor) AS actor, min(product) AS product, min(location) AS location, min(quantity) AS quantity,
    min(on_hand_after) AS on_hand_after, min(sellable_after) AS sellable_after, min(occurred_at) AS occurred_at,
    min(recorded_at) AS recorded_at, string_agg(${lineJson}, ',' ORDER BY line) AS lines,
    string_agg('{"key":{' || ${keyJson} || ${level("},")}, ',' ORDER BY line) AS moved,
    string_agg(${told()}, ',' ORDER BY line) AS told
  FROM onhand.movements WHERE shard = 0 AND ${within(slice)} GROUP BY seq ORDER BY seq`

/** The command before each order holds its goods; where there was no order, there was nothing to hold. */
const holdCommand = `SELECT big.key_of(seq - 1, $seed) AS key, seq - 1 AS seq, 'HoldStock' AS tag,
    '{"lines":[{"location":"' || location || '","product":"' || product || '","quantity":' || quantity ||
      '}],"ttlMillis":900000}' AS payload,
    CASE source_type WHEN 'order' THEN 'applied' ELSE 'refused' END AS outcome,
    CASE source_type WHEN 'order'
      THEN '{"claims":["' || big.cart_of(seq) || '"],"expiresAt":"' || big.iso(recorded_at + interval '15 min') || '"}'
      ELSE '{"_tag":"InsufficientStock","lines":[{"key":{' || ${keyJson} || '},"wanted":' || quantity ||
        ',"available":0,"nextIncoming":null}]}' END AS reply,
    CASE source_type WHEN 'order' THEN '[' || ${changed(told("on_hand_after + quantity"))} || ']' ELSE '[]' END
      AS events,
    date_trunc('milliseconds', recorded_at - interval '1 microsecond') AS occurred_at,
    recorded_at - interval '1 microsecond' AS recorded_at
  WHERE seq % ${COMMANDS_PER_BLOCK} = 3`

const orderCommand = `SELECT key, seq, 'Checkout',
    '{"cart":"' || big.cart_of(seq) || '","location":"' || location || '"}', 'applied', o.data,
    '[{"_tag":"OrderPlaced",' || o.told || '},{"_tag":"OrderShipped",' || o.told || '},' || ${changed("m.told")} || ']',
    occurred_at, recorded_at
  FROM big.orders o WHERE source_type = 'order' AND o.seq = m.seq`

const recordCommand = `SELECT key, seq, 'RecordMovements',
    '{"lines":[' || lines || ']' || CASE source_type WHEN 'shipment'
      THEN ',"source":{"id":"' || source_id || '","type":"shipment"}}' ELSE '}' END, 'applied',
    '{"levels":[' || moved || ']}', '[' || ${changed("m.told")} || ']', occurred_at, recorded_at
  WHERE source_type IS DISTINCT FROM 'order'`

const commands = (slice: Slice) => `INSERT INTO onhand.commands
    (key, shard, seq, tag, payload, id, actor, outcome, reply, events, occurred_at, recorded_at)
  SELECT c.key, 0, c.seq, c.tag, c.payload, big.uuid((extract(epoch FROM c.recorded_at) * 1000)::bigint, c.seq),
    m.actor, c.outcome, c.reply, c.events, c.occurred_at, c.recorded_at
  FROM (${moved(slice)}) m CROSS JOIN LATERAL (${holdCommand} UNION ALL ${orderCommand} UNION ALL ${recordCommand}) c`

const orders = [
  `CREATE UNLOGGED TABLE big.orders AS
   SELECT seq, id, customer, '{"id":"' || id || '","customer":"' || customer || '","cart":"' || big.cart_of(seq) ||
     '","location":"' || location || '","lines":[{"line":1,"product":"' || product || '","sku":"SKU-' || rank ||
     '","name":"Product ' || rank || '","unit":{"name":"piece","decimals":0},"ordered":' || quantity ||
     ',"canceled":0,"shipped":' || quantity || ',"requested":0,"returned":0,"restocked":0,"damaged":0,"scrapped":0,' ||
     '"backordered":0,"claims":[],"elsewhere":[],"unitPrice":{"amount":950,"currency":"USD"},"total":{"amount":' ||
     950 * quantity || ',"currency":"USD"}}],"shipments":[{"shipment":1,"location":"' || location ||
     '","lines":[{"line":1,"lot":"","quantity":' || quantity ||
     ',"returned":0}],"undone":false,"shippedAt":"' || big.iso(occurred_at) || '"}],"total":{"amount":' ||
     950 * quantity || ',"currency":"USD"},"status":"completed","fulfilment":"fulfilled","payment":"none",' ||
     '"returns":"none","version":1,"placedAt":"' || big.iso(occurred_at) || '","recordedAt":"' ||
     big.iso(recorded_at) || '"}' AS data,
     '"order":"' || id || '","customer":"' || customer || '","location":"' || location ||
     '","locations":["' || location || '"]' AS told
   FROM (SELECT *, 'customer-' || (i * 7919) % 20000 AS customer, big.order_of(seq) AS id
     FROM big.lines WHERE is_order) l`,
  `CREATE INDEX ON big.orders (seq)`,
  `ANALYZE big.orders`
]

/** Each order was held in the command before it, and the hold is used up by it. */
const holds = [
  `CREATE UNLOGGED TABLE big.holds AS
   SELECT seq, product, location, quantity, recorded, command, big.cart_of(seq) AS claim,
     row_number() OVER (PARTITION BY rank, place ORDER BY seq) AS nth
   FROM big.lines WHERE is_order`
]
const claims = [
  `INSERT INTO onhand.orders (id, version, data) SELECT id, 1, data::jsonb FROM big.orders ORDER BY seq`,
  `INSERT INTO onhand.carts (id, version, data)
   SELECT big.cart_of(seq), 3, jsonb_build_object('id', big.cart_of(seq), 'owner', customer,
     'lines', jsonb_build_array(jsonb_build_object('product', product, 'quantity', quantity)), 'state', 'completed',
     'location', location, 'claims', '[]'::jsonb, 'expiresAt', null, 'order', o.id, 'version', 3,
     'createdAt', big.iso(recorded_at), 'updatedAt', big.iso(recorded_at))
   FROM big.lines JOIN big.orders o USING (seq) WHERE is_order ORDER BY seq`,
  `INSERT INTO onhand.claim_events (shard, seq, line, kind, claim, product, location, lot, quantity, version,
     held_after, committed_after, expires_at, source_type, source_id, command, recorded_at)
   SELECT 0, seq + step, 0, kind, claim, product, location, '', quantity, 2 * nth + step,
     CASE kind WHEN 'held' THEN quantity ELSE 0 END, 0,
     CASE kind WHEN 'held' THEN big.at(recorded + 900000000) END, 'cart', claim,
     CASE kind WHEN 'held' THEN big.key_of(seq - 1, $seed) ELSE command END, big.at(recorded + step)
   FROM big.holds, (VALUES ('held', -1), ('consumed', 0)) AS event(kind, step) ORDER BY 2`,
  `INSERT INTO onhand.claims (id, shard, product, location, lot, quantity, state, source_type, source_id)
   SELECT claim, 0, product, location, '', 0, 'consumed', 'cart', claim FROM big.holds ORDER BY seq`
]

/** What is left: each key's last movement has its versions and amounts. */
const balances = [
  `INSERT INTO onhand.balances (shard, product, location, lot, sellable, quality_control, damaged, quarantine, held,
     committed, version, claim_version)
   SELECT 0, product, location, '', sellable_after, 0, on_hand_after - sellable_after, 0, 0, 0, version,
     coalesce(h.claim_version, 0)
   FROM (SELECT * FROM big.lines WHERE is_last) last
   LEFT JOIN (SELECT product, location, 2 * max(nth) AS claim_version FROM big.holds GROUP BY product, location) h
     USING (product, location)`,
  // One place of twenty is watched, and of those one of ten is low, which somebody has yet to look at.
  `INSERT INTO onhand.thresholds (id, version, data)
   SELECT product || '@' || location, 1, jsonb_build_object('id', product || '@' || location, 'product', product,
     'location', location, 'low', sellable + CASE WHEN low THEN 1 ELSE -1 END, 'clear', sellable + 5,
     'high', NULL, 'clearHigh', NULL,
     'open', CASE WHEN low THEN jsonb_build_object('lowStock', 'low-' || nth) ELSE jsonb_build_object() END,
     'raisedAt', CASE WHEN low THEN big.iso(big.at(${END} - nth * 60000000)) END, 'version', 1)
   FROM (SELECT *, row_number() OVER (ORDER BY product, location) AS nth,
       hashtext(product || location) % 10 = 0 AS low FROM onhand.balances
     WHERE hashtext(location || product) % 20 = 0 AND sellable > 0) watched`,
  `INSERT INTO onhand.notifications (id, version, data)
   SELECT data->'open'->>'lowStock', 1, jsonb_build_object('id', data->'open'->>'lowStock', 'kind', 'lowStock',
     'subject', id, 'message', '', 'product', data->>'product', 'location', data->>'location',
     'available', (data->>'low')::bigint - 1, 'limit', (data->>'low')::bigint, 'state', 'open', 'occurrences', 1,
     'actor', NULL, 'raisedAt', data->>'raisedAt', 'snoozedUntil', NULL, 'resolvedAt', NULL,
     'updatedAt', data->>'raisedAt', 'version', 1)
   FROM onhand.thresholds WHERE data->'open' ? 'lowStock'`,
  // They are raised in the last command, that of the one who set the thresholds.
  `INSERT INTO onhand.commands (key, shard, seq, tag, payload, id, actor, outcome, reply, events, occurred_at,
     recorded_at)
   SELECT big.key_of(0, $seed), 0, last.seq + 1, 'SetThresholds', told.payload, big.key_of(0, $seed), NULL, 'applied',
     '{"thresholds":[]}', told.events, date_trunc('milliseconds', last.at), last.at
   FROM (SELECT max(seq) AS seq, max(recorded_at) + interval '1 ms' AS at FROM onhand.commands) last,
     (SELECT min('{"lines":[{"low":1,"location":"' || location || '","product":"' || product || '"}]}') AS payload,
       '[' || string_agg('{"_tag":"NotificationChanged","notification":"' || id || '","kind":"lowStock","subject":' ||
         (data->'subject')::text || ',"product":"' || product || '","location":"' || location ||
         '","change":"raised","state":"open"}', ',' ORDER BY id) || ']' AS events
     FROM onhand.notifications) told
   WHERE told.events IS NOT NULL`
]

/** A ledger row as the hash chain takes it in. All texts here are ASCII, so that their lengths are the same there. */
const sealed = (table: string, columns: ReadonlyArray<Pick<Column<never>, "name" | "type">>) => {
  const values = columns.map(({ name, type }) => {
    if (type === "integer") return `${name} || ';'`
    // As a float, which is many times quicker and exact to the microsecond.
    if (type === "micros") return `coalesce((date_part('epoch', ${name}) * 1000000)::bigint || ';', '-')`
    return `coalesce(octet_length(${name}::text) || ':' || ${name}, '-')`
  })
  return `concat('${table}', ${values.join(", ")})`
}

const entriesOf = (slice: Slice, table: string, columns: ReadonlyArray<Pick<Column<never>, "name" | "type">>) =>
  `SELECT seq, string_agg(${sealed(table, columns)}, '' ORDER BY line) AS rows
   FROM onhand.${table} WHERE shard = 0 AND ${within(slice)} GROUP BY seq`

/** The digests of each commit. */
const digestsTable = "CREATE UNLOGGED TABLE big.digests (first bigint, last bigint, digests text)"
const digests = (slice: Slice) => `
  INSERT INTO big.digests
  SELECT min(seq), max(seq), string_agg(digest, '' ORDER BY seq)
  FROM (
    SELECT seq, left(encode(sha256(convert_to(
      concat(${sealed("commands", commandColumns)}, m.rows, e.rows), 'UTF8')), 'hex'), ${DIGEST_LENGTH}) AS digest
    FROM (SELECT * FROM onhand.commands WHERE shard = 0 AND ${within(slice)}) c
    LEFT JOIN (${entriesOf(slice, "movements", movementColumns)}) m USING (seq)
    LEFT JOIN (${entriesOf(slice, "claim_events", claimEventColumns)}) e USING (seq) OFFSET 0) digested
  GROUP BY (seq - 1) / ${COMMIT}`

const seals = [
  `DO $$ DECLARE sealing record; hash text := '';
   BEGIN
     FOR sealing IN SELECT * FROM big.digests ORDER BY first LOOP
       hash := encode(sha256(convert_to(hash || sealing.digests, 'UTF8')), 'hex');
       INSERT INTO onhand.seals (shard, first_seq, last_seq, digests, hash)
         VALUES (0, sealing.first, sealing.last, sealing.digests, hash);
     END LOOP;
   END $$`,
  `UPDATE onhand.heads SET seq = (SELECT max(last_seq) FROM onhand.seals),
     last_micros = (SELECT (extract(epoch FROM max(recorded_at)) * 1000000)::bigint FROM onhand.commands),
     hash = (SELECT hash FROM onhand.seals ORDER BY last_seq DESC LIMIT 1) WHERE shard = 0`
]

const functions = (seed: number) => [
  `DROP SCHEMA IF EXISTS big CASCADE`,
  `CREATE SCHEMA big`,
  `CREATE FUNCTION big.uniform(i bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
     AS 'SELECT (hashint8extended(i, seed) & 9007199254740991)::float8 / 9007199254740992'`,
  // Version 7, as the store draws them: by time first. Each parameter comes once, so that the planner inlines it.
  `CREATE FUNCTION big.uuid(millis bigint, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
     AS $$ SELECT overlay(overlay(overlay(md5(n::text) PLACING lpad(to_hex(millis), 12, '0') FROM 1)
       PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid::text $$`,
  `CREATE FUNCTION big.key_of(seq bigint, seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
     AS $$ SELECT md5(seq::text || ' ' || seed::text)::uuid::text $$`,
  `CREATE FUNCTION big.order_of(seq bigint) RETURNS text LANGUAGE sql IMMUTABLE
     AS 'SELECT big.uuid(${Math.floor((END - TWO_YEARS) / 1000)} + seq, seq + ${seed})'`,
  `CREATE FUNCTION big.cart_of(seq bigint) RETURNS text LANGUAGE sql IMMUTABLE
     AS 'SELECT big.uuid(${Math.floor((END - TWO_YEARS) / 1000)} + seq, -seq - ${seed})'`,
  `CREATE FUNCTION big.at(micros bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
     AS 'SELECT to_timestamp(micros / 1e6::float8)'`,
  `CREATE FUNCTION big.iso(moment timestamptz) RETURNS text LANGUAGE sql STABLE
     AS $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$`
]

interface Definition {
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly is_constraint: boolean
}

/**
 * Takes the indexes of all tables away while they are filled: sorted at the end they are made far sooner. Answers what
 * makes those of a table again.
 */
const withoutIndexes = Effect.gen(function* () {
  const sql = yield* SqlClient
  const found = yield* sql.unsafe<Definition>(`
    SELECT i.indrelid::regclass::text AS "table", c.relname AS name, con.oid IS NOT NULL AS is_constraint,
      coalesce(pg_get_constraintdef(con.oid), pg_get_indexdef(c.oid)) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    LEFT JOIN pg_constraint con ON con.conindid = c.oid AND con.contype IN ('p', 'u')
    WHERE i.indrelid::regclass::text LIKE 'onhand.%' AND i.indrelid::regclass::text NOT LIKE '%migrations'`)
  for (const { table, name, is_constraint } of found) {
    yield* sql.unsafe(is_constraint ? `ALTER TABLE ${table} DROP CONSTRAINT ${name}` : `DROP INDEX onhand.${name}`)
  }
  return (wanted: (table: string) => boolean) =>
    found
      .filter(({ table }) => wanted(table))
      .map(({ table, name, definition, is_constraint }) =>
        is_constraint ? `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}` : definition
      )
})

const fill = (options: BigLedgerOptions) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const seed = options.seed ?? 1
    const seconds: Record<string, number> = {}
    const run = (name: string, statements: ReadonlyArray<string>, concurrency = 1) =>
      Effect.gen(function* () {
        const started = yield* Clock.currentTimeMillis
        const texts = statements.map((text) => text.replaceAll("$seed", String(seed)))
        yield* Effect.forEach(texts, (text) => sql.unsafe(text), { concurrency, discard: true })
        seconds[name] = ((yield* Clock.currentTimeMillis) - started) / 1000
      })
    const inSlices = (name: string, text: (slice: Slice) => string) => run(name, slicesOf(options).map(text), SESSIONS)
    yield* migrate(1)
    yield* run("functions", functions(seed))
    const indexesOf = yield* withoutIndexes
    const isMovements = (table: string) => table === "onhand.movements"
    yield* run("catalogue", [...catalogue(END - TWO_YEARS, options.products ?? PRODUCTS), ...planTables(options)])
    yield* run("plan", plan(options), SESSIONS)
    yield* run("lines", [lines(options), "ANALYZE big.products", "ANALYZE big.locations", "ANALYZE big.plan"])
    yield* inSlices("movements", movements)
    // Those first: along the primary key, everything after is read in the order of the ledger and never sorted.
    yield* run("indexes of movements", [...indexesOf(isMovements), "ANALYZE onhand.movements"])
    yield* run("orders", [...orders, ...holds])
    yield* inSlices("commands", commands)
    yield* run("claims", claims, SESSIONS)
    yield* run("balances", balances)
    yield* run("other indexes", [...indexesOf((table) => !isMovements(table)), "ANALYZE"])
    yield* run("digests table", [digestsTable])
    yield* inSlices("digests", digests)
    yield* run("seals", seals)
    // What autovacuum does soon after: statistics for the planner, and pages marked as seen by all.
    yield* run("vacuum", ["DROP SCHEMA big CASCADE", "VACUUM ANALYZE", "CHECKPOINT"])
    return seconds
  })

/** Fills an empty database; answers how many seconds each part took. */
export const makeBigLedger = (url: string, options: BigLedgerOptions) =>
  fill(options).pipe(
    Effect.provide(
      PgClient.layer({
        url: Redacted.make(url),
        maxConnections: SESSIONS,
        startupParameters: {
          work_mem: "256MB",
          maintenance_work_mem: "1GB",
          synchronous_commit: "off",
          jit: "off",
          random_page_cost: "1.1",
          // In parallel, rows would come in another order than the ledger's.
          max_parallel_workers_per_gather: "0",
          enable_hashagg: "off"
        }
      })
    )
  )
