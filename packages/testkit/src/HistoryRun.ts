/**
 * Running a history: every step on the store and on the reference, the outcomes compared, all laws checked in between.
 */
import {
  type CommandName,
  IdempotencyConflict,
  LocationId,
  makeMemoryStore,
  type Outcome,
  type PayloadOf,
  ProductId,
  type StoreFailure,
  type StoreShape,
  type Submission,
  VendorId
} from "@onhand/core"
import { Effect } from "effect"
import { isExpiryKey } from "./CommandLaws.ts"
import { causeText, lineOf, placedText } from "./Diary.ts"
import { type Known, nothingKnown, type Step } from "./Draft.ts"
import { type Features, learn, resolve } from "./History.ts"
import { LawBroken } from "./Law.ts"
import type { LedgerSnapshot } from "./RawReaders.ts"
import { replayBySeq } from "./Replay.ts"
import { checkRows, ensure, outcomeText, type Session, submissionOf } from "./Session.ts"

const given = <K extends CommandName>(index: number, command: K, payload: PayloadOf<K>) =>
  submissionOf(command, payload, { key: `given-${index}` })

const [p0, p1, p2] = ["p0", "p1", "p2"].map((id) => ProductId.make(id)) as [ProductId, ProductId, ProductId]
const [l0, l1] = ["l0", "l1"].map((id) => LocationId.make(id)) as [LocationId, LocationId]

/** What a diary says of {@link beginning}, once nothing is wrong with it. */
export const BEGINNING = "Given two locations l0 and l1, products p0 to p2, vendors v0 and v1, and a little stock:"

/** Where every history begins: two locations, three products, one not priced, a little stock and two vendors. */
export const beginning = (features: Features): ReadonlyArray<Submission> => [
  given(0, "createLocation", { id: l0, name: "Shop" }),
  given(1, "createLocation", { id: l1, name: "Depot" }),
  given(2, "createProduct", { id: p0, sku: "S0", name: "Mug", price: { amount: 950, currency: "USD" } }),
  given(3, "createProduct", {
    id: p1,
    sku: "S1",
    name: "Tea",
    unit: { name: "kg", decimals: 3 },
    lotTracked: true,
    price: { amount: 1999, currency: "USD" }
  }),
  given(4, "createProduct", { id: p2, sku: "S2", name: "Sample" }),
  ...(features.purchasing
    ? [
        given(5, "createVendor", { id: VendorId.make("v0"), name: "Potter", tolerance: 50 }),
        given(6, "createVendor", { id: VendorId.make("v1"), name: "Importer" })
      ]
    : []),
  given(7, "recordMovements", {
    lines: [
      { kind: "opening", product: p0, location: l0, quantity: 10 },
      { kind: "opening", product: p0, location: l1, quantity: 5 },
      { kind: "receipt", product: p1, location: l0, lot: "A", expiresOn: "2999-12-31", quantity: 8 },
      { kind: "receipt", product: p1, location: l0, lot: "B", quantity: 4 },
      { kind: "receipt", product: p2, location: l0, quantity: 3 }
    ]
  }),
  ...(features.thresholds
    ? [given(8, "setThresholds", { lines: [{ product: p0, location: l0, low: 4, clear: 7 }] })]
    : [])
]

/** Steps in the batches they come in. */
const batchesOf = (steps: ReadonlyArray<Step>): ReadonlyArray<ReadonlyArray<Step>> => {
  const batches: Array<Array<Step>> = []
  for (const step of steps) {
    const last = batches.at(-1)
    if (step.joins && step.wait === 0 && last !== undefined) last.push(step)
    else batches.push([step])
  }
  return batches
}

const failed = (failure: StoreFailure) =>
  new LawBroken({
    law: "D24",
    detail: `The store failed a batch that nothing was wrong with: ${causeText(failure.cause)}`
  })

const OWN_COMMANDS =
  "Beside what it is asked, a store writes down lapsed holds, each once: from the expiry on, before it decides on them."

const placeOf = (outcome: Outcome): string =>
  outcome._tag === "Failed" || outcome.at === null ? "no place" : `${outcome.at.shard}-${outcome.at.seq}`

const compare = (
  batch: ReadonlyArray<Submission>,
  actual: ReadonlyArray<Outcome>,
  expected: ReadonlyArray<Outcome>
) => {
  for (const [index, submission] of batch.entries()) {
    const got = actual[index]
    const wanted = expected[index]
    if (got === undefined || wanted === undefined) {
      return new LawBroken({ law: "D24", detail: `${actual.length} outcomes for ${batch.length} commands` })
    }
    if (got._tag === "Failed") {
      return new LawBroken({ law: "D24", detail: `${lineOf(submission)}\n  ended in a defect: ${got.defect}` })
    }
    const texts = [got, wanted].map((outcome) => outcomeText(submission, outcome))
    const told = [got, wanted].map((outcome, one) => placedText(texts[one] ?? "", outcome))
    if (told[0] === told[1]) continue
    const replays = [got.replayed, wanted._tag !== "Failed" && wanted.replayed]
    const refusals = [got, wanted].map((one) => one._tag === "Refused" && one.refusal instanceof IdempotencyConflict)
    const law = refusals[0] !== refusals[1] ? "D22" : replays[0] !== replays[1] ? "D21" : "D24"
    const detail =
      texts[0] === texts[1] && replays[0] === replays[1]
        ? [`is at ${placeOf(got)}, but should be at ${placeOf(wanted)} (shard-seq)`, OWN_COMMANDS]
        : [`was ${told[0]}`, `but should be ${told[1]}`]
    return new LawBroken({ law, detail: [lineOf(submission), ...detail].join("\n  ") })
  }
  return undefined
}

