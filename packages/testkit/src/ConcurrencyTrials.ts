/**
 * Trials of concurrent histories: what many clients saw must be explainable one operation after the other, and the
 * ledger that they left must give the same replies when it is decided again.
 */
import { ClaimId, type EngineShape, InsufficientStock, type Outcome, type Submission } from "@onhand/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { nothingKnown, type Step } from "./Draft.ts"
import { learn, resolve, steps } from "./History.ts"
import { BEGINNING, beginning } from "./HistoryRun.ts"
import type { LawBroken } from "./Law.ts"
import { linearize, type Operation } from "./Linearizability.ts"
import { checkProperty } from "./Property.ts"
import { replayBySeq } from "./Replay.ts"
import { anotherEngine, checkRows, ensure, type Session, submissionOf, withSession } from "./Session.ts"
import { commitBatch, receive, refusalTag, type Shelf, sell, stockShelf } from "./Setup.ts"
import { operationText, type StockInput, type StockOutput, stockModel } from "./StockModel.ts"
import type { Trial } from "./Trial.ts"

type Recorded = Operation<StockInput, StockOutput>

const LONG_HOLD = 24 * 60 * 60 * 1000
const BEGIN_WITH = 6

const amount = fc.integer({ min: 1, max: 3 })
const claimName = fc.constantFrom("a", "b", "c", "d")

/** What a client may ask; claims are shared, so that clients get in each other's way. */
const input: fc.Arbitrary<StockInput> = fc.oneof(
  fc.record({ _tag: fc.constantFrom("Receive" as const, "Sell" as const, "Sell" as const), quantity: amount }),
  fc.record({ _tag: fc.constant("Hold" as const), claim: claimName, quantity: amount }),
  fc.record({ _tag: fc.constantFrom("Commit" as const, "Release" as const), claim: claimName }),
  fc.constant<StockInput>({ _tag: "Read" })
)

/** A claim's name in the ledger: after the command that holds it, one for each client's holding of a name. */
const claimOf = (name: string) => ClaimId.make(`hold-${name}-0`)

const submissionFor = (
  shelf: Shelf,
  asked: Exclude<StockInput, { readonly _tag: "Read" }>,
  key: string
): Submission => {
  switch (asked._tag) {
    case "Receive":
      return receive(shelf, asked.quantity, key)
    case "Sell":
      return sell(shelf, asked.quantity, key)
    case "Hold":
      return submissionOf(
        "holdStock",
        { lines: [{ ...shelf, quantity: asked.quantity }], ttlMillis: LONG_HOLD },
        { key, id: `hold-${asked.claim}` }
      )
    default:
      return submissionOf(
        asked._tag === "Commit" ? "commitClaims" : "releaseClaims",
        { location: shelf.location, claims: [claimOf(asked.claim)] },
        { key }
      )
  }
}

const outputOf = (outcome: Outcome): StockOutput | undefined => {
  if (outcome._tag === "Applied") return { _tag: "Done" }
  if (refusalTag(outcome) === "ClaimClosed") return { _tag: "Closed" }
  const refusal = outcome._tag === "Refused" ? outcome.refusal : undefined
  if (refusal instanceof InsufficientStock) return { _tag: "Short", available: refusal.lines[0]?.available ?? 0 }
  return undefined
}

/** What a client asks, with a number that makes its claims' names its own: a name is held at most once. */
const renamed = (client: number, index: number, asked: StockInput): StockInput => {
  if (asked._tag === "Hold") return { ...asked, claim: `${asked.claim}${client}-${index}` }
  return asked
}

interface Recorder {
  time: number
  readonly operations: Array<Recorded>
  /** Names of claims in the order in which somebody asked for them, by which later inputs name real ones. */
  readonly holds: Array<string>
}

const perform = (session: Session, engine: EngineShape, shelf: Shelf, asked: StockInput, key: string) => {
  if (asked._tag === "Read") {
    return Effect.map(
      Effect.orDie(session.inventory.read.levels(shelf, { _tag: "Cursor", limit: 1 })),
      ({ items: [level] }): StockOutput => ({
        _tag: "Level",
        onHand: level?.onHand ?? 0,
        available: level?.available ?? 0
      })
    )
  }
  return engine.submit(submissionFor(shelf, asked, key)).pipe(
    Effect.map(outputOf),
    // Nobody knows, or nothing was written: both are explained by an operation that may have happened.
    Effect.orElseSucceed(() => undefined)
  )
}

