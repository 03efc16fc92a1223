/**
 * A row of a plan: what forecasts and order proposals print, whether the demand came from a store or from a file.
 */
import {
  type DemandUnit,
  decimalFromQuantity,
  Inventory,
  type Location,
  type PlannedStock,
  type PlanOptions,
  type ProductId,
  planAll,
  type Replenish
} from "@onhand/core"
import { DateTime, Effect, Stream } from "effect"
import { type Column, clipped, shortNumber, sparkLine } from "./Report.ts"

export interface PlanRow extends PlannedStock {
  /** The product's id in the store; null in a file. */
  readonly product: ProductId | null
  readonly sku: string
  readonly name: string
  /** The location's name; empty where there is only one and it has none. */
  readonly location: string
  /** The location's id in the store; its name in a file. */
  readonly locationId: string
  /** Digits after the point of the product's unit. */
  readonly decimals: number
  readonly abc: Replenish.AbcClass
  readonly every: DemandUnit
  readonly timeZone: DateTime.TimeZone
  /** When the first coming period begins. */
  readonly begins: DateTime.Utc
  readonly stock: Replenish.StockPosition
  readonly vendor: string
  /** The price of one unit from its vendor; null where it is not known. */
  readonly unitCost: number | null
}

/** Who sells a product, by name, and what a unit costs there. */
export interface Seller {
  readonly vendor: string
  readonly unitCost: number | null
}

/** Plans a store. */
export const storeRows = (
  options: PlanOptions,
  locations: ReadonlyArray<Location>,
  sellers: ReadonlyMap<ProductId, Seller> = new Map()
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { read } = yield* Inventory
      const names = new Map(locations.map(({ id, name }) => [id, name]))
      return planAll(read, options).pipe(
        Stream.map(
          ({ product, location, ...plan }): PlanRow => ({
            ...plan,
            product: product.id,
            sku: product.sku,
            name: product.name,
            location: names.get(location) ?? location,
            locationId: location,
            decimals: product.unit.decimals,
            every: options.calendar.every,
            timeZone: options.calendar.timeZone,
            vendor: sellers.get(product.id)?.vendor ?? "",
            unitCost: sellers.get(product.id)?.unitCost ?? null
          })
        )
      )
    })
  )

/** A quantity in the product's unit, exactly. */
export const quantityText = (units: number, decimals: number): string =>
  decimalFromQuantity(Math.round(units * 10 ** decimals), decimals)

/** The first day of a coming period, where the shop is. */
export const dayOf = ({ begins, timeZone }: PlanRow): string =>
  DateTime.formatIsoDate(DateTime.setZone(begins, timeZone))

/** How many periods the spark line shows. */
const SPARKS = 26
const MOST_NAME = 28

/** The columns of both tables that say what the row is about. */
export const subjectColumns: ReadonlyArray<Column<PlanRow>> = [
  { title: "SKU", value: ({ sku }) => sku },
  { title: "PRODUCT", value: ({ name }) => clipped(name, MOST_NAME) },
  { title: "LOCATION", value: ({ location }) => clipped(location, MOST_NAME) }
]

/** The past as a line. */
export const pastColumn = (every: DemandUnit): Column<PlanRow> => ({
  title: `LAST ${SPARKS} ${every.toUpperCase()}S`,
  value: ({ expected }) => sparkLine(expected.history.slice(-SPARKS))
})

/** The columns of CSV that say what the row is about. */
export const subjectCells: ReadonlyArray<Column<PlanRow>> = [
  { title: "sku", value: ({ sku }) => sku },
  { title: "name", value: ({ name }) => name },
  { title: "location", value: ({ location }) => location },
  { title: "every", value: ({ every }) => every },
  { title: "begins", value: dayOf }
]

const exact = (value: number): string => String(Number(value.toPrecision(8)))

/** A column of CSV with a number. */
export const numberCell = (title: string, of: (row: PlanRow) => number | null | undefined): Column<PlanRow> => ({
  title,
  value: (row) => {
    const value = of(row)
    return value === null || value === undefined || !Number.isFinite(value) ? "" : exact(value)
  }
})

/** A column of a table with a number. */
export const numberColumn = (title: string, of: (row: PlanRow) => number): Column<PlanRow> => ({
  title,
  right: true,
  value: (row) => (Number.isFinite(of(row)) ? shortNumber(of(row)) : "–")
})

/** A share as a percentage. */
export const percentText = (share: number): string => `${Math.round(100 * share)} %`

/** What both say of a row as JSON. */
export const subjectJson = (row: PlanRow) => ({
  sku: row.sku,
  name: row.name,
  location: row.location,
  locationId: row.locationId,
  every: row.every,
  begins: dayOf(row),
  class: row.abc,
  expected: row.expected
})
