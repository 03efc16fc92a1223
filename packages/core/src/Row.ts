/**
 * The entities that a store keeps as whole rows, each with an id and a version: everything but the ledger itself.
 */
import type { ApiKey } from "./ApiKey.ts"
import type { Cart } from "./Cart.ts"
import type { ContactRecord } from "./ContactRecord.ts"
import type { Count } from "./Count.ts"
import type { Location } from "./Location.ts"
import type { ProductLot } from "./Lot.ts"
import type { Notification } from "./Notification.ts"
import type { Order } from "./Order.ts"
import type { Product } from "./Product.ts"
import type { PurchaseOrder } from "./PurchaseOrder.ts"
import type { ReorderPolicy } from "./ReorderPolicy.ts"
import type { UserSessions } from "./Session.ts"
import type { StockPolicy } from "./StockPolicy.ts"
import type { Threshold } from "./Threshold.ts"
import type { Transfer } from "./Transfer.ts"
import type { User } from "./User.ts"
import type { Vendor } from "./Vendor.ts"
import type { VendorProduct } from "./VendorProduct.ts"
import type { Webhook } from "./Webhook.ts"

/**
 * A unique name of an entity, such as `sku:MUG-1` or `email:ann@example.com`. Uniqueness that spans rows is made a row
 * of its own, so that a primary key guards it and a decision can look it up.
 */
export interface Name {
  readonly id: string
  readonly version: number
  readonly target: string
}

/** The tables and what their rows are. */
export interface Rows {
  readonly products: Product
  readonly locations: Location
  readonly names: Name
  readonly carts: Cart
  readonly counts: Count
  readonly lots: ProductLot
  readonly orders: Order
  readonly policies: ReorderPolicy
  readonly stockPolicies: StockPolicy
  readonly thresholds: Threshold
  readonly transfers: Transfer
  readonly users: User
  readonly sessions: UserSessions
  readonly apiKeys: ApiKey
  readonly vendors: Vendor
  readonly vendorProducts: VendorProduct
  readonly contactRecords: ContactRecord
  readonly purchaseOrders: PurchaseOrder
  readonly notifications: Notification
  readonly webhooks: Webhook
}
export type Table = keyof Rows

export interface RowRef {
  readonly table: Table
  readonly id: string
}

/** What a decision does to a row: write it whole with its next version, or remove it (`null`). */
export type RowChange = {
  readonly [T in Table]: { readonly table: T; readonly id: string; readonly row: Rows[T] | null }
}[Table]

/** Writes a row. Its version must be one above the version that was read, or 1 for a new one. */
export const put = <T extends Table>(table: T, row: Rows[T]) => ({ table, id: row.id, row })

/** Removes a row. Only names are ever removed: entities that history names are archived. */
export const removeName = (id: string) => ({ table: "names" as const, id, row: null })

/** Claims a unique name for an entity. */
export const putName = (id: string, target: string) => put("names", { id, version: 1, target })

/** A reference to a row. */
export const ref = (table: Table, id: string): RowRef => ({ table, id })
