/**
 * Lists: one page of a query, found through an index from where the page before ended.
 */
import {
  type CursorValues,
  cursorAfter,
  cursorValues,
  type InvalidCursor,
  type Page,
  type PageRequest,
  StoreUnavailable
} from "@onhand/core"
import { Effect, Result } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { micros } from "./LoadSlice.ts"

/** What to tell a caller to wait when the database does not answer, in milliseconds. */
const RETRY_AFTER_MILLIS = 1_000

/** How long an answer may take. A connection whose other end is gone says nothing, and would be waited on for ever. */
const READ_TIMEOUT = "30 seconds"

/** A column by which a list is ordered. */
export interface SortKey {
  readonly column: string
  readonly type: "text" | "integer" | "micros"
}

const readKey = ({ column, type }: SortKey): string =>
  type === "text" ? column : type === "micros" ? micros(column) : `${column}::float8`

const compareTo = ({ type }: SortKey, parameter: string): string =>
  type === "text"
    ? `${parameter}::text`
    : type === "micros"
      ? `to_timestamp(${parameter}::float8 / 1e6)`
      : `${parameter}::float8::bigint`

/** A list: `json` is the item as one JSON value, `from` what follows FROM, `conditions` are joined by AND. */
export interface ListQuery<A> {
  /** Names the list and its sorting, so that a cursor of another one is refused. */
  readonly name: string
  readonly json: string
  readonly from: string
  readonly conditions: ReadonlyArray<string>
  readonly values: ReadonlyArray<unknown>
  readonly keys: ReadonlyArray<SortKey>
  readonly descending?: boolean
  readonly decode: (json: unknown) => A
}

/** An answer, or the news that the database does not give one now. */
export const answer = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.mapError(
    Effect.timeout(effect, READ_TIMEOUT),
    (cause) => new StoreUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })
  )

const where = (conditions: ReadonlyArray<string>): string =>
  conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`

const orderBy = ({ keys, descending }: Pick<ListQuery<unknown>, "keys" | "descending">): string =>
  keys.map(({ column }) => `${column}${descending ? " DESC" : ""}`).join(", ")

/** The rows of a statement, each an array of its columns. */
export const rowsOf = (sql: SqlClient, text: string, values: ReadonlyArray<unknown>) =>
  answer(sql.unsafe(text, values).values as Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>, SqlError>)

const numberedPage = <A>(sql: SqlClient, query: ListQuery<A>, page: number, pageSize: number) =>
  Effect.gen(function* () {
    const source = `FROM ${query.from} ${where(query.conditions)}`
    const [limit, offset] = [`$${query.values.length + 1}::int`, `$${query.values.length + 2}::int`]
    const items = yield* rowsOf(
      sql,
      `SELECT ${query.json} ${source} ORDER BY ${orderBy(query)} LIMIT ${limit} OFFSET ${offset}`,
      [...query.values, pageSize, (page - 1) * pageSize]
    )
    const [count] = yield* rowsOf(sql, `SELECT count(*)::int ${source}`, query.values)
    return {
      items: items.map(([json]) => query.decode(JSON.parse(String(json)))),
      nextCursor: null,
      total: Number(count?.[0] ?? 0)
    }
  })

const cursorPage = <A>(sql: SqlClient, query: ListQuery<A>, limit: number, after: CursorValues | undefined) =>
  Effect.gen(function* () {
    const values = [...query.values]
    const conditions = [...query.conditions]
    if (after !== undefined) {
      const keys = query.keys.map(({ column }) => column).join(", ")
      const bounds = query.keys.map((key, index) => compareTo(key, `$${values.push(after[index])}`)).join(", ")
      conditions.push(`(${keys}) ${query.descending ? "<" : ">"} (${bounds})`)
    }
    // One more than the page tells whether there is a next one.
    const limited = `LIMIT $${values.push(limit + 1)}::int`
    const rows = yield* rowsOf(
      sql,
      `SELECT ${query.json}, ${query.keys.map(readKey).join(", ")} FROM ${query.from} ${where(conditions)}
       ORDER BY ${orderBy(query)} ${limited}`,
      values
    )
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      items: page.map(([json]) => query.decode(JSON.parse(String(json)))),
      nextCursor:
        rows.length > limit && last !== undefined
          ? cursorAfter(
              query.name,
              last.slice(1).map((value) => (typeof value === "number" ? value : String(value)))
            )
          : null,
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
  return Result.isFailure(after) ? Effect.fail(after.failure) : cursorPage(sql, query, request.limit, after.success)
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
