/**
 * The overlapping store: the store in memory as a server's is, whose writing takes time. It takes in commands that come
 * late, and decides a batch on what the one before it will leave; should that one fail, it decides it anew.
 */
import {
  applyWrites,
  type Claim,
  type CommandRecord,
  type Decided,
  decideBatch,
  type Following,
  firstMicros,
  type LoadRequest,
  loadFrom,
  type Memory,
  type Opening,
  type Outcome,
  openingOf,
  StoreFailure,
  type StoreShape,
  type Submission,
  shardsOf,
  type WorkingSlice
} from "@onhand/core"
import { Clock, Data, DateTime, Deferred, Effect, Semaphore } from "effect"
import { injected } from "./Faults.ts"

/** How often what a store may do is done, from 0 to 1. */
const LATE_RATE = 0.7
const AHEAD_RATE = 0.95
const KEPT_RATE = 0.8

/** How long writing a batch takes at most, in milliseconds. */
const MAX_WRITING_MILLIS = 12

/** What overlapped. */
export interface Overlaps {
  /** Commands that joined a batch late. */
  late: number
  /** Batches that came before the one before them was written, and those of them that could be decided by then. */
  overlapping: number
  decidedAhead: number
  /** Those that had to be decided anew, because the one before them failed or others had written. */
  decidedAnew: number
}

/** The memory that the processes of a simulation share, and what they did in it. */
export interface SharedMemory {
  readonly memory: Memory
  /** Held by a batch from before it is decided until it is written. */
  readonly lock: Semaphore.Semaphore
  /** The batch that was written last. */
  last: Decided | undefined
  readonly met: Overlaps
}

export const makeSharedMemory = (memory: Memory): SharedMemory => ({
  memory,
  lock: Semaphore.makeUnsafe(1),
  last: undefined,
  met: { late: 0, overlapping: 0, decidedAhead: 0, decidedAnew: 0 }
})

/** A shard as a batch will leave it that is still to be written. */
interface Upcoming {
  readonly decided: Decided
  readonly shard: number
  readonly seq: number
  /** What cannot be loaded yet: its commands by key, and the holds that it made or extended. */
  readonly records: ReadonlyMap<string, CommandRecord>
  readonly held: ReadonlyArray<Claim>
  readonly committed: Deferred.Deferred<boolean>
}

export interface OverlapOptions {
  readonly random: () => number
  readonly isPoison: (submission: Submission) => boolean
  /** What becomes of a batch that is decided: the write, or a fault. */
  readonly commit: <A>(write: Effect.Effect<A>) => Effect.Effect<A, StoreFailure>
}

/** What only the ledger tells, where the batch before is not yet. */
class OutOfSight extends Data.TaggedError("OutOfSight") {}

const looksBack = ({ holdings, movements, recounts }: LoadRequest): boolean =>
  holdings.length + movements.length + recounts.length > 0

/** It is told once at most that a batch is decided, also of a batch that is decided twice. */
const toldOnce = ({ late, decided }: Following): Following => {
  let told = false
  return {
    late,
    decided: () => {
      if (told) return
      told = true
      decided()
    }
  }
}

/** One process that writes to a shared memory. */
class Process {
  private readonly shared: SharedMemory
  private readonly options: OverlapOptions
  private readonly kept = new Map<number, Decided>()
  private readonly upcoming = new Map<number, Upcoming>()

  constructor(shared: SharedMemory, options: OverlapOptions) {
    this.shared = shared
    this.options = options
  }

  readonly transact: StoreShape["transact"] = (batch, following) => {
    const committed = Deferred.makeUnsafe<boolean>()
    return this.inTurn(batch, following && toldOnce(following), committed).pipe(
      Effect.onExit((exit) => {
        this.withdraw(committed)
        return Deferred.succeed(committed, exit._tag === "Success")
      }),
      Effect.uninterruptible
    )
  }

  private inTurn(
    batch: ReadonlyArray<Submission>,
    following: Following | undefined,
    committed: Deferred.Deferred<boolean>
  ): Effect.Effect<ReadonlyArray<Outcome>, StoreFailure> {
    const { shared } = this
    const self = this
    return Effect.gen(function* () {
      const [shard = 0, ...others] = new Set(batch.flatMap((one) => shardsOf(one, shared.memory.shards)))
      const before = others.length === 0 ? self.upcoming.get(shard) : undefined
      if (before === undefined) return yield* self.alone(batch, following, committed)
      self.upcoming.delete(shard)
      shared.met.overlapping++
      const whole = self.withLate(batch, following)
      const outcomes = yield* self.onUpcoming(whole, before, following, committed)
      if (outcomes !== undefined) return outcomes
      return yield* self.alone(whole, following && { ...following, late: () => [] }, committed)
    })
  }

  /** Decides and writes a batch while no other is at the memory; it has what came while it waited for that. */
  private alone(
    batch: ReadonlyArray<Submission>,
    following: Following | undefined,
    committed: Deferred.Deferred<boolean>
  ): Effect.Effect<ReadonlyArray<Outcome>, StoreFailure> {
    const { shared, options } = this
    const { memory } = shared
    const self = this
    return Effect.gen(function* () {
      const whole = self.withLate(batch, following)
      if (whole.some(options.isPoison)) return yield* injected("poison")
      const now = yield* Clock.currentTimeMillis
      const opened = openingOf(memory, whole, now * 1000)
      const instant = DateTime.makeUnsafe(Math.floor(opened.micros / 1000))
      const decided = yield* decideBatch(whole, { ...opened, known: self.takeKept(opened) }, (request) =>
        Effect.succeed(loadFrom(memory, request, instant))
      ).pipe(Effect.catchDefect((cause) => Effect.fail(new StoreFailure({ outcome: "poison", cause }))))
      const settle = self.announce(decided, following, committed)
      yield* self.writing
      return yield* options.commit(self.write(decided, settle))
    }).pipe(shared.lock.withPermits(1))
  }

