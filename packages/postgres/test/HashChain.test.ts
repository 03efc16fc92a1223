import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { Effect, Fiber, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import type { Value } from "../src/Columns.ts"
import { claimEventTable, commandTable, movementTable, type Seal, Sealing } from "../src/HashChain.ts"
import { type BrokenSeal, PostgresStore, SealNote, verifyChain } from "../src/index.ts"
import { rowsOf } from "../src/ListQuery.ts"
import { layerMemory } from "../src/pglite/index.ts"

const inventoryOver = <E>(client: Layer.Layer<SqlClient, E>, shards = 1) =>
  Inventory.layer.pipe(Layer.provide(PostgresStore.layerClient({ shards })), Layer.provideMerge(client))

const onPostgres = Layer.unwrap(
  Effect.map(
    Effect.promise(() => createDatabase()),
    (url) => PgClient.layer({ url: Redacted.make(url) })
  )
)

const Live = inventoryOver(onPostgres)

/** A ledger of two shops: seq 1 and 2 make them, 3 the product, 4 and 5 its stock, 6 a hold, 7 a refusal. */
const ledger = Effect.gen(function* () {
  const inventory = yield* Inventory
  const sql = yield* SqlClient
  const shops = [
    yield* inventory.createLocation({ name: "North" }),
    yield* inventory.createLocation({ name: "South" })
  ] as const
  const tea = yield* inventory.createProduct({ sku: "TEA", name: "Tea" })
  for (const { id } of shops) {
    yield* inventory.recordMovements({
      lines: [
        {
          kind: "receipt",
          product: tea.id,
          location: id,
          quantity: 9,
          reason: "first",
          unitCost: { amount: "1.50", currency: "EUR" }
        }
      ]
    })
  }
  yield* inventory.holdStock({
    lines: [{ product: tea.id, location: shops[0].id, quantity: 2 }],
    ttlMillis: 60_000
  })
  yield* Effect.flip(
    inventory.recordMovements({ lines: [{ kind: "sale", product: tea.id, location: shops[1].id, quantity: 10 }] })
  )
  return sql
})

/** Changes history as only a superuser can, who switches the triggers off. */
const rewrite = <E>(sql: SqlClient, change: Effect.Effect<unknown, E>) =>
  sql.withTransaction(Effect.andThen(sql`SET LOCAL session_replication_role = replica`, change))

const tampered = (change: string) =>
  Effect.gen(function* () {
    const sql = yield* ledger
    const before = yield* verifyChain(sql)
    assert.deepStrictEqual([before.seqs, before.broken], [7, []])
    yield* rewrite(sql, sql.unsafe(change))
    return (yield* verifyChain(sql)).broken
  }).pipe(Effect.provide(Live))

const changes: ReadonlyArray<readonly [what: string, change: string, seq: number, reason: BrokenSeal["reason"]]> = [
  ["a quantity that was edited", "UPDATE onhand.movements SET quantity = 8 WHERE seq = 4", 4, "a row differs"],
  ["a cost that was edited", "UPDATE onhand.movements SET unit_cost = 1.5 WHERE seq = 5", 5, "a row differs"],
  [
    "a time moved by a microsecond",
    "UPDATE onhand.movements SET recorded_at = recorded_at + interval '1 microsecond' WHERE seq = 5",
    5,
    "a row differs"
  ],
  ["a reply that was edited", "UPDATE onhand.commands SET reply = reply || ' ' WHERE seq = 7", 7, "a row differs"],
  ["a hold that was removed", "DELETE FROM onhand.claim_events WHERE seq = 6", 6, "a row differs"],
  [
    "a movement that was slipped in",
    `INSERT INTO onhand.movements SELECT shard, 3, 0, kind, product, location, lot, from_place, to_place, quantity, 99,
      on_hand_after, sellable_after, reason, source_type, source_id, unit_cost, unit_cost_currency, command, actor,
      occurred_at, recorded_at FROM onhand.movements WHERE seq = 4`,
    3,
    "a row differs"
  ],
  ["the end of history cut off", "DELETE FROM onhand.commands WHERE seq = 7", 7, "a row differs"],
  [
    "the end cut off with its seal",
    "WITH gone AS (DELETE FROM onhand.seals WHERE last_seq = 7) DELETE FROM onhand.commands WHERE seq = 7",
    6,
    "the seals do not follow each other"
  ],
  ["a seal that was removed", "DELETE FROM onhand.seals WHERE last_seq = 4", 4, "rows stand outside every seal"],
  [
    "a seal that was rewritten",
    "UPDATE onhand.seals SET hash = repeat('0', 64) WHERE last_seq = 2",
    2,
    "the seals do not follow each other"
  ],
  [
    "two rows that changed their contents",
    `UPDATE onhand.movements m SET location = other.location, version = other.version, command = other.command
     FROM onhand.movements other WHERE m.seq + other.seq = 9`,
    4,
    "a row differs"
  ],
  [
    "two rows that changed their places",
    `DO $$ BEGIN
      UPDATE onhand.commands SET seq = 99 WHERE seq = 4;
      UPDATE onhand.commands SET seq = 4 WHERE seq = 5;
      UPDATE onhand.commands SET seq = 5 WHERE seq = 99;
    END $$`,
    4,
    "a row differs"
  ],
  [
    "two seals that changed their places",
    `UPDATE onhand.seals s SET digests = other.digests, hash = other.hash
     FROM onhand.seals other WHERE s.last_seq + other.last_seq = 9 AND s.last_seq IN (4, 5)`,
    4,
    "a row differs"
  ],
  [
    "a row slipped in after the end",
    `INSERT INTO onhand.movements SELECT shard, 9, 0, kind, product, location, lot, from_place, to_place, quantity, 99,
      on_hand_after, sellable_after, reason, source_type, source_id, unit_cost, unit_cost_currency, command, actor,
      occurred_at, recorded_at FROM onhand.movements WHERE seq = 4`,
    9,
    "rows stand outside every seal"
  ],
  [
    "a seal slipped in after the end",
    "INSERT INTO onhand.seals SELECT shard, 8, 8, digests, hash FROM onhand.seals WHERE last_seq = 7",
    8,
    "the seals do not follow each other"
  ],
  [
    "a head that was set back",
    "UPDATE onhand.heads h SET seq = 6, hash = s.hash FROM onhand.seals s WHERE s.last_seq = 6",
    7,
    "rows stand outside every seal"
  ]
]

describe("the hash chain", () => {
  for (const [what, change, seq, reason] of changes) {
    it.live(`finds ${what}, and where`, () =>
      Effect.map(tampered(change), (broken) => assert.deepStrictEqual(broken, [{ shard: 0, seq, reason }]))
    )
  }
})

/** Makes all seals anew over the rows as they are now, as whoever may write everything can. */
const sealAgain = (sql: SqlClient) =>
  Effect.gen(function* () {
    let last: Seal | undefined
    const ends = yield* sql<{ readonly seq: number }>`SELECT last_seq::float8 AS seq FROM onhand.seals ORDER BY 1`
    for (const { seq } of ends) {
      const sealing = new Sealing()
      const parts = yield* Effect.forEach([commandTable, movementTable, claimEventTable], (table) =>
        Effect.map(
          rowsOf(
            sql,
            `SELECT ${table.reads} FROM onhand.${table.name}
             WHERE seq BETWEEN $1::float8::bigint AND $2::float8::bigint`,
            [(last?.lastSeq ?? 0) + 1, seq]
          ),
          (rows) => ({ table, values: table.columns.map((_, column) => rows.map((row) => row[column] as Value)) })
        )
      )
      sealing.add(parts)
      last = sealing.seals(new Map([[0, last?.hash ?? ""]]))[0]
      yield* sql`UPDATE onhand.seals SET digests = ${last?.digests ?? ""}, hash = ${last?.hash ?? ""}
        WHERE last_seq = ${seq}`
    }
    yield* sql`UPDATE onhand.heads SET hash = ${last?.hash ?? ""}`
  })

describe("a seal that was noted elsewhere", () => {
  it.live("is found at its place however far the ledger has grown", () =>
    Effect.gen(function* () {
      const sql = yield* ledger
      const { heads } = yield* verifyChain(sql)
      assert.deepStrictEqual(
        heads.map(({ shard, seq }) => [shard, seq]),
        [[0, 7]]
      )
      for (const name of ["East", "West"]) yield* (yield* Inventory).createLocation({ name })
      const later = yield* verifyChain(sql, heads)
      assert.deepStrictEqual([later.seqs, later.broken], [9, []])
      assert.deepStrictEqual((yield* verifyChain(sql, [...heads, ...later.heads])).broken, [])
    }).pipe(Effect.provide(Live))
  )

  it.live("tells of an end that was cut off and written anew, which the chain alone cannot", () =>
    Effect.gen(function* () {
      const sql = yield* ledger
      const { heads } = yield* verifyChain(sql)
      const anotherEnd = [{ shard: 0, seq: 7, reason: "this is not what was noted" as const }]
      yield* rewrite(
        sql,
        Effect.gen(function* () {
          yield* sql`DELETE FROM onhand.commands WHERE seq = 7`
          yield* sql`DELETE FROM onhand.seals WHERE last_seq = 7`
          yield* sql`UPDATE onhand.heads SET seq = 6, hash = (SELECT hash FROM onhand.seals WHERE last_seq = 6)`
        })
      )
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
      assert.deepStrictEqual((yield* verifyChain(sql, heads)).broken, anotherEnd)
      yield* (yield* Inventory).createLocation({ name: "East" })
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
      assert.deepStrictEqual((yield* verifyChain(sql, heads)).broken, anotherEnd)
      // Nor does it help to write the whole end as one commit, over the place that was noted.
      for (const name of ["West", "Hill"]) yield* (yield* Inventory).createLocation({ name })
      yield* rewrite(
        sql,
        Effect.gen(function* () {
          yield* sql`DELETE FROM onhand.seals WHERE last_seq IN (7, 8)`
          yield* sql`UPDATE onhand.seals SET first_seq = 7 WHERE last_seq = 9`
          yield* sealAgain(sql)
        })
      )
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
      assert.deepStrictEqual((yield* verifyChain(sql, heads)).broken, anotherEnd)
    }).pipe(Effect.provide(Live))
  )

  it.live("tells of a row that was changed with all seals after it", () =>
    Effect.gen(function* () {
      const sql = yield* ledger
      const { heads } = yield* verifyChain(sql)
      yield* rewrite(sql, Effect.andThen(sql`UPDATE onhand.movements SET quantity = 8 WHERE seq = 4`, sealAgain(sql)))
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
      assert.deepStrictEqual((yield* verifyChain(sql, heads)).broken, [
        { shard: 0, seq: 7, reason: "this is not what was noted" }
      ])
    }).pipe(Effect.provide(Live))
  )

  it.live("stands with those of all shards in one text", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const sql = yield* SqlClient
      const { id: product } = yield* inventory.createProduct({ sku: "TEA", name: "Tea" })
      // Where their ids put them: that all of a dozen lie in one shard happens to nobody.
      for (let shop = 0; shop < 12; shop++) {
        const { id: location } = yield* inventory.createLocation({ name: `Shop ${shop}` })
        yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 1 }] })
      }
      const { heads } = yield* verifyChain(sql)
      assert.strictEqual(heads.length, 2)
      const note = yield* Schema.encodeEffect(SealNote)(heads)
      assert.match(note, /^0:\d+:[0-9a-f]{64},1:\d+:[0-9a-f]{64}$/)
      const noted = yield* Schema.decodeEffect(SealNote)(note)
      assert.deepStrictEqual(noted, heads)
      assert.deepStrictEqual((yield* verifyChain(sql, noted)).broken, [])
      assert.deepStrictEqual((yield* verifyChain(sql, [{ shard: 2, seq: 5, hash: "" }])).broken, [
        { shard: 2, seq: 5, reason: "this is not what was noted" }
      ])
    }).pipe(Effect.provide(inventoryOver(onPostgres, 2)))
  )
})

