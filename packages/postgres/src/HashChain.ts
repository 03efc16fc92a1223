/**
 * The hash chain: each commit is sealed with a hash over its ledger rows and the hash before it, so that a row that
 * somebody changed, removed, added or moved afterwards is found, with its place. It does not keep an owner of the
 * database from rewriting the whole end of the chain; a hash that was noted elsewhere does.
 */
import { createHash } from "node:crypto"
import type { StoreUnavailable, WrittenCommand } from "@onhand/core"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { type Column, readOf } from "./Columns.ts"
import { claimEventColumns, commandColumns, integer, movementColumns, text, timed } from "./LedgerColumns.ts"
import { rowsOf } from "./ListQuery.ts"

/** How many commits are read back at once when the chain is verified. */
const COMMITS_AT_ONCE = 50

/** Hexadecimal digits of one SHA-256. */
const DIGEST_LENGTH = 64

/**
 * The seal of one commit of a shard: the digest of each seq's rows, and the hash over those and the hash before. All in
 * hexadecimal, the digests one after the other.
 */
export interface Seal {
  readonly shard: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly digests: string
  readonly hash: string
}

export const sealColumns: ReadonlyArray<Column<Seal>> = [
  integer("shard", (seal) => seal.shard),
  integer("first_seq", (seal) => seal.firstSeq),
  integer("last_seq", (seal) => seal.lastSeq),
  text("digests", (seal) => seal.digests),
  text("hash", (seal) => seal.hash)
]

const sha256 = (parts: ReadonlyArray<string>): string => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest("hex")
}

const lineOf = (table: string, values: ReadonlyArray<unknown>): string => `${JSON.stringify([table, ...values])}\n`

/** The rows of each seq as text; in one order whether they are written or read back. */
class SealedRows {
  private readonly lines = new Map<number, Array<string>>()

  add(seq: number, line: string): void {
    const lines = this.lines.get(seq)
    if (lines === undefined) this.lines.set(seq, [line])
    else lines.push(line)
  }

  seqs(): ReadonlyArray<number> {
    return [...this.lines.keys()].sort((a, b) => a - b)
  }

  digest(seq: number): string {
    return sha256(this.lines.get(seq) ?? [])
  }
}

interface LedgerTable<Row> {
  readonly name: string
  readonly columns: ReadonlyArray<Column<Row>>
  readonly rows: (commands: ReadonlyArray<WrittenCommand>) => ReadonlyArray<Row>
  readonly placeOf: (row: Row) => { readonly shard: number; readonly seq: number }
}

const table = <Row>(definition: LedgerTable<Row>) => ({
  name: definition.name,
  columns: definition.columns.map(({ name, type }) => ({ name, type })),
  lines: (commands: ReadonlyArray<WrittenCommand>) =>
    definition.rows(commands).map((row) => ({
      ...definition.placeOf(row),
      line: lineOf(
        definition.name,
        definition.columns.map(({ value }) => value(row))
      )
    }))
})

// The order of the tables, and of their columns, is part of every hash: it never changes, it is only added to.
const ledger = [
  table({ name: "commands", columns: commandColumns, rows: (commands) => commands, placeOf: ({ record }) => record }),
  table({
    name: "movements",
    columns: movementColumns,
    rows: (commands) => timed(commands, ({ movements }) => movements),
    placeOf: ({ entry }) => entry
  }),
  table({
    name: "claim_events",
    columns: claimEventColumns,
    rows: (commands) => timed(commands, ({ claimEvents }) => claimEvents),
    placeOf: ({ entry }) => entry
  })
]

/** Seals what a batch writes, each shard on top of its last hash. */
export const sealsOf = (
  commands: ReadonlyArray<WrittenCommand>,
  lastHashes: ReadonlyMap<number, string>
): ReadonlyArray<Seal> => {
  const byShard = new Map<number, SealedRows>()
  for (const { lines } of ledger) {
    for (const { shard, seq, line } of lines(commands)) {
      const rows = byShard.get(shard) ?? new SealedRows()
      byShard.set(shard, rows)
      rows.add(seq, line)
    }
  }
  return [...byShard].map(([shard, rows]) => {
    const seqs = rows.seqs()
    const digests = seqs.map((seq) => rows.digest(seq)).join("")
    return {
      shard,
      firstSeq: seqs[0] ?? 0,
      lastSeq: seqs.at(-1) ?? 0,
      digests,
      hash: sha256([lastHashes.get(shard) ?? "", digests])
    }
  })
}

/** A place in the ledger where it is not what was sealed. */
export interface BrokenSeal {
  readonly shard: number
  readonly seq: number
  readonly reason: "a row differs" | "the seals do not follow each other" | "rows stand outside every seal"
}

/**
 * What verifying the chain found: how many commits and commands are sealed, and the first place of each shard that is
 * not.
 */
