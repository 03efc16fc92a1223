/**
 * Events over HTTP: the feed of core as Server-Sent Events, with what the actor may see.
 */
import { CurrentActor, type LiveEvent, OnhandApi, type Unavailable } from "@onhand/api"
import {
  type Actor,
  advance,
  type Event,
  type FeedCursor,
  feedCursorFromText,
  feedCursorText,
  Inventory,
  type NewEvent,
  type Permission,
  type ProductId,
  permits,
  type Roles
} from "@onhand/core"
import { Effect, Option, Redacted, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Lifecycle } from "./Lifecycle.ts"
import { answering } from "./OutwardRefusal.ts"
import { timestamp } from "./Replying.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { type Decimals, decimalsOf, toDecimal, Units } from "./Units.ts"

/** How often a quiet stream says that it lives, and looks whether its reader may still listen. */
const HEARTBEAT = "15 seconds"

/** How long a reader waits before it comes back, in milliseconds. */
const RECONNECT_MILLIS = 2_000

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

/** Whether an actor may see an event: by its permission, or because it is the actor's own. */
export const maySee = (roles: Roles, actor: Actor, event: NewEvent): boolean => {
  if (permits(roles, actor, PERMISSIONS[event._tag])) return true
  if (PERMISSIONS[event._tag] === "orders:read" && "customer" in event) {
    return event.customer === actor.id || permits(roles, actor, "orders:write")
  }
  return event._tag === "UserUpdated" && event.user === actor.id
}

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

/** A frame of the stream. The id is the place after the event, from which a reader who comes back goes on. */
const frame = (cursor: FeedCursor, event: LiveEvent): string =>
  `id: ${feedCursorText(cursor)}\nevent: ${event._tag}\ndata: ${JSON.stringify(event)}\n\n`

// The id alone is not an event to a reader, but it tells where to go on should the connection break before the first.
const opening = (cursor: FeedCursor): string => `retry: ${RECONNECT_MILLIS}\nid: ${feedCursorText(cursor)}\n\n`

const BEARER = /^Bearer +/i

export const layerEvents = HttpApiBuilder.group(
  OnhandApi,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const sessions = yield* Sessions
    const lifecycle = yield* Lifecycle
    const { roles } = yield* ServerSettings

    const frameOf = (event: Event, cursor: FeedCursor): Effect.Effect<string, Unavailable> =>
      Effect.map(units.ofKnown(productsIn(event.event)), (decimals) => frame(cursor, liveEvent(event, decimals)))

    /** What an actor may see after a place in the feed, without end. */
    const frames = (after: FeedCursor, actor: () => Actor) =>
      inventory.events(after).pipe(
        Stream.mapAccum(
          () => after,
          (cursor, event) => {
            const next = advance(cursor, event)
            return [next, [{ event, cursor: next }]] as const
          }
        ),
        Stream.filter(({ event }) => maySee(roles, actor(), event.event)),
        Stream.mapEffect(({ event, cursor }) => frameOf(event, cursor))
      )

    return handlers.handleAll({
      stream: Effect.fnUntraced(function* ({ headers, request }) {
        let actor = yield* CurrentActor
        const last = headers["last-event-id"]
        const after =
          last === undefined
            ? yield* answering(inventory.read.head)
            : yield* Effect.fromResult(feedCursorFromText(last))
        const token = Redacted.make((request.headers["authorization"] ?? "").replace(BEARER, ""))
        // The stream ends when the token does, or its user may not sign in any more; a new role counts from here on.
        const heartbeats = Stream.tick(HEARTBEAT).pipe(
          Stream.drop(1),
          Stream.mapEffect(() => sessions.actorOf(token)),
          Stream.takeWhile(Option.isSome),
          Stream.map((found) => {
            actor = found.value
            return ":\n\n"
          })
        )
        const body = frames(after, () => actor).pipe(
          Stream.merge(heartbeats, { haltStrategy: "either" }),
          Stream.prepend([opening(after)]),
          Stream.interruptWhen(lifecycle.closing),
          Stream.encodeText
        )
        return HttpServerResponse.stream(body, {
          contentType: "text/event-stream",
          headers: { "x-accel-buffering": "no" }
        })
      })
    })
  })
)
