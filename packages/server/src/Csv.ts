/**
 * CSV after RFC 4180, as spreadsheets write it: quoted fields, doubled quotes, any line ends, a byte order mark.
 */

// A spreadsheet takes a cell that begins so for a formula, whoever wrote it; the apostrophe makes it text.
const FORMULA = /^'*[=+\-@\t\r]/

// A number below zero is no formula.
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/

/** Fields as a line, those that a spreadsheet would take for formulas marked as text. */
export const csvLine = (fields: ReadonlyArray<string>): string =>
  `${fields
    .map((field) => (FORMULA.test(field) && !NUMBER.test(field) ? `'${field}` : field))
    .map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",")}\r\n`

/** A field of {@link csvLine} as it was before it was marked as text. */
export const unmarked = (field: string): string => (FORMULA.test(field) ? field.replace(/^'/, "") : field)

/** The rows of a text as fields, empty lines left out. A quote that is never closed takes the rest as one field. */
export const parseCsv = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<Array<string>> = []
  let row: Array<string> = []
  let field = ""
  let quoted = false
  const endField = () => {
    row.push(field)
    field = ""
  }
  const endRow = () => {
    endField()
    if (row.length > 1 || row[0] !== "") rows.push(row)
    row = []
  }
  for (let at = text.startsWith("\uFEFF") ? 1 : 0; at < text.length; at++) {
    const letter = text[at]
    if (quoted) {
      if (letter !== '"') field += letter
      else if (text[at + 1] === '"') {
        field += '"'
        at++
      } else quoted = false
    } else if (letter === '"' && field === "") quoted = true
    else if (letter === ",") endField()
    else if (letter === "\n") endRow()
    else if (letter === "\r" && text[at + 1] === "\n") continue
    else field += letter
  }
  endRow()
  return rows
}
