/**
 * The review of notifications as a job: now and then it looks for what time alone has brought about.
 */
import { DateTime, Effect } from "effect"
import { Inventory } from "./Inventory.ts"

/** What one review takes; what is left is the next one's. */
const MOST_REVIEWED = 500

/** How often it looks, in milliseconds. */
const PAUSE_MILLIS = 60_000

/** Reviews what is due now. */
export const reviewOnce = Effect.gen(function* () {
  const inventory = yield* Inventory
  const due = yield* inventory.read.dueForReview(yield* DateTime.now, MOST_REVIEWED)
  if (due.notifications.length + due.purchaseOrders.length === 0) return undefined
  return yield* inventory.reviewNotifications(due)
})

/**
 * Reviews without end, and never fails. Any number of processes may do it: each looks at what is due by the store's own
 * clock, and what another has done already is left as it is.
 */
export const reviewing = (pauseMillis: number = PAUSE_MILLIS): Effect.Effect<never, never, Inventory> =>
  reviewOnce.pipe(
    Effect.catchCause((cause) => Effect.logWarning("Notifications are reviewed again in a moment", cause)),
    Effect.andThen(Effect.sleep(pauseMillis)),
    Effect.forever
  )
