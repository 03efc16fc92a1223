/**
 * Checkout: from a cart to an order. It may hold the goods first, while the shopper pays; a shopper's own hold never
 * stands in its own way. All lines succeed or none does.
 */
import { DateTime, Result, Schema } from "effect"
import { type Allocated, allocate, checkShelf, InsufficientStock } from "./Allocation.ts"
import {
  activeCartName,
  type Cart,
  CartId,
  type CartLine,
  CartNotReady,
  Cart as CartSchema,
  cartIn,
  changedCart,
  UnknownCart
} from "./Cart.ts"
import { type Claim, ClaimClosed, ClaimId, claimEvent, HoldTime, type NewClaimEvent } from "./Claim.ts"
import { type DecisionContext, define, type Footprint } from "./Command.ts"
import { extensions, holdEvents, openClaims } from "./Hold.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { isUsableLot } from "./Lot.ts"
import { type Money, Price, priceOf } from "./Money.ts"
import {
  axesOf,
  claimsAt,
  lineAt,
  Order,
  OrderId,
  type OrderLine,
  orderMovement,
  orderSource,
  type Shipment,
  saidOfAll,
  shipmentOf,
  toldOf
} from "./Order.ts"
import { backorderRefs, type Sourcing, sourced, sourceLocations, sourcing as sourcingFields } from "./OrderSourcing.ts"
import { checkEntered } from "./Pack.ts"
import { activeProduct, type Product, ProductId, ProductInactive, UnknownProduct } from "./Product.ts"
import { put, ref, removeName } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { InsufficientSupply } from "./Sourcing.ts"

export class CartEmpty extends Schema.TaggedError<CartEmpty>()("CartEmpty", { cart: CartId }) {
  override get message() {
    return `Cart ${this.cart} is empty; a cart with at least one line is accepted`
  }
}

/** Nobody said what the product costs, or in one currency. */
export class NotPriced extends Schema.TaggedError<NotPriced>()("NotPriced", {
  product: ProductId,
  accepted: Schema.String
}) {
  override get message() {
    return `Product ${this.product} cannot be priced here; ${this.accepted} is accepted`
  }
}

/** What the host charges for a product of the cart where that is not its price times its quantity. */
const Charge = Schema.Struct({ product: ProductId, total: Price })

const checkoutFootprint = (
  { cart: id, location, ...sourcing }: { readonly cart: CartId; readonly location: LocationId } & Sourcing,
  slice: Slice
): Footprint => {
  const cart = slice.row("carts", id)
  const lines = cart?.lines ?? []
  const places = lines.map(({ product }) => ({ product, location }))
  return {
    rows: [
      ref("carts", id),
      ref("locations", location),
      ...(cart?.owner ? [ref("names", activeCartName(cart.owner))] : []),
      ...(sourcing.sources?.locations ?? []).map((source) => ref("locations", source)),
      ...lines.map((line) => ref("products", line.product)),
      ...backorderRefs(places, sourcing)
    ],
    stock:
      sourcing.sources === undefined
        ? places
        : sourceLocations(location, sourcing).flatMap((each) =>
            lines.map(({ product }) => ({ product, location: each }))
          ),
    claims: cart?.claims ?? []
  }
}

const demandsOf = (cart: Cart, location: LocationId) =>
  cart.lines.map((line) => ({ product: line.product, location, quantity: line.quantity }))

/** Begins a checkout: holds every line of the cart at the location for `ttlMillis`, or none of them. */
export const BeginCheckout = define("BeginCheckout", {
  payload: { cart: CartId, location: LocationId, ttlMillis: HoldTime },
  reply: CartSchema,
  refusals: [UnknownCart, CartNotReady, CartEmpty, UnknownLocation, UnknownProduct, ProductInactive, InsufficientStock],
  locations: ({ location }) => [location],
  footprint: checkoutFootprint,
  decide: (slice, { cart: id, location, ttlMillis }, context) =>
    Result.gen(function* () {
      const before = yield* cartIn(slice, id, ["active"])
      if (before.lines.length === 0) return yield* Result.fail(new CartEmpty({ cart: id }))
      yield* knownLocation(slice, location)
      for (const line of before.lines) yield* activeProduct(slice, line.product)
      const expiresAt = DateTime.add(context.now, { milliseconds: ttlMillis })
      const parts = yield* allocate(slice, demandsOf(before, location), context.now)
      const claims = holdEvents(parts, expiresAt, { type: "cart", id }, context)
      const changes = { state: "checkingOut", location, expiresAt, claims: claims.map((event) => event.claim) } as const
      const cart = changedCart(before, changes, context)
      return { reply: cart, rows: [put("carts", cart)], claims }
    })
})

