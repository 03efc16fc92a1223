/**
 * Cross-origin requests: which web pages of other origins may read replies. None, unless the host names them. No cookie
 * signs anybody in here, so credentials are never allowed.
 */
import { HttpMiddleware, type HttpServerRequest } from "effect/http"

/** How long a browser remembers a preflight's answer, in seconds. */
const MAX_AGE = 600

const ASKED = [
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "x-request-id"
]

const TOLD = [
  "etag",
  "idempotency-replayed",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "x-request-id"
]

/** Tells browsers that pages of these origins may ask and read. */
export const allowOrigins = (origins: ReadonlyArray<string>) => {
  const allowed = new Set(origins)
  return HttpMiddleware.cors({
    // As a function, because a list of one would be told to every origin, that of a stranger included.
    allowedOrigins: (origin) => allowed.has(origin),
    allowedHeaders: ASKED,
    exposedHeaders: TOLD,
    maxAge: MAX_AGE
  })
}

/**
 * Whether a request comes from a page of another origin that may not call the server. Browsers ask nobody before they
 * open a WebSocket, so this is looked at here.
 */
export const isForeign = (
  { headers }: HttpServerRequest.HttpServerRequest,
  origins: ReadonlyArray<string>
): boolean => {
  const { origin } = headers
  return origin !== undefined && !origins.includes(origin) && URL.parse(origin)?.host !== headers["host"]
}
