// Lists: a select with its sort, and the page of it that is asked for.

import type { SQLInputValue } from "node:sqlite"
import { cursorAfter, cursorValues, type InvalidCursor, type Page, type PageRequest } from "@onhand/core"
import { Result, Schema } from "effect"
import type { Database, Parameters } from "./Database.ts"

/** Reads a value of a schema from its text. */
export const decoderOf = <A>(schema: Schema.Codec<A, unknown>) =>
  Schema.decodeUnknownSync(Schema.fromJsonString(schema))
const decodeCursorValues = decoderOf(Schema.Array(Schema.Union([Schema.String, Schema.Finite])))

/** The conditions of a filter with their parameters; what the filter does not name does not limit. */
export const matching = (
  filter: Readonly<Record<string, readonly [condition: string, value: SQLInputValue | undefined]>>
) => {
  const given: Array<string> = []
  const parameters: Record<string, SQLInputValue> = {}
  for (const [name, [condition, value]] of Object.entries(filter)) {
    if (value === undefined) continue
    given.push(condition)
    parameters[name] = value
  }
  return { condition: given.join(" AND ") || "TRUE", parameters }
}

/** A list. `select` answers a row's JSON as `data`, and the columns of `sort`, which are unique together. */
export interface List<A> {
  readonly name: string
  readonly decode: (json: unknown) => A
  readonly select: string
  readonly parameters?: Parameters
  readonly sort: ReadonlyArray<string>
  readonly descending?: boolean
}

/** A page begins after the sort values of the one before, so that it neither repeats nor skips while the list grows. */
export const pageOf = <A>(
  database: Database,
  list: List<A>,
  request: PageRequest
): Result.Result<Page<A>, InvalidCursor> => {
  const { name, decode, select, parameters = {}, sort, descending = false } = list
  const order = sort.map((column) => `${column} ${descending ? "DESC" : "ASC"}`).join(", ")
  if (request._tag === "Numbered") {
    const bounds = { limit: request.pageSize, offset: (request.page - 1) * request.pageSize }
    const [[total] = []] = database.rows(`SELECT count(*) FROM (${select})`, parameters)
    const page = `SELECT data FROM (${select}) ORDER BY ${order} LIMIT :limit OFFSET :offset`
    const items = database.all(decode, page, { ...parameters, ...bounds })
    return Result.succeed({ items, nextCursor: null, total: Number(total) })
  }
  return Result.gen(function* () {
    const after = request.cursor === undefined ? [] : yield* cursorValues(name, request.cursor, sort.length)
    const begin =
      after.length === 0 ? "TRUE" : `(${sort}) ${descending ? "<" : ">"} (${after.map((_, i) => `:after${i}`)})`
    const rows = database.rows(
      `SELECT data, json_array(${sort}) FROM (${select}) WHERE ${begin} ORDER BY ${order} LIMIT :limit`,
      { ...parameters, ...Object.fromEntries(after.map((value, i) => [`after${i}`, value])), limit: request.limit + 1 }
    )
    const page = rows.slice(0, request.limit)
    const last = rows.length > page.length ? page.at(-1) : undefined
    return {
      items: page.map(([data]) => decode(data)),
      nextCursor: last === undefined ? null : cursorAfter(name, decodeCursorValues(last[1])),
      total: null
    }
  })
}
