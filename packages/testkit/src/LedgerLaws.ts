/**
 * The laws that a snapshot of the ledger shows by itself: arithmetic, no overselling, claims.
 */
import { conditions, isCondition, movementFlows } from "@onhand/core"
import { DateTime } from "effect"
import type { LedgerLaw } from "./Law.ts"
import { availableOf, emptyTally, type LedgerView, nameOfKey, onHandOf, tallyOf } from "./LedgerView.ts"
import { floorAt } from "./StockPolicyLaws.ts"

type Law = LedgerLaw<LedgerView>

const A1: Law = {
  law: "A1",
  findings: ({ keys }) =>
    [...keys.values()].flatMap((history) => {
      const folded = tallyOf(history)
      return (Object.keys(emptyTally) as Array<keyof typeof emptyTally>).flatMap((field) => {
        const stored = history.balance?.[field] ?? 0
        return stored === folded[field]
          ? []
          : [`${nameOfKey(history.key)}: ${field} is ${stored}, but its entries sum to ${folded[field]}`]
      })
    })
}

const dense = (name: string, versions: ReadonlyArray<number>, kept: number): ReadonlyArray<string> => {
  const gap = versions.findIndex((version, index) => version !== index + 1)
  if (gap !== -1) return [`${name}: entry ${gap + 1} has version ${versions[gap]}`]
  return kept === versions.length ? [] : [`${name}: ${versions.length} entries, but the balance is at version ${kept}`]
}

const A2: Law = {
  law: "A2",
  findings: ({ keys }) =>
    [...keys.values()].flatMap(({ key, movements, claimEvents, balance }) => [
      ...dense(
        `movements of ${nameOfKey(key)}`,
        movements.map((movement) => movement.version),
        balance?.version ?? 0
      ),
      ...dense(
        `claim events of ${nameOfKey(key)}`,
        claimEvents.map((event) => event.version),
        balance?.claimVersion ?? 0
      )
    ])
}

const A3: Law = {
  law: "A3",
  findings: ({ keys }) =>
    [...keys.values()].flatMap((history) => {
      const found: Array<string> = []
      let onHand = 0
      let sellable = 0
      for (const { version, from, to, quantity, onHandAfter, sellableAfter } of history.movements) {
        onHand += (isCondition(to) ? quantity : 0) - (isCondition(from) ? quantity : 0)
        sellable += (to === "sellable" ? quantity : 0) - (from === "sellable" ? quantity : 0)
        if (onHandAfter === onHand && sellableAfter === sellable) continue
        found.push(
          `${nameOfKey(history.key)}: movement ${version} says ${onHandAfter} on hand and ${sellableAfter} sellable, ` +
            `but after it there are ${onHand} and ${sellable}`
        )
      }
      const last = history.claimEvents.at(-1)
      const { held, committed } = tallyOf(history)
      if (last !== undefined && (last.heldAfter !== held || last.committedAfter !== committed)) {
        found.push(
          `${nameOfKey(history.key)}: claim event ${last.version} says ${last.heldAfter} held and ` +
            `${last.committedAfter} committed, but after it there are ${held} and ${committed}`
        )
      }
      return found
    })
}

const A4: Law = {
  law: "A4",
  findings: ({ snapshot, keys }) => {
    const outside = new Map<string, number>()
    const found: Array<string> = []
    for (const { kind, product, from, to, quantity, command } of snapshot.movements) {
      const net = (isCondition(from) ? 0 : -quantity) + (isCondition(to) ? 0 : quantity)
      outside.set(product, (outside.get(product) ?? 0) + net)
      if (!movementFlows[kind].some(([source, target]) => source === from && target === to)) {
        found.push(`command ${command}: a ${kind} went from ${from} to ${to}`)
      }
    }
    const inside = new Map<string, number>()
    for (const { key, balance } of keys.values()) {
      if (balance === undefined) continue
      inside.set(key.product, (inside.get(key.product) ?? 0) + onHandOf(balance))
    }
    for (const product of new Set([...outside.keys(), ...inside.keys()])) {
      const sum = (outside.get(product) ?? 0) + (inside.get(product) ?? 0)
      if (sum !== 0) found.push(`${product}: all places together hold ${sum}`)
    }
    return found
  }
}

const A6: Law = {
  law: "A6",
  findings: ({ snapshot, keys }) => [
    ...[...snapshot.movements, ...snapshot.claimEvents]
      .filter(({ quantity }) => !Number.isSafeInteger(quantity) || quantity <= 0)
      .map((entry) => `${nameOfKey(entry)}: an entry of command ${entry.command} has quantity ${entry.quantity}`),
    ...[...keys.values()].flatMap(({ key, balance }) =>
      Object.entries(balance ?? {})
        .filter(([, value]) => typeof value === "number" && !Number.isSafeInteger(value))
        .map(([field, value]) => `${nameOfKey(key)}: ${field} is ${value}`)
    )
  ]
}

