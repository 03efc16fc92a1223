/**
 * The engine: group commit. While one batch is being committed, arriving commands gather into the next; an idle engine
 * commits at once. So one hot product is as fast as a thousand, and a lone command waits for nobody.
 */
import { Clock, Context, Deferred, Duration, Effect, FiberSet, Layer, Random, Result, Schema, type Scope } from "effect"
import { EXPIRY_ROOM, shardsOf } from "./Batch.ts"
import { MAX_LINES } from "./Command.ts"
import { type Committed, countBatch } from "./EngineMetrics.ts"
import { type Following, Store, StoreFailure, type StoreShape, StoreUnavailable } from "./Store.ts"
import type { Outcome, Submission } from "./Submission.ts"

/** The most commands of one commit: enough to spread its cost, few enough that its rows stay a short lock. */
export const MAX_BATCH = 1_000 - EXPIRY_ROOM

/**
 * The most lines of one commit, over all its commands, unless a single command has more: a batch is one transaction,
 * and its size bounds how long it holds its shards, and how much it holds in memory.
 */
export const MAX_BATCH_LINES = 5_000

/**
 * The most commands that wait for one lane. Beyond it callers are told to come back, at once, rather than after a
 * timeout.
 */
export const MAX_WAITING = 20_000

/**
 * How long a batch that was rolled back is tried again before its callers hear of it, at least once: a database that
 * restarts is back in less. The pauses grow from the first to the longest.
 */
const RETRY_FOR_MILLIS = 10_000
const FIRST_RETRY_PAUSE_MILLIS = 20
const LONGEST_RETRY_PAUSE_MILLIS = 500

/** How long a batch is submitted again once its outcome is unknown, and how far apart. */
const RESUBMIT_FOR_MILLIS = 25_000
const RESUBMISSION_PAUSE = Duration.millis(500)

/** Callers that are answered before the event loop may look at anything else, such as the store's next reply. */
const ANSWERED_AT_ONCE = 16

/** What callers are told to wait when the store is down. */
const RETRY_AFTER_MILLIS = 1_000

/** The commit's outcome stayed unknown. Submitting the same key again, later, tells what became of it. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", { key: Schema.String }) {
  override get message() {
    return `Nobody knows yet whether "${this.key}" was committed; submit the same key again to learn it`
  }
}

export type SubmissionError = StoreUnavailable | OutcomeUnknown

interface Waiting {
  readonly submission: Submission
  readonly resume: (effect: Effect.Effect<Outcome, SubmissionError>) => void
}

/**
 * Commands that touch the same shards queue in one lane. A second batch of a lane goes to the store only while the
 * store has nothing left to decide of the first.
 */
interface Lane {
  waiting: Array<Waiting>
  /** Batches that the store was given: undecided ones, of which there is one at most, and those that it is writing. */
  undecided: boolean
  batches: number
  /** The commands of those batches. */
  atStore: number
  /** Whether the store had nothing left to decide of the last batch before it had written it. */
  overlaps: boolean
  /** Callers of earlier batches that are still to be answered. */
  unanswered: number
}

/** The most batches of a lane at the store: one that is decided while the one before it is written. */
const MOST_BATCHES = 2

/** The commands that must wait before a batch begins beside another: fewer are not worth a commit of their own. */
const WORTH_ANOTHER = 16

/**
 * The next batch of a queue: all of it if it fits; else a fair share for every actor first, then who came first. It
 * stays in order of arrival, and each actor's commands keep theirs.
 */
export const takeFairly = <A>(
  queue: ReadonlyArray<A>,
  size: number,
  actorOf: (item: A) => string | null
): { readonly taken: ReadonlyArray<A>; readonly left: ReadonlyArray<A> } => {
  if (queue.length <= size) return { taken: queue, left: [] }
  const share = Math.max(1, Math.floor(size / new Set(queue.map(actorOf)).size))
  const counts = new Map<string | null, number>()
  const chosen = new Set<number>()
  for (const [index, item] of queue.entries()) {
    const count = counts.get(actorOf(item)) ?? 0
    if (count >= share || chosen.size === size) continue
    counts.set(actorOf(item), count + 1)
    chosen.add(index)
  }
  for (let index = 0; chosen.size < size; index++) chosen.add(index)
  return {
    taken: queue.filter((_, index) => chosen.has(index)),
    left: queue.filter((_, index) => !chosen.has(index))
  }
}

