// What is on hand and available, as sums over balances `b` at the instant `:now`.

export const onHand = "coalesce(sum(sellable + qualityControl + damaged + quarantine), 0)"

// Holds that have lapsed bind no more, whether or not a command has written that down.
const heldOfKey = `(b.held - (
  SELECT coalesce(sum(quantity), 0) FROM claims
  WHERE state = 'held' AND expiresAt <= :now
    AND claims.product = b.product AND claims.location = b.location AND claims.lot = b.lot))`

/** Whether nothing of a balance can be claimed or sold, because its lot has expired or was recalled. */
const isBlocked = `EXISTS (SELECT 1 FROM lots WHERE lots.product = b.product AND lots.lot = b.lot
  AND (lots.status = 'recalled' OR lots.expiresAt <= :now))`

/** What nobody has claimed of a balance. */
const unclaimed = `(b.sellable - ${heldOfKey} - b.committed)`

export const held = `coalesce(sum(${heldOfKey}), 0)`
export const blocked = `coalesce(sum(iif(${isBlocked}, ${unclaimed}, 0)), 0)`
export const available = `coalesce(sum(iif(${isBlocked}, 0, ${unclaimed})), 0)`
/** Over several locations: what one of them owes takes nothing away from another. Only stock of no lot can be owed. */
export const offered = `coalesce(sum(iif(${isBlocked}, 0, max(0, ${unclaimed}))), 0)`