const B7: Law = {
  law: "B7",
  findings: (view) =>
    [...view.keys.values()].flatMap(({ key, after }) =>
      after.flatMap(({ seq, tally }) => {
        const below = [...conditions, "held" as const, "committed" as const].filter((field) => tally[field] < 0)
        const found = below.map((field) => `${nameOfKey(key)}: ${field} is ${tally[field]} after seq ${seq}`)
        const available = availableOf(tally)
        return available < 0 && available < floorAt(view, key, seq)
          ? [...found, `${nameOfKey(key)}: available is ${available} after seq ${seq}`]
          : found
      })
    )
}

const C12: Law = {
  law: "C12",
  findings: ({ snapshot, keys }) =>
    [...keys.values()].flatMap(({ key, balance }) =>
      (["held", "committed"] as const).flatMap((state) => {
        let open = 0
        for (const claim of snapshot.claims) {
          const same = claim.product === key.product && claim.location === key.location && claim.lot === key.lot
          if (same && claim.state === state) open += claim.quantity
        }
        const kept = balance?.[state] ?? 0
        return kept === open ? [] : [`${nameOfKey(key)}: ${state} is ${kept}, but its open claims sum to ${open}`]
      })
    )
}

const endings = new Set(["consumed", "released", "expired"])

const C13: Law = {
  law: "C13",
  findings: ({ snapshot, claims }) => {
    const rows = new Map(snapshot.claims.map((claim) => [String(claim.id), claim]))
    const found: Array<string> = []
    for (const [id, events] of claims) {
      const row = rows.get(id)
      const [first] = events
      if (first === undefined) continue
      if (first.kind !== "held" && first.kind !== "committed") found.push(`claim ${id} begins as ${first.kind}`)
      const gone = events.filter(({ kind }) => endings.has(kind)).reduce((sum, { quantity }) => sum + quantity, 0)
      if (gone > first.quantity) found.push(`claim ${id} of ${first.quantity} gave up ${gone}`)
      const left = row?.quantity ?? 0
      if (row === undefined) found.push(`claim ${id} has events but no row`)
      else if (!endings.has(row.state) && left !== first.quantity - gone) {
        found.push(`claim ${id} of ${first.quantity} gave up ${gone}, but ${left} of it are open`)
      } else if (endings.has(row.state) && gone !== first.quantity) {
        found.push(`claim ${id} of ${first.quantity} is ${row.state}, but gave up ${gone}`)
      }
    }
    for (const id of rows.keys()) if (!claims.has(id)) found.push(`claim ${id} has no events`)
    return found
  }
}

const C15: Law = {
  law: "C15",
  findings: ({ claims }) =>
    [...claims].flatMap(([id, events]) => {
      const [first] = events
      let left = first?.quantity ?? 0
      let committed = 0
      for (const [index, { kind, quantity, seq }] of events.entries()) {
        if (index > 0 && left <= 0) return [`claim ${id} was closed, and then ${kind} at seq ${seq}`]
        if (kind === "committed" && ++committed > 1) return [`claim ${id} was committed twice, again at seq ${seq}`]
        if (endings.has(kind)) left -= quantity
      }
      return []
    })
}

const C16: Law = {
  law: "C16",
  findings: ({ claims }) =>
    [...claims].flatMap(([id, events]) => {
      const expiresAt = events.findLast(({ kind }) => kind === "held" || kind === "extended")?.expiresAt
      if (expiresAt == null) return []
      const committed = events.some(({ kind }) => kind === "committed")
      return events.flatMap(({ kind, recordedAt }) => {
        const lapsed = DateTime.isGreaterThanOrEqualTo(recordedAt, expiresAt)
        const instants = `at ${DateTime.formatIso(recordedAt)}; it was held until ${DateTime.formatIso(expiresAt)}`
        if (kind === "expired" && !lapsed) return [`claim ${id} expired too early, ${instants}`]
        if ((kind === "committed" || (kind === "consumed" && !committed)) && lapsed) {
          return [`claim ${id} was ${kind} too late, ${instants}`]
        }
        return []
      })
    })
}

/** Laws A to C. */
export const ledgerLaws: ReadonlyArray<Law> = [A1, A2, A3, A4, A6, B7, C12, C13, C15, C16]
