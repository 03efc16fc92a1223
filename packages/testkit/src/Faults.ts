/**
 * Faults: a layer around a store that fails as real ones do, by a plan. It can roll back, hide what became of a commit,
 * be out of order for a while, and choke on a command.
 */
import { Store, StoreFailure, type StoreShape, type Submission } from "@onhand/core"
import { Context, Effect, Layer } from "effect"

/**
 * What can happen to a batch. `unknownApplied` and `unknownLost` look alike to the caller: the connection died during
 * the commit, which in the one case had come through.
 */
export const faults = ["none", "slow", "rolledBack", "unknownApplied", "unknownLost", "unavailable"] as const
export type Fault = (typeof faults)[number]

/** How long a slow commit takes, in milliseconds. */
const SLOW_MILLIS = 40

/** Decides what happens to each batch, in the order in which they come. */
export class FaultPlan extends Context.Service<
  FaultPlan,
  {
    readonly next: Effect.Effect<Fault>
    /** A command that no batch with it can be committed with. */
    readonly isPoison: (submission: Submission) => boolean
  }
>()("@onhand/testkit/FaultPlan") {
  /** The faults of a list, one a batch, and none after its end. */
  static readonly listed = (list: ReadonlyArray<Fault>, isPoison: (submission: Submission) => boolean = () => false) =>
    Layer.sync(FaultPlan, () => {
      const left = [...list]
      return { next: Effect.sync(() => left.shift() ?? "none"), isPoison }
    })
}

/** A failure that nothing but a plan has caused. */
export const injected = (outcome: StoreFailure["outcome"]) =>
  new StoreFailure({ outcome, cause: new Error(`injected: ${outcome}`) })

/** A commit that meets a fault. */
export const meeting = <A>(fault: Fault, commit: Effect.Effect<A, StoreFailure>): Effect.Effect<A, StoreFailure> => {
  switch (fault) {
    case "none":
      return commit
    case "slow":
      return Effect.delay(commit, SLOW_MILLIS)
    case "rolledBack":
    case "unavailable":
      return Effect.fail(injected(fault))
    case "unknownApplied":
      return Effect.andThen(commit, Effect.fail(injected("unknown")))
    case "unknownLost":
      return Effect.fail(injected("unknown"))
  }
}

/** The store with the faults of a plan. What may follow a batch is passed on to it. */
export const withFaults = (store: StoreShape, plan: FaultPlan["Service"]): StoreShape => ({
  ...store,
  transact: (batch, following) =>
    Effect.flatMap(plan.next, (fault) =>
      batch.some(plan.isPoison) ? Effect.fail(injected("poison")) : meeting(fault, store.transact(batch, following))
    )
})

/** Puts the faults of a plan around a store. */
export const layerFaulty: Layer.Layer<Store, never, Store | FaultPlan> = Layer.effect(
  Store,
  Effect.gen(function* () {
    return withFaults(yield* Store, yield* FaultPlan)
  })
)
