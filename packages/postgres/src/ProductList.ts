/**
 * Lists of products: sorted by a column through its index, or searched, the best first; and where nothing has the text,
 * those that look most like it, as far as the database knows of trigrams.
 */
import {
  barcodeName,
  LEAST_LIKENESS,
  MAX_ALIKE,
  mayBeMistyped,
  onlyPage,
  type PageRequest,
  type ProductFilter,
  type ProductSort,
  productOrder,
  StockedProduct,
  searchOf
} from "@onhand/core"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { blocked, hasLapsed, isBlocked, unclaimed } from "./LevelList.ts"
import {
  answer,
  conditionsOf,
  escapeLike,
  integer,
  type ListQuery,
  listPage,
  rowsOf,
  type SortKey,
  text,
  unavailable,
  type Wanted,
  where
} from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"

const columns: Readonly<Record<Exclude<ProductSort, "relevance">, SortKey>> = {
  name_asc: text("p.name"),
  name_desc: text("p.name"),
  sku_asc: text("p.sku"),
  sku_desc: text("p.sku"),
  created_asc: text("p.created"),
  created_desc: text("p.created"),
  stock_asc: integer("s.available"),
  stock_desc: integer("s.available")
}

// What a place promised beyond what it has takes nothing from the others. Its stock lies under no lot.
const owed = `greatest(0, -${unclaimed("f")})`

const productStock = `LEFT JOIN LATERAL (
    SELECT coalesce(sum(b.sellable + b.quality_control + b.damaged + b.quarantine), 0)::bigint AS on_hand,
      (coalesce(sum(b.held), 0) - l.lapsed)::bigint AS held,
      (coalesce(sum(b.sellable - b.held - b.committed), 0) + l.lapsed - ${blocked("p.id")}
        + coalesce((SELECT sum(${owed}) FROM onhand.balances f WHERE f.product = p.id AND f.floor < 0), 0))::bigint
        AS available
    FROM (SELECT coalesce(sum(c.quantity), 0) AS lapsed FROM onhand.claims c
      WHERE ${hasLapsed} AND c.product = p.id) l LEFT JOIN onhand.balances b ON b.product = p.id
    GROUP BY l.lapsed) s ON true`

// To order by stock takes the stock of all, which is summed up far sooner in one go.
const allStock = `LEFT JOIN (
    SELECT b.product, sum(b.sellable + b.quality_control + b.damaged + b.quarantine)::bigint AS on_hand,
      sum(b.held)::bigint AS held, sum(b.sellable - b.held - b.committed)::bigint AS unclaimed
    FROM onhand.balances b GROUP BY b.product) b ON b.product = p.id
  LEFT JOIN (
    SELECT c.product, sum(c.quantity)::bigint AS lapsed FROM onhand.claims c
    WHERE ${hasLapsed} GROUP BY c.product) c ON c.product = p.id
  LEFT JOIN (
    SELECT k.product, sum(${unclaimed("k")})::bigint AS blocked
    FROM onhand.lots l JOIN onhand.balances k ON k.product = l.product AND k.lot = l.lot
    WHERE ${isBlocked("k")} GROUP BY k.product) l ON l.product = p.id
  LEFT JOIN (
    SELECT f.product, sum(${owed})::bigint AS owed FROM onhand.balances f WHERE f.floor < 0 GROUP BY f.product
  ) f ON f.product = p.id
  CROSS JOIN LATERAL (
    SELECT coalesce(b.on_hand, 0) AS on_hand, coalesce(b.held, 0) - coalesce(c.lapsed, 0) AS held,
      coalesce(b.unclaimed, 0) + coalesce(c.lapsed, 0) - coalesce(l.blocked, 0)
        + coalesce(f.owed, 0) AS available) s`

const decodeStocked = Schema.decodeUnknownSync(StockedProduct)

const stockJson = { onHand: "s.on_hand", held: "s.held", available: "s.available" }
const json = jsonOf({ product: "p.data", ...stockJson })

const filtersOf = ({ status, category }: ProductFilter) =>
  [
    ["p.status = ?::text", status],
    ["p.category = ?::text", category]
  ] as const

