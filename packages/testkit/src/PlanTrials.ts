/**
 * Trials of foresight and hindsight: a plan says what then happens and does nothing, and an explanation adds up.
 */
import type { Consequences } from "@onhand/core"
import { DateTime, Effect } from "effect"
import { textOf } from "./AnswerTrials.ts"
import { difference } from "./Difference.ts"
import { nothingKnown, type Step } from "./Draft.ts"
import { learn, resolve, simplerSteps, steps } from "./History.ts"
import { beginning } from "./HistoryRun.ts"
import type { LawBroken } from "./Law.ts"
import { checkProperty } from "./Property.ts"
import { rowsText } from "./RawReaders.ts"
import { ensure, extendsHolds, outcomeText, type Session, withSession } from "./Session.ts"
import { commitBatch, commitOne, overHistories } from "./Setup.ts"
import type { Trial, TrialInput } from "./Trial.ts"

const tables = ["movements", "claimEvents", "claims", "balances", "commands", "events"] as const

/** What follows from a command, entry by entry. */
const entriesOf = ({ movements, claimEvents, events }: Consequences): ReadonlyArray<string> =>
  [...movements, ...claimEvents, ...events].map(textOf)

const planned = (session: Session, { features }: TrialInput, history: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    yield* commitBatch(session, beginning(features))
    const known = nothingKnown()
    for (const [index, step] of history.entries()) {
      const submission = resolve(step, known, index)
      const before = yield* session.snapshot
      const plan = yield* Effect.orDie(session.store.plan(submission))
      const [untouched, found] = [rowsText(before, tables), rowsText(yield* session.snapshot, tables)]
      yield* ensure("H54", untouched === found, () => `A plan of ${submission.key} changed the rows`)
      const outcome = yield* commitOne(session, submission)
      const [foreseen, told] = [outcomeText(submission, plan.outcome), outcomeText(submission, outcome)]
      yield* ensure("H54", foreseen === told, () => `${submission.key} was to be ${foreseen}\nand was ${told}`)
      const after = yield* session.snapshot
      const isNew = !before.commands.some(({ key }) => key === submission.key)
      const own = <A extends { readonly command: string }>(entries: ReadonlyArray<A>) =>
        isNew ? entries.filter(({ command }) => command === submission.key) : []
      const happened = entriesOf({
        movements: own(after.movements),
        claimEvents: own(after.claimEvents),
        events: own(after.events)
      }).toSorted()
      const expected = entriesOf(plan).toSorted()
      yield* ensure(
        "H54",
        expected.join() === happened.join(),
        () => `Of ${submission.key} follows ${difference(happened, expected)}`
      )
      known.submissions.push(submission)
      learn(known, submission, outcome)
    }
  })

/** Whether a step makes no hold that lapses within the trial, and none longer, which depends on the millisecond. */
const isLasting = ({ submission }: Step): boolean => {
  const drawn = submission(nothingKnown(), "look", "look")
  const { payload } = drawn
  const lapses =
    typeof payload === "object" && payload !== null && "ttlMillis" in payload && Number(payload.ttlMillis) < 60_000
  return !(lapses || extendsHolds(drawn))
}

const foresight: Trial = {
  title: "plans a command as it then decides it, and writes nothing",
  laws: ["H54"],
  run: (input) =>
    // A plan and its command are decided at two times, so none may pass that a hold does not outlive.
    overHistories(input, (session, history) => planned(session, input, history.filter(isLasting)))
}

const fields = ["sellable", "qualityControl", "damaged", "quarantine", "held", "committed"] as const

const explained = (session: Session): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const { balances } = yield* session.snapshot
    for (const { product, location } of balances) {
      const { level, lots, movements, claims } = yield* Effect.orDie(
        session.inventory.read.explain({ product, location }, 100)
      )
      const place = `the explanation of ${product} at ${location}`
      for (const field of fields) {
        const sum = lots.reduce((total, lot) => total + lot[field], 0)
        yield* ensure("H55", level[field] === sum, () => `In ${place} ${field} is ${level[field]}, of its lots ${sum}`)
      }
      for (const { lot, held, committed, ...balance } of lots) {
        const claimed = claims.items.filter((claim) => claim.lot === lot)
        for (const [state, kept] of [
          ["held", held],
          ["committed", committed]
        ] as const) {
          const sum = claimed.filter((claim) => claim.state === state).reduce((total, one) => total + one.quantity, 0)
          yield* ensure(
            "H55",
            claims.nextCursor !== null || sum === kept,
            () => `In ${place} ${kept} are ${state} of lot "${lot}", its claims make ${sum}`
          )
        }
        const last = movements.items
          .filter((movement) => movement.lot === lot)
          .reduce((version, movement) => Math.max(version, movement.version), 0)
        yield* ensure(
          "H55",
          movements.nextCursor !== null || last === balance.version,
          () => `In ${place} lot "${lot}" has ${balance.version} movements, of which the last told is ${last}`
        )
      }
      const available = level.sellable - level.held - level.committed - level.blocked
      yield* ensure("H55", level.available === available, () => `In ${place} ${level.available} are available`)
      const times = claims.items.flatMap(({ expiresAt }) =>
        expiresAt === null ? [] : [DateTime.toEpochMillis(expiresAt)]
      )
      const began = yield* DateTime.now
      yield* ensure(
        "H55",
        session.time === "real" || times.every((time) => time > DateTime.toEpochMillis(began)),
        () => `In ${place} a hold is told that has lapsed`
      )
    }
  })

const hindsight: Trial = {
  title: "explains every level by lots, movements and claims that add up to it",
  laws: ["H55"],
  run: (input) =>
    checkProperty(
      steps({
        features: input.features,
        maxLength: input.effort.historyLength,
        timePasses: input.subject.time === "virtual"
      }),
      { runs: Math.ceil(input.effort.runs / 2), seed: input.effort.seed, simpler: simplerSteps },
      (history) =>
        withSession(input.subject, (session) =>
          Effect.gen(function* () {
            yield* commitBatch(session, beginning(input.features))
            const known = nothingKnown()
            for (const [index, step] of history.entries()) {
              if (step.wait > 0) yield* session.wait(step.wait)
              const submission = resolve(step, known, index)
              known.submissions.push(submission)
              learn(known, submission, yield* commitOne(session, submission))
            }
            yield* explained(session)
          })
        )
    )
}

export const planTrials: ReadonlyArray<Trial> = [foresight, hindsight]
