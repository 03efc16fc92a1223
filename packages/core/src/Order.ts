/**
 * Orders: what was sold, with the prices of the moment. An order has independent axes, not one status for everything.
 */
import { Schema } from "effect"
import { CartId } from "./Cart.ts"
import { LocationId } from "./Location.ts"
import { Money } from "./Money.ts"
import { ProductId } from "./Product.ts"
import { Quantity, QuantityOrZero, UnitOfMeasure } from "./Quantity.ts"

export const OrderId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

/**
 * A line with what was copied from the product when it was placed. ordered = canceled + shipped + open, in steps of
 * `unit`; `unitPrice` is the price of one whole unit, `total` what was charged for the line.
 */
export const OrderLine = Schema.Struct({
  line: Schema.Int,
  product: ProductId,
  sku: Schema.String,
  name: Schema.String,
  unit: UnitOfMeasure,
  ordered: Quantity,
  canceled: QuantityOrZero,
  shipped: QuantityOrZero,
  returned: QuantityOrZero,
  unitPrice: Schema.NullOr(Money),
  total: Money
}).annotate({ identifier: "OrderLine" })
export interface OrderLine extends Schema.Schema.Type<typeof OrderLine> {}

export const Order = Schema.Struct({
  id: OrderId,
  customer: Schema.NullOr(Schema.String),
  cart: Schema.NullOr(CartId),
  location: LocationId,
  lines: Schema.Array(OrderLine),
  total: Money,
  status: Schema.Literals(["placed", "completed", "canceled"]),
  fulfilment: Schema.Literals(["unfulfilled", "partial", "fulfilled"]),
  payment: Schema.Literals(["none", "authorized", "paid", "partiallyRefunded", "refunded"]),
  returns: Schema.Literals(["none", "requested", "partial", "returned"]),
  version: Schema.Int,
  placedAt: Schema.DateTimeUtcFromString,
  recordedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Order" })
export interface Order extends Schema.Schema.Type<typeof Order> {}

/** The open quantity of a line: ordered, and neither canceled nor shipped yet. */
export const openQuantity = (line: Pick<OrderLine, "ordered" | "canceled" | "shipped">): number =>
  line.ordered - line.canceled - line.shipped
