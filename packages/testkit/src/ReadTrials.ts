/**
 * Trials of reads: pages, the feed, and answers that agree with the rows while these grow.
 */
import {
  auditDocuments,
  type Movement,
  movementId,
  type Page,
  type PageRequest,
  productSorts,
  type StoreUnavailable
} from "@onhand/core"
import { Effect, Fiber } from "effect"
import { difference } from "./Difference.ts"
import type { LawBroken } from "./Law.ts"
import { onHandOf, placeTallyAt } from "./LedgerView.ts"
import { availableAt, lastMicros } from "./LotView.ts"
import type { LedgerSnapshot } from "./RawReaders.ts"
import { checkRows, ensure, type Session, withSession } from "./Session.ts"
import {
  commitBatch,
  commitOne,
  fillStore,
  mustAnswer,
  overHistories,
  receive,
  type Shelf,
  sell,
  stockShelf
} from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** All items of a list, page by page; `between` happens after each page. */
const leaf = <A, E>(
  list: (page: PageRequest) => Effect.Effect<Page<A>, E>,
  limit: number,
  between: Effect.Effect<unknown, LawBroken> = Effect.void
): Effect.Effect<ReadonlyArray<A>, LawBroken> =>
  Effect.gen(function* () {
    const items: Array<A> = []
    let cursor: string | undefined
    do {
      const page = yield* Effect.orDie(list({ _tag: "Cursor", limit, cursor }))
      yield* ensure("G40", page.items.length <= limit, () => `A page of ${limit} has ${page.items.length} items`)
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
      yield* between
    } while (cursor !== undefined)
    return items
  })

const newestFirst = (a: Movement, b: Movement) =>
  Number(b.recordedAt.epochMilliseconds) - Number(a.recordedAt.epochMilliseconds) ||
  b.shard - a.shard ||
  b.seq - a.seq ||
  b.line - a.line

const movementPages: Trial = {
  title: "pages through a growing ledger without repeating or skipping a movement",
  laws: ["G40"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 40)
        const sales = Array.from({ length: 23 }, (_, index) => sell(shelf, 1, `sale-${index}`))
        yield* commitBatch(session, sales.slice(0, 11))
        for (const sale of sales.slice(11)) yield* commitOne(session, sale)
        const { movements } = yield* session.snapshot
        const expected = movements.toSorted(newestFirst).map(movementId)
        let more = 0
        const grow = Effect.suspend(() => commitOne(session, receive(shelf, 1, `more-${more++}`)))
        const read = (page: PageRequest) => session.inventory.read.movements({ product: shelf.product }, page)
        const seen = (yield* leaf(read, 7, grow)).map(movementId)
        yield* ensure(
          "G40",
          seen.join() === expected.join(),
          () => `Pages of 7 over a growing ledger gave movements (shard-seq-line) ${difference(seen, expected)}`
        )
      })
    )
}

const productPages: Trial = {
  title: "gives every product once in every sort, by cursor and by number",
  laws: ["G40"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        for (let index = 0; index < 12; index++) yield* stockShelf(session, index % 3, String(index))
        for (const sort of productSorts) {
          const read = (page: PageRequest) => session.inventory.read.products({ sort }, page)
          const byCursor = (yield* leaf(read, 5)).map(({ product }) => product.sku)
          const numbered: Array<string> = []
          for (let page = 1; page <= 3; page++) {
            const { items, total } = yield* Effect.orDie(read({ _tag: "Numbered", page, pageSize: 5 }))
            yield* ensure("G40", total === 12, () => `Page ${page} of 12 products says there are ${total}`)
            numbered.push(...items.map(({ product }) => product.sku))
          }
          yield* ensure(
            "G40",
            new Set(byCursor).size === 12 && byCursor.length === 12,
            () => `By ${sort}, pages of 5 of 12 products gave ${byCursor.join(" ")}`
          )
          yield* ensure(
            "G40",
            byCursor.join() === numbered.join(),
            () => `By ${sort}, cursors gave ${byCursor.join(" ")}\nand numbered pages ${numbered.join(" ")}`
          )
        }
      })
    )
}

const WATCHED_SALES = 40

