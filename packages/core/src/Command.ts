/**
 * Commands: what every write of the system is. A definition says, purely, which rows a command's decision reads and
 * what it decides from them; stores and the engine know commands only through it.
 */
import type { DateTime, Result } from "effect"
import { Schema, SchemaAST } from "effect"
import type { ClaimId, NewClaimEvent } from "./Claim.ts"
import type { NewEvent } from "./Event.ts"
import type { LocationId } from "./Location.ts"
import type { NewMovement } from "./Movement.ts"
import type { Drift } from "./Recount.ts"
import type { RowChange, RowRef } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import type { StockKey, StockPlace } from "./StockKey.ts"

/** The longest idempotency key: room for a UUID with a caller's prefix, and short enough to index. */
export const MAX_KEY_LENGTH = 255

/** The most lines one command may carry, so that one caller's command cannot hold a shard for long. */
export const MAX_LINES = 1_000

/** The rows that a decision reads. Asked for again once they are there, because some rows name further ones. */
export interface Footprint {
  readonly rows?: ReadonlyArray<RowRef>
  readonly stock?: ReadonlyArray<StockPlace>
  readonly claims?: ReadonlyArray<ClaimId>
  /** What there is at locations, a stretch of each at a time. */
  readonly holdings?: ReadonlyArray<HoldingsRef>
  /** Movements by their public names, as {@link movementId} makes them. */
  readonly movements?: ReadonlyArray<string>
  /** Stock keys whose balances are to be recomputed from the ledger. */
  readonly recounts?: ReadonlyArray<StockKey>
}

/** The most products of one stretch of a location's holdings. */
export const MAX_HOLDINGS = 100

/**
 * A stretch of what there is at a location: the first {@link MAX_HOLDINGS} products after one, or from the beginning
 * after `""`, of which any lot has something on hand or claimed.
 */
export interface HoldingsRef {
  readonly location: LocationId
  readonly after: string
}

/** What a decision knows beside its rows. Ids and time come with the command; nothing is drawn inside a decision. */
export interface DecisionContext {
  /** The command's idempotency key. */
  readonly key: string
  /** A fresh id for the entity that the command creates, if it creates one. */
  readonly id: string
  /** The store's clock under the lock. */
  readonly now: DateTime.Utc
  /** When it happened, as the caller says; the store's clock when it says nothing. */
  readonly occurredAt: DateTime.Utc
  /** Who asked, if the caller said. */
  readonly actor: string | null
}

/** How little may be available of a stock key from then on. */
export interface NewFloor extends StockKey {
  readonly floor: number
}

/** An accepted command: what to write, what to tell, and what to answer. Balances follow from it by folding. */
export interface Decision<Reply> {
  readonly reply: Reply
  readonly movements?: ReadonlyArray<NewMovement>
  readonly claims?: ReadonlyArray<NewClaimEvent>
  readonly rows?: ReadonlyArray<RowChange>
  readonly events?: ReadonlyArray<NewEvent>
  /** What balances and claims are off by, to be made good. Only a recount from the ledger finds any. */
  readonly corrections?: ReadonlyArray<Drift>
  /** Whether it is several decisions in a row: then it may write a row more than once, and leave it versions on. */
  readonly composed?: boolean
  /** The least that may be available of stock keys from then on. */
  readonly floors?: ReadonlyArray<NewFloor>
  /**
   * Places where something else changed what is available: told of, and compared with their thresholds, all the same.
   */
  readonly reviewed?: ReadonlyArray<StockPlace>
}

// The registry holds definitions of every shape; `define` and `Inventory` relate payload, reply and refusal to each
// other.
// biome-ignore lint/suspicious/noExplicitAny: a type argument that any schema fits, as Effect's own constraints have it
type AnyCodec = Schema.Codec<any, any>

/** The definition of a kind of command. */
export interface CommandDefinition<
  Tag extends string = string,
  Payload extends AnyCodec = AnyCodec,
  Reply extends AnyCodec = AnyCodec,
  Refusal extends AnyCodec = AnyCodec
> {
  readonly tag: Tag
  readonly payload: Payload
  readonly reply: Reply
  readonly refusal: Refusal
  /** The locations whose ledger it touches; they decide the shards. None means the first shard. */
  readonly locations: (payload: Payload["Type"]) => ReadonlyArray<LocationId>
  /** Texts of the payload that must never be stored, such as the hash of a password. An empty one must be valid. */
  readonly secrets: ReadonlyArray<string>
  readonly codec: CommandCodec
  readonly footprint: (payload: Payload["Type"], slice: Slice) => Footprint
  readonly decide: (
    slice: Slice,
    payload: Payload["Type"],
    context: DecisionContext
  ) => Result.Result<Decision<Reply["Type"]>, Refusal["Type"]>
}

/** The JSON sides of a command, compiled once. Decoding and encoding throw on a value that is not of the schema. */
export interface CommandCodec {
  readonly encodePayload: (payload: unknown) => Schema.JsonObject
  readonly decodePayload: (json: unknown) => unknown
  readonly encodeReply: (reply: unknown) => Schema.Json
  readonly decodeReply: (json: unknown) => unknown
  readonly encodeRefusal: (refusal: unknown) => Schema.Json
  readonly decodeRefusal: (json: unknown) => unknown
}

const nowhere: ReadonlyArray<LocationId> = []

/** Writes what a decision answers. It is of its schema by its type, so what is JSON already is left as it is. */
const encoderOf = (schema: AnyCodec): CommandCodec["encodeReply"] =>
  SchemaAST.toEncoded(schema.ast) === schema.ast ? (value) => value as Schema.Json : Schema.encodeUnknownSync(schema)

/** Defines a command; the one place where its payload, reply, refusals, footprint and decision meet. */
export const define = <
  const Tag extends string,
  Fields extends Schema.Struct.Fields,
  Reply extends AnyCodec,
  Refusals extends ReadonlyArray<AnyCodec>
>(
  tag: Tag,
  definition: {
    readonly payload: Fields
    readonly reply: Reply
    readonly refusals: Refusals
    readonly locations?: (payload: Schema.Struct<Fields>["Type"]) => ReadonlyArray<LocationId>
    readonly secrets?: ReadonlyArray<keyof Fields & string>
    readonly footprint: (payload: Schema.Struct<Fields>["Type"], slice: Slice) => Footprint
    readonly decide: (
      slice: Slice,
      payload: Schema.Struct<Fields>["Type"],
      context: DecisionContext
    ) => Result.Result<Decision<Reply["Type"]>, Refusals[number]["Type"]>
  }
) => {
  const payload = Schema.Struct(definition.payload)
  const refusal = Schema.Union(definition.refusals)
  // No field of a command needs a service; the compiler cannot see that through the generic struct.
  const payloadCodec: Schema.Codec<unknown, unknown> = payload as never
  return {
    tag,
    payload,
    reply: definition.reply,
    refusal,
    locations: definition.locations ?? (() => nowhere),
    secrets: definition.secrets ?? [],
    codec: {
      encodePayload: Schema.encodeUnknownSync(payloadCodec) as CommandCodec["encodePayload"],
      decodePayload: Schema.decodeUnknownSync(payloadCodec),
      encodeReply: encoderOf(definition.reply),
      decodeReply: Schema.decodeUnknownSync(definition.reply),
      encodeRefusal: Schema.encodeUnknownSync(refusal),
      decodeRefusal: Schema.decodeUnknownSync(refusal)
    },
    footprint: definition.footprint,
    decide: definition.decide
  }
}
