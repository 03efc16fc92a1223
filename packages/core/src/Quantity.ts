/**
 * Exact amounts of goods: integers of a unit's smallest step, converted from decimals once, at the edge.
 */
import { Result, Schema } from "effect"

/** The most steps one quantity may hold, so that sums of two stay within the 2^53 - 1 that numbers hold exactly. */
export const MAX_QUANTITY = 2 ** 52

/** How many digits after the point a unit of measure may have. */
export const MAX_DECIMALS = 6

/** A quantity above zero, in steps of the product's unit. */
export const Quantity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_QUANTITY })).annotate({
  identifier: "Quantity",
  description: "A quantity above zero, in the smallest steps of the product's unit of measure"
})
export type Quantity = typeof Quantity.Type

/** A quantity of zero or more, in steps of the product's unit. */
export const QuantityOrZero = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_QUANTITY }))

/** How a product is counted: the unit's name and the decimals its quantities carry. */
export const UnitOfMeasure = Schema.Struct({
  name: Schema.NonEmptyString.check(Schema.isMaxLength(32)),
  decimals: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_DECIMALS }))
})
export interface UnitOfMeasure extends Schema.Schema.Type<typeof UnitOfMeasure> {}

/** What a product is counted in when nobody says otherwise. */
export const piece: UnitOfMeasure = { name: "piece", decimals: 0 }

/** A text that is not a quantity of the unit it was meant for. */
export class InvalidQuantity extends Schema.TaggedError<InvalidQuantity>()("InvalidQuantity", {
  text: Schema.String,
  decimals: Schema.Int,
  accepted: Schema.String
}) {
  override get message() {
    return `"${this.text}" is not a quantity: ${this.accepted} is accepted`
  }
}

const DECIMAL = /^(-?)(\d{1,16})(?:\.(\d{1,15}))?$/

/**
 * Steps of a unit from a decimal, exactly: `"1.5"` with 3 decimals is 1500. Nothing is ever rounded: more digits than
 * the unit has are refused, unless they are zeros.
 */
export const quantityFromDecimal = (
  decimal: string | number,
  decimals: number
): Result.Result<number, InvalidQuantity> => {
  // Most goods are counted in pieces, and that needs no look at digits.
  if (decimals === 0 && Number.isInteger(decimal) && Math.abs(Number(decimal)) <= MAX_QUANTITY) {
    return Result.succeed(Number(decimal) === 0 ? 0 : Number(decimal))
  }
  const text = String(decimal)
  const refuse = () =>
    Result.fail(
      new InvalidQuantity({
        text,
        decimals,
        accepted: `a decimal number with at most ${decimals} digits after the point`
      })
    )
  const match = DECIMAL.exec(text)
  if (match === null) return refuse()
  const fraction = (match[3] ?? "").replace(/0+$/, "")
  if (fraction.length > decimals) return refuse()
  const steps = Number(`${match[1]}${match[2]}${fraction.padEnd(decimals, "0")}`)
  return Math.abs(steps) <= MAX_QUANTITY ? Result.succeed(steps === 0 ? 0 : steps) : refuse()
}

/**
 * The decimal text of a number of steps: 1500 with 3 decimals is `"1.5"`. The inverse of {@link quantityFromDecimal}.
 */
export const decimalFromQuantity = (steps: number, decimals: number): string => {
  if (decimals === 0) return String(steps)
  const digits = String(Math.abs(steps)).padStart(decimals + 1, "0")
  const fraction = digits.slice(-decimals).replace(/0+$/, "")
  return `${steps < 0 ? "-" : ""}${digits.slice(0, -decimals)}${fraction === "" ? "" : `.${fraction}`}`
}
