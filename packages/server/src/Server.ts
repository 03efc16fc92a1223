/**
 * The server: the contract over an inventory and an auth port, to be served by Node or handed to a host as a function
 * from Request to Response.
 */
import type { Server } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { OnhandApi } from "@onhand/api"
import type { Auth, Inventory } from "@onhand/core"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, type HttpServerError } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { layerAccounts } from "./Accounts.ts"
import { layerAnswering } from "./Answering.ts"
import { layerApiKeys } from "./ApiKeys.ts"
import { layerAuthorization } from "./Authorizing.ts"
import { layerBatches } from "./Batches.ts"
import { layerCarts } from "./Carts.ts"
import { layerClaims } from "./Claims.ts"
import { layerDocumentation } from "./Documentation.ts"
import { layerEvents } from "./Events.ts"
import { Finishing } from "./Finishing.ts"
import { layerForecasts } from "./Forecasts.ts"
import { layerFreshness } from "./Freshness.ts"
import { layerHealth } from "./Health.ts"
import { layerHome } from "./Home.ts"
import { KeptReplies } from "./KeptReplies.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { LiveFeed } from "./LiveFeed.ts"
import { layerLocations } from "./Locations.ts"
import { layerLots } from "./Lots.ts"
import { layerMetrics } from "./Metrics.ts"
import { createNodeServer, type NodeServerOptions, STALLED_MILLIS, trackConnections } from "./NodeServer.ts"
import { layerNotifications } from "./Notifications.ts"
import { OpenHolds } from "./OpenHolds.ts"
import { layerOrders } from "./Orders.ts"
import { ProductReads } from "./ProductReads.ts"
import { layerProducts } from "./Products.ts"
import { layerPurchaseOrders } from "./PurchaseOrders.ts"
import { layerReorderPolicies } from "./ReorderPolicies.ts"
import { layerReplenishment } from "./Replenishment.ts"
import { layerReports } from "./Reports.ts"
import { RequestQuota } from "./RequestQuota.ts"
import { MAX_URL_LENGTH } from "./Screening.ts"
import { Sessions } from "./Sessions.ts"
import { ShortWay, type ShortWayShape } from "./ShortWay.ts"
import { SignInLimit } from "./SignInLimit.ts"
import { layerStock } from "./Stock.ts"
import { layerStockCounts } from "./StockCounts.ts"
import { layerStockMovements } from "./StockMovements.ts"
import { layerStockPolicies } from "./StockPolicies.ts"
import { layerStockTransfers } from "./StockTransfers.ts"
import { StreamLimit } from "./StreamLimit.ts"
import { layerStrictness } from "./Strict.ts"
import { layerThresholds } from "./Thresholds.ts"
import { Units } from "./Units.ts"
import { layerUsers } from "./Users.ts"
import { layerVendors } from "./Vendors.ts"
import { layerWebhooks } from "./Webhooks.ts"
import { webSocketOptions } from "./WebSockets.ts"

const handlers = Layer.mergeAll(
  layerAccounts,
  layerUsers,
  layerApiKeys,
  layerProducts,
  layerLocations,
  layerStockMovements,
  layerStockTransfers,
  layerStockCounts,
  layerVendors,
  layerPurchaseOrders,
  layerStock,
  layerLots,
  layerClaims,
  layerThresholds,
  layerReorderPolicies,
  layerStockPolicies,
  layerForecasts,
  layerReplenishment,
  layerReports,
  layerNotifications,
  layerWebhooks,
  layerCarts,
  layerOrders,
  layerBatches,
  layerEvents,
  layerHealth
)

/**
 * The routes of the server: the contract under `/api/v1`, its documentation, the probes, and a home page. They need an
 * inventory, an auth port, and whoever serves them; `ServerSettings` and `AccessLog` have defaults.
 */
export const layer = Layer.mergeAll(
  HttpApiBuilder.layer(OnhandApi, { openapiPath: "/openapi.json" }).pipe(
    Layer.provide(handlers),
    Layer.provide([layerAuthorization, layerStrictness, layerFreshness]),
    Layer.provide([
      KeptReplies.layer,
      LiveFeed.layer,
      OpenHolds.layer,
      ProductReads.layer,
      SignInLimit.layer,
      StreamLimit.layer
    ]),
    Layer.provide(Units.layer),
    Layer.provideMerge(ShortWay.layer),
    Layer.provide(Sessions.layer)
  ),
  layerDocumentation,
  layerHome,
  layerMetrics,
  layerAnswering
).pipe(Layer.provide([RequestQuota.layer, Finishing.layer]))

// One path, one meaning: what stands before the server and guards paths must not be told another one.
// An id that is too long is told by its own schema, or as one that nobody has.
const routerConfig = { ignoreDuplicateSlashes: false, maxParamLength: MAX_URL_LENGTH }

/**
 * How long requests in flight may take to finish once the server closes, in milliseconds. With the grace before it, it
 * is less than the ten seconds that container platforms wait.
 */
const DRAIN_MILLIS = 8_000

export interface ListenOptions extends NodeServerOptions {
  /** 0 takes any free port; the `HttpServer` that the layer gives tells which. */
  readonly port: number
  /** The address to listen at; only this machine's own when it is left out. */
  readonly host?: string
}

/** Has requests try the short way before they go the long one. */
const shorten = (server: Server, { answers }: ShortWayShape): void => {
  for (const longWay of server.listeners("request")) {
    server.off("request", longWay as () => void)
    server.on("request", (request, response) => {
      const goOn = () => longWay.call(server, request, response)
      if (!answers(request, response, goOn)) goOn()
    })
  }
}

/**
 * Serves on a port. When its scope closes it ends event streams, stops accepting, lets requests in flight finish, cuts
 * off those that take too long, and only then is done.
 */
export const serve = (
  options: ListenOptions
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError, Inventory | Auth> => {
  const server = createNodeServer(options)
  const node = NodeHttpServer.layer(() => server, {
    port: options.port,
    host: options.host ?? "127.0.0.1",
    gracefulShutdownTimeout: DRAIN_MILLIS,
    websocket: webSocketOptions(options.stalledMillis ?? STALLED_MILLIS)
  })
  const serving = HttpRouter.serve(layer, { disableLogger: true, disableListenLog: true, routerConfig })
  const shortened = Layer.effectDiscard(Effect.map(ShortWay, (shortWay) => shorten(server, shortWay)))
  // Scopes close in reverse: this one, opened last, says first that the server closes, while it still serves.
  const cutOff = trackConnections(server)
  const closing = Layer.effectDiscard(
    Effect.flatMap(Lifecycle, (lifecycle) =>
      Effect.addFinalizer(() =>
        lifecycle.close.pipe(
          Effect.andThen(Effect.sleep(options.graceMillis ?? 0)),
          Effect.andThen(Effect.sync(() => setTimeout(cutOff, DRAIN_MILLIS).unref()))
        )
      )
    )
  )
  return Layer.mergeAll(closing, shortened).pipe(
    Layer.provideMerge(serving),
    Layer.provide(Lifecycle.layer),
    Layer.provideMerge(node)
  )
}

/** The server as a function for a host: Hono, Next, Bun, Deno, or any that knows Request and Response. */
export const toWebHandler = (services: Layer.Layer<Inventory | Auth>) =>
  HttpRouter.toWebHandler(
    layer.pipe(Layer.provide([services, Lifecycle.layer]), Layer.provide(HttpServer.layerServices)),
    { disableLogger: true, routerConfig }
  )
