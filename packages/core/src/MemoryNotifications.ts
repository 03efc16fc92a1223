/**
 * The memory store's answers about notifications and webhooks.
 */
import { DateTime, Effect, Option } from "effect"
import { onHand } from "./Balance.ts"
import { expiryBounds, expiryVerdict, type LotPlace, lotSubject } from "./ExpiringLots.ts"
import { pageOf } from "./MemoryPage.ts"
import type { Memory } from "./MemoryStore.ts"
import { causeName, EXPIRING_LOT, LATE_PURCHASE_ORDER } from "./Notification.ts"
import { isLate } from "./PurchaseOrder.ts"
import type { Queries } from "./Queries.ts"
import { lotId } from "./StockKey.ts"

const byPlace = (a: LotPlace, b: LotPlace): number => {
  for (const field of ["product", "location", "lot"] as const) {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1
  }
  return 0
}

export const notificationQueries = (
  memory: Memory
): Pick<Queries, "notification" | "notifications" | "dueForReview" | "lotsForReview" | "webhook" | "webhooks"> => ({
  webhook: (id) => Effect.sync(() => Option.fromUndefinedOr(memory.tables.webhooks.get(id))),
  webhooks: (page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.webhooks.values()].filter(({ state }) => state !== "removed")
      return Effect.fromResult(
        pageOf("webhooks", items, ({ createdAt, id }) => [DateTime.toEpochMillis(createdAt), id], page)
      )
    }),
  notification: (id) => Effect.sync(() => Option.fromUndefinedOr(memory.tables.notifications.get(id))),
  notifications: ({ state, kind, product, location }, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.notifications.values()].filter(
        (one) =>
          (state === undefined || one.state === state) &&
          (kind === undefined || one.kind === kind) &&
          (product === undefined || one.product === product) &&
          (location === undefined || one.location === location)
      )
      return Effect.fromResult(
        pageOf("notifications", items, ({ raisedAt, id }) => [DateTime.toEpochMillis(raisedAt), id], page, true)
      )
    }),
  lotsForReview: (by, expiryDays, limit) =>
    Effect.sync(() => {
      const bounds = expiryBounds(by, expiryDays)
      return [...memory.balances.values()]
        .flatMap((balance) => {
          const { product, location, lot } = balance
          const found = memory.tables.lots.get(lotId(product, lot))
          if (found === undefined) return []
          const place = { product, location, lot }
          const verdict = expiryVerdict(found.expiresAt, onHand(balance), bounds)
          const told = memory.tables.names.has(causeName(EXPIRING_LOT, lotSubject(place)))
          return verdict === (told ? "clear" : "raise") ? [place] : []
        })
        .sort(byPlace)
        .slice(0, limit)
    }),
  dueForReview: (by, limit) =>
    Effect.sync(() => ({
      notifications: [...memory.tables.notifications.values()]
        .filter(({ snoozedUntil }) => snoozedUntil !== null && DateTime.isLessThanOrEqualTo(snoozedUntil, by))
        .map(({ id }) => id)
        .sort()
        .slice(0, limit),
      purchaseOrders: [...memory.tables.purchaseOrders.values()]
        .filter((order) => isLate(order, by) !== memory.tables.names.has(causeName(LATE_PURCHASE_ORDER, order.id)))
        .map(({ id }) => id)
        .sort()
        .slice(0, limit)
    }))
})
