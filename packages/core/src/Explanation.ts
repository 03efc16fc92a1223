/**
 * Explanations: why a level is what it is, from its lots down to the movements and the claims behind it.
 */
import type { Balance } from "./Balance.ts"
import type { Claim } from "./Claim.ts"
import type { LocationId } from "./Location.ts"
import type { Movement, Source } from "./Movement.ts"
import type { Page } from "./Page.ts"
import type { ProductId } from "./Product.ts"
import type { Level } from "./Queries.ts"

/** Which claims: those that answer all that is given. */
export interface ClaimFilter {
  readonly product?: ProductId | undefined
  readonly location?: LocationId | undefined
  readonly state?: "held" | "committed" | undefined
  /** What they were made for, such as an order. */
  readonly source?: Source | undefined
}

/**
 * Why so much is available of a product at a location: `level` is the sum of `lots`, and in each `available` is
 * sellable − held − committed, or nothing where the lot has expired or was recalled. All of it is of one instant, and
 * `held` counts only what binds at it.
 */
export interface Explanation {
  readonly level: Level
  /** The balance of each lot with history, ordered by lot. */
  readonly lots: ReadonlyArray<Balance>
  /** What made the stock, the newest first. Each says what its lot held right after it. */
  readonly movements: Page<Movement>
  /** What is held and committed, claim by claim, ordered by id. */
  readonly claims: Page<Claim>
}

/** A level of a place that has no history, and to which nothing is on its way. */
export const emptyLevel = ({ product, location }: Pick<Level, "product" | "location">): Level => {
  const nothing = { onHand: 0, sellable: 0, qualityControl: 0, damaged: 0, quarantine: 0 }
  return { product, location, ...nothing, held: 0, committed: 0, blocked: 0, available: 0, incoming: 0 }
}
