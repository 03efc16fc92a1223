/**
 * Columns: rows written as one array a column, so that a statement costs the same whatever the number of rows.
 */
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Result } from "effect"

/**
 * How a column travels. Whole numbers travel as float8, which holds them exactly up to 2^53 - 1 and spares a bigint a
 * value; instants as microseconds since 1970, for the same reason.
 */
export type ColumnType = "text" | "integer" | "json" | "micros" | "decimal"

const travels: Readonly<Record<ColumnType, { readonly oid: number; readonly array: string; readonly cast: string }>> = {
  text: { oid: PgTypes.OID.text, array: "text[]", cast: "" },
  integer: { oid: PgTypes.OID.float8, array: "float8[]", cast: "::bigint" },
  json: { oid: PgTypes.OID.text, array: "text[]", cast: "::jsonb" },
  micros: { oid: PgTypes.OID.float8, array: "float8[]", cast: "" },
  decimal: { oid: PgTypes.OID.text, array: "text[]", cast: "::numeric" }
}

/** What a column holds in one row. */
export type Value = string | number | null

/** A column: its name, how it travels, and its value in a row. */
export interface Column<Row> {
  readonly name: string
  readonly type: ColumnType
  readonly value: (row: Row) => Value
}

/** An array parameter. */
export const arrayOf = (values: ReadonlyArray<unknown>, type: ColumnType): PgTypes.Parameter =>
  Result.getOrThrow(PgTypes.array(values, travels[type].oid))

/** The values of rows, one array a column. */
export const valuesOf = <Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: ReadonlyArray<Row>
): ReadonlyArray<ReadonlyArray<Value>> => columns.map(({ value }) => rows.map(value))

/** The parameters that carry columns' values, one a column. */
export const parametersOf = (
  columns: ReadonlyArray<{ readonly type: ColumnType }>,
  values: ReadonlyArray<ReadonlyArray<Value>>
) => columns.map(({ type }, index) => arrayOf(values[index] ?? [], type))

/** The type of the parameter that carries a column's values. */
export const arrayTypeOf = ({ type }: { readonly type: ColumnType }): string => travels[type].array

/** `unnest` over the columns' parameters, the first of which is `$<from>`. */
export const unnest = <Row>(columns: ReadonlyArray<Column<Row>>, from: number): string => {
  const arrays = columns.map(({ type }, index) => `$${from + index}::${arrayTypeOf({ type })}`)
  return `unnest(${arrays.join(", ")}) AS new(${columns.map(({ name }) => name).join(", ")})`
}

/** What a column is in the table, from what it is in `unnest`. */
const stored = ({ name, type }: Pick<Column<never>, "name" | "type">): string =>
  type === "micros" ? `to_timestamp(new.${name} / 1e6)` : `new.${name}${travels[type].cast}`

/** `INSERT … SELECT … FROM unnest(…)` on a condition, to be ended by what is to happen on a conflict. */
export const insert = <Row>(table: string, columns: ReadonlyArray<Column<Row>>, from: number, condition = "true") =>
  `INSERT INTO onhand.${table} (${columns.map(({ name }) => name).join(", ")})
   SELECT ${columns.map((column) => stored(column)).join(", ")} FROM ${unnest(columns, from)} WHERE ${condition}`

/** What a column is on its way back, in the form in which it travelled. */
export const readOf = ({ name, type }: Pick<Column<never>, "name" | "type">): string =>
  type === "micros"
    ? `(extract(epoch FROM ${name}) * 1000000)::float8`
    : type === "integer"
      ? `${name}::float8`
      : `${name}::text`
