/**
 * The store in memory: the reference that every other store is compared with. It keeps nothing when the process ends.
 */
import { Clock, DateTime, Effect, Layer, Semaphore } from "effect"
import { type Balance, emptyBalance, onHand } from "./Balance.ts"
import {
  decideBatch,
  firstMicros,
  type Loaded,
  type LoadRequest,
  type Opening,
  shardsOf,
  type Writes
} from "./Batch.ts"
import { type Claim, type ClaimEvent, type ClaimId, hasLapsed } from "./Claim.ts"
import { MAX_HOLDINGS } from "./Command.ts"
import type { Event } from "./Event.ts"
import { foldLedger, memoryQueries } from "./MemoryQueries.ts"
import { type Movement, movementId } from "./Movement.ts"
import { planOf } from "./Plan.ts"
import { claimRecounts } from "./Recount.ts"
import type { Rows, Table } from "./Row.ts"
import type { LoadedRows } from "./Slice.ts"
import { stockKeyText, stockPlaceText } from "./StockKey.ts"
import { Store, StoreFailure } from "./Store.ts"
import type { CommandRecord, Submission } from "./Submission.ts"

/** Everything that the store holds. */
export interface Memory {
  readonly shards: number
  readonly heads: Map<number, number>
  readonly tables: { readonly [T in Table]: Map<string, Rows[T]> }
  readonly balances: Map<string, Balance>
  /** The keys of the balances of each stock place. */
  readonly places: Map<string, Set<string>>
  readonly claims: Map<ClaimId, Claim>
  /** The open holds of each stock place. */
  readonly holds: Map<string, Set<ClaimId>>
  readonly movements: Array<Movement>
  readonly claimEvents: Array<ClaimEvent>
  readonly events: Array<Event>
  readonly commands: Map<string, CommandRecord>
  lastMicros: number
}

const emptyMemory = (shards: number): Memory => ({
  shards,
  heads: new Map(),
  tables: {
    products: new Map(),
    locations: new Map(),
    names: new Map(),
    carts: new Map(),
    counts: new Map(),
    lots: new Map(),
    orders: new Map(),
    policies: new Map(),
    stockPolicies: new Map(),
    thresholds: new Map(),
    transfers: new Map(),
    users: new Map(),
    sessions: new Map(),
    apiKeys: new Map(),
    vendors: new Map(),
    vendorProducts: new Map(),
    contactRecords: new Map(),
    purchaseOrders: new Map(),
    notifications: new Map(),
    webhooks: new Map()
  },
  balances: new Map(),
  places: new Map(),
  claims: new Map(),
  holds: new Map(),
  movements: [],
  claimEvents: [],
  events: [],
  commands: new Map(),
  lastMicros: 0
})

/** What a memory holds of a footprint, with the holds of its stock places that have lapsed by now. */
export const loadFrom = (memory: Memory, footprint: LoadRequest, now: DateTime.Utc): Loaded => {
  const rows: Array<LoadedRows["rows"][number]> = []
  for (const { table, id } of footprint.rows) {
    const row = memory.tables[table].get(id)
    if (row !== undefined) rows.push({ table, row })
  }
  const balances: Array<Balance> = []
  const claims = new Map<ClaimId, Claim>()
  for (const place of footprint.stock) {
    for (const key of memory.places.get(stockPlaceText(place)) ?? []) {
      const balance = memory.balances.get(key)
      if (balance !== undefined) balances.push(balance)
    }
  }
  for (const place of [...footprint.stock, ...footprint.holds]) {
    for (const id of memory.holds.get(stockPlaceText(place)) ?? []) {
      const claim = memory.claims.get(id)
      if (claim !== undefined && hasLapsed(claim, now)) claims.set(id, claim)
    }
  }
  for (const id of footprint.claims) {
    const claim = memory.claims.get(id)
    if (claim !== undefined) claims.set(id, claim)
  }
  const known = footprint.keys.flatMap((key) => memory.commands.get(key) ?? [])
  return { known, rows, balances, claims: [...claims.values()], ...lookUp(memory, footprint) }
}

/** What only a few commands ask for: each time the ledger is gone through, which is what memory is for. */
const lookUp = (memory: Memory, footprint: LoadRequest): Pick<Loaded, "holdings" | "movements" | "recounts"> => {
  const wanted = new Set(footprint.movements)
  const places = new Set(footprint.recounts.map(stockPlaceText))
  const folded = places.size === 0 ? undefined : foldLedger(memory, (place) => places.has(stockPlaceText(place)))
  return {
    holdings: footprint.holdings.map((stretch) => {
      const products = [...memory.balances.values()]
        .filter(
          (balance) =>
            balance.location === stretch.location &&
            balance.product > stretch.after &&
            (onHand(balance) > 0 || balance.held + balance.committed > 0)
        )
        .map(({ product }) => product)
      return { ...stretch, products: [...new Set(products)].sort().slice(0, MAX_HOLDINGS) }
    }),
    movements: wanted.size === 0 ? [] : memory.movements.filter((movement) => wanted.has(movementId(movement))),
    recounts: footprint.recounts.map((key) => ({
      stored: memory.balances.get(stockKeyText(key)) ?? emptyBalance(key),
      recomputed: folded?.get(stockKeyText(key)) ?? emptyBalance(key),
      claims: claimRecounts(key, memory.claims.values(), memory.claimEvents)
    }))
  }
}

