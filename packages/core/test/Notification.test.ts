// A notification is raised once for its cause, is somebody's or put off, and is resolved when its cause is gone.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  NotificationId,
  type NotificationState,
  ProductId,
  reviewLotsOnce,
  reviewOnce
} from "../src/index.ts"

const layer = Inventory.layer.pipe(Layer.provide(layerMemory))

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  const move = (kind: "receipt" | "sale", quantity: number) =>
    inventory.recordMovements({ lines: [{ kind, product, location, quantity }] })
  const listed = (filter: Parameters<typeof inventory.read.notifications>[0] = {}) =>
    Effect.map(inventory.read.notifications(filter, firstPage()), ({ items }) => items)
  const open = Effect.map(listed(), (items) =>
    items.filter(({ state }) => state !== "resolved").map(({ kind, available, limit }) => [kind, available, limit])
  )
  const changes = Effect.map(inventory.read.events({}, 500), (events) =>
    events.flatMap(({ event }) => (event._tag === "NotificationChanged" ? [`${event.kind} ${event.change}`] : []))
  )
  return { inventory, location, product, move, listed, open, changes }
})

const due = Effect.gen(function* () {
  const inventory = yield* Inventory
  const now = yield* DateTime.now
  return yield* inventory.reviewNotifications(yield* inventory.read.dueForReview(now, 100))
})

