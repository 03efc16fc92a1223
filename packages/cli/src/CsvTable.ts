/**
 * CSV tables: a file read row by row, each row by itself, so that a wrong one is refused and the others pass.
 */
import { InvalidRow, type InvalidTable, type RowReader } from "@onhand/core"
import { Effect, FileSystem, type PlatformError, Result, Schema, Stream } from "effect"
import * as Csv from "effect/encoding/Csv"
import { exitCode, exitCodes } from "./ExitCode.ts"

/** The file cannot be read at all. */
export class FileUnreadable extends Schema.TaggedError<FileUnreadable>()("FileUnreadable", {
  file: Schema.String,
  reason: Schema.String
}) {
  override readonly [exitCode] = exitCodes.usage
  override get message() {
    return `${this.file} cannot be read: ${this.reason}`
  }
}

/** From some line on the file is no CSV, so nobody knows where its rows begin. */
export class BrokenTable extends Schema.TaggedError<BrokenTable>()("BrokenTable", {
  line: Schema.Int,
  reason: Schema.String
}) {
  override readonly [exitCode] = exitCodes.failed
  override get message() {
    return `Line ${this.line} is no CSV (${this.reason}); correct it and import the file again`
  }
}

/** A row of data. `number` counts them from 1, without the header. */
export interface TableRow<A> {
  readonly number: number
  readonly content: Result.Result<A, InvalidRow>
}

/** A file's rows, and how much of the file was read so far, in bytes. */
export interface CsvTable<A> {
  readonly rows: Stream.Stream<TableRow<A>, FileUnreadable | BrokenTable | InvalidTable>
  readonly bytesRead: () => number
  readonly size: number
}

// What stands for bytes that are no UTF-8: names would be stored with it in place of their letters.
const NOT_UTF8 = "\ufffd"

const notUtf8 = new InvalidRow({ faults: [{ path: "row", message: "it is no text in UTF-8; only that is accepted" }] })

const readCells = <A>(read: RowReader<A>, cells: ReadonlyArray<string>): Result.Result<A, InvalidRow> =>
  cells.some((cell) => cell.includes(NOT_UTF8)) ? Result.fail(notUtf8) : read(cells)

/**
 * Opens a table. `reader` makes of its header how its rows are read, and `watch` sees the bytes as they come. Nothing
 * is read before the rows are.
 */
export const openTable = <A>(
  file: string,
  reader: (header: ReadonlyArray<string>) => Result.Result<RowReader<A>, InvalidTable>,
  watch: (bytes: Uint8Array) => void = () => {}
): Effect.Effect<CsvTable<A>, FileUnreadable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const unreadable = (error: PlatformError.PlatformError) => new FileUnreadable({ file, reason: error.message })
    const { size } = yield* Effect.mapError(files.stat(file), unreadable)
    let bytesRead = 0
    const records = files.stream(file).pipe(
      Stream.mapError(unreadable),
      Stream.tap((bytes) =>
        Effect.sync(() => {
          bytesRead += bytes.length
          watch(bytes)
        })
      ),
      Stream.pipeThroughChannel(Csv.decode({ ignoreEmptyLines: true })),
      Stream.mapError((error) =>
        Csv.isCsvError(error) ? new BrokenTable({ line: error.line, reason: error.message }) : error
      )
    )
    const rows = Stream.mapAccumEffect(
      records,
      () => ({ number: 0, read: undefined as RowReader<A> | undefined }),
      ({ number, read }, cells) => {
        if (read === undefined) {
          return Effect.map(Effect.fromResult(reader(cells)), (made) => [{ number, read: made }, []] as const)
        }
        const row = { number: number + 1, content: readCells(read, cells) }
        return Effect.succeed([{ number: number + 1, read }, [row]] as const)
      }
    )
    return { rows, bytesRead: () => bytesRead, size: Number(size) }
  })
