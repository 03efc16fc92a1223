/**
 * The documentation: the contract as OpenAPI, and as pages to read and try. All of it is served from here, so that it
 * works without the internet and tells nobody who reads it.
 */
import { OnhandApi } from "@onhand/api"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar } from "effect/http-api"

// The page brings its script and styles inline, draws with data: images, and asks this server only.
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src data:",
  "connect-src 'self'",
  "worker-src blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'"
].join("; ")

const readable = HttpRouter.middleware((handler) =>
  Effect.map(
    handler,
    HttpServerResponse.setHeaders({ "content-security-policy": CONTENT_POLICY, "cache-control": "no-cache" })
  )
).layer

// A name of its own, because Effect's type does not have all that Scalar reads. Its tools for developers and its client
// would send the contract to Scalar's servers, which the content policy refuses, so they are not offered.
const scalar = {
  withDefaultFonts: false,
  hideModels: true,
  showOperationId: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  telemetry: false,
  // On a phone, a margin of Scalar's is a little wider than the window.
  customCss: "html, body { overflow-x: clip }"
}

/** `/docs`. */
export const layerDocumentation = HttpApiScalar.layer(OnhandApi, { path: "/docs", scalar }).pipe(
  Layer.provide(readable)
)
