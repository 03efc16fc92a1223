/**
 * Pages of the memory store: the part of an array that a request asks for.
 */
import { Result } from "effect"
import {
  type CursorValues,
  cursorAfter,
  cursorValues,
  type InvalidCursor,
  type Page,
  type PageRequest
} from "./Page.ts"

type Value = string | number

/** Which of two rows of sort values comes first. */
export const compareValues = (a: CursorValues, b: CursorValues): number => {
  for (const [index, value] of a.entries()) {
    const other = b[index] as Value
    if (value !== other) return value < other ? -1 : 1
  }
  return 0
}

/** A page of items ordered by sort values; `descending` turns all of them round. */
export const pageOf = <A>(
  list: string,
  items: ReadonlyArray<A>,
  valuesOf: (item: A) => CursorValues,
  request: PageRequest,
  descending = false
): Result.Result<Page<A>, InvalidCursor> => {
  const direction = descending ? -1 : 1
  const ordered = [...items].sort((a, b) => direction * compareValues(valuesOf(a), valuesOf(b)))
  if (request._tag === "Numbered") {
    const start = (request.page - 1) * request.pageSize
    return Result.succeed({
      items: ordered.slice(start, start + request.pageSize),
      nextCursor: null,
      total: ordered.length
    })
  }
  return Result.gen(function* () {
    const first = ordered[0]
    const width = first === undefined ? undefined : valuesOf(first).length
    let rest = ordered
    if (request.cursor !== undefined) {
      const after = yield* cursorValues(list, request.cursor, width)
      rest = ordered.filter((item) => direction * compareValues(valuesOf(item), after) > 0)
    }
    const page = rest.slice(0, request.limit)
    const last = page.at(-1)
    const more = rest.length > page.length && last !== undefined
    return { items: page, nextCursor: more ? cursorAfter(list, valuesOf(last)) : null, total: null }
  })
}
