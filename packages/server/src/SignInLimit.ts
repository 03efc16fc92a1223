/**
 * The limit of sign-ins: so many a minute from one address and for one account. Nobody is ever locked out for good, or
 * a stranger could lock out anyone.
 */
import { TooManyRequests } from "@onhand/api"
import { Context, Duration, Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { ServerSettings } from "./Settings.ts"

const WINDOW = "1 minute"

// The store in memory keeps a counter for every key it ever saw; names are folded into so many, so that it is bounded.
const COUNTERS = 65_536

const fold = (name: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % COUNTERS
}

export interface SignInLimitShape {
  /** Counts an attempt for an account, from the address of the request at hand. */
  readonly consume: (account: string) => Effect.Effect<void, TooManyRequests, HttpServerRequest.HttpServerRequest>
}

const make = Effect.gen(function* () {
  const limiter = yield* RateLimiter.RateLimiter
  const { signInsPerMinute } = yield* ServerSettings

  const count = (kind: "address" | "account", name: string) =>
    limiter
      .consume({
        algorithm: "fixed-window",
        onExceeded: "fail",
        window: WINDOW,
        limit: signInsPerMinute[kind],
        key: `${kind}:${fold(name)}`
      })
      .pipe(
        Effect.catchReason(
          "RateLimiterError",
          "RateLimitExceeded",
          ({ retryAfter }) => Effect.fail(new TooManyRequests({ retryAfterMillis: Duration.toMillis(retryAfter) })),
          Effect.die
        )
      )

  return SignInLimit.of({
    consume: (account) =>
      Effect.gen(function* () {
        const { remoteAddress } = yield* HttpServerRequest.HttpServerRequest
        yield* count(
          "address",
          Option.getOrElse(remoteAddress, () => "")
        )
        yield* count("account", account)
      })
  })
})

export class SignInLimit extends Context.Service<SignInLimit, SignInLimitShape>()("@onhand/server/SignInLimit") {
  static readonly layer: Layer.Layer<SignInLimit> = Layer.effect(SignInLimit, make).pipe(
    Layer.provide(RateLimiter.layer),
    Layer.provide(RateLimiter.layerStoreMemory)
  )
}
