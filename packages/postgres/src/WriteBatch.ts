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
  type WrittenRow
} from "@onhand/core"
import { Effect, Schema } from "effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { type Column, insert, parametersOf, unnest } from "./Columns.ts"
import { sealColumns, sealsOf } from "./HashChain.ts"
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
  orders: Schema.encodeSync(tables.orders),
  thresholds: Schema.encodeSync(tables.thresholds),
  users: Schema.encodeSync(tables.users)
}

/** The head of a shard: its last seq, time and hash. */
interface Head {
  readonly shard: number
  readonly seq: number
  readonly micros: number
  readonly hash: string
}

const headColumns: ReadonlyArray<Column<Head>> = [
  integer("shard", ({ shard }) => shard),
  integer("seq", ({ seq }) => seq),
  integer("last_micros", ({ micros }) => micros),
  text("hash", ({ hash }) => hash)
]

type KeptBalance = Writes["balances"][number]["balance"]

const balanceColumns = (shards: number): ReadonlyArray<Column<KeptBalance>> => [
  integer("shard", (balance) => shardOf(balance.location, shards)),
  text("product", (balance) => balance.product),
  text("location", (balance) => balance.location),
  text("lot", (balance) => balance.lot),
  integer("sellable", (balance) => balance.sellable),
  integer("quality_control", (balance) => balance.qualityControl),
  integer("damaged", (balance) => balance.damaged),
  integer("quarantine", (balance) => balance.quarantine),
  integer("held", (balance) => balance.held),
  integer("committed", (balance) => balance.committed),
  integer("version", (balance) => balance.version),
  integer("claim_version", (balance) => balance.claimVersion)
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

  private part<Row>(columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>, text: (from: number) => string) {
    const name = `w${this.parts.length}`
    this.parts.push(`${name} AS (${text(this.values.length + 1)})`)
    this.values.push(...parametersOf(columns, rows))
    return name
  }

  /** Adds new rows; a row that is there already fails the batch. Nothing is added for no rows. */
  insert<Row>(table: string, columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>): this {
    if (rows.length > 0) this.part(columns, rows, (from) => insert(table, columns, from))
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
    const name = this.part(columns, rows, (from) => `${text(from)} RETURNING 1`)
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

/** Writes a decided batch in the transaction that holds its heads; `lastHashes` are the hashes of those heads. */
export const write = (
  connection: Connection,
  writes: Writes,
  shards: number,
  lastHashes: ReadonlyMap<number, string>
): Effect.Effect<void, SqlError | StoreFailure> => {
  const seals = sealsOf(writes.commands, lastHashes)
  const hashes = new Map([...lastHashes, ...seals.map(({ shard, hash }) => [shard, hash] as const)])
  const heads = [...writes.heads].map(([shard, seq]) => ({
    shard,
    seq,
    micros: writes.micros,
    hash: hashes.get(shard) ?? ""
  }))
  const balances = balanceColumns(shards)
  const claims = claimColumns(shards)
  const added = new Statement()
    .change(
      "heads",
      headColumns,
      writes.commands.length === 0 ? [] : heads,
      (from) =>
        `UPDATE onhand.heads SET seq = new.seq::bigint, last_micros = new.last_micros::bigint, hash = new.hash
       FROM ${unnest(headColumns, from)} WHERE heads.shard = new.shard`
    )
    .insert("seals", sealColumns, seals)
    .insert("commands", commandColumns, writes.commands)
    .insert(
      "movements",
      movementColumns,
      timed(writes.commands, (command) => command.movements)
    )
    .insert(
      "claim_events",
      claimEventColumns,
      timed(writes.commands, (command) => command.claimEvents)
    )
    .change(
      "balances",
      balances,
      writes.balances.map(({ balance }) => balance),
      (from) => `${insert("balances", balances, from)}
       ON CONFLICT (shard, location, product, lot) DO UPDATE
       SET ${overwrite(balances, ["shard", "product", "location", "lot"])}
       WHERE balances.version <= excluded.version AND balances.claim_version <= excluded.claim_version`
    )
    .change(
      "claims",
      claims,
      writes.claims,
      (from) => `${insert("claims", claims, from)} ON CONFLICT (id) DO UPDATE SET ${overwrite(claims, ["id"])}`
    )
  const changed = new Statement()
  const byTable = Map.groupBy(writes.rows, (row) => row.table)
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
  return Effect.andThen(added.run(connection), changed.run(connection))
}
