/**
 * The commands that are one decision each, by the name that a caller uses. They are a module, so that the declarations
 * of what is made of them name it instead of writing out every schema.
 */

export {
  CreateApiKey as createApiKey,
  NoteApiKeyUse as noteApiKeyUse,
  RevokeApiKey as revokeApiKey,
  UpdateApiKey as updateApiKey
} from "./ApiKey.ts"
export { AllocateOrder as allocateOrder } from "./Backorder.ts"
export { ChangeCart as changeCart, OpenCart as openCart } from "./Cart.ts"
export {
  BeginCheckout as beginCheckout,
  CancelCheckout as cancelCheckout,
  Checkout as checkout,
  ExtendCheckout as extendCheckout,
  PlaceOrder as placeOrder
} from "./Checkout.ts"
export { MoveClaim as moveClaim } from "./ClaimMove.ts"
export { RecordContact as recordContact } from "./ContactRecord.ts"
export {
  ApproveCount as approveCount,
  CancelCount as cancelCount,
  CreateCount as createCount,
  FinishCount as finishCount,
  PostCount as postCount,
  RecordCount as recordCount,
  RecountLines as recountLines,
  StartCount as startCount
} from "./Counting.ts"
export { CancelOrder as cancelOrder, ShipOrder as shipOrder, UndoShipment as undoShipment } from "./Fulfilment.ts"
export {
  CommitClaims as commitClaims,
  ExpireClaims as expireClaims,
  ExtendHolds as extendHolds,
  HoldStock as holdStock,
  ReleaseClaims as releaseClaims
} from "./Hold.ts"
export { RecordMovements as recordMovements } from "./Ledger.ts"
export { CreateLocation as createLocation, UpdateLocation as updateLocation } from "./Location.ts"
export { ArchiveLocation as archiveLocation, DrainLocation as drainLocation } from "./LocationClosing.ts"
export {
  AcknowledgeNotification as acknowledgeNotification,
  ClearNotification as clearNotification,
  RaiseNotification as raiseNotification,
  ResolveNotification as resolveNotification,
  ReviewNotifications as reviewNotifications,
  SnoozeNotification as snoozeNotification
} from "./Notifying.ts"
export {
  ReceiveReturn as receiveReturn,
  ReportPayment as reportPayment,
  RequestReturn as requestReturn
} from "./OrderReturn.ts"
export {
  ArchiveProduct as archiveProduct,
  CreateProduct as createProduct,
  UpdateProduct as updateProduct
} from "./Product.ts"
export { ImportProducts as importProducts } from "./ProductImport.ts"
export { ReceivePurchaseOrder as receivePurchaseOrder } from "./PurchaseReceipt.ts"
export {
  CancelPurchaseOrder as cancelPurchaseOrder,
  ClosePurchaseOrder as closePurchaseOrder,
  CreatePurchaseOrder as createPurchaseOrder,
  PlacePurchaseOrder as placePurchaseOrder,
  UpdatePurchaseOrder as updatePurchaseOrder
} from "./Purchasing.ts"
export {
  RecallLot as recallLot,
  ReinstateLot as reinstateLot,
  ReviewLevels as reviewLevels,
  UpdateLot as updateLot
} from "./Recall.ts"
export { SetReorderPolicies as setReorderPolicies } from "./ReorderPolicy.ts"
export { RepairBalances as repairBalances } from "./Repair.ts"
export { ReverseMovement as reverseMovement } from "./Reversal.ts"
export {
  EndSessions as endSessions,
  OpenSession as openSession,
  RefreshSession as refreshSession
} from "./SigningIn.ts"
export { SetStockPolicies as setStockPolicies } from "./StockPolicy.ts"
export { SetThresholds as setThresholds } from "./Threshold.ts"
export {
  CloseTransferShort as closeTransferShort,
  CompleteTransfer as completeTransfer,
  ReceiveTransfer as receiveTransfer
} from "./TransferIn.ts"
export {
  CancelTransfer as cancelTransfer,
  CreateTransfer as createTransfer,
  DispatchTransfer as dispatchTransfer,
  ReadyTransfer as readyTransfer,
  ReleaseTransfer as releaseTransfer,
  UpdateTransfer as updateTransfer
} from "./TransferOut.ts"
export { RegisterUser as registerUser, UpdateUser as updateUser } from "./User.ts"
export { ArchiveVendor as archiveVendor, CreateVendor as createVendor, UpdateVendor as updateVendor } from "./Vendor.ts"
export { SetVendorProducts as setVendorProducts } from "./VendorProduct.ts"
export {
  CreateWebhook as createWebhook,
  RemoveWebhook as removeWebhook,
  UpdateWebhook as updateWebhook
} from "./Webhook.ts"
