/**
 * A slice: the rows that a batch's decisions read, loaded under the lock, with the effect of the decisions before.
 */
import type { DateTime } from "effect"
import { type Balance, emptyBalance, onHand, type Stock } from "./Balance.ts"
import { type Claim, type ClaimId, hasLapsed } from "./Claim.ts"
import { type Footprint, type HoldingsRef, MAX_HOLDINGS } from "./Command.ts"
import type { LocationId } from "./Location.ts"
import { type Movement, movementId } from "./Movement.ts"
import type { ProductId } from "./Product.ts"
import { balanceFields, type Drift, driftOf, type Recount } from "./Recount.ts"
import type { RowRef, Rows, Table } from "./Row.ts"
import { lotId, NO_LOT, type StockKey, type StockPlace, stockKeyText, stockPlaceText } from "./StockKey.ts"

/**
 * What a decision can look at. To a footprint, what is not loaded yet looks absent; a decision that looks outside its
 * footprint has a defect, and fails.
 */
export interface Slice {
  readonly row: <T extends Table>(table: T, id: string) => Rows[T] | undefined
  /** With it comes the row of every lot that is or was there. */
  readonly stock: (place: StockPlace) => Stock
  readonly claim: (id: ClaimId) => Claim | undefined
  /** Whether a claim was looked up: one that a decision opens never was. */
  readonly knowsClaim: (id: ClaimId) => boolean
  /** The products of a stretch of a location's holdings, in order; `more` when it ends before the location does. */
  readonly holdings: (stretch: HoldingsRef) => Holdings
  /** A movement by its public name. */
  readonly movement: (id: string) => Movement | undefined
  /** What a balance and its claims are off by from what the ledger makes of them; undefined where they are right. */
  readonly drift: (key: StockKey) => Drift | undefined
}

/** The products of a stretch of a location's holdings. */
export interface Holdings {
  readonly products: ReadonlyArray<ProductId>
  readonly more: boolean
}

/** What is to be loaded so that footprints are here, each thing once and in the order of locking. */
export interface Missing extends Required<Footprint> {
  /** Stock places whose balances are known: only holds that have lapsed there are wanted. */
  readonly holds: ReadonlyArray<StockPlace>
}

/** What a store loads for it. */
export interface LoadedRows {
  readonly rows: ReadonlyArray<{ readonly table: Table; readonly row: Rows[Table] }>
  readonly balances: ReadonlyArray<Balance>
  readonly claims: ReadonlyArray<Claim>
  readonly holdings: ReadonlyArray<HoldingsRef & { readonly products: ReadonlyArray<ProductId> }>
  readonly movements: ReadonlyArray<Movement>
  readonly recounts: ReadonlyArray<Recount>
}

/** The values of a map in the order of its keys. */
export const inOrder = <A>(map: ReadonlyMap<string, A>): ReadonlyArray<A> =>
  [...map.keys()].sort().flatMap((key) => map.get(key) ?? [])

/** The balance of a key within its stock place; empty when the key has no history. */
export const balanceOf = (stock: Stock, lot: string = NO_LOT): Balance =>
  stock.balances.get(lot) ?? emptyBalance({ product: stock.product, location: stock.location, lot })

/** Stock as it is known, and the batch for which its place was last loaded: lapsed holds are asked for in each. */
interface KnownStock extends Stock {
  readonly balances: Map<string, Balance>
  batch: number
}

const holdsAny = ({ balances }: Stock): boolean => {
  for (const { held } of balances.values()) if (held > 0) return true
  return false
}

const nothing: ReadonlyArray<never> = []

/** The lots of stock that is known by lots; most is not. */
const lotsOf = ({ balances }: Stock): ReadonlyArray<string> =>
  balances.size === 0 || (balances.size === 1 && balances.has(NO_LOT))
    ? nothing
    : [...balances.keys()].filter((lot) => lot !== NO_LOT)

