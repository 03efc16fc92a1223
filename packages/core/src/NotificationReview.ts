/**
 * The review of notifications as a job: now and then it looks for what time alone has brought about.
 */
import { DateTime, Effect } from "effect"
import { USUAL_EXPIRY_DAYS } from "./ExpiringLots.ts"
import { Inventory } from "./Inventory.ts"

/** What one review takes; what is left is the next one's. */
const MOST_REVIEWED = 500

/** How often it looks, in milliseconds. */
const PAUSE_MILLIS = 60_000

/** How often it looks for lots, in milliseconds: their expiry goes by days, and there may be many. */
const LOTS_PAUSE_MILLIS = 15 * 60_000

/** How a review goes on. `expiryDays` is how many days before its expiry a lot is told of. */
export interface ReviewOptions {
  readonly pauseMillis?: number
  readonly lotsPauseMillis?: number
  readonly expiryDays?: number
}

/** Does something now and then, whatever becomes of it. */
const again = <A, E>(review: Effect.Effect<A, E, Inventory>, pauseMillis: number) =>
  review.pipe(
    Effect.catchCause((cause) => Effect.logWarning("Notifications are reviewed again in a moment", cause)),
    Effect.andThen(Effect.sleep(pauseMillis)),
    Effect.forever
  )

/** Reviews what is due now. */
export const reviewOnce = Effect.gen(function* () {
  const inventory = yield* Inventory
  const due = yield* inventory.read.dueForReview(yield* DateTime.now, MOST_REVIEWED)
  if (due.notifications.length + due.purchaseOrders.length === 0) return undefined
  return yield* inventory.reviewNotifications(due)
})

/** Reviews the lots that expire within so many days, location by location, so that no other has to wait. */
export const reviewLotsOnce = (expiryDays: number = USUAL_EXPIRY_DAYS) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const due = yield* inventory.read.lotsForReview(yield* DateTime.now, expiryDays, MOST_REVIEWED)
    const nothingElse = { notifications: [], purchaseOrders: [] }
    return yield* Effect.forEach(Map.groupBy(due, ({ location }) => location).values(), (lots) =>
      inventory.reviewNotifications({ ...nothingElse, lots, expiryDays })
    )
  })

/**
 * Reviews without end, and never fails. Any number of processes may do it: each looks at what is due by the store's own
 * clock, and what another has done already is left as it is.
 */
export const reviewing = ({
  pauseMillis = PAUSE_MILLIS,
  lotsPauseMillis = LOTS_PAUSE_MILLIS,
  expiryDays = USUAL_EXPIRY_DAYS
}: ReviewOptions = {}): Effect.Effect<never, never, Inventory> =>
  Effect.raceFirst(again(reviewOnce, pauseMillis), again(reviewLotsOnce(expiryDays), lotsPauseMillis))
