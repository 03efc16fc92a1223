/**
 * Strictness: an endpoint that takes no parameters refuses any. Those that take some refuse others by their schemas.
 */
import { InvalidRequest, Strictness } from "@onhand/api"
import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"

const unknownParameters = (names: ReadonlyArray<string>) =>
  new InvalidRequest({
    faults: names.map((name) => ({ path: `query.${name}`, message: "No parameter is accepted here" }))
  })

const noParameters = Effect.flatMap(HttpServerRequest.ParsedSearchParams, (parameters) => {
  const names = Object.keys(parameters)
  return names.length === 0 ? Effect.void : Effect.fail(unknownParameters(names))
})

export const layerStrictness = Layer.succeed(
  Strictness,
  // Asked once for each endpoint, when its route is made.
  Strictness.of((handler, { endpoint }) =>
    endpoint.query === undefined ? Effect.andThen(noParameters, handler) : handler
  )
)
