/**
 * Finishing: what every reply gets on its way out, whichever way its request went: a request id, security headers, how
 * the caller stands towards its quota, and a line in the access log.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { AccessLog } from "./AccessLog.ts"
import { countRequest } from "./Metrics.ts"
import type { RequestFacts } from "./RequestInfo.ts"
import { quotaHeaders } from "./RequestQuota.ts"
import { ServerSettings } from "./Settings.ts"

const SANE_ID = /^[\w.-]{1,64}$/

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store"
}

const TRACE = /^[\da-f]{2}-([\da-f]{32})-/

type Sent = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** The only value of a header. */
const only = (value: Sent[string]): string | undefined => (typeof value === "string" ? value : undefined)

const pathOf = (url: string): string => {
  const query = url.indexOf("?")
  return query === -1 ? url : url.slice(0, query)
}

/** A request as it came. */
export interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: Sent
}

export interface FinishingShape {
  /** What is known of a request when it comes. `traceId` is that of a tracer of this process, if there is one. */
  readonly begin: (request: Arrived, traceId: string | null) => RequestFacts
  /** Writes down how a request of an address was answered, and gives the reply its headers. */
  readonly finish: (
    facts: RequestFacts,
    request: { readonly method: string; readonly address: string | null },
    reply: { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  ) => Record<string, string>
}

const make = Effect.gen(function* () {
  const log = yield* AccessLog
  const { https } = yield* ServerSettings
  const services = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const defaults = https
    ? { ...SECURITY_HEADERS, "strict-transport-security": "max-age=31536000; includeSubDomains" }
    : SECURITY_HEADERS

  return Finishing.of({
    begin: ({ url, headers }, traceId) => {
      const id = only(headers["x-request-id"])
      return {
        id: id !== undefined && SANE_ID.test(id) ? id : crypto.randomUUID(),
        path: pathOf(url),
        traceId: TRACE.exec(only(headers["traceparent"]) ?? "")?.[1] ?? traceId,
        begun: clock.currentTimeNanosUnsafe(),
        actor: null,
        session: null,
        standing: null
      }
    },
    finish: (facts, { method, address }, { status, headers }) => {
      const { id: requestId, path, actor, traceId, standing, begun } = facts
      const millis = Number(clock.currentTimeNanosUnsafe() - begun) / 1e6
      const time = clock.currentTimeMillisUnsafe()
      const entry = { time, requestId, method, path, status, millis, actor, address, traceId }
      log(entry)
      countRequest(entry, services)
      // What a route says of itself, such as a page's own content policy, goes before the defaults.
      const all: Record<string, string> = { ...defaults, ...headers, "x-request-id": requestId }
      return standing === null ? all : Object.assign(all, quotaHeaders(standing))
    }
  })
})

export class Finishing extends Context.Service<Finishing, FinishingShape>()("@onhand/server/Finishing") {
  static readonly layer: Layer.Layer<Finishing> = Layer.effect(Finishing, make)
}