/** Whether a balance is as if it had no row. */
const hasNothing = (balance: Balance): boolean =>
  balance.floor === 0 && balanceFields.every((field) => balance[field] === 0)

const stretchText = ({ location, after }: HoldingsRef): string => `${location}#${after}`

const isEmpty = (stock: Stock): boolean =>
  [...stock.balances.values()].every((balance) => onHand(balance) === 0 && balance.held + balance.committed === 0)

/** What was looked up in the ledger for the batch at hand; it is looked up again for the next. */
class Lookups {
  readonly holdings = new Map<string, { readonly stretch: HoldingsRef; readonly products: ReadonlyArray<ProductId> }>()
  readonly movements = new Map<string, Movement | null>()
  readonly drifts = new Map<string, Drift | null>()
}

/**
 * The working copy of a batch. It is filled by the store and changed only by accepted decisions. A store may keep it
 * for the next batch of the same shard, as long as it can tell that nobody else has written there.
 */
export class WorkingSlice implements Slice {
  private readonly rows = new Map<Table, Map<string, Rows[Table] | null>>()
  private readonly stocks = new Map<LocationId, Map<ProductId, KnownStock>>()
  private readonly claims = new Map<ClaimId, Claim | null>()

  /** Holds that may have lapsed, of the places that were loaded for this batch. */
  private held: ReadonlyArray<Claim> = []

  private lookups = new Lookups()

  /** Counts the batches that this slice has served. */
  private batch = 0

  /** Whether a decision is looking, for which everything must be here, or a footprint, which asks for what is not. */
  deciding = false

  /** How often somebody looked at anything: a footprint that did not look can never change. */
  looks = 0

  /** How many things are known here. */
  size = 0

  private look(what: string, id: string, loaded: boolean): void {
    this.looks++
    if (this.deciding && !loaded)
      throw new Error(`A decision looks at ${what} ${id}, which its footprint does not name`)
  }

  private known({ product, location }: StockPlace): KnownStock | undefined {
    return this.stocks.get(location)?.get(product)
  }

  private knownAt({ product, location }: StockPlace): KnownStock {
    const products = this.stocks.get(location) ?? new Map<ProductId, KnownStock>()
    if (products.size === 0) this.stocks.set(location, products)
    let known = products.get(product)
    if (known === undefined) {
      known = { product, location, balances: new Map(), batch: this.batch }
      products.set(product, known)
      this.size++
    }
    return known
  }

  row<T extends Table>(table: T, id: string): Rows[T] | undefined {
    // The map is of the table, and so is the row.
    const row = this.rows.get(table)?.get(id) as Rows[T] | null | undefined
    this.look(table, id, row !== undefined)
    return row ?? undefined
  }

  stock(place: StockPlace): Stock {
    const known = this.known(place)
    this.look("stock", place.product, known !== undefined)
    return known ?? { product: place.product, location: place.location, balances: new Map() }
  }

  balance(key: StockKey): Balance {
    return balanceOf(this.stock(key), key.lot)
  }

  claim(id: ClaimId): Claim | undefined {
    const claim = this.claims.get(id)
    this.look("claim", id, claim !== undefined)
    return claim ?? undefined
  }

  holdings(stretch: HoldingsRef): Holdings {
    const found = this.lookups.holdings.get(stretchText(stretch))
    this.look("the holdings of", stretch.location, found !== undefined)
    const { products = [] } = found ?? {}
    // What this batch brought there is not looked up; whatever changed is known here.
    const last = products.length === MAX_HOLDINGS ? products.at(-1) : undefined
    const known = [...(this.stocks.get(stretch.location) ?? [])]
      .filter(
        ([product, stock]) => product > stretch.after && (last === undefined || product < last) && !isEmpty(stock)
      )
      .map(([product]) => product)
    const all = [...new Set([...products, ...known])].sort()
    return { products: all.slice(0, MAX_HOLDINGS), more: last !== undefined || all.length > MAX_HOLDINGS }
  }

