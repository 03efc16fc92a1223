/**
 * Loading: the rows that a batch's decisions read, all in one statement, as they are under the lock.
 */
import {
  Balance,
  Claim,
  CommandRecord,
  type HoldingsRef,
  type Loaded,
  type LoadRequest,
  LocationId,
  MAX_HOLDINGS,
  Movement,
  NewClaimEvent,
  ProductId,
  type Recount,
  type Rows,
  type StockKey,
  type StockPlace,
  StoreFailure,
  type Table,
  tables
} from "@onhand/core"
import { Effect, Schema } from "effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { arrayOf } from "./Columns.ts"
import { claimsRecounted, ofKeys, recounted, recountedFields } from "./Recount.ts"

/** Decodes a row of a table from the JSON that the database keeps. */
export const decodeRow: { readonly [T in Table]: (json: unknown) => Rows[T] } = {
  products: Schema.decodeUnknownSync(tables.products),
  locations: Schema.decodeUnknownSync(tables.locations),
  names: Schema.decodeUnknownSync(tables.names),
  carts: Schema.decodeUnknownSync(tables.carts),
  counts: Schema.decodeUnknownSync(tables.counts),
  lots: Schema.decodeUnknownSync(tables.lots),
  orders: Schema.decodeUnknownSync(tables.orders),
  policies: Schema.decodeUnknownSync(tables.policies),
  stockPolicies: Schema.decodeUnknownSync(tables.stockPolicies),
  thresholds: Schema.decodeUnknownSync(tables.thresholds),
  transfers: Schema.decodeUnknownSync(tables.transfers),
  users: Schema.decodeUnknownSync(tables.users),
  sessions: Schema.decodeUnknownSync(tables.sessions),
  apiKeys: Schema.decodeUnknownSync(tables.apiKeys),
  vendors: Schema.decodeUnknownSync(tables.vendors),
  vendorProducts: Schema.decodeUnknownSync(tables.vendorProducts),
  contactRecords: Schema.decodeUnknownSync(tables.contactRecords),
  purchaseOrders: Schema.decodeUnknownSync(tables.purchaseOrders),
  notifications: Schema.decodeUnknownSync(tables.notifications),
  webhooks: Schema.decodeUnknownSync(tables.webhooks)
}

