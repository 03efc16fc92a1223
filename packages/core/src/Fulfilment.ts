/**
 * The commands on an order at the location that serves it: to ship it, whole or in parts, to take a shipment back, and
 * to cancel what is open.
 */
import { type DateTime, Result, Schema } from "effect"
import { allocate, checkShelf, InsufficientStock } from "./Allocation.ts"
import { type Claim, ClaimId, claimEvent, type NewClaimEvent } from "./Claim.ts"
import { define, type Footprint, MAX_LINES } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { isUsableLot } from "./Lot.ts"
import {
  changedOrder,
  checkSaid,
  claimsAt,
  LineQuantity,
  lineAt,
  Order,
  OrderClosed,
  OrderElsewhere,
  OrderExceeded,
  OrderId,
  type OrderLine,
  openAt,
  openQuantity,
  orderAt,
  orderMovement,
  orderSource,
  saidOfAll,
  saidProducts,
  shipmentOf,
  toldOf,
  UnknownOrder,
  UnknownOrderLine,
  wantedOf,
  writtenOrder
} from "./Order.ts"
import { MAX_SOURCES } from "./OrderSourcing.ts"
import { enteredRefusals, type InexactQuantity, keptEntered, type UnknownUnit } from "./Pack.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"

/** An order has no such shipment. */
export class UnknownShipment extends Schema.TaggedError<UnknownShipment>()("UnknownShipment", {
  order: OrderId,
  shipment: Schema.Int,
  shipments: Schema.Int
}) {
  override get message() {
    const accepted = this.shipments === 0 ? "none is accepted yet" : `1 to ${this.shipments} are accepted`
    return `Order ${this.order} has no shipment ${this.shipment}; ${accepted}`
  }
}

/** A shipment that cannot be undone: it was before, or something of it came back. */
export class ShipmentClosed extends Schema.TaggedError<ShipmentClosed>()("ShipmentClosed", {
  order: OrderId,
  shipment: Schema.Int,
  because: Schema.Literals(["undone", "returned"])
}) {
  override get message() {
    const what = this.because === "undone" ? "was undone before" : "was returned, in part at least"
    return `Shipment ${this.shipment} of order ${this.order} ${what}; one that the customer has whole is accepted`
  }
}

const orderFootprint = (
  payload: {
    readonly order: OrderId
    readonly location: LocationId
    readonly lines?: ReadonlyArray<LineQuantity>
  },
  slice: Slice
): Footprint => {
  const { order: id, location, lines: named = [] } = payload
  const order = slice.row("orders", id)
  const rows = [ref("orders", id), ...saidProducts(order, named)]
  // Stock of another location is in a ledger that the command does not lock.
  if (order === undefined || Result.isFailure(orderAt(slice, id, location))) return { rows }
  return {
    rows,
    stock: order.lines.map(({ product }) => ({ product, location })),
    claims: order.lines.flatMap((line) => claimsAt(order, line, location))
  }
}

const atLocation = { order: OrderId, location: LocationId }
/** Some lines of an order; all that is open there of every line when left out. */
const someLines = Schema.optionalKey(Schema.NonEmptyArray(LineQuantity).check(Schema.isMaxLength(MAX_LINES)))
const refusals = [
  UnknownOrder,
  OrderElsewhere,
  OrderClosed,
  UnknownOrderLine,
  OrderExceeded,
  ...enteredRefusals
] as const

/** How much of each line is meant, of an order that has something open; `leftOf` is what can be meant of a line. */
export const meantOf = (
  slice: Slice,
  order: Order,
  lines: ReadonlyArray<LineQuantity> | undefined,
  leftOf: (line: OrderLine) => number
): Result.Result<
  ReadonlyMap<number, number>,
  OrderClosed | UnknownOrderLine | OrderExceeded | UnknownUnit | InexactQuantity
