/**
 * Trials of reports: what a store sums up over a period is what its movements make, over movements that were dated back
 * and ahead, sales with and without a price, and bounds that fall on a movement or beside it.
 */
import {
  CartId,
  type FlowFilter,
  foldFlow,
  isCondition,
  LocationId,
  type Movement,
  type Page,
  type PageRequest,
  ProductId,
  type ProductValue,
  type SalesFilter,
  type SalesRow,
  type StockFlow,
  type StoreUnavailable,
  type Submission,
  salesGroups,
  stockPlaceText,
  type ValuationMethod,
  type ValueFilter,
  valuationMethods
} from "@onhand/core"
import { DateTime, Effect } from "effect"
import * as fc from "fast-check"
import { costModel, decimalOf, type Fraction, modelValue, sumOfFractions } from "./CostModel.ts"
import type { Features } from "./History.ts"
import type { LawBroken, LawId } from "./Law.ts"
import { checkProperty } from "./Property.ts"
import { ensure, type Session, submissionOf, withSession } from "./Session.ts"
import { commitBatch } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const HOUR = 3_600_000

interface Move {
  readonly product: number
  readonly location: number
  readonly lot: string
  readonly kind: "receipt" | "sale" | "customerReturn" | "reversal" | "damage"
  readonly quantity: number
  /** What a unit cost, of a receipt that says it. */
  readonly cost: string | null
  /** Whether it names the order, which has a price for the first product. */
  readonly ordered: boolean
  /** Milliseconds from its recording; null for one that nobody dated. */
  readonly dated: number | null
}

const distance = fc.oneof(
  fc.integer({ min: -9 * HOUR, max: 3 * HOUR }),
  fc.integer({ min: -9, max: 3 }).map((hours) => hours * HOUR)
)

const moves = fc.array(
  fc.record<Move>({
    product: fc.integer({ min: 0, max: 2 }),
    location: fc.integer({ min: 0, max: 1 }),
    lot: fc.constantFrom("L1", "L1", "L2"),
    kind: fc.constantFrom("receipt", "sale", "sale", "sale", "customerReturn", "reversal", "damage"),
    quantity: fc.integer({ min: 1, max: 4 }),
    cost: fc.constantFrom(null, "100", "33.333333", "0"),
    ordered: fc.boolean(),
    dated: fc.oneof(fc.constant(null), distance, distance)
  }),
  { minLength: 1, maxLength: 24 }
)

const periods = fc
  .uniqueArray(distance, { minLength: 2, maxLength: 6 })
  .map((bounds) => bounds.toSorted((a, b) => a - b))

/** The shop of these trials. The third product is weighed, so its steps are thousandths of its unit. */
const products = ["cup", "mug", "tea"].map((id) => ProductId.make(id))
const locations = ["here", "there"].map((id) => LocationId.make(id))
const categoryOf = ["Cups", "Cups", "Tea"]
const decimalsOf = [0, 0, 3]
const ORDER = "order-of-cups"

/** What every shelf begins with, of each lot. */
const STOCKED = 40

/** What the order's line cost, which does not come out even. */
const CHARGED = { quantity: 3, amount: 1_000 } as const

const opened = ({ carts }: Features): ReadonlyArray<Submission> => {
  const [cup, mug, tea] = products
  const [here] = locations
  if (!cup || !mug || !tea || !here) return []
  const price = { amount: 950, currency: "USD" }
  const lines = [{ product: cup, quantity: CHARGED.quantity, mode: "add" as const }]
  const charged = [{ product: cup, total: { amount: CHARGED.amount, currency: "USD" } }]
  const cart = submissionOf("openCart", { owner: "ann", lines }, { key: "cart" })
  const places = products.flatMap((product) => locations.map((location) => ({ product, location })))
  const stocked = places.flatMap((place) => ["L1", "L2"].map((lot) => ({ kind: "receipt" as const, ...place, lot })))
  const [first, ...rest] = stocked.map((line) => ({ ...line, quantity: STOCKED }))
  if (first === undefined) return []
  return [
    ...locations.map((id) => submissionOf("createLocation", { id, name: id }, { key: id })),
    ...[cup, mug].map((id) =>
      submissionOf("createProduct", { id, sku: id, name: id, category: "Cups", price, lotTracked: true }, { key: id })
    ),
    submissionOf(
      "createProduct",
      { id: tea, sku: "tea", name: "tea", category: "Tea", unit: { name: "kg", decimals: 3 }, lotTracked: true },
      { key: "tea" }
    ),
    submissionOf("recordMovements", { lines: [first, ...rest] }, { key: "stock" }),
    ...(carts
      ? [cart, submissionOf("checkout", { cart: CartId.make("cart"), location: here, charged }, { key: ORDER })]
      : [])
  ]
}

