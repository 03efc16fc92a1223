/**
 * The refusals of the transport: what the HTTP contract itself turns down, and the refusals of core that carry
 * quantities, told in decimals of the product's unit.
 */
import {
  ClaimId,
  LocationId,
  Lot,
  OrderId,
  Permission,
  ProductId,
  PurchaseOrderId,
  Source,
  TransferId,
  VendorId
} from "@onhand/core"
import { Schema } from "effect"

/** One thing that is wrong with a request, with the place where it is: `query.limit`, `payload.lines.0.quantity`. */
export const Fault = Schema.Struct({ path: Schema.String, message: Schema.String })
export interface Fault extends Schema.Schema.Type<typeof Fault> {}

/** The request was not understood: malformed, of the wrong shape, or with a field or parameter that nobody knows. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  faults: Schema.Array(Fault)
}) {
  override get message() {
    return this.faults.map(({ path, message }) => `${path}: ${message}`).join("; ")
  }
}

/** Nobody is signed in: no token, or one that is not valid any more. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}) {
  override get message() {
    return "Sign in first; a bearer token from POST /api/v1/auth/login in the Authorization header is accepted"
  }
}

/** The address and the password do not belong together, or nobody has that address; it does not say which. */
export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>()("InvalidCredentials", {}) {
  override get message() {
    return "The e-mail address or the password is wrong; those of a registered, active user are accepted"
  }
}

/** The actor is known, but may not do this, or not at this location. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  permission: Permission,
  location: Schema.optionalKey(LocationId),
  everywhere: Schema.optionalKey(Schema.Literal(true))
}) {
  override get message() {
    const place = this.location === undefined ? "" : ` at location ${this.location}`
    const where = this.everywhere === true ? " at every location" : place
    return `This needs the permission ${this.permission}${where}; a role that has it is accepted`
  }
}

/** No route has this path. */
export class NoSuchRoute extends Schema.TaggedError<NoSuchRoute>()("NoSuchRoute", {}) {
  override get message() {
    return "There is nothing under this path; /openapi.json lists every path there is"
  }
}

/** The order does not exist, or the actor may not see it. */
export class UnknownOrder extends Schema.TaggedError<UnknownOrder>()("UnknownOrder", { order: Schema.String }) {
  override get message() {
    return `There is no order ${this.order} for you; the id of an order of yours is accepted`
  }
}

/** No product has the code. */
export class UnknownCode extends Schema.TaggedError<UnknownCode>()("UnknownCode", {
  field: Schema.Literals(["sku", "barcode"]),
  code: Schema.String
}) {
  override get message() {
    return `No product has the ${this.field} "${this.code}"; the whole code of a product is accepted`
  }
}

/** The path exists, but not for this method. */
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allowed: Schema.Array(Schema.String)
}) {
  override get message() {
    return `This method is not allowed here; accepted: ${this.allowed.join(", ")}`
  }
}

/** The body is larger than the route takes. `limit` is in bytes. */
export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  limit: Schema.Int
}) {
  override get message() {
    return `The body is too large; at most ${this.limit} bytes are accepted`
  }
}

/** The path and the query are longer than the server reads. `limit` is in characters. */
export class UriTooLong extends Schema.TaggedError<UriTooLong>()("UriTooLong", {
  limit: Schema.Int
}) {
  override get message() {
    return `The path and the query are too long; at most ${this.limit} characters are accepted`
  }
}

/** The body is of a media type that the route does not take, or does not say of which it is. */
export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {
  contentType: Schema.String
}) {
  override get message() {
    return `A body of type "${this.contentType}" is not understood; application/json, or what /docs lists, is accepted`
  }
}

/** A page of an origin that the server does not know wants to follow the events. */
export class ForeignOrigin extends Schema.TaggedError<ForeignOrigin>()("ForeignOrigin", {
  origin: Schema.String
}) {
  override get message() {
    return `Pages of ${this.origin} may not follow the events; those of this server and of its ONHAND_ORIGINS may`
  }
}

