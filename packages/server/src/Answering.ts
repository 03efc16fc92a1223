/**
 * Answering: what every reply has in common, whatever route made it: its request id, its security headers, its line in
 * the access log, and errors as problems.
 */
import type { Problem } from "@onhand/api"
import { ByteSize, Cause, Clock, Context, Effect, type Types } from "effect"
import { Headers, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { AccessLog } from "./AccessLog.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { problemIn, problemOf, problemReply, refusalOf } from "./ProblemReply.ts"
import { type RequestFacts, RequestInfo } from "./RequestInfo.ts"
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

const make = Effect.gen(function* () {
  const log = yield* AccessLog
  const { https } = yield* ServerSettings
  const { isClosing } = yield* Lifecycle
  const clock = yield* Clock.Clock
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
    log({
      time: clock.currentTimeMillisUnsafe(),
      requestId: facts.id,
      method: request.method,
      path: facts.path,
      status: reply.status,
      millis: Number(ended - begun) / 1e6,
      actor: facts.actor
    })
    // What a route says of itself, such as a page's own content policy, goes before the defaults.
    return HttpServerResponse.setHeaders(reply, { ...defaults, ...reply.headers, "x-request-id": facts.id })
  }

  // A connection that is kept alive by a busy client would keep a closing server open until its time is up.
  const lastOfItsConnection = (reply: HttpServerResponse.HttpServerResponse) =>
    Effect.map(isClosing, (yes) => (yes ? HttpServerResponse.setHeader(reply, "connection", "close") : reply))

  return (handler: Effect.Effect<HttpServerResponse.HttpServerResponse, Types.unhandled>) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const begun = clock.currentTimeNanosUnsafe()
      const sent = request.headers["x-request-id"]
      const facts: RequestFacts = {
        id: sent !== undefined && SANE_ID.test(sent) ? sent : crypto.randomUUID(),
        path: pathOf(request.url),
        actor: null
      }
      const bodySize = bodyLimitOf(facts.path)
      const limit = ByteSize.toNumberUnsafe(bodySize)
      const asProblem = (problem: Problem) => finish(request, facts, begun, problemReply(problem, facts.path, facts.id))
      const wrong = faultAtSight(request, limit)
      if (wrong !== undefined) return Effect.succeed(asProblem(problemOf(wrong)))
      return handler.pipe(
        Effect.updateContext((context: Context.Context<never>) =>
          context.pipe(
            Context.add(RequestInfo, facts),
            Context.add(HttpServerRequest.MaxBodySize, bodySize),
            Context.add(HttpServerRequest.HttpServerRequest, withSoundBody(request))
          )
        ),
        Effect.matchCauseEffect({
          onSuccess: (reply) =>
            Effect.succeed(
              reply.status >= 400 ? asProblem(problemIn(reply, request, limit)) : finish(request, facts, begun, reply)
            ),
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
    })
})

/** Wraps every route. */
export const layerAnswering = HttpRouter.middleware(make, { global: true })
