/**
 * Answering: what every reply has in common, whatever route made it: its request id, its security headers, its line in
 * the access log, and errors as problems.
 */
import type { Problem } from "@onhand/api"
import { ByteSize, Cause, Clock, Context, Effect, Option, Result, Tracer, type Types } from "effect"
import { Headers, HttpMiddleware, HttpPlatform, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { IpNetwork } from "effect/net"
import { AccessLog } from "./AccessLog.ts"
import { allowOrigins } from "./CrossOrigin.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { countRequest } from "./Metrics.ts"
import { problemIn, problemOf, problemReply, refusalOf } from "./ProblemReply.ts"
import { type RequestFacts, RequestInfo } from "./RequestInfo.ts"
import { quotaHeaders, RequestQuota, withinQuota } from "./RequestQuota.ts"
import { bodyLimitOf, faultAtSight, withSoundBody } from "./Screening.ts"
import { ServerSettings } from "./Settings.ts"

const SANE_ID = /^[\w.-]{1,64}$/

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store"
}

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url

/** Smaller bodies gain nothing by being compressed. */
const COMPRESSED_BYTES = 1024

// Streams of events are left alone: a compressor for each of thousands would take more memory than it saves bytes.
const COMPRESSIBLE = /^(?:text\/(?:html|css|csv|plain)|application\/(?:json|problem\+json|javascript))\b/

const compressed = HttpMiddleware.compression({
  algorithms: ["br", "gzip"],
  minSize: COMPRESSED_BYTES,
  compressible: (contentType) => COMPRESSIBLE.test(contentType)
})

type Handler<R = never> = Effect.Effect<HttpServerResponse.HttpServerResponse, Types.unhandled, R>

/** The paths that are asked every few seconds from one address. */
const PROBES = "/health/"

const TRACE = /^[\da-f]{2}-([\da-f]{32})-/

/** The trace of a request: the one it says it belongs to, or the one that a tracer of this process began. */
const traceOf = (request: HttpServerRequest.HttpServerRequest, context: Context.Context<never>): string | null => {
  const sent = TRACE.exec(request.headers["traceparent"] ?? "")?.[1]
  return sent ?? Context.getOrUndefined(context, Tracer.ParentSpan)?.traceId ?? null
}

const isAnonymous = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["authorization"] === undefined && headers["x-api-key"] === undefined && headers["cookie"] === undefined