const submissionsOf = (moved: ReadonlyArray<Move>, now: DateTime.Utc) =>
  moved.flatMap((move, index): ReadonlyArray<Submission> => {
    const { kind, lot, quantity, cost, ordered, dated } = move
    const [product, location] = [products[move.product], locations[move.location]]
    if (product === undefined || location === undefined) return []
    const source = ordered ? { source: { type: "order", id: ORDER } } : {}
    const known = kind === "receipt" && cost !== null ? { unitCost: { amount: cost, currency: "USD" } } : {}
    const lines = [{ kind, product, location, lot, quantity, ...known }] as const
    const submission = submissionOf("recordMovements", { lines, ...source }, { key: `m${index}` })
    return [{ ...submission, occurredAt: dated === null ? null : DateTime.add(now, { milliseconds: dated }) }]
  })

/** A store in which something moved, with bounds around the time at which it did. */
const withMoves = (
  session: Session,
  features: Features,
  moved: ReadonlyArray<Move>,
  distances: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    yield* commitBatch(session, opened(features))
    const now = yield* DateTime.now
    const all = submissionsOf(moved, now)
    const half = Math.ceil(all.length / 2)
    // In two commits, so that there is a time at which only a part was known.
    for (const part of [all.slice(0, half), all.slice(half)]) if (part.length > 0) yield* commitBatch(session, part)
    const { movements, orders, commands } = yield* session.snapshot
    const recorded = new Map(commands.map(({ key, recordedMicros }) => [key, recordedMicros]))
    const at = ({ command }: Movement) => recorded.get(command) ?? 0
    return {
      bounds: distances.map((milliseconds) => DateTime.add(now, { milliseconds })),
      // In the order in which they were recorded: of one instant there may be several, also in several shards.
      movements: movements.toSorted((a, b) => at(a) - at(b) || a.shard - b.shard || a.line - b.line),
      priced: orders.length > 0
    }
  })

/** All items of a list, over its pages. */
const all = <A>(list: (page: PageRequest) => Effect.Effect<Page<A>, { readonly _tag: string } | StoreUnavailable>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    let cursor: string | undefined
    do {
      const page: Page<A> = yield* Effect.orDie(list({ _tag: "Cursor", limit: 3, cursor }))
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return items
  })

const sumOf = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, number) => sum + number, 0)

const unitsOf = ({ product, quantity }: Movement): number =>
  quantity / 10 ** (decimalsOf[products.indexOf(product)] ?? 0)

const isPriced = ({ source, product }: Movement): boolean => source?.id === ORDER && product === products[0]

/** What the movements of one period and group make, by definition. */
const salesOf = (movements: ReadonlyArray<Movement>, priced: boolean) => {
  const units = (of: (movement: Movement) => number) =>
    sumOf(movements.map((movement) => of(movement) * unitsOf(movement)))
  const isUndone = ({ kind, from }: Movement) => kind === "reversal" && from === "customer"
  const soldBy = (movement: Movement) => Number(movement.kind === "sale") - Number(isUndone(movement))
  const returnedBy = ({ kind }: Movement) => Number(kind === "customerReturn")
  const isKnown = (movement: Movement) => priced && isPriced(movement)
  const charged = (of: (movement: Movement) => number) =>
    Math.round((CHARGED.amount * units((movement) => (isKnown(movement) ? of(movement) : 0))) / CHARGED.quantity) + 0
  return {
    sold: units(soldBy).toFixed(3),
    returned: units(returnedBy).toFixed(3),
    unpriced: units((movement) => (isKnown(movement) ? 0 : soldBy(movement))).toFixed(3),
    revenue: movements.some(isKnown) ? [charged(soldBy)] : [],
    returnedRevenue: movements.some(isKnown) ? [charged(returnedBy)] : []
  }
}