/** Only a connection that becomes a WebSocket is answered here. */
export class UpgradeRequired extends Schema.TaggedError<UpgradeRequired>()("UpgradeRequired", {}) {
  override get message() {
    return "The handshake of a WebSocket of version 13 is accepted here, over HTTP/1.1; the same events are at /events"
  }
}

/** A change of something that others may change too must say which version it saw. */
export class PreconditionRequired extends Schema.TaggedError<PreconditionRequired>()("PreconditionRequired", {
  header: Schema.String
}) {
  override get message() {
    return `The ${this.header} header is missing; the ETag of the version that you saw is accepted, or * for any`
  }
}

export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()("TooManyRequests", {
  retryAfterMillis: Schema.Int
}) {
  override get message() {
    return `Too many requests; try again in ${Math.ceil(this.retryAfterMillis / 1000)} s`
  }
}

/** The server failed. Nothing about why leaves it; the request id finds the reason in its log. */
export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {}) {
  override get message() {
    return "The server failed to answer this request; its log says why, under the request id"
  }
}

/** The server cannot answer now. Nothing was written. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  retryAfterMillis: Schema.Int
}) {
  override get message() {
    return `The server is not available now; try again in ${Math.ceil(this.retryAfterMillis / 1000)} s`
  }
}

/** There is not enough available stock. Quantities are decimals of the product's unit. */
export class InsufficientStock extends Schema.TaggedError<InsufficientStock>()("InsufficientStock", {
  lines: Schema.Array(
    Schema.Struct({
      product: ProductId,
      location: LocationId,
      lot: Lot,
      wanted: Schema.Finite,
      available: Schema.Finite,
      nextIncoming: Schema.NullOr(Schema.String)
    })
  )
}) {
  override get message() {
    const lines = this.lines.map(
      ({ product, wanted, available }) => `${wanted} of product ${product} (available: ${available})`
    )
    return `Not enough stock for ${lines.join(", ")}; at most what is available is accepted`
  }
}

/** A request of a batch that is done as a whole was refused. `refusal` is its own problem; `index` counts from 0. */
export class BatchRefused extends Schema.TaggedError<BatchRefused>()("BatchRefused", {
  index: Schema.Int,
  refusal: Schema.Json
}) {
  override get message() {
    const { index, refusal } = this
    const why = typeof refusal === "object" && refusal !== null && "detail" in refusal ? String(refusal["detail"]) : ""
    return `Request ${index} of the batch was refused, and nothing happened: ${why}`
  }
}

/** The claim belongs to a cart or a document, which alone may commit or release it. */
export class ForeignClaim extends Schema.TaggedError<ForeignClaim>()("ForeignClaim", {
  claim: ClaimId,
  source: Source
}) {
  override get message() {
    return `Claim ${this.claim} is of ${this.source.type} ${this.source.id}; a claim that was held by hand is accepted`
  }
}

/** More of a claim is to be moved than is open of it. Quantities are decimals of the product's unit. */
export class ClaimExceeded extends Schema.TaggedError<ClaimExceeded>()("ClaimExceeded", {
  claim: ClaimId,
  wanted: Schema.Finite,
  open: Schema.Finite
}) {
  override get message() {
    return `Of claim ${this.claim} ${this.open} are open, not ${this.wanted}; at most what is open is accepted`
  }
}

/** The stock is not what the caller expected when it decided. Quantities are decimals of the product's unit. */
export class StaleQuantity extends Schema.TaggedError<StaleQuantity>()("StaleQuantity", {
  product: ProductId,
  location: LocationId,
  lot: Lot,
  expected: Schema.Finite,
  current: Schema.Finite
}) {
  override get message() {
    return `The quantity is ${this.current}, not ${this.expected}; read it and decide again`
  }
}

/** Less is available already than a floor would allow. Quantities are decimals of the product's unit. */
export class FloorPassed extends Schema.TaggedError<FloorPassed>()("FloorPassed", {
  product: ProductId,
  location: LocationId,
  floor: Schema.Finite,
  available: Schema.Finite
}) {
  override get message() {
    const { product, location, floor, available } = this
    return `Of ${product} ${available} are available at ${location}, less than ${floor}; at most that is accepted`
  }
}

