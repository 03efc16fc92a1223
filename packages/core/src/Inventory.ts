/**
 * The inventory: what a host imports. A method for every command, the store's queries, and the feed of events.
 */
import { Clock, Context, type DateTime, Effect, Layer, Result, Schema, SchemaIssue, type Stream } from "effect"
import { MAX_KEY_LENGTH } from "./Command.ts"
import { commands, commandsByTag } from "./Commands.ts"
import { Engine, type SubmissionError } from "./Engine.ts"
import { beginCounting } from "./EngineMetrics.ts"
import type { Event } from "./Event.ts"
import { type FeedCursor, feed } from "./Feed.ts"
import { uuidV7 } from "./Id.ts"
import type { Consequences } from "./Plan.ts"
import type { Queries } from "./Queries.ts"
import { type Rebuilt, rebuildOver } from "./Repair.ts"
import { Store, type StoreShape, type StoreUnavailable } from "./Store.ts"
import {
  type IdempotencyConflict,
  type LedgerPosition,
  type Outcome,
  payloadTextOf,
  type Submission
} from "./Submission.ts"

/** The payload is not what the command takes; `faults` names each fault with its path. */
export class InvalidCommand extends Schema.TaggedError<InvalidCommand>()("InvalidCommand", {
  command: Schema.String,
  faults: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
}) {
  override get message() {
    const faults = this.faults.map(({ path, message }) => `${path}: ${message}`)
    return `${this.command} was not understood: ${faults.join("; ")}`
  }
}

export type CommandName = keyof typeof commands
type Definition<K extends CommandName> = (typeof commands)[K]
export type PayloadOf<K extends CommandName> = Definition<K>["payload"]["Type"]
export type ReplyOf<K extends CommandName> = Definition<K>["reply"]["Type"]
export type RefusalOf<K extends CommandName> = Definition<K>["refusal"]["Type"]
export type CommandError<K extends CommandName> = RefusalOf<K> | IdempotencyConflict | InvalidCommand | SubmissionError

/** How a command is submitted. */
export interface SubmitOptions {
  /**
   * The idempotency key. The same key with the same payload gets the first reply again, and nothing happens twice. One
   * is made when it is left out; then only this call is safe to repeat inside the engine, not a second call of yours.
   */
  readonly key?: string | undefined
  /** Who asks. */
  readonly actor?: string | undefined
  /** When it happened; the store's time when it is left out. It is kept as data and never decides an order. */
  readonly occurredAt?: DateTime.Utc | undefined
}

/** A reply with what the transport may want to tell: whether it was replayed, and where in the ledger it stands. */
export interface Submitted<Reply> {
  readonly reply: Reply
  readonly replayed: boolean
  readonly at: LedgerPosition
}

/** What would become of a command if it were submitted now, and what would follow from it. */
export type Planned<K extends CommandName> = Consequences &
  (
    | { readonly _tag: "Applied"; readonly reply: ReplyOf<K>; readonly replayed: boolean }
    | { readonly _tag: "Refused"; readonly refusal: RefusalOf<K> | IdempotencyConflict; readonly replayed: boolean }
  )

/** A method for each command. */
export type CommandMethods = {
  readonly [K in CommandName]: (
    payload: PayloadOf<K>,
    options?: SubmitOptions
  ) => Effect.Effect<ReplyOf<K>, CommandError<K>>
}

