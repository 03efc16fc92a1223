// Forecasts are kept in the database as they were made, and each place has the last one.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { ForecastKeeper, LocationId, type PlanTask, ProductId, planStock } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { layerForecasts, PostgresStore } from "../src/index.ts"
import { layerMemory } from "../src/pglite/index.ts"

const clients = {
  PostgreSQL: Layer.unwrap(
    Effect.map(
      Effect.promise(() => createDatabase()),
      (url) => PgClient.layer({ url: Redacted.make(url) })
    )
  ),
  PGlite: layerMemory
}

const histories: Readonly<Record<string, PlanTask["demand"]>> = {
  steady: Array.from({ length: 60 }, (_, week) => ({ quantity: 20 + (week % 5) })),
  sparse: Array.from({ length: 60 }, (_, week) => ({ quantity: week % 7 === 0 ? 3 : 0 })),
  weighed: Array.from({ length: 60 }, (_, week) => ({ quantity: 1.375 + (week % 3) / 8 })),
  new: [{ quantity: 4 }],
  unknown: [{ quantity: null }]
}

const placed = (name: string) => ({ product: ProductId.make(name), location: LocationId.make("shop") })
const task = (demand: PlanTask["demand"]): PlanTask => ({ demand, every: "week", horizon: 6, backtest: true })

for (const [name, client] of Object.entries(clients)) {
  describe(`forecasts kept on ${name}`, () => {
    it.live(
      "come back as they were made, and give the same plans",
      () =>
        Effect.gen(function* () {
          const keeper = yield* ForecastKeeper
          const made = Object.entries(histories).map(([product, demand]) => ({
            ...placed(product),
            forecast: planStock(task(demand)).kept
          }))
          yield* keeper.keep(made)
          const places = [...Object.keys(histories), "nothing"].map(placed)
          const found = yield* keeper.find(places)
          const order = (one: { readonly product: string }, other: { readonly product: string }) =>
            one.product < other.product ? -1 : 1
          assert.deepStrictEqual(found.toSorted(order), made.toSorted(order))
          for (const { product, forecast } of found) {
            const wanted = task(histories[product] ?? [])
            assert.deepStrictEqual(planStock({ ...wanted, kept: forecast }), planStock(wanted))
          }

          const [first] = made
          assert(first !== undefined)
          const changed = { ...first, forecast: planStock(task([{ quantity: 1 }, { quantity: 2 }])).kept }
          yield* keeper.keep([changed])
          assert.deepStrictEqual(yield* keeper.find([first]), [changed])
        }).pipe(
          Effect.provide(
            layerForecasts.pipe(Layer.provideMerge(PostgresStore.layerClient()), Layer.provideMerge(client))
          )
        ),
      60_000
    )
  })
}
