// A threshold is raised once when stock falls to it and cleared once when it is there again, with a gap in between.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import * as fc from "fast-check"
import {
  crossThreshold,
  Inventory,
  LocationId,
  layerMemory,
  NotificationId,
  ProductId,
  type Threshold
} from "../src/index.ts"

const now = DateTime.makeUnsafe(0)

const rule = (low: number, clear: number, raised: boolean): Threshold => ({
  id: "mug@shop",
  product: ProductId.make("mug"),
  location: LocationId.make("shop"),
  low,
  clear,
  high: null,
  clearHigh: null,
  raisedAt: raised ? now : null,
  open: raised ? { lowStock: NotificationId.make("n") } : {},
  version: 1
})

const context = { now, newId: () => "n", notification: () => undefined }

describe("a threshold", () => {
  it.each([
    // available, was raised, becomes
    [5, false, "LowStockRaised"],
    [4, false, "LowStockRaised"],
    [6, false, undefined],
    [6, true, undefined],
    [7, true, "LowStockCleared"],
    [9, true, "LowStockCleared"],
    [5, true, undefined],
    [9, false, undefined]
  ] as const)("of 5 that clears at 7, at %i available and raised %s, tells %s", (available, raised, expected) => {
    const crossed = crossThreshold(rule(5, 7, raised), available, context)
    const told = crossed?.events[0]
    assert.strictEqual(told?._tag, expected)
    if (crossed !== undefined && told !== undefined) {
      const { product, location, low } = rule(5, 7, raised)
      assert.deepInclude(told, { product, location, available, low })
      assert.strictEqual(crossed.threshold.raisedAt !== null, expected === "LowStockRaised")
      assert.strictEqual(crossed.threshold.version, 2)
    }
  })

  it("alternates between raised and cleared however stock moves, and never twice on one level", () => {
    fc.assert(
      fc.property(fc.nat(10), fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(20)), (low, gap, levels) => {
        let threshold = rule(low, low + gap, false)
        const told: Array<string> = []
        for (const level of levels) {
          for (let repeated = 0; repeated < 2; repeated++) {
            const crossed = crossThreshold(threshold, level, context)
            if (crossed === undefined) continue
            assert.strictEqual(repeated, 0, "the same level told again")
            threshold = crossed.threshold
            told.push(...crossed.events.map(({ _tag }) => _tag).filter((tag) => tag.startsWith("LowStock")))
          }
          if (level <= low) assert.isNotNull(threshold.raisedAt)
          if (level >= low + gap) assert.isNull(threshold.raisedAt)
        }
        for (const [index, tag] of told.entries()) {
          assert.strictEqual(tag, index % 2 === 0 ? "LowStockRaised" : "LowStockCleared")
        }
      })
    )
  })

  it.effect("is told in the commit that crosses it, holds included, and refused when it could never clear", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 10 }] })
      const flat = { product, location, low: 5, clear: 5 }
      assert.strictEqual((yield* Effect.flip(inventory.setThresholds({ lines: [flat] })))._tag, "InvalidThreshold")
      yield* inventory.setThresholds({ lines: [{ ...flat, clear: 7 }] })
      const held = { lines: [{ product, location, quantity: 5 }], ttlMillis: 60_000 } as const
      const { claims } = yield* inventory.holdStock(held)
      const [alert] = (yield* inventory.read.restockAlerts({}, { _tag: "Cursor", limit: 5 })).items
      assert.strictEqual(alert?.available, 5)
      yield* inventory.releaseClaims({ location, claims: [claims[0]!] })
      assert.deepStrictEqual((yield* inventory.read.restockAlerts({}, { _tag: "Cursor", limit: 5 })).items, [])
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )

  it.effect("that the stock breaks already is raised at once, told once, and stays raised when it is set again", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      const { id: other } = yield* inventory.createProduct({ sku: "BOWL", name: "Bowl" })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 3 }] })
      const head = yield* inventory.read.head
      const line = { product, location, low: 3 }
      const { thresholds } = yield* inventory.setThresholds({ lines: [line] })
      const [first] = thresholds
      assert.deepInclude(first, { low: 3, clear: 4, version: 1 })
      assert.isNotNull(first?.raisedAt)
      const told = Effect.map(inventory.read.events(head, 100), (events) =>
        events.map(({ event }) => event).filter(({ _tag }) => _tag.startsWith("LowStock"))
      )
      const raised = { _tag: "LowStockRaised", product, location, available: 3, low: 3 } as const
      assert.deepStrictEqual(yield* told, [raised])
      const again = yield* inventory.setThresholds({ lines: [{ ...line, low: 5, clear: 9 }] })
      assert.deepStrictEqual(again.thresholds, [{ ...first!, low: 5, clear: 9, version: 2 }])
      assert.deepStrictEqual(yield* told, [raised])
      // Of two lines for one place the last counts.
      const empty = { product: other, location, low: 0 }
      const twice = yield* inventory.setThresholds({ lines: [{ ...line, low: 1 }, { ...line, low: 2 }, empty] })
      assert.deepStrictEqual(
        twice.thresholds.map(({ low, raisedAt }) => [low, raisedAt !== null]),
        [
          [2, false],
          [0, true]
        ]
      )
      assert.deepStrictEqual(
        (yield* told).map(({ _tag }) => _tag),
        ["LowStockRaised", "LowStockCleared", "LowStockRaised"]
      )
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )
})
