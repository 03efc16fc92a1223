/**
 * Transfers over HTTP. A caller names only the transfer; which end a command is done at follows from the command, and
 * the actor must be allowed to write the stock there.
 */
import {
  type ArrivedTransferLine,
  CurrentActor,
  OnhandApi,
  TransferExceeded,
  type Transfer as WireTransfer
} from "@onhand/api"
import {
  Inventory,
  openInTransit,
  type Transfer,
  type TransferId,
  type TransferLine,
  TransferStateConflict,
  UnknownTransfer,
  UnknownTransferLine
} from "@onhand/core"
import { Effect, Option, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireAt, seesAt } from "./Authorizing.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { shortageReply } from "./StockMovements.ts"
import { type Decimals, decimalsOf, ofProduct, toDecimal, Units } from "./Units.ts"

const lineReply = (line: TransferLine, decimals: number) => ({
  line: line.line,
  product: line.product,
  lot: line.lot,
  quantity: toDecimal(line.quantity, decimals),
  entered: line.entered ?? null,
  shipped: toDecimal(line.shipped, decimals),
  received: toDecimal(line.received, decimals),
  damaged: toDecimal(line.damaged, decimals),
  lost: toDecimal(line.lost, decimals),
  returned: toDecimal(line.returned, decimals),
  open: toDecimal(openInTransit(line), decimals)
})

const transferReply = (transfer: Transfer, decimals: Decimals): WireTransfer => ({
  id: transfer.id,
  origin: transfer.origin,
  destination: transfer.destination,
  state: transfer.state,
  lines: transfer.lines.map((line) => lineReply(line, decimalsOf(decimals, line.product))),
  reason: transfer.reason,
  version: transfer.version,
  createdAt: timestamp(transfer.createdAt),
  updatedAt: timestamp(transfer.updatedAt)
})

type End = "origin" | "destination"

/** What every request about one transfer names. */
interface Named {
  readonly params: { readonly id: TransferId }
  readonly headers: { readonly "idempotency-key"?: string }
}

// The handlers name the end themselves, and the ends of a transfer never change.
const neverElsewhere = { TransferElsewhere: Effect.die } as const

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const { roles } = yield* ServerSettings

  const unitsOf = (transfer: Transfer) => units.ofKnown(transfer.lines.map(({ product }) => product))
  const found = (id: TransferId) =>
    Effect.flatMap(
      answering(inventory.read.transfer(id)),
      Option.match({ onNone: () => Effect.fail(new UnknownTransfer({ transfer: id })), onSome: Effect.succeed })
    )
  /** The transfer, if it exists and the actor may write stock at that end of it. */
  const allowedAt = (id: TransferId, end: End) =>
    Effect.gen(function* () {
      const actor = yield* CurrentActor
      const transfer = yield* found(id)
      yield* requireAt(roles, actor, "stock:write", [transfer[end]])
      return { actor, transfer }
    })
  /** What arrived, in steps of each line's product. */
  const arrivedOf = ({ id, lines }: Transfer, arrived: ReadonlyArray<ArrivedTransferLine>, decimals: Decimals) =>
    units.inSteps(arrived, decimals, ({ line }) =>
      Result.fromNullishOr(
        lines[line - 1]?.product,
        () => new UnknownTransferLine({ transfer: id, line, lines: lines.length })
      )
    )
  const replied = ({ reply, replayed }: { readonly reply: Transfer; readonly replayed: boolean }) =>
    Effect.map(unitsOf(reply), (decimals) => changedReply(transferReply(reply, decimals), reply.version, replayed))
  const short = (transfer: Transfer) => ({
    InsufficientStock: (refusal: Parameters<typeof shortageReply>[0]) =>
      Effect.flatMap(unitsOf(transfer), (decimals) => Effect.fail(shortageReply(refusal, decimals)))
  })

  type AtOrigin = "readyTransfer" | "releaseTransfer" | "dispatchTransfer" | "cancelTransfer"

  /** A command at the origin that needs nothing but the transfer. */
  const atOrigin =
    (command: AtOrigin) =>
    ({ params, headers }: Named) =>
      Effect.gen(function* () {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, transfer } = yield* allowedAt(params.id, "origin")
        const payload = { transfer: transfer.id, origin: transfer.origin }
        return yield* submitAs(inventory, command, payload, { actor, key }).pipe(
          Effect.catchTags({ ...neverElsewhere, ...short(transfer) }),
          Effect.flatMap(replied)
        )
      })

  return { inventory, units, roles, unitsOf, found, allowedAt, arrivedOf, replied, short, atOrigin }
})