/** The claims of a cart that still bind: those that nobody let go of and that did not lapse. */
const openClaimsOf = (slice: Slice, cart: Cart): ReadonlyArray<Claim> =>
  cart.claims
    .flatMap((id) => slice.claim(id) ?? [])
    .filter((claim) => claim.state === "held" || claim.state === "committed")

/**
 * The cart for a checkout at a location. One that began elsewhere has its claims there, in a ledger that is not locked.
 */
const cartAt = (
  slice: Slice,
  id: CartId,
  accepted: ReadonlyArray<Cart["state"]>,
  location: LocationId
): Result.Result<Cart, UnknownCart | CartNotReady> =>
  Result.flatMap(
    cartIn(slice, id, accepted),
    (cart): Result.Result<Cart, CartNotReady> =>
      cart.location === null || cart.location === location
        ? Result.succeed(cart)
        : Result.fail(new CartNotReady({ cart: id, state: cart.state, accepted, location: cart.location }))
  )

/**
 * Gives a checkout more time: its holds last for `ttlMillis` from now, or as long as they did if that is longer. Once
 * one of them has lapsed the checkout is to be begun again, because its stock may be another's.
 */
export const ExtendCheckout = define("ExtendCheckout", {
  payload: { cart: CartId, location: LocationId, ttlMillis: HoldTime },
  reply: CartSchema,
  refusals: [UnknownCart, CartNotReady, ClaimClosed],
  locations: ({ location }) => [location],
  footprint: checkoutFootprint,
  decide: (slice, { cart: id, location, ttlMillis }, context) =>
    Result.gen(function* () {
      const before = yield* cartAt(slice, id, ["checkingOut"], location)
      const open = yield* openClaims(slice, location, before.claims, true)
      const until = DateTime.add(context.now, { milliseconds: ttlMillis })
      const expiresAt = before.expiresAt === null ? until : DateTime.max(before.expiresAt, until)
      const cart = changedCart(before, { expiresAt }, context)
      return { reply: cart, rows: [put("carts", cart)], claims: extensions(open, until) }
    })
})

/** Goes back from a checkout to an active cart; what it held is available again. */
export const CancelCheckout = define("CancelCheckout", {
  payload: { cart: CartId, location: LocationId },
  reply: CartSchema,
  refusals: [UnknownCart, CartNotReady],
  locations: ({ location }) => [location],
  footprint: checkoutFootprint,
  decide: (slice, { cart: id, location }, context) =>
    Result.gen(function* () {
      const before = yield* cartAt(slice, id, ["checkingOut"], location)
      const claims = openClaimsOf(slice, before).map((claim) => claimEvent("released", claim))
      const cart = changedCart(before, { state: "active", claims: [], expiresAt: null, location: null }, context)
      return { reply: cart, rows: [put("carts", cart)], claims }
    })
})

const nothingDone = {
  canceled: 0,
  shipped: 0,
  requested: 0,
  returned: 0,
  restocked: 0,
  damaged: 0,
  scrapped: 0,
  backordered: 0,
  claims: [],
  elsewhere: []
}

const orderLine = (
  product: Product,
  { quantity, entered }: CartLine,
  index: number,
  charged: Money | undefined
): Result.Result<OrderLine, NotPriced> => {
  const total = charged ?? (product.price && priceOf(product.price, quantity, product.unit.decimals))
  if (!total) return Result.fail(new NotPriced({ product: product.id, accepted: "a product with a price" }))
  return Result.succeed({
    line: index + 1,
    product: product.id,
    sku: product.sku,
    name: product.name,
    unit: product.unit,
    ordered: quantity,
    // A pack may be another by now; then what was said is no longer what is bought.
    ...(entered !== undefined && Result.isSuccess(checkEntered(product, quantity, entered)) ? { entered } : {}),
    ...nothingDone,
    unitPrice: product.price,
    total
  })
}

const totalOf = (lines: ReadonlyArray<OrderLine>): Result.Result<Money, NotPriced> => {
  const currency = lines[0]?.total.currency ?? ""
  let amount = 0
  for (const line of lines) {
    if (line.total.currency !== currency) {
      return Result.fail(
        new NotPriced({ product: line.product, accepted: `a price in ${currency}, as the first line's` })
      )
    }
    amount += line.total.amount
  }
  return Result.succeed({ amount, currency })
}

