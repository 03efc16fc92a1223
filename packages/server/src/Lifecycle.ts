/**
 * Lifecycle: that the server is closing, for those who would otherwise keep it open.
 */
import { Context, Deferred, Effect, Layer } from "effect"

export interface LifecycleShape {
  /** Says that the server closes: streams end, and the readiness probe fails, so that no new requests are sent here. */
  readonly close: Effect.Effect<void>
  /** Completes when the server begins to close. */
  readonly closing: Effect.Effect<void>
  readonly isClosing: Effect.Effect<boolean>
  /** The same, for who is in the middle of something. */
  readonly isClosingNow: () => boolean
}

export class Lifecycle extends Context.Service<Lifecycle, LifecycleShape>()("@onhand/server/Lifecycle") {
  static readonly layer: Layer.Layer<Lifecycle> = Layer.effect(
    Lifecycle,
    Effect.map(Deferred.make<void>(), (closing) =>
      Lifecycle.of({
        close: Effect.asVoid(Deferred.succeed(closing, undefined)),
        closing: Deferred.await(closing),
        isClosing: Deferred.isDone(closing),
        isClosingNow: () => Deferred.isDoneUnsafe(closing)
      })
    )
  )
}
