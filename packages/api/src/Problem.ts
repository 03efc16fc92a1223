/**
 * Problems: how a refusal looks on the wire (RFC 9457), and the one table that gives each its status. The documentation
 * and the client's typed errors follow from it.
 */
import {
  ApiKeyRevoked,
  CartEmpty,
  CartFull,
  CartNotReady,
  ClaimClosed,
  CodeTaken,
  CountFull,
  CountIncomplete,
  CountStale,
  CountStateConflict,
  EmailTaken,
  FloorOfLots,
  IdempotencyConflict,
  ImpossibleFlow,
  InexactQuantity,
  InvalidCursor,
  InvalidFeedCursor,
  LocationExists,
  LocationInactive,
  LotExpired,
  LotExpiryConflict,
  LotRecalled,
  LotRequired,
  LotTrackingFixed,
  NotificationStateConflict,
  NotLotTracked,
  NotMailable,
  NotPriced,
  NotReversible,
  OrderClosed,
  OrderElsewhere,
  OutcomeUnknown,
  PaymentConflict,
  ProductExists,
  ProductInactive,
  PurchaseOrderStateConflict,
  SameLocation,
  ShipmentClosed,
  StaleVersion,
  TransferStateConflict,
  UnitFixed,
  UnknownApiKey,
  UnknownCart,
  UnknownCount,
  UnknownCountLine,
  UnknownDelivery,
  UnknownLocation,
  UnknownLot,
  UnknownMovement,
  UnknownNotification,
  UnknownOrderLine,
  UnknownProduct,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine,
  UnknownShipment,
  UnknownTransfer,
  UnknownTransferLine,
  UnknownUnit,
  UnknownUser,
  UnknownVendor,
  UnknownWebhook,
  VendorExists,
  VendorInactive
} from "@onhand/core"
import { Schema, SchemaTransformation } from "effect"
import { HttpApiSchema } from "effect/http-api"
import {
  BatchRefused,
  ClaimExceeded,
  FloorPassed,
  Forbidden,
  ForeignClaim,
  ForeignOrigin,
  InsufficientStock,
  InternalError,
  InvalidCredentials,
  InvalidRequest,
  InvalidThreshold,
  LocationNotEmpty,
  MethodNotAllowed,
  NoSuchRoute,
  OrderExceeded,
  PayloadTooLarge,
  PreconditionRequired,
  PurchaseOrderExceeded,
  QuantityNotOffered,
  StaleQuantity,
  TooManyRequests,
  TransferExceeded,
  Unauthorized,
  Unavailable,
  UnknownCode,
  UnknownOrder,
  UnsupportedMediaType,
  UpgradeRequired,
  UriTooLong
} from "./Refusal.ts"

/** Where the types of problems are explained; each `type` is this with the problem's name. */
export const PROBLEM_BASE = "https://onhand.dev/problems/"

/** The media type of every error reply. */
export const PROBLEM_JSON = "application/problem+json"

/** What every problem carries beside its own fields. The server adds `instance` and `requestId` on the way out. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly requestId?: string
}

/** The type of a refusal's problem: `InsufficientStock` ends in `insufficient-stock`. */
export const problemType = (tag: string): string =>
  PROBLEM_BASE + tag.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

/** A tagged error as core and this package define them. */
interface RefusalClass<Self extends { readonly _tag: string; readonly message: string }>
  extends Schema.Codec<Self, unknown> {
  new (fields: never): Self
  readonly fields: Schema.Struct.Fields
}

/** A refusal's problem: a codec between the error that handlers and clients see and the body on the wire. */
export type ProblemCodec<Self> = Schema.Codec<Self, Problem>

const OF_EVERY_PROBLEM: ReadonlySet<string> = new Set(["type", "title", "status", "detail", "instance", "requestId"])

const problem = <Self extends { readonly _tag: string; readonly message: string }>(
  refusal: RefusalClass<Self>,
  status: number,
  title: string
): ProblemCodec<Self> => {
  const { _tag: tagField, ...own } = refusal.fields
  const tag: string = (tagField as Schema.tag<string>).schema.literal
  const type = problemType(tag)
  const taken = Object.keys(own).filter((field) => OF_EVERY_PROBLEM.has(field))
  if (taken.length > 0) throw new Error(`${tag} has a field of its own that every problem has: ${taken.join(", ")}`)
  const wire = Schema.Struct({
    type: Schema.Literal(type),
    title: Schema.String,
    status: Schema.Literal(status),
    detail: Schema.String,
    instance: Schema.optionalKey(Schema.String),
    requestId: Schema.optionalKey(Schema.String),
    ...own
  }).annotate({ identifier: `${tag}Problem`, title, description: title })
  const codec = wire.pipe(
    Schema.decodeTo(
      Schema.toType(refusal),
      SchemaTransformation.transform({
        decode: (body: object) => new refusal(body as never),
        encode: (error: Self) => ({ ...error, type, title, status, detail: error.message })
      }) as never
    ),
    HttpApiSchema.status(status),
    HttpApiSchema.asJson({ contentType: PROBLEM_JSON })
  )
  // The compiler cannot see through fields that are generic; the two sides are the class and the struct above.
  return codec as never
}

