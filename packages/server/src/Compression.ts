/**
 * Compression: which replies are sent smaller, for readers that say they can read it, on both ways that a reply takes.
 */
import { brotliCompress, constants, gzip } from "node:zlib"
import { HttpMiddleware } from "effect/http"

/** Smaller bodies gain nothing by being compressed. */
const COMPRESSED_BYTES = 1024

/** Higher levels take several times as long for a few bytes less. */
const BROTLI_QUALITY = 4
const GZIP_LEVEL = 6

// Streams of events are left alone: a compressor for each of thousands would take more memory than it saves bytes.
const COMPRESSIBLE = /^(?:text\/(?:html|css|csv|plain)|application\/(?:json|problem\+json|javascript))\b/

/** Compresses replies of the long way. */
export const compressed = HttpMiddleware.compression({
  algorithms: ["br", "gzip"],
  minSize: COMPRESSED_BYTES,
  compressible: (contentType) => COMPRESSIBLE.test(contentType),
  levels: { br: BROTLI_QUALITY, gzip: GZIP_LEVEL }
})

/** How a body may be compressed. */
export type Algorithm = "br" | "gzip"

/** The algorithm for a body of so many bytes, after an Accept-Encoding without weights; none if it is sent as it is. */
export const algorithmFor = (accepted: string | undefined, bytes: number): Algorithm | undefined => {
  if (accepted === undefined || bytes < COMPRESSED_BYTES) return undefined
  const names = accepted
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
  if (names.includes("br") || names.includes("*")) return "br"
  return names.includes("gzip") ? "gzip" : undefined
}

/** Compresses a body on a thread of its own. */
export const compress = (
  body: string | Uint8Array,
  algorithm: Algorithm,
  done: (error: Error | null, bytes: Uint8Array) => void
): void => {
  if (algorithm === "br") {
    brotliCompress(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }, done)
  } else gzip(body, { level: GZIP_LEVEL }, done)
}

/** The header fields of a compressed body. Its bytes are no longer those that an ETag was given for. */
export const compressedHeaders = (headers: Readonly<Record<string, string>>, algorithm: Algorithm, length: number) => {
  const { etag } = headers
  return {
    ...headers,
    "content-encoding": algorithm,
    "content-length": String(length),
    ...(etag === undefined || etag.startsWith("W/") ? {} : { etag: `W/${etag}` })
  }
}
