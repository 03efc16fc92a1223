/**
 * Request info: what is known of the request that is being answered, for its log line and its problems.
 */
import { Context } from "effect"

export interface RequestFacts {
  readonly id: string
  /** The path, without the query, which may carry what nobody should read in a log. */
  readonly path: string
  /** The id of who asks, once that is known. */
  actor: string | null
}

/** The facts of the request at hand; outside of one, facts that nobody reads. */
export const RequestInfo = Context.Reference<RequestFacts>("@onhand/server/RequestInfo", {
  defaultValue: () => ({ id: "", path: "", actor: null })
})
