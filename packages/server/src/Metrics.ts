/**
 * Metrics: what is counted of requests, and `/metrics` in the text that Prometheus reads, for who has its token.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { Unauthorized } from "@onhand/api"
import { Context, Effect, Metric, Redacted } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import type { AccessEntry } from "./AccessLog.ts"
import { problemOf, problemReply } from "./ProblemReply.ts"
import { ServerSettings } from "./Settings.ts"

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const requests = Metric.counter("onhand_http_requests_total", {
  description: "Requests answered, by method and status",
  incremental: true
})
const durations = Metric.histogram("onhand_http_request_seconds", {
  description: "Time from a request to its reply; streams count until they begin",
  boundaries: SECONDS
})

const byStatus = new Map<string, typeof requests>()

const requestsBy = (method: string, status: number): typeof requests => {
  const key = `${method} ${status}`
  let metric = byStatus.get(key)
  if (metric === undefined) {
    metric = Metric.withAttributes(requests, { method, status: String(status) })
    byStatus.set(key, metric)
  }
  return metric
}

/** Counts a request. */
export const countRequest = ({ method, status, millis }: AccessEntry, context: Context.Context<never>): void => {
  requestsBy(method, status).updateUnsafe(1, context)
  durations.updateUnsafe(millis / 1000, context)
}

/** What alarms look for stands at 0 from the start, so that the first failure is a rise that they see. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
const ALARMING = [500, 503]

const beginCounting = (context: Context.Context<never>): void => {
  for (const method of METHODS) for (const status of ALARMING) requestsBy(method, status).updateUnsafe(0, context)
  durations.valueUnsafe(context)
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** The prefix of every other metric is its own name; these of the runtime itself get one. */
const named = (name: string): string => (name.startsWith("onhand_") ? name : `onhand_runtime_${name}`)

/** The metrics of this process, in the text that Prometheus reads. */
export const ownMetrics: Effect.Effect<string> = PrometheusMetrics.format({ metricNameMapper: named })

/** What `/metrics` answers: the metrics of this process, unless the host has several and gathers those of all. */
export const MetricsText = Context.Reference<Effect.Effect<string>>("@onhand/server/MetricsText", {
  defaultValue: () => ownMetrics
})

/** `/metrics`. Without a token in the settings there is no such path. */
export const layerMetrics = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const { metricsToken } = yield* ServerSettings
    beginCounting(yield* Effect.context<never>())
    if (metricsToken === null) return
    const metrics = yield* MetricsText
    const expected = digest(`Bearer ${Redacted.value(metricsToken)}`)
    yield* router.add(
      "GET",
      "/metrics",
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        if (!timingSafeEqual(digest(headers["authorization"] ?? ""), expected)) {
          return problemReply(problemOf(new Unauthorized()), "/metrics", "")
        }
        const text = yield* metrics
        return HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      })
    )
  })
)
