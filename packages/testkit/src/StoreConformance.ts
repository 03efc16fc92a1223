/**
 * The conformance suite: every law tried on a store. A stranger's store passes it or is told which law broke, with the
 * shortest history that shows it.
 */
import type { Store } from "@onhand/core"
import { Cause, Effect, Exit, type Layer, Option, Stream } from "effect"
import { describe, test } from "vitest"
import { answerTrials } from "./AnswerTrials.ts"
import { asOfTrials } from "./AsOfTrials.ts"
import { batchTrials } from "./BatchTrials.ts"
import { claimTrials } from "./ClaimTrials.ts"
import { concurrencyTrials } from "./ConcurrencyTrials.ts"
import { demandTrials } from "./DemandTrials.ts"
import { doubtTrials } from "./DoubtTrials.ts"
import { feedTrials } from "./FeedTrials.ts"
import { allFeatures, type Features } from "./History.ts"
import { historyTrials } from "./HistoryTrials.ts"
import { idempotencyTrials } from "./IdempotencyTrials.ts"
import type { LawBroken } from "./Law.ts"
import { lotTrials } from "./LotTrials.ts"
import { planTrials } from "./PlanTrials.ts"
import { raceTrials } from "./RaceTrials.ts"
import type { RawReaders } from "./RawReaders.ts"
import { readTrials } from "./ReadTrials.ts"
import { repairTrials } from "./RepairTrials.ts"
import { reportTrials } from "./ReportTrials.ts"
import { restartTrials } from "./RestartTrials.ts"
import { type StoreTime, withSession } from "./Session.ts"
import type { Effort, Trial, TrialInput } from "./Trial.ts"

/** Every trial, the quickest to fail first. */
export const trials: ReadonlyArray<Trial> = [
  ...idempotencyTrials,
  ...restartTrials,
  ...claimTrials,
  ...raceTrials,
  ...doubtTrials,
  ...batchTrials,
  ...readTrials,
  ...repairTrials,
  ...answerTrials,
  ...asOfTrials,
  ...planTrials,
  ...demandTrials,
  ...lotTrials,
  ...reportTrials,
  ...feedTrials,
  ...historyTrials,
  ...concurrencyTrials
]

/** Enough to find what the kit's own broken stores do wrong, and a few seconds on a store in memory. */
export const defaultEffort: Effort = {
  histories: 100,
  historyLength: 30,
  runs: 20,
  callers: 1_000,
  check: "batch"
}

/** What a test runner must offer; that of vitest is used unless another is given. */
export interface TestRunner {
  readonly group: (name: string, body: () => void) => void
  /** `run` gives why nothing was tried, where that is so: such a test has not passed, and should be told as skipped. */
  readonly test: (name: string, run: () => Promise<string | undefined>, timeoutMillis: number) => void
}

const vitestRunner: TestRunner = {
  group: (name, body) => {
    describe(name, body)
  },
  test: (name, run, timeoutMillis) => {
    test(
      name,
      async ({ skip }) => {
        const reason = await run()
        if (reason !== undefined) skip(reason)
      },
      timeoutMillis
    )
  }
}

export interface ConformanceOptions {
  /**
   * How the store's time passes. `virtual`: it reads Effect's clock, and the kit moves that. `real`, the default: it
   * has a clock of its own, and the kit waits for a second a few times. Virtual time moves on while the store waits for
   * its disk or its server, so a store that limits by Effect's clock how long it waits for them must come as `real`.
   */
  readonly time?: StoreTime
  /** Features that the store does not have, set to false. That switches off what laws are tried on, never a law. */
  readonly supports?: Partial<Features>
  /** How much is tried; what is left out is as in {@link defaultEffort}. */
  readonly effort?: Partial<Effort>
  /** Makes a new, empty place and gives a layer that opens that same place every time it is built. */
  readonly reopenable?: () => Layer.Layer<Store | RawReaders, unknown>
  readonly runner?: TestRunner
  /** How long one trial may take, in milliseconds. */
  readonly timeoutMillis?: number
}

const DEFAULT_TIMEOUT = 120_000

const inputOf = (layer: Layer.Layer<Store | RawReaders, unknown>, options: ConformanceOptions): TrialInput => ({
  subject: { layer, time: options.time ?? "real" },
  features: { ...allFeatures, ...options.supports },
  effort: { ...defaultEffort, ...options.effort },
  reopenable: options.reopenable
})

/** The laws of a trial by their numbers; of one that has almost all of them, how many. */
const lawsText = ({ laws }: Trial): string => (laws.length <= 5 ? laws.join(", ") : `${laws.length} laws`)

/** Why a trial has nothing to try on this store; undefined where it has. */
const missing = (
  { needs }: Trial,
  { features, reopenable, subject }: TrialInput
): Effect.Effect<string | undefined> => {
  if (needs === "tamper")
    return withSession(subject, ({ tamper }) =>
      Effect.succeed(tamper === undefined ? "its raw readers have no `tamper`" : undefined)
    ).pipe(Effect.orDie)
  if (needs === "reopen") return Effect.succeed(reopenable === undefined ? "no `reopenable` was given" : undefined)
  return Effect.succeed(
    needs === undefined || features[needs] ? undefined : `\`supports\` says that it has no ${needs}`
  )
}

/** Runs a trial, or gives why there is nothing to try. */
const tried = (trial: Trial, input: TrialInput): Effect.Effect<string | undefined, LawBroken> =>
  Effect.gen(function* () {
    const reason = yield* missing(trial, input)
    if (reason === undefined) yield* trial.run(input)
    return reason
  })

/**
 * Registers the suite. Every build of `layer` must open a new, empty store with its raw readers. What cannot be tried,
 * because the store has no such feature or the tests give nothing to try it with, is a skipped test that says why.
 *
 * ```ts
 * StoreConformance.suite("my store", MyStore.layerWithReaders, { effort: { histories: 20 } })
 * ```
 */
const suite = (
  name: string,
  layer: Layer.Layer<Store | RawReaders, unknown>,
  options: ConformanceOptions = {}
): void => {
  const runner = options.runner ?? vitestRunner
  const input = inputOf(layer, options)
  runner.group(`${name} keeps the laws of a store`, () => {
    for (const trial of trials) {
      const run = () => Effect.runPromise(tried(trial, input))
      runner.test(`${trial.title} (${lawsText(trial)})`, run, options.timeoutMillis ?? DEFAULT_TIMEOUT)
    }
  })
}

/** A trial that found something: the law that broke, or the defect that the store ended in. */
export interface Failure {
  readonly trial: Trial
  readonly broken: LawBroken | undefined
  readonly message: string
}

/** Runs the trials without a test runner, one after the other as they are pulled, and gives what they found. */
const failures = (
  layer: Layer.Layer<Store | RawReaders, unknown>,
  options: ConformanceOptions = {},
  chosen: ReadonlyArray<Trial> = trials
): Stream.Stream<Failure> => {
  const input = inputOf(layer, options)
  const attempt = (trial: Trial): Effect.Effect<Option.Option<Failure>> =>
    Effect.map(Effect.exit(tried(trial, input)), (exit) => {
      if (Exit.isSuccess(exit)) return Option.none()
      const broken = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      return Option.some({ trial, broken, message: broken?.message ?? Cause.pretty(exit.cause) })
    })
  return Stream.fromIterable(chosen).pipe(
    Stream.mapEffect((trial) => attempt(trial)),
    Stream.flatMap(Option.match({ onNone: () => Stream.empty, onSome: (failure) => Stream.make(failure) }))
  )
}

export const StoreConformance = { suite, failures }
