/**
 * The simulator: clients, an engine and a store with faults, all in virtual time and all from one seed. Whatever the
 * seed, the laws hold afterwards, no acknowledged command is lost, and every unknown outcome turns out one way.
 */
import {
  Engine,
  type EngineShape,
  type Memory,
  makeMemoryStore,
  type Outcome,
  Store,
  type StoreShape,
  type Submission
} from "@onhand/core"
import { Clock, Context, Effect, Exit, Fiber, Layer, Random } from "effect"
import * as fc from "fast-check"
import { replayBySeq } from "./ConcurrencyTrials.ts"
import { type Fault, faults, withFaults } from "./Faults.ts"
import { allFeatures, learn, nothingKnown, resolve, steps } from "./History.ts"
import { beginning } from "./HistoryRun.ts"
import { LawBroken, type LawId } from "./Law.ts"
import { viewOf } from "./LedgerView.ts"
import { memorySnapshot } from "./RawReaders.ts"
import { findingsIn, outcomeText, report } from "./Session.ts"
import { makeVirtualClock } from "./VirtualClock.ts"

export interface SimulationOptions {
  readonly seed: number
  readonly clients?: number
  /** Commands of each client. */
  readonly commands?: number
  /** How likely a batch meets a fault, from 0 to 1. */
  readonly faultRate?: number
  readonly shards?: number
}

/** What happened in a simulation; a run that met no fault proves nothing about faults. */
export interface SimulationReport {
  readonly seed: number
  readonly commands: number
  readonly acknowledged: number
  /** Answers that said the outcome is unknown, answers that said the store is unavailable, and callers who left. */
  readonly unknown: number
  readonly unavailable: number
  readonly interrupted: number
  readonly poisoned: number
  readonly faults: Readonly<Record<Fault, number>>
  readonly virtualMillis: number
}

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const MAX_THINKING_MILLIS = 30
const INTERRUPT_RATE = 0.03
const POISON_RATE = 0.005
const MAX_ATTEMPTS = 200

interface Ledger {
  /** The first answer that each key got, as text. */
  readonly acknowledged: Map<string, { readonly submission: Submission; readonly text: string }>
  readonly undecided: Map<string, Submission>
  readonly poisoned: Set<string>
  readonly counts: { unknown: number; unavailable: number; interrupted: number; commands: number }
}

interface World {
  readonly memory: Memory
  readonly engine: EngineShape
  readonly random: () => number
  readonly isPoison: (submission: Submission) => boolean
  readonly ledger: Ledger
}

const broken = (law: LawId, detail: string) => new LawBroken({ law, detail })

/** One answer of the engine, checked against what the store holds at that instant. */
const attempt = (world: World, submission: Submission): Effect.Effect<Outcome | undefined, LawBroken> =>
  Effect.gen(function* () {
    const { memory, engine, random, ledger } = world
    const fiber = yield* Effect.forkChild(engine.submit(submission))
    if (random() < INTERRUPT_RATE) {
      ledger.counts.interrupted++
      ledger.undecided.set(submission.key, submission)
      yield* Fiber.interrupt(fiber)
      return undefined
    }
    const exit = yield* Fiber.await(fiber)
    if (Exit.isSuccess(exit)) return exit.value
    const known = memory.commands.has(submission.key)
    if (Exit.hasDies(exit)) {
      ledger.poisoned.add(submission.key)
      if (known) return yield* broken("F33", `${submission.key} ended in a defect, but was committed`)
      return undefined
    }
    const error = Exit.findErrorOption(exit)
    const unknown = error._tag === "Some" && error.value._tag === "OutcomeUnknown"
    ledger.counts[unknown ? "unknown" : "unavailable"]++
    ledger.undecided.set(submission.key, submission)
    const tried = ledger.acknowledged.has(submission.key)
    if (!unknown && known && !tried) {
      return yield* broken("F34", `${submission.key} was answered that nothing was written, but it was committed`)
    }
    return undefined
  })

const acknowledge = ({ memory, ledger }: World, submission: Submission, outcome: Outcome) =>
  Effect.gen(function* () {
    const text = outcomeText(submission, outcome)
    const before = ledger.acknowledged.get(submission.key)
    ledger.undecided.delete(submission.key)
    if (!memory.commands.has(submission.key)) {
      return yield* broken("F33", `${submission.key} was acknowledged, but is not there`)
    }
    // A stolen key is refused without being stored under it, so only the owner's answer is remembered.
    const record = memory.commands.get(submission.key)
    if (record?.tag !== submission.definition.tag || record.payloadText !== submission.payloadText) return
    if (before === undefined) ledger.acknowledged.set(submission.key, { submission, text })
    else if (before.text !== text) return yield* broken("F34", `${submission.key} was ${before.text}, and then ${text}`)
  })

