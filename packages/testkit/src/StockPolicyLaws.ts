/**
 * What a snapshot says of stock policies: how little could be available of a key when, as the commands that set it have
 * it, and the law that this is what stands with the balances.
 */
import { type CommandRecord, locationsOf, openAt, type StockPlace, type StockPolicy } from "@onhand/core"
import { DateTime, Predicate } from "effect"
import type { LedgerLaw } from "./Law.ts"
import { availableOf, type LedgerView, nameOfKey, sharesShard, tallyOf } from "./LedgerView.ts"

/** The policies that a reply tells of: that of a command, or of those that it is composed of. */
const policiesIn = (tag: string, reply: unknown): ReadonlyArray<StockPolicy> => {
  // The tag says what the reply is.
  if (tag === "SetStockPolicies" || tag === "setStockPolicies")
    return (reply as { readonly policies: ReadonlyArray<StockPolicy> }).policies
  if (tag !== "Compose" || !Predicate.hasProperty(reply, "replies")) return []
  const parts = reply.replies as ReadonlyArray<{ readonly command: string; readonly reply: unknown }>
  return parts.flatMap(({ command, reply }) => policiesIn(command, reply))
}

interface Set {
  readonly record: CommandRecord
  readonly policy: StockPolicy
}

const known = new WeakMap<LedgerView, ReadonlyMap<string, ReadonlyArray<Set>>>()

const placeText = ({ product, location }: StockPlace): string => JSON.stringify([product, location])

/** What was set for each place, in the order in which it was. */
const setsOf = (view: LedgerView): ReadonlyMap<string, ReadonlyArray<Set>> => {
  const before = known.get(view)
  if (before !== undefined) return before
  const sets = view.snapshot.commands
    .filter(({ outcome }) => outcome === "applied")
    .toSorted((a, b) => a.recordedMicros - b.recordedMicros)
    .flatMap((record) => policiesIn(record.tag, record.reply).map((policy) => ({ record, policy })))
  const made = Map.groupBy(sets, ({ policy }) => placeText(policy))
  known.set(view, made)
  return made
}

/**
 * The floors that a place can have had after a seq of its shard. What was set by a command whose record stands in
 * another shard may have been set before or after; it is taken for both.
 */
export const floorsAt = (view: LedgerView, place: StockPlace, seq: number): ReadonlyArray<number> => {
  const sets = setsOf(view).get(placeText(place)) ?? []
  const here = sets.findLast(({ record }) => sharesShard(view, record, place) && record.seq <= seq)
  const elsewhere = sets.filter(({ record }) => !sharesShard(view, record, place))
  return [here?.policy.floor ?? 0, ...elsewhere.map(({ policy }) => policy.floor)]
}

/** The least that could be available of a place after a seq of its shard. */
export const floorAt = (view: LedgerView, place: StockPlace, seq: number): number =>
  Math.min(...floorsAt(view, place, seq))

/** Every balance has the floor that its place's policy says, and is not below it. */
export const H62: LedgerLaw<LedgerView> = {
  law: "H62",
  findings: (view) =>
    [...view.keys.values()].flatMap((history) => {
      const { key, balance } = history
      if (balance === undefined) return []
      const said = setsOf(view).get(placeText(key))?.at(-1)
      const floor = key.lot === "" ? (said?.policy.floor ?? 0) : 0
      if (balance.floor !== floor) {
        const since = said === undefined ? "" : ` since ${DateTime.formatIso(said.record.occurredAt)}`
        return [`${nameOfKey(key)}: its balance has a floor of ${balance.floor}, and its policy ${floor}${since}`]
      }
      const available = availableOf(tallyOf(history))
      return available < floor ? [`${nameOfKey(key)}: ${available} are available, less than its floor of ${floor}`] : []
    })
}

/** Of what is open of a line, every part is at one location, or waits for goods; claims are at most what is there. */
export const H63: LedgerLaw<LedgerView> = {
  law: "H63",
  findings: ({ snapshot }) => {
    const open = snapshot.claims.filter(({ state, source }) => state === "committed" && source?.type === "order")
    const claimed = Map.groupBy(open, ({ source }) => source?.id ?? "")
    return snapshot.orders.flatMap((order) =>
      order.lines.flatMap((line) =>
        locationsOf(order).flatMap((location) => {
          const there = openAt(order, line, location)
          const claims = (claimed.get(order.id) ?? []).filter(
            (claim) => claim.location === location && claim.product === line.product
          )
          const sum = claims.reduce((total, { quantity }) => total + quantity, 0)
          return there < 0 || sum > there || line.backordered < 0
            ? [`order ${order.id}: ${there} of ${line.product} are open at ${location}, and ${sum} claimed there`]
            : []
        })
      )
    )
  }
}
