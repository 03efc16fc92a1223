// Spending a fixed budget on stock: every unit of money goes where it helps most.
import type { DemandDistribution } from "../forecast/DemandDistribution.ts"

/** A product that stock may be bought for. */
export interface BudgetItem {
  readonly id: string
  /** Demand over the time the stock has to last. */
  readonly demand: DemandDistribution
  readonly unitCost: number
  /** Units there already or on the way. */
  readonly position: number
  /** Units are bought in such packs; 1 by default. */
  readonly pack?: number
}

/**
 * What the money should make least: lost units (a unit more is worth the chance that it sells), or stock-outs (a unit
 * more is worth how much likelier the product lasts). Fewer stock-outs can mean more lost units, on fast products.
 */
export type BudgetObjective = "lost units" | "stock-outs"

/** What was bought. */
export interface Allocation {
  readonly quantities: ReadonlyMap<string, number>
  readonly spent: number
}

/** Bound on purchases of one call; a heap of this many steps takes about a second. */
const MAX_STEPS = 1_000_000

interface Offer {
  readonly item: BudgetItem
  readonly pack: number
  bought: number
  value: number
}

const worth = ({ item, pack, bought }: Offer, objective: BudgetObjective): number => {
  const have = item.position + bought
  const gain =
    objective === "lost units"
      ? item.demand.loss(have) - item.demand.loss(have + pack)
      : item.demand.cdf(have + pack) - item.demand.cdf(have)
  return gain / (pack * item.unitCost)
}

// A binary heap with the greatest value on top.
const sink = (heap: Array<Offer>, start: number): void => {
  let at = start
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    let top = at
    if (left < heap.length && heap[left]!.value > heap[top]!.value) top = left
    if (right < heap.length && heap[right]!.value > heap[top]!.value) top = right
    if (top === at) return
    ;[heap[at], heap[top]] = [heap[top]!, heap[at]!]
    at = top
  }
}

/** Buys pack by pack whatever adds most for its price, until the budget or the use of more is spent. */
export const allocateBudget = (
  items: ReadonlyArray<BudgetItem>,
  budget: number,
  objective: BudgetObjective
): Allocation => {
  const quantities = new Map(items.map(({ id }) => [id, 0]))
  const heap = items.map((item) => {
    const offer: Offer = { item, pack: item.pack ?? 1, bought: 0, value: 0 }
    offer.value = worth(offer, objective)
    return offer
  })
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at)
  let left = budget
  for (let step = 0; step < MAX_STEPS && heap.length > 0; step++) {
    const best = heap[0]!
    if (!(best.value > 0)) break
    const price = best.pack * best.item.unitCost
    if (price <= left) {
      left -= price
      best.bought += best.pack
      quantities.set(best.item.id, best.bought)
      best.value = worth(best, objective)
    } else {
      // Too dear now means too dear later: what is left only shrinks.
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
    }
    if (heap.length > 0) sink(heap, 0)
  }
  return { quantities, spent: budget - left }
}