> => {
  if (order.status !== "placed") return Result.fail(new OrderClosed({ order: order.id, state: order.status }))
  const quantitiesOf = (of: (line: OrderLine) => number) =>
    order.lines.map((line) => ({ line: line.line, quantity: of(line) })).filter(({ quantity }) => quantity > 0)
  const all = quantitiesOf(leftOf)
  // Where something is open, but nothing of it here, that is what is refused.
  const wanted = wantedOf(order, lines ?? (all.length > 0 ? all : quantitiesOf(openQuantity)), leftOf)
  return lines === undefined
    ? wanted
    : Result.flatMap(wanted, (sums) => Result.map(checkSaid(slice, order, lines), () => sums))
}

/** How what leaves of a line was said: alone in the command, or as the whole line was. */
const saidOf = (line: OrderLine, named: ReadonlyArray<LineQuantity> | undefined, quantity: number) => {
  const [only, ...others] = (named ?? []).filter((one) => one.line === line.line)
  if (only === undefined) return saidOfAll(line, quantity)
  return others.length === 0 && only.quantity === quantity ? keptEntered(only) : {}
}

const openClaimsOf = (slice: Slice, order: Order, line: OrderLine, location: LocationId): ReadonlyArray<Claim> =>
  claimsAt(order, line, location)
    .flatMap((id) => slice.claim(id) ?? [])
    .filter((claim) => claim.state === "committed")

/** Parts of claims, in their order, that sum to at most a quantity. */
const partsOf = (claims: ReadonlyArray<Claim>, quantity: number) => {
  let left = quantity
  return claims.flatMap((claim) => {
    const part = Math.min(left, claim.quantity)
    left -= part
    return part > 0 ? [{ claim, quantity: part }] : []
  })
}

/** The claims of which something is left after some of it was consumed or released. */
const claimsLeft = (
  claims: ReadonlyArray<ClaimId>,
  events: ReadonlyArray<{ readonly claim: Claim; readonly quantity: number }>
) => claims.filter((id) => !events.some(({ claim, quantity }) => claim.id === id && quantity === claim.quantity))

/**
 * What leaves for each line: what it committed, and where somebody else let go of that, what allocation finds. What it
 * committed of lots that expired or were recalled meanwhile is `freed`.
 */
const taken = (
  slice: Slice,
  order: Order,
  location: LocationId,
  wanted: ReadonlyMap<number, number>,
  now: DateTime.Utc
) => {
  const open = order.lines.map((line) => (wanted.has(line.line) ? openClaimsOf(slice, order, line, location) : []))
  const usable = ({ product, lot }: Claim) => isUsableLot(slice, product, lot, now)
  const claimed = order.lines.map(({ line }, index) =>
    partsOf((open[index] ?? []).filter(usable), wanted.get(line) ?? 0)
  )
  const freed = open.map((claims) => claims.filter((claim) => !usable(claim)))
  const demands = order.lines.flatMap(({ line, product }, index) => {
    const quantity = (claimed[index] ?? []).reduce((left, part) => left - part.quantity, wanted.get(line) ?? 0)
    return quantity > 0 ? [{ line, product, location, quantity }] : []
  })
  return Result.map(allocate(slice, demands, now), (found) => ({
    claimed,
    freed,
    parts: order.lines.flatMap(({ line, product }, index) => [
      ...(claimed[index] ?? []).map(({ claim, quantity }) => ({ line, product, lot: claim.lot, quantity })),
      ...found
        .filter(({ demand }) => demands[demand]?.line === line)
        .map(({ lot, quantity }) => ({ line, product, lot, quantity }))
    ])
  }))
}

/**
 * Ships lines of an order from a location, or all that is open there: commitments are consumed, and the stock leaves
 * for the customer.
 */
