/**
 * Purchase orders over HTTP. A caller names only the order; its destination is looked up, and the actor must be allowed
 * to write the stock there.
 */
import {
  type ArrivedOrderLine,
  CurrentActor,
  OnhandApi,
  PurchaseOrderExceeded,
  QuantityNotOffered,
  type PurchaseOrder as WirePurchaseOrder
} from "@onhand/api"
import {
  type PurchaseOrderExceeded as CoreExceeded,
  type QuantityNotOffered as CoreNotOffered,
  Inventory,
  openOnOrder,
  type PurchaseOrder,
  type PurchaseOrderId,
  type PurchaseOrderLine,
  PurchaseOrderStateConflict,
  UnknownPurchaseOrder,
  UnknownPurchaseOrderLine
} from "@onhand/core"
import { Effect, Option, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireAt, seesAt } from "./Authorizing.ts"
import { faulty } from "./Faults.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, expectedVersion, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { type Decimals, decimalsOf, ofProduct, toDecimal, Units } from "./Units.ts"

const lineReply = (line: PurchaseOrderLine, decimals: number) => ({
  line: line.line,
  product: line.product,
  vendorSku: line.vendorSku,
  unitCost: line.unitCost,
  ordered: toDecimal(line.ordered, decimals),
  entered: line.entered ?? null,
  received: toDecimal(line.received, decimals),
  over: toDecimal(line.over, decimals),
  damaged: toDecimal(line.damaged, decimals),
  canceled: toDecimal(line.canceled, decimals),
  open: toDecimal(openOnOrder(line), decimals)
})

const orderReply = (order: PurchaseOrder, decimals: Decimals): WirePurchaseOrder => ({
  ...order,
  lines: order.lines.map((line) => lineReply(line, decimalsOf(decimals, line.product))),
  expectedAt: order.expectedAt && timestamp(order.expectedAt),
  placedAt: order.placedAt && timestamp(order.placedAt),
  createdAt: timestamp(order.createdAt),
  updatedAt: timestamp(order.updatedAt)
})

const exceededReply = ({ purchaseOrder, lines }: CoreExceeded, decimals: Decimals) =>
  new PurchaseOrderExceeded({
    purchaseOrder,
    lines: lines.map(({ line, product, wanted, accepted }) => ({
      line,
      product,
      wanted: toDecimal(wanted, decimalsOf(decimals, product)),
      accepted: toDecimal(accepted, decimalsOf(decimals, product))
    }))
  })

const notOfferedReply = ({ vendor, lines }: CoreNotOffered, decimals: Decimals) =>
  new QuantityNotOffered({
    vendor,
    lines: lines.map(({ line, product, wanted, accepted }) => ({
      line,
      product,
      wanted: toDecimal(wanted, decimalsOf(decimals, product)),
      accepted: toDecimal(accepted, decimalsOf(decimals, product))
    }))
  })

// The handlers name the destination themselves, and that of an order never changes.
const neverElsewhere = { PurchaseOrderElsewhere: Effect.die } as const

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const { roles } = yield* ServerSettings

  const unitsOf = (order: PurchaseOrder) => units.ofKnown(order.lines.map(({ product }) => product))
  const found = (id: PurchaseOrderId) =>
    Effect.flatMap(
      answering(inventory.read.purchaseOrder(id)),
      Option.match({
        onNone: () => Effect.fail(new UnknownPurchaseOrder({ purchaseOrder: id })),
        onSome: Effect.succeed
      })
    )
  /** The order, if it exists and the actor may write stock at its destination; and how a command names it. */
  const allowed = (id: PurchaseOrderId) =>
    Effect.gen(function* () {
      const actor = yield* CurrentActor
      const order = yield* found(id)
      yield* requireAt(roles, actor, "stock:write", [order.destination])
      return { actor, order, at: { purchaseOrder: id, destination: order.destination } }
    })
  const replied = ({ reply, replayed }: { readonly reply: PurchaseOrder; readonly replayed: boolean }) =>
    Effect.map(unitsOf(reply), (decimals) => changedReply(orderReply(reply, decimals), reply.version, replayed))
  /** Quantities of an order's lines, in steps of each line's product. */
  const namedOf = <L extends Pick<ArrivedOrderLine, "line" | "quantity" | "unit">>(
    { id, lines }: PurchaseOrder,
    named: ReadonlyArray<L>,
    decimals: Decimals
  ) =>
    units.inSteps(named, decimals, ({ line }) =>
      Result.fromNullishOr(
        lines[line - 1]?.product,
        () => new UnknownPurchaseOrderLine({ purchaseOrder: id, line, lines: lines.length })
      )
    )
  return { inventory, units, roles, unitsOf, found, allowed, namedOf, replied }
})

