/**
 * Carts: what a shopper means to buy. A cart claims no stock until its checkout begins.
 */
import { Result, Schema } from "effect"
import { ClaimId } from "./Claim.ts"
import { type DecisionContext, define } from "./Command.ts"
import { LocationId } from "./Location.ts"
import {
  checkEntered,
  decimalInUnit,
  type Entered,
  enteredQuantity,
  enteredRefusals,
  type InexactQuantity,
  keptEntered,
  type UnknownUnit
} from "./Pack.ts"
import { activeProduct, type Product, ProductId, ProductInactive, UnknownProduct } from "./Product.ts"
import { QuantityOrZero } from "./Quantity.ts"
import { put, putName, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"

export const CartId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("CartId"))
export type CartId = typeof CartId.Type

/** The most different products in one cart: far above what a person buys, and bounded work for a checkout. */
export const MAX_CART_LINES = 500

/** `entered` is how the quantity was said, where somebody said it in another way than in steps. */
export const CartLine = Schema.Struct({ product: ProductId, ...enteredQuantity })
export interface CartLine extends Schema.Schema.Type<typeof CartLine> {}

/**
 * `owner` is the user it belongs to, or null for an anonymous cart, whose id is its token. One line a product.
 * `claims` are its holds while it is checking out, at `location`, until `expiresAt`.
 */