/** A client that lets somebody else commit before each of the first statements that it is asked for. */
const overtakenBy = (commit: Effect.Effect<unknown, unknown>, sql: SqlClient): SqlClient => {
  let commits = 20
  const first = Effect.suspend(() => (commits-- > 0 ? Effect.orDie(commit) : Effect.void))
  return new Proxy(sql, {
    get: (client, name) =>
      name === "unsafe"
        ? (text: string, values: ReadonlyArray<unknown>) => ({
            values: Effect.andThen(first, client.unsafe(text, values).values)
          })
        : Reflect.get(client, name)
  })
}

const clients = [
  ["PostgreSQL", onPostgres],
  ["the embedded database", layerMemory]
] as const

for (const [name, client] of clients) {
  describe(`verifying while others sell, on ${name}`, () => {
    it.live("finds the chain sound, however much is committed between its statements", () =>
      Effect.gen(function* () {
        const inventory = yield* Inventory
        const sql = yield* SqlClient
        let made = 0
        const commit = Effect.suspend(() => inventory.createProduct({ sku: `P${++made}`, name: "Mug" }))
        for (let before = 0; before < 5; before++) yield* commit
        const { seqs, broken } = yield* verifyChain(overtakenBy(commit, sql))
        assert.deepStrictEqual(broken, [])
        assert.isAtLeast(seqs, 5)
        assert.isAbove(made, seqs)
        assert.strictEqual((yield* verifyChain(sql)).seqs, made)
      }).pipe(Effect.provide(inventoryOver(client)))
    )

    it.live("finds balances and chain sound beside a seller", () =>
      Effect.gen(function* () {
        const inventory = yield* Inventory
        const sql = yield* SqlClient
        const { id: location } = yield* inventory.createLocation({ name: "Shop" })
        const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
        const receive = inventory.recordMovements({
          lines: [{ kind: "receipt", product, location, quantity: 1, unitCost: { amount: "2.00", currency: "EUR" } }]
        })
        const hold = inventory.holdStock({ lines: [{ product, location, quantity: 1 }], ttlMillis: 60_000 })
        const seller = yield* Effect.forkChild(Effect.forever(Effect.andThen(receive, hold)))
        for (let times = 0; times < 5; times++) {
          yield* receive
          assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
          const { differences, valueDifferences } = yield* inventory.read.verify
          assert.deepStrictEqual([differences, valueDifferences], [[], []])
        }
        yield* Fiber.interrupt(seller)
      }).pipe(Effect.provide(inventoryOver(client)))
    )
  })
}

describe("history", () => {
  it.live("cannot be changed through SQL by anybody whom the triggers bind", () =>
    Effect.gen(function* () {
      const sql = yield* ledger
      for (const table of ["commands", "movements", "claim_events", "seals"]) {
        for (const change of [
          `UPDATE onhand.${table} SET shard = shard`,
          `DELETE FROM onhand.${table}`,
          `TRUNCATE onhand.${table}`
        ]) {
          const error = yield* Effect.flip(sql.unsafe(change))
          assert.include(String(error.reason.cause), "append-only", change)
        }
      }
      assert.deepStrictEqual((yield* verifyChain(sql)).broken, [])
    }).pipe(Effect.provide(Live))
  )
})
