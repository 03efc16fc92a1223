import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory, planAll, usualTerms } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import * as Pglite from "@onhand/postgres/pglite"
import { DateTime, Effect, Layer, Stream } from "effect"
import { freshness } from "../src/Freshness.ts"
import { isEarly, midYear } from "../src/MidYear.ts"
import { importCatalogue, openStores, replay, suppliesOf } from "../src/Replay.ts"
import { ranLowMostOften, reconcile } from "../src/Report.ts"
import { readBaskets } from "../src/RetailFiles.ts"
import { disagreements, valueOfYear } from "../src/ValueReport.ts"

const excerpt = fileURLToPath(new URL("../excerpt", import.meta.url))

const stores = {
  memory: layerMemory,
  PGlite: PostgresStore.layerClient().pipe(Layer.provide(Pglite.layerMemory))
}

/** The whole year of the excerpt, and what it left in the ledger. */
const year = Effect.gen(function* () {
  const inventory = yield* Inventory
  const catalogue = yield* importCatalogue(excerpt)
  const { outcomes } = catalogue
  const baskets = yield* readBaskets(excerpt)
  const supplies = suppliesOf(baskets, catalogue)
  yield* openStores(supplies, catalogue)
  const early = yield* replay(baskets.filter(isEarly), catalogue, () => Effect.void)
  const { sent } = yield* midYear(supplies, catalogue)
  const late = yield* replay(
    baskets.filter((basket) => !isEarly(basket)),
    catalogue,
    () => Effect.void
  )
  const tills = [...early, ...late]
  const verification = yield* inventory.read.verify
  const value = yield* valueOfYear
  const [low, fresh] = [yield* ranLowMostOften, yield* freshness]
  return { outcomes, tills, numbers: reconcile(baskets, tills), verification, low, value, sent, fresh }
})

/** What to order of everything at the end of the year, with an order a week that takes a week. */
const proposals = Effect.gen(function* () {
  const { read } = yield* Inventory
  const plans = planAll(read, {
    calendar: {
      every: "week",
      timeZone: DateTime.zoneMakeNamedUnsafe("America/New_York"),
      from: DateTime.makeUnsafe("2017-01-02T12:00:00Z"),
      to: DateTime.makeUnsafe("2018-01-01T12:00:00Z")
    },
    horizon: 4,
    termsOf: ({ abc }) => usualTerms(abc)
  })
  // The two stores give products ids of their own, and an order by them.
  const told = yield* Stream.runCollect(plans)
  return told
    .map(({ product, location, abc, stock, expected, suggestion }) => ({
      place: `${product.sku} at ${location}`,
      plan: { abc, stock, expected, suggestion }
    }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
})

/** Whether an order follows from what is told beside it, without looking anywhere else. */
const isExplained = ({ plan: { stock, suggestion } }: Effect.Success<typeof proposals>[number]): boolean => {
  if (suggestion === null) return false
  const { order, position, reorderPoint, expectedDemand, reasons } = suggestion
  const told = reasons.join("\n")
  return (
    position === stock.onHand + stock.onOrder - stock.reserved &&
    order > 0 === (position <= reorderPoint && expectedDemand > 0) &&
    (order === 0 || position + order >= reorderPoint) &&
    told.includes(`On hand ${stock.onHand}, on order ${stock.onOrder}, promised ${stock.reserved}`) &&
    /\d+ weeks of demand are known/.test(told) &&
    /An order takes .+ until then .+ are expected to sell/.test(told) &&
    /The reorder point is .+ with 9[058] % certainty/.test(told)
  )
}

/** A year takes seconds, and many more while everything else is tested. Milliseconds. */
const YEAR_TIMEOUT = 180_000

for (const [name, store] of Object.entries(stores)) {
  describe(`the retail year on ${name}`, () => {
    it.live(
      "accounts for every unit and cent, and changes nothing the second time",
      () =>
        Effect.gen(function* () {
          const first = yield* year
          assert.deepStrictEqual(first.numbers.difference, { units: 0, cents: 0 })
          assert.deepStrictEqual(first.verification.differences, [])
          assert.isAbove(first.numbers.sold.units, 0)
          assert.isAbove(first.numbers.refusedBaskets.get("InsufficientStock")?.baskets ?? 0, 0)
          assert.deepStrictEqual([...first.numbers.refusedLines.keys()].sort(), [
            "product is not in the catalogue",
            "quantity is 0"
          ])
          assert.isAbove(first.low.length, 0)
          assert.deepStrictEqual(disagreements(first.value, first.numbers.sold), [])
          assert.isAbove(Number(first.value.stock.value), 0)
          assert.isBelow(first.value.adjusted.quantity, 0)
          assert.isAbove(first.sent, 0)
          assert.isAbove(first.value.revenue, Number(first.value.sold.value))
          // What is past its day lies in the depot; nobody can have it, and nobody got it.
          assert.isAbove(first.fresh.over.onHand, 0)
          assert.strictEqual(first.fresh.over.available, 0)
          assert.strictEqual(first.fresh.soldLate, 0)
          assert.isAbove(first.fresh.recalled.sold, 0)
          assert.isAtMost(first.fresh.recalled.baskets, first.fresh.recalled.sold)

          const second = yield* year
          assert.deepStrictEqual(second.outcomes, {
            created: 0,
            updated: 0,
            unchanged: first.outcomes.created,
            refused: 0
          })
          assert.deepStrictEqual(second.tills, first.tills)
          assert.deepStrictEqual(second.verification, first.verification)
          assert.deepStrictEqual(second.value, first.value)
          assert.deepStrictEqual(second.fresh, first.fresh)
        }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(store)))),
      YEAR_TIMEOUT
    )
  })
}

describe("orders at the end of the retail year", () => {
  it.live(
    "are the same on both stores, and each follows from what is told with it",
    () =>
      Effect.gen(function* () {
        const [inMemory, onPglite] = yield* Effect.forEach(Object.values(stores), (store) =>
          Effect.andThen(year, proposals).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(store))))
        )
        assert.deepStrictEqual(onPglite, inMemory)
        assert.isAbove(inMemory?.filter(({ plan }) => (plan.suggestion?.order ?? 0) > 0).length ?? 0, 50)
        assert.deepStrictEqual(
          inMemory?.filter((proposal) => !isExplained(proposal)),
          []
        )
      }),
    YEAR_TIMEOUT
  )
})
