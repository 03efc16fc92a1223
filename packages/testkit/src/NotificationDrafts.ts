/**
 * Drafts of the commands on notifications.
 */
import { NotificationId, PurchaseOrderId } from "@onhand/core"
import * as fc from "fast-check"
import { locationId, onceIn, productId } from "./Arbitraries.ts"
import { drafts, type Known, optional, pick, picked, present } from "./Draft.ts"

const NO_NOTIFICATION = NotificationId.make("no-notification")

const cause = {
  kind: fc.oneof(
    { arbitrary: fc.constantFrom("failedSync", "lateTruck"), weight: 9 },
    { arbitrary: fc.constant("lowStock"), weight: 1 }
  ),
  subject: fc.constantFrom("pepsico", "unimall")
}

const meant = (known: Known, one: number) => ({ notification: picked(known.notifications, one, NO_NOTIFICATION) })

/** Drafts of the commands on notifications. */
export const notificationDrafts = [
  {
    arbitrary: drafts(
      "raiseNotification",
      fc.record({
        ...cause,
        message: fc.constantFrom("It did not answer.", "It answered nonsense."),
        product: onceIn(4, productId),
        location: optional(locationId)
      }),
      (parts) => present(parts)
    ),
    weight: 3
  },
  drafts("clearNotification", fc.record(cause), (parts) => parts),
  drafts("acknowledgeNotification", pick, (one, known) => meant(known, one)),
  {
    arbitrary: drafts(
      "snoozeNotification",
      fc.record({ one: pick, millis: fc.constantFrom(60_000, 86_400_000) }),
      ({ one, millis }, known) => ({ ...meant(known, one), millis })
    ),
    weight: 2
  },
  drafts("resolveNotification", pick, (one, known) => meant(known, one)),
  // Mostly of everything, as the job does that looks for what is due.
  {
    arbitrary: drafts("reviewNotifications", onceIn(3, pick), (one, known) => {
      const orders = known.purchaseOrders.map(({ id }) => id)
      return {
        notifications: one === undefined ? known.notifications : [picked(known.notifications, one, NO_NOTIFICATION)],
        purchaseOrders: one === undefined ? orders : [picked(orders, one, PurchaseOrderId.make("no-order"))]
      }
    }),
    weight: 2
  }
]
