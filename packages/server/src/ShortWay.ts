/**
 * The short way: what a shop is asked most is answered in a few plain functions, straight from the request of Node.js.
 *
 * It takes a request only if nothing about it is unusual; everything else goes the long way from its beginning, through
 * the router and the middleware, which alone know what to answer to what is wrong. So the short way decides nothing of
 * its own: it decodes by the schemas of the contract, calls the handlers that the long way calls, and finishes replies
 * as the long way does. What it leaves out is what such a request has no use for.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { CurrentActor, InternalError, OnhandApi, type Problem, type ProblemTag, Requires } from "@onhand/api"
import { ByteSize, Cause, Context, Effect, Exit, Layer, Option, Result, Schema, Tracer } from "effect"
import type { HttpServerResponse } from "effect/http"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"
import { missingOf } from "./Authorizing.ts"
import { textOfBody } from "./BodyText.ts"
import { clientAddress } from "./ClientAddress.ts"
import { algorithmFor, compress, compressedHeaders } from "./Compression.ts"
import { Finishing } from "./Finishing.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { problemOf, problemReply } from "./ProblemReply.ts"
import { type RequestFacts, RequestInfo } from "./RequestInfo.ts"
import { RequestQuota, withinQuota } from "./RequestQuota.ts"
import { bodyLimitOf, keepBody } from "./Screening.ts"
import { type Caller, Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"

/** Addresses in which every reader reads the same: no escapes, and nothing that a router would tidy up. */
const PLAIN_URL = /^(?:\/[\w.~-]+)+(?:\?[\w.~-]+=[\w.~-]*(?:&[\w.~-]+=[\w.~-]*)*)?$/

/** The longest address that is looked at. */
const MAX_URL_LENGTH = 512

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i

/** An Accept-Encoding that weighs nothing. */
const UNWEIGHTED = /^[\w*, -]*$/

/** A handler of the contract that answers with a reply, or with a refusal that the contract has. */
type Handler<Parts, E> = (parts: Parts) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, CurrentActor>

type AnyHandler = Handler<never, { readonly _tag: ProblemTag }>

type Decode = (input: unknown) => Option.Option<unknown>

interface Route {
  readonly handler: AnyHandler
  readonly requirement: Requires["Service"]
  /** The name of the parameter that the path ends with, if it does. */
  readonly parameter: string | undefined
  readonly params: Decode | undefined
  readonly query: Decode | undefined
  readonly headers: Decode | undefined
  readonly payload: Decode | undefined
}

export interface ShortWayShape {
  /** Has an endpoint answered on the short way as well. Its path has a parameter at its end, or none. */
  readonly take: <Endpoint extends HttpApiEndpoint.Top, E extends { readonly _tag: ProblemTag }>(
    endpoint: Endpoint,
    handler: Handler<HttpApiEndpoint.Request<Endpoint>, E>
  ) => Handler<HttpApiEndpoint.Request<Endpoint>, E>
  /** Whether the request is taken. One that is may still be found to need the long way once its body was read. */
  readonly answers: (request: IncomingMessage, response: ServerResponse, longWay: () => void) => boolean
}

/** The decoder of a schema of the contract. What it does not accept goes the long way, which says why. */
const decoderOf = (schema: Schema.Top, options?: Parameters<typeof Schema.decodeUnknownOption>[1]): Decode =>
  // Schemas of the contract need no services, which the type of any schema cannot say.
  Schema.decodeUnknownOption(schema as Schema.Codec<unknown, unknown>, options)

const routeOf = (endpoint: HttpApiEndpoint.Top, handler: AnyHandler): Route => {
  const { params, query, headers, payload, path, annotations } = endpoint
  const body = payload.get("application/json")
  const inQuery = Context.getOrUndefined(OnhandApi.annotations, HttpApi.QueryParseOptions)
  const inPayload = Context.getOrUndefined(OnhandApi.annotations, HttpApi.PayloadParseOptions)
  return {
    handler,
    requirement: Context.get(annotations as Context.Context<Requires>, Requires),
    parameter: /\/:(\w+)$/.exec(path)?.[1],
    params: params && decoderOf(params),
    query: query && decoderOf(Schema.toCodecArrayFromSingle(query), inQuery),
    headers: headers && decoderOf(headers),
    payload: body && decoderOf(Schema.Union(body.schemas as ReadonlyArray<Schema.Top>), inPayload)
  }
}

