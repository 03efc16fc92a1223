/**
 * The laws that a snapshot shows about commands and their order, about what only ever grows, and about commerce.
 */
import {
  axesOf,
  type Claim,
  type CommandRecord,
  claimsAt,
  commandsByTag,
  differenceOf,
  type Event,
  keptQuantity,
  type LocationId,
  type Movement,
  movementId,
  type Order,
  openQuantity,
  type ProductId,
  shardOf,
  type Transfer
} from "@onhand/core"
import { Predicate } from "effect"
import type { LedgerLaw } from "./Law.ts"
import { availableOf, type LedgerView, nameOfKey, onHandOf, placeTallyAt, sharesShard, tallyAt } from "./LedgerView.ts"
import { H51, H52 } from "./LotLaws.ts"
import { availableAt, lastLookAt } from "./LotView.ts"
import { H60, H61 } from "./NotificationLaws.ts"
import { H50 } from "./PurchaseLaw.ts"
import type { LedgerSnapshot } from "./RawReaders.ts"
import { floorsAt, H62, H63 } from "./StockPolicyLaws.ts"

type Law = LedgerLaw<LedgerView>

/** The key of a command that the store itself wrote: that holds lapsed. */
export const isExpiryKey = (key: string): boolean => key.startsWith("expire:")

interface ShortLine {
  readonly key: { readonly product: ProductId; readonly location: LocationId; readonly lot: string }
  readonly wanted: number
  readonly available: number
}

/** The lines of a shortage that a record tells of, if it was refused for one. */
const shortLines = ({ outcome, reply }: CommandRecord): ReadonlyArray<ShortLine> =>
  outcome === "refused" && Predicate.hasProperty(reply, "_tag") && reply._tag === "InsufficientStock"
    ? (reply as unknown as { readonly lines: ReadonlyArray<ShortLine> }).lines
    : []

const B10: Law = {
  law: "B10",
  findings: (view) =>
    view.snapshot.commands.flatMap((record) =>
      shortLines(record).flatMap(({ key, available }) => {
        if (!sharesShard(view, record, key)) return []
        const place = placeTallyAt(view, key, record.seq)
        const history = [...view.keys.values()].find((one) => nameOfKey(one.key) === nameOfKey(key))
        const own = history && tallyAt(history, record.seq)
        const there = [
          availableOf(place),
          availableAt(view, key, record.seq, record.recordedMicros),
          own === undefined ? 0 : availableOf(own)
        ]
        const floors = floorsAt(view, key, record.seq)
        const truths = [
          ...there,
          ...there.flatMap((quantity) => floors.map((floor) => quantity - floor)),
          ...Object.values(own ?? {})
        ]
        return truths.includes(available)
          ? []
          : [`command ${record.key}: said ${available} of ${nameOfKey(key)} were available; there were ${truths[0]}`]
      })
    )
}

/** What the lines of a movement or hold command want of a place in all; undefined for a command without such lines. */
const demandOf = (record: CommandRecord, { key }: ShortLine): number | undefined => {
  if (record.tag !== "RecordMovements" && record.tag !== "HoldStock") return undefined
  const { lines }: { lines: ReadonlyArray<ShortLine["key"] & { quantity: number }> } = JSON.parse(record.payloadText)
  return lines
    .filter((line) => line.product === key.product && line.location === key.location)
    .reduce((sum, { quantity }) => sum + quantity, 0)
}

const B11: Law = {
  law: "B11",
  findings: (view) =>
    view.snapshot.commands.flatMap((record) =>
      shortLines(record).flatMap((line) => {
        const refused = `command ${record.key}: refused ${line.wanted} of ${nameOfKey(line.key)}`
        if (line.available >= line.wanted) return [`${refused} although ${line.available} were available`]
        const demand = demandOf(record, line)
        return demand !== undefined && line.wanted > demand ? [`${refused}, but it wanted only ${demand}`] : []
      })
    )
}