export const ShipOrder = define("ShipOrder", {
  payload: { ...atLocation, lines: someLines },
  reply: Order,
  refusals: [...refusals, InsufficientStock],
  locations: ({ location }) => [location],
  footprint: orderFootprint,
  decide: (slice, { order: id, location, lines }, context) =>
    Result.gen(function* () {
      const before = yield* orderAt(slice, id, location)
      const wanted = yield* meantOf(slice, before, lines, (line) => openAt(before, line, location))
      const { claimed, freed, parts } = yield* taken(slice, before, location, wanted, context.now)
      yield* checkShelf(
        slice,
        parts.map((part) => ({ ...part, location }))
      )
      const shipment = shipmentOf(before.shipments.length + 1, location, parts, context)
      const isFreed = (id: ClaimId) => freed.flat().some((claim) => claim.id === id)
      const order = changedOrder(before, {
        lines: before.lines.map((line, index) => {
          const quantity = wanted.get(line.line) ?? 0
          const bound = claimsAt(before, line, location).filter((id) => !isFreed(id))
          const after = lineAt(before, line, location, -quantity, claimsLeft(bound, claimed[index] ?? []))
          return { ...after, shipped: line.shipped + quantity }
        }),
        shipments: [...before.shipments, shipment]
      })
      return {
        ...writtenOrder(order),
        events: [{ _tag: "OrderShipped" as const, ...toldOf(order) }],
        claims: [
          ...freed.flat().map((claim) => claimEvent("released", claim)),
          ...claimed.flat().map(({ claim, quantity }) => ({ ...claimEvent("consumed", claim), quantity }))
        ],
        movements: shipment.lines.flatMap(({ line: number, lot, quantity }) => {
          const line = order.lines[number - 1]
          if (line === undefined) return []
          const place = { kind: "sale", product: line.product, location, from: "sellable", to: "customer" } as const
          return [orderMovement(id, { ...place, lot, quantity, ...saidOf(line, lines, quantity) })]
        })
      }
    })
})

/**
 * Takes a shipment back, as if it had never left: its stock is on the shelf again, from where it came, and committed to
 * the order, unless its lot has expired or was recalled. What a customer sends back is a return instead.
 */
export const UndoShipment = define("UndoShipment", {
  payload: { ...atLocation, shipment: Schema.Int },
  reply: Order,
  refusals: [UnknownOrder, OrderElsewhere, UnknownShipment, ShipmentClosed],
  locations: ({ location }) => [location],
  footprint: orderFootprint,
  decide: (slice, { order: id, location, shipment: number }, context) =>
    Result.gen(function* () {
      const before = yield* orderAt(slice, id, location)
      const shipment = before.shipments[number - 1]
      if (shipment === undefined) {
        return yield* Result.fail(
          new UnknownShipment({ order: id, shipment: number, shipments: before.shipments.length })
        )
      }
      if (shipment.location !== location) {
        return yield* Result.fail(new OrderElsewhere({ order: id, location, accepted: shipment.location }))
      }
      const closed = (because: ShipmentClosed["because"]) =>
        Result.fail(new ShipmentClosed({ order: id, shipment: number, because }))
      if (shipment.undone) return yield* closed("undone")
      if (shipment.lines.some(({ returned }) => returned > 0)) return yield* closed("returned")
      const parts = shipment.lines.flatMap(({ line, lot, quantity }, index) => {
        const product = before.lines[line - 1]?.product
        const claim = ClaimId.make(`${context.id}-${index}`)
        return product === undefined ? [] : [{ line, product, lot, quantity, claim }]
      })
      const claimed = parts.filter(({ product, lot }) => isUsableLot(slice, product, lot, context.now))
      const lines = before.lines.map((line) => {
        const back = parts.filter((part) => part.line === line.line)
        const own = claimed.filter((part) => part.line === line.line)
        const shipped = back.reduce((left, { quantity }) => left - quantity, line.shipped)
        const requested = Math.min(line.requested, shipped - line.returned)
        const claims = [...claimsAt(before, line, location), ...own.map(({ claim }) => claim)]
        return { ...lineAt(before, line, location, line.shipped - shipped, claims), shipped, requested }
      })
      const shipments = before.shipments.map((each) => (each === shipment ? { ...each, undone: true } : each))
      return {
        ...writtenOrder(changedOrder(before, { lines, shipments })),
        claims: claimed.map(
          ({ product, lot, quantity, claim }): NewClaimEvent => ({
            kind: "committed",
            ...{ claim, product, location, lot, quantity },
            expiresAt: null,
            source: orderSource(id)
          })
        ),
        movements: parts.map(({ product, lot, quantity }) =>
          orderMovement(id, {
            kind: "reversal",
            ...{ product, location, lot, quantity },
            from: "customer",
            to: "sellable",
            reason: `shipment ${number} was undone`
          })
        )
      }
    })
})

