/**
 * The columns of the ledger's rows: what a commit writes of each command, and what the hash chain covers.
 */
import type { ClaimEvent, Movement, WrittenCommand } from "@onhand/core"
import { DateTime } from "effect"
import type { Column } from "./Columns.ts"

/** Microseconds since 1970, as instants travel. */
export const microsOf = (instant: DateTime.Utc) => DateTime.toEpochMillis(instant) * 1000

export const text = <Row>(name: string, value: (row: Row) => string | null): Column<Row> => ({
  name,
  type: "text",
  value
})
export const integer = <Row>(name: string, value: (row: Row) => number): Column<Row> => ({
  name,
  type: "integer",
  value
})
export const micros = <Row>(name: string, value: (row: Row) => number | null): Column<Row> => ({
  name,
  type: "micros",
  value
})

/** The columns of a command's row. */
export const commandColumns: ReadonlyArray<Column<WrittenCommand>> = [
  text("key", ({ record }) => record.key),
  integer("shard", ({ record }) => record.shard),
  integer("seq", ({ record }) => record.seq),
  text("tag", ({ record }) => record.tag),
  text("payload", ({ record }) => record.payloadText),
  text("id", ({ record }) => record.id),
  text("actor", ({ record }) => record.actor),
  text("outcome", ({ record }) => record.outcome),
  text("reply", ({ record }) => JSON.stringify(record.reply)),
  text("events", ({ events }) => JSON.stringify(events.map(({ event }) => event))),
  micros("occurred_at", ({ record }) => microsOf(record.occurredAt)),
  micros("recorded_at", ({ record }) => record.recordedMicros)
]

/** A ledger entry with the exact time of its command, which the entry itself only knows to the millisecond. */
export interface Timed<A> {
  readonly entry: A
  readonly micros: number
}

type Place = Pick<Movement, "shard" | "seq" | "line" | "command">

const placeColumns: ReadonlyArray<Column<Timed<Place>>> = [
  integer("shard", ({ entry }) => entry.shard),
  integer("seq", ({ entry }) => entry.seq),
  integer("line", ({ entry }) => entry.line),
  text("command", ({ entry }) => entry.command),
  micros("recorded_at", ({ micros }) => micros)
]

const keyColumns: ReadonlyArray<
  Column<
    Timed<Pick<Movement, "product" | "location" | "lot" | "kind" | "source" | "quantity" | "version"> | ClaimEvent>
  >
> = [
  text("product", ({ entry }) => entry.product),
  text("location", ({ entry }) => entry.location),
  text("lot", ({ entry }) => entry.lot),
  text("kind", ({ entry }) => entry.kind),
  text("source_type", ({ entry }) => entry.source?.type ?? null),
  text("source_id", ({ entry }) => entry.source?.id ?? null),
  integer("quantity", ({ entry }) => entry.quantity),
  integer("version", ({ entry }) => entry.version)
]

/** The columns of a movement. */
export const movementColumns: ReadonlyArray<Column<Timed<Movement>>> = [
  ...placeColumns,
  ...keyColumns,
  text("from_place", ({ entry }) => entry.from),
  text("to_place", ({ entry }) => entry.to),
  integer("on_hand_after", ({ entry }) => entry.onHandAfter),
  integer("sellable_after", ({ entry }) => entry.sellableAfter),
  text("reason", ({ entry }) => entry.reason),
  { name: "unit_cost", type: "decimal", value: ({ entry }) => entry.unitCost?.amount ?? null },
  text("unit_cost_currency", ({ entry }) => entry.unitCost?.currency ?? null),
  text("actor", ({ entry }) => entry.actor),
  micros("occurred_at", ({ entry }) => microsOf(entry.occurredAt)),
  text("entered", ({ entry }) => (entry.entered === null ? null : JSON.stringify(entry.entered)))
]

/** The columns of a claim event. */
export const claimEventColumns: ReadonlyArray<Column<Timed<ClaimEvent>>> = [
  ...placeColumns,
  ...keyColumns,
  text("claim", ({ entry }) => entry.claim),
  integer("held_after", ({ entry }) => entry.heldAfter),
  integer("committed_after", ({ entry }) => entry.committedAfter),
  micros("expires_at", ({ entry }) => entry.expiresAt && microsOf(entry.expiresAt))
]

/** The ledger entries of commands with the exact times of their commands. */
export const timed = <A>(
  commands: ReadonlyArray<WrittenCommand>,
  of: (command: WrittenCommand) => ReadonlyArray<A>
): ReadonlyArray<Timed<A>> =>
  commands.flatMap((command) => of(command).map((entry) => ({ entry, micros: command.record.recordedMicros })))
