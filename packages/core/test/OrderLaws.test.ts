// Whatever happened before: to undo what was done to an order restores every balance and every claim exactly.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import {
  type CommandMethods,
  commandsOver,
  conditions,
  LocationId,
  type Memory,
  makeMemoryStore,
  type Order,
  ProductId
} from "../src/index.ts"

/** Each of these is a history and what is tried after it. */
const ROUND_TRIPS = 150

const products = ["mug", "tea", "cup"].map((id) => ProductId.make(id))
const shop = LocationId.make("shop")

const product = fc.constantFrom(...products)
const quantity = fc.integer({ min: 1, max: 5 })
const lot = fc.constantFrom("A", "B", "C")
const stockLine = fc.record({ product, location: fc.constant(shop), lot, quantity })
const step = fc.oneof(
  fc.record({ _tag: fc.constant("receipt" as const), line: stockLine }),
  fc.record({ _tag: fc.constant("sale" as const), line: stockLine }),
  fc.record({ _tag: fc.constant("hold" as const), line: stockLine })
)
const basket = fc.record({
  wanted: fc.uniqueArray(fc.record({ product, quantity }), {
    minLength: 1,
    maxLength: 3,
    selector: (one) => one.product
  }),
  held: fc.boolean(),
  /** Of each line that is shipped or canceled first; the rest follows. */
  part: fc.integer({ min: 1, max: 4 })
})
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never
type Basket = typeof basket extends fc.Arbitrary<infer A> ? A : never

interface World {
  readonly inventory: CommandMethods
  readonly memory: Memory
}

const world = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore()
  const inventory = commandsOver((submission) =>
    Effect.flatMap(Effect.orDie(store.transact([submission])), ([outcome]) =>
      outcome === undefined ? Effect.die("no outcome") : Effect.succeed(outcome)
    )
  )
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  const price = { amount: 100, currency: "EUR" }
  for (const id of products) yield* inventory.createProduct({ id, sku: id, name: id, price, lotTracked: true })
  const lines = products.map((id) => ({ kind: "receipt" as const, product: id, location: shop, lot: "A", quantity: 6 }))
  yield* inventory.recordMovements({ lines: [lines[0]!, ...lines.slice(1)] })
  const made: World = { inventory, memory }
  return made
})

const act = ({ inventory }: World, { _tag, line }: Step): Effect.Effect<unknown, unknown> =>
  _tag === "hold"
    ? inventory.holdStock({ lines: [line], ttlMillis: 60_000 })
    : inventory.recordMovements({ lines: [{ kind: _tag, ...line }] })

/** Every balance without the numbers that count its entries, and what is claimed of each key by whom. */
const stateOf = ({ memory }: World) => {
  const claims = new Map<string, number>()
  for (const { product, lot, quantity, state, source } of memory.claims.values()) {
    const key = JSON.stringify([product, lot, state, source])
    if (state === "held" || state === "committed") claims.set(key, (claims.get(key) ?? 0) + quantity)
  }
  return {
    stock: [...memory.balances.values()]
      .map(({ version: _, claimVersion: __, ...stock }) => stock)
      .filter((stock) => [...conditions, "held" as const, "committed" as const].some((field) => stock[field] !== 0))
      .map((stock) => JSON.stringify(stock))
      .sort(),
    claims: [...claims].sort()
  }
}

const place = ({ inventory }: World, { wanted, held }: Basket) =>
  Effect.gen(function* () {
    const lines = wanted.map((line) => ({ ...line, mode: "add" as const }))
    const cart = yield* inventory.openCart({ lines })
    if (held) yield* inventory.beginCheckout({ cart: cart.id, location: shop, ttlMillis: 60_000 })
    return yield* inventory.placeOrder({ cart: cart.id, location: shop })
  })

/** Some of each line, as a command wants it. */
const someOf = ({ lines }: Order, most: number) => {
  const [first, ...rest] = lines.map(({ line, ordered }) => ({ line, quantity: Math.min(most, ordered) }))
  assert(first !== undefined)
  return [first, ...rest] as const
}

/** After random histories: places an order, and checks that what is done to it then leads back to where it was. */
const comesBack = async (
  from: "before it was placed" | "once it was placed",
  there: (given: World, order: Order, asked: Basket) => Effect.Effect<unknown, unknown>
) => {
  let tried = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), basket, (history, asked) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const given = yield* world
          for (const one of history) yield* Effect.option(act(given, one))
          const before = stateOf(given)
          const placed = yield* Effect.option(place(given, asked))
          if (Option.isNone(placed)) return
          tried++
          const start = from === "before it was placed" ? before : stateOf(given)
          yield* Effect.orDie(there(given, placed.value, asked))
          assert.deepStrictEqual(stateOf(given), start)
        })
      )
    ),
    { numRuns: ROUND_TRIPS }
  )
  assert.isAbove(tried, ROUND_TRIPS / 4)
}

describe("exactly what was there is there again", () => {
  it("when an order is canceled, in parts or whole", () =>
    comesBack("before it was placed", ({ inventory }, order, { part }) =>
      Effect.gen(function* () {
        const lines = someOf(order, part)
        const rest = yield* inventory.cancelOrder({ order: order.id, location: shop, lines })
        if (rest.status === "placed") yield* inventory.cancelOrder({ order: order.id, location: shop })
      })
    ))

  it("when a shipment is undone, and the order canceled", () =>
    comesBack("before it was placed", ({ inventory }, order, { part }) =>
      Effect.gen(function* () {
        const at = { order: order.id, location: shop }
        yield* inventory.shipOrder({ ...at, lines: someOf(order, part) })
        yield* inventory.undoShipment({ ...at, shipment: 1 })
        yield* inventory.cancelOrder(at)
      })
    ))

  it("when all that was shipped comes back", () =>
    comesBack("before it was placed", ({ inventory }, order, { part }) =>
      Effect.gen(function* () {
        const at = { order: order.id, location: shop }
        yield* inventory.shipOrder(at)
        const back = (lines: ReturnType<typeof someOf>) => {
          const [first, ...rest] = lines.map((line) => ({ ...line, into: "sellable" as const }))
          return first === undefined ? Effect.void : inventory.receiveReturn({ ...at, lines: [first, ...rest] })
        }
        yield* back(someOf(order, part))
        const left = order.lines.flatMap(({ line, ordered }) =>
          ordered > part ? [{ line, quantity: ordered - part, into: "sellable" as const }] : []
        )
        const [first, ...rest] = left
        if (first !== undefined) yield* inventory.receiveReturn({ ...at, lines: [first, ...rest] })
      })
    ))

  it("when shipments in parts are undone, last first or first first", () =>
    comesBack("once it was placed", ({ inventory, memory }, order, { part, held }) =>
      Effect.gen(function* () {
        const at = { order: order.id, location: shop }
        yield* inventory.shipOrder({ ...at, lines: someOf(order, part) })
        if (memory.tables.orders.get(order.id)?.status === "placed") yield* inventory.shipOrder(at)
        const numbers = memory.tables.orders.get(order.id)?.shipments.map(({ shipment }) => shipment) ?? []
        for (const shipment of held ? numbers : numbers.toReversed()) {
          yield* inventory.undoShipment({ ...at, shipment })
        }
      })
    ))
})