const C14: Law = {
  law: "C14",
  findings: ({ snapshot }) =>
    snapshot.commands
      .filter((record) => record.tag === "CommitClaims" && shortLines(record).length > 0)
      .map((record) => `command ${record.key}: a commit was refused for lack of stock`)
}

interface Entry {
  readonly shard: number
  readonly seq: number
  readonly line: number
}

const D18: Law = {
  law: "D18",
  findings: ({ snapshot, commands, movementsOf, claimEventsOf }) => {
    const found: Array<string> = []
    const ledgers: ReadonlyArray<ReadonlyMap<string, ReadonlyArray<Entry>>> = [movementsOf, claimEventsOf]
    for (const entries of ledgers) {
      for (const [key, ofCommand] of entries) {
        const record = commands.get(key)
        if (record === undefined) {
          found.push(`there are entries of command ${key}, which is not there`)
          continue
        }
        const lines = ofCommand.map(({ line }) => line).toSorted((a, b) => a - b)
        if (lines.some((line, index) => line !== index)) found.push(`command ${key}: its entries are lines ${lines}`)
        for (const [shard, inShard] of Map.groupBy(ofCommand, (entry) => entry.shard)) {
          const seqs = new Set(inShard.map(({ seq }) => seq))
          if (seqs.size > 1 || (shard === record.shard && !seqs.has(record.seq))) {
            found.push(`command ${key} is at seq ${record.seq}, its entries at ${[...seqs]}`)
          }
        }
      }
    }
    const orphans = snapshot.events.filter((event) => !commands.has(event.command))
    return [...found, ...orphans.map(({ command }) => `there is an event of command ${command}, which is not there`)]
  }
}

const D19: Law = {
  law: "D19",
  findings: ({ snapshot, movementsOf, claimEventsOf }) => {
    const refused = new Set(snapshot.commands.filter(({ outcome }) => outcome === "refused").map(({ key }) => key))
    const events = new Set(snapshot.events.map(({ command }) => command))
    return [...refused]
      .filter((key) => movementsOf.has(key) || claimEventsOf.has(key) || events.has(key))
      .map((key) => `command ${key} was refused, but has entries`)
  }
}

const D20: Law = {
  law: "D20",
  findings: ({ snapshot, movementsOf }) =>
    snapshot.commands.flatMap(({ key, tag, outcome, payloadText }) => {
      if (outcome !== "applied" || (tag !== "RecordMovements" && tag !== "Checkout")) return []
      const expected = tag === "Checkout" ? undefined : JSON.parse(payloadText).lines.length
      const moved = movementsOf.get(key) ?? []
      const count = moved.length
      // A sale that leaves the lot open may take several.
      const enough = moved.some(({ kind, lot }) => kind === "sale" && lot !== "")
        ? count >= expected
        : count === expected
      return count > 0 && (expected === undefined || enough)
        ? []
        : [`command ${key} was applied, but has ${count} movements${expected ? ` instead of ${expected}` : ""}`]
    })
}

/** How many commands took a seq in each shard: a command takes one in every shard that its locations are in. */
const takenSeqs = ({ snapshot, shards }: LedgerView): ReadonlyMap<number, number> => {
  const taken = new Map<number, number>()
  for (const { tag, payloadText } of snapshot.commands) {
    const definition = commandsByTag.get(tag)
    if (definition === undefined) continue
    const locations = definition.locations(definition.codec.decodePayload(JSON.parse(payloadText)))
    const touched = new Set(locations.length === 0 ? [0] : locations.map((location) => shardOf(location, shards)))
    for (const shard of touched) taken.set(shard, (taken.get(shard) ?? 0) + 1)
  }
  return taken
}

