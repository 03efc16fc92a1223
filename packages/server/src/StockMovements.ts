/**
 * Stock movements over HTTP.
 */
import {
  CurrentActor,
  InsufficientStock,
  type InvalidRequest,
  type NewMovementLine,
  OnhandApi,
  StaleQuantity,
  type Movement as WireMovement,
  wireKindOf,
  wireKinds
} from "@onhand/api"
import {
  type InsufficientStock as CoreInsufficientStock,
  type StaleQuantity as CoreStaleQuantity,
  documentSources,
  entering,
  type InexactQuantity,
  Inventory,
  isCondition,
  type Movement,
  type MovementLine,
  movementId,
  type Product,
  type ReplyOf,
  type UnknownUnit
} from "@onhand/core"
import { Effect, Result } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { ownLocation, requireAt } from "./Authorizing.ts"
import { faulty } from "./Faults.ts"
import { answering, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { jsonReply, pageRequest, replayedHeader, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { ShortWay } from "./ShortWay.ts"
import { type Decimals, decimalsOf, pageInUnits, toDecimal, toSteps, Units } from "./Units.ts"

const stepsAt = (decimal: number, decimals: number, path: string): Result.Result<number, InvalidRequest> =>
  Result.mapError(toSteps(decimal, decimals), (message) => faulty(path, message))

/** A line in steps, with its kind as the ledger knows it. The sign of an adjustment becomes its direction. */
const ledgerLine = (
  line: NewMovementLine,
  index: number,
  decimals: number,
  product: Product | undefined
): Result.Result<MovementLine, InvalidRequest | UnknownUnit | InexactQuantity> => {
  const at = (field: string) => `payload.lines.${index}.${field}`
  const { kind, quantity, unit, expected, from, to, ...rest } = line
  const said = product && entering(product, Math.abs(quantity), unit)
  if (said && Result.isFailure(said)) return Result.fail(said.failure)
  const steps = said
    ? Result.succeed(Math.sign(quantity) * said.success.quantity)
    : stepsAt(quantity, decimals, at("quantity"))
  if (Result.isFailure(steps)) return Result.fail(steps.failure)
  const signed = steps.success
  if (signed === 0 || (signed < 0 && kind !== "adjustment")) {
    const accepted = kind === "adjustment" ? "Any quantity but zero is accepted" : "A quantity above zero is accepted"
    return Result.fail(faulty(at("quantity"), accepted))
  }
  const places =
    kind !== "adjustment"
      ? { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
      : signed < 0
        ? { from: from ?? "sellable", to: to ?? ("adjustment" as const) }
        : { from: from ?? ("adjustment" as const), to: to ?? "sellable" }
  const seen = expected === undefined ? undefined : stepsAt(expected, decimals, at("expected"))
  if (seen && Result.isFailure(seen)) return Result.fail(seen.failure)
  return Result.succeed({
    ...rest,
    ...places,
    ...(seen && { expected: seen.success }),
    ...(said && { entered: said.success.entered }),
    kind: wireKinds[kind],
    quantity: Math.abs(signed)
  })
}

/** A shortage, told in the products' units. */
export const shortageReply = (refusal: CoreInsufficientStock, decimals: Decimals): InsufficientStock =>
  new InsufficientStock({
    lines: refusal.lines.map(({ key, wanted, available, nextIncoming }) => ({
      ...key,
      wanted: toDecimal(wanted, decimalsOf(decimals, key.product)),
      available: toDecimal(available, decimalsOf(decimals, key.product)),
      nextIncoming: nextIncoming && timestamp(nextIncoming)
    }))
  })

const staleReply = ({ key, expected, current }: CoreStaleQuantity, decimals: Decimals): StaleQuantity =>
  new StaleQuantity({
    ...key,
    expected: toDecimal(expected, decimalsOf(decimals, key.product)),
    current: toDecimal(current, decimalsOf(decimals, key.product))
  })

const levelReply = ({ key, onHand, available }: ReplyOf<"reverseMovement">, decimals: Decimals) => ({
  ...key,
  onHand: toDecimal(onHand, decimalsOf(decimals, key.product)),
  available: toDecimal(available, decimalsOf(decimals, key.product))
})

/** A movement on the wire, in a unit with so many decimals. */
export const movementReply = (movement: Movement, decimals: number): WireMovement => {
  const quantity = toDecimal(movement.quantity, decimals)
  const change = (isCondition(movement.to) ? quantity : 0) - (isCondition(movement.from) ? quantity : 0)
  return {
    id: movementId(movement),
    kind: wireKindOf[movement.kind],
    product: movement.product,
    location: movement.location,
    lot: movement.lot,
    quantity: movement.kind === "adjustment" ? change : quantity,
    change,
    from: movement.from,
    to: movement.to,
    reason: movement.reason,
    source: movement.source,
    unitCost: movement.unitCost,
    entered: movement.entered,
    onHandAfter: toDecimal(movement.onHandAfter, decimals),
    sellableAfter: toDecimal(movement.sellableAfter, decimals),
    actor: movement.actor,
    occurredAt: timestamp(movement.occurredAt),
    recordedAt: timestamp(movement.recordedAt)
  }
}

export const layerStockMovements = HttpApiBuilder.group(
  OnhandApi,
  "stockMovements",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const { roles } = yield* ServerSettings
    const shortWay = yield* ShortWay
    const record = shortWay.take(
      OnhandApi.groups.stockMovements.endpoints.record,
      Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const { lines, occurredAt, ...rest } = payload
        if (documentSources.includes(payload.source?.type ?? "")) {
          return yield* faulty(
            "payload.source.type",
            `Any but ${documentSources.join(", ")} is accepted; movements of those come from their documents alone`
          )
        }
        yield* requireAt(
          roles,
          actor,
          "stock:write",
          lines.map((line) => line.location)
        )
        const decimals = yield* units.of(lines.map((line) => line.product))
        const packed = yield* units.packed(lines)
        const [first, ...others] = yield* Effect.fromResult(
          Result.all(
            lines.map((line, index) =>
              ledgerLine(line, index, decimalsOf(decimals, line.product), packed.get(line.product))
            )
          )
        )
        if (first === undefined) return yield* faulty("payload.lines", "At least one line is accepted")
        const command = { ...rest, lines: [first, ...others] as const }
        const { reply, replayed } = yield* submitAs(inventory, "recordMovements", command, {
          actor,
          key,
          occurredAt
        }).pipe(
          Effect.catchTags({
            InsufficientStock: (refusal) => Effect.fail(shortageReply(refusal, decimals)),
            StaleQuantity: (refusal) => Effect.fail(staleReply(refusal, decimals))
          })
        )
        const levels = reply.levels.map((level) => levelReply(level, decimals))
        return jsonReply({ levels }, replayedHeader(replayed), 201)
      })
    )
    return handlers.handleAll({
      record,
      reverse: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        yield* requireAt(roles, actor, "stock:write", [payload.location])
        const command = { ...payload, movement: params.id }
        const { reply, replayed } = yield* submitAs(inventory, "reverseMovement", command, { actor, key }).pipe(
          Effect.catchTag("InsufficientStock", (refusal) =>
            Effect.flatMap(units.ofKnown(refusal.lines.map((line) => line.key.product)), (decimals) =>
              Effect.fail(shortageReply(refusal, decimals))
            )
          )
        )
        const levels = [levelReply(reply, yield* units.ofKnown([reply.key.product]))]
        return HttpApiSchema.withHeaders({ body: { levels }, headers: replayedHeader(replayed) })
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, kind, from, to, order } = query
        const location = yield* ownLocation(yield* CurrentActor, "stock:write", query.location)
        const filter = {
          product,
          location,
          from,
          to,
          kind: kind === undefined ? undefined : wireKinds[kind],
          source: order === undefined ? undefined : { type: "order", id: order }
        }
        const page = yield* answering(inventory.read.movements(filter, yield* pageRequest(query)))
        return yield* pageInUnits(units, page, movementReply)
      })
    })
  })
)
