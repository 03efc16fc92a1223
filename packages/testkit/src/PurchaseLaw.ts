/**
 * The law of purchase orders: what an order says of its lines is what was received for it, within its tolerance.
 */
import type { Movement, PurchaseOrder } from "@onhand/core"
import type { LedgerLaw } from "./Law.ts"
import type { LedgerView } from "./LedgerView.ts"

/** What the lines of an order and the receipts made for it should say alike, of each product. */
const receiptFindings = (order: PurchaseOrder, moved: ReadonlyArray<Movement>): ReadonlyArray<string> => {
  const lines = Map.groupBy(order.lines, ({ product }) => product)
  const receipts = Map.groupBy(moved, ({ product }) => product)
  return [...new Set([...lines.keys(), ...receipts.keys()])].flatMap((product) => {
    const sum = <A>(items: ReadonlyArray<A> | undefined, of: (item: A) => number) =>
      (items ?? []).reduce((total, item) => total + of(item), 0)
    const told = [
      sum(lines.get(product), ({ received, over }) => received + over),
      sum(lines.get(product), ({ damaged }) => damaged)
    ]
    const came = [
      sum(receipts.get(product), ({ quantity }) => quantity),
      sum(receipts.get(product), ({ quantity, to }) => (to === "damaged" ? quantity : 0))
    ]
    return told.join() === came.join()
      ? []
      : [`purchase order ${order.id}: ${told} of ${product} arrived and are damaged, the ledger says ${came}`]
  })
}

/** The states that an order's lines allow it to be in. */
const orderStates = (open: boolean, arrived: boolean): ReadonlyArray<PurchaseOrder["state"]> => {
  if (open) return arrived ? ["partiallyReceived"] : ["draft", "placed"]
  return arrived ? ["received", "closed"] : ["canceled"]
}

/** A purchase order says what its receipts say, and takes no more than it may. */
export const H50: LedgerLaw<LedgerView> = {
  law: "H50",
  findings: ({ snapshot }) => {
    const bought = Map.groupBy(
      snapshot.movements.filter(({ source }) => source?.type === "purchaseOrder"),
      ({ source }) => source?.id ?? ""
    )
    return snapshot.purchaseOrders.flatMap((order) => {
      const { id, destination, state, tolerance, lines } = order
      const moved = bought.get(id) ?? []
      const found = [...receiptFindings(order, moved)]
      if (moved.some(({ kind, from, location }) => `${kind} ${from} ${location}` !== `receipt supplier ${destination}`))
        found.push(`purchase order ${id} has movements that are no receipts at ${destination}`)
      const left = lines.map(({ ordered, received, canceled }) => ordered - received - canceled)
      if (left.some((quantity) => quantity < 0)) found.push(`purchase order ${id} has less than nothing open`)
      if (lines.some(({ ordered, canceled, over }) => over * 100 > (ordered - canceled) * tolerance))
        found.push(`purchase order ${id} took more than its tolerance of ${tolerance} %`)
      const open = left.some((quantity) => quantity > 0)
      const arrived = lines.some(({ received }) => received > 0)
      if (!orderStates(open, arrived).includes(state))
        found.push(`purchase order ${id} is ${state} with ${left} open${arrived ? ", and some received" : ""}`)
      return found
    })
  }
}
