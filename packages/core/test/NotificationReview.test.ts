// A review goes on for ever: whatever is due is told of at the next look, and an outage is only a look that is missed.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import {
  firstPage,
  Inventory,
  LocationId,
  makeMemoryStore,
  NotificationId,
  reviewing,
  reviewLotsOnce,
  reviewOnce,
  Store,
  StoreUnavailable
} from "../src/index.ts"

/** An inventory whose store does not answer the first so many looks at what is due. */
const Unreliable = (outages: number) =>
  Inventory.layer.pipe(
    Layer.provide(
      Layer.effect(
        Store,
        Effect.map(makeMemoryStore(), ({ store }) => {
          let left = outages
          const dueForReview: typeof store.queries.dueForReview = (...asked) =>
            left-- > 0
              ? Effect.fail(new StoreUnavailable({ retryAfterMillis: 1, cause: "an outage" }))
              : store.queries.dueForReview(...asked)
          return { ...store, queries: { ...store.queries, dueForReview } }
        })
      )
    )
  )

const [shop, depot] = ["shop", "depot"].map((id) => LocationId.make(id)) as [LocationId, LocationId]

/** Milk of one lot in two places that expires with the last day of January, and a purchase order that is due then. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: product } = yield* inventory.createProduct({ sku: "MILK", name: "Milk", lotTracked: true })
  for (const id of [shop, depot]) {
    yield* inventory.createLocation({ id, name: id })
    const receipt = {
      kind: "receipt",
      product,
      location: id,
      lot: "L-1",
      expiresOn: "1970-01-31",
      quantity: 2
    } as const
    yield* inventory.recordMovements({ lines: [receipt] })
  }
  const open = Effect.map(inventory.read.notifications({ state: "open" }, firstPage()), ({ items }) =>
    items.map(({ kind, location }) => `${kind} ${location}`).toSorted()
  )
  const place = Effect.gen(function* () {
    const { id: vendor } = yield* inventory.createVendor({ name: "Dairy" })
    const expectedAt = DateTime.add(yield* DateTime.now, { hours: 1 })
    const lines = [{ product, quantity: 4 }] as const
    const { id } = yield* inventory.createPurchaseOrder({ vendor, destination: shop, lines, expectedAt })
    yield* inventory.placePurchaseOrder({ purchaseOrder: id, destination: shop })
    return id
  })
  return { inventory, product, open, place }
})

describe("a review", () => {
  it.effect("looks every minute for what is due, and every quarter of an hour for lots that expire", () =>
    Effect.gen(function* () {
      const { open, place } = yield* given
      yield* place
      yield* Effect.forkScoped(reviewing({ expiryDays: 29 }))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* open, [])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* open, ["latePurchaseOrder shop"])
      // The 2nd of January ends 29 days before the 31st does.
      yield* TestClock.adjust("46 hours")
      assert.deepStrictEqual(yield* open, ["latePurchaseOrder shop"])
      yield* TestClock.adjust("74 minutes")
      assert.deepStrictEqual(yield* open, ["expiringLot depot", "expiringLot shop", "latePurchaseOrder shop"])
    }).pipe(Effect.provide(Unreliable(0)))
  )

  it.effect("says that it failed, and looks again after as long as ever", () => {
    const said: Array<unknown> = []
    const heard = Logger.layer([Logger.make(({ message }) => said.push(message))])
    return Effect.gen(function* () {
      const { open, place } = yield* given
      yield* place
      yield* TestClock.adjust("2 hours")
      yield* Effect.forkScoped(reviewing({ pauseMillis: 1_000, lotsPauseMillis: 1_000, expiryDays: 5 }))
      yield* TestClock.adjust(1_999)
      assert.deepStrictEqual(yield* open, [])
      assert.strictEqual(said.length, 2)
      for (const message of said) assert.include(String(message), "Notifications are reviewed again in a moment")
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* open, ["latePurchaseOrder shop"])
    }).pipe(Effect.provide([Unreliable(2), heard]))
  })

  it.effect("takes what is due whatever it is, and writes nothing when nothing is", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      const nothing = Effect.gen(function* () {
        const before = yield* inventory.read.head
        assert.isUndefined(yield* reviewOnce)
        assert.deepStrictEqual(yield* inventory.read.head, before)
      })
      yield* nothing
      yield* place
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* reviewOnce)?.raised.length, 1)
      yield* nothing
      const [late] = (yield* inventory.read.notifications({ kind: "latePurchaseOrder" }, firstPage())).items
      assert(late !== undefined)
      yield* inventory.snoozeNotification({ notification: late.id, millis: 1 })
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* reviewOnce, { raised: [], woken: [late.id], resolved: [] })
    }).pipe(Effect.provide(Unreliable(0)))
  )

  it.effect("of lots is one command for each location", () =>
    Effect.gen(function* () {
      const { open } = yield* given
      const reviews = yield* reviewLotsOnce(40)
      assert.deepStrictEqual(
        reviews.map(({ raised }) => raised.length),
        [1, 1]
      )
      assert.deepStrictEqual(yield* open, ["expiringLot depot", "expiringLot shop"])
      assert.deepStrictEqual(yield* reviewLotsOnce(40), [])
    }).pipe(Effect.provide(Unreliable(0)))
  )

  it.effect("does not wake what it resolves, nor what nobody raised", () =>
    Effect.gen(function* () {
      const { inventory, place, open } = yield* given
      const order = yield* place
      yield* TestClock.adjust("2 hours")
      const late = (yield* reviewOnce)?.raised[0]
      assert(late !== undefined)
      yield* inventory.snoozeNotification({ notification: late, millis: 1 })
      yield* inventory.receivePurchaseOrder({
        ...{ purchaseOrder: order, destination: shop },
        lines: [{ line: 1, quantity: 4, lot: "L-2" }]
      })
      yield* TestClock.adjust(1)
      const asked = { notifications: [late, NotificationId.make("none")], purchaseOrders: [order, order] }
      const [first, second] = [yield* inventory.reviewNotifications(asked), yield* inventory.reviewNotifications(asked)]
      assert.deepStrictEqual(first, { raised: [], woken: [], resolved: [late] })
      assert.deepStrictEqual(second, { raised: [], woken: [], resolved: [] })
      assert.deepStrictEqual(yield* open, [])
    }).pipe(Effect.provide(Unreliable(0)))
  )

  it.effect("takes notifications and purchase orders that are due at once", () =>
    Effect.gen(function* () {
      const { inventory, place } = yield* given
      yield* place
      const sync = { kind: "failedSync", subject: "till", message: "" } as const
      const { id: notification } = yield* inventory.raiseNotification(sync)
      yield* inventory.snoozeNotification({ notification, millis: 1 })
      yield* TestClock.adjust("2 hours")
      const reviewed = yield* reviewOnce
      assert.deepStrictEqual([reviewed?.raised.length, reviewed?.woken], [1, [notification]])
    }).pipe(Effect.provide(Unreliable(0)))
  )

  it.effect("of a lot changes nothing that is not due, whoever asks", () =>
    Effect.gen(function* () {
      const { inventory, product, open } = yield* given
      const receipt = { kind: "receipt", product, location: shop, quantity: 1 } as const
      yield* inventory.recordMovements({ lines: [{ ...receipt, lot: "keeps" }] })
      const ask = (expiryDays: number, ...lots: ReadonlyArray<string>) =>
        inventory.reviewNotifications({
          ...{ notifications: [], purchaseOrders: [], expiryDays },
          lots: lots.map((lot) => ({ product, location: shop, lot }))
        })
      const nothing = { raised: [], woken: [], resolved: [] }
      // It expires in 31 days: not within 29, and within 31.
      assert.deepStrictEqual(yield* ask(29, "L-1", "keeps", "none"), nothing)
      assert.strictEqual((yield* ask(31, "L-1", "L-1", "keeps")).raised.length, 1)
      for (const days of [30, 31, 40]) assert.deepStrictEqual(yield* ask(days, "L-1"), nothing)
      assert.deepStrictEqual(yield* open, ["expiringLot shop"])
      assert.strictEqual((yield* ask(29, "L-1")).resolved.length, 1)
      assert.deepStrictEqual(yield* ask(29, "L-1"), nothing)
    }).pipe(Effect.provide(Unreliable(0)))
  )
})
