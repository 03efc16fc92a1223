/**
 * Trials of batches: a batch is nothing but its commands, one after the other, and a refusal in it is nobody else's.
 */
import { LocationId, type Outcome, ProductId, type Submission } from "@onhand/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { lineOf } from "./Diary.ts"
import { nothingKnown, type Step } from "./Draft.ts"
import { type Features, learn, resolve, simplerSteps, steps } from "./History.ts"
import { BEGINNING, beginning } from "./HistoryRun.ts"
import type { LawBroken } from "./Law.ts"
import { checkProperty } from "./Property.ts"
import { type LedgerSnapshot, rowsText } from "./RawReaders.ts"
import { checkRows, ensure, extendsHolds, outcomeText, type Session, submissionOf, withSession } from "./Session.ts"
import { commitBatch, commitOne, hold, refusalTag, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** Submissions as a caller has them ready: those of a history run on one store, command by command. */
const scripted = (session: Session, history: ReadonlyArray<Step>, features: Features) =>
  Effect.gen(function* () {
    yield* commitBatch(session, beginning(features))
    const known = nothingKnown()
    const answered: Array<{ readonly submission: Submission; readonly outcome: Outcome }> = []
    for (const [index, step] of history.entries()) {
      const submission = resolve(step, known, index)
      const outcome = yield* commitOne(session, submission)
      known.submissions.push(submission)
      learn(known, submission, outcome)
      answered.push({ submission, outcome })
    }
    return answered
  })

/**
 * The balances and rows of a snapshot as text that does not depend on when things were written; after an extension of
 * holds not on how often a key's claims changed either.
 */
const stateText = (snapshot: LedgerSnapshot, isExtended: boolean): string => {
  const text = rowsText(snapshot, ["balances", "claims", "carts", "counts", "orders", "transfers"]).replace(
    /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g,
    "(time)"
  )
  return isExtended ? text.replace(/"claimVersion":\d+/g, '"claimVersion":"(times)"') : text
}

const compareOutcomes = (
  law: "D25" | "D26",
  batch: ReadonlyArray<Submission>,
  alone: ReadonlyArray<Outcome>,
  together: ReadonlyArray<Outcome>,
  circumstance: string
): Effect.Effect<void, LawBroken> =>
  Effect.forEach(
    batch,
    (submission, index) => {
      const texts = [alone[index], together[index]].map((outcome) => outcome && outcomeText(submission, outcome))
      return ensure(
        law,
        texts[0] === texts[1],
        () => `${lineOf(submission)}\n  was ${texts[1]} ${circumstance},\n  but ${texts[0]} without that`
      )
    },
    { discard: true }
  )

const equivalence: Trial = {
  title: "decides a batch as its commands one by one",
  laws: ["D25"],
  run: ({ subject, features, effort }) =>
    checkProperty(
      steps({ features, maxLength: effort.historyLength, timePasses: false }),
      { runs: effort.runs, seed: effort.seed, simpler: simplerSteps },
      (history) =>
        Effect.gen(function* () {
          const [answered, alone] = yield* withSession(subject, (session) =>
            Effect.all([scripted(session, history, features), session.snapshot])
          )
          const batch = answered.map(({ submission }) => submission)
          if (batch.length === 0) return
          yield* withSession(subject, (session) =>
            Effect.gen(function* () {
              yield* commitBatch(session, beginning(features))
              session.diary.given(BEGINNING)
              const together = yield* commitBatch(session, batch)
              const outcomes = answered.map(({ outcome }) => outcome)
              yield* compareOutcomes("D25", batch, outcomes, together, "in a batch")
              const isExtended = batch.some(extendsHolds)
              const left = stateText(yield* checkRows(session), isExtended)
              const expected = stateText(alone, isExtended)
              yield* ensure(
                "D25",
                left === expected,
                () => `The batch left other rows than its commands one by one:\n${left}\n${expected}`
              )
            })
          )
        })
    )
}

const nowhere = { product: ProductId.make("nothing"), location: LocationId.make("nowhere") }

/** A command that is always refused: it sells what does not exist. */
const refused = (key: string): Submission => sell(nowhere, 1, key)

const isolation: Trial = {
  title: "lets a refused command change no other's outcome in its batch",
  laws: ["D26"],
  run: ({ subject, features, effort }) =>
    checkProperty(
      fc.record({
        history: steps({ features, maxLength: effort.historyLength, timePasses: false }),
        places: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 })
      }),
      {
        runs: effort.runs,
        seed: effort.seed,
        simpler: ({ history, places }) => [...simplerSteps(history)].map((shorter) => ({ history: shorter, places }))
      },
      ({ history, places }) =>
        Effect.gen(function* () {
          // A refused command takes a seq, and so all that follow stand elsewhere: what names a movement by its place
          // would mean another one.
          const placeless = history.filter(({ command }) => command !== "reverseMovement")
          const answered = yield* withSession(subject, (session) => scripted(session, placeless, features))
          const batch = answered.map(({ submission }) => submission)
          const disturbed = [...batch]
          for (const [index, place] of places.entries()) {
            disturbed.splice(place % (disturbed.length + 1), 0, refused(`refused-${index}`))
          }
          yield* withSession(subject, (session) =>
            Effect.gen(function* () {
              yield* commitBatch(session, beginning(features))
              session.diary.given(BEGINNING)
              const outcomes = yield* commitBatch(session, disturbed)
              const others = outcomes.filter((_, index) => batch.includes(disturbed[index] as Submission))
              yield* compareOutcomes(
                "D26",
                batch,
                answered.map(({ outcome }) => outcome),
                others,
                "beside a refused command"
              )
              yield* checkRows(session)
            })
          )
        })
    )
}

/** What a refused command must leave as it was: all but its own record, and the seq that it takes. */
const unrecorded = [
  "movements",
  "claimEvents",
  "claims",
  "balances",
  "events",
  "carts",
  "counts",
  "orders",
  "thresholds",
  "transfers"
] as const

const untouched: Trial = {
  title: "leaves every row as it was when it refuses",
  laws: ["D19", "B9"],
  run: ({ subject, features }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 5)
        const line = { kind: "sale" as const, ...shelf, quantity: 3 }
        const refusals = [
          sell(shelf, 6, "too much"),
          submissionOf("recordMovements", { lines: [line, line] }, { key: "too much in two lines" }),
          submissionOf(
            "recordMovements",
            {
              lines: [
                { ...line, kind: "receipt" },
                { ...line, quantity: 9 }
              ]
            },
            { key: "too much after a receipt" }
          ),
          ...(features.claims
            ? [
                hold(shelf, 6, 60_000, "held too much"),
                submissionOf("holdStock", { lines: [line, line], ttlMillis: 60_000 }, { key: "held twice too much" })
              ]
            : [])
        ]
        for (const submission of refusals) {
          const before = yield* session.snapshot
          const outcome = yield* commitOne(session, submission)
          const law = submission.payloadText.split("quantity").length > 2 ? "B9" : "D19"
          yield* ensure(
            law,
            refusalTag(outcome) === "InsufficientStock",
            () => `${lineOf(submission)}\nof 5 available was ${outcomeText(submission, outcome)}`
          )
          const after = yield* checkRows(session, before)
          const rows = [before, after].map((snapshot) => rowsText(snapshot, unrecorded))
          yield* ensure("D19", rows[0] === rows[1], () => `${lineOf(submission)}\nwas refused, but left rows`)
        }
      })
    )
}

export const batchTrials: ReadonlyArray<Trial> = [equivalence, isolation, untouched]