/** The paths without parameters, with their methods: none of them is a product that is called `lookup`. */
const fixedPaths = (): ReadonlySet<string> => {
  const found = new Set<string>()
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      if (!endpoint.path.includes(":")) found.add(`${endpoint.method} ${endpoint.path}`)
    }
  })
  return found
}

/** The parameters of a plain query; undefined if one is there twice. */
const parametersOf = (query: string): Readonly<Record<string, string>> | undefined => {
  const found: Record<string, string> = {}
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=")
    const name = pair.slice(0, equals)
    if (name in found) return undefined
    found[name] = pair.slice(equals + 1)
  }
  return found
}

/** Hands over the bytes of a body once they are all there. */
const whenRead = (request: IncomingMessage, then: (bytes: Uint8Array) => void): void => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => then(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
}

/** The endpoints that are answered on the short way. */
class Routes {
  private readonly fixed = fixedPaths()
  private readonly routes = new Map<string, Route>()

  add(endpoint: HttpApiEndpoint.Top, handler: AnyHandler): void {
    this.routes.set(`${endpoint.method} ${endpoint.path.replace(/:\w+$/, "")}`, routeOf(endpoint, handler))
  }

  find(method: string, path: string): Route | undefined {
    const key = `${method} ${path}`
    const exact = this.routes.get(key)
    if (exact !== undefined || this.fixed.has(key)) return exact
    return this.routes.get(key.slice(0, key.lastIndexOf("/") + 1))
  }
}

/** What is decoded of a request beside its body; undefined if the long way has to say what is wrong with it. */
const partsOf = (route: Route, path: string, query: string | undefined, headers: IncomingMessage["headers"]) => {
  const parts: Record<string, unknown> = {}
  const put = (name: string, decode: Decode | undefined, input: unknown): boolean => {
    if (decode === undefined) return true
    const decoded = decode(input)
    if (Option.isSome(decoded)) parts[name] = decoded.value
    return Option.isSome(decoded)
  }
  if (query !== undefined && route.query === undefined) return undefined
  const { parameter } = route
  const parameters = query === undefined ? {} : parametersOf(query)
  return (parameter === undefined ||
    put("params", route.params, { [parameter]: path.slice(path.lastIndexOf("/") + 1) })) &&
    put("query", route.query, parameters) &&
    put("headers", route.headers, headers)
    ? parts
    : undefined
}

/** The body of a request, decoded; none if the long way has to say what is wrong with it. */
const payloadOf = (decode: Decode, bytes: Uint8Array): Option.Option<unknown> => {
  const text = textOfBody(bytes, true)
  if (Result.isFailure(text)) return Option.none()
  try {
    return decode(JSON.parse(text.success))
  } catch {
    return Option.none()
  }
}

/** Whether a request has a body of JSON that may be read, if the route takes one, and else none at all. */
const hasItsBody = ({ payload }: Route, path: string, { headers }: IncomingMessage): boolean => {
  if (headers["transfer-encoding"] !== undefined) return false
  const length = Number(headers["content-length"] ?? 0)
  if (payload === undefined) return length === 0
  return (
    length > 0 && length <= ByteSize.toNumberUnsafe(bodyLimitOf(path)) && JSON_TYPE.test(headers["content-type"] ?? "")
  )
}

/** What proxies say of the client; several fields are one list. */
const forwardedFor = ({ headers }: IncomingMessage): string | undefined => {
  const said = headers["x-forwarded-for"]
  return typeof said === "string" ? said : said?.join(", ")
}

const BEARER = "Bearer "

const makeSending = Effect.gen(function* () {
  const finishing = yield* Finishing
  const { isClosingNow } = yield* Lifecycle
  const addressOf = clientAddress((yield* ServerSettings).trustedProxies)
  return (
    facts: RequestFacts,
    request: IncomingMessage,
    response: ServerResponse,
    reply: HttpServerResponse.HttpServerResponse
  ): void => {
    const { method = "", socket } = request
    const { status, body } = reply
    const address = addressOf(socket.remoteAddress, forwardedFor(request))
    const headers = finishing.finish(facts, { method, address }, reply)
    if (isClosingNow()) headers["connection"] = "close"
    if (response.destroyed) return
    if (body._tag !== "Uint8Array") {
      response.writeHead(status, headers).end()
      return
    }
    headers["vary"] = "Accept-Encoding"
    const content = body.text ?? body.body
    const algorithm = algorithmFor(request.headers["accept-encoding"], body.contentLength)
    if (algorithm === undefined) {
      response.writeHead(status, headers).end(content)
      return
    }
    compress(content, algorithm, (error, bytes) => {
      if (error !== null) response.destroy(error)
      else if (!response.destroyed) {
        response.writeHead(status, compressedHeaders(headers, algorithm, bytes.length)).end(bytes)
      }
    })
  }
})