export interface ChainVerification {
  readonly commits: number
  readonly seqs: number
  readonly broken: ReadonlyArray<BrokenSeal>
  /** The last hash of each shard. Noted elsewhere, it shows later that nothing before it was rewritten. */
  readonly heads: ReadonlyMap<number, string>
}

const sealFrom = (row: ReadonlyArray<unknown>): Seal => ({
  shard: Number(row[0]),
  firstSeq: Number(row[1]),
  lastSeq: Number(row[2]),
  digests: String(row[3]),
  hash: String(row[4])
})

const readSeals = (sql: SqlClient, shard: number, after: number) =>
  Effect.map(
    rowsOf(
      sql,
      `SELECT ${sealColumns.map(readOf).join(", ")} FROM onhand.seals
       WHERE shard = $1::float8::int AND last_seq > $2::float8::bigint ORDER BY last_seq LIMIT ${COMMITS_AT_ONCE}`,
      [shard, after]
    ),
    (rows) => rows.map(sealFrom)
  )

/** The ledger rows of a range of seqs, as they were sealed. */
const readRows = (sql: SqlClient, shard: number, first: number, last: number) =>
  Effect.gen(function* () {
    const sealed = new SealedRows()
    for (const { name, columns } of ledger) {
      const order = name === "commands" ? "seq" : "seq, line"
      const rows = yield* rowsOf(
        sql,
        `SELECT seq::float8, ${columns.map(readOf).join(", ")} FROM onhand.${name}
         WHERE shard = $1::float8::int AND seq BETWEEN $2::float8::bigint AND $3::float8::bigint ORDER BY ${order}`,
        [shard, first, last]
      )
      for (const [seq, ...values] of rows) sealed.add(Number(seq), lineOf(name, values))
    }
    return sealed
  })

const digestAt = (seal: Seal, index: number): string =>
  seal.digests.slice(index * DIGEST_LENGTH, (index + 1) * DIGEST_LENGTH)

/** The first seq whose rows are not as sealed; where the last ones are missing, the last seq of the seal. */
const differs = (seal: Seal, rows: SealedRows, seqs: ReadonlyArray<number>): number | undefined =>
  seqs.find((seq, index) => rows.digest(seq) !== digestAt(seal, index)) ??
  (seqs.length * DIGEST_LENGTH < seal.digests.length ? seal.lastSeq : undefined)

const verifyShard = (sql: SqlClient, shard: number, headSeq: number, headHash: string) =>
  Effect.gen(function* () {
    let [seq, hash, commits, seqs] = [0, "", 0, 0]
    const broken = (at: number, reason: BrokenSeal["reason"]) => ({
      commits,
      seqs,
      broken: [{ shard, seq: at, reason }]
    })
    for (;;) {
      const seals = yield* readSeals(sql, shard, seq)
      const [first, last] = [seals[0], seals.at(-1)]
      if (first === undefined || last === undefined) break
      const rows = yield* readRows(sql, shard, seq + 1, last.lastSeq)
      const present = rows.seqs()
      for (const seal of seals) {
        const between = present.filter((at) => at > seq && at <= seal.lastSeq)
        const stray = between.find((at) => at < seal.firstSeq)
        if (stray !== undefined) return broken(stray, "rows stand outside every seal")
        const changed = differs(seal, rows, between)
        if (changed !== undefined) return broken(changed, "a row differs")
        if (seal.hash !== sha256([hash, seal.digests]))
          return broken(seal.firstSeq, "the seals do not follow each other")
        ;[seq, hash] = [seal.lastSeq, seal.hash]
        commits += 1
        seqs += between.length
      }
    }
    const left = yield* readRows(sql, shard, seq + 1, Number.MAX_SAFE_INTEGER)
    const stray = left.seqs()[0]
    if (stray !== undefined) return broken(stray, "rows stand outside every seal")
    if (hash !== headHash || seq > headSeq) return broken(seq, "the seals do not follow each other")
    return { commits, seqs, broken: [] }
  })

/** Reads the whole ledger back and checks every seal. */
export const verifyChain = (sql: SqlClient): Effect.Effect<ChainVerification, StoreUnavailable> =>
  Effect.gen(function* () {
    const heads = yield* rowsOf(sql, "SELECT shard::float8, seq::float8, hash FROM onhand.heads ORDER BY shard", [])
    const shards = yield* Effect.forEach(heads, ([shard, seq, hash]) =>
      verifyShard(sql, Number(shard), Number(seq), String(hash))
    )
    return {
      commits: shards.reduce((sum, { commits }) => sum + commits, 0),
      seqs: shards.reduce((sum, { seqs }) => sum + seqs, 0),
      broken: shards.flatMap(({ broken }) => broken),
      heads: new Map(heads.map(([shard, , hash]) => [Number(shard), String(hash)]))
    }
  })
