/**
 * Replying: the pieces that handlers of every noun share: pages, versions, money and times on the wire.
 */
import { type InvalidRequest, type ListQuery, PreconditionRequired, type Money as WireMoney } from "@onhand/api"
import {
  DEFAULT_PAGE_SIZE,
  decimalFromMoney,
  type ExpectedVersion,
  type Money,
  moneyFromDecimal,
  type Page,
  type PageRequest
} from "@onhand/core"
import { DateTime, Effect, Result } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"
import { faulty } from "./Faults.ts"
import type { Reply } from "./KeptReplies.ts"

/** The page that a list is asked for. */
export const pageRequest = (query: ListQuery): Effect.Effect<PageRequest, InvalidRequest> => {
  const { limit, cursor, page, page_size } = query
  if (page === undefined && page_size === undefined) {
    return Effect.succeed({ _tag: "Cursor", limit: limit ?? DEFAULT_PAGE_SIZE, cursor })
  }
  return limit === undefined && cursor === undefined
    ? Effect.succeed({ _tag: "Numbered", page: page ?? 1, pageSize: page_size ?? DEFAULT_PAGE_SIZE })
    : Effect.fail(faulty("query", "Either limit and cursor, or page and page_size, are accepted; not both kinds"))
}

/** A page of the wire. */
export const pageReply = <A, B>(page: Page<A>, convert: (item: A) => B) => ({
  items: page.items.map(convert),
  nextCursor: page.nextCursor,
  ...(page.total === null ? {} : { total: page.total })
})

export const timestamp = (instant: DateTime.Utc): string => new Date(DateTime.toEpochMillis(instant)).toISOString()

export const moneyReply = (money: Money): WireMoney => ({ amount: decimalFromMoney(money), currency: money.currency })

/** Money of a request, in minor units. */
export const moneyOf = (money: WireMoney, path: string): Effect.Effect<Money, InvalidRequest> => {
  const exact = moneyFromDecimal(money.amount, money.currency)
  return Result.isSuccess(exact)
    ? Effect.succeed(exact.success)
    : Effect.fail(faulty(`${path}.amount`, exact.failure.message))
}

/** The ETag of a version; `detail` tells apart representations that differ though the version is the same. */
export const etagOf = (version: number, detail = ""): string => `"${version}${detail}"`

// An ETag begins with the version, whatever else the representation adds. Compression makes it a weak one.
const ETAG = /^(?:W\/)?"(\d{1,15})(?:-[0-9a-z]+)?"$/

/** The version that a change expects, after If-Match. */
export const expectedVersion = (
  ifMatch: string | undefined
): Effect.Effect<ExpectedVersion, PreconditionRequired | InvalidRequest> => {
  if (ifMatch === undefined) return Effect.fail(new PreconditionRequired({ header: "If-Match" }))
  if (ifMatch.trim() === "*") return Effect.succeed("any")
  const version = ETAG.exec(ifMatch.trim())?.[1]
  return version === undefined
    ? Effect.fail(faulty("headers.if-match", 'An ETag that was read here, such as "3", or * is accepted'))
    : Effect.succeed(Number(version))
}

/** Whether the reader has this already, after If-None-Match. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((known) => known.trim().replace(/^W\//, "") === etag))

/** A single resource with its ETag, or 304 for a reader who has it. */
export const conditional = <Body>(body: Body, etag: string, ifNoneMatch: string | undefined) =>
  isKnown(ifNoneMatch, etag) ? HttpServerResponse.empty({ status: 304, headers: { etag } }) : jsonReply(body, { etag })

/**
 * A body that is written as it is. Bodies of the wire are plain JSON, made by functions of the contract's own types, so
 * that walking them once more with a schema would only take time; the tests do it instead, for every reply.
 */
export const jsonReply = <Body>(body: Body, headers: Readonly<Record<string, string>> = {}, status = 200) =>
  HttpServerResponse.text(JSON.stringify(body), { status, contentType: "application/json", headers })

/** A reply of a text of JSON, with its ETag. */
export const textReply = (text: string, etag: string): Reply => ({
  reply: HttpServerResponse.text(text, { contentType: "application/json", headers: { etag } }),
  etag
})

/** A reply that was made before, or 304 for a reader who has it. */
export const keptReply = ({ reply, etag }: Reply, ifNoneMatch: string | undefined) =>
  isKnown(ifNoneMatch, etag) ? HttpServerResponse.empty({ status: 304, headers: { etag } }) : reply

/** The header that marks a reply as given before. */
export const replayedHeader = (replayed: boolean): { readonly "idempotency-replayed"?: "true" } =>
  replayed ? { "idempotency-replayed": "true" } : {}

/** A changed resource with its new ETag. */
export const changedReply = <Body>(body: Body, version: number, replayed: boolean) =>
  HttpApiSchema.withHeaders({ body, headers: { etag: etagOf(version), ...replayedHeader(replayed) } })

/** The same as a finished reply. */
export const changedJson = <Body>(body: Body, version: number, replayed: boolean, status = 200) =>
  jsonReply(body, { etag: etagOf(version), ...replayedHeader(replayed) }, status)