export const layerStockTransfers = HttpApiBuilder.group(
  OnhandApi,
  "stockTransfers",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, roles, unitsOf, found, allowedAt, arrivedOf, replied, atOrigin } = yield* make
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { state, origin, destination } = query
        const location = yield* ownLocation(yield* CurrentActor, "stock:write", query.location)
        const filter = { state, origin, destination, location }
        const page = yield* answering(inventory.read.transfers(filter, yield* pageRequest(query)))
        const products = page.items.flatMap(({ lines }) => lines.map(({ product }) => product))
        const decimals = yield* units.ofKnown(products)
        return pageReply(page, (transfer) => transferReply(transfer, decimals))
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        yield* requireAt(roles, actor, "stock:write", [payload.origin])
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const lines = yield* units.inSteps(payload.lines, decimals, ofProduct)
        return yield* submitAs(inventory, "createTransfer", { ...payload, lines }, { actor, key }).pipe(
          Effect.catchTag("InsufficientStock", (refusal) => Effect.fail(shortageReply(refusal, decimals))),
          Effect.flatMap(replied)
        )
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const transfer = yield* found(params.id)
        if (!seesAt(yield* CurrentActor, [transfer.origin, transfer.destination])) {
          return yield* new UnknownTransfer({ transfer: transfer.id })
        }
        const body = transferReply(transfer, yield* unitsOf(transfer))
        return conditional(body, etagOf(transfer.version), headers["if-none-match"])
      }),
      setLines: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const expected = yield* expectedVersion(headers["if-match"])
        const { actor, transfer } = yield* allowedAt(params.id, "origin")
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const lines = yield* units.inSteps(payload.lines, decimals, ofProduct)
        const command = { transfer: transfer.id, origin: transfer.origin, expected, lines }
        const key = bareKey(headers["idempotency-key"])
        return yield* submitAs(inventory, "updateTransfer", command, { actor, key }).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      ready: atOrigin("readyTransfer"),
      release: atOrigin("releaseTransfer"),
      dispatch: atOrigin("dispatchTransfer"),
      cancel: atOrigin("cancelTransfer"),
      complete: Effect.fnUntraced(function* ({ params, headers }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, transfer } = yield* allowedAt(params.id, "destination")
        const payload = { transfer: transfer.id, destination: transfer.destination }
        return yield* submitAs(inventory, "completeTransfer", payload, { actor, key }).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      receive: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, transfer } = yield* allowedAt(params.id, "destination")
        const { id, destination, state } = transfer
        // The lines become those of what left with the dispatch; before it, their numbers mean something else.
        if (state === "draft" || state === "ready") {
          return yield* new TransferStateConflict({ transfer: id, state, accepted: ["inTransit", "partiallyReceived"] })
        }
        const decimals = yield* unitsOf(transfer)
        const lines = yield* arrivedOf(transfer, payload.lines, decimals)
        return yield* submitAs(inventory, "receiveTransfer", { transfer: id, destination, lines }, { actor, key }).pipe(
          Effect.catchTags({
            ...neverElsewhere,
            TransferExceeded: (refusal) =>
              Effect.fail(
                new TransferExceeded({
                  transfer: id,
                  lines: refusal.lines.map(({ line, product, wanted, open }) => ({
                    line,
                    product,
                    wanted: toDecimal(wanted, decimalsOf(decimals, product)),
                    open: toDecimal(open, decimalsOf(decimals, product))
                  }))
                })
              )
          }),
          Effect.flatMap(replied)
        )
      }),
      closeShort: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, transfer } = yield* allowedAt(params.id, "destination")
        const command = { ...payload, transfer: transfer.id, destination: transfer.destination }
        return yield* submitAs(inventory, "closeTransferShort", command, { actor, key }).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      })
    })
  })
)
