/**
 * Arbitraries of the fields that rows are made of: any text that a field takes, any instant, any quantity.
 */
import { LocationId, ProductId } from "@onhand/core"
import { DateTime } from "effect"
import * as fc from "fast-check"
import { currency, quantity } from "./Arbitraries.ts"

/** Any text of a length, the awkward ones included: quotes, line breaks, other scripts. No NUL: databases refuse it. */
export const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ minLength, maxLength, unit: "grapheme" })
    .filter((value) => !value.includes("\u0000") && value.length >= minLength && value.length <= maxLength)

/** An instant in whole milliseconds, between 1970 and 2100. */
export const instant: fc.Arbitrary<DateTime.Utc> = fc
  .integer({ min: 0, max: Date.UTC(2100, 0, 1) })
  .map((millis) => DateTime.makeUnsafe(millis))

export const nullable = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { freq: 3 })
export const version = fc.integer({ min: 1, max: 2 ** 31 - 1 })
export const quantityOrZero = fc.oneof(fc.constant(0), quantity)
export const productId = text(1, 64).map((id) => ProductId.make(id))
export const locationId = text(1, 64).map((id) => LocationId.make(id))
export const stockKey = { product: productId, location: locationId, lot: text(0, 64) }
export const source = nullable(fc.record({ type: text(1, 32), id: text(1, 128) }))
export const placed = {
  shard: fc.nat(255),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  line: fc.nat(1_000)
}
export const email = fc.stringMatching(/^[a-z0-9.]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,5}$/)
export const unitCost = fc.record({ amount: fc.stringMatching(/^(0|[1-9]\d{0,11})(\.\d{1,6})?$/), currency })
export const written = { command: fc.uuid(), recordedAt: instant }
