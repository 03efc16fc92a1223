/**
 * Recounts: a balance as it is kept beside the same one recomputed from the ledger, and what it is off by. There must
 * never be anything.
 */
import { DateTime } from "effect"
import type { Balance } from "./Balance.ts"
import type { Claim } from "./Claim.ts"
import type { Difference } from "./Queries.ts"
import { type StockKey, stockKeyText } from "./StockKey.ts"

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

/** The numbers of a claim: what is open of it, as a hold or as a commitment, and until when it is held. */
const claimFields = ["held", "committed", "expiresAt"] as const

const claimNumber = ({ state, quantity, expiresAt }: Claim, field: (typeof claimFields)[number]): number => {
  if (field !== "expiresAt") return state === field ? quantity : 0
  return state === "held" && expiresAt !== null ? DateTime.toEpochMillis(expiresAt) : 0
}

/** What differs between a claim as it is kept and the same one recomputed from its events; either may be missing. */
export const claimDifferences = (
  stored: Claim | undefined,
  recomputed: Claim | undefined
): ReadonlyArray<Difference> => {
  const keys = new Map([stored, recomputed].flatMap((claim) => (claim ? [[stockKeyText(claim), claim]] : [])))
  return [...keys].flatMap(([text, { id: claim, product, location, lot }]) => {
    const number = (one: Claim | undefined, field: (typeof claimFields)[number]) =>
      one !== undefined && stockKeyText(one) === text ? claimNumber(one, field) : 0
    return claimFields
      .map((field) => ({ field, stored: number(stored, field), recomputed: number(recomputed, field) }))
      .filter(({ stored, recomputed }) => stored !== recomputed)
      .map((difference) => ({ key: { product, location, lot }, claim, ...difference }))
  })
}