/** Every refusal that leaves the server, with its status and title: the one table. */
export const problems = {
  InvalidRequest: problem(InvalidRequest, 400, "The request was not understood"),
  InvalidCursor: problem(InvalidCursor, 400, "The cursor is not one of this list"),
  InvalidFeedCursor: problem(InvalidFeedCursor, 400, "The event id is not one of this feed"),
  InvalidThreshold: problem(InvalidThreshold, 400, "The threshold could never be cleared"),
  SameLocation: problem(SameLocation, 400, "A transfer goes from one location to another"),
  Unauthorized: problem(Unauthorized, 401, "Nobody is signed in"),
  InvalidCredentials: problem(InvalidCredentials, 401, "The address or the password is wrong"),
  Forbidden: problem(Forbidden, 403, "The role does not allow this"),
  ForeignOrigin: problem(ForeignOrigin, 403, "The page may not follow the events"),
  NoSuchRoute: problem(NoSuchRoute, 404, "There is nothing here"),
  UnknownProduct: problem(UnknownProduct, 404, "There is no such product"),
  UnknownCode: problem(UnknownCode, 404, "No product has this code"),
  UnknownLocation: problem(UnknownLocation, 404, "There is no such location"),
  UnknownLot: problem(UnknownLot, 404, "There is no such lot"),
  UnknownMovement: problem(UnknownMovement, 404, "There is no such movement"),
  UnknownCart: problem(UnknownCart, 404, "There is no such cart"),
  UnknownCount: problem(UnknownCount, 404, "There is no such count"),
  UnknownCountLine: problem(UnknownCountLine, 404, "The count has no such line"),
  UnknownOrderLine: problem(UnknownOrderLine, 404, "The order has no such line"),
  UnknownShipment: problem(UnknownShipment, 404, "The order has no such shipment"),
  UnknownOrder: problem(UnknownOrder, 404, "There is no such order"),
  UnknownTransfer: problem(UnknownTransfer, 404, "There is no such transfer"),
  UnknownTransferLine: problem(UnknownTransferLine, 404, "The transfer has no such line"),
  UnknownVendor: problem(UnknownVendor, 404, "There is no such vendor"),
  UnknownPurchaseOrder: problem(UnknownPurchaseOrder, 404, "There is no such purchase order"),
  UnknownPurchaseOrderLine: problem(UnknownPurchaseOrderLine, 404, "The purchase order has no such line"),
  UnknownNotification: problem(UnknownNotification, 404, "There is no such notification"),
  UnknownApiKey: problem(UnknownApiKey, 404, "There is no such API key"),
  UnknownWebhook: problem(UnknownWebhook, 404, "There is no such webhook"),
  UnknownDelivery: problem(UnknownDelivery, 404, "There is no such message"),
  UnknownUser: problem(UnknownUser, 404, "There is no such user"),
  MethodNotAllowed: problem(MethodNotAllowed, 405, "The method is not allowed here"),
  InsufficientStock: problem(InsufficientStock, 409, "There is not enough stock"),
  FloorPassed: problem(FloorPassed, 409, "More is promised already"),
  FloorOfLots: problem(FloorOfLots, 409, "Lots cannot be promised before they are there"),
  StaleQuantity: problem(StaleQuantity, 409, "The stock changed in the meantime"),
  ImpossibleFlow: problem(ImpossibleFlow, 409, "A movement of this kind cannot go there"),
  NotReversible: problem(NotReversible, 409, "The movement cannot be reversed by itself"),
  InexactQuantity: problem(InexactQuantity, 409, "The quantity would have to be rounded"),
  UnknownUnit: problem(UnknownUnit, 409, "The product is not counted in that unit"),
  ProductInactive: problem(ProductInactive, 409, "The product is archived"),
  LocationNotEmpty: problem(LocationNotEmpty, 409, "Something is still at the location"),
  LocationInactive: problem(LocationInactive, 409, "The location is archived"),
  ProductExists: problem(ProductExists, 409, "The product exists already"),
  CodeTaken: problem(CodeTaken, 409, "The code belongs to another product"),
  UnitFixed: problem(UnitFixed, 409, "The unit of measure cannot change"),
  LotTrackingFixed: problem(LotTrackingFixed, 409, "Whether a product has lots cannot change"),
  LotRequired: problem(LotRequired, 409, "The product is counted by lots"),
  NotLotTracked: problem(NotLotTracked, 409, "The product has no lots"),
  LotExpired: problem(LotExpired, 409, "The lot has expired"),
  LotRecalled: problem(LotRecalled, 409, "The lot was recalled"),
  LotExpiryConflict: problem(LotExpiryConflict, 409, "The lot has another expiry"),
  LocationExists: problem(LocationExists, 409, "The location exists already"),
  ApiKeyRevoked: problem(ApiKeyRevoked, 409, "The API key was revoked"),
  EmailTaken: problem(EmailTaken, 409, "The address has an account already"),
  CartEmpty: problem(CartEmpty, 409, "The cart is empty"),
  CartFull: problem(CartFull, 409, "The cart is full"),
  CartNotReady: problem(CartNotReady, 409, "The cart is in another state"),
  NotPriced: problem(NotPriced, 409, "The product has no price"),
  OrderClosed: problem(OrderClosed, 409, "Nothing of the order is open"),
  OrderElsewhere: problem(OrderElsewhere, 409, "The order has nothing there"),
  OrderExceeded: problem(OrderExceeded, 409, "The order has less than that left"),
  ShipmentClosed: problem(ShipmentClosed, 409, "The shipment cannot be undone"),
  PaymentConflict: problem(PaymentConflict, 409, "The payment cannot follow the one before"),
  TransferStateConflict: problem(TransferStateConflict, 409, "The transfer is in another state"),
  TransferExceeded: problem(TransferExceeded, 409, "Less than that is on its way"),
  CountStateConflict: problem(CountStateConflict, 409, "The count is in another state"),
  CountIncomplete: problem(CountIncomplete, 409, "Not every line was counted"),
  CountStale: problem(CountStale, 409, "Stock moved after it was counted"),
  CountFull: problem(CountFull, 409, "The sheet is full"),
  ClaimClosed: problem(ClaimClosed, 409, "The claim is not open"),
  BatchRefused: problem(BatchRefused, 409, "A request of the batch was refused"),
  ClaimExceeded: problem(ClaimExceeded, 409, "Less of the claim is open"),
  ForeignClaim: problem(ForeignClaim, 409, "The claim belongs to a document"),
  NotificationStateConflict: problem(NotificationStateConflict, 409, "The notification is in another state"),
  VendorExists: problem(VendorExists, 409, "The vendor exists already"),
  NotMailable: problem(NotMailable, 409, "No mail can be sent to the vendor with this"),
  VendorInactive: problem(VendorInactive, 409, "The vendor is archived"),
  QuantityNotOffered: problem(QuantityNotOffered, 409, "The vendor does not sell that quantity"),
  PurchaseOrderStateConflict: problem(PurchaseOrderStateConflict, 409, "The purchase order is in another state"),
  PurchaseOrderExceeded: problem(PurchaseOrderExceeded, 409, "The purchase order does not take so much"),
  StaleVersion: problem(StaleVersion, 412, "Somebody else changed it in the meantime"),
  PayloadTooLarge: problem(PayloadTooLarge, 413, "The body is too large"),
  UriTooLong: problem(UriTooLong, 414, "The address is too long"),
  UnsupportedMediaType: problem(UnsupportedMediaType, 415, "The body is of another media type"),
  IdempotencyConflict: problem(IdempotencyConflict, 422, "The key was used for something else"),
  UpgradeRequired: problem(UpgradeRequired, 426, "A WebSocket is expected"),
  PreconditionRequired: problem(PreconditionRequired, 428, "The version that was seen is missing"),
  TooManyRequests: problem(TooManyRequests, 429, "Too many requests"),
  InternalError: problem(InternalError, 500, "The server failed"),
  Unavailable: problem(Unavailable, 503, "The server is not available now"),
  OutcomeUnknown: problem(OutcomeUnknown, 503, "Nobody knows yet whether it was committed")
}

/** Each refusal's status, for those who answer without going through an endpoint. */
export type ProblemTag = keyof typeof problems

/** What may be wrong with a quantity that was said in a unit. */
export const unitProblems = [problems.UnknownUnit, problems.InexactQuantity] as const
