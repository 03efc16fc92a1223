// What spoils: fresh goods come twice a year, each time as a lot with a day until which it may be sold. In the middle
// of the year the first lot's day is over, one of them is recalled as well, and the second lots come.
import {
  firstPage,
  Inventory,
  type LocationId,
  type LotRecipient,
  type Page,
  type ProductId,
  type StockedLot
} from "@onhand/core"
import { DateTime, Effect, Option } from "effect"
import type { CatalogueRow } from "./RetailFiles.ts"

/** The departments whose goods bear a day until which they may be sold. */
const departments: ReadonlySet<string> = new Set([
  "PRODUCE",
  "MEAT",
  "MEAT-PCKGD",
  "SEAFOOD",
  "SEAFOOD-PCKGD",
  "DELI",
  "PASTRY",
  "SALAD BAR",
  "FLORAL"
])
export const isFresh = ({ department }: CatalogueRow): boolean => departments.has(department)

/** The night between two days of the year. */
export const MID_YEAR = DateTime.makeUnsafe("2017-07-01T08:00:00Z")

// A store decides by its own clock, and all days of 2017 are over. So lots are received as if it were a hundred years
// later; when the day of the first ones comes in the replay, they are told to bear the day of 2017.
export const FIRST_LOT = { lot: "first half", expiresOn: "2117-06-30" } as const
export const SECOND_LOT = { lot: "second half", expiresOn: "2117-12-31" } as const
const OVER = "2017-06-30"

const UNDER_WAY = 500
const AT_ONCE = 1_000
const LINES = 500

const atMidYear = (key: string) => ({ key, occurredAt: MID_YEAR })

/** Lets the day of the first lots pass: from then on nothing of them is available, wherever it lies. */
export const passDay = (fresh: Iterable<ProductId>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    yield* Effect.forEach(
      fresh,
      (product) =>
        inventory
          .updateLot({ product, lot: FIRST_LOT.lot, expected: "any", expiresOn: OVER }, atMidYear(`over:${product}`))
          // What the chain never sold it never had.
          .pipe(Effect.catchTag("UnknownLot", () => Effect.void)),
      { concurrency: UNDER_WAY, discard: true }
    )
  })

/** Recalls a first lot everywhere. */
export const recall = (product: ProductId) =>
  Effect.flatMap(Inventory, (inventory) =>
    inventory.recallLot({ product, lot: FIRST_LOT.lot, reason: "salmonella" }, atMidYear(`recall:${product}`))
  )

/** Throws away what a store has left of first lots. */
export const throwAway = (
  location: LocationId,
  left: ReadonlyArray<{ readonly product: ProductId; readonly quantity: number }>
) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    for (let from = 0; from < left.length; from += LINES) {
      const [first, ...rest] = left.slice(from, from + LINES).map((line) => ({
        ...{ kind: "scrap" as const, location, lot: FIRST_LOT.lot, from: "sellable" as const, reason: "expired" },
        ...line
      }))
      if (first === undefined) continue
      yield* inventory.recordMovements({ lines: [first, ...rest] }, atMidYear(`thrown:${location}:${from}`))
    }
  })

/** All items of a list. */
const all = <A, E>(list: (cursor: string | undefined) => Effect.Effect<Page<A>, E>) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<A> = yield* list(cursor)
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  })

/** What became of the first lots: what still lies about, what was sold after its day, and who got the recalled one. */
export const freshness = Effect.gen(function* () {
  const { read } = yield* Inventory
  const page = (cursor: string | undefined) => ({ ...firstPage(AT_ONCE), ...(cursor === undefined ? {} : { cursor }) })
  const over: ReadonlyArray<StockedLot> = yield* all((cursor) =>
    read.lots({ expiringBefore: "2018-01-01", stocked: true }, page(cursor))
  )
  const late = yield* all((cursor) => read.movements({ kind: "sale", from: MID_YEAR }, page(cursor)))
  const [recalled] = (yield* read.lots({ status: "recalled" }, firstPage(1))).items
  const key = recalled && { product: recalled.lot.product, lot: recalled.lot.lot }
  const recipients: ReadonlyArray<LotRecipient> =
    key === undefined ? [] : yield* all((cursor) => read.lotRecipients(key, page(cursor)))
  const product = key === undefined ? Option.none() : yield* read.product(key.product)
  return {
    over: { lots: over.length, ...sum(over) },
    soldLate: late.filter(({ lot }) => lot === FIRST_LOT.lot).length,
    recalled: {
      name: Option.match(product, { onNone: () => "nothing", onSome: ({ name }) => name }),
      onHand: recalled?.onHand ?? 0,
      baskets: recipients.length,
      sold: recipients.reduce((total, { sold }) => total + sold, 0)
    }
  }
})
export type Freshness = Effect.Success<typeof freshness>

const sum = (lots: ReadonlyArray<StockedLot>) => ({
  onHand: lots.reduce((total, { onHand }) => total + onHand, 0),
  available: lots.reduce((total, { available }) => total + available, 0)
})

/** The report as lines for people. */
export const freshnessText = ({ over, soldLate, recalled }: Freshness): string =>
  [
    `Past their day: ${over.onHand} units of ${over.lots} lots on hand, ${over.available} available, ${soldLate} sold`,
    `Recalled: ${recalled.name}, of which ${recalled.sold} units went out in ${recalled.baskets} baskets`
  ].join("\n")
