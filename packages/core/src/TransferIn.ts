/**
 * The commands on a transfer at its destination: to receive what arrives, whole or damaged, and to give up the rest.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define, type Footprint, MAX_LINES } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { lotRefs } from "./Lot.ts"
import { checkEntered, enteredQuantity, enteredRefusals, keptEntered } from "./Pack.ts"
import { MAX_QUANTITY } from "./Quantity.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Condition } from "./StockKey.ts"
import {
  changedTransfer,
  openInTransit,
  Transfer,
  TransferElsewhere,
  TransferExceeded,
  TransferId,
  type TransferLine,
  TransferStateConflict,
  transferAt,
  transferMovement,
  UnknownTransfer,
  UnknownTransferLine,
  writtenTransfer
} from "./Transfer.ts"

const destinationFootprint = (
  { transfer: id, destination }: { readonly transfer: TransferId; readonly destination: LocationId },
  slice: Slice
): Footprint => {
  const lines = slice.row("transfers", id)?.lines ?? []
  return {
    rows: [ref("transfers", id), ...lines.map(({ product }) => ref("products", product)), ...lotRefs(lines)],
    stock: lines.map(({ product }) => ({ product, location: destination }))
  }
}

const atDestination = { transfer: TransferId, destination: LocationId }
const refusals = [UnknownTransfer, TransferElsewhere, TransferStateConflict] as const
const onItsWay = ["inTransit", "partiallyReceived"] as const

/** What arrived of a line, and in which condition; sellable when nothing is said. */
const ArrivedLine = Schema.Struct({
  line: Schema.Int,
  ...enteredQuantity,
  condition: Schema.optionalKey(Condition)
})
interface ArrivedLine extends Schema.Schema.Type<typeof ArrivedLine> {}

/** Refuses lines that the transfer does not have, and more of a line, in all its conditions, than is on its way. */
const checkArrived = (
  { id, lines }: Transfer,
  arrived: ReadonlyArray<ArrivedLine>
): Result.Result<void, UnknownTransferLine | TransferExceeded> => {
  const wanted = new Map<number, number>()
  for (const { line, quantity } of arrived) {
    if (lines[line - 1] === undefined) {
      return Result.fail(new UnknownTransferLine({ transfer: id, line, lines: lines.length }))
    }
    wanted.set(line, Math.min((wanted.get(line) ?? 0) + quantity, MAX_QUANTITY))
  }
  const exceeded = lines.flatMap((line) => {
    const sum = wanted.get(line.line) ?? 0
    const open = openInTransit(line)
    return sum > open ? [{ line: line.line, product: line.product, wanted: sum, open }] : []
  })
  return exceeded.length === 0 ? Result.void : Result.fail(new TransferExceeded({ transfer: id, lines: exceeded }))
}

/** What a transfer becomes when something of it arrives. */
const received = (transfer: Transfer, arrived: ReadonlyArray<ArrivedLine>, context: DecisionContext) => {
  const byLine = Map.groupBy(arrived, ({ line }) => line)
  const lines = transfer.lines.map((line): TransferLine => {
    let { received, damaged } = line
    for (const { quantity, condition } of byLine.get(line.line) ?? []) {
      if (condition === "damaged") damaged += quantity
      else received += quantity
    }
    return { ...line, received, damaged }
  })
  const state = lines.every((line) => openInTransit(line) === 0) ? "received" : "partiallyReceived"
  return {
    ...writtenTransfer(changedTransfer(transfer, { state, lines }, context)),
    movements: lines.flatMap((line) =>
      (byLine.get(line.line) ?? []).map(({ quantity, condition = "sellable", ...said }) =>
        transferMovement(transfer.id, line, {
          kind: "transferIn",
          location: transfer.destination,
          from: "transit",
          to: condition,
          quantity,
          ...keptEntered(said)
        })
      )
    )
  }
}

/** Receives a part of what is on its way, each line into a condition at the destination. */
export const ReceiveTransfer = define("ReceiveTransfer", {
  payload: { ...atDestination, lines: Schema.NonEmptyArray(ArrivedLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Transfer,
  refusals: [...refusals, UnknownTransferLine, TransferExceeded, ...enteredRefusals],
  locations: ({ destination }) => [destination],
  footprint: destinationFootprint,
  decide: (slice, { transfer: id, destination, lines }, context) =>
    Result.gen(function* () {
      const before = yield* transferAt(slice, id, "destination", destination, onItsWay)
      yield* checkArrived(before, lines)
      for (const { line, quantity, entered } of lines) {
        const sent = before.lines[line - 1]
        const product = sent && slice.row("products", sent.product)
        if (product !== undefined) yield* checkEntered(product, quantity, entered)
      }
      return received(before, lines, context)
    })
})

/** Receives all that is on its way, as sellable. */
export const CompleteTransfer = define("CompleteTransfer", {
  payload: atDestination,
  reply: Transfer,
  refusals,
  locations: ({ destination }) => [destination],
  footprint: destinationFootprint,
  decide: (slice, { transfer: id, destination }, context) =>
    Result.map(transferAt(slice, id, "destination", destination, onItsWay), (before) => {
      const open = before.lines.map((line) => ({ line: line.line, quantity: openInTransit(line) }))
      return received(
        before,
        open.filter(({ quantity }) => quantity > 0),
        context
      )
    })
})

/**
 * Gives up what is still on its way: it goes from transit to `adjustment`, with a reason. The movement stands in the
 * ledger of the destination, where it is missed: there it is ordered among the receipts that it competes with, and it
 * changes nothing on hand, because it never arrived.
 */
export const CloseTransferShort = define("CloseTransferShort", {
  payload: { ...atDestination, reason: Schema.NonEmptyString.check(Schema.isMaxLength(200)) },
  reply: Transfer,
  refusals,
  locations: ({ destination }) => [destination],
  footprint: destinationFootprint,
  decide: (slice, { transfer: id, destination, reason }, context) =>
    Result.map(transferAt(slice, id, "destination", destination, onItsWay), (before) => {
      const place = { kind: "adjustment", location: destination, from: "transit", to: "adjustment" } as const
      const lost = before.lines.filter((line) => openInTransit(line) > 0)
      const lines = before.lines.map((line) => ({ ...line, lost: line.lost + openInTransit(line) }))
      return {
        ...writtenTransfer(changedTransfer(before, { state: "closedShort", lines, reason }, context)),
        movements: lost.map((line) => transferMovement(id, line, { ...place, quantity: openInTransit(line), reason }))
      }
    })
})