const E27: Law = {
  law: "E27",
  findings: (view) => {
    const found: Array<string> = []
    for (const [shard, count] of takenSeqs(view)) {
      const head = view.snapshot.heads.get(shard) ?? 0
      if (head !== count) found.push(`shard ${shard}: its head is at seq ${head}, but ${count} commands took one`)
    }
    for (const [place, records] of Map.groupBy(view.snapshot.commands, ({ shard, seq }) => `${shard}-${seq}`)) {
      if (records.length > 1)
        found.push(`seq ${place} (shard-seq) belongs to ${records.map(({ key }) => key).join(" and ")}`)
    }
    return found
  }
}

const G38: Law = {
  law: "G38",
  findings: ({ snapshot }) =>
    [...Map.groupBy(snapshot.commands, ({ shard }) => shard).values()].flatMap((records) => {
      const ordered = records.toSorted((a, b) => a.seq - b.seq)
      return ordered.flatMap((record, index) => {
        const before = ordered[index - 1]
        return before === undefined || before.recordedMicros < record.recordedMicros
          ? []
          : [`seq ${record.seq} of shard ${record.shard} was recorded no later than seq ${before.seq}`]
      })
    })
}

type StockChanged = Extract<Event["event"], { readonly _tag: "StockChanged" }>

/** The commands that tell of levels which something else than a movement or a claim has changed. */
const reviewing: ReadonlySet<string> = new Set(["RecallLot", "ReinstateLot", "UpdateLot", "ReviewLevels", "Compose"])

const levelFindings = (view: LedgerView, record: CommandRecord, told: StockChanged): ReadonlyArray<string> => {
  const { key, recordedMicros } = record
  const entries = [...(view.movementsOf.get(key) ?? []), ...(view.claimEventsOf.get(key) ?? [])]
  const places = Map.groupBy(entries, ({ product, location }) => JSON.stringify([product, location]))
  const found: Array<string> = []
  if (!reviewing.has(record.tag) && places.size !== told.levels.length) {
    found.push(`command ${key} changed ${places.size} places, its event tells of ${told.levels.length}`)
  }
  for (const level of told.levels) {
    const entry = places.get(JSON.stringify([level.product, level.location]))?.[0]
    const review = sharesShard(view, record, level) ? record.seq : undefined
    const seq = entry?.seq ?? (reviewing.has(record.tag) ? review : -1)
    // Of a command that reviews several shards, only the place in the first of them is known.
    if (seq === undefined) continue
    const tally = placeTallyAt(view, level, seq)
    const available = availableAt(view, level, seq, recordedMicros)
    if (level.onHand === onHandOf(tally) && level.available === available) continue
    found.push(
      `command ${key} told of ${level.onHand} on hand and ${level.available} available of ${level.product} at ` +
        `${level.location}; there were ${onHandOf(tally)} and ${available}`
    )
  }
  return found
}

const H42: Law = {
  law: "H42",
  findings: (view) => {
    const events = Map.groupBy(view.snapshot.events, ({ command }) => command)
    const found: Array<string> = []
    for (const [key, record] of view.commands) {
      const told = (events.get(key) ?? []).toSorted((a, b) => a.line - b.line)
      if (told.some(({ line }, index) => line !== index))
        found.push(`command ${key}: a gap or a duplicate in its events`)
      if (told.some(({ shard, seq }) => shard !== record.shard || seq !== record.seq)) {
        found.push(`command ${key}: an event stands elsewhere in the ledger`)
      }
      const moved = view.movementsOf.has(key) || view.claimEventsOf.has(key)
      const changes = told.flatMap(({ event }) => (event._tag === "StockChanged" ? [event] : []))
      const reviewed = reviewing.has(record.tag) ? changes.length : 0
      if (changes.length !== (moved ? 1 : reviewed))
        found.push(`command ${key}: ${changes.length} events of changed stock`)
      for (const change of changes) found.push(...levelFindings(view, record, change))
    }
    return found
  }
}

const transferFields = ["shipped", "received", "damaged", "lost", "returned"] as const

