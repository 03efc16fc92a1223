/**
 * Writing: everything a decided batch changes, in one statement, and a second one where rows are changed or removed.
 */
import {
  type Claim,
  type Rows,
  StoreFailure,
  shardOf,
  type Table,
  tables,
  type Writes,
  type WrittenBalance,
  type WrittenCommand,
  type WrittenRow
} from "@onhand/core"
import { Effect, Schema } from "effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { type Column, insert, parametersOf, unnest, type Value, valuesOf } from "./Columns.ts"
import { claimEventTable, commandTable, movementTable, type Seal, Sealing, sealColumns } from "./HashChain.ts"
import {
  claimEventColumns,
  commandColumns,
  integer,
  micros,
  microsOf,
  movementColumns,
  text,
  timed
} from "./LedgerColumns.ts"

const encodeRow: { readonly [T in Table]: (row: Rows[T]) => Schema.Json } = {
  products: Schema.encodeSync(tables.products),
  locations: Schema.encodeSync(tables.locations),
  names: Schema.encodeSync(tables.names),
  carts: Schema.encodeSync(tables.carts),
  counts: Schema.encodeSync(tables.counts),
  lots: Schema.encodeSync(tables.lots),
  orders: Schema.encodeSync(tables.orders),
  policies: Schema.encodeSync(tables.policies),
  stockPolicies: Schema.encodeSync(tables.stockPolicies),
  thresholds: Schema.encodeSync(tables.thresholds),
  transfers: Schema.encodeSync(tables.transfers),
  users: Schema.encodeSync(tables.users),
  sessions: Schema.encodeSync(tables.sessions),
  apiKeys: Schema.encodeSync(tables.apiKeys),
  vendors: Schema.encodeSync(tables.vendors),
  vendorProducts: Schema.encodeSync(tables.vendorProducts),
  contactRecords: Schema.encodeSync(tables.contactRecords),
  purchaseOrders: Schema.encodeSync(tables.purchaseOrders),
  notifications: Schema.encodeSync(tables.notifications),
  webhooks: Schema.encodeSync(tables.webhooks)
}

/** The head of a shard: its last seq, time and hash, and the seq of the last commit that changed rows of a table. */
export interface Head {
  readonly seq: number
  readonly micros: number
  readonly hash: string
  readonly changed: Readonly<Record<string, number>>
}

/** The heads of shards. */
export type Heads = ReadonlyMap<number, Head>

const headColumns: ReadonlyArray<Column<readonly [shard: number, head: Head]>> = [
  integer("shard", ([shard]) => shard),
  integer("seq", ([, { seq }]) => seq),
  integer("last_micros", ([, { micros }]) => micros),
  text("hash", ([, { hash }]) => hash),
  { name: "changed", type: "json", value: ([, { changed }]) => JSON.stringify(changed) }
]

const balanceColumns = (shards: number): ReadonlyArray<Column<WrittenBalance>> => [
  integer("shard", ({ balance }) => shardOf(balance.location, shards)),
  text("product", ({ balance }) => balance.product),
  text("location", ({ balance }) => balance.location),
  text("lot", ({ balance }) => balance.lot),
  integer("sellable", ({ balance }) => balance.sellable),
  integer("quality_control", ({ balance }) => balance.qualityControl),
  integer("damaged", ({ balance }) => balance.damaged),
  integer("quarantine", ({ balance }) => balance.quarantine),
  integer("held", ({ balance }) => balance.held),
  integer("committed", ({ balance }) => balance.committed),
  integer("version", ({ balance }) => balance.version),
  integer("claim_version", ({ balance }) => balance.claimVersion)
]
/** Written only where some balance has one or lost it: in most shops none ever has. */
const floorColumn: Column<WrittenBalance> = integer("floor", ({ balance }) => balance.floor)
const balanceKey = ["shard", "product", "location", "lot"]
const beforeColumns: ReadonlyArray<Column<WrittenBalance>> = [
  integer("version_before", ({ version }) => version),
  integer("claim_version_before", ({ claimVersion }) => claimVersion)
]

const claimColumns = (shards: number): ReadonlyArray<Column<Claim>> => [
  text("id", (claim) => claim.id),
  integer("shard", (claim) => shardOf(claim.location, shards)),
  text("product", (claim) => claim.product),
  text("location", (claim) => claim.location),
  text("lot", (claim) => claim.lot),
  integer("quantity", (claim) => claim.quantity),
  text("state", (claim) => claim.state),
  micros("expires_at", (claim) => claim.expiresAt && microsOf(claim.expiresAt)),
  text("source_type", (claim) => claim.source?.type ?? null),
  text("source_id", (claim) => claim.source?.id ?? null)
]

