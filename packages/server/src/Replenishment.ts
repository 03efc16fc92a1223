/**
 * Replenishment over HTTP: plans every product by its policy and vendor, and makes drafts of what should be ordered.
 */
import { CurrentActor, OnhandApi, type ReplenishmentItem } from "@onhand/api"
import {
  type Actor,
  collectPages,
  fingerprintOf,
  Inventory,
  type LocationId,
  orderDrafts,
  type PurchaseOrder,
  permits,
  planAll,
  type StockPlan,
  type SupplyTerms,
  supplyTerms,
  type ToOrder,
  UnknownLocation,
  UnknownProduct,
  type VendorId
} from "@onhand/core"
import { Effect, Option, Semaphore, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation } from "./Authorizing.ts"
import { answering, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { makePlanOptions, notPlanned } from "./Planning.ts"
import { timestamp } from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"

/** The suggestions of a reply when nobody says how many. */
const USUAL_LIMIT = 100

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const itemOf = ({ product, location, abc, stock, suggestion, alert }: StockPlan, soldBy: SupplyTerms["soldBy"]) => {
  if (suggestion === null) return undefined
  const terms = soldBy.get(product.id)
  const item: ReplenishmentItem = {
    product: product.id,
    location,
    class: abc,
    vendor: terms?.vendor ?? null,
    unitCost: terms?.price ?? null,
    stock: { onHand: stock.onHand, onOrder: stock.onOrder, reserved: stock.reserved },
    order: suggestion.order,
    reorderPoint: suggestion.reorderPoint,
    safetyStock: suggestion.safetyStock,
    expectedDemand: suggestion.expectedDemand,
    stockoutRisk: suggestion.stockoutRisk,
    cover: finite(suggestion.cover),
    alert: alert?.raised === true,
    reasons: suggestion.reasons
  }
  return item
}

/** What a plan of many products comes to; only the riskiest items are kept, however many there are. */
const tally = (soldBy: SupplyTerms["soldBy"], limit: number, all: boolean) => {
  const [told, orders]: [{ planned: number; ordered: number; alerts: number }, Array<ToOrder>] = [
    { planned: 0, ordered: 0, alerts: 0 },
    []
  ]
  let items: Array<ReplenishmentItem> = []
  let begins: StockPlan["begins"] | undefined
  const riskiest = () => items.toSorted((a, b) => b.stockoutRisk - a.stockoutRisk).slice(0, limit)
  const add = (plan: StockPlan) => {
    told.planned += 1
    begins = plan.begins
    const item = itemOf(plan, soldBy)
    if (item === undefined) return
    if (item.alert) told.alerts += 1
    if (item.order > 0) {
      told.ordered += 1
      const { product, location, order } = item
      orders.push({ product, location, order, decimals: plan.product.unit.decimals })
    }
    if (item.order > 0 || all) items.push(item)
    if (items.length >= 2 * limit) items = riskiest()
  }
  return { add, told, orders, riskiest, begins: () => (begins === undefined ? null : timestamp(begins)) }
}

const draftText = (vendor: VendorId, destination: LocationId) => `${vendor} ${destination}`

const draftReply = ({ id, vendor, destination, lines }: PurchaseOrder, made: boolean) => ({
  purchaseOrder: id,
  vendor,
  destination,
  lines: lines.length,
  made
})

/**
 * A draft for each vendor and destination. Where there is one already it is told instead: what is only planned is not
 * on its way yet, and would be ordered twice.
 */
const makeDrafts = (
  inventory: Inventory["Service"],
  orders: ReadonlyArray<ToOrder>,
  { soldBy }: SupplyTerms,
  { actor, key }: { readonly actor: Actor; readonly key: string }
) =>
  Effect.gen(function* () {
    const openDrafts = Effect.map(
      answering(collectPages((page) => inventory.read.purchaseOrders({ state: "draft" }, page))),
      (open) => new Map(open.map((order) => [draftText(order.vendor, order.destination), order]))
    )
    const before = yield* openDrafts
    const made = new Map<string, number>()
    return yield* Effect.forEach(
      orderDrafts(orders, (product) => soldBy.get(product)),
      (draft) => {
        const place = draftText(draft.vendor, draft.destination)
        const planned = before.get(place)
        if (planned !== undefined) return Effect.succeed(draftReply(planned, false))
        const nth = made.get(place) ?? 0
        made.set(place, nth + 1)
        // The caller's key stands for all drafts together; each has its own from it, whatever else is planned.
        const own = { actor, key: `${key}:${fingerprintOf([draft.vendor, draft.destination, nth])}` }
        return submitAs(inventory, "createPurchaseOrder", draft, own).pipe(
          // A plan says its quantities in steps.
          Effect.catchTags({ UnknownUnit: Effect.die, InexactQuantity: Effect.die }),
          Effect.map(({ reply, replayed }) => draftReply(reply, !replayed)),
          // Another server was sent the same request, and planned a little earlier or later: its draft is the one.
          Effect.catchTag("IdempotencyConflict", (conflict) =>
            Effect.flatMap(openDrafts, (now) => {
              const other = now.get(place)
              return other === undefined ? Effect.fail(conflict) : Effect.succeed(draftReply(other, false))
            })
          )
        )
      }
    )
  })

export const layerReplenishment = HttpApiBuilder.group(
  OnhandApi,
  "replenishment",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const { read } = inventory
    const { roles } = yield* ServerSettings
    const planOptions = yield* makePlanOptions
    const oneAtATime = yield* Semaphore.make(1)

    /** Fails if what is asked for does not exist: a plan of nothing would look as if nothing were to be ordered. */
    const known = ({ product, location }: Pick<Partial<ToOrder>, "product" | "location">) =>
      Effect.gen(function* () {
        if (product !== undefined && Option.isNone(yield* answering(read.product(product)))) {
          return yield* new UnknownProduct({ product })
        }
        if (location !== undefined && Option.isNone(yield* answering(read.location(location)))) {
          return yield* new UnknownLocation({ location })
        }
      })

    return handlers.handleAll({
      plan: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const {
          product,
          location: named,
          closed,
          backtest,
          all = false,
          limit = USUAL_LIMIT,
          draft = false,
          ...asked
        } = payload
        const location = yield* ownLocation(actor, "stock:write", named, "payload.location")
        yield* known({ ...(product && { product }), ...(location && { location }) })
        const options = yield* planOptions(asked, closed, backtest, "payload")
        const planning = Effect.gen(function* () {
          const supply = yield* answering(supplyTerms(read))
          const counted = tally(supply.soldBy, limit, all)
          const plans = planAll(read, { ...options, product, location, termsOf: (subject) => supply.termsOf(subject) })
          yield* answering(Stream.runForEach(plans, (plan) => Effect.sync(() => counted.add(plan))))
          const orders = counted.orders.filter((one) => permits(roles, actor, "stock:write", one.location))
          const drafts = draft ? yield* makeDrafts(inventory, orders, supply, { actor, key }) : []
          const unsold = counted.orders.filter((one) => !supply.soldBy.has(one.product)).length
          return { ...counted.told, begins: counted.begins(), unsold, items: counted.riskiest(), drafts }
        })
        return yield* oneAtATime
          .withPermit(planning)
          .pipe(Effect.catchTags({ InvalidPeriods: notPlanned("payload"), InvalidCursor: Effect.die }))
      })
    })
  })
)
