/**
 * Screening: what is wrong with a request whatever it asks for, and is told before a route sees it: an address that is
 * too long, a body of no type, text that is none.
 */
import { MAX_IMPORT_BYTES, PayloadTooLarge, UnsupportedMediaType, UriTooLong } from "@onhand/api"
import { ByteSize, Effect } from "effect"
import { type HttpServerError, type HttpServerRequest, UrlParams } from "effect/http"
import { textOfBody } from "./BodyText.ts"
import { faulty } from "./Faults.ts"

/** The largest body of a request that is not an import: a thousand lines of a movement are well below it. */
const MAX_BODY = ByteSize.bytes(1024 * 1024)
const MAX_IMPORT = ByteSize.bytes(MAX_IMPORT_BYTES)
const IMPORT_PATH = "/api/v1/products/import"

/** The longest path and query: a cursor is 2,000 characters at most. */
export const MAX_URL_LENGTH = 8 * 1024

/** The largest body that a path takes. */
export const bodyLimitOf = (path: string): ByteSize.ByteSize => (path === IMPORT_PATH ? MAX_IMPORT : MAX_BODY)

const BODYLESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

/** Whether a body comes without saying of which type it is: then it is nobody's guess. */
const isUntyped = ({ method, headers }: HttpServerRequest.HttpServerRequest): boolean =>
  !BODYLESS.has(method) &&
  headers["content-type"] === undefined &&
  (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0)

/** What is wrong with a request at first sight, if anything. */
export const faultAtSight = (request: HttpServerRequest.HttpServerRequest, bodyLimit: number) => {
  if (request.url.length > MAX_URL_LENGTH) return new UriTooLong({ limit: MAX_URL_LENGTH })
  // No text that is stored may have it, so a path or a query with it is a mistake or an attack.
  if (request.url.includes("%00")) return faulty("url", "A path and a query without the character NUL are accepted")
  if (Number(request.headers["content-length"] ?? 0) > bodyLimit) return new PayloadTooLarge({ limit: bodyLimit })
  return isUntyped(request) ? new UnsupportedMediaType({ contentType: "" }) : undefined
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i

// What the short way read of a request before it found that the long way has to answer it.
const keptBodies = new WeakMap<object, Uint8Array>()

/** Keeps the body of a request that was read already. */
export const keepBody = (source: object, bytes: Uint8Array): void => void keptBodies.set(source, bytes)

/**
 * The request with a body that is looked at as soon as somebody reads it. A wrong one ends the request: the types of
 * a body leave no room for a problem, so it goes past them and is answered where all defects are.
 */
export const withSoundBody = (request: HttpServerRequest.HttpServerRequest): HttpServerRequest.HttpServerRequest => {
  if (BODYLESS.has(request.method)) return request
  const isJson = JSON_TYPE.test(request.headers["content-type"] ?? "application/json")
  const kept = keptBodies.get(request.source)
  const read: Effect.Effect<ArrayBuffer | Uint8Array, HttpServerError.HttpServerError> =
    kept === undefined ? request.arrayBuffer : Effect.succeed(kept)
  const text = Effect.flatMap(read, (bytes) => Effect.orDie(Effect.fromResult(textOfBody(bytes, isJson))))
  const urlParamsBody = Effect.map(text, (form) => UrlParams.fromInput(new URLSearchParams(form)))
  return Object.create(request, { text: { value: text }, urlParamsBody: { value: urlParamsBody } })
}
