/**
 * The quota of requests: so many a minute for a user who is signed in, and for an address that everybody else comes
 * from. Replies say how much is left, in the header fields of the IETF draft on rate limits.
 */
import { TooManyRequests } from "@onhand/api"
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { ServerSettings } from "./Settings.ts"

const WINDOW_SECONDS = 60

/** How a caller stands towards its quota. */
export interface Standing {
  readonly policy: "user" | "address"
  readonly quota: number
  readonly remaining: number
  /** Until the quota is whole again. */
  readonly resetSeconds: number
}

export interface RequestQuotaShape {
  /** Counts a request of a signed-in user. */
  readonly ofUser: (id: string) => Standing
  /** Counts a request of somebody at an address; null where there is none, such as behind a host's own server. */
  readonly ofAddress: (request: HttpServerRequest.HttpServerRequest) => Standing | null
}

/**
 * What an address is counted as. An IPv6 customer has a network of 64 bits for itself, so that single addresses would
 * be no limit at all.
 */
export const networkOf = (address: string): string =>
  address.includes(":") && !address.startsWith("::ffff:") ? address.split(":", 4).join(":") : address

const make = Effect.gen(function* () {
  const { requestsPerMinute } = yield* ServerSettings
  const clock = yield* Clock.Clock

  // One window for all: at its end every count is forgotten at once, so that memory is bounded by one minute's callers.
  const counter = (policy: Standing["policy"], quota: number) => {
    const counts = new Map<string, number>()
    let end = 0
    return (name: string): Standing => {
      const now = clock.currentTimeMillisUnsafe()
      if (now >= end) {
        counts.clear()
        end = now + WINDOW_SECONDS * 1000
      }
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return { policy, quota, remaining: quota - count, resetSeconds: Math.ceil((end - now) / 1000) }
    }
  }

  const users = counter("user", requestsPerMinute.user)
  const addresses = counter("address", requestsPerMinute.address)
  return RequestQuota.of({
    ofUser: users,
    ofAddress: ({ remoteAddress }) =>
      Option.match(remoteAddress, { onNone: () => null, onSome: (address) => addresses(networkOf(address)) })
  })
})

export class RequestQuota extends Context.Service<RequestQuota, RequestQuotaShape>()("@onhand/server/RequestQuota") {
  static readonly layer: Layer.Layer<RequestQuota> = Layer.effect(RequestQuota, make)
}

/** Fails once more was asked than the quota has. */
export const withinQuota = ({ remaining, resetSeconds }: Standing): Result.Result<void, TooManyRequests> =>
  remaining >= 0 ? Result.void : Result.fail(new TooManyRequests({ retryAfterMillis: resetSeconds * 1000 }))

/** The header fields that tell a caller how it stands. */
export const quotaHeaders = ({ policy, quota, remaining, resetSeconds }: Standing) => ({
  "ratelimit-policy": `"${policy}";q=${quota};w=${WINDOW_SECONDS}`,
  ratelimit: `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`
})
