/**
 * Drafts of the commands on notifications and webhooks.
 */
import { NotificationId, PurchaseOrderId, WebhookId } from "@onhand/core"
import * as fc from "fast-check"
import { locationId, locationPool, lotTracked, onceIn, productId } from "./Arbitraries.ts"
import { drafts, expected, type Known, optional, pick, picked, present } from "./Draft.ts"

const NO_NOTIFICATION = NotificationId.make("no-notification")

const cause = {
  kind: fc.oneof(
    { arbitrary: fc.constantFrom("failedSync", "lateTruck"), weight: 9 },
    { arbitrary: fc.constant("lowStock"), weight: 1 }
  ),
  subject: fc.constantFrom("pepsico", "unimall")
}

const lotPlaces = locationPool
  .slice(0, 2)
  .flatMap((location) => ["A", "B"].map((lot) => ({ product: lotTracked, location, lot })))

const NO_WEBHOOK = WebhookId.make("no-webhook")
const secret = `whsec_${"s".repeat(32)}`
const toldUrl = fc.constantFrom("https://example.com/stock", "https://example.org/told")
const told = (known: Known, one: number) => ({ webhook: picked(known.webhooks, one, NO_WEBHOOK) })

const meant = (known: Known, one: number) => ({ notification: picked(known.notifications, one, NO_NOTIFICATION) })

/** Takes down notifications that something was done to; they become the newest. */
export const learnNotifications = (known: Known, ids: ReadonlyArray<NotificationId>): void => {
  for (const id of ids) {
    const place = known.notifications.indexOf(id)
    if (place !== -1) known.notifications.splice(place, 1)
    known.notifications.push(id)
  }
}

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
        ...(one === undefined ? { lots: lotPlaces } : {}),
        notifications:
          one === undefined ? [...known.notifications] : [picked(known.notifications, one, NO_NOTIFICATION)],
        purchaseOrders: one === undefined ? orders : [picked(orders, one, PurchaseOrderId.make("no-order"))]
      }
    }),
    weight: 2
  },
  drafts(
    "createWebhook",
    fc.record({ url: toldUrl, events: onceIn(2, fc.constant(["StockChanged"] as const)) }),
    (parts) => ({ ...present(parts), secret })
  ),
  drafts(
    "updateWebhook",
    fc.record({
      one: pick,
      expected,
      url: optional(toldUrl),
      state: optional(fc.constantFrom("active" as const, "paused" as const)),
      secret: onceIn(3, fc.constant(secret))
    }),
    ({ one, ...parts }, known) => ({ ...told(known, one), ...present(parts) })
  ),
  drafts("removeWebhook", fc.record({ one: pick, expected }), ({ one, expected }, known) => ({
    ...told(known, one),
    expected
  }))
]
