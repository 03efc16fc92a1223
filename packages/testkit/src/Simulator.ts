/**
 * The simulator: clients, an engine and a store with faults, all in virtual time and all from one seed. Whatever the
 * seed, the laws hold afterwards, no acknowledged command is lost, and every unknown outcome turns out one way.
 */
import {
  Engine,
  type EngineShape,
  type Following,
  type Memory,
  makeMemoryStore,
  type Outcome,
  Store,
  type StoreShape,
  type Submission
} from "@onhand/core"
import { type Clock, Context, Effect, Exit, Fiber, Layer, Random, Scope } from "effect"
import * as fc from "fast-check"
import { type Known, nothingKnown } from "./Draft.ts"
import { type Fault, faults, meeting, withFaults } from "./Faults.ts"
import { allFeatures, learn, resolve, steps } from "./History.ts"
import { beginning } from "./HistoryRun.ts"
import { LawBroken, type LawId } from "./Law.ts"
import { viewOf } from "./LedgerView.ts"
import { makeSharedMemory, type Overlaps, overlapping } from "./OverlappingStore.ts"
import { memorySnapshot } from "./RawReaders.ts"
import { replayBySeq } from "./Replay.ts"
import type { Victim } from "./Sabotage.ts"
import { findingsIn, outcomeText, report } from "./Session.ts"
import { makeVirtualClock } from "./VirtualClock.ts"

/** What a simulation is made of. Whatever is left out follows from the seed. */
export interface SimulationOptions {
  readonly seed: number
  readonly clients?: number
  /** Commands of each client. */
  readonly commands?: number
  /** How likely a batch meets a fault, from 0 to 1. */
  readonly faultRate?: number
  readonly shards?: number
  /** Engines over the one store, as so many processes have them. A client goes to another one when it tries again. */
  readonly engines?: number
  /** Whether clients hurry, so that many commands wait at once and batches overlap; else time passes between theirs. */
  readonly rush?: boolean
  /** Breaks the store behind the faults, to see what the simulator finds. */
  readonly spoil?: (victim: Victim) => Partial<StoreShape>
}

/** How many commands of a kind stand in the ledger. */
export interface KindCount {
  readonly applied: number
  readonly refused: number
}

