/**
 * Batches: many commands decided in order of arrival on one slice, to be written in one commit. Every store runs this
 * same code between locking its heads and writing the result; so a store only loads and writes.
 */
import { DateTime, Effect, Fiber, Result } from "effect"
import { applyClaimEvent, applyMovement, type Balance, isSound, onHand, onHandAt } from "./Balance.ts"
import { applyToClaim, type Claim, type ClaimEvent, type ClaimId } from "./Claim.ts"
import type { Decision, DecisionContext, Footprint } from "./Command.ts"
import type { Event, NewEvent } from "./Event.ts"
import { ExpireClaims } from "./Hold.ts"
import type { LocationId } from "./Location.ts"
import { availableNow } from "./Lot.ts"
import type { Movement } from "./Movement.ts"
import { corrected } from "./Recount.ts"
import { type RowChange, type RowRef, type Rows, ref, type Table } from "./Row.ts"
import { inOrder, type LoadedRows, type Missing, WorkingSlice } from "./Slice.ts"
import { lotId, NO_LOT, type StockKey, type StockPlace, shardOf, stockKeyText, stockPlaceText } from "./StockKey.ts"
import { type CommandRecord, type Outcome, payloadTextOf, replay, type Submission } from "./Submission.ts"
import { crossThreshold, openNotifications, type Threshold, thresholdId } from "./Threshold.ts"

/** What a store knows once it holds the heads of a batch's shards. */
export interface Opening {
  /** How many shards the ledger has. */
  readonly shards: number
  /** The last seq of every locked shard. */
  readonly heads: ReadonlyMap<number, number>
  /** The store's clock, in microseconds since 1970, past the last time it recorded in any of these shards. */
  readonly micros: number
  /**
   * What the last batch of this one shard knew in the end, if the store can tell that nobody has written there since.
   * Without it, everything is loaded.
   */
  readonly known?: WorkingSlice | undefined
  /** The holds that this last batch made or extended, if it is not committed yet, so that no load gives them. */
  readonly held?: ReadonlyArray<Claim> | undefined
}

/** What a store is asked for at once: rows that are missing, and the records of keys that were answered before. */
export interface LoadRequest extends Missing {
  readonly keys: ReadonlyArray<string>
}

/** What it found; what it did not find does not exist. */
export interface Loaded extends LoadedRows {
  readonly known: ReadonlyArray<CommandRecord>
}

/** One command's part of a commit. */
export interface WrittenCommand {
  readonly record: CommandRecord
  readonly movements: ReadonlyArray<Movement>
  readonly claimEvents: ReadonlyArray<ClaimEvent>
  readonly events: ReadonlyArray<Event>
}

/** A row as it is after the batch, and the version it had before (0: it did not exist). */
export interface WrittenRow {
  readonly table: Table
  readonly id: string
  readonly before: number
  readonly row: Rows[Table] | null
}

/** A balance as it is after the batch, the versions it had before (0: no history), and whether there was none. */
export interface WrittenBalance {
  readonly balance: Balance
  readonly isNew: boolean
  readonly version: number
  readonly claimVersion: number
}

/** What a batch writes, all of it or nothing. Balances, claims and rows come once each, in their order of locking. */
export interface Writes {
  readonly heads: ReadonlyMap<number, number>
  readonly micros: number
  readonly commands: ReadonlyArray<WrittenCommand>
  readonly balances: ReadonlyArray<WrittenBalance>
  readonly claims: ReadonlyArray<Claim>
  readonly rows: ReadonlyArray<WrittenRow>
  /**
   * Whether any balance was corrected, or got another floor: then the ledger does not tell how it came from what it was
   * before.
   */
  readonly corrected: boolean
}

/** A decided batch: an outcome for each submission, in their order, and the writes that make them true. */
export interface Decided {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly writes: Writes
  /** What is known once the writes are committed, for the `known` of the next batch. */
  readonly known: WorkingSlice
}

/** The most locations of a batch whose lapsed holds it is likely to write down, each by a command of its own. */
export const EXPIRY_ROOM = 100

/** The microseconds of a batch: a thousand, less room for the commands by which it writes down lapsed holds. */
const MICROS_OF_A_BATCH = 1_000

/**
 * The time of a batch's first record, in microseconds. All records of a batch stand in one millisecond, that of its
 * decisions, so that a ledger decided anew from its records decides the same. It is never before the last record, and
 * past the clock only where the last record is.
 */
