/**
 * The value of stock, product by product: the movements are read in the order in which they were recorded, only what
 * matters of each, and folded as they come. So a page costs what its products moved, and no product more than a piece
 * of its history at once. One that moved much goes on from where its value was kept.
 */
import {
  type CostFlow,
  causeText,
  LocationId,
  type MovementKind,
  movementFlows,
  movementKinds,
  type Page,
  type PageRequest,
  type Place,
  type PlacedMovement,
  ProductId,
  type ProductValue,
  ProductValueFold,
  type SoldProduct,
  type ValueFilter
} from "@onhand/core"
import { Clock, DateTime, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { arrayOf } from "./Columns.ts"
import {
  forgetValues,
  KEPT_EVERY,
  keepValues,
  keptValue,
  type NewKeptValue,
  type Position,
  SETTLED_AFTER,
  soldBefore
} from "./KeptValues.ts"
import { allOf, type ListQuery, listPage, rowsOf, text } from "./ListQuery.ts"
import { jsonOf, micros, parameters } from "./LoadSlice.ts"
import { isDated } from "./Tables.ts"

/** Movements that are read at once. */
export const READ_AT_ONCE = 20_000

const Moved = Schema.Struct({
  product: ProductId,
  category: Schema.String,
  movements: Schema.Int,
  decimals: Schema.Int
})
type Moved = typeof Moved.Type
const decodeMoved = Schema.decodeUnknownSync(Moved)

const movedJson = jsonOf({
  product: "p.id",
  category: "p.category",
  decimals: "p.decimals",
  movements: "(SELECT sum(b.version) FROM onhand.balances b WHERE b.product = p.id)"
})

/** The products of a page, with how many movements each has. */
const movedList = (filter: ValueFilter): ListQuery<Moved> => {
  const { values, add } = parameters()
  const { product, category, location } = filter
  const there = `EXISTS (SELECT FROM onhand.balances b WHERE b.product = p.id`
  return {
    name: "stockValues",
    json: movedJson,
    from: "onhand.products p",
    conditions: [
      ...(product === undefined ? [] : [`p.id = ${add(product)}::text`]),
      ...(category === undefined ? [] : [`p.category = ${add(category)}::text`]),
      location === undefined
        ? `${there} AND b.version > 0)`
        : `${there} AND b.location = ${add(location)}::text AND b.version > 0)`
    ],
    values,
    keys: [text("p.id")],
    decode: decodeMoved
  }
}

/** How much is read at once, and how often a value is kept. */
export interface Reach {
  readonly readAtOnce: number
  readonly keptEvery: number
  readonly settledAfter: number
}

const isLong = ({ movements }: Moved, { keptEvery }: Reach): boolean => movements >= keptEvery

/** The products in groups that can be read at once; one that moved so much that its value is kept is alone. */
const grouped = (products: ReadonlyArray<Moved>, reach: Reach): ReadonlyArray<ReadonlyArray<Moved>> => {
  const groups: Array<Array<Moved>> = []
  let movements = 0
  for (const product of products) {
    const group = groups.at(-1)
    movements += product.movements
    if (group !== undefined && movements <= reach.readAtOnce && !isLong(product, reach)) {
      group.push(product)
    } else {
      groups.push([product])
      movements = isLong(product, reach) ? Number.POSITIVE_INFINITY : product.movements
    }
  }
  return groups
}

const kinds = movementKinds.map((kind) => `('${kind}')`).join(", ")

/**
 * The next movements of some products after a place. Each kind of each product is one stretch of an index, in order; so
 * a piece reads no more of any than it can need. By business time, those that were not dated end where that time was
 * recorded, and the dated ones, of which only some are early enough, are found by an index of their own.
 */
const nextHistory = (
  products: ReadonlyArray<ProductId>,
  { recordedBy, occurredBy }: ValueFilter,
  [at, ...rest]: Position,
  readAtOnce: number
) => {
  const { values, add } = parameters()
  const [asked, since] = [`${add(arrayOf(products, "text"))}::text[]`, `to_timestamp(${add(at)}::float8 / 1e6)`]
  const place = `(${since}, ${add(rest[0])}::int, ${add(rest[1])}::float8::bigint, ${add(rest[2])}::int)`
  // Callers know times to the millisecond, the ledger to the microsecond.
  const before = (column: string, time: DateTime.Utc | undefined) =>
    time === undefined
      ? ""
      : `AND ${column} < ${add(DateTime.formatIso(DateTime.add(time, { milliseconds: 1 })))}::timestamptz`
  const known = (movement: string) =>
    `${movement}.product = p.product AND ${movement}.kind = k.kind AND ${movement}.recorded_at >= ${since}
      ${before(`${movement}.recorded_at`, recordedBy)}`
  const after = `(m.recorded_at, m.shard, m.seq, m.line) > ${place}`
  const next = (from: string, condition: string) => `(
    SELECT m.* FROM ${from} WHERE ${condition} AND ${after} ORDER BY m.recorded_at
    FETCH FIRST ${readAtOnce} ROWS WITH TIES)`
  // Whichever is asked for: a parameter of the other would be one that the statement never names.
  const all = () => next("onhand.movements m", known("m"))
  const dated = (movement: string) => `${isDated(`${movement}.`)} ${before(`${movement}.occurred_at`, occurredBy)}`
  // Where they were recorded stands in their index; each is then one step in another, which OFFSET keeps to that.
  const happened = () => `(
    ${next("onhand.movements m", `${known("m")} ${before("m.recorded_at", occurredBy)} AND NOT (${isDated("m.")})`)}
    UNION ALL ${next(
      `(SELECT DISTINCT d.recorded_at FROM onhand.movements d WHERE ${known("d")} AND ${dated("d")}) d
       CROSS JOIN LATERAL (SELECT m.* FROM onhand.movements m
         WHERE m.product = p.product AND m.kind = k.kind AND m.recorded_at = d.recorded_at OFFSET 0) m`,
      dated("m")
    )})`
  const text = `
    SELECT m.product, m.kind, m.location, m.from_place, m.to_place, m.quantity::float8, m.unit_cost::text,
      m.unit_cost_currency, m.source_type, m.source_id, (extract(epoch FROM m.occurred_at) * 1000)::float8,
      ${micros("m.recorded_at")}, m.shard, m.seq::float8, m.line
    FROM unnest(${asked}) AS p(product) CROSS JOIN (VALUES ${kinds}) AS k(kind)
      CROSS JOIN LATERAL ${occurredBy === undefined ? all() : happened()} m
    ORDER BY m.recorded_at, m.shard, m.seq, m.line LIMIT ${readAtOnce}`
  return { text, values }
}

// A schema would look at every text of every row; there are only a few of each.
const kindOf: ReadonlyMap<unknown, MovementKind> = new Map(movementKinds.map((kind) => [kind, kind]))
const placeOf: ReadonlyMap<unknown, Place> = new Map(
  Object.values(movementFlows).flatMap((flows) => flows.flat().map((place) => [place, place] as const))
)

/** A movement of what {@link readOn} read. */
export const movementOf = (row: ReadonlyArray<unknown>, locationOf: (id: unknown) => LocationId): PlacedMovement => {
  const [, kind, location, from, to, quantity, cost, currency, type, id, at, , shard, seq, line] = row
  const [known, left, entered] = [kindOf.get(kind), placeOf.get(from), placeOf.get(to)]
  if (!known || !left || !entered) throw new Error(`${kind} from ${from} to ${to} is no movement`)
  return {
    location: locationOf(location),
    kind: known,
    from: left,
    to: entered,
    quantity: Number(quantity),
    unitCost: cost === null ? null : { amount: String(cost), currency: String(currency) },
    source: type === null ? null : { type: String(type), id: String(id) },
    occurredAt: DateTime.makeUnsafe(Number(at)),
    shard: Number(shard),
    seq: Number(seq),
    line: Number(line)
  }
}

/** The ids of locations, each checked once. */
export const remembered = () => {
  const known = new Map<unknown, LocationId>()
  return (id: unknown): LocationId => {
    const made = known.get(id) ?? LocationId.make(String(id))
    known.set(id, made)
    return made
  }
}

/** Before all that was ever recorded. */
export const START: Position = [0, 0, 0, 0]

type Row = ReadonlyArray<unknown>

/** Where it stands. */
export const positionOf = (row: Row): Position => {
  const [at = 0, shard = 0, seq = 0, line = 0] = row.slice(11).map(Number)
  return [at, shard, seq, line]
}

/** Reads what products moved after a place, piece by piece, and hands on each. */
export const readOn = <E>(
  sql: SqlClient,
  products: ReadonlyArray<ProductId>,
  filter: ValueFilter,
  { start, readAtOnce }: { readonly start: Position; readonly readAtOnce: number },
  take: (rows: ReadonlyArray<Row>) => Effect.Effect<void, E>
) =>
  Effect.gen(function* () {
    for (let position: Position | undefined = start; position !== undefined; ) {
      const { text, values } = nextHistory(products, filter, position, readAtOnce)
      const rows: ReadonlyArray<Row> = yield* rowsOf(sql, text, values)
      yield* take(rows)
      const last = rows.at(-1)
      position = last === undefined || rows.length < readAtOnce ? undefined : positionOf(last)
    }
  })

/** Is told each movement as it is valued, what it did to the value, and the currency of that, if it is known. */
export type Watch = (
  about: SoldProduct,
  movement: PlacedMovement,
  flow: CostFlow | undefined,
  currency: string | null
) => void

/** A fold that tells somebody what it does. */
const watched = (about: Moved, fold: ProductValueFold, watch: Watch | undefined) => ({
  fold,
  add: (movement: PlacedMovement) => {
    const flow = fold.add(movement)
    watch?.(about, movement, flow, fold.currency)
  }
})

/** The values of a group of products. */
const valuesOf = (
  sql: SqlClient,
  group: ReadonlyArray<Moved>,
  filter: ValueFilter,
  { readAtOnce }: Reach,
  watch: Watch | undefined
) =>
  Effect.gen(function* () {
    const folds = new Map<unknown, ReturnType<typeof watched>>(
      group.map((moved) => {
        const fold = new ProductValueFold(moved.product, moved.decimals, filter)
        return [moved.product, watched(moved, fold, watch)]
      })
    )
    const locationOf = remembered()
    const products = group.map(({ product }) => product)
    yield* readOn(sql, products, filter, { start: START, readAtOnce }, (rows) =>
      Effect.sync(() => {
        for (const row of rows) folds.get(row[0])?.add(movementOf(row, locationOf))
      })
    )
    return [...folds.values()].map(({ fold }) => fold.result())
  })

/** The value of a product that moved much, from the last place where it is kept; keeps it at those that it passes. */
const longValue = (sql: SqlClient, moved: Moved, filter: ValueFilter, reach: Reach, watch: Watch | undefined) =>
  Effect.gen(function* () {
    const { product, decimals } = moved
    const { kept, keeps, isUnsound } = yield* keptValue(sql, product, filter)
    const { method } = filter
    if (isUnsound) yield* Effect.ignore(forgetValues(sql, product, method))
    const { fold, add: value } = watched(moved, new ProductValueFold(product, decimals, filter, kept?.state), watch)
    const settled = (yield* Clock.currentTimeMillis) - reach.settledAfter
    let made: Array<NewKeptValue> = []
    const told = new Set<string>()
    const locationOf = remembered()
    let [movements, latest] = [kept?.movements ?? 0, kept?.latest ?? Number.NEGATIVE_INFINITY]
    const add = (row: Row, movement: PlacedMovement) => {
      value(movement)
      movements += 1
      latest = Math.max(latest, DateTime.toEpochMillis(movement.occurredAt))
      const position = positionOf(row)
      if (!keeps || movements % reach.keptEvery !== 0 || position[0] / 1_000 > settled) return
      made.push({ position, movements, latest, state: fold.state, sold: fold.takeSold() })
    }
    const start = kept?.position ?? START
    yield* readOn(sql, [product], filter, { start, readAtOnce: reach.readAtOnce }, (rows) =>
      Effect.gen(function* () {
        const piece = rows.map((row) => [row, movementOf(row, locationOf)] as const)
        const back = piece.flatMap(([, movement]) => (movement.from === "customer" ? causeText(movement) : []))
        const causes = [...new Set(back)].filter((cause) => cause !== "" && !told.has(cause))
        for (const cause of causes) told.add(cause)
        const before = kept && causes.length > 0 ? yield* soldBefore(sql, product, method, start, causes) : []
        for (const { cause, ...sold } of before) fold.hadSold(cause, sold)
        for (const [row, movement] of piece) add(row, movement)
        if (made.length > 0) yield* keepValues(sql, product, method, made)
        made = []
      })
    )
    return [fold.result()]
  })

const REACH: Reach = { readAtOnce: READ_AT_ONCE, keptEvery: KEPT_EVERY, settledAfter: SETTLED_AFTER }

const valuesOfAll = (
  sql: SqlClient,
  products: ReadonlyArray<Moved>,
  filter: ValueFilter,
  reach: Reach,
  watch?: Watch
) =>
  Effect.map(
    Effect.forEach(grouped(products, reach), (group) => {
      const [only] = group
      return only !== undefined && isLong(only, reach)
        ? longValue(sql, only, filter, reach, watch)
        : valuesOf(sql, group, filter, reach, watch)
    }),
    (values): ReadonlyArray<ProductValue> => values.flat()
  )

/** One page of values; `readAtOnce` movements are in memory at a time. */
export const stockValues = (sql: SqlClient, filter: ValueFilter, request: PageRequest, reach: Partial<Reach> = {}) =>
  Effect.gen(function* () {
    const page = yield* listPage(sql, movedList(filter), request)
    const items = yield* valuesOfAll(sql, page.items, filter, { ...REACH, ...reach })
    const valued: Page<ProductValue> = { ...page, items }
    return valued
  })

/** Values some products through a period, and tells of each movement from some place before it on. */
export const valueProducts = (
  sql: SqlClient,
  products: ReadonlyArray<ProductId>,
  filter: Pick<ValueFilter, "method" | "period">,
  watch: Watch
) =>
  Effect.flatMap(
    allOf(
      sql,
      `SELECT ${movedJson} FROM onhand.products p WHERE p.id = ANY($1::text[]) ORDER BY p.id`,
      [products],
      decodeMoved
    ),
    (moved) => valuesOfAll(sql, moved, filter, REACH, watch)
  )