  movement(id: string): Movement | undefined {
    const movement = this.lookups.movements.get(id)
    this.look("movement", id, movement !== undefined)
    return movement ?? undefined
  }

  drift(key: StockKey): Drift | undefined {
    const drift = this.lookups.drifts.get(stockKeyText(key))
    this.look("a recount of", key.product, drift !== undefined)
    return drift ?? undefined
  }

  /** A movement of this batch, should somebody have asked for it before it was there. */
  setMovement(movement: Movement): void {
    const id = movementId(movement)
    if (this.lookups.movements.has(id)) this.lookups.movements.set(id, movement)
  }

  /** Whether anybody asks for movements in this batch. */
  get looksForMovements(): boolean {
    return this.lookups.movements.size > 0
  }

  /** A drift was made good. */
  setRight(key: StockKey): void {
    this.lookups.drifts.set(stockKeyText(key), null)
  }

  knowsClaim(id: ClaimId): boolean {
    return this.claims.has(id)
  }

  setRow(table: Table, id: string, row: Rows[Table] | null): void {
    const rows = this.rows.get(table) ?? new Map<string, Rows[Table] | null>()
    if (rows.size === 0) this.rows.set(table, rows)
    if (!rows.has(id)) this.size++
    rows.set(id, row)
  }

  setBalance(balance: Balance): void {
    this.knownAt(balance).balances.set(balance.lot, balance)
  }

  setClaim(id: ClaimId, claim: Claim | null): void {
    if (!this.claims.has(id)) this.size++
    this.claims.set(id, claim)
  }

  /** The holds that no longer bind at an instant but still stand in a balance that is here. */
  lapsed(now: DateTime.Utc): ReadonlyArray<Claim> {
    const lapsed: Array<Claim> = []
    for (const claim of this.held) {
      const current = this.claims.get(claim.id)
      if (!current || !hasLapsed(current, now) || this.known(claim) === undefined) continue
      // What is about to be repaired may not bear that its holds lapse: they do once it is right.
      if (!this.lookups.drifts.get(stockKeyText(claim))) lapsed.push(current)
    }
    return lapsed
  }

  /**
   * This slice for the next batch of the same shard. Stock lies under one head; rows and claims only where the ledger
   * has no other, so else they are forgotten. `held` may have lapsed, and would not be loaded.
   */
  next(shards: number, held: ReadonlyArray<Claim> = []): this {
    this.batch++
    this.held = held
    this.lookups = new Lookups()
    if (shards > 1) {
      for (const rows of this.rows.values()) this.size -= rows.size
      this.size -= this.claims.size
      this.rows.clear()
      this.claims.clear()
    }
    return this
  }

  /**
   * Forgets all rows of some tables, and all claims if `claims` is among them: others changed something there.
   * Thresholds go with notifications, because those that a threshold names are loaded together with it.
   */
  forget(tables: ReadonlySet<string>): void {
    const changed = tables.has("notifications") ? new Set([...tables, "thresholds"]) : tables
    const parts: ReadonlyArray<readonly [string, Map<string, unknown>]> = [...this.rows, ["claims", this.claims]]
    for (const [name, known] of parts) {
      if (!changed.has(name)) continue
      this.size -= known.size
      known.clear()
    }
  }