/** What a cart is to be sold for: the lines of its order, and their sum. */
const priced = (
  slice: Slice,
  cart: Cart,
  charged: ReadonlyArray<typeof Charge.Type>
): Result.Result<
  { readonly lines: ReadonlyArray<OrderLine>; readonly total: Money },
  CartEmpty | UnknownProduct | ProductInactive | NotPriced
> =>
  Result.gen(function* () {
    if (cart.lines.length === 0) return yield* Result.fail(new CartEmpty({ cart: cart.id }))
    const charges = new Map(charged.map((charge) => [charge.product, charge.total]))
    const lines: Array<OrderLine> = []
    for (const [index, line] of cart.lines.entries()) {
      const product = yield* activeProduct(slice, line.product)
      lines.push(yield* orderLine(product, line, index, charges.get(line.product)))
    }
    return { lines, total: yield* totalOf(lines) }
  })

/** A part of a cart's goods on the shelf: what it claimed before, or what allocation finds for the rest. */
interface Part extends Omit<Allocated, "demand"> {
  readonly line: number
  readonly claim: Claim | undefined
}

/** The goods of a cart; `waiting` has what of a line is not there. */
interface Found {
  readonly parts: ReadonlyArray<Part>
  readonly freed: ReadonlyArray<Claim>
  readonly waiting: ReadonlyMap<number, number>
}

/**
 * Where the goods of a cart are: its own claims first, one line a product. Claims of lots that expired or were recalled
 * meanwhile are `freed`, and other stock is found instead.
 */
const partsOf = (
  slice: Slice,
  cart: Cart,
  location: LocationId,
  sourcing: Sourcing,
  now: DateTime.Utc
): Result.Result<Found, InsufficientStock | InsufficientSupply> => {
  const lineOf = new Map(cart.lines.map(({ product }, index) => [product, index + 1]))
  const open = openClaimsOf(slice, cart)
  const freed = open.filter(({ product, lot }) => !isUsableLot(slice, product, lot, now))
  const claimed = open
    .filter((claim) => !freed.includes(claim))
    .map((claim) => ({ ...claim, line: lineOf.get(claim.product) ?? 0, claim }))
  const rest = demandsOf(cart, location).flatMap((demand) => {
    const own = claimed.filter((claim) => claim.product === demand.product)
    const quantity = own.reduce((left, claim) => left - claim.quantity, demand.quantity)
    return quantity > 0 ? [{ ...demand, quantity }] : []
  })
  return Result.map(sourced(slice, rest, sourcing, now), ({ parts, waiting }) => ({
    parts: [...claimed, ...parts.map((part) => ({ ...part, line: lineOf.get(part.product) ?? 0, claim: undefined }))],
    freed,
    waiting: new Map(rest.map(({ product }, index) => [lineOf.get(product) ?? 0, waiting[index] ?? 0]))
  }))
}

const orderOf = (
  cart: Cart,
  location: LocationId,
  lines: ReadonlyArray<OrderLine>,
  shipments: ReadonlyArray<Shipment>,
  total: Money,
  context: DecisionContext
): Order => ({
  id: OrderId.make(context.id),
  customer: cart.owner,
  cart: cart.id,
  location,
  lines,
  shipments,
  total,
  ...axesOf(lines),
  payment: "none",
  version: 1,
  placedAt: context.occurredAt,
  recordedAt: context.now
})

/** The rows that selling a cart writes: the cart is completed, and its owner may have another. */
const soldRows = (before: Cart, order: Order, context: DecisionContext) => [
  put(
    "carts",
    changedCart(
      before,
      { state: "completed", claims: [], expiresAt: null, location: order.location, order: order.id },
      context
    )
  ),
  put("orders", order),
  ...(before.owner === null ? [] : [removeName(activeCartName(before.owner))])
]

const sold = {
  payload: {
    cart: CartId,
    location: LocationId,
    charged: Schema.optionalKey(Schema.Array(Charge)),
    sources: sourcingFields.sources
  },
  reply: Order,
  refusals: [
    UnknownCart,
    CartNotReady,
    CartEmpty,
    UnknownLocation,
    UnknownProduct,
    ProductInactive,
    NotPriced,
    InsufficientStock,
    InsufficientSupply
  ]
} as const