const linesIn = (payload: unknown): number => {
  if (typeof payload !== "object" || payload === null) return 1
  if ("lines" in payload && Array.isArray(payload.lines)) return Math.max(1, payload.lines.length)
  // A composition has those of its commands.
  return "commands" in payload && Array.isArray(payload.commands)
    ? payload.commands.reduce((sum: number, step: { readonly payload: unknown }) => sum + linesIn(step.payload), 0)
    : 1
}

const linesOf = ({ payload }: Submission): number => linesIn(payload)

/** How many of the first items fit into so many lines; always at least one. */
export const fitting = <A>(items: ReadonlyArray<A>, lines: number, linesOf: (item: A) => number): number => {
  let sum = 0
  const over = items.findIndex((item) => {
    sum += linesOf(item)
    return sum > lines
  })
  return over === -1 ? items.length : Math.max(1, over)
}

/** Takes the next commands of a lane, at most so many with at most so many lines. */
const takeFrom = (lane: Lane, size: number, lines: number): ReadonlyArray<Waiting> => {
  const { taken, left } = takeFairly(lane.waiting, size, ({ submission }) => submission.actor)
  const count = fitting(taken, lines, ({ submission }) => linesOf(submission))
  lane.waiting = [...taken.slice(count), ...left]
  return taken.slice(0, count)
}

/**
 * How many commands the next batch of a lane may have. Where batches overlap, half of all that are under way: callers
 * who are answered together come back together, and if all were, the store would wait for them, and they for the store.
 */
const roomIn = ({ waiting, atStore, unanswered, overlaps }: Lane): number => {
  const half = Math.ceil((waiting.length + atStore + unanswered) / 2)
  return overlaps ? Math.min(MAX_BATCH, Math.max(WORTH_ANOTHER, half)) : MAX_BATCH
}

/** A batch on its way to the store, which may still take in commands that come before the store begins with it. */
class Batch implements Following {
  private readonly lane: Lane
  readonly waiting: Array<Waiting>
  readonly decided: () => void
  private readonly room: number

  constructor(lane: Lane, decided: () => void) {
    this.lane = lane
    this.decided = decided
    this.room = roomIn(lane)
    this.waiting = [...takeFrom(lane, this.room, MAX_BATCH_LINES)]
    lane.atStore += this.waiting.length
  }

  get submissions(): ReadonlyArray<Submission> {
    return this.waiting.map(({ submission }) => submission)
  }

  readonly late = (): ReadonlyArray<Submission> => {
    const size = this.room - this.waiting.length
    const lines = MAX_BATCH_LINES - this.waiting.reduce((sum, { submission }) => sum + linesOf(submission), 0)
    // Whatever command comes first must fit.
    if (size < 1 || lines < MAX_LINES || this.lane.waiting.length === 0) return []
    const taken = takeFrom(this.lane, size, lines)
    this.waiting.push(...taken)
    this.lane.atStore += taken.length
    return taken.map(({ submission }) => submission)
  }
}

const unavailable = (cause: unknown) => new StoreUnavailable({ retryAfterMillis: RETRY_AFTER_MILLIS, cause })

/**
 * Submits a batch until its outcome is known. Once a commit's outcome was unknown, a later roll-back says nothing about
 * that commit, so only outcomes or poison end the doubt: a batch that had been applied would be answered from its keys.
 */
