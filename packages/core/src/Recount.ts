/**
 * Recounts: a balance as it is kept beside the same one recomputed from the ledger, and what it is off by. There must
 * never be anything.
 */
import type { Balance } from "./Balance.ts"
import type { StockKey } from "./StockKey.ts"

/** The numbers of a balance, each of which follows from the ledger. */
export const balanceFields = [
  "sellable",
  "qualityControl",
  "damaged",
  "quarantine",
  "held",
  "committed",
  "version",
  "claimVersion"
] as const
export type BalanceField = (typeof balanceFields)[number]

/** A balance as a store keeps it, and as the two ledgers make it. */
export interface Recount {
  readonly stored: Balance
  readonly recomputed: Balance
}

/** What each number of a balance lacks: recomputed less stored. What moves meanwhile changes both alike. */
export type Drift = StockKey & Readonly<Record<BalanceField, number>>

const numbers = (of: (field: BalanceField) => number): Record<BalanceField, number> => ({
  sellable: of("sellable"),
  qualityControl: of("qualityControl"),
  damaged: of("damaged"),
  quarantine: of("quarantine"),
  held: of("held"),
  committed: of("committed"),
  version: of("version"),
  claimVersion: of("claimVersion")
})

/** What a balance is off by; undefined where it is right. */
export const driftOf = ({ stored, recomputed }: Recount): Drift | undefined => {
  if (balanceFields.every((field) => stored[field] === recomputed[field])) return undefined
  const { product, location, lot } = stored
  return { product, location, lot, ...numbers((field) => recomputed[field] - stored[field]) }
}

/** The balance with what it was off by made good. */
export const corrected = (balance: Balance, drift: Drift): Balance => ({
  ...balance,
  ...numbers((field) => balance[field] + drift[field])
})