/**
 * Makes a cart an order at a location: what it held is committed, and so is the rest, all lines or none. With `sources`
 * the rest is committed at these locations, by their strategy. With `backorders` what is not there waits, where the
 * stock policy at the order's location allows it. The order copies the prices of the moment; `charged` overrides a
 * product's total where the host charged something else (a discount, a promotion).
 */
export const PlaceOrder = define("PlaceOrder", {
  ...sold,
  payload: { ...sold.payload, backorders: sourcingFields.backorders },
  locations: ({ location, ...sourcing }) => sourceLocations(location, sourcing),
  footprint: checkoutFootprint,
  decide: (slice, { cart: id, location, charged = [], ...sourcing }, context) =>
    Result.gen(function* () {
      const before = yield* cartAt(slice, id, ["active", "checkingOut"], location)
      for (const each of sourceLocations(location, sourcing)) yield* knownLocation(slice, each)
      const { lines, total } = yield* priced(slice, before, charged)
      const { parts, freed, waiting } = yield* partsOf(slice, before, location, sourcing, context.now)
      const committed = parts.map(({ claim, line, ...part }, index) => {
        const { product, lot, quantity } = part
        // A hold becomes the order's; what somebody committed before is claimed anew, as nothing is committed twice.
        const own = claim?.state === "held" ? claim.id : ClaimId.make(`${context.id}-${index}`)
        const event: NewClaimEvent = {
          kind: "committed",
          ...{ claim: own, product, location: part.location, lot, quantity },
          expiresAt: null,
          source: orderSource(OrderId.make(context.id))
        }
        return { line, event, released: claim?.state === "committed" ? [claimEvent("released", claim)] : [] }
      })
      const eventsOf = Map.groupBy(committed, ({ line }) => line)
      const claiming = lines.map((line) =>
        (eventsOf.get(line.line) ?? []).reduce(
          (after, { event }) =>
            lineAt({ location }, after, event.location, event.quantity, [
              ...claimsAt({ location }, after, event.location),
              event.claim
            ]),
          { ...line, backordered: waiting.get(line.line) ?? 0 }
        )
      )
      const order = orderOf(before, location, claiming, [], total, context)
      return {
        reply: order,
        claims: [
          ...freed.map((claim) => claimEvent("released", claim)),
          ...committed.flatMap(({ event, released }) => [...released, event])
        ],
        rows: soldRows(before, order, context),
        events: [{ _tag: "OrderPlaced" as const, ...toldOf(order) }]
      }
    })
})

/**
 * Sells a cart at a location and ships it at once: place and ship in one command, with the same prices. With `sources`
 * there is a shipment from each location that serves it.
 */
export const Checkout = define("Checkout", {
  ...sold,
  locations: ({ location, ...sourcing }) => sourceLocations(location, sourcing),
  footprint: checkoutFootprint,
  decide: (slice, { cart: id, location, charged = [], ...sourcing }, context) =>
    Result.gen(function* () {
      const before = yield* cartAt(slice, id, ["active", "checkingOut"], location)
      for (const each of sourceLocations(location, sourcing)) yield* knownLocation(slice, each)
      const { lines, total } = yield* priced(slice, before, charged)
      const { parts, freed } = yield* partsOf(slice, before, location, sourcing, context.now)
      yield* checkShelf(slice, parts)
      const shipped = lines.map((line) => ({ ...line, shipped: line.ordered }))
      const shipments = [...Map.groupBy(parts, (part) => part.location)].map(([from, own], index) =>
        shipmentOf(index + 1, from, own, context)
      )
      const order = orderOf(before, location, shipped, shipments, total, context)
      return {
        reply: order,
        movements: parts.map(({ product, location, lot, quantity, line }) =>
          orderMovement(order.id, {
            kind: "sale",
            ...{ product, location, lot, quantity },
            from: "sellable",
            to: "customer",
            ...saidOfAll(lines[line - 1], quantity)
          })
        ),
        claims: [
          ...freed.map((claim) => claimEvent("released", claim)),
          ...parts.flatMap(({ claim }) => (claim === undefined ? [] : [claimEvent("consumed", claim)]))
        ],
        rows: soldRows(before, order, context),
        events: [
          { _tag: "OrderPlaced" as const, ...toldOf(order) },
          { _tag: "OrderShipped" as const, ...toldOf(order) }
        ]
      }
    })
})
