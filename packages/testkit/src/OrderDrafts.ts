/**
 * Drafts of the commands on orders.
 */
import { type CartId, type Order, OrderId, payments } from "@onhand/core"
import * as fc from "fast-check"
import { condition, inPieces, locationId, locationPool, lot, onceIn } from "./Arbitraries.ts"
import { drafts, type Known, lines, type Meant, pick, picked, present } from "./Draft.ts"

const cartAt = fc.record({ cart: pick, location: locationId })
const NO_ORDER = { id: OrderId.make("no-order"), location: locationPool[0]!, shipments: [] }

/** The order that is meant: one of which something can be done, or any other; seldom at a place that is not its own. */
const orderPick = fc.record({ pick, mixed: onceIn(20, fc.constant(true)) })
type MeantOrder = Pick<Order, "id" | "location" | "shipments">
const meantOrder = (known: Known, { pick, mixed = false }: Meant, apt: (order: Order) => boolean) => {
  const orders = known.orders.filter(apt)
  const { id, location, shipments } = picked<MeantOrder>(orders.length > 0 ? orders : known.orders, pick, NO_ORDER)
  return { order: id, location: mixed ? locationPool[1]! : location, shipments }
}
const isOpen = (order: Order) => order.status === "placed"
const isShipped = (order: Order) => order.fulfilment !== "unfulfilled"

const lineOfOrder = fc.oneof({ arbitrary: fc.constant(1), weight: 4 }, fc.integer({ min: 2, max: 4 }))
const someLines = onceIn(
  2,
  lines(fc.record({ line: lineOfOrder, quantity: fc.integer({ min: 1, max: 3 }) }).map(inPieces))
)
const returnedLines = lines(
  fc
    .record({
      line: lineOfOrder,
      quantity: fc.integer({ min: 1, max: 2 }),
      into: fc.oneof(condition, fc.constant("scrap" as const)),
      lot: onceIn(6, lot)
    })
    .map((line) => present(line))
)

/** Drafts of the commands on orders, of the carts that are picked. */
export const orderDrafts = (cartOf: (known: Known, index: number) => CartId) => [
  {
    arbitrary: drafts("placeOrder", cartAt, ({ cart, location }, known) => ({ cart: cartOf(known, cart), location })),
    weight: 4
  },
  {
    arbitrary: drafts("shipOrder", fc.record({ meant: orderPick, lines: someLines }), ({ meant, lines }, known) => {
      const { order, location } = meantOrder(known, meant, isOpen)
      return present({ order, location, lines })
    }),
    weight: 4
  },
  drafts("cancelOrder", fc.record({ meant: orderPick, lines: someLines }), ({ meant, lines }, known) => {
    const { order, location } = meantOrder(known, meant, isOpen)
    return present({ order, location, lines })
  }),
  drafts("undoShipment", fc.record({ meant: orderPick, back: fc.nat({ max: 3 }) }), ({ meant, back }, known) => {
    const { order, location, shipments } = meantOrder(known, meant, isShipped)
    return { order, location, shipment: Math.max(1, shipments.length - back) }
  }),
  drafts(
    "requestReturn",
    fc.record({ meant: orderPick, lines: lines(fc.record({ line: lineOfOrder, quantity: fc.nat({ max: 2 }) })) }),
    ({ meant, lines }, known) => ({ order: meantOrder(known, meant, isShipped).order, lines })
  ),
  {
    arbitrary: drafts(
      "receiveReturn",
      fc.record({ meant: orderPick, location: locationId, lines: returnedLines }),
      ({ meant, location, lines }, known) => ({ order: meantOrder(known, meant, isShipped).order, location, lines })
    ),
    weight: 2
  },
  drafts(
    "reportPayment",
    fc.record({ meant: orderPick, payment: fc.constantFrom(...payments) }),
    ({ meant, payment }, known) => ({ order: meantOrder(known, meant, () => true).order, payment })
  )
]
