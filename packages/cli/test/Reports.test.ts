// Reports through the program's own functions, on a little shop in memory.
import { assert, describe, it } from "@effect/vitest"
import { Inventory, layerMemory } from "@onhand/core"
import { DateTime, Effect, Layer, Option } from "effect"
import { type ReportFlags, reportStore } from "../src/Reports.ts"
import { printedBy, run } from "./RunProgram.ts"

const none = Option.none<string>()

const flagsOf = (flags: Partial<ReportFlags>): ReportFlags => ({
  name: "sales",
  since: Option.some("2026-01-01"),
  until: Option.some("2026-04-01"),
  timeZone: Option.some("UTC"),
  every: Option.none(),
  by: "all",
  method: "fifo",
  costs: Option.none(),
  currency: none,
  product: none,
  location: none,
  category: none,
  format: "table",
  data: none,
  databaseUrl: none,
  ...flags
})

/** What a report prints. */
const printed = (flags: Partial<ReportFlags>) => printedBy(reportStore(flagsOf(flags)))

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Corner shop" })
  const price = { amount: 950, currency: "EUR" }
  const { id: mug } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", category: "Cups", price })
  const { id: tea } = yield* inventory.createProduct({ sku: "TEA", name: "=1+1", unit: { name: "kg", decimals: 3 } })
  const at = (day: string) => ({ occurredAt: DateTime.makeUnsafe(`${day}T12:00:00Z`) })
  const unitCost = { amount: "400", currency: "EUR" }
  const came = { kind: "receipt", location, unitCost } as const
  yield* inventory.recordMovements({ lines: [{ ...came, product: mug, quantity: 10 }] }, at("2026-01-01"))
  yield* inventory.recordMovements({ lines: [{ ...came, product: tea, quantity: 2_500 }] }, at("2026-01-01"))
  const { id: cart } = yield* inventory.openCart({ lines: [{ product: mug, quantity: 4, mode: "add" }] })
  yield* inventory.checkout({ cart, location }, at("2026-02-10"))
  const lines = [{ kind: "sale", product: mug, location, quantity: 6 }] as const
  yield* inventory.recordMovements({ lines }, at("2026-03-01"))
})

const withShop = <A, E>(effect: Effect.Effect<A, E, Inventory>) =>
  Effect.andThen(shop, effect).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))

describe("onhand report", () => {
  it.effect("prints every report as a table", () =>
    withShop(
      Effect.gen(function* () {
        const first = (flags: Partial<ReportFlags>) =>
          Effect.map(printed(flags), ({ lines }) => lines.map((line) => line.split(/ {2,}/)))
        assert.deepStrictEqual((yield* first({ every: Option.some("month"), by: "category" })).slice(1), [
          ["2026-02-01", "Cups", "4", "0", "0", "EUR", "38.00", "0.00"],
          ["2026-03-01", "Cups", "6", "0", "6", "–", "–", "–"]
        ])
        const [, february, march] = yield* first({ every: Option.some("month"), costs: Option.some("fifo") })
        assert.deepStrictEqual(february?.slice(-3), ["16.00", "22.00", "0"])
        assert.deepStrictEqual(march?.at(-1), "0")
        const [, ...value] = yield* first({ name: "value" })
        assert.deepStrictEqual(value.toSorted(), [
          ["MUG", "Mug", "0", "EUR", "0.00", "0"],
          ["TEA", "=1+1", "2.5", "EUR", "10.00", "0"]
        ])
        const mug = { product: Option.some("MUG") }
        const bodies = yield* Effect.forEach(
          ["valuation", "turnover", "abc", "sell-through", "stock-outs", "dead-stock"] as const,
          (name) => Effect.map(first({ name, ...mug }), ([, ...rows]) => [name, ...rows.flat()].join(" "))
        )
        assert.deepStrictEqual(bodies.slice(0, 1), ["valuation MUG Mug EUR 0.00 40.00 40.00 0.00 0.00"])
        assert.deepStrictEqual(bodies[1], "turnover MUG Mug 10 5.7 7.1 EUR 40.00 7.1 51.4")
        assert.deepStrictEqual(bodies[2], "abc  1 MUG Mug – 10 100 % 100 % A Y")
        assert.deepStrictEqual(bodies[3], "sell-through MUG Mug Corner shop 0 10 0 10 0 100 %")
        assert.match(bodies[4] ?? "", /^stock-outs MUG Mug Corner shop 34 % 10 5\.3 EUR /)
        assert.strictEqual(bodies[5], "dead-stock")
        const dead = yield* first({ name: "dead-stock", since: Option.some("2026-01-02") })
        assert.deepStrictEqual(dead[1]?.slice(0, 5), ["TEA", "=1+1", "Corner shop", "2.5", "–"])
        const card = yield* first({ name: "stock-card", ...mug, location: Option.some("corner shop") })
        assert.deepStrictEqual(
          card.slice(1).map((row) => row.slice(1, -2)),
          [
            ["sale", "-6", "0"],
            ["sale", "-4", "6"],
            ["receipt", "10", "10"]
          ]
        )
        const [, ...age] = yield* first({ name: "ageing" })
        assert.deepStrictEqual(age, [["TEA", "=1+1", "60", "90", "2.5", "EUR", "10.00"]])
      })
    )
  )

  it.effect("writes CSV that runs no formula, and JSON", () =>
    withShop(
      Effect.gen(function* () {
        const tea = { name: "value", product: Option.some("TEA") } as const
        const { lines } = yield* printed({ ...tea, format: "csv" })
        assert.strictEqual(lines[0], "product,sku,name,category,currency,quantity,value,withoutCost,mixedCurrencies")
        assert.match(lines[1] ?? "", /^[\w-]+,TEA,'=1\+1,,EUR,2\.5,10\.00,0,false$/)
        const header = yield* printed({ ...tea, format: "csv", category: Option.some("nothing of this") })
        assert.deepStrictEqual(header.lines, lines.slice(0, 1))
        const json = yield* printed({ ...tea, format: "json" })
        assert.deepInclude(JSON.parse(json.lines.join(""))[0], { sku: "TEA", quantity: 2.5, value: "10.00" })
        const nothing = yield* printed({ since: Option.some("2025-01-01"), until: Option.some("2025-02-01") })
        assert.deepStrictEqual(nothing, { lines: [], err: "There is nothing to report of this time" })
      })
    )
  )

  it.effect("says what is wrong with its flags, and what would be accepted", () =>
    withShop(
      Effect.gen(function* () {
        const wrong = (flags: Partial<ReportFlags>) => Effect.map(Effect.flip(printed(flags)), String)
        assert.include(yield* wrong({ since: Option.some("May") }), "a date such as 2026-11-21")
        assert.include(yield* wrong({ since: Option.some("2026-05-01") }), "a day before --until")
        assert.include(yield* wrong({ product: Option.some("NONE") }), "the SKU of a product that exists")
        assert.include(yield* wrong({ location: Option.some("none") }), "the id or the name of one location")
        assert.include(yield* wrong({ name: "stock-card" }), "--product")
        const { code, err } = yield* run(["report", "profit"])
        assert.deepStrictEqual([code, /stock-card/.test(err)], [2, true])
      })
    )
  )
})