const idOf = ({ shard, seq, line }: Movement) => `${shard}-${seq}-${line}`

/** What each movement did to the value of its product, as exact fractions make it; nothing while no cost was known. */
const flowsOf = (movements: ReadonlyArray<Movement>, method: ValuationMethod) => {
  const known = [...Map.groupBy(movements, ({ product }) => product)].flatMap(([product, some]) => {
    const first = some.findIndex(({ unitCost }) => unitCost !== null)
    const { flows } = costModel(some, { method, decimals: decimalsOf[products.indexOf(product)] ?? 0 })
    return flows.filter(({ movement }) => first >= 0 && some.indexOf(movement) >= first)
  })
  return new Map(known.map(({ movement, value }) => [idOf(movement), value]))
}

/** What goods had cost that were sold and came back, by definition. */
const costsOf = (movements: ReadonlyArray<Movement>, flows: ReturnType<typeof flowsOf>) => {
  const isReturn = ({ kind }: Movement) => kind === "customerReturn"
  const isOrdered = ({ source }: Movement) => source?.type === "order"
  const known = movements.filter((movement) => flows.has(idOf(movement)))
  const sum = (some: ReadonlyArray<Movement>) =>
    sumOfFractions(some.map((movement) => flows.get(idOf(movement)) ?? [0n, 1n]))
  const left = ([numerator, denominator]: Fraction) => decimalOf([-numerator, denominator])
  const uncosted = movements.filter((movement) => !known.includes(movement))
  const net = (movement: Movement) => (movement.kind === "sale" ? 1 : -1) * unitsOf(movement)
  const ours = uncosted.filter(({ kind, from }) => kind !== "reversal" || from === "customer")
  return {
    uncosted: (sumOf(ours.map(net)) + 0).toFixed(3),
    amounts:
      known.length === 0
        ? []
        : [
            {
              currency: "USD",
              sold: left(sum(known.filter((movement) => !isReturn(movement)))),
              returned: decimalOf(sum(known.filter(isReturn))),
              ordered: left(sum(known.filter(isOrdered)))
            }
          ]
  }
}

const groupOf = ({ product, location }: Movement, by: SalesFilter["by"]): string => {
  const category = categoryOf[products.indexOf(product)] ?? ""
  return { all: "", product, category, location }[by]
}

const isSale = ({ kind }: Movement): boolean => kind === "sale" || kind === "customerReturn" || kind === "reversal"

const expectedSales = (movements: ReadonlyArray<Movement>, filter: SalesFilter, priced: boolean) => {
  const flows = filter.costs === undefined ? undefined : flowsOf(movements, filter.costs)
  return filter.bounds.slice(1).flatMap((to, index) => {
    const from = filter.bounds[index] ?? to
    const during = movements.filter(
      (movement) =>
        isSale(movement) &&
        DateTime.isGreaterThanOrEqualTo(movement.occurredAt, from) &&
        DateTime.isLessThan(movement.occurredAt, to) &&
        (filter.product ?? movement.product) === movement.product &&
        (filter.location ?? movement.location) === movement.location &&
        (filter.category ?? groupOf(movement, "category")) === groupOf(movement, "category")
    )
    return [...Map.groupBy(during, (movement) => groupOf(movement, filter.by))]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, some]) => {
        const costs = flows === undefined ? null : costsOf(some, flows)
        return { from: DateTime.formatIso(from), group, ...salesOf(some, priced), costs }
      })
  })
}