/** One client: asks one thing after the other and writes down when it asked and when it was answered. */
const client = (
  session: Session,
  engine: EngineShape,
  shelf: Shelf,
  recorder: Recorder,
  number: number,
  inputs: ReadonlyArray<StockInput>
) =>
  Effect.gen(function* () {
    for (const [index, wanted] of inputs.entries()) {
      const named = renamed(number, index, wanted)
      const asked =
        named._tag === "Commit" || named._tag === "Release"
          ? { ...named, claim: recorder.holds[(named.claim.charCodeAt(0) + index) % recorder.holds.length] ?? "none" }
          : named
      if (asked._tag === "Hold") recorder.holds.push(asked.claim)
      const called = recorder.time++
      const output = yield* perform(session, engine, shelf, asked, `client-${number}-${index}`)
      const returned = output === undefined ? Infinity : recorder.time++
      recorder.operations.push({ input: asked, output, called, returned })
    }
  })

const describe = (operations: ReadonlyArray<Recorded>): ReadonlyArray<string> =>
  operations
    .toSorted((a, b) => a.called - b.called)
    .map(({ input: asked, output, called, returned }) => {
      const until = returned === Infinity ? "?" : returned
      return `${called}–${until}: ${operationText(asked, output)}`
    })

const linearizable: Trial = {
  title: "is explainable one operation after the other, whatever clients at once see of a stock key",
  laws: ["E30"],
  needs: "claims",
  run: ({ subject, effort }) =>
    checkProperty(
      fc.array(fc.array(input, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
      { runs: effort.runs, seed: effort.seed },
      (clients) =>
        withSession(subject, (session) =>
          Effect.scoped(
            Effect.gen(function* () {
              const shelf = yield* stockShelf(session, BEGIN_WITH)
              const engines = [session.engine, yield* anotherEngine(session.store)]
              const recorder: Recorder = { time: 0, operations: [], holds: [] }
              yield* Effect.forEach(
                clients,
                (inputs, index) =>
                  client(session, engines[index % 2] ?? session.engine, shelf, recorder, index, inputs),
                { concurrency: "unbounded", discard: true }
              )
              session.diary.given(`Given ${BEGIN_WITH} units, clients saw:`)
              for (const line of describe(recorder.operations)) session.diary.note(line)
              const { linearizable: holds, order } = linearize(stockModel(BEGIN_WITH), recorder.operations)
              yield* ensure(
                "E30",
                holds,
                () =>
                  `No order explains all of it; the longest explained start is:\n${order
                    .map(({ input: asked, output }) => operationText(asked, output))
                    .join("\n")}`
              )
              yield* checkRows(session)
            })
          )
        )
    )
}

/** A client that sends its steps one after the other; what it learns only it knows. */
const sender = (engine: EngineShape, number: number, history: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    const known = nothingKnown()
    for (const [index, step] of history.entries()) {
      const submission = resolve(step, known, number * 1_000 + index)
      const outcome = yield* Effect.orDie(engine.submit(submission))
      known.submissions.push(submission)
      learn(known, submission, outcome)
    }
  })

const replayable: Trial = {
  title: "gives every stored reply again when its ledger is decided anew in order of seq",
  laws: ["E31"],
  run: ({ subject, features, effort }): Effect.Effect<void, LawBroken> =>
    checkProperty(
      fc.array(steps({ features, maxLength: effort.historyLength, timePasses: false }), { minLength: 1, maxLength: 6 }),
      { runs: Math.ceil(effort.runs / 2), seed: effort.seed },
      (clients) =>
        withSession(subject, (session) =>
          Effect.scoped(
            Effect.gen(function* () {
              yield* commitBatch(session, beginning(features))
              session.diary.given(BEGINNING)
              const engines = [session.engine, yield* anotherEngine(session.store)]
              yield* Effect.forEach(
                clients,
                (history, index) => sender(engines[index % 2] ?? session.engine, index, history),
                { concurrency: "unbounded", discard: true }
              )
              const snapshot = yield* checkRows(session)
              const differences = yield* replayBySeq(snapshot, session.store.shards)
              yield* ensure("E31", differences.length === 0, () => differences.join("\n"))
            })
          )
        )
    )
}

export const concurrencyTrials: ReadonlyArray<Trial> = [linearizable, replayable]
