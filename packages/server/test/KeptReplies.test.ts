// A kept reply is given as long as it is true, and not a commit longer: whoever made the change, and whenever.
import { assert, describe, it } from "@effect/vitest"
import {
  Inventory,
  type InventoryShape,
  LocationId,
  makeMemoryStore,
  ProductId,
  Store,
  type StoreShape,
  StoreUnavailable
} from "@onhand/core"
import { Context, Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { KeptReplies } from "../src/KeptReplies.ts"

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const shop = LocationId.make("shop")
const mug = ProductId.make("mug")
const bowl = ProductId.make("bowl")
const STOCK = 1_000

const inventoryOver = (store: StoreShape) =>
  Effect.map(Layer.build(Layer.fresh(Inventory.layer).pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Inventory)
  )

/** Two servers on one store, of which the first keeps replies, and how often it had to read. */
const servers = Effect.gen(function* () {
  const { store } = yield* makeMemoryStore({ shards: 2 })
  let feedFails = false
  const events: StoreShape["queries"]["events"] = (after, limit) =>
    feedFails
      ? Effect.fail(new StoreUnavailable({ retryAfterMillis: 1, cause: "the test says so" }))
      : store.queries.events(after, limit)
  const mine = yield* inventoryOver({ ...store, queries: { ...store.queries, events } })
  const theirs = yield* inventoryOver(store)
  const context = yield* Layer.build(KeptReplies.layer.pipe(Layer.provide(Layer.succeed(Inventory, mine))))
  const { replyTo } = Context.get(context, KeptReplies)
  yield* mine.createLocation({ id: shop, name: "Shop" })
  for (const id of [mug, bowl]) {
    yield* mine.createProduct({ id, sku: id, name: id })
    yield* mine.recordMovements({ lines: [{ kind: "receipt", product: id, location: shop, quantity: STOCK }] })
  }
  let reads = 0
  const ask = (product: ProductId) =>
    Effect.map(
      replyTo(
        { _tag: "Product", product },
        Effect.gen(function* () {
          reads++
          // A store in a database takes a while, in which others go on.
          yield* Effect.yieldNow
          const { items } = yield* Effect.orDie(mine.read.levels({ product }, { _tag: "Cursor", limit: 10 }))
          yield* Effect.yieldNow
          return {
            reply: HttpServerResponse.text(String(items[0]?.available)),
            etag: '"1"',
            products: new Set([product]),
            lasts: items.every(({ held }) => held === 0)
          }
        })
      ),
      ({ reply }) => Number(textOf(reply))
    )
  const page = Effect.map(
    replyTo(
      { _tag: "Page", name: "by name" },
      Effect.gen(function* () {
        reads++
        const { items } = yield* Effect.orDie(mine.read.products({}, { _tag: "Cursor", limit: 10 }))
        return {
          reply: HttpServerResponse.text(items.map(({ product, onHand }) => `${product.name} ${onHand}`).join()),
          etag: '"1"',
          products: new Set(items.map(({ product }) => product.id)),
          lasts: true
        }
      })
    ),
    ({ reply }) => textOf(reply)
  )
  const breakFeed = Effect.sync(() => {
    feedFails = true
  })
  return { mine, theirs, ask, page, breakFeed, reads: () => reads }
})

const sell = (inventory: InventoryShape, product = mug) =>
  inventory.recordMovements({ lines: [{ kind: "sale", product, location: shop, quantity: 1 }] })

describe("a kept reply", () => {
  it.live("is given again without a read, until its product moves on this server or on another", () =>
    Effect.gen(function* () {
      const { mine, theirs, ask, reads } = yield* servers
      assert.deepStrictEqual([yield* ask(mug), yield* ask(mug), yield* ask(mug)], [STOCK, STOCK, STOCK])
      assert.strictEqual(reads(), 1)
      yield* sell(theirs, bowl)
      assert.deepStrictEqual([yield* ask(mug), reads()], [STOCK, 1])
      yield* sell(theirs)
      assert.deepStrictEqual([yield* ask(mug), reads()], [STOCK - 1, 2])
      yield* sell(mine)
      assert.deepStrictEqual([yield* ask(mug), yield* ask(mug), reads()], [STOCK - 2, STOCK - 2, 3])
    }).pipe(Effect.scoped)
  )

  it.live("of a page goes with any change of what is in it, or of any product", () =>
    Effect.gen(function* () {
      const { theirs, page, reads } = yield* servers
      assert.deepStrictEqual([yield* page, yield* page, reads()], ["bowl 1000,mug 1000", "bowl 1000,mug 1000", 1])
      yield* sell(theirs)
      assert.deepStrictEqual([yield* page, reads()], ["bowl 1000,mug 999", 2])
      yield* theirs.updateProduct({ product: mug, expected: "any", name: "A mug" })
      assert.deepStrictEqual([yield* page, reads()], ["A mug 999,bowl 1000", 3])
      yield* theirs.createProduct({ sku: "CUP", name: "cup" })
      assert.deepStrictEqual([yield* page, reads()], ["A mug 999,bowl 1000,cup 0", 4])
    }).pipe(Effect.scoped)
  )

  it.live("is never one of what a hold takes, because a hold lapses without a word", () =>
    Effect.gen(function* () {
      const { theirs, ask } = yield* servers
      yield* theirs.holdStock({ lines: [{ product: mug, location: shop, quantity: 400 }], ttlMillis: 200 })
      assert.strictEqual(yield* ask(mug), STOCK - 400)
      yield* Effect.sleep(210)
      assert.strictEqual(yield* ask(mug), STOCK)
    }).pipe(Effect.scoped)
  )

  it.live("is not given when nobody can tell whether it is true", () =>
    Effect.gen(function* () {
      const { theirs, ask, breakFeed } = yield* servers
      yield* ask(mug)
      yield* breakFeed
      yield* sell(theirs)
      assert.strictEqual(yield* ask(mug), STOCK - 1)
    }).pipe(Effect.scoped)
  )

  it.live("never lacks what was acknowledged before it was asked for, whatever happens meanwhile", () =>
    Effect.gen(function* () {
      const { mine, theirs, ask, reads } = yield* servers
      let acknowledged = 0
      let begun = 0
      const writer = (inventory: InventoryShape) =>
        Effect.replicateEffect(
          Effect.gen(function* () {
            begun++
            yield* sell(inventory)
            acknowledged++
            yield* Effect.sleep(Math.random() * 3)
          }),
          100
        )
      let asked = 0
      const reader = Effect.gen(function* () {
        while (acknowledged < 200) {
          const before = acknowledged
          const available = yield* ask(mug)
          asked++
          assert.isAtMost(available, STOCK - before)
          assert.isAtLeast(available, STOCK - begun)
          yield* Effect.sleep(Math.random() * 2)
        }
      })
      yield* Effect.all([writer(mine), writer(theirs), ...Array.from({ length: 20 }, () => reader)], {
        concurrency: "unbounded"
      })
      assert.isBelow(reads(), asked)
    }).pipe(Effect.scoped)
  )
})
