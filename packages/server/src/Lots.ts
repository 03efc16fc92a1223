/**
 * Lots over HTTP. A lot is the same everywhere, so it is changed by nobody who is limited to some locations.
 */
import { CurrentActor, OnhandApi, type ProductLot as WireLot } from "@onhand/api"
import { Inventory, type LotTrace, MAX_LINES, type ProductId, type ProductLot, UnknownLot } from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { requireEverywhere } from "./Authorizing.ts"
import { answering, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, etagOf, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { decimalsOf, toDecimal, Units } from "./Units.ts"

const lotReply = ({ id: _, ...lot }: ProductLot): WireLot => ({
  ...lot,
  expiresAt: lot.expiresAt && timestamp(lot.expiresAt),
  receivedAt: timestamp(lot.receivedAt),
  updatedAt: timestamp(lot.updatedAt)
})

const traceReply = ({ lot, places, inTransit }: LotTrace, decimals: number) => {
  const inUnit = (steps: number) => toDecimal(steps, decimals)
  return {
    lot: lotReply(lot),
    places: places.map((place) => ({
      location: place.location,
      sellable: inUnit(place.sellable),
      qualityControl: inUnit(place.qualityControl),
      damaged: inUnit(place.damaged),
      quarantine: inUnit(place.quarantine),
      held: inUnit(place.held),
      committed: inUnit(place.committed)
    })),
    inTransit: inTransit.map((part) => ({ ...part, quantity: inUnit(part.quantity) }))
  }
}

/** What every request about one lot names. */
interface Named {
  readonly params: { readonly product: ProductId; readonly lot: string }
  readonly headers: { readonly "idempotency-key"?: string }
}

const make = Effect.gen(function* () {
  const inventory = yield* Inventory

  const traced = (key: Named["params"]) =>
    Effect.flatMap(
      answering(inventory.read.lotTrace(key)),
      Option.match({ onNone: () => Effect.fail(new UnknownLot(key)), onSome: Effect.succeed })
    )
  /** Who asks, and the lot with the locations whose levels follow at once. */
  const commanding = ({ params, headers }: Named) =>
    Effect.gen(function* () {
      const actor = yield* CurrentActor
      const key = yield* requiredKey(headers["idempotency-key"])
      yield* requireEverywhere(actor, "stock:write")
      const { places } = yield* traced(params)
      const locations = places.slice(0, MAX_LINES).map(({ location }) => location)
      return { as: { actor, key }, target: { ...params, locations } }
    })
  const replied = ({ reply, replayed }: { readonly reply: ProductLot; readonly replayed: boolean }) =>
    changedReply(lotReply(reply), reply.version, replayed)

  return { inventory, traced, commanding, replied }
})

export const layerLots = HttpApiBuilder.group(
  OnhandApi,
  "lots",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, traced, commanding, replied } = yield* make
    const units = yield* Units
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, location, status, expiring_before: expiringBefore, stocked } = query
        const filter = { product, location, status, expiringBefore, stocked: stocked === "true" ? true : undefined }
        const page = yield* answering(inventory.read.lots(filter, yield* pageRequest(query)))
        const decimals = yield* units.ofKnown(page.items.map(({ lot }) => lot.product))
        return pageReply(page, ({ lot, onHand, available }) => {
          const digits = decimalsOf(decimals, lot.product)
          return { ...lotReply(lot), onHand: toDecimal(onHand, digits), available: toDecimal(available, digits) }
        })
      }),
      trace: Effect.fnUntraced(function* ({ params }) {
        const found = yield* traced(params)
        const decimals = decimalsOf(yield* units.ofKnown([params.product]), params.product)
        const headers = { etag: etagOf(found.lot.version) }
        return HttpApiSchema.withHeaders({ body: traceReply(found, decimals), headers })
      }),
      recipients: Effect.fnUntraced(function* ({ params, query }) {
        yield* requireEverywhere(yield* CurrentActor, "orders:read")
        if (Option.isNone(yield* answering(inventory.read.lot(params)))) return yield* new UnknownLot(params)
        const page = yield* answering(inventory.read.lotRecipients(params, yield* pageRequest(query)))
        const decimals = decimalsOf(yield* units.ofKnown([params.product]), params.product)
        return pageReply(page, ({ sold, returned, ...who }) => ({
          ...who,
          sold: toDecimal(sold, decimals),
          returned: toDecimal(returned, decimals)
        }))
      }),
      recall: Effect.fnUntraced(function* ({ payload: { reason }, ...request }) {
        const { as, target } = yield* commanding(request)
        return replied(yield* submitAs(inventory, "recallLot", { ...target, reason }, as))
      }),
      reinstate: Effect.fnUntraced(function* (request) {
        const { as, target } = yield* commanding(request)
        return replied(yield* submitAs(inventory, "reinstateLot", target, as))
      }),
      expiry: Effect.fnUntraced(function* ({ payload: { expiresOn }, ...request }) {
        const { as, target } = yield* commanding(request)
        const command = { ...target, expected: "any" as const, expiresOn }
        return replied(
          yield* Effect.catchTag(submitAs(inventory, "updateLot", command, as), "StaleVersion", Effect.die)
        )
      })
    })
  })
)
