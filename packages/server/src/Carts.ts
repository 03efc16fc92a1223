/**
 * Carts and checkout over HTTP.
 */
import { CurrentActor, OnhandApi, type Unavailable, type Cart as WireCart } from "@onhand/api"
import { type Actor, type Cart, Inventory, type Money, type Product, type ProductId, priceOf } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireDating } from "./Authorizing.ts"
import { buyActiveCart, locationOf } from "./Checkout.ts"
import { markOf } from "./Freshness.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedJson, changedReply, etagOf, keptReply, moneyReply, textReply, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { ShortWay } from "./ShortWay.ts"
import { decimalsOf, type QuantityInUnit, type Steps, stepsOf, toDecimal, Units } from "./Units.ts"

/** How many a cart shall have of a product. */
type CartLineSteps = Steps & { readonly product: ProductId }

/** The products of a cart that are read at once. */
const READS_AT_ONCE = 16

const emptyCart: WireCart = { id: null, state: "active", lines: [], total: null, version: 0, updatedAt: null }

/** The sum, if every line has a price and all are in one currency. */
const sumOf = (totals: ReadonlyArray<Money | null>): Money | null => {
  const [first] = totals
  if (!first) return null
  let amount = 0
  for (const total of totals) {
    if (total?.currency !== first.currency) return null
    amount += total.amount
  }
  return { amount, currency: first.currency }
}

const cartOf = (cart: Cart, products: ReadonlyMap<ProductId, Product>): WireCart => {
  const priced = cart.lines.flatMap(({ product: id, quantity, entered = null }) => {
    const product = products.get(id)
    if (product === undefined) return []
    const { sku, name, unit, price } = product
    return [{ id, sku, name, quantity, entered, unit, price, total: price && priceOf(price, quantity, unit.decimals) }]
  })
  const total = sumOf(priced.map((line) => line.total))
  return {
    id: cart.id,
    state: cart.state,
    lines: priced.map((line) => ({
      product: line.id,
      sku: line.sku,
      name: line.name,
      quantity: toDecimal(line.quantity, line.unit.decimals),
      entered: line.entered,
      unitPrice: line.price && moneyReply(line.price),
      total: line.total && moneyReply(line.total)
    })),
    total: total && moneyReply(total),
    version: cart.version,
    updatedAt: timestamp(cart.updatedAt)
  }
}

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const { roles } = yield* ServerSettings

  /** A cart on the wire, with the names and prices that its products have now. */
  const cartReply = (cart: Cart): Effect.Effect<WireCart, Unavailable> =>
    Effect.map(
      Effect.forEach(cart.lines, (line) => answering(inventory.read.product(line.product)), {
        concurrency: READS_AT_ONCE
      }),
      (found) => cartOf(cart, new Map(found.flatMap(Option.toArray).map((product) => [product.id, product])))
    )

  /** What a line of a request means in steps. Zero is for taking out only. */
  const quantityOf = (product: ProductId, said: QuantityInUnit, least: 0 | 1) =>
    Effect.gen(function* () {
      const decimals = decimalsOf(yield* units.of([product]), product)
      const packed = yield* units.packed([{ ...said, product }])
      return yield* stepsOf(said, packed.get(product), decimals, "payload.quantity", least)
    })

  /** Sets how many the actor's cart has of products. */
  const setLines = (actor: Actor, header: string | undefined, linesOf: (cart: Cart) => ReadonlyArray<CartLineSteps>) =>
    Effect.gen(function* () {
      const found = yield* answering(inventory.read.activeCart(actor.id))
      if (Option.isNone(found)) return HttpApiSchema.withHeaders({ body: emptyCart, headers: { etag: etagOf(0) } })
      const cart = found.value
      const lines = linesOf(cart).map((line) => ({ ...line, mode: "set" as const }))
      const change = { cart: cart.id, lines }
      const { reply, replayed } = yield* submitAs(inventory, "changeCart", change, { actor, key: bareKey(header) })
      return changedReply(yield* cartReply(reply), reply.version, replayed)
    })

  return { inventory, units, roles, cartReply, quantityOf, setLines }
})

export const layerCarts = HttpApiBuilder.group(
  OnhandApi,
  "carts",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, roles, cartReply, quantityOf, setLines } = yield* make
    const shortWay = yield* ShortWay
    const mine = shortWay.take(
      OnhandApi.groups.carts.endpoints.mine,
      Effect.fnUntraced(function* ({ headers }) {
        const actor = yield* CurrentActor
        const found = yield* answering(inventory.read.activeCart(actor.id))
        const body = Option.isNone(found) ? emptyCart : yield* cartReply(found.value)
        // Names and prices are those that the products have now, whatever version the cart has.
        const text = JSON.stringify(body)
        return keptReply(textReply(text, etagOf(body.version, `-${markOf(text)}`)), headers["if-none-match"])
      })
    )
    const add = shortWay.take(
      OnhandApi.groups.carts.endpoints.add,
      Effect.fnUntraced(function* ({ headers, payload: { product, ...said } }) {
        const actor = yield* CurrentActor
        const line = { product, ...(yield* quantityOf(product, said, 1)), mode: "add" as const }
        const { reply, replayed } = yield* submitAs(
          inventory,
          "openCart",
          { owner: actor.id, lines: [line] },
          { actor, key: bareKey(headers["idempotency-key"]) }
        )
        return changedJson(yield* cartReply(reply), reply.version, replayed)
      })
    )
    const checkout = shortWay.take(
      OnhandApi.groups.carts.endpoints.checkout,
      Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const location = yield* locationOf(inventory, payload.location)
        yield* requireDating(roles, actor, payload.occurredAt, location)
        const command = { actor, key, occurredAt: payload.occurredAt }
        const { sources } = payload
        const served = sources === undefined ? { location } : { location, sources }
        return yield* buyActiveCart(inventory, units, "checkout", served, command)
      })
    )
    return handlers.handleAll({
      mine,
      clear: Effect.fnUntraced(function* () {
        const emptied = (cart: Cart) => cart.lines.map(({ product }) => ({ product, quantity: 0 }))
        return yield* setLines(yield* CurrentActor, undefined, emptied)
      }),
      add,
      change: Effect.fnUntraced(function* ({ headers, params: { product }, payload }) {
        const actor = yield* CurrentActor
        const steps = yield* quantityOf(product, payload, 0)
        return yield* setLines(actor, headers["idempotency-key"], () => [{ product, ...steps }])
      }),
      remove: Effect.fnUntraced(function* ({ headers, params: { product } }) {
        const actor = yield* CurrentActor
        return yield* setLines(actor, headers["idempotency-key"], () => [{ product, quantity: 0 }])
      }),
      checkout
    })
  })
)
