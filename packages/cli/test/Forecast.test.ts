// Forecasts and order proposals, from files and from a store, as table, CSV and JSON.
import { assert, describe, it } from "@effect/vitest"
import { ForecastKeeper, Inventory, layerMemory, ProductId } from "@onhand/core"
import { Console, DateTime, Effect, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { forecastStore } from "../src/Forecast.ts"
import { importPolicies } from "../src/ImportPolicies.ts"
import type { PlanFlags } from "../src/PlanFlags.ts"
import { replenishStore } from "../src/Replenish.ts"
import { sparkLine } from "../src/Report.ts"
import { capture, platform, run, temporaryFolder, writeLines } from "./RunProgram.ts"

const MONDAY = DateTime.makeUnsafe("2026-01-05T12:00:00Z")

/** Sales of every day of some weeks, in two shops; the plate is sold on Fridays alone. */
const sales = (weeks: number) => {
  const rows = ["date,sku,name,location,quantity"]
  for (let day = 0; day < 7 * weeks; day++) {
    const date = DateTime.formatIsoDate(DateTime.add(MONDAY, { days: day }))
    rows.push(`${date},MUG,"Mug, blue",North,${3 + (day % 2)}`, `${date},MUG,"Mug, blue",South,${1 + (day % 3)}`)
    if (day % 7 === 4) rows.push(`${date},PLATE,Plate,North,5`)
  }
  return rows
}

const Rows = Schema.fromJsonString(
  Schema.Array(
    Schema.Struct({
      sku: Schema.String,
      location: Schema.String,
      begins: Schema.String,
      expected: Schema.Struct({ mean: Schema.Array(Schema.Finite), history: Schema.Array(Schema.Finite) }),
      suggestion: Schema.optionalKey(
        Schema.NullOr(Schema.Struct({ order: Schema.Finite, reasons: Schema.Array(Schema.String) }))
      )
    })
  )
)
const decodeRows = Schema.decodeUnknownSync(Rows)

describe("a spark line", () => {
  it("is highest for the most and a dot for nothing", () => {
    assert.strictEqual(sparkLine([0, 1, 4, 8, -2]), "·▁▄█·")
    assert.strictEqual(sparkLine([0, 0]), "··")
    assert.strictEqual(sparkLine([]), "")
  })
})

describe("a forecast of a file", () => {
  it.live("is a table that can be read", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "demand.csv", sales(30))
      const { code, out, err } = yield* run(["forecast", file, "--time-zone", "Europe/Berlin", "--horizon", "4"])
      assert.strictEqual(code, 0, err)
      const [heading = "", ...lines] = out.split("\n")
      assert.deepStrictEqual(heading.trim().split(/ {2,}/), [
        "SKU",
        "PRODUCT",
        "LOCATION",
        "LAST 26 WEEKS",
        "A WEEK",
        "NEXT 4",
        "4 TIMES IN 5",
        "DEMAND"
      ])
      assert.deepStrictEqual(
        lines.map((line) => line.split(/ {2,}/).slice(0, 3)),
        [
          ["MUG", "Mug, blue", "North"],
          ["MUG", "Mug, blue", "South"],
          ["PLATE", "Plate", "North"]
        ]
      )
      assert.include(lines[2], `${"█".repeat(26)}       5`)
    })
  )

  it.live("is CSV that a spreadsheet reads, and JSON that says everything", () =>
    Effect.gen(function* () {
      const file = writeLines(yield* temporaryFolder, "demand.csv", sales(30))
      const args = ["forecast", file, "--time-zone", "UTC", "--product", "MUG", "--backtest", "--format"]
      const csv = (yield* run([...args, "csv"])).out.split("\n")
      assert.strictEqual(csv.length, 3)
      assert.match(csv[0] ?? "", /^sku,name,location,every,begins,periods,expected,lower_80,upper_80,/)
      assert.match(csv[1] ?? "", /^MUG,"Mug, blue",North,week,2026-08-03,8,1\d\d(\.\d+)?,/)
      const rows = decodeRows((yield* run([...args, "json", "--location", "south"])).out)
      assert.deepStrictEqual(
        rows.map(({ sku, location, begins }) => [sku, location, begins]),
        [["MUG", "South", "2026-08-03"]]
      )
      assert.strictEqual(rows[0]?.expected.history.length, 30)
      assert.strictEqual(rows[0]?.expected.mean.length, 8)
    })
  )

  it.live("leaves out a week that is not over, and says so", () =>
    Effect.gen(function* () {
      const rows = sales(12).filter((row) => row < "2026-03-26" || row.startsWith("date"))
      const file = writeLines(yield* temporaryFolder, "demand.csv", rows)
      const { out, err } = yield* run(["forecast", file, "--time-zone", "UTC", "--format", "json"])
      assert.include(err, "The week from 2026-03-23 on is not over")
      assert.deepStrictEqual([...new Set(decodeRows(out).map(({ begins }) => begins))], ["2026-03-23"])
    })
  )

  it.live("is refused for rows and options that mean nothing, each with what is accepted", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const good = writeLines(folder, "good.csv", sales(3))
      const bad = writeLines(folder, "bad.csv", ["sku,date,quantity", "MUG,yesterday,1", "MUG,2026-01-05,many"])
      const refused = yield* run(["forecast", bad])
      assert.strictEqual(refused.code, 2)
      assert.include(refused.err, 'row 1: date: "yesterday" is no date; one such as 2026-11-21 is accepted')
      assert.include(refused.err, 'row 2: quantity: "many" is not a number')
      for (const [args, told] of [
        [["--time-zone", "Mars/Olympus"], "a name such as Europe/Berlin is accepted"],
        [["--closed", "sunday"], "a list of sun, mon"],
        [["--since", "2026"], "a date such as"],
        [["--horizon", "0"], "1 to 366 is accepted"],
        [["--product", "NONE"], "at least one is accepted"],
        [["--since", "2027-01-01"], "whole periods; 1 to"]
      ] as const) {
        const { code, err } = yield* run(["forecast", good, ...args])
        assert.strictEqual(code, 2, args.join(" "))
        assert.include(err, told)
      }
    })
  )
})

