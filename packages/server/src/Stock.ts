/**
 * Stock over HTTP.
 */
import { CurrentActor, OnhandApi } from "@onhand/api"
import {
  type AsOf,
  available,
  type Balance,
  Inventory,
  type Level,
  onHand,
  UnknownLocation,
  type ValueDifference
} from "@onhand/core"
import { DateTime, Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ownLocation } from "./Authorizing.ts"
import { claimReply } from "./Claims.ts"
import { answering } from "./OutwardRefusal.ts"
import { levelReply } from "./Products.ts"
import { pageReply, pageRequest, timestamp } from "./Replying.ts"
import { movementReply } from "./StockMovements.ts"
import { decimalsOf, toDecimal, Units } from "./Units.ts"

const EPOCH = DateTime.makeUnsafe(0)

/** The past levels that are read at once. */
const READS_AT_ONCE = 8

const lotReply = (balance: Balance, decimals: number) => ({
  lot: balance.lot,
  onHand: toDecimal(onHand(balance), decimals),
  sellable: toDecimal(balance.sellable, decimals),
  qualityControl: toDecimal(balance.qualityControl, decimals),
  damaged: toDecimal(balance.damaged, decimals),
  quarantine: toDecimal(balance.quarantine, decimals),
  held: toDecimal(balance.held, decimals),
  committed: toDecimal(balance.committed, decimals),
  available: toDecimal(available(balance), decimals)
})

const valueDifferenceReply = ({ recordedAt, ...rest }: ValueDifference) => ({
  ...rest,
  recordedAt: timestamp(recordedAt)
})

export const layerStock = HttpApiBuilder.group(
  OnhandApi,
  "stock",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    /** Levels as they were; whatever moved by then has a level now. */
    const asOf = (levels: ReadonlyArray<Level>, time: AsOf) =>
      Effect.forEach(
        levels,
        ({ product, location }) =>
          Effect.map(answering(inventory.read.stockAsOf({ product, location }, time)), (lots) => ({
            product,
            location,
            onHand: lots.reduce((sum, lot) => sum + lot.onHand, 0),
            sellable: lots.reduce((sum, lot) => sum + lot.sellable, 0)
          })),
        { concurrency: READS_AT_ONCE }
      )
    return handlers.handleAll({
      levels: Effect.fnUntraced(function* ({ query }) {
        const { product, location, as_of: occurredBy, known_at: recordedBy } = query
        const page = yield* answering(inventory.read.levels({ product, location }, yield* pageRequest(query)))
        const decimals = yield* units.ofKnown(page.items.map((level) => level.product))
        if (occurredBy !== undefined || recordedBy !== undefined) {
          const items = yield* asOf(page.items, { occurredBy, recordedBy })
          return pageReply({ ...page, items }, (level) => {
            const digits = decimalsOf(decimals, level.product)
            return { ...level, onHand: toDecimal(level.onHand, digits), sellable: toDecimal(level.sellable, digits) }
          })
        }
        return pageReply(page, (level) => ({
          product: level.product,
          ...levelReply(level, decimalsOf(decimals, level.product))
        }))
      }),
      explain: Effect.fnUntraced(function* ({ params: { product }, query: { location, limit } }) {
        yield* ownLocation(yield* CurrentActor, "stock:write", location)
        const decimals = decimalsOf(yield* units.of([product]), product)
        if (Option.isNone(yield* answering(inventory.read.location(location)))) {
          return yield* new UnknownLocation({ location })
        }
        const explained = yield* answering(inventory.read.explain({ product, location }, limit))
        return {
          level: { product, ...levelReply(explained.level, decimals) },
          lots: explained.lots.map((lot) => lotReply(lot, decimals)),
          movements: pageReply(explained.movements, (movement) => movementReply(movement, decimals)),
          claims: pageReply(explained.claims, (claim) => claimReply(claim, decimals))
        }
      }),
      verify: () =>
        Effect.map(answering(inventory.read.verify), ({ valueDifferences, ...verification }) => ({
          sound: verification.differences.length + valueDifferences.length === 0,
          ...verification,
          valueDifferences: valueDifferences.map(valueDifferenceReply)
        })),
      rebuild: () =>
        answering(inventory.rebuild).pipe(
          // Each repair has a key of its own, which nobody else can have.
          Effect.catchTag("IdempotencyConflict", Effect.die),
          Effect.map(({ forgotten, ...rest }) => ({
            sound: rest.left.length === 0,
            ...rest,
            forgotten: forgotten.map(valueDifferenceReply)
          }))
        ),
      restockAlerts: Effect.fnUntraced(function* ({ query }) {
        const { product, location } = query
        const page = yield* answering(inventory.read.restockAlerts({ product, location }, yield* pageRequest(query)))
        const decimals = yield* units.ofKnown(page.items.map(({ threshold }) => threshold.product))
        return pageReply(page, ({ threshold, available }) => {
          const digits = decimalsOf(decimals, threshold.product)
          return {
            product: threshold.product,
            location: threshold.location,
            low: toDecimal(threshold.low, digits),
            clear: toDecimal(threshold.clear, digits),
            available: toDecimal(available, digits),
            raisedAt: timestamp(threshold.raisedAt ?? EPOCH)
          }
        })
      })
    })
  })
)
