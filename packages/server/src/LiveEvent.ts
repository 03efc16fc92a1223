/**
 * A live event: an event of the ledger as it is told to the outside, in the product's unit, and who may see it.
 */
import type { LiveEvent } from "@onhand/api"
import {
  type Actor,
  type Event,
  type LocationId,
  type NewEvent,
  type Permission,
  type ProductId,
  permits,
  type Roles
} from "@onhand/core"
import { seesAt } from "./Authorizing.ts"
import { timestamp } from "./Replying.ts"
import { type Decimals, decimalsOf, toDecimal } from "./Units.ts"

const PERMISSIONS = {
  ProductCreated: "catalogue:read",
  ProductUpdated: "catalogue:read",
  ProductArchived: "catalogue:read",
  ProductRestored: "catalogue:read",
  LocationCreated: "locations:read",
  LocationUpdated: "locations:read",
  LocationArchived: "locations:read",
  LocationRestored: "locations:read",
  StockChanged: "stock:read",
  LotChanged: "stock:read",
  LowStockRaised: "stock:read",
  LowStockCleared: "stock:read",
  OutOfStockRaised: "stock:read",
  OutOfStockCleared: "stock:read",
  OverstockRaised: "stock:read",
  OverstockCleared: "stock:read",
  NotificationChanged: "notifications:read",
  OrderPlaced: "orders:read",
  OrderShipped: "orders:read",
  OrderChanged: "orders:read",
  CountChanged: "stock:write",
  TransferChanged: "stock:write",
  VendorCreated: "stock:write",
  VendorUpdated: "stock:write",
  VendorContacted: "stock:write",
  PurchaseOrderChanged: "stock:write",
  WebhookChanged: "webhooks:write",
  UserRegistered: "users:write",
  UserUpdated: "users:write"
} as const satisfies Record<NewEvent["_tag"], Permission>

/** The locations of an event about what is seen where one works; undefined for what is seen everywhere. */
const placesOf = (event: NewEvent): ReadonlyArray<LocationId> | undefined => {
  switch (event._tag) {
    case "OrderPlaced":
    case "OrderShipped":
    case "OrderChanged":
      return event.locations
    case "CountChanged":
      return [event.location]
    case "NotificationChanged":
      return event.location === null ? undefined : [event.location]
    case "TransferChanged":
      return [event.origin, event.destination]
    case "PurchaseOrderChanged":
      return [event.destination]
    default:
      return undefined
  }
}

/** Whether an actor may see an event: by its permission where it happened, or because it is the actor's own. */
export const maySee = (roles: Roles, actor: Actor, event: NewEvent): boolean => {
  if (PERMISSIONS[event._tag] === "orders:read" && "customer" in event && event.customer === actor.id) return true
  const places = placesOf(event)
  if (places !== undefined && !seesAt(actor, places)) return false
  if (permits(roles, actor, PERMISSIONS[event._tag])) return true
  if (PERMISSIONS[event._tag] === "orders:read") return permits(roles, actor, "orders:write")
  return event._tag === "UserUpdated" && event.user === actor.id
}

/** The products whose quantities an event tells. */
export const productsIn = (event: NewEvent): ReadonlyArray<ProductId> => {
  switch (event._tag) {
    case "StockChanged":
      return event.levels.map((level) => level.product)
    case "LowStockRaised":
    case "LowStockCleared":
    case "OutOfStockRaised":
    case "OutOfStockCleared":
    case "OverstockRaised":
    case "OverstockCleared":
      return [event.product]
    default:
      return []
  }
}

/** An event with its quantities in the units of its products, whose decimals are given. */
export const liveEvent = ({ event, recordedAt }: Event, decimals: Decimals): LiveEvent => {
  const at = timestamp(recordedAt)
  const inUnit = (product: ProductId, steps: number) => toDecimal(steps, decimalsOf(decimals, product))
  switch (event._tag) {
    case "StockChanged": {
      const levels = event.levels.map(({ product, location, onHand, available }) => ({
        product,
        location,
        onHand: inUnit(product, onHand),
        available: inUnit(product, available)
      }))
      return { _tag: event._tag, levels, recordedAt: at }
    }
    case "LowStockRaised":
    case "LowStockCleared": {
      const { product, location, available, low } = event
      const told = { product, location, available: inUnit(product, available), low: inUnit(product, low) }
      return { _tag: event._tag, ...told, recordedAt: at }
    }
    case "OutOfStockRaised":
    case "OutOfStockCleared": {
      const { product, available } = event
      return { ...event, available: inUnit(product, available), recordedAt: at }
    }
    case "OverstockRaised":
    case "OverstockCleared": {
      const { product, available, high } = event
      return { ...event, available: inUnit(product, available), high: inUnit(product, high), recordedAt: at }
    }
    case "LotChanged": {
      const { expiresAt: _, ...told } = event
      return { ...told, recordedAt: at }
    }
    default:
      return { ...event, recordedAt: at }
  }
}
