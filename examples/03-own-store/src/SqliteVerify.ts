// Balances and claims recomputed from the ledger, by core's own functions, and compared with those that are kept.
import {
  applyClaimEvent,
  applyMovement,
  applyToClaim,
  type Balance,
  balanceFields,
  type Claim,
  type ClaimEvent,
  type ClaimId,
  claimDifferences,
  claimRecounts,
  type Difference,
  emptyBalance,
  type Movement,
  type Recount,
  type StockKey,
  stockKeyText,
  type Verification
} from "@onhand/core"
import type { Database } from "./Database.ts"
import { json } from "./Tables.ts"

/** The balances and claims that movements and claim events make. */
const fold = (moved: ReadonlyArray<Movement>, claimed: ReadonlyArray<ClaimEvent>) => {
  const folded = new Map<string, Balance>()
  const of = (key: StockKey) => folded.get(stockKeyText(key)) ?? emptyBalance(key)
  for (const movement of moved) folded.set(stockKeyText(movement), applyMovement(of(movement), movement))
  const claims = new Map<ClaimId, Claim>()
  for (const event of claimed) {
    const claim = claims.get(event.claim)
    folded.set(stockKeyText(event), applyClaimEvent(of(event), claim, event))
    claims.set(event.claim, applyToClaim(claim, event))
  }
  return { balances: folded, claims }
}

const ofKey = "product = :product AND location = :location AND lot = :lot"

/** A balance as it is kept, and as the ledger makes it, with its claims. */
export const recount = (database: Database, { product, location, lot }: StockKey): Recount => {
  const key = { product, location, lot }
  const all = <A>(decode: (text: unknown) => A, table: string, order: string) =>
    database.all(decode, `SELECT data FROM ${table} WHERE ${ofKey} ${order}`, key)
  const moved = all(json.movements.decode, "movements", "ORDER BY seq, line")
  const claimed = all(json.claimEvents.decode, "claimEvents", "ORDER BY seq, line")
  const [stored = emptyBalance(key)] = all(json.balances.decode, "balances", "")
  const recomputed = fold(moved, claimed).balances.get(stockKeyText(key)) ?? emptyBalance(key)
  const events = database.all(json.claimEvents.decode, "SELECT data FROM claimEvents ORDER BY seq, line")
  const claims = database.all(json.claims.decode, "SELECT data FROM claims")
  return { stored, recomputed, claims: claimRecounts(key, claims, events) }
}

// Values are made anew by each read.
const nothingKept = { keptValues: 0, valueDifferences: [] }

/** Every balance and every claim, recomputed from the ledger and compared with the one that is kept. */
export const verify = (database: Database): Verification => {
  const moved = database.all(json.movements.decode, "SELECT data FROM movements ORDER BY seq, line")
  const claimed = database.all(json.claimEvents.decode, "SELECT data FROM claimEvents ORDER BY seq, line")
  const kept = database.all(json.balances.decode, "SELECT data FROM balances")
  const held = new Map(database.all(json.claims.decode, "SELECT data FROM claims").map((claim) => [claim.id, claim]))
  const { balances: folded, claims } = fold(moved, claimed)
  const stored = new Map(kept.map((balance) => [stockKeyText(balance), balance]))
  const differences: Array<Difference> = []
  for (const { product, location, lot } of new Map([...folded, ...stored]).values()) {
    const key = { product, location, lot }
    const before = stored.get(stockKeyText(key)) ?? emptyBalance(key)
    const after = folded.get(stockKeyText(key)) ?? emptyBalance(key)
    for (const field of balanceFields) {
      if (before[field] === after[field]) continue
      differences.push({ key, field, stored: before[field], recomputed: after[field] })
    }
  }
  for (const id of new Set([...claims.keys(), ...held.keys()])) {
    differences.push(...claimDifferences(held.get(id), claims.get(id)))
  }
  return { movements: moved.length, claimEvents: claimed.length, balances: kept.length, ...nothingKept, differences }
}
