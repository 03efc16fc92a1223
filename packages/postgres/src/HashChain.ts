/**
 * The hash chain: each commit is sealed with a hash over its ledger rows and the hash before it, so that a row that
 * somebody changed, removed, added or moved afterwards is found, with its place. It does not keep an owner of the
 * database from rewriting the whole end of the chain; a seal that was noted elsewhere tells.
 */
import { hash } from "node:crypto"
import type { StoreUnavailable } from "@onhand/core"
import { Effect, Schema, SchemaTransformation } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { type Column, readOf, type Value } from "./Columns.ts"
import { claimEventColumns, commandColumns, integer, movementColumns, text } from "./LedgerColumns.ts"
import { rowsOf } from "./ListQuery.ts"

/** How many commits are read back at once when the chain is verified. */
const COMMITS_AT_ONCE = 50

/** Hexadecimal digits kept of a row's SHA-256: 128 bits, since all of them stand under the whole hash of their seal. */
export const DIGEST_LENGTH = 32

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

const sha256 = (text: string): string => hash("sha256", text, "hex")

/** A value with its length, or its end, so that no two rows read the same one after the other. */
const sealedText = (value: Value): string =>
  value === null ? "-" : typeof value === "number" ? `${value};` : `${value.length}:${value}`

/** The hash of a seal that follows another. */
const linked = (before: string, seal: Pick<Seal, "digests">): string => sha256(before + seal.digests)

/** A table of the ledger: its columns, and which of them say where in the ledger a row stands. */
const table = <Row>(name: string, columns: ReadonlyArray<Column<Row>>) => ({
  name,
  columns,
  reads: columns.map((column) => readOf(column)).join(", "),
  shard: columns.findIndex((column) => column.name === "shard"),
  seq: columns.findIndex((column) => column.name === "seq")
})
type SealedTable = Omit<ReturnType<typeof table>, "columns">

// The order of the tables, and of their columns, is part of every hash: it never changes, it is only added to.
export const commandTable = table("commands", commandColumns)
export const movementTable = table("movements", movementColumns)
export const claimEventTable = table("claim_events", claimEventColumns)
const ledger: ReadonlyArray<SealedTable> = [commandTable, movementTable, claimEventTable]

/** The rows of each seq as text; in one order whether they are written or read back. */
class SealedRows {
  private readonly texts = new Map<number, string>()

  add(seq: number, text: string): void {
    this.texts.set(seq, (this.texts.get(seq) ?? "") + text)
  }

  seqs(): ReadonlyArray<number> {
    return [...this.texts.keys()].sort((a, b) => a - b)
  }

  digest(seq: number): string {
    return sha256(this.texts.get(seq) ?? "").slice(0, DIGEST_LENGTH)
  }
}

/** Rows of a table on their way into the database, as arrays of its columns' values. */
export interface LedgerRows {
  readonly table: SealedTable
  readonly values: ReadonlyArray<ReadonlyArray<Value>>
}

const byShard = (ledgerRows: ReadonlyArray<LedgerRows>): ReadonlyMap<number, SealedRows> => {
  const shards = new Map<number, SealedRows>()
  for (const { table, values } of ledgerRows) {
    const seqs = values[table.seq] ?? []
    for (let row = 0; row < seqs.length; row++) {
      const shard = Number(values[table.shard]?.[row])
      const rows = shards.get(shard) ?? new SealedRows()
      shards.set(shard, rows)
      let text = table.name
      for (const column of values) text += sealedText(column[row] ?? null)
      rows.add(Number(seqs[row]), text)
    }
  }
  return shards
}

/** The seals of a batch, gathered while its rows are on their way. */
export class Sealing {
  private readonly shards = new Map<number, { readonly firstSeq: number; lastSeq: number; digests: string }>()

  /** Takes in the next rows, in the order of the ledger's tables; all rows of a seq come at once. */
  add(ledgerRows: ReadonlyArray<LedgerRows>): void {
    for (const [shard, rows] of byShard(ledgerRows)) {
      const seqs = rows.seqs()
      const seal = this.shards.get(shard) ?? { firstSeq: seqs[0] ?? 0, lastSeq: 0, digests: "" }
      for (const seq of seqs) seal.digests += rows.digest(seq)
      seal.lastSeq = seqs.at(-1) ?? 0
      this.shards.set(shard, seal)
    }
  }

  /** The seals, each shard's on top of its last hash. */
  seals(lastHashes: ReadonlyMap<number, string>): ReadonlyArray<Seal> {
    return [...this.shards].map(([shard, seal]) => ({
      shard,
      ...seal,
      hash: linked(lastHashes.get(shard) ?? "", seal)
    }))
  }
}