export const firstMicros = (clock: number, last: number, commands: number): number => {
  const room = Math.min(MICROS_OF_A_BATCH, commands + EXPIRY_ROOM)
  const latest = (millis: number) => millis * 1000 + MICROS_OF_A_BATCH - room
  const wanted = Math.min(Math.floor(clock), latest(Math.floor(clock / 1000)))
  if (wanted > last) return wanted
  const next = last + 1
  return next <= latest(Math.floor(next / 1000)) ? next : (Math.floor(next / 1000) + 1) * 1000
}

/** The commands that are written ahead at once, while others are being decided; a smaller batch is written whole. */
const WRITTEN_AHEAD = 96

// A footprint names rows by what it has read; more rounds than this means a definition that never settles.
const MAX_LOAD_ROUNDS = 8

const nothing: ReadonlyArray<never> = []

const FIRST_SHARD: ReadonlyArray<number> = [0]

/** The shards whose heads a submission needs, ascending. */
export const shardsOf = (submission: Submission, shards: number): ReadonlyArray<number> => {
  if (shards === 1) return FIRST_SHARD
  const touched = new Set(submission.definition.locations(submission.payload).map((id) => shardOf(id, shards)))
  return touched.size === 0 ? FIRST_SHARD : [...touched].sort((a, b) => a - b)
}

/** The state of a batch while its commands are decided one after the other. */
class BatchState {
  readonly slice: WorkingSlice
  readonly heads: Map<number, number>
  readonly commands: Array<WrittenCommand> = []
  readonly answered = new Map<string, CommandRecord>()
  private readonly balances = new Map<
    string,
    { readonly isNew: boolean; readonly version: number; readonly claimVersion: number; key: Balance }
  >()
  private readonly claims = new Set<ClaimId>()
  private readonly rows = new Map<string, { readonly table: Table; readonly id: string; readonly before: number }>()
  /** The balances, claims and stock places that the last folded decision changes, as they would be after it. */
  private readonly folded = {
    balances: new Map<string, Balance>(),
    claims: new Map<ClaimId, Claim>(),
    touched: new Map<string, StockPlace>()
  }
  micros: number
  corrected = false
  readonly now: DateTime.Utc
  readonly shards: number

  constructor(opening: Opening) {
    this.slice = opening.known?.next(opening.shards, opening.held) ?? new WorkingSlice()
    this.heads = new Map(opening.heads)
    this.micros = opening.micros
    this.now = DateTime.makeUnsafe(Math.floor(opening.micros / 1000))
    this.shards = opening.shards
  }

  decide(submission: Submission): Outcome {
    const known = this.answered.get(submission.key)
    if (known !== undefined) return replay(known, submission)
    try {
      const context = this.contextOf(submission)
      this.slice.deciding = true
      const decided = submission.definition.decide(this.slice, submission.payload, context)
      this.slice.deciding = false
      return Result.isSuccess(decided)
        ? this.accept(submission, context, decided.success)
        : this.refuse(submission, context, decided.failure)
    } catch (defect) {
      // A defect of one definition must not take the other commands of the batch with it; nothing was written yet.
      return { _tag: "Failed", defect }
    } finally {
      this.slice.deciding = false
    }
  }

  private contextOf(submission: Submission): DecisionContext {
    return {
      key: submission.key,
      id: submission.id,
      now: this.now,
      occurredAt: submission.occurredAt ?? this.now,
      actor: submission.actor
    }
  }

  private record(
    submission: Submission,
    context: DecisionContext,
    outcome: CommandRecord["outcome"],
    reply: CommandRecord["reply"]
  ): CommandRecord {
    const touched = shardsOf(submission, this.shards)
    const [shard = 0] = touched
    const record: CommandRecord = {
      key: submission.key,
      tag: submission.definition.tag,
      payloadText: submission.payloadText,
      id: submission.id,
      actor: submission.actor,
      outcome,
      reply,
      shard,
      seq: (this.heads.get(shard) ?? 0) + 1,
      occurredAt: context.occurredAt,
      recordedMicros: this.micros++
    }
    for (const each of touched) this.heads.set(each, (this.heads.get(each) ?? 0) + 1)
    this.answered.set(record.key, record)
    return record
  }

  private refuse(submission: Submission, context: DecisionContext, refusal: unknown): Outcome {
    const record = this.record(submission, context, "refused", submission.definition.codec.encodeRefusal(refusal))
    this.commands.push({ record, movements: [], claimEvents: [], events: [] })
    return { _tag: "Refused", refusal, replayed: false, at: { shard: record.shard, seq: record.seq } }
  }

