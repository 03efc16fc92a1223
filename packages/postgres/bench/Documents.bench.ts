// How long do large documents take beside everyday sales? Ten thousand keys are counted while goods are sold, an order
// of 161 lines is shipped, and two hundred documents of fifty lines come at once, in whatever order their lines are.
import { Inventory, LocationId, ProductId } from "@onhand/core"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { PostgresStore } from "../src/index.ts"

const KEYS = 10_000
const SHEET = 1_000
/** Keys that a counter sends at once. */
const SENT = 100
const SALES_A_SECOND = 50
const SHIPMENT = 161
const DOCUMENTS = 200
const DOCUMENT = 50
const STOCK = 1_000
const TIMES = 5

const shop = LocationId.make("shop")
const products = Array.from({ length: KEYS }, (_, index) => ProductId.make(`p-${index}`))

const nonEmpty = <A>([first, ...rest]: ReadonlyArray<A>) => {
  if (first === undefined) throw new Error("A document without a line")
  return [first, ...rest] as const
}
const chunks = <A>(items: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    const result = yield* effect
    return [result, performance.now() - began] as const
  })
/** A time is only worth something if nothing was lost for it. */
const check = (holds: boolean, what: string) => {
  if (!holds) throw new Error(what)
}
const report = (what: string, millis: number) => console.log(`${what.padEnd(66)} ${millis.toFixed(0).padStart(6)} ms`)

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: shop, name: "Shop" })
  const price = { amount: 100, currency: "EUR" }
  yield* Effect.forEach(products, (id) => inventory.createProduct({ id, sku: id, name: id, price }), {
    concurrency: "unbounded",
    discard: true
  })
  for (const some of chunks(products, SHEET)) {
    const lines = some.map((product) => ({ kind: "opening" as const, product, location: shop, quantity: STOCK }))
    yield* inventory.recordMovements({ lines: nonEmpty(lines) })
  }
})

/** Sells one of a random product, so many times a second, until it is interrupted; tells what was sold. */
const selling = Effect.gen(function* () {
  const inventory = yield* Inventory
  const sold = new Map<ProductId, number>()
  const one = Effect.gen(function* () {
    const product = products[Math.floor(Math.random() * KEYS)] ?? ProductId.make("p-0")
    yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location: shop, quantity: 1 }] })
    sold.set(product, (sold.get(product) ?? 0) + 1)
  })
  const fiber = yield* Effect.forkChild(
    Effect.forever(Effect.andThen(Effect.forkDetach(one), Effect.sleep(1000 / SALES_A_SECOND)))
  )
  return { sold, fiber }
})

/** Of each sheet every tenth key is one short; all of it is recorded, approved and posted while goods are sold. */
const count = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { sold, fiber } = yield* selling
  const sheets = yield* Effect.forEach(chunks(products, SHEET), (some) =>
    Effect.gen(function* () {
      const { id } = yield* inventory.createCount({ location: shop, name: "All" })
      const at = { count: id, location: shop }
      for (const part of chunks(some, SENT)) {
        // What stands on the shelf is what the books say, less one of every tenth product.
        const lines = yield* Effect.forEach(part, (product) =>
          Effect.map(inventory.read.balance({ product, location: shop, lot: "" }), ({ sellable }) => ({
            product,
            quantity: sellable - (products.indexOf(product) % 10 === 0 ? 1 : 0)
          }))
        )
        yield* inventory.recordCount({ ...at, lines: nonEmpty(lines) })
      }
      yield* inventory.finishCount(at)
      yield* inventory.approveCount(at)
      return at
    })
  )
  const [, millis] = yield* timed(Effect.forEach(sheets, (at) => inventory.postCount(at), { discard: true }))
  yield* Fiber.interrupt(fiber)
  yield* Effect.sleep("1 second")
  report(`${KEYS} counted keys posted, ${SALES_A_SECOND} sales a second beside`, millis)
  const posted = yield* inventory.read.movementTotals({})
  const totals = new Map(posted.map(({ kind, quantity }) => [kind, quantity]))
  const sales = [...sold.values()].reduce((sum, quantity) => sum + quantity, 0)
  console.log(`  sales meanwhile: ${sales} answered, ${totals.get("sale")} in the ledger`)
  check(sales === totals.get("sale"), "A sale was lost while goods were counted")
})

/** Keys that are recorded one by one, each as soon as it is scanned. */
const SCANNED = 60

/** What one key costs that is recorded by itself on a sheet of so many lines. */
const scan = (sheet: number) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const lines = products.slice(0, sheet).map((product) => ({ product }))
    const { id } = yield* inventory.createCount({ location: shop, lines: nonEmpty(lines) })
    const before = process.cpuUsage()
    for (const { product } of lines.slice(0, SCANNED)) {
      yield* inventory.recordCount({ count: id, location: shop, lines: [{ product, quantity: STOCK }] })
    }
    const { user, system } = process.cpuUsage(before)
    report(`a key recorded by itself on a sheet of ${sheet}, processor time`, (user + system) / 1000 / SCANNED)
    yield* inventory.cancelCount({ count: id, location: shop })
  })

const ship = Effect.gen(function* () {
  const inventory = yield* Inventory
  const times: Array<number> = []
  for (let time = 0; time < TIMES; time++) {
    const lines = products.slice(0, SHIPMENT).map((product) => ({ product, quantity: 1, mode: "add" as const }))
    const cart = yield* inventory.openCart({ lines })
    const { id } = yield* inventory.placeOrder({ cart: cart.id, location: shop })
    const [, millis] = yield* timed(inventory.shipOrder({ order: id, location: shop }))
    times.push(millis)
  }
  report(
    `a shipment of ${SHIPMENT} lines, the median of ${TIMES}`,
    times.toSorted((a, b) => a - b)[Math.floor(TIMES / 2)] ?? Number.NaN
  )
})

const submit = Effect.gen(function* () {
  const inventory = yield* Inventory
  const documents = Array.from({ length: DOCUMENTS }, () =>
    Array.from({ length: DOCUMENT }, () => ({
      kind: "sale" as const,
      product: products[Math.floor(Math.random() * 500)] ?? ProductId.make("p-0"),
      location: shop,
      quantity: 1
    }))
  )
  const [replies, millis] = yield* timed(
    Effect.forEach(documents, (lines) => Effect.result(inventory.recordMovements({ lines: nonEmpty(lines) })), {
      concurrency: "unbounded"
    })
  )
  const committed = replies.filter(({ _tag }) => _tag === "Success").length
  check(committed === DOCUMENTS, `${DOCUMENTS - committed} documents were lost`)
  report(`${DOCUMENTS} documents of ${DOCUMENT} lines at once, ${committed} of them committed`, millis)
})

const program = Effect.gen(function* () {
  yield* prepare
  yield* count
  yield* scan(100)
  yield* scan(SHEET)
  yield* ship
  yield* submit
  const { movements, differences } = yield* (yield* Inventory).read.verify
  console.log(`verified ${movements} movements: ${differences.length} differences`)
  check(differences.length === 0, "The books do not balance")
})

const server = await start()
try {
  const Live = Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(server.url) })))
  await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Live)))
} finally {
  await server.stop()
}
