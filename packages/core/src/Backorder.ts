/**
 * Back-orders: what orders wait for because it was not there when they were placed. Nothing is allocated behind
 * anybody's back: a command does it for one order, and a list has those that wait, the oldest first.
 */
import { Result, Schema } from "effect"
import { allocate, InsufficientStock } from "./Allocation.ts"
import { ClaimId, type NewClaimEvent } from "./Claim.ts"
import { define, MAX_LINES } from "./Command.ts"
import { meantOf } from "./Fulfilment.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { availableNow } from "./Lot.ts"
import {
  changedOrder,
  claimsAt,
  knownOrder,
  LineQuantity,
  lineAt,
  Order,
  OrderClosed,
  OrderExceeded,
  OrderId,
  orderSource,
  saidProducts,
  UnknownOrder,
  UnknownOrderLine,
  writtenOrder
} from "./Order.ts"
import { enteredRefusals } from "./Pack.ts"
import { ProductId } from "./Product.ts"
import { Quantity } from "./Quantity.ts"
import { ref } from "./Row.ts"
import { NO_LOT } from "./StockKey.ts"

/** A line of an order that waits for goods; `location` is that of the order. */
export const Backorder = Schema.Struct({
  order: OrderId,
  line: Schema.Int,
  product: ProductId,
  location: LocationId,
  customer: Schema.NullOr(Schema.String),
  quantity: Quantity,
  placedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Backorder" })
export interface Backorder extends Schema.Schema.Type<typeof Backorder> {}

/** The back-orders of an order, line by line. */
export const backordersOf = ({ id: order, location, customer, lines, placedAt }: Order): ReadonlyArray<Backorder> =>
  lines.flatMap(({ line, product, backordered: quantity }) =>
    quantity > 0 ? [{ order, line, product, location, customer, quantity, placedAt }] : []
  )

/**
 * Gives an order what it waits for, of what is available at a location, its own or any other: it is committed there.
 * Lines that are named get all that is said of them, or nothing is done; else each gets what there is.
 */
export const AllocateOrder = define("AllocateOrder", {
  payload: {
    order: OrderId,
    location: LocationId,
    lines: Schema.optionalKey(Schema.NonEmptyArray(LineQuantity).check(Schema.isMaxLength(MAX_LINES)))
  },
  reply: Order,
  refusals: [
    UnknownOrder,
    OrderClosed,
    UnknownOrderLine,
    OrderExceeded,
    UnknownLocation,
    InsufficientStock,
    ...enteredRefusals
  ],
  locations: ({ location }) => [location],
  footprint: ({ order: id, location, lines: named = [] }, slice) => {
    const order = slice.row("orders", id)
    return {
      rows: [ref("orders", id), ref("locations", location), ...saidProducts(order, named)],
      stock: (order?.lines ?? [])
        .filter(({ backordered }) => backordered > 0)
        .map(({ product }) => ({ product, location }))
    }
  },
  decide: (slice, { order: id, location, lines }, context) =>
    Result.gen(function* () {
      const before = yield* knownOrder(slice, id)
      yield* knownLocation(slice, location)
      const wanted = yield* meantOf(slice, before, lines, ({ backordered }) => backordered)
      const asked = before.lines.flatMap(({ line, product }) => {
        const quantity = wanted.get(line) ?? 0
        const there = quantity === 0 ? 0 : availableNow(slice, { product, location }, context.now)
        return quantity === 0 ? [] : [{ line, product, location, quantity, there }]
      })
      const short = asked.filter(({ quantity, there }) => there < quantity)
      // One product is in one line, so no two compete.
      if (lines === undefined ? asked.every(({ there }) => there <= 0) : short.length > 0) {
        const missing = short.map(({ product, quantity, there }) => ({
          key: { product, location, lot: NO_LOT },
          wanted: quantity,
          available: there,
          nextIncoming: null
        }))
        return yield* Result.fail(new InsufficientStock({ lines: missing }))
      }
      const demands = asked
        .map(({ quantity, there, ...demand }) => ({ ...demand, quantity: Math.min(quantity, there) }))
        .filter(({ quantity }) => quantity > 0)
      const parts = yield* allocate(slice, demands, context.now)
      const claims = parts.map(
        ({ product, lot, quantity }, index): NewClaimEvent => ({
          kind: "committed",
          ...{ claim: ClaimId.make(`${context.id}-${index}`), product, location, lot, quantity },
          expiresAt: null,
          source: orderSource(id)
        })
      )
      const after = before.lines.map((line) => {
        const quantity = demands.find((demand) => demand.line === line.line)?.quantity ?? 0
        if (quantity === 0) return line
        const own = claims.filter(({ product }) => product === line.product).map(({ claim }) => claim)
        const bound = [...claimsAt(before, line, location), ...own]
        return { ...lineAt(before, line, location, quantity, bound), backordered: line.backordered - quantity }
      })
      return { ...writtenOrder(changedOrder(before, { lines: after })), claims }
    })
})
