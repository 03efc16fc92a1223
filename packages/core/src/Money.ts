/**
 * Money: an integer of a currency's minor unit (cents) with its ISO 4217 code. Sums never pass through floating point.
 */
import { Result, Schema } from "effect"

/** An ISO 4217 code: three capital letters. */
export const Currency = Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/)).annotate({
  identifier: "Currency",
  description: "An ISO 4217 currency code, such as USD"
})

/** An amount in minor units (cents for USD, yen for JPY) and its currency. */
export const Money = Schema.Struct({
  amount: Schema.Int,
  currency: Currency
}).annotate({ identifier: "Money" })
export interface Money extends Schema.Schema.Type<typeof Money> {}

/** What something costs the customer: money that is never below zero. */
export const Price = Schema.Struct({
  amount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  currency: Currency
}).annotate({ identifier: "Price" })

/** A text that is not an amount of the currency it was meant for. */
export class InvalidMoney extends Schema.TaggedError<InvalidMoney>()("InvalidMoney", {
  text: Schema.String,
  currency: Schema.String,
  accepted: Schema.String
}) {
  override get message() {
    return `"${this.text}" is not an amount of ${this.currency}: ${this.accepted} is accepted`
  }
}

// ISO 4217 lists the minor units; all currencies but these have two digits.
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4
}

/** How many digits the currency's minor unit stands behind the point: 2 for USD, 0 for JPY, 3 for KWD. */
export const minorDigits = (currency: string): number => MINOR_DIGITS[currency] ?? 2

/**
 * Money from a decimal text, exactly: `("9.50", "USD")` is 950 cents. More digits than the currency has are refused,
 * and so are amounts that a number does not hold to the last minor unit.
 */
export const moneyFromDecimal = (decimal: string, currency: string): Result.Result<Money, InvalidMoney> => {
  const digits = minorDigits(currency)
  const match = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(decimal)
  const fraction = (match?.[3] ?? "").replace(/0+$/, "")
  const amount = Number(`${match?.[1]}${match?.[2]}${fraction.padEnd(digits, "0")}`)
  if (fraction.length <= digits && Number.isSafeInteger(amount) && /^[A-Z]{3}$/.test(currency)) {
    return Result.succeed({ amount: amount === 0 ? 0 : amount, currency })
  }
  return Result.fail(
    new InvalidMoney({
      text: decimal,
      currency,
      accepted: `a decimal with at most ${digits} digits after the point and a three-letter ISO 4217 code`
    })
  )
}

/** The decimal text of an amount, with all digits of its minor unit: 950 cents is `"9.50"`. */
export const decimalFromMoney = (money: Money): string => {
  const digits = minorDigits(money.currency)
  if (digits === 0) return String(money.amount)
  const text = String(Math.abs(money.amount)).padStart(digits + 1, "0")
  return `${money.amount < 0 ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/**
 * The price of a quantity: unit price times steps, divided by the steps of one unit, rounded half away from zero to the
 * minor unit (the rounding rule of invoices). Only here does money round, because a price is per whole unit.
 */
export const priceOf = (unitPrice: Money, steps: number, decimals: number): Money => {
  const scale = 10n ** BigInt(decimals)
  const product = BigInt(unitPrice.amount) * BigInt(steps)
  const half = product < 0n ? -scale / 2n : scale / 2n
  return { amount: Number((product + half) / scale), currency: unitPrice.currency }
}
