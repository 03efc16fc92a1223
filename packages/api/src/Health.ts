/**
 * Health over HTTP: whether the process lives, and whether it can serve.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { about } from "./Convention.ts"
import { problems } from "./Problem.ts"

const Status = Schema.Struct({ status: Schema.Literal("ok") }).annotate({ identifier: "HealthStatus" })

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health/live", { success: Status }).annotateMerge(
      about("anyone", { summary: "Is the process alive?", description: "Never asks the store." })
    ),
    HttpApiEndpoint.get("ready", "/health/ready", { success: Status, error: [problems.Unavailable] }).annotateMerge(
      about("anyone", {
        summary: "Can it serve?",
        description: "Asks the store; 503 while it does not answer or the server is shutting down."
      })
    )
  )
  .annotateMerge(OpenApi.annotations({ title: "Health", description: "Probes." })) {}