describe("what to order of a file", () => {
  const stock = [
    "sku,location,on_hand,on_order,lead_days,pack,vendor",
    "MUG,North,10,0,3|4,12,Potter",
    "MUG,South,90,0,,,"
  ]

  it.live("is whole packs of what is short, the most urgent first, with its reasons", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const demand = writeLines(folder, "demand.csv", sales(30))
      const args = ["replenish", demand, "--stock", writeLines(folder, "stock.csv", stock), "--time-zone", "UTC"]
      const { code, out, err } = yield* run([...args, "--why"])
      assert.strictEqual(code, 0, err)
      assert.include(err, "1 of 2 products at their locations should be ordered now")
      assert.match(out, /^MUG +Mug, blue +North .+ (48|60|72)$/m)
      assert.match(out, /^ {4}On hand 10, on order 0, promised 0$/m)
      const all = decodeRows((yield* run([...args, "--all", "--format", "json"])).out)
      assert.deepStrictEqual(
        all.map(({ location, suggestion }) => [location, (suggestion?.order ?? 0) > 0]),
        [
          ["North", true],
          ["South", false]
        ]
      )
      for (const { suggestion } of all) assert.isAtLeast(suggestion?.reasons.length ?? 0, 6)
      const threshold = decodeRows((yield* run([...args, "--target", "threshold:95", "--format", "json"])).out)
      assert.strictEqual(threshold.length, 2)
    })
  )

  it.live("is refused without a table of stock, and for a target that is none", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const demand = writeLines(folder, "demand.csv", sales(10))
      const file = writeLines(folder, "stock.csv", stock)
      assert.strictEqual((yield* run(["replenish", demand])).code, 2)
      for (const [flag, text] of [
        ["--target", "service:100%"],
        ["--target", "threshold:5%"],
        ["--target", "95"],
        ["--lead-days", "a week"],
        ["--review-days", "-1"],
        ["--alert-risk", "often"],
        ["--set-thresholds", "true"]
      ] as const) {
        const { code, err } = yield* run(["replenish", demand, "--stock", file, `${flag}=${text}`])
        assert.strictEqual(code, 2, text)
        assert.include(err, "is accepted")
      }
    })
  )
})

describe("a table of policies", () => {
  it.effect("sets what its rows say, and refuses what means nothing", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* inventory.createLocation({ name: "North" })
      yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      const file = writeLines(yield* temporaryFolder, "policies.csv", [
        "class,sku,location,target,lead_days,review_days,alert_risk",
        "b,,,fill:98%,,3,",
        ",MUG,north,,5|7,,10%",
        "D,,,,,,",
        "A,MUG,,,,,",
        ",MUG,South,,,,",
        "C,,,perfect,soon,,",
        "C,,,,,,never"
      ])
      const { tally, told } = yield* Effect.suspend(() => {
        const { console, err } = capture()
        return Effect.map(Effect.provideService(importPolicies(file), Console.Console, console), (tally) => ({
          tally,
          told: err()
        }))
      })
      assert.deepStrictEqual(tally, { set: 2, refused: 5 })
      for (const part of [
        'class: "D" is no class; A, B or C is accepted',
        "row: a class, or a sku and a location, is accepted",
        'there is none with the id or name "South"',
        'lead_days: "soon" is no number of days',
        'alert_risk: "never" is not understood; a share such as 10% or 0.1 is accepted'
      ]) {
        assert.include(told, part)
      }
      const { items } = yield* inventory.read.reorderPolicies({}, { _tag: "Cursor", limit: 9 })
      const said = items.map(({ abc, target, leadDays, reviewDays, alertRisk }) => [
        abc,
        target,
        leadDays,
        reviewDays,
        alertRisk
      ])
      assert.sameDeepMembers(said, [
        ["B", { kind: "fill rate", level: 0.98 }, null, 3, null],
        [null, null, [5, 7], null, 0.1]
      ])
    }).pipe(Effect.provide(Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), platform)))
  )
})