const toldSales = (rows: ReadonlyArray<SalesRow>) =>
  rows.map(({ from, group, sold, returned, unpriced, revenue, returnedRevenue, costs }) => ({
    from: DateTime.formatIso(from),
    group,
    sold: Number(sold).toFixed(3),
    returned: Number(returned).toFixed(3),
    unpriced: Number(unpriced).toFixed(3),
    revenue: revenue.map(({ amount }) => amount),
    returnedRevenue: returnedRevenue.map(({ amount }) => amount),
    costs: costs && { uncosted: Number(costs.uncosted).toFixed(3), amounts: costs.amounts }
  }))

const filters = salesGroups.flatMap((by) => [
  { by },
  { by, product: products[0] },
  { by, location: locations[1] },
  { by, category: categoryOf[0] },
  ...valuationMethods.map((costs) => ({ by, costs })),
  { by, location: locations[1], costs: "fifo" as const }
])

const ensureSales = (
  { inventory }: Session,
  filter: SalesFilter,
  movements: ReadonlyArray<Movement>,
  priced: boolean
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const told = toldSales(yield* all((page) => inventory.read.sales(filter, page)))
    const expected = expectedSales(movements, filter, priced)
    const lines = (rows: ReadonlyArray<unknown>) => rows.map((row) => JSON.stringify(row)).join("\n")
    yield* ensure("H58", lines(told) === lines(expected), () => {
      const { bounds, ...rest } = filter
      const between = bounds.map(DateTime.formatIso).join(", ")
      return (
        `The sales between ${between} of ${JSON.stringify(rest)} are\n${lines(told)}\n` +
        `while the movements make\n${lines(expected)}`
      )
    })
  })

/** A trial of what reports tell of random movements, and of periods before and after them. */
const overMoves = (
  title: string,
  law: LawId,
  check: (session: Session, made: Effect.Success<ReturnType<typeof withMoves>>) => Effect.Effect<void, LawBroken>
): Trial => ({
  title,
  laws: [law],
  run: ({ subject, effort, features }) =>
    checkProperty(fc.tuple(moves, periods), { runs: effort.runs, seed: effort.seed }, ([moved, distances]) =>
      withSession(subject, (session) =>
        Effect.flatMap(withMoves(session, features, moved, distances), (made) => check(session, made))
      )
    )
})

const salesByPeriod = overMoves(
  "tells what was sold and came back in each period, and for how much, as movements and orders make it",
  "H58",
  (session, { bounds, movements, priced }) =>
    Effect.forEach(filters, (filter) => ensureSales(session, { ...filter, bounds }, movements, priced), {
      discard: true
    })
)

/** A row as text, with its fields in an order of their own, because every store has another. */
const rowText = (row: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))

/** What a value must be in itself, whatever the costs. */
const unsound = ({ mixed, quantity, value, places, layers, period }: ProductValue): ReadonlyArray<string> => {
  // Millionths of a minor unit for each thousandth of a unit, the smallest that values are told in.
  const exact = (text: string) => BigInt(Math.round(Number(text) * 1e9))
  const sum = (parts: ReadonlyArray<{ readonly quantity: number; readonly value: string }>) => ({
    quantity: sumOf(parts.map((part) => part.quantity)),
    value: parts.reduce((total, part) => total + exact(part.value), 0n)
  })
  const isWhole = (parts: Parameters<typeof sum>[0]) =>
    sum(parts).quantity === quantity && sum(parts).value === exact(value)
  const flows = (of: "quantity" | "value") => {
    if (period === null) return 0n
    const number = (part: { readonly quantity: number; readonly value: string }) =>
      of === "quantity" ? BigInt(part.quantity) : exact(part.value)
    const { opening, received, sold, adjusted, closing } = period
    return number(opening) + number(received) - number(sold) + number(adjusted) - number(closing)
  }
  return [
    ...(isWhole(places) ? [] : ["its places do not sum to it"]),
    // By business time more can be gone than had come in; then there is nothing that could be worth anything.
    ...(mixed || quantity < 0 || isWhole(layers) ? [] : ["its layers do not sum to it"]),
    ...(flows("quantity") === 0n ? [] : ["its period's quantities do not sum up"]),
    ...(flows("value") === 0n ? [] : ["its period's values do not sum up"])
  ]
}

