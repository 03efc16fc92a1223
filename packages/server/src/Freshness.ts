/**
 * Freshness: a reader who has what would be sent gets an empty 304. Single resources know it by their version; lists,
 * reports and whatever else has none, by what is in the reply, so that two readers who see different things have
 * different ETags.
 */
import { createHash } from "node:crypto"
import { Freshness } from "@onhand/api"
import { Effect, Layer, SchemaAST } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { etagOf, isKnown } from "./Replying.ts"

/** Letters of a mark: 80 bits, so that two replies that differ never have the same by chance. */
const MARK_LENGTH = 20

/** What tells a body apart from others. */
export const markOf = (body: string | Uint8Array): string =>
  createHash("sha256").update(body).digest("hex").slice(0, MARK_LENGTH)

const marked = (request: HttpServerRequest.HttpServerRequest, reply: HttpServerResponse.HttpServerResponse) => {
  const { body, status } = reply
  if (status !== 200 || body._tag !== "Uint8Array") return reply
  const mark = markOf(body.text ?? body.body)
  // The version stays in front: If-Match takes it, whatever else the representation adds.
  const version = /^"(\d+)/.exec(reply.headers["etag"] ?? "")?.[1]
  const etag = version === undefined ? `"${mark}"` : etagOf(Number(version), `-${mark}`)
  return isKnown(request.headers["if-none-match"], etag)
    ? HttpServerResponse.empty({ status: 304, headers: { etag } })
    : HttpServerResponse.setHeader(reply, "etag", etag)
}

/** Whether an endpoint looks at If-None-Match itself. */
const knowsVersion = ({ headers }: HttpApiEndpoint.Top): boolean =>
  headers !== undefined &&
  SchemaAST.isObjects(headers.ast) &&
  headers.ast.propertySignatures.some(({ name }) => name === "if-none-match")

export const layerFreshness = Layer.succeed(
  Freshness,
  // Asked once for each endpoint, when its route is made. What takes If-None-Match itself needs no body to know.
  Freshness.of((handler, { endpoint }) =>
    endpoint.method !== "GET" || knowsVersion(endpoint)
      ? handler
      : Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          Effect.map(handler, (reply) => marked(request, reply))
        )
  )
)
