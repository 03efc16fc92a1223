/**
 * The store port: the one way in for every write, and the questions it answers.
 */
import { Context, type Duration, type Effect, Schema } from "effect"
import type { Plan } from "./Plan.ts"
import type { Queries } from "./Queries.ts"
import type { Outcome, Submission } from "./Submission.ts"

/**
 * A batch was not written, or nobody knows whether it was.
 *
 * - `rolledBack`: nothing was written; the same batch may be tried again at once (a deadlock, a lost connection).
 * - `unknown`: the connection died while the commit was under way. Only submitting the same keys again tells.
 * - `unavailable`: nothing was written, and trying again soon would not help (disk full, read-only, no connections).
 * - `poison`: nothing was written, because of something in the batch; alone, the others would pass.
 */
export class StoreFailure extends Schema.TaggedError<StoreFailure>()("StoreFailure", {
  outcome: Schema.Literals(["rolledBack", "unknown", "unavailable", "poison"]),
  cause: Schema.Defect()
}) {
  override get message() {
    return `The store did not commit (${this.outcome})`
  }
}

/** The store cannot answer now. Nothing was written; the same call may be made again after a while. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  retryAfterMillis: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The store is not available; try again in ${this.retryAfterMillis} ms`
  }
}

/** What to tell a caller to wait when the store is down: long enough not to make it worse. */
export const RETRY_AFTER: Duration.Input = "1 second"

/** What may follow a batch, for a store that gains by it. */
export interface Following {
  /**
   * Commands of the same shards that came meanwhile, to go into the same commit: for a store that had to wait, to be
   * asked before it decides, or decides anew. They follow the batch, and their outcomes follow its outcomes.
   */
  readonly late: () => ReadonlyArray<Submission>
  /**
   * Told by a store that has decided the batch and can decide the next one of these shards while it writes this one.
   * It is then given that one before this one's outcomes are known, and never more than that one: to be told again, of
   * a batch that was decided anew, changes nothing.
   */
  readonly decided: () => void
}

/**
 * Where commands are committed and answers come from.
 */
export interface StoreShape {
  /** How many shards the ledger has; fixed when the store is created. */
  readonly shards: number
  /**
   * Commits a batch. Atomic: all effects of all its applied commands, their events and their records become visible at
   * once, or none does. Commands are decided in the given order, each seeing what the earlier ones did, while no other
   * batch that touches one of their shards is being decided. Refused commands are recorded too. A key that was
   * answered before is answered the same again, and changes nothing. The outcomes are in the order of the batch, and
   * they are given only once the commit is durable.
   */
  readonly transact: (
    batch: ReadonlyArray<Submission>,
    following?: Following
  ) => Effect.Effect<ReadonlyArray<Outcome>, StoreFailure>
  /**
   * What `transact` would do with one submission, decided by the same `decideBatch` on what is committed at one
   * instant. It writes nothing, and a writing batch need not wait for it.
   */
  readonly plan: (submission: Submission) => Effect.Effect<Plan, StoreUnavailable>
  readonly queries: Queries
}

export class Store extends Context.Service<Store, StoreShape>()("@onhand/core/Store") {}