/** A place in the ledger where it is not what was sealed. */
export interface BrokenSeal {
  readonly shard: number
  readonly seq: number
  readonly reason:
    | "a row differs"
    | "the seals do not follow each other"
    | "rows stand outside every seal"
    | "this is not what was noted"
}

/** The last seal of a shard as it was at some time: the seq that it ends with, and its hash. */
export const NotedSeal = Schema.Struct({ shard: Schema.Int, seq: Schema.Int, hash: Schema.String })
export interface NotedSeal extends Schema.Schema.Type<typeof NotedSeal> {}

/**
 * The last seals of all shards as a text to be noted elsewhere: `shard:seq:hash`, joined by commas. Nothing before them
 * can be rewritten any more without {@link verifyChain} telling whoever has the note.
 */
export const SealNote = Schema.String.check(
  Schema.isPattern(/^\d{1,9}:\d{1,15}:[0-9a-f]{64}(,\d{1,9}:\d{1,15}:[0-9a-f]{64})*$/, {
    message: "a note of seals, shard:seq:hash joined by commas, is accepted"
  })
).pipe(
  Schema.decodeTo(
    Schema.Array(NotedSeal),
    SchemaTransformation.transform({
      decode: (note: string): ReadonlyArray<NotedSeal> =>
        note.split(",").map((seal) => {
          const [shard, seq, hash = ""] = seal.split(":")
          return { shard: Number(shard), seq: Number(seq), hash }
        }),
      encode: (seals: ReadonlyArray<NotedSeal>) =>
        seals.map(({ shard, seq, hash }) => `${shard}:${seq}:${hash}`).join(",")
    })
  )
)

/**
 * What verifying the chain found: how many commits and commands are sealed, and the first place of each shard that is
 * not.
 */
export interface ChainVerification {
  readonly commits: number
  readonly seqs: number
  readonly broken: ReadonlyArray<BrokenSeal>
  /** The last seal of each shard that is sound; as a {@link SealNote}, what is to be noted elsewhere. */
  readonly heads: ReadonlyArray<NotedSeal>
}

const sealFrom = (row: ReadonlyArray<unknown>): Seal => ({
  shard: Number(row[0]),
  firstSeq: Number(row[1]),
  lastSeq: Number(row[2]),
  digests: String(row[3]),
  hash: String(row[4])
})

/** The end of a shard as one instant saw it: all that comes up to it is committed, and changes no more. */
interface End {
  readonly shard: number
  readonly seq: number
  readonly hash: string
  /** The first row and the first seal behind the head of that instant, where there must be none. */
  readonly rowBehind: number | undefined
  readonly sealBehind: number | undefined
}

/** The first seq of a shard that has rows after another one; null if there is none. */
const firstRowAfter = (shard: string, seq: string): string =>
  `least(${ledger
    .map(({ name }) => `(SELECT min(seq) FROM onhand.${name} WHERE shard = ${shard} AND seq > ${seq})`)
    .join(", ")})::float8`

const seqIn = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)

/** One statement, thus one instant: whatever others commit meanwhile comes after it. */
const readEnds = (sql: SqlClient) =>
  Effect.map(
    rowsOf(
      sql,
      `SELECT shard::float8, seq::float8, hash, ${firstRowAfter("h.shard", "h.seq")},
         (SELECT min(last_seq) FROM onhand.seals WHERE shard = h.shard AND last_seq > h.seq)::float8
       FROM onhand.heads h ORDER BY shard`,
      []
    ),
    (rows) =>
      rows.map(
        ([shard, seq, hash, row, seal]): End => ({
          shard: Number(shard),
          seq: Number(seq),
          hash: String(hash),
          rowBehind: seqIn(row),
          sealBehind: seqIn(seal)
        })
      )
  )

const readSeals = (sql: SqlClient, { shard, seq }: End, after: number) =>
  Effect.map(
    rowsOf(
      sql,
      `SELECT ${sealColumns.map(readOf).join(", ")} FROM onhand.seals
       WHERE shard = $1::float8::int AND last_seq > $2::float8::bigint AND last_seq <= $3::float8::bigint
       ORDER BY last_seq LIMIT ${COMMITS_AT_ONCE}`,
      [shard, after, seq]
    ),
    (rows) => rows.map(sealFrom)
  )

