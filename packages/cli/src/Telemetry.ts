/**
 * Telemetry: what the server tells those who operate it. One line of JSON for each thing that happens, and traces,
 * metrics and logs over OpenTelemetry where the environment names a collector.
 */
import { ConfigProvider, Layer, Logger } from "effect"
import { FetchHttpClient, UrlParams } from "effect/http"
import { Otlp, OtlpSerialization } from "effect/observability"

/** Lines of JSON on standard output, with time, level and annotations; texts of callers cannot break a line. */
const layerLogs = Logger.layer([Logger.consoleJson])

// Its specification sends everything to a collector that is named; Effect waits to be told so for each signal.
const signals = ConfigProvider.fromEnvRecord({
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "otlp",
  OTEL_LOGS_EXPORTER: "otlp"
})

// What somebody searched for, or wrongly put a token into, is nobody's business: spans name parameters, not values.
const layerQuietUrls = Layer.succeed(UrlParams.CurrentRedactedNames, [/^/])

/** The logs, and OpenTelemetry after its own variables, such as `OTEL_EXPORTER_OTLP_ENDPOINT`. */
export const layerTelemetry = Otlp.layerFromConfig({
  resource: { serviceName: "onhand" },
  loggerMergeWithExisting: true
}).pipe(
  Layer.provide([FetchHttpClient.layer, OtlpSerialization.layerJson, ConfigProvider.layerAdd(signals)]),
  Layer.provideMerge(Layer.mergeAll(layerLogs, layerQuietUrls))
)
