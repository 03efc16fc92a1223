/**
 * Recounts: a balance and its claims as they are kept beside the same ones recomputed from the ledger, and what they
 * are off by. There must never be anything.
 */
import { DateTime } from "effect"
import type { Balance } from "./Balance.ts"
import { applyToClaim, type Claim, type ClaimId, type NewClaimEvent } from "./Claim.ts"
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

/** A claim as a store keeps it, null where it is gone, and its events in their order, none where it never was. */
export interface ClaimRecount {
  readonly stored: Claim | null
  readonly events: ReadonlyArray<NewClaimEvent>
}

/**
 * A balance as a store keeps it, and as the two ledgers make it, with the claims on its key: at least those that are
 * not what their events make them.
 */
export interface Recount {
  readonly stored: Balance
  readonly recomputed: Balance
  readonly claims: ReadonlyArray<ClaimRecount>
}

/** A claim that is not what its events make it. */
export interface ClaimDrift {
  readonly stored: Claim | undefined
  readonly recomputed: Claim
}

/**
 * What each number of a balance lacks: recomputed less stored. What moves meanwhile changes both alike. With it the
 * claims on its key that are wrong.
 */
export type Drift = StockKey & Readonly<Record<BalanceField, number>> & { readonly claims: ReadonlyArray<ClaimDrift> }

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

/** What a claim is by its events; one that has none was never made, and claims nothing. */
const claimOf = ({ stored, events }: ClaimRecount): Claim | undefined =>
  events.reduce<Claim | undefined>(applyToClaim, undefined) ??
  (stored === null ? undefined : { ...stored, quantity: 0, state: "released", expiresAt: null })

const claimDrift = (recount: ClaimRecount): ReadonlyArray<ClaimDrift> => {
  const [stored, recomputed] = [recount.stored ?? undefined, claimOf(recount)]
  if (recomputed === undefined || claimDifferences(stored, recomputed).length === 0) return []
  return [{ stored, recomputed }]
}

/** What a balance and the claims on its key are off by; undefined where they are right. */
export const driftOf = ({ stored, recomputed, claims }: Recount): Drift | undefined => {
  const wrong = claims.flatMap(claimDrift)
  if (wrong.length === 0 && balanceFields.every((field) => stored[field] === recomputed[field])) return undefined
  const { product, location, lot } = stored
  return { product, location, lot, ...numbers((field) => recomputed[field] - stored[field]), claims: wrong }
}

/** The part of a drift that is of the claims alone. */
export const ofClaims = (drift: Drift): Drift => ({ ...drift, ...numbers(() => 0) })

/**
 * The claims on a key out of all that a store keeps and all events, in their order: those whose events are of the key,
 * and those that are kept there and have none.
 */
export const claimRecounts = (
  key: StockKey,
  kept: Iterable<Claim>,
  events: Iterable<NewClaimEvent>
): ReadonlyArray<ClaimRecount> => {
  const stored = new Map([...kept].map((claim) => [claim.id, claim]))
  const told = Map.groupBy(events, ({ claim }): ClaimId => claim)
  const text = stockKeyText(key)
  return [...new Set([...stored.keys(), ...told.keys()])].flatMap((id) => {
    const recount = { stored: stored.get(id) ?? null, events: told.get(id) ?? [] }
    const of = recount.events[0] ?? recount.stored
    return of !== null && stockKeyText(of) === text ? [recount] : []
  })
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
