/**
 * The access log: one line of JSON a request, and nothing secret in it: no query, no header, no body.
 */
import { Context } from "effect"

/** What is written of a request. `path` is without the query, which may carry what nobody should read in a log. */
export interface AccessEntry {
  readonly time: number
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly millis: number
  /** The id of the user who asked, if somebody was signed in. */
  readonly actor: string | null
  /** The address of the client, as far as trusted proxies tell it. */
  readonly address: string | null
  /** The trace that the request belongs to, if it belongs to one. */
  readonly traceId: string | null
}

// What somebody who watches over security looks for: who was turned away, and from where.
const SECURITY_EVENTS: Readonly<Record<number, string>> = {
  401: "authentication_failed",
  403: "access_denied",
  429: "limit_exceeded"
}

const security = (status: number): string => {
  const event = SECURITY_EVENTS[status]
  return event === undefined ? "" : `,"securityEvent":"${event}"`
}

const level = (status: number): string =>
  status >= 500 ? "error" : SECURITY_EVENTS[status] === undefined ? "info" : "warn"

/** An entry as a line. Texts of a caller are encoded as JSON, so that none can begin a line of its own. */
export const accessLine = (entry: AccessEntry): string =>
  `{"time":"${new Date(entry.time).toISOString()}","level":"${level(entry.status)}","message":"request",` +
  `"requestId":"${entry.requestId}","method":${JSON.stringify(entry.method)},"path":${JSON.stringify(entry.path)},` +
  `"status":${entry.status},"millis":${entry.millis.toFixed(2)},"actor":${JSON.stringify(entry.actor)},` +
  `"address":${JSON.stringify(entry.address)},"traceId":${JSON.stringify(entry.traceId)}${security(entry.status)}}\n`

let pending = ""

const flush = (): void => {
  const lines = pending
  pending = ""
  process.stdout.write(lines)
}

/** Writes entries to standard output, those of one turn of the event loop with one system call. */
export const writeToStdout = (entry: AccessEntry): void => {
  if (pending === "") setImmediate(flush)
  pending += accessLine(entry)
}

/** Where entries go. It is called for every request, so it must be quick and must not throw. */
export const AccessLog = Context.Reference<(entry: AccessEntry) => void>("@onhand/server/AccessLog", {
  defaultValue: () => writeToStdout
})
