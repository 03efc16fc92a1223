/**
 * A slice: the rows that a batch's decisions read, loaded under the lock, with the effect of the decisions before.
 */
import type { DateTime } from "effect"
import { type Balance, emptyBalance, type Stock } from "./Balance.ts"
import { type Claim, type ClaimId, hasLapsed } from "./Claim.ts"
import type { Footprint } from "./Command.ts"
import type { RowRef, Rows, Table } from "./Row.ts"
import { NO_LOT, type StockKey, type StockPlace, stockPlaceText } from "./StockKey.ts"

/**
 * What a decision can look at. To a footprint, what is not loaded yet looks absent; a decision that looks outside its
 * footprint has a defect, and fails.
 */
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

const inOrder = <A>(map: ReadonlyMap<string, A>): ReadonlyArray<A> =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)

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

  /** Whether a decision is looking, for which everything must be here, or a footprint, which asks for what is not. */
  deciding = false

  private expect(text: string, loaded: boolean): void {
    if (this.deciding && !loaded) throw new Error(`A decision looks at ${text}, which its footprint does not name`)
  }

  row<T extends Table>(table: T, id: string): Rows[T] | undefined {
    const text = rowText(table, id)
    this.expect(text, this.rows.has(text))
    // The key holds the table's name, so the row is of that table.
    return (this.rows.get(text) as Rows[T] | null | undefined) ?? undefined
  }

  stock(place: StockPlace): Stock {
    const text = stockPlaceText(place)
    this.expect(text, this.stocks.has(text))
    return this.stocks.get(text) ?? { product: place.product, location: place.location, balances: new Map() }
  }

  balance(key: StockKey): Balance {
    return balanceOf(this.stock(key), key.lot)
  }

  claim(id: ClaimId): Claim | undefined {
    this.expect(`claim ${id}`, this.claims.has(id))
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

  /** Whether all of a footprint is here. */
  covers(footprint: Footprint): boolean {
    for (const { table, id } of footprint.rows ?? []) if (!this.rows.has(rowText(table, id))) return false
    for (const place of footprint.stock ?? []) if (!this.stocks.has(stockPlaceText(place))) return false
    for (const id of footprint.claims ?? []) if (!this.claims.has(id)) return false
    return true
  }

  /** What is not here yet of many footprints, each thing once and in the order of locking. */
  missing(footprints: ReadonlyArray<Footprint>): Required<Footprint> {
    const rows = new Map<string, RowRef>()
    const stock = new Map<string, StockPlace>()
    const claims = new Set<ClaimId>()
    for (const footprint of footprints) {
      for (const row of footprint.rows ?? []) {
        const text = rowText(row.table, row.id)
        if (!this.rows.has(text)) rows.set(text, row)
      }
      for (const place of footprint.stock ?? []) {
        const text = stockPlaceText(place)
        if (!this.stocks.has(text)) stock.set(text, { product: place.product, location: place.location })
      }
      for (const id of footprint.claims ?? []) if (!this.claims.has(id)) claims.add(id)
    }
    return { rows: inOrder(rows), stock: inOrder(stock), claims: [...claims].sort() }
  }

  /** Takes in what the store found for a footprint; what it did not find is known to be absent from then on. */
  fill(footprint: Required<Footprint>, loaded: LoadedRows): void {
    for (const { table, id } of footprint.rows) this.rows.set(rowText(table, id), null)
    for (const place of footprint.stock) {
      this.stocks.set(stockPlaceText(place), { product: place.product, location: place.location, balances: new Map() })
    }
    for (const id of footprint.claims) this.claims.set(id, null)
    for (const { table, row } of loaded.rows) this.setRow(table, row.id, row)
    for (const balance of loaded.balances) this.setBalance(balance)
    for (const claim of loaded.claims) {
      this.claims.set(claim.id, claim)
      if (claim.state === "held") this.held.push(claim)
    }
  }
}
