/**
 * Request info: what is known of the request that is being answered, for its log line and its problems.
 */
import type { SessionId } from "@onhand/core"
import { Context } from "effect"
import type { Standing } from "./RequestQuota.ts"

export interface RequestFacts {
  readonly id: string
  /** The path, without the query, which may carry what nobody should read in a log. */
  readonly path: string
  /** The trace that the request belongs to, if it belongs to one. */
  readonly traceId: string | null
  /** When it came, in nanoseconds of a clock that never goes back. */
  readonly begun: bigint
  /** The id of who asks, once that is known. */
  actor: string | null
  /** The session in which it is asked; null of who has none, such as a program with an API key. */
  session: SessionId | null
  /** How the caller stands towards its quota, once that was counted. */
  standing: Standing | null
}

/** The facts of the request at hand; outside of one, facts that nobody reads. */
export const RequestInfo = Context.Reference<RequestFacts>("@onhand/server/RequestInfo", {
  defaultValue: () => ({ id: "", path: "", traceId: null, begun: 0n, actor: null, session: null, standing: null })
})
