/**
 * Packs: units in which goods are bought, scanned and counted beside the product's own, as exact ratios of it. A case
 * of 24 is 24 pieces, a pound is 45359237/100000 steps of a kilogram with three decimals, and nothing is ever rounded.
 */
import { Result, Schema } from "effect"
import { decimalFromQuantity, MAX_QUANTITY, Quantity, quantityFromDecimal, type UnitOfMeasure } from "./Quantity.ts"

const UnitName = Schema.NonEmptyString.check(Schema.isMaxLength(32))

/** The most packs of which a ratio is given: enough for every legal unit of measure. */
const MAX_PER = 1_000_000_000

/** A unit of a product's: `per` of it are exactly `steps` steps of the product's own unit. */
export const Pack = Schema.Struct({
  unit: UnitName,
  steps: Quantity,
  per: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_PER }))
})
export interface Pack extends Schema.Schema.Type<typeof Pack> {}

/** A quantity as somebody entered it: a decimal text, and the unit that it counts. */
export const Entered = Schema.Struct({
  unit: UnitName,
  quantity: Schema.String.check(Schema.isPattern(/^\d{1,16}(\.\d{1,15})?$/))
}).annotate({ identifier: "Entered", description: "What was entered: a decimal, and the unit that it counts" })
export interface Entered extends Schema.Schema.Type<typeof Entered> {}

/**
 * How much a line is about, wherever somebody may say it in a pack: the steps, and how they were said, as
 * {@link entering} makes both of it. What was said is kept as it is, and refused unless it is the quantity.
 */
export const enteredQuantity = { quantity: Quantity, entered: Schema.optionalKey(Entered) }

/** What a line keeps of how its quantity was said. */
export const keptEntered = ({ entered }: { readonly entered?: Entered }): { readonly entered?: Entered } =>
  entered === undefined ? {} : { entered }

/** The units of a product: its own, and its packs. */
export interface Units {
  readonly unit: UnitOfMeasure
  readonly packs: ReadonlyArray<Pack>
}

/** The product has no such unit. */
export class UnknownUnit extends Schema.TaggedError<UnknownUnit>()("UnknownUnit", {
  unit: Schema.String,
  units: Schema.Array(Schema.String)
}) {
  override get message() {
    return `The product is not counted in "${this.unit}"; accepted: ${this.units.join(", ")}`
  }
}

/** So much of a unit is no whole number of steps, or is not the quantity that was given with it. */
export class InexactQuantity extends Schema.TaggedError<InexactQuantity>()("InexactQuantity", {
  entered: Schema.Struct({ unit: Schema.String, quantity: Schema.String }),
  accepted: Schema.String
}) {
  override get message() {
    return `${this.entered.quantity} ${this.entered.unit} is not exact here; ${this.accepted}`
  }
}

/** The refusals of commands that take a quantity as it was entered. */
export const enteredRefusals = [UnknownUnit, InexactQuantity] as const

const inexact = (entered: Entered, accepted: string) => Result.fail(new InexactQuantity({ entered, accepted }))

const isEntered = Schema.is(Entered)

const packSteps = (pack: Pack, entered: Entered): Result.Result<number, InexactQuantity> => {
  if (!isEntered(entered)) return inexact(entered, "a decimal number above zero is accepted")
  const [whole = "", fraction = ""] = entered.quantity.split(".")
  const counted = BigInt(whole + fraction) * BigInt(pack.steps)
  const divisor = 10n ** BigInt(fraction.length) * BigInt(pack.per)
  const steps = counted / divisor
  if (counted % divisor !== 0n) {
    return inexact(entered, `a multiple of what makes whole steps is: ${pack.per} ${pack.unit} are ${pack.steps} steps`)
  }
  return steps >= 1n && steps <= BigInt(MAX_QUANTITY)
    ? Result.succeed(Number(steps))
    : inexact(entered, `1 to ${MAX_QUANTITY} steps are accepted`)
}

/** The steps of what was entered in any of a product's units, exactly; what would have to be rounded is refused. */
export const enteredSteps = (units: Units, entered: Entered): Result.Result<number, UnknownUnit | InexactQuantity> => {
  const { unit, packs } = units
  if (entered.unit === unit.name) {
    return Result.flatMap(
      Result.mapError(
        quantityFromDecimal(entered.quantity, unit.decimals),
        ({ accepted }) => new InexactQuantity({ entered, accepted: `${accepted} is accepted` })
      ),
      (steps) => (steps > 0 ? Result.succeed(steps) : inexact(entered, "a quantity above zero is accepted"))
    )
  }
  const pack = packs.find((one) => one.unit === entered.unit)
  return pack === undefined
    ? Result.fail(new UnknownUnit({ unit: entered.unit, units: [unit.name, ...packs.map((one) => one.unit)] }))
    : packSteps(pack, entered)
}

/** The fields of a line for what was entered: its steps, and what is kept of how it was said. */
export const entering = (
  units: Units,
  quantity: string | number,
  unit: string = units.unit.name
): Result.Result<{ readonly quantity: number; readonly entered: Entered }, UnknownUnit | InexactQuantity> => {
  const entered = { unit, quantity: String(quantity) }
  return Result.map(enteredSteps(units, entered), (steps) => ({ quantity: steps, entered }))
}

/**
 * Steps as a decimal text of one of a product's units; undefined where that has no end, as 8 pieces have none in cases
 * of 24.
 */
export const decimalInUnit = ({ unit, packs }: Units, steps: number, name: string): string | undefined => {
  if (name === unit.name) return decimalFromQuantity(steps, unit.decimals)
  const pack = packs.find((one) => one.unit === name)
  if (pack === undefined) return undefined
  const scaled = BigInt(steps) * BigInt(pack.per) * 10n ** BigInt(MAX_DIGITS)
  if (scaled % BigInt(pack.steps) !== 0n) return undefined
  const digits = String(scaled / BigInt(pack.steps)).padStart(MAX_DIGITS + 1, "0")
  return `${digits.slice(0, -MAX_DIGITS)}.${digits.slice(-MAX_DIGITS)}`.replace(/\.?0+$/, "")
}

/** As many digits after the point as what is entered may have. */
const MAX_DIGITS = 15

/** What is wrong between what was entered and the steps given with it, if anything. */
export const checkEntered = (
  units: Units,
  quantity: number,
  entered: Entered | undefined
): Result.Result<void, UnknownUnit | InexactQuantity> =>
  entered === undefined
    ? Result.void
    : Result.flatMap(enteredSteps(units, entered), (steps) =>
        steps === quantity
          ? Result.void
          : inexact(entered, `with it, a quantity of ${steps} steps is accepted, not ${quantity}`)
      )