export const Cart = Schema.Struct({
  id: CartId,
  owner: Schema.NullOr(Schema.String),
  lines: Schema.Array(CartLine),
  state: Schema.Literals(["active", "checkingOut", "completed"]),
  location: Schema.NullOr(LocationId),
  claims: Schema.Array(ClaimId),
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  order: Schema.NullOr(Schema.String),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Cart" })
export interface Cart extends Schema.Schema.Type<typeof Cart> {}

export class UnknownCart extends Schema.TaggedError<UnknownCart>()("UnknownCart", { cart: CartId }) {
  override get message() {
    return `There is no cart ${this.cart}; the id of an open cart is accepted`
  }
}

/** The cart is in a state in which this cannot be done to it; or only at `location`, where its checkout began. */
export class CartNotReady extends Schema.TaggedError<CartNotReady>()("CartNotReady", {
  cart: CartId,
  state: Cart.fields.state,
  accepted: Schema.Array(Cart.fields.state),
  location: Schema.optionalKey(LocationId)
}) {
  override get message() {
    if (this.location !== undefined)
      return `Cart ${this.cart} is ${this.state} at ${this.location}; only there is accepted`
    return `Cart ${this.cart} is ${this.state}; accepted: ${this.accepted.join(", ")}`
  }
}

export class CartFull extends Schema.TaggedError<CartFull>()("CartFull", { cart: CartId, accepted: Schema.Int }) {
  override get message() {
    return `Cart ${this.cart} would hold too many different products; at most ${this.accepted} are accepted`
  }
}

/** The row id of the name that gives a user's one active cart. */
export const activeCartName = (owner: string): string => `cart:${owner}`

/** The cart, if it exists and is in one of the accepted states. */
export const cartIn = (
  slice: Slice,
  id: CartId,
  accepted: ReadonlyArray<Cart["state"]>
): Result.Result<Cart, UnknownCart | CartNotReady> => {
  const cart = slice.row("carts", id)
  if (cart === undefined) return Result.fail(new UnknownCart({ cart: id }))
  return accepted.includes(cart.state)
    ? Result.succeed(cart)
    : Result.fail(new CartNotReady({ cart: id, state: cart.state, accepted }))
}

/** The cart with changes, one version on. */
export const changedCart = (cart: Cart, changes: Partial<Cart>, context: DecisionContext): Cart => ({
  ...cart,
  ...changes,
  version: cart.version + 1,
  updatedAt: context.now
})

const newCart = (owner: string | null, context: DecisionContext): Cart => ({
  id: CartId.make(context.id),
  owner,
  lines: [],
  state: "active",
  location: null,
  claims: [],
  expiresAt: null,
  order: null,
  version: 1,
  createdAt: context.now,
  updatedAt: context.now
})

const LineChange = Schema.Struct({
  product: ProductId,
  quantity: QuantityOrZero,
  entered: enteredQuantity.entered,
  mode: Schema.Literals(["add", "set"])
})

/** How a line is said after more was added to it: in the pack in which all of it was said, or in none. */
const saidOfSum = (
  product: Product,
  before: CartLine,
  { quantity, entered }: Pick<CartLine, "quantity" | "entered">
): { readonly entered?: Entered } => {
  if (entered === undefined || before.entered?.unit !== entered.unit) return {}
  const sum = decimalInUnit(product, before.quantity + quantity, entered.unit)
  return sum === undefined ? {} : { entered: { unit: entered.unit, quantity: sum } }
}

/** The lines after changes: `add` is relative, `set` is absolute, and a line of quantity 0 is gone. */
const changeLines = (
  slice: Slice,
  cart: Cart,
  changes: ReadonlyArray<typeof LineChange.Type>
): Result.Result<
  ReadonlyArray<CartLine>,
  UnknownProduct | ProductInactive | UnknownUnit | InexactQuantity | CartFull
> =>
  Result.gen(function* () {
    const lines = new Map(cart.lines.map((line) => [line.product, line]))
    for (const { product: id, mode, ...asked } of changes) {
      const before = mode === "add" ? lines.get(id) : undefined
      if (asked.quantity > 0) {
        const product = yield* activeProduct(slice, id)
        if (asked.entered !== undefined) yield* checkEntered(product, asked.quantity, asked.entered)
        const said = before === undefined ? keptEntered(asked) : saidOfSum(product, before, asked)
        lines.set(id, { product: id, quantity: (before?.quantity ?? 0) + asked.quantity, ...said })
      } else if (before === undefined) lines.delete(id)
    }
    if (lines.size > MAX_CART_LINES) {
      return yield* Result.fail(new CartFull({ cart: cart.id, accepted: MAX_CART_LINES }))
    }
    return [...lines.values()]
  })

const productRows = (changes: ReadonlyArray<{ readonly product: ProductId }>) =>
  changes.map((change) => ref("products", change.product))

const Changes = Schema.Array(LineChange).check(Schema.isMaxLength(MAX_CART_LINES))

/** Opens a cart, with lines if they are given. A user who has an active cart gets that one, with the lines applied. */
export const OpenCart = define("OpenCart", {
  payload: {
    owner: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(128))),
    lines: Schema.optionalKey(Changes)
  },
  reply: Cart,
  refusals: [CartNotReady, UnknownProduct, ProductInactive, ...enteredRefusals, CartFull],
  footprint: ({ owner, lines }, slice) => {
    const name = owner === undefined ? undefined : slice.row("names", activeCartName(owner))
    return {
      rows: [
        ...(owner === undefined ? [] : [ref("names", activeCartName(owner))]),
        ...(name === undefined ? [] : [ref("carts", name.target)]),
        ...productRows(lines ?? [])
      ]
    }
  },
  decide: (slice, { owner, lines: changes = [] }, context) =>
    Result.gen(function* () {
      const name = owner === undefined ? undefined : slice.row("names", activeCartName(owner))
      const open = name && slice.row("carts", name.target)
      if (open !== undefined) {
        if (changes.length === 0) return { reply: open }
        if (open.state !== "active") {
          return yield* Result.fail(new CartNotReady({ cart: open.id, state: open.state, accepted: ["active"] }))
        }
        const cart = changedCart(open, { lines: yield* changeLines(slice, open, changes) }, context)
        return { reply: cart, rows: [put("carts", cart)] }
      }
      const empty = newCart(owner ?? null, context)
      const cart = { ...empty, lines: yield* changeLines(slice, empty, changes) }
      return {
        reply: cart,
        rows: [put("carts", cart), ...(owner === undefined ? [] : [putName(activeCartName(owner), cart.id)])]
      }
    })
})

/** Changes the lines of an active cart, all or none. */
export const ChangeCart = define("ChangeCart", {
  payload: { cart: CartId, lines: Changes },
  reply: Cart,
  refusals: [UnknownCart, CartNotReady, UnknownProduct, ProductInactive, ...enteredRefusals, CartFull],
  footprint: ({ cart, lines }) => ({ rows: [ref("carts", cart), ...productRows(lines)] }),
  decide: (slice, { cart: id, lines }, context) =>
    Result.gen(function* () {
      const before = yield* cartIn(slice, id, ["active"])
      const cart = changedCart(before, { lines: yield* changeLines(slice, before, lines) }, context)
      return { reply: cart, rows: [put("carts", cart)] }
    })
})
