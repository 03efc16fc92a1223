// A thousand random histories, with decimals, packs, costs that do not come out even, returns and late facts: what
// Onhand says that stock is worth and that sales cost is what exact fractions make of it, to the last digit. In memory
// and on PostgreSQL. VALUE_SEED draws other histories.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import {
  entering,
  Inventory,
  LocationId,
  layerMemory,
  type Movement,
  type Pack,
  type Page,
  type PageRequest,
  ProductId,
  type ProductValue,
  type Store,
  valuate,
  valuationMethods
} from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { costModel, decimalOf, modelValue } from "@onhand/testkit"
import { DateTime, Effect, Layer, Redacted, Result } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import * as fc from "fast-check"
import { createDatabase } from "./PostgresDatabase.ts"

const HISTORIES = 1_000
const SEED = Number(process.env["VALUE_SEED"] ?? 1)

/** Movements that are recorded by one command; the products' histories run side by side. */
const LINES = 100

const DAY = 86_400_000

interface Tried {
  readonly store: Layer.Layer<Store, unknown>
  /** What the database does by itself within a minute or so of much being written. */
  readonly settle: Effect.Effect<unknown, unknown>
}

const stores: Readonly<Record<string, Effect.Effect<Tried>>> = {
  memory: Effect.succeed({ store: layerMemory, settle: Effect.void }),
  PostgreSQL: Effect.map(
    Effect.promise(() => createDatabase()),
    (address) => {
      const url = Redacted.make(address)
      const analyze = Effect.flatMap(SqlClient, (sql) => sql`ANALYZE`)
      const client = PgClient.layer({ url, maxConnections: 1 })
      return { store: PostgresStore.layer({ url }), settle: Effect.provide(analyze, client) }
    }
  )
}

const locations = ["north", "south"].map((id) => LocationId.make(id))

interface Draw {
  readonly what: "receipt" | "sale" | "customerReturn" | "supplierReturn" | "scrap" | "adjustment"
  readonly location: number
  /** So many of the product's own steps, or of a pack. */
  readonly quantity: number
  readonly inPacks: boolean
  /** Millionths of a minor unit for a whole unit; null where nobody says it. */
  readonly micros: number | null
  readonly order: number | null
  readonly daysLate: number
}

interface History {
  readonly decimals: number
  readonly pack: Pack
  readonly draws: ReadonlyArray<Draw>
}

const draws = fc.array(
  fc.record<Draw>({
    what: fc.constantFrom(
      ...(["receipt", "receipt", "sale", "sale", "sale", "customerReturn"] as const),
      ...(["supplierReturn", "scrap", "adjustment"] as const)
    ),
    location: fc.nat({ max: 1 }),
    quantity: fc.integer({ min: 1, max: 40 }),
    inPacks: fc.boolean(),
    micros: fc.option(fc.nat({ max: 3_000_000_000 }), { freq: 6 }),
    order: fc.option(fc.nat({ max: 3 })),
    daysLate: fc.oneof(
      { arbitrary: fc.constant(0), weight: 3 },
      { arbitrary: fc.integer({ min: 1, max: 9 }), weight: 1 }
    )
  }),
  { minLength: 4, maxLength: 30 }
)

const histories = fc.integer({ min: 0, max: 6 }).chain((decimals) =>
  fc.record<History>({
    decimals: fc.constant(decimals),
    // A case of 12 or 24, or a third of a unit: a ratio that no decimal tells.
    pack: fc.constantFrom<Pack>(
      { unit: "case", steps: 24 * 10 ** decimals, per: 1 },
      { unit: "case", steps: 12 * 10 ** decimals, per: 1 },
      { unit: "third", steps: 10 ** decimals, per: 3 }
    ),
    draws
  })
)

type Line = Extract<Parameters<Inventory["Service"]["recordMovements"]>[0], object>["lines"][number]

interface Fact {
  readonly line: Line
  readonly order: number | null
  readonly daysLate: number
}

/** A history as lines, of which none takes more than there is; every other one ends with nothing left. */
const factsOf = ({ decimals, pack, draws }: History, product: ProductId, nth: number): ReadonlyArray<Fact> => {
  const there = locations.map(() => 0)
  const units = { unit: { name: "unit", decimals }, packs: [pack] }
  const facts = draws.flatMap((draw): ReadonlyArray<Fact> => {
    const location = locations[draw.location]
    if (location === undefined) return []
    // Three thirds, because one has no whole number of steps.
    const count = pack.unit === "third" ? 3 * draw.quantity : draw.quantity
    const entered = draw.inPacks ? Result.getOrThrow(entering(units, count, pack.unit)) : { quantity: draw.quantity }
    const comesIn = draw.what === "receipt" || draw.what === "customerReturn"
    const held = there[draw.location] ?? 0
    if (!comesIn && held === 0) return []
    const amount = comesIn || entered.quantity <= held ? entered : { quantity: Math.min(draw.quantity, held) }
    there[draw.location] = held + (comesIn ? amount.quantity : -amount.quantity)
    const { micros } = draw
    const cost =
      draw.what === "receipt" && micros !== null
        ? {
            unitCost: {
              amount: `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`,
              currency: "EUR"
            }
          }
        : {}
    const line = {
      kind: draw.what,
      product,
      location,
      ...amount,
      ...cost,
      ...(comesIn ? {} : { from: "sellable" as const })
    }
    return [{ line, order: draw.order, daysLate: draw.daysLate }]
  })
  const rest = locations.flatMap((location, index): ReadonlyArray<Fact> => {
    const quantity = there[index] ?? 0
    if (nth % 2 === 0 || quantity === 0) return []
    return [{ line: { kind: "sale", product, location, quantity }, order: null, daysLate: 0 }]
  })
  return [...facts, ...rest]
}

