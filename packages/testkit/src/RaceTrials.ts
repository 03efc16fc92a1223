/**
 * Races: many callers at once, through two engines, as two server processes on one store are.
 */
import { CartId, type Outcome, type Submission, type SubmissionError } from "@onhand/core"
import { Effect, Option, type Result } from "effect"
import { anotherEngine, checkRows, ensure, type Session, submissionOf, withSession } from "./Session.ts"
import {
  commitBatch,
  commitOne,
  mustApply,
  patiently,
  receive,
  refusalTag,
  type Shelf,
  sell,
  stockShelf
} from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** How long a command over many keys may take before it counts as stuck, in real time. */
const STUCK_MILLIS = 60_000

type Answer = Result.Result<Outcome, SubmissionError>

const answerTag = (answer: Answer): string =>
  answer._tag === "Success" ? refusalTag(answer.success) : answer.failure._tag

/** Submits all at once, every other one through a second engine. */
const submitAll = (session: Session, submissions: ReadonlyArray<Submission>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engines = [session.engine, yield* anotherEngine(session.store)]
      return yield* Effect.forEach(
        submissions,
        (submission, index) => Effect.result((engines[index % 2] ?? session.engine).submit(submission)),
        { concurrency: "unbounded" }
      )
    })
  )

const countTags = (answers: ReadonlyArray<Answer>): string =>
  [...Map.groupBy(answers, answerTag)].map(([tag, same]) => `${same.length} ${tag}`).join(", ")

const takers: Trial = {
  title: "sells S units to exactly S of N callers at once, and refuses the others with the shortage",
  laws: ["B8", "A1", "A2", "E27"],
  run: ({ subject, effort }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const units = Math.max(1, Math.floor(effort.callers / 10))
        const shelf = yield* stockShelf(session, units)
        const sales = Array.from({ length: effort.callers }, (_, caller) =>
          sell(shelf, 1, `caller-${caller}`, `actor-${caller % 7}`)
        )
        const answers = yield* submitAll(session, sales)
        const tags = answers.map(answerTag)
        const sold = tags.filter((tag) => tag === "Applied").length
        const short = tags.filter((tag) => tag === "InsufficientStock").length
        yield* ensure(
          "B8",
          sold === units && short === effort.callers - units,
          () => `${effort.callers} callers wanted one of ${units} units each: ${countTags(answers)}`
        )
        const { movements } = yield* checkRows(session)
        yield* ensure(
          "B8",
          movements.filter(({ kind }) => kind === "sale").length === units,
          () => `${units} units were there, and ${movements.length - 1} left the shelf`
        )
      })
    )
}

const oneOrder: Trial = {
  title: "makes one order of a cart that is checked out many times at once",
  laws: ["H46"],
  needs: "carts",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 50)
        yield* commitOne(
          session,
          submissionOf("openCart", { lines: [{ product: shelf.product, quantity: 2, mode: "add" }] }, { key: "cart" })
        )
        const checkouts = Array.from({ length: 10 }, (_, index) =>
          submissionOf(
            "checkout",
            { cart: CartId.make("cart"), location: shelf.location },
            { key: `checkout-${index}` }
          )
        )
        const answers = yield* submitAll(session, checkouts)
        const { orders } = yield* session.snapshot
        const sold = answers.filter((answer) => answerTag(answer) === "Applied").length
        yield* ensure(
          "H46",
          sold === 1 && orders.length === 1,
          () => `10 checkouts of one cart made ${orders.length} orders: ${countTags(answers)}`
        )
        yield* checkRows(session)
      })
    )
}

const versionWriters: Trial = {
  title: "lets one of several writers through that expect the same version",
  laws: ["E29"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const { product } = yield* stockShelf(session, 0)
        const updates = Array.from({ length: 10 }, (_, writer) =>
          submissionOf("updateProduct", { product, expected: 1, name: `Name ${writer}` }, { key: `writer-${writer}` })
        )
        const answers = yield* submitAll(session, updates)
        const tags = answers.map(answerTag)
        yield* ensure(
          "E29",
          tags.filter((tag) => tag === "Applied").length === 1 &&
            tags.filter((tag) => tag === "StaleVersion").length === 9,
          () => `10 writers expected version 1: ${countTags(answers)}`
        )
        yield* checkRows(session)
      })
    )
}

const sharedKey: Trial = {
  title: "gives a key that two callers use at once for different things to one of them",
  laws: ["D22"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelves: ReadonlyArray<Shelf> = yield* Effect.forEach([1, 2, 3, 4], (name) =>
          stockShelf(session, 50, String(name))
        )
        for (let round = 0; round < 5; round++) {
          const before = yield* session.snapshot
          const answers = yield* submitAll(
            session,
            shelves.map((shelf) => sell(shelf, 1, `key-${round}`))
          )
          const tags = answers.map(answerTag)
          const conflicts = tags.filter((tag) => tag === "IdempotencyConflict").length
          yield* ensure(
            "D22",
            tags.includes("Applied") && conflicts === tags.length - 1,
            () => `One key at once for sales at ${tags.length} locations: ${countTags(answers)}`
          )
          const { movements } = yield* checkRows(session, before)
          yield* ensure(
            "D22",
            movements.length === before.movements.length + 1,
            () => `One key at once left ${movements.length - before.movements.length} movements`
          )
        }
      })
    )
}

const manyKeys: Trial = {
  title: "answers commands over many keys in any order, at once, without a deadlock",
  laws: ["E32", "A1", "A2", "E27"],
  run: ({ subject, effort }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelves: ReadonlyArray<Shelf> = yield* Effect.forEach([1, 2, 3, 4, 5], (name) =>
          stockShelf(session, 1_000, String(name))
        )
        const submissions = Array.from({ length: effort.callers }, (_, caller) => {
          // Every caller walks the shelves from another end and with another stride, so that lock orders differ.
          const line = (step: number) => {
            const shelf = shelves[(caller + step * (1 + (caller % 4))) % shelves.length] as Shelf
            return { kind: step % 2 === 0 ? ("sale" as const) : ("receipt" as const), ...shelf, quantity: 1 }
          }
          return submissionOf("recordMovements", { lines: [line(0), line(1), line(2)] }, { key: `caller-${caller}` })
        })
        const answers = yield* patiently(submitAll(session, submissions), STUCK_MILLIS)
        yield* ensure("E32", Option.isSome(answers), () => `${effort.callers} commands were not answered in a minute`)
        const wrong = Option.getOrElse(answers, () => []).filter((answer) => answerTag(answer) !== "Applied")
        yield* ensure("E32", wrong.length === 0, () => `Commands that could all pass: ${countTags(wrong)}`)
        yield* checkRows(session)
      })
    )
}

const order: Trial = {
  title: "decides the commands of a batch in their order, each seeing what the earlier ones did",
  laws: ["D25"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 0)
        const batch = [sell(shelf, 1, "a"), receive(shelf, 2, "b"), sell(shelf, 2, "c"), sell(shelf, 1, "d")]
        const tags = (yield* commitBatch(session, batch)).map(refusalTag)
        const expected = ["InsufficientStock", "Applied", "Applied", "InsufficientStock"]
        yield* ensure(
          "D25",
          tags.join() === expected.join(),
          () => `Selling 1, receiving 2, selling 2 and selling 1 were ${tags.join(", ")}`
        )
        const next = receive(shelf, 1, "e")
        yield* mustApply(next, yield* commitOne(session, next))
        yield* checkRows(session)
      })
    )
}

export const raceTrials: ReadonlyArray<Trial> = [takers, oneOrder, versionWriters, sharedKey, manyKeys, order]
