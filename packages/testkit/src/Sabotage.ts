/**
 * Sabotage: how the broken stores are made. Each is the store in memory with one thing done wrong around it or in it.
 */
import {
  applyMovement,
  isCondition,
  type Memory,
  type Movement,
  makeMemoryStore,
  NO_LOT,
  type Outcome,
  onHand,
  type PayloadOf,
  Store,
  type StoreShape,
  type Submission
} from "@onhand/core"
import { Context, Effect, Layer } from "effect"
import { memoryReaders, RawReaders } from "./RawReaders.ts"

/** A memory store as its saboteur gets it. */
export interface Victim {
  readonly store: StoreShape
  readonly memory: Memory
}

/** The layer of a store in memory after a saboteur has been at it. */
export const sabotaged = (spoil: (victim: Victim) => Partial<StoreShape>): Layer.Layer<Store | RawReaders> =>
  Layer.effectContext(
    Effect.map(makeMemoryStore(), ({ store, memory }) =>
      Context.make(Store, { ...store, ...spoil({ store, memory }) }).pipe(
        Context.add(RawReaders, memoryReaders(memory))
      )
    )
  )

/** Spoils what a batch leaves behind, after it has been committed rightly. */
export const afterBatch = (
  spoil: (memory: Memory, batch: ReadonlyArray<Submission>, outcomes: ReadonlyArray<Outcome>) => void
): Layer.Layer<Store | RawReaders> =>
  sabotaged(({ store, memory }) => ({
    transact: (batch) =>
      Effect.tap(store.transact(batch), (outcomes) => Effect.sync(() => spoil(memory, batch, outcomes)))
  }))

/** Spoils what a batch finds, before it is committed rightly. */
export const beforeBatch = (
  spoil: (memory: Memory, batch: ReadonlyArray<Submission>) => void
): Layer.Layer<Store | RawReaders> =>
  sabotaged(({ store, memory }) => ({
    transact: (batch) =>
      Effect.suspend(() => {
        spoil(memory, batch)
        return store.transact(batch)
      })
  }))

const mapsOf = (memory: Memory): ReadonlyArray<Map<unknown, unknown>> =>
  [memory.heads, memory.balances, memory.claims, memory.commands, ...Object.values(memory.tables)] as ReadonlyArray<
    Map<unknown, unknown>
  >

const refill = <K, V>(map: Map<K, V>, entries: Iterable<readonly [K, V]>) => {
  const kept = [...entries]
  map.clear()
  for (const [key, value] of kept) map.set(key, value)
}

const setsOf = (memory: Memory) => [memory.places, memory.holds] as ReadonlyArray<Map<string, Set<unknown>>>

/** Remembers everything in a memory; the effect it gives puts all of it back. */
export const checkpoint = (memory: Memory): (() => void) => {
  const maps = mapsOf(memory).map((map) => [map, [...map]] as const)
  const sets = setsOf(memory).map((map) => [map, [...map].map(([key, set]) => [key, new Set(set)] as const)] as const)
  const lists = [memory.movements, memory.claimEvents, memory.events].map((list) => [list, list.length] as const)
  const { lastMicros } = memory
  return () => {
    for (const [map, entries] of maps) refill(map, entries)
    for (const [map, entries] of sets) refill(map, entries)
    for (const [list, length] of lists) list.length = length
    memory.lastMicros = lastMicros
  }
}

/** Runs a batch, and puts everything back; what it answered is all that remains. */
export const pretend = ({ store, memory }: Victim, batch: ReadonlyArray<Submission>) =>
  Effect.suspend(() => {
    const undo = checkpoint(memory)
    return Effect.tap(store.transact(batch), () => Effect.sync(undo))
  })

type MovementLine = PayloadOf<"recordMovements">["lines"][number]

/** The lines of a movement command; none for any other. */
export const linesOf = (submission: Submission): ReadonlyArray<MovementLine> =>
  submission.definition.tag === "RecordMovements" ? (submission.payload as PayloadOf<"recordMovements">).lines : []

/** Writes sales and receipts into the ledger without asking whether they may be, under a command that is there. */
export const force = (memory: Memory, key: string, lines: ReadonlyArray<MovementLine>): void => {
  const record = memory.commands.get(key)
  if (record === undefined) return
  for (const [line, { kind, product, location, lot = NO_LOT, quantity }] of lines.entries()) {
    const text = [...memory.balances].find(
      ([, one]) => one.product === product && one.location === location && one.lot === lot
    )?.[0]
    const balance = text === undefined ? undefined : memory.balances.get(text)
    if (text === undefined || balance === undefined || (kind !== "sale" && kind !== "receipt")) continue
    const from = kind === "sale" ? "sellable" : "supplier"
    const to = kind === "sale" ? "customer" : "sellable"
    const told = { reason: null, source: null, unitCost: null, entered: null }
    const entry = { kind, product, location, lot, quantity, from, to, ...told } as const
    const after = applyMovement(balance, entry)
    const movement: Movement = {
      ...entry,
      shard: record.shard,
      seq: record.seq,
      line,
      version: after.version,
      onHandAfter: onHand(after),
      sellableAfter: after.sellable,
      command: key,
      actor: null,
      occurredAt: record.occurredAt,
      recordedAt: record.occurredAt
    }
    memory.movements.push(movement)
    memory.balances.set(text, after)
  }
}

/** What of a stock key is in the condition that a line takes it from, claims not looked at. */
export const inCondition = (memory: Memory, line: MovementLine): number => {
  const from = line.from ?? "sellable"
  for (const balance of memory.balances.values()) {
    const same = balance.product === line.product && balance.location === line.location
    if (same && balance.lot === (line.lot ?? NO_LOT) && isCondition(from)) return balance[from]
  }
  return 0
}