const made = fc.sample(histories, { numRuns: HISTORIES, seed: SEED }).map((history, nth) => {
  const product = ProductId.make(`product-${String(nth).padStart(4, "0")}`)
  return { history, product, facts: factsOf(history, product, nth) }
})

const decimalsOf = new Map(made.map(({ product, history }) => [product, history.decimals]))

/** Round by round the next fact of each history, those that share an order and a day in one command. */
const record = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of locations) yield* inventory.createLocation({ id, name: id })
  yield* Effect.forEach(
    made,
    ({ product, history: { decimals, pack } }) =>
      inventory.createProduct({
        id: product,
        sku: product,
        name: product,
        unit: { name: "unit", decimals },
        packs: [{ ...pack, barcodes: [] }]
      }),
    { concurrency: 200 }
  )
  const now = yield* DateTime.now
  const rounds = Math.max(...made.map(({ facts }) => facts.length))
  for (let round = 0; round < rounds; round++) {
    const facts = made.flatMap(({ facts }) => facts[round] ?? [])
    const commands = [...Map.groupBy(facts, ({ order, daysLate }) => `${order}/${daysLate}`).values()].flatMap((some) =>
      Array.from({ length: Math.ceil(some.length / LINES) }, (_, part) => some.slice(part * LINES, (part + 1) * LINES))
    )
    yield* Effect.forEach(
      commands,
      ([first, ...rest]) => {
        if (first === undefined) return Effect.void
        const { order, daysLate } = first
        const source = order === null ? {} : { source: { type: "order", id: `order-${order}` } }
        const occurredAt = daysLate === 0 ? {} : { occurredAt: DateTime.subtract(now, { days: daysLate }) }
        return inventory.recordMovements(
          { lines: [first.line, ...rest.map(({ line }) => line)], ...source },
          occurredAt
        )
      },
      { concurrency: "unbounded" }
    )
  }
})

/** All of a list, over its pages. */
const all = <A, E>(list: (page: PageRequest) => Effect.Effect<Page<A>, E>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | undefined; ; ) {
      const page: Page<A> = yield* list({ _tag: "Cursor", limit: 500, ...(cursor === undefined ? {} : { cursor }) })
      items.push(...page.items)
      if (page.nextCursor === null) return items
      cursor = page.nextCursor
    }
  })

const byRecording = (a: Movement, b: Movement): number =>
  DateTime.toEpochMillis(a.recordedAt) - DateTime.toEpochMillis(b.recordedAt) ||
  a.shard - b.shard ||
  a.seq - b.seq ||
  a.line - b.line

/** Like any other object, whatever the order of its fields. */
const plain = (value: ProductValue) => JSON.parse(JSON.stringify(value))

const ensureValues = Effect.gen(function* () {
  const { read } = yield* Inventory
  const movements = (yield* all((page) => read.movements({}, page))).toSorted(byRecording)
  const moved = Map.groupBy(movements, ({ product }) => product)
  const middle = movements[movements.length >> 1]
  const end = movements.at(-1)?.recordedAt
  if (middle === undefined || end === undefined) return assert.fail("Nothing moved")
  const lately = DateTime.subtract(end, { days: 4 })
  const times = [
    {},
    { recordedBy: middle.recordedAt },
    { occurredBy: lately },
    { occurredBy: lately, recordedBy: middle.recordedAt },
    { period: { from: lately, to: DateTime.add(end, { milliseconds: DAY }) } }
  ]
  let empty = 0
  for (const asked of valuationMethods.flatMap((method) => times.map((time) => ({ method, ...time })))) {
    const told = yield* all((page) => read.stockValues(asked, page))
    assert.strictEqual(told.length, moved.size)
    for (const value of told) {
      const expected = modelValue(
        value.product,
        decimalsOf.get(value.product) ?? 0,
        moved.get(value.product) ?? [],
        asked
      )
      assert.deepStrictEqual(plain(value), plain(expected), `${value.product} by ${JSON.stringify(asked)}`)
      if (value.quantity !== 0) continue
      assert.deepStrictEqual([value.value, value.layers], ["0", []])
      empty += 1
    }
  }
  assert.isAbove(empty, HISTORIES / 2)
  return moved
})

const ensureCosts = (moved: ReadonlyMap<ProductId, ReadonlyArray<Movement>>) => {
  let sales = 0
  for (const { product, history } of made) {
    for (const method of valuationMethods) {
      const some = moved.get(product) ?? []
      const asked = { method, decimals: history.decimals }
      const { issues } = Result.getOrThrow(valuate(some, asked))
      const flows = costModel(some, asked).flows.filter(({ quantity }) => quantity < 0n)
      assert.deepStrictEqual(
        issues.map(({ kind, quantity, cost }) => [kind, quantity, cost]),
        flows.map(({ movement, value: [n, d] }) => [movement.kind, movement.quantity, decimalOf([-n, d])])
      )
      sales += issues.filter(({ kind }) => kind === "sale").length
    }
  }
  assert.isAbove(sales, 4 * HISTORIES)
}

for (const [name, tried] of Object.entries(stores)) {
  describe(`the value of ${HISTORIES} random histories in ${name}, seed ${SEED}`, () => {
    it.live(
      "is what exact fractions make of them, whatever the method and the time that it is asked for",
      () =>
        Effect.flatMap(tried, ({ store, settle }) =>
          record.pipe(
            Effect.andThen(settle),
            Effect.andThen(ensureValues),
            Effect.map(ensureCosts),
            Effect.provide(Inventory.layer.pipe(Layer.provide(store)))
          )
        ),
      120_000
    )
  })
}