  /** Decides a batch on what the one before it leaves; nothing if that came to something else, or cannot be known. */
  private onUpcoming(
    batch: ReadonlyArray<Submission>,
    before: Upcoming,
    following: Following | undefined,
    committed: Deferred.Deferred<boolean>
  ): Effect.Effect<ReadonlyArray<Outcome> | undefined, StoreFailure> {
    const { shared, options } = this
    const { memory } = shared
    const self = this
    return Effect.gen(function* () {
      if (batch.some(options.isPoison)) return undefined
      const now = yield* Clock.currentTimeMillis
      const micros = firstMicros(now * 1000, before.decided.writes.micros, batch.length)
      const instant = DateTime.makeUnsafe(Math.floor(micros / 1000))
      const decided = yield* decideBatch(
        batch,
        {
          shards: memory.shards,
          heads: new Map([[before.shard, before.seq]]),
          micros,
          known: before.decided.known,
          held: before.held
        },
        (request) => {
          if (looksBack(request)) return Effect.fail(new OutOfSight())
          const loaded = loadFrom(memory, request, instant)
          const known = request.keys.flatMap((key) => before.records.get(key) ?? [])
          return Effect.succeed({ ...loaded, known: [...loaded.known, ...known] })
        }
      )
      shared.met.decidedAhead++
      const settle = self.announce(decided, following, committed)
      const written = (yield* Deferred.await(before.committed))
        ? yield* Effect.gen(function* () {
            // Others may have written meanwhile, to this shard or to rows that this batch has only read.
            if (shared.last !== before.decided) return undefined
            yield* self.writing
            return yield* options.commit(self.write(decided, settle))
          }).pipe(shared.lock.withPermits(1))
        : undefined
      if (written !== undefined) return written
      shared.met.decidedAnew++
      self.withdraw(committed)
      return undefined
    }).pipe(
      Effect.catchTag("OutOfSight", () => Effect.undefined),
      // What never was cannot blame a command.
      Effect.catchDefect(() => Effect.undefined)
    )
  }

  private get writing() {
    return Effect.suspend(() => Effect.sleep(Math.floor(this.options.random() * MAX_WRITING_MILLIS)))
  }

  private write(decided: Decided, settle: () => void) {
    return Effect.sync(() => {
      applyWrites(this.shared.memory, decided.writes)
      this.shared.last = decided
      settle()
      return decided.outcomes
    })
  }

  private withLate(batch: ReadonlyArray<Submission>, following: Following | undefined): ReadonlyArray<Submission> {
    const late = following !== undefined && this.options.random() < LATE_RATE ? following.late() : []
    this.shared.met.late += late.length
    return [...batch, ...late]
  }

  /** What an earlier batch knew in the end, if nobody has written since. A batch that fails may have changed it. */
  private takeKept({ heads }: Opening): WorkingSlice | undefined {
    const [shard = 0, ...others] = heads.keys()
    if (others.length > 0) return undefined
    const kept = this.kept.get(shard)
    this.kept.delete(shard)
    return kept !== undefined && kept === this.shared.last ? kept.known : undefined
  }

  /** Whether a batch that was to be counted on is no longer, for nobody had begun to. */
  private withdraw(committed: Deferred.Deferred<boolean>): boolean {
    const [found] = [...this.upcoming.values()].filter((one) => one.committed === committed)
    return found !== undefined && this.upcoming.delete(found.shard)
  }

  /** Lets the next batch be decided on this one, which is yet to be written; what it gives is done once that is. */
  private announce(
    decided: Decided,
    following: Following | undefined,
    committed: Deferred.Deferred<boolean>
  ): () => void {
    const { random } = this.options
    const { writes } = decided
    const [entry, ...others] = writes.heads
    if (entry === undefined || others.length > 0) return () => {}
    const [shard, seq] = entry
    // In a ledger of several shards a slice forgets rows and claims, so that what is not written yet would be lost.
    const whole = this.shared.memory.shards === 1 || writes.rows.length + writes.claims.length === 0
    const mine: Upcoming = {
      decided,
      shard,
      seq,
      records: new Map(writes.commands.map(({ record }) => [record.key, record])),
      held: writes.claims.filter(({ state }) => state === "held"),
      committed
    }
    const ahead = following !== undefined && whole && random() < AHEAD_RATE
    if (ahead) {
      this.upcoming.set(shard, mine)
      following.decided()
    }
    return () => {
      // Whoever took it has it now, and may have changed it.
      if (this.withdraw(committed) === ahead && random() < KEPT_RATE) this.kept.set(shard, decided)
    }
  }
}

/** How a process commits to a memory that it may share with others. */
export const overlapping = (shared: SharedMemory, options: OverlapOptions): StoreShape["transact"] =>
  new Process(shared, options).transact