const settle = (
  store: StoreShape,
  batch: Pick<Batch, "submissions">
): Effect.Effect<ReadonlyArray<Outcome>, StoreFailure> =>
  Effect.gen(function* () {
    // Nobody is drawn into a doubt that is there already.
    const transact = (doubtful: boolean) =>
      store.transact(batch.submissions, batch instanceof Batch && !doubtful ? batch : undefined)
    // Not the time of day, which may be set back meanwhile.
    const began = yield* Clock.monotonicTimeNanos
    let inDoubtAt: number | undefined
    for (let tries = 1; ; tries++) {
      const result = yield* Effect.result(transact(inDoubtAt !== undefined))
      if (Result.isSuccess(result)) return result.success
      const failure: StoreFailure = result.failure
      if (failure.outcome === "poison") return yield* failure
      const elapsed = Number((yield* Clock.monotonicTimeNanos) - began) / 1e6
      // A store that fell silent may have said so late.
      if (failure.outcome === "unknown") inDoubtAt ??= elapsed
      if (inDoubtAt !== undefined) {
        if (elapsed - inDoubtAt > RESUBMIT_FOR_MILLIS)
          return yield* new StoreFailure({ outcome: "unknown", cause: failure.cause })
        yield* Effect.sleep(RESUBMISSION_PAUSE)
        continue
      }
      const givenUp = tries > 1 && elapsed > RETRY_FOR_MILLIS
      if (failure.outcome === "unavailable" || givenUp) return yield* failure
      // Jitter, so that two processes that met once do not meet again.
      const pause = Math.min(FIRST_RETRY_PAUSE_MILLIS * 2 ** (tries - 1), LONGEST_RETRY_PAUSE_MILLIS)
      yield* Effect.sleep(pause * (yield* Random.next))
    }
  })

/** What answers a caller. The caller goes on within this call, until it waits for something. */
type Answer = () => void

/** Commits a batch; `answering` gives its callers their outcomes once they are known, and counts them. */
const commit = (
  store: StoreShape,
  batch: Pick<Batch, "waiting" | "submissions">,
  answering: (answers: ReadonlyArray<Answer>, committed: Omit<Committed, "waiting">) => Effect.Effect<void>
): Effect.Effect<void> => {
  const failAll = (error: (submission: Submission) => SubmissionError) =>
    Effect.sync(() => {
      for (const { submission, resume } of batch.waiting) resume(Effect.fail(error(submission)))
    })
  const fail = (failure: StoreFailure): Effect.Effect<void> => {
    if (failure.outcome === "unknown") return failAll(({ key }) => new OutcomeUnknown({ key }))
    if (failure.outcome !== "poison") return failAll(() => unavailable(failure.cause))
    // One command's fault must not be another's refusal: halve until the guilty one stands alone.
    const [only] = batch.waiting
    if (batch.waiting.length === 1 && only !== undefined)
      return Effect.sync(() => only.resume(Effect.die(failure.cause)))
    const half = Math.ceil(batch.waiting.length / 2)
    const part = (waiting: Array<Waiting>) =>
      commit(store, { waiting, submissions: waiting.map(({ submission }) => submission) }, answering)
    return Effect.andThen(part(batch.waiting.slice(0, half)), part(batch.waiting.slice(half)))
  }
  const answersOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Answer> =>
    batch.waiting.map(({ resume }, index) => () => {
      const outcome = outcomes[index]
      resume(outcome === undefined ? Effect.die(new Error("The store lost an outcome")) : Effect.succeed(outcome))
    })
  const settled = Effect.gen(function* () {
    const began = yield* Clock.monotonicTimeNanos
    const outcomes = yield* settle(store, batch)
    return { outcomes, seconds: Number((yield* Clock.monotonicTimeNanos) - began) / 1e9 }
  })
  return Effect.matchEffect(settled, {
    onFailure: fail,
    onSuccess: ({ outcomes, seconds }) =>
      answering(answersOf(outcomes), { submissions: batch.submissions, outcomes, seconds })
  }).pipe(
    // The callers of a batch are not its fiber: whatever ends it, each must hear something, and not more than is known.
    Effect.catchCause(() => failAll(({ key }) => new OutcomeUnknown({ key })))
  )
}