  private accept(submission: Submission, context: DecisionContext, decision: Decision<unknown>): Outcome {
    const reply = submission.definition.codec.encodeReply(decision.reply)
    const folded = this.fold(decision)
    for (const change of decision.rows ?? []) this.checkVersion(change, decision.composed === true)
    const record = this.record(submission, context, "applied", reply)
    const command = record.key
    const recordedAt = this.now
    for (const balance of this.folded.balances.values()) this.setBalance(balance)
    for (const claim of this.folded.claims.values()) {
      this.claims.add(claim.id)
      this.slice.setClaim(claim.id, claim)
    }
    if ((decision.floors ?? nothing).length > 0) this.corrected = true
    for (const drift of decision.corrections ?? []) {
      this.corrected = true
      this.slice.setRight(drift)
    }
    for (const change of decision.rows ?? []) this.setRow(change)
    const events = [...(decision.events ?? []), ...this.settle(record.id, this.folded.touched.values())]
    const movements = folded.movements.map(({ movement, balance }, line) => ({
      ...movement,
      entered: movement.entered ?? null,
      version: balance.version,
      onHandAfter: onHand(balance),
      sellableAfter: balance.sellable,
      ...this.place(movement.location),
      line,
      command,
      actor: submission.actor,
      occurredAt: context.occurredAt,
      recordedAt
    }))
    if (this.slice.looksForMovements) for (const movement of movements) this.slice.setMovement(movement)
    this.commands.push({
      record,
      movements,
      claimEvents: folded.claimEvents.map(({ event, balance }, line) => ({
        ...event,
        version: balance.claimVersion,
        heldAfter: balance.held,
        committedAfter: balance.committed,
        ...this.place(event.location),
        line,
        command,
        recordedAt
      })),
      events: events.map((event, line) => ({
        shard: record.shard,
        seq: record.seq,
        line,
        command,
        recordedAt,
        event
      }))
    })
    return { _tag: "Applied", reply: decision.reply, replayed: false, at: { shard: record.shard, seq: record.seq } }
  }

  /** Where in the ledger the entries of the command that was just recorded stand. */
  private place(location: LocationId) {
    const shard = shardOf(location, this.shards)
    return { shard, seq: this.heads.get(shard) ?? 0 }
  }

  /** The balances and claims after a decision, without changing the slice: an unsound result must leave no trace. */
  private fold(decision: Decision<unknown>) {
    const { balances, claims, touched } = this.folded
    balances.clear()
    claims.clear()
    touched.clear()
    const current = (key: StockKey, text: string) => balances.get(text) ?? this.slice.balance(key)
    for (const drift of decision.corrections ?? []) {
      const text = stockKeyText(drift)
      balances.set(text, corrected(current(drift, text), drift))
      for (const { recomputed } of drift.claims) claims.set(recomputed.id, recomputed)
      touched.set(stockPlaceText(drift), drift)
    }
    for (const { floor, ...key } of decision.floors ?? nothing) {
      const text = stockKeyText(key)
      balances.set(text, { ...current(key, text), floor })
    }
    const movements = (decision.movements ?? []).map((movement) => {
      const text = stockKeyText(movement)
      const balance = applyMovement(current(movement, text), movement)
      balances.set(text, balance)
      touched.set(stockPlaceText(movement), movement)
      return { movement, balance }
    })
    const claimEvents = (decision.claims ?? []).map((event) => {
      const claim = claims.get(event.claim) ?? this.slice.claim(event.claim)
      const text = stockKeyText(event)
      const balance = applyClaimEvent(current(event, text), claim, event)
      balances.set(text, balance)
      claims.set(event.claim, applyToClaim(claim, event))
      touched.set(stockPlaceText(event), event)
      return { event, balance }
    })
    for (const place of decision.reviewed ?? nothing) touched.set(stockPlaceText(place), place)
    for (const balance of balances.values()) {
      if (balance.lot !== NO_LOT) this.checkLot(decision, lotId(balance.product, balance.lot))
      if (!isSound(balance)) throw new Error(`A decision would leave an unsound balance: ${JSON.stringify(balance)}`)
    }
    return { movements, claimEvents }
  }