/** A threshold that one and the same quantity would raise and clear. Quantities are decimals of the product's unit. */
export class InvalidThreshold extends Schema.TaggedError<InvalidThreshold>()("InvalidThreshold", {
  product: ProductId,
  location: LocationId,
  low: Schema.Finite,
  clear: Schema.Finite,
  high: Schema.NullOr(Schema.Finite),
  clearHigh: Schema.NullOr(Schema.Finite)
}) {
  override get message() {
    const { low, clear, high, clearHigh } = this
    return clear <= low
      ? `A threshold that is raised at ${low} cannot be cleared at ${clear}; more than ${low} is accepted`
      : `Overstock that is raised at ${high} cannot be cleared at ${clearHigh}; less than ${high} is accepted`
  }
}

/** More is wanted of an order than is left to ship, cancel or return. Quantities are decimals of the product's unit. */
export class OrderExceeded extends Schema.TaggedError<OrderExceeded>()("OrderExceeded", {
  order: OrderId,
  lines: Schema.Array(
    Schema.Struct({
      line: Schema.Int,
      product: ProductId,
      lot: Schema.optionalKey(Lot),
      wanted: Schema.Finite,
      left: Schema.Finite
    })
  )
}) {
  override get message() {
    const lines = this.lines.map(({ product, lot, wanted, left }) => {
      const what = lot === undefined ? product : `${product}, lot ${lot || "none"}`
      return `${wanted} of product ${what} (left: ${left})`
    })
    return `The order has less left than ${lines.join(", ")}; at most what is left is accepted`
  }
}

/** More of a transfer would arrive than is on its way. Quantities are decimals of the product's unit. */
export class TransferExceeded extends Schema.TaggedError<TransferExceeded>()("TransferExceeded", {
  transfer: TransferId,
  lines: Schema.Array(
    Schema.Struct({ line: Schema.Int, product: ProductId, wanted: Schema.Finite, open: Schema.Finite })
  )
}) {
  override get message() {
    const lines = this.lines.map(({ product, wanted, open }) => `${wanted} of product ${product} (open: ${open})`)
    return `Less is on its way than ${lines.join(", ")}; at most what is open is accepted`
  }
}

/** Something is still at the location. Quantities are decimals of the product's unit. */
export class LocationNotEmpty extends Schema.TaggedError<LocationNotEmpty>()("LocationNotEmpty", {
  location: LocationId,
  left: Schema.Array(Schema.Struct({ product: ProductId, onHand: Schema.Finite, reserved: Schema.Finite })),
  more: Schema.Boolean
}) {
  override get message() {
    const products = this.left.map(({ product, onHand }) => `${onHand} of ${product}`)
    const more = this.more ? ", and more" : ""
    return `Location ${this.location} still has ${products.join(", ")}${more}; one that was drained is accepted`
  }
}

const acceptedLines = Schema.Array(
  Schema.Struct({ line: Schema.Int, product: ProductId, wanted: Schema.Finite, accepted: Schema.Finite })
)

/** More of an order would arrive or be canceled than it takes. Quantities are decimals of the product's unit. */
export class PurchaseOrderExceeded extends Schema.TaggedError<PurchaseOrderExceeded>()("PurchaseOrderExceeded", {
  purchaseOrder: PurchaseOrderId,
  lines: acceptedLines
}) {
  override get message() {
    const lines = this.lines.map(
      ({ product, wanted, accepted }) => `${wanted} of product ${product} (at most ${accepted})`
    )
    return `The order cannot take ${lines.join(", ")}; at most what is said is accepted`
  }
}

/** Less than the vendor's minimum, or not whole packs. Quantities are decimals of the product's unit. */
export class QuantityNotOffered extends Schema.TaggedError<QuantityNotOffered>()("QuantityNotOffered", {
  vendor: VendorId,
  lines: acceptedLines
}) {
  override get message() {
    const lines = this.lines.map(
      ({ product, wanted, accepted }) => `${wanted} of product ${product} (next: ${accepted})`
    )
    return `The vendor does not sell ${lines.join(", ")}; whole packs from its minimum on are accepted`
  }
}
