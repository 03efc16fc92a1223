/**
 * The schemas by which stores write and read whole rows.
 */
import { Schema } from "effect"
import { ApiKey } from "./ApiKey.ts"
import { Cart } from "./Cart.ts"
import { ContactRecord } from "./ContactRecord.ts"
import { Count } from "./Count.ts"
import { Location } from "./Location.ts"
import { ProductLot } from "./Lot.ts"
import { Notification } from "./Notification.ts"
import { Order } from "./Order.ts"
import { Product } from "./Product.ts"
import { PurchaseOrder } from "./PurchaseOrder.ts"
import { ReorderPolicy } from "./ReorderPolicy.ts"
import type { Rows, Table } from "./Row.ts"
import { UserSessions } from "./Session.ts"
import { StockPolicy } from "./StockPolicy.ts"
import { Threshold } from "./Threshold.ts"
import { Transfer } from "./Transfer.ts"
import { User } from "./User.ts"
import { Vendor } from "./Vendor.ts"
import { VendorProduct } from "./VendorProduct.ts"
import { Webhook } from "./Webhook.ts"

const Name = Schema.Struct({ id: Schema.String, version: Schema.Int, target: Schema.String })

/** The schema of each table's rows; their encoded side is JSON. */
export const tables: { readonly [T in Table]: Schema.Codec<Rows[T], Schema.Json> } = {
  products: Product,
  locations: Location,
  names: Name,
  carts: Cart,
  counts: Count,
  lots: ProductLot,
  orders: Order,
  policies: ReorderPolicy,
  stockPolicies: StockPolicy,
  thresholds: Threshold,
  transfers: Transfer,
  users: User,
  sessions: UserSessions,
  apiKeys: ApiKey,
  vendors: Vendor,
  vendorProducts: VendorProduct,
  contactRecords: ContactRecord,
  purchaseOrders: PurchaseOrder,
  notifications: Notification,
  webhooks: Webhook
}
