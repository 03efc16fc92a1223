/**
 * Listings: what every list takes and gives. A cursor page goes on where the last one ended; a numbered page also knows
 * the total.
 */
import { DEFAULT_PAGE_SIZE, LocationId, MAX_PAGE_SIZE, ProductId } from "@onhand/core"
import { Effect, Option, Schema, Stream } from "effect"

const PageSize = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_PAGE_SIZE }))

/** The parameters of a list with cursor pages. */
export const cursorQuery = {
  limit: Schema.optionalKey(
    PageSize.annotate({ description: `The most items of the page, ${DEFAULT_PAGE_SIZE} when left out` })
  ),
  cursor: Schema.optionalKey(
    Schema.NonEmptyString.check(Schema.isMaxLength(2_000)).annotate({
      description: "The nextCursor of the page before; the list begins at its start when left out"
    })
  )
}

/** The parameters of a list that also has numbered pages, for those who leaf through it. */
export const pagedQuery = {
  ...cursorQuery,
  page: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })).annotate({
      description: "The number of a page, from 1; the reply has the total then. Not together with cursor or limit"
    })
  ),
  page_size: Schema.optionalKey(PageSize.annotate({ description: "The items of a numbered page" }))
}

/** The parameters of a list of things that are of a product at a location. */
export const placeFilter = {
  product: Schema.optionalKey(ProductId),
  location: Schema.optionalKey(LocationId)
}

/** The parameters as they were decoded. */
export interface ListQuery {
  readonly limit?: number
  readonly cursor?: string
  readonly page?: number
  readonly page_size?: number
}

/** The reply of a list. `nextCursor` is null on the last page; `total` is there on numbered pages. */
export const listOf = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({
    items: Schema.Array(item),
    nextCursor: Schema.NullOr(Schema.String),
    total: Schema.optionalKey(Schema.Int)
  })

/** Which page of a list is asked for. */
export interface CursorPage {
  readonly limit: number
  readonly cursor?: string
}

/**
 * Every item of a list, as a stream that asks for the next page when it is wanted:
 * `itemsOf((page) => client.products.list({ query: { ...page, category: "Drinks" }, headers: {} }))`.
 */
export const itemsOf = <A, E, R>(
  list: (
    page: CursorPage
  ) => Effect.Effect<{ readonly items: ReadonlyArray<A>; readonly nextCursor: string | null }, E, R>
): Stream.Stream<A, E, R> =>
  Stream.paginate(undefined as string | undefined, (cursor) =>
    Effect.map(
      list({ limit: MAX_PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) }),
      ({ items, nextCursor }) => [items, Option.fromNullOr(nextCursor)] as const
    )
  )
