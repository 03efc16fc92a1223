// What documents say of their lines is held against the ledger; what somebody changed in one is told of.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { auditDocuments, Inventory, LocationId, makeMemoryStore, ProductId, Store } from "../src/index.ts"

const [shop, depot] = [LocationId.make("shop"), LocationId.make("depot")]
const mug = ProductId.make("mug")

/** An order with an open part, a transfer on its way and a posted count, in a store whose rows the test can change. */
const shops = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore()
  const context = yield* Layer.build(Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store))))
  const inventory = yield* Effect.provide(Inventory, context)
  for (const id of [shop, depot]) yield* inventory.createLocation({ id, name: id })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price: { amount: 500, currency: "EUR" } })
  const receipt = { kind: "receipt", product: mug, quantity: 20 } as const
  yield* inventory.recordMovements({
    lines: [
      { ...receipt, location: shop },
      { ...receipt, location: depot }
    ]
  })
  const cart = yield* inventory.openCart({ lines: [{ product: mug, quantity: 5, mode: "add" }] })
  const { id: order } = yield* inventory.placeOrder({ cart: cart.id, location: shop })
  yield* inventory.shipOrder({ order, location: shop, lines: [{ line: 1, quantity: 2 }] })
  const lines = [{ product: mug, quantity: 4 }] as const
  const { id: transfer } = yield* inventory.createTransfer({ origin: depot, destination: shop, lines })
  yield* inventory.dispatchTransfer({ transfer, origin: depot })
  const { id: count } = yield* inventory.createCount({ location: depot })
  const at = { count, location: depot }
  yield* inventory.recordCount({ ...at, lines: [{ product: mug, quantity: 15 }] })
  yield* inventory.finishCount(at)
  yield* inventory.approveCount(at)
  yield* inventory.postCount(at)
  return { read: inventory.read, tables: memory.tables, order, transfer, count }
})

describe("the audit of documents", () => {
  it.effect("finds nothing where every line says what was moved and claimed for it", () =>
    Effect.gen(function* () {
      const { read } = yield* shops
      assert.deepStrictEqual(yield* auditDocuments(read), { documents: 3, differences: [] })
    }).pipe(Effect.scoped)
  )

  it.effect("tells of each number that is not what the ledger says", () =>
    Effect.gen(function* () {
      const { read, tables, ...ids } = yield* shops
      const order = tables.orders.get(ids.order) ?? assert.fail()
      const transfer = tables.transfers.get(ids.transfer) ?? assert.fail()
      const count = tables.counts.get(ids.count) ?? assert.fail()
      tables.orders.set(order.id, { ...order, lines: order.lines.map((line) => ({ ...line, shipped: 4 })) })
      tables.transfers.set(transfer.id, {
        ...transfer,
        lines: transfer.lines.map((line) => ({ ...line, received: 1 }))
      })
      tables.counts.set(count.id, { ...count, lines: count.lines.map((line) => ({ ...line, counted: 14 })) })
      const { differences } = yield* auditDocuments(read)
      assert.deepStrictEqual(
        differences.map(({ document, field, told, recomputed }) => [document.type, field, told, recomputed]),
        [
          ["order", "shipped", 4, 2],
          // With four shipped one is open, and three are claimed.
          ["order", "claimed", 1, 3],
          ["transfer", "received", 1, 0],
          ["count", "difference", -2, -1]
        ]
      )
    }).pipe(Effect.scoped)
  )
})