/** What a movement of a transfer did to the line of its product and lot. */
const transferField = (transfer: Transfer, { kind, location, to }: Movement): (typeof transferFields)[number] => {
  if (kind === "transferOut") return "shipped"
  if (kind === "adjustment") return "lost"
  if (location === transfer.origin) return "returned"
  return to === "damaged" ? "damaged" : "received"
}

const lineFindings = (transfer: Transfer, moved: ReadonlyArray<Movement>): ReadonlyArray<string> => {
  const byKey = Map.groupBy(moved, ({ product, lot }) => JSON.stringify([product, lot]))
  const byLine = Map.groupBy(transfer.lines, ({ product, lot }) => JSON.stringify([product, lot]))
  return [...new Set([...byKey.keys(), ...byLine.keys()])].flatMap((key) =>
    transferFields.flatMap((field) => {
      const told = (byLine.get(key) ?? []).reduce((sum, line) => sum + line[field], 0)
      const entries = (byKey.get(key) ?? []).filter((movement) => transferField(transfer, movement) === field)
      const sum = entries.reduce((total, { quantity }) => total + quantity, 0)
      return told === sum ? [] : [`transfer ${transfer.id}: ${told} of ${key} are ${field}, the ledger says ${sum}`]
    })
  )
}

const H44: Law = {
  law: "H44",
  findings: ({ snapshot }) => {
    const moved = Map.groupBy(
      snapshot.movements.filter(({ source }) => source?.type === "transfer"),
      ({ source }) => source?.id ?? ""
    )
    const open = snapshot.claims.filter(({ state }) => state === "held" || state === "committed")
    return snapshot.transfers.flatMap((transfer) => {
      const { id, state, lines } = transfer
      const found = [...lineFindings(transfer, moved.get(id) ?? [])]
      const left = lines.map((line) =>
        transferFields.slice(1).reduce((rest, field) => rest - line[field], line.shipped)
      )
      const onItsWay = left.some((quantity) => quantity > 0)
      if (left.some((quantity) => quantity < 0)) found.push(`transfer ${id} has less than nothing on its way`)
      if (onItsWay !== (state === "inTransit" || state === "partiallyReceived"))
        found.push(`transfer ${id} is ${state} with ${left} on its way`)
      if (state !== "ready" && open.some(({ source }) => source?.type === "transfer" && source.id === id))
        found.push(`transfer ${id} is ${state}, but still claims stock`)
      return found
    })
  }
}

const returnedInto = { damaged: "damaged", scrap: "scrapped" } as const

/** What the movements of an order did to a product: shipped less what was undone, and what came back into where. */
const orderedMoves = (moved: ReadonlyArray<Movement>) => {
  const sums = { shipped: 0, restocked: 0, damaged: 0, scrapped: 0 }
  for (const { kind, to, quantity } of moved) {
    if (kind === "sale") sums.shipped += quantity
    else if (kind === "reversal") sums.shipped -= quantity
    else sums[to === "damaged" || to === "scrap" ? returnedInto[to] : "restocked"] += quantity
  }
  return sums
}

const orderFindings = (order: Order, moved: ReadonlyArray<Movement>): ReadonlyArray<string> => {
  const { id, lines, shipments } = order
  const found: Array<string> = []
  for (const line of lines) {
    const moves = orderedMoves(moved.filter(({ product }) => product === line.product))
    for (const field of ["shipped", "restocked", "damaged", "scrapped"] as const) {
      if (moves[field] !== line[field])
        found.push(`order ${id}: ${line[field]} of ${line.product} are ${field}, the ledger says ${moves[field]}`)
    }
    const shipped = shipments
      .filter(({ undone }) => !undone)
      .flatMap((shipment) => shipment.lines)
      .filter((part) => part.line === line.line)
    const sum = shipped.reduce((total, part) => total + part.quantity, 0)
    const back = shipped.reduce((total, part) => total + part.returned, 0)
    if (sum !== line.shipped || back !== line.returned)
      found.push(`order ${id}: its shipments have ${sum} of ${line.product}, of which ${back} came back`)
    if (line.ordered < line.canceled + line.shipped) found.push(`order ${id} has less than nothing open`)
    if (line.returned !== line.restocked + line.damaged + line.scrapped || line.returned > line.shipped)
      found.push(`order ${id}: ${line.returned} of ${line.product} are returned, and do not add up`)
    if (line.requested > keptQuantity(line))
      found.push(`order ${id}: ${line.requested} of ${line.product} shall come back, which is more than was kept`)
  }
  const { status, fulfilment, returns } = axesOf(lines)
  if (status !== order.status || fulfilment !== order.fulfilment || returns !== order.returns)
    found.push(`order ${id} is ${order.status}, ${order.fulfilment}, ${order.returns}, against its lines`)
  return found
}

