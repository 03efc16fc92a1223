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

/** A statement made of writes that happen together, and how many rows each of them must touch. */
class Statement {
  private readonly parts: Array<string> = []
  private readonly values: Array<unknown> = []
  private readonly expected: Array<readonly [what: string, rows: number]> = []

  /** Adds a write over rows; `text` is given the number of its first parameter. Nothing is added for no rows. */
  add<Row>(
    what: string,
    columns: ReadonlyArray<Column<Row>>,
    rows: ReadonlyArray<Row>,
    text: (from: number) => string
  ): this {
    if (rows.length === 0) return this
    const name = `w${this.parts.length}`
    this.parts.push(`${name} AS (${text(this.values.length + 1)} RETURNING 1)`)
    this.values.push(...parametersOf(columns, rows))
    this.expected.push([what, rows.length])
    return this
  }

  insert<Row>(
    table: string,
    columns: ReadonlyArray<Column<Row>>,
    rows: ReadonlyArray<Row>,
    onConflict = "DO NOTHING"
  ): this {
    return this.add(table, columns, rows, (from) => `${insert(table, columns, from)} ON CONFLICT ${onConflict}`)
  }

  /** Runs it. A write that touched fewer rows than it must has met another transaction's, and fails the batch. */
  run(connection: Connection): Effect.Effect<void, SqlError | StoreFailure> {
    if (this.parts.length === 0) return Effect.void
    const counts = this.expected.map((_, index) => `(SELECT count(*)::int FROM w${index})`)
    return Effect.flatMap(
      connection.executeValues(`WITH ${this.parts.join(",\n")} SELECT ${counts.join(", ")}`, this.values),
      ([row = []]) => {
        const missed = this.expected.find(([, rows], index) => row[index] !== rows)
        return missed === undefined
          ? Effect.void
          : Effect.fail(
              new StoreFailure({
                outcome: "rolledBack",
                cause: new Error(`${missed[0]} changed in another transaction`)
              })
            )
      }
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
    .add(
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
    .insert(
      "balances",
      balances,
      writes.balances.map(({ balance }) => balance),
      `(shard, location, product, lot) DO UPDATE SET ${overwrite(balances, ["shard", "product", "location", "lot"])}
       WHERE balances.version <= excluded.version AND balances.claim_version <= excluded.claim_version`
    )
    .insert("claims", claims, writes.claims, `(id) DO UPDATE SET ${overwrite(claims, ["id"])}`)
  const changed = new Statement()
  const byTable = Map.groupBy(writes.rows, (row) => row.table)
  for (const table of Object.keys(tables) as ReadonlyArray<Table>) {
    const rows = byTable.get(table) ?? []
    added.insert(
      table,
      rowColumns,
      rows.filter(({ row, before }) => row !== null && before === 0)
    )
    changed.add(
      table,
      changeColumns,
      rows.filter(({ row, before }) => row !== null && before > 0),
      (from) =>
        `UPDATE onhand.${table} SET version = new.version::bigint, data = new.data::jsonb
       FROM ${unnest(changeColumns, from)} WHERE ${table}.id = new.id AND ${table}.version = new.before`
    )
    changed.add(
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