  /** What lies under a lot is available by the lot's row, so there must be one. */
  private checkLot(decision: Decision<unknown>, id: string): void {
    if (this.slice.row("lots", id) ?? decision.rows?.some((change) => change.table === "lots" && change.id === id))
      return
    throw new Error(`A decision moves or claims stock of the lot ${id}, of which there is no row`)
  }

  /** What follows from changed stock in the same commit: the level event, and the thresholds it crosses. */
  private settle(id: string, touched: Iterable<StockPlace>): ReadonlyArray<NewEvent> {
    const events: Array<NewEvent> = []
    const levels = []
    let made = 0
    for (const { product, location } of touched) {
      const stock = this.slice.stock({ product, location })
      const available = availableNow(this.slice, stock, this.now)
      const level = { product, location, onHand: onHandAt(stock), available }
      levels.push(level)
      const threshold = this.slice.row("thresholds", thresholdId(level))
      if (threshold === undefined) continue
      const crossed = crossThreshold(threshold, level.available, {
        now: this.now,
        newId: () => `${id}-n${made++}`,
        notification: (one) => this.slice.row("notifications", one)
      })
      if (crossed === undefined) continue
      for (const change of crossed.rows) this.setRow(change)
      events.push(...crossed.events)
    }
    return levels.length === 0 ? events : [{ _tag: "StockChanged", levels }, ...events]
  }

  private checkVersion({ table, id, row }: RowChange, composed: boolean): void {
    const before = this.slice.row(table, id)?.version ?? 0
    const follows = row === null || (composed ? row.version > before : row.version === before + 1)
    if (!follows && table !== "names") {
      throw new Error(`${table}/${id} goes from version ${before} to ${row.version}`)
    }
  }

  private setRow({ table, id, row }: RowChange): void {
    const text = `${table}/${id}`
    if (!this.rows.has(text)) this.rows.set(text, { table, id, before: this.slice.row(table, id)?.version ?? 0 })
    this.slice.setRow(table, id, row)
  }

  private setBalance(balance: Balance): void {
    const text = stockKeyText(balance)
    if (!this.balances.has(text)) {
      const { version, claimVersion } = this.slice.balance(balance)
      const isNew = !this.slice.stock(balance).balances.has(balance.lot)
      this.balances.set(text, { isNew, version, claimVersion, key: balance })
    }
    this.slice.setBalance(balance)
  }

  writes(): Writes {
    return {
      heads: this.heads,
      micros: this.micros,
      commands: this.commands,
      balances: inOrder(this.balances).map(({ key, isNew, version, claimVersion }) => ({
        balance: this.slice.balance(key),
        isNew,
        version,
        claimVersion
      })),
      claims: [...this.claims].sort().flatMap((id) => this.slice.claim(id) ?? []),
      rows: inOrder(this.rows).map(({ table, id, before }) => ({
        table,
        id,
        before,
        row: this.slice.row(table, id) ?? null
      })),
      corrected: this.corrected
    }
  }
}

/** What a submission reads. Every stock place comes with its threshold, because any change of it may cross one. */
const footprintOf = ({ definition, payload }: Submission, state: BatchState): Footprint => {
  const footprint = definition.footprint(payload, state.slice)
  if (footprint.stock === undefined) return footprint
  const thresholds = footprint.stock.map((place) => ref("thresholds", thresholdId(place)))
  return { ...footprint, rows: [...(footprint.rows ?? []), ...thresholds] }
}

/** The notifications of the thresholds that were loaded: what crosses one back resolves them. Mostly there are none. */
const notificationsOf = ({ rows }: Loaded): ReadonlyArray<RowRef> =>
  // A row of that table is a threshold.
  rows.flatMap(({ table, row }) => (table === "thresholds" ? openNotifications(row as Threshold) : []))

/** The commands that write down that holds lapsed, one for each location. */
const expiries = (lapsed: ReadonlyArray<Claim>): ReadonlyArray<Submission> =>
  [...Map.groupBy(lapsed, (claim) => claim.location)].map(([location, held]) => {
    const claims = new Map(held.map((claim) => [claim.id, claim.expiresAt]))
    const payload = { location, claims: [...claims.keys()].sort() }
    const [first] = payload.claims
    // A hold lapses once, at its expiry; so a ledger that is decided anew writes it down under the same key.
    const expiresAt = first && claims.get(first)
    const key = `expire:${first}:${expiresAt ? DateTime.toEpochMillis(expiresAt) : 0}`
    return {
      key,
      definition: ExpireClaims,
      payload,
      payloadText: payloadTextOf(ExpireClaims, payload),
      id: key,
      actor: null,
      occurredAt: null
    }
  })

