import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { type CardLine, type CardPage, Inventory, layerMemory, stockCard } from "../src/index.ts"

const at = (text: string) => DateTime.makeUnsafe(text)

const told = (lines: ReadonlyArray<CardLine>) =>
  lines.map(({ movement, change, balance }) => [movement.kind, change, balance])

describe("a stock card", () => {
  it.effect("has a balance that runs by business time over all lots, page by page, from what was there before", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const { id: product } = yield* inventory.createProduct({ sku: "TEA", name: "Tea", lotTracked: true })
      const record = (kind: "receipt" | "sale" | "damage", quantity: number, lot: string, day: string) =>
        inventory.recordMovements(
          { lines: [{ kind, product, location, lot, quantity }] },
          { occurredAt: at(`${day}T12:00:00Z`) }
        )
      yield* record("receipt", 10, "A", "2026-01-01")
      yield* record("receipt", 20, "B", "2026-01-02")
      yield* record("sale", 3, "A", "2026-01-05")
      yield* record("damage", 2, "B", "2026-01-04")
      // Recorded last, and dated back.
      yield* record("sale", 4, "B", "2026-01-03")

      const card = { product, location }
      const lines: Array<CardLine> = []
      let page: CardPage = yield* stockCard(inventory.read, card, { limit: 2 })
      lines.push(...page.items)
      while (page.nextCursor !== null) {
        page = yield* stockCard(inventory.read, card, { limit: 2, cursor: page.nextCursor })
        lines.push(...page.items)
      }
      const all = [
        ["sale", -3, 23],
        ["damage", 0, 26],
        ["sale", -4, 26],
        ["receipt", 20, 30],
        ["receipt", 10, 10]
      ]
      assert.deepStrictEqual([told(lines), page.opening], [all, 0])

      const part = { ...card, from: at("2026-01-02T00:00:00Z"), to: at("2026-01-04T00:00:00Z") }
      const some = yield* stockCard(inventory.read, part, { limit: 10 })
      assert.deepStrictEqual([told(some.items), some.opening], [all.slice(2, 4), 10])
      const wrong = yield* Effect.flip(stockCard(inventory.read, card, { limit: 2, cursor: "none" }))
      assert.strictEqual(wrong._tag, "InvalidCursor")
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )
})
