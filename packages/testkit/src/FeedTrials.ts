/**
 * Trials of the feed: every event once and in order, and low stock told once each time.
 */
import { advance, type Event, type FeedCursor, type StoreShape } from "@onhand/core"
import { Effect, Fiber, Option, Stream } from "effect"
import * as fc from "fast-check"
import { difference } from "./Difference.ts"
import { simplerSteps, steps } from "./History.ts"
import { checkProperty } from "./Property.ts"
import { checkRows, ensure, submissionOf, withSession } from "./Session.ts"
import { commitOne, fillStore, mustApply, patiently, receive, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const place = ({ shard, seq, line }: Event): string => `${shard}-${seq}-${line}`

/** What a reader of the feed should get: each shard's events in order. */
const inLedgerOrder = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events.toSorted((a, b) => a.shard - b.shard || a.seq - b.seq || a.line - b.line).map(place)

/** What a reader got, shard by shard, in the order in which it came. */
const asReceived = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events.toSorted((a, b) => a.shard - b.shard).map(place)

/** Fails unless what a reader got of the feed is all events in their order. */
export const expectFeed = (received: ReadonlyArray<Event>, events: ReadonlyArray<Event>, how: string) =>
  ensure(
    "H43",
    asReceived(received).join() === inLedgerOrder(events).join(),
    () => `${how}, a reader of the feed got (shard-seq-line) ${difference(asReceived(received), inLedgerOrder(events))}`
  )

/** All of the feed in pages of a size, each from where the last one ended. */
export const readFeed = (store: StoreShape, limit: number) =>
  Effect.gen(function* () {
    const received: Array<Event> = []
    let cursor: FeedCursor = {}
    for (;;) {
      const page = yield* Effect.orDie(store.queries.events(cursor, limit))
      if (page.length === 0) return received
      yield* ensure("H43", page.length <= limit, () => `A page of ${limit} events has ${page.length}`)
      received.push(...page)
      cursor = page.reduce(advance, cursor)
    }
  })

const lowStock: Trial = {
  title: "tells of low stock once when it falls to its threshold, and once when it is there again",
  laws: ["H48", "H43"],
  needs: "thresholds",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 8)
        const rule = submissionOf("setThresholds", { lines: [{ ...shelf, low: 5, clear: 7 }] }, { key: "rule" })
        yield* mustApply(rule, yield* commitOne(session, rule))
        const levels = [-1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1].entries()
        for (const [index, change] of levels) {
          const submission = change < 0 ? sell(shelf, 1, `change-${index}`) : receive(shelf, 1, `change-${index}`)
          yield* mustApply(submission, yield* commitOne(session, submission))
        }
        const { events } = yield* checkRows(session)
        const told = events.flatMap(({ event }) =>
          event._tag === "LowStockRaised" || event._tag === "LowStockCleared"
            ? [`${event._tag} ${event.available}`]
            : []
        )
        const expected = ["LowStockRaised 5", "LowStockCleared 7", "LowStockRaised 5"]
        yield* ensure(
          "H48",
          told.join() === expected.join(),
          () => `8 units going to 4, to 8 and to 5, low at 5 and clear at 7, told: ${told.join(", ")}`
        )
        for (const limit of [1, 2, 3])
          yield* expectFeed(yield* readFeed(session.store, limit), events, `With pages of ${limit}`)
      })
    )
}

const feedPages: Trial = {
  title: "gives every event once and in order, whatever the size of the pages",
  laws: ["H43", "H42"],
  run: (input) =>
    checkProperty(
      fc.record({
        history: steps({ features: input.features, maxLength: input.effort.historyLength, timePasses: false }),
        limit: fc.integer({ min: 1, max: 6 })
      }),
      {
        runs: Math.ceil(input.effort.runs / 2),
        seed: input.effort.seed,
        simpler: ({ history, limit }) => [...simplerSteps(history)].map((shorter) => ({ history: shorter, limit }))
      },
      ({ history, limit }) =>
        withSession(input.subject, (session) =>
          Effect.gen(function* () {
            yield* fillStore(session, input, history)
            const received = yield* readFeed(session.store, limit)
            const { events } = yield* checkRows(session)
            yield* expectFeed(received, events, `With pages of ${limit}`)
            const head = yield* Effect.orDie(session.inventory.read.head)
            const rest = yield* Effect.orDie(session.inventory.read.events(head, limit))
            yield* ensure("H43", rest.length === 0, () => `After the head of the feed there are ${rest.map(place)}`)
          })
        )
    )
}

/** How long after the last commit a reader of the feed may take, in milliseconds of real time. */
const PATIENCE_MILLIS = 10_000

const liveFeed: Trial = {
  title: "gives a reader who listens from the start every event of what commits meanwhile",
  laws: ["H43"],
  run: ({ subject, effort }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, effort.callers)
        const before = yield* session.snapshot
        const count = before.events.length + effort.callers
        const reader = yield* Effect.forkChild(session.inventory.events({}).pipe(Stream.take(count), Stream.runCollect))
        yield* Effect.forEach(
          Array.from({ length: effort.callers }, (_, caller) => sell(shelf, 1, `caller-${caller}`)),
          (sale) => session.engine.submit(sale),
          { concurrency: "unbounded" }
        ).pipe(Effect.orDie)
        const received = yield* Effect.orDie(patiently(Fiber.join(reader), PATIENCE_MILLIS))
        const { events } = yield* session.snapshot
        yield* ensure(
          "H43",
          Option.isSome(received),
          () => `A reader waited for ${count} events; there are ${events.length}`
        )
        yield* expectFeed(
          Option.getOrElse(received, () => []),
          events,
          "While they committed"
        )
      })
    )
}

export const feedTrials: ReadonlyArray<Trial> = [lowStock, feedPages, liveFeed]
