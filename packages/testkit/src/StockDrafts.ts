/**
 * Drafts of the commands on what is sold, where it is, and what there is of it: products, locations, movements, claims
 * and thresholds.
 */
import { ClaimId as ClaimIdSchema, type PayloadOf } from "@onhand/core"
import * as fc from "fast-check"
import {
  locationId,
  locationPool,
  lotChoice,
  movementLine,
  onceIn,
  productId,
  productPool,
  smallQuantity,
  withLot
} from "./Arbitraries.ts"
import { drafts, expected, type Known, lines, optional, pick, picked, present } from "./Draft.ts"

const NO_MOVEMENT = { id: "0-999-0", location: locationPool[0]! }
const NO_CLAIM = { id: ClaimIdSchema.make("no-claim"), location: locationPool[0]! }

const price = fc.option(fc.record({ amount: fc.nat({ max: 2000 }), currency: fc.constantFrom("USD", "EUR") }), {
  freq: 6
})
const productSku = fc.constantFrom("S0", "S1", "S2", "S3", "S4")
const name = fc.constantFrom("Mug", "Bowl", "Cup")

export const catalogueDrafts = [
  drafts(
    "createProduct",
    fc.record({ id: optional(fc.constantFrom(...productPool.slice(0, 3))), sku: productSku, name, price }),
    (parts) => present(parts)
  ),
  drafts(
    "updateProduct",
    fc.record({ product: productId, expected, name: optional(name), sku: optional(productSku) }),
    (parts) => present(parts)
  ),
  // An archived product refuses most of what comes; so it mostly comes back.
  drafts(
    "archiveProduct",
    fc.record({ product: productId, expected, archived: onceIn(4, fc.constant(true)) }),
    ({ archived = false, ...parts }) => ({ ...parts, archived })
  ),
  drafts(
    "importProducts",
    fc.array(fc.record({ sku: productSku, name, price }), { minLength: 1, maxLength: 3 }),
    ([first, ...rest]) => ({ lines: [first!, ...rest] as const })
  ),
  drafts("createLocation", fc.record({ id: locationId.filter((id) => id !== "l2"), name }), (parts) => parts),
  drafts("updateLocation", fc.record({ location: locationId, expected, name: optional(name) }), (parts) =>
    present(parts)
  ),
  // An archived location refuses what comes in; so it mostly comes back.
  drafts(
    "archiveLocation",
    fc.record({ location: locationId, expected, archived: onceIn(3, fc.constant(true)) }),
    ({ archived = false, ...parts }) => ({ ...parts, archived })
  ),
  drafts(
    "drainLocation",
    fc.record({ location: locationId, destination: locationId, after: onceIn(2, productId) }),
    (parts) => present(parts)
  ),
  drafts(
    "repairBalances",
    fc.record({ location: locationId, keys: lines(fc.record({ product: productId, lot: lotChoice })) }),
    (parts) => parts
  )
]

export const ledgerDrafts = fc.oneof(
  { arbitrary: drafts("recordMovements", lines(movementLine), (moved) => ({ lines: moved })), weight: 8 },
  {
    arbitrary: drafts("reverseMovement", pick, (one, known) => {
      const { id, location } = picked(known.movements, one, NO_MOVEMENT)
      return { movement: id, location }
    }),
    weight: 1
  }
)

export const holdTime = fc.constantFrom(86_400_000, 86_400_000, 60_000, 1_000)
const holdLine = fc
  .record({
    product: productId,
    location: locationId,
    quantity: smallQuantity,
    lot: onceIn(2, lotChoice)
  })
  .map(({ lot = "", ...line }) => (lot === "" ? line : withLot(line, lot)))

/** Claims of one location: that of the first picked. */
const claimsPayload = (picks: ReadonlyArray<number>, known: Known): PayloadOf<"commitClaims"> => {
  const chosen = picks.map((one) => picked(known.claims, one, NO_CLAIM))
  const { id, location } = chosen[0] ?? NO_CLAIM
  const others = chosen.slice(1).filter((claim) => claim.location === location)
  return { location, claims: [id, ...others.map((claim) => claim.id)] }
}
const claimPicks = fc.array(pick, { minLength: 1, maxLength: 2 })

export const claimDrafts = [
  drafts("holdStock", fc.record({ lines: lines(holdLine), ttlMillis: holdTime }), (parts) => parts),
  drafts("extendHolds", fc.record({ picks: claimPicks, ttlMillis: holdTime }), ({ picks, ttlMillis }, known) => ({
    ...claimsPayload(picks, known),
    ttlMillis
  })),
  drafts("commitClaims", claimPicks, claimsPayload),
  drafts("releaseClaims", claimPicks, claimsPayload),
  drafts("expireClaims", claimPicks, claimsPayload),
  drafts(
    "moveClaim",
    fc.record({ pick, location: locationId, lot: onceIn(6, lotChoice), quantity: onceIn(3, smallQuantity) }),
    ({ pick, location, lot, quantity }, known) => {
      const claim = picked(known.claims, pick, NO_CLAIM)
      const to = present({ location, lot })
      return present({ claim: claim.id, location: claim.location, to, quantity })
    }
  )
]

export const thresholdDrafts = drafts(
  "setThresholds",
  lines(
    fc
      .record({
        product: productId,
        location: locationId,
        low: fc.nat({ max: 8 }),
        clear: optional(fc.nat({ max: 12 })),
        high: onceIn(3, fc.constantFrom(5, 12, null)),
        clearHigh: onceIn(6, fc.nat({ max: 12 }))
      })
      .map((line) => present(line))
  ),
  (rules) => ({ lines: rules })
)

// Mostly of what is not counted in lots, where there is a shop.
const promised = {
  product: fc.oneof({ arbitrary: fc.constant(productPool[0]!), weight: 3 }, productId),
  location: fc.oneof({ arbitrary: fc.constantFrom(...locationPool.slice(0, 2)), weight: 4 }, locationId)
}

export const stockPolicyDrafts = drafts(
  "setStockPolicies",
  fc.array(
    fc.record({ ...promised, floor: fc.constantFrom(0, -2, -5), backorders: fc.constantFrom(true, true, false) }),
    {
      minLength: 1,
      maxLength: 2
    }
  ),
  ([first, ...rest]) => ({ lines: [first!, ...rest] as const })
)

export const policyDrafts = drafts(
  "setReorderPolicies",
  lines(
    fc.oneof(
      fc
        .record({ product: productId, location: locationId, reviewDays: optional(fc.integer({ min: 1, max: 9 })) })
        .map((line) => present(line)),
      fc.record({ abc: fc.constantFrom("A" as const, "C" as const), coverDays: fc.integer({ min: 1, max: 30 }) })
    )
  ),
  (rules) => ({ lines: rules })
)
