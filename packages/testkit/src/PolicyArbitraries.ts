/**
 * Arbitraries of the rows that say what may be done with a product at a location.
 */
import { MAX_QUANTITY, type ReorderPolicy, type StockPolicy } from "@onhand/core"
import * as fc from "fast-check"
import { locationId, nullable, productId, text, version } from "./FieldArbitraries.ts"

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true })
const days = nullable(fc.integer({ min: 0, max: 730 }))

const target: fc.Arbitrary<NonNullable<ReorderPolicy["target"]>> = fc.oneof(
  fc.record({ kind: fc.constantFrom("cycle service", "fill rate"), level: share }),
  fc.record({ kind: fc.constant("marginal" as const), chance: share }),
  fc.record({ kind: fc.constant("threshold" as const), units: fc.nat(2 ** 30) })
)

export const reorderPolicy: fc.Arbitrary<ReorderPolicy> = fc.record({
  id: text(1, 80),
  product: nullable(productId),
  location: nullable(locationId),
  abc: nullable(fc.constantFrom("A", "B", "C")),
  target: nullable(target),
  leadDays: nullable(
    fc
      .tuple(fc.nat(730), fc.array(fc.nat(730), { maxLength: 3 }))
      .map(([first, rest]): readonly [number, ...Array<number>] => [first, ...rest])
  ),
  reviewDays: days,
  coverDays: days,
  alertRisk: nullable(share),
  version
})

export const stockPolicy: fc.Arbitrary<StockPolicy> = fc.record({
  id: text(1, 80),
  product: productId,
  location: locationId,
  floor: fc.integer({ min: -MAX_QUANTITY, max: 0 }),
  backorders: fc.boolean(),
  version
})