export interface EngineShape {
  /** Submits a command. Interrupting the caller does not recall it. */
  readonly submit: (submission: Submission) => Effect.Effect<Outcome, SubmissionError>
  /** Takes a ticket for the next commit of this engine; the ticket completes at the first one after it was taken. */
  readonly nextCommit: Effect.Effect<Effect.Effect<void>>
}

const make: Effect.Effect<EngineShape, never, Store | Scope.Scope> = Effect.gen(function* () {
  const store = yield* Store
  const context = yield* Effect.context<never>()
  const lanes = new Map<string, Lane>()
  let closing = false
  let committed = Deferred.makeUnsafe<void>()
  const fibers = yield* FiberSet.make<void>()
  const fork = yield* FiberSet.runtime(fibers)()
  yield* Effect.addFinalizer(() => {
    closing = true
    return FiberSet.awaitEmpty(fibers)
  })

  const answerInTurns = Effect.fnUntraced(function* (lane: Lane, answers: ReadonlyArray<Answer>) {
    for (let from = 0; from < answers.length; from += ANSWERED_AT_ONCE) {
      const turn = answers.slice(from, from + ANSWERED_AT_ONCE)
      lane.unanswered -= turn.length
      for (const answer of turn) answer()
      yield* Effect.yieldNow
      advance(lane)
    }
  })

  const run = (lane: Lane): Effect.Effect<void> => {
    let undecided = true
    const decided = (overlaps: boolean) => {
      if (!undecided) return
      undecided = false
      lane.undecided = false
      lane.overlaps = overlaps
      advance(lane)
    }
    const answering = (answers: ReadonlyArray<Answer>, committed: Omit<Committed, "waiting">) =>
      Effect.sync(() => {
        countBatch({ ...committed, waiting: lane.waiting.length }, linesOf, context)
        lane.unanswered += answers.length
        fork(answerInTurns(lane, answers))
      })
    return Effect.gen(function* () {
      // A lone command is committed at once. Others must not be answered while somebody is still submitting his.
      if (lane.waiting.length > 1) yield* Effect.yieldNow
      const batch = new Batch(lane, () => decided(true))
      yield* commit(store, batch, answering)
      Deferred.doneUnsafe(committed, Effect.void)
      committed = Deferred.makeUnsafe<void>()
      lane.batches -= 1
      lane.atStore -= batch.waiting.length
      yield* Effect.yieldNow
      decided(false)
      advance(lane)
    })
  }

  /**
   * Gives the store the next batch of a lane if it is time. Callers just answered may have their next command ready.
   * While the store has another batch to write, all of them are waited for; else it begins once as many wait as are
   * still to be answered, and the others are answered meanwhile.
   */
  const advance = (lane: Lane): void => {
    const { waiting, undecided, batches, unanswered } = lane
    if (waiting.length === 0 || undecided || batches === MOST_BATCHES) return
    if (batches === 0 ? unanswered > waiting.length : unanswered > 0 || waiting.length < WORTH_ANOTHER) return
    lane.undecided = true
    lane.batches += 1
    fork(run(lane))
  }

  const laneOf = (submission: Submission): Lane => {
    const name = shardsOf(submission, store.shards).join()
    const lane = lanes.get(name) ?? {
      waiting: [],
      undecided: false,
      batches: 0,
      atStore: 0,
      overlaps: false,
      unanswered: 0
    }
    lanes.set(name, lane)
    return lane
  }

  return {
    submit: (submission) =>
      Effect.callback<Outcome, SubmissionError>((resume) => {
        const lane = laneOf(submission)
        if (closing) return resume(Effect.fail(unavailable("The engine is closing")))
        if (lane.waiting.length >= MAX_WAITING) return resume(Effect.fail(unavailable("Too many commands are waiting")))
        lane.waiting.push({ submission, resume })
        advance(lane)
      }),
    nextCommit: Effect.sync(() => Deferred.await(committed))
  }
})

/** The one way in for every write of a process. */
export class Engine extends Context.Service<Engine, EngineShape>()("@onhand/core/Engine") {
  static readonly layer: Layer.Layer<Engine, never, Store> = Layer.effect(Engine, make)
}
