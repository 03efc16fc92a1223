/**
 * The value of stock, product by product: the movements are read in the order in which they were recorded, only what
 * matters of each, and folded as they come. So a page costs what its products moved, and no product more than a piece
 * of its history at once.
 */
import {
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
  type ValueFilter
} from "@onhand/core"
import { DateTime, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { arrayOf } from "./Columns.ts"
import { type ListQuery, listPage, rowsOf, text } from "./ListQuery.ts"
import { jsonOf, micros, parameters } from "./LoadSlice.ts"

/** Movements that are read at once. */
const READ_AT_ONCE = 20_000

const Moved = Schema.Struct({ product: ProductId, movements: Schema.Int, decimals: Schema.Int })
type Moved = typeof Moved.Type
const decodeMoved = Schema.decodeUnknownSync(Moved)

/** The products of a page, with how many movements each has. */
const movedList = (filter: ValueFilter): ListQuery<Moved> => {
  const { values, add } = parameters()
  const { product, category, location } = filter
  const there = `EXISTS (SELECT FROM onhand.balances b WHERE b.product = p.id`
  return {
    name: "stockValues",
    json: jsonOf({
      product: "p.id",
      decimals: "(p.data->'unit'->>'decimals')::int",
      movements: "(SELECT sum(b.version) FROM onhand.balances b WHERE b.product = p.id)"
    }),
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

/** The products in groups that can be read at once; one that moved more is alone, and read in pieces. */
const grouped = (products: ReadonlyArray<Moved>, readAtOnce: number): ReadonlyArray<ReadonlyArray<Moved>> => {
  const groups: Array<Array<Moved>> = []
  let movements = 0
  for (const product of products) {
    const group = groups.at(-1)
    movements += product.movements
    if (group !== undefined && movements <= readAtOnce) {
      group.push(product)
    } else {
      groups.push([product])
      movements = product.movements
    }
  }
  return groups
}

/** Where reading goes on: the place of the last movement, its time in microseconds. */
type Position = readonly [micros: number, shard: number, seq: number, line: number]

const kinds = movementKinds.map((kind) => `('${kind}')`).join(", ")

// Each kind of each product is one stretch of an index, in order; so a piece reads no more of any than it can need.
const historyText = (readAtOnce: number) => `
  SELECT m.product, m.kind, m.location, m.from_place, m.to_place, m.quantity::float8, m.unit_cost::text,
    m.unit_cost_currency, m.source_type, m.source_id, (extract(epoch FROM m.occurred_at) * 1000)::float8,
    ${micros("m.recorded_at")}, m.shard, m.seq::float8, m.line
  FROM unnest($1::text[]) AS p(product) CROSS JOIN (VALUES ${kinds}) AS k(kind) CROSS JOIN LATERAL (
    SELECT m.* FROM onhand.movements m
    WHERE m.product = p.product AND m.kind = k.kind AND m.recorded_at < $2::timestamptz
      AND m.occurred_at < $3::timestamptz AND m.recorded_at >= to_timestamp($4::float8 / 1e6)
      AND (m.recorded_at, m.shard, m.seq, m.line)
        > (to_timestamp($4::float8 / 1e6), $5::int, $6::float8::bigint, $7::int)
    ORDER BY m.recorded_at FETCH FIRST ${readAtOnce} ROWS WITH TIES) m
  ORDER BY m.recorded_at, m.shard, m.seq, m.line LIMIT ${readAtOnce}`

// A schema would look at every text of every row; there are only a few of each.
const kindOf: ReadonlyMap<unknown, MovementKind> = new Map(movementKinds.map((kind) => [kind, kind]))
const placeOf: ReadonlyMap<unknown, Place> = new Map(
  Object.values(movementFlows).flatMap((flows) => flows.flat().map((place) => [place, place] as const))
)

const movementOf = (row: ReadonlyArray<unknown>, locationOf: (id: unknown) => LocationId): PlacedMovement => {
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
const remembered = () => {
  const known = new Map<unknown, LocationId>()
  return (id: unknown): LocationId => {
    const made = known.get(id) ?? LocationId.make(String(id))
    known.set(id, made)
    return made
  }
}

const START: Position = [0, 0, 0, 0]

/** The values of a group of products. */
const valuesOf = (sql: SqlClient, group: ReadonlyArray<Moved>, filter: ValueFilter, readAtOnce: number) =>
  Effect.gen(function* () {
    const folds = new Map<unknown, ProductValueFold>(
      group.map(({ product, decimals }) => [product, new ProductValueFold(product, decimals, filter)])
    )
    const locationOf = remembered()
    const products = arrayOf(
      group.map(({ product }) => product),
      "text"
    )
    // Callers know times to the millisecond, the ledger to the microsecond.
    const after = (time: DateTime.Utc | undefined) =>
      time === undefined ? "infinity" : DateTime.formatIso(DateTime.add(time, { milliseconds: 1 }))
    const [recorded, occurred] = [after(filter.recordedBy), after(filter.occurredBy)]
    for (let position: Position | undefined = START; position !== undefined; ) {
      const rows: ReadonlyArray<ReadonlyArray<unknown>> = yield* rowsOf(sql, historyText(readAtOnce), [
        products,
        recorded,
        occurred,
        ...position
      ])
      for (const row of rows) folds.get(row[0])?.add(movementOf(row, locationOf))
      const last = rows.at(-1)
      const place = last?.slice(11).map(Number)
      position =
        place === undefined || rows.length < readAtOnce
          ? undefined
          : [place[0] ?? 0, place[1] ?? 0, place[2] ?? 0, place[3] ?? 0]
    }
    return [...folds.values()].map((fold) => fold.result())
  })

/** One page of values; `readAtOnce` movements are in memory at a time. */
export const stockValues = (
  sql: SqlClient,
  filter: ValueFilter,
  request: PageRequest,
  readAtOnce: number = READ_AT_ONCE
) =>
  Effect.gen(function* () {
    const page = yield* listPage(sql, movedList(filter), request)
    const items = yield* Effect.forEach(grouped(page.items, readAtOnce), (group) =>
      valuesOf(sql, group, filter, readAtOnce)
    )
    const valued: Page<ProductValue> = { ...page, items: items.flat() }
    return valued
  })
