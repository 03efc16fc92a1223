/**
 * The stock card: the movements of a product at a location as they happened, each with what was there after it.
 */
import { DateTime, Effect } from "effect"
import type { LocationId } from "./Location.ts"
import type { Movement } from "./Movement.ts"
import { cursorAfter, cursorValues, InvalidCursor } from "./Page.ts"
import type { ProductId } from "./Product.ts"
import type { Queries } from "./Queries.ts"
import { isCondition } from "./StockKey.ts"
import type { StoreUnavailable } from "./Store.ts"

/** A movement on a card: what it did to the stock on hand, and what was there after it, over all lots, in steps. */
export interface CardLine {
  readonly movement: Movement
  readonly change: number
  readonly balance: number
}

/** A page of a card. */
export interface CardPage {
  /** Newest first. */
  readonly items: ReadonlyArray<CardLine>
  /** What was there before the oldest line of the page. */
  readonly opening: number
  readonly nextCursor: string | null
}

/** Which card, and the stretch of business time: `from <= occurredAt < to`; what is left out is open. */
export interface CardFilter {
  readonly product: ProductId
  readonly location: LocationId
  readonly from?: DateTime.Utc | undefined
  readonly to?: DateTime.Utc | undefined
}

/** What a movement did to the stock on hand, in steps. */
export const onHandChange = ({ from, to, quantity }: Pick<Movement, "from" | "to" | "quantity">): number =>
  (Number(isCondition(to)) - Number(isCondition(from))) * quantity

// The last instant that texts of four-digit years tell: whatever was dated ahead is before it.
const FAR = DateTime.makeUnsafe("9999-12-31T23:59:59.999Z")

const CARD = "stockCard"

/**
 * One page of a card. Balances run by business time, so what was dated back stands where it happened. The cursor
 * carries the balance on, so that a page costs the same wherever it is; what is dated into later pages of a card while
 * it is leafed through is in its lines, and its balances are those with which the card began.
 */
export const stockCard = (
  read: Pick<Queries, "movements" | "stockAsOf">,
  { product, location, from, to = FAR }: CardFilter,
  page: { readonly limit: number; readonly cursor?: string | undefined }
): Effect.Effect<CardPage, StoreUnavailable | InvalidCursor> =>
  Effect.gen(function* () {
    const place = { product, location }
    let cursor: string | undefined
    let balance: number
    if (page.cursor === undefined) {
      const before = DateTime.subtract(to, { milliseconds: 1 })
      const there = yield* read.stockAsOf(place, { occurredBy: before })
      balance = there.reduce((sum, { onHand }) => sum + onHand, 0)
    } else {
      const [next, left] = yield* Effect.fromResult(cursorValues(CARD, page.cursor, 2))
      if (typeof next !== "string" || typeof left !== "number" || !Number.isSafeInteger(left)) {
        return yield* new InvalidCursor({ cursor: page.cursor })
      }
      cursor = next
      balance = left
    }
    const request = { _tag: "Cursor", limit: page.limit, cursor } as const
    const { items, nextCursor } = yield* read.movements({ ...place, from, to }, request)
    const lines = items.map((movement): CardLine => {
      const change = onHandChange(movement)
      const line = { movement, change, balance }
      balance -= change
      return line
    })
    return { items: lines, opening: balance, nextCursor: nextCursor && cursorAfter(CARD, [nextCursor, balance]) }
  })
