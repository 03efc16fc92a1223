/**
 * The contract as a whole, from which the server, the documentation and the typed client come.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { AccountsApi } from "./Accounts.ts"
import { ApiKeysApi } from "./ApiKeys.ts"
import { BatchesApi } from "./Batches.ts"
import { CartsApi } from "./Carts.ts"
import { ClaimsApi } from "./Claims.ts"
import { Freshness, Strictness } from "./Convention.ts"
import { EventsApi } from "./Events.ts"
import { ForecastsApi } from "./Forecasts.ts"
import { HealthApi } from "./Health.ts"
import { LocationsApi } from "./Locations.ts"
import { LotsApi } from "./Lots.ts"
import { NotificationsApi } from "./Notifications.ts"
import { completed } from "./OpenApiDocument.ts"
import { OrdersApi } from "./Orders.ts"
import { ProductsApi } from "./Products.ts"
import { PurchaseOrdersApi } from "./PurchaseOrders.ts"
import { ReorderPoliciesApi } from "./ReorderPolicies.ts"
import { ReplenishmentApi } from "./Replenishment.ts"
import { ReportsApi } from "./Reports.ts"
import { StockApi } from "./Stock.ts"
import { StockCountsApi } from "./StockCounts.ts"
import { StockMovementsApi } from "./StockMovements.ts"
import { StockPoliciesApi } from "./StockPolicies.ts"
import { StockTransfersApi } from "./StockTransfers.ts"
import { ThresholdsApi } from "./Thresholds.ts"
import { UsersApi } from "./Users.ts"
import { VendorsApi } from "./Vendors.ts"
import { WebhooksApi } from "./Webhooks.ts"

/** The version of the contract. Within v1 it only grows. */
export const API_VERSION = "1.0.0"

const contract = HttpApi.make("onhand")
  .add(AccountsApi)
  .add(UsersApi)
  .add(ApiKeysApi)
  .add(ProductsApi)
  .add(LocationsApi)
  .add(StockMovementsApi)
  .add(StockTransfersApi)
  .add(StockCountsApi)
  .add(VendorsApi)
  .add(PurchaseOrdersApi)
  .add(StockApi)
  .add(LotsApi)
  .add(ClaimsApi)
  .add(ThresholdsApi)
  .add(StockPoliciesApi)
  .add(ReorderPoliciesApi)
  .add(ForecastsApi)
  .add(ReplenishmentApi)
  .add(ReportsApi)
  .add(NotificationsApi)
  .add(WebhooksApi)
  .add(CartsApi)
  .add(OrdersApi)
  .add(BatchesApi)
  .add(EventsApi)
  .add(HealthApi)
  .middleware(Strictness)
  .middleware(Freshness)
  // A parameter or field that nobody knows is a mistake, and the caller should hear of it.
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error", errors: "all" })

export class OnhandApi extends contract.annotateMerge(
  OpenApi.annotations({
    title: "Onhand",
    version: API_VERSION,
    description:
      "Stock that never oversells: a catalogue, an immutable ledger, carts and orders. Errors are problem details " +
      "(RFC 9457); writes take an Idempotency-Key; quantities are decimals of the product's unit.",
    servers: [{ url: "/", description: "The server that this document came from" }],
    license: { name: "MIT", identifier: "MIT" } as never,
    transform: ({ info, paths, components, ...said }) => ({
      ...said,
      info: { ...info, contact: { name: "Onhand", url: "https://onhand.dev" } },
      ...completed({ paths, components }, contract)
    })
  })
) {}