const make = Effect.gen(function* () {
  const log = yield* AccessLog
  const { https, origins, trustedProxies } = yield* ServerSettings
  const quota = yield* RequestQuota
  const services = yield* Effect.context<never>()
  const { isClosing } = yield* Lifecycle
  const clock = yield* Clock.Clock
  const platform = yield* HttpPlatform.HttpPlatform
  const defaults = Headers.fromInput(
    https
      ? { ...SECURITY_HEADERS, "strict-transport-security": "max-age=31536000; includeSubDomains" }
      : SECURITY_HEADERS
  )

  const finish = (
    request: HttpServerRequest.HttpServerRequest,
    facts: RequestFacts,
    begun: bigint,
    reply: HttpServerResponse.HttpServerResponse
  ) => {
    const ended = clock.currentTimeNanosUnsafe()
    const entry = {
      time: clock.currentTimeMillisUnsafe(),
      requestId: facts.id,
      method: request.method,
      path: facts.path,
      status: reply.status,
      millis: Number(ended - begun) / 1e6,
      actor: facts.actor,
      address: Option.getOrNull(request.remoteAddress),
      traceId: facts.traceId
    }
    log(entry)
    countRequest(entry, services)
    // What a route says of itself, such as a page's own content policy, goes before the defaults.
    return HttpServerResponse.setHeaders(reply, {
      ...defaults,
      ...reply.headers,
      ...(facts.standing === null ? {} : quotaHeaders(facts.standing)),
      "x-request-id": facts.id
    })
  }

  // A connection that is kept alive by a busy client would keep a closing server open until its time is up.
  const lastOfItsConnection = (reply: HttpServerResponse.HttpServerResponse) =>
    Effect.map(isClosing, (yes) => (yes ? HttpServerResponse.setHeader(reply, "connection", "close") : reply))

  const factsOf = (request: HttpServerRequest.HttpServerRequest, context: Context.Context<never>): RequestFacts => {
    const sent = request.headers["x-request-id"]
    return {
      id: sent !== undefined && SANE_ID.test(sent) ? sent : crypto.randomUUID(),
      path: pathOf(request.url),
      traceId: traceOf(request, context),
      actor: null,
      session: null,
      standing: null
    }
  }

  /** Counts a request that nobody is signed in for; with the problem if that was one too many. */
  const overQuota = (request: HttpServerRequest.HttpServerRequest, facts: RequestFacts): Problem | undefined => {
    if (facts.path.startsWith(PROBES)) return undefined
    facts.standing = quota.ofAddress(request)
    if (facts.standing === null) return undefined
    const within = withinQuota(facts.standing)
    return Result.isFailure(within) ? problemOf(within.failure) : undefined
  }

  const answer = <R>(
    handler: Handler<R>,
    request: HttpServerRequest.HttpServerRequest,
    context: Context.Context<never>
  ) => {
    const begun = clock.currentTimeNanosUnsafe()
    const facts = factsOf(request, context)
    const bodySize = bodyLimitOf(facts.path)
    const limit = ByteSize.toNumberUnsafe(bodySize)
    const asProblem = (problem: Problem) => finish(request, facts, begun, problemReply(problem, facts.path, facts.id))
    const isCounted = isAnonymous(request)
    const refused = isCounted ? overQuota(request, facts) : undefined
    if (refused !== undefined) return Effect.succeed(asProblem(refused))
    const wrong = faultAtSight(request, limit)
    if (wrong !== undefined) return Effect.succeed(asProblem(problemOf(wrong)))
    return handler.pipe(
      Effect.updateContext((context: Context.Context<R>) =>
        context.pipe(
          Context.add(RequestInfo, facts),
          Context.add(HttpServerRequest.MaxBodySize, bodySize),
          Context.add(HttpServerRequest.HttpServerRequest, withSoundBody(request))
        )
      ),
      Effect.matchCauseEffect({
        onSuccess: (reply) => {
          if (reply.status < 400) return Effect.succeed(finish(request, facts, begun, reply))
          // Whoever comes with credentials that are none is counted like whoever comes without.
          const guessed = reply.status === 401 && !isCounted ? overQuota(request, facts) : undefined
          return Effect.succeed(asProblem(guessed ?? problemIn(reply, request, limit)))
        },
        onFailure: (cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
          const { refusal, fault } = refusalOf(cause, request, limit)
          const reply = Effect.sync(() => asProblem(problemOf(refusal)))
          const place = { requestId: facts.id, path: facts.path }
          return fault ? Effect.andThen(Effect.logError("A request failed", place, cause), reply) : reply
        }
      }),
      Effect.flatMap(lastOfItsConnection)
    )
  }

  const forwarded = HttpMiddleware.xForwardedHeaders({
    trustedProxies: trustedProxies.map((network) => IpNetwork.fromStringUnsafe(network))
  })
  const crossOrigin = allowOrigins(origins)

  return (handler: Handler) => {
    const shaped = compressed(origins.length === 0 ? handler : crossOrigin(handler)).pipe(
      Effect.provideService(HttpPlatform.HttpPlatform, platform)
    )
    const answered = Effect.withFiber(({ context }) =>
      answer(shaped, Context.getUnsafe(context, HttpServerRequest.HttpServerRequest), context)
    )
    return trustedProxies.length === 0 ? answered : forwarded(answered)
  }
})

/** Wraps every route. */
export const layerAnswering = HttpRouter.middleware(make, { global: true })
