/**
 * CSV after RFC 4180, as spreadsheets write it: quoted fields, doubled quotes, any line ends, a byte order mark.
 */
import type { InvalidRequest } from "@onhand/api"
import { Effect, Stream } from "effect"
import * as Csv from "effect/encoding/Csv"
import { faulty } from "./Faults.ts"

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

/** The rows of a text as fields, empty lines left out. */
export const csvRows = (text: string): Effect.Effect<ReadonlyArray<ReadonlyArray<string>>, InvalidRequest> =>
  Stream.make(text).pipe(
    Stream.pipeThroughChannel(Csv.decodeString({ ignoreEmptyLines: true })),
    Stream.runCollect,
    Effect.mapError(({ line, message }) => faulty("payload", `Line ${line} is no CSV: ${message}`))
  )
