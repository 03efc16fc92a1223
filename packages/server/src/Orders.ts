/**
 * Orders over HTTP.
 */
import { CurrentActor, OnhandApi, UnknownOrder, type Order as WireOrder } from "@onhand/api"
import { Inventory, type Order, permits } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { answering } from "./OutwardRefusal.ts"
import { conditional, etagOf, moneyReply, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { toDecimal } from "./Units.ts"

/** An order on the wire. Its lines carry their units, so nothing else needs to be read. */
export const orderReply = (order: Order): WireOrder => ({
  id: order.id,
  customer: order.customer,
  location: order.location,
  lines: order.lines.map((line) => ({
    line: line.line,
    product: line.product,
    sku: line.sku,
    name: line.name,
    unit: line.unit,
    ordered: toDecimal(line.ordered, line.unit.decimals),
    canceled: toDecimal(line.canceled, line.unit.decimals),
    shipped: toDecimal(line.shipped, line.unit.decimals),
    returned: toDecimal(line.returned, line.unit.decimals),
    unitPrice: line.unitPrice && moneyReply(line.unitPrice),
    total: moneyReply(line.total)
  })),
  total: moneyReply(order.total),
  status: order.status,
  fulfilment: order.fulfilment,
  payment: order.payment,
  returns: order.returns,
  version: order.version,
  placedAt: timestamp(order.placedAt),
  recordedAt: timestamp(order.recordedAt)
})

export const layerOrders = HttpApiBuilder.group(
  OnhandApi,
  "orders",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const { roles } = yield* ServerSettings
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const actor = yield* CurrentActor
        const customer = permits(roles, actor, "orders:read") ? query.customer : actor.id
        const filter = { customer, location: query.location }
        return pageReply(yield* answering(inventory.read.orders(filter, yield* pageRequest(query))), orderReply)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const actor = yield* CurrentActor
        const found = yield* answering(inventory.read.order(params.id))
        // Somebody else's order is as good as none: the answer must not tell that there is one.
        const visible = Option.filter(
          found,
          (order) => order.customer === actor.id || permits(roles, actor, "orders:read")
        )
        if (Option.isNone(visible)) return yield* new UnknownOrder({ order: params.id })
        return conditional(orderReply(visible.value), etagOf(visible.value.version), headers["if-none-match"])
      })
    })
  })
)
