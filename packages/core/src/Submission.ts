/**
 * Submissions: a command on its way to a store, what the store keeps of it, and what comes back.
 */
import { type DateTime, Schema } from "effect"
import type { CommandDefinition } from "./Command.ts"

/** A command with its key, ready to be decided. `id` names the entity it creates, should it create one. */
export interface Submission {
  readonly key: string
  readonly definition: CommandDefinition
  readonly payload: unknown
  /** The payload as JSON with sorted fields and emptied secrets: stored, and compared when the key comes again. */
  readonly payloadText: string
  readonly id: string
  readonly actor: string | null
  readonly occurredAt: DateTime.Utc | null
}

/**
 * What a store keeps of a command, applied or refused, to answer its key again: `reply` is the reply or the refusal as
 * JSON. `shard` and `seq` are its place in the ledger, one seq a command, dense from 1 in its shard. `recordedMicros`
 * is the store's clock under the lock, in microseconds since 1970, strictly rising with seq.
 */
export const CommandRecord = Schema.Struct({
  key: Schema.String,
  tag: Schema.String,
  payloadText: Schema.String,
  id: Schema.String,
  actor: Schema.NullOr(Schema.String),
  outcome: Schema.Literals(["applied", "refused"]),
  reply: Schema.Json,
  shard: Schema.Int,
  seq: Schema.Int,
  occurredAt: Schema.DateTimeUtcFromString,
  recordedMicros: Schema.Int
})
export interface CommandRecord extends Schema.Schema.Type<typeof CommandRecord> {}

/** What became of a submission. `replayed` when the store had answered its key before. */
export type Outcome =
  | { readonly _tag: "Applied"; readonly reply: unknown; readonly replayed: boolean; readonly at: LedgerPosition }
  | {
      readonly _tag: "Refused"
      readonly refusal: unknown
      readonly replayed: boolean
      readonly at: LedgerPosition | null
    }
  | { readonly _tag: "Failed"; readonly defect: unknown }

/** Where in the ledger a command stands. */
export interface LedgerPosition {
  readonly shard: number
  readonly seq: number
}

/** The key was used before, for something else. */
export class IdempotencyConflict extends Schema.TaggedError<IdempotencyConflict>()("IdempotencyConflict", {
  key: Schema.String,
  field: Schema.String
}) {
  override get message() {
    return `Key "${this.key}" was used with another value of ${this.field}; the same payload, or a new key, is accepted`
  }
}

const sorted = (json: Schema.Json): Schema.Json => {
  if (json === null || typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(sorted)
  const object = json as Schema.JsonObject
  const fields: Record<string, Schema.Json> = {}
  for (const name of Object.keys(object).sort()) {
    const value = sorted(object[name] as Schema.Json)
    // A field of this name is a field like any other, and must not become the object's prototype.
    if (name === "__proto__") Object.defineProperty(fields, name, { value, enumerable: true })
    else fields[name] = value
  }
  return fields
}

/**
 * A payload as text by which two payloads can be compared: fields sorted at every depth, secrets emptied. That a secret
 * was given is told, because decisions may depend on that; what it was, is not.
 */
export const payloadTextOf = (definition: CommandDefinition, payload: unknown): string => {
  const json = { ...definition.codec.encodePayload(payload) }
  for (const secret of definition.secrets) if (secret in json) json[secret] = ""
  return JSON.stringify(sorted(json))
}

/** The refusal when a key comes again with something else, naming the first field that differs. */
export const conflictOf = (record: CommandRecord, submission: Submission): IdempotencyConflict | undefined => {
  if (record.tag !== submission.definition.tag) {
    return new IdempotencyConflict({ key: record.key, field: "command" })
  }
  if (record.payloadText === submission.payloadText) return undefined
  const before: Record<string, unknown> = JSON.parse(record.payloadText)
  const now: Record<string, unknown> = JSON.parse(submission.payloadText)
  const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  const field = fields.find((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name])) ?? "payload"
  return new IdempotencyConflict({ key: record.key, field })
}

/** The outcome of a command that was answered before. */
export const replay = (record: CommandRecord, submission: Submission): Outcome => {
  const conflict = conflictOf(record, submission)
  const at = { shard: record.shard, seq: record.seq }
  if (conflict !== undefined) return { _tag: "Refused", refusal: conflict, replayed: false, at: null }
  const { codec } = submission.definition
  return record.outcome === "applied"
    ? { _tag: "Applied", reply: codec.decodeReply(record.reply), replayed: true, at }
    : { _tag: "Refused", refusal: codec.decodeRefusal(record.reply), replayed: true, at }
}