const setAdd = <A>(sets: Map<string, Set<A>>, key: string, value: A) => {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

/**
 * Takes what a batch wrote over into memory: by it a store that keeps each batch elsewhere, such as in a log, has all
 * rows again when it is opened. The batches must come in their order, each once.
 */
export const applyWrites = (memory: Memory, writes: Writes): void => {
  for (const [shard, seq] of writes.heads) memory.heads.set(shard, seq)
  memory.lastMicros = writes.micros
  for (const command of writes.commands) {
    memory.commands.set(command.record.key, command.record)
    memory.movements.push(...command.movements)
    memory.claimEvents.push(...command.claimEvents)
    memory.events.push(...command.events)
  }
  for (const { balance } of writes.balances) {
    memory.balances.set(stockKeyText(balance), balance)
    setAdd(memory.places, stockPlaceText(balance), stockKeyText(balance))
  }
  for (const claim of writes.claims) {
    memory.claims.set(claim.id, claim)
    if (claim.state === "held") setAdd(memory.holds, stockPlaceText(claim), claim.id)
    else memory.holds.get(stockPlaceText(claim))?.delete(claim.id)
  }
  for (const { table, id, row } of writes.rows) {
    if (row === null) memory.tables[table].delete(id)
    // The row comes from a change of that same table.
    else (memory.tables[table] as Map<string, Rows[Table]>).set(id, row)
  }
}

/** What a batch is decided on that is the only one at a memory. */
export const openingOf = (memory: Memory, batch: ReadonlyArray<Submission>, clockMicros: number): Opening => {
  const heads = new Map<number, number>()
  for (const submission of batch) {
    for (const shard of shardsOf(submission, memory.shards)) heads.set(shard, memory.heads.get(shard) ?? 0)
  }
  return { shards: memory.shards, heads, micros: firstMicros(clockMicros, memory.lastMicros, batch.length) }
}

/** How a store in memory is made. */
export interface MemoryStoreOptions {
  /** How many shards its ledger has; one when left out. */
  readonly shards?: number
  /**
   * Keeps what a batch writes for good, before memory has it and anybody is answered; where it fails, the batch does,
   * and memory stays as it was. A batch that writes nothing is not given. Without it, nothing outlives the process.
   */
  readonly keep?: (writes: Writes) => Effect.Effect<void, StoreFailure>
}

/**
 * Makes a store in memory with an own clock: Effect's, so that tests can move it. With `keep`, and with
 * {@link applyWrites} on its `memory` for what was kept before, it is a store that lasts and serves from memory.
 */
export const makeMemoryStore = (options: MemoryStoreOptions = {}) =>
  Effect.gen(function* () {
    const memory = emptyMemory(options.shards ?? 1)
    // A fiber may be suspended anywhere; one batch at a time is this store's lock.
    const lock = yield* Semaphore.make(1)
    const decide = (batch: ReadonlyArray<Submission>) =>
      Effect.gen(function* () {
        const millis = yield* Clock.currentTimeMillis
        const opened = openingOf(memory, batch, millis * 1000)
        const now = DateTime.makeUnsafe(Math.floor(opened.micros / 1000))
        return yield* decideBatch(batch, opened, (footprint) => Effect.succeed(loadFrom(memory, footprint, now)))
      })
    const transact = (batch: ReadonlyArray<Submission>) =>
      Effect.gen(function* () {
        const { outcomes, writes } = yield* decide(batch)
        if (options.keep !== undefined && writes.commands.length > 0) yield* options.keep(writes)
        applyWrites(memory, writes)
        return outcomes
      }).pipe(
        lock.withPermits(1),
        Effect.uninterruptible,
        Effect.catchDefect((cause) => Effect.fail(new StoreFailure({ outcome: "poison", cause })))
      )
    const plan = (submission: Submission) =>
      lock.withPermits(1)(Effect.map(decide([submission]), (decided) => planOf(submission, decided)))
    return { store: Store.of({ shards: memory.shards, transact, plan, queries: memoryQueries(memory) }), memory }
  })

/** The store in memory as a layer. */
export const layerMemory: Layer.Layer<Store> = Layer.effect(
  Store,
  Effect.map(makeMemoryStore(), ({ store }) => store)
)
