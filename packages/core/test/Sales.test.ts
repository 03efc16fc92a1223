import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Result } from "effect"
import {
  firstPage,
  Inventory,
  layerMemory,
  periodBoundsUntilNow,
  type SalesGroup,
  salesReport,
  unitsText
} from "../src/index.ts"

const at = (text: string) => DateTime.makeUnsafe(text)

/** Two were sold that had cost 250 each; of the next one was undone, another sold at the till, and one came back. */
const ensureCosts = (bounds: ReadonlyArray<DateTime.Utc>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const { items: costed } = yield* inventory.read.sales({ by: "product", bounds, costs: "average" }, firstPage())
    assert.deepStrictEqual(
      costed.map(({ costs }) => costs),
      [
        { uncosted: "0", amounts: [{ currency: "EUR", sold: "500", returned: "0", ordered: "500" }] },
        { uncosted: "0", amounts: [{ currency: "EUR", sold: "250", returned: "250", ordered: "-250" }] }
      ]
    )
    const calendar = {
      every: "month",
      timeZone: DateTime.zoneMakeNamedUnsafe("UTC"),
      from: at("2026-01-01T00:00:00Z"),
      to: at("2026-03-01T00:00:00Z")
    } as const
    const report = { by: "product", costs: "average", calendar } as const
    const lines = yield* salesReport(inventory.read, report, { limit: 10 })
    assert.deepStrictEqual(
      lines.items.map(({ revenue, returnedRevenue, costOfGoodsSold, margin, uncosted }) => [
        ...[revenue, returnedRevenue, costOfGoodsSold, margin, uncosted]
      ]),
      [
        ["6.67", "0.00", "5.00", "1.67", 0],
        ["0.00", "3.33", "0.00", "-0.83", 0]
      ]
    )
  })

describe("sales", () => {
  it.effect("have the order's prices, shared out over parts, less what was undone, and beside it what came back", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug", category: "Cups" })
      const unitCost = { amount: "250", currency: "EUR" }
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 10, unitCost }] })
      const january = { occurredAt: at("2026-01-10T12:00:00Z") }
      const february = { occurredAt: at("2026-02-10T12:00:00Z") }
      const { id: cart } = yield* inventory.openCart({ lines: [{ product, quantity: 3, mode: "add" }] }, january)
      const charged = [{ product, total: { amount: 1_000, currency: "EUR" } }]
      const { id: order } = yield* inventory.placeOrder({ cart, location, charged }, january)
      const ship = (quantity: number) => ({ order, location, lines: [{ line: 1, quantity }] as const })
      yield* inventory.shipOrder(ship(2), january)
      yield* inventory.shipOrder(ship(1), february)
      yield* inventory.undoShipment({ order, location, shipment: 2 }, february)
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 1 }] }, february)
      const back = { order, location, lines: [{ line: 1, lot: "", quantity: 1, into: "sellable" }] as const }
      yield* inventory.receiveReturn(back, february)

      const bounds = ["2026-01-01", "2026-02-01", "2026-03-01"].map((day) => at(`${day}T00:00:00Z`))
      const sales = (by: SalesGroup, page = firstPage()) => inventory.read.sales({ by, bounds }, page)
      const { items } = yield* sales("category")
      assert.deepStrictEqual(
        items.map(({ from, to: _, ...row }) => ({ month: DateTime.formatIsoDateUtc(from), ...row })),
        [
          {
            month: "2026-01-01",
            group: "Cups",
            sold: "2",
            returned: "0",
            unpriced: "0",
            revenue: [{ amount: 667, currency: "EUR" }],
            returnedRevenue: [{ amount: 0, currency: "EUR" }],
            costs: null
          },
          {
            month: "2026-02-01",
            group: "Cups",
            sold: "1",
            returned: "1",
            unpriced: "1",
            revenue: [{ amount: 0, currency: "EUR" }],
            returnedRevenue: [{ amount: 333, currency: "EUR" }],
            costs: null
          }
        ]
      )
      yield* ensureCosts(bounds)
      const groups = yield* Effect.forEach(["all", "product", "location"] as const, (by) => sales(by, firstPage(1)))
      assert.deepStrictEqual(
        groups.map((page) => page.items[0]?.group),
        ["", product, location]
      )
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )

  it("tell units of every size exactly", () => {
    assert.deepStrictEqual([0n, 1n, -1n, 1_500_000n, -2_000_000n, 4_503_599_627_370_496_000_001n].map(unitsText), [
      "0",
      "0.000001",
      "-0.000001",
      "1.5",
      "-2",
      "4503599627370496.000001"
    ])
  })
})

describe("periods until now", () => {
  const until = (from: string, to: string) =>
    Result.map(
      periodBoundsUntilNow({
        every: "month",
        timeZone: DateTime.zoneMakeNamedUnsafe("UTC"),
        from: at(from),
        to: at(to)
      }),
      (bounds) => bounds.map(DateTime.formatIsoDateUtc)
    )

  it("end with the one that has begun", () => {
    assert.deepStrictEqual(
      until("2026-01-20T00:00:00Z", "2026-03-10T00:00:00Z"),
      Result.succeed(["2026-01-01", "2026-02-01", "2026-03-01", "2026-03-10"])
    )
    assert.deepStrictEqual(
      until("2026-01-20T00:00:00Z", "2026-03-01T00:00:00Z"),
      Result.succeed(["2026-01-01", "2026-02-01", "2026-03-01"])
    )
    assert.deepStrictEqual(
      until("2026-03-05T00:00:00Z", "2026-03-10T00:00:00Z"),
      Result.succeed(["2026-03-01", "2026-03-10"])
    )
    assert.isTrue(Result.isFailure(until("2026-03-05T00:00:00Z", "2026-01-10T00:00:00Z")))
  })
})