/** The products that have a text, which is lower-cased, the best first: `searchRank` of core in SQL. */
const searchList = (filter: ProductFilter, search: string): ListQuery<StockedProduct> => {
  const found = conditionsOf([...filtersOf(filter), ["p.search LIKE ?::text", `%${escapeLike(search)}%`]])
  const { values, add } = parameters(found.values)
  const [lower, code] = [`${add(search)}::text`, `${add(barcodeName(filter.search?.trim() ?? ""))}::text`]
  // What is searched begins with the name and the SKU, both in lower case already. A row itself is not looked into: it
  // is far longer than what is searched, and many may be found.
  const name = "left(p.search, length(p.name))"
  const rank = `CASE WHEN substr(p.search, length(p.name) + 2, length(p.sku)) = ${lower}
      OR p.id = (SELECT data->>'target' FROM onhand.names WHERE id = ${code}) THEN 0
    WHEN starts_with(${name}, ${lower}) THEN 1 WHEN strpos(${name}, ${lower}) > 0 THEN 2 ELSE 3 END`
  const from = ({ after, limit }: Wanted) => {
    const ranked = `SELECT p.id, p.name, ${rank} AS rank FROM onhand.products p
      ${where([...found.conditions, ...after([`(${rank})`, "p.name", "p.id"])])}`
    return limit === undefined
      ? `(${ranked}) p`
      : `(${ranked} ORDER BY rank, p.name, p.id LIMIT ${limit}) p JOIN onhand.products d ON d.id = p.id`
  }
  return {
    name: "products:relevance",
    json: jsonOf({ ...stockJson, product: "d.data" }),
    from,
    beside: productStock,
    conditions: [],
    values,
    keys: [integer("p.rank"), text("p.name"), text("p.id")],
    decode: decodeStocked
  }
}

const sortedList = (filter: ProductFilter, sort: Exclude<ProductSort, "relevance">): ListQuery<StockedProduct> => {
  const search = searchOf(filter)
  const pattern = search === undefined ? undefined : `%${escapeLike(search)}%`
  const found = conditionsOf([...filtersOf(filter), ["p.search LIKE ?::text", pattern]])
  const keys = [columns[sort], text("p.id")]
  const descending = sort.endsWith("_desc")
  const list = { name: `products:${sort}`, json, values: found.values, keys, descending, decode: decodeStocked }
  if (sort.startsWith("stock")) {
    return { ...list, from: "onhand.products p", beside: allStock, conditions: found.conditions }
  }
  const order = keys.map(({ column }) => (descending ? `${column} DESC` : column))
  // The page comes first: a planner that thinks the shop small would take the stock of all of it, and sort then.
  const from = ({ after, limit }: Wanted) => {
    const asked = `onhand.products p ${where([...found.conditions, ...after(keys.map(({ column }) => column))])}`
    if (limit === undefined) return `(SELECT FROM ${asked}) p`
    return `(SELECT p.* FROM ${asked} ORDER BY ${order} LIMIT ${limit}) p`
  }
  return { ...list, from, beside: productStock, conditions: [] }
}

/** Products that look very much like a text are looked for first: they are fewer, and found sooner. */
const VERY_LIKE = 0.7

/** The most products that are compared letter by letter. Where more look alike, one of them is as good as another. */
const MAX_COMPARED = 200

/** Pages of products of a client's database. */
export const productQueries = (sql: SqlClient) => {
  let knowsTrigrams: boolean | undefined

  const trigrams = Effect.gen(function* () {
    if (knowsTrigrams === undefined) {
      const [row] = yield* rowsOf(sql, "SELECT count(*)::int FROM pg_extension WHERE extname = 'pg_trgm'", [])
      knowsTrigrams = Number(row?.[0]) > 0
    }
    return knowsTrigrams
  })

  /** The products that look most like a text that none has. */
  const alike = (filter: ProductFilter, search: string) => {
    const { conditions, values } = conditionsOf([...filtersOf(filter), ["p.search %> ?::text", search]])
    const place = `$${values.length}::text`
    const statement = `SELECT ${json} FROM (
        SELECT p.*, word_similarity(${place}, p.search) AS alike FROM (
          SELECT * FROM onhand.products p ${where(conditions)} LIMIT ${MAX_COMPARED}) p
        ORDER BY alike DESC, p.name, p.id LIMIT ${MAX_ALIKE}) p
      ${productStock} ORDER BY p.alike DESC, p.name, p.id`
    const read = Effect.gen(function* () {
      for (const least of [VERY_LIKE, LEAST_LIKENESS]) {
        yield* answer(sql`SELECT set_config('pg_trgm.word_similarity_threshold', ${String(least)}, true)`)
        const rows = yield* rowsOf(sql, statement, values)
        if (rows.length > 0) return rows.map(([item]) => decodeStocked(JSON.parse(String(item))))
      }
      return []
    })
    return Effect.catchTag(sql.withTransaction(read), "SqlError", (error) => Effect.fail(unavailable(error)))
  }

  return (filter: ProductFilter, page: PageRequest) =>
    Effect.gen(function* () {
      const sort = productOrder(filter)
      if (sort !== "relevance") return yield* listPage(sql, sortedList(filter, sort), page)
      const search = searchOf(filter) ?? ""
      const found = yield* listPage(sql, searchList(filter, search), page)
      const isNone = found.items.length === 0 && !found.total && !(page._tag === "Cursor" && page.cursor)
      if (!isNone || !mayBeMistyped(search) || !(yield* trigrams)) return found
      return onlyPage(yield* alike(filter, search), page)
    })
}
