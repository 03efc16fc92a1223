/**
 * A slice: the rows that a batch's decisions read, loaded under the lock, with the effect of the decisions before.
 */
import type { DateTime } from "effect"
import { type Balance, emptyBalance, type Stock } from "./Balance.ts"
import { type Claim, type ClaimId, hasLapsed } from "./Claim.ts"
import type { Footprint } from "./Command.ts"
import type { Rows, Table } from "./Row.ts"
import { NO_LOT, type StockKey, type StockPlace, stockPlaceText } from "./StockKey.ts"

/** What a decision can look at. Anything outside its footprint looks absent; the batch checks that none was needed. */
export interface Slice {
  readonly row: <T extends Table>(table: T, id: string) => Rows[T] | undefined
  readonly stock: (place: StockPlace) => Stock
  readonly claim: (id: ClaimId) => Claim | undefined
}

/** What a store loads for a footprint. */
export interface LoadedRows {
  readonly rows: ReadonlyArray<{ readonly table: Table; readonly row: Rows[Table] }>
  readonly balances: ReadonlyArray<Balance>
  readonly claims: ReadonlyArray<Claim>
}

const rowText = (table: Table, id: string) => `${table}/${id}`

/** The balance of a key within its stock place; empty when the key has no history. */
export const balanceOf = (stock: Stock, lot: string = NO_LOT): Balance =>
  stock.balances.get(lot) ?? emptyBalance({ product: stock.product, location: stock.location, lot })

/** The working copy of a batch. It is filled by the store and changed only by accepted decisions. */
export class WorkingSlice implements Slice {
  private readonly rows = new Map<string, Rows[Table] | null>()
  private readonly stocks = new Map<string, Stock>()
  private readonly claims = new Map<ClaimId, Claim | null>()
  private readonly held: Array<Claim> = []

  row<T extends Table>(table: T, id: string): Rows[T] | undefined {
    // The key holds the table's name, so the row is of that table.
    return (this.rows.get(rowText(table, id)) as Rows[T] | null | undefined) ?? undefined
  }

  stock(place: StockPlace): Stock {
    return (
      this.stocks.get(stockPlaceText(place)) ?? {
        product: place.product,
        location: place.location,
        balances: new Map()
      }
    )
  }

  balance(key: StockKey): Balance {
    return balanceOf(this.stock(key), key.lot)
  }

  claim(id: ClaimId): Claim | undefined {
    return this.claims.get(id) ?? undefined
  }

  setRow(table: Table, id: string, row: Rows[Table] | null): void {
    this.rows.set(rowText(table, id), row)
  }

  setBalance(balance: Balance): void {
    const stock = this.stock(balance)
    const balances = new Map(stock.balances)
    balances.set(balance.lot, balance)
    this.stocks.set(stockPlaceText(balance), { ...stock, balances })
  }

  setClaim(claim: Claim): void {
    this.claims.set(claim.id, claim)
  }

  /** The holds that no longer bind at an instant but still stand in a balance that is here. */
  lapsed(now: DateTime.Utc): ReadonlyArray<Claim> {
    const lapsed: Array<Claim> = []
    for (const claim of this.held) {
      const current = this.claims.get(claim.id)
      if (current && hasLapsed(current, now) && this.stocks.has(stockPlaceText(claim))) lapsed.push(current)
    }
    return lapsed
  }

  /** The part of a footprint that is not here yet, or undefined when all of it is. */
  missing(footprint: Footprint): Footprint | undefined {
    const rows = footprint.rows?.filter((row) => !this.rows.has(rowText(row.table, row.id))) ?? []
    const stock = footprint.stock?.filter((place) => !this.stocks.has(stockPlaceText(place))) ?? []
    const claims = footprint.claims?.filter((id) => !this.claims.has(id)) ?? []
    return rows.length + stock.length + claims.length === 0 ? undefined : { rows, stock, claims }
  }

  /** Takes in what the store found for a footprint; what it did not find is known to be absent from then on. */
  fill(footprint: Footprint, loaded: LoadedRows): void {
    for (const { table, id } of footprint.rows ?? []) this.rows.set(rowText(table, id), null)
    for (const place of footprint.stock ?? []) {
      this.stocks.set(stockPlaceText(place), { product: place.product, location: place.location, balances: new Map() })
    }
    for (const id of footprint.claims ?? []) this.claims.set(id, null)
    for (const { table, row } of loaded.rows) this.setRow(table, row.id, row)
    for (const balance of loaded.balances) this.setBalance(balance)
    for (const claim of loaded.claims) {
      this.claims.set(claim.id, claim)
      if (claim.state === "held") this.held.push(claim)
    }
  }
}