/** A client: one command after the other, thinking in between, trying again as long as it has no answer. */
const client = (world: World, number: number, count: number, seed: number) =>
  Effect.gen(function* () {
    const arbitrary = steps({ features: allFeatures, maxLength: 40, timePasses: false })
    const known = nothingKnown()
    const script = fc
      .sample(arbitrary, { seed: Math.imul(seed, 0x9e3779b1) + number, numRuns: Math.ceil(count / 10) })
      .flat()
    for (const [index, step] of script.slice(0, count).entries()) {
      const submission = resolve(step, known, number * 1_000_000 + index)
      known.submissions.push(submission)
      world.ledger.counts.commands++
      for (let tries = 0; tries < MAX_ATTEMPTS; tries++) {
        const outcome = yield* attempt(world, submission)
        if (outcome !== undefined) {
          yield* acknowledge(world, submission, outcome)
          learn(known, submission, outcome)
          break
        }
        // A poisoned command has its answer, and a caller who left may come back for it or not.
        if (world.ledger.poisoned.has(submission.key) || world.random() < 0.3) break
        yield* Effect.sleep(1_000)
      }
      if (world.random() < 0.5) yield* Effect.sleep(Math.ceil(world.random() * MAX_THINKING_MILLIS))
    }
  })

/** After the faults: whatever has no answer gets one, and whatever had one gets the same again. */
const settle = (world: World) =>
  Effect.gen(function* () {
    const { engine, ledger, isPoison } = world
    for (const submission of [...ledger.undecided.values()]) {
      if (isPoison(submission)) continue
      yield* acknowledge(world, submission, yield* Effect.orDie(engine.submit(submission)))
    }
    for (const { submission } of [...ledger.acknowledged.values()]) {
      const outcome = yield* Effect.orDie(engine.submit(submission))
      if (outcome._tag === "Failed" || !outcome.replayed) {
        return yield* broken("D21", `${submission.key} was decided anew when it came again`)
      }
      yield* acknowledge(world, submission, outcome)
    }
  })

const engineOver = (store: StoreShape) =>
  Effect.gen(function* () {
    const layer = Engine.layer.pipe(Layer.provide(Layer.succeed(Store, store)))
    const scope = yield* Effect.scope
    return Context.get(yield* Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope), Engine)
  })

const checkLedger = ({ memory, ledger }: World): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const snapshot = memorySnapshot(memory)
    yield* report(findingsIn(viewOf(snapshot, memory.shards)))
    for (const { key } of snapshot.commands) {
      if (key.startsWith("key-") && !ledger.acknowledged.has(key)) {
        return yield* broken("F33", `${key} is there, but nobody was ever told of it`)
      }
    }
    for (const key of ledger.poisoned) {
      if (memory.commands.has(key)) return yield* broken("F33", `${key} failed, but is there`)
    }
    if (memory.shards > 1) return
    const differences = yield* replayBySeq(snapshot, memory.shards)
    if (differences.length > 0) return yield* broken("E31", differences.slice(0, 5).join("\n"))
  })

/** Runs a simulation; it fails with the first law that broke, and the seed that breaks it again. */
export const simulate = (options: SimulationOptions): Effect.Effect<SimulationReport, LawBroken> => {
  const { seed, clients = 8, commands = 50, faultRate = 0.2, shards = 1 } = options
  const { clock } = makeVirtualClock()
  const began = clock.currentTimeMillisUnsafe()
  const met = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>
  const run = Effect.gen(function* () {
    const { store, memory } = yield* makeMemoryStore({ shards })
    const random = seededRandom(seed)
    const isPoison = ({ key }: Submission) => poisonous(key, seed)
    let healed = false
    const faulty = withFaults(store, {
      next: Effect.sync(() => {
        const hit = !healed && random() < faultRate
        const fault = hit ? (faults[1 + Math.floor(random() * (faults.length - 1))] ?? "none") : "none"
        met[fault]++
        return fault
      }),
      isPoison
    })
    const ledger: Ledger = {
      acknowledged: new Map(),
      undecided: new Map(),
      poisoned: new Set(),
      counts: { unknown: 0, unavailable: 0, interrupted: 0, commands: 0 }
    }
    const world: World = { memory, engine: yield* engineOver(faulty), random, isPoison, ledger }
    yield* Effect.orDie(store.transact(beginning(allFeatures)))
    yield* Effect.forEach(
      Array.from({ length: clients }, (_, number) => number),
      (number) => client(world, number, commands, seed),
      { concurrency: "unbounded", discard: true }
    )
    healed = true
    yield* settle(world)
    yield* checkLedger(world)
    const { commands: sent, ...counts } = ledger.counts
    return {
      seed,
      commands: sent,
      acknowledged: ledger.acknowledged.size,
      ...counts,
      poisoned: ledger.poisoned.size,
      faults: met,
      virtualMillis: clock.currentTimeMillisUnsafe() - began
    }
  })
  return Effect.scoped(run).pipe(
    Effect.provideService(Clock.Clock, clock),
    Random.withSeed(seed),
    Effect.mapError(
      ({ law, detail }) =>
        new LawBroken({ law, detail, history: `To see it again: simulate(${JSON.stringify(options)})` })
    )
  )
}

/** Whether a key is one of the few of its seed that no batch survives. */
const poisonous = (key: string, seed: number): boolean => {
  let hash = seed
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return key.startsWith("key-") && seededRandom(hash)() < POISON_RATE
}