/** What can be canceled of a line at locations of its order: where it is its own, also what waits for goods. */
const cancelable = (order: Order, line: OrderLine, locations: ReadonlyArray<LocationId>): number =>
  locations.reduce(
    (sum, location) => sum + openAt(order, line, location),
    locations.includes(order.location) ? line.backordered : 0
  )

/**
 * Cancels so much of a line: first what waits for goods, then what is elsewhere, then what is at the order's own
 * location. Of what is claimed, only what the rest of the line does not need is let go of; the last claimed goes first.
 */
const canceledLine = (
  slice: Slice,
  order: Order,
  line: OrderLine,
  locations: ReadonlyArray<LocationId>,
  quantity: number
) => {
  const waiting = locations.includes(order.location) ? Math.min(line.backordered, quantity) : 0
  const released: Array<{ readonly claim: Claim; readonly quantity: number }> = []
  let left = quantity - waiting
  let after: OrderLine = { ...line, backordered: line.backordered - waiting }
  for (const location of locations) {
    const open = openAt(order, line, location)
    const part = Math.min(open, left)
    left -= part
    if (part === 0) continue
    const claims = openClaimsOf(slice, order, line, location)
    const claimed = claims.reduce((sum, claim) => sum + claim.quantity, 0)
    const freed = partsOf(claims.toReversed(), Math.max(0, claimed - (open - part)))
    released.push(...freed)
    after = lineAt(order, after, location, -part, claimsLeft(claimsAt(order, line, location), freed))
  }
  return { line: { ...after, canceled: line.canceled + quantity }, released }
}

/**
 * Cancels lines of an order, or all that is open at the location and at those that are named beside it: what was
 * committed for them is available again.
 */
export const CancelOrder = define("CancelOrder", {
  payload: {
    ...atLocation,
    elsewhere: Schema.optionalKey(Schema.Array(LocationId).check(Schema.isMaxLength(MAX_SOURCES))),
    lines: someLines
  },
  reply: Order,
  refusals,
  locations: ({ location, elsewhere = [] }) => [location, ...elsewhere],
  footprint: ({ order, location, elsewhere = [], lines }, slice) => {
    const parts = [location, ...elsewhere].map((each) =>
      orderFootprint({ order, location: each, ...(lines === undefined ? {} : { lines }) }, slice)
    )
    return {
      rows: parts.flatMap(({ rows = [] }) => rows),
      stock: parts.flatMap(({ stock = [] }) => stock),
      claims: parts.flatMap(({ claims = [] }) => claims)
    }
  },
  decide: (slice, { order: id, location, elsewhere = [], lines }) =>
    Result.gen(function* () {
      const before = yield* orderAt(slice, id, location)
      const named = new Set([location, ...elsewhere])
      // Its own location last.
      const locations = [...named].sort((a, b) => Number(a === before.location) - Number(b === before.location))
      const wanted = yield* meantOf(slice, before, lines, (line) => cancelable(before, line, locations))
      const canceled = before.lines.map((line) =>
        canceledLine(slice, before, line, locations, wanted.get(line.line) ?? 0)
      )
      return {
        ...writtenOrder(changedOrder(before, { lines: canceled.map(({ line }) => line) })),
        claims: canceled
          .flatMap(({ released }) => released)
          .map(({ claim, quantity }) => ({ ...claimEvent("released", claim), quantity }))
      }
    })
})