const none = Option.none<never>()
const flags: PlanFlags = {
  file: none,
  every: "week",
  timeZone: Option.some("Europe/Berlin"),
  since: none,
  until: none,
  horizon: none,
  closed: none,
  product: none,
  location: none,
  backtest: false,
  format: "csv",
  data: none,
  databaseUrl: none
}

const printed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const { console, out, err } = capture()
    return Effect.map(Effect.provideService(effect, Console.Console, console), () => ({ out: out(), err: err() }))
  })

describe("a store", () => {
  it.effect("is forecast and replenished from its ledger, in the units of its products", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.add(MONDAY, { weeks: 20 })))
      const { id: location } = yield* inventory.createLocation({ name: "North" })
      const beans = { sku: "BEANS", name: "Beans", unit: { name: "kg", decimals: 3 } }
      const { id } = yield* inventory.createProduct({ ...beans, id: ProductId.make("beans") })
      const move = (kind: "receipt" | "sale", quantity: number, hours: number) =>
        inventory.recordMovements(
          { lines: [{ kind, product: id, location, quantity }] },
          { occurredAt: DateTime.add(MONDAY, { hours }) }
        )
      yield* move("receipt", 60_000, 0)
      for (let day = 0; day < 7 * 20; day++) yield* move("sale", 400 + 10 * (day % 4), 24 * day + 1)

      const forecast = yield* printed(forecastStore(flags))
      const cells = forecast.out.split("\n")[1]?.split(",") ?? []
      assert.deepStrictEqual(cells.slice(0, 5), ["BEANS", "Beans", "North", "week", "2026-05-25"])
      assert.closeTo(Number(cells[6]), 23.3, 1)

      const orders = {
        ...flags,
        stock: none,
        leadDays: "7",
        reviewDays: 7,
        all: false,
        why: false,
        setThresholds: false,
        draft: false,
        alertRisk: none
      }
      const proposed = yield* printed(replenishStore({ ...orders, coverDays: none, target: Option.some("fill:98%") }))
      const [header = "", row = ""] = proposed.out.split("\n")
      const of = (title: string) => row.split(",")[header.split(",").indexOf(title)]
      assert.strictEqual(of("on_hand"), "1.9")
      assert.closeTo(Number(of("expected_until_delivery")), 5.8, 0.5)
      assert.isAbove(Number(of("order")), 3)
      assert.include(proposed.err, "1 of 1 products")
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), ForecastKeeper.layerMemory, platform)
      )
    )
  )

  it.effect("is ordered by its policies, and warns by risk in the very sale that crosses it", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.add(MONDAY, { weeks: 20 })))
      const { id: location } = yield* inventory.createLocation({ name: "North" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      const move = (kind: "receipt" | "sale", quantity: number, occurredAt?: DateTime.Utc) =>
        inventory.recordMovements({ lines: [{ kind, product, location, quantity }] }, { occurredAt })
      yield* move("receipt", 1_000, MONDAY)
      for (let day = 0; day < 7 * 20; day++)
        yield* move("sale", 3 + (day % 2), DateTime.add(MONDAY, { hours: 24 * day }))
      const asked = { ...flags, stock: none, leadDays: "7", reviewDays: 7, coverDays: none, target: none }
      const replenish = (how: { readonly alertRisk?: string; readonly setThresholds?: boolean } = {}) =>
        printed(
          replenishStore({
            ...asked,
            all: true,
            why: false,
            format: "json",
            alertRisk: Option.fromUndefinedOr(how.alertRisk),
            setThresholds: how.setThresholds ?? false,
            draft: false
          })
        ).pipe(Effect.map(({ out, err }) => ({ rows: decodeRows(out), err })))
      const reasons = Effect.map(replenish(), ({ rows }) => rows[0]?.suggestion?.reasons.join(" ") ?? "")
      assert.include(yield* reasons, "98 % certainty")
      yield* inventory.setReorderPolicies({ lines: [{ abc: "A", target: { kind: "fill rate", level: 0.75 } }] })
      assert.include(yield* reasons, "serve 75 % of demand")
      yield* inventory.setReorderPolicies({
        lines: [{ product, location, leadDays: [14], target: { kind: "threshold", units: 5 } }]
      })
      assert.include(yield* reasons, "An order takes 2 periods")
      assert.include(yield* reasons, "the threshold set by hand, 5")

      const { err } = yield* replenish({ alertRisk: "10%", setThresholds: true })
      assert.include(err, "1 thresholds were set")
      assert.include((yield* replenish({ alertRisk: "10%", setThresholds: true })).err, "0 thresholds were set")
      const [threshold] = (yield* inventory.read.thresholds({}, { _tag: "Cursor", limit: 1 })).items
      const low = threshold?.low ?? assert.fail()
      // Three weeks at 24 or 25 a week, and a little more to be sure.
      assert.isTrue(low > 74 && low < 110, `${low}`)
      const [level] = (yield* inventory.read.levels({}, { _tag: "Cursor", limit: 1 })).items
      yield* move("sale", (level?.available ?? 0) - low - 1)
      const alerts = Effect.map(
        inventory.read.restockAlerts({}, { _tag: "Cursor", limit: 1 }),
        ({ items }) => items.length
      )
      assert.strictEqual(yield* alerts, 0)
      yield* move("sale", 1)
      assert.strictEqual(yield* alerts, 1)
      assert.include((yield* replenish({ alertRisk: "10%" })).err, "1 will run out before the next delivery")
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), ForecastKeeper.layerMemory, platform)
      )
    )
  )

  it.effect("is ordered as its vendors sell, and drafts what is not planned yet, once", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.add(MONDAY, { weeks: 20 })))
      const { id: location } = yield* inventory.createLocation({ name: "North" })
      const { id: vendor } = yield* inventory.createVendor({ name: "Potter" })
      const products = yield* Effect.forEach(["MUG", "BOWL", "TOY"], (sku) =>
        Effect.gen(function* () {
          const { id: product } = yield* inventory.createProduct({ sku, name: sku })
          const move = (kind: "receipt" | "sale", quantity: number, weeks: number) =>
            inventory.recordMovements(
              { lines: [{ kind, product, location, quantity }] },
              { occurredAt: DateTime.add(MONDAY, { weeks }) }
            )
          yield* move("receipt", 250, 0)
          for (let week = 0; week < 20; week++) yield* move("sale", 10 + (week % 3), week)
          return product
        })
      )
      const [mug, bowl] = products
      assert(mug !== undefined && bowl !== undefined)
      const price = { amount: "450", currency: "USD" }
      yield* inventory.setVendorProducts({
        vendor,
        lines: [
          { product: mug, pack: 24, leadTimeDays: 21, price, primary: true },
          { product: bowl, minimum: 500, primary: true }
        ]
      })
      const asked = { ...flags, stock: none, leadDays: "7", reviewDays: 7, coverDays: none, target: none, why: false }
      const replenish = (draft: boolean) =>
        printed(replenishStore({ ...asked, all: true, setThresholds: false, alertRisk: none, format: "json", draft }))
      const first = yield* replenish(true)
      const orders = decodeRows(first.out).map(({ sku, suggestion }) => [sku, suggestion?.order])
      assert.sameMembers(
        orders.map(([sku]) => sku),
        ["MUG", "BOWL", "TOY"]
      )
      const [order] = (yield* inventory.read.purchaseOrders({}, { _tag: "Cursor", limit: 9 })).items
      assert.deepStrictEqual([order?.vendor, order?.destination, order?.state], [vendor, location, "draft"])
      const quantities = new Map(order?.lines.map(({ product, ordered }) => [product, ordered]))
      assert.strictEqual((quantities.get(mug) ?? 1) % 24, 0)
      assert.strictEqual(quantities.get(bowl), 500)
      assert.include(first.err, "to Potter: 2 products")
      assert.include(first.err, "1 have no primary vendor and are in no draft")
      const mugs = decodeRows(first.out)
        .find(({ sku }) => sku === "MUG")
        ?.suggestion?.reasons.join(" ")
      assert.include(mugs, "An order takes 3 periods")

      assert.include((yield* replenish(true)).err, "Potter has a draft already")
      yield* inventory.placePurchaseOrder({ purchaseOrder: order?.id ?? assert.fail(), destination: location })
      const later = decodeRows((yield* replenish(false)).out)
      assert.deepStrictEqual(
        later.flatMap(({ sku, suggestion }) => ((suggestion?.order ?? 0) > 0 ? [sku] : [])),
        ["TOY"],
        "what is placed is on its way"
      )
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), ForecastKeeper.layerMemory, platform)
      )
    )
  )

  it.live(
    "is found by the flags of every other command, and says when nothing has moved yet",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { code, err } = yield* run(["forecast", "--data", folder])
        assert.strictEqual(code, 0, err)
        assert.include(err, "Nothing has moved yet")
        const { code: wrong, err: told } = yield* run(["replenish", "--data", folder, "--location", "Nowhere"])
        assert.strictEqual(wrong, 2)
        assert.include(told, "the id or the name of one location is accepted")
      }),
    60_000
  )
})
