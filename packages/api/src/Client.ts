/**
 * The typed client: a method for each endpoint, with the bearer token, retries, and idempotency keys made for its
 * caller.
 */
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { OnhandApi } from "./Api.ts"
import { Authorization } from "./Convention.ts"

/** How often a request is tried again when the network or the server was not there, and how far apart at first. */
const MAX_RETRIES = 3
const RETRY_PAUSE = "100 millis"

export interface ClientOptions {
  /** Where the server is, such as `https://stock.example.com`. */
  readonly baseUrl: string | URL
  /** The access token; an effect, so that a host may keep and renew it. Left out, only open endpoints answer. */
  readonly token?: Effect.Effect<Redacted.Redacted<string>>
}

const isWrite = (request: HttpClientRequest.HttpClientRequest): boolean =>
  request.method !== "GET" && request.method !== "HEAD"

// The key is made once for a call, before it is sent and tried again: so the server knows every attempt as the same.
const withKey = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  isWrite(request) && request.headers["idempotency-key"] === undefined
    ? HttpClientRequest.setHeader(request, "idempotency-key", crypto.randomUUID())
    : request

const make = (options: ClientOptions) =>
  HttpApiClient.make(OnhandApi, {
    baseUrl: options.baseUrl,
    transformClient: (client) =>
      client.pipe(
        HttpClient.retryTransient({
          schedule: Schedule.jittered(Schedule.exponential(RETRY_PAUSE)),
          times: MAX_RETRIES
        }),
        // After the retries, so that it happens once for all of them.
        HttpClient.mapRequestInput(withKey)
      )
  })

/**
 * The client as a service: `client.products.list({ query: { search: "mug" } })`. Refusals come back as the errors of
 * core, such as `UnknownProduct`, or of this package where they carry quantities, such as `InsufficientStock`.
 */
export class OnhandClient extends Context.Service<OnhandClient, HttpApiClient.ForApi<typeof OnhandApi>>()(
  "@onhand/api/OnhandClient"
) {
  /** Needs an `HttpClient`, such as `FetchHttpClient.layer` of `effect/http`. */
  static readonly layer = (options: ClientOptions): Layer.Layer<OnhandClient, never, HttpClient.HttpClient> => {
    const token = options.token ?? Effect.succeed(Redacted.make(""))
    const authorization = HttpApiMiddleware.layerClient(Authorization, ({ next, request }) =>
      Effect.flatMap(token, (value) => next(HttpClientRequest.bearerToken(request, Redacted.value(value))))
    )
    return Layer.effect(OnhandClient, make(options)).pipe(Layer.provide(authorization))
  }
}