/** What happened in a simulation; a run that met no fault proves nothing about faults. */
export interface SimulationReport {
  readonly seed: number
  /** Commands that clients made up. Each may have been sent many times. */
  readonly commands: number
  readonly acknowledged: number
  /** Answers that said the outcome is unknown, answers that said the store is unavailable, and callers who left. */
  readonly unknown: number
  readonly unavailable: number
  readonly interrupted: number
  readonly poisoned: number
  /** What stands in the ledger, by the commands' tags, and the refusals among it by theirs. */
  readonly kinds: Readonly<Record<string, KindCount>>
  readonly refusals: Readonly<Record<string, number>>
  readonly batches: number
  readonly largestBatch: number
  readonly overlaps: Readonly<Overlaps>
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

/** How long a batch is on its way to the store at most: the while in which others gather into the next. */
const MAX_TRAVEL_MILLIS = 5

/** How likely a fault is the first of an outage, and how long that lasts: up to longer than an engine keeps trying. */
const OUTAGE_RATE = 0.02
const MAX_OUTAGE_MILLIS = 60_000

/** Virtual time after which clients that still wait count as stuck; no hold, outage or pause comes near it. */
const STUCK_MILLIS = 30 * 24 * 60 * 60 * 1000

/** Commands of all clients of a simulation whose size follows from the seed. */
const USUAL_COMMANDS = 800

/** How many simulations are a rush, and what it has: several times as many clients as make a batch of their own. */
const RUSH_RATE = 0.3
const CLIENTS_IN_A_RUSH = 64
const COMMANDS_IN_A_RUSH = 1_280

const pick = <A>(choices: readonly [A, ...ReadonlyArray<A>], random: () => number): A =>
  choices[Math.floor(random() * choices.length)] ?? choices[0]

/** The options with what follows from the seed filled in. */
const completed = (options: SimulationOptions) => {
  const random = seededRandom(~options.seed)
  const drawn = {
    clients: pick([2, 8, 24, 48], random),
    faultRate: pick([0, 0.05, 0.2, 0.5], random),
    shards: pick([1, 1, 2, 4], random),
    engines: pick([1, 2], random),
    rush: random() < RUSH_RATE
  }
  const rush = options.rush ?? drawn.rush
  const clients = options.clients ?? (rush ? CLIENTS_IN_A_RUSH : drawn.clients)
  const all = rush ? COMMANDS_IN_A_RUSH : USUAL_COMMANDS
  return { ...drawn, rush, clients, commands: Math.ceil(all / clients), ...options }
}

interface Ledger {
  /** The first answer that each key got, as text. */
  readonly acknowledged: Map<string, { readonly submission: Submission; readonly text: string }>
  /** What got no answer that says what became of it, by {@link sentText}. */
  readonly undecided: Map<string, Submission>
  /** Keys that were sent once without an answer that says what became of them. */
  readonly doubtful: Set<string>
  readonly poisoned: Set<string>
  readonly counts: { unknown: number; unavailable: number; interrupted: number; commands: number }
}

/** What tells submissions apart: a stolen key comes with something else, and is another's. */
const sentText = ({ key, definition, payloadText }: Submission): string => `${key} ${definition.tag} ${payloadText}`

interface World {
  readonly memory: Memory
  readonly engines: ReadonlyArray<EngineShape>
  readonly random: () => number
  readonly isPoison: (submission: Submission) => boolean
  readonly ledger: Ledger
  /** What all clients know together: they change each other's carts and claims, and use each other's keys. */
  readonly known: Known
}

/** Engines take turns. */
const engineOf = ({ engines }: World, turn: number): Effect.Effect<EngineShape> =>
  Effect.suspend(() => {
    const engine = engines[turn % engines.length]
    return engine === undefined ? Effect.die(new Error("A simulation has at least one engine")) : Effect.succeed(engine)
  })

const broken = (law: LawId, detail: string) => new LawBroken({ law, detail })

/** One answer of an engine, checked against what the store holds at that instant. */
const attempt = (world: World, submission: Submission, tries: number): Effect.Effect<Outcome | undefined, LawBroken> =>
  Effect.gen(function* () {
    const { memory, random, ledger } = world
    const { key } = submission
    const engine = yield* engineOf(world, ledger.counts.commands + tries)
    if (random() < INTERRUPT_RATE) {
      ledger.counts.interrupted++
      ledger.undecided.set(sentText(submission), submission)
      ledger.doubtful.add(key)
      yield* Fiber.interrupt(yield* Effect.forkChild(engine.submit(submission), { startImmediately: true }))
      return undefined
    }
    const exit = yield* Effect.exit(engine.submit(submission))
    if (Exit.isSuccess(exit)) return exit.value
    const known = memory.commands.has(key)
    if (Exit.hasDies(exit)) {
      ledger.poisoned.add(key)
      if (known) return yield* broken("F33", `${key} ended in a defect, but was committed`)
      return undefined
    }
    const error = Exit.findErrorOption(exit)
    const unknown = error._tag === "Some" && error.value._tag === "OutcomeUnknown"
    ledger.counts[unknown ? "unknown" : "unavailable"]++
    ledger.undecided.set(sentText(submission), submission)
    if (unknown) ledger.doubtful.add(key)
    if (known && !ledger.doubtful.has(key) && !ledger.acknowledged.has(key)) {
      return yield* broken("F34", `${key} was answered that nothing was written, but it was committed`)
    }
    return undefined
  })

const acknowledge = ({ memory, ledger }: World, submission: Submission, outcome: Outcome) =>
  Effect.gen(function* () {
    const text = outcomeText(submission, outcome)
    const before = ledger.acknowledged.get(submission.key)
    ledger.undecided.delete(sentText(submission))
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
const client = (world: World, number: number, count: number, seed: number, rush: boolean) =>
  Effect.gen(function* () {
    const arbitrary = steps({ features: allFeatures, maxLength: 40, timePasses: !rush })
    const { known } = world
    const script = fc
      .sample(arbitrary, { seed: Math.imul(seed, 0x9e3779b1) + number, numRuns: Math.ceil(count / 10) })
      .flat()
    for (const [index, step] of script.slice(0, count).entries()) {
      if (step.wait > 0) yield* Effect.sleep(step.wait)
      const submission = resolve(step, known, number * 1_000_000 + index)
      known.submissions.push(submission)
      // A key that several clients use may be under way for another of them.
      if (step.key._tag !== "Fresh") world.ledger.doubtful.add(submission.key)
      world.ledger.counts.commands++
      for (let tries = 0; tries < MAX_ATTEMPTS; tries++) {
        const outcome = yield* attempt(world, submission, tries)
        if (outcome !== undefined) {
          yield* acknowledge(world, submission, outcome)
          learn(known, submission, outcome)
          break
        }
        // A poisoned command has its answer, and a caller who left may come back for it or not.
        if (world.ledger.poisoned.has(submission.key) || world.random() < 0.3) break
        yield* Effect.sleep(1_000)
      }
      if (!rush && world.random() < 0.5) yield* Effect.sleep(Math.ceil(world.random() * MAX_THINKING_MILLIS))
    }
  })

const eachAtOnce = <A, E>(items: Iterable<A>, run: (item: A, index: number) => Effect.Effect<void, E>) =>
  Effect.forEach(items, run, { concurrency: "unbounded", discard: true }).pipe(
    Effect.timeoutOrElse({
      duration: STUCK_MILLIS,
      orElse: () => broken("E32", "Commands still wait for their answers when nothing is left to happen")
    })
  )

/** After the faults: whatever has no answer gets one, and whatever had one gets the same again. */
const settle = (world: World) =>
  Effect.gen(function* () {
    const { ledger, isPoison } = world
    const submit = (submission: Submission, index: number) =>
      Effect.orDie(Effect.flatMap(engineOf(world, index), (engine) => engine.submit(submission)))
    yield* eachAtOnce([...ledger.undecided.values()], (submission, index) =>
      isPoison(submission)
        ? Effect.void
        : Effect.flatMap(submit(submission, index), (outcome) => acknowledge(world, submission, outcome))
    )
    yield* eachAtOnce([...ledger.acknowledged.values()], ({ submission }, index) =>
      Effect.gen(function* () {
        const outcome = yield* submit(submission, index)
        if (outcome._tag === "Failed" || !outcome.replayed) {
          return yield* broken("D21", `${submission.key} was decided anew when it came again`)
        }
        yield* acknowledge(world, submission, outcome)
      })
    )
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
    const differences = yield* replayBySeq(snapshot, memory.shards)
    if (differences.length > 0) return yield* broken("E31", differences.slice(0, 5).join("\n"))
  })

/** The faults of a simulation: single ones, and outages in which a while long every batch meets the same. */
const faultsOf = (random: () => number, faultRate: number, clock: Clock.Clock) => {
  const met = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>
  let healed = false
  let outage: { readonly fault: Fault; readonly until: number } = { fault: "none", until: 0 }
  const draw = (): Fault => {
    const now = clock.currentTimeMillisUnsafe()
    if (healed) return "none"
    if (now < outage.until) return outage.fault
    if (random() >= faultRate) return "none"
    const fault = faults[1 + Math.floor(random() * (faults.length - 1))] ?? "none"
    if (random() < OUTAGE_RATE) outage = { fault, until: now + random() * MAX_OUTAGE_MILLIS }
    return fault
  }
  return {
    met,
    heal: () => {
      healed = true
    },
    next: Effect.sync(() => {
      const fault = draw()
      met[fault]++
      return fault
    })
  }
}

const countsOf = <A>(items: Iterable<A>, nameOf: (item: A) => string): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1
  return counts
}

/** What stands in a ledger, by kinds of commands and refusals. */
const contents = (memory: Memory): Pick<SimulationReport, "kinds" | "refusals"> => {
  const records = [...memory.commands.values()]
  const refused = records.filter(({ outcome }) => outcome === "refused")
  const all = countsOf(records, ({ tag }) => tag)
  const refusedOf = countsOf(refused, ({ tag }) => tag)
  const kinds = Object.entries(all).map(([tag, count]) => {
    const { [tag]: refusals = 0 } = refusedOf
    return [tag, { applied: count - refusals, refused: refusals }] as const
  })
  return {
    kinds: Object.fromEntries(kinds),
    refusals: countsOf(refused, ({ reply }) => String(Object(reply)._tag))
  }
}

const simulated = (options: ReturnType<typeof completed>, clock: Clock.Clock) =>
  Effect.gen(function* () {
    const { seed, clients, commands, faultRate, shards, engines, rush } = options
    const began = clock.currentTimeMillisUnsafe()
    const { store, memory } = yield* makeMemoryStore({ shards })
    const random = seededRandom(seed)
    const plan = faultsOf(random, faultRate, clock)
    const isPoison = ({ key }: Submission) => poisonous(key, seed)
    const sizes = { batches: 0, largestBatch: 0 }
    const shared = makeSharedMemory(memory)
    const commit = <A>(write: Effect.Effect<A>) => Effect.flatMap(plan.next, (fault) => meeting(fault, write))
    /** The store as one process reaches it: faults meet a batch on its way there, and once it is decided. */
    const reached = () => {
      const own = { ...store, transact: overlapping(shared, { random, isPoison, commit }) }
      const faulty = withFaults({ ...own, ...options.spoil?.({ store: own, memory }) }, { next: plan.next, isPoison })
      return {
        ...faulty,
        transact: (batch: ReadonlyArray<Submission>, following?: Following) =>
          Effect.suspend(() => {
            sizes.batches++
            sizes.largestBatch = Math.max(sizes.largestBatch, batch.length)
            const travel = Effect.sleep(Math.floor(random() * MAX_TRAVEL_MILLIS))
            return Effect.andThen(travel, faulty.transact(batch, following))
          })
      }
    }
    const counts = { unknown: 0, unavailable: 0, interrupted: 0, commands: 0 }
    const world: World = {
      memory,
      engines: yield* Effect.replicateEffect(
        Effect.suspend(() => engineOver(reached())),
        engines
      ),
      random,
      isPoison,
      known: nothingKnown(),
      ledger: { acknowledged: new Map(), undecided: new Map(), doubtful: new Set(), poisoned: new Set(), counts }
    }
    yield* Effect.orDie(store.transact(beginning(allFeatures)))
    yield* eachAtOnce(Array.from({ length: clients }), (_, number) => client(world, number, commands, seed, rush))
    plan.heal()
    yield* settle(world)
    yield* checkLedger(world)
    return {
      seed,
      ...counts,
      acknowledged: world.ledger.acknowledged.size,
      poisoned: world.ledger.poisoned.size,
      ...contents(memory),
      ...sizes,
      overlaps: shared.met,
      faults: plan.met,
      virtualMillis: clock.currentTimeMillisUnsafe() - began
    }
  })

/** Runs a simulation; it fails with the first law that broke, and what to call to see it break again. */
export const simulate = (options: SimulationOptions): Effect.Effect<SimulationReport, LawBroken> =>
  Effect.suspend(() => {
    const { clock, provide } = makeVirtualClock()
    // An engine whose store never answers cannot be closed, so only a simulation that went well closes its own.
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const report = yield* Scope.provide(simulated(completed(options), clock), scope)
      yield* Scope.close(scope, Exit.void)
      return report
    }).pipe(
      provide,
      Random.withSeed(options.seed),
      Effect.mapError(
        ({ law, detail }) =>
          new LawBroken({ law, detail, again: `To see it again: simulate(${JSON.stringify(options)})` })
      )
    )
  })

/** Whether a key is one of the few of its seed that no batch survives. */
const poisonous = (key: string, seed: number): boolean => {
  let hash = seed
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return key.startsWith("key-") && seededRandom(hash)() < POISON_RATE
}
