/**
 * A snapshot arranged for the laws: entries by stock key in order, and what each key held after each seq. It folds the
 * ledger by itself rather than with core's functions, so that a fault there is found too.
 */
import {
  type Balance,
  type ClaimEvent,
  type CommandRecord,
  type Condition,
  conditions,
  type Movement,
  type StockKey,
  type StockPlace,
  shardOf
} from "@onhand/core"
import type { LedgerSnapshot } from "./RawReaders.ts"

/** What a stock key holds, in steps of the product's unit. */
export type Tally = Readonly<Record<Condition | "held" | "committed", number>>

export const emptyTally: Tally = {
  sellable: 0,
  qualityControl: 0,
  damaged: 0,
  quarantine: 0,
  held: 0,
  committed: 0
}

/** What of a tally can still be claimed or sold. */
export const availableOf = (tally: Tally): number => tally.sellable - tally.held - tally.committed

/** What of a tally is physically there. */
export const onHandOf = (tally: Tally): number => conditions.reduce((sum, condition) => sum + tally[condition], 0)

/** The history of one stock key. `after` has its tally after each seq that touched it, in order. */
export interface KeyHistory {
  readonly key: StockKey
  readonly movements: ReadonlyArray<Movement>
  readonly claimEvents: ReadonlyArray<ClaimEvent>
  readonly after: ReadonlyArray<{ readonly seq: number; readonly tally: Tally }>
  readonly balance: Balance | undefined
}

/** Everything a ledger law looks at. */
export interface LedgerView {
  readonly snapshot: LedgerSnapshot
  readonly shards: number
  readonly keys: ReadonlyMap<string, KeyHistory>
  readonly commands: ReadonlyMap<string, CommandRecord>
  readonly movementsOf: ReadonlyMap<string, ReadonlyArray<Movement>>
  readonly claimEventsOf: ReadonlyMap<string, ReadonlyArray<ClaimEvent>>
  /** The claim events of each claim in order. */
  readonly claims: ReadonlyMap<string, ReadonlyArray<ClaimEvent>>
}

/** A stock key as a message names it. */
export const nameOfKey = ({ product, location, lot }: StockKey): string =>
  lot === "" ? `${product} at ${location}` : `${product} lot ${lot} at ${location}`

const keyText = ({ product, location, lot }: StockKey): string => JSON.stringify([product, location, lot])

interface Placed {
  readonly seq: number
  readonly line: number
}

const inOrder = (a: Placed, b: Placed) => a.seq - b.seq || a.line - b.line

type Open = Map<string, "held" | "committed">

const withClaimEvent = (tally: Tally, open: Open, { claim, kind, quantity }: ClaimEvent): Tally => {
  const before = open.get(claim)
  const freed = before === undefined ? tally : { ...tally, [before]: tally[before] - quantity }
  switch (kind) {
    case "held":
      open.set(claim, "held")
      return { ...tally, held: tally.held + quantity }
    case "committed":
      open.set(claim, "committed")
      return { ...freed, committed: freed.committed + quantity }
    case "extended":
      return tally
    default:
      return freed
  }
}

const withMovement = (tally: Tally, { from, to, quantity }: Movement): Tally => {
  const after: Record<string, number> = { ...tally }
  for (const condition of conditions) {
    if (from === condition) after[condition] = (after[condition] ?? 0) - quantity
    if (to === condition) after[condition] = (after[condition] ?? 0) + quantity
  }
  return { ...tally, ...after }
}

/** The tally that movements make, in whatever order. */
export const tallyOfMovements = (movements: ReadonlyArray<Movement>): Tally =>
  movements.reduce(withMovement, emptyTally)

const foldKey = (movements: ReadonlyArray<Movement>, claimEvents: ReadonlyArray<ClaimEvent>): KeyHistory["after"] => {
  const open: Open = new Map()
  const after: Array<{ readonly seq: number; readonly tally: Tally }> = []
  let tally = emptyTally
  let nextMovement = 0
  let nextEvent = 0
  while (nextMovement < movements.length || nextEvent < claimEvents.length) {
    const seq = Math.min(movements[nextMovement]?.seq ?? Infinity, claimEvents[nextEvent]?.seq ?? Infinity)
    for (let entry = movements[nextMovement]; entry?.seq === seq; entry = movements[++nextMovement]) {
      tally = withMovement(tally, entry)
    }
    for (let entry = claimEvents[nextEvent]; entry?.seq === seq; entry = claimEvents[++nextEvent]) {
      tally = withClaimEvent(tally, open, entry)
    }
    after.push({ seq, tally })
  }
  return after
}

const byCommand = <A extends { readonly command: string }>(entries: ReadonlyArray<A>) =>
  Map.groupBy(entries, (entry) => entry.command)

/** Arranges a snapshot. `shards` is the store's own number of them. */
export const viewOf = (snapshot: LedgerSnapshot, shards: number): LedgerView => {
  const movements = Map.groupBy(snapshot.movements, keyText)
  const claimEvents = Map.groupBy(snapshot.claimEvents, keyText)
  const balances = new Map(snapshot.balances.map((balance) => [keyText(balance), balance]))
  const keys = new Map<string, KeyHistory>()
  for (const text of new Set([...movements.keys(), ...claimEvents.keys(), ...balances.keys()])) {
    const ofKey = (movements.get(text) ?? []).toSorted(inOrder)
    const claimsOfKey = (claimEvents.get(text) ?? []).toSorted(inOrder)
    const balance = balances.get(text)
    const named = balance ?? ofKey[0] ?? claimsOfKey[0]
    if (named === undefined) continue
    const key = { product: named.product, location: named.location, lot: named.lot }
    keys.set(text, {
      key,
      movements: ofKey,
      claimEvents: claimsOfKey,
      after: foldKey(ofKey, claimsOfKey),
      balance
    })
  }
  const claims = Map.groupBy(snapshot.claimEvents.toSorted(inOrder), (event) => event.claim)
  return {
    snapshot,
    shards,
    keys,
    commands: new Map(snapshot.commands.map((record) => [record.key, record])),
    movementsOf: byCommand(snapshot.movements),
    claimEventsOf: byCommand(snapshot.claimEvents),
    claims
  }
}

/** The tally of a key after a seq of its location's shard. */
export const tallyAt = (history: KeyHistory, seq: number): Tally => {
  let low = 0
  let high = history.after.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((history.after[middle]?.seq ?? Infinity) <= seq) low = middle + 1
    else high = middle
  }
  return history.after[low - 1]?.tally ?? emptyTally
}

/** The tallies of all lots of a product at a location after a seq of its shard, summed. */
export const placeTallyAt = (view: LedgerView, place: StockPlace, seq: number): Tally => {
  const sum: Record<keyof Tally, number> = { ...emptyTally }
  for (const history of view.keys.values()) {
    if (history.key.product !== place.product || history.key.location !== place.location) continue
    const tally = tallyAt(history, seq)
    for (const field of Object.keys(sum) as Array<keyof Tally>) sum[field] += tally[field]
  }
  return sum
}

/** The tally of a key after everything. */
export const tallyOf = (history: KeyHistory): Tally => history.after.at(-1)?.tally ?? emptyTally

/** Whether a location's ledger is in the shard that a command's record stands in, so that their seqs compare. */
export const sharesShard = (view: LedgerView, record: CommandRecord, place: StockPlace): boolean =>
  shardOf(place.location, view.shards) === record.shard
