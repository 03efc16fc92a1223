/**
 * Orders as they leave the server. Their lines carry their units, so nothing else needs to be read.
 */
import { OrderExceeded, type Order as WireOrder } from "@onhand/api"
import { type OrderExceeded as CoreOrderExceeded, type Order, openQuantity } from "@onhand/core"
import { moneyReply, timestamp } from "./Replying.ts"
import { toDecimal } from "./Units.ts"

/** The decimals of an order's line; 0 of a line that it does not have. */
const decimalsOfLine = (order: Order, line: number): number => order.lines[line - 1]?.unit.decimals ?? 0

/** An order on the wire. */
export const orderReply = (order: Order): WireOrder => ({
  id: order.id,
  customer: order.customer,
  location: order.location,
  lines: order.lines.map((line) => {
    const decimal = (quantity: number) => toDecimal(quantity, line.unit.decimals)
    return {
      line: line.line,
      product: line.product,
      sku: line.sku,
      name: line.name,
      unit: line.unit,
      ordered: decimal(line.ordered),
      entered: line.entered ?? null,
      canceled: decimal(line.canceled),
      shipped: decimal(line.shipped),
      open: decimal(openQuantity(line)),
      backordered: decimal(line.backordered),
      elsewhere: line.elsewhere
        .filter(({ quantity }) => quantity > 0)
        .map(({ location, quantity }) => ({ location, quantity: decimal(quantity) })),
      requested: decimal(line.requested),
      returned: decimal(line.returned),
      restocked: decimal(line.restocked),
      damaged: decimal(line.damaged),
      scrapped: decimal(line.scrapped),
      unitPrice: line.unitPrice && moneyReply(line.unitPrice),
      total: moneyReply(line.total)
    }
  }),
  shipments: order.shipments.map(({ shipment, location, lines, undone, shippedAt }) => ({
    shipment,
    location,
    lines: lines.map(({ line, lot, quantity, returned }) => ({
      line,
      lot,
      quantity: toDecimal(quantity, decimalsOfLine(order, line)),
      returned: toDecimal(returned, decimalsOfLine(order, line))
    })),
    undone,
    shippedAt: timestamp(shippedAt)
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

/** What is exceeded, told in the lines' units. */
export const exceededReply = (refusal: CoreOrderExceeded, order: Order): OrderExceeded =>
  new OrderExceeded({
    order: refusal.order,
    lines: refusal.lines.map(({ line, wanted, left, ...what }) => ({
      ...what,
      line,
      wanted: toDecimal(wanted, decimalsOfLine(order, line)),
      left: toDecimal(left, decimalsOfLine(order, line))
    }))
  })
