// A real year of a grocery chain through the ledger: import, opening stock, 47,243 baskets, and the books balanced.
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import * as Pglite from "@onhand/postgres/pglite"
import { Clock, Config, Console, Effect, Layer, Option } from "effect"
import { freshness, freshnessText } from "./Freshness.ts"
import { isEarly, midYear } from "./MidYear.ts"
import { importCatalogue, openStores, replay, suppliesOf } from "./Replay.ts"
import { ranLowMostOften, reconcile, reconciliationText } from "./Report.ts"
import { readBaskets } from "./RetailFiles.ts"
import { disagreements, valueOfYear, valueText } from "./ValueReport.ts"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where the whole year lies beside a clone, if it does; else there is its excerpt. */
const whole = here("../../../../shared/data/retail")

const store = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.option(Config.Redacted("DATABASE_URL"))
    const folder = yield* Config.String("ONHAND_DATA").pipe(Config.withDefault(here("../.onhand")))
    return Option.isSome(url)
      ? PostgresStore.layer({ url: url.value })
      : PostgresStore.layerClient().pipe(Layer.provide(Pglite.layer({ folder })))
  })
)

/** Runs a part, and says how long it took and how many a second that is. */
const timed = <A, E, R>(title: string, part: Effect.Effect<A, E, R>, countOf: (result: A) => number) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const result = yield* part
    const seconds = Math.max(1, (yield* Clock.currentTimeMillis) - start) / 1000
    const rate = Math.round(countOf(result) / seconds)
    yield* Console.log(`${title}: ${countOf(result)} in ${seconds.toFixed(1)} s, ${rate} a second`)
    return result
  })

const program = Effect.gen(function* () {
  const folder = yield* Config.String("ONHAND_RETAIL").pipe(
    Config.withDefault(existsSync(whole) ? whole : here("../excerpt"))
  )
  const inventory = yield* Inventory
  const catalogue = yield* timed("Products imported", importCatalogue(folder), ({ products }) => products.size)
  const { created, updated, unchanged, refused } = catalogue.outcomes
  yield* Console.log(`  created ${created}, updated ${updated}, unchanged ${unchanged}, refused ${refused}`)
  const baskets = yield* timed("Baskets read", readBaskets(folder), (all) => all.length)
  const supplies = suppliesOf(baskets, catalogue)
  yield* timed("Stores opened", openStores(supplies, catalogue), (stores) => stores)
  const halves = [baskets.filter(isEarly), baskets.filter((basket) => !isEarly(basket))] as const
  const early = yield* timed(
    "Baskets replayed",
    replay(halves[0], catalogue, () => Effect.void),
    (all) => all.length
  )
  const { sent } = yield* timed("Stores counted and supplied", midYear(supplies, catalogue), ({ stores }) => stores)
  yield* Console.log(`  ${sent} products sent from the depot to stores that had run out of them`)
  const late = yield* timed(
    "Baskets replayed",
    replay(halves[1], catalogue, () => Effect.void),
    (all) => all.length
  )
  const tills = [...early, ...late]
  const numbers = reconcile(baskets, tills)
  yield* Console.log(`\n${reconciliationText(tills, numbers)}\n`)
  yield* Console.log("Ran low most often:")
  for (const { name, times } of yield* ranLowMostOften) yield* Console.log(`  ${String(times).padStart(4)} × ${name}`)
  const value = yield* valueOfYear
  const wrong = disagreements(value, numbers.sold)
  yield* Console.log(`\nThe stock and its value, first in first out:\n${valueText(value)}`)
  for (const what of wrong) yield* Console.log(`  ${what}`)
  const fresh = yield* freshness
  yield* Console.log(`\n${freshnessText(fresh)}`)
  const { movements, balances, differences } = yield* inventory.read.verify
  yield* Console.log(
    `\nVerified ${balances} balances against ${movements} movements: ${differences.length} differences`
  )
  const balanced =
    differences.length + wrong.length + fresh.over.available + fresh.soldLate === 0 &&
    numbers.difference.units === 0 &&
    numbers.difference.cents === 0
  if (!balanced) process.exitCode = 1
})

program.pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(store))), NodeRuntime.runMain)