const H45: Law = {
  law: "H45",
  findings: ({ snapshot }) => {
    const moved = Map.groupBy(
      snapshot.movements.filter(({ source }) => source?.type === "order"),
      ({ source }) => source?.id ?? ""
    )
    const open = snapshot.claims.filter(({ state }) => state === "held" || state === "committed")
    const claimed = Map.groupBy(open, ({ source }) => (source === null ? "" : `${source.type}/${source.id}`))
    const found = snapshot.orders.flatMap((order) => orderFindings(order, moved.get(order.id) ?? []))
    for (const order of snapshot.orders) {
      const { id } = order
      for (const line of order.lines) {
        const own = (claimed.get(`order/${id}`) ?? []).filter(({ product }) => product === line.product)
        const quantity = own.reduce((sum, claim) => sum + claim.quantity, 0)
        // Less where somebody let go of a claim by its name.
        const isListed = (claim: Claim) => claimsAt(order, line, claim.location).includes(claim.id)
        if (quantity > openQuantity(line) || !own.every(isListed))
          found.push(`order ${id} claims ${quantity} of ${line.product}, of which ${openQuantity(line)} are open`)
      }
    }
    for (const cart of snapshot.carts) {
      const left = claimed.get(`cart/${cart.id}`) ?? []
      if (cart.state !== "checkingOut" && left.length > 0)
        found.push(`cart ${cart.id} is ${cart.state}, but still holds stock`)
    }
    return found
  }
}

const H49: Law = {
  law: "H49",
  findings: ({ snapshot }) => {
    const moved = Map.groupBy(
      snapshot.movements.filter(({ source }) => source?.type === "count"),
      ({ source }) => source?.id ?? ""
    )
    const keyOf = (product: string, lot: string, condition: string) => JSON.stringify([product, lot, condition])
    return snapshot.counts.flatMap(({ id, state, lines }) => {
      const sums = new Map<string, number>()
      const add = (key: string, quantity: number) => sums.set(key, (sums.get(key) ?? 0) + quantity)
      if (state === "posted")
        for (const line of lines) add(keyOf(line.product, line.lot, line.condition), differenceOf(line))
      for (const { product, lot, from, to, quantity } of moved.get(id) ?? []) {
        const added = from === "adjustment"
        add(keyOf(product, lot, added ? to : from), added ? -quantity : quantity)
      }
      return [...sums].flatMap(([key, left]) =>
        left === 0 ? [] : [`count ${id} is ${state}; of ${key} its lines and the ledger differ by ${left}`]
      )
    })
  }
}

const H46: Law = {
  law: "H46",
  findings: ({ snapshot }) => {
    const orders = Map.groupBy(snapshot.orders, ({ cart }) => cart)
    return snapshot.carts.flatMap(({ id, state, order }) => {
      const ids = (orders.get(id) ?? []).map((one) => String(one.id))
      const expected = state === "completed" ? [order] : []
      return ids.join() === expected.join()
        ? []
        : [`cart ${id} is ${state}, its orders are: ${ids.join(", ") || "none"}`]
    })
  }
}