/** Microseconds since 1970 of a timestamp column. */
export const micros = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::float8`

/** A parameter list that hands out its own `$n`, after the values that it begins with. */
export const parameters = (first: ReadonlyArray<unknown> = []) => {
  const values: Array<unknown> = [...first]
  return { values, add: (value: unknown) => `$${values.push(value)}` }
}

/** A JSON object of columns, by the names that core gives them. */
export const jsonOf = (fields: Readonly<Record<string, string>>): string =>
  `json_build_object(${Object.entries(fields)
    .map(([name, column]) => `'${name}', ${column}`)
    .join(", ")})::text`

export const sourceOf = (table: string) =>
  `CASE WHEN ${table}.source_type IS NOT NULL
    THEN json_build_object('type', ${table}.source_type, 'id', ${table}.source_id) END`

/** A movement `m` as JSON. */
export const movementJson = jsonOf({
  kind: "m.kind",
  product: "m.product",
  location: "m.location",
  lot: "m.lot",
  from: "m.from_place",
  to: "m.to_place",
  quantity: "m.quantity",
  reason: "m.reason",
  source: sourceOf("m"),
  unitCost: `CASE WHEN m.unit_cost IS NOT NULL THEN json_build_object(
    'amount', m.unit_cost::text, 'currency', m.unit_cost_currency) END`,
  entered: "m.entered::json",
  shard: "m.shard",
  seq: "m.seq",
  line: "m.line",
  version: "m.version",
  onHandAfter: "m.on_hand_after",
  sellableAfter: "m.sellable_after",
  command: "m.command",
  actor: "m.actor",
  occurredAt: "m.occurred_at",
  recordedAt: "m.recorded_at"
})

/** A command's record as JSON. */
export const commandJson = jsonOf({
  key: "key",
  tag: "tag",
  payloadText: "payload",
  id: "id",
  actor: "actor",
  outcome: "outcome",
  reply: "reply::json",
  shard: "shard",
  seq: "seq",
  occurredAt: "occurred_at",
  recordedMicros: micros("recorded_at")
})

const commandPart = (keys: string) =>
  `SELECT 0, '', ${commandJson} FROM onhand.commands WHERE key = ANY(${keys}::text[])`

const rowPart = (table: Table, ids: string) =>
  `SELECT 1, '${table}', data::text FROM onhand.${table} WHERE id = ANY(${ids}::text[])`

const balanceJson = jsonOf({
  product: "b.product",
  location: "b.location",
  lot: "b.lot",
  sellable: "b.sellable",
  qualityControl: "b.quality_control",
  damaged: "b.damaged",
  quarantine: "b.quarantine",
  held: "b.held",
  committed: "b.committed",
  floor: "b.floor",
  version: "b.version",
  claimVersion: "b.claim_version"
})

const balancePart = (products: string, locations: string) => `
  SELECT 2, '', ${balanceJson}
  FROM unnest(${products}::text[], ${locations}::text[]) AS place(product, location)
  JOIN onhand.balances b ON b.product = place.product AND b.location = place.location`

/** A claim `c` as JSON. */
export const claimJson = jsonOf({
  id: "c.id",
  product: "c.product",
  location: "c.location",
  lot: "c.lot",
  quantity: "c.quantity",
  state: "c.state",
  expiresAt: "c.expires_at",
  source: sourceOf("c")
})

/** A claim event `e` as JSON, as a decision wrote it. */
const claimEventJson = jsonOf({
  kind: "e.kind",
  claim: "e.claim",
  product: "e.product",
  location: "e.location",
  lot: "e.lot",
  quantity: "e.quantity",
  expiresAt: "e.expires_at",
  source: sourceOf("e")
})

const lapsedPart = (products: string, locations: string, now: string) => `
  SELECT 3, '', ${claimJson}
  FROM unnest(${products}::text[], ${locations}::text[]) AS place(product, location)
  JOIN onhand.claims c ON c.product = place.product AND c.location = place.location
  WHERE c.state = 'held' AND c.expires_at <= to_timestamp(${now}::float8 / 1e6)`

const claimPart = (ids: string) => `SELECT 3, '', ${claimJson} FROM onhand.claims c WHERE c.id = ANY(${ids}::text[])`

// A stretch of the primary key of each shard, of which one has the location.
const holdingsPart = ({ location, after }: Readonly<Record<keyof HoldingsRef, string>>) => `
  SELECT 5, '', ${jsonOf({ location, after, products: "coalesce(json_agg(s.product), '[]')" })}
  FROM (
    SELECT DISTINCT b.product FROM onhand.heads h
    JOIN onhand.balances b ON b.shard = h.shard AND b.location = ${location} AND b.product > ${after}
    WHERE b.sellable + b.quality_control + b.damaged + b.quarantine > 0 OR b.held + b.committed > 0
    ORDER BY b.product LIMIT ${MAX_HOLDINGS}
  ) s`

const movementPart = (shards: string, seqs: string, lines: string) => `
  SELECT 6, '', ${movementJson}
  FROM unnest(${shards}::float8[], ${seqs}::float8[], ${lines}::float8[]) AS id(shard, seq, line)
  JOIN onhand.movements m ON m.shard = id.shard::int AND m.seq = id.seq::bigint AND m.line = id.line::int`

const recountPart = (products: string, locations: string, lots: string) => {
  const balanceOf = (place: 1 | 2) =>
    `json_build_object('product', product, 'location', location, 'lot', lot, 'floor', coalesce(b.floor, 0),
      ${recountedFields.map((field) => `'${field[0]}', coalesce(${field[place]}, 0)`).join(", ")})`
  const claims = "coalesce(w.claims, '[]'::json)"
  const json = jsonOf({ stored: balanceOf(1), recomputed: balanceOf(2), claims })
  const ledger = ofKeys(products, locations, lots)
  const wrong = `FULL JOIN (${claimsRecounted(ledger, claimJson, claimEventJson)}) w USING (product, location, lot)`
  return `SELECT 7, '', counted FROM (${recounted(ledger, `${json} AS counted`, wrong)}) r`
}

const numbersOf = (id: string) => id.split("-").map(Number)

/** A stretch of the history of a shard: after the seq that ended a commit, with the hash of its seal, up to another. */
export interface Since {
  readonly shard: number
  readonly seq: number
  readonly hash: string
  readonly upTo: number
}

const sealPart = (shard: string, seq: string) =>
  `SELECT 4, '', hash FROM onhand.seals WHERE shard = ${shard}::float8::int AND last_seq = ${seq}::float8::bigint`

// One by one: of a range whose ends it does not know, the planner thinks that it is a large part of the ledger, and so
// it would plan each anew.
const movedPart = (shard: string, seqs: string) => {
  const moved = (table: string) =>
    `SELECT product, location FROM onhand.${table}
     WHERE shard = ${shard}::float8::int AND seq = ANY(${seqs}::float8[]::bigint[])`
  return `
  SELECT 2, '', ${balanceJson}
  FROM (${moved("movements")} UNION ${moved("claim_events")}) AS place
  JOIN onhand.balances b
    ON b.shard = ${shard}::float8::int AND b.product = place.product AND b.location = place.location`
}

const statementOf = (request: LoadRequest, now: number, since: Since | undefined) => {
  const { values, add } = parameters()
  const parts: Array<string> = []
  if (since !== undefined) {
    const shard = add(since.shard)
    const seqs = Array.from({ length: since.upTo - since.seq }, (_, index) => since.seq + 1 + index)
    parts.push(sealPart(shard, add(since.seq)), movedPart(shard, add(arrayOf(seqs, "integer"))))
  }
  const texts = (items: ReadonlyArray<string>) => add(arrayOf(items, "text"))
  if (request.keys.length > 0) parts.push(commandPart(texts(request.keys)))
  const byTable = Map.groupBy(request.rows, (row) => row.table)
  // Statements are prepared by their text: one fixed order of the parts keeps their number small.
  for (const table of Object.keys(tables) as ReadonlyArray<Table>) {
    const rows = byTable.get(table)
    if (rows !== undefined) parts.push(rowPart(table, texts(rows.map((row) => row.id))))
  }
  const places = (stock: ReadonlyArray<StockPlace>) =>
    [texts(stock.map((place) => place.product)), texts(stock.map((place) => place.location))] as const
  if (request.stock.length > 0) parts.push(balancePart(...places(request.stock)))
  const watched = [...request.stock, ...request.holds]
  if (watched.length > 0) parts.push(lapsedPart(...places(watched), add(now)))
  if (request.claims.length > 0) parts.push(claimPart(texts(request.claims)))
  for (const { location, after } of request.holdings)
    parts.push(holdingsPart({ location: `${add(location)}::text`, after: `${add(after)}::text` }))
  if (request.movements.length > 0) {
    const numbers = request.movements.map(numbersOf)
    const column = (index: number) =>
      add(
        arrayOf(
          numbers.map((id) => id[index] ?? -1),
          "integer"
        )
      )
    parts.push(movementPart(column(0), column(1), column(2)))
  }
  if (request.recounts.length > 0) {
    const column = (field: keyof StockKey) => texts(request.recounts.map((key) => key[field]))
    parts.push(recountPart(column("product"), column("location"), column("lot")))
  }
  return { text: parts.join("\nUNION ALL\n"), values }
}

export const decodeMovement = Schema.decodeUnknownSync(Movement)
const decodeHoldings = Schema.decodeUnknownSync(
  Schema.Struct({ location: LocationId, after: Schema.String, products: Schema.Array(ProductId) })
)
const decodeRecount = Schema.decodeUnknownSync(
  Schema.Struct({
    stored: Balance,
    recomputed: Balance,
    claims: Schema.Array(Schema.Struct({ stored: Schema.NullOr(Claim), events: Schema.Array(NewClaimEvent) }))
  })
)
const decodeBalance = Schema.decodeUnknownSync(Balance)
export const decodeClaim = Schema.decodeUnknownSync(Claim)
/** Decodes a command's record. */
export const decodeCommand = Schema.decodeUnknownSync(CommandRecord)

/**
 * Loads what a batch asks for. `now` is the store's clock under the lock, in microseconds. With `since`, also the
 * balances of all stock that moved after it; a history that did not go through there is not the one that was known.
 */
export const load = (
  connection: Connection,
  request: LoadRequest,
  now: number,
  since?: Since
): Effect.Effect<Loaded, SqlError | StoreFailure> => {
  const statement = statementOf(request, now, since)
  if (statement.text === "") return Effect.succeed(collect([]).loaded)
  return Effect.flatMap(connection.executeValues(statement.text, statement.values), (found) => {
    const { loaded, hash } = collect(found as ReadonlyArray<FoundRow>)
    return hash === since?.hash
      ? Effect.succeed(loaded)
      : Effect.fail(new StoreFailure({ outcome: "rolledBack", cause: new Error("The ledger has another history") }))
  })
}

type FoundRow = readonly [part: number, table: Table, text: string]

/** The rows of a statement's parts, each to its own, and the hash of the seal if one was asked for. */
const collect = (found: ReadonlyArray<FoundRow>) => {
  const known: Array<CommandRecord> = []
  const rows: Array<Loaded["rows"][number]> = []
  const balances: Array<Balance> = []
  const claims: Array<Claim> = []
  const holdings: Array<Loaded["holdings"][number]> = []
  const movements: Array<Movement> = []
  const recounts: Array<Recount> = []
  let hash: string | undefined
  for (const [part, table, text] of found) {
    if (part === 4) {
      hash = text
      continue
    }
    const json = JSON.parse(text)
    if (part === 0) known.push(decodeCommand(json))
    else if (part === 1) rows.push({ table, row: decodeRow[table](json) })
    else if (part === 2) balances.push(decodeBalance(json))
    else if (part === 3) claims.push(decodeClaim(json))
    else if (part === 5) holdings.push(decodeHoldings(json))
    else if (part === 6) movements.push(decodeMovement(json))
    else recounts.push(decodeRecount(json))
  }
  const loaded: Loaded = { known, rows, balances, claims, holdings, movements, recounts }
  return { loaded, hash }
}