/** Every answered command is there, and every command that is there was submitted. */
const checkPresence = (snapshot: LedgerSnapshot, answered: ReadonlySet<string>): Effect.Effect<void, LawBroken> => {
  const kept = new Set(snapshot.commands.map(({ key }) => key))
  const lost = [...answered].filter((key) => !kept.has(key))
  const strange = [...kept].filter((key) => !answered.has(key) && !isExpiryKey(key))
  if (lost.length + strange.length === 0) return Effect.void
  const detail = [
    ...lost.map((key) => `command ${key} was answered, but is not there`),
    ...strange.map((key) => `command ${key} is there, but was never submitted`)
  ]
  return Effect.fail(new LawBroken({ law: "F33", detail: detail.join("\n") }))
}

/** A history under way, on a store that may be closed and opened again in between. */
export interface HistoryRun {
  /** The reference beside the store, unless its ledger is decided anew afterwards. */
  readonly oracle: StoreShape | undefined
  readonly answered: Set<string>
  readonly known: Known
  /** How many steps are done. */
  done: number
}

const commit = (session: Session, { oracle, answered }: HistoryRun, batch: ReadonlyArray<Submission>) =>
  Effect.gen(function* () {
    const [actual, expected] = yield* Effect.mapError(
      Effect.all([session.store.transact(batch), oracle?.transact(batch) ?? Effect.undefined]),
      failed
    )
    for (const [index, submission] of batch.entries()) {
      const outcome = actual[index]
      if (outcome !== undefined && outcome._tag !== "Failed") answered.add(submission.key)
    }
    const broken = expected && compare(batch, actual, expected)
    if (broken !== undefined) return yield* broken
    return actual
  })

export interface HistoryOptions {
  readonly features: Features
  /** Whether all rows are checked after every batch, or once at the end. */
  readonly check: "batch" | "end"
  /**
   * How outcomes are judged. `beside`, the default: by a reference that decides the same at the same time, for which a
   * history must be over before a hold lapses, or its time virtual. `after`: by the ledger decided anew at the end.
   */
  readonly reference?: "beside" | "after"
}

/** Begins a history on an empty store. */
export const beginHistory = (session: Session, options: HistoryOptions) =>
  Effect.gen(function* () {
    const { shards } = session.store
    const oracle = options.reference === "after" ? undefined : (yield* makeMemoryStore({ shards })).store
    const run: HistoryRun = { oracle, answered: new Set(), known: nothingKnown(), done: 0 }
    yield* commit(session, run, beginning(options.features))
    const snapshot = yield* checkRows(session)
    session.diary.given(BEGINNING)
    return { run, snapshot }
  })

/** Goes on with a history, checking outcomes, and rows as often as `check` says. `before` are the rows until then. */
export const continueHistory = (
  session: Session,
  run: HistoryRun,
  steps: ReadonlyArray<Step>,
  before: LedgerSnapshot,
  options: HistoryOptions
): Effect.Effect<LedgerSnapshot, LawBroken> =>
  Effect.gen(function* () {
    let snapshot = before
    for (const batch of batchesOf(steps)) {
      const wait = batch[0]?.wait ?? 0
      if (wait > 0) yield* session.wait(wait)
      const submissions = batch.map((step) => resolve(step, run.known, run.done++))
      const outcomes = yield* commit(session, run, submissions)
      for (const [place, submission] of submissions.entries()) {
        run.known.submissions.push(submission)
        const outcome = outcomes[place]
        if (outcome !== undefined) learn(run.known, submission, outcome)
      }
      if (options.check === "batch") snapshot = yield* checkRows(session, snapshot)
    }
    if (options.check === "end") snapshot = yield* checkRows(session, snapshot)
    yield* checkPresence(snapshot, run.answered)
    return snapshot
  })

/** Runs a history, checking outcomes and presence, and the rows as often as `check` says. */
export const runHistory = (
  session: Session,
  steps: ReadonlyArray<Step>,
  options: HistoryOptions
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const begun = yield* beginHistory(session, options)
    const snapshot = yield* continueHistory(session, begun.run, steps, begun.snapshot, options)
    if (begun.run.oracle !== undefined) return
    const differences = yield* replayBySeq(snapshot, session.store.shards)
    yield* ensure("E31", differences.length === 0, () => differences.join("\n"))
  })
