/**
 * Drafts of the commands on lots.
 */
import * as fc from "fast-check"
import { expiresOn, locationId, lotTracked, onceIn, productId } from "./Arbitraries.ts"
import { drafts, expected, present } from "./Draft.ts"

// The product that has lots, seldom another; the lots that are received, seldom one that is not.
const lotAt = {
  product: onceIn(20, productId).map((product = lotTracked) => product),
  lot: fc.oneof({ arbitrary: fc.constantFrom("A", "B", "C"), weight: 12 }, { arbitrary: fc.constant("X"), weight: 1 }),
  locations: onceIn(2, fc.array(locationId, { minLength: 1, maxLength: 2 }))
}

/** Drafts of the commands on lots. What was recalled mostly comes back, so that there is something to sell. */
export const lotDrafts = [
  drafts("recallLot", fc.record({ ...lotAt, reason: fc.constantFrom("glass", "label") }), (parts) => present(parts)),
  { arbitrary: drafts("reinstateLot", fc.record(lotAt), (parts) => present(parts)), weight: 3 },
  {
    arbitrary: drafts(
      "updateLot",
      fc.record({ ...lotAt, expected, expiresOn: fc.oneof(expiresOn, fc.constant(null), fc.constant(null)) }),
      (parts) => present(parts)
    ),
    weight: 2
  },
  drafts(
    "reviewLevels",
    fc.record({ location: locationId, products: fc.array(productId, { minLength: 1, maxLength: 2 }) }),
    ({ location, products: [first = lotTracked, ...rest] }) => ({ location, products: [first, ...rest] as const })
  )
]
