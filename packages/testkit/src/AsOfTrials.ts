/**
 * Trials of looking back: stock as of any time, and pages of what happened between two, over movements that were dated
 * back and ahead.
 */
import {
  type AsOf,
  type Movement,
  type MovementFilter,
  movementId,
  type ProductId,
  type StockAsOf,
  type Submission
} from "@onhand/core"
import { DateTime, Effect } from "effect"
import * as fc from "fast-check"
import type { LawBroken } from "./Law.ts"
import { onHandOf, tallyOfMovements } from "./LedgerView.ts"
import { checkProperty } from "./Property.ts"
import { ensure, type Session, submissionOf, withSession } from "./Session.ts"
import { commitBatch, type Shelf, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** One recording of stock: what moves, and how long before or after its recording it happened. */
interface Move {
  /** At the other of the two locations. */
  readonly away: boolean
  readonly lot: string
  readonly kind: "receipt" | "sale" | "damage"
  readonly quantity: number
  /** Milliseconds; null for one that nobody dated. */
  readonly dated: number | null
}

const DAY = 86_400_000

/** What is recorded between two pages, and how often: a list that grows behind its reader must still end. */
const LATE_NEWS: Move = { away: false, lot: "L1", kind: "receipt", quantity: 1, dated: -DAY / 4 }
const MOST_ADDED = 4

// Most are dated close together, so that a bound often falls between two of them, or on one.
const moves = fc.array(
  fc.record<Move>({
    away: fc.boolean(),
    lot: fc.constantFrom("L1", "L1", "L2"),
    kind: fc.constantFrom("receipt", "receipt", "sale", "damage"),
    quantity: fc.integer({ min: 1, max: 9 }),
    dated: fc.oneof(fc.constant(null), fc.constantFrom(-1, 0, 1), fc.integer({ min: -DAY, max: DAY }))
  }),
  { minLength: 1, maxLength: 16 }
)

/** Two shelves of one product, at two locations. */
const shelvesOf = (session: Session) =>
  Effect.gen(function* () {
    const here = yield* stockShelf(session, 0, "here", true)
    const { location } = yield* stockShelf(session, 0, "there")
    return { here, there: { product: here.product, location } }
  })
type Shelves = Effect.Success<ReturnType<typeof shelvesOf>>

const recordingsOf = (
  { here, there }: Shelves,
  moved: ReadonlyArray<Move>,
  now: DateTime.Utc,
  name: string
): ReadonlyArray<Submission> =>
  moved.map(({ away, lot, kind, quantity, dated }, index) => {
    const lines = [{ kind, ...(away ? there : here), lot, quantity }] as const
    const submission = submissionOf("recordMovements", { lines }, { key: `${name}-${index}` })
    return { ...submission, occurredAt: dated === null ? null : DateTime.add(now, { milliseconds: dated }) }
  })

/** What the raw movements say was there: the reference, which only folds. */
const foldedBy = (movements: ReadonlyArray<Movement>, product: ProductId, time: AsOf): ReadonlyArray<StockAsOf> => {
  const counted = movements.filter(
    (movement) =>
      movement.product === product &&
      (time.occurredBy === undefined || DateTime.isLessThanOrEqualTo(movement.occurredAt, time.occurredBy)) &&
      (time.recordedBy === undefined || DateTime.isLessThanOrEqualTo(movement.recordedAt, time.recordedBy))
  )
  return [...Map.groupBy(counted, ({ location, lot }) => `${location} ${lot}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...rest]]) => {
      if (first === undefined) return []
      const tally = tallyOfMovements([first, ...rest])
      const { location, lot } = first
      return [{ product, location, lot, onHand: onHandOf(tally), sellable: tally.sellable }]
    })
}

const timesIn = (movements: ReadonlyArray<Movement>): ReadonlyArray<AsOf> => {
  const around = (time: DateTime.Utc) => [-1, 0, 1].map((milliseconds) => DateTime.add(time, { milliseconds }))
  const occurred = movements.flatMap(({ occurredAt }) => around(occurredAt))
  const recorded = movements.flatMap(({ recordedAt }) => around(recordedAt))
  return [
    {},
    ...recorded.map((recordedBy) => ({ recordedBy })),
    ...occurred.map((occurredBy) => ({ occurredBy })),
    // Each with one other is enough: the pairs differ from run to run.
    ...occurred.map((occurredBy, index) => ({ occurredBy, recordedBy: recorded[(index * 7) % recorded.length] }))
  ]
}

const textOf = (stock: ReadonlyArray<StockAsOf>) =>
  stock.map(({ location, lot, onHand, sellable }) => `${location} "${lot}": ${onHand}, ${sellable} sellable`).join("; ")

const checkTimes = (session: Session, movements: ReadonlyArray<Movement>, shelf: Shelf, times: ReadonlyArray<AsOf>) =>
  Effect.forEach(
    times,
    (time) =>
      Effect.gen(function* () {
        const expected = foldedBy(movements, shelf.product, time)
        const all = yield* Effect.orDie(session.inventory.read.stockAsOf({ product: shelf.product }, time))
        const here = yield* Effect.orDie(session.inventory.read.stockAsOf(shelf, time))
        const answers = [
          [all, expected],
          [here, expected.filter(({ location }) => location === shelf.location)]
        ] as const
        for (const [told, folded] of answers) {
          yield* ensure(
            "G37",
            textOf(told) === textOf(folded),
            () => `As of ${JSON.stringify(time)} a read tells of ${textOf(told)}\nits movements make ${textOf(folded)}`
          )
        }
      }),
    { discard: true }
  )

const lookingBack: Trial = {
  title: "tells the stock as of any time exactly, and the same whenever it is asked",
  laws: ["G37"],
  run: ({ subject, effort }) =>
    checkProperty(fc.tuple(moves, moves), { runs: effort.runs, seed: effort.seed }, ([first, later]) =>
      withSession(subject, (session) =>
        Effect.gen(function* () {
          const shelves = yield* shelvesOf(session)
          const now = yield* DateTime.now
          yield* commitBatch(session, recordingsOf(shelves, first, now, "first"))
          const before = (yield* session.snapshot).movements
          yield* checkTimes(session, before, shelves.here, timesIn(before))
          yield* session.wait(2)
          yield* commitBatch(session, recordingsOf(shelves, later, now, "later"))
          const after = (yield* session.snapshot).movements
          yield* checkTimes(session, after, shelves.here, timesIn(after))
          // What was known then is not changed by what was learned since.
          const known = new Set(before.map(movementId))
          const since = after.filter((movement) => !known.has(movementId(movement)))
          const learned = Math.min(...since.map(({ recordedAt }) => Number(recordedAt.epochMilliseconds)))
          const then = timesIn(before).filter(
            ({ recordedBy }) => recordedBy !== undefined && Number(recordedBy.epochMilliseconds) < learned
          )
          yield* checkTimes(session, before, shelves.here, then)
        })
      )
    )
}

const happenedIn = ({ occurredAt }: Movement, from: DateTime.Utc | undefined, to: DateTime.Utc | undefined): boolean =>
  (from === undefined || DateTime.isGreaterThanOrEqualTo(occurredAt, from)) &&
  (to === undefined || DateTime.isLessThan(occurredAt, to))

const checkPages = (
  session: Session,
  filter: MovementFilter,
  between: (page: number) => Effect.Effect<unknown, LawBroken>
) =>
  Effect.gen(function* () {
    const { movements } = yield* session.snapshot
    const expected = movements.filter(
      (movement) =>
        happenedIn(movement, filter.from, filter.to) &&
        (filter.location === undefined || movement.location === filter.location)
    )
    const seen: Array<Movement> = []
    let cursor: string | undefined
    for (let page = 0; page === 0 || cursor !== undefined; page++) {
      const { items, nextCursor } = yield* Effect.orDie(
        session.inventory.read.movements(filter, { _tag: "Cursor", limit: 3, cursor })
      )
      seen.push(...items)
      cursor = nextCursor ?? undefined
      if (page < MOST_ADDED) yield* between(page)
    }
    const wanted = new Set(expected.map(movementId))
    const found = seen.map(movementId).filter((id) => wanted.has(id))
    yield* ensure(
      "G40",
      found.toSorted().join() === [...wanted].toSorted().join(),
      () => `Pages of 3 of what happened in a time gave ${found.join(" ")}\ninstead of ${[...wanted].join(" ")}`
    )
    const times = seen.map(({ occurredAt }) => Number(occurredAt.epochMilliseconds))
    yield* ensure(
      "G40",
      times.every((time, index) => index === 0 || time <= (times[index - 1] ?? 0)),
      () => `Pages of what happened in a time, the newest first, gave ${times}`
    )
  })

const boundedPages: Trial = {
  title: "pages through what happened between two times, each movement once and the newest first",
  laws: ["G40"],
  run: ({ subject, effort }) =>
    checkProperty(moves, { runs: effort.runs, seed: effort.seed }, (moved) =>
      withSession(subject, (session) =>
        Effect.gen(function* () {
          const shelves = yield* shelvesOf(session)
          const now = yield* DateTime.now
          yield* commitBatch(session, recordingsOf(shelves, moved, now, "move"))
          const from = DateTime.subtract(now, { milliseconds: DAY / 2 })
          const { product } = shelves.here
          const filters = [{ from }, { to: now }, { from, to: now, product }, { from, ...shelves.here }]
          for (const [index, filter] of filters.entries()) {
            yield* checkPages(session, filter, (page) =>
              commitBatch(session, recordingsOf(shelves, [LATE_NEWS], now, `late-${index}-${page}`))
            )
          }
        })
      )
    )
}

export const asOfTrials: ReadonlyArray<Trial> = [lookingBack, boundedPages]