  /** What is not here yet of many footprints; nothing at all when they are covered. */
  missing(footprints: Iterable<Footprint>): Missing | undefined {
    const rows = new Map<string, RowRef>()
    const stock = new Map<string, StockPlace>()
    const holds = new Map<string, StockPlace>()
    const claims = new Set<ClaimId>()
    const holdings = new Map<string, HoldingsRef>()
    const movements = new Set<string>()
    const recounts = new Map<string, StockKey>()
    for (const footprint of footprints) {
      for (const { table, id } of footprint.rows ?? nothing) {
        if (this.rows.get(table)?.has(id) !== true) rows.set(`${table}/${id}`, { table, id })
      }
      for (const { product, location } of footprint.stock ?? nothing) {
        const known = this.known({ product, location })
        // What is available of a lot depends on its row.
        for (const lot of known === undefined ? nothing : lotsOf(known)) {
          const id = lotId(product, lot)
          if (this.rows.get("lots")?.has(id) !== true) rows.set(`lots/${id}`, { table: "lots", id })
        }
        // Where nothing is held, nothing can have lapsed.
        if (known !== undefined && (known.batch === this.batch || !holdsAny(known))) continue
        const wanted = known === undefined ? stock : holds
        wanted.set(stockPlaceText({ product, location }), { product, location })
      }
      for (const id of footprint.claims ?? nothing) if (!this.claims.has(id)) claims.add(id)
      for (const stretch of footprint.holdings ?? nothing) {
        const text = stretchText(stretch)
        if (!this.lookups.holdings.has(text)) holdings.set(text, stretch)
      }
      for (const id of footprint.movements ?? nothing) if (!this.lookups.movements.has(id)) movements.add(id)
      for (const key of footprint.recounts ?? nothing) {
        const text = stockKeyText(key)
        if (!this.lookups.drifts.has(text)) recounts.set(text, key)
      }
    }
    const looked = holdings.size + movements.size + recounts.size
    if (rows.size + stock.size + holds.size + claims.size + looked === 0) return undefined
    return {
      rows: inOrder(rows),
      stock: inOrder(stock),
      holds: inOrder(holds),
      claims: [...claims].sort(),
      holdings: inOrder(holdings),
      movements: [...movements].sort(),
      recounts: inOrder(recounts)
    }
  }

  /** Takes in what the store found; what it did not find is known to be absent from then on. */
  fill(missing: Missing, loaded: LoadedRows): void {
    for (const { table, id } of missing.rows) this.setRow(table, id, null)
    for (const place of [...missing.stock, ...missing.holds]) this.knownAt(place).batch = this.batch
    for (const id of missing.claims) this.setClaim(id, null)
    for (const { table, row } of loaded.rows) this.setRow(table, row.id, row)
    // A store may give more than it was asked for: what others have moved, some of which nobody here looks at.
    for (const balance of loaded.balances) if (this.known(balance) !== undefined) this.setBalance(balance)
    // A claim that was here may have changed in this batch; what was loaded is older.
    for (const claim of loaded.claims) if (!this.claims.get(claim.id)) this.setClaim(claim.id, claim)
    this.held = [...this.held, ...loaded.claims.filter((claim) => claim.state === "held")]
    if (missing.holdings.length + missing.movements.length + missing.recounts.length > 0) this.lookUp(missing, loaded)
  }

  private lookUp(missing: Missing, loaded: LoadedRows): void {
    const { holdings, movements, drifts } = this.lookups
    for (const stretch of missing.holdings) holdings.set(stretchText(stretch), { stretch, products: [] })
    for (const { products, ...stretch } of loaded.holdings) holdings.set(stretchText(stretch), { stretch, products })
    for (const id of missing.movements) movements.set(id, null)
    for (const movement of loaded.movements) movements.set(movementId(movement), movement)
    for (const key of missing.recounts) drifts.set(stockKeyText(key), null)
    for (const recount of loaded.recounts) {
      drifts.set(stockKeyText(recount.stored), driftOf(recount) ?? null)
      // What is kept here from an earlier batch may be right where the store's row is not, or is gone.
      const { stored, claims } = recount
      for (const { stored: claim, events } of claims) {
        const id = claim?.id ?? events[0]?.claim
        if (id !== undefined) this.setClaim(id, claim)
      }
      if (hasNothing(stored)) this.knownAt(stored).balances.delete(stored.lot)
      else this.setBalance(stored)
    }
  }
}
