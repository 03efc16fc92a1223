/**
 * Orders over HTTP. A caller names only the order; where its stock is follows from it, and the actor must be allowed to
 * write orders there, unless the order is the actor's own.
 */
import { CurrentActor, OnhandApi, type OrderPartAt, UnknownOrder } from "@onhand/api"
import {
  type Actor,
  type InsufficientStock,
  Inventory,
  type LineQuantity,
  type LocationId,
  locationsOf,
  type Order,
  type OrderExceeded,
  type OrderId,
  permits,
  UnknownOrderLine
} from "@onhand/core"
import { Effect, Option, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireAt, requireDating, seesAt } from "./Authorizing.ts"
import { buyActiveCart, locationOf } from "./Checkout.ts"
import { exceededReply, orderReply } from "./OrderReply.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { shortageReply } from "./StockMovements.ts"
import { type Decimals, pageInUnits, type QuantityInUnit, toDecimal, Units } from "./Units.ts"

/** The decimals of an order's products. */
const decimalsIn = ({ lines }: Order): Decimals => new Map(lines.map(({ product, unit }) => [product, unit.decimals]))

/** What no caller can bring about, because the order was read before: that it is not there, or somewhere else. */
const impossible = { OrderElsewhere: Effect.die, UnknownOrder: Effect.die } as const
const told = ({ reply, replayed }: { readonly reply: Order; readonly replayed: boolean }) =>
  changedReply(orderReply(reply), reply.version, replayed)

/** A request about a part of an order at a location. */
interface PartRequest {
  readonly params: { readonly id: OrderId }
  readonly headers: { readonly "idempotency-key"?: string }
  readonly payload: typeof OrderPartAt.Type
}

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const { roles } = yield* ServerSettings

  /** Lines of an order with their quantities in steps. */
  const inSteps = <Line extends QuantityInUnit & { readonly line: number }>(
    order: Order,
    lines: ReadonlyArray<Line>,
    least: 0 | 1 = 1
  ) =>
    units.inSteps(
      lines,
      decimalsIn(order),
      ({ line }) =>
        Result.fromNullishOr(
          order.lines[line - 1]?.product,
          () => new UnknownOrderLine({ order: order.id, line, lines: order.lines.length })
        ),
      least
    )
  const isOwn = (actor: Actor, { customer }: Order) => customer === actor.id && permits(roles, actor, "orders:own")
  /** Whether the actor sees the orders of all. Whoever may write them must see what there is to be done. */
  const seesAll = (actor: Actor) => permits(roles, actor, "orders:read") || permits(roles, actor, "orders:write")

  /** The order, if the actor may see it: somebody else's is as good as none, and the answer must not tell of it. */
  const visible = (actor: Actor, id: OrderId) =>
    Effect.flatMap(answering(inventory.read.order(id)), (found) => {
      const shown = Option.filter(found, (order) => isOwn(actor, order) || seesAll(actor))
      return Effect.mapError(Effect.fromOption(shown), () => new UnknownOrder({ order: id }))
    })
  const writable = (actor: Actor, order: Order, at: LocationId = order.location) =>
    requireAt(roles, actor, "orders:write", [at])
  const ownOrWritable = (actor: Actor, order: Order, at: ReadonlyArray<LocationId> = [order.location]) =>
    isOwn(actor, order) ? Effect.void : requireAt(roles, actor, "orders:write", at)

  /**
   * What of an order is to leave a location, or to be given there: all of it, at the order's own, if neither is named.
   * `refusals` has its quantities in the units of the order's products.
   */
  const partAt = ({ params, headers, payload }: PartRequest) =>
    Effect.gen(function* () {
      const actor = yield* CurrentActor
      const key = yield* requiredKey(headers["idempotency-key"])
      const order = yield* visible(actor, params.id)
      const { location = order.location, occurredAt } = payload
      yield* writable(actor, order, location)
      const lines = payload.lines && (yield* inSteps(order, payload.lines))
      const at = { order: order.id, location }
      const refusals = {
        UnknownOrder: Effect.die,
        InsufficientStock: (refusal: InsufficientStock) => Effect.fail(shortageReply(refusal, decimalsIn(order))),
        OrderExceeded: (refusal: OrderExceeded) => Effect.fail(exceededReply(refusal, order))
      }
      return { part: lines === undefined ? at : { ...at, lines }, as: { actor, key, occurredAt }, refusals }
    })

  return { inventory, units, roles, inSteps, isOwn, seesAll, visible, writable, ownOrWritable, partAt }
})

