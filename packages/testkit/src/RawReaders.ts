/**
 * Raw readers: a store's own rows, read past its queries. The laws are checked on them, so that an adapter cannot pass
 * by answering well; whoever writes a store also writes the few selects behind this.
 */
import {
  type Balance,
  type Cart,
  type Claim,
  type ClaimEvent,
  type CommandRecord,
  type Count,
  type Event,
  type Memory,
  type Movement,
  makeMemoryStore,
  type Notification,
  type Order,
  type PurchaseOrder,
  Store,
  type Threshold,
  type Transfer
} from "@onhand/core"
import { Context, Effect, Layer } from "effect"

/** Every row of a store's ledger at one instant, in no particular order. */
export interface LedgerSnapshot {
  /** The last seq of each shard that has one. */
  readonly heads: ReadonlyMap<number, number>
  readonly movements: ReadonlyArray<Movement>
  readonly claimEvents: ReadonlyArray<ClaimEvent>
  readonly claims: ReadonlyArray<Claim>
  readonly balances: ReadonlyArray<Balance>
  readonly commands: ReadonlyArray<CommandRecord>
  readonly events: ReadonlyArray<Event>
  readonly carts: ReadonlyArray<Cart>
  readonly counts: ReadonlyArray<Count>
  readonly orders: ReadonlyArray<Order>
  readonly thresholds: ReadonlyArray<Threshold>
  readonly transfers: ReadonlyArray<Transfer>
  readonly purchaseOrders: ReadonlyArray<PurchaseOrder>
  readonly notifications: ReadonlyArray<Notification>
}

/**
 * Reads the rows as they are stored. A reader that fails is a defect of the test, not a finding. `tamper` changes kept
 * rows as somebody with the database's password could: each balance has one more that is sellable, each open claim one
 * more that it claims. Without it, repair is not tried.
 */
export class RawReaders extends Context.Service<
  RawReaders,
  { readonly snapshot: Effect.Effect<LedgerSnapshot>; readonly tamper?: Effect.Effect<void> }
>()("@onhand/testkit/RawReaders") {}

/** Tables of a snapshot as text that is the same for the same rows, in whatever order they were read. */
export const rowsText = (snapshot: LedgerSnapshot, tables: ReadonlyArray<keyof LedgerSnapshot>): string =>
  tables
    .map((table) => [table, ...[...snapshot[table]].map((row) => JSON.stringify(row)).toSorted()].join("\n  "))
    .join("\n")

/** The rows of a memory store. */
export const memorySnapshot = (memory: Memory): LedgerSnapshot => ({
  heads: new Map(memory.heads),
  movements: [...memory.movements],
  claimEvents: [...memory.claimEvents],
  claims: [...memory.claims.values()],
  balances: [...memory.balances.values()],
  commands: [...memory.commands.values()],
  events: [...memory.events],
  carts: [...memory.tables.carts.values()],
  counts: [...memory.tables.counts.values()],
  orders: [...memory.tables.orders.values()],
  thresholds: [...memory.tables.thresholds.values()],
  transfers: [...memory.tables.transfers.values()],
  purchaseOrders: [...memory.tables.purchaseOrders.values()],
  notifications: [...memory.tables.notifications.values()]
})

/** The readers of a memory store. */
export const memoryReaders = (memory: Memory) =>
  RawReaders.of({
    snapshot: Effect.sync(() => memorySnapshot(memory)),
    tamper: Effect.sync(() => {
      for (const [text, balance] of memory.balances) {
        memory.balances.set(text, { ...balance, sellable: balance.sellable + 1 })
      }
      for (const [id, claim] of memory.claims) {
        if (claim.quantity > 0) memory.claims.set(id, { ...claim, quantity: claim.quantity + 1 })
      }
    })
  })

/** A memory store together with its raw readers, as the suite wants a store to come. */
export const layerMemory = (options: { readonly shards?: number } = {}): Layer.Layer<Store | RawReaders> =>
  Layer.effectContext(
    Effect.map(makeMemoryStore(options), ({ store, memory }) =>
      Context.make(Store, store).pipe(Context.add(RawReaders, memoryReaders(memory)))
    )
  )
