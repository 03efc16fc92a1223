// The raw readers of the PostgreSQL store: its rows by plain selects, past its queries.
import {
  Balance,
  Cart,
  Claim,
  ClaimEvent,
  CommandRecord,
  Count,
  Event,
  Movement,
  Notification,
  Order,
  PurchaseOrder,
  Store,
  Threshold,
  Transfer
} from "@onhand/core"
import { RawReaders } from "@onhand/testkit"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { PostgresStore } from "../src/index.ts"

const key = "'product', product, 'location', location, 'lot', lot"
const place =
  "'shard', shard, 'seq', seq, 'line', line, 'version', version, 'command', command, 'recordedAt', recorded_at"
const source = `'source', CASE WHEN source_type IS NULL THEN NULL
  ELSE json_build_object('type', source_type, 'id', source_id) END`

const selects = {
  heads: "SELECT json_build_object('shard', shard, 'seq', seq)::text AS row FROM onhand.heads",
  movements: `SELECT json_build_object(${key}, ${place}, ${source}, 'kind', kind, 'from', from_place, 'to', to_place,
    'quantity', quantity, 'reason', reason, 'onHandAfter', on_hand_after, 'sellableAfter', sellable_after,
    'unitCost', CASE WHEN unit_cost IS NULL THEN NULL
      ELSE json_build_object('amount', unit_cost::text, 'currency', unit_cost_currency) END,
    'entered', entered::json, 'actor', actor, 'occurredAt', occurred_at)::text AS row FROM onhand.movements`,
  claimEvents: `SELECT json_build_object(${key}, ${place}, ${source}, 'kind', kind, 'claim', claim,
    'quantity', quantity,
    'expiresAt', expires_at, 'heldAfter', held_after, 'committedAfter', committed_after)::text AS row
    FROM onhand.claim_events`,
  claims: `SELECT json_build_object(${key}, ${source}, 'id', id, 'quantity', quantity, 'state', state,
    'expiresAt', expires_at)::text AS row FROM onhand.claims`,
  balances: `SELECT json_build_object(${key}, 'sellable', sellable, 'qualityControl', quality_control,
    'damaged', damaged, 'quarantine', quarantine, 'held', held, 'committed', committed, 'version', version,
    'floor', floor, 'claimVersion', claim_version)::text AS row FROM onhand.balances`,
  commands: `SELECT json_build_object('key', key, 'tag', tag, 'payloadText', payload, 'id', id, 'actor', actor,
    'outcome', outcome, 'reply', reply::json, 'shard', shard, 'seq', seq, 'occurredAt', occurred_at,
    'recordedMicros', (extract(epoch FROM recorded_at) * 1000000)::bigint)::text AS row FROM onhand.commands`,
  events: `SELECT json_build_object('shard', shard, 'seq', seq, 'line', line - 1, 'command', key,
    'recordedAt', recorded_at, 'event', event)::text AS row
    FROM onhand.commands, json_array_elements(events::json) WITH ORDINALITY AS told(event, line)`,
  carts: "SELECT data::text AS row FROM onhand.carts",
  orders: "SELECT data::text AS row FROM onhand.orders",
  thresholds: "SELECT data::text AS row FROM onhand.thresholds",
  counts: "SELECT data::text AS row FROM onhand.counts",
  transfers: "SELECT data::text AS row FROM onhand.transfers",
  purchaseOrders: "SELECT data::text AS row FROM onhand.purchaseOrders",
  notifications: "SELECT data::text AS row FROM onhand.notifications"
}

const Head = Schema.Struct({ shard: Schema.Int, seq: Schema.Int })

/** The readers over a client's database. */
export const readersOf = (sql: SqlClient) => {
  const all = <A>(select: string, schema: Schema.Codec<A, unknown>) =>
    Effect.map(sql.unsafe<{ readonly row: string }>(select), (rows) =>
      rows.map(({ row }) => Schema.decodeUnknownSync(schema)(JSON.parse(row)))
    )
  const snapshot = Effect.gen(function* () {
    const heads = yield* all(selects.heads, Head)
    return {
      heads: new Map(heads.filter(({ seq }) => seq > 0).map(({ shard, seq }) => [shard, seq])),
      movements: yield* all(selects.movements, Movement),
      claimEvents: yield* all(selects.claimEvents, ClaimEvent),
      claims: yield* all(selects.claims, Claim),
      balances: yield* all(selects.balances, Balance),
      commands: yield* all(selects.commands, CommandRecord),
      events: yield* all(selects.events, Event),
      carts: yield* all(selects.carts, Cart),
      orders: yield* all(selects.orders, Order),
      thresholds: yield* all(selects.thresholds, Threshold),
      counts: yield* all(selects.counts, Count),
      transfers: yield* all(selects.transfers, Transfer),
      purchaseOrders: yield* all(selects.purchaseOrders, PurchaseOrder),
      notifications: yield* all(selects.notifications, Notification)
    }
  })
  // One instant for all of it: the suite reads while other callers write.
  return RawReaders.of({
    snapshot: Effect.orDie(
      sql.withTransaction(Effect.andThen(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`, snapshot))
    ),
    tamper: Effect.gen(function* () {
      yield* sql`UPDATE onhand.balances SET sellable = sellable + 1`
      yield* sql`UPDATE onhand.claims SET quantity = quantity + 1 WHERE quantity > 0`
    }).pipe(Effect.orDie)
  })
}

/** Empties the ledger as only a superuser can: history is append-only for everybody else. */
const reset = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`SET LOCAL session_replication_role = replica`
      yield* sql`TRUNCATE onhand.seals, onhand.commands, onhand.movements, onhand.claim_events, onhand.balances,
        onhand.claims,
        onhand.products, onhand.locations, onhand.names, onhand.carts, onhand.orders, onhand.policies,
        onhand.thresholds, onhand.counts, onhand.transfers, onhand.users, onhand.vendors, onhand.vendorProducts,
        onhand.contactRecords, onhand.purchaseOrders, onhand.sessions, onhand.apiKeys,
        onhand.notifications, onhand.webhooks, onhand.lots, onhand.stockPolicies`
      yield* sql`UPDATE onhand.heads SET seq = 0, last_micros = 0, hash = '', changed = '{}'`
    })
  )

/**
 * The store over a client that stays open, emptied first unless it is to be found as it was left. Only a superuser can
 * empty it: `admin`, where the client is none. `shards` are those that a new database is made with.
 */
export const storeOver = (
  client: Effect.Effect<SqlClient>,
  options: { readonly keep?: boolean; readonly admin?: Effect.Effect<SqlClient>; readonly shards?: number } = {}
) =>
  Layer.unwrap(
    Effect.map(client, (sql) =>
      Layer.effect(
        RawReaders,
        // The store comes first: it makes the tables.
        Effect.andThen(
          Store,
          options.keep === true ? Effect.void : Effect.flatMap(options.admin ?? client, reset)
        ).pipe(Effect.as(readersOf(sql)))
      ).pipe(
        Layer.provideMerge(PostgresStore.layerClient(options.shards === undefined ? {} : { shards: options.shards })),
        Layer.provide(Layer.succeed(SqlClient, sql))
      )
    )
  )
