/**
 * Carts over HTTP: what I mean to buy, and buying it.
 */
import { Cart as CoreCart, LocationId, ProductId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AsEntered, Decimal, Money, quantityInUnit, Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  writeErrors
} from "./Convention.ts"
import { buyErrors, Order, purchasedAt, served } from "./Orders.ts"
import { problems, unitProblems } from "./Problem.ts"

/** A line with the price of the moment; the order copies the prices of the moment it is placed. */
export const CartLine = Schema.Struct({
  product: ProductId,
  sku: Schema.String,
  name: Schema.String,
  quantity: Decimal,
  entered: AsEntered,
  unitPrice: Schema.NullOr(Money),
  total: Schema.NullOr(Money)
}).annotate({ identifier: "CartEntry" })

/**
 * A cart. `id` is null before anything was put in; `total` is null while a line has no price, or prices are in more
 * than one currency.
 */
export const Cart = Schema.Struct({
  id: Schema.NullOr(CoreCart.fields.id),
  state: CoreCart.fields.state,
  lines: Schema.Array(CartLine),
  total: Schema.NullOr(Money),
  version: Schema.Int,
  updatedAt: Schema.NullOr(Timestamp)
}).annotate({ identifier: "ShoppingCart" })
export interface Cart extends Schema.Schema.Type<typeof Cart> {}

export const NewCartLine = Schema.Struct({ product: ProductId, ...quantityInUnit }).annotate({
  identifier: "NewCartLine",
  description: "What to add: it comes on top of what the cart has of the product"
})

export const CartLineChange = Schema.Struct({
  ...quantityInUnit,
  quantity: Decimal.annotate({ description: "How many the cart shall have; 0 takes the product out" })
}).annotate({ identifier: "CartLineChange", examples: [{ quantity: 3 }] })

/** Where to buy it. A shop with one location need not say. */
export const CheckoutRequest = Schema.Struct({
  location: Schema.optionalKey(LocationId),
  ...served,
  ...purchasedAt
}).annotate({
  identifier: "CheckoutRequest",
  examples: [{}]
})

const headers = { ...etag, ...replayable }
const changed = HttpApiSchema.WithHeaders(Cart, headers)
const changeErrors = [
  problems.UnknownCart,
  problems.UnknownProduct,
  problems.ProductInactive,
  problems.CartFull,
  problems.CartNotReady,
  ...unitProblems,
  ...writeErrors
] as const

export class CartsApi extends HttpApiGroup.make("carts")
  .add(
    HttpApiEndpoint.get("mine", "/cart", {
      headers: versionKnown,
      success: HttpApiSchema.WithHeaders(Cart, etag)
    }).annotateMerge(about("cart:own", { summary: "Get my cart" })),
    HttpApiEndpoint.delete("clear", "/cart", {
      success: changed,
      error: changeErrors
    }).annotateMerge(about("cart:own", { summary: "Empty my cart" })),
    HttpApiEndpoint.post("add", "/cart/items", {
      headers: keyAllowed,
      payload: NewCartLine,
      success: changed,
      error: changeErrors
    }).annotateMerge(about("cart:own", { summary: "Put a product into my cart" })),
    HttpApiEndpoint.patch("change", "/cart/items/:product", {
      params: { product: ProductId },
      headers: keyAllowed,
      payload: CartLineChange,
      success: changed,
      error: changeErrors
    }).annotateMerge(about("cart:own", { summary: "Set how many my cart has of a product" })),
    HttpApiEndpoint.delete("remove", "/cart/items/:product", {
      params: { product: ProductId },
      headers: keyAllowed,
      success: changed,
      error: changeErrors
    }).annotateMerge(about("cart:own", { summary: "Take a product out of my cart" })),
    HttpApiEndpoint.post("checkout", "/checkout", {
      headers: keyRequired,
      payload: CheckoutRequest,
      success: HttpApiSchema.WithHeaders(Order.pipe(HttpApiSchema.status(201)), headers),
      error: buyErrors
    }).annotateMerge(
      about("cart:own", {
        summary: "Buy what is in my cart",
        description: "All lines or none. The same key again gets the same order again."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Cart and checkout", description: "Buying." })) {}
