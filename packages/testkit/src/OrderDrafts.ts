/**
 * Drafts of the commands on orders.
 */
import { type CartId, locationsOf, type Order, OrderId, payments } from "@onhand/core"
import * as fc from "fast-check"
import { condition, inPieces, locationId, locationPool, lot, onceIn } from "./Arbitraries.ts"
import { drafts, type Known, lines, type Meant, pick, picked, present } from "./Draft.ts"

const cartAt = fc.record({ cart: pick, location: locationId })
const NO_ORDER = { id: OrderId.make("no-order"), location: locationPool[0]!, lines: [], shipments: [] }

/** The order that is meant: one of which something can be done, or any other; seldom at a place that is not its own. */
const orderPick = fc.record({ pick, mixed: onceIn(20, fc.constant(true)) })
type MeantOrder = Pick<Order, "id" | "location" | "lines" | "shipments">
const meantOrder = (known: Known, { pick, mixed = false }: Meant, apt: (order: Order) => boolean) => {
  const orders = known.orders.filter(apt)
  const order = picked<MeantOrder>(orders.length > 0 ? orders : known.orders, pick, NO_ORDER)
  const places = locationsOf(order)
  const location = places[pick % places.length] ?? order.location
  return { order: order.id, location: mixed ? locationPool[1]! : location, places, shipments: order.shipments }
}
const isOpen = (order: Order) => order.status === "placed"
const isWaiting = (order: Order) => order.lines.some(({ backordered }) => backordered > 0)
const isShipped = (order: Order) => order.fulfilment !== "unfulfilled"

const lineOfOrder = fc.oneof({ arbitrary: fc.constant(1), weight: 4 }, fc.integer({ min: 2, max: 4 }))
const someOrderLines = lines(fc.record({ line: lineOfOrder, quantity: fc.integer({ min: 1, max: 3 }) }).map(inPieces))
const someLines = onceIn(2, someOrderLines)
const sources = fc.record({
  locations: fc
    .constantFrom(...[[0, 1] as const, [1, 0] as const, [1] as const])
    .map(([first, ...rest]) => [locationPool[first]!, ...rest.map((place) => locationPool[place]!)] as const),
  strategy: fc.constantFrom("inOrder" as const, "fewestSplits" as const, "firstExpired" as const)
})
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
    arbitrary: drafts(
      "placeOrder",
      fc.record({ at: cartAt, sources: onceIn(3, sources), backorders: onceIn(2, fc.constant(true)) }),
      ({ at: { cart, location }, ...sourcing }, known) => present({ cart: cartOf(known, cart), location, ...sourcing })
    ),
    weight: 4
  },
  {
    arbitrary: drafts(
      "allocateOrder",
      fc.record({ meant: orderPick, location: onceIn(3, locationId), lines: onceIn(6, someOrderLines) }),
      ({ meant, location, lines }, known) => {
        const { order, location: own } = meantOrder(known, meant, isWaiting)
        return present({ order, location: location ?? own, lines })
      }
    ),
    weight: 8
  },
  {
    arbitrary: drafts("shipOrder", fc.record({ meant: orderPick, lines: someLines }), ({ meant, lines }, known) => {
      const { order, location } = meantOrder(known, meant, isOpen)
      return present({ order, location, lines })
    }),
    weight: 4
  },
  drafts(
    "cancelOrder",
    fc.record({ meant: orderPick, everywhere: fc.boolean(), lines: someLines }),
    ({ meant, everywhere, lines }, known) => {
      const { order, location, places } = meantOrder(known, meant, isOpen)
      const others = places.filter((place) => place !== location)
      return present({ order, location, elsewhere: everywhere && others.length > 0 ? others : undefined, lines })
    }
  ),
  drafts("undoShipment", fc.record({ meant: orderPick, back: fc.nat({ max: 3 }) }), ({ meant, back }, known) => {
    const { order, location, shipments } = meantOrder(known, meant, isShipped)
    const shipment = Math.max(1, shipments.length - back)
    return { order, location: meant.mixed ? location : (shipments[shipment - 1]?.location ?? location), shipment }
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