export const layerPurchaseOrders = HttpApiBuilder.group(
  OnhandApi,
  "purchaseOrders",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, roles, unitsOf, found, allowed, namedOf, replied } = yield* make
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { state, vendor } = query
        const actor = yield* CurrentActor
        const destination = yield* ownLocation(actor, "stock:write", query.destination, "query.destination")
        const filter = { state, vendor, destination }
        const page = yield* answering(inventory.read.purchaseOrders(filter, yield* pageRequest(query)))
        const products = page.items.flatMap(({ lines }) => lines.map(({ product }) => product))
        const decimals = yield* units.ofKnown(products)
        return pageReply(page, (order) => orderReply(order, decimals))
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        yield* requireAt(roles, actor, "stock:write", [payload.destination])
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const command = { ...payload, lines: yield* units.inSteps(payload.lines, decimals, ofProduct) }
        return yield* Effect.flatMap(submitAs(inventory, "createPurchaseOrder", command, { actor, key }), replied)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const order = yield* found(params.id)
        if (!seesAt(yield* CurrentActor, [order.destination])) {
          return yield* new UnknownPurchaseOrder({ purchaseOrder: order.id })
        }
        const body = orderReply(order, yield* unitsOf(order))
        return conditional(body, etagOf(order.version), headers["if-none-match"])
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const expected = yield* expectedVersion(headers["if-match"])
        const { actor, at } = yield* allowed(params.id)
        const { lines, ...changes } = payload
        if (Object.keys(payload).length === 0) return yield* faulty("payload", "At least one field is accepted")
        const decimals = yield* units.of((lines ?? []).map(({ product }) => product))
        const asked = lines === undefined ? {} : { lines: yield* units.inSteps(lines, decimals, ofProduct) }
        const command = { ...at, expected, ...changes, ...asked }
        const key = bareKey(headers["idempotency-key"])
        return yield* submitAs(inventory, "updatePurchaseOrder", command, { actor, key }).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      place: Effect.fnUntraced(function* ({ params, headers }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, order, at } = yield* allowed(params.id)
        const decimals = yield* unitsOf(order)
        return yield* submitAs(inventory, "placePurchaseOrder", at, { actor, key }).pipe(
          Effect.catchTags({
            ...neverElsewhere,
            QuantityNotOffered: (refusal) => Effect.fail(notOfferedReply(refusal, decimals))
          }),
          Effect.flatMap(replied)
        )
      }),
      receive: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, order, at } = yield* allowed(params.id)
        // The lines of a draft may still be set, and with them what their numbers mean.
        if (order.state === "draft") {
          const accepted = ["placed", "partiallyReceived", "received"] as const
          return yield* new PurchaseOrderStateConflict({ purchaseOrder: order.id, state: order.state, accepted })
        }
        const decimals = yield* unitsOf(order)
        const lines = yield* namedOf(order, payload.lines, decimals)
        const as = { actor, key, occurredAt: payload.occurredAt }
        return yield* submitAs(inventory, "receivePurchaseOrder", { ...at, lines }, as).pipe(
          Effect.catchTags({
            ...neverElsewhere,
            PurchaseOrderExceeded: (refusal) => Effect.fail(exceededReply(refusal, decimals))
          }),
          Effect.flatMap(replied)
        )
      }),
      cancel: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, order, at } = yield* allowed(params.id)
        const { lines, ...rest } = payload
        const decimals = yield* unitsOf(order)
        const named = lines === undefined ? {} : { lines: yield* namedOf(order, lines, decimals) }
        return yield* submitAs(inventory, "cancelPurchaseOrder", { ...at, ...rest, ...named }, { actor, key }).pipe(
          Effect.catchTags({
            ...neverElsewhere,
            PurchaseOrderExceeded: (refusal) => Effect.fail(exceededReply(refusal, decimals))
          }),
          Effect.flatMap(replied)
        )
      }),
      close: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        const { actor, at } = yield* allowed(params.id)
        return yield* submitAs(inventory, "closePurchaseOrder", { ...at, ...payload }, { actor, key }).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      })
    })
  })
)