const rowColumns: ReadonlyArray<Column<WrittenRow>> = [
  text("id", ({ id }) => id),
  integer("version", ({ row }) => row?.version ?? 0),
  // The row and the codec are of the same table.
  { name: "data", type: "json", value: ({ table, row }) => JSON.stringify(encodeRow[table](row as never)) }
]

const changeColumns: ReadonlyArray<Column<WrittenRow>> = [...rowColumns, integer("before", ({ before }) => before)]
const removeColumns: ReadonlyArray<Column<WrittenRow>> = [
  text("id", ({ id }) => id),
  integer("before", ({ before }) => before)
]

const overwrite = (columns: ReadonlyArray<{ readonly name: string }>, identity: ReadonlyArray<string>) =>
  columns
    .filter(({ name }) => !identity.includes(name))
    .map(({ name }) => `${name} = excluded.${name}`)
    .join(", ")

const overtaken = (what: string) =>
  new StoreFailure({ outcome: "rolledBack", cause: new Error(`${what} changed in another transaction`) })

/** A statement made of writes that happen together, and how many rows each change must touch. */
class Statement {
  private readonly parts: Array<string> = []
  private readonly values: Array<unknown> = []
  private readonly expected: Array<readonly [name: string, what: string, rows: number]> = []

  private part(
    columns: ReadonlyArray<Column<never>>,
    values: ReadonlyArray<ReadonlyArray<Value>>,
    text: (from: number) => string
  ) {
    const name = `w${this.parts.length}`
    this.parts.push(`${name} AS (${text(this.values.length + 1)})`)
    this.values.push(...parametersOf(columns, values))
    return name
  }

  /** Adds new rows; a row that is there already fails the batch. Nothing is added for no rows. */
  insert<Row>(table: string, columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>): this {
    return this.insertValues(table, columns, rows.length === 0 ? [] : valuesOf(columns, rows))
  }

  /** The same, for rows as arrays of their columns' values. */
  insertValues(
    table: string,
    columns: ReadonlyArray<Column<never>>,
    values: ReadonlyArray<ReadonlyArray<Value>>
  ): this {
    if ((values[0]?.length ?? 0) > 0) this.part(columns, values, (from) => insert(table, columns, from))
    return this
  }

  /** Adds a write that must touch as many rows as it is given; `text` gets the number of its first parameter. */
  change<Row>(
    what: string,
    columns: ReadonlyArray<Column<Row>>,
    rows: ReadonlyArray<Row>,
    text: (from: number) => string
  ): this {
    if (rows.length === 0) return this
    const name = this.part(columns, valuesOf(columns, rows), (from) => `${text(from)} RETURNING 1`)
    this.expected.push([name, what, rows.length])
    return this
  }

  /**
   * Runs it. Where it meets the rows of another transaction, that one came first, and the batch is to be decided anew.
   */
  run(connection: Connection): Effect.Effect<void, SqlError | StoreFailure> {
    if (this.parts.length === 0) return Effect.void
    const counts = this.expected.map(([name]) => `(SELECT count(*)::int FROM ${name})`)
    return connection
      .executeValues(`WITH ${this.parts.join(",\n")} SELECT ${[1, ...counts].join(", ")}`, this.values)
      .pipe(
        Effect.catchIf(
          (error) => error.reason._tag === "UniqueViolation",
          (error) => Effect.fail(overtaken(String(error.reason.cause)))
        ),
        Effect.flatMap((rows: ReadonlyArray<ReadonlyArray<unknown>>) => {
          const touched = rows[0]?.slice(1) ?? []
          const missed = this.expected.find(([, , count], index) => touched[index] !== count)
          return missed === undefined ? Effect.void : Effect.fail(overtaken(missed[1]))
        })
      )
  }
}

/** What is left to be written of a batch, and its heads as they are then. */
export interface Written {
  readonly heads: Heads
  readonly run: Effect.Effect<void, SqlError | StoreFailure>
}

/** Writes a batch in the transaction that holds its heads. */
export class BatchWriter {
  private readonly connection: Connection
  private readonly shards: number
  private readonly heads: Heads
  private readonly sealing = new Sealing()
  /** All commands of the batch so far. */
  readonly commands: Array<WrittenCommand> = []

  constructor(connection: Connection, shards: number, heads: Heads) {
    this.connection = connection
    this.shards = shards
    this.heads = heads
  }

  private ledger(statement: Statement, commands: ReadonlyArray<WrittenCommand>): Statement {
    this.commands.push(...commands)
    const parts = [
      { table: commandTable, values: valuesOf(commandColumns, commands) },
      {
        table: movementTable,
        values: valuesOf(
          movementColumns,
          timed(commands, ({ movements }) => movements)
        )
      },
      {
        table: claimEventTable,
        values: valuesOf(
          claimEventColumns,
          timed(commands, ({ claimEvents }) => claimEvents)
        )
      }
    ]
    this.sealing.add(parts)
    for (const { table, values } of parts) statement.insertValues(table.name, table.columns, values)
    return statement
  }

