/**
 * Repairs: balances and claims that somebody changed behind the ledger's back are made what the ledger says, under the
 * lock, and the ledger keeps that it was done.
 */
import { Effect, Result, Schema } from "effect"
import { isSound } from "./Balance.ts"
import { define } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { Difference, type Queries, type ValueDifference } from "./Queries.ts"
import { balanceFields, claimDifferences, corrected, type Drift, ofClaims } from "./Recount.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { StockKey, stockKeyText } from "./StockKey.ts"
import type { StoreUnavailable } from "./Store.ts"

/** The most balances of one command: the history of each is read while the shard is locked. */
export const MAX_REPAIRED = 100

const RepairedKey = Schema.Struct({ product: StockKey.fields.product, lot: StockKey.fields.lot })

const Repaired = Schema.Struct({ repaired: Schema.Array(Difference), unsound: Schema.Array(Difference) })

const fields = {
  location: LocationId,
  keys: Schema.NonEmptyArray(RepairedKey).check(Schema.isMaxLength(MAX_REPAIRED))
}

const keysOf = ({ location, keys }: Schema.Struct<typeof fields>["Type"]): ReadonlyArray<StockKey> => {
  const named = keys.map(({ product, lot }) => ({ product, location, lot }))
  return [...new Map(named.map((key) => [stockKeyText(key), key])).values()]
}

const differencesOf = (slice: Slice, drift: Drift): ReadonlyArray<Difference> => {
  const { product, location, lot } = drift
  const kept = balanceOf(slice.stock(drift), lot)
  const ofBalance = balanceFields
    .filter((field) => drift[field] !== 0)
    .map((field) => ({
      key: { product, location, lot },
      field,
      stored: kept[field],
      recomputed: kept[field] + drift[field]
    }))
  return [...ofBalance, ...drift.claims.flatMap(({ stored, recomputed }) => claimDifferences(stored, recomputed))]
}

/** A drift without the claims that this batch has changed since they were recounted: those are for the next repair. */
const unchanged = (slice: Slice, drift: Drift): Drift => ({
  ...drift,
  claims: drift.claims.filter(({ stored, recomputed }) => slice.claim(recomputed.id) === stored)
})

/**
 * Recomputes balances of a location, and the claims on them, from the ledger and corrects those that differ. A balance
 * that would be unsound even so is left as it is and told of: while it was wrong, more was taken than there was, and
 * that is in the ledger.
 */
export const RepairBalances = define("RepairBalances", {
  payload: fields,
  reply: Repaired,
  refusals: [],
  locations: ({ location }) => [location],
  footprint: (payload) => {
    const keys = keysOf(payload)
    return { stock: keys, recounts: keys }
  },
  decide: (slice, payload) => {
    const drifts = keysOf(payload).flatMap((key) => {
      const drift = slice.drift(key)
      return drift === undefined ? [] : [unchanged(slice, drift)]
    })
    const isRepairable = (drift: Drift) => isSound(corrected(balanceOf(slice.stock(drift), drift.lot), drift))
    const unsound = drifts.filter((drift) => !isRepairable(drift))
    const right = drifts.map((drift) => (unsound.includes(drift) ? ofClaims(drift) : drift))
    const repaired = right.flatMap((drift) => differencesOf(slice, drift))
    const left = unsound.flatMap((drift) => differencesOf(slice, { ...drift, claims: [] }))
    return Result.succeed({
      reply: { repaired, unsound: left },
      corrections: right.filter((drift) => differencesOf(slice, drift).length > 0)
    })
  }
})

/** What a rebuild did: every number that it corrected, and what differs still, of which there should be nothing. */
export interface Rebuilt {
  readonly repaired: ReadonlyArray<Difference>
  /** The kept values that were wrong. What is kept of their products was dropped: reading makes it anew. */
  readonly forgotten: ReadonlyArray<ValueDifference>
  readonly left: ReadonlyArray<Difference>
}

/** The commands that repair what differs, each of one location and of at most so many keys. */
const piecesOf = (differences: ReadonlyArray<Difference>): ReadonlyArray<Schema.Struct<typeof fields>["Type"]> => {
  const keys = new Map(differences.map(({ key }) => [stockKeyText(key), key])).values()
  return [...Map.groupBy(keys, ({ location }) => location)].flatMap(([location, ofLocation]) => {
    const count = Math.ceil(ofLocation.length / MAX_REPAIRED)
    return Array.from({ length: count }, (_, index) =>
      ofLocation.slice(index * MAX_REPAIRED, (index + 1) * MAX_REPAIRED)
    ).flatMap(([first, ...rest]) => (first === undefined ? [] : [{ location, keys: [first, ...rest] as const }]))
  })
}

/**
 * Verifies, repairs what differs piece by piece, and verifies again until nothing differs or nothing more can be
 * repaired. Commands go on meanwhile; only those of a location wait while a piece of its shard is repaired.
 */
export const rebuildOver = <E>(
  { verify, forgetValues }: Pick<Queries, "verify" | "forgetValues">,
  repair: (payload: Schema.Struct<typeof fields>["Type"]) => Effect.Effect<typeof Repaired.Type, E>
): Effect.Effect<Rebuilt, E | StoreUnavailable> =>
  Effect.gen(function* () {
    const repaired: Array<Difference> = []
    const forgotten: Array<ValueDifference> = []
    for (;;) {
      const { differences, valueDifferences } = yield* verify
      for (const { product, method } of valueDifferences) yield* forgetValues(product, method)
      forgotten.push(...valueDifferences)
      const before = repaired.length
      for (const piece of piecesOf(differences)) repaired.push(...(yield* repair(piece)).repaired)
      if (repaired.length === before) return { repaired, forgotten, left: differences }
    }
  })
