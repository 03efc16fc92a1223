/**
 * Problem replies: every error leaves the server as a problem with its path and request id, whoever made it: a handler,
 * a schema, the router, or a defect.
 */
import {
  InternalError,
  InvalidRequest,
  MethodNotAllowed,
  NoSuchRoute,
  OnhandApi,
  PayloadTooLarge,
  PROBLEM_JSON,
  type Problem,
  type ProblemTag,
  problems,
  UnsupportedMediaType
} from "@onhand/api"
import { type Cause, Schema } from "effect"
import { HttpServerError, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiError } from "effect/http-api"
import { faultsOf } from "./Faults.ts"

const encoders = Object.fromEntries(
  Object.entries(problems).map(([tag, codec]) => [
    tag,
    Schema.encodeUnknownSync(codec as Schema.Codec<unknown, Problem>)
  ])
) as Readonly<Record<ProblemTag, (refusal: unknown) => Problem>>

/** The problem of a refusal. */
export const problemOf = (refusal: { readonly _tag: ProblemTag }): Problem => encoders[refusal._tag](refusal)

interface Route {
  readonly method: string
  readonly path: RegExp
}

/** What is served beside the contract. */
const PAGES = ["/", "/docs", "/openapi\\.json"]

const routesOf = (): ReadonlyArray<Route> => {
  const routes: Array<Route> = []
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      routes.push({ method: endpoint.method, path: new RegExp(`^${endpoint.path.replace(/:\w+/g, "[^/]+")}/?$`) })
    }
  })
  for (const path of PAGES) routes.push({ method: "GET", path: new RegExp(`^${path}$`) })
  return routes
}

const routes = routesOf()

const pathOf = (url: string): string => {
  const query = url.indexOf("?")
  return query === -1 ? url : url.slice(0, query)
}

/** Why there is no route: nothing has this path, or only other methods have it. */
const noRoute = (request: HttpServerRequest.HttpServerRequest): NoSuchRoute | MethodNotAllowed => {
  const path = pathOf(request.url)
  const allowed = routes.filter((route) => route.path.test(path)).map((route) => route.method)
  // A path with a wrong escape is none, whatever it looks like.
  return allowed.length === 0 || allowed.includes(request.method)
    ? new NoSuchRoute()
    : new MethodNotAllowed({ allowed: [...new Set(allowed)] })
}

const PARTS = { Params: "params", Query: "query", Headers: "headers", Payload: "payload" } as const

/** What a schema or the server itself turned down, as a refusal; undefined when nobody foresaw it. */
const foreseen = (
  error: unknown,
  request: HttpServerRequest.HttpServerRequest,
  bodyLimit: number
): { readonly _tag: ProblemTag } | undefined => {
  if (HttpApiError.HttpApiSchemaError.is(error)) {
    const { kind, cause } = error
    return kind === "Body" || kind === "ResponseHeaders"
      ? undefined
      : new InvalidRequest({ faults: faultsOf(PARTS[kind], cause.issue) })
  }
  if (error instanceof InvalidRequest) return error
  if (!(error instanceof HttpServerError.HttpServerError)) return undefined
  const { reason } = error
  if (reason._tag === "RouteNotFound") return noRoute(request)
  if (reason._tag !== "RequestParseError") return undefined
  if (reason.reason === "BodyTooLarge") return new PayloadTooLarge({ limit: bodyLimit })
  return new InvalidRequest({ faults: [{ path: "payload", message: "The body could not be read" }] })
}

/** The refusal behind a cause, and the cause itself where it is the server's fault and should be logged. */
export const refusalOf = (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest.HttpServerRequest,
  bodyLimit: number
): { readonly refusal: { readonly _tag: ProblemTag }; readonly fault: boolean } => {
  for (const reason of cause.reasons) {
    if (reason._tag === "Interrupt") continue
    const refusal = foreseen(reason._tag === "Fail" ? reason.error : reason.defect, request, bodyLimit)
    if (refusal !== undefined) return { refusal, fault: false }
  }
  return { refusal: new InternalError(), fault: true }
}

/** The reply with a problem in it. */
export const problemReply = (
  problem: Problem,
  path: string,
  requestId: string
): HttpServerResponse.HttpServerResponse => {
  const headers: Record<string, string> = {}
  if (problem.status === 401) headers["www-authenticate"] = 'Bearer realm="onhand"'
  if (problem.status === 413) headers["connection"] = "close"
  if (problem.status === 426) Object.assign(headers, { connection: "upgrade", upgrade: "websocket" })
  if ("allowed" in problem && Array.isArray(problem.allowed)) headers["allow"] = problem.allowed.join(", ")
  if (problem.status === 429 || problem.status === 503) {
    const millis = "retryAfterMillis" in problem ? Number(problem.retryAfterMillis) : 0
    headers["retry-after"] = String(Math.max(1, Math.ceil(millis / 1000)))
  }
  return HttpServerResponse.text(JSON.stringify({ ...problem, instance: path, requestId }), {
    status: problem.status,
    contentType: PROBLEM_JSON,
    headers
  })
}

const decoder = new TextDecoder()

/** The problem in an error reply: what a handler's refusal was encoded to, or what its status stands for. */
export const problemIn = (
  response: HttpServerResponse.HttpServerResponse,
  request: HttpServerRequest.HttpServerRequest,
  bodyLimit: number
): Problem => {
  const { body } = response
  if (body._tag === "Uint8Array" && body.contentType === PROBLEM_JSON) return JSON.parse(decoder.decode(body.body))
  switch (response.status) {
    case 404:
    case 405:
      return problemOf(noRoute(request))
    case 413:
      return problemOf(new PayloadTooLarge({ limit: bodyLimit }))
    case 415:
      return problemOf(new UnsupportedMediaType({ contentType: request.headers["content-type"] ?? "" }))
    default:
      return problemOf(new InternalError())
  }
}
