/**
 * Lists: one page of a query, found through an index from where the page before ended.
 */
import {
  type CursorValues,
  cursorAfter,
  cursorValues,
  InvalidCursor,
  type Page,
  type PageRequest,
  StoreUnavailable
} from "@onhand/core"
import { Effect, Result } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { micros, parameters } from "./LoadSlice.ts"

/** What to tell a caller to wait when the database does not answer, in milliseconds. */
const RETRY_AFTER_MILLIS = 1_000

/** How long an answer may take. A connection whose other end is gone says nothing, and would be waited on for ever. */
const READ_TIMEOUT = "30 seconds"

/** A column by which a list is ordered. */
export interface SortKey {
  readonly column: string
  readonly type: "text" | "integer" | "micros"
}

export const text = (column: string): SortKey => ({ column, type: "text" })
export const integer = (column: string): SortKey => ({ column, type: "integer" })

const readKey = ({ column, type }: SortKey): string =>
  type === "text" ? column : type === "micros" ? micros(column) : `${column}::float8`

const compareTo = ({ type }: SortKey, parameter: string): string =>
  type === "text"
    ? `${parameter}::text`
    : type === "micros"
      ? `to_timestamp(${parameter}::float8 / 1e6)`
      : `${parameter}::float8::bigint`

/** The times that a cursor can name, in microseconds: PostgreSQL has others, and none for what is beyond those. */
const EARLIEST_MICROS = Date.UTC(-1, 0) * 1_000
const LATEST_MICROS = Date.UTC(10_000, 0) * 1_000

/** Whether a column can be compared with a value. A cursor that somebody made up has anything in it. */
const isComparable = ({ type }: SortKey, value: string | number | undefined): boolean => {
  if (type === "text") return typeof value === "string" && !value.includes("\0")
  if (typeof value !== "number") return false
  return type === "integer" ? Number.isSafeInteger(value) : value >= EARLIEST_MICROS && value <= LATEST_MICROS
}

/** Which items a page needs, so that a list can look for them by its own way. */
export interface Wanted {
  /** The condition that columns come after the end of the page before; none on the first page. */
  readonly after: (columns: ReadonlyArray<string>) => ReadonlyArray<string>
  /** How many items the page can need; undefined where they are only counted. */
  readonly limit: string | undefined
}

/**
 * A list: `json` is the item as one JSON value, `from` what follows FROM, `conditions` are joined by AND. A `from` that
 * is told what is wanted finds the rows after the page before by itself.
 */
export interface ListQuery<A> {
  /** Names the list and its sorting, so that a cursor of another one is refused. */
  readonly name: string
  readonly json: string
  readonly from: string | ((wanted: Wanted) => string)
  /** Joins that follow it for what they tell of each row. They neither add nor drop any, so nobody counts over them. */
  readonly beside?: string
  readonly conditions: ReadonlyArray<string>
  readonly values: ReadonlyArray<unknown>
  readonly keys: ReadonlyArray<SortKey>
  readonly descending?: boolean
  readonly decode: (json: unknown) => A
}

/** A condition for each filter that is given, with its parameter. */
export const conditionsOf = (filters: ReadonlyArray<readonly [condition: string, value: unknown]>) => {
  const { values, add } = parameters()
  const conditions = filters
    .filter(([, value]) => value !== undefined)
    .map(([condition, value]) => condition.replaceAll("?", add(value)))
  return { values, conditions }
}

/** A text as it stands in a pattern of LIKE. */
export const escapeLike = (search: string) => search.replace(/[\\%_]/g, (character) => `\\${character}`)

/** The news that the database does not answer now. */
export const unavailable = (cause: unknown): StoreUnavailable =>
  new StoreUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })

/** An answer, or the news that the database does not give one now. */
export const answer = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.mapError(Effect.timeout(effect, READ_TIMEOUT), unavailable)

