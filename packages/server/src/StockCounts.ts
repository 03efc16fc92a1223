/**
 * Stock counts over HTTP. A caller names only the count; its location follows from it, and the actor must be allowed to
 * write the stock there. Every reply hides what the books expect while a blind count is under way.
 */
import { CurrentActor, OnhandApi, type Count as WireCount } from "@onhand/api"
import {
  blindly,
  type Count,
  type CountId,
  type CountLine,
  differenceOf,
  type InsufficientStock,
  Inventory,
  UnknownCount
} from "@onhand/core"
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation, requireAt, seesAt } from "./Authorizing.ts"
import { answering, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply, conditional, etagOf, pageReply, pageRequest, timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { shortageReply } from "./StockMovements.ts"
import { type Decimals, decimalsOf, ofProduct, toDecimal, Units } from "./Units.ts"

const lineReply = (line: CountLine, decimals: number) => ({
  line: line.line,
  product: line.product,
  lot: line.lot,
  condition: line.condition,
  counted: line.counted === null ? null : toDecimal(line.counted, decimals),
  entered: line.entered ?? null,
  expected: line.expected === null ? null : toDecimal(line.expected, decimals),
  difference: line.expected === null ? null : toDecimal(differenceOf(line), decimals),
  countedAt: line.countedAt && timestamp(line.countedAt),
  countedBy: line.countedBy,
  reason: line.reason,
  expiresOn: line.expiresOn ?? null
})

const countReply = (count: Count, decimals: Decimals): WireCount => ({
  id: count.id,
  name: count.name,
  location: count.location,
  state: count.state,
  blind: count.blind,
  policy: count.policy,
  lines: blindly(count).lines.map((line) => lineReply(line, decimalsOf(decimals, line.product))),
  version: count.version,
  createdAt: timestamp(count.createdAt),
  updatedAt: timestamp(count.updatedAt)
})

/** What every request about one count names. */
interface Named {
  readonly params: { readonly id: CountId }
  readonly headers: { readonly "idempotency-key"?: string }
}

// The handlers name the location themselves, and that of a count never changes.
const neverElsewhere = { CountElsewhere: Effect.die } as const

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const { roles } = yield* ServerSettings

  const unitsOf = (...counts: ReadonlyArray<Count>) =>
    units.ofKnown(counts.flatMap(({ lines }) => lines.map(({ product }) => product)))
  const found = (id: CountId) =>
    Effect.flatMap(
      answering(inventory.read.count(id)),
      Option.match({ onNone: () => Effect.fail(new UnknownCount({ count: id })), onSome: Effect.succeed })
    )
  /** Who asks, with which key, and what a command on the count names, if the actor may write stock there. */
  const commanding = ({ params, headers }: Named) =>
    Effect.gen(function* () {
      const key = yield* requiredKey(headers["idempotency-key"])
      const actor = yield* CurrentActor
      const count = yield* found(params.id)
      yield* requireAt(roles, actor, "stock:write", [count.location])
      return { as: { actor, key }, count, target: { count: count.id, location: count.location } }
    })
  const replied = ({ reply, replayed }: { readonly reply: Count; readonly replayed: boolean }) =>
    Effect.map(unitsOf(reply), (decimals) => changedReply(countReply(reply, decimals), reply.version, replayed))

  /** A command that needs nothing but the count. */
  const plainly = (command: "startCount" | "cancelCount") => (request: Named) =>
    Effect.gen(function* () {
      const { as, target } = yield* commanding(request)
      return yield* submitAs(inventory, command, target, as).pipe(
        Effect.catchTags(neverElsewhere),
        Effect.flatMap(replied)
      )
    })

  return { inventory, units, roles, unitsOf, found, commanding, replied, plainly }
})

export const layerStockCounts = HttpApiBuilder.group(
  OnhandApi,
  "stockCounts",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, roles, unitsOf, found, commanding, replied, plainly } = yield* make
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { state } = query
        const location = yield* ownLocation(yield* CurrentActor, "stock:write", query.location)
        const page = yield* answering(inventory.read.counts({ state, location }, yield* pageRequest(query)))
        const decimals = yield* unitsOf(...page.items)
        return pageReply(page, (count) => countReply(count, decimals))
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        yield* requireAt(roles, actor, "stock:write", [payload.location])
        return yield* Effect.flatMap(submitAs(inventory, "createCount", payload, { actor, key }), replied)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const count = yield* found(params.id)
        if (!seesAt(yield* CurrentActor, [count.location])) return yield* new UnknownCount({ count: count.id })
        const body = countReply(count, yield* unitsOf(count))
        return conditional(body, etagOf(count.version), headers["if-none-match"])
      }),
      start: plainly("startCount"),
      record: Effect.fnUntraced(function* ({ payload, ...request }) {
        const { as, target } = yield* commanding(request)
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const lines = yield* units.inSteps(payload.lines, decimals, ofProduct, 0)
        return yield* submitAs(inventory, "recordCount", { ...target, lines }, as).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      finish: Effect.fnUntraced(function* ({ payload, ...request }) {
        const { as, target } = yield* commanding(request)
        return yield* submitAs(inventory, "finishCount", { ...target, ...payload }, as).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      recount: Effect.fnUntraced(function* ({ payload, ...request }) {
        const { as, target } = yield* commanding(request)
        return yield* submitAs(inventory, "recountLines", { ...target, ...payload }, as).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      approve: Effect.fnUntraced(function* ({ payload, ...request }) {
        const { as, target } = yield* commanding(request)
        return yield* submitAs(inventory, "approveCount", { ...target, ...payload }, as).pipe(
          Effect.catchTags(neverElsewhere),
          Effect.flatMap(replied)
        )
      }),
      post: Effect.fnUntraced(function* (request) {
        const { as, count, target } = yield* commanding(request)
        return yield* submitAs(inventory, "postCount", target, as).pipe(
          Effect.catchTags({
            ...neverElsewhere,
            InsufficientStock: (refusal: InsufficientStock) =>
              Effect.flatMap(unitsOf(count), (decimals) => Effect.fail(shortageReply(refusal, decimals)))
          }),
          Effect.flatMap(replied)
        )
      }),
      cancel: plainly("cancelCount")
    })
  })
)
