/**
 * What a snapshot says of lots: which could be claimed and sold when, as the events that told of them have it.
 */
import type { CommandRecord, StockKey, StockPlace } from "@onhand/core"
import { DateTime } from "effect"
import { availableOf, type KeyHistory, type LedgerView, tallyAt } from "./LedgerView.ts"

const MICROS_OF_A_MILLI = 1_000

/** A lot as it is from a time on, in microseconds; `expires` in milliseconds. */
interface LotState {
  readonly since: number
  readonly expires: number
  readonly recalled: boolean
}

const lotName = ({ product, lot }: Pick<StockKey, "product" | "lot">): string => JSON.stringify([product, lot])

const states = new WeakMap<LedgerView, ReadonlyMap<string, ReadonlyArray<LotState>>>()

const statesOf = (view: LedgerView): ReadonlyMap<string, ReadonlyArray<LotState>> => {
  const known = states.get(view)
  if (known !== undefined) return known
  const told = new Map<string, Array<LotState>>()
  for (const { command, event } of view.snapshot.events) {
    if (event._tag !== "LotChanged") continue
    const of = told.get(lotName(event)) ?? []
    told.set(lotName(event), of)
    of.push({
      since: view.commands.get(command)?.recordedMicros ?? 0,
      expires: event.expiresAt === null ? Number.POSITIVE_INFINITY : DateTime.toEpochMillis(event.expiresAt),
      recalled: event.status === "recalled"
    })
  }
  for (const of of told.values()) of.sort((a, b) => a.since - b.since)
  states.set(view, told)
  return told
}

const stateAt = (view: LedgerView, key: Pick<StockKey, "product" | "lot">, micros: number): LotState | undefined =>
  statesOf(view)
    .get(lotName(key))
    ?.findLast(({ since }) => since <= micros)

/** Whether a lot could not be claimed or sold at a time; `known` is when it became what it is looked at as. */
export const isBlockedAt = (
  view: LedgerView,
  key: Pick<StockKey, "product" | "lot">,
  micros: number,
  known: number = micros
): boolean => {
  const state = stateAt(view, key, known)
  return state !== undefined && (state.recalled || Math.floor(micros / MICROS_OF_A_MILLI) >= state.expires)
}

/** When a lot expired, as it was known then, in milliseconds; never, if nobody said. */
export const expiryAt = (view: LedgerView, key: Pick<StockKey, "product" | "lot">, micros: number): number =>
  stateAt(view, key, micros)?.expires ?? Number.POSITIVE_INFINITY

/** The keys of a product at a location. */
export const keysAt = (view: LedgerView, { product, location }: StockPlace): ReadonlyArray<KeyHistory> =>
  [...view.keys.values()].filter(({ key }) => key.product === product && key.location === location)

/** What was available of a product at a location after a seq of its shard, for whoever asked at a time. */
export const availableAt = (view: LedgerView, place: StockPlace, seq: number, micros: number): number =>
  keysAt(view, place)
    .filter(({ key }) => !isBlockedAt(view, key, micros))
    .reduce((sum, history) => sum + availableOf(tallyAt(history, seq)), 0)

/** The time of the last record, in microseconds. */
export const lastMicros = (view: LedgerView): number =>
  view.snapshot.commands.reduce((last, { recordedMicros }) => Math.max(last, recordedMicros), 0)

/** When a command was recorded, in microseconds. */
export const microsOf = (view: LedgerView, command: string): number =>
  (view.commands.get(command) satisfies CommandRecord | undefined)?.recordedMicros ?? 0

/** The payloads of a command's thresholds, set by itself or as a step of a composition. */
const thresholdsSet = ({ tag, payloadText }: CommandRecord): ReadonlyArray<{ readonly lines: Array<StockPlace> }> => {
  if (tag === "SetThresholds") return [JSON.parse(payloadText)]
  if (tag !== "Compose") return []
  const steps: ReadonlyArray<{ command: string; payload: { lines: Array<StockPlace> } }> =
    JSON.parse(payloadText).commands
  return steps.filter(({ command }) => command === "setThresholds").map(({ payload }) => payload)
}

/** When a threshold was last compared with what is available, in microseconds. */
export const lastLookAt = (view: LedgerView, place: StockPlace): number => {
  const isPlace = ({ product, location }: StockPlace) => product === place.product && location === place.location
  const told = Map.groupBy(view.snapshot.events, ({ command }) => command)
  const looks = view.snapshot.commands.filter(
    (record) =>
      (record.outcome === "applied" && thresholdsSet(record).some(({ lines }) => lines.some(isPlace))) ||
      told.get(record.key)?.some(({ event }) => event._tag === "StockChanged" && event.levels.some(isPlace)) === true
  )
  return Math.max(0, ...looks.map(({ recordedMicros }) => recordedMicros))
}