const nothingMissing: Missing = {
  rows: [],
  stock: [],
  holds: [],
  claims: [],
  holdings: [],
  movements: [],
  recounts: []
}

/** A submission with the footprint it was last asked for; `fixed` when that depends on no row. */
interface Asked {
  readonly submission: Submission
  readonly footprint: Footprint
  readonly fixed: boolean
}

/** Asks for a footprint again, unless nothing that was decided meanwhile can have changed it. */
const ask = (submission: Submission, state: BatchState, before?: Asked): Asked => {
  if (before?.fixed === true) return before
  const looks = state.slice.looks
  const footprint = footprintOf(submission, state)
  return { submission, footprint, fixed: state.slice.looks === looks }
}

/**
 * Decides a batch. `load` gives the rows of a footprint as they are under the lock, and with a stock place also its
 * holds that lapsed by `micros`. It is called once or twice for the whole batch, and again only where an earlier
 * command of the same batch changed what a later one needs.
 *
 * A store that writes elsewhere than in this process gives `ahead`: it is called with the commands decided so far while
 * the rest of a large batch is being decided, once at a time, and what it was given is not in `writes.commands` any
 * more.
 */
export const decideBatch = <E, R>(
  submissions: ReadonlyArray<Submission>,
  opening: Opening,
  load: (request: LoadRequest) => Effect.Effect<Loaded, E, R>,
  ahead?: (commands: ReadonlyArray<WrittenCommand>) => Effect.Effect<void, E, R>
): Effect.Effect<Decided, E, R> =>
  Effect.gen(function* () {
    const state = new BatchState(opening)
    const fill = function* (wanted: ReadonlyArray<Submission>, keys: ReadonlyArray<string>) {
      let asked: ReadonlyArray<Asked> = wanted.map((submission) => ask(submission, state))
      let unread = keys
      let raised: ReadonlyArray<RowRef> = []
      for (let round = 0; ; round++) {
        if (round === MAX_LOAD_ROUNDS) return yield* Effect.die(new Error("A footprint never settles"))
        const open = asked.filter(({ submission }) => !state.answered.has(submission.key))
        const footprints = open.map(({ footprint }) => footprint)
        const missing = state.slice.missing(raised.length === 0 ? footprints : [...footprints, { rows: raised }])
        if (missing === undefined && unread.length === 0) return asked
        const request = missing ?? nothingMissing
        const loaded = yield* load({ ...request, keys: unread })
        unread = []
        for (const record of loaded.known) state.answered.set(record.key, record)
        state.slice.fill(request, loaded)
        raised = notificationsOf(loaded)
        const lapsed = state.slice.lapsed(state.now)
        // A hold that lapsed may cross a threshold back, and gives back what its lot allows: what that takes is loaded
        // before it is written down.
        const taken = [{ rows: raised, stock: lapsed }]
        const settled = raised.length + lapsed.length === 0 || state.slice.missing(taken) === undefined
        for (const expiry of settled ? expiries(lapsed) : []) {
          const outcome = state.decide(expiry)
          if (outcome._tag === "Failed") return yield* Effect.die(outcome.defect)
        }
        const nothingNew = missing === undefined && raised.length + lapsed.length === 0
        if (nothingNew && asked.every(({ fixed }) => fixed)) return asked
        asked = asked.map((before) => ask(before.submission, state, before))
      }
    }
    const asked = yield* fill(submissions, [...new Set(submissions.map((submission) => submission.key))].sort())
    const outcomes: Array<Outcome> = []
    let writing: Fiber.Fiber<void, E> | undefined
    for (const before of asked) {
      const { submission } = before
      // What is fixed was filled above, and a slice never forgets.
      const ready =
        before.fixed ||
        state.answered.has(submission.key) ||
        state.slice.missing([ask(submission, state, before).footprint]) === undefined
      if (!ready) yield* fill([submission], [])
      outcomes.push(state.decide(submission))
      if (ahead === undefined || state.commands.length < WRITTEN_AHEAD) continue
      // Made before the last piece is waited for.
      const write = ahead(state.commands.splice(0))
      if (writing !== undefined) yield* Fiber.join(writing)
      writing = yield* Effect.forkChild(write, { startImmediately: true })
    }
    if (writing !== undefined) yield* Fiber.join(writing)
    return { outcomes, writes: state.writes(), known: state.slice }
  })
