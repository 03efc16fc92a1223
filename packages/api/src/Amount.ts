/**
 * Amounts on the wire: money as a decimal text, quantities as decimal numbers, time as RFC 3339 text. Everything is
 * plain JSON, so that what a client reads is what was sent.
 */
import { Currency, Entered, MAX_DECIMALS } from "@onhand/core"
import { DateTime, Schema } from "effect"

/** Money: a decimal text with the digits of the currency, because JSON numbers lose cents. */
export const Money = Schema.Struct({
  amount: Schema.String.check(Schema.isPattern(/^-?\d{1,13}(\.\d{1,6})?$/)),
  currency: Currency
}).annotate({
  identifier: "MoneyAmount",
  description: "An amount of money: a decimal text and an ISO 4217 currency code",
  examples: [{ amount: "9.50", currency: "USD" }]
})
export interface Money extends Schema.Schema.Type<typeof Money> {}

/** A quantity of goods in whole units of the product, with at most the product's decimals. */
export const Decimal = Schema.Finite.annotate({
  description: `A quantity in the product's unit, with at most its decimals (0 to ${MAX_DECIMALS})`,
  examples: [2]
})

/** How much of a product a line is about, in its own unit or in one of its packs. */
export const quantityInUnit = {
  quantity: Decimal,
  unit: Schema.optionalKey(
    Entered.fields.unit.annotate({
      description: "What the quantity counts: the product's own unit when left out, or one of its packs, such as a case"
    })
  )
}

/** How a quantity was said, where somebody said it in a unit that he named. */
export const AsEntered = Schema.NullOr(Entered)

/** An instant, in UTC. */
export const Timestamp = Schema.String.annotate({
  format: "date-time",
  description: "An instant in UTC after RFC 3339",
  examples: ["2026-03-01T09:30:00.000Z"]
})

// Of years with more or fewer than four digits RFC 3339 knows nothing, and neither do databases.
const FIRST_MILLIS = Date.parse("0001-01-01T00:00:00Z")
const LAST_MILLIS = Date.parse("9999-12-31T23:59:59.999Z")

/** An instant as a caller gives it, with any offset. */
export const TimestampInput = Schema.DateTimeUtcFromString.check(
  Schema.makeFilter((instant) => {
    const millis = DateTime.toEpochMillis(instant)
    return (millis >= FIRST_MILLIS && millis <= LAST_MILLIS) || "an instant of the years 0001 to 9999 is accepted"
  })
).pipe(
  // Of the text that is sent, not of the instant that it becomes: so the documentation has it.
  Schema.annotateEncoded({ format: "date-time", description: "An instant after RFC 3339, with an offset or Z" })
)
