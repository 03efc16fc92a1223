/**
 * The memory store's answers about lots, and what follows from them for what is available.
 */
import { Clock, DateTime, Effect, Option } from "effect"
import { available, type Balance, onHand } from "./Balance.ts"
import { hasLapsed } from "./Claim.ts"
import { isUsable, type ProductLot } from "./Lot.ts"
import { compareValues, pageOf } from "./MemoryPage.ts"
import type { Memory } from "./MemoryStore.ts"
import type { Movement } from "./Movement.ts"
import type { LotFilter, LotKey, LotRecipient, LotTrace, Queries, StockedLot, Supply } from "./Queries.ts"
import { lotId, stockPlaceText } from "./StockKey.ts"

/** The balance with the holds that no longer bind at `now` taken out. */
export const binding = (memory: Memory, balance: Balance, now: DateTime.Utc): Balance => {
  let held = balance.held
  for (const id of memory.holds.get(stockPlaceText(balance)) ?? []) {
    const claim = memory.claims.get(id)
    if (claim !== undefined && claim.lot === balance.lot && hasLapsed(claim, now)) held -= claim.quantity
  }
  return { ...balance, held }
}

const lotOf = (memory: Memory, { product, lot }: LotKey): ProductLot | undefined =>
  memory.tables.lots.get(lotId(product, lot))

/** Whether nothing of a balance can be claimed or sold at an instant, because of its lot. */
export const isBlocked = (memory: Memory, balance: Balance, now: DateTime.Utc): boolean => {
  const lot = lotOf(memory, balance)
  return lot !== undefined && !isUsable(lot, now)
}

const availableOf = (memory: Memory, balance: Balance, now: DateTime.Utc): number =>
  isBlocked(memory, balance, now) ? 0 : available(binding(memory, balance, now))

const stockedLots = (memory: Memory, filter: LotFilter, now: DateTime.Utc): ReadonlyArray<StockedLot> => {
  const balances = Map.groupBy(
    [...memory.balances.values()].filter(({ location }) => (filter.location ?? location) === location),
    ({ product, lot }) => lotId(product, lot)
  )
  const { product, location, status, expiringBefore: day, stocked = false } = filter
  return [...memory.tables.lots.values()]
    .filter(
      (lot) =>
        (product === undefined || lot.product === product) &&
        (location === undefined || balances.has(lot.id)) &&
        (status === undefined || lot.status === status) &&
        (day === undefined || (lot.expiresOn !== null && lot.expiresOn < day))
    )
    .map((lot) => {
      const own = balances.get(lot.id) ?? []
      return {
        lot,
        onHand: own.reduce((sum, balance) => sum + onHand(balance), 0),
        available: own.reduce((sum, balance) => sum + availableOf(memory, balance, now), 0)
      }
    })
    .filter(({ onHand }) => !stocked || onHand > 0)
}

/** What stands for the expiry of a lot that has none where lots are ordered by it. */
const NEVER = "9999-12-31"

const ofLot = (memory: Memory, { product, lot }: LotKey): ReadonlyArray<Movement> =>
  memory.movements.filter((movement) => movement.product === product && movement.lot === lot)

const inTransit = (memory: Memory, key: LotKey): LotTrace["inTransit"] => {
  const open = new Map<string, number>()
  for (const { source, from, to, quantity } of ofLot(memory, key)) {
    if (source?.type !== "transfer") continue
    const sent = (to === "transit" ? quantity : 0) - (from === "transit" ? quantity : 0)
    open.set(source.id, (open.get(source.id) ?? 0) + sent)
  }
  return [...memory.tables.transfers.values()]
    .map(({ id, origin, destination }) => ({ transfer: id, origin, destination, quantity: open.get(id) ?? 0 }))
    .filter(({ quantity }) => quantity > 0)
    .sort((a, b) => compareValues([a.transfer], [b.transfer]))
}

const traceOf = (memory: Memory, key: LotKey, now: DateTime.Utc): LotTrace | undefined => {
  const lot = lotOf(memory, key)
  if (lot === undefined) return undefined
  const places = [...memory.balances.values()]
    .filter((balance) => balance.product === key.product && balance.lot === key.lot)
    .map((balance) => {
      const { location, sellable, qualityControl, damaged, quarantine, held, committed } = binding(memory, balance, now)
      return { location, sellable, qualityControl, damaged, quarantine, held, committed }
    })
    .sort((a, b) => compareValues([a.location], [b.location]))
  return { lot, places, inTransit: inTransit(memory, key) }
}

const recipientsOf = (memory: Memory, key: LotKey): ReadonlyArray<LotRecipient> => {
  const sums = new Map<string, LotRecipient>()
  for (const { kind, source, from, to, quantity } of ofLot(memory, key)) {
    if (from !== "customer" && to !== "customer") continue
    const text = `${source?.type ?? ""} ${source?.id ?? ""}`
    const order = source?.type === "order" ? memory.tables.orders.get(source.id) : undefined
    const before = sums.get(text) ?? { source, customer: order?.customer ?? null, sold: 0, returned: 0 }
    const out = to === "customer" ? quantity : -quantity
    sums.set(
      text,
      kind === "customerReturn"
        ? { ...before, returned: before.returned - out }
        : { ...before, sold: before.sold + out }
    )
  }
  return [...sums.values()].filter(({ sold, returned }) => sold !== 0 || returned !== 0)
}

const suppliesOf = (memory: Memory, product: string, now: DateTime.Utc): ReadonlyArray<Supply> =>
  [...memory.balances.values()]
    .filter((balance) => balance.product === product)
    .map((balance) => ({
      product: balance.product,
      location: balance.location,
      lot: balance.lot,
      available: availableOf(memory, balance, now),
      expiresAt: lotOf(memory, balance)?.expiresAt ?? null
    }))
    .filter(({ available }) => available > 0)
    .sort((a, b) => compareValues([a.location, a.lot], [b.location, b.lot]))

/** The instant at which a question is asked. */
export const now = Effect.map(Clock.currentTimeMillis, (millis) => DateTime.makeUnsafe(millis))

/** The queries about lots. */
export const lotQueries = (
  memory: Memory
): Pick<Queries, "lot" | "lots" | "lotTrace" | "lotRecipients" | "supplies"> => ({
  lot: (key) => Effect.sync(() => Option.fromUndefinedOr(lotOf(memory, key))),
  lots: (filter, page) =>
    Effect.flatMap(now, (at) => {
      const values = ({ lot }: StockedLot) => [lot.expiresOn ?? NEVER, lot.product, lot.lot]
      return Effect.fromResult(pageOf("lots", stockedLots(memory, filter, at), values, page))
    }),
  lotTrace: (key) => Effect.map(now, (at) => Option.fromUndefinedOr(traceOf(memory, key, at))),
  lotRecipients: (key, page) =>
    Effect.suspend(() => {
      const values = ({ source }: LotRecipient) => [source?.type ?? "", source?.id ?? ""]
      return Effect.fromResult(pageOf("lotRecipients", recipientsOf(memory, key), values, page))
    }),
  supplies: (product) => Effect.map(now, (at) => suppliesOf(memory, product, at))
})