/** A WHERE clause, if there is anything to ask for. */
export const where = (conditions: ReadonlyArray<string>): string =>
  conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`

/** The rows of a statement, each an array of its columns. */
export const rowsOf = (sql: SqlClient, text: string, values: ReadonlyArray<unknown>) =>
  answer(sql.unsafe(text, values).values as Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>, SqlError>)

/** What follows a list's FROM, after a place in the list, as far as a page can need it; without a limit, to count. */
const sourceOf = <A>(query: ListQuery<A>, limit?: string, place?: ReadonlyArray<string>): string => {
  const after = (columns: ReadonlyArray<string>) => {
    if (place === undefined) return []
    const bounds = query.keys.map((key, index) => compareTo(key, place[index] ?? ""))
    return [`(${columns.join(", ")}) ${query.descending ? "<" : ">"} (${bounds.join(", ")})`]
  }
  const beside = limit === undefined ? "" : (query.beside ?? "")
  return typeof query.from === "string"
    ? `${query.from} ${beside} ${where([...query.conditions, ...after(query.keys.map(({ column }) => column))])}`
    : `${query.from({ after, limit })} ${beside} ${where(query.conditions)}`
}

const pageOf = <A>({ json, keys, descending }: ListQuery<A>, source: string, end: string): string => {
  const order = keys.map(({ column }) => (descending ? `${column} DESC` : column))
  return `SELECT ${[json, ...keys.map(readKey)].join(", ")} FROM ${source} ORDER BY ${order.join(", ")} ${end}`
}

const itemsOf = <A>(query: ListQuery<A>, rows: ReadonlyArray<ReadonlyArray<unknown>>): ReadonlyArray<A> =>
  rows.map(([json]) => query.decode(JSON.parse(String(json))))

const numberedPage = <A>(sql: SqlClient, query: ListQuery<A>, page: number, pageSize: number) =>
  Effect.gen(function* () {
    const { values, add } = parameters(query.values)
    const offset = `${add((page - 1) * pageSize)}::int`
    const source = sourceOf(query, `${pageSize} + ${offset}`)
    const items = yield* rowsOf(sql, pageOf(query, source, `LIMIT ${pageSize} OFFSET ${offset}`), values)
    const [count] = yield* rowsOf(sql, `SELECT count(*)::int FROM ${sourceOf(query)}`, query.values)
    return { items: itemsOf(query, items), nextCursor: null, total: Number(count?.[0] ?? 0) }
  })

const cursorPage = <A>(sql: SqlClient, query: ListQuery<A>, limit: number, after: CursorValues | undefined) =>
  Effect.gen(function* () {
    const { values, add } = parameters(query.values)
    // One more than the page tells whether there is a next one. It is no parameter: for a limit that it does not know,
    // the planner prepares to read a tenth of the table.
    const most = String(limit + 1)
    const source = sourceOf(query, most, after?.map(add))
    const rows = yield* rowsOf(sql, pageOf(query, source, `LIMIT ${most}`), values)
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const next = () => last?.slice(1).map((value) => (typeof value === "number" ? value : String(value))) ?? []
    return {
      items: itemsOf(query, page),
      nextCursor: rows.length > limit ? cursorAfter(query.name, next()) : null,
      total: null
    }
  })

/** Reads one page of a list. */
export const listPage = <A>(
  sql: SqlClient,
  query: ListQuery<A>,
  request: PageRequest
): Effect.Effect<Page<A>, StoreUnavailable | InvalidCursor> => {
  if (request._tag === "Numbered") return numberedPage(sql, query, request.page, request.pageSize)
  if (request.cursor === undefined) return cursorPage(sql, query, request.limit, undefined)
  const after = cursorValues(query.name, request.cursor, query.keys.length)
  if (Result.isFailure(after)) return Effect.fail(after.failure)
  if (query.keys.every((key, index) => isComparable(key, after.success[index]))) {
    return cursorPage(sql, query, request.limit, after.success)
  }
  return Effect.fail(new InvalidCursor({ cursor: request.cursor }))
}

/** The first row of a statement that answers with one JSON value, decoded. */
export const oneOf = <A>(
  sql: SqlClient,
  text: string,
  values: ReadonlyArray<unknown>,
  decode: (json: unknown) => A
): Effect.Effect<A | undefined, StoreUnavailable> =>
  Effect.map(rowsOf(sql, text, values), ([row]) => (row === undefined ? undefined : decode(JSON.parse(String(row[0])))))

/** All rows of a statement that answers with one JSON value each, decoded. The statement bounds their number. */
export const allOf = <A>(
  sql: SqlClient,
  text: string,
  values: ReadonlyArray<unknown>,
  decode: (json: unknown) => A
): Effect.Effect<ReadonlyArray<A>, StoreUnavailable> =>
  Effect.map(rowsOf(sql, text, values), (rows) => rows.map(([json]) => decode(JSON.parse(String(json)))))
