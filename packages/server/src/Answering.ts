/**
 * Answering: what every reply has in common, whatever route made it: its request id, its security headers, its line in
 * the access log, and errors as problems.
 */
import type { Problem } from "@onhand/api"
import { ByteSize, Cause, Context, Effect, Option, Result, Tracer, type Types } from "effect"
import { HttpMiddleware, HttpPlatform, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { IpNetwork } from "effect/net"
import { compressed } from "./Compression.ts"
import { allowOrigins } from "./CrossOrigin.ts"
import { Finishing } from "./Finishing.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { problemIn, problemOf, problemReply, refusalOf } from "./ProblemReply.ts"
import { type RequestFacts, RequestInfo } from "./RequestInfo.ts"
import { RequestQuota, withinQuota } from "./RequestQuota.ts"
import { bodyLimitOf, faultAtSight, withSoundBody } from "./Screening.ts"
import { ServerSettings } from "./Settings.ts"
import { withOfferedToken } from "./WebSockets.ts"

type Handler<R = never> = Effect.Effect<HttpServerResponse.HttpServerResponse, Types.unhandled, R>

/** The paths that are asked every few seconds from one address. */
const PROBES = "/health/"

/** The trace that a tracer of this process began. */
const traceOf = (context: Context.Context<never>): string | null =>
  Context.getOrUndefined(context, Tracer.ParentSpan)?.traceId ?? null

const isAnonymous = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["authorization"] === undefined && headers["x-api-key"] === undefined && headers["cookie"] === undefined

const make = Effect.gen(function* () {
  const finishing = yield* Finishing
  const { origins, trustedProxies } = yield* ServerSettings
  const quota = yield* RequestQuota
  const { isClosing } = yield* Lifecycle
  const platform = yield* HttpPlatform.HttpPlatform

  const finish = (
    { method, remoteAddress }: HttpServerRequest.HttpServerRequest,
    facts: RequestFacts,
    reply: HttpServerResponse.HttpServerResponse
  ) =>
    HttpServerResponse.setHeaders(
      reply,
      finishing.finish(facts, { method, address: Option.getOrNull(remoteAddress) }, reply)
    )

  // A connection that is kept alive by a busy client would keep a closing server open until its time is up.
  const lastOfItsConnection = (reply: HttpServerResponse.HttpServerResponse) =>
    Effect.map(isClosing, (yes) => (yes ? HttpServerResponse.setHeader(reply, "connection", "close") : reply))

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
    const facts = finishing.begin(request, traceOf(context))
    const bodySize = bodyLimitOf(facts.path)
    const limit = ByteSize.toNumberUnsafe(bodySize)
    const asProblem = (problem: Problem) => finish(request, facts, problemReply(problem, facts.path, facts.id))
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
          if (reply.status < 400) return Effect.succeed(finish(request, facts, reply))
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
      answer(shaped, withOfferedToken(Context.getUnsafe(context, HttpServerRequest.HttpServerRequest)), context)
    )
    return trustedProxies.length === 0 ? answered : forwarded(answered)
  }
})

/** Wraps every route. */
export const layerAnswering = HttpRouter.middleware(make, { global: true })