const monotone: Trial = {
  title: "never shows a reader an older balance after a newer one, and shows writers their own writes",
  laws: ["E28"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, WATCHED_SALES)
        const version = Effect.map(
          Effect.orDie(session.inventory.read.balance({ ...shelf, lot: "" })),
          (balance) => balance.version
        )
        let writing = true
        const seen: Array<number> = []
        const watch = Effect.gen(function* () {
          while (writing) {
            seen.push(yield* version)
            yield* Effect.yieldNow
          }
        })
        const watcher = yield* Effect.forkChild(watch)
        for (let index = 1; index <= WATCHED_SALES; index++) {
          yield* Effect.orDie(session.engine.submit(sell(shelf, 1, `sale-${index}`)))
          const own = yield* version
          yield* ensure(
            "E28",
            own === index + 1,
            () => `After ${index + 1} acknowledged movements its writer reads version ${own}`
          )
        }
        writing = false
        yield* Fiber.join(watcher)
        const back = seen.findIndex((one, index) => one < (seen[index - 1] ?? 0))
        yield* ensure(
          "E28",
          back === -1,
          () => `A reader of a balance saw version ${seen[back - 1]} and then ${seen[back]}, while its writer sold on`
        )
      })
    )
}

const placeName = ({ product, location }: Shelf) => `${product} ${location}`

/** What the rows say is on its way to each place: of orders that were placed, and of what transfers carry. */
const incomingOf = ({ purchaseOrders, transfers }: LedgerSnapshot): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  const add = (product: Shelf["product"], location: Shelf["location"], quantity: number) => {
    const place = placeName({ product, location })
    if (quantity > 0) sums.set(place, (sums.get(place) ?? 0) + quantity)
  }
  for (const { state, destination, lines } of purchaseOrders) {
    if (state !== "placed" && state !== "partiallyReceived") continue
    for (const line of lines) add(line.product, destination, line.ordered - line.received - line.canceled)
  }
  for (const { destination, lines } of transfers) {
    for (const { product, shipped, received, damaged, lost, returned } of lines)
      add(product, destination, shipped - received - damaged - lost - returned)
  }
  return sums
}

const levelsAgree = (session: Session): Effect.Effect<void, LawBroken | StoreUnavailable> =>
  Effect.gen(function* () {
    const view = yield* session.view
    const levels = yield* leaf((page) => session.inventory.read.levels({}, page), 3)
    const { balances } = view.snapshot
    const incoming = incomingOf(view.snapshot)
    const places = new Set([...balances.map(placeName), ...incoming.keys()])
    yield* ensure("G39", levels.length === places.size, () => `${levels.length} levels for ${places.size} places`)
    for (const level of levels) {
      const tally = placeTallyAt(view, level, Infinity)
      const available = availableAt(view, level, Infinity, lastMicros(view))
      yield* ensure(
        "G39",
        level.onHand === onHandOf(tally) && level.available === available,
        () =>
          `A read tells of ${level.onHand} on hand and ${level.available} available of ${level.product} at ` +
          `${level.location}; its rows make ${onHandOf(tally)} and ${available}`
      )
      const expected = incoming.get(placeName(level)) ?? 0
      yield* ensure(
        "G39",
        level.incoming === expected,
        () => `A read tells of ${level.incoming} incoming to ${placeName(level)}; its rows make ${expected}`
      )
    }
    const { thresholds } = view.snapshot
    const alerts = yield* leaf((page) => session.inventory.read.restockAlerts({}, page), 3)
    const raised = thresholds.filter(({ raisedAt }) => raisedAt !== null).map(({ id }) => id)
    const told = alerts.map(({ threshold }) => threshold.id)
    yield* ensure(
      "G39",
      told.toSorted().join() === raised.toSorted().join(),
      () => `Raised are ${raised.join(", ") || "none"}; the alerts tell of ${told.join(", ") || "none"}`
    )
  })

const agreement: Trial = {
  title: "reads what its rows say, and verifies itself without a difference",
  laws: ["G41", "G39"],
  run: (input) =>
    overHistories(input, (session, history) =>
      Effect.gen(function* () {
        yield* fillStore(session, input, history)
        const { movements, claimEvents } = yield* checkRows(session)
        const verification = yield* mustAnswer("G41", "verify", session.inventory.read.verify)
        yield* ensure(
          "G41",
          verification.differences.length === 0,
          () => `verify found ${JSON.stringify(verification.differences)}`
        )
        const counted = verification.movements === movements.length && verification.claimEvents === claimEvents.length
        yield* ensure(
          "G41",
          counted,
          () =>
            `verify saw ${verification.movements} movements and ${verification.claimEvents} claim events of ` +
            `${movements.length} and ${claimEvents.length}`
        )
        const audit = yield* mustAnswer("G41", "The audit of documents", auditDocuments(session.inventory.read))
        yield* ensure(
          "G41",
          audit.differences.length === 0,
          () => `the audit of documents found ${JSON.stringify(audit.differences)}`
        )
        yield* levelsAgree(session).pipe(Effect.catchTag("StoreUnavailable", Effect.die))
      })
    )
}

export const readTrials: ReadonlyArray<Trial> = [movementPages, productPages, monotone, agreement]