/** The ledger rows of a range of seqs, as they were sealed. */
const readRows = (sql: SqlClient, shard: number, first: number, last: number) =>
  Effect.gen(function* () {
    const sealed = new SealedRows()
    for (const table of ledger) {
      const rows = yield* rowsOf(
        sql,
        `SELECT ${table.reads} FROM onhand.${table.name}
         WHERE shard = $1::float8::int AND seq BETWEEN $2::float8::bigint AND $3::float8::bigint
         ORDER BY seq${table === commandTable ? "" : ", line"}`,
        [shard, first, last]
      )
      for (const row of rows as ReadonlyArray<ReadonlyArray<Value>>) {
        sealed.add(Number(row[table.seq]), table.name + row.map(sealedText).join(""))
      }
    }
    return sealed
  })

const digestAt = (seal: Seal, index: number): string =>
  seal.digests.slice(index * DIGEST_LENGTH, (index + 1) * DIGEST_LENGTH)

/** The first seq whose rows are not as sealed; where the last ones are missing, the last seq of the seal. */
const differs = (seal: Seal, rows: SealedRows, seqs: ReadonlyArray<number>): number | undefined =>
  seqs.find((seq, index) => rows.digest(seq) !== digestAt(seal, index)) ??
  (seqs.length * DIGEST_LENGTH < seal.digests.length ? seal.lastSeq : undefined)

/** The first of the noted seals after a seq that should end where this one does, or before, and is another. */
const unlikeNoted = (noted: ReadonlyArray<NotedSeal>, after: number, { lastSeq, hash }: Seal): number | undefined =>
  noted.find(({ seq, ...was }) => seq > after && seq <= lastSeq && (seq < lastSeq || was.hash !== hash))?.seq

/**
 * Checks the seals of a shard up to its end. What is committed never changes, so it needs no snapshot and holds nobody
 * up: each of its statements is short, and what others commit between them lies behind the end.
 */
const verifyShard = (sql: SqlClient, end: End, noted: ReadonlyArray<NotedSeal>) =>
  Effect.gen(function* () {
    const { shard } = end
    let [seq, hash, commits, seqs] = [0, "", 0, 0]
    const broken = (at: number, reason: BrokenSeal["reason"]) => ({
      commits,
      seqs,
      broken: [{ shard, seq: at, reason }],
      heads: []
    })
    for (;;) {
      const seals = yield* readSeals(sql, end, seq)
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
        if (seal.hash !== linked(hash, seal)) return broken(seal.firstSeq, "the seals do not follow each other")
        const other = unlikeNoted(noted, seq, seal)
        if (other !== undefined) return broken(other, "this is not what was noted")
        ;[seq, hash] = [seal.lastSeq, seal.hash]
        commits += 1
        seqs += between.length
      }
    }
    const [next] = yield* rowsOf(sql, `SELECT ${firstRowAfter("$1::float8::int", "$2::float8::bigint")}`, [shard, seq])
    const unsealed = seqIn(next?.[0]) ?? end.seq + 1
    const stray = unsealed <= end.seq ? unsealed : end.rowBehind
    if (stray !== undefined) return broken(stray, "rows stand outside every seal")
    if (hash !== end.hash) return broken(seq, "the seals do not follow each other")
    if (end.sealBehind !== undefined) return broken(end.sealBehind, "the seals do not follow each other")
    const gone = noted.find((seal) => seal.seq > seq)
    if (gone !== undefined) return broken(gone.seq, "this is not what was noted")
    return { commits, seqs, broken: [], heads: hash === "" ? [] : [{ shard, seq, hash }] }
  })

/**
 * Reads the ledger back, as far as it goes when this begins, and checks every seal. Others may write meanwhile. Seals
 * that were noted must still be at their places: else the ledger was rewritten from before them, or cut off.
 */
export const verifyChain = (
  sql: SqlClient,
  noted: ReadonlyArray<NotedSeal> = []
): Effect.Effect<ChainVerification, StoreUnavailable> =>
  Effect.gen(function* () {
    const ends = yield* readEnds(sql)
    const lost = noted.filter(({ shard }) => !ends.some((end) => end.shard === shard))
    const shards = yield* Effect.forEach(ends, (end) =>
      verifyShard(
        sql,
        end,
        noted.filter(({ shard }) => shard === end.shard)
      )
    )
    return {
      commits: shards.reduce((sum, { commits }) => sum + commits, 0),
      seqs: shards.reduce((sum, { seqs }) => sum + seqs, 0),
      broken: [
        ...shards.flatMap(({ broken }) => broken),
        ...lost.map(({ shard, seq }) => ({ shard, seq, reason: "this is not what was noted" as const }))
      ],
      heads: shards.flatMap(({ heads }) => heads)
    }
  })
