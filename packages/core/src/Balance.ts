/**
 * The balance of one stock key: what is on hand by condition and what of it is claimed. It is nothing but the fold of
 * the key's movements and claim events, kept so that a decision reads one row.
 */
import { Schema } from "effect"
import type { Claim, NewClaimEvent } from "./Claim.ts"
import type { NewMovement } from "./Movement.ts"
import { MAX_QUANTITY, QuantityOrZero } from "./Quantity.ts"
import { type Condition, conditions, isCondition, StockKey, type StockPlace } from "./StockKey.ts"

/** The least that may be available: 0, or so much less as may be promised beyond what is there. */
export const Floor = Schema.Int.check(Schema.isBetween({ minimum: -MAX_QUANTITY, maximum: 0 }))

/**
 * Every number is in steps of the product's unit. `version` counts the key's movements, `claimVersion` its claim
 * events. `floor` follows from no entry: it is what the stock policy of the place says.
 */
export const Balance = Schema.Struct({
  ...StockKey.fields,
  sellable: Schema.Int,
  qualityControl: QuantityOrZero,
  damaged: QuantityOrZero,
  quarantine: QuantityOrZero,
  held: QuantityOrZero,
  committed: QuantityOrZero,
  floor: Floor,
  version: Schema.Int,
  claimVersion: Schema.Int
}).annotate({ identifier: "Balance" })
export interface Balance extends Schema.Schema.Type<typeof Balance> {}

/** The balance of a key that has no history yet. */
export const emptyBalance = (key: StockKey): Balance => ({
  product: key.product,
  location: key.location,
  lot: key.lot,
  sellable: 0,
  qualityControl: 0,
  damaged: 0,
  quarantine: 0,
  held: 0,
  committed: 0,
  floor: 0,
  version: 0,
  claimVersion: 0
})

/**
 * What is there and nobody has a right to: sellable less what is held and committed. Below zero where a stock policy
 * let more be promised than there is.
 */
export const available = (balance: Pick<Balance, "sellable" | "held" | "committed">): number =>
  balance.sellable - balance.held - balance.committed

/** What can still be claimed: what is available, and what a stock policy lets be promised beyond that. */
export const promisable = (balance: Pick<Balance, "sellable" | "held" | "committed" | "floor">): number =>
  available(balance) - balance.floor

/** What is physically at the location, in any condition. */
export const onHand = (balance: Pick<Balance, Condition>): number =>
  conditions.reduce((sum, condition) => sum + balance[condition], 0)

/** A product at a location with the balances of all its lots. */
export interface Stock extends StockPlace {
  readonly balances: ReadonlyMap<string, Balance>
}

/** What is on hand over all lots of a product at a location. */
export const onHandAt = (stock: Stock): number => {
  let sum = 0
  for (const balance of stock.balances.values()) sum += onHand(balance)
  return sum
}

/** The balance after a movement. */
export const applyMovement = (balance: Balance, movement: NewMovement): Balance => {
  const after = { ...balance, version: balance.version + 1 }
  if (isCondition(movement.from)) after[movement.from] -= movement.quantity
  if (isCondition(movement.to)) after[movement.to] += movement.quantity
  return after
}

/** The balance after a claim event; `claim` is the claim before it, absent when the event opens one. */
export const applyClaimEvent = (balance: Balance, claim: Claim | undefined, event: NewClaimEvent): Balance => {
  const after = { ...balance, claimVersion: balance.claimVersion + 1 }
  const from = claim?.state === "held" || claim?.state === "committed" ? claim.state : undefined
  switch (event.kind) {
    case "held":
      after.held += event.quantity
      break
    case "committed":
      if (from !== undefined) after[from] -= event.quantity
      after.committed += event.quantity
      break
    case "consumed":
    case "released":
    case "expired":
      if (from !== undefined) after[from] -= event.quantity
      break
    case "extended":
      break
  }
  return after
}

/**
 * The rule that no commit may break: nothing on a shelf below zero, and never more claimed than there is, but for what
 * its floor allows. The decisions refuse what would break it; this is the net under them, and the databases' CHECK is
 * the net under this one.
 */
export const isSound = (balance: Balance): boolean =>
  conditions.every((condition) => balance[condition] >= 0) &&
  balance.held >= 0 &&
  balance.committed >= 0 &&
  promisable(balance) >= 0
