/**
 * The commands there are: the name a caller uses, and the definition behind it.
 */
import { CreateApiKey, NoteApiKeyUse, RevokeApiKey, UpdateApiKey } from "./ApiKey.ts"
import { ChangeCart, OpenCart } from "./Cart.ts"
import { BeginCheckout, CancelCheckout, Checkout, ExtendCheckout, PlaceOrder } from "./Checkout.ts"
import { MoveClaim } from "./ClaimMove.ts"
import type { CommandDefinition } from "./Command.ts"
import { composeOver } from "./Compose.ts"
import { RecordContact } from "./ContactRecord.ts"
import {
  ApproveCount,
  CancelCount,
  CreateCount,
  FinishCount,
  PostCount,
  RecordCount,
  RecountLines,
  StartCount
} from "./Counting.ts"
import { CancelOrder, ShipOrder, UndoShipment } from "./Fulfilment.ts"
import { CommitClaims, ExpireClaims, ExtendHolds, HoldStock, ReleaseClaims } from "./Hold.ts"
import { RecordMovements } from "./Ledger.ts"
import { CreateLocation, UpdateLocation } from "./Location.ts"
import { ArchiveLocation, DrainLocation } from "./LocationClosing.ts"
import {
  AcknowledgeNotification,
  ClearNotification,
  RaiseNotification,
  ResolveNotification,
  ReviewNotifications,
  SnoozeNotification
} from "./Notifying.ts"
import { ReceiveReturn, ReportPayment, RequestReturn } from "./OrderReturn.ts"
import { ArchiveProduct, CreateProduct, UpdateProduct } from "./Product.ts"
import { ImportProducts } from "./ProductImport.ts"
import { ReceivePurchaseOrder } from "./PurchaseReceipt.ts"
import {
  CancelPurchaseOrder,
  ClosePurchaseOrder,
  CreatePurchaseOrder,
  PlacePurchaseOrder,
  UpdatePurchaseOrder
} from "./Purchasing.ts"
import { RecallLot, ReinstateLot, ReviewLevels, UpdateLot } from "./Recall.ts"
import { SetReorderPolicies } from "./ReorderPolicy.ts"
import { RepairBalances } from "./Repair.ts"
import { ReverseMovement } from "./Reversal.ts"
import { EndSessions, OpenSession, RefreshSession } from "./SigningIn.ts"
import { SetThresholds } from "./Threshold.ts"
import { CloseTransferShort, CompleteTransfer, ReceiveTransfer } from "./TransferIn.ts"
import {
  CancelTransfer,
  CreateTransfer,
  DispatchTransfer,
  ReadyTransfer,
  ReleaseTransfer,
  UpdateTransfer
} from "./TransferOut.ts"
import { RegisterUser, UpdateUser } from "./User.ts"
import { ArchiveVendor, CreateVendor, UpdateVendor } from "./Vendor.ts"
import { SetVendorProducts } from "./VendorProduct.ts"
import { CreateWebhook, RemoveWebhook, UpdateWebhook } from "./Webhook.ts"

const single = {
  createProduct: CreateProduct,
  updateProduct: UpdateProduct,
  archiveProduct: ArchiveProduct,
  importProducts: ImportProducts,
  createLocation: CreateLocation,
  updateLocation: UpdateLocation,
  archiveLocation: ArchiveLocation,
  drainLocation: DrainLocation,
  recordMovements: RecordMovements,
  reverseMovement: ReverseMovement,
  repairBalances: RepairBalances,
  holdStock: HoldStock,
  extendHolds: ExtendHolds,
  commitClaims: CommitClaims,
  releaseClaims: ReleaseClaims,
  moveClaim: MoveClaim,
  expireClaims: ExpireClaims,
  recallLot: RecallLot,
  reinstateLot: ReinstateLot,
  updateLot: UpdateLot,
  reviewLevels: ReviewLevels,
  setThresholds: SetThresholds,
  setReorderPolicies: SetReorderPolicies,
  raiseNotification: RaiseNotification,
  clearNotification: ClearNotification,
  acknowledgeNotification: AcknowledgeNotification,
  snoozeNotification: SnoozeNotification,
  resolveNotification: ResolveNotification,
  reviewNotifications: ReviewNotifications,
  createWebhook: CreateWebhook,
  updateWebhook: UpdateWebhook,
  removeWebhook: RemoveWebhook,
  createTransfer: CreateTransfer,
  updateTransfer: UpdateTransfer,
  readyTransfer: ReadyTransfer,
  releaseTransfer: ReleaseTransfer,
  dispatchTransfer: DispatchTransfer,
  receiveTransfer: ReceiveTransfer,
  completeTransfer: CompleteTransfer,
  closeTransferShort: CloseTransferShort,
  cancelTransfer: CancelTransfer,
  createVendor: CreateVendor,
  updateVendor: UpdateVendor,
  archiveVendor: ArchiveVendor,
  setVendorProducts: SetVendorProducts,
  recordContact: RecordContact,
  createPurchaseOrder: CreatePurchaseOrder,
  updatePurchaseOrder: UpdatePurchaseOrder,
  placePurchaseOrder: PlacePurchaseOrder,
  receivePurchaseOrder: ReceivePurchaseOrder,
  cancelPurchaseOrder: CancelPurchaseOrder,
  closePurchaseOrder: ClosePurchaseOrder,
  openCart: OpenCart,
  changeCart: ChangeCart,
  beginCheckout: BeginCheckout,
  extendCheckout: ExtendCheckout,
  cancelCheckout: CancelCheckout,
  checkout: Checkout,
  placeOrder: PlaceOrder,
  shipOrder: ShipOrder,
  undoShipment: UndoShipment,
  cancelOrder: CancelOrder,
  requestReturn: RequestReturn,
  receiveReturn: ReceiveReturn,
  reportPayment: ReportPayment,
  createCount: CreateCount,
  startCount: StartCount,
  recordCount: RecordCount,
  finishCount: FinishCount,
  recountLines: RecountLines,
  approveCount: ApproveCount,
  postCount: PostCount,
  cancelCount: CancelCount,
  registerUser: RegisterUser,
  updateUser: UpdateUser,
  openSession: OpenSession,
  refreshSession: RefreshSession,
  endSessions: EndSessions,
  createApiKey: CreateApiKey,
  updateApiKey: UpdateApiKey,
  revokeApiKey: RevokeApiKey,
  noteApiKeyUse: NoteApiKeyUse
}

// Secrets would stand in the payload of the composition, and a repair stands alone: it corrects what it reads.
const {
  registerUser: _registerUser,
  updateUser: _updateUser,
  openSession: _openSession,
  createApiKey: _createApiKey,
  createWebhook: _createWebhook,
  updateWebhook: _updateWebhook,
  repairBalances: _repairBalances,
  ...composable
} = single

export const commands = { ...single, compose: composeOver(composable) }

/** The definition of each command by its tag, as it is stored with the command. */
export const commandsByTag: ReadonlyMap<string, CommandDefinition> = new Map(
  Object.values<CommandDefinition>(commands).map((definition) => [definition.tag, definition])
)
