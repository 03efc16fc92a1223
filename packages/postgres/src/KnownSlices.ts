/**
 * Known slices: what the batches of a shard knew in the end, for those that follow. It spares them from loading it
 * again, and lets the next batch be decided while the last one is being written.
 */
import type { Claim, CommandRecord, Following, Submission, WorkingSlice, Writes, WrittenCommand } from "@onhand/core"
import { Deferred, Effect } from "effect"
import type { Since } from "./LoadSlice.ts"
import type { Head, Heads } from "./WriteBatch.ts"

/** The most rows, stock places and claims of a shard that are kept from one batch to the next. */
const MOST_KNOWN = 20_000

/**
 * The batches in a row that must have met no other's before the next ones count on being alone. One of two processes
 * that take turns meets nobody now and then, and a batch that was decided for nothing is dear.
 */
const BATCHES_ALONE = 3

/** The most commands of others that a kept slice is brought up to date with; after more it is cheaper to start anew. */
const MOST_MISSED = 5_000

/** A slice from an earlier batch; with `since`, but for the stock that moved since then. */
export interface Known {
  readonly slice: WorkingSlice
  readonly since?: Since
  readonly alone: number
}

/** A shard as the last batch left it, or will leave it. */
interface After {
  readonly shard: number
  readonly head: Head
  readonly slice: WorkingSlice
  /** The batches in a row, up to this one, before which nobody else had written. */
  readonly alone: number
}

/** A shard as the last batch leaves it, should it be committed, and should nobody else write. */
export interface Upcoming extends After {
  /** What cannot be loaded while it is being written: its commands by key, and the holds that it made or extended. */
  readonly records: ReadonlyMap<string, CommandRecord>
  readonly held: ReadonlyArray<Claim>
  /** Whether that batch was committed, once it is known; nothing if it is known to be. */
  readonly committed: Deferred.Deferred<boolean> | undefined
}

/** A batch that was decided and is to be written. */
export interface DecidedBatch {
  readonly heads: Heads
  readonly known: WorkingSlice
  readonly commands: ReadonlyArray<WrittenCommand>
  readonly writes: Pick<Writes, "claims" | "rows" | "corrected">
}

/** What a batch can take from those before it, and leaves to those after it. */
export interface History {
  readonly late: () => ReadonlyArray<Submission>
  /** What is known of locked heads. */
  readonly knownAt: (heads: Heads) => Known | undefined
  /** What the last batch leaves of these shards, to whoever asks first; nothing if others have been writing of late. */
  readonly upcoming: (shards: ReadonlySet<number>) => Upcoming | undefined
  /** The batch is decided, and the next one may count on it if nobody else has been writing of late. */
  readonly decided: (batch: DecidedBatch) => void
}

/** Of a batch by itself, such as one in a host's transaction. */
export const noHistory: History = {
  late: () => [],
  knownAt: () => undefined,
  upcoming: () => undefined,
  decided: () => {}
}

/**
 * What the last batch of each shard knew in the end. It still holds while the head has the hash that this batch left
 * there, because that hash covers everything that was ever written to the shard. Once others have written, it holds
 * but for the stock that the ledger has moved since, and the tables that the head says they changed.
 */
export class KnownSlices {
  private readonly kept = new Map<number, After>()
  private readonly upcoming = new Map<number, Upcoming>()
  private readonly shards: number

  constructor(shards: number) {
    this.shards = shards
  }

  /** The history of a batch, to be ended when it is known whether the batch was committed. */
  follow(following: Following | undefined): History & { readonly end: (committed: boolean) => void } {
    const committed = Deferred.makeUnsafe<boolean>()
    let alone = 0
    let mine: After | undefined
    let expected: Upcoming | undefined
    const withdraw = () => {
      if (expected !== undefined && this.upcoming.get(expected.shard) === expected)
        return this.upcoming.delete(expected.shard)
      return expected === undefined
    }
    return {
      late: following?.late ?? noHistory.late,
      knownAt: (heads) => {
        // It was counted on, and came to something else.
        withdraw()
        expected = undefined
        const known = this.take(heads)
        alone = known?.alone ?? 0
        return known
      },
      upcoming: ([shard = 0, ...others]) => {
        if (others.length > 0) return undefined
        const kept = this.kept.get(shard)
        const found =
          this.upcoming.get(shard) ??
          (kept !== undefined && kept.alone >= BATCHES_ALONE
            ? { ...kept, records: new Map(), held: [], committed: undefined }
            : undefined)
        if (found === undefined) return undefined
        alone = found.alone + 1
        this.upcoming.delete(shard)
        this.kept.delete(shard)
        return found
      },
      decided: (batch) => {
        const [entry, ...others] = batch.heads
        mine = undefined
        if (entry === undefined || others.length > 0 || batch.known.size > MOST_KNOWN) return
        const [shard, head] = entry
        mine = { shard, head, slice: batch.known, alone }
        if (alone < BATCHES_ALONE || following === undefined || !this.isWhole(batch)) return
        expected = {
          ...mine,
          records: new Map(batch.commands.map(({ record }) => [record.key, record])),
          held: batch.writes.claims.filter(({ state }) => state === "held"),
          committed
        }
        this.upcoming.set(shard, expected)
        following.decided()
      },
      end: (success) => {
        // Whoever took it has it now, and may have changed it.
        const left = withdraw()
        if (success && left && mine !== undefined) this.kept.set(mine.shard, mine)
        Deferred.doneUnsafe(committed, Effect.succeed(success))
      }
    }
  }

  /** Whether a slice holds all that its batch changed, also for the next batch. */
  private isWhole({ writes }: DecidedBatch): boolean {
    return this.shards === 1 || writes.rows.length + writes.claims.length === 0
  }

  /** Takes what is known of the only shard of a batch. It is not kept: a batch that fails may have changed it. */
  private take(heads: Heads): Known | undefined {
    const [entry] = heads
    if (entry === undefined || heads.size > 1) return undefined
    const [shard, head] = entry
    const kept = this.kept.get(shard)
    this.kept.delete(shard)
    if (kept === undefined || head.seq - kept.head.seq > MOST_MISSED) return undefined
    const { slice } = kept
    // A command of several shards counts in each, and is sealed in the first: others may change rows, and no hash.
    if (kept.head.hash === head.hash && kept.head.seq === head.seq) return { slice, alone: kept.alone + 1 }
    const { seq, hash } = kept.head
    // What was corrected did not move, so the ledger would not tell of it.
    if ((head.changed["balances"] ?? 0) > seq) return undefined
    slice.forget(new Set(Object.keys(head.changed).filter((table) => (head.changed[table] ?? 0) > seq)))
    return { slice, since: { shard, seq, hash, upTo: head.seq }, alone: 0 }
  }
}
