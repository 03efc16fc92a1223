/**
 * A slice as decisions would leave it: what a command goes on from that does several things, each on what the one
 * before left.
 */
import { applyClaimEvent, applyMovement, type Balance, type Stock } from "./Balance.ts"
import { applyToClaim, type Claim, type ClaimId } from "./Claim.ts"
import type { Decision, HoldingsRef } from "./Command.ts"
import type { Rows, Table } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { type StockKey, type StockPlace, stockPlaceText } from "./StockKey.ts"

export class SliceAfter implements Slice {
  private readonly before: Slice
  private readonly stocks = new Map<string, ReadonlyMap<string, Balance>>()
  private readonly claims = new Map<ClaimId, Claim>()
  private readonly rows = new Map<string, Rows[Table] | null>()

  constructor(before: Slice) {
    this.before = before
  }

  row<T extends Table>(table: T, id: string): Rows[T] | undefined {
    // The key holds the table's name, so the row is of that table.
    const row = this.rows.get(`${table}/${id}`) as Rows[T] | null | undefined
    return row === undefined ? this.before.row(table, id) : (row ?? undefined)
  }

  stock(place: StockPlace): Stock {
    const balances = this.stocks.get(stockPlaceText(place))
    return balances === undefined
      ? this.before.stock(place)
      : { product: place.product, location: place.location, balances }
  }

  claim(id: ClaimId): Claim | undefined {
    return this.claims.get(id) ?? this.before.claim(id)
  }

  knowsClaim(id: ClaimId): boolean {
    return this.claims.has(id) || this.before.knowsClaim(id)
  }

  holdings(stretch: HoldingsRef) {
    return this.before.holdings(stretch)
  }

  movement(id: string) {
    return this.before.movement(id)
  }

  drift(key: StockKey) {
    return this.before.drift(key)
  }

  private set(key: StockKey, change: (balance: Balance) => Balance): void {
    const stock = this.stock(key)
    const balances = new Map(stock.balances).set(key.lot, change(balanceOf(stock, key.lot)))
    this.stocks.set(stockPlaceText(key), balances)
  }

  /** Takes in a decision. */
  apply({ movements = [], claims = [], rows = [], floors = [] }: Omit<Decision<unknown>, "reply">): void {
    for (const { floor, ...key } of floors) this.set(key, (balance) => ({ ...balance, floor }))
    for (const movement of movements) this.set(movement, (balance) => applyMovement(balance, movement))
    for (const event of claims) {
      const claim = this.knowsClaim(event.claim) ? this.claim(event.claim) : undefined
      this.set(event, (balance) => applyClaimEvent(balance, claim, event))
      this.claims.set(event.claim, applyToClaim(claim, event))
    }
    for (const { table, id, row } of rows) this.rows.set(`${table}/${id}`, row)
  }
}