const H48: Law = {
  law: "H48",
  findings: (view) =>
    view.snapshot.thresholds.flatMap((threshold) => {
      const { product, location, low, clear, raisedAt } = threshold
      const name = `the threshold of ${product} at ${location}`
      const told = view.snapshot.events
        .flatMap(({ command, line, event }) =>
          (event._tag === "LowStockRaised" || event._tag === "LowStockCleared") &&
          event.product === product &&
          event.location === location
            ? [{ micros: view.commands.get(command)?.recordedMicros ?? 0, line, tag: event._tag }]
            : []
        )
        .toSorted((a, b) => a.micros - b.micros || a.line - b.line)
      if (told.some(({ tag }, index) => tag !== (index % 2 === 0 ? "LowStockRaised" : "LowStockCleared"))) {
        return [`${name} told: ${told.map(({ tag }) => tag).join(", ")}`]
      }
      const raised = raisedAt !== null
      if ((told.length % 2 === 1) !== raised) return [`${name} is ${raised ? "" : "not "}raised, unlike it told`]
      const available = availableAt(view, threshold, Infinity, lastLookAt(view, threshold))
      const wrong = raised ? available >= clear : available <= low
      return wrong ? [`${name} (${low}, ${clear}) is ${raised ? "" : "not "}raised with ${available} available`] : []
    })
}

const H57: Law = {
  law: "H57",
  findings: ({ snapshot }) => {
    const movements = new Map(snapshot.movements.map((movement) => [movementId(movement), movement]))
    const reversals = snapshot.movements.filter(
      ({ kind, source }) => kind === "reversal" && source?.type === "movement"
    )
    return [...Map.groupBy(reversals, ({ source }) => source?.id ?? "")].flatMap(([id, found]) => {
      const [reversal] = found
      const original = movements.get(id)
      if (found.length > 1) return [`movement ${id} was reversed ${found.length} times`]
      const isInverse =
        original !== undefined &&
        reversal?.from === original.to &&
        reversal.to === original.from &&
        reversal.quantity === original.quantity &&
        nameOfKey(reversal) === nameOfKey(original)
      return isInverse ? [] : [`movement ${id} was reversed by what is not its inverse`]
    })
  }
}

/** That refused commands changed nothing; told first, because it explains whatever else is wrong then. */
export const refusalLaw = D19

/** The other laws that one snapshot shows of commands, from B10 to H63. */
export const commandLaws: ReadonlyArray<Law> = [
  D18,
  D20,
  B10,
  B11,
  C14,
  E27,
  G38,
  H42,
  H44,
  H45,
  H46,
  H48,
  H49,
  H50,
  H51,
  H52,
  H57,
  H60,
  H61,
  H62,
  H63
]

/** Two snapshots of one store, the earlier first. */
export interface Growth {
  readonly before: LedgerSnapshot
  readonly after: LedgerSnapshot
}

const kept = <A>(
  name: string,
  before: ReadonlyArray<A>,
  after: ReadonlyArray<A>,
  placeOf: (entry: A) => string
): ReadonlyArray<string> => {
  const entries = new Map(after.map((entry) => [placeOf(entry), JSON.stringify(entry)]))
  return before.flatMap((entry) => {
    const now = entries.get(placeOf(entry))
    if (now === undefined) return [`${name} ${placeOf(entry)} is gone`]
    return now === JSON.stringify(entry) ? [] : [`${name} ${placeOf(entry)} has changed`]
  })
}

const entryPlace = ({ shard, seq, line }: { readonly shard: number; readonly seq: number; readonly line: number }) =>
  `${shard}-${seq}-${line}`

/** The law that two snapshots show. */
export const growthLaw: LedgerLaw<Growth> = {
  law: "F35",
  findings: ({ before, after }) => [
    ...kept("movement", before.movements, after.movements, entryPlace),
    ...kept("claim event", before.claimEvents, after.claimEvents, entryPlace),
    ...kept("event", before.events, after.events, entryPlace),
    ...kept("command", before.commands, after.commands, ({ key }) => key)
  ]
}
