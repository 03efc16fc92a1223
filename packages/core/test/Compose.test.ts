// Several commands as one: each sees what the ones before it did, and where one is refused, none happened.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { composeOver } from "../src/Compose.ts"
import {
  commands,
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  MAX_COMPOSED,
  MAX_LINES,
  movementId,
  ProductId
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const price = { amount: 100, currency: "EUR" }
const [shop, depot, mug] = [LocationId.make("shop"), LocationId.make("depot"), ProductId.make("mug")] as const
const line = (kind: "receipt" | "sale", quantity: number) => ({ kind, product: mug, location: shop, quantity })

const opened = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  yield* inventory.createProduct({ id: mug, sku: "MUG", name: "Mug", price })
  return inventory
})

describe("a composition", () => {
  it.effect("opens a shop in one commit: what one command makes, the next one uses", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { replies } = yield* inventory.compose({
        commands: [
          { command: "createLocation", payload: { id: shop, name: "Shop" } },
          { command: "createProduct", payload: { id: mug, sku: "MUG", name: "Mug", price } },
          { command: "recordMovements", payload: { lines: [line("receipt", 9)] } },
          {
            command: "holdStock",
            payload: { lines: [{ product: mug, location: shop, quantity: 4 }], ttlMillis: 1_000 }
          }
        ]
      })
      const [, created, received, held] = replies
      assert(created?.command === "createProduct" && received?.command === "recordMovements")
      assert.strictEqual(created.reply.sku, "MUG")
      assert.strictEqual(received.reply.levels[0]?.onHand, 9)
      assert(held?.command === "holdStock")
      const { level, movements, claims } = yield* inventory.read.explain({ product: mug, location: shop })
      assert.deepStrictEqual([level.onHand, level.held, level.available], [9, 4, 5])
      assert.deepStrictEqual(
        claims.items.map(({ id }) => id),
        [...held.reply.claims]
      )
      const head = yield* inventory.read.head
      assert.strictEqual(head[0]?.seq, 1)
      assert.strictEqual(movements.items[0]?.seq, 1)
    }).pipe(Effect.provide(Live))
  )

  it.effect("does nothing where one command is refused, and says which and why", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      const refused = yield* Effect.flip(
        inventory.compose(
          {
            commands: [
              { command: "recordMovements", payload: { lines: [line("receipt", 3)] } },
              { command: "recordMovements", payload: { lines: [line("sale", 2)] } },
              { command: "recordMovements", payload: { lines: [line("sale", 2)] } }
            ]
          },
          { key: "all-or-nothing" }
        )
      )
      assert(refused._tag === "StepRefused")
      assert.deepInclude(refused, { index: 2, command: "recordMovements" })
      assert.deepNestedInclude(refused.refusal, {
        _tag: "InsufficientStock",
        "lines[0].wanted": 2,
        "lines[0].available": 1
      })
      const { items } = yield* inventory.read.movements({ product: mug }, firstPage())
      assert.deepStrictEqual(items, [])
      const record = yield* Effect.flatMap(inventory.read.command("all-or-nothing"), Effect.fromOption)
      assert.strictEqual(record.outcome, "refused")
    }).pipe(Effect.provide(Live))
  )

  it.effect("takes effect once under its key", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      const commands = [
        { command: "recordMovements", payload: { lines: [line("receipt", 3)] } },
        { command: "recordMovements", payload: { lines: [line("sale", 1)] } }
      ] as const
      const first = yield* inventory.submit("compose", { commands }, { key: "once" })
      const again = yield* inventory.submit("compose", { commands }, { key: "once" })
      assert.deepStrictEqual([again.replayed, again.reply], [true, first.reply])
      const [only] = commands
      const other = yield* Effect.flip(inventory.compose({ commands: [only] }, { key: "once" }))
      assert.strictEqual(other._tag, "IdempotencyConflict")
    }).pipe(Effect.provide(Live))
  )

  it.effect("reads what the last command needs because of the first", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      yield* inventory.recordMovements({ lines: [line("receipt", 5)] })
      const { id: cart } = yield* inventory.openCart({ lines: [] })
      const { replies } = yield* inventory.compose({
        commands: [
          { command: "changeCart", payload: { cart, lines: [{ product: mug, quantity: 2, mode: "add" }] } },
          { command: "changeCart", payload: { cart, lines: [{ product: mug, quantity: 1, mode: "add" }] } },
          { command: "checkout", payload: { cart, location: shop } }
        ]
      })
      const order = replies[2]
      assert(order?.command === "checkout")
      assert.strictEqual(order.reply.lines[0]?.ordered, 3)
      const sold = yield* Effect.flatMap(inventory.read.cart(cart), Effect.fromOption)
      assert.deepStrictEqual([sold.state, sold.version], ["completed", 4])
      assert.strictEqual((yield* inventory.read.balance({ product: mug, location: shop, lot: "" })).sellable, 2)
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("tells of changed stock once, and of a threshold as it is in the end", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      yield* inventory.recordMovements({ lines: [line("receipt", 10)] })
      yield* inventory.setThresholds({ lines: [{ product: mug, location: shop, low: 3 }] })
      const after = yield* inventory.read.head
      yield* inventory.compose({
        commands: [
          { command: "recordMovements", payload: { lines: [line("sale", 9)] } },
          { command: "recordMovements", payload: { lines: [line("receipt", 9)] } }
        ]
      })
      const told = yield* inventory.read.events(after, 100)
      assert.deepStrictEqual(
        told.map(({ event }) => event._tag),
        ["StockChanged"]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("closes a shop in one commit: what was claimed is let go, the rest is drained, and it is archived", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      yield* inventory.createLocation({ id: depot, name: "Depot" })
      yield* inventory.recordMovements({ lines: [line("receipt", 5)] })
      const { claims } = yield* inventory.holdStock({
        lines: [{ product: mug, location: shop, quantity: 2 }],
        ttlMillis: 60_000
      })
      yield* inventory.compose({
        commands: [
          { command: "releaseClaims", payload: { location: shop, claims: [claims[0]!] } },
          { command: "drainLocation", payload: { location: shop, destination: depot } },
          { command: "archiveLocation", payload: { location: shop, expected: "any", archived: true } }
        ]
      })
      const { level } = yield* inventory.read.explain({ product: mug, location: depot })
      assert.strictEqual(level.available, 5)
      const closed = yield* Effect.flatMap(inventory.read.location(shop), Effect.fromOption)
      assert.strictEqual(closed.status, "archived")
      assert.deepStrictEqual((yield* inventory.read.verify).differences, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("reverses a movement and records it anew, and tells of a recall's stock", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      yield* inventory.recordMovements({ lines: [line("receipt", 50)] })
      const { items } = yield* inventory.read.movements({ product: mug }, firstPage())
      const movement = movementId(items[0] ?? assert.fail("nothing was received"))
      const tea = ProductId.make("tea")
      yield* inventory.createProduct({ id: tea, sku: "TEA", name: "Tea", price, lotTracked: true })
      const lot = { product: tea, lot: "A" }
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", ...lot, location: shop, quantity: 3 }] })
      const after = yield* inventory.read.head
      yield* inventory.compose({
        commands: [
          { command: "reverseMovement", payload: { location: shop, movement } },
          { command: "recordMovements", payload: { lines: [line("receipt", 5)] } },
          { command: "recallLot", payload: { ...lot, reason: "Glass", locations: [shop] } }
        ]
      })
      const told = (yield* inventory.read.events(after, 100)).flatMap(({ event }) =>
        event._tag === "StockChanged" ? event.levels.map(({ product, available }) => [product, available]) : []
      )
      assert.sameDeepMembers(told, [
        [mug, 5],
        [tea, 0]
      ])
    }).pipe(Effect.provide(Live))
  )

  it("is about every location that one of its commands is about", () => {
    const at = (location: LocationId) => ({
      command: "recordMovements" as const,
      payload: { lines: [{ ...line("receipt", 1), location }] as const }
    })
    assert.deepStrictEqual(commands.compose.locations({ commands: [at(shop), at(depot)] }), [shop, depot])
  })

  it("has no command whose payload is secret: it would be stored with the others", () => {
    assert.throws(() => composeOver({ registerUser: commands.registerUser }), "registerUser cannot be composed")
  })

  it.effect("is bounded, and takes nothing that it does not know", () =>
    Effect.gen(function* () {
      const inventory = yield* opened
      const one = { command: "createLocation", payload: { id: depot, name: "Depot" } } as const
      const many = [one, ...Array.from({ length: MAX_COMPOSED }, () => one)] as const
      assert.strictEqual((yield* Effect.flip(inventory.compose({ commands: many })))._tag, "InvalidCommand")
      const lines = Array.from({ length: 600 }, () => line("receipt", 1))
      const half = { command: "recordMovements", payload: { lines: [line("receipt", 1), ...lines] } } as const
      assert.strictEqual((yield* Effect.flip(inventory.compose({ commands: [half, half] })))._tag, "InvalidCommand")
      const [first, ...rest] = Array.from({ length: MAX_LINES / 2 }, () => line("receipt", 1))
      const most = { command: "recordMovements", payload: { lines: [first!, ...rest] } } as const
      assert.strictEqual((yield* inventory.compose({ commands: [most, most] })).replies.length, 2)
      const tooMany = yield* Effect.flip(inventory.compose({ commands: [most, most, one] }))
      assert(tooMany._tag === "InvalidCommand")
      assert.include(tooMany.message, "at most 1000 lines in all are accepted")
      const nested = { command: "compose", payload: { commands: [one] } } as never
      assert.strictEqual((yield* Effect.flip(inventory.compose({ commands: [nested] })))._tag, "InvalidCommand")
    }).pipe(Effect.provide(Live))
  )
})
