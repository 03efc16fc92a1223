// What a team would write by hand, through the same driver and into the same rows: a sale of one unit that also keeps
// its movement, and its command with its event.
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Effect, Result } from "effect"

/** Tables of the same columns and indexes as the store's, with sequences where the store has its heads. */
export const createTables = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`CREATE SCHEMA bench`
  for (const table of ["balances", "movements", "commands"]) {
    yield* sql.unsafe(`CREATE TABLE bench.${table} (LIKE onhand.${table} INCLUDING ALL)`)
  }
  yield* sql`CREATE SEQUENCE bench.seq`
})

/** Stocks products `p-0` to `p-<count - 1>`. */
export const stock = (count: number, quantity: number) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`INSERT INTO bench.balances
      SELECT 0, 'p-' || i, 'shop', '', ${quantity}, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(0, ${count - 1}) i
      ON CONFLICT (shard, location, product, lot) DO UPDATE SET sellable = excluded.sellable`
    yield* sql`ANALYZE bench.balances`
  })

const payload = (product: string) =>
  JSON.stringify({ lines: [{ kind: "sale", location: "shop", product, quantity: 1 }] })
// What the store keeps of a sale beside its movement, with the quantity that is left: its reply, and its event.
const reply = (product: string, left: number) =>
  JSON.stringify({ levels: [{ key: { product, location: "shop", lot: "" }, onHand: left, available: left }] })
const events = (product: string, left: number) =>
  JSON.stringify([{ _tag: "StockChanged", levels: [{ product, location: "shop", onHand: left, available: left }] }])

/** The same two, built by the database from a query's `product` and `sellable`. */
const REPLY = `json_build_object('levels', json_build_array(json_build_object(
  'key', json_build_object('product', product, 'location', 'shop', 'lot', ''),
  'onHand', sellable, 'available', sellable)))::text`
const EVENTS = `json_build_array(json_build_object('_tag', 'StockChanged', 'levels', json_build_array(json_build_object(
  'product', product, 'location', 'shop', 'onHand', sellable, 'available', sellable))))::text`

/** Lock, look, write: one interactive transaction a sale. */
export const oneTransaction = (product: string, key: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        const known = yield* sql`SELECT reply FROM bench.commands WHERE key = ${key}`
        if (known.length > 0) return
        const [balance] = yield* sql<{ sellable: bigint; version: bigint }>`SELECT sellable, version FROM bench.balances
          WHERE shard = 0 AND location = 'shop' AND product = ${product} AND lot = '' FOR UPDATE`
        if (balance === undefined || balance.sellable < 1n) return yield* Effect.die("sold out")
        const [next] = yield* sql<{ seq: bigint }>`SELECT nextval('bench.seq') AS seq`
        const seq = PgTypes.int8(next?.seq ?? 0n)
        const version = PgTypes.int8(balance.version + 1n)
        const units = Number(balance.sellable) - 1
        const left = PgTypes.int8(BigInt(units))
        yield* sql`UPDATE bench.balances SET sellable = ${left}, version = ${version}
          WHERE shard = 0 AND location = 'shop' AND product = ${product} AND lot = ''`
        yield* sql`INSERT INTO bench.movements (shard, seq, line, kind, product, location, lot, from_place, to_place,
            quantity, version, on_hand_after, sellable_after, command, occurred_at, recorded_at)
          VALUES (0, ${seq}, 0, 'sale', ${product}, 'shop', '', 'sellable', 'customer', 1, ${version}, ${left}, ${left},
            ${key}, now(), now())`
        yield* sql`INSERT INTO bench.commands VALUES
          (${key}, 0, ${seq}, 'RecordMovements', ${payload(product)}, ${key}, NULL, 'applied',
            ${reply(product, units)}, ${events(product, units)}, now(), now())`
      })
    )
  })

/** The same in one statement. */
export const oneStatement = (product: string, key: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql`WITH sold AS (
        UPDATE bench.balances SET sellable = sellable - 1, version = version + 1
        WHERE shard = 0 AND location = 'shop' AND product = ${product} AND lot = '' AND sellable >= 1
        RETURNING product, version, sellable, nextval('bench.seq') AS seq
      ), moved AS (
        INSERT INTO bench.movements (shard, seq, line, kind, product, location, lot, from_place, to_place, quantity,
          version, on_hand_after, sellable_after, command, occurred_at, recorded_at)
        SELECT 0, seq, 0, 'sale', ${product}, 'shop', '', 'sellable', 'customer', 1, version, sellable, sellable,
          ${key}, now(), now() FROM sold
      )
      INSERT INTO bench.commands
      SELECT ${key}, 0, seq, 'RecordMovements', ${payload(product)}, ${key}, NULL, 'applied', ${sql.literal(REPLY)},
        ${sql.literal(EVENTS)}, now(), now() FROM sold RETURNING seq`
    if (rows.length !== 1) return yield* Effect.die("sold out")
  })

const texts = (values: ReadonlyArray<string>) => Result.getOrThrow(PgTypes.array(values, PgTypes.OID.text))

/** Many sales in one statement, with nothing decided outside the database: what no design of this kind can pass. */
export const rawBatch = (products: ReadonlyArray<string>, keys: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`WITH wanted AS (
        SELECT product, key, payload, nextval('bench.seq') AS seq,
          row_number() OVER (PARTITION BY product ORDER BY n) AS nth
        FROM unnest(${texts(products)}, ${texts(keys)}, ${texts(products.map(payload))})
          WITH ORDINALITY AS u(product, key, payload, n)
      ), locked AS (
        SELECT b.product, b.sellable, b.version FROM bench.balances b
        WHERE b.shard = 0 AND b.location = 'shop' AND b.lot = '' AND b.product IN (SELECT product FROM wanted)
        ORDER BY b.product FOR UPDATE
      ), sold AS (
        SELECT w.*, l.version + w.nth AS version, l.sellable - w.nth AS sellable
        FROM wanted w JOIN locked l USING (product) WHERE l.sellable >= w.nth
      ), changed AS (
        UPDATE bench.balances b SET sellable = s.sellable, version = s.version
        FROM (SELECT product, min(sellable) AS sellable, max(version) AS version FROM sold GROUP BY product) s
        WHERE b.shard = 0 AND b.location = 'shop' AND b.lot = '' AND b.product = s.product
      ), moved AS (
        INSERT INTO bench.movements (shard, seq, line, kind, product, location, lot, from_place, to_place, quantity,
          version, on_hand_after, sellable_after, command, occurred_at, recorded_at)
        SELECT 0, seq, 0, 'sale', product, 'shop', '', 'sellable', 'customer', 1, version, sellable, sellable, key,
          now(), now() FROM sold
      )
      INSERT INTO bench.commands
      SELECT key, 0, seq, 'RecordMovements', payload, key, NULL, 'applied', ${sql.literal(REPLY)},
        ${sql.literal(EVENTS)}, now(), now() FROM sold`
  })
