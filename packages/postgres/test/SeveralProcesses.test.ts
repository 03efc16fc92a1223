// One of several processes on a database. What its store knows from its last batch must never be believed once somebody
// else has written: a second writer changes what the first one knows, between two of its commands.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, Store, type StoreShape } from "@onhand/core"
import { Context, Effect, Fiber, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { PostgresStore, within } from "../src/index.ts"

/** One process's inventory over a client. */
const inventoryOver = (store: StoreShape) =>
  Effect.map(Layer.build(Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Inventory)
  )

const database = (shards: number) =>
  Effect.gen(function* () {
    const url = Redacted.make(yield* Effect.promise(() => createDatabase()))
    const context = yield* Layer.build(PgClient.layer({ url, maxConnections: 4 }))
    const sql: SqlClient = Context.get(context, PgClient.PgClient)
    yield* PostgresStore.migrate(shards).pipe(Effect.provide(context))
    const mine = yield* inventoryOver(PostgresStore.make(sql, shards))
    const theirs = yield* inventoryOver(PostgresStore.make(sql, shards))
    const shop = yield* mine.createLocation({ name: "Shop" })
    const mug = yield* mine.createProduct({ sku: "MUG", name: "Mug" })
    const line = { product: mug.id, location: shop.id }
    yield* mine.recordMovements({ lines: [{ kind: "receipt", ...line, quantity: 10 }] })
    return { sql, mine, theirs, line, sale: { lines: [{ kind: "sale", ...line, quantity: 1 }] } as const }
  })

for (const shards of [1, 4]) {
  describe(`what a store knows, with ${shards} shards`, () => {
    it.live("gives way to what another process sold", () =>
      Effect.gen(function* () {
        const { mine, theirs, sale } = yield* database(shards)
        for (let sold = 0; sold < 10; sold += 2) {
          yield* mine.recordMovements(sale)
          yield* theirs.recordMovements(sale)
        }
        assert.strictEqual((yield* Effect.flip(mine.recordMovements(sale)))._tag, "InsufficientStock")
        assert.strictEqual((yield* Effect.flip(theirs.recordMovements(sale)))._tag, "InsufficientStock")
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )

    it.live("gives way to a product that another process archived, and to what a host sold in its transaction", () =>
      Effect.gen(function* () {
        const { sql, mine, theirs, line, sale } = yield* database(shards)
        yield* mine.recordMovements(sale)
        yield* theirs.archiveProduct({ product: line.product, expected: "any", archived: true })
        assert.strictEqual((yield* Effect.flip(mine.recordMovements(sale)))._tag, "ProductInactive")
        const scrap = { lines: [{ kind: "scrap", ...line, from: "sellable", quantity: 8 }] } as const
        const host = yield* within(sql)
        yield* sql.withTransaction(host.recordMovements(scrap))
        assert.strictEqual((yield* Effect.flip(mine.recordMovements(scrap)))._tag, "InsufficientStock")
      }).pipe(Effect.scoped)
    )

    it.live("gives up a code that it never read", () =>
      Effect.gen(function* () {
        const { mine, theirs, line } = yield* database(shards)
        yield* theirs.updateProduct({ product: line.product, expected: "any", sku: "CUP" })
        assert.strictEqual((yield* mine.read.productByCode("sku", "MUG"))._tag, "None")
        yield* theirs.createProduct({ sku: "MUG", name: "Another mug" })
        yield* theirs.importProducts({ lines: [{ sku: "CUP", name: "Mug", barcodes: ["one"] }] })
        yield* mine.importProducts({ lines: [{ sku: "CUP", name: "Mug", barcodes: ["two"] }] })
        assert.strictEqual((yield* mine.read.productByCode("barcode", "one"))._tag, "None")
      }).pipe(Effect.scoped)
    )

    it.live("gives way to a claim that another process let go, and to a threshold that it set", () =>
      Effect.gen(function* () {
        const { mine, theirs, line, sale } = yield* database(shards)
        const held = yield* mine.holdStock({ lines: [{ ...line, quantity: 3 }], ttlMillis: 60_000 })
        const [claim] = held.claims
        assert.isDefined(claim)
        yield* theirs.releaseClaims({ location: line.location, claims: [claim] })
        const late = yield* Effect.flip(mine.commitClaims({ location: line.location, claims: [claim] }))
        assert.strictEqual(late._tag, "ClaimClosed")
        yield* theirs.setThresholds({ lines: [{ ...line, low: 9 }] })
        yield* mine.recordMovements(sale)
        const { items } = yield* mine.read.restockAlerts({}, { _tag: "Cursor", limit: 10 })
        assert.deepStrictEqual(
          items.map(({ available }) => available),
          [9]
        )
      }).pipe(Effect.scoped)
    )

    it.live("resolves a notification that another process took in hand meanwhile", () =>
      Effect.gen(function* () {
        const { mine, theirs, line } = yield* database(shards)
        const move = (kind: "receipt" | "sale") => mine.recordMovements({ lines: [{ ...line, kind, quantity: 1 }] })
        yield* mine.setThresholds({ lines: [{ ...line, low: 9 }] })
        yield* move("sale")
        const listed = Effect.map(mine.read.notifications({}, { _tag: "Cursor", limit: 10 }), ({ items }) => items)
        const [raised] = yield* listed
        assert.isDefined(raised)
        yield* theirs.acknowledgeNotification({ notification: raised.id })
        yield* move("receipt")
        assert.deepStrictEqual(
          (yield* listed).map(({ id, state, version }) => [id, state, version]),
          [[raised.id, "resolved", 3]]
        )
      }).pipe(Effect.scoped)
    )

    it.live("does not outlive a batch that was rolled back", () =>
      Effect.gen(function* () {
        const { sql, mine, line, sale } = yield* database(shards)
        yield* mine.recordMovements(sale)
        yield* sql`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100'; END $$`
        yield* sql`CREATE TRIGGER refuse BEFORE INSERT ON onhand.movements EXECUTE FUNCTION refuse()`
        assert.strictEqual((yield* Effect.flip(mine.recordMovements(sale)))._tag, "StoreUnavailable")
        yield* sql`DROP TRIGGER refuse ON onhand.movements`
        const { levels } = yield* mine.recordMovements(sale)
        assert.deepStrictEqual(
          levels.map(({ key, onHand }) => [key.product, onHand]),
          [[line.product, 8]]
        )
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )

    it.live("does not let a hold lapse twice that is named again too late", () =>
      Effect.gen(function* () {
        const { mine, line } = yield* database(shards)
        const held = yield* mine.holdStock({ lines: [{ ...line, quantity: 3 }], ttlMillis: 1_000 })
        const [claim] = held.claims
        assert.isDefined(claim)
        yield* Effect.sleep(1_050)
        const late = yield* Effect.flip(mine.commitClaims({ location: line.location, claims: [claim] }))
        assert.strictEqual(late._tag, "ClaimClosed")
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )

    it.live("does not keep a lapsed hold alive", () =>
      Effect.gen(function* () {
        const { mine, line, sale } = yield* database(shards)
        yield* mine.holdStock({ lines: [{ ...line, quantity: 10 }], ttlMillis: 1_000 })
        assert.strictEqual((yield* Effect.flip(mine.recordMovements(sale)))._tag, "InsufficientStock")
        yield* Effect.sleep(1_050)
        yield* mine.recordMovements(sale)
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )

    it.live("commits with a batch what came while another process wrote to its shard", () =>
      Effect.gen(function* () {
        const { sql, mine, sale } = yield* database(shards)
        const seals = Effect.map(sql<{ count: number }>`SELECT count(*)::int AS count FROM onhand.seals`, ([row]) =>
          Number(row?.count)
        )
        const before = yield* seals
        const host = yield* within(sql)
        const callers = yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* host.recordMovements(sale)
            const first = yield* Effect.forkChild(mine.recordMovements(sale), { startImmediately: true })
            yield* Effect.sleep(300)
            const later = yield* Effect.forEach(Array.from({ length: 8 }), () =>
              Effect.forkChild(mine.recordMovements(sale), { startImmediately: true })
            )
            return [first, ...later]
          })
        )
        yield* Effect.forEach(callers, Fiber.join)
        assert.strictEqual((yield* seals) - before, 2)
        assert.deepStrictEqual((yield* mine.read.verify).differences, [])
      }).pipe(Effect.scoped)
    )
  })
}
