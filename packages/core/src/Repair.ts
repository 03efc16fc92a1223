/**
 * Repairs: balances that somebody changed behind the ledger's back are made what the ledger says, under the lock, and
 * the ledger keeps that it was done.
 */
import { Effect, Result, Schema } from "effect"
import { isSound } from "./Balance.ts"
import { define } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { Difference, type Queries } from "./Queries.ts"
import { balanceFields, corrected, type Drift } from "./Recount.ts"
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
  return balanceFields
    .filter((field) => drift[field] !== 0)
    .map((field) => ({
      key: { product, location, lot },
      field,
      stored: kept[field],
      recomputed: kept[field] + drift[field]
    }))
}

/**
 * Recomputes balances of a location from the ledger and corrects those that differ. One that would be unsound even so
 * is left as it is and told of: while it was wrong, more was taken than there was, and that is in the ledger.
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
    const drifts = keysOf(payload).flatMap((key) => slice.drift(key) ?? [])
    const isRepairable = (drift: Drift) => isSound(corrected(balanceOf(slice.stock(drift), drift.lot), drift))
    const corrections = drifts.filter(isRepairable)
    const unsound = drifts.filter((drift) => !isRepairable(drift))
    return Result.succeed({
      reply: {
        repaired: corrections.flatMap((drift) => differencesOf(slice, drift)),
        unsound: unsound.flatMap((drift) => differencesOf(slice, drift))
      },
      corrections
    })
  }
})

/** What a rebuild did: every number that it corrected, and what differs still, of which there should be nothing. */
export interface Rebuilt {
  readonly repaired: ReadonlyArray<Difference>
  readonly left: ReadonlyArray<Difference>
}

/** The commands that repair what differs, each of one location and of at most so many keys. */
const piecesOf = (differences: ReadonlyArray<Difference>): ReadonlyArray<Schema.Struct<typeof fields>["Type"]> => {
  const ofBalances = differences.filter(({ claim }) => claim === undefined)
  const keys = new Map(ofBalances.map(({ key }) => [stockKeyText(key), key])).values()
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
  { verify }: Pick<Queries, "verify">,
  repair: (payload: Schema.Struct<typeof fields>["Type"]) => Effect.Effect<typeof Repaired.Type, E>
): Effect.Effect<Rebuilt, E | StoreUnavailable> =>
  Effect.gen(function* () {
    const repaired: Array<Difference> = []
    for (;;) {
      const { differences } = yield* verify
      const before = repaired.length
      for (const piece of piecesOf(differences)) repaired.push(...(yield* repair(piece)).repaired)
      if (repaired.length === before) return { repaired, left: differences }
    }
  })
