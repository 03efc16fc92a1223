/**
 * The laws of notifications: what a threshold raised has one notification until it is cleared, and each notification is
 * what its events say that became of it.
 */
import { type Notification, stockNotificationKinds } from "@onhand/core"
import type { LedgerLaw } from "./Law.ts"
import type { LedgerView } from "./LedgerView.ts"
import { availableAt, lastLookAt } from "./LotView.ts"

export const H60: LedgerLaw<LedgerView> = {
  law: "H60",
  findings: (view) => {
    const byId = new Map<string, Notification>(view.snapshot.notifications.map((one) => [one.id, one]))
    return view.snapshot.thresholds.flatMap((threshold) => {
      const name = `the threshold of ${threshold.product} at ${threshold.location}`
      const available = availableAt(view, threshold, Infinity, lastLookAt(view, threshold))
      const { open, high, clearHigh } = threshold
      const found: Array<string> = []
      if ((open.outOfStock !== undefined) !== available <= 0)
        found.push(`${name}: ${available} are available, and it is ${open.outOfStock ? "" : "not "}out of stock`)
      if ((open.lowStock !== undefined) !== (threshold.raisedAt !== null))
        found.push(`${name} is raised without a notification, or has one without being raised`)
      const over = open.overstock !== undefined
      if (over ? clearHigh === null || available <= clearHigh : high !== null && available >= high)
        found.push(`${name}: ${available} are available, and it is ${over ? "" : "not "}overstock from ${high} on`)
      for (const kind of stockNotificationKinds) {
        const id = open[kind]
        if (id !== undefined && byId.get(id)?.kind !== kind) found.push(`${name} names ${id}, which is no ${kind}`)
        const left = [...byId.values()].filter(
          (one) => one.kind === kind && one.subject === threshold.id && one.id !== id && one.state !== "resolved"
        )
        for (const one of left) found.push(`${name}: ${one.id} is ${one.state}, although ${kind} is over`)
      }
      return found
    })
  }
}

const STATE_AFTER = {
  raised: "open",
  repeated: undefined,
  acknowledged: "acknowledged",
  snoozed: "snoozed",
  woken: "open",
  resolved: "resolved"
} as const

export const H61: LedgerLaw<LedgerView> = {
  law: "H61",
  findings: (view) => {
    const told = Map.groupBy(
      view.snapshot.events.flatMap(({ command, line, event }) =>
        event._tag === "NotificationChanged"
          ? [{ micros: view.commands.get(command)?.recordedMicros ?? 0, line, event }]
          : []
      ),
      ({ event }) => event.notification
    )
    return view.snapshot.notifications.flatMap(({ id, state, occurrences, snoozedUntil, resolvedAt }) => {
      const events = (told.get(id) ?? []).toSorted((a, b) => a.micros - b.micros || a.line - b.line)
      const changes = events.map(({ event }) => event.change)
      const said = changes.join(", ")
      const found: Array<string> = []
      if (changes.indexOf("raised") !== 0 || changes.lastIndexOf("raised") !== 0)
        found.push(`notification ${id} told: ${said}`)
      const resolved = changes.indexOf("resolved")
      if (resolved !== -1 && resolved !== changes.length - 1)
        found.push(`notification ${id} told after its end: ${said}`)
      if (changes.filter((change) => change === "repeated").length !== occurrences - 1)
        found.push(`notification ${id} occurred ${occurrences} times, and told: ${said}`)
      const last = changes.findLast((change) => STATE_AFTER[change] !== undefined)
      if (last === undefined || STATE_AFTER[last] !== state || events.at(-1)?.event.state !== state)
        found.push(`notification ${id} is ${state}, and told: ${said}`)
      if ((snoozedUntil !== null) !== (state === "snoozed") || (resolvedAt !== null) !== (state === "resolved"))
        found.push(`notification ${id} is ${state}, against its times`)
      return found
    })
  }
}
