/**
 * What goods had cost that were sold and came back, in each period and group of a sales report: the cost at which each
 * movement left or came back, after the valuation of its product over all locations.
 */
import { DateTime } from "effect"
import type { ProductId } from "./Product.ts"
import { MAX_DECIMALS } from "./Quantity.ts"
import { isOfSales, type SalesCosts, type SalesFilter, salesBy, unitsText } from "./Sales.ts"
import type { PlacedMovement } from "./StockValue.ts"
import { type CostFlow, decimalText } from "./Valuation.ts"

/** A product, as far as it matters for what its sales cost. */
export interface SoldProduct {
  readonly product: ProductId
  readonly category: string
  readonly decimals: number
}

interface Sums {
  sold: bigint
  returned: bigint
  ordered: bigint
}

interface RowSums {
  uncosted: bigint
  readonly amounts: Map<string, Sums>
}

/** Decimals of a value of a product with the most decimals: those of every other are fewer. */
const VALUE_DECIMALS = 6 + MAX_DECIMALS

/** Sums up costs as the movements of products are valued, in any order of products. */
export class SalesCostFold {
  private readonly rows = new Map<string, RowSums>()
  private readonly edges: ReadonlyArray<number>
  private readonly filter: SalesFilter

  constructor(filter: SalesFilter) {
    this.filter = filter
    this.edges = filter.bounds.map(DateTime.toEpochMillis)
  }

  private keyOf({ product, category }: SoldProduct, { location }: PlacedMovement, period: number): string {
    return `${period} ${{ all: "", product, category, location }[this.filter.by]}`
  }

  /** Adds what a movement did to the value of its product; without a currency the value is not known. */
  add(about: SoldProduct, movement: PlacedMovement, flow: CostFlow | undefined, currency: string | null): void {
    const at = DateTime.toEpochMillis(movement.occurredAt)
    const period = this.edges.findLastIndex((edge) => edge <= at)
    if (!isOfSales(movement) || period < 0 || period >= this.edges.length - 1) return
    if (this.filter.location !== undefined && movement.location !== this.filter.location) return
    const key = this.keyOf(about, movement, period)
    const row = this.rows.get(key) ?? { uncosted: 0n, amounts: new Map<string, Sums>() }
    this.rows.set(key, row)
    const [sold, returned] = salesBy(movement)
    if (currency === null || flow === undefined) {
      row.uncosted += BigInt(sold - returned) * 10n ** BigInt(MAX_DECIMALS - about.decimals)
      return
    }
    const sums = row.amounts.get(currency) ?? { sold: 0n, returned: 0n, ordered: 0n }
    row.amounts.set(currency, sums)
    // What leaves has a value below zero; a shipment that is undone comes back to what was sold.
    const cost = -flow.value * 10n ** BigInt(MAX_DECIMALS - about.decimals)
    if (returned === 0) sums.sold += cost
    else sums.returned -= cost
    if (movement.source?.type === "order") sums.ordered += cost
  }

  /** The costs of a row of sales. */
  of({ from, group }: { readonly from: DateTime.Utc; readonly group: string }): SalesCosts {
    const row = this.rows.get(`${this.edges.indexOf(DateTime.toEpochMillis(from))} ${group}`)
    const text = (value: bigint) => decimalText(value, VALUE_DECIMALS)
    const amounts = [...(row?.amounts ?? [])].map(([currency, { sold, returned, ordered }]) => ({
      ...{ currency, sold: text(sold), returned: text(returned), ordered: text(ordered) }
    }))
    return {
      uncosted: unitsText(row?.uncosted ?? 0n),
      amounts: amounts.toSorted((a, b) => (a.currency < b.currency ? -1 : 1))
    }
  }
}
