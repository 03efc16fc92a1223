/**
 * Writing: everything that a decided batch changes, in one statement, which writes nothing if the heads of its shards
 * are not those that it was decided on.
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
import { arrayTypeOf, type Column, insert, parametersOf, unnest, type Value, valuesOf } from "./Columns.ts"
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

interface WrittenHead {
  readonly shard: number
  readonly head: Head
  /** The hash that it was decided on. */
  readonly before: string
  readonly seqBefore: number
}

const headColumns: ReadonlyArray<Column<WrittenHead>> = [
  integer("shard", ({ shard }) => shard),
  integer("seq", ({ head }) => head.seq),
  integer("last_micros", ({ head }) => head.micros),
  text("hash", ({ head }) => head.hash),
  { name: "changed", type: "json", value: ({ head }) => JSON.stringify(head.changed) },
  text("before", ({ before }) => before),
  integer("seq_before", ({ seqBefore }) => seqBefore)
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

/** Others changed what a batch was decided on. */
export const overtaken = (what: unknown) => new StoreFailure({ outcome: "rolledBack", cause: new Error(String(what)) })

/** A statement made of writes that happen together or not at all. */
class Statement {
  private readonly parts: Array<string> = []
  private readonly values: Array<unknown> = []
  /** Of each change, what it changes and the parameter that has an element for each row it must touch. */
  private readonly changes: Array<{ readonly name: string; readonly what: string; readonly given: string }> = []
  private condition = "true"

  private part(
    columns: ReadonlyArray<Column<never>>,
    values: ReadonlyArray<ReadonlyArray<Value>>,
    text: (from: number, condition: string) => string
  ) {
    const name = `w${this.parts.length}`
    this.parts.push(`${name} AS (${text(this.values.length + 1, this.condition)})`)
    this.values.push(...parametersOf(columns, values))
    return name
  }

  /** Makes a change on which all writes that are added later depend: if it touches no row, nothing is written. */
  only<Row>(columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>, text: (from: number) => string): this {
    if (rows.length === 0) return this
    const name = this.part(columns, valuesOf(columns, rows), (from) => `${text(from)} RETURNING 1`)
    this.condition = `EXISTS (SELECT FROM ${name})`
    return this
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
    if ((values[0]?.length ?? 0) > 0)
      this.part(columns, values, (from, condition) => insert(table, columns, from, condition))
    return this
  }

  /**
   * Adds a write that must touch as many rows as it is given; `text` gets the number of its first parameter, and the
   * condition on which it may write.
   */
  change<Row>(
    what: string,
    columns: ReadonlyArray<Column<Row>>,
    rows: ReadonlyArray<Row>,
    text: (from: number, condition: string) => string
  ): this {
    const [first] = columns
    if (rows.length === 0 || first === undefined) return this
    const given = `$${this.values.length + 1}::${arrayTypeOf(first)}`
    const name = this.part(
      columns,
      valuesOf(columns, rows),
      (from, condition) => `${text(from, condition)} RETURNING 1`
    )
    this.changes.push({ name, what, given })
    return this
  }

  /**
   * Runs it, and says whether it wrote anything. Where it meets the rows of another transaction, that one came first,
   * and the batch is to be decided anew.
   */
  run(connection: Connection): Effect.Effect<boolean, SqlError | StoreFailure> {
    if (this.parts.length === 0) return Effect.succeed(true)
    const missed = this.changes.map(
      ({ name, what, given }) =>
        `WHEN (SELECT count(*) FROM ${name}) <> cardinality(${given}) THEN onhand.overtaken('${what}')`
    )
    const answer = `CASE WHEN NOT ${this.condition} THEN '' ${missed.join("\n")} ELSE 'written' END`
    return connection.executeValues(`WITH ${this.parts.join(",\n")} SELECT ${answer}`, this.values).pipe(
      Effect.map((rows: ReadonlyArray<ReadonlyArray<unknown>>) => rows[0]?.[0] === "written"),
      Effect.catchIf(
        (error) => error.reason._tag === "UniqueViolation",
        (error) => Effect.fail(overtaken(error.reason.cause))
      )
    )
  }
}

/** What is left to be written of a batch, and its heads as they are then. */
export interface Written {
  readonly heads: Heads
  /** Writes it in one statement, unless the heads are others than it was decided on: then it writes nothing. */
  readonly run: (connection: Connection) => Effect.Effect<boolean, SqlError | StoreFailure>
}

/** Writes a batch that is decided on these heads. */
export class BatchWriter {
  private readonly shards: number
  private readonly heads: Heads
  private readonly sealing = new Sealing()
  /** All commands of the batch so far. */
  readonly commands: Array<WrittenCommand> = []

  constructor(shards: number, heads: Heads) {
    this.shards = shards
    this.heads = heads
  }

  /** The next part of the ledger, sealed. */
  private ledger(commands: ReadonlyArray<WrittenCommand>) {
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
    return (statement: Statement) => {
      for (const { table, values } of parts) statement.insertValues(table.name, table.columns, values)
    }
  }

  /** Writes commands of the batch with their part of the ledger, ahead of the rest, once the heads are locked. */
  ahead(connection: Connection, commands: ReadonlyArray<WrittenCommand>): Effect.Effect<void, SqlError | StoreFailure> {
    const statement = new Statement()
    this.ledger(commands)(statement)
    return statement.run(connection)
  }

  /** Prepares what is left of a decided batch. */
  finish(writes: Writes): Written {
    const addLedger = this.ledger(writes.commands)
    const seals = this.sealing.seals(new Map([...this.heads].map(([shard, { hash }]) => [shard, hash])))
    const heads = seals.length === 0 ? this.heads : this.headsAfter(writes, seals)
    const changed = seals.length === 0 ? [] : [...heads]
    const statement = new Statement().only(
      headColumns,
      changed.map(([shard, head]) => {
        const { hash: before = "", seq: seqBefore = 0 } = this.heads.get(shard) ?? {}
        return { shard, head, before, seqBefore }
      }),
      (from) =>
        `UPDATE onhand.heads SET seq = new.seq::bigint, last_micros = new.last_micros::bigint, hash = new.hash,
         changed = new.changed::jsonb
       FROM ${unnest(headColumns, from)} WHERE heads.shard = new.shard AND heads.hash = new.before
         AND heads.seq = new.seq_before::bigint`
    )
    addLedger(statement)
    statement.insert("seals", sealColumns, seals)
    this.stock(statement, writes)
    this.rows(statement, writes.rows)
    return { heads, run: (connection) => statement.run(connection) }
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
        (from, condition) => `UPDATE onhand.balances SET ${balances
          .filter(({ name }) => !balanceKey.includes(name))
          .map(({ name }) => `${name} = new.${name}::bigint`)
          .join(", ")}
         FROM ${unnest([...balances, ...beforeColumns], from)}
         WHERE balances.shard = new.shard::int AND balances.location = new.location
           AND balances.product = new.product AND balances.lot = new.lot
           AND balances.version = new.version_before AND balances.claim_version = new.claim_version_before
           AND ${condition}`
      )
      .change(
        "claims",
        claims,
        writes.claims,
        (from, condition) =>
          `${insert("claims", claims, from, condition)} ON CONFLICT (id) DO UPDATE SET ${overwrite(claims, ["id"])}`
      )
  }

  private rows(statement: Statement, rows: ReadonlyArray<WrittenRow>): void {
    const byTable = Map.groupBy(rows, (row) => row.table)
    for (const table of Object.keys(tables) as ReadonlyArray<Table>) {
      const rows = byTable.get(table)
      if (rows === undefined) continue
      statement
        .insert(
          table,
          rowColumns,
          rows.filter(({ row, before }) => row !== null && before === 0)
        )
        .change(
          table,
          changeColumns,
          rows.filter(({ row, before }) => row !== null && before > 0),
          (from, condition) =>
            `UPDATE onhand.${table} SET version = new.version::bigint, data = new.data::jsonb
           FROM ${unnest(changeColumns, from)}
           WHERE ${table}.id = new.id AND ${table}.version = new.before AND ${condition}`
        )
        .change(
          table,
          removeColumns,
          rows.filter(({ row, before }) => row === null && before > 0),
          (from, condition) =>
            `DELETE FROM onhand.${table} USING ${unnest(removeColumns, from)}
             WHERE ${table}.id = new.id AND ${table}.version = new.before AND ${condition}`
        )
    }
  }
}
