/**
 * The laws of lots that a snapshot shows: what has expired or was recalled is left alone, and what expires first goes
 * first.
 */
import { type CommandRecord, commandsByTag, type Movement, NO_LOT, type PayloadOf, type StockPlace } from "@onhand/core"
import type { LedgerLaw } from "./Law.ts"
import { availableOf, type LedgerView, nameOfKey, tallyAt } from "./LedgerView.ts"
import { expiryAt, isBlockedAt, keysAt, microsOf } from "./LotView.ts"

type Law = LedgerLaw<LedgerView>

/** Sales, and what transfers send; what is written off, sent back or set aside by hand may be of any lot. */
const isTaken = ({ kind, source }: Movement): boolean =>
  kind === "sale" || (kind === "transferOut" && source?.type === "transfer")

/** No claim and no sale ever takes a lot that has expired or was recalled. */
export const H51: Law = {
  law: "H51",
  findings: (view) => {
    const { movements, claimEvents } = view.snapshot
    const takes = [
      ...movements.filter(isTaken),
      ...claimEvents.filter(({ kind }) => kind === "held" || kind === "committed")
    ]
    // A composition may recall a lot after it took of it, or take of it once it reinstated it.
    const isBlocked = (entry: (typeof takes)[number]) => {
      const micros = microsOf(view, entry.command)
      return isBlockedAt(view, entry, micros, micros - 1) && isBlockedAt(view, entry, micros)
    }
    return takes
      .filter((entry) => entry.lot !== NO_LOT && isBlocked(entry))
      .map(
        (entry) => `command ${entry.command}: ${entry.kind} ${entry.quantity} of ${nameOfKey(entry)}, which is blocked`
      )
  }
}

interface AnyLot extends StockPlace {
  readonly seq: number
}

const decoded = <K extends "recordMovements" | "holdStock">(record: CommandRecord): PayloadOf<K> =>
  // The tag of the record says which command it was.
  commandsByTag.get(record.tag)?.codec.decodePayload(JSON.parse(record.payloadText)) as PayloadOf<K>

/** The places from which a command took any lot, and nothing else happened there by it. */
const leftOpen = (view: LedgerView, record: CommandRecord): ReadonlyArray<AnyLot> => {
  if (record.outcome !== "applied" || (record.tag !== "RecordMovements" && record.tag !== "HoldStock")) return []
  const { lines } = decoded(record)
  const entries = [...(view.movementsOf.get(record.key) ?? []), ...(view.claimEventsOf.get(record.key) ?? [])]
  const places = Map.groupBy(lines, ({ product, location }) => JSON.stringify([product, location]))
  return [...places.values()].flatMap((here) => {
    const [line] = here
    if (line === undefined || here.some(({ lot = NO_LOT }) => lot !== NO_LOT)) return []
    const seq = entries.find(({ product, location }) => product === line.product && location === line.location)?.seq
    return seq === undefined ? [] : [{ product: line.product, location: line.location, seq }]
  })
}

/** Who leaves the lot open gets those that expire first: no lot is taken while one before it has some left. */
export const H52: Law = {
  law: "H52",
  findings: (view) =>
    view.snapshot.commands.flatMap((record) =>
      leftOpen(view, record).flatMap((place) => {
        const { recordedMicros: micros } = record
        const keys = keysAt(view, place).filter(({ key }) => !isBlockedAt(view, key, micros))
        const left = keys.filter((history) => availableOf(tallyAt(history, place.seq)) > 0)
        const first = Math.min(...left.map(({ key }) => expiryAt(view, key, micros)))
        const taken = [...(view.movementsOf.get(record.key) ?? []), ...(view.claimEventsOf.get(record.key) ?? [])]
        return taken
          .filter(({ product, location }) => product === place.product && location === place.location)
          .filter((entry) => expiryAt(view, entry, micros) > first)
          .map(
            (entry) => `command ${record.key} took ${nameOfKey(entry)}, though a lot that expires before has some left`
          )
      })
    )
}