describe("notifications of stock", () => {
  it.effect(
    "come in the commit that crosses the threshold, one for each kind, and go with the one that crosses back",
    () =>
      Effect.gen(function* () {
        const { inventory, location, product, move, open, changes, listed } = yield* shop
        yield* move("receipt", 10)
        yield* inventory.setThresholds({ lines: [{ product, location, low: 4, clear: 7, high: 20, clearHigh: 15 }] })
        assert.deepStrictEqual(yield* open, [])
        yield* move("sale", 6)
        assert.deepStrictEqual(yield* open, [["lowStock", 4, 4]])
        yield* move("sale", 1)
        yield* move("sale", 3)
        assert.sameDeepMembers(
          [...(yield* open)],
          [
            ["lowStock", 4, 4],
            ["outOfStock", 0, 0]
          ]
        )
        yield* move("receipt", 5)
        assert.deepStrictEqual(yield* open, [["lowStock", 4, 4]])
        yield* move("receipt", 15)
        assert.deepStrictEqual(yield* open, [["overstock", 20, 20]])
        yield* move("sale", 4)
        assert.deepStrictEqual(yield* open, [["overstock", 20, 20]])
        yield* move("sale", 1)
        assert.deepStrictEqual(yield* open, [])
        assert.deepStrictEqual(yield* changes, [
          "lowStock raised",
          "outOfStock raised",
          "outOfStock resolved",
          "lowStock resolved",
          "overstock raised",
          "overstock resolved"
        ])
        assert.strictEqual((yield* listed({ kind: "overstock", state: "resolved", product, location })).length, 1)
        const tags = (yield* inventory.read.events({}, 500)).map(({ event }) => event._tag)
        for (const tag of ["OutOfStockRaised", "OutOfStockCleared", "OverstockRaised", "OverstockCleared"] as const)
          assert.strictEqual(tags.filter((one) => one === tag).length, 1, tag)
      }).pipe(Effect.provide(layer))
  )

  it.effect("are raised by a hold and resolved by its lapse, with the next command at the place", () =>
    Effect.gen(function* () {
      const { inventory, location, product, move, open } = yield* shop
      yield* move("receipt", 5)
      yield* inventory.setThresholds({ lines: [{ product, location, low: 2, clear: 4 }] })
      yield* inventory.holdStock({ lines: [{ product, location, quantity: 5 }], ttlMillis: 60_000 })
      assert.strictEqual((yield* open).length, 2)
      yield* TestClock.adjust("1 minute")
      yield* move("sale", 1)
      assert.deepStrictEqual(yield* open, [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("that somebody resolved are not raised again before their cause was gone", () =>
    Effect.gen(function* () {
      const { inventory, location, product, move, listed, open } = yield* shop
      yield* move("receipt", 3)
      yield* inventory.setThresholds({ lines: [{ product, location, low: 3, clear: 5 }] })
      const [raised] = yield* listed()
      yield* inventory.resolveNotification({ notification: raised!.id }, { actor: "ann" })
      yield* move("sale", 1)
      assert.deepStrictEqual(yield* open, [])
      yield* move("receipt", 3)
      assert.deepInclude((yield* listed())[0], { id: raised!.id, state: "resolved", actor: "ann", version: 2 })
      yield* move("sale", 2)
      assert.deepStrictEqual(yield* open, [["lowStock", 3, 3]])
    }).pipe(Effect.provide(layer))
  )

  it.effect("follow the rule that is set: what it says of high stays until it is set or taken away", () =>
    Effect.gen(function* () {
      const { inventory, location, product, move, open } = yield* shop
      const set = (rule: { readonly high?: number | null; readonly clearHigh?: number }) =>
        inventory.setThresholds({ lines: [{ product, location, low: 1, ...rule }] })
      yield* move("receipt", 9)
      assert.deepInclude((yield* set({ high: 9 })).thresholds[0], { high: 9, clearHigh: 8 })
      assert.deepStrictEqual(yield* open, [["overstock", 9, 9]])
      assert.deepInclude((yield* set({})).thresholds[0], { high: 9, clearHigh: 8 })
      const refused = yield* Effect.flip(set({ clearHigh: 9 }))
      assert.deepInclude(refused, { _tag: "InvalidThreshold", high: 9, clearHigh: 9 })
      assert.deepInclude((yield* set({ high: null })).thresholds[0], { high: null, clearHigh: null })
      assert.deepStrictEqual(yield* open, [])
    }).pipe(Effect.provide(layer))
  )
})

describe("a notification of an adapter", () => {
  const sync = { kind: "failedSync", subject: "pepsico" } as const

  it.effect("is one as long as it is not resolved, and a new one after that", () =>
    Effect.gen(function* () {
      const { inventory, location, product, listed } = yield* shop
      const first = yield* inventory.raiseNotification({ ...sync, message: "It did not answer.", product, location })
      const again = yield* inventory.raiseNotification({ ...sync, message: "It answered nonsense." })
      assert.deepStrictEqual(again.id, first.id)
      assert.deepInclude(again, { occurrences: 2, message: "It answered nonsense.", state: "open", product, location })
      assert.deepStrictEqual(yield* inventory.clearNotification(sync), { resolved: first.id })
      assert.deepStrictEqual(yield* inventory.clearNotification(sync), { resolved: null })
      const next = yield* inventory.raiseNotification({ ...sync, message: "Again." })
      assert.notStrictEqual(next.id, first.id)
      yield* inventory.resolveNotification({ notification: next.id })
      const last = yield* inventory.raiseNotification({ ...sync, message: "And again." })
      assert.notStrictEqual(last.id, next.id)
      assert.strictEqual((yield* listed({ kind: "failedSync" })).length, 3)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is told of, and kept, with each thing that becomes of it", () =>
    Effect.gen(function* () {
      const { inventory, changes, listed } = yield* shop
      const { id: notification } = yield* inventory.raiseNotification({ ...sync, message: "No answer." })
      yield* inventory.raiseNotification({ ...sync, message: "Nonsense." })
      yield* inventory.acknowledgeNotification({ notification }, { actor: "ann" })
      yield* inventory.snoozeNotification({ notification, millis: 1_000 }, { actor: "bob" })
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual((yield* reviewOnce)?.woken, [notification])
      assert.isUndefined(yield* reviewOnce, "nothing is due any more")
      const [kept] = yield* listed(sync)
      assert.deepInclude(kept, { occurrences: 2, message: "Nonsense.", state: "open", actor: "bob" })
      yield* inventory.clearNotification(sync)
      assert.strictEqual((yield* listed(sync))[0]?.state, "resolved")
      assert.deepStrictEqual(
        yield* changes,
        ["raised", "repeated", "acknowledged", "snoozed", "woken", "resolved"].map((what) => `failedSync ${what}`)
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("is another one for another subject, and is known by its id", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const one = yield* inventory.raiseNotification({ ...sync, message: "" })
      const other = yield* inventory.raiseNotification({ ...sync, subject: "acme", message: "" })
      assert.notStrictEqual(other.id, one.id)
      assert.deepStrictEqual(yield* inventory.clearNotification(sync), { resolved: one.id })
      assert.strictEqual((yield* inventory.raiseNotification({ ...sync, subject: "acme", message: "" })).id, other.id)
      const notification = NotificationId.make("never")
      const unknown = yield* Effect.flip(inventory.acknowledgeNotification({ notification }))
      assert.deepInclude(unknown, { _tag: "UnknownNotification", notification })
    }).pipe(Effect.provide(layer))
  )

  it.effect("has a kind and places that are known", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const raise = (more: object) =>
        Effect.map(Effect.flip(inventory.raiseNotification({ ...sync, message: "", ...more })), ({ _tag }) => _tag)
      assert.strictEqual(yield* raise({ kind: "lowStock" }), "NotificationKindReserved")
      assert.strictEqual(yield* raise({ kind: "latePurchaseOrder" }), "NotificationKindReserved")
      assert.strictEqual(yield* raise({ kind: "Failed sync" }), "InvalidCommand")
      assert.strictEqual(yield* raise({ product: ProductId.make("none") }), "UnknownProduct")
      assert.strictEqual(yield* raise({ location: LocationId.make("none") }), "UnknownLocation")
      const clear = inventory.clearNotification({ kind: "outOfStock", subject: "a" })
      assert.strictEqual((yield* Effect.flip(clear))._tag, "NotificationKindReserved")
    }).pipe(Effect.provide(layer))
  )

  it.effect("is taken in hand, put off until a time, and stays resolved", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const { id: notification } = yield* inventory.raiseNotification({ ...sync, message: "" })
      const state = Effect.map(inventory.raiseNotification({ ...sync, message: "" }), (one) => one.state)
      const refusal = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
        Effect.map(Effect.flip(effect), ({ _tag }) => _tag)
      const taken = yield* inventory.acknowledgeNotification({ notification }, { actor: "ann" })
      assert.deepInclude(taken, { state: "acknowledged", actor: "ann" })
      assert.strictEqual(yield* state, "acknowledged")
      const twice = inventory.acknowledgeNotification({ notification })
      assert.strictEqual(yield* refusal(twice), "NotificationStateConflict")
      yield* inventory.snoozeNotification({ notification, millis: 1_000 }, { actor: "bob" })
      assert.strictEqual(yield* state, "snoozed")
      assert.deepStrictEqual(yield* due, { raised: [], woken: [], resolved: [] })
      yield* TestClock.adjust(999)
      assert.deepStrictEqual((yield* due).woken, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual((yield* due).woken, [notification])
      assert.strictEqual(yield* state, "open" satisfies NotificationState)
      yield* inventory.resolveNotification({ notification })
      for (const late of [
        inventory.acknowledgeNotification({ notification }),
        inventory.snoozeNotification({ notification, millis: 1 }),
        inventory.resolveNotification({ notification })
      ])
        assert.strictEqual(yield* refusal(late), "NotificationStateConflict")
    }).pipe(Effect.provide(layer))
  )
})

describe("a review", () => {
  it.effect("raises what is late of purchase orders once, and resolves it when it is there", () =>
    Effect.gen(function* () {
      const { inventory, location: destination, product, listed } = yield* shop
      const { id: vendor } = yield* inventory.createVendor({ name: "Potter" })
      const expectedAt = DateTime.add(yield* DateTime.now, { days: 2 })
      const lines = [{ product, quantity: 4 }] as const
      const order = yield* inventory.createPurchaseOrder({ vendor, destination, lines, expectedAt })
      const at = { purchaseOrder: order.id, destination }
      yield* TestClock.adjust("3 days")
      assert.deepStrictEqual((yield* due).raised, [])
      yield* inventory.placePurchaseOrder(at)
      const { raised } = yield* due
      assert.strictEqual(raised.length, 1)
      assert.deepInclude((yield* listed())[0], { kind: "latePurchaseOrder", subject: order.id, location: destination })
      yield* inventory.receivePurchaseOrder({ ...at, lines: [{ line: 1, quantity: 3 }] })
      assert.deepStrictEqual(yield* inventory.read.dueForReview(yield* DateTime.now, 10), {
        notifications: [],
        purchaseOrders: []
      })
      yield* inventory.resolveNotification({ notification: raised[0]! })
      assert.deepStrictEqual((yield* due).raised, [])
      yield* inventory.receivePurchaseOrder({ ...at, lines: [{ line: 1, quantity: 1 }] })
      assert.deepStrictEqual((yield* inventory.read.dueForReview(yield* DateTime.now, 10)).purchaseOrders, [order.id])
      // Somebody has resolved it before.
      assert.deepStrictEqual(yield* due, { raised: [], woken: [], resolved: [] })
      assert.deepStrictEqual((yield* inventory.read.dueForReview(yield* DateTime.now, 10)).purchaseOrders, [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("tells of a lot once so many days before it expires, until nothing of it is left", () =>
    Effect.gen(function* () {
      const { inventory, location, listed } = yield* shop
      const { id: product } = yield* inventory.createProduct({ sku: "MILK", name: "Milk", lotTracked: true })
      const move = (kind: "receipt" | "sale" | "customerReturn" | "scrap", quantity: number) =>
        inventory.recordMovements({
          lines: [
            {
              kind,
              product,
              location,
              lot: "L-17",
              quantity,
              ...(kind === "receipt" ? { expiresOn: "1970-02-14" } : {}),
              ...(kind === "scrap" ? { from: "sellable" as const } : {})
            }
          ]
        })
      const review = (days?: number) => Effect.map(reviewLotsOnce(days), (all) => all[0])
      const states = Effect.map(listed({ kind: "expiringLot" }), (items) => items.map(({ state }) => state))
      yield* move("receipt", 10)
      // It expires with the end of the 45th day.
      yield* TestClock.adjust("14 days")
      assert.strictEqual(yield* review(), undefined)
      yield* TestClock.adjust("1 day")
      assert.strictEqual((yield* review())?.raised.length, 1)
      assert.strictEqual(yield* review(), undefined)
      assert.deepInclude((yield* listed())[0], {
        kind: "expiringLot",
        message: "Lot L-17, which may be used until 1970-02-14",
        ...{ product, location, available: 10, state: "open" }
      })
      // A date about the bound changes nothing; one beyond it does, and so does the old one then.
      const setExpiry = (expiresOn: string) => inventory.updateLot({ product, lot: "L-17", expected: "any", expiresOn })
      yield* setExpiry("1970-02-15")
      assert.strictEqual(yield* review(), undefined)
      yield* setExpiry("1970-02-16")
      assert.strictEqual((yield* review())?.resolved.length, 1)
      yield* setExpiry("1970-02-14")
      assert.strictEqual((yield* review())?.raised.length, 1)
      // Whoever is asked to look farther ahead finds nothing that is told of already.
      assert.strictEqual(yield* review(90), undefined)

      yield* move("sale", 9)
      assert.strictEqual(yield* review(), undefined)
      yield* move("scrap", 1)
      assert.strictEqual((yield* review())?.resolved.length, 1)
      assert.deepStrictEqual(yield* states, ["resolved", "resolved"])
      yield* TestClock.adjust("60 days")
      assert.strictEqual(yield* review(), undefined)
      yield* move("customerReturn", 2)
      const [again] = (yield* review())?.raised ?? []
      assert(again !== undefined)
      // Somebody has dealt with it: it is not told of again before it was gone.
      yield* inventory.resolveNotification({ notification: again })
      assert.strictEqual(yield* review(), undefined)
      yield* move("scrap", 2)
      assert.deepStrictEqual(yield* review(), { raised: [], woken: [], resolved: [] })
      assert.strictEqual(yield* review(), undefined)
    }).pipe(Effect.provide(layer))
  )

  it.effect("leaves alone what is not due, whoever asks", () =>
    Effect.gen(function* () {
      const { inventory } = yield* shop
      const { id } = yield* inventory.raiseNotification({ kind: "failedSync", subject: "a", message: "" })
      const asked = { notifications: [id, id], purchaseOrders: [] }
      assert.deepStrictEqual(yield* inventory.reviewNotifications(asked), { raised: [], woken: [], resolved: [] })
    }).pipe(Effect.provide(layer))
  )
})