export const layerOrders = HttpApiBuilder.group(
  OnhandApi,
  "orders",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, roles, inSteps, isOwn, seesAll, visible, writable, ownOrWritable, partAt } = yield* make
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const actor = yield* CurrentActor
        const customer = seesAll(actor) ? query.customer : actor.id
        // One's own orders are one's own wherever they are.
        const others = customer !== actor.id
        const location = others ? yield* ownLocation(actor, "orders:read", query.location) : query.location
        const filter = { customer, location }
        return pageReply(yield* answering(inventory.read.orders(filter, yield* pageRequest(query))), orderReply)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const actor = yield* CurrentActor
        const order = yield* visible(actor, params.id)
        if (!isOwn(actor, order) && !seesAt(actor, locationsOf(order)))
          return yield* new UnknownOrder({ order: order.id })
        return conditional(orderReply(order), etagOf(order.version), headers["if-none-match"])
      }),
      place: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const location = yield* locationOf(inventory, payload.location)
        yield* requireDating(roles, actor, payload.occurredAt, location)
        const command = { actor, key, occurredAt: payload.occurredAt }
        const { sources, backorders = false } = payload
        const served = sources === undefined ? { location, backorders } : { location, backorders, sources }
        return yield* buyActiveCart(inventory, units, "placeOrder", served, command)
      }),
      ship: Effect.fnUntraced(function* (request) {
        const { part, as, refusals } = yield* partAt(request)
        return yield* submitAs(inventory, "shipOrder", part, as).pipe(Effect.map(told), Effect.catchTags(refusals))
      }),
      allocate: Effect.fnUntraced(function* (request) {
        const { part, as, refusals } = yield* partAt(request)
        return yield* submitAs(inventory, "allocateOrder", part, as).pipe(Effect.map(told), Effect.catchTags(refusals))
      }),
      backorders: Effect.fnUntraced(function* ({ query }) {
        const { product } = query
        const location = yield* ownLocation(yield* CurrentActor, "orders:read", query.location)
        const page = yield* answering(inventory.read.backorders({ product, location }, yield* pageRequest(query)))
        return yield* pageInUnits(units, page, ({ quantity, placedAt, ...waiting }, decimals) => ({
          ...waiting,
          quantity: toDecimal(quantity, decimals),
          placedAt: timestamp(placedAt)
        }))
      }),
      undoShipment: Effect.fnUntraced(function* ({ params, headers }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const order = yield* visible(actor, params.id)
        const location = order.shipments[params.shipment - 1]?.location ?? order.location
        yield* writable(actor, order, location)
        const payload = { order: order.id, location, shipment: params.shipment }
        return yield* submitAs(inventory, "undoShipment", payload, {
          actor,
          key
        }).pipe(Effect.map(told), Effect.catchTags(impossible))
      }),
      cancel: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const order = yield* visible(actor, params.id)
        const [location = order.location, ...elsewhere] = locationsOf(order)
        yield* ownOrWritable(actor, order, [location, ...elsewhere])
        const lines = payload.lines && (yield* inSteps(order, payload.lines))
        const at = { order: order.id, location, ...(elsewhere.length === 0 ? {} : { elsewhere }) }
        return yield* submitAs(inventory, "cancelOrder", lines === undefined ? at : { ...at, lines }, {
          actor,
          key,
          occurredAt: payload.occurredAt
        }).pipe(
          Effect.map(told),
          Effect.catchTags({ ...impossible, OrderExceeded: (refusal) => Effect.fail(exceededReply(refusal, order)) })
        )
      }),
      requestReturn: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const order = yield* visible(actor, params.id)
        yield* ownOrWritable(actor, order)
        // A wish is no movement, and nothing is kept of how it was said.
        const [first, ...others] = yield* inSteps(order, payload.lines, 0)
        const wish = ({ line, quantity }: LineQuantity) => ({ line, quantity })
        const lines = [wish(first), ...others.map(wish)] as const
        return yield* submitAs(
          inventory,
          "requestReturn",
          { order: order.id, lines },
          {
            actor,
            key: bareKey(headers["idempotency-key"])
          }
        ).pipe(
          Effect.map(told),
          Effect.catchTags({
            UnknownOrder: Effect.die,
            OrderExceeded: (refusal) => Effect.fail(exceededReply(refusal, order))
          })
        )
      }),
      receiveReturn: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const order = yield* visible(actor, params.id)
        const location = payload.location ?? order.location
        yield* writable(actor, order, location)
        const lines = yield* inSteps(order, payload.lines)
        return yield* submitAs(
          inventory,
          "receiveReturn",
          { order: order.id, location, lines },
          {
            actor,
            key,
            occurredAt: payload.occurredAt
          }
        ).pipe(
          Effect.map(told),
          Effect.catchTags({
            UnknownOrder: Effect.die,
            OrderExceeded: (refusal) => Effect.fail(exceededReply(refusal, order))
          })
        )
      }),
      reportPayment: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const order = yield* visible(actor, params.id)
        yield* writable(actor, order)
        return yield* submitAs(
          inventory,
          "reportPayment",
          { order: order.id, payment: payload.payment },
          {
            actor,
            key: bareKey(headers["idempotency-key"])
          }
        ).pipe(Effect.map(told), Effect.catchTag("UnknownOrder", Effect.die))
      })
    })
  })
)