  /** Writes commands of the batch with their part of the ledger, ahead of the rest. */
  ahead(commands: ReadonlyArray<WrittenCommand>): Effect.Effect<void, SqlError | StoreFailure> {
    return this.ledger(new Statement(), commands).run(this.connection)
  }

  /** Prepares what is left of a decided batch. */
  finish(writes: Writes): Written {
    const added = this.ledger(new Statement(), writes.commands)
    const seals = this.sealing.seals(new Map([...this.heads].map(([shard, { hash }]) => [shard, hash])))
    const heads = seals.length === 0 ? this.heads : this.headsAfter(writes, seals)
    added
      .change(
        "heads",
        headColumns,
        seals.length === 0 ? [] : [...heads],
        (from) =>
          `UPDATE onhand.heads SET seq = new.seq::bigint, last_micros = new.last_micros::bigint, hash = new.hash,
           changed = new.changed::jsonb
         FROM ${unnest(headColumns, from)} WHERE heads.shard = new.shard`
      )
      .insert("seals", sealColumns, seals)
    this.stock(added, writes)
    const changed = this.rows(added, writes.rows)
    return { heads, run: Effect.andThen(added.run(this.connection), changed.run(this.connection)) }
  }

  private headsAfter(writes: Writes, seals: ReadonlyArray<Seal>): Heads {
    const tables = new Set(writes.rows.map(({ table }) => table))
    const hashes = new Map(seals.map(({ shard, hash }) => [shard, hash]))
    const changedAt = (seq: number) => ({
      ...Object.fromEntries([...tables].map((table) => [table, seq])),
      ...(writes.claims.length === 0 ? {} : { claims: seq }),
      ...(writes.corrected ? { balances: seq } : {})
    })
    return new Map(
      [...this.heads].map(([shard, before]) => {
        const seq = writes.heads.get(shard) ?? before.seq
        const hash = hashes.get(shard) ?? before.hash
        return [shard, { seq, hash, micros: writes.micros, changed: { ...before.changed, ...changedAt(seq) } }]
      })
    )
  }

  private stock(statement: Statement, writes: Writes): void {
    const hasFloor = writes.corrected || writes.balances.some(({ balance }) => balance.floor < 0)
    const balances = hasFloor ? [...balanceColumns(this.shards), floorColumn] : balanceColumns(this.shards)
    const claims = claimColumns(this.shards)
    statement
      .insert(
        "balances",
        balances,
        writes.balances.filter(({ isNew }) => isNew)
      )
      .change(
        "balances",
        [...balances, ...beforeColumns],
        writes.balances.filter(({ isNew }) => !isNew),
        (from) => `UPDATE onhand.balances SET ${balances
          .filter(({ name }) => !balanceKey.includes(name))
          .map(({ name }) => `${name} = new.${name}::bigint`)
          .join(", ")}
         FROM ${unnest([...balances, ...beforeColumns], from)}
         WHERE balances.shard = new.shard::int AND balances.location = new.location
           AND balances.product = new.product AND balances.lot = new.lot
           AND balances.version = new.version_before AND balances.claim_version = new.claim_version_before`
      )
      .change(
        "claims",
        claims,
        writes.claims,
        (from) => `${insert("claims", claims, from)} ON CONFLICT (id) DO UPDATE SET ${overwrite(claims, ["id"])}`
      )
  }

  /** Adds new rows to a statement; answers the one that changes and removes rows. */
  private rows(added: Statement, rows: ReadonlyArray<WrittenRow>): Statement {
    const changed = new Statement()
    const byTable = Map.groupBy(rows, (row) => row.table)
    for (const table of Object.keys(tables) as ReadonlyArray<Table>) {
      const rows = byTable.get(table) ?? []
      added.insert(
        table,
        rowColumns,
        rows.filter(({ row, before }) => row !== null && before === 0)
      )
      changed.change(
        table,
        changeColumns,
        rows.filter(({ row, before }) => row !== null && before > 0),
        (from) =>
          `UPDATE onhand.${table} SET version = new.version::bigint, data = new.data::jsonb
         FROM ${unnest(changeColumns, from)} WHERE ${table}.id = new.id AND ${table}.version = new.before`
      )
      changed.change(
        table,
        removeColumns,
        rows.filter(({ row, before }) => row === null && before > 0),
        (from) =>
          `DELETE FROM onhand.${table} USING ${unnest(removeColumns, from)}
           WHERE ${table}.id = new.id AND ${table}.version = new.before`
      )
    }
    return changed
  }
}
