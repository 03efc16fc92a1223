/**
 * The limit of streams: how many follow the events at once, of one user, from one address, and in all. A stream costs
 * memory for as long as it is open, so what keeps requests within bounds does not bound them.
 */
import { TooManyRequests, Unavailable } from "@onhand/api"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import type { HttpServerRequest } from "effect/http"
import { networkOf } from "./RequestQuota.ts"
import { ServerSettings } from "./Settings.ts"

/** When somebody who has too many may try again: others of his may have ended by then. */
const RETRY_MILLIS = 10_000

export interface StreamLimitShape {
  /** Takes a place for a stream of a user, until the scope closes. */
  readonly enter: (
    user: string,
    request: HttpServerRequest.HttpServerRequest
  ) => Effect.Effect<void, TooManyRequests | Unavailable, Scope.Scope>
}

const make = Effect.gen(function* () {
  const { streams } = yield* ServerSettings
  const users = new Map<string, number>()
  const addresses = new Map<string, number>()
  let total = 0

  const add = (counts: Map<string, number>, name: string, change: 1 | -1): void => {
    const count = (counts.get(name) ?? 0) + change
    if (count === 0) counts.delete(name)
    else counts.set(name, count)
  }

  return StreamLimit.of({
    enter: (user, { remoteAddress }) => {
      const address = Option.getOrNull(Option.map(remoteAddress, networkOf))
      const count = (change: 1 | -1): void => {
        total += change
        add(users, user, change)
        if (address !== null) add(addresses, address, change)
      }
      const take = Effect.gen(function* () {
        if (total >= streams.total) return yield* new Unavailable({ retryAfterMillis: RETRY_MILLIS })
        const ofUser = users.get(user) ?? 0
        const ofAddress = address === null ? 0 : (addresses.get(address) ?? 0)
        if (ofUser >= streams.user || ofAddress >= streams.address) {
          return yield* new TooManyRequests({ retryAfterMillis: RETRY_MILLIS })
        }
        count(1)
      })
      return Effect.acquireRelease(take, () => Effect.sync(() => count(-1)))
    }
  })
})

export class StreamLimit extends Context.Service<StreamLimit, StreamLimitShape>()("@onhand/server/StreamLimit") {
  static readonly layer: Layer.Layer<StreamLimit> = Layer.effect(StreamLimit, make)
}