export interface InventoryShape extends CommandMethods {
  /** Submits a command by its name; the methods are this with the reply alone. */
  readonly submit: <K extends CommandName>(
    command: K,
    payload: PayloadOf<K>,
    options?: SubmitOptions
  ) => Effect.Effect<Submitted<ReplyOf<K>>, CommandError<K>>
  /**
   * What a command would do now: its reply and the movements, claim events and events that would follow, or why it
   * would be refused. Nothing is written, no key is used up, and another moment may tell otherwise.
   */
  readonly plan: <K extends CommandName>(
    command: K,
    payload: PayloadOf<K>,
    options?: SubmitOptions
  ) => Effect.Effect<Planned<K>, InvalidCommand | StoreUnavailable>
  /**
   * Makes every balance and claim what the ledger says, where `verify` finds that it is not, and tells what it did.
   * Each piece is a `repairBalances` of its own, so that others go on, and the ledger keeps what was repaired when.
   * Kept values that are wrong are dropped, and made anew by whoever reads them.
   */
  readonly rebuild: Effect.Effect<Rebuilt, CommandError<"repairBalances">>
  /** The questions that the store answers. */
  readonly read: Queries
  /**
   * Every event after the cursor, in ledger order within each shard, then those to come, without end. An event is
   * given only after its commit, and none is skipped.
   */
  readonly events: (after: FeedCursor) => Stream.Stream<Event, StoreUnavailable>
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const faultsOf = (issue: SchemaIssue.Issue) =>
  formatIssue(issue).issues.map(({ path, message }) => ({
    path:
      path === undefined || path.length === 0
        ? "payload"
        : path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
    message
  }))

const KEY = /^[\x21-\x7e]+$/

const keyFault = (key: string) =>
  key.length <= MAX_KEY_LENGTH && KEY.test(key)
    ? []
    : [{ path: "key", message: `1 to ${MAX_KEY_LENGTH} visible ASCII characters are accepted` }]

/** A command ready for a store, or what is wrong with it. */
export const prepare = <K extends CommandName>(
  command: K,
  payload: PayloadOf<K>,
  options: SubmitOptions,
  millis: number
): Result.Result<Submission, InvalidCommand> => {
  const definition = commands[command]
  const id = uuidV7(millis)
  const key = options.key ?? id
  const faults = keyFault(key)
  if (faults.length > 0) return Result.fail(new InvalidCommand({ command, faults }))
  return Result.try({
    try: () => ({
      key,
      definition,
      payload,
      payloadText: payloadTextOf(definition, payload),
      id,
      actor: options.actor ?? null,
      occurredAt: options.occurredAt ?? null
    }),
    catch: (error) =>
      new InvalidCommand({
        command,
        faults: Schema.isSchemaError(error) ? faultsOf(error.issue) : [{ path: "payload", message: String(error) }]
      })
  })
}

/** What a caller gets for an outcome. Its command decided it, so reply and refusal are of that command. */
const answerOf = <K extends CommandName>(
  outcome: Outcome
): Effect.Effect<Submitted<ReplyOf<K>>, RefusalOf<K> | IdempotencyConflict> => {
  switch (outcome._tag) {
    case "Applied":
      return Effect.succeed({ reply: outcome.reply as ReplyOf<K>, replayed: outcome.replayed, at: outcome.at })
    case "Refused":
      return Effect.fail(outcome.refusal as RefusalOf<K> | IdempotencyConflict)
    case "Failed":
      return Effect.die(outcome.defect)
  }
}

/** The commands over a way to run a prepared one: through the engine, or inside a transaction that is already open. */
export const commandsOver = (
  run: (submission: Submission) => Effect.Effect<Outcome, SubmissionError>
): CommandMethods & Pick<InventoryShape, "submit"> => {
  const submit = <K extends CommandName>(
    command: K,
    payload: PayloadOf<K>,
    options: SubmitOptions = {}
  ): Effect.Effect<Submitted<ReplyOf<K>>, CommandError<K>> =>
    Effect.flatMap(Clock.currentTimeMillis, (millis): Effect.Effect<Submitted<ReplyOf<K>>, CommandError<K>> => {
      const prepared = prepare(command, payload, options, millis)
      return Result.isFailure(prepared)
        ? Effect.fail(prepared.failure)
        : Effect.flatMap(run(prepared.success), answerOf<K>)
    })
  const method =
    <K extends CommandName>(name: K) =>
    (payload: PayloadOf<K>, options?: SubmitOptions) =>
      Effect.map(submit(name, payload, options), ({ reply }) => reply)
  const names = Object.keys(commands) as Array<CommandName>
  // Each name is mapped to the method of that name; a mapped type over names cannot be built any other way.
  const methods = Object.fromEntries(names.map((name) => [name, method(name)])) as unknown as CommandMethods
  return { ...methods, submit }
}

const planOver =
  (store: StoreShape): InventoryShape["plan"] =>
  <K extends CommandName>(command: K, payload: PayloadOf<K>, options: SubmitOptions = {}) =>
    Effect.gen(function* () {
      const millis = yield* Clock.currentTimeMillis
      const submission = yield* Effect.fromResult(prepare(command, payload, options, millis))
      const { outcome, ...consequences } = yield* store.plan(submission)
      if (outcome._tag === "Failed") return yield* Effect.die(outcome.defect)
      // Its command decided it, so reply and refusal are of that command.
      return { ...outcome, ...consequences } as Planned<K>
    })

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const store = yield* Store
  const { queries } = store
  beginCounting(commandsByTag.values(), yield* Effect.context<never>())
  const methods = commandsOver(engine.submit)
  return Inventory.of({
    ...methods,
    plan: planOver(store),
    rebuild: rebuildOver(queries, methods.repairBalances),
    read: queries,
    events: (after) => feed(queries, engine.nextCommit, after)
  })
})

/** The inventory over a store. */
export class Inventory extends Context.Service<Inventory, InventoryShape>()("@onhand/core/Inventory") {
  static readonly layer: Layer.Layer<Inventory, never, Store> = Layer.effect(Inventory, make).pipe(
    Layer.provide(Engine.layer)
  )
}
