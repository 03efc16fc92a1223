/**
 * Pages: every list is bounded. A cursor page goes on from where the last one ended; a numbered page also knows how
 * many there are, for lists that a person leafs through.
 */
import { Effect, Result, Schema } from "effect"

/** The most items of one page. */
export const MAX_PAGE_SIZE = 100

/** The items of a page when nobody says how many. */
export const DEFAULT_PAGE_SIZE = 20

/** A position in a list, or a page number. `cursor` is what the page before gave as `nextCursor`. */
export type PageRequest =
  | { readonly _tag: "Cursor"; readonly limit: number; readonly cursor?: string | undefined }
  | { readonly _tag: "Numbered"; readonly page: number; readonly pageSize: number }

/** The first page of a list, by cursor. */
export const firstPage = (limit: number = DEFAULT_PAGE_SIZE): PageRequest => ({ _tag: "Cursor", limit })

/** `nextCursor` is null on the last page; `total` is null on cursor pages. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly nextCursor: string | null
  readonly total: number | null
}

/** The cursor is not one that this list gave out. */
export class InvalidCursor extends Schema.TaggedError<InvalidCursor>()("InvalidCursor", { cursor: Schema.String }) {
  override get message() {
    return `"${this.cursor}" is not a cursor of this list; the nextCursor of a page of the same sorting is accepted`
  }
}

const Cursor = Schema.fromJsonString(Schema.Array(Schema.Union([Schema.String, Schema.Finite])))
const CursorText = Schema.StringFromBase64Url.pipe(Schema.decodeTo(Cursor))
const encodeCursor = Schema.encodeSync(CursorText)
const decodeCursor = Schema.decodeUnknownResult(CursorText)

/** The sort values of a page's last item, by which the next page begins after it. */
export type CursorValues = ReadonlyArray<string | number>

/** A cursor for the position after an item with these sort values. `list` ties it to one list and sorting. */
export const cursorAfter = (list: string, values: CursorValues): string => encodeCursor([list, ...values])

/** The sort values in a cursor that {@link cursorAfter} made for the same list and sorting, so many if it is known. */
export const cursorValues = (
  list: string,
  cursor: string,
  count: number | undefined
): Result.Result<CursorValues, InvalidCursor> => {
  const decoded = decodeCursor(cursor)
  if (Result.isFailure(decoded)) return Result.fail(new InvalidCursor({ cursor }))
  const [made, ...values] = decoded.success
  const isOfList = made === list && (count === undefined || values.length === count)
  return isOfList ? Result.succeed(values) : Result.fail(new InvalidCursor({ cursor }))
}

/** The items of a whole list, page by page: for lists that are known to fit into memory. */
export const collectPages = <A, E>(
  list: (page: PageRequest) => Effect.Effect<Page<A>, E>
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<A> = yield* list({ _tag: "Cursor", limit: MAX_PAGE_SIZE, ...(cursor ? { cursor } : {}) })
      for (const item of page.items) items.push(item)
      cursor = page.nextCursor
    }
    return items
  })

/** The page of a list that has one page alone, whatever was asked for. */
export const onlyPage = <A>(items: ReadonlyArray<A>, request: PageRequest): Page<A> => {
  const isFirst = request._tag === "Numbered" ? request.page === 1 : request.cursor === undefined
  const size = request._tag === "Numbered" ? request.pageSize : request.limit
  const page = isFirst ? items.slice(0, size) : []
  return { items: page, nextCursor: null, total: request._tag === "Numbered" ? Math.min(items.length, size) : null }
}
