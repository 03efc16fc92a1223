/**
 * Claims over HTTP. Those of carts, orders and transfers are listed with the others, and changed by these alone.
 */
import { ClaimExceeded, CurrentActor, ForeignClaim, OnhandApi, type Claim as WireClaim } from "@onhand/api"
import {
  type Claim,
  ClaimClosed,
  type ClaimId,
  documentSources,
  Inventory,
  type LocationId,
  type ProductId
} from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { ownLocation, requireAt } from "./Authorizing.ts"
import { faulty } from "./Faults.ts"
import { OpenHolds } from "./OpenHolds.ts"
import { answering, requiredKey, scopedKey, submitAs } from "./OutwardRefusal.ts"
import { pageRequest, replayedHeader, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { shortageReply } from "./StockMovements.ts"
import { decimalsOf, linesInSteps, pageInUnits, stepsAbove0, toDecimal, Units } from "./Units.ts"

/** The sources whose claims follow from a cart or a document: done by hand, these would come to miss their stock. */
const foreignSources: ReadonlySet<string> = new Set(["cart", ...documentSources])

/** An open claim on the wire, in a unit with so many decimals. */
export const claimReply = (claim: Claim, decimals: number): WireClaim => ({
  id: claim.id,
  product: claim.product,
  location: claim.location,
  lot: claim.lot,
  quantity: toDecimal(claim.quantity, decimals),
  state: claim.state === "committed" ? "committed" : "held",
  expiresAt: claim.expiresAt && timestamp(claim.expiresAt),
  source: claim.source
})

/** The claims of one location that a request names. */
interface Named {
  readonly location: LocationId
  readonly claims: readonly [ClaimId, ...ReadonlyArray<ClaimId>]
  /** Of which product they must be, if the request says. */
  readonly product?: ProductId
}

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { roles } = yield* ServerSettings

  /**
   * Fails if a claim is not made by hand. What a claim is of never changes, so that it may be asked beforehand; what a
   * release would let go of tells it of every open claim.
   */
  const requireByHand = ({ location, claims, product: asked }: Named) =>
    Effect.gen(function* () {
      const planned = yield* answering(inventory.plan("releaseClaims", { location, claims }))
      for (const { claim, source, product } of planned._tag === "Applied" ? planned.claimEvents : []) {
        if (source !== null && foreignSources.has(source.type)) return yield* new ForeignClaim({ claim, source })
        if (asked !== undefined && asked !== product) {
          return yield* faulty("payload.product", `The product of the claim, ${product}, is accepted`)
        }
      }
    })

  /** What a change of claims asks for, once the actor may make it. */
  const changing = ({
    headers,
    payload
  }: {
    readonly headers: { readonly "idempotency-key"?: string }
    readonly payload: Named
  }) =>
    Effect.gen(function* () {
      const actor = yield* CurrentActor
      const key = yield* requiredKey(headers["idempotency-key"])
      yield* requireAt(roles, actor, "stock:write", [payload.location])
      yield* requireByHand(payload)
      return { actor, key }
    })

  return { inventory, roles, changing }
})

const changedClaims = (claims: ReadonlyArray<ClaimId>, replayed: boolean) =>
  HttpApiSchema.withHeaders({ body: { claims }, headers: replayedHeader(replayed) })

export const layerClaims = HttpApiBuilder.group(
  OnhandApi,
  "claims",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, roles, changing } = yield* make
    const holds = yield* OpenHolds
    const units = yield* Units
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { product, state, source_type: type, source_id: id } = query
        const location = yield* ownLocation(yield* CurrentActor, "stock:write", query.location)
        if ((type === undefined) !== (id === undefined)) {
          return yield* faulty("query.source_type", "source_type and source_id are accepted together")
        }
        const source = type === undefined || id === undefined ? undefined : { type, id }
        const filter = { product, location, state, source }
        const page = yield* answering(inventory.read.claims(filter, yield* pageRequest(query)))
        return yield* pageInUnits(units, page, claimReply)
      }),
      hold: Effect.fnUntraced(function* ({ headers, payload: { lines, seconds, ...rest } }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        if (foreignSources.has(rest.source?.type ?? "")) {
          return yield* faulty("payload.source.type", `Any but ${[...foreignSources].join(", ")} is accepted`)
        }
        yield* requireAt(
          roles,
          actor,
          "stock:write",
          lines.map(({ location }) => location)
        )
        const decimals = yield* units.of(lines.map(({ product }) => product))
        const command = { ...rest, lines: yield* linesInSteps(lines, decimals), ttlMillis: seconds * 1_000 }
        const taken = submitAs(inventory, "holdStock", command, { actor, key }).pipe(
          Effect.catchTag("InsufficientStock", (refusal) => Effect.fail(shortageReply(refusal, decimals)))
        )
        const answered = Effect.map(answering(inventory.read.command(scopedKey(actor, key))), Option.isSome)
        const { reply, replayed } = yield* holds.taking(actor.id, lines.length, taken, answered)
        const body = { claims: reply.claims, expiresAt: timestamp(reply.expiresAt) }
        return HttpApiSchema.withHeaders({ body, headers: replayedHeader(replayed) })
      }),
      extend: Effect.fnUntraced(function* (request) {
        const as = yield* changing(request)
        const { seconds, ...named } = request.payload
        const command = { ...named, ttlMillis: seconds * 1_000 }
        const { reply, replayed } = yield* submitAs(inventory, "extendHolds", command, as)
        if (!replayed) holds.extended({ claims: reply.extended, expiresAt: reply.expiresAt })
        const body = { claims: reply.extended, expiresAt: timestamp(reply.expiresAt) }
        return HttpApiSchema.withHeaders({ body, headers: replayedHeader(replayed) })
      }),
      commit: Effect.fnUntraced(function* (request) {
        const as = yield* changing(request)
        const { reply, replayed } = yield* submitAs(inventory, "commitClaims", request.payload, as)
        holds.ended(reply.committed)
        return changedClaims(reply.committed, replayed)
      }),
      move: Effect.fnUntraced(function* ({ headers, payload: { product, quantity, ...move } }) {
        const { location, claim, to } = move
        const as = yield* changing({ headers, payload: { location, claims: [claim], product } })
        yield* requireAt(roles, as.actor, "stock:write", [to.location])
        const decimals = yield* units.of([product])
        const digits = decimalsOf(decimals, product)
        const part =
          quantity === undefined ? {} : { quantity: yield* stepsAbove0(quantity, digits, "payload.quantity") }
        const { reply, replayed } = yield* submitAs(inventory, "moveClaim", { ...move, ...part }, as).pipe(
          Effect.catchTags({
            InsufficientStock: (refusal) => Effect.fail(shortageReply(refusal, decimals)),
            ClaimExceeded: ({ claim, wanted, open }) =>
              Effect.fail(
                new ClaimExceeded({ claim, wanted: toDecimal(wanted, digits), open: toDecimal(open, digits) })
              ),
            ClaimOfDocument: ({ claim, source }) =>
              source === null
                ? Effect.fail(new ClaimClosed({ claim, state: "unknown" }))
                : Effect.fail(new ForeignClaim({ claim, source }))
          })
        )
        return changedClaims(reply.claims, replayed)
      }),
      release: Effect.fnUntraced(function* (request) {
        const as = yield* changing(request)
        const { reply, replayed } = yield* submitAs(inventory, "releaseClaims", request.payload, as)
        holds.ended(reply.released)
        return changedClaims(reply.released, replayed)
      })
    })
  })
)
