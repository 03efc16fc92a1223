/**
 * Reports: rows of results as a table for people, as CSV for spreadsheets, or as JSON for programs.
 */
import { Console, Effect, Stream } from "effect"

export const formats = ["table", "csv", "json"] as const
export type Format = (typeof formats)[number]

/** A column: its heading, and what it says of a row. Numbers stand at the right. */
export interface Column<Row> {
  readonly title: string
  readonly right?: boolean
  readonly value: (row: Row) => string
}

/**
 * How rows are reported. The table has the columns of the CSV, with their titles in capitals, unless it names its own;
 * its `notes` follow a row, indented; its `order` puts the rows that matter first.
 */
export interface Report<Row> {
  readonly table?: ReadonlyArray<Column<Row>>
  readonly notes?: (row: Row) => ReadonlyArray<string>
  readonly order?: (a: Row, b: Row) => number
  readonly csv: ReadonlyArray<Column<Row>>
  readonly json: (row: Row) => unknown
}

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const

/** A line of little bars, the highest for the largest value; a dot where nothing was. */
export const sparkLine = (values: ReadonlyArray<number>): string => {
  const most = Math.max(...values, 0)
  return values
    .map((value) => (value > 0 ? BARS[Math.min(BARS.length - 1, Math.ceil((value / most) * BARS.length) - 1)] : "·"))
    .join("")
}

/** A number as people read it: whole from 100 on, else with one decimal where it has any. */
export const shortNumber = (value: number): string => {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 1
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 })
}

/** A text of at most so many characters. */
export const clipped = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`

// A spreadsheet takes a cell that begins so for a formula, whoever wrote it, unless it is a number.
const FORMULA = /^'*[=+\-@\t\r]/
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/

const csvCell = (cell: string): string => {
  const text = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const csvLine = (cells: ReadonlyArray<string>): string => cells.map(csvCell).join(",")

const tableLines = <Row>(rows: ReadonlyArray<Row>, { csv, notes, ...report }: Report<Row>): ReadonlyArray<string> => {
  const { table = csv.map((column) => ({ ...column, title: column.title.toUpperCase() })) } = report
  const cells = rows.map((row) => table.map(({ value }) => value(row)))
  const widths = table.map(({ title }, column) =>
    cells.reduce((most, line) => Math.max(most, line[column]?.length ?? 0), title.length)
  )
  const line = (texts: ReadonlyArray<string>) =>
    texts
      .map((text, column) =>
        table[column]?.right === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
      )
      .join("  ")
      .trimEnd()
  const body = rows.flatMap((row, index) => [
    line(cells[index] ?? []),
    ...(notes?.(row) ?? []).map((note) => `    ${note}`)
  ])
  return [line(table.map(({ title }) => title)), ...body]
}

/** Prints rows as they come, and says how many there were. A table waits for all, because its columns must fit. */
export const printReport = <Row, E, R>(
  rows: Stream.Stream<Row, E, R>,
  format: Format,
  report: Report<Row>
): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    if (format === "table") {
      const all = yield* Stream.runCollect(rows)
      const ordered = report.order === undefined ? all : all.toSorted(report.order)
      if (ordered.length > 0) yield* Console.log(tableLines(ordered, report).join("\n"))
      return ordered.length
    }
    let printed = 0
    const lineOf = (row: Row): string =>
      format === "csv"
        ? csvLine(report.csv.map(({ value }) => value(row)))
        : `${printed === 0 ? "[" : ","}${JSON.stringify(report.json(row))}`
    if (format === "csv") yield* Console.log(csvLine(report.csv.map(({ title }) => title)))
    yield* Stream.runForEach(rows, (row) => {
      const line = lineOf(row)
      printed += 1
      return Console.log(line)
    })
    if (format === "json") yield* Console.log(printed === 0 ? "[]" : "]")
    return printed
  })
