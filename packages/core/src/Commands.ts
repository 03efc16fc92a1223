/**
 * The commands there are: the name a caller uses, and the definition behind it.
 */
import { ChangeCart, OpenCart } from "./Cart.ts"
import { BeginCheckout, CancelCheckout, Checkout } from "./Checkout.ts"
import type { CommandDefinition } from "./Command.ts"
import { CommitClaims, ExpireClaims, HoldStock, ReleaseClaims } from "./Hold.ts"
import { RecordMovements } from "./Ledger.ts"
import { CreateLocation, UpdateLocation } from "./Location.ts"
import { ArchiveProduct, CreateProduct, UpdateProduct } from "./Product.ts"
import { ImportProducts } from "./ProductImport.ts"
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

export const commands = {
  createProduct: CreateProduct,
  updateProduct: UpdateProduct,
  archiveProduct: ArchiveProduct,
  importProducts: ImportProducts,
  createLocation: CreateLocation,
  updateLocation: UpdateLocation,
  recordMovements: RecordMovements,
  holdStock: HoldStock,
  commitClaims: CommitClaims,
  releaseClaims: ReleaseClaims,
  expireClaims: ExpireClaims,
  setThresholds: SetThresholds,
  createTransfer: CreateTransfer,
  updateTransfer: UpdateTransfer,
  readyTransfer: ReadyTransfer,
  releaseTransfer: ReleaseTransfer,
  dispatchTransfer: DispatchTransfer,
  receiveTransfer: ReceiveTransfer,
  completeTransfer: CompleteTransfer,
  closeTransferShort: CloseTransferShort,
  cancelTransfer: CancelTransfer,
  openCart: OpenCart,
  changeCart: ChangeCart,
  beginCheckout: BeginCheckout,
  cancelCheckout: CancelCheckout,
  checkout: Checkout,
  registerUser: RegisterUser,
  updateUser: UpdateUser
}

/** The definition of each command by its tag, as it is stored with the command. */
export const commandsByTag: ReadonlyMap<string, CommandDefinition> = new Map(
  Object.values<CommandDefinition>(commands).map((definition) => [definition.tag, definition])
)
