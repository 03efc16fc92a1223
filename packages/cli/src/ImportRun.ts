/**
 * An import: rows of a table submitted side by side, so that they share commits, and a tally of what became of them.
 */
import { type InvalidCommand, InvalidRow, MAX_BATCH, type OutcomeUnknown, type StoreUnavailable } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Console, Effect, Result, Schema, Stream } from "effect"
import { Flag } from "effect/cli"
import type { CsvTable, TableRow } from "./CsvTable.ts"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { makeProgress } from "./Progress.ts"
import { layerInventory, type StoreFlags } from "./StoreChoice.ts"

/** Rows under way at once: one commit's worth being written while the next one's is made ready. */
export const ROWS_IN_FLIGHT = 2 * MAX_BATCH

/** The most refused rows that are told one by one; of a file that is wrong all through, these show why. */
export const MAX_TOLD_REFUSALS = 100

/** Some rows were refused; the others were imported. */
export class RowsRefused extends Schema.TaggedError<RowsRefused>()("RowsRefused", {
  rows: Schema.Int,
  advice: Schema.String
}) {
  override readonly [exitCode] = exitCodes.failed
  override get message() {
    return `${this.rows} rows were refused. ${this.advice}`
  }
}

/** The flag of every import. */
export const allowRefused = Flag.Boolean("allow-refused").pipe(
  Flag.withDefault(false),
  Flag.withDescription("End with 0 even if rows were refused")
)

/** Why a command was not applied that concerns this row alone. */
type RowRefusal = InvalidRow | InvalidCommand | { readonly _tag: string; readonly message: string }

/** How often each outcome was; `refused` among them. */
export type Tally = Readonly<Record<string, number>>

interface Run<A, Outcome extends string, E, R> {
  /** What the rows are, for the bar. */
  readonly label: string
  readonly table: CsvTable<A>
  /** The outcomes of an accepted row, in the order of the summary. */
  readonly outcomes: ReadonlyArray<Outcome>
  readonly submit: (row: A, number: number) => Effect.Effect<Outcome, E, R>
}

type StoreTrouble = StoreUnavailable | OutcomeUnknown

// These two say nothing about the row, and the next row would fare no better.
const isStoreTrouble = (error: { readonly _tag: string }): error is StoreTrouble =>
  error._tag === "StoreUnavailable" || error._tag === "OutcomeUnknown"

const reasonOf = (refusal: RowRefusal): string =>
  refusal._tag === "InvalidCommand" && "faults" in refusal
    ? new InvalidRow({ faults: refusal.faults }).message
    : refusal.message

/**
 * Imports a table. Refused rows are told on standard error with their number, the first of them one by one; everything
 * else is imported. Stops early only when the store does; importing the same file again then finishes it.
 */
export const runImport = <A, Outcome extends string, E extends RowRefusal | StoreTrouble, R>(
  run: Run<A, Outcome, E, R>
) =>
  Effect.gen(function* () {
    const { table } = run
    const progress = yield* makeProgress(run.label)
    const tally: Record<string, number> = Object.fromEntries([...run.outcomes, "refused"].map((name) => [name, 0]))
    let read = 0
    let done = 0

    const add = (outcome: string): number => {
      const rows = (tally[outcome] ?? 0) + 1
      tally[outcome] = rows
      return rows
    }
    const refuse = (number: number, reason: string) => {
      if (add("refused") > MAX_TOLD_REFUSALS) return Effect.void
      return Effect.andThen(progress.clear, Console.error(`row ${number}: ${reason}`))
    }
    const handle = ({ number, content }: TableRow<A>) => {
      read += 1
      if (Result.isFailure(content)) return refuse(number, content.failure.message)
      return run.submit(content.success, number).pipe(
        Effect.matchEffect({
          onSuccess: (outcome) => Effect.sync(() => void add(outcome)),
          onFailure: (error): Effect.Effect<void, StoreTrouble> =>
            isStoreTrouble(error) ? Effect.fail(error) : refuse(number, reasonOf(error))
        })
      )
    }
    const show = Effect.suspend(() => {
      done += 1
      const part = table.size === 0 ? 1 : (table.bytesRead() / table.size) * (done / read)
      return progress.show({ part, rows: done })
    })

    const summary = Effect.gen(function* () {
      yield* progress.clear
      const untold = (tally["refused"] ?? 0) - MAX_TOLD_REFUSALS
      if (untold > 0) yield* Console.error(`and ${untold.toLocaleString("en")} more refused rows`)
      const counts = Object.entries(tally).map(([name, rows]) => `${rows.toLocaleString("en")} ${name}`)
      yield* Console.log(`${run.label}: ${done.toLocaleString("en")} rows, ${counts.join(", ")}`)
    })
    yield* table.rows.pipe(
      Stream.mapEffect((row) => Effect.andThen(handle(row), show), {
        concurrency: ROWS_IN_FLIGHT,
        unordered: true
      }),
      Stream.runDrain,
      Effect.ensuring(summary)
    )
    return tally as Tally
  })

/**
 * Runs an import on the store that a command chose. What is asked afterwards is planned for tables as full as they are
 * now, also where the import broke off.
 */
export const importing = <E, R>(imported: Effect.Effect<void, E, R>, flags: StoreFlags) =>
  imported.pipe(Effect.ensuring(Effect.ignore(PostgresStore.analyze)), Effect.provide(layerInventory(flags)))

/** Fails if rows were refused and nobody said that this is fine; `advice` is what to do with those rows. */
export const judge = (
  tally: Tally,
  options: { readonly allowRefused: boolean; readonly advice: string }
): Effect.Effect<void, RowsRefused> => {
  const rows = tally["refused"] ?? 0
  return rows > 0 && !options.allowRefused
    ? Effect.fail(new RowsRefused({ rows, advice: options.advice }))
    : Effect.void
}
