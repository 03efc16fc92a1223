/**
 * The memory store's answers about notifications and webhooks.
 */
import { DateTime, Effect, Option } from "effect"
import { pageOf } from "./MemoryPage.ts"
import type { Memory } from "./MemoryStore.ts"
import { causeName, LATE_PURCHASE_ORDER } from "./Notification.ts"
import { isLate } from "./PurchaseOrder.ts"
import type { Queries } from "./Queries.ts"

export const notificationQueries = (
  memory: Memory
): Pick<Queries, "notification" | "notifications" | "dueForReview" | "webhook" | "webhooks"> => ({
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
