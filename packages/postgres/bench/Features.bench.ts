// What do the hash chain and the events cost? Raw batches of sales into the store's columns and indexes, with and
// without either, in turns: the same rows, sealed by the store's own code, and their event as the store tells it.
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Effect, Layer, Redacted, Result } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { start } from "../../../test/PostgresServer.ts"
import type { Value } from "../src/Columns.ts"
import { commandTable, movementTable, Sealing } from "../src/HashChain.ts"
import { PostgresStore } from "../src/index.ts"
import { count, MEASURED, median } from "./Load.ts"

const BATCH = 512
const PRODUCTS = 1_000
const ROUNDS = 5

interface Features {
  readonly chain: boolean
  readonly events: boolean
}
const variants: ReadonlyArray<Features & { readonly name: string }> = [
  { name: "neither", chain: false, events: false },
  { name: "events", chain: false, events: true },
  { name: "hash chain", chain: true, events: false },
  { name: "both, as the store does", chain: true, events: true }
]

const createTables = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql`CREATE SCHEMA bench`
  for (const table of ["balances", "movements", "commands", "seals"]) {
    yield* sql.unsafe(`CREATE TABLE bench.${table} (LIKE onhand.${table} INCLUDING ALL)`)
  }
  yield* sql`INSERT INTO bench.balances SELECT 0, 'p-' || i, 'shop', '', 100000000, 0, 0, 0, 0, 0, 0, 0
    FROM generate_series(0, ${PRODUCTS - 1}) i`
  yield* sql`ANALYZE`
})

const texts = (values: ReadonlyArray<string>) => Result.getOrThrow(PgTypes.array(values, PgTypes.OID.text))

const INSERT = `WITH sold AS (
    SELECT product, key, payload, event, $1::float8::bigint + n AS seq,
      reply, n
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $8::text[])
      WITH ORDINALITY AS u(product, key, payload, event, reply, n)
  ), changed AS (
    UPDATE bench.balances b SET sellable = b.sellable - s.sold, version = b.version + s.sold
    FROM (SELECT product, count(*) AS sold FROM sold GROUP BY product) s
    WHERE b.shard = 0 AND b.location = 'shop' AND b.lot = '' AND b.product = s.product
  ), moved AS (
    INSERT INTO bench.movements (shard, seq, line, kind, product, location, lot, from_place, to_place, quantity,
      version, on_hand_after, sellable_after, command, occurred_at, recorded_at)
    SELECT 0, seq, 0, 'sale', product, 'shop', '', 'sellable', 'customer', 1, seq, 1, 1, key,
      now(), now() + n * interval '1 microsecond' FROM sold
  ), sealed AS (
    INSERT INTO bench.seals SELECT 0, $1::float8::bigint + 1, $1::float8::bigint + ${BATCH}, $6::text, $7::text
    WHERE $7::text <> ''
  )
  INSERT INTO bench.commands
  SELECT key, 0, seq, 'RecordMovements', payload, key, NULL, 'applied', reply, event, now(),
    now() + n * interval '1 microsecond' FROM sold`

let seq = 0
let last = ""

interface Sales {
  readonly products: ReadonlyArray<string>
  readonly keys: ReadonlyArray<string>
  readonly payloads: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
  readonly replies: ReadonlyArray<string>
}

/** The seal of sales: over every column of their commands and movements, with the store's own hashes. */
const sealOf = ({ products, keys, payloads, told, replies }: Sales) => {
  const seqs = keys.map((_, index) => seq + index + 1)
  const now = Date.now() * 1_000
  const each = (value: Value) => keys.map(() => value)
  const columns = new Map<string, ReadonlyArray<Value>>(
    Object.entries({
      ...{ key: keys, id: keys, command: keys, seq: seqs, version: seqs, product: products },
      ...{ payload: payloads, events: told, reply: replies },
      ...{ shard: each(0), line: each(0), quantity: each(1), on_hand_after: each(1), sellable_after: each(1) },
      ...{ tag: each("RecordMovements"), outcome: each("applied"), kind: each("sale"), location: each("shop") },
      ...{ lot: each(""), from_place: each("sellable"), to_place: each("customer") },
      ...{ occurred_at: each(now), recorded_at: seqs.map((at) => now + at) }
    })
  )
  const none = each(null)
  const sealing = new Sealing()
  sealing.add(
    [commandTable, movementTable].map((table) => ({
      table,
      values: table.columns.map(({ name }) => columns.get(name) ?? none)
    }))
  )
  return sealing.seals(new Map([[0, last]]))[0]
}

const commit = ({ chain, events }: Features) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const products = Array.from({ length: BATCH }, () => `p-${Math.floor(Math.random() * PRODUCTS)}`)
    const keys = products.map((_, index) => `sale-${seq + index}`)
    const payloads = products.map((product) =>
      JSON.stringify({ lines: [{ kind: "sale", location: "shop", product, quantity: 1 }] })
    )
    const told = products.map((product) =>
      events
        ? JSON.stringify([
            { _tag: "StockChanged", levels: [{ product, location: "shop", onHand: seq, available: seq }] }
          ])
        : "[]"
    )
    const replies = products.map((product) =>
      JSON.stringify({ levels: [{ key: { product, location: "shop", lot: "" }, onHand: seq, available: seq }] })
    )
    const seal = chain ? sealOf({ products, keys, payloads, told, replies }) : undefined
    last = seal?.hash ?? last
    const first = seq
    seq += BATCH
    yield* sql.unsafe(INSERT, [
      first,
      texts(products),
      texts(keys),
      texts(payloads),
      texts(told),
      seal?.digests ?? "",
      seal?.hash ?? "",
      texts(replies)
    ])
  })

const measure = (features: Features) =>
  Effect.gen(function* () {
    const begin = performance.now()
    let done = 0
    while (performance.now() - begin < MEASURED / 3) {
      yield* commit(features)
      done += BATCH
    }
    return (done * 1000) / (performance.now() - begin)
  })

const program = Effect.gen(function* () {
  yield* createTables
  yield* measure({ chain: true, events: true })
  const rates = variants.map(() => [] as Array<number>)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, variant] of variants.entries()) rates[index]?.push(yield* measure(variant))
  }
  const [bare] = rates
  console.log(`\nSales a second in raw batches of ${BATCH}, the median of ${ROUNDS} turns`)
  for (const [index, { name }] of variants.entries()) {
    const rate = median(rates[index] ?? [])
    console.log(
      `${name.padEnd(24)} ${count(rate).padStart(8)}  ${(rate / median(bare ?? [])).toFixed(2)}× of neither, ` +
        `${(1e6 / rate - 1e6 / median(bare ?? [])).toFixed(1)} µs a sale`
    )
  }
})

const server = await start()
try {
  const url = Redacted.make(server.url)
  const client = PgClient.layer({ url, maxConnections: 1 })
  const tables = Layer.effectDiscard(PostgresStore.migrate(1)).pipe(Layer.provideMerge(client))
  await Effect.runPromise(program.pipe(Effect.provide(tables)))
} finally {
  await server.stop()
}