const makeAnswering = Effect.gen(function* () {
  const quota = yield* RequestQuota
  const finishing = yield* Finishing
  const services = yield* Effect.context<never>()
  const send = yield* makeSending
  const fork = Effect.runForkWith(services)

  const problemIn = (cause: Cause.Cause<{ readonly _tag: ProblemTag }>, { id: requestId, path }: RequestFacts) => {
    for (const reason of cause.reasons) if (reason._tag === "Fail") return problemOf(reason.error)
    fork(Effect.logError("A request failed", { requestId, path }, cause))
    return problemOf(new InternalError())
  }

  return (
    route: Route,
    { actor, session }: Caller,
    parts: object,
    request: IncomingMessage,
    response: ServerResponse
  ) => {
    const { method = "", url = "", headers } = request
    const facts = finishing.begin({ method, url, headers }, null)
    const refuse = (problem: Problem) => send(facts, request, response, problemReply(problem, facts.path, facts.id))
    facts.actor = actor.id
    facts.session = session
    facts.standing = quota.ofUser(actor.id)
    const within = withinQuota(facts.standing)
    if (Result.isFailure(within)) return refuse(problemOf(within.failure))
    const context = services.pipe(Context.add(CurrentActor, actor), Context.add(RequestInfo, facts))
    // What was decoded by the endpoint's schemas is what its handler takes; the compiler cannot follow that in a map.
    const fiber = Effect.runForkWith(context)(Effect.suspend(() => route.handler(parts as never)))
    const done = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, { readonly _tag: ProblemTag }>) => {
      try {
        if (Exit.isSuccess(exit)) send(facts, request, response, exit.value)
        else if (Cause.hasInterruptsOnly(exit.cause)) response.destroy()
        else refuse(problemIn(exit.cause, facts))
      } catch (thrown) {
        // Nobody above catches anything: it would end the process, and with it the requests of everybody else.
        refuse(problemIn(Cause.die(thrown), facts))
      }
    }
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return done(exit)
    fiber.addObserver(done)
    response.once("close", () => {
      if (!response.writableEnded) fiber.interruptUnsafe()
    })
  }
})

const make = Effect.gen(function* () {
  const sessions = yield* Sessions
  const { roles, origins } = yield* ServerSettings
  const answer = yield* makeAnswering
  // Whoever listens to spans is told of each step, which only the long way has.
  const isTraced = (yield* Effect.tracer) !== Tracer.nativeTracer
  const routes = new Routes()

  /** Whether the address is plain, and no header asks for something special. */
  const isUsual = (url: string, headers: IncomingMessage["headers"]): boolean =>
    url.length <= MAX_URL_LENGTH &&
    PLAIN_URL.test(url) &&
    UNWEIGHTED.test(headers["accept-encoding"] ?? "") &&
    (origins.length === 0 || headers.origin === undefined)

  return ShortWay.of({
    take: (endpoint, handler) => {
      routes.add(endpoint, handler)
      return handler
    },
    answers: (request, response, longWay) => {
      const { method = "", url = "", headers } = request
      if (isTraced || !headers.authorization?.startsWith(BEARER) || !isUsual(url, headers)) return false
      const [path = "", query] = url.split("?", 2)
      const route = routes.find(method, path)
      if (route === undefined || !hasItsBody(route, path, request)) return false
      const caller = sessions.known(headers.authorization.slice(BEARER.length))
      if (caller === undefined || missingOf(roles, caller.actor, route.requirement) !== undefined) return false
      const parts = partsOf(route, path, query, headers)
      if (parts === undefined) return false
      const { payload } = route
      if (payload === undefined) {
        answer(route, caller, parts, request, response)
        return true
      }
      whenRead(request, (bytes) => {
        const decoded = payloadOf(payload, bytes)
        if (Option.isSome(decoded)) answer(route, caller, { ...parts, payload: decoded.value }, request, response)
        else {
          keepBody(request, bytes)
          longWay()
        }
      })
      return true
    }
  })
})

export class ShortWay extends Context.Service<ShortWay, ShortWayShape>()("@onhand/server/ShortWay") {
  static readonly layer: Layer.Layer<ShortWay, never, Sessions | RequestQuota | Finishing | Lifecycle> = Layer.effect(
    ShortWay,
    make
  )
}