const ensureValues = (
  { inventory }: Session,
  filter: ValueFilter,
  movements: ReadonlyArray<Movement>
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const told = yield* all((page) => inventory.read.stockValues(filter, page))
    const listed = products
      .toSorted()
      .filter(
        (id) =>
          (filter.product ?? id) === id &&
          (filter.category ?? categoryOf[products.indexOf(id)]) === categoryOf[products.indexOf(id)]
      )
    const expected = listed.map((id) => {
      const moved = movements.filter(({ product }) => product === id)
      return modelValue(id, decimalsOf[products.indexOf(id)] ?? 0, moved, filter)
    })
    const lines = (values: ReadonlyArray<ProductValue>) => values.map(rowText).join("\n")
    const about = JSON.stringify(filter)
    yield* ensure(
      "H59",
      lines(told) === lines(expected),
      () => `The values for ${about} are\n${lines(told)}\nwhile the movements make\n${lines(expected)}`
    )
    for (const value of told) {
      const faults = unsound(value)
      yield* ensure("H59", faults.length === 0, () => `${faults.join(" and ")}: ${JSON.stringify(value)}`)
    }
  })

const valueOfStock = overMoves(
  "values stock as its movements make it, whole, by place and layer, and through a period",
  "H59",
  (session, { bounds, movements }) =>
    Effect.gen(function* () {
      const [from, to] = [bounds[0], bounds.at(-1)]
      const period = from === undefined || to === undefined ? undefined : { from, to }
      const past = [
        { occurredBy: from },
        { recordedBy: movements[movements.length >> 1]?.recordedAt },
        { occurredBy: to, period }
      ]
      for (const method of valuationMethods) {
        for (const filter of [{}, { product: products[1] }, { category: categoryOf[0] }, { period }, ...past]) {
          yield* ensureValues(session, { method, ...filter }, movements)
        }
      }
    })
)

const ensureFlows = (
  { inventory }: Session,
  filter: FlowFilter,
  movements: ReadonlyArray<Movement>
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const told = yield* all((page) => inventory.read.stockFlows(filter, page))
    const moved = movements.filter(
      (movement) =>
        (filter.product ?? movement.product) === movement.product &&
        (filter.location ?? movement.location) === movement.location &&
        (filter.category ?? groupOf(movement, "category")) === groupOf(movement, "category")
    )
    const expected = [...Map.groupBy(moved, stockPlaceText)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, some]): ReadonlyArray<StockFlow> => {
        const [first] = some
        if (first === undefined) return []
        const { product, location } = first
        return [{ product, location, ...foldFlow(some, filter.period) }]
      })
    const lines = (flows: ReadonlyArray<StockFlow>) => flows.map(rowText).join("\n")
    yield* ensure(
      "H59",
      lines(told) === lines(expected),
      () => `The flows for ${JSON.stringify(filter)} are\n${lines(told)}\nwhile the movements make\n${lines(expected)}`
    )
    const { to } = filter.period
    const onHand = moved.filter(({ occurredAt }) => DateTime.isLessThan(occurredAt, to))
    const change = ({ from, to, quantity }: Movement) =>
      (Number(isCondition(to)) - Number(isCondition(from))) * quantity
    const closing = sumOf(told.map((flow) => flow.closing))
    const flowed = told.map((flow) => flow.opening + flow.received - flow.sold + flow.transferred + flow.adjusted)
    yield* ensure(
      "H59",
      closing === sumOf(onHand.map(change)) && closing === sumOf(flowed),
      () => `${closing} are there after flows that make ${sumOf(flowed)}, and movements that make others`
    )
  })

const flowsOfStock = overMoves(
  "tells what a period did to the stock of each place, from what was there to what is left",
  "H59",
  (session, { bounds, movements }) =>
    Effect.gen(function* () {
      const [from, to] = [bounds[0], bounds.at(-1)]
      if (from === undefined || to === undefined) return
      for (const filter of [{}, { product: products[0], location: locations[0] }, { category: categoryOf[0] }]) {
        yield* ensureFlows(session, { ...filter, period: { from, to } }, movements)
      }
    })
)

export const reportTrials: ReadonlyArray<Trial> = [salesByPeriod, flowsOfStock, valueOfStock]
