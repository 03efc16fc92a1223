/**
 * Trials of restarts: a store that is closed and opened again has the same rows, answers the same, and goes on deciding
 * as if nothing had been. A store that serves from memory is right in its file and forgets what it does not read back.
 */
import type { Submission } from "@onhand/core"
import { Effect } from "effect"
import { answersOf, sameAnswers } from "./AnswerTrials.ts"
import { holdAll, LONG_HOLD, SLACK_MILLIS } from "./ClaimTrials.ts"
import { expectFeed, readFeed } from "./FeedTrials.ts"
import { simplerSteps, steps } from "./History.ts"
import { beginHistory, continueHistory } from "./HistoryRun.ts"
import { checkProperty } from "./Property.ts"
import { checkRows, ensure, outcomeText, type Session, submissionOf, withOpenings } from "./Session.ts"
import { commitOne, mustAnswer, refusalTag, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** What the store finds wrong with itself must be nothing. */
const verified = (session: Session) =>
  Effect.gen(function* () {
    const { differences } = yield* mustAnswer("G41", "verify", session.store.queries.verify)
    yield* ensure("G41", differences.length === 0, () => `verify found ${JSON.stringify(differences)}`)
  })

/** Events of a page of the feed. */
const FEED_PAGE = 100

const history: Trial = {
  title: "is after a restart what it was before: its rows, its answers, and what it decides of a history that goes on",
  laws: ["F33", "F35", "G39", "G41", "H43", "D21", "D24"],
  needs: "reopen",
  run: ({ subject, reopenable, features: all, effort }) => {
    const timePasses = subject.time === "virtual"
    // Where nobody can stop time, a hold may lapse while the store is closed, and what is answered changes with it.
    const features = timePasses ? all : { ...all, claims: false, carts: false }
    const options = { features, check: "end" } as const
    return checkProperty(
      steps({ features, maxLength: effort.historyLength, timePasses }),
      { runs: Math.ceil(effort.runs / 2), seed: effort.seed, simpler: simplerSteps },
      (history) =>
        Effect.gen(function* () {
          if (reopenable === undefined) return
          const half = Math.ceil(history.length / 2)
          yield* withOpenings({ ...subject, layer: reopenable() }, (openPlace) =>
            Effect.gen(function* () {
              const { run, rows, told } = yield* openPlace((session) =>
                Effect.gen(function* () {
                  const { run, snapshot } = yield* beginHistory(session, options)
                  const rows = yield* continueHistory(session, run, history.slice(0, half), snapshot, options)
                  return { run, rows, told: yield* answersOf(session.store.queries, run.known, features) }
                })
              )
              yield* openPlace((session) =>
                Effect.gen(function* () {
                  const after = yield* checkRows(session, rows)
                  yield* ensure(
                    "F33",
                    after.commands.length === rows.commands.length,
                    () => `${rows.commands.length} commands before the restart, ${after.commands.length} after it`
                  )
                  yield* sameAnswers(yield* answersOf(session.store.queries, run.known, features), told)
                  yield* expectFeed(yield* readFeed(session.store, FEED_PAGE), after.events, "After a restart")
                  yield* verified(session)
                  yield* continueHistory(session, run, history.slice(half), after, options)
                })
              )
            })
          )
        })
    )
  }
}

/** Commits one command, which must be answered with a tag. */
const expectTag = (session: Session, submission: Submission, tag: string) =>
  Effect.gen(function* () {
    const outcome = yield* commitOne(session, submission)
    yield* ensure(
      "D24",
      refusalTag(outcome) === tag,
      () => `${submission.key} was ${outcomeText(submission, outcome)}, but should be ${tag}`
    )
  })

const shelfAgain: Trial = {
  title: "goes on after a restart with the last unit, a hold that lapses, a hold that is released and an old key",
  laws: ["D21", "D24", "G41"],
  needs: "reopen",
  run: ({ subject, reopenable, features: { claims } }) =>
    Effect.gen(function* () {
      if (reopenable === undefined || !claims) return
      yield* withOpenings({ ...subject, layer: reopenable() }, (openPlace) =>
        Effect.gen(function* () {
          const { shelf, sale, first, held } = yield* openPlace((session) =>
            Effect.gen(function* () {
              const shelf = yield* stockShelf(session, 5)
              const held = yield* holdAll(session, shelf, 2, LONG_HOLD, "long hold")
              yield* holdAll(session, shelf, 1, session.shortHold, "short hold")
              const sale = sell(shelf, 1, "sale")
              return { shelf, sale, held, first: outcomeText(sale, yield* commitOne(session, sale)) }
            })
          )
          yield* openPlace((session) =>
            Effect.gen(function* () {
              const again = yield* commitOne(session, sale)
              yield* ensure(
                "D21",
                again._tag !== "Failed" && again.replayed && outcomeText(sale, again) === first,
                () => `A key from before the restart was ${outcomeText(sale, again)}\ninstead of ${first}, replayed`
              )
              yield* expectTag(session, sell(shelf, 3, "more than is left"), "InsufficientStock")
              yield* expectTag(session, sell(shelf, 1, "the last unit"), "Applied")
              yield* session.wait(session.shortHold + SLACK_MILLIS)
              yield* expectTag(session, sell(shelf, 1, "what the short hold held"), "Applied")
              const release = { location: shelf.location, claims: held }
              yield* expectTag(session, submissionOf("releaseClaims", release, { key: "release" }), "Applied")
              yield* expectTag(session, sell(shelf, 2, "what the long hold held"), "Applied")
              yield* expectTag(session, sell(shelf, 1, "one more"), "InsufficientStock")
              yield* checkRows(session)
              yield* verified(session)
            })
          )
        })
      )
    })
}

export const restartTrials: ReadonlyArray<Trial> = [shelfAgain, history]
